"""Pauses, cycles and utilisation: by hand, by brute force, and against the runtime's own counts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedlab import process, toolchain
from schedlab.analysis import budget, gc
from schedlab.errors import UsageError
from schedlab.timeline import NOBODY, OPEN_END, Lane, MarkKind, State, Timeline, summary

if TYPE_CHECKING:
    from tests.analysis.conftest import Maker

RUNNABLE, RUNNING, WAITING = State.RUNNABLE, State.RUNNING, State.WAITING
RANGE, LABEL, LOG = MarkKind.RANGE, MarkKind.LABEL, MarkKind.LOG


@pytest.fixture(scope="module")
def by_hand(new_maker: Callable[[], Maker]) -> Timeline:
    """Two Ps for 200 ns and two cycles; the second one's mark phase reaches over the end."""
    made = new_maker()
    user, worker = made.goroutine("main.f"), made.goroutine("runtime.gcBgMarkWorker")
    made.counter("/sched/gomaxprocs:threads", 3, 2)
    for p in (0, 1):
        made.span(p, RUNNING, 0, 200, lane=Lane.PROC)
    made.life(user, 0, [(RUNNING, 60, "", 0, -1), (RUNNABLE, 10, "", 0, -1), (RUNNING, 130, "", 0, -1)])
    made.mark(RANGE, "stop-the-world (start trace)", 1, 3, g=user, p=0)
    made.mark(RANGE, "GC concurrent mark phase", 20, 80, g=user, p=0)
    made.mark(RANGE, "stop-the-world (GC sweep termination)", 22, 26, g=user, p=0)
    made.mark(RANGE, "stop-the-world (GC mark termination)", 76, 79, g=worker, p=1)
    made.life(worker, 30, [(RUNNING, 10, "", 1, -1), (WAITING, 10, "", -1, -1), (RUNNING, 30, "", 1, -1)])
    made.mark(LABEL, "GC (idle)", 30, 30, g=worker)
    made.mark(LABEL, "GC (fractional)", 50, 50, g=worker)
    # It assists from 50 to 75, but waits for its P from 60 to 70.
    made.mark(RANGE, "GC mark assist", 50, 75, g=user, p=0)
    made.mark(RANGE, "GC incremental sweep", 90, 97, g=user, p=0)
    made.mark(RANGE, "GC concurrent mark phase", 150, 200, g=user, p=0, flags=OPEN_END)
    made.mark(RANGE, "stop-the-world (GC sweep termination)", 151, 156, p=NOBODY)
    made.mark(RANGE, "GC mark assist", 160, 161, g=user, p=0)
    return made.timeline(200)


def test_stops_by_hand(by_hand: Timeline) -> None:
    found = gc.stops(by_hand)
    assert found.reason == (
        "start trace",
        "GC sweep termination",
        "GC mark termination",
        "GC sweep termination",
    )
    assert found.dur_ns.tolist() == [2, 4, 3, 5]
    assert found.goroutine.tolist() == [10, 10, 11, -1]
    assert found.p.tolist() == [0, 0, 1, -1]
    assert found.of_gc.tolist() == [False, True, True, True]
    totals = found.totals().to_pandas().set_index("reason")
    assert list(totals.loc["GC sweep termination"]) == [2, 9, 5, 5, 5]
    assert totals["count"].sum() == 4
    assert found.to_pandas()["goroutine"].isna().tolist() == [False, False, False, True]


def test_cycles_by_hand(by_hand: Timeline) -> None:
    found = gc.cycles(by_hand)
    assert len(found) == 2
    assert found.mark_start_ns.tolist() == [20, 150]
    assert found.mark_end_ns.tolist() == [80, 200]
    assert found.whole.tolist() == [True, False]
    assert found.stw_ns.tolist() == [4 + 3, 5]
    assert found.assists.tolist() == [1, 1]
    assert found.assist_ns.tolist() == [10 + 5, 1]
    assert found.worker_ns.tolist() == [[0, 30, 10], [0, 0, 0]]
    assert found.sweep_ns.tolist() == [7, 0]
    assert found.to_pandas()["fractional_ns"].tolist() == [30, 0]
    assert found.marking(np.array([0, 20, 79, 80, 150])).tolist() == [False, True, True, False, True]


def test_workers_by_hand(by_hand: Timeline) -> None:
    found = gc.workers(by_hand)
    assert found.start_ns.tolist() == [30, 50]
    assert found.dur_ns.tolist() == [10, 30]
    assert found.p.tolist() == [1, 1]
    assert found.mode == ("idle", "fractional")
    assert (len(found), found.at_once()) == (2, 1)
    assert gc.workers(by_hand.window(90, 120)).at_once() == 0


