"""The thread without a P that sees to time slices, system calls and the network (runtime/proc.go, Go
1.27)."""

from __future__ import annotations

from schedlab.sim.policy.counts import PREEMPT_REQUEST, RETAKE_RUNNING, RETAKE_SYSCALL
from schedlab.sim.policy.find import ready_list
from schedlab.sim.policy.queues import runqempty
from schedlab.sim.policy.state import P_RUNNING, PARKED, Agent, P, Sched
from schedlab.sim.policy.wake import handoffp, injectglist, releasep

_POLL_AFTER_NS = 10_000_000


def sysmon(s: Sched, agent: Agent) -> int:
    """``sysmon`` after its sleep: with all Ps idle it sleeps on, until the next timer or until it is
    woken."""
    if s.npidle == s.procs or s.gcwaiting:
        first = min((p.timers[0][0] for p in s.ps if p.timers), default=0)
        if first == 0 or first > s.now:
            s.sysmon_asleep = True
            agent.then = sysmon_round
            return first - s.now + s.costs.slack_ns if first else PARKED
    return sysmon_round(s, agent)


def sysmon_round(s: Sched, agent: Agent) -> int:
    """One round of ``sysmon``; returns how long it sleeps, which the timer slack makes longer."""
    s.here = s.nobody
    s.sysmon_asleep = False
    agent.then = sysmon
    now = s.now
    if s.lastpoll != 0 and s.lastpoll + _POLL_AFTER_NS < now and s.net_waiters:
        s.lastpoll = now
        if s.net_ready:
            injectglist(s, ready_list(s), None)
    if retake(s):
        s.sysmon_idle = 0
    else:
        s.sysmon_idle += 1
    return sysmon_delay(s)


def sysmon_delay(s: Sched) -> int:
    """How long ``sysmon`` sleeps: 20 µs at first, after 50 rounds in vain twice as long each time, up to 10
    ms."""
    rules = s.rules
    if s.sysmon_idle == 0 or s.sysmon_delay == 0:
        s.sysmon_delay = rules.sysmon_least_ns
    elif s.sysmon_idle > rules.sysmon_rounds:
        s.sysmon_delay *= 2
    if s.sysmon_delay > rules.sysmon_most_ns:
        s.sysmon_delay = rules.sysmon_most_ns
    return s.sysmon_delay + s.costs.slack_ns


def retake(s: Sched) -> int:
    """``retake``: how many Ps were taken from Ms in system calls; overdone slices are asked to end."""
    taken = 0
    now = s.now
    rules = s.rules
    for p in s.ps:
        if p.status != P_RUNNING:
            continue
        overdone = False
        if p.seen_schedtick != p.schedtick:
            p.seen_schedtick = p.schedtick
            p.seen_schedwhen = now
        elif rules.preempt and p.seen_schedwhen + rules.time_slice_ns <= now:
            s.here[RETAKE_RUNNING] += 1
            preemptone(s, p)
            overdone = True
        m = p.m
        if m is None or not m.in_syscall:
            continue
        if not overdone and p.seen_syscalltick != p.syscalltick:
            p.seen_syscalltick = p.syscalltick
            p.seen_syscallwhen = now
            continue
        waits = s.nmspinning + s.npidle > 0 and p.seen_syscallwhen + rules.syscall_patience_ns > now
        if runqempty(p) and waits:
            continue
        s.here[RETAKE_SYSCALL] += 1
        if s.watch is not None:
            s.watch(
                "retake", f"M{m.number} has been in a system call for a round of sysmon: P{p.number} is taken"
            )
        handoffp(s, releasep(m))
        taken += 1
    return taken


def preemptone(s: Sched, p: P) -> None:
    """``preemptone``: ask who runs on P to give way; a signal stops it in the middle of computing."""
    m = p.m
    if m is None or m.g is None:
        return
    p.preempt = True
    s.here[PREEMPT_REQUEST] += 1
    if s.watch is not None:
        s.watch(
            "preemptone", f"G{m.g.number} has used up its time slice on P{p.number}: it is asked to give way"
        )
    if m.then is s.computed:
        at = max(s.now + s.costs.signal_ns, m.began)
        if at < m.end:
            s.driver.plan(m, at - s.now)
    elif m.then in s.polling and s.now < m.end:
        s.driver.plan(m, max(0, m.began - s.now))
