"""The Timeline: spans, marks, counters and stacks, in columns."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from schedlab.capture import exectrace
from schedlab.errors import UsageError

if TYPE_CHECKING:
    # Half a second to import: only who asks for a table waits for it.
    import pandas as pd

Table = Mapping[str, npt.NDArray[Any]]


class Lane(IntEnum):
    """Whose life a span is part of. The numbers are those of the columns."""

    GOROUTINE = 0
    PROC = 1


class State(IntEnum):
    """What a goroutine, or a P (RUNNING or IDLE), did during a span."""

    UNKNOWN = 0
    RUNNABLE = 1
    RUNNING = 2
    WAITING = 3
    SYSCALL = 4
    IDLE = 5


class MarkKind(IntEnum):
    """What a mark is: a range of the runtime (STW, GC, assist, sweep), or what the program said."""

    RANGE = 0
    TASK = 1
    REGION = 2
    LOG = 3
    LABEL = 4


OPEN_START, OPEN_END = 1, 2
NOBODY = -1


@dataclass(frozen=True, slots=True)
class Span:
    """One span, with names instead of numbers. Times are ns since the trace's first event."""

    lane: Lane
    id: int
    state: State
    start_ns: int
    dur_ns: int
    p: int | None
    thread: int | None
    reason: str
    cause: int | None
    stack: tuple[str, ...]
    end_stack: tuple[str, ...]
    open_start: bool
    open_end: bool


