"""What an M runs next: ``schedule``, ``findRunnable``, ``stealWork``, ``execute`` of runtime/proc.go, Go
1.27."""

from __future__ import annotations

from heapq import heappop
from typing import Final

from schedlab.sim.policy.counts import (
    LOCKED_HANDOFF,
    NO_REASON,
    RUN_GC_WORKER,
    RUN_GLOBAL,
    RUN_GLOBAL_TICK,
    RUN_LOCAL,
    RUN_NETPOLL,
    RUN_OTHER,
    RUN_RUNNEXT,
    RUN_STOLEN,
    RUN_STOLEN_TIMER,
    RUNNABLE,
    RUNNING,
    SPIN_FOUND,
    SPIN_GAVE_UP,
)
from schedlab.sim.policy.queues import globrunqgetbatch, must_back_off, runqempty, runqgrab
from schedlab.sim.policy.state import NOBODY, G, M, P, Sched
from schedlab.sim.policy.wake import (
    acquirep,
    become_spinning,
    handoffp,
    injectglist,
    may_spin,
    netpoll_break,
    notewakeup,
    park,
    pidleget,
    pidleget_spinning,
    pidleput,
    ready,
    releasep,
    stopm,
    wakep,
)

COMPUTE: Final = 0
"""The kind of step that ``execute`` begins by itself: to compute."""

_BACK_OFF_NS: Final = 3_000
_MS: Final = 1_000_000


def mstart(s: Sched, m: M) -> int:
    """The end of ``stopm``, and ``mstart1``: it takes the P that it was woken for, and looks for work."""
    p = m.nextp
    assert p is not None
    m.nextp = None
    acquirep(s, m, p)
    p.preempt = False
    if s.watch is not None:
        s.watch("acquirep", f"M{m.number} is awake and has P{p.number}: it looks for work")
    return find_runnable(s, m)


def schedule(s: Sched, m: M) -> int:
    """``schedule``: an M that is locked to a goroutine waits for it; any other looks for one to run."""
    if m.locked_g is not None:
        return stoplockedm(s, m)
    p = m.p
    assert p is not None
    p.preempt = False
    return find_runnable(s, m)


def find_runnable(s: Sched, m: M) -> int:
    """``findRunnable`` as far as the network: the order in which an M looks for work."""
    while True:
        p = m.p
        assert p is not None
        if s.gcwaiting:
            return int(s.gc.gcstopm(s, m))
        if s.safe_points:
            s.gc.safe_point(s, p)
        if p.timers and p.timers[0][0] <= s.now:
            check_timers(s, p, p)
        if s.gc.blacken:
            worker = s.gc.find_worker(s, p)
            if worker is not None:
                return found(s, m, worker, RUN_GC_WORKER, wake=True)
        runq = s.runq
        if runq and p.schedtick % s.rules.global_every == 0:
            g = runq.popleft()
            if s.watch is not None:
                s.watch(
                    "findRunnable",
                    f"P{p.number} has turned {p.schedtick} times: every {s.rules.global_every}th turn it "
                    f"looks first into the global queue, and runs G{g.number}",
                )
            return found(s, m, g, RUN_GLOBAL_TICK)
        next_ = p.runnext
        if next_ is not None:
            p.runnext = None
            if s.watch is not None:
                s.watch(
                    "runqget", f"P{p.number} runs G{next_.number} from runnext, within the same time slice"
                )
            return found(s, m, next_, RUN_RUNNEXT, inherit=True)
        if p.local:
            g = p.local.popleft()
            if s.watch is not None:
                s.watch("runqget", f"P{p.number} runs G{g.number}, the head of its own queue")
            return found(s, m, g, RUN_LOCAL)
        if runq:
            return found(s, m, globrunqgetbatch(s, p), RUN_GLOBAL)
        if s.net_waiters and s.lastpoll != 0:
            s.cost += s.costs.poll_ns
            if s.net_ready:
                return found(s, m, _polled(s, p), RUN_NETPOLL)
        if m.spinning or may_spin(s):
            if not m.spinning:
                become_spinning(s, m)
            return steal_work(s, m)
        m.steal_until = p.timers[0][0] if p.timers else 0
        if not give_up(s, m):
            return block(s, m)
        if m.g is not None:
            # give_up came by one while it looked a last time.
            return found(s, m, _taken(m), m.steal_at)


