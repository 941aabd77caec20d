"""Each rule does what the runtime's source says, shown on the smallest program that meets it."""

from __future__ import annotations

import numpy as np
import pytest
from tests.sim.loads import yielders

from schedlab import sim
from schedlab.errors import UsageError
from schedlab.sim.policy.find import poll_wait_ns
from schedlab.sim.policy.gc import worker_shares
from schedlab.sim.policy.queues import globrunqgetbatch, runqgrab, runqput
from schedlab.sim.policy.state import G, P, Sched
from schedlab.sim.policy.sysmon import sysmon_delay
from schedlab.timeline import Lane, State

GO = sim.rules_of("go1.27")
EXACT = sim.Costs().replace(slack_ns=0, poll_slack_ns=0, start_spread=0.0)


class Clock:
    def plan(self, agent: object, delay: int) -> None:
        raise AssertionError(f"{agent} is planned in {delay}")


def scheduler(procs: int = 2, **changes: object) -> Sched:
    return Sched(procs, GO.replace(**changes), EXACT, 1, Clock())


def goroutines(count: int, first: int = 0) -> list[G]:
    return [G(number, "g", []) for number in range(first, first + count)]


def queued(p: P) -> list[int]:
    return [g.number for g in p.local]


def test_runnext_kicks_its_predecessor_to_the_tail() -> None:
    s = scheduler()
    p = s.ps[0]
    for g in goroutines(3):
        runqput(s, p, g, True)
    assert p.runnext is not None
    assert p.runnext.number == 2
    assert queued(p) == [0, 1]


def test_without_runnext_everyone_goes_to_the_tail() -> None:
    s = scheduler(runnext=False)
    for g in goroutines(3):
        runqput(s, s.ps[0], g, True)
    assert s.ps[0].runnext is None
    assert queued(s.ps[0]) == [0, 1, 2]


def test_a_full_queue_gives_its_oldest_128_and_the_new_one_to_the_global_queue() -> None:
    s = scheduler()
    p = s.ps[0]
    for g in goroutines(257):
        runqput(s, p, g, False)
    assert [g.number for g in s.runq] == [*range(128), 256]
    assert queued(p) == list(range(128, 256))


@pytest.mark.parametrize(
    ("size", "procs", "taken"), [(1, 2, 1), (10, 2, 6), (1000, 2, 128), (1000, 8, 126), (3, 8, 1)]
)
def test_the_share_of_the_global_queue(size: int, procs: int, taken: int) -> None:
    s = scheduler(procs)
    s.runq.extend(goroutines(size))
    assert globrunqgetbatch(s, s.ps[0]).number == 0
    assert queued(s.ps[0]) == list(range(1, taken))
    assert len(s.runq) == size - taken


@pytest.mark.parametrize(("size", "taken"), [(1, 1), (2, 1), (3, 2), (10, 5), (11, 6)])
def test_a_thief_takes_half_rounded_up_from_the_head_and_runs_the_newest_of_it(size: int, taken: int) -> None:
    s = scheduler()
    thief, victim = s.ps
    for g in goroutines(size):
        runqput(s, victim, g, False)
    stolen = runqgrab(s, thief, victim, False)
    assert stolen is not None
    assert stolen.number == taken - 1
    assert queued(thief) == list(range(taken - 1))
    assert queued(victim) == list(range(taken, size))


def test_runnext_is_stolen_only_if_nothing_else_is_there_and_only_when_asked() -> None:
    s = scheduler()
    thief, victim = s.ps
    (g,) = goroutines(1)
    runqput(s, victim, g, True)
    assert runqgrab(s, thief, victim, False) is None
    assert runqgrab(s, thief, victim, True) is g


def test_every_61st_turn_looks_into_the_global_queue_first() -> None:
    # Two on one P hand the time on by channels, so that the local queue never is empty.
    ping = sim.Program("ping", (sim.Repeat(300, (sim.Send("a"), sim.Compute(1_000), sim.Receive("b"))),))
    pong = sim.Program("pong", (sim.Repeat(300, (sim.Receive("a"), sim.Compute(1_000), sim.Send("b"))),))
    # What yields goes to the global queue.
    aside = sim.Program("aside", (sim.Repeat(4, (sim.Compute(100), sim.Yield())),))
    load = sim.Workload((ping, pong, aside), procs=1, channels={"a": 0, "b": 0})
    without = sim.simulate(load, rules=GO.replace(runnext=False, global_every=1 << 20))
    every = sim.simulate(load, rules=GO.replace(runnext=False))
    assert without.counters.total("run_global_tick") == 0
    assert every.counters.total("run_global_tick") > 0