@dataclass(frozen=True, eq=False)
class Timeline:
    """Everything that a capture says about G, M and P, on one clock.

    ``spans`` has a row per state of a goroutine or a P (``lane``), in the order in which they ended:
    ``start`` and ``dur`` in ns since the first event; ``p``; ``m``, an index into ``threads``; ``id``, a
    row of ``goroutines`` or the P's number; ``reason``; ``stack``, the goroutine's own when the span began;
    ``end``, its own when a running span ended, else that of whoever ended or caused the span; ``cause``,
    the goroutine that made it runnable. ``flags`` says what reaches over the capture's beginning or end.

    ``goroutines`` has ``id``, ``created`` and ``ended`` (ns, -1 unseen), ``creator`` (a row, -1 unknown),
    ``start`` (the stack with which it began). All columns of an execution trace are **recorded**, but
    ``end`` and ``stack`` of a span that the trace gives no stack for, which are **derived** from its
    neighbour. ``lost`` says why a damaged or cut capture ends early; it is empty for a whole one.
    """

    spans: Table
    marks: Table
    counters: Table
    samples: Table
    goroutines: Table
    stacks: Table
    frames: Table
    texts: tuple[str, ...]
    reasons: tuple[str, ...]
    threads: tuple[int, ...]
    meta: Mapping[str, Any]

    @staticmethod
    def load(source: exectrace.Source) -> Timeline:
        """A Timeline of a Go execution trace (a file, its bytes, or an open binary file).

        The columns are files in a temporary folder, which goes when the Timeline goes.

        Raises:
            NotATrace: there is no trace in it.
            CaptureError: it cannot be read.
        """
        folder = Path(tempfile.mkdtemp(prefix="schedlab-timeline-"))
        try:
            trace = exectrace.read(source, folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        timeline = Timeline(
            **{
                name: trace.tables[name]
                for name in ("spans", "marks", "counters", "samples", "stacks", "frames")
            },
            goroutines=_goroutines(trace),
            texts=trace.texts,
            reasons=trace.reasons,
            threads=trace.threads,
            meta={
                "source": str(source) if isinstance(source, Path) else type(source).__name__,
                "events": trace.events,
                "duration_ns": trace.duration_ns,
                "bytes_read": trace.bytes_read,
                "lost": trace.lost,
            },
        )
        # Windows of this Timeline share its columns: the folder lives as long as the first array does.
        weakref.finalize(trace.tables["spans"]["lane"], shutil.rmtree, folder, ignore_errors=True)
        return timeline

    @property
    def duration_ns(self) -> int:
        """From the first event to the last."""
        return int(self.meta["duration_ns"])

    @property
    def lost(self) -> str:
        """Why the capture ends before its end; empty for a whole one."""
        return str(self.meta["lost"])

    def __len__(self) -> int:
        """The number of spans."""
        return len(self.spans["start"])

    def window(self, start_ns: int, end_ns: int) -> Timeline:
        """The spans and marks that overlap ``[start_ns, end_ns)``, whole, not cut.

        Raises:
            UsageError: the window is empty.
        """
        if end_ns <= start_ns:
            raise UsageError(
                f"no window from {start_ns} to {end_ns} ns", remedy="Give the earlier time first."
            )
        return replace(
            self,
            spans=_chosen(self.spans, _overlap(self.spans, start_ns, end_ns)),
            marks=_chosen(self.marks, _overlap(self.marks, start_ns, end_ns)),
            counters=_chosen(self.counters, _inside(self.counters, start_ns, end_ns)),
            samples=_chosen(self.samples, _inside(self.samples, start_ns, end_ns)),
        )

    def filter(
        self,
        *,
        p: int | None = None,
        goroutine: int | None = None,
        state: State | None = None,
        lane: Lane | None = None,
        function: str | None = None,
    ) -> Timeline:
        """The spans to which all of these apply. ``function`` is part of the name of a function on ``stack``.

        Raises:
            UsageError: there is no such goroutine.
        """
        keep = np.ones(len(self), dtype=bool)
        if p is not None:
            keep &= self.spans["p"] == p
        if state is not None:
            keep &= self.spans["state"] == int(state)
        if lane is not None:
            keep &= self.spans["lane"] == int(lane)
        if goroutine is not None:
            rows = np.flatnonzero(self.goroutines["id"] == goroutine)
            if not len(rows):
                raise UsageError(f"no goroutine {goroutine} is in this timeline")
            keep &= (self.spans["lane"] == int(Lane.GOROUTINE)) & np.isin(self.spans["id"], rows)
        if function is not None:
            keep &= np.isin(self.spans["stack"], self._stacks_with(function))
        return replace(self, spans=_chosen(self.spans, keep))

    def span(self, row: int) -> Span:
        """One row of ``spans`` in words."""
        value = {name: int(column[row]) for name, column in self.spans.items()}
        lane = Lane(value["lane"])
        return Span(
            lane=lane,
            id=self._goroutine_id(value["id"]) if lane is Lane.GOROUTINE else value["id"],
            state=State(value["state"]),
            start_ns=value["start"],
            dur_ns=value["dur"],
            p=None if value["p"] == NOBODY else value["p"],
            thread=None if value["m"] == NOBODY else self.threads[value["m"]],
            reason=self.reasons[value["reason"]],
            cause=None if value["cause"] == NOBODY else self._goroutine_id(value["cause"]),
            stack=self.stack(value["stack"]),
            end_stack=self.stack(value["end"]),
            open_start=bool(value["flags"] & OPEN_START),
            open_end=bool(value["flags"] & OPEN_END),
        )

    def stack(self, number: int) -> tuple[str, ...]:
        """Function names of a stack, the innermost first."""
        start, end = int(self.stacks["start"][number]), int(self.stacks["start"][number + 1])
        functions = self.frames["function"][self.stacks["frame"][start:end]]
        return tuple(self.texts[int(function)] for function in functions)

    def to_pandas(self) -> pd.DataFrame:
        """The spans with names: one row each; what a row does not have is ``<NA>`` or None."""
        import pandas as pd

        spans = {name: np.asarray(column) for name, column in self.spans.items()}
        is_goroutine = spans["lane"] == int(Lane.GOROUTINE)
        rows = np.where(is_goroutine, spans["id"], 0)
        ids = np.where(is_goroutine, self.goroutines["id"][rows], spans["id"]) if len(self) else spans["id"]
        return pd.DataFrame(
            {
                "lane": _named(spans["lane"], [lane.name for lane in Lane]),
                "id": ids.astype(np.int64),
                "state": _named(spans["state"], [state.name for state in State]),
                "start_ns": spans["start"],
                "dur_ns": spans["dur"],
                "p": pd.Series(spans["p"], dtype="Int16").mask(spans["p"] == NOBODY),
                "reason": _named(spans["reason"], list(self.reasons)),
                "function": self._leaves()[spans["stack"]],
            }
        )

    def __repr__(self) -> str:
        lost = f", cut off: {self.lost}" if self.lost else ""
        goroutines, ms = len(self.goroutines["id"]), self.duration_ns / 1e6
        return f"Timeline({len(self)} spans, {goroutines} goroutines, {ms:.3f} ms{lost})"

    def _leaves(self) -> npt.NDArray[np.object_]:
        """The innermost function of each stack, '' for an empty one."""
        starts = np.asarray(self.stacks["start"], dtype=np.int64)
        names = np.array([*self.texts], dtype=object)
        leaves = np.full(len(starts) - 1, "", dtype=object)
        filled = starts[1:] > starts[:-1]
        first = np.asarray(self.stacks["frame"])[starts[:-1][filled]]
        leaves[filled] = names[np.asarray(self.frames["function"])[first]]
        return leaves

    def _stacks_with(self, part: str) -> npt.NDArray[np.int64]:
        wanted = [number for number, text in enumerate(self.texts) if part in text]
        frames = np.flatnonzero(np.isin(self.frames["function"], wanted))
        inside = np.isin(self.stacks["frame"], frames)
        positions = np.flatnonzero(inside)
        return np.unique(np.searchsorted(self.stacks["start"], positions, side="right") - 1)

    def _goroutine_id(self, row: int) -> int:
        return int(self.goroutines["id"][row])


def _named(codes: npt.NDArray[Any], names: list[str]) -> pd.Categorical[str]:
    import pandas as pd

    return pd.Categorical.from_codes(codes.astype(np.int16), pd.Index(names))


def _goroutines(trace: exectrace.ExecTrace) -> Table:
    """One row per goroutine, from the reader's three tables."""
    ids = trace.tables["goroutines"]["id"]
    creations, endings = trace.tables["creations"], trace.tables["endings"]
    created, ended = np.full(len(ids), -1, np.int64), np.full(len(ids), -1, np.int64)
    creator, start = np.full(len(ids), NOBODY, np.int32), np.zeros(len(ids), np.uint32)
    created[creations["goroutine"]] = creations["time"]
    creator[creations["goroutine"]] = creations["creator"]
    start[creations["goroutine"]] = creations["start"]
    ended[endings["goroutine"]] = endings["time"]
    return {"id": ids, "created": created, "ended": ended, "creator": creator, "start": start}


def _chosen(table: Table, keep: npt.NDArray[np.bool_]) -> Table:
    return {name: column[keep] for name, column in table.items()}


def _overlap(table: Table, start: int, end: int) -> npt.NDArray[np.bool_]:
    begin = np.asarray(table["start"], dtype=np.int64)
    stop = begin + np.asarray(table["dur"], dtype=np.int64)
    # A point, such as a log, has no duration and is inside if its time is.
    kept: npt.NDArray[np.bool_] = (begin < end) & ((stop > start) | ((begin == stop) & (begin >= start)))
    return kept


def _inside(table: Table, start: int, end: int) -> npt.NDArray[np.bool_]:
    time = np.asarray(table["time"], dtype=np.int64)
    return (time >= start) & (time < end)
