"""Workloads that the tests of the simulator share, and a strategy for random ones."""

from __future__ import annotations

from hypothesis import strategies as st

from schedlab import sim
from schedlab.sim.workload import Step

EVERYTHING = """
procs: 3
channels: {jobs: 4, meet: 0, orders: 2}
connections: {ask: 20us, answer: 20us}
heap: {live: 8MiB, gogc: 50}
goroutines:
  producer:
    steps:
      - repeat: 200
        steps: [{compute: 20us}, {send: jobs}]
      - close: jobs
  worker:
    count: 4
    steps:
      - repeat: 50
        steps: [{receive: jobs}, {compute: {exponential: 80us}}, {alloc: 128KiB}]
  client:
    steps:
      - repeat: 50
        steps: [{write: ask}, {read: answer}, {compute: 5us}]
  server:
    steps:
      - repeat: 50
        steps: [{read: ask}, {compute: {uniform: [5us, 15us]}}, {write: answer}]
  calls:
    count: 3
    steps:
      - lock_thread
      - repeat: 5
        steps: [{syscall: 1ms}, {cgo: 300us}, {blocking_syscall: 200us}, {network: 300us}, {sleep: 100us}]
      - unlock_thread
  locks:
    count: 3
    steps:
      - repeat: 10
        steps: [{lock: mu}, {compute: 1ms}, {unlock: mu}, {compute: {lognormal: [8ms, 0.3]}}, yield]
  orders:
    steps:
      - repeat: 40
        steps: [{keep: 4KiB}, {send: orders}]
      - close: orders
  clerk:
    count: 2
    steps:
      - range: orders
        steps:
          - cgo: 50us
            callback: [{compute: 10us}, yield]
            after: 20us
          - select:
              - receive: meet
                steps: [{compute: 3us}]
              - default: [{sleep: 30us}]
  meets:
    count: 2
    steps:
      - add: {both: 1}
      - select:
          - send: meet
            steps: [{compute: 1us}]
          - receive: meet
      - done: both
      - wait: both
  parent:
    steps: [{spawn: {child: 3}}]
  child:
    count: 0
    steps: [{compute: {measured: [10us, 20us]}}]
"""


def everything() -> sim.Workload:
    """Every kind of step at least once."""
    return sim.parse(EVERYTHING)


def yielders(count: int, turns: int, procs: int, ns: int = 100_000) -> sim.Workload:
    """Goroutines that compute and call Gosched."""
    steps = (sim.Repeat(turns, (sim.Compute(ns), sim.Yield())),)
    return sim.Workload((sim.Program("worker", steps, count),), procs=procs)


_times = st.one_of(
    st.integers(0, 3_000_000),
    st.builds(sim.Exponential, st.integers(0, 500_000)),
    st.builds(lambda low, more: sim.Uniform(low, low + more), st.integers(0, 10_000), st.integers(0, 90_000)),
)
# Steps after which a goroutine always goes on, whatever the others do.
_steps: st.SearchStrategy[Step] = st.one_of(
    st.builds(sim.Compute, _times),
    st.just(sim.Yield()),
    st.builds(sim.Sleep, _times),
    st.builds(sim.Syscall, _times, st.booleans()),
    st.builds(sim.Cgo, _times),
    st.builds(lambda one, two: sim.Cgo(one, (sim.Compute(two), sim.Yield()), two), _times, _times),
    st.builds(sim.Network, _times),
    st.builds(sim.Alloc, st.integers(0, 1 << 20)),
    st.just(sim.Select((sim.Receive("buffer"), sim.Send("buffer")))),
    st.just(sim.Select((sim.Case(sim.Receive("buffer"), (sim.Yield(),)),), (sim.Compute(700),))),
    st.builds(sim.Alloc, st.integers(0, 1 << 16), st.just(True)),
    st.just(sim.Spawn("child", 2)),
    st.just(sim.LockThread()),
    st.just(sim.UnlockThread()),
)
_locked = st.builds(lambda inner: (sim.Lock("mu"), inner, sim.Unlock("mu")), st.builds(sim.Compute, _times))
_bodies = st.lists(st.one_of(st.tuples(_steps), _locked), min_size=1, max_size=6).map(
    lambda parts: tuple(step for part in parts for step in part)
)
_programs = st.builds(
    lambda body, times, count: ((sim.Repeat(times, body),), count),
    _bodies,
    st.integers(1, 5),
    st.integers(1, 12),
)
workloads = st.builds(
    lambda programs, procs, live: sim.Workload(
        (
            *(sim.Program(f"program{at}", steps, count) for at, (steps, count) in enumerate(programs)),
            sim.Program("child", (sim.Compute(1_000),), 0),
        ),
        procs=procs,
        channels={"buffer": 2},
        heap=sim.Heap(live, 100 if live else -1),
    ),
    st.lists(_programs, min_size=1, max_size=4),
    st.integers(1, 9),
    st.sampled_from([0, 1 << 20]),
)
"""Programs that end: no goroutine waits for what another may not do."""
