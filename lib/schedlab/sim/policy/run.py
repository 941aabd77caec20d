"""How a goroutine's program runs: step by step until it computes, leaves its M, or time must go on."""

from __future__ import annotations

from heapq import heappush
from typing import Final

from schedlab.sim.errors import LimitReached
from schedlab.sim.policy.blocking import GO_ON
from schedlab.sim.policy.counts import CREATE, NO_REASON, RUNNABLE, WHY_SLEEP
from schedlab.sim.policy.find import COMPUTE
from schedlab.sim.policy.leave import entersyscall, entersyscallblock, goexit0, gopark, gosched_impl
from schedlab.sim.policy.network import send_off, wait_network
from schedlab.sim.policy.queues import runqput
from schedlab.sim.policy.state import G, M, Op, P, Sched
from schedlab.sim.policy.wake import step_name, wake_net_poller, wakep_by_goroutine

_FLUSH_NS: Final = 1_000
"""Steps that took so long together have happened before the next one: the clock goes on between."""
_LOOP_NS: Final = 2


def computed(s: Sched, m: M) -> int:
    """The goroutine has computed; or a signal stopped it before (``asyncPreempt``)."""
    g, p = m.g, m.p
    assert g is not None
    assert p is not None
    s.here = p.counts
    if s.now < m.end:
        g.left = m.end - s.now
        return gosched_impl(s, m, g, True)
    g.left = 0
    return run(s, m)


def run(s: Sched, m: M) -> int:
    """Steps of the goroutine's program, until time passes or the M has another."""
    g, p = m.g, m.p
    assert g is not None
    assert p is not None
    s.here = p.counts
    code = g.code
    while True:
        if p.preempt:
            # As at the beginning of each function (morestack).
            return gosched_impl(s, m, g, True)
        if s.cost >= _FLUSH_NS:
            m.then = run
            return s.cost
        step = code[g.at]
        g.at += 1
        if step[0] == COMPUTE:
            left = step[2]
            if type(left) is not int:
                left = left()
            g.left = left
            m.end = s.now + s.cost + left
            m.then = computed
            return int(s.cost + left)
        verdict: int = step[1](s, m, g, step)
        if verdict != GO_ON:
            return verdict


def gosched(s: Sched, m: M, g: G, _: Op) -> int:
    """``Gosched``."""
    return gosched_impl(s, m, g, False)


def sleep(s: Sched, m: M, g: G, step: Op) -> int:
    """``timeSleep`` (time.go): a timer of this P; if it is its first to end, the poller is told."""
    duration = _drawn(step)
    if duration <= 0:
        return GO_ON
    p = m.p
    assert p is not None
    when = s.now + s.cost + duration
    s.sequence += 1
    first = not p.timers or when < p.timers[0][0]
    heappush(p.timers, (when, s.sequence, g))
    if first:
        wake_net_poller(s, when)
    return gopark(s, m, g, WHY_SLEEP)


def syscall(s: Sched, m: M, g: G, step: Op) -> int:
    """A system call through ``entersyscall``."""
    return entersyscall(s, m, g, _drawn(step))


def blocking_syscall(s: Sched, m: M, g: G, step: Op) -> int:
    """A system call through ``entersyscallblock``."""
    return entersyscallblock(s, m, g, _drawn(step))


def cgo(s: Sched, m: M, g: G, step: Op) -> int:
    """``cgocall`` (cgocall.go): for the scheduler a system call.

    If C will call back, ``cgocallbackg`` locks the goroutine to its thread before it leaves that call, until
    it goes back to C.
    """
    if step[3]:
        lock_thread(s, m, g, step)
    return cgo_again(s, m, g, step)


def cgo_again(s: Sched, m: M, g: G, step: Op) -> int:
    """The end of ``cgocallbackg``: back to C (``reentersyscall``)."""
    s.cost += s.costs.cgo_ns
    return entersyscall(s, m, g, _drawn(step))


def network(s: Sched, m: M, g: G, step: Op) -> int:
    """A wait for data that arrives after a time."""
    send_off(s, g, s.cost + _drawn(step))
    return wait_network(s, m, g)


def socket(s: Sched, m: M, g: G, step: Op) -> int:
    """A system call on a socket, which does not wait: what is there to read or write is then known."""
    return entersyscall(s, m, g, _drawn(step))


def write(s: Sched, _m: M, _g: G, step: Op) -> int:
    """A message to a connection's other end."""
    connection = s.connections[step[2]]
    send_off(s, connection, s.cost + connection.latency_ns)
    return GO_ON


def read(s: Sched, m: M, g: G, step: Op) -> int:
    """A message from a connection; if there is none, the goroutine waits for one, and then calls again.

    After ``FD.Read`` (internal/poll/fd_unix.go).
    """
    connection = s.connections[step[2]]
    if connection.messages:
        connection.messages -= 1
        g.at += 1
        return GO_ON
    connection.readers.append(g)
    return wait_network(s, m, g)


def lock_thread(_s: Sched, m: M, g: G, _: Op) -> int:
    """``LockOSThread`` and ``lockOSThread``, which nest."""
    g.locks += 1
    g.locked_m, m.locked_g = m, g
    return GO_ON


def unlock_thread(_s: Sched, m: M, g: G, _: Op) -> int:
    """``UnlockOSThread`` and ``unlockOSThread``: the last of them frees the thread."""
    if g.locks:
        g.locks -= 1
    if not g.locks:
        g.locked_m = m.locked_g = None
    return GO_ON


def spawn(s: Sched, m: M, g: G, step: Op) -> int:
    """``newproc``: a goroutine that runs next on this P, and an idle P is woken."""
    p = m.p
    assert p is not None
    newproc(s, m, p, g, step[2])
    return GO_ON


def newproc(s: Sched, m: M, p: P, by: G, program: int) -> None:
    """``newproc`` and ``newproc1``."""
    if s.live >= s.goroutine_limit:
        raise LimitReached(
            f"goroutine {by.program!r} (G{by.number}) started more than {s.goroutine_limit} "
            f"that live at once, "
            f"in {step_name(by)}",
            remedy="Let them end, start fewer, or raise the limit.",
        )
    name, code = s.programs[program]
    g = G(len(s.goroutines), name, code)
    g.where = program
    s.goroutines.append(g)
    s.live += 1
    s.here[CREATE] += 1
    s.cost += s.costs.spawn_ns
    s.log.append((s.now, RUNNABLE, g.number, p.number, m.number, NO_REASON, by.number))
    runqput(s, p, g, True)
    wakep_by_goroutine(s)


def jump(s: Sched, _m: M, g: G, step: Op) -> int:
    """From the end of a case's body to what comes after the select; from that of a range's to its begin."""
    s.cost += _LOOP_NS
    g.at = step[2]
    return GO_ON


def loop_begin(_s: Sched, _m: M, g: G, step: Op) -> int:
    """``repeat``: so many times, or past its end at once."""
    if step[2] == 0:
        g.at = step[3]
    else:
        g.loops.append(step[2])
    return GO_ON


def loop_end(s: Sched, _m: M, g: G, step: Op) -> int:
    """Back to the beginning of the loop, as long as there are turns left."""
    s.cost += _LOOP_NS
    g.loops[-1] -= 1
    if g.loops[-1]:
        g.at = step[2]
    else:
        g.loops.pop()
    return GO_ON


def leave(s: Sched, m: M, g: G, _: Op) -> int:
    """The end of the program."""
    return goexit0(s, m, g)


def _drawn(step: Op) -> int:
    duration = step[2]
    return duration if type(duration) is int else int(duration())
