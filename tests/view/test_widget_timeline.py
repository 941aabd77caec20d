"""The timeline widget's columns say what the Timeline says, and no more than may be said."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from schedlab import process, toolchain
from schedlab.analysis import queues
from schedlab.capture import schedtrace
from schedlab.errors import UsageError
from schedlab.places import repository_root
from schedlab.timeline import Lane, State, Timeline, palette
from schedlab.view.widgets import timeline_sources
from schedlab.view.widgets.timeline import LANES, TimelineView, link
from schedlab.view.widgets.timeline_columns import Encoded, encode_timeline
from schedlab.view.widgets.timeline_pieces import ABSENT, LONG
from schedlab.view.widgets.timeline_queues import queue_columns

FLAGS = ["-rounds", "5", "-collections", "1", "-spin", "5ms", "-heap", "4", "-samples=false"]


@pytest.fixture(scope="module")
def timeline(tmp_path_factory: pytest.TempPathFactory) -> Timeline:
    """Everything that a trace can hold, of a program on two Ps."""
    file = tmp_path_factory.mktemp("trace") / "everything.trace"
    binary = toolchain.build("trace_everything")
    settings = process.GoSettings(gomaxprocs=2)
    process.run(binary, ["-trace", str(file), *FLAGS], settings=settings).check()
    return Timeline.load(file)


Row = tuple[Any, ...]


def spans_of(timeline: Timeline, lane: Lane) -> list[Row]:
    """Each span in words, by owner and time."""
    rows = np.flatnonzero(timeline.spans["lane"] == int(lane))
    spans = [timeline.span(int(row)) for row in rows]
    found: list[Row] = [
        (
            *(one.id, one.start_ns, one.dur_ns, int(one.state), one.reason, one.p, one.thread),
            *(one.open_start, one.open_end, one.stack, one.end_stack, one.cause),
        )
        for one in spans
    ]
    return sorted(found, key=lambda one: (one[0], one[1], one[1] + one[2]))


def unpacked(encoded: Encoded, prefix: str = "") -> list[Row]:
    """What the browser makes of the columns."""
    columns, meta = encoded.columns, encoded.meta
    own = {name.removeprefix(prefix): column for name, column in columns.items() if name.startswith(prefix)}
    long = dict(zip(own["long_at"].tolist(), own["long_dur"].tolist(), strict=True))
    rows: list[Row] = []
    piece = 0
    owners = own["p"] if prefix else columns["g_id"][own["lane_g"]]
    for owner, start, length in zip(
        owners.tolist(), own["lane_start"].tolist(), own["lane_length"].tolist(), strict=True
    ):
        time = start
        for at in range(piece, piece + length):
            state, flags, reason = meta[f"{prefix}what"][own["what"][at]]
            p, m = meta[f"{prefix}where"][own["where"][at]]
            dur = int(own["dur"][at])
            dur = long[at] if dur == LONG else dur
            if state != ABSENT:
                rows.append(
                    (
                        *(owner, time, dur, state, meta["reasons"][reason]),
                        *(None if p < 0 else p, None if m < 0 else meta["threads"][m]),
                        *(bool(flags & 1), bool(flags & 2)),
                        *((() if prefix else stack_of(encoded, own[name][at])) for name in ("stack", "end")),
                        None
                        if prefix or not own["cause"][at]
                        else int(columns["g_id"][own["cause"][at] - 1]),
                    )
                )
            time += dur
        assert (state, dur) == (ABSENT, 0), "a life ends with a piece of no duration"
        piece += length
    assert piece == len(own["dur"])
    return sorted(rows, key=lambda one: (one[0], one[1], one[1] + one[2]))


def stack_of(encoded: Encoded, number: int) -> tuple[str, ...]:
    columns = encoded.columns
    if number == 0:
        return ()
    frames = columns["stack_frame"][columns["stack_first"][number - 1] : columns["stack_first"][number]]
    return tuple(encoded.meta["texts"][text] for text in columns["frame_function"][frames])


def test_the_columns_hold_every_span_of_every_goroutine_and_p(timeline: Timeline) -> None:
    encoded = encode_timeline(timeline)
    goroutines = unpacked(encoded)
    assert len(goroutines) > 100
    assert goroutines == spans_of(timeline, Lane.GOROUTINE)
    procs = [(*row[:7], *row[7:9], (), (), None) for row in spans_of(timeline, Lane.PROC)]
    assert unpacked(encoded, "proc_") == procs
    assert len(procs) > 10


def test_goroutines_have_the_functions_that_the_timeline_gives_them(timeline: Timeline) -> None:
    encoded = encode_timeline(timeline)
    columns = encoded.columns
    names = {
        int(number): encoded.meta["texts"][text]
        for number, text in zip(columns["g_id"], columns["g_function"], strict=True)
    }
    wanted = timeline.names(timeline.goroutine_function)
    ids = timeline.goroutines["id"].tolist()
    assert names == {number: wanted[row] for row, number in enumerate(ids) if number in names}
    assert "main.main" in names.values()


def test_a_window_of_a_filter_has_gaps_and_they_are_said(timeline: Timeline) -> None:
    """What a filter leaves of a life is not next to one another."""
    start, end = timeline.duration_ns // 4, timeline.duration_ns // 2
    part = timeline.window(start, end).filter(state=State.RUNNING)
    assert len(part) > 20
    encoded = encode_timeline(part)
    assert unpacked(encoded) == spans_of(part, Lane.GOROUTINE)
    assert unpacked(encoded, "proc_") == [
        (*row[:7], *row[7:9], (), (), None) for row in spans_of(part, Lane.PROC)
    ]
    states = [state for state, *_ in np.asarray(encoded.meta["what"])[encoded.columns["what"]]]
    assert states.count(ABSENT) > len(encoded.columns["lane_g"]), "gaps, besides the ends"
    assert encoded.meta["bounds"] == [start, end]


def test_spans_in_any_order_are_the_same(timeline: Timeline) -> None:
    order = np.random.default_rng(4).permutation(len(timeline))
    spans = {name: np.asarray(column)[order] for name, column in timeline.spans.items()}
    # What takes no time has no order of its own.
    lasting = spans["dur"] > 0
    shuffled = replace(timeline, spans={name: column[lasting] for name, column in spans.items()})
    assert [row for row in unpacked(encode_timeline(shuffled)) if row[2]] == [
        row for row in spans_of(timeline, Lane.GOROUTINE) if row[2]
    ]


def test_a_wait_of_hours_keeps_its_nanoseconds(timeline: Timeline) -> None:
    spans = {name: np.array(column) for name, column in timeline.spans.items()}
    last = {int(owner): row for row, owner in enumerate(spans["id"]) if spans["lane"][row] == 0}
    row = max(last.values())
    spans["dur"][row] = 7_200_000_000_001
    longer = replace(timeline, spans=spans)
    assert unpacked(encode_timeline(longer)) == spans_of(longer, Lane.GOROUTINE)


def test_nothing_at_all_is_a_view_too(timeline: Timeline) -> None:
    empty = timeline.filter(goroutine=1).filter(state=State.IDLE)
    assert len(empty) == 0
    view = TimelineView(empty, title="Nothing")
    assert view.text_alternative().startswith("Nothing: ")
    assert unpacked(encode_timeline(empty)) == []


def test_no_one_is_in_two_states_at_once(timeline: Timeline) -> None:
    spans = {name: np.array(column) for name, column in timeline.spans.items()}
    rows = np.flatnonzero((spans["lane"] == 0) & (spans["dur"] > 1000) & (spans["state"] == 3))
    spans["start"][rows[:1]] += 1
    with pytest.raises(UsageError, match="two states at once"):
        encode_timeline(replace(timeline, spans=spans))


def test_the_columns_are_small(timeline: Timeline) -> None:
    encoded = encode_timeline(timeline)
    assert encoded.columns["what"].dtype == np.uint8
    assert encoded.columns["dur"].dtype == np.uint32
    assert encoded.columns["stack"].dtype in (np.uint8, np.uint16)
    assert len(encoded.meta["texts"]) == len(set(encoded.meta["texts"]))


def test_marks_and_counters_come_along_in_time_s_order(timeline: Timeline) -> None:
    encoded = encode_timeline(timeline)
    columns, texts = encoded.columns, encoded.meta["texts"]
    names = [texts[name] for name in columns["mark_name"]]
    assert any(name.startswith("stop-the-world") for name in names)
    assert {"channel", "mutex", "collect"} <= set(names)
    wanted = sorted(
        (int(start), int(dur), timeline.texts[int(name)])
        for start, dur, name in zip(*(timeline.marks[key] for key in ("start", "dur", "name")), strict=True)
    )
    starts, durs = columns["mark_start"].tolist(), columns["mark_dur"].tolist()
    assert sorted(zip(starts, durs, names, strict=True)) == wanted
    assert starts == sorted(starts)
    heap = [texts[name].endswith("heap/objects:bytes") for name in columns["counter_name"]]
    assert any(heap)
    assert (np.diff(columns["counter_time"]) >= 0).all()


def test_the_view_in_words(timeline: Timeline) -> None:
    words = TimelineView(timeline, title="Before", sources=False).text_alternative()
    assert words.startswith("Before: ")
    assert f"{len(timeline):,} spans" in words
    assert "2 Ps" in words
    assert "runnable for" in words
    shares = [float(part.split()[-2]) for part in words.splitlines()[1].rstrip(".").split(",")]
    assert sum(shares) == pytest.approx(100, abs=0.1 * len(shares))
    assert repr(TimelineView(timeline, sources=False)).startswith("Timeline: ")


def test_only_lanes_that_there_are(timeline: Timeline) -> None:
    assert TimelineView(timeline, lanes=("G", "P"), sources=False).lanes == ["P", "G"]
    assert TimelineView(timeline, sources=False).lanes == list(LANES)
    for wrong in (["Q"], []):
        with pytest.raises(UsageError, match="lanes"):
            TimelineView(timeline, lanes=wrong)


def test_linked_views_share_a_group(timeline: Timeline) -> None:
    views = [TimelineView(timeline, sources=False) for _ in range(2)]
    link(*views)
    assert views[0].group == views[1].group != ""
    with pytest.raises(UsageError, match="linked"):
        link(views[0])


def test_source_of_the_program_and_of_go_comes_along(timeline: Timeline) -> None:
    files = encode_timeline(timeline).files
    texts = timeline_sources.collect(files)
    (program,) = [name for name in texts if name.endswith("trace_everything/parts.go")]
    assert texts[program] == (repository_root() / "go_samples/trace_everything/parts.go").read_text()
    assert any(name.endswith("src/runtime/chan.go") for name in texts)
    assert sum(len(text.encode()) for text in texts.values()) <= timeline_sources.LIMIT_BYTES


def test_the_program_s_own_source_is_the_last_to_be_left_out(timeline: Timeline) -> None:
    files = encode_timeline(timeline).files
    own = timeline_sources.collect(files, limit=40_000)
    assert any(name.endswith("trace_everything/parts.go") for name in own)
    assert not any(name.endswith("runtime/proc.go") for name in own)
    assert timeline_sources.collect(files, limit=0) == {}


def test_a_trace_cannot_name_any_file_of_this_machine(tmp_path: Path) -> None:
    secret = tmp_path / "secret.go"
    secret.write_text("package secret")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "own.go").write_text("package own")
    (inside / "notes.txt").write_text("private")
    (inside / "link.go").symlink_to(secret)
    names = [
        str(secret),
        f"{inside}/../secret.go",
        f"{inside}/link.go",
        f"{inside}/notes.txt",
        f"{inside}/gone.go",
        "/etc/passwd",
        "\0",
        "",
        f"{inside}/own.go",
    ]
    assert timeline_sources.collect(names, [inside]) == {f"{inside}/own.go": "package own"}


def test_options_travel_as_they_are_given(timeline: Timeline) -> None:
    hostile = "</script><img src=x onerror=alert(1)>"
    view = TimelineView(timeline, title=hostile, sources={hostile: hostile}, view={"t0": 5, "t1": 10_000})
    state = view.shown_state()
    assert state["heading"] == hostile
    assert state["view"] == {"t0": 5, "t1": 10_000}
    assert json.dumps({name: value for name, value in state.items() if not isinstance(value, bytes)})
    assert TimelineView(timeline, sources=False).sources == b""


def test_run_queues_travel_as_they_were_reconstructed(timeline: Timeline) -> None:
    found = queues.reconstructed(timeline)
    depths = [found.in_global, *found.local]
    whole = queue_columns(timeline, most=10**9)
    columns = whole.columns
    assert whole.step_ns == 0
    assert columns["queue_p"].tolist() == [0, *(p + 1 for p in found.p.tolist())]
    assert columns["queue_length"].tolist() == [len(depth.time_ns) for depth in depths]
    assert columns["queue_time"].tolist() == [t for depth in depths for t in depth.time_ns.tolist()]
    for name in ("queue_least", "queue_most"):
        assert columns[name].tolist() == [n for depth in depths for n in depth.count.tolist()]


def test_thinned_run_queues_leave_nothing_out(timeline: Timeline) -> None:
    """Each bin has the least and the most that there was, a peak of a nanosecond included."""
    found = queues.reconstructed(timeline)
    thinned = queue_columns(timeline, most=60)
    columns, step = thinned.columns, thinned.step_ns
    assert 0 < len(columns["queue_time"]) <= 60 + len(columns["queue_p"])
    assert step > 0
    first = 0
    for depth, length in zip([found.in_global, *found.local], columns["queue_length"].tolist(), strict=True):
        own = slice(first, first + length)
        first += length
        time = columns["queue_time"][own]
        for left in range(0, timeline.duration_ns, step):
            inside = depth.count[(depth.time_ns > left) & (depth.time_ns < left + step)]
            values = [int(depth.at(np.array([left]))[0]), *inside.tolist()]
            at = int(np.searchsorted(time, left, side="right")) - 1
            assert columns["queue_least"][own][at] == min(values)
            assert columns["queue_most"][own][at] == max(values)


def test_no_run_queues_without_waits_and_none_besides_recorded_ones(timeline: Timeline) -> None:
    samples = repository_root() / "tests/capture/fixtures/schedtrace/go1.27_detail.txt"
    sampled = Timeline.from_schedtrace(schedtrace.parse(samples.read_bytes()))
    for one in (timeline.filter(goroutine=1).filter(state=State.IDLE), sampled):
        assert len(queue_columns(one).columns["queue_p"]) == 0
    encoded = encode_timeline(sampled)
    names = [encoded.meta["texts"][name] for name in encoded.columns["counter_name"]]
    own = {
        p
        for name, p in zip(names, encoded.columns["counter_p"].tolist(), strict=True)
        if name == "sched.runq"
    }
    assert own == {1, 2}, "P 0 and P 1"


def test_colours_are_those_of_the_palette() -> None:
    """The style sheet's are the same as in every other picture."""
    css = (repository_root() / "lib/js/src/widgets/timeline.css").read_text()
    for state, colour in palette.OF_STATE.items():
        assert f"--timeline-{state.name.lower()}: {colour};" in css
