"""The collector's pacing and its sweeper, after mgcpacer.go and mgcsweep.go."""

from __future__ import annotations

import numpy as np
import pytest

from schedlab import sim
from schedlab.analysis import gc
from schedlab.sim.policy.pacing import Pacer
from schedlab.sim.policy.sweep import Sweep, spans_of, sweep_for
from schedlab.timeline import Lane, State

MIB = 1 << 20
PAGE = 8 << 10


def pacer(marked: int, runway: int = 0, gogc: int = 100) -> Pacer:
    found = Pacer(marked, gogc, 0.25)
    found.runway = runway
    return found


def test_the_goal_is_what_is_marked_and_as_much_again_by_gogc() -> None:
    assert pacer(32 * MIB).goal == 64 * MIB
    assert pacer(32 * MIB, gogc=50).goal == 48 * MIB
    assert pacer(0).goal == 4 * MIB, "a heap of less is not worth a collection"


@pytest.mark.parametrize(
    ("runway", "trigger"),
    [(0, 32 + 32 * 0.95), (8, 64 - 8), (31, 32 + 32 * 0.7), (200, 32 + 32 * 0.7)],
)
def test_a_cycle_begins_a_runway_before_the_goal_within_bounds(runway: int, trigger: float) -> None:
    assert pacer(32 * MIB, runway * MIB).trigger() == pytest.approx(trigger * MIB, abs=1)


def test_a_large_heap_begins_four_mib_before_its_goal_at_the_latest() -> None:
    assert pacer(1024 * MIB).trigger() == 2044 * MIB


def test_who_allocates_marks_so_much_that_all_is_marked_at_the_goal() -> None:
    pace = pacer(32 * MIB)
    pace.triggered, pace.heap, pace.last_work = 56 * MIB, 60 * MIB, 1_000_000
    assert pace.work_per_byte(400_000, 1_000_000) == pytest.approx(400_000 / (4 * MIB))
    pace.heap = 65 * MIB
    assert pace.work_per_byte(400_000, 1_000_000) == pytest.approx(400_000 / (64 * 1.1 - 65) / MIB)


def test_a_heap_that_grew_moves_the_goal() -> None:
    """Twice as much turns out to be there as last time: the way to the goal is twice as long."""
    pace = pacer(32 * MIB)
    pace.triggered = pace.heap = 56 * MIB
    pace.last_work = 1_000_000
    assert pace.work_per_byte(900_000, 2_000_000) == pytest.approx(900_000 / (16 * MIB))


def test_the_most_that_was_allocated_while_marking_in_five_cycles_counts() -> None:
    pace = pacer(32 * MIB)
    for allocated in (8, 1, 1, 1, 1):
        pace.triggered, pace.heap = 56 * MIB, (56 + allocated) * MIB
        pace.end_cycle(1_000_000, 2_000_000, 2, 0, 0)
        assert pace.cons_mark == pytest.approx(8 * MIB * 0.25 / (1_000_000 * 0.75))
    pace.triggered, pace.heap = 56 * MIB, 57 * MIB
    pace.end_cycle(1_000_000, 2_000_000, 2, 0, 0)
    assert pace.cons_mark == pytest.approx(1 * MIB * 0.25 / (1_000_000 * 0.75))


def test_large_spans_are_swept_first() -> None:
    sweep = Sweep(20 * PAGE)
    sweep.new = [5, 3, 24]
    sweep.begin([0, 1, 8], 0, 0.0)
    assert (sweep.small, sweep.large, sweep.dead, sweep.pages) == (25, 3, 2, 8)
    assert sweep.take(10) == 10
    assert (sweep.small, sweep.large, sweep.swept) == (18, 0, 3 * 8 + 7)
    assert sweep.take(100) == 18


def test_who_takes_a_large_span_frees_as_many_pages_first() -> None:
    costs = sim.Costs()
    sweep = Sweep(20 * PAGE)
    sweep.new = [0, 4, 32]
    sweep.begin([0, 0, 0], 0, 0.0)
    assert sweep_for(sweep, 0, spans_of(sweep, 64 << 10), costs) == costs.free_ns
    assert sweep.large == 3
    assert sweep_for(sweep, 0, spans_of(sweep, 16 * PAGE), costs) == 2 * costs.free_ns


def test_sweeping_keeps_up_with_allocating() -> None:
    """As many pages for each byte as ``gcPaceSweeper`` says."""
    sweep = Sweep(100 * PAGE)
    sweep.begin([0, 0, 0], 0, 2 / PAGE)
    sweep_for(sweep, 0, (1, 0, 0), sim.Costs())
    assert sweep.swept == 1
    sweep_for(sweep, 9 * PAGE, (1, 0, 0), sim.Costs())
    assert sweep.swept == 19


def allocating(count: int, procs: int) -> sim.Result:
    steps = (sim.Repeat(1200 // count, (sim.Compute(50_000), sim.Alloc(64 << 10))),)
    load = sim.Workload((sim.Program("worker", steps, count),), procs, heap=sim.Heap(8 * MIB, 100))
    return sim.simulate(load)


def sweeper_runs(result: sim.Result) -> int:
    timeline = result.timeline
    spans, names = timeline.spans, timeline.names(timeline.goroutine_function)
    running = (spans["lane"] == int(Lane.GOROUTINE)) & (spans["state"] == int(State.RUNNING))
    return int((running & (names[spans["id"]] == "runtime.bgsweep")).sum())


def test_the_sweeper_gives_way_after_ten_spans_unless_a_p_is_idle() -> None:
    busy, idle = allocating(4, 2), allocating(1, 4)
    assert busy.collections >= 3
    assert idle.collections >= 3
    assert sweeper_runs(idle) <= 3 * idle.collections
    gave_way = busy.counters.total("gosched")
    assert gave_way > 10 * busy.collections
    # At least 1024 spans live in each cycle, ten of which are swept in a run.
    assert gave_way <= busy.collections * (2 * 1024 // 10 + 64)


def test_a_cycle_ends_with_every_p_giving_way() -> None:
    """``forEachP``, twice: who runs then goes to the global queue, as at the end of a time slice."""
    result = allocating(2, 2)
    assert result.collections <= result.counters.total("preempt_hit")


def test_a_list_is_marked_by_one_at_a_time() -> None:
    def longest_mark(chained: bool) -> int:
        steps = (sim.Repeat(100, (sim.Compute(50_000), sim.Alloc(256 << 10))),)
        heap = sim.Heap(32 * MIB, 100, chained=chained)
        load = sim.Workload((sim.Program("worker", steps, 4),), 4, heap=heap)
        cycles = gc.cycles(sim.simulate(load, costs=sim.Costs().replace(start_spread=0.0)).timeline)
        return int(np.median((cycles.mark_end_ns - cycles.mark_start_ns)[cycles.whole]))

    work = sim.Costs().mark_ns_per_kib * (32 * MIB >> 10)
    assert longest_mark(True) >= work
    assert longest_mark(False) < work
