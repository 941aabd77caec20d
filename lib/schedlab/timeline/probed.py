"""Probes and an execution trace of the same run, on one clock.

Both take their time from ``nanotime``: the probes in ns, the trace in steps of 64 ns (``traceClockNow``,
runtime/tracetime.go). A Timeline counts from the trace's first event; the trace says when that was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from schedlab.capture.probes import NAMES, Events
from schedlab.errors import UsageError
from schedlab.timeline.columns import Table
from schedlab.timeline.enums import NOBODY, MarkKind
from schedlab.timeline.model import Timeline

# traceTimeDiv, runtime/tracetime.go, on every system that programs are run on here.
TICK_NS = 64
"""The step of a trace's clock: a time in it is up to so much too early."""

_HEADER_BYTES = 16
# EvEventBatch and EvExperimentalBatch, internal/trace/tracev2/events.go (Go 1.22 and newer).
_BATCHES = {1, 49}
_PREFIX = "probe "
_STEAL = _PREFIX + "steal"
_START_OF_TRACE = "stop-the-world (start trace)"


@dataclass(frozen=True, slots=True, eq=False)
class Steals:
    """Who took goroutines from whom, a row each, in the order of time; all columns int64.

    ``time``: ns of the Timeline. ``thief`` and ``victim``: numbers of Ps. ``taken``: how many goroutines.
    ``g``: the row of the one that the thief ran at once, NOBODY if the Timeline does not know it.
    """

    time: npt.NDArray[np.int64]
    thief: npt.NDArray[np.int64]
    victim: npt.NDArray[np.int64]
    taken: npt.NDArray[np.int64]
    g: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.time)


def origin_ns(trace: bytes | Path) -> int:
    """The time of a trace's first event, on the clock of ``nanotime``: the zero of its Timeline.

    A trace is a row of batches, each with a generation and its first time. The trace reader takes the least
    time of the first generation (``minTs``, internal/trace/generation.go) for its first event.

    Raises:
        UsageError: this is no trace of Go 1.22 or newer, or it is cut in its first generation.
    """
    data = trace if isinstance(trace, bytes) else trace.read_bytes()
    refused = UsageError("this is no execution trace of Go 1.22 or newer", remedy="Give the trace's file.")
    if not data.startswith(b"go 1.") or len(data) <= _HEADER_BYTES:
        raise refused
    at, first, times = _HEADER_BYTES, None, []
    while at < len(data) and data[at] in _BATCHES:
        # An experimental batch has a byte more: which experiment.
        at += 1 if data[at] == 1 else 2
        generation, at = _number(data, at)
        _, at = _number(data, at)
        time, at = _number(data, at)
        size, at = _number(data, at)
        if first not in (None, generation):
            break
        first = generation
        times.append(time)
        at += size
    if not times:
        raise refused
    return min(times) * TICK_NS


def recorded_from(timeline: Timeline) -> int:
    """When the trace began to record, in ns of the Timeline; 0 if it does not say.

    A trace's clock starts before the world is stopped to start it (``StartTrace``, runtime/trace.go). What
    the other Ps do until then is not in the trace, but is among the events of the probes.
    """
    names = timeline.names(timeline.marks["name"])
    stops = np.flatnonzero(names == _START_OF_TRACE)
    if not len(stops):
        return 0
    return int(timeline.marks["start"][stops[0]] + timeline.marks["dur"][stops[0]])


def with_probes(timeline: Timeline, events: Events, origin: int) -> Timeline:
    """``timeline`` with each event of a probe as a mark of no length.

    A mark is a LOG named ``probe KIND``, with the goroutine's row, the P, and as ``message`` the event's
    ``other`` and ``n``, such as ``3 2``: of a steal the victim P and how many. ``origin`` is
    ``origin_ns(trace)``. Events from before the trace recorded and from after it are left out; the
    goroutine of an event is NOBODY if the trace does not know it. The columns stay what they were: recorded.

    Raises:
        UsageError: none of the events is from the time of the trace: they are of another run.
    """
    start = events.time - origin
    begin, end = timeline.bounds_ns
    inside = (start >= max(begin, recorded_from(timeline))) & (start <= end)
    if len(events) and not inside.any():
        raise UsageError(
            "no event of the probes is from the time of this trace",
            remedy="Take both from one run: probes.run_traced.",
        )
    chosen = events.chosen(inside)
    texts = {text: number for number, text in reversed(list(enumerate(timeline.texts)))}
    added = _marks(timeline, chosen, start[inside], texts)
    marks = _by_start(timeline.marks, added)
    words = (*timeline.texts, *list(texts)[len(set(timeline.texts)) :])
    return replace(timeline, marks=marks, texts=words)


