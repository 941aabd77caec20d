"""Any Go process, looked into from outside."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from schedlab.capture.hooked import checked_number
from schedlab.capture.live._follow import DEFAULT_HISTORY_S, HIGHEST_HZ, _capacity
from schedlab.capture.live.feed import Feed
from schedlab.capture.live.sample import UNKNOWN, Sample

if TYPE_CHECKING:
    # A fifth of a second to import, of which who starts a program or asks a server has nothing.
    from schedlab.capture.xray import Goroutines, Snapshot, Xray

_WHY: Final = {
    "latencies": "they are not in the scheduler's memory; start the program with schedlab live to see them",
    "heap": "X-ray reads the scheduler, not the heap; start the program with schedlab live to see it",
}


def follow_pid(pid: int, *, hz: float = HIGHEST_HZ, history_s: float = DEFAULT_HISTORY_S) -> Feed:
    """Follow the Go process ``pid`` from outside, by ``schedlab.capture.xray``, without ever stopping it.

    ``hz`` is how often it is looked at, 20 times a second at most; the history holds ``history_s`` of that.
    To end the Feed is to turn away: the process runs on. A sample's ``time_ns`` counts from the first look,
    and its states are counted one goroutine after the other, each right for its own moment.

    Raises:
        UsageError: a number that makes no sense.
        NotSupportedHere, ProcessGone, NotAllowed, NotAGoBinary, NoLayout: as ``xray.attach``.
    """
    from schedlab.capture import xray

    rate = checked_number("hz", hz, HIGHEST_HZ, "is no rate to look at a program with")
    capacity = _capacity(rate, history_s)
    return XrayFeed(xray.attach(pid), hz=rate, capacity=capacity)


class XrayFeed(Feed):
    """Takes one snapshot after the other. It closes ``xray`` when it ends."""

    def __init__(self, xray: Xray, *, hz: float, capacity: int) -> None:
        super().__init__(f"{Path(xray.program).name} ({xray.pid})", hz, capacity, _WHY)
        self.pid = xray.pid
        self._xray = xray
        self._begin = time.monotonic_ns()
        self._start()

    def _run(self) -> str:
        from schedlab.capture.xray import NotAllowed, ProcessGone, XrayError

        next_at = time.monotonic()
        while not self._stopping.is_set():
            try:
                self._put(_sample(self._xray.snapshot(), self._begin))
            except ProcessGone as gone:
                return f"the program ended: {gone.message}"
            except NotAllowed as refused:
                return refused.message
            except XrayError:
                # It changed faster than it could be read. The next moment is another one.
                self._dropped += 1
            next_at = max(next_at + 1 / self.hz, time.monotonic())
            self._stopping.wait(next_at - time.monotonic())
        return "turned away from the program"

    def _wake(self) -> None:
        # It waits for nothing but ``_stopping``.
        pass

    def _close(self) -> None:
        self._xray.close()


def _sample(now: Snapshot, begin_ns: int) -> Sample:
    gs, sched, ps = now.gs, now.sched, now.ps
    assert gs is not None
    return Sample(
        now.begin_ns - begin_ns,
        goroutines=_known(now.goroutines),
        # By their numbers in runtime2.go. _Grunning, _Gcopystack:
        running=_in(gs, 2, 8),
        runnable=_in(gs, 1),
        # _Gwaiting, _Gpreempted, _Gleaked:
        waiting=_in(gs, 4, 9, 10),
        not_in_go=_in(gs, 3),
        gomaxprocs=sched.gomaxprocs,
        idle_procs=_known(sched.npidle),
        threads=len(now.ms),
        idle_threads=_known(sched.nmidle),
        spinning_threads=_known(sched.nmspinning),
        runq_global=_known(sched.runq_size),
        runq_local=tuple(ps.queued.tolist()),
    )


def _in(gs: Goroutines, *statuses: int) -> int:
    return int(np.isin(gs.state, statuses).sum())


def _known(count: int | None) -> int:
    """A count; UNKNOWN of a release that keeps none. Torn reads may give one below zero."""
    return UNKNOWN if count is None else max(count, 0)
