"""The Chrome format: what the format demands, what the timeline says, what a viewer does with arrows."""

from __future__ import annotations

import gzip
import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from schedlab import export
from schedlab.errors import UsageError
from schedlab.export import _chrome_marks, _chrome_spans, chrome
from schedlab.export._chrome_names import COUNTERS, GOROUTINES, GROUPS, MS, PROGRAM, PS, RUNTIME
from schedlab.export._chrome_order import NONE, order_of
from schedlab.timeline import KEPT_P, Lane, MarkKind, State, Timeline

Event = dict[str, Any]
Track = tuple[int, int]


def document_of(timeline: Timeline, **options: Any) -> dict[str, Any]:
    """The file, read with exact numbers; what is no JSON, such as NaN, is an error."""
    file = io.BytesIO()
    export.to_chrome(timeline, file, **options)
    text = file.getvalue().decode("ascii")
    found: dict[str, Any] = json.loads(text, parse_float=Decimal, parse_constant=pytest.fail)
    return found


def events_of(timeline: Timeline, **options: Any) -> list[Event]:
    found: list[Event] = document_of(timeline, **options)["traceEvents"]
    return found


def ns(us: Decimal | int) -> int:
    value = us * 1000
    assert value == int(value), "no part of a nanosecond"
    return int(value)


def slices(events: list[Event], pid: int) -> list[Event]:
    return [event for event in events if event["ph"] == "X" and event["pid"] == pid]


@pytest.fixture(scope="module")
def events(timeline: Timeline) -> list[Event]:
    return events_of(timeline)


def test_every_event_is_well_formed_and_no_key_is_given_twice(timeline: Timeline) -> None:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len({key for key, _ in pairs}) == len(pairs)
        return dict(pairs)

    file = io.BytesIO()
    export.to_chrome(timeline, file)
    found = json.loads(file.getvalue(), object_pairs_hook=once)["traceEvents"]
    needed = {
        "X": {"pid", "tid", "ts", "dur", "name", "cat", "args"},
        "s": {"pid", "tid", "ts", "name", "cat", "id"},
        "f": {"pid", "tid", "ts", "name", "cat", "id", "bp"},
        "b": {"pid", "ts", "name", "cat", "id", "args"},
        "e": {"pid", "ts", "name", "cat", "id"},
        "i": {"pid", "tid", "ts", "name", "s", "cat"},
        "C": {"pid", "ts", "name", "args"},
        "M": {"pid", "name", "args"},
    }
    seen = Counter(event["ph"] for event in found)
    assert set(seen) == set(needed), "the program gives an event of every kind"
    for event in found:
        assert needed[event["ph"]] <= set(event)
        assert isinstance(event["name"], str)
        assert event.get("ts", 0) >= 0
        assert event.get("dur", 0) >= 0


def test_written_says_how_many_events_and_tracks_there_are(timeline: Timeline) -> None:
    for options in ({}, {"lanes": ("ps",)}, {"lanes": ()}, {"arrows": False}, {"lanes": ("goroutines",)}):
        file = io.BytesIO()
        written = chrome.write(timeline, file, **options)
        found = json.loads(file.getvalue())["traceEvents"]
        assert written.events == sum(event["ph"] != "M" for event in found), options
        assert written.tracks == sum(event["name"] == "thread_name" for event in found), options


def test_goroutine_slices_are_the_timelines_to_the_nanosecond(
    timeline: Timeline, events: list[Event]
) -> None:
    spans = timeline.filter(lane=Lane.GOROUTINE).spans
    ids = timeline.goroutines["id"][spans["id"]].tolist()
    words = {State.SYSCALL: "system call"}
    states = [words.get(State(state), State(state).name.lower()) for state in spans["state"].tolist()]
    reasons = [timeline.reasons[reason] for reason in spans["reason"].tolist()]
    expected = Counter(zip(ids, states, reasons, spans["start"].tolist(), spans["dur"].tolist(), strict=True))
    found = Counter(
        (
            event["args"]["g"],
            event["cat"],
            event["args"].get("reason", ""),
            ns(event["ts"]),
            ns(event["dur"]),
        )
        for event in slices(events, GOROUTINES)
    )
    assert found == expected
    for event in slices(events, GOROUTINES):
        reason = event["args"].get("reason")
        assert event["name"] == event["cat"] + (f" ({reason})" if reason else "")


