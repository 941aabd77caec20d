"""Who is woken for whom: the rules about idle Ps and Ms, spinning, handing off and the network poller."""

from __future__ import annotations

import pytest

from schedlab import sim
from schedlab.sim.policy import wake
from schedlab.sim.policy.find import mstart
from schedlab.sim.policy.gc import Collector
from schedlab.sim.policy.leave import exitsyscall_try_get_p
from schedlab.sim.policy.network import Network
from schedlab.sim.policy.state import P_IDLE, P_RUNNING, Agent, G, M, Sched


class Clock:
    """Notes who is planned."""

    def __init__(self) -> None:
        self.planned: list[Agent] = []

    def plan(self, agent: Agent, delay: int) -> None:
        assert delay >= 0
        self.planned.append(agent)


def scheduler(procs: int, busy: int, **changes: object) -> tuple[Sched, Clock]:
    """With ``busy`` Ps that run on an M each; the others are idle, the highest number on top."""
    clock = Clock()
    s = Sched(procs, sim.rules_of("go1.27").replace(**changes), sim.Costs(), 1, clock)
    s.mstart = mstart
    s.gc, s.network = Collector(0, -1), Network()
    s.awake = 1
    for p in s.ps[:busy]:
        wake.acquirep(s, wake.newm(s), p)
    for p in s.ps[busy:]:
        wake.pidleput(s, p)
    return s, clock


def goroutines(count: int) -> list[G]:
    return [G(number, "g", []) for number in range(count)]


def test_the_p_that_became_idle_last_is_taken_first() -> None:
    s, _ = scheduler(4, 1)
    assert [p.number for p in (wake.pidleget(s), wake.pidleget(s), wake.pidleget(s)) if p] == [3, 2, 1]
    assert wake.pidleget(s) is None
    assert s.npidle == 0


def test_the_m_that_fell_asleep_last_is_woken_first() -> None:
    s, clock = scheduler(4, 1)
    first, second = M(8, mstart), M(9, mstart)
    for m in (first, second):
        s.awake += 1
        wake.stopm(s, m)
    wake.startm(s, None, spinning=False)
    wake.startm(s, None, spinning=False)
    assert clock.planned == [second, first]


def test_only_one_is_woken_to_look_for_work() -> None:
    s, clock = scheduler(4, 1)
    wake.wakep(s)
    assert (s.nmspinning, s.npidle, len(clock.planned)) == (1, 2, 1)
    wake.wakep(s)
    assert (s.nmspinning, s.npidle, len(clock.planned)) == (1, 2, 1)


def test_with_no_idle_p_a_wake_up_leaves_word() -> None:
    s, clock = scheduler(2, 2)
    wake.wakep(s)
    assert s.needspinning
    assert s.nmspinning == 0
    assert clock.planned == []


@pytest.mark.parametrize(
    ("procs", "busy", "spinning", "may"),
    [(8, 8, 0, True), (8, 8, 3, True), (8, 8, 4, False), (8, 2, 0, True), (8, 2, 1, False), (8, 1, 0, True)],
)
def test_no_more_spin_than_half_of_the_busy(procs: int, busy: int, spinning: int, may: bool) -> None:
    s, _ = scheduler(procs, busy)
    s.nmspinning = spinning
    assert wake.may_spin(s) is may


@pytest.mark.parametrize(("spinning", "may"), [(0, True), (1, False)])
def test_the_number_of_spinning_ms_can_be_set(spinning: int, may: bool) -> None:
    s, _ = scheduler(8, 8, most_spinning=1)
    s.nmspinning = spinning
    assert wake.may_spin(s) is may


def test_a_p_with_work_is_handed_off_to_an_m_that_need_not_spin() -> None:
    s, clock = scheduler(2, 2)
    p = wake.releasep(s.ms[1])
    p.local.extend(goroutines(1))
    wake.handoffp(s, p)
    assert len(clock.planned) == 1
    assert s.nmspinning == 0


def test_a_p_without_work_gets_an_m_that_spins_if_all_others_are_busy() -> None:
    s, clock = scheduler(2, 2)
    wake.handoffp(s, wake.releasep(s.ms[1]))
    assert len(clock.planned) == 1
    assert s.nmspinning == 1


def test_a_p_without_work_becomes_idle_if_another_is() -> None:
    s, clock = scheduler(3, 2)
    s.nmspinning = 0
    p = wake.releasep(s.ms[1])
    wake.handoffp(s, p)
    assert clock.planned == []
    assert p.status == P_IDLE
    assert s.npidle == 2


def test_the_last_p_polls_if_nobody_does() -> None:
    s, clock = scheduler(2, 1)
    wake.handoffp(s, wake.releasep(s.ms[0]))
    assert len(clock.planned) == 1
    s, clock = scheduler(2, 1)
    s.lastpoll = 0
    wake.handoffp(s, wake.releasep(s.ms[0]))
    assert clock.planned == []


@pytest.mark.parametrize(("idle", "to_global", "woken"), [(0, 0, 0), (1, 1, 1), (3, 3, 3)])
def test_of_what_the_network_has_ready_idle_ps_get_one_each(idle: int, to_global: int, woken: int) -> None:
    s, clock = scheduler(1 + idle, 1)
    wake.injectglist(s, goroutines(5), s.ps[0])
    assert len(s.runq) == to_global
    assert len(s.ps[0].local) == 5 - to_global
    assert len(clock.planned) == woken


def test_without_a_p_all_of_it_goes_to_the_global_queue() -> None:
    s, clock = scheduler(3, 1)
    wake.injectglist(s, goroutines(5), None)
    assert len(s.runq) == 5
    assert len(clock.planned) == 2


def test_after_a_system_call_the_old_p_is_taken_back_from_another_that_sits_in_one() -> None:
    s, _ = scheduler(2, 2)
    old, other = s.ps[1], s.ms[1]
    other.in_syscall = True
    assert exitsyscall_try_get_p(s, old) is old
    assert other.p is None
    # One whose M runs is not.
    s, _ = scheduler(3, 2)
    found = exitsyscall_try_get_p(s, s.ps[1])
    assert found is s.ps[2]
    assert s.ps[1].status == P_RUNNING


def test_a_timer_that_is_first_calls_the_poller_back_or_wakes_a_p() -> None:
    s, clock = scheduler(2, 1)
    poller = M(7, mstart)
    s.lastpoll, s.poller, s.poll_until = 0, poller, 5_000_000
    wake.wake_net_poller(s, 6_000_000)
    assert clock.planned == []
    wake.wake_net_poller(s, 4_000_000)
    assert clock.planned == [poller]
    s, clock = scheduler(2, 1)
    wake.wake_net_poller(s, 4_000_000)
    assert len(clock.planned) == 1
    assert s.nmspinning == 1


def test_a_thread_starts_later_once_its_cpu_has_halted() -> None:
    s, _ = scheduler(1, 1)
    s.costs = s.costs.replace(start_spread=0.0)
    m = s.ms[0]
    s.now = m.slept + s.costs.cold_after_ns
    assert wake.start_latency(s, m) == s.costs.start_ns
    s.now += 1
    assert wake.start_latency(s, m) == s.costs.cold_start_ns


def test_a_deadlock_counts_those_that_live() -> None:
    stuck = sim.Program("stuck", (sim.Receive("c"),))
    done = sim.Program("done", (sim.Compute(1),), 3)
    with pytest.raises(sim.Deadlock, match="all 2 goroutines"):
        sim.simulate(sim.Workload((done, stuck), channels={"c": 0}))
