"""Both drivers move the same policy through the same events."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sim.loads import everything, workloads, yielders

from schedlab import sim
from schedlab.errors import UsageError


def same(load: sim.Workload, seed: int, **changes: object) -> None:
    rules = sim.rules_of("go1.27").replace(**changes)
    heap = sim.simulate(load, seed=seed, rules=rules)
    simpy = sim.simulate(load, seed=seed, rules=rules, driver="simpy")
    assert heap.log() == simpy.log()
    assert heap.makespan_ns == simpy.makespan_ns
    assert heap.events == simpy.events
    assert heap.counters.totals() == simpy.counters.totals()


@pytest.mark.parametrize("seed", range(8))
def test_every_kind_of_step_gives_the_same_log_from_both(seed: int) -> None:
    same(everything(), seed)


@settings(max_examples=60)
@given(workloads, st.integers(0, 1 << 32))
def test_random_programs_give_the_same_log_from_both(load: sim.Workload, seed: int) -> None:
    same(load, seed)


@pytest.mark.parametrize("change", [{"steal": False}, {"local_queue": 4}, {"time_slice_ns": 100_000}])
def test_changed_rules_too(change: dict[str, object]) -> None:
    same(yielders(100, 5, 4), 1, **change)
    same(everything(), 1, **change)


def test_another_seed_gives_another_log() -> None:
    one, other = (sim.simulate(everything(), seed=seed) for seed in (1, 2))
    assert one.log() != other.log()


def test_the_log_is_what_happened() -> None:
    result = sim.simulate(yielders(1, 1, 1))
    lines = result.log().decode().splitlines()
    # main becomes runnable, runs, starts the worker, waits; the worker runs, yields, runs, ends; main runs,
    # ends.
    states = [tuple(map(int, line.split()))[1:3] for line in lines[:10]]
    assert states == [(1, 0), (2, 0), (1, 1), (3, 0), (2, 1), (1, 1), (2, 1), (-1, 1), (1, 0), (2, 0)]


def test_there_is_no_other_driver() -> None:
    with pytest.raises(UsageError, match="driver"):
        sim.simulate(yielders(1, 1, 1), driver="clock")  # type: ignore[arg-type]
