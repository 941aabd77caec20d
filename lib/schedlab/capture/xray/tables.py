"""Ps, Ms and Gs as columns. A column is None where the release has no such field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from schedlab.capture.schedtrace.statuses import G_SCAN, Release, g_status_name, p_status_name
from schedlab.capture.xray.code import Code, Texts
from schedlab.capture.xray.memory import Addresses, Integers

Flags = npt.NDArray[np.bool_]

NOBODY = -1
G_WAITING = 4
"""_Gwaiting: the status in which a goroutine has a wait reason."""
# _Gidle, _Gdead, _Gdeadextra: a g struct with no goroutine in it.
_NO_GOROUTINE = (0, 6, 11)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is read once of a program: its release, the words for its numbers, its functions."""

    release: str
    named_as: Release | None
    wait_reasons: tuple[str, ...]
    code: Code


@dataclass(frozen=True, eq=False)
class Procs:
    """Ps, a row each. ``m`` is an M's id, ``runnext`` a goroutine's; -1 and 0 for none.

    ``status`` is ``p.status``. The local queue is from ``head`` to ``tail``, counters that
    only grow (uint32).
    """

    id: Integers
    status: npt.NDArray[np.uint32]
    schedtick: npt.NDArray[np.uint32]
    syscalltick: npt.NDArray[np.uint32]
    m: Integers
    head: npt.NDArray[np.uint32]
    tail: npt.NDArray[np.uint32]
    runnext: Integers
    facts: Facts

    def __len__(self) -> int:
        return len(self.id)

    @property
    def queued(self) -> Integers:
        """How many goroutines are in each local queue, ``runnext`` not counted."""
        found: Integers = (self.tail - self.head).astype(np.int64)
        return found

    @cached_property
    def status_name(self) -> Texts:
        """``_Prunning`` and so on, as the program's release names them."""
        return _named(self.status, lambda status: p_status_name(status, self.facts.named_as))


@dataclass(frozen=True, eq=False)
class Threads:
    """Ms, a row each, the newest first. ``thread`` is the system's thread id (0: not started yet).

    ``curg`` and ``lockedg`` are ids of goroutines (0 none), ``p``, ``nextp`` and ``oldp`` of Ps (-1 none).
    ``in_cgo``: in a call of C; ``cgo_calls``: of those so far. ``extra``: made for threads that C began.
    """

    id: Integers
    thread: Integers
    curg: Integers
    lockedg: Integers
    p: Integers
    nextp: Integers
    oldp: Integers
    spinning: Flags | None
    blocked: Flags | None
    in_cgo: Flags | None
    cgo_calls: Integers | None
    locks: Integers | None
    extra: Flags | None

    def __len__(self) -> int:
        return len(self.id)


@dataclass(frozen=True, eq=False)
class Goroutines:
    """Every ``g`` of runtime.allgs, a row each; ``alive`` says which of them are goroutines now.

    ``status`` is as it is in memory, with the scan bit; ``state`` is it without. ``m`` and ``lockedm`` are
    ids of Ms (-1 none), ``creator`` is a goroutine's id (0 none). ``wait_reason`` is a number for
    ``waits_for``; it stays when the wait is over. ``wait_since`` is set by the garbage collector
    (runtime.nanotime, ns): 0 if none saw it waiting. ``pc``, ``sp``, ``bp`` are where it goes on;
    of one that runs they are old. ``frames`` are what ``stacks=True`` found, ``(n, depth)``.
    """

    address: Addresses
    id: Integers
    status: npt.NDArray[np.uint32]
    wait_reason: npt.NDArray[np.uint8]
    m: Integers
    lockedm: Integers
    start_pc: Addresses
    creator_pc: Addresses
    creator: Integers | None
    stack_low: Addresses
    stack_high: Addresses
    preempt: Flags | None
    wait_since: Integers | None
    next: Addresses
    pc: Addresses
    sp: Addresses
    bp: Addresses | None
    frames: Addresses | None
    facts: Facts

    def __len__(self) -> int:
        return len(self.id)

    @property
    def state(self) -> npt.NDArray[np.uint32]:
        """The status without the scan bit (``_Gscan``)."""
        found: npt.NDArray[np.uint32] = self.status & np.uint32(~G_SCAN & 0xFFFFFFFF)
        return found

    @property
    def scanned(self) -> Flags:
        """Whether the scan bit is set: its stack is being scanned, or it is held for that."""
        found: Flags = (self.status & G_SCAN) != 0
        return found

    @cached_property
    def alive(self) -> Flags:
        """Which rows are goroutines, the runtime's own included; the others are free for new ones."""
        found: Flags = ~np.isin(self.state, _NO_GOROUTINE)
        return found

    @property
    def stack_size(self) -> Integers:
        """Bytes of stack."""
        return (self.stack_high - self.stack_low).astype(np.int64)

    @cached_property
    def status_name(self) -> Texts:
        """``_Grunnable``, ``_Gscanwaiting`` and so on, as the program's release names them."""
        return _named(self.status, lambda status: g_status_name(status, self.facts.named_as))

    @cached_property
    def waits_for(self) -> Texts:
        """The runtime's words for why it waits; empty of one that does not."""
        reasons = self.facts.wait_reasons
        named = _named(self.wait_reason, lambda reason: reasons[reason] if reason < len(reasons) else "")
        return np.where(self.state == G_WAITING, named, "")

    @cached_property
    def function(self) -> Texts:
        """The function with which it started."""
        return self.facts.code.names(self.start_pc)

    @cached_property
    def creator_function(self) -> Texts:
        """The function in which its go statement is."""
        return self.facts.code.names(_calls(self.creator_pc))

    def stack(self, row: int) -> tuple[str, ...]:
        """Names of the functions on the top of its stack, the innermost first (needs stacks=True)."""
        if self.frames is None:
            return ()
        pcs = self.frames[row][self.frames[row] != 0]
        pcs = np.concatenate([pcs[:1], _calls(pcs[1:])])
        return tuple(str(name) for name in self.facts.code.names(pcs))


@dataclass(frozen=True, slots=True)
class Scheduler:
    """``runtime.sched``: counts of the whole scheduler. ``runq_size`` is the length of the global queue."""

    gomaxprocs: int
    goidgen: int | None
    nmidle: int | None
    nmidlelocked: int | None
    mnext: int | None
    nmsys: int | None
    ngsys: int | None
    ngsyscall_no_p: int | None
    npidle: int | None
    nmspinning: int | None
    needspinning: int | None
    runq_size: int | None
    gcwaiting: bool | None
    stopwait: int | None
    sysmonwait: bool | None


def owner(pointers: npt.NDArray[np.uint64], addresses: Addresses, ids: Integers) -> Integers:
    """The id of what each pointer points to; -1 for null, and for what is at none of the ``addresses``."""
    if not len(addresses):
        return np.full(pointers.shape, NOBODY, np.int64)
    order = np.argsort(addresses)
    at = np.minimum(np.searchsorted(addresses, pointers, sorter=order), len(addresses) - 1)
    row = order[at]
    return np.where(addresses[row] == pointers, ids[row], NOBODY).astype(np.int64)


def _calls(pcs: Addresses) -> Addresses:
    """Addresses to return to, as addresses of the calls."""
    return np.where(pcs > 0, pcs - np.uint64(1), pcs)


def _named(numbers: npt.NDArray[np.generic], name: Callable[[int], str]) -> Texts:
    values, back = np.unique(numbers, return_inverse=True)
    found: Texts = np.array([name(int(value)) for value in values], dtype=object)[back]
    return found
