"""What steps do: the bodies of select, range over a channel, callbacks from C, spinning before a mutex."""

from __future__ import annotations

import pytest

from schedlab import sim
from schedlab.timeline import Lane, State

EXACT = sim.Costs().replace(slack_ns=0, poll_slack_ns=0, start_spread=0.0)


def workload(*programs: sim.Program, procs: int = 2, **channels: int) -> sim.Workload:
    return sim.Workload(programs, procs=procs, channels=channels)


def computed_ns(result: sim.Result, program: str) -> int:
    timeline = result.timeline
    spans, names = timeline.spans, timeline.names(timeline.goroutine_function)
    chosen = (spans["lane"] == int(Lane.GOROUTINE)) & (spans["state"] == int(State.RUNNING))
    return int(spans["dur"][chosen & (names[spans["id"]] == program)].sum())


@pytest.mark.parametrize(("sent", "lasts"), [("left", 3_000_000), ("right", 7_000_000)])
@pytest.mark.parametrize("waits", [False, True])
def test_the_body_of_the_case_that_goes_on_is_done(sent: str, lasts: int, waits: bool) -> None:
    """Whether the value is there when the select begins, or comes while it waits."""
    pause: tuple[sim.workload.Step, ...] = (sim.Sleep(2_000_000),)
    cases = (
        sim.Case(sim.Receive("left"), (sim.Compute(3_000_000),)),
        sim.Case(sim.Receive("right"), (sim.Compute(7_000_000),)),
    )
    chooser = sim.Program("chooser", (*(() if waits else pause), sim.Select(cases)))
    sender = sim.Program("sender", (*(pause if waits else ()), sim.Send(sent)))
    result = sim.simulate(workload(chooser, sender, left=1, right=1), costs=EXACT)
    assert lasts <= computed_ns(result, "chooser") < lasts + 100_000


def test_a_default_has_a_body_too() -> None:
    steps = (
        sim.Select((sim.Case(sim.Receive("empty"), (sim.Compute(1_000_000),)),), (sim.Compute(5_000_000),)),
    )
    result = sim.simulate(workload(sim.Program("chooser", (*steps, sim.Compute(11))), empty=1), costs=EXACT)
    assert 5_000_000 <= computed_ns(result, "chooser") < 5_100_000


def test_a_case_sends_or_receives() -> None:
    odd = sim.Program("odd", (sim.Select((sim.Case(sim.Yield()),)),))  # type: ignore[arg-type]
    with pytest.raises(sim.BadWorkload, match=r"goroutine 'odd', step 1 \(Select\): Yield\(\) is no case"):
        sim.simulate(workload(odd))


def test_a_range_takes_every_value_and_ends_with_the_channel() -> None:
    maker = sim.Program("maker", (sim.Repeat(30, (sim.Compute(10_000), sim.Send("c"))), sim.Close("c")))
    taker = sim.Program("taker", (sim.Range("c", (sim.Compute(50_000),)),), 3)
    result = sim.simulate(workload(maker, taker, procs=4, c=2), costs=EXACT)
    assert result.ended
    steps = 30 * 50_000
    assert steps <= computed_ns(result, "taker") < steps + 200_000


def test_who_ranges_over_a_channel_that_nobody_closes_waits_for_ever() -> None:
    with pytest.raises(sim.Deadlock, match=r"goroutine 'taker' \(G1\) in step 1 \(Range\)"):
        sim.simulate(workload(sim.Program("taker", (sim.Range("c", ()),)), c=1))


def test_a_callback_stays_on_the_thread_that_called_c() -> None:
    """While C waits for Go, its thread is the goroutine's: each turn in the callback switches threads."""
    turns = 20
    callback = (sim.Repeat(turns, (sim.Compute(50_000), sim.Yield())),)
    other = sim.Program("other", (sim.Repeat(40, (sim.Compute(50_000), sim.Yield())),))

    def handoffs(step: sim.Cgo) -> int:
        load = workload(sim.Program("caller", (step,)), other, procs=1)
        return sim.simulate(load, costs=EXACT).counters.total("locked_handoff")

    assert handoffs(sim.Cgo(10_000)) == 0
    assert turns - 2 <= handoffs(sim.Cgo(10_000, callback, 10_000)) <= turns + 1


def test_threads_are_locked_as_often_as_they_are_unlocked() -> None:
    """A callback within a locked goroutine does not free its thread."""
    spin = sim.Repeat(20, (sim.Compute(50_000), sim.Yield()))
    steps = (sim.LockThread(), sim.Cgo(10_000, (sim.Compute(1_000),)), spin, sim.UnlockThread())
    load = workload(sim.Program("caller", steps), sim.Program("other", (spin, spin)), procs=1)
    assert sim.simulate(load, costs=EXACT).counters.total("locked_handoff") >= 18


def contended(procs: int, *, held_ns: int) -> sim.Result:
    steps = (sim.Repeat(50, (sim.Lock("mu"), sim.Compute(held_ns), sim.Unlock("mu"), sim.Compute(20_000))),)
    return sim.simulate(workload(sim.Program("worker", steps, procs), procs=procs), costs=EXACT)


def test_a_lock_that_is_held_for_a_moment_is_waited_for_by_spinning() -> None:
    """Four turns of spinning are longer than it is held, so nobody has to sleep."""
    held = EXACT.spin_ns
    assert contended(2, held_ns=held).counters.total("park") <= 3
    assert contended(2, held_ns=20 * held).counters.total("park") > 10


def test_nobody_spins_while_something_waits_for_its_p() -> None:
    """``sync_runtime_canSpin``: the P's own queue must be empty, and another P must run."""
    steps = (sim.Repeat(20, (sim.Lock("mu"), sim.Compute(900), sim.Yield(), sim.Unlock("mu"))),)
    load = workload(sim.Program("worker", steps, 6), procs=1)
    result = sim.simulate(load, costs=EXACT)
    assert computed_ns(result, "worker") < 6 * 20 * (900 + 400)