def steal_work(s: Sched, m: M) -> int:
    """``stealWork``: pass over the other Ps several times, each in an order of its own.

    The order begins at a random P and goes on in steps that are coprime to their number (``randomOrder``).
    Timers and runnext of others are looked at in the last pass only.
    """
    p = m.p
    assert p is not None
    m.steal_until = p.timers[0][0] if p.timers else 0
    if s.rules.steal:
        for _ in range(s.rules.steal_tries - 1):
            _enumerate(s, m)
            while m.steal_left:
                victim = _next_victim(s, m)
                if victim is not p and not victim.idle:
                    s.cost += s.costs.look_ns
                    g = runqgrab(s, p, victim, False)
                    if g is not None:
                        return found(s, m, g, RUN_STOLEN)
    _enumerate(s, m)
    return last_pass(s, m)


def last_pass(s: Sched, m: M) -> int:
    """The last pass of ``stealWork``: from each other P its timers that are due, then its queue, then
    runnext."""
    p = m.p
    assert p is not None
    while m.steal_left:
        victim = _next_victim(s, m)
        if victim is p:
            continue
        timers = victim.timers
        if timers:
            if timers[0][0] <= s.now:
                check_timers(s, victim, p)
                g = p.runnext
                if g is not None:
                    p.runnext = None
                    return found(s, m, g, RUN_STOLEN_TIMER, inherit=True)
                if p.local:
                    return found(s, m, p.local.popleft(), RUN_STOLEN_TIMER)
            if timers and (m.steal_until == 0 or timers[0][0] < m.steal_until):
                m.steal_until = timers[0][0]
        if s.rules.steal and not victim.idle:
            s.cost += s.costs.look_ns
            stolen = _steal_last(s, m, p, victim)
            if isinstance(stolen, G):
                return found(s, m, stolen, RUN_STOLEN)
            if stolen:
                return stolen
    return after_search(s, m)


def after_back_off(s: Sched, m: M) -> int:
    """``runqgrab`` after ``usleep(3)``: if the same goroutine still is in runnext, it is taken."""
    p = m.p
    assert p is not None
    s.here = p.counts
    if s.gcwaiting:
        return find_runnable(s, m)
    stolen = _steal_last(s, m, p, s.ps[m.steal_at])
    if isinstance(stolen, G):
        return found(s, m, stolen, RUN_STOLEN)
    return stolen or last_pass(s, m)


def after_search(s: Sched, m: M) -> int:
    """``findRunnable`` from where ``stealWork`` found nothing."""
    if not give_up(s, m):
        return block(s, m)
    if m.g is not None:
        return found(s, m, _taken(m), m.steal_at)
    return find_runnable(s, m)


def give_up(s: Sched, m: M) -> bool:
    """``findRunnable`` with nothing found: drop the P and, if the M was spinning, look everywhere once more.

    True if the M has a P and is to look again, or to run ``m.g``, found as ``m.steal_at`` says.
    """
    p = m.p
    assert p is not None
    if s.gc.blacken:
        worker = s.gc.idle_worker(s, p)
        if worker is not None:
            return _comes_by(m, worker, RUN_GC_WORKER)
    if s.gcwaiting or s.safe_points >> p.number & 1:
        return True
    if s.runq:
        return _comes_by(m, globrunqgetbatch(s, p), RUN_GLOBAL)
    if not m.spinning and s.needspinning:
        become_spinning(s, m)
        return True
    pidleput(s, releasep(m))
    s.here = s.nobody
    m.poll_spinning = m.spinning
    if not m.spinning:
        return False
    m.spinning = False
    s.nmspinning -= 1
    p.counts[SPIN_GAVE_UP] += 1
    return _recheck(s, m)