def test_p_slices_are_the_goroutines_that_ran(timeline: Timeline, events: list[Event]) -> None:
    spans = timeline.filter(lane=Lane.GOROUTINE).spans
    kept = (spans["state"] == int(State.SYSCALL)) & ((spans["flags"] & KEPT_P) != 0)
    on_p = ((spans["state"] == int(State.RUNNING)) | kept) & (spans["p"] >= 0)
    names = names_of_tracks(events)
    found = Counter(
        (names[PS, event["tid"]], event["args"]["g"], ns(event["ts"]), ns(event["dur"]))
        for event in slices(events, PS)
    )
    columns = (spans["p"][on_p], spans["id"][on_p], spans["start"][on_p], spans["dur"][on_p])
    expected = Counter(
        (f"P{p}", int(timeline.goroutines["id"][g]), start, dur)
        for p, g, start, dur in zip(*(column.tolist() for column in columns), strict=True)
    )
    assert found == expected
    assert {track for track, *_ in found} == {"P0", "P1"}


def test_m_slices_are_those_of_the_threads_lane(timeline: Timeline, events: list[Event]) -> None:
    threads = timeline.threads_lane()
    names = names_of_tracks(events)
    found = Counter(
        (names[MS, event["tid"]], event["cat"], ns(event["ts"]), ns(event["dur"]))
        for event in slices(events, MS)
    )
    rows = _chrome_spans.busy(threads).tolist()
    expected: Counter[tuple[str, str, int, int]] = Counter()
    for span in map(threads.span, rows):
        state = span.state.name.lower().replace("syscall", "system call")
        expected[f"M {span.thread}", state, span.start_ns, span.dur_ns] += 1
    assert found == expected


def test_a_goroutine_is_named_by_its_function_and_number(events: list[Event]) -> None:
    names = names_of_tracks(events)
    for event in slices(events, GOROUTINES):
        assert names[GOROUTINES, event["tid"]].endswith(f"G{event['args']['g']}")
    assert any(
        name.startswith("main.pingPong.func1 G") for (pid, _), name in names.items() if pid == GOROUTINES
    )
    assert any(event["name"].startswith("main.pingPong.func1 G") for event in slices(events, PS))


def names_of_tracks(events: list[Event]) -> dict[Track, str]:
    return {
        (event["pid"], event["tid"]): event["args"]["name"]
        for event in events
        if event["name"] == "thread_name"
    }


def test_every_track_and_group_has_a_name_and_a_number_of_its_own(events: list[Event]) -> None:
    tracks = [(event["pid"], event["tid"]) for event in events if event["name"] == "thread_name"]
    used = {(event["pid"], event["tid"]) for event in events if event["ph"] in "Xisf"}
    assert set(tracks) == used
    assert len({tid for _, tid in tracks}) == len(tracks), "older Perfetto finds a track by its number"
    assert not {tid for _, tid in tracks} & set(GROUPS), "Perfetto would take it for a main thread"
    groups = {event["pid"]: event["args"]["name"] for event in events if event["name"] == "process_name"}
    assert groups == GROUPS
    sorts = [event for event in events if event["name"].endswith("sort_index")]
    assert len(sorts) == len(tracks) + len(groups)


def nesting(events: list[Event]) -> Iterator[tuple[Event, int]]:
    """Each slice of a track, in time's order, with the number of slices that it is in."""
    open_until: list[int] = []
    for event in events:
        start, end = ns(event["ts"]), ns(event["ts"]) + ns(event["dur"])
        while open_until and open_until[-1] <= start:
            open_until.pop()
        assert not open_until or end <= open_until[-1], f"{event} reaches over what it is in"
        open_until.append(end)
        yield event, len(open_until) - 1


def by_track(events: list[Event]) -> dict[Track, list[Event]]:
    """Slices by track as a viewer sorts them: by time, then as they stand in the file."""
    tracks: defaultdict[Track, list[Event]] = defaultdict(list)
    for event in events:
        if event["ph"] == "X":
            tracks[event["pid"], event["tid"]].append(event)
    return {track: sorted(found, key=lambda event: event["ts"]) for track, found in tracks.items()}


def test_slices_of_a_track_overlap_only_by_nesting(events: list[Event]) -> None:
    nested = Counter(
        pid for (pid, _), found in by_track(events).items() for _, depth in nesting(found) if depth
    )
    assert set(nested) == {PROGRAM}, "regions are in regions, nothing else is in anything"


