"""Who ran meanwhile, against a count of every single ns, and against a program with a known hog."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedlab import process, toolchain
from schedlab.analysis import antagonists
from schedlab.errors import UsageError
from schedlab.timeline import OPEN_START, Lane, MarkKind, State, Timeline

if TYPE_CHECKING:
    from tests.analysis.conftest import Maker, Step

RUNNABLE, RUNNING, WAITING, IDLE = State.RUNNABLE, State.RUNNING, State.WAITING, State.IDLE

LIVES = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from([RUNNABLE, RUNNING, WAITING]),
            st.integers(0, 6),
            st.just(""),
            st.integers(-1, 2),
            st.just(-1),
        ),
        max_size=8,
    ),
    min_size=4,
    max_size=4,
)
PROCS = st.lists(
    st.lists(st.tuples(st.sampled_from([RUNNING, IDLE]), st.integers(0, 9)), max_size=5),
    min_size=3,
    max_size=3,
)


@pytest.fixture(scope="module")
def busy(new_maker: Callable[[], Maker]) -> Timeline:
    """Two Ps. The victim waits from 10 to 40 and runs on P 0, where the hog runs till 30."""
    made = new_maker()
    hog, other, victim = (made.goroutine(f"main.{name}") for name in ("hog", "other", "victim"))
    made.span(hog, RUNNING, 0, 30, p=0)
    made.span(other, RUNNING, 0, 15, p=1)
    made.span(other, RUNNING, 34, 38, p=0)
    made.life(victim, 10, [(RUNNABLE, 30, "", 1, -1), (RUNNING, 10, "", 0, -1)])
    made.life(victim, 50, [(WAITING, 10, "sleep", -1, -1), (RUNNABLE, 5, "", 1, -1)])
    made.span(0, RUNNING, 0, 31, lane=Lane.PROC)
    made.span(0, IDLE, 31, 33, lane=Lane.PROC)
    made.span(0, RUNNING, 33, 65, lane=Lane.PROC)
    made.span(1, RUNNING, 0, 20, lane=Lane.PROC)
    made.span(1, IDLE, 20, 65, lane=Lane.PROC)
    return made.timeline()


def test_own_p_by_hand(busy: Timeline) -> None:
    found = antagonists.antagonists(busy, function="main.victim")
    assert dict(zip(found.key, found.overlap_ns.tolist(), strict=True)) == {"main.hog": 20, "main.other": 4}
    assert found.share.tolist() == pytest.approx([20 / 30, 4 / 30])
    assert (found.waits, found.matched, found.waited_ns, found.capacity_ns) == (2, 1, 30, 30)
    assert (found.idle_ns, found.others_ns, found.rest_ns) == (2, 0, 4)
    assert found.to_pandas()["share"].sum() == pytest.approx(1)


def test_all_ps_by_hand(busy: Timeline) -> None:
    found = antagonists.antagonists(busy, goroutine=12, where="all", by="goroutine", top=1)
    assert (found.key.tolist(), found.overlap_ns.tolist()) == ([10], [20])
    # The other one ran 5 on P 1 and 4 on P 0; P 1 was idle 20 and 5, P 0 for 2.
    assert (found.waited_ns, found.capacity_ns) == (35, 70)
    assert (found.others_ns, found.idle_ns, found.rest_ns) == (9, 27, 14)


def test_one_wait_by_its_row(busy: Timeline) -> None:
    spans = busy.spans
    (last,) = np.flatnonzero((spans["state"] == int(RUNNABLE)) & (spans["start"] == 60))
    found = antagonists.antagonists(busy, rows=[int(last)], where="all")
    assert (found.waits, found.waited_ns, found.idle_ns, len(found.key)) == (1, 5, 5, 0)


def test_without_a_p_lane_the_ps_are_those_that_ran(busy: Timeline) -> None:
    found = antagonists.antagonists(busy.filter(lane=Lane.GOROUTINE), goroutine=12, where="all")
    assert (found.capacity_ns, found.idle_ns, found.rest_ns) == (70, 0, 70 - 29)


def test_idle_while_runnable_by_hand(busy: Timeline) -> None:
    found = antagonists.work_conservation(busy)
    # From 20 to 40, and from 60 to 65; one goroutine waits, so the second idle P is no more waste.
    assert (found.count, found.total_ns, found.wasted_ns) == (2, 25, 25)
    assert (found.longest_ns, found.longest_start_ns, found.p50_ns) == (20, 20, 20)
    assert (found.goroutine.tolist(), found.start.tolist()) == ([12, 12], [10, 60])
    assert (found.dur.tolist(), found.idle_ns.tolist()) == ([30, 5], [22, 5])
    assert found.to_pandas()["function"].tolist() == ["main.victim"] * 2
    assert len(antagonists.work_conservation(busy, top=1).row) == 1


def test_a_stopped_world_and_a_p_taken_away_are_no_fault(new_maker: Callable[[], Maker]) -> None:
    made = new_maker()
    victim = made.goroutine("main.victim")
    made.span(victim, RUNNABLE, 0, 100)
    made.span(1, IDLE, 0, 100, lane=Lane.PROC)
    made.mark(MarkKind.RANGE, "stop-the-world (GOMAXPROCS)", 10, 20)
    for time, value in ((0, 2), (30, 2), (40, 1), (70, 4)):
        made.counter("/sched/gomaxprocs:threads", time, value)
    found = antagonists.work_conservation(made.timeline())
    # 0-10, 20-40 and 70-100.
    assert (found.count, found.total_ns, found.longest_ns, found.longest_start_ns) == (3, 60, 30, 70)


def test_a_wait_older_than_the_capture_is_left_out_unless_named(new_maker: Callable[[], Maker]) -> None:
    made = new_maker()
    old, cut = made.goroutine("main.old"), made.goroutine("main.cut")
    made.span(old, RUNNABLE, 0, 7, flags=OPEN_START)
    made.span(cut, RUNNABLE, 0, 5, p=0, flags=OPEN_START)
    made.span(0, IDLE, 0, 7, lane=Lane.PROC)
    timeline = made.timeline()
    assert antagonists.antagonists(timeline, where="all").waited_ns == 5
    (row,) = np.flatnonzero((timeline.spans["lane"] == 0) & (timeline.spans["id"] == old))
    assert antagonists.antagonists(timeline, where="all", rows=[int(row)]).waited_ns == 7
    assert antagonists.work_conservation(timeline).total_ns == 5


def test_nothing_and_nonsense(busy: Timeline, new_maker: Callable[[], Maker]) -> None:
    empty = new_maker().timeline()
    found = antagonists.antagonists(empty, where="all")
    assert (found.waits, found.capacity_ns, len(found.key)) == (0, 0, 0)
    nothing = antagonists.work_conservation(empty)
    assert (nothing.count, nothing.longest_ns, nothing.longest_start_ns) == (0, 0, -1)
    assert antagonists.antagonists(busy, rows=[]).waits == 0
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"goroutine": 99}, "no goroutine 99"),
        ({"function": "main.vic"}, "no goroutine starts in 'main.vic'"),
        ({"rows": [len(busy)]}, "no such rows"),
        ({"rows": [0]}, "not all rows are runnable spans"),
        ({"rows": [0.5]}, "whole numbers"),
        ({"where": "here"}, "'here'"),
        ({"by": "p"}, "'p'"),
        ({"top": -1}, "-1 rows"),
    ]
    for arguments, message in wrong:
        with pytest.raises(UsageError, match=message):
            antagonists.antagonists(busy, **arguments)


@given(lives=LIVES, procs=PROCS, where=st.sampled_from(["own", "all"]), shift=st.sampled_from([0, 10**15]))
def test_overlaps_are_what_a_count_of_every_ns_gives(
    new_maker: Callable[[], Maker],
    lives: list[list[Step]],
    procs: list[list[tuple[State, int]]],
    where: Literal["own", "all"],
    shift: int,
) -> None:
    made = new_maker()
    waits: list[tuple[int, int, int]] = []
    runs: list[tuple[int, int, int, int]] = []
    for at, steps in enumerate(lives):
        made.life(made.goroutine(f"main.f{at}"), shift + at, steps)
        begin = shift + at
        for place, (state, dur, _, p, _) in enumerate(steps):
            then = steps[place + 1] if place + 1 < len(steps) else None
            if state is RUNNABLE:
                waits.append((begin, begin + dur, then[3] if then and then[0] is RUNNING else -1))
            if state is RUNNING and p >= 0:
                runs.append((begin, begin + dur, p, at))
            begin += dur
    idle: list[tuple[int, int, int]] = []
    for p, states in enumerate(procs):
        begin = shift
        for state, dur in states:
            made.span(p, state, begin, begin + dur, lane=Lane.PROC)
            idle += [(begin, begin + dur, p)] * (state is IDLE)
            begin += dur
    timeline = made.timeline()

    found = antagonists.antagonists(timeline, where=where)
    expected: Counter[str] = Counter()
    stood_idle = 0
    for begin, end, on in waits:
        if where == "own" and on < 0:
            continue
        for start, stop, p, who in runs:
            if where == "all" or p == on:
                expected[f"main.f{who}"] += max(0, min(end, stop) - max(begin, start))
        for start, stop, p in idle:
            if where == "all" or p == on:
                stood_idle += max(0, min(end, stop) - max(begin, start))
    assert dict(zip(found.key, found.overlap_ns.tolist(), strict=True)) == {
        name: ns for name, ns in expected.items() if ns
    }
    assert found.idle_ns == stood_idle
    whole = found.overlap_ns.sum() + found.others_ns + found.idle_ns + found.rest_ns
    assert whole == found.capacity_ns

    conserved = antagonists.work_conservation(timeline)
    lesser = [
        min(sum(a <= ns < b for a, b, _ in waits), sum(a <= ns < b for a, b, _ in idle))
        for ns in range(shift, shift + 60)
    ]
    assert conserved.wasted_ns == sum(lesser)
    assert conserved.total_ns == sum(number > 0 for number in lesser)
    stretches = [len(part) for part in "".join(".x"[number > 0] for number in lesser).split(".") if part]
    assert conserved.count == len(stretches)
    assert conserved.longest_ns == max(stretches, default=0)


def test_the_hog_is_named(tmp_path: Path) -> None:
    file = tmp_path / "trace"
    program = toolchain.build(Path(__file__).parent / "testdata" / "hog")
    settings = process.GoSettings(gomaxprocs=1)
    process.run(program, ["-o", file, "-turns", 3], settings=settings).check()
    timeline = Timeline.load(file)
    names = timeline.names(timeline.goroutine_function)
    (row,) = np.flatnonzero((names == "main.victim") & (timeline.goroutines["created"] >= 0))
    victim = int(timeline.goroutines["id"][row])
    for where in ("own", "all"):
        found = antagonists.antagonists(timeline, goroutine=victim, where=where)
        assert found.key[0] == "main.hog"
        # With one P nobody else can have run for long: what is missing is the runtime's.
        assert found.share[0] > 0.5
        assert found.rest_ns >= 0
        assert found.idle_ns == 0 or found.idle_ns < found.overlap_ns[0]
