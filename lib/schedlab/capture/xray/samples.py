"""Many brief looks at the scheduler, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from schedlab.capture.xray.core import Arrangement
from schedlab.capture.xray.fields import OF_SCHED
from schedlab.capture.xray.memory import Addresses, Integers
from schedlab.capture.xray.reader import Brief
from schedlab.capture.xray.snapshot import Columns, procs, threads
from schedlab.capture.xray.tables import NOBODY, Facts, Flags, Procs, Threads, owner

_T = TypeVar("_T", Procs, Threads)


@dataclass(frozen=True, slots=True)
class Part:
    """Samples in a row with the same Ps and Ms: ``words`` and ``references`` have a row for each."""

    arrangement: Arrangement
    words: Addresses
    references: Integers


@dataclass(frozen=True, eq=False)
class GoroutineStates:
    """Living goroutines, a row for each one in each sample. Columns as in ``Goroutines``."""

    sample: Integers
    id: Integers
    status: npt.NDArray[np.uint32]
    wait_reason: npt.NDArray[np.uint8]
    m: Integers
    start_pc: Addresses
    creator: Integers

    def __len__(self) -> int:
        return len(self.id)


@dataclass(frozen=True, eq=False)
class Samples:
    """What ``Xray.sample`` saw. Times are time.monotonic_ns, one for each sample; ``hz`` was asked for.

    ``late``: moments at which a sample was due and none was taken, because the one before took too long or
    this process did not get a CPU. ``ended``: why there are no more, "" if all that was asked for is there.
    Local queues' lengths are in ``ps``; which goroutines are in them only a snapshot says.
    """

    pid: int
    program: str
    hz: float
    begin_ns: Integers
    end_ns: Integers
    torn: Flags
    late: int
    ended: str
    parts: tuple[Part, ...]
    gs: GoroutineStates | None
    facts: Facts

    def __len__(self) -> int:
        return len(self.begin_ns)

    @cached_property
    def ps(self) -> Procs:
        """The Ps of all samples, one after the other; ``p_sample`` says of which sample a row is."""
        return _joined(
            [
                procs(part.arrangement, part.words.view(np.uint8), part.references, self.facts, compact=True)
                for part in self.parts
            ]
        )

    @cached_property
    def ms(self) -> Threads:
        """The Ms of all samples, as ``ps``; ``m_sample``."""
        return _joined(
            [
                threads(part.arrangement, part.words.view(np.uint8), part.references, compact=True)
                for part in self.parts
            ]
        )

    @cached_property
    def p_sample(self) -> Integers:
        """The sample of each row of ``ps``."""
        return np.repeat(np.arange(len(self)), self.gomaxprocs)

    @cached_property
    def m_sample(self) -> Integers:
        """The sample of each row of ``ms``."""
        return np.repeat(
            np.arange(len(self)), self._per_sample([len(part.arrangement.ms) for part in self.parts])
        )

    @cached_property
    def gomaxprocs(self) -> Integers:
        """The number of Ps in each sample."""
        return self._per_sample([len(part.arrangement.ps) for part in self.parts])

    @cached_property
    def sched(self) -> Mapping[str, Integers | None]:
        """The scheduler's counts by name, as in ``Scheduler``, one for each sample."""
        found: dict[str, Integers | None] = {}
        columns = [
            part.arrangement.columns("sched", part.words.view(np.uint8), compact=True) for part in self.parts
        ]
        for name in OF_SCHED:
            if name != "runq_head":
                each = [part[name] for part in columns]
                known = [column.ravel().astype(np.int64) for column in each if column is not None]
                found[name] = np.concatenate(known) if len(known) == len(each) else None
        return found

    def _per_sample(self, per_part: Sequence[int]) -> Integers:
        return np.repeat(np.array(per_part, np.int64), [len(part.words) for part in self.parts])


class Collector:
    """Takes in samples as they come, with as little work for each as can be."""

    def __init__(self) -> None:
        self.begin: list[int] = []
        self.end: list[int] = []
        self.torn: list[bool] = []
        self._arrangements: list[Arrangement] = []
        self._rows: list[list[tuple[Addresses, Integers]]] = []
        self._gs: list[tuple[Arrangement, Columns]] = []

    def add(self, read: Brief) -> None:
        """One sample, as ``Reader.brief`` gives it."""
        arrangement, words, references, herd, torn = read
        if not self._arrangements or self._arrangements[-1] is not arrangement:
            self._arrangements.append(arrangement)
            self._rows.append([])
        self._rows[-1].append((words, references))
        self.torn.append(torn)
        if herd is not None:
            self._gs.append((arrangement, _living(herd)))

    def parts(self) -> tuple[Part, ...]:
        """All samples, grouped by the Ps and Ms that there were."""
        return tuple(
            Part(arrangement, np.stack([words for words, _ in rows]), np.stack([ids for _, ids in rows]))
            for arrangement, rows in zip(self._arrangements, self._rows, strict=True)
        )

    def gs(self, parts: Sequence[Part]) -> GoroutineStates | None:
        """The goroutines of all samples; None if none were asked for."""
        if not self._gs:
            return None
        ids = {id(part.arrangement): _ids_of_ms(part) for part in parts}
        m = [
            owner(_column(herd, "m", np.uint64), arrangement.ms, ids[id(arrangement)])
            for arrangement, herd in self._gs
        ]
        kinds: dict[str, type[Any]] = {
            "id": np.int64,
            "status": np.uint32,
            "wait_reason": np.uint8,
            "start_pc": np.uint64,
            "creator": np.int64,
        }
        columns = {
            name: np.concatenate([_column(herd, name, kind) for _, herd in self._gs])
            for name, kind in kinds.items()
        }
        sample = np.repeat(np.arange(len(m)), [len(each) for each in m])
        return GoroutineStates(sample=sample, m=np.concatenate(m), **columns)


def _living(herd: Columns) -> Columns:
    """The columns that samples keep, of those that are goroutines."""
    status = herd["status"]
    assert status is not None
    rows = np.flatnonzero(~np.isin(status.astype(np.int64) & 0xFFF, (0, 6, 11)))
    return {
        name: None if column is None else column.take(rows)
        for name, column in herd.items()
        if name in ("id", "status", "wait_reason", "m", "start_pc", "creator")
    }


def _column(herd: Columns, name: str, kind: type[Any]) -> npt.NDArray[Any]:
    column, id_ = herd[name], herd["id"]
    assert id_ is not None
    return np.full(len(id_), NOBODY).astype(kind) if column is None else column.astype(kind)


def _ids_of_ms(part: Part) -> Integers:
    column = part.arrangement.columns("m", part.words[:1].view(np.uint8), compact=True)["id"]
    assert column is not None
    ids: Integers = column.ravel().astype(np.int64)
    return ids


def _joined(tables: Sequence[_T]) -> _T:
    """The rows of one table after those of the other."""
    first = tables[0]
    columns: dict[str, Any] = {}
    for field in fields(first):
        values = [getattr(table, field.name) for table in tables]
        columns[field.name] = np.concatenate(values) if isinstance(values[0], np.ndarray) else values[0]
    return type(first)(**columns)
