"""What was in the scheduler at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from schedlab.capture.xray.core import Arrangement
from schedlab.capture.xray.memory import Addresses, Bytes, Integers
from schedlab.capture.xray.tables import Facts, Goroutines, Procs, Scheduler, Threads, owner

Columns = Mapping[str, npt.NDArray[np.generic] | None]

# As many as are followed from the head of the global queue.
_MOST_QUEUED = 1 << 20


@dataclass(frozen=True, slots=True)
class Raw:
    """What was read, before it is put into words: made in microseconds, understood when asked for.

    ``references`` are goroutine ids for ``Arrangement.references``; ``queues`` those in each local queue.
    """

    arrangement: Arrangement
    buffer: Bytes
    references: Integers
    queues: tuple[Integers, ...]
    herd: Columns | None
    frames: Addresses | None


@dataclass(frozen=True, eq=False)
class Snapshot:
    """All Ps, Ms and, if they were asked for, Gs, read from ``begin_ns`` to ``end_ns`` (time.monotonic_ns).

    ``torn``: something changed during the reading, at every one of ``tries``; what was seen in different
    places need not belong together. ``stopped_ns``: how long the process stood still for this; None if it
    did not.

    Also a snapshot of a process that stands still shows the scheduler at work: a P whose M is about to give
    it up, a goroutine between two states. That is what was in memory.
    """

    begin_ns: int
    end_ns: int
    torn: bool
    tries: int
    stopped_ns: int | None
    raw: Raw
    facts: Facts

    @cached_property
    def sched(self) -> Scheduler:
        """The scheduler's own counts."""
        return scheduler(self.raw.arrangement, self.raw.buffer)

    @cached_property
    def ps(self) -> Procs:
        """All Ps, ``ps.id`` being 0, 1, …"""
        return procs(self.raw.arrangement, self.raw.buffer, self.raw.references, self.facts, compact=False)

    @cached_property
    def ms(self) -> Threads:
        """All Ms."""
        return threads(self.raw.arrangement, self.raw.buffer, self.raw.references, compact=False)

    @cached_property
    def gs(self) -> Goroutines | None:
        """All Gs; None if they were not asked for."""
        if self.raw.herd is None:
            return None
        return goroutines(self.raw.herd, self.raw.frames, self.raw.arrangement.ms, self.ms.id, self.facts)

    @property
    def queues(self) -> tuple[Integers, ...]:
        """For each P the ids of the goroutines in its local queue, the next to run first."""
        return self.raw.queues

    @cached_property
    def global_queue(self) -> Integers | None:
        """The ids of the goroutines in the global queue, the next to run first; None without Gs."""
        if self.gs is None:
            return None
        head = self.raw.arrangement.columns("sched", self.raw.buffer, compact=False)["runq_head"]
        assert head is not None
        rows = owner(self.gs.next, self.gs.address, np.arange(len(self.gs)))
        first = owner(head.astype(np.uint64), self.gs.address, np.arange(len(self.gs)))
        found: list[int] = []
        at = int(first[0])
        # A list that is changed while it is read may lead into another, or in a circle.
        while at >= 0 and len(found) < min(len(rows), _MOST_QUEUED):
            found.append(int(self.gs.id[at]))
            at = int(rows[at])
        return np.array(found, np.int64)

    @property
    def goroutines(self) -> int | None:
        """What runtime.NumGoroutine says: those alive without the runtime's own. None without Gs."""
        if self.gs is None or self.sched.ngsys is None:
            return None
        # The g of an M that waits for a thread of C's is dead, but ngsys has it (oneNewExtraM in proc.go).
        waiting = self.ms.curg[self.ms.extra] if self.ms.extra is not None else self.ms.curg[:0]
        extra = np.isin(waiting, self.gs.id[~self.gs.alive]).sum()
        return int(self.gs.alive.sum() + extra) - self.sched.ngsys