class Viewer:
    """Binds arrows as Perfetto does: to the last slice that began on the track (``FlowTracker``)."""

    def __init__(self, events: list[Event]) -> None:
        self.arrows: list[tuple[Event, Event]] = []
        self.unbound: list[Event] = []
        top: dict[Track, Event] = {}
        begun: dict[tuple[str, str, int], Event] = {}
        timed = [event for event in events if event["ph"] in "Xsf"]
        for event in sorted(timed, key=lambda event: event["ts"]):
            track = event["pid"], event["tid"]
            if event["ph"] == "X":
                top[track] = event
                continue
            flow = event["cat"], event["name"], event["id"]
            slice_ = top.get(track)
            inside = slice_ and slice_["ts"] <= event["ts"] <= slice_["ts"] + slice_["dur"]
            if not slice_ or not inside or (event["ph"] == "f" and flow not in begun):
                self.unbound.append(event)
            elif event["ph"] == "s":
                assert flow not in begun
                begun[flow] = slice_
            else:
                self.arrows.append((begun.pop(flow), slice_))
        self.unbound += list(begun.values())


def test_every_arrow_goes_from_the_wakers_slice_to_the_woken_ones(
    timeline: Timeline, events: list[Event]
) -> None:
    viewer = Viewer(events)
    assert viewer.unbound == []
    woken = timeline.filter(lane=Lane.GOROUTINE, state=State.RUNNABLE).spans
    caused = woken["cause"] >= 0
    expected = Counter(
        (int(timeline.goroutines["id"][by]), int(timeline.goroutines["id"][g]), start)
        for by, g, start in zip(
            woken["cause"][caused].tolist(),
            woken["id"][caused].tolist(),
            woken["start"][caused].tolist(),
            strict=True,
        )
    )
    on_goroutines = [pair for pair in viewer.arrows if pair[0]["pid"] == GOROUTINES]
    assert len(on_goroutines) > 100
    assert Counter((a["args"]["g"], b["args"]["g"], ns(b["ts"])) for a, b in on_goroutines) == expected
    assert {(a["cat"], b["cat"]) for a, b in on_goroutines} == {("running", "runnable")}
    assert all(b["args"]["by"].endswith(f"G{a['args']['g']}") for a, b in on_goroutines)
    on_ps = [pair for pair in viewer.arrows if pair[0]["pid"] == PS]
    assert len(on_ps) > 100
    pairs = {(a, b) for a, b, _ in expected}
    assert {(a["args"]["g"], b["args"]["g"]) for a, b in on_ps} <= pairs


def test_arrows_stay_right_where_a_coarse_clock_makes_everything_simultaneous(timeline: Timeline) -> None:
    """The same trace by a clock of 100 µs: most slices take no time, and many begin at once."""
    start = timeline.spans["start"] // 100_000 * 100_000
    end = (timeline.spans["start"] + timeline.spans["dur"]) // 100_000 * 100_000
    coarse = replace(timeline, spans={**timeline.spans, "start": start, "dur": end - start})
    exact, rough = order_of(timeline), order_of(coarse)
    assert np.array_equal(np.sort(exact.rows), np.sort(rough.rows))
    by_row = [dict(zip(order.rows.tolist(), order.waker.tolist(), strict=True)) for order in (exact, rough)]
    created = set(exact.rows[exact.before == NONE].tolist())
    later = [row for row in by_row[0] if row not in created]
    assert [by_row[0][row] for row in later] == [by_row[1][row] for row in later]
    viewer = Viewer(events_of(coarse, lanes=("ps", "goroutines")))
    assert viewer.unbound == []
    for waker, woken in viewer.arrows:
        if waker["pid"] == GOROUTINES:
            assert woken["args"]["by"].endswith(f"G{waker['args']['g']}")
            assert waker["cat"] == "running"


def test_the_runtimes_and_the_programs_marks(timeline: Timeline, events: list[Event]) -> None:
    marks = timeline.marks
    texts = [timeline.texts[name] for name in marks["name"].tolist()]
    kinds = marks["kind"].tolist()
    ranges = Counter(
        (text, start, dur)
        for text, kind, start, dur in zip(
            texts, kinds, marks["start"].tolist(), marks["dur"].tolist(), strict=True
        )
        if kind == MarkKind.RANGE
    )
    runtime = slices(events, RUNTIME)
    assert Counter((event["name"], ns(event["ts"]), ns(event["dur"])) for event in runtime) == ranges
    names = names_of_tracks(events)
    tracks = {names[RUNTIME, event["tid"]] for event in runtime}
    assert {"STW", "GC"} <= tracks
    # Who allocates too fast sweeps; that is not sure to happen.
    sweeps = {name for name, _, _ in ranges if name == "GC incremental sweep"}
    assert {track.rpartition(" ")[0] for track in tracks if " sweep " in track} == sweeps
    regions = Counter(event["name"] for event in slices(events, PROGRAM))
    assert regions == Counter(
        text for text, kind in zip(texts, kinds, strict=True) if kind == MarkKind.REGION
    )
    assert set(regions) == {"outer", "inner", "helper"}
    points = Counter(event["cat"] for event in events if event["ph"] == "i")
    assert points["log"] == kinds.count(MarkKind.LOG) > 0
    assert points["label"] == kinds.count(MarkKind.LABEL) > 0


