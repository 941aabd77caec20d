"""How a goroutine leaves its M: it gives way, waits, ends, or takes the M along into a system call.

All of runtime/proc.go, Go 1.27.
"""

from __future__ import annotations

from schedlab.sim.policy.counts import (
    EXIT,
    GONE,
    GOSCHED,
    NO_REASON,
    PARK,
    PREEMPT_HIT,
    RUNNABLE,
    RUNNING,
    SYSCALL,
    SYSCALL_REGAINED,
    WAITING,
    WHY_GOSCHED,
    WHY_PREEMPTED,
    YIELD,
)
from schedlab.sim.policy.find import schedule, stoplockedm
from schedlab.sim.policy.queues import globrunqput, runqput
from schedlab.sim.policy.state import NOBODY, P_RUNNING, G, M, P, Sched
from schedlab.sim.policy.wake import acquirep, handoffp, pidleget, ready, releasep, stopm, wakep


def gosched_impl(s: Sched, m: M, g: G, preempted: bool) -> int:
    """``goschedImpl``: to the tail of the global queue; who is stopped with the world keeps its place."""
    p = m.p
    assert p is not None
    why = WHY_PREEMPTED if preempted else WHY_GOSCHED
    s.here[PREEMPT_HIT if preempted else GOSCHED] += 1
    s.log.append((s.now, RUNNABLE, g.number, p.number, m.number, why, NOBODY))
    m.g = None
    g.m = None
    if preempted and s.gcwaiting and s.rules.stopped_keeps_place:
        runqput(s, p, g, True)
    else:
        if s.watch is not None:
            what = "was asked to give way" if preempted else "gives way"
            s.watch("goschedImpl", f"G{g.number} {what}: it leaves P{p.number} for the global queue")
        globrunqput(s, g)
    if s.rules.yield_wakes:
        wakep(s)
    return schedule(s, m)


def goyield(s: Sched, m: M, g: G) -> int:
    """``goyield``: to the tail of the P's own queue, as after handing a lock on."""
    p = m.p
    assert p is not None
    s.here[YIELD] += 1
    s.log.append((s.now, RUNNABLE, g.number, p.number, m.number, WHY_PREEMPTED, NOBODY))
    m.g = None
    g.m = None
    runqput(s, p, g, False)
    return schedule(s, m)


def gopark(s: Sched, m: M, g: G, why: int) -> int:
    """``gopark``: the goroutine waits, its M looks for another."""
    p = m.p
    assert p is not None
    s.here[PARK] += 1
    s.log.append((s.now, WAITING, g.number, p.number, m.number, why, NOBODY))
    m.g = None
    g.m = None
    g.since = s.now
    if s.watch is not None:
        s.watch("gopark", f"G{g.number} waits: M{m.number} looks for another for P{p.number}")
    return schedule(s, m)


def goexit0(s: Sched, m: M, g: G) -> int:
    """``goexit0``: the goroutine ends. The program ends with its first goroutine."""
    p = m.p
    assert p is not None
    s.here[EXIT] += 1
    s.log.append((s.now, GONE, g.number, p.number, m.number, NO_REASON, NOBODY))
    g.where = -1
    s.live -= 1
    m.g = None
    g.m = None
    if g.number == 0:
        s.done = True
        return 0
    if s.watch is not None:
        s.watch("goexit0", f"G{g.number} ends: M{m.number} looks for another for P{p.number}")
    if g.locked_m is m:
        # The thread ends with a goroutine that is locked to it (mstart1, gogo(&m.g0.sched)); here it is used
        # on.
        g.locked_m = None
        g.locks = 0
        m.locked_g = None
    if s.live == 1 and s.joining is not None:
        waiting, s.joining = s.joining, None
        ready(s, waiting, p, g.number)
    return schedule(s, m)