def _recheck(s: Sched, m: M) -> bool:
    """``checkRunqsNoP``, ``checkIdleGCNoP``, ``checkTimersNoP``: what came since the M looked."""
    if s.rules.steal and any(not p.idle and not runqempty(p) for p in s.ps):
        other = pidleget_spinning(s)
        if other is not None:
            acquirep(s, m, other)
            become_spinning(s, m)
            return True
    if s.gc.blacken and s.gc.wants_idle_worker(s):
        other = pidleget_spinning(s)
        if other is not None:
            worker = s.gc.idle_worker(s, other)
            if worker is not None:
                acquirep(s, m, other)
                become_spinning(s, m)
                return _comes_by(m, worker, RUN_GC_WORKER)
            pidleput(s, other)
    for p in s.ps:
        if p.timers and (m.steal_until == 0 or p.timers[0][0] < m.steal_until):
            m.steal_until = p.timers[0][0]
    return False


def block(s: Sched, m: M) -> int:
    """The end of ``findRunnable``: wait in the network poller if nobody does, else sleep."""
    until = m.steal_until
    if (s.net_waiters or until) and s.lastpoll != 0:
        s.lastpoll = 0
        s.poll_until = until
        s.poller = m
        if s.watch is not None:
            s.watch(
                "findRunnable", f"M{m.number} found nothing: it waits in the network poller, as nobody does"
            )
        if s.net_ready:
            m.then = poll_done
            return s.cost + s.costs.poll_ns
        if until == 0:
            return park(s, m, poll_done)
        m.then = poll_done
        m.slept = s.now
        delay = s.cost + poll_wait_ns(s, until - s.now)
        m.end = s.now + delay
        return delay
    if until and (s.poll_until == 0 or s.poll_until > until):
        netpoll_break(s)
    return stopm(s, m)


def poll_wait_ns(s: Sched, delay: int) -> int:
    """``netpoll`` (netpoll_epoll.go): less than a millisecond is rounded up, more is rounded down.

    The kernel adds its timer slack. What is due later than the wait is waited for once more.
    """
    if delay <= 0:
        return s.costs.poll_ns
    if s.rules.poll_whole_ms:
        delay = _MS if delay < _MS else delay // _MS * _MS
    return delay + s.costs.poll_slack_ns


def poll_done(s: Sched, m: M) -> int:
    """``findRunnable`` after a blocking ``netpoll``: with an idle P it goes on, else who is ready is
    queued."""
    s.here = s.nobody
    s.poller = None
    s.poll_until = 0
    s.lastpoll = max(1, s.now)
    p = pidleget(s)
    if p is None:
        injectglist(s, ready_list(s), None)
        return stopm(s, m)
    acquirep(s, m, p)
    if s.net_ready:
        return found(s, m, _polled(s, p), RUN_NETPOLL)
    if m.poll_spinning:
        become_spinning(s, m)
    p.preempt = False
    return find_runnable(s, m)


def found(s: Sched, m: M, g: G, kind: int, *, inherit: bool = False, wake: bool = False) -> int:
    """``schedule`` with a goroutine in hand: no longer spinning, it may wake another; then it runs it."""
    if m.spinning:
        resetspinning(s, m)
    if wake:
        wakep(s)
    if g.locked_m is not None:
        return startlockedm(s, m, g)
    s.here[kind] += 1
    return execute(s, m, g, inherit)


def resetspinning(s: Sched, m: M) -> None:
    """``resetspinning``: there was work; as there may be more, another M is woken to look for it."""
    m.spinning = False
    s.nmspinning -= 1
    s.here[SPIN_FOUND] += 1
    wakep(s)


def execute(s: Sched, m: M, g: G, inherit: bool) -> int:
    """``execute``: the goroutine runs. In the time slice of the one before, the P's tick stays."""
    p = m.p
    assert p is not None
    if not inherit:
        p.schedtick += 1
    m.g = g
    g.m = m
    cost = s.cost + s.switch_ns
    began = s.now + cost
    m.began = began
    if s.watch is not None:
        slice_ = "what is left of the time slice before" if inherit else "a time slice of its own"
        s.watch("execute", f"G{g.number} runs on P{p.number} by M{m.number}, with {slice_}")
    s.log.append((began, RUNNING, g.number, p.number, m.number, NO_REASON, NOBODY))
    left = g.left
    if not left:
        step = g.code[g.at]
        if step[0] != COMPUTE:
            m.then = s.run
            return cost
        g.at += 1
        left = step[2]
        if type(left) is not int:
            left = left()
        g.left = left
    m.end = began + left
    m.then = s.computed
    return cost + left


