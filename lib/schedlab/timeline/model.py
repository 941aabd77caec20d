"""The Timeline: spans, marks, counters and stacks, in columns."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from schedlab.capture import exectrace
from schedlab.timeline import functions
from schedlab.timeline.choose import spans_with, window
from schedlab.timeline.columns import Table
from schedlab.timeline.enums import NOBODY, OPEN_END, OPEN_START, Lane, Provenance, State
from schedlab.timeline.threads import threads_lane

if TYPE_CHECKING:
    # Half a second to import: only who asks for a table waits for it.
    import pandas as pd
    import pyarrow as pa

    from schedlab.capture.schedtrace import SchedTrace


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

    ``spans`` has a row per state of a goroutine, a P or an M (``lane``), in the order in which they ended:
    ``start`` and ``dur`` in ns since the first event; ``p``; ``m``, an index into ``threads``; ``id``, a
    row of ``goroutines``, the P's number or an index into ``threads``; ``reason``; ``stack``, the
    goroutine's own when the span began; ``end``, its own when a running span ended, else that of whoever
    ended or caused the span; ``cause``, the goroutine that made it runnable and, of an M's span, the one
    that it runs or whose system call it is in. ``flags`` says what reaches over the capture's beginning or
    end.

    ``goroutines`` has ``id``, ``created`` and ``ended`` (ns, -1 unseen), ``creator`` (a row, -1 unknown),
    ``start`` (the stack with which it began) and ``function`` (with which it started, 0 unknown).
    ``threads`` are the system's numbers of threads, or schedtrace's of Ms.

    ``provenance`` says of each column, by ``"table.column"``, where it comes from: of its rows the least
    sure one decides. Of an execution trace all are recorded, but ``spans.stack`` and ``spans.end``: where
    the trace gives a span no stack, it has that of its neighbour, which is **derived**. So is
    ``goroutines.function``. ``lost`` says what a damaged or cut capture lacks; it is empty for a whole one.
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
    provenance: Mapping[str, Provenance]

    @staticmethod
    def load(source: exectrace.Source) -> Timeline:
        """A Timeline of a Go execution trace: a file, its bytes, an open binary file, a living program's URL.

        The columns are files in a temporary folder, which goes when the Timeline goes. ``exectrace.read``
        says what is read, and what of a damaged trace is given.

        Raises:
            NotATrace: there is no trace in it.
            CaptureError: it cannot be read.
            WallLimitExceeded: reading took more than a quarter of an hour.
        """
        folder = Path(tempfile.mkdtemp(prefix="schedlab-timeline-"))
        try:
            trace = exectrace.read(source, folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        # Windows of this Timeline share its columns: the folder lives as long as the first array does.
        weakref.finalize(trace.tables["spans"]["lane"], shutil.rmtree, folder, ignore_errors=True)
        return _of_trace(trace, _named(source))

    @staticmethod
    def from_schedtrace(trace: SchedTrace) -> Timeline:
        """A Timeline of what GODEBUG=schedtrace printed; everything in it is **sampled**.

        Each SCHED line gives ``counters`` (``sched.runqueue``, ``sched.runq`` with its P, …); what the
        release does not print has no row. With scheddetail there are spans of all three lanes: a state that
        a sample shows is taken to last until the next sample, and equal ones in a row are one span. What
        happened between two samples is not in it. ``meta`` has the number of ``samples`` and ``snapshots``
        and the median ``period_ns`` between samples. An M that is SCHEDULING or IDLE has schedtrace's word
        for it, "spinning" or "blocked", as its reason.

        Raises:
            UsageError: there is no SCHED line, or the time goes back (several programs' output).
        """
        from schedlab.timeline.sampled import from_schedtrace

        return from_schedtrace(trace)

    @staticmethod
    def open(path: Path | str) -> Timeline:
        """A Timeline that ``save`` wrote. The columns are mapped into memory; none is read yet.

        Raises:
            NotATimeline: there is none in the file.
            NewerFormat: a later schedlab wrote it.
            DamagedTimeline: the file was cut, or is not as it was written.
            TimelineError: the file cannot be read.
        """
        from schedlab.timeline.files import open_timeline

        return open_timeline(Path(path))

    def save(self, path: Path | str, *, overwrite: bool = False) -> None:
        """Write everything to one file, for ``Timeline.open``. The usual suffix is ``.timeline``.

        The file is an uncompressed tar of Arrow IPC files, one per table, and ``meta.json``; ``tar xf``
        takes it apart for other tools. It appears whole or not at all. For one table of the spans in
        Parquet, write ``to_arrow()`` with ``pyarrow.parquet.write_table``.

        Raises:
            TimelineExists: there is such a file, and ``overwrite`` is False.
            TimelineNotWritten: no space, no folder, no permission; ``meta`` has what JSON has not.
        """
        from schedlab.timeline.files import save_timeline

        save_timeline(self, Path(path), overwrite=overwrite)

    @property
    def duration_ns(self) -> int:
        """From the capture's first event to its last, also in a window."""
        return int(self.meta["duration_ns"])

    @property
    def bounds_ns(self) -> tuple[int, int]:
        """The window that this Timeline is of: the whole capture, or what ``window`` was asked for."""
        start, end = self.meta.get("window_ns", (0, self.duration_ns))
        return int(start), int(end)

    @property
    def lost(self) -> str:
        """What the capture lacks, such as why it ends before its end; empty for a whole one."""
        return str(self.meta["lost"])

    @property
    def goroutine_function(self) -> functions.Numbers:
        """The function with which each goroutine started: text numbers, by row; 0 unknown.

        Of a goroutine that is older than the capture it is the outermost function on any of its stacks.
        """
        return self.goroutines["function"]

    @cached_property
    def leaf_function(self) -> functions.Numbers:
        """The function in which each stack ends: text numbers, ``(stacks,)``; 0 for an empty one."""
        return functions.innermost(self.stacks, self.frames)

    @cached_property
    def outer_function(self) -> functions.Numbers:
        """The function with which each stack begins: text numbers, ``(stacks,)``; 0 for an empty one."""
        return functions.outermost(self.stacks, self.frames)

    def names(self, numbers: npt.NDArray[Any]) -> npt.NDArray[np.object_]:
        """The texts that text numbers stand for, in the same shape."""
        found: npt.NDArray[np.object_] = self._texts[numbers]
        return found

    def __len__(self) -> int:
        """The number of spans."""
        return len(self.spans["start"])

    def window(self, start_ns: int, end_ns: int, *, cut: bool = False) -> Timeline:
        """The spans and marks that overlap ``[start_ns, end_ns)``, the counters and samples inside it.

        They are whole, or with ``cut`` only the part that is in the window; what was cut is OPEN_START or
        OPEN_END. Times stay those of the capture. ``meta["window_ns"]`` and ``bounds_ns`` say which window.

        Raises:
            UsageError: the window is empty.
        """
        return window(self, start_ns, end_ns, cut=cut)

    def filter(
        self,
        *,
        p: int | None = None,
        goroutine: int | None = None,
        function: str | None = None,
        state: State | None = None,
        lane: Lane | None = None,
        region: str | None = None,
        reason: str | None = None,
        min_dur_ns: int | None = None,
    ) -> Timeline:
        """The spans to which all of these apply; marks, counters and samples stay as they are.

        ``goroutine`` is its id. ``function`` is part of the name of a function on ``stack``. ``reason`` is
        one of ``reasons``, whole. ``region`` is the name of the program's regions and tasks (runtime/trace):
        it chooses the goroutine spans that overlap, on the same goroutine, a region of that name, a region
        (of any name) of a task of that name, or such a task on the goroutine that the trace names for it
        (the one that began it; if that was not seen, the one that ended it).

        Raises:
            UsageError: there is no such goroutine.
        """
        return spans_with(
            self,
            p=p,
            goroutine=goroutine,
            function=function,
            state=state,
            lane=lane,
            region=region,
            reason=reason,
            min_dur_ns=min_dur_ns,
        )

    def threads_lane(self) -> Timeline:
        """What each M did: a Timeline with the same tables, whose spans are of lane THREAD.

        ``id`` and ``m`` are the index into ``threads``. RUNNING: it runs the goroutine ``cause``, on P
        ``p``. SYSCALL: the goroutine ``cause``, which came from P ``p``, is in a system call on it.
        SCHEDULING: it holds P ``p``, with no goroutine. IDLE: none of these; it is parked, or outside of
        Go. ``reason``, ``stack`` and ``end`` are the goroutine's. An M is known from its first span to its
        last; in between its spans follow one another without gap. A goroutine's span of no duration
        leaves none. Derived from goroutines' and Ps' spans; where the capture has Ms' own (scheddetail),
        these are given.

        Raises:
            UsageError: the capture is too long for its threads (years).
        """
        return threads_lane(self)

    def span(self, row: int) -> Span:
        """One row of ``spans`` in words."""
        value = {name: int(column[row]) for name, column in self.spans.items()}
        lane = Lane(value["lane"])
        return Span(
            lane=lane,
            id=self._name_of(lane, value["id"]),
            state=State(value["state"]),
            start_ns=value["start"],
            dur_ns=value["dur"],
            p=None if value["p"] == NOBODY else value["p"],
            thread=None if value["m"] == NOBODY else self.threads[value["m"]],
            reason=self.reasons[value["reason"]],
            cause=None if value["cause"] == NOBODY else self._name_of(Lane.GOROUTINE, value["cause"]),
            stack=self.stack(value["stack"]),
            end_stack=self.stack(value["end"]),
            open_start=bool(value["flags"] & OPEN_START),
            open_end=bool(value["flags"] & OPEN_END),
        )

    def stack(self, number: int) -> tuple[str, ...]:
        """Function names of a stack, the innermost first."""
        start, end = int(self.stacks["start"][number]), int(self.stacks["start"][number + 1])
        functions_of_frames = self.frames["function"][self.stacks["frame"][start:end]]
        return tuple(self.texts[int(function)] for function in functions_of_frames)

    def to_arrow(self) -> pa.Table:
        """The spans with names, one row each; what a row does not have is null.

        Columns: ``lane``, ``state``, ``reason``, ``function`` and ``end_function`` (innermost on ``stack``
        and on ``end``) as dictionaries; ``id`` (the goroutine's, the P's, the thread's), ``start_ns``,
        ``dur_ns``, ``p``, ``thread``, ``cause`` (a goroutine's id), ``stack`` and ``end_stack`` (numbers for
        ``Timeline.stack``); ``open_start``, ``open_end``, ``kept_p``. Columns that need no change share
        their memory with this Timeline.
        """
        from schedlab.timeline.tables import to_arrow

        return to_arrow(self)

    def to_pandas(self) -> pd.DataFrame:
        """The table of ``to_arrow`` for pandas: names are categories, what a row has not is ``<NA>``."""
        from schedlab.timeline.tables import to_pandas

        return to_pandas(self)

    def __repr__(self) -> str:
        lost = f", incomplete: {self.lost}" if self.lost else ""
        goroutines, ms = len(self.goroutines["id"]), self.duration_ns / 1e6
        return f"Timeline({len(self)} spans, {goroutines} goroutines, {ms:.3f} ms{lost})"

    def _repr_html_(self) -> str:
        from schedlab.timeline.html import card

        return card(self)

    @cached_property
    def _texts(self) -> npt.NDArray[np.object_]:
        return np.array([*self.texts], dtype=object)

    def _name_of(self, lane: Lane, number: int) -> int:
        """The runtime's number for what a row of ``goroutines``, a P or an index into ``threads`` is."""
        match lane:
            case Lane.GOROUTINE:
                return int(self.goroutines["id"][number])
            case Lane.THREAD:
                return self.threads[number]
        return number


def _named(source: exectrace.Source) -> str:
    match source:
        case Path():
            return str(source)
        case exectrace.LiveUrl():
            return source.url
    return type(source).__name__


def _of_trace(trace: exectrace.ExecTrace, source: str) -> Timeline:
    counters = dict(trace.tables["counters"])
    # What a trace counts, it counts for the whole program.
    counters.setdefault("p", np.full(len(counters["time"]), NOBODY, np.int16))
    tables = {
        **{name: trace.tables[name] for name in ("spans", "marks", "samples", "stacks", "frames")},
        "counters": counters,
        "goroutines": _goroutines(trace),
    }
    derived = {"spans.stack", "spans.end", "goroutines.function"}
    return Timeline(
        **tables,
        texts=trace.texts,
        reasons=trace.reasons,
        threads=trace.threads,
        meta={
            "source": source,
            "events": trace.events,
            "duration_ns": trace.duration_ns,
            "bytes_read": trace.bytes_read,
            "bytes_lost": trace.bytes_lost,
            "lost": trace.lost,
            "reader": trace.reader,
        },
        provenance={
            column: Provenance.DERIVED if column in derived else Provenance.RECORDED
            for column in (f"{table}.{name}" for table, columns in tables.items() for name in columns)
        },
    )


def _goroutines(trace: exectrace.ExecTrace) -> Table:
    """One row per goroutine, from the reader's four tables."""
    ids = trace.tables["goroutines"]["id"]
    creations, endings = trace.tables["creations"], trace.tables["endings"]
    created, ended = np.full(len(ids), -1, np.int64), np.full(len(ids), -1, np.int64)
    creator, start = np.full(len(ids), NOBODY, np.int32), np.zeros(len(ids), np.uint32)
    created[creations["goroutine"]] = creations["time"]
    creator[creations["goroutine"]] = creations["creator"]
    start[creations["goroutine"]] = creations["start"]
    ended[endings["goroutine"]] = endings["time"]
    sightings = trace.tables["sightings"]
    hints = start.copy()
    hints[sightings["goroutine"]] = sightings["stack"]
    outer = functions.outermost(trace.tables["stacks"], trace.tables["frames"])
    function = functions.of_goroutines(hints, trace.tables["spans"], outer, trace.texts)
    return {
        "id": ids,
        "created": created,
        "ended": ended,
        "creator": creator,
        "start": start,
        "function": function,
    }
