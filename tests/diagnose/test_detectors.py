"""What each detector says of a scheduler that is simulated: the same every time, on every machine."""

from __future__ import annotations

from typing import Any

import pytest

from schedlab import sim
from schedlab.diagnose import Diagnosis, NotEnoughEvidence, examine_timeline
from schedlab.diagnose.allocations import pool_misuse


def diagnosis(text: str, **rules: Any) -> Diagnosis:
    done = sim.simulate(sim.parse(text), rules=sim.rules_of("go1.27").replace(**rules), seed=1)
    return examine_timeline(done.timeline, "a simulation")


def kinds(found: Diagnosis) -> list[str]:
    return [finding.kind for finding in found.findings]


STARVED = """
procs: 2
goroutines:
  requests:
    count: 4
    steps: [{repeat: 50, steps: [{sleep: 2ms}, {compute: 50us}]}]
  batch:
    count: 8
    steps: [{compute: 500ms}]
"""

CONVOY = """
procs: 2
goroutines:
  worker:
    count: 16
    steps: [{repeat: 40, steps: [{lock: mu}, {compute: 1ms}, {unlock: mu}, {compute: 20us}]}]
"""

THREADS = """
procs: 2
goroutines:
  reader:
    count: 100
    steps: [{repeat: 10, steps: [{syscall: 30ms}, {compute: 10us}]}]
"""

PING_PONG = """
procs: 2
channels: {there: 0, back: 0}
goroutines:
  one:
    steps: [{repeat: 5000, steps: [{send: there}, {compute: 2us}, {receive: back}]}]
  other:
    steps: [{repeat: 5000, steps: [{receive: there}, {compute: 2us}, {send: back}]}]
"""

ALONE = """
procs: 2
goroutines:
  parent:
    steps: [{spawn: {child: 64}}, {compute: 1ms}]
  child:
    count: 0
    steps: [{compute: 5ms}]
"""

WELL = """
procs: 2
goroutines:
  requests:
    count: 4
    steps: [{repeat: 100, steps: [{network: {exponential: 4ms}}, {compute: 100us}]}]
"""


def test_requests_behind_long_computations_starve() -> None:
    found = diagnosis(STARVED)
    assert "P starvation" in kinds(found)
    (finding,) = (one for one in found.findings if one.kind == "P starvation")
    assert "batch" in finding.said
    assert finding.evidence[0].value >= finding.evidence[0].limit
    assert finding.confidence > 0.5


def test_a_lock_that_everybody_works_in_is_a_convoy() -> None:
    assert "lock convoy" in kinds(diagnosis(CONVOY))


def test_goroutines_asleep_in_the_kernel_explode_the_threads() -> None:
    found = diagnosis(THREADS)
    assert "thread explosion" in kinds(found)


def test_without_stealing_a_p_is_idle_beside_work() -> None:
    assert "run queue imbalance" in kinds(diagnosis(ALONE, steal=False))
    assert kinds(diagnosis(ALONE)) == []


def test_nothing_is_said_of_what_is_well() -> None:
    found = diagnosis(WELL)
    assert found.healthy, [str(one.said) for one in found.findings]
    assert found.asked > 8


def test_too_little_is_refused() -> None:
    with pytest.raises(NotEnoughEvidence, match="too little"):
        diagnosis("{procs: 1, goroutines: {one: {steps: [{compute: 1us}]}}}")


def test_allocations_around_a_pool() -> None:
    get = ("main.serve", "sync.(*Pool).Get", "main.init.func1")
    boxed = ("main.serve", "runtime.convTslice")
    good = ("main.serve", "main.parse")
    found = pool_misuse({get: 9_000, boxed: 9_000, good: 2_000})
    assert found is not None
    assert found.lines[0].function in ("main.init.func1", "main.serve")
    assert pool_misuse({get: 100, boxed: 100, good: 1_000}) is None, "too few objects"
    assert pool_misuse({get: 6_000, good: 60_000}) is None, "a small share of them"
    assert pool_misuse({boxed: 50_000}) is None, "boxing alone has nothing to do with a pool"
