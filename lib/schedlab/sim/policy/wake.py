"""Which M gets which P: waking, parking, spinning, handing off. All of runtime/proc.go, Go 1.27."""

from __future__ import annotations

from math import exp

from schedlab.sim.errors import Deadlock
from schedlab.sim.policy.counts import (
    HANDOFF,
    IDLE,
    READY,
    READY_NETPOLL,
    RUNNABLE,
    RUNNING,
    SPIN_START,
    SPIN_START_WOKEN,
    START_M,
    WAKEP,
    WAKEP_WOKE,
)
from schedlab.sim.policy.queues import runqempty, runqput, runqputbatch
from schedlab.sim.policy.state import NOBODY, P_GCSTOP, P_IDLE, P_RUNNING, PARKED, G, M, P, Sched, Then


def pidleget(s: Sched) -> P | None:
    """``pidleget``: the P that became idle last."""
    if not s.free_ps:
        return None
    s.npidle -= 1
    p = s.free_ps.pop()
    p.idle = False
    return p


def pidleget_spinning(s: Sched) -> P | None:
    """``pidlegetSpinning``: the same; if there is none, ``needspinning`` asks for an M that looks around."""
    p = pidleget(s)
    if p is None:
        s.needspinning = True
    return p


def pidleput(s: Sched, p: P) -> None:
    """``pidleput``: on top of the idle Ps."""
    p.status = P_IDLE
    p.idle = True
    s.free_ps.append(p)
    s.npidle += 1
    s.p_log.append((s.now, IDLE, p.number, NOBODY))
    if s.watch is not None:
        s.watch("pidleput", f"P{p.number} becomes idle: there is no work for it")


def acquirep(s: Sched, m: M, p: P) -> None:
    """``acquirep``: from here on the M counts as the P's."""
    m.p = p
    p.m = m
    p.status = P_RUNNING
    s.here = p.counts
    s.p_log.append((s.now, RUNNING, p.number, m.number))


def releasep(m: M) -> P:
    """``releasep``: the P, without its M."""
    p = m.p
    assert p is not None
    m.p = None
    p.m = None
    p.oldm = m
    return p


def become_spinning(s: Sched, m: M) -> None:
    """``becomeSpinning``."""
    m.spinning = True
    s.nmspinning += 1
    s.needspinning = False
    s.here[SPIN_START] += 1


def may_spin(s: Sched) -> bool:
    """In ``findRunnable``: no more spinning Ms than half of the busy Ps."""
    if s.rules.most_spinning >= 0:
        return s.nmspinning < s.rules.most_spinning
    return 2 * s.nmspinning < s.procs - s.npidle


def wakep(s: Sched) -> None:
    """``wakep``: wake one P to look for work, unless an M is spinning already."""
    s.here[WAKEP] += 1
    if s.nmspinning:
        return
    p = pidleget_spinning(s)
    if p is None:
        return
    s.nmspinning = 1
    s.here[WAKEP_WOKE] += 1
    if s.watch is not None:
        s.watch("wakep", f"nobody looks for work and P{p.number} is idle: an M is woken for it")
    startm(s, p, spinning=True)


def wakep_by_goroutine(s: Sched) -> None:
    """``wakep`` in ``ready`` and ``newproc``: the goroutine that calls them pays for it."""
    begun = s.cost
    wakep(s)
    if s.cost > begun:
        s.cost = begun + s.costs.ready_wake_ns


def startm(s: Sched, p: P | None, *, spinning: bool) -> None:
    """``startm``: the M that parked last gets the P; without one a thread is made."""
    s.here[START_M] += 1
    if p is None:
        p = pidleget(s)
        if p is None:
            return
    if s.idle_ms:
        m = s.idle_ms.pop()
        if spinning:
            m.spinning = True
            s.here[SPIN_START_WOKEN] += 1
        m.nextp = p
        if s.watch is not None:
            s.watch("startm", f"M{m.number}, which fell asleep last, is woken for P{p.number}")
        notewakeup(s, m)
        return
    m = newm(s)
    m.nextp = p
    m.spinning = spinning
    if spinning:
        s.here[SPIN_START_WOKEN] += 1
    if s.watch is not None:
        s.watch("startm", f"no M sleeps: a thread is made for P{p.number}, M{m.number}")
    s.cost += s.costs.thread_ns
    _wake(s, m)


def newm(s: Sched) -> M:
    """``newm``: a thread that begins in ``mstart``."""
    m = M(len(s.ms), s.mstart)
    s.ms.append(m)
    return m


def notewakeup(s: Sched, m: M) -> None:
    """``notewakeup``: a futex, and some time until the thread runs."""
    s.cost += s.costs.wake_ns
    _wake(s, m)


def _wake(s: Sched, m: M) -> None:
    m.parked = False
    s.awake += 1
    s.driver.plan(m, s.cost + start_latency(s, m))


def start_latency(s: Sched, m: M) -> int:
    """Until a woken thread runs: log-normal, and longer if its CPU has halted meanwhile."""
    costs = s.costs
    median = costs.cold_start_ns if s.now - m.slept > costs.cold_after_ns else costs.start_ns
    if costs.start_spread == 0:
        return median
    return int(median * exp(costs.start_spread * s.random_wake.gauss(0.0, 1.0)))