def test_who_runs_from_runnext_shares_the_time_slice() -> None:
    """A pair that wakes one another is preempted as one goroutine would be: sysmon sees one tick."""
    pair = (
        sim.Program("ping", (sim.Repeat(4000, (sim.Compute(10_000), sim.Send("a"), sim.Receive("b"))),)),
        sim.Program("pong", (sim.Repeat(4000, (sim.Receive("a"), sim.Compute(10_000), sim.Send("b"))),)),
    )
    load = sim.Workload(pair, procs=1, channels={"a": 0, "b": 0})
    shared = sim.simulate(load)
    apart = sim.simulate(load, rules=GO.replace(runnext=False))
    assert shared.counters.total("run_runnext") > 7000
    assert shared.counters.total("preempt_hit") > 0
    assert apart.counters.total("preempt_hit") == 0


def test_a_slice_is_one_to_two_times_what_sysmon_allows() -> None:
    load = sim.Workload((sim.Program("spinner", (sim.Compute(1_000_000_000),), 2),), procs=1)
    timeline = sim.simulate(load, costs=EXACT).timeline
    spans = timeline.spans
    ran = spans["dur"][
        (spans["lane"] == Lane.GOROUTINE) & (spans["state"] == State.RUNNING) & (spans["id"] > 0)
    ]
    inner = np.sort(ran)[2:-2]
    assert len(inner) > 50
    assert inner.min() >= 10_000_000
    assert inner.max() <= 20_100_000


def test_without_preemption_nobody_gives_way() -> None:
    load = sim.Workload((sim.Program("spinner", (sim.Compute(100_000_000),), 2),), procs=1)
    assert sim.simulate(load, rules=GO.replace(preempt=False)).counters.total("preempt_hit") == 0
    assert sim.simulate(load).counters.total("preempt_hit") > 4


def test_sysmon_backs_off_and_comes_back() -> None:
    s = Sched(1, GO, EXACT, 1, Clock())
    delays = []
    for idle in range(70):
        s.sysmon_idle = idle
        delays.append(sysmon_delay(s))
    assert delays[:51] == [20_000] * 51
    assert delays[51:59] == [20_000 << shift for shift in range(1, 9)]
    assert delays[59:] == [10_000_000] * 11
    s.sysmon_idle = 0
    assert sysmon_delay(s) == 20_000


@pytest.mark.parametrize(
    ("delay", "waits"), [(1, 1_000_000), (999_999, 1_000_000), (1_000_000, 1_000_000), (2_999_999, 2_000_000)]
)
def test_the_poller_waits_whole_milliseconds(delay: int, waits: int) -> None:
    assert poll_wait_ns(Sched(1, GO, EXACT, 1, Clock()), delay) == waits
    assert poll_wait_ns(scheduler(1, poll_whole_ms=False), delay) == delay


def test_a_lone_sleeper_wakes_at_whole_milliseconds() -> None:
    load = sim.Workload((sim.Program("sleeper", (sim.Sleep(300_000),)),), procs=1)
    whole = sim.simulate(load, costs=EXACT)
    exact = sim.simulate(load, costs=EXACT, rules=GO.replace(poll_whole_ms=False))
    assert whole.makespan_ns > 1_000_000
    assert 300_000 < exact.makespan_ns < 400_000


def test_without_stealing_nothing_is_stolen() -> None:
    steps = (sim.Spawn("child", 64), sim.Compute(10_000_000))
    load = sim.Workload(
        (sim.Program("parent", steps), sim.Program("child", (sim.Compute(1_000_000),), 0)), procs=4
    )
    with_, without = sim.simulate(load), sim.simulate(load, rules=GO.replace(steal=False))
    assert with_.counters.total("stolen") > 0
    assert without.counters.total("stolen") == 0
    assert without.makespan_ns > 2 * with_.makespan_ns


def test_a_long_system_call_loses_its_p_and_a_short_one_does_not() -> None:
    def calls(ns: int) -> sim.Result:
        call = sim.Program("call", (sim.Repeat(20, (sim.Syscall(ns), sim.Compute(1_000))),), 1)
        work = sim.Program("work", (sim.Repeat(400, (sim.Compute(100_000), sim.Yield())),), 4)
        return sim.simulate(sim.Workload((call, work), procs=1))

    short, long = calls(2_000), calls(20_000_000)
    assert short.counters.total("retake_syscall") == 0
    assert long.counters.total("retake_syscall") > 0
    assert long.counters.total("handoff") >= long.counters.total("retake_syscall")


