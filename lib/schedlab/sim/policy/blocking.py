"""What goroutines wait for one another with: channels, select, mutexes, wait groups.

After runtime/chan.go, runtime/select.go, internal/sync/mutex.go, sync/waitgroup.go of Go 1.27.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from schedlab.sim.errors import Misstep
from schedlab.sim.policy.counts import WHY_RECEIVE, WHY_SELECT, WHY_SEND, WHY_SYNC
from schedlab.sim.policy.leave import gopark, goyield
from schedlab.sim.policy.queues import runqempty
from schedlab.sim.policy.state import G, M, Op, Sched
from schedlab.sim.policy.wake import ready, step_name

GO_ON: Final = -2
"""What an operation returns after which the goroutine goes on at once."""

_STARVING_NS: Final = 1_000_000
_ACTIVE_SPIN: Final = 4
"""``active_spin`` (lock_spinbit.go)."""

_Waiters = deque[tuple[G, int, int, int]]
"""Each with the ticket of that wait, the step at which it then goes on, and that if the channel is closed."""


class Channel:
    """``hchan``: how many values are in the buffer, and who waits."""

    __slots__ = ("capacity", "closed", "count", "receivers", "senders")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.count = 0
        self.closed = False
        self.receivers: _Waiters = deque()
        self.senders: _Waiters = deque()


class Mutex:
    """``Mutex``: locked or not, who waits, whether one was woken, and whether they starve."""

    __slots__ = ("locked", "starving", "waiters", "woken")

    def __init__(self) -> None:
        self.locked = False
        self.woken = False
        self.starving = False
        self.waiters: deque[G] = deque()


class Group:
    """``WaitGroup``: a count, and who waits until it is 0."""

    __slots__ = ("count", "waiters")

    def __init__(self) -> None:
        self.count = 0
        self.waiters: list[G] = []


def send(s: Sched, m: M, g: G, step: Op) -> int:
    """``chansend``: to who waits, else into the buffer, else wait."""
    channel = s.channels[step[2]]
    s.cost += s.costs.step_ns
    if _try_send(s, m, g, channel):
        return GO_ON
    channel.senders.append((g, g.ticket, g.at, g.at))
    return gopark(s, m, g, WHY_SEND)


def receive(s: Sched, m: M, g: G, step: Op) -> int:
    """``chanrecv``: from the buffer or from who waits to send, else wait."""
    channel = s.channels[step[2]]
    s.cost += s.costs.step_ns
    if _try_receive(s, m, g, channel):
        return GO_ON
    channel.receivers.append((g, g.ticket, g.at, g.at))
    return gopark(s, m, g, WHY_RECEIVE)


def receive_or_end(s: Sched, m: M, g: G, step: Op) -> int:
    """``chanrecv2`` of a ``for range``: past its end if the channel is closed and empty."""
    channel: Channel = s.channels[step[2]]
    s.cost += s.costs.step_ns
    if channel.closed and not channel.count:
        g.at = step[3]
        return GO_ON
    if _try_receive(s, m, g, channel):
        return GO_ON
    channel.receivers.append((g, g.ticket, g.at, step[3]))
    return gopark(s, m, g, WHY_RECEIVE)


def close(s: Sched, m: M, g: G, step: Op) -> int:
    """``closechan``: everyone who waits to receive goes on."""
    channel = s.channels[step[2]]
    s.cost += s.costs.step_ns
    if channel.closed:
        raise Misstep(f"goroutine {g.program!r} (G{g.number}) closes a closed channel in {step_name(g)}")
    channel.closed = True
    while (other := _waiting(channel.receivers, closed=True)) is not None:
        _goready(s, m, other, g)
    sender = _waiting(channel.senders)
    if sender is not None:
        raise Misstep(
            f"goroutine {sender.program!r} (G{sender.number}) sends on a closed channel in "
            f"{step_name(sender)}"
        )
    return GO_ON


def select(s: Sched, m: M, g: G, step: Op) -> int:
    """``selectgo``: the first case that can go on, in random order; with none and no default, wait on all.

    Each case has the step at which its body begins.
    """
    cases: list[tuple[bool, int, int]] = step[2]
    s.cost += s.costs.step_ns * len(cases)
    order = list(range(len(cases)))
    s.random_select.shuffle(order)
    for number in order:
        sends, channel, body = cases[number]
        attempt = _try_send if sends else _try_receive
        if attempt(s, m, g, s.channels[channel]):
            g.at = body
            return GO_ON
    if step[3] >= 0:
        g.at = step[3]
        return GO_ON
    for sends, channel, body in cases:
        queue = s.channels[channel].senders if sends else s.channels[channel].receivers
        queue.append((g, g.ticket, body, body))
    return gopark(s, m, g, WHY_SELECT)


def lock(s: Sched, m: M, g: G, step: Op) -> int:
    """``Mutex.Lock``: who was woken for it competes with newcomers, and stands in front again if it loses.

    Before it waits it spins for a moment, and whoever unlocks meanwhile need not wake another (``lockSlow``).
    """
    mutex: Mutex = s.mutexes[step[2]]
    s.cost += s.costs.step_ns
    if g.handed:
        g.handed = False
        g.lock_since = -1
        return GO_ON
    if mutex.locked and not mutex.starving and can_spin(s, m, g.spins):
        if mutex.waiters and not mutex.woken:
            mutex.woken = g.awoke = True
        g.spins += 1
        # It comes back to this step.
        g.at -= 1
        m.then = s.run
        return s.cost + s.costs.spin_ns
    g.spins = 0
    if g.awoke:
        mutex.woken = g.awoke = False
    again = g.lock_since >= 0
    if not mutex.locked and not mutex.starving:
        mutex.locked = True
        g.lock_since = -1
        return GO_ON
    if again:
        mutex.waiters.appendleft(g)
        mutex.starving = mutex.starving or s.now - g.lock_since > _STARVING_NS
    else:
        mutex.waiters.append(g)
        g.lock_since = s.now
    g.at -= 1
    return gopark(s, m, g, WHY_SYNC)


def can_spin(s: Sched, m: M, spins: int) -> bool:
    """``internal_sync_runtime_canSpin`` (proc.go): a few times, while another P runs and nothing waits for
    this one."""
    p = m.p
    assert p is not None
    return spins < _ACTIVE_SPIN and s.procs > s.npidle + s.nmspinning + 1 and runqempty(p)


def unlock(s: Sched, m: M, g: G, step: Op) -> int:
    """``Mutex.Unlock``: wakes one who waits; of those that starve it hands the lock to the first, and gives
    way."""
    mutex = s.mutexes[step[2]]
    s.cost += s.costs.step_ns
    if not mutex.locked:
        raise Misstep(f"goroutine {g.program!r} (G{g.number}) unlocks what is not locked in {step_name(g)}")
    if mutex.starving and mutex.waiters:
        first = mutex.waiters.popleft()
        first.handed = True
        mutex.starving = bool(mutex.waiters) and s.now - first.lock_since > _STARVING_NS
        _goready(s, m, first, g)
        return goyield(s, m, g)
    mutex.locked = mutex.starving = False
    if mutex.waiters and not mutex.woken:
        first = mutex.waiters.popleft()
        mutex.woken = first.awoke = True
        _goready(s, m, first, g)
    return GO_ON


def add(s: Sched, m: M, g: G, step: Op) -> int:
    """``WaitGroup.Add`` and ``Done``: at 0 everyone who waits goes on."""
    group = s.groups[step[2]]
    s.cost += s.costs.step_ns
    group.count += step[3]
    if group.count < 0:
        raise Misstep(f"goroutine {g.program!r} (G{g.number}) takes a wait group below 0 in {step_name(g)}")
    if group.count == 0:
        waiters, group.waiters = group.waiters, []
        for other in waiters:
            _goready(s, m, other, g)
    return GO_ON


def wait(s: Sched, m: M, g: G, step: Op) -> int:
    """``WaitGroup.Wait``."""
    group = s.groups[step[2]]
    s.cost += s.costs.step_ns
    if group.count == 0:
        return GO_ON
    group.waiters.append(g)
    return gopark(s, m, g, WHY_SYNC)


def join(s: Sched, m: M, g: G, _: Op) -> int:
    """Wait until all other goroutines have ended, as a wait group of all of them would."""
    if s.live == 1:
        return GO_ON
    s.joining = g
    return gopark(s, m, g, WHY_SYNC)


def _goready(s: Sched, m: M, other: G, by: G) -> None:
    p = m.p
    assert p is not None
    ready(s, other, p, by.number)


def _waiting(queue: _Waiters, closed: bool = False) -> G | None:
    """The first who still waits there; a select that went on elsewhere does not."""
    while queue:
        g, ticket, at, at_end = queue.popleft()
        if g.ticket == ticket:
            g.ticket += 1
            g.at = at_end if closed else at
            return g
    return None


def _try_send(s: Sched, m: M, g: G, channel: Channel) -> bool:
    if channel.closed:
        raise Misstep(f"goroutine {g.program!r} (G{g.number}) sends on a closed channel in {step_name(g)}")
    receiver = _waiting(channel.receivers)
    if receiver is not None:
        _goready(s, m, receiver, g)
        return True
    if channel.count < channel.capacity:
        channel.count += 1
        return True
    return False


def _try_receive(s: Sched, m: M, g: G, channel: Channel) -> bool:
    sender = _waiting(channel.senders)
    if sender is not None:
        # With a full buffer the sender's value takes the place of the one that is received.
        _goready(s, m, sender, g)
        return True
    if channel.count:
        channel.count -= 1
        return True
    return channel.closed