def procs(
    arrangement: Arrangement, buffer: Bytes, references: Integers, facts: Facts, *, compact: bool
) -> Procs:
    """The Ps of one buffer, or of ``(n, …)`` compact ones, one after the other; so with ``references``."""
    columns = arrangement.columns("p", buffer, compact=compact)
    names = ("status", "schedtick", "syscalltick", "head", "tail")
    found = {name: _flat(columns[name]) for name in names}
    m_ids = _m_ids(arrangement, buffer, compact=compact)
    runnext = references[..., 2 * len(arrangement.ms) :].ravel()
    return Procs(
        id=_flat(columns["id"]).astype(np.int64),
        m=_owned(columns["m"], arrangement.ms, m_ids),
        runnext=runnext,
        facts=facts,
        **found,
    )


def threads(arrangement: Arrangement, buffer: Bytes, references: Integers, *, compact: bool) -> Threads:
    """The Ms, as ``procs`` gives the Ps."""
    columns = arrangement.columns("m", buffer, compact=compact)
    ms, p_ids = len(arrangement.ms), np.arange(len(arrangement.ps))
    found: dict[str, Any] = {
        name: _optional(columns[name], kind)
        for name, kind in (
            ("spinning", np.bool_),
            ("blocked", np.bool_),
            ("in_cgo", np.bool_),
            ("cgo_calls", np.int64),
            ("locks", np.int64),
            ("extra", np.bool_),
        )
    }
    return Threads(
        id=_flat(columns["id"]).astype(np.int64),
        thread=_flat(columns["thread"]).astype(np.int64),
        curg=references[..., :ms].ravel(),
        lockedg=references[..., ms : 2 * ms].ravel(),
        p=_owned(columns["p"], arrangement.ps, p_ids),
        nextp=_owned(columns["nextp"], arrangement.ps, p_ids),
        oldp=_owned(columns["oldp"], arrangement.ps, p_ids),
        **found,
    )


def goroutines(
    herd: Columns, frames: Addresses | None, ms: Addresses, m_ids: Integers, facts: Facts
) -> Goroutines:
    """The Gs, with ids instead of pointers."""
    names = {field.name for field in fields(Goroutines)}
    found: dict[str, Any] = {name: column for name, column in herd.items() if name in names}
    found["id"] = _flat(herd["id"]).astype(np.int64)
    found["creator"] = _optional(herd["creator"], np.int64)
    for name in ("m", "lockedm"):
        found[name] = _owned(herd[name], ms, m_ids)
    return Goroutines(**found, frames=frames, facts=facts)


def scheduler(arrangement: Arrangement, buffer: Bytes) -> Scheduler:
    """The counts of one buffer."""
    columns = arrangement.columns("sched", buffer, compact=False)
    names = [field.name for field in fields(Scheduler) if field.name != "gomaxprocs"]
    values: dict[str, Any] = {
        name: None if (column := columns[name]) is None else column.tolist()[0] for name in names
    }
    return Scheduler(gomaxprocs=len(arrangement.ps), **values)


def _m_ids(arrangement: Arrangement, buffer: Bytes, *, compact: bool) -> Integers:
    """An M keeps its id: those of the first buffer are those of all."""
    column = arrangement.columns("m", buffer, compact=compact)["id"]
    assert column is not None
    ids: Integers = column.reshape(-1, max(1, len(arrangement.ms)))[:1].ravel().astype(np.int64)
    return ids


def _flat(column: npt.NDArray[np.generic] | None) -> npt.NDArray[Any]:
    assert column is not None
    return column.ravel()


def _optional(column: npt.NDArray[np.generic] | None, kind: type[Any]) -> npt.NDArray[Any] | None:
    return None if column is None else column.ravel().astype(kind)


def _owned(column: npt.NDArray[np.generic] | None, addresses: Addresses, ids: Integers) -> Integers:
    return owner(_flat(column).astype(np.uint64), addresses, ids)