def test_a_call_that_is_known_to_block_gives_the_p_away_at_once() -> None:
    call = sim.Program("call", (sim.Repeat(10, (sim.Syscall(1_000_000, blocking=True),)),))
    result = sim.simulate(sim.Workload((call,), procs=1))
    assert result.counters.total("retake_syscall") == 0
    assert result.counters.total("handoff") == 10


def test_a_locked_goroutine_costs_two_switches_of_threads_for_each_turn() -> None:
    locked = sim.Program("locked", (sim.LockThread(), sim.Repeat(50, (sim.Compute(1_000), sim.Yield()))))
    result = sim.simulate(sim.Workload((locked, *yielders(3, 50, 1).programs), procs=1))
    assert result.counters.total("locked_handoff") == 50


@pytest.mark.parametrize(
    ("procs", "dedicated", "fraction"),
    [
        (1, 0, 0.25),
        (2, 0, 0.25),
        (3, 0, 0.25),
        (4, 1, 0.0),
        (5, 1, 0.0),
        (6, 1, 0.5 / 6),
        (8, 2, 0.0),
        (12, 3, 0.0),
    ],
)
def test_workers_of_the_collector(procs: int, dedicated: int, fraction: float) -> None:
    # gcController.startCycle: rounded, and fractional where that would be off by more than 30 %.
    found, share = worker_shares(procs, procs * 0.25)
    assert found == dedicated
    assert share == pytest.approx(fraction)


@pytest.mark.parametrize("procs", [1, 2, 4, 8])
def test_collections_stop_the_world_twice_each(procs: int) -> None:
    steps = (sim.Repeat(200, (sim.Alloc(64 << 10), sim.Compute(50_000))),)
    load = sim.Workload((sim.Program("worker", steps, 4),), procs=procs, heap=sim.Heap(8 << 20, 100))
    result = sim.simulate(load)
    names = result.timeline.names(result.timeline.marks["name"])
    assert result.collections >= 2
    assert sum(name == "GC concurrent mark phase" for name in names) == result.collections
    stops = sum(str(name).startswith("stop-the-world") for name in names)
    # The program may end within a cycle.
    assert 2 * result.collections <= stops <= 2 * result.collections + 1
    assert result.counters.total("run_gc_worker") > 0
    off = sim.simulate(sim.Workload(load.programs, procs=procs, heap=sim.Heap(8 << 20, -1)))
    assert off.collections == 0


def test_an_unfair_lock_starves_nobody_for_long() -> None:
    greedy = sim.Program(
        "greedy", (sim.Repeat(2000, (sim.Lock("mu"), sim.Compute(100_000), sim.Unlock("mu"))),)
    )
    meek = sim.Program(
        "meek",
        (sim.Sleep(5_000_000), sim.Repeat(5, (sim.Lock("mu"), sim.Compute(1_000), sim.Unlock("mu")))),
    )
    result = sim.simulate(sim.Workload((greedy, meek), procs=2))
    ended = result.timeline.goroutines["ended"]
    # The meek one has had its five turns long before the greedy one is done.
    assert ended[2] < ended[1] / 10
    assert result.counters.total("yield") > 0


def test_releases_differ_where_their_sources_do() -> None:
    load = yielders(4, 50, 2, ns=50_000)
    old, new = (sim.simulate(load, rules=sim.rules_of(release)) for release in ("go1.21", "go1.22"))
    assert old.counters.total("wakep") < new.counters.total("wakep")
    with pytest.raises(UsageError, match=r"go1\.5"):
        sim.rules_of("go1.5")


@pytest.mark.parametrize(
    "change",
    [
        {"no_such": 1},
        {"steal": 1},
        {"local_queue": 1},
        {"batch": -1},
        {"batch": 257},
        {"gc_share": 0.0},
        {"most_spinning": 0},
        {"global_every": 0},
    ],
)
def test_rules_that_cannot_be(change: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=next(iter(change))):
        GO.replace(**change)


@pytest.mark.parametrize("change", [{"no_such": 1}, {"switch_ns": -1}, {"switch_ns": True}, {"wake_ns": 1.5}])
def test_costs_that_cannot_be(change: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=next(iter(change))):
        sim.Costs().replace(**change)