def test_of_regions_that_begin_and_end_together_the_outer_one_comes_first(timeline: Timeline) -> None:
    """In ``marks`` it stands later, because it ended later."""
    regions = np.flatnonzero(timeline.marks["kind"] == int(MarkKind.REGION))
    name = {timeline.texts[code]: code for code in timeline.marks["name"][regions].tolist()}
    two = {key: column[regions[:2]].copy() for key, column in timeline.marks.items()}
    two |= {key: np.array([value, value]) for key, value in (("start", 5), ("dur", 7), ("g", 0))}
    two["name"] = np.array([name["inner"], name["outer"]])
    found = slices(events_of(replace(timeline, marks=two)), PROGRAM)
    assert [event["name"] for event in found] == ["outer", "inner"]


def test_a_task_is_a_pair_of_async_events(timeline: Timeline, events: list[Event]) -> None:
    begins = {event["id"]: event for event in events if event["ph"] == "b"}
    ends = {event["id"]: event for event in events if event["ph"] == "e"}
    tasks = timeline.marks["kind"] == int(MarkKind.TASK)
    assert set(begins) == set(ends) == set(map(str, timeline.marks["task"][tasks].tolist()))
    for number, begin in begins.items():
        assert begin["name"] == ends[number]["name"] == 'order "one"\n</script>'
        assert ns(begin["ts"]) <= ns(ends[number]["ts"])


def test_text_of_the_program_is_escaped(timeline: Timeline, events: list[Event]) -> None:
    logs = [event for event in events if event["ph"] == "i" and event["cat"] == "log"]
    assert logs[0]["name"].startswith('kind: quote " backslash \\ control \x01 line\n invalid ')
    assert logs[0]["name"].endswith("umlaut ü")
    odd = tuple(f'{text}"\\\x00\x1f\n\udcff\u2028</script>' if text else "" for text in timeline.texts)
    found = events_of(replace(timeline, texts=odd, reasons=tuple(f'{r}"\x00' for r in timeline.reasons)))
    assert any("\\udcff" in event["name"] for event in found)


def test_counters_are_recorded_and_runnable_goroutines_counted(
    timeline: Timeline, events: list[Event]
) -> None:
    counters = [event for event in events if event["ph"] == "C"]
    recorded = Counter(
        (timeline.texts[name], time, value)
        for name, time, value in zip(
            *(timeline.counters[column].tolist() for column in ("name", "time", "value")), strict=True
        )
    )
    found = Counter((event["name"], ns(event["ts"]), event["args"]["value"]) for event in counters)
    assert recorded <= found
    assert {name for name, _, _ in recorded} >= {
        "/sched/gomaxprocs:threads",
        "/gc/heap/goal:bytes",
        "/memory/classes/heap/objects:bytes",
    }
    derived = [(time, value) for (name, time, value), _ in (found - recorded).items()]
    spans = timeline.filter(lane=Lane.GOROUTINE, state=State.RUNNABLE).spans
    starts, ends = spans["start"], spans["start"] + spans["dur"]
    assert len(derived) > 100
    for time, value in derived:
        assert value == int(((starts <= time) & (ends > time)).sum())
    assert {event["pid"] for event in counters} == {COUNTERS}


def test_a_counter_of_one_p_has_its_number(timeline: Timeline) -> None:
    many = len(timeline.counters["time"])
    counters = {**timeline.counters, "p": np.arange(many, dtype=np.int16) % 3 - 1}
    names = {event["name"] for event in events_of(replace(timeline, counters=counters)) if event["ph"] == "C"}
    assert any(name.endswith(" P0") for name in names)
    assert any(name.endswith(" P1") for name in names)


def test_stacks_as_text_as_frames_and_not_at_all(timeline: Timeline) -> None:
    text, frames, none = (document_of(timeline, stacks=kind) for kind in ("text", "frames", "none"))
    waits = [event for event in slices(text["traceEvents"], GOROUTINES) if "chan receive" in event["name"]]
    inside = [event["args"]["stack"] for event in waits if "main.pingPong" in event["args"].get("stack", "")]
    assert any(stack.startswith("runtime.chanrecv1 (chan.go:") for stack in inside)
    assert "stackFrames" not in text

    def unrolled(node: int | None) -> str:
        lines = []
        while node:
            frame = frames["stackFrames"][str(node)]
            lines.append(frame["name"])
            node = frame.get("parent")
        return "\n".join(lines)

    pairs = zip(
        slices(text["traceEvents"], GOROUTINES), slices(frames["traceEvents"], GOROUTINES), strict=True
    )
    for with_text, with_frames in pairs:
        assert with_text["args"].get("stack", "") == unrolled(with_frames.get("sf"))
    plain = json.dumps(none, default=str)
    assert "pingPong (" not in plain
    assert '"sf"' not in plain