@pytest.mark.parametrize(
    ("counting", "lost"),
    [
        ((), 0),
        (("stw",), 2 * (4 + 3 + 5)),
        (("background",), 30),
        (("assist",), 15 + 1),
        (("sweep",), 7),
        # The pause from 76 to 79 comes while the worker runs; that P is lost once.
        (gc.DUTIES, 24 + 30 - 3 + 16 + 7),
    ],
)
def test_what_is_taken_from_the_program(by_hand: Timeline, counting: tuple[gc.Duty, ...], lost: int) -> None:
    found = gc.utilization(by_hand, counting)
    assert ((1 - found.share) * np.diff(found.time_ns)).sum() == pytest.approx(lost / 2)
    one = [gc.utilization(by_hand, counting, p=p) for p in (0, 1)]
    sums = [float(((1 - each.share) * np.diff(each.time_ns)).sum()) for each in one]
    assert sum(sums) == pytest.approx(lost)


def test_minimum_utilisation_by_hand(by_hand: Timeline) -> None:
    found = gc.mmu(by_hand, [1, 10, 15, 1000])
    # From 50 to 60 one P has the worker and the other one assists; then only the worker runs.
    assert found.start_ns[:3].tolist() == [22, 50, 50]
    assert found.share[:3] == pytest.approx([0, 0, 1 - 25 / 30])
    assert found.share[3] == gc.utilization(by_hand).mean(np.array([0]), 200)[0]
    part = gc.mmu(by_hand.window(45, 120), [15, 100])
    assert part.start_ns.tolist() == [50, 45]
    assert part.share == pytest.approx([1 - 25 / 30, 1 - (30 + 3 + 15 + 7) / 150])
    worst = gc.mmu(by_hand, [30], per_p=True)
    assert worst.p.tolist() == [1]
    assert worst.share[0] == pytest.approx(0.0)
    assert gc.mmu(by_hand, [30]).to_pandas()["p"].isna().all()


def test_what_cannot_be_is_refused(by_hand: Timeline, new_maker: Callable[[], Maker]) -> None:
    with pytest.raises(UsageError, match="longer than 0"):
        gc.mmu(by_hand, [0])
    with pytest.raises(UsageError, match="'tea' is none of"):
        gc.mmu(by_hand, [1], ("tea",))  # type: ignore[arg-type]
    for duration in (0, 10):
        with pytest.raises(UsageError, match="speaks of no P"):
            gc.mmu(new_maker().timeline(duration), [1])


def test_a_program_that_collects_nothing_has_all(new_maker: Callable[[], Maker]) -> None:
    made = new_maker()
    made.span(0, RUNNING, 0, 50, lane=Lane.PROC)
    timeline = made.timeline()
    assert gc.mmu(timeline, [1, 50, 500]).share.tolist() == [1, 1, 1]
    assert (len(gc.stops(timeline)), len(gc.cycles(timeline))) == (0, 0)
    assert len(gc.stops(timeline).totals().reason) == 0
    assert len(gc.stops(timeline).to_pandas()) == len(gc.cycles(timeline).to_pandas()) == 0


LENGTH = 60


@given(
    stopped=st.lists(st.tuples(st.integers(0, LENGTH), st.integers(0, 9)), max_size=3),
    swept=st.lists(st.tuples(st.integers(0, 2), st.integers(0, LENGTH), st.integers(0, 20)), max_size=6),
    gomaxprocs=st.lists(st.tuples(st.integers(1, LENGTH - 1), st.integers(1, 3)), max_size=3),
    per_p=st.booleans(),
)
def test_no_window_has_less_than_the_minimum(
    new_maker: Callable[[], Maker],
    stopped: list[tuple[int, int]],
    swept: list[tuple[int, int, int]],
    gomaxprocs: list[tuple[int, int]],
    per_p: bool,
) -> None:
    """Against every window at every nanosecond."""
    made = new_maker()
    owners = [made.goroutine("main.f") for _ in range(3)]
    number = np.full(LENGTH, 3)
    if gomaxprocs:
        gomaxprocs = sorted(dict(gomaxprocs).items())
        number[:] = gomaxprocs[0][1]
    for time, value in gomaxprocs:
        made.counter("/sched/gomaxprocs:threads", time, value)
        number[time:] = value
    busy, paused = np.zeros((3, LENGTH), dtype=bool), np.zeros(LENGTH, dtype=bool)
    for p in range(3):
        made.span(p, RUNNING, 0, LENGTH, lane=Lane.PROC)
        made.span(owners[p], RUNNING, 0, LENGTH, p=p)
    for start, length in stopped:
        end = min(start + length, LENGTH)
        made.mark(RANGE, "stop-the-world (GC mark termination)", start, end)
        paused[start:end] = True
    for p, start, length in swept:
        end = min(start + length, LENGTH)
        made.mark(RANGE, "GC incremental sweep", start, end, g=owners[p], p=p)
        busy[p, start:end] = True
    if per_p:
        curves = [np.where(paused | busy[p], 0.0, 1.0) for p in range(3)]
    else:
        curves = [1 - np.where(paused, number, np.minimum(busy.sum(axis=0), number)) / number]
    windows = [1, 2, 7, 30, LENGTH, 2 * LENGTH]
    found = gc.mmu(made.timeline(LENGTH), windows, per_p=per_p)
    for at, window in enumerate(windows):
        means = [
            np.convolve(curve, np.ones(min(window, LENGTH)), "valid") / min(window, LENGTH)
            for curve in curves
        ]
        assert found.share[at] == pytest.approx(min(mean.min() for mean in means), abs=1e-9)
        where = int(found.start_ns[at])
        assert means[max(int(found.p[at]), 0)][where] == pytest.approx(found.share[at], abs=1e-9)


