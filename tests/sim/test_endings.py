"""Programs that do not come to their end: named, with what came before, and never for ever."""

from __future__ import annotations

import pytest
from tests.sim.loads import yielders

from schedlab import sim


def load(*steps: sim.Step, count: int = 1, **shared: object) -> sim.Workload:
    return sim.Workload((sim.Program("worker", steps, count),), **shared)  # type: ignore[arg-type]


@pytest.mark.parametrize("driver", ["heapq", "simpy"])
@pytest.mark.parametrize(
    ("work", "step"),
    [
        (load(sim.Compute(1000), sim.Receive("c"), channels={"c": 0}), r"step 2 \(Receive\)"),
        (load(sim.Send("c"), sim.Send("c"), channels={"c": 1}), r"step 2 \(Send\)"),
        (load(sim.Lock("mu"), sim.Lock("mu")), r"step 2 \(Lock\)"),
        (load(sim.Add("wg"), sim.Wait("wg")), r"step 2 \(Wait\)"),
        (load(sim.Read("c"), connections={"c": 10}), r"step 1 \(Read\)"),
        (load(sim.Select((sim.Send("c"),)), channels={"c": 0}), r"step 1 \(Select\)"),
    ],
)
def test_a_deadlock_names_a_goroutine_and_its_step(work: sim.Workload, step: str, driver: str) -> None:
    with pytest.raises(sim.Deadlock, match=f"goroutine 'worker'.*{step}") as caught:
        sim.simulate(work, driver=driver)  # type: ignore[arg-type]
    found = caught.value.result
    assert found is not None
    assert not found.ended
    assert found.timeline.lost
    assert len(found.timeline) > 0


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (load(sim.Close("c"), sim.Close("c"), channels={"c": 0}), "closes a closed channel in step 2"),
        (load(sim.Close("c"), sim.Send("c"), channels={"c": 0}), "sends on a closed channel in step 2"),
        (load(sim.Unlock("mu")), "unlocks what is not locked in step 1"),
        (load(sim.Done("wg")), "below 0 in step 1"),
    ],
)
def test_what_go_panics_at_names_a_goroutine_and_its_step(work: sim.Workload, said: str) -> None:
    with pytest.raises(sim.Misstep, match=said):
        sim.simulate(work)


@pytest.mark.parametrize("driver", ["heapq", "simpy"])
def test_so_many_events_and_no_more(driver: str) -> None:
    with pytest.raises(sim.LimitReached, match=r"500 events.*goroutine 'worker'.*step 1") as caught:
        sim.simulate(yielders(10, 1000, 2), driver=driver, most_events=500)  # type: ignore[arg-type]
    assert caught.value.result is not None
    assert caught.value.result.events == 500


@pytest.mark.parametrize("driver", ["heapq", "simpy"])
def test_so_much_time_and_no_more(driver: str) -> None:
    with pytest.raises(sim.LimitReached, match=r"5 ms of simulated time") as caught:
        sim.simulate(yielders(10, 1000, 2), driver=driver, most_ns=5_000_000)  # type: ignore[arg-type]
    assert caught.value.result is not None
    assert caught.value.result.makespan_ns == 5_000_000
    assert caught.value.result.timeline.duration_ns == 5_000_000


def test_a_loop_that_takes_no_time_ends_at_the_limit() -> None:
    forever = sim.Repeat(1 << 30, (sim.Add("wg", 0),))
    free = sim.Costs().replace(step_ns=0)
    with pytest.raises(sim.LimitReached):
        sim.simulate(load(forever), costs=free, most_events=10_000)


def test_goroutines_without_bound() -> None:
    bomb = sim.Workload((sim.Program("bomb", (sim.Spawn("bomb", 2), sim.Sleep(10**9))),))
    with pytest.raises(sim.LimitReached, match=r"goroutine 'bomb'.*more than 1000.*step 1 \(Spawn\)"):
        sim.simulate(bomb, most_goroutines=1000)


@pytest.mark.parametrize("driver", ["heapq", "simpy"])
def test_an_interrupt_goes_through(driver: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("schedlab.sim.policy.run.gosched_impl", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sim.simulate(yielders(10, 10, 2), driver=driver)  # type: ignore[arg-type]
