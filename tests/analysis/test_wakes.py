"""Wake edges and critical paths, by hand, of random lives, and of programs whose order is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedlab import process, toolchain
from schedlab.analysis import wakes
from schedlab.errors import UsageError
from schedlab.timeline import OPEN_END, OPEN_START, Lane, State, Timeline

if TYPE_CHECKING:
    from tests.analysis.conftest import Maker, Step

RUNNABLE, RUNNING, WAITING, SYSCALL = State.RUNNABLE, State.RUNNING, State.WAITING, State.SYSCALL


@pytest.fixture(scope="module")
def relay(new_maker: Callable[[], Maker]) -> Timeline:
    """a sleeps, then wakes b, which wakes c; c is preempted once on its way."""
    made = new_maker()
    a, b, c = (made.goroutine(f"main.{name}") for name in "abc")
    made.life(
        a,
        0,
        [
            (RUNNING, 5, "", 0, -1),
            (WAITING, 15, "sleep", -1, -1),
            (RUNNABLE, 2, "", 0, -1),
            (RUNNING, 18, "", 0, -1),
            (WAITING, 60, "chan receive", -1, -1),
        ],
    )
    made.life(
        b,
        0,
        [
            (WAITING, 30, "chan receive", -1, a),
            (RUNNABLE, 3, "", 0, a),
            (RUNNING, 17, "", 1, -1),
            (SYSCALL, 4, "", 1, -1),
            (RUNNING, 6, "", 1, -1),
        ],
    )
    made.life(
        c,
        0,
        [
            (WAITING, 55, "select", -1, b),
            (RUNNABLE, 5, "", 1, b),
            (RUNNING, 10, "", 0, -1),
            (RUNNABLE, 10, "preempted", 0, -1),
            (RUNNING, 20, "", 0, -1),
        ],
    )
    return made.timeline()


def test_edges_by_hand(relay: Timeline) -> None:
    table = wakes.wakes(relay).to_pandas()
    assert sorted(table.itertuples(index=False, name=None)) == [
        ("main.a", "main.b", "chan receive", 1, 1, 3, 3, 30),
        ("main.b", "main.c", "select", 1, 1, 5, 5, 55),
        ("nobody", "main.a", "sleep", 1, 1, 2, 2, 15),
    ]
    ids = wakes.wakes(relay, by="goroutine").to_pandas()
    assert set(zip(ids["waker"], ids["woken"], strict=True)) == {(10, 11), (11, 12), (-1, 10)}
    with pytest.raises(UsageError, match="'p'"):
        wakes.wakes(relay, by="p")  # type: ignore[arg-type]


def test_creations_system_calls_and_wakes_that_were_not_run(new_maker: Callable[[], Maker]) -> None:
    made = new_maker()
    parent = made.goroutine("main.main")
    child = made.goroutine("main.child", created=4, creator=parent)
    made.life(parent, 0, [(SYSCALL, 3, "", 0, -1), (RUNNABLE, 1, "", -1, -1), (RUNNING, 6, "", 0, -1)])
    made.span(child, RUNNABLE, 4, 10, p=0, cause=parent, flags=OPEN_END)
    assert sorted(wakes.wakes(made.timeline()).to_pandas().itertuples(index=False, name=None)) == [
        ("main.main", "main.child", "created", 1, 0, 0, 0, 0),
        ("nobody", "main.main", "system call", 1, 1, 1, 1, 0),
    ]


def test_what_began_before_the_capture(new_maker: Callable[[], Maker]) -> None:
    made = new_maker()
    one = made.goroutine("main.one")
    made.span(one, RUNNABLE, 0, 4, flags=OPEN_START)
    two = made.goroutine("main.two")
    made.span(two, WAITING, 0, 3, flags=OPEN_START)
    made.life(two, 3, [(RUNNABLE, 2, "", 0, -1), (RUNNING, 4, "", 0, -1)])
    timeline = made.timeline()
    assert wakes.wakes(timeline).to_pandas().to_numpy().tolist() == [
        ["nobody", "main.two", "unknown", 1, 1, 2, 2, 3]
    ]
    path = wakes.Paths(timeline).to_end(11)
    assert path.kind.tolist() == ["waiting: unknown", "runnable", "running"]
    assert path.why[1] == "woken by nobody from unknown"


def test_the_path_by_hand(relay: Timeline) -> None:
    path = wakes.Paths(relay).to_end(12)
    rows = zip(path.goroutine, path.kind, path.start, path.dur, path.why, strict=True)
    assert list(rows) == [
        (10, "running", 0, 5, ""),
        (10, "waiting: sleep", 5, 15, "sleep"),
        (10, "runnable", 20, 2, "woken by nobody from sleep"),
        (10, "running", 22, 8, "until it woke main.b (G11) from chan receive"),
        (11, "runnable", 30, 3, "woken by main.a (G10) from chan receive"),
        (11, "running", 33, 17, ""),
        (11, "system call", 50, 4, ""),
        (11, "running", 54, 1, "until it woke main.c (G12) from select"),
        (12, "runnable", 55, 5, "woken by main.b (G11) from select"),
        (12, "running", 60, 10, ""),
        (12, "runnable", 70, 10, "preempted"),
        (12, "running", 80, 20, ""),
    ]
    assert path.shares() == pytest.approx(
        {"running": 0.61, "runnable": 0.20, "waiting: sleep": 0.15, "system call": 0.04}
    )
    summary = path.summary()
    assert (summary.function[0], summary.kind[0], summary.segments[0], summary.total_ns[0]) == (
        "main.c",
        "running",
        2,
        30,
    )
    assert summary.total_ns.sum() == 100
    assert summary.share.sum() == pytest.approx(1)
    assert len(summary.to_pandas()) == len(summary.kind)
    assert path.to_pandas()["p"].tolist()[3:6] == [0, path.to_pandas()["p"][4], 1]
    assert path.to_pandas()["p"].isna().tolist()[4]


def test_a_path_that_begins_later_or_ends_inside_a_span(relay: Timeline) -> None:
    paths = wakes.Paths(relay)
    late = paths.to_end(12, since_ns=35)
    assert (late.start[0], late.dur[0], late.goroutine[0]) == (35, 15, 11)
    inside = paths.to_moment(11, 31)
    assert (inside.kind[-1], inside.start[-1], inside.dur[-1]) == ("runnable", 30, 1)
    # While it still waits, nobody has woken it: the wait itself is what is known.
    waiting = paths.to_moment(12, 40)
    assert waiting.kind.tolist() == ["waiting: select"]
    # A wait that ended is explained by who ended it.
    rows = relay.spans
    row = int(np.flatnonzero((rows["state"] == int(WAITING)) & (rows["id"] == 2))[0])
    ended = paths.to_span(row)
    assert (ended.end_ns, ended.goroutine[-1], ended.kind[-1]) == (55, 11, "running")
    assert len(paths.to_moment(12, 0)) == 0
    assert paths.to_moment(12, 0).shares() == {}


def test_a_window_is_where_the_path_begins(relay: Timeline) -> None:
    path = wakes.Paths(relay.window(25, 100, cut=True)).to_end(12)
    assert (path.start_ns, path.start[0], path.kind[0]) == (25, 25, "running")
    assert path.dur.sum() == 75


def test_what_is_not_there_is_said(relay: Timeline) -> None:
    only_c = relay.filter(goroutine=12)
    path = wakes.Paths(only_c).to_end(12)
    assert path.kind.tolist() == ["unknown", "runnable", "running", "runnable", "running"]
    assert path.why[0] == "before what the timeline holds"
    cut = wakes.Paths(relay).to_end(12, limit=3)
    assert (cut.kind[0], cut.why[0], cut.dur[0], len(cut)) == ("unknown", "beyond the limit", 60, 4)
    no_waits = relay.filter(goroutine=10, state=RUNNING)
    gap = wakes.Paths(no_waits).to_end(10)
    assert gap.why.tolist() == ["", "not in the timeline", ""]


def test_wrong_questions_are_refused(relay: Timeline, new_maker: Callable[[], Maker]) -> None:
    paths = wakes.Paths(relay)
    for row in (-1, len(relay)):
        with pytest.raises(UsageError, match="is no span of a goroutine"):
            paths.to_span(row)
    with pytest.raises(UsageError, match="no span of goroutine 99"):
        paths.to_end(99)
    with pytest.raises(UsageError, match="cannot begin"):
        paths.to_end(12, since_ns=101)
    empty = new_maker().timeline()
    assert len(wakes.wakes(empty).to_pandas()) == 0
    with pytest.raises(UsageError, match="no span of goroutine 10"):
        wakes.Paths(empty).to_end(10)


def test_a_birth_without_duration_leads_to_the_creator(new_maker: Callable[[], Maker]) -> None:
    made = new_maker()
    parent = made.goroutine("main.main")
    child = made.goroutine("main.child", created=7, creator=parent)
    made.span(parent, RUNNING, 0, 9, p=0)
    made.life(child, 7, [(RUNNABLE, 0, "", 0, parent), (RUNNING, 5, "", 1, -1)])
    path = wakes.Paths(made.timeline()).to_end(11)
    assert list(zip(path.goroutine, path.start, path.dur, path.why, strict=True)) == [
        (10, 0, 7, "until it created main.child (G11)"),
        (11, 7, 5, ""),
    ]


def test_wakes_in_a_ring_at_one_moment_end(new_maker: Callable[[], Maker]) -> None:
    made = new_maker()
    one, two = made.goroutine("main.one"), made.goroutine("main.two")
    for goroutine, other in ((one, two), (two, one)):
        made.life(
            goroutine,
            0,
            [(WAITING, 10, "sync", -1, other), (RUNNABLE, 0, "", 0, other), (RUNNING, 0, "", 0, -1)],
        )
    path = wakes.Paths(made.timeline()).to_end(10)
    assert path.kind.tolist() == ["waiting: sync"]
    assert path.dur.tolist() == [10]


@given(data=st.data(), since=st.integers(0, 30))
def test_every_path_fills_its_time_with_what_the_goroutines_did(
    new_maker: Callable[[], Maker],
    any_lives: st.SearchStrategy[list[list[Step]]],
    data: st.DataObject,
    since: int,
) -> None:
    made, lives = new_maker(), data.draw(any_lives)
    for at, steps in enumerate(lives):
        made.life(made.goroutine(f"main.f{at}"), at, steps)
    timeline = made.timeline()
    spans, paths = timeline.spans, wakes.Paths(timeline)
    for row, end in enumerate((spans["start"] + spans["dur"]).tolist()):
        path = paths.to_span(row, since_ns=min(since, end))
        edges = np.append(path.start, path.end_ns)
        assert edges[0] == path.start_ns == min(since, end)
        assert (np.diff(edges) == path.dur).all()
        assert (path.dur > 0).all()
        for at, own in enumerate(path.row.tolist()):
            if own < 0:
                assert path.kind[at] == "unknown"
                continue
            assert timeline.goroutines["id"][spans["id"][own]] == path.goroutine[at]
            assert spans["state"][own] == path.state[at]
            assert spans["start"][own] <= path.start[at]
            assert edges[at + 1] <= spans["start"][own] + spans["dur"][own]
        assert path.summary().total_ns.sum() == path.dur.sum()


@given(data=st.data())
def test_edges_are_what_a_loop_counts(
    new_maker: Callable[[], Maker], any_lives: st.SearchStrategy[list[list[Step]]], data: st.DataObject
) -> None:
    made, lives = new_maker(), data.draw(any_lives)
    for at, steps in enumerate(lives):
        made.life(made.goroutine(f"main.f{at}"), at, steps)
    counts: Counter[tuple[int, int, str]] = Counter()
    latency: Counter[tuple[int, int, str]] = Counter()
    for at, steps in enumerate(lives):
        for place, (state, dur, reason, _, cause) in enumerate(steps):
            if state is not RUNNABLE or reason in ("preempted", "runtime.Gosched"):
                continue
            before = steps[place - 1] if place else None
            why = "unknown"
            if before is not None and before[0] in (WAITING, SYSCALL):
                why = (before[2] or "unknown") if before[0] is WAITING else "system call"
            edge = (cause if cause < 0 else 10 + cause, 10 + at, why)
            counts[edge] += 1
            if place + 1 < len(steps) and steps[place + 1][0] is RUNNING:
                latency[edge] += dur
    found = wakes.wakes(made.timeline(), by="goroutine")
    edges = list(zip(found.waker.tolist(), found.woken.tolist(), found.reason.tolist(), strict=True))
    assert len(set(edges)) == len(edges)
    assert dict(zip(edges, found.count.tolist(), strict=True)) == counts
    assert {edge: ns for edge, ns in zip(edges, found.latency_ns.tolist(), strict=True) if ns} == {
        edge: ns for edge, ns in latency.items() if ns
    }


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Timeline:
    """A token goes from A over B to C, which works last."""
    file = tmp_path_factory.mktemp("pipeline") / "trace"
    program = toolchain.build(Path(__file__).parent / "testdata" / "pipeline")
    process.run(program, ["-o", file], settings=process.GoSettings(gomaxprocs=2)).check()
    return Timeline.load(file)


def test_the_path_of_a_pipeline_goes_back_from_c_over_b_to_a(pipeline: Timeline) -> None:
    created = pipeline.goroutines["created"] >= 0
    names = pipeline.names(pipeline.goroutine_function)
    (last,) = np.flatnonzero((names == "main.stageC") & created)
    path = wakes.Paths(pipeline).to_end(int(pipeline.goroutines["id"][last]))
    assert path.dur.sum() == path.end_ns - path.start_ns
    stages = {
        int(pipeline.goroutines["id"][row]): str(names[row])[-1]
        for row in np.flatnonzero(created).tolist()
        if str(names[row]).startswith("main.stage")
    }
    assert len(stages) == 3
    order = [stages[goroutine] for goroutine in path.goroutine.tolist() if goroutine in stages]
    assert "".join(dict.fromkeys(order)) == "ABC"
    assert order == sorted(order)
    # Each stage did its work on the path, so each has running time there.
    running = {stages.get(g) for g, kind in zip(path.goroutine, path.kind, strict=True) if kind == "running"}
    assert running >= {"A", "B", "C"}


def test_the_edges_of_a_pipeline(pipeline: Timeline) -> None:
    table = wakes.wakes(pipeline).to_pandas()
    edges = set(zip(table["waker"], table["woken"], table["reason"], strict=True))
    assert ("main.stageA", "main.stageB", "chan receive") in edges
    assert ("main.stageB", "main.stageC", "chan receive") in edges
    spans = pipeline.filter(lane=Lane.GOROUTINE, state=RUNNABLE).spans
    requeued = np.isin(np.array(pipeline.reasons)[spans["reason"]], ["preempted", "runtime.Gosched"])
    begun = (spans["flags"] & OPEN_START) == 0
    assert table["count"].sum() == (~requeued & begun).sum()