def steals(timeline: Timeline) -> Steals:
    """The steals among the marks of a Timeline; only one ``with_probes`` has any."""
    marks = timeline.marks
    numbers = [number for number, text in enumerate(timeline.texts) if text == _STEAL]
    rows = np.flatnonzero((marks["kind"] == MarkKind.LOG) & np.isin(marks["name"], numbers))
    said, back = np.unique(marks["message"][rows], return_inverse=True)
    pairs = np.array([_pair(timeline.texts[int(number)]) for number in said], np.int64).reshape(-1, 2)
    # A program may log what it likes, under this name too.
    sound = (pairs[back] >= 0).all(axis=1)
    rows, pairs = rows[sound], pairs[back][sound]
    return Steals(
        time=marks["start"][rows].astype(np.int64),
        thief=marks["p"][rows].astype(np.int64),
        victim=pairs[:, 0],
        taken=pairs[:, 1],
        g=marks["g"][rows].astype(np.int64),
    )


def rows_of(timeline: Timeline, goroutines: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """The row in ``timeline.goroutines`` of each goroutine id, NOBODY for an unknown one."""
    ids = np.asarray(timeline.goroutines["id"], dtype=np.int64)
    if not len(ids):
        return np.full(len(goroutines), NOBODY, np.int32)
    order = np.argsort(ids, kind="stable")
    place = np.minimum(np.searchsorted(ids, goroutines, sorter=order), len(ids) - 1)
    rows = order[place]
    known = (ids[rows] == goroutines) & (goroutines > 0)
    return np.where(known, rows, NOBODY).astype(np.int32)


def _pair(message: str) -> tuple[int, int]:
    """``other`` and ``n`` of a message; -1 twice if it is none of ours."""
    numbers = message.split(" ")
    if len(numbers) != 2 or not all(number.isascii() and number.isdigit() for number in numbers):
        return -1, -1
    other, n = (int(number) for number in numbers)
    return (other, n) if max(other, n) < 1 << 32 else (-1, -1)


def _marks(timeline: Timeline, events: Events, start: npt.NDArray[np.int64], texts: dict[str, int]) -> Table:
    highest = len(timeline.texts)

    def number(text: str) -> int:
        nonlocal highest
        if text not in texts:
            texts[text] = highest
            highest += 1
        return texts[text]

    kinds = np.array([number(_PREFIX + name) for name in NAMES], np.uint32)
    pairs, which = np.unique(
        np.stack([events.other, events.n.astype(np.int64)], axis=1), axis=0, return_inverse=True
    )
    messages = np.array([number(f"{other} {n}") for other, n in pairs.tolist()], np.uint32)
    rows = len(events)
    known: dict[str, npt.NDArray[np.generic]] = {
        "kind": np.full(rows, MarkKind.LOG),
        "start": start,
        "g": rows_of(timeline, events.g),
        "m": np.full(rows, NOBODY),
        "p": events.p,
        "name": kinds[events.kind],
        "message": messages[which.reshape(-1)] if rows else np.zeros(0),
    }
    return {
        name: np.asarray(known.get(name, np.zeros(rows)), dtype=column.dtype)
        for name, column in timeline.marks.items()
    }


def _by_start(marks: Table, added: Table) -> Table:
    joined = {name: np.concatenate([column, added[name]]) for name, column in marks.items()}
    order = np.argsort(joined["start"], kind="stable")
    return {name: column[order] for name, column in joined.items()}


def _number(data: bytes, at: int) -> tuple[int, int]:
    """An unsigned LEB128 number, and what follows it."""
    value = shift = 0
    while at < len(data):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise UsageError("the trace is cut in its first generation")
