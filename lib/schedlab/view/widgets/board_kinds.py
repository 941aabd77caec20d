"""What can happen on the board and where a goroutine can stand, with the runtime's own name for each.

The names are functions of runtime/proc.go (Go 1.27) unless a file is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from schedlab.timeline import Provenance


class Place(IntEnum):
    """Where a goroutine stands. A runnable one is in one of RUNNEXT, LOCAL, GLOBAL, HAND and UNQUEUED."""

    NOWHERE = 0
    """Not created yet, ended, or not in the capture."""
    RUNNEXT = 1
    """The one slot of a P that is run next (``type p`` in runtime2.go)."""
    LOCAL = 2
    """A P's own queue of 256."""
    GLOBAL = 3
    """``sched.runq``."""
    HAND = 4
    """Given to a P without standing in a queue: findRunnable found it, or it came back from a system call."""
    RUNNING = 5
    SYSCALL = 6
    """In a system call, on its M; the M may still have a P."""
    WAITING = 7
    UNQUEUED = 8
    """Runnable, and the capture does not say in which queue."""
    UNKNOWN = 9


class Kind(IntEnum):
    """What one row of the board's events is."""

    SEEN = 0
    CREATED = 1
    READIED = 2
    TIMER = 3
    NETWORK = 4
    FOUND = 5
    KICKED = 6
    SPILLED = 7
    PICKED = 8
    FROM_GLOBAL = 9
    STOLEN = 10
    ALONG = 11
    STARTED = 12
    BLOCKED = 13
    PREEMPTED = 14
    YIELDED = 15
    CALL = 16
    RETURNED = 17
    RETURNED_TO_P = 18
    RETURNED_WITHOUT_P = 19
    ENDED = 20
    P_TAKEN = 21
    P_IDLE = 22
    P_STARTED = 23
    P_GONE = 24
    STOPPED = 25
    RESTARTED = 26
    SAMPLED = 27
    APPEARED = 28
    LOST = 29


@dataclass(frozen=True, slots=True)
class About:
    """``label`` in a list, the runtime's ``symbol``, and how we know: of the event, and of the place."""

    label: str
    symbol: str
    known: Provenance
    place: Provenance | None = None


_REC, _DER, _RCN = Provenance.RECORDED, Provenance.DERIVED, Provenance.RECONSTRUCTED

ABOUT: Final[dict[Kind, About]] = {
    Kind.SEEN: About("there from the start", "", _REC, _RCN),
    Kind.CREATED: About("created", "newproc → runqput", _REC, _RCN),
    Kind.READIED: About("made runnable by a goroutine", "ready → runqput", _REC, _RCN),
    Kind.TIMER: About("made runnable by a timer", "goroutineReady (time.go) → ready → runqput", _REC, _RCN),
    Kind.NETWORK: About("made runnable by the network poller", "netpoll → injectglist", _REC, _RCN),
    Kind.FOUND: About("handed to a P by the scheduler", "findRunnable", _REC, _RCN),
    Kind.KICKED: About("kicked out of runnext", "runqput", _RCN, _RCN),
    Kind.SPILLED: About("moved from a full queue", "runqputslow", _RCN, _RCN),
    Kind.PICKED: About("picked from the P's own queue", "runqget → execute", _REC, _RCN),
    Kind.FROM_GLOBAL: About("picked from the global queue", "globrunqgetbatch → execute", _REC, _RCN),
    Kind.STOLEN: About("stolen from another P's queue", "runqsteal → runqgrab", _REC, _RCN),
    Kind.ALONG: About("taken along", "runqgrab, globrunqgetbatch", _RCN, _RCN),
    Kind.STARTED: About("started", "execute", _REC),
    Kind.BLOCKED: About("blocked", "gopark", _REC),
    Kind.PREEMPTED: About("preempted", "goschedImpl", _REC, _RCN),
    Kind.YIELDED: About("yielded", "goschedImpl", _REC, _RCN),
    Kind.CALL: About("entered a system call", "entersyscall", _REC),
    Kind.RETURNED: About("returned, its P still there", "exitsyscall", _REC),
    Kind.RETURNED_TO_P: About("returned and got a P", "exitsyscallTryGetP", _REC, _DER),
    Kind.RETURNED_WITHOUT_P: About("returned and found no P", "exitsyscallNoP", _REC, _RCN),
    Kind.ENDED: About("ended", "goexit0", _REC),
    Kind.P_TAKEN: About("P taken from an M in a system call", "retake → handoffp", _REC),
    Kind.P_IDLE: About("P became idle", "pidleput", _REC),
    Kind.P_STARTED: About("M got a P", "acquirep", _REC),
    Kind.P_GONE: About("P removed", "procresize", _REC),
    Kind.STOPPED: About("the world was stopped", "stopTheWorldWithSema", _REC),
    Kind.RESTARTED: About("the world went on", "startTheWorldWithSema", _REC),
    Kind.SAMPLED: About("seen in a sample", "", Provenance.SAMPLED),
    Kind.APPEARED: About("appeared", "", _REC, _RCN),
    Kind.LOST: About("left the capture", "", _REC),
}

POOLS: Final = (
    "Wait: network",
    "Wait: timers",
    "Wait: channels",
    "Wait: locks",
    "Wait: runtime's own",
    "Wait: other",
    "State not known",
)
"""Where waiting goroutines are drawn, by their reason."""

_POOL_OF: Final = {
    0: ("network", "io wait"),
    1: ("sleep",),
    2: ("chan ", "select"),
    3: ("sync", "semacquire"),
    4: ("gc ", "system goroutine", "wait until gc", "force gc", "finalizer", "cleanup", "trace ", "garbage"),
}


def pool_of(reason: str) -> int:
    """The index into ``POOLS`` for a reason, as the trace or scheddetail spells it."""
    small = reason.lower()
    for pool, beginnings in _POOL_OF.items():
        if small.startswith(beginnings):
            return pool
    return 5


def described(known: Provenance) -> list[dict[str, Any]]:
    """A row per kind for the browser; what a simulator or samples say is never called recorded."""
    weaker = known in (Provenance.SAMPLED, Provenance.SIMULATED)
    return [
        {
            "kind": kind.name,
            "label": about.label,
            "symbol": about.symbol,
            "known": str(known if weaker else about.known),
            "place": str(known if weaker else about.place or ""),
        }
        for kind, about in sorted(ABOUT.items())
    ]
