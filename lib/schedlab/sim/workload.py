"""What the simulated program does: goroutines as programs of steps, and what they share.

>>> from schedlab.sim import Compute, Program, Repeat, Workload, Yield
>>> worker = Program("worker", (Repeat(20, (Compute(100_000), Yield())),), count=1000)
>>> Workload(programs=(worker,), procs=2)  # doctest: +ELLIPSIS
Workload(...)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from schedlab.sim.durations import Duration


@dataclass(frozen=True, slots=True)
class Compute:
    """Runs on its P for so long."""

    duration: Duration


@dataclass(frozen=True, slots=True)
class Yield:
    """``runtime.Gosched()``."""


@dataclass(frozen=True, slots=True)
class Sleep:
    """``time.Sleep``."""

    duration: Duration


@dataclass(frozen=True, slots=True)
class Syscall:
    """A system call of that duration; ``blocking`` gives the P away at once (``entersyscallblock``)."""

    duration: Duration
    blocking: bool = False


@dataclass(frozen=True, slots=True)
class Cgo:
    """A call into C of that duration.

    With a ``callback``, C then calls back into Go, which does these steps, and goes on for ``after`` before
    it returns.
    """

    duration: Duration
    callback: tuple[Step, ...] = ()
    after: Duration = 0


@dataclass(frozen=True, slots=True)
class Network:
    """Waits for data that arrives after that time."""

    duration: Duration


@dataclass(frozen=True, slots=True)
class Send:
    """Sends a value on a channel."""

    channel: str


@dataclass(frozen=True, slots=True)
class Receive:
    """Receives a value from a channel; from a closed one at once."""

    channel: str


@dataclass(frozen=True, slots=True)
class Close:
    """Closes a channel."""

    channel: str


@dataclass(frozen=True, slots=True)
class Case:
    """A case of a select with a body: these steps, if it is the one that goes on."""

    on: Send | Receive
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Select:
    """Whichever of these can go on first; with ``default`` it does not wait.

    ``default`` is True, or the steps that are then done.
    """

    cases: tuple[Send | Receive | Case, ...]
    default: bool | tuple[Step, ...] = False


@dataclass(frozen=True, slots=True)
class Lock:
    """Locks a mutex."""

    mutex: str


@dataclass(frozen=True, slots=True)
class Unlock:
    """Unlocks a mutex."""

    mutex: str


@dataclass(frozen=True, slots=True)
class Add:
    """Adds to a wait group."""

    group: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Done:
    """Takes one from a wait group."""

    group: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Waits until a wait group is at 0."""

    group: str


@dataclass(frozen=True, slots=True)
class Write:
    """Writes a message to a connection, by a system call of that duration; None for what the costs say."""

    connection: str
    duration: Duration | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """Reads a message from a connection; if there is none yet, waits in the network poller and reads again.

    ``duration`` is that of the system call that finds one; None for what the costs say.
    """

    connection: str
    duration: Duration | None = None


@dataclass(frozen=True, slots=True)
class Spawn:
    """Starts goroutines of a program, one after the other."""

    program: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Alloc:
    """Allocates bytes on the heap, which are garbage by the next collection, or ``kept`` for good."""

    bytes: int
    kept: bool = False


@dataclass(frozen=True, slots=True)
class LockThread:
    """``runtime.LockOSThread()``."""


@dataclass(frozen=True, slots=True)
class UnlockThread:
    """``runtime.UnlockOSThread()``."""


@dataclass(frozen=True, slots=True)
class Join:
    """Waits until all other goroutines have ended."""


@dataclass(frozen=True, slots=True)
class Range:
    """These steps for each value from a channel, until that is closed and empty (``for range``)."""

    channel: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """These steps so many times."""

    times: int
    steps: tuple[Step, ...]


Step = (
    Compute
    | Yield
    | Sleep
    | Syscall
    | Cgo
    | Network
    | Send
    | Receive
    | Close
    | Select
    | Lock
    | Unlock
    | Add
    | Done
    | Wait
    | Write
    | Read
    | Spawn
    | Alloc
    | LockThread
    | UnlockThread
    | Join
    | Range
    | Repeat
)


@dataclass(frozen=True, slots=True)
class Program:
    """What goroutines of one name do. ``count`` of them are started by main, if main has no program."""

    name: str
    steps: tuple[Step, ...]
    count: int = 1


@dataclass(frozen=True, slots=True)
class Heap:
    """``live_bytes`` survive each collection; ``gogc`` is GOGC, -1 for off.

    ``scan_bytes`` of what is live is looked at to find pointers, 0 for all of it. ``chained`` if it is a
    linked list, which only one can mark at a time.
    """

    live_bytes: int = 0
    gogc: int = -1
    scan_bytes: int = 0
    chained: bool = False


def _none() -> Mapping[str, int]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Workload:
    """A program for the simulator.

    ``procs`` is GOMAXPROCS; the machine is taken to have as many CPUs for it. ``channels`` have their
    capacity, ``connections`` their latency in ns; mutexes and wait groups are there when they are named in a
    step. A program called ``main`` is the first goroutine, and with it everything ends; without one, main
    starts ``count`` of each program, in order, and waits for all.
    """

    programs: tuple[Program, ...]
    procs: int = 2
    channels: Mapping[str, int] = field(default_factory=_none)
    connections: Mapping[str, int] = field(default_factory=_none)
    heap: Heap = Heap()