def entersyscall(s: Sched, m: M, g: G, duration: int) -> int:
    """``entersyscall``: the M keeps its P; sysmon may take it away later."""
    p = m.p
    assert p is not None
    s.log.append((s.now, SYSCALL, g.number, p.number, m.number, NO_REASON, NOBODY))
    m.in_syscall = True
    m.oldp = p
    if s.watch is not None:
        s.watch("entersyscall", f"G{g.number} enters a system call; M{m.number} keeps P{p.number}")
    if s.gcwaiting:
        s.gc.take_p(s, p)
    elif s.safe_points:
        s.gc.safe_point(s, p)
    wake_sysmon(s)
    m.then = exitsyscall
    return s.cost + s.costs.syscall_ns + duration


def entersyscallblock(s: Sched, m: M, g: G, duration: int) -> int:
    """``entersyscallblock``: a call that is known to block gives the P away at once."""
    p = releasep(m)
    s.log.append((s.now, SYSCALL, g.number, p.number, m.number, NO_REASON, NOBODY))
    m.in_syscall = True
    p.syscalltick += 1
    if s.watch is not None:
        s.watch("entersyscallblock", f"G{g.number} is going to block: P{p.number} is handed off at once")
    handoffp(s, p)
    m.then = exitsyscall
    return s.cost + s.costs.syscall_ns + duration


def exitsyscall(s: Sched, m: M) -> int:
    """``exitsyscall``: with its own P, with that P taken back, with an idle one, or without any."""
    g, oldp = m.g, m.oldp
    assert g is not None
    m.oldp = None
    m.in_syscall = False
    p = m.p
    if p is None:
        s.here = s.nobody
        p = exitsyscall_try_get_p(s, oldp)
        if p is None:
            return exitsyscall_no_p(s, m, g)
        s.here[SYSCALL_REGAINED] += 1
        acquirep(s, m, p)
        # As a trace has it: runnable for no time.
        s.log.append((s.now, RUNNABLE, g.number, p.number, NOBODY, NO_REASON, NOBODY))
    elif s.watch is not None:
        s.watch("exitsyscall", f"G{g.number} is back, and M{m.number} still has P{p.number}: it goes on")
    s.here = p.counts
    p.syscalltick += 1
    s.log.append((s.now, RUNNING, g.number, p.number, m.number, NO_REASON, NOBODY))
    m.began = s.now
    return s.run(s, m)


def exitsyscall_try_get_p(s: Sched, oldp: P | None) -> P | None:
    """``exitsyscallTryGetP``: the old P, if another M sits in a system call with it; else an idle one."""
    if oldp is not None and oldp.status == P_RUNNING and oldp.m is not None and oldp.m.in_syscall:
        releasep(oldp.m)
        if s.watch is not None:
            s.watch("exitsyscallTryGetP", f"P{oldp.number} was with an M in a system call: it is taken back")
        return oldp
    p = pidleget(s)
    if p is not None:
        if s.watch is not None:
            s.watch(
                "exitsyscallTryGetP", f"the P is gone, but P{p.number} is idle: the goroutine goes on with it"
            )
        wake_sysmon(s)
    return p


def exitsyscall_no_p(s: Sched, m: M, g: G) -> int:
    """``exitsyscallNoP``: no P to be had: the goroutine goes to the global queue, the M sleeps."""
    s.log.append((s.now, RUNNABLE, g.number, NOBODY, m.number, NO_REASON, NOBODY))
    m.g = None
    g.m = None
    globrunqput(s, g)
    if s.watch is not None:
        s.watch("exitsyscallNoP", f"G{g.number} is back, and no P is idle: M{m.number} sleeps")
    if m.locked_g is not None:
        return stoplockedm(s, m)
    return stopm(s, m)


def wake_sysmon(s: Sched) -> None:
    """``entersyscallWakeSysmon`` and others: sysmon slept because all Ps were idle."""
    if s.sysmon_asleep:
        s.sysmon_asleep = False
        s.sysmon_idle = 0
        s.driver.plan(s.sysmon, s.cost + s.costs.start_ns)