def check_timers(s: Sched, owner: P, p: P) -> None:
    """``timers.check`` (time.go): the owner's timers that are due are run by P, on whose queue it goes."""
    timers = owner.timers
    now = s.now
    while timers and timers[0][0] <= now:
        g = heappop(timers)[2]
        if s.watch is not None:
            s.watch(
                "timers.check", f"G{g.number}'s time has come: P{p.number} runs the timer of P{owner.number}"
            )
        ready(s, g, p, NOBODY)


def stoplockedm(s: Sched, m: M) -> int:
    """``stoplockedm``: the M of a locked goroutine that cannot run gives its P away, and sleeps."""
    if m.p is not None:
        handoffp(s, releasep(m))
    return park(s, m, locked_start)


def locked_start(s: Sched, m: M) -> int:
    """The end of ``stoplockedm``: it was given a P for its goroutine."""
    p, g = m.nextp, m.locked_g
    assert p is not None
    assert g is not None
    m.nextp = None
    acquirep(s, m, p)
    if s.safe_points:
        s.gc.safe_point(s, p)
    s.here[RUN_OTHER] += 1
    return execute(s, m, g, False)


def startlockedm(s: Sched, m: M, g: G) -> int:
    """``startlockedm``: g runs on its own thread only; that gets the P, and this M sleeps."""
    s.here[LOCKED_HANDOFF] += 1
    other = g.locked_m
    assert other is not None
    other.nextp = releasep(m)
    if s.watch is not None:
        s.watch("startlockedm", f"G{g.number} is locked to M{other.number}, which gets M{m.number}'s P")
    notewakeup(s, other)
    return stopm(s, m)


def _enumerate(s: Sched, m: M) -> None:
    """``randomOrder.start``."""
    number = s.random_steal.getrandbits(32)
    m.steal_at = (number % s.procs) - s.procs
    m.steal_step = s.coprimes[number // s.procs % len(s.coprimes)]
    m.steal_left = s.procs
    m.steal_next = None


def _next_victim(s: Sched, m: M) -> P:
    m.steal_left -= 1
    if m.steal_at < 0:
        m.steal_at += s.procs
    else:
        m.steal_at = (m.steal_at + m.steal_step) % s.procs
    m.steal_next = None
    return s.ps[m.steal_at]


def _steal_last(s: Sched, m: M, p: P, victim: P) -> G | int:
    """A goroutine, 0 for none, or how long to sleep before it is looked at again."""
    g = victim.runnext
    if g is not None and not victim.local and must_back_off(victim) and m.steal_next is not g:
        m.steal_next = g
        m.then = after_back_off
        return s.cost + _BACK_OFF_NS + s.costs.slack_ns
    return runqgrab(s, p, victim, True) or 0


def ready_list(s: Sched) -> list[G]:
    """``netpoll``'s list: who became ready last stands first (``gList`` is a stack)."""
    list_ = s.net_ready[::-1]
    s.net_ready.clear()
    s.net_waiters -= len(list_)
    return list_


def _polled(s: Sched, p: P) -> G:
    """The first of ``netpoll``'s list, to be run at once; the others go to ``injectglist``."""
    first, *others = ready_list(s)
    # Found when the poller has been asked.
    s.log.append((s.now + s.cost, RUNNABLE, first.number, p.number, NOBODY, NO_REASON, NOBODY))
    if s.watch is not None:
        s.watch("findRunnable", f"the network has G{first.number} ready: P{p.number} runs it")
    injectglist(s, others, p)
    return first


def _comes_by(m: M, g: G, kind: int) -> bool:
    m.g = g
    m.steal_at = kind
    return True


def _taken(m: M) -> G:
    g = m.g
    assert g is not None
    m.g = None
    return g
