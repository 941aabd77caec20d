"""The scheduler's constants and switches, by Go release: what one changes to see what breaks."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from schedlab.errors import UsageError

_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Rules:
    """What the rules in ``sim.policy`` go by. The defaults are Go 1.27's, with the runtime's own names.

    ``local_queue``: places in a P's queue (``len(p.runq)``, runtime2.go); 2 or more. ``global_every``: a P
    looks first into the global queue every so many turns (61; ``findRunnable``). ``batch``: the most
    goroutines taken from the global queue at once; 0 for half a local queue (``globrunqgetbatch``).
    ``steal``: False, and no P takes from another's queue. ``steal_tries``: passes over the other Ps
    (``stealWork``). ``runnext``: False, and what is made runnable goes to the queue's end (``runqput``).
    ``most_spinning``: no M begins to spin by itself while so many do; -1 for the release's own rule, half of
    the busy Ps (``findRunnable``). ``preempt``: False, and sysmon asks no goroutine to give way.
    ``time_slice_ns``: after so long it does (``forcePreemptNS``). ``sysmon_least_ns``, ``sysmon_most_ns``,
    ``sysmon_rounds``: its sleep, and after how many rounds in vain it doubles (``sysmon``).
    ``poll_whole_ms``: the network poller's wait is in whole milliseconds (``netpoll``, netpoll_epoll.go).
    ``stopped_keeps_place``: who is preempted for a stop of the world goes to runnext, not to the global queue
    (``goschedImpl``). ``yield_wakes``: who gives way wakes a P (``goschedImpl``).
    ``gc_share``: of the Ps, for marking (``gcBackgroundUtilization``).
    """

    release: str = "go1.27"
    local_queue: int = 256
    global_every: int = 61
    batch: int = 0
    steal: bool = True
    steal_tries: int = 4
    runnext: bool = True
    most_spinning: int = -1
    preempt: bool = True
    time_slice_ns: int = 10 * _MS
    sysmon_least_ns: int = 20_000
    sysmon_most_ns: int = 10 * _MS
    sysmon_rounds: int = 50
    syscall_patience_ns: int = 10 * _MS
    poll_whole_ms: bool = True
    stopped_keeps_place: bool = True
    yield_wakes: bool = True
    gc_share: float = 0.25

    def replace(self, **changes: Any) -> Rules:
        """These rules but for ``changes``.

        Raises:
            UsageError: there is no such rule, or a value that no scheduler could work with.
        """
        names = {field.name for field in dataclasses.fields(self)}
        for name, value in changes.items():
            if name not in names:
                raise UsageError(
                    f"there is no rule {name!r}", remedy=f"There are: {', '.join(sorted(names))}."
                )
            if type(value) is not type(getattr(self, name)):
                kind = type(getattr(self, name)).__name__
                raise UsageError(f"{name}: {value!r} is not of type {kind}")
        changed = dataclasses.replace(self, **changes)
        changed._check()
        return changed

    def _check(self) -> None:
        for name, least in _LEAST.items():
            if getattr(self, name) < least:
                raise UsageError(f"{name}: {getattr(self, name)} is less than {least}")
        if self.batch > self.local_queue:
            raise UsageError(f"batch: {self.batch} do not fit into a local queue of {self.local_queue}")
        if self.most_spinning == 0:
            raise UsageError("most_spinning: with 0 nobody would look at an idle P's timers")
        if not 0 < self.gc_share <= 1:
            raise UsageError(f"gc_share: {self.gc_share} is not above 0 and at most 1")


_LEAST = MappingProxyType(
    {
        "local_queue": 2,
        "global_every": 1,
        "batch": 0,
        "steal_tries": 1,
        "most_spinning": -1,
        "time_slice_ns": 1_000,
        "sysmon_least_ns": 1_000,
        "sysmon_most_ns": 1_000,
        "sysmon_rounds": 0,
        "syscall_patience_ns": 0,
    }
)

# As read in each release's proc.go. Since 1.22 a goroutine that gives way wakes a P; since 1.26 one that is
# preempted for a stop of the world keeps its place. The other rules are the same in all of these.
RELEASES = MappingProxyType(
    {
        f"go1.{minor}": Rules(
            release=f"go1.{minor}", yield_wakes=minor >= 22, stopped_keeps_place=minor >= 26
        )
        for minor in range(21, 28)
    }
)


def rules_of(release: str) -> Rules:
    """The rules of a release, such as ``go1.27``.

    Raises:
        UsageError: they are not known here.
    """
    if release not in RELEASES:
        raise UsageError(
            f"the rules of {release!r} are not known", remedy=f"Known are {', '.join(RELEASES)}."
        )
    return RELEASES[release]
