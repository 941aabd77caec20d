"""The world outside: data that arrives for goroutines, and the thread that waits for it (netpoll)."""

from __future__ import annotations

from heapq import heappop, heappush

from schedlab.sim.policy.counts import WHY_NETWORK
from schedlab.sim.policy.leave import gopark
from schedlab.sim.policy.state import PARKED, Agent, G, M, Sched
from schedlab.sim.policy.wake import wake_poller


class Network(Agent):
    """What is under way: ``arrivals`` are (time, sequence, goroutine or connection)."""

    __slots__ = ("arrivals",)

    def __init__(self) -> None:
        super().__init__("network", arrive)
        self.arrivals: list[tuple[int, int, G | Connection]] = []


class Connection:
    """One direction of a connection: messages that arrived and are not read, and who waits for one."""

    __slots__ = ("latency_ns", "messages", "readers")

    def __init__(self, latency_ns: int) -> None:
        self.latency_ns = latency_ns
        self.messages = 0
        self.readers: list[G] = []


def arrive(s: Sched, network: Agent) -> int:
    """What has arrived makes goroutines ready; whoever waits in the poller hears of it."""
    assert isinstance(network, Network)
    s.here = s.nobody
    arrivals = network.arrivals
    while arrivals and arrivals[0][0] <= s.now:
        what = heappop(arrivals)[2]
        if isinstance(what, Connection):
            if not what.readers:
                what.messages += 1
                continue
            what = what.readers.pop(0)
        s.net_ready.append(what)
    if s.net_ready and s.poller is not None:
        wake_poller(s, s.poller)
    return arrivals[0][0] - s.now if arrivals else PARKED


def send_off(s: Sched, what: G | Connection, delay: int) -> None:
    """It arrives in ``delay`` ns."""
    arrivals = s.network.arrivals
    s.sequence += 1
    heappush(arrivals, (s.now + delay, s.sequence, what))
    if arrivals[0][1] == s.sequence:
        s.driver.plan(s.network, delay)


def wait_network(s: Sched, m: M, g: G) -> int:
    """``netpollblock`` (netpoll.go): the goroutine waits until its data is there."""
    s.net_waiters += 1
    return gopark(s, m, g, WHY_NETWORK)
