"""A real program's trace as a workload: it does as much, and is scheduled by the simulator."""

from __future__ import annotations

import numpy as np
import pytest

from schedlab import sim
from schedlab.course import sim_accuracy as accuracy
from schedlab.errors import UsageError
from schedlab.sim import against
from schedlab.sim.replay import replay, unpaid
from schedlab.timeline import Lane, State, Timeline


def steps_of(load: sim.Workload, kind: type) -> list[object]:
    return [step for program in load.programs for step in program.steps if isinstance(step, kind)]


@pytest.fixture(scope="module")
def yielding() -> accuracy.Real:
    return accuracy.record("yield", 1, turns=3)[0]


def test_it_computes_for_as_long_and_yields_as_often(yielding: accuracy.Real) -> None:
    load = yielding.played.load
    computed = sum(step.duration for step in steps_of(load, sim.Compute))  # type: ignore[attr-defined]
    begin, end = yielding.played.window_ns
    spans = yielding.timeline.spans
    running = (spans["lane"] == Lane.GOROUTINE) & (spans["state"] == State.RUNNING)
    running &= np.isin(spans["id"], yielding.played.rows)
    start = np.maximum(spans["start"][running], begin)
    stop = np.minimum((spans["start"] + spans["dur"])[running], end)
    assert computed == np.maximum(stop - start, 0).sum()
    assert len(steps_of(load, sim.Spawn)) == 1000
    result = sim.simulate(load)
    assert result.counters.total("create") == 1000
    # A goroutine may be preempted while it yields, and the last ones may yield after main is woken.
    assert 2990 <= result.counters.total("gosched") <= 3000
    assert result.counters.total("overflow") >= 1


def test_main_waits_for_all_that_it_started(yielding: accuracy.Real) -> None:
    (main, *others) = yielding.played.load.programs
    assert main.name == "main"
    assert sum(isinstance(step, sim.Wait) for step in main.steps) == 1
    assert all(isinstance(program.steps[-1], sim.Done) for program in others)


def test_channels_become_tokens() -> None:
    real = accuracy.record("pingpong", 1, turns=50)[0]
    result = sim.simulate(real.played.load)
    assert result.ended
    # Each of the pair waits once for each exchange, or next to that: the first may find the other waiting.
    assert 90 <= result.counters.total("ready") <= 110


def test_sleeps_are_as_long_as_they_were_meant_to_be() -> None:
    real = accuracy.record("light", 1, turns=10)[0]
    sleeps = {step.duration for step in steps_of(real.played.load, sim.Sleep)}  # type: ignore[attr-defined]
    assert sleeps == {1_000_000}


def test_a_region_must_be_there(yielding: accuracy.Real) -> None:
    with pytest.raises(UsageError, match="no region 'elsewhere'"):
        replay(yielding.timeline, "elsewhere", procs=2)


def test_distances() -> None:
    low, high = np.arange(0, 100), np.arange(50, 150)
    assert against.distance(low, low) == 0
    assert against.distance(low, high) == pytest.approx(0.5)
    assert against.distance(low, high, floor=1000) == 0
    assert against.distance(low, np.zeros(0, np.int64)) == 1
    assert against.relative(3, 2) == pytest.approx(0.5)
    assert against.relative(0, 0) == 0
    assert against.relative(1, 0) == float("inf")


def test_gaps_between_turns_are_those_of_the_costs() -> None:
    costs = sim.Costs().replace(switch_ns=700)
    worker = sim.Program("worker", (sim.Repeat(20, (sim.Compute(10_000), sim.Yield())),), 10)
    timeline: Timeline = sim.simulate(sim.Workload((worker,), procs=1), costs=costs).timeline
    gaps = against.switch_gaps(timeline, timeline.bounds_ns)
    assert len(gaps) > 150
    assert np.median(gaps) == 700


def test_who_wakes_a_thread_by_making_a_goroutine_has_paid_for_it_in_a_trace() -> None:
    load = sim.Workload((sim.Program("worker", (sim.Compute(1_000_000),)),), procs=2)
    costs = sim.Costs().replace(ready_wake_ns=500_000)

    def main_ran(costs: sim.Costs) -> int:
        timeline = sim.simulate(load, costs=costs).timeline
        spans, names = timeline.spans, timeline.names(timeline.goroutine_function)
        rows = (spans["lane"] == int(Lane.GOROUTINE)) & (spans["state"] == int(State.RUNNING))
        return int(spans["dur"][rows & (names[spans["id"]] == "main")].sum())

    assert main_ran(costs) == costs.ready_wake_ns + costs.spawn_ns
    assert main_ran(unpaid(costs)) == 0


def test_who_talks_to_whom_is_told_by_the_system_calls() -> None:
    real = accuracy.record("echo", 1, turns=40)[0]
    load = real.played.load
    # Four clients and four servers, each way. Where a busy machine put a wait between two reads of which
    # neither found anything, that direction cannot be told by counting, and is left out.
    told = len(load.connections)
    assert 6 <= told <= 8
    answered = [
        ends for ends in map(_ends, load.connections) if f"{ends[1]} to {ends[0]}" in load.connections
    ]
    assert len(answered) >= 4
    assert told * 40 <= len(steps_of(load, sim.Read)) <= told * 40 + 4, "the servers read the end too"
    assert sim.simulate(load, costs=unpaid(sim.Costs())).ended


def _ends(connection: str) -> tuple[str, str]:
    one, other = connection.split(" to ")
    return one, other