def park(s: Sched, m: M, then: Then) -> int:
    """``mPark``: sleep until someone wakes it; then ``then``."""
    m.parked = True
    m.then = then
    m.slept = s.now
    s.awake -= 1
    if s.awake == 0:
        checkdead(s)
    return PARKED


def checkdead(s: Sched) -> None:
    """``checkdead``: no M runs or will be woken. Unlike Go's, it also sees that no network data will come.

    Raises:
        Deadlock: goroutines are left and nothing will wake them.
    """
    if s.network.arrivals or s.net_ready or s.done:
        return
    waiting = [g for g in s.goroutines if g.where >= 0 and not g.worker]
    # Main waits for the others, most often; who is to blame is one of these.
    first = waiting[min(1, len(waiting) - 1)]
    raise Deadlock(
        f"all {len(waiting)} goroutines wait for ever, goroutine {first.program!r} (G{first.number}) "
        f"in {step_name(first)}"
    )


def step_name(g: G) -> str:
    """The step at which a goroutine is, in words."""
    # Who waits or spins for a lock comes back to the step.
    at = g.at if g.lock_since >= 0 or g.spins else max(0, g.at - 1)
    return str(g.code[at][4])


def stopm(s: Sched, m: M) -> int:
    """``stopm``: on top of the idle Ms, until ``startm`` gives it a P."""
    s.idle_ms.append(m)
    if s.watch is not None:
        s.watch("stopm", f"M{m.number} has neither P nor work: it sleeps")
    return park(s, m, s.mstart)


def handoffp(s: Sched, p: P) -> None:
    """``handoffp``: another M for a P whose own cannot use it; without work for it the P becomes idle."""
    s.here[HANDOFF] += 1
    if s.safe_points:
        s.gc.safe_point(s, p)
    if not runqempty(p) or s.runq or s.gc.wants_worker(s):
        if s.watch is not None:
            s.watch("handoffp", f"P{p.number} is handed off: there is work for it")
        startm(s, p, spinning=False)
    elif s.nmspinning + s.npidle == 0:
        s.nmspinning = 1
        s.needspinning = False
        if s.watch is not None:
            s.watch("handoffp", f"all other Ps are busy: P{p.number} gets an M that looks for work")
        startm(s, p, spinning=True)
    elif s.gcwaiting:
        p.status = P_GCSTOP
        s.stopwait -= 1
        if s.stopwait == 0:
            s.gc.all_stopped(s)
    elif s.npidle == s.procs - 1 and s.lastpoll != 0:
        if s.watch is not None:
            s.watch("handoffp", f"P{p.number} is the last and nobody polls the network: an M does")
        startm(s, p, spinning=False)
    else:
        pidleput(s, p)
        if p.timers:
            wake_net_poller(s, p.timers[0][0])


def wake_net_poller(s: Sched, when: int) -> None:
    """``wakeNetPoller``: who waits in the poller is to wait no longer than until ``when``; if nobody, wake a
    P."""
    if s.lastpoll == 0:
        if s.poll_until == 0 or s.poll_until > when:
            netpoll_break(s)
    else:
        wakep(s)


def netpoll_break(s: Sched) -> None:
    """``netpollBreak`` (netpoll_epoll.go): whoever waits in the poller is called back."""
    m = s.poller
    if m is None:
        return
    s.cost += s.costs.wake_ns
    wake_poller(s, m)


def wake_poller(s: Sched, m: M) -> None:
    """The thread that waits in ``epoll_wait`` is woken, if its time would not come sooner anyway."""
    s.poller = None
    delay = s.cost + start_latency(s, m)
    if m.parked:
        m.parked = False
        s.awake += 1
    elif m.end <= s.now + delay:
        return
    s.driver.plan(m, delay)


def injectglist(s: Sched, list_: list[G], p: P | None) -> None:
    """``injectglist``: to the global queue as many as there are idle Ps, each with an M; the others to P's
    own."""
    if not list_:
        return
    for g in list_:
        s.here[READY_NETPOLL] += 1
        s.log.append((s.now, RUNNABLE, g.number, p.number if p is not None else NOBODY, NOBODY, 0, NOBODY))
    if p is None:
        s.runq.extend(list_)
        _start_idle(s, len(list_))
        return
    to_global = list_[: s.npidle]
    s.runq.extend(to_global)
    if s.watch is not None:
        s.watch(
            "injectglist",
            f"{len(list_)} are ready: {len(to_global)}, as many as there are idle Ps, go to the global queue",
        )
    _start_idle(s, len(to_global))
    left = runqputbatch(s, p, list_[len(to_global) :])
    s.runq.extend(left)
    wakep(s)


def _start_idle(s: Sched, count: int) -> None:
    for _ in range(count):
        p = pidleget_spinning(s)
        if p is None:
            return
        startm(s, p, spinning=False)


def ready(s: Sched, g: G, p: P, by: int, *, next_: bool = True) -> None:
    """``ready``: g is runnable on P, next or last, and an idle P is woken. ``by`` is who did it."""
    s.here[READY] += 1
    s.cost += s.costs.ready_ns
    m = p.m
    s.log.append((s.now, RUNNABLE, g.number, p.number, m.number if m is not None else NOBODY, 0, by))
    runqput(s, p, g, next_)
    if by == NOBODY:
        wakep(s)
    else:
        wakep_by_goroutine(s)
