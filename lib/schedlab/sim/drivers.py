"""Who keeps the time: a heap of what is due, or simpy with a process for each M and all else that acts.

Both call the same policy at the same times in the same order: by time, then by when it was planned. The logs
of both are the same to the byte, which a test holds. ``heapq`` is quicker; simpy is the one to teach with, as
each thread is a process that one can follow.
"""

from __future__ import annotations

from collections.abc import Generator
from heapq import heappop, heappush
from typing import Any

import simpy

from schedlab.sim.policy.state import PARKED, Agent, Sched


class HeapDriver:
    """A bare loop over a heap of (time, number, agent, version); a stale version was planned anew since."""

    def __init__(self) -> None:
        self._due: list[tuple[int, int, Agent, int]] = []
        self._number = 0
        self._now = 0

    def plan(self, agent: Agent, delay: int) -> None:
        """As ``Driver`` says."""
        agent.version += 1
        self._number += 1
        heappush(self._due, (self._now + delay, self._number, agent, agent.version))

    def run(self, s: Sched, events: int) -> int:
        """Until the program has ended, or for so many steps; how many there were."""
        due = self._due
        done = 0
        while done < events and not s.done and due:
            now, _, agent, version = heappop(due)
            if version != agent.version:
                continue
            done += 1
            self._now = s.now = now
            s.cost = 0
            delay = agent.then(s, agent)
            if delay >= 0:
                number = self._number = self._number + 1
                heappush(due, (now + delay, number, agent, version))
        return done


class SimpyDriver:
    """A simpy process for each M, sysmon, the network and the end of the time allowed.

    A process sleeps in a timeout for as long as the policy says. One that waits for another has an event,
    ``alarm``, which that one schedules; a process that is planned anew while it sleeps is interrupted.
    """

    def __init__(self) -> None:
        self.environment = simpy.Environment()
        self._s: Sched | None = None
        self._over = self.environment.event()
        self._steps = 0
        self._most = 0
        self._failure: BaseException | None = None

    def plan(self, agent: Agent, delay: int) -> None:
        """As ``Driver`` says."""
        if agent.process is None:
            agent.alarm = self.environment.timeout(delay)
            agent.process = self.environment.process(self._life(agent))
            return
        waiting = agent.alarm
        if waiting is not None and not waiting.triggered:
            _trigger(self.environment, waiting, delay)
            return
        # It sleeps, or is about to be woken at another time.
        agent.alarm = self.environment.timeout(delay)
        agent.process.interrupt()

    def run(self, s: Sched, events: int) -> int:
        """Until the program has ended, or for so many steps; how many there were."""
        self._s, self._most = s, events
        self.environment.run(until=self._over)
        if self._failure is not None:
            raise self._failure
        return self._steps

    def _life(self, agent: Agent) -> Generator[Any, Any, None]:
        """The process of one agent."""
        environment, s = self.environment, self._s
        assert s is not None
        timeout = environment.timeout
        alarm = agent.alarm
        while True:
            while True:
                try:
                    yield alarm
                    break
                except simpy.Interrupt:
                    alarm = agent.alarm
            s.now = environment.now  # type: ignore[assignment]
            s.cost = 0
            agent.alarm = None
            self._steps += 1
            try:
                delay = agent.then(s, agent)
            except BaseException as failure:
                # simpy would raise another of the same kind, made from its arguments.
                self._end(failure)
                return
            if s.done or self._steps >= self._most:
                self._end(None)
                return
            if delay == PARKED:
                alarm = agent.alarm = environment.event()
            else:
                alarm = timeout(delay)

    def _end(self, failure: BaseException | None) -> None:
        """Nothing else happens, not even at this very time."""
        self._failure = failure
        self._over._ok = True
        self._over._value = None
        self.environment.schedule(self._over, priority=simpy.events.URGENT)


def _trigger(environment: simpy.Environment, alarm: simpy.Event, delay: int) -> None:
    """``succeed``, but in ``delay`` ns."""
    alarm._ok = True
    alarm._value = None
    environment.schedule(alarm, delay=delay)