@pytest.fixture(scope="module")
def self_traced(tmp_path_factory: pytest.TempPathFactory) -> tuple[Timeline, dict[str, Any]]:
    """A trace that a program made of itself, and what its own runtime/metrics counted meanwhile."""
    program = toolchain.build(Path(__file__).parent / "testdata" / "self_trace")
    file = tmp_path_factory.mktemp("gc") / "trace"
    done = process.run(program, ["-o", str(file)], settings=process.GoSettings(gomaxprocs=2)).check()
    return Timeline.load(file), done.json()


def test_the_runtime_counts_the_same_pauses(self_traced: tuple[Timeline, dict[str, Any]]) -> None:
    """No pause is under way while the program reads its metrics: the reader would be stopped too."""
    timeline, metrics = self_traced
    logs = np.flatnonzero(np.asarray(timeline.marks["kind"]) == int(LOG))
    begin, end = sorted(timeline.marks["start"][logs].tolist())
    found = gc.stops(timeline)
    between = (found.start_ns > begin) & (found.start_ns + found.dur_ns < end)
    for kind, of_gc in (("gc", True), ("other", False)):
        counted = metrics[f"/sched/pauses/total/{kind}:seconds"]
        assert sum(counted["counts"]) == int((between & (found.of_gc == of_gc)).sum())
    assert int((between & found.of_gc).sum()) >= 2
    assert found.whole[between].all()


def test_cycles_and_budget_say_the_same(self_traced: tuple[Timeline, dict[str, Any]]) -> None:
    timeline, _ = self_traced
    found, spent = gc.cycles(timeline), budget.budget(timeline)
    assert len(found) >= 1
    # The capture began before the first cycle, so all that the collector did is in one. The budget counts
    # a worker that stops the world as stopping it.
    for at, mode in enumerate(("gc_dedicated", "gc_fractional", "gc_idle")):
        assert 0 <= found.worker_ns[:, at].sum() - spent.total(mode) <= spent.total("stopping")
    assert found.assist_ns.sum() >= spent.total("gc_assist") > 0
    pauses = gc.stops(timeline)
    assert found.stw_ns.sum() == pauses.dur_ns[pauses.of_gc].sum()
    assert len(found) <= int(pauses.of_gc.sum()) <= 2 * len(found)


def test_a_real_minimum_is_that_of_a_dense_search(self_traced: tuple[Timeline, dict[str, Any]]) -> None:
    timeline, _ = self_traced
    curve = gc.utilization(timeline)
    windows = [10_000, 300_000, 2_000_000]
    found = gc.mmu(timeline, windows)
    for window, share, start in zip(windows, found.share, found.start_ns, strict=True):
        places = np.linspace(0, timeline.duration_ns - window, 20_001).astype(np.int64)
        means = curve.mean(places, window)
        assert share <= means.min() + 1e-9
        # Between two of these places the mean changes by no more than the step's share of the window.
        assert share >= means.min() - (places[1] + 1) / window
        assert curve.mean(np.array([start]), window)[0] == pytest.approx(share)


def test_what_a_program_calls_a_stop_is_none(new_maker: Callable[[], Maker]) -> None:
    made = new_maker()
    made.mark(MarkKind.RANGE, "stop-the-world (GC mark termination)", 10, 15)
    made.mark(MarkKind.REGION, "stop-the-world (of mine)", 20, 90)
    made.mark(MarkKind.LOG, "stop-the-world", 30, 30)
    timeline = made.timeline(100)
    assert len(gc.stops(timeline)) == summary(timeline).stw_count == 1
    assert summary(timeline).stw_total_ns == 5
