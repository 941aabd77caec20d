"""What no scheduler may do, whatever the program and the rules: checked on random ones."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sim.loads import workloads

from schedlab import sim
from schedlab.timeline import Lane, State, Timeline

_rules = st.builds(
    lambda queue, every, steal, runnext, spinning, slice_ns, preempt: sim.rules_of("go1.27").replace(
        local_queue=queue,
        global_every=every,
        steal=steal,
        runnext=runnext,
        most_spinning=spinning,
        time_slice_ns=slice_ns,
        preempt=preempt,
    ),
    st.sampled_from([2, 4, 256]),
    st.sampled_from([1, 2, 61]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([-1, 1, 2]),
    st.sampled_from([50_000, 10_000_000]),
    st.booleans(),
)
SEEDS = st.integers(0, 1000)


def rows(timeline: Timeline, lane: Lane, *states: State) -> np.ndarray:
    spans = timeline.spans
    return np.flatnonzero((spans["lane"] == lane) & np.isin(spans["state"], states))


def most_at_once(start: np.ndarray, end: np.ndarray) -> int:
    """At one time, where what ends makes room before what begins takes it."""
    kept = end > start
    times = np.concatenate([start[kept], end[kept]])
    change = np.concatenate([np.ones(kept.sum(), int), -np.ones(kept.sum(), int)])
    return int(change[np.lexsort((change, times))].cumsum().max(initial=0))


@settings(max_examples=80)
@given(workloads, _rules, SEEDS)
def test_invariants(load: sim.Workload, rules: sim.Rules, seed: int) -> None:
    result = sim.simulate(load, rules=rules, seed=seed)
    timeline = result.timeline
    spans = timeline.spans
    start, dur = spans["start"].astype(np.int64), spans["dur"].astype(np.int64)
    assert result.ended
    assert (dur >= 0).all()

    # Never more than P run, and never two on one P.
    running = rows(timeline, Lane.GOROUTINE, State.RUNNING)
    assert most_at_once(start[running], (start + dur)[running]) <= load.procs
    for p in range(load.procs):
        own = running[spans["p"][running] == p]
        assert most_at_once(start[own], (start + dur)[own]) <= 1

    # No goroutine is lost: each but the runtime's own has ended, and its life has neither gap nor overlap.
    own = np.array([name.startswith("runtime.") for name in timeline.names(timeline.goroutine_function)])
    ended = timeline.goroutines["ended"] >= 0
    assert (ended | own).all()
    every = rows(timeline, Lane.GOROUTINE, *State)
    for g in range(len(ended)):
        life = every[spans["id"][every] == g]
        life = life[np.lexsort((start[life] + dur[life], start[life]))]
        assert (start[life][1:] == (start + dur)[life][:-1]).all()

    # All that were created have ended, and main, which nobody created.
    made, gone = result.counters.total("create"), result.counters.total("exit")
    assert made + 1 == gone


@settings(max_examples=60)
@given(st.integers(1, 8), st.lists(st.integers(1, 400_000), min_size=1, max_size=60), SEEDS)
def test_work_over_processors_is_the_least_time(procs: int, work: list[int], seed: int) -> None:
    programs = tuple(sim.Program(f"job{at}", (sim.Compute(ns),)) for at, ns in enumerate(work))
    result = sim.simulate(sim.Workload(programs, procs=procs), seed=seed)
    assert result.makespan_ns * procs >= sum(work)
    assert result.makespan_ns >= max(work)


@settings(max_examples=40)
@given(st.integers(2, 8), st.integers(1, 40), st.integers(1, 6), SEEDS)
def test_work_is_conserved(procs: int, count: int, turns: int, seed: int) -> None:
    """A P that stays idle while a goroutine waits in a queue has a thread on its way to it, which takes a
    while."""
    costs = sim.Costs().replace(start_spread=0.0)
    program = sim.Program("worker", (sim.Repeat(turns, (sim.Compute(200_000), sim.Yield())),), count)
    result = sim.simulate(sim.Workload((program,), procs=procs), costs=costs, seed=seed)
    greedy = (count * turns * 200_000) / procs + turns * 200_000
    # One after the other wakes the next: each may need a thread, and each steal a pause.
    slow = procs * (costs.thread_ns + costs.start_ns + costs.slack_ns + 10_000)
    overhead = result.slices * 2 * (costs.switch_ns + costs.wake_ns + costs.spawn_ns)
    assert result.makespan_ns <= greedy + slow + overhead + procs * turns * costs.slack_ns


@settings(max_examples=40)
@given(st.integers(1, 30), st.integers(1, 6), SEEDS)
def test_the_global_queue_is_first_in_first_out(count: int, turns: int, seed: int) -> None:
    """On one P with no queue of its own to speak of: who yields first, runs first."""
    rules = sim.rules_of("go1.27").replace(batch=1)
    program = sim.Program("worker", (sim.Repeat(turns, (sim.Compute(1_000), sim.Yield())),), count)
    result = sim.simulate(sim.Workload((program,), procs=1), rules=rules, seed=seed)
    spans, timeline = result.timeline.spans, result.timeline
    yielded = [number for number, text in enumerate(timeline.reasons) if text == "runtime.Gosched"]
    waited = rows(timeline, Lane.GOROUTINE, State.RUNNABLE)
    waited = waited[np.isin(spans["reason"][waited], yielded)]
    began, left = spans["start"][waited], spans["start"][waited] + spans["dur"][waited]
    order = np.argsort(began, kind="stable")
    assert (np.diff(left[order]) > 0).all()