def test_a_window_and_a_filter_are_drawn_as_they_are(timeline: Timeline) -> None:
    middle = timeline.duration_ns // 2
    inside = timeline.window(middle, middle + 2_000_000)
    for part in (inside, timeline.filter(p=0), timeline.filter(state=State.RUNNABLE)):
        found = events_of(part)
        assert Viewer(found).unbound == []
        assert len(slices(found, GOROUTINES)) == int((part.spans["lane"] == 0).sum())
    # Cut slices say so.
    cut = Counter(event["args"].get("cut") for event in slices(events_of(timeline), GOROUTINES))
    assert cut["start"] > 0
    assert cut["end"] > 0


def test_spans_in_any_order_are_drawn_the_same(timeline: Timeline) -> None:
    rows = np.flatnonzero(timeline.spans["lane"] == int(Lane.GOROUTINE))
    shuffled = np.random.default_rng(5).permutation(rows)
    mixed = replace(timeline, spans={name: column[shuffled] for name, column in timeline.spans.items()})
    assert Viewer(events_of(mixed, lanes=("goroutines",), arrows=False)).unbound == []
    assert len(events_of(mixed, lanes=("goroutines",), arrows=False)) > len(rows)


def empty_of(timeline: Timeline) -> Timeline:
    def none(table: Any) -> Any:
        return {name: column[:0] for name, column in table.items()}

    return replace(
        timeline,
        spans=none(timeline.spans),
        marks=none(timeline.marks),
        counters=none(timeline.counters),
        goroutines=none(timeline.goroutines),
    )


def test_an_empty_timeline_gives_a_valid_file(timeline: Timeline) -> None:
    for stacks in ("text", "frames", "none"):
        assert {event["ph"] for event in events_of(empty_of(timeline), stacks=stacks)} == {"M"}


def test_chunks_leave_no_seam(timeline: Timeline, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = io.BytesIO()
    chrome.write(timeline, whole)
    monkeypatch.setattr(_chrome_spans, "CHUNK", 777)
    monkeypatch.setattr(_chrome_marks, "CHUNK", 777)
    parts = io.BytesIO()
    chrome.write(timeline, parts)
    assert parts.getvalue() == whole.getvalue()


def test_gz_is_packed_and_the_same_each_time(timeline: Timeline, tmp_path: Path) -> None:
    plain, packed, again = (tmp_path / name for name in ("a.json", "a.json.gz", "b.json.gz"))
    for file in (plain, packed, again):
        export.to_chrome(timeline, file)
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
    assert packed.read_bytes() == again.read_bytes()
    assert packed.stat().st_size * 5 < plain.stat().st_size


def test_too_much_is_refused_before_anything_is_written(timeline: Timeline, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    with pytest.raises(export.TooMuchToShow, match=r"[\d,]+ events, the limit is 1,000\n.*limit_events"):
        export.to_chrome(timeline, file, limit_events=1000)
    with pytest.raises(export.TooMuchToShow, match=r"goroutines would each have a track, the limit is 5\n"):
        export.to_chrome(timeline, file, limit_goroutines=5)
    assert not file.exists()
    assert export.to_chrome(timeline, file, lanes=("ps",), limit_goroutines=5).events > 0


def test_wrong_names_are_told_the_right_ones(timeline: Timeline) -> None:
    with pytest.raises(UsageError, match=r"no lane 'procs'\nLanes: ps, ms, goroutines\."):
        events_of(timeline, lanes=("procs",))
    with pytest.raises(UsageError, match="text, frames, none"):
        events_of(timeline, stacks="all")


def test_what_cannot_be_written_is_named_and_leaves_nothing(
    timeline: Timeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(export.ExportFailed, match=r"cannot write .*nowhere.*No such file"):
        export.to_chrome(timeline, tmp_path / "nowhere" / "a.json")

    def full(*_: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(chrome, "_all_events", full)
    with pytest.raises(export.ExportFailed, match="No space left on device"):
        export.to_chrome(timeline, tmp_path / "a.json")
    assert list(tmp_path.iterdir()) == []
