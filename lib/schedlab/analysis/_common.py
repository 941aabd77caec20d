"""What several tables need: kinds of columns, which spans and marks, intervals laid over one another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from schedlab.errors import UsageError
from schedlab.timeline import Lane, MarkKind, State, Timeline

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

ROWS = 1 << 16
"""Columns are read this many rows at a time: what is made of them then stays small, and in the cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Intervals:
    """Half-open intervals of ns, ``[start, end)``, of one shape, with what each belongs to."""

    start: Integers
    end: Integers
    key: Integers

    def __len__(self) -> int:
        return len(self.start)

    def some(self, keep: npt.NDArray[Any]) -> Intervals:
        return Intervals(self.start[keep], self.end[keep], self.key[keep])


def checked_window(timeline: Timeline, within: tuple[int, int] | None) -> tuple[int, int]:
    """The window asked for, cut to that of the timeline; all of it for None.

    Raises:
        UsageError: the window is empty, or outside the timeline.
    """
    first, last = timeline.bounds_ns
    if within is None:
        return first, last
    start, end = max(first, within[0]), min(last, within[1])
    if end <= start:
        raise UsageError(
            f"no time of the timeline is from {within[0]} to {within[1]} ns",
            remedy=f"It lasts from {first} to {last} ns.",
        )
    return start, end


def of_lane(timeline: Timeline, lane: Lane, state: State | None = None) -> Flags:
    """Which spans are of this lane, and of this state if one is given."""
    spans = timeline.spans
    chosen: Flags = np.asarray(spans["lane"]) == int(lane)
    return chosen if state is None else chosen & (np.asarray(spans["state"]) == int(state))


def row_parts(timeline: Timeline, lane: Lane, state: State) -> Iterator[Integers]:
    """The rows of the spans of this lane and state, ascending, a part at a time."""
    spans = timeline.spans
    for first in range(0, len(timeline), ROWS):
        part = slice(first, first + ROWS)
        chosen = (np.asarray(spans["lane"][part]) == int(lane)) & (
            np.asarray(spans["state"][part]) == int(state)
        )
        yield np.flatnonzero(chosen) + first


def intervals(timeline: Timeline, chosen: npt.NDArray[Any], key: str) -> Intervals:
    """The chosen spans as intervals, with a column as their key."""
    start = np.asarray(timeline.spans["start"][chosen], dtype=np.int64)
    end = start + np.asarray(timeline.spans["dur"][chosen], dtype=np.int64)
    return Intervals(start, end, np.asarray(timeline.spans[key][chosen], dtype=np.int64))


def clipped(found: Intervals, window: tuple[int, int]) -> Intervals:
    """The parts inside a window; what is outside becomes empty and stays, so that rows keep their place."""
    return Intervals(np.clip(found.start, *window), np.clip(found.end, *window), found.key)


def texts_with_prefix(timeline: Timeline, prefix: str) -> Integers:
    """The numbers of the texts that begin so."""
    return np.array(
        [number for number, text in enumerate(timeline.texts) if text.startswith(prefix)], np.int64
    )


def ranges(timeline: Timeline, prefix: str) -> Integers:
    """The rows of the RANGE marks whose name begins so, in time's order."""
    marks = timeline.marks
    rows = np.flatnonzero(
        (np.asarray(marks["kind"]) == int(MarkKind.RANGE))
        & np.isin(marks["name"], texts_with_prefix(timeline, prefix))
    )
    return rows[np.argsort(marks["start"][rows], kind="stable")]


def marked(timeline: Timeline, rows: Integers, key: str) -> Intervals:
    """Marks as intervals, with a column as their key."""
    start = np.asarray(timeline.marks["start"][rows], dtype=np.int64)
    end = start + np.asarray(timeline.marks["dur"][rows], dtype=np.int64)
    return Intervals(start, end, np.asarray(timeline.marks[key][rows], dtype=np.int64))


def crossings(a: Intervals, b: Intervals) -> tuple[Integers, Integers, Integers, Integers]:
    """Each pair of an interval of ``a`` and one of ``b`` of the same key that overlap.

    The intervals of one key in ``b`` must not overlap each other. Returns rows of ``a``, rows of ``b``,
    and where the overlap starts and ends; it costs (n + m) log n, and the pairs.
    """
    if not len(a) or not len(b):
        nothing = np.zeros(0, np.int64)
        return nothing, nothing, nothing, nothing
    # All keys' intervals are laid end to end on one axis, so that one sorted search serves them all.
    number = _numbered(a.key, int(b.key.max()))
    rows = np.flatnonzero((number[b.key + 1] >= 0) & (b.end > b.start))
    origin = min(int(a.start.min()), int(b.start.min()))
    length = max(int(a.end.max()), int(b.end.max())) - origin + 1
    if (int(number.max()) + 1) * length > np.iinfo(np.int64).max:
        raise UsageError(f"{int(number.max()) + 1} goroutines over {length} ns are too many for one table")
    shift_a, shift_b = (number[key + 1] * length - origin for key in (a.key, b.key[rows]))
    starts = b.start[rows] + shift_b
    order = np.argsort(starts)  # no two are equal; numpy's stable sort takes several times as long
    starts, ends = starts[order], (b.end[rows] + shift_b)[order]
    order = rows[order]
    first = np.searchsorted(ends, a.start + shift_a, side="right")
    after = np.searchsorted(starts, a.end + shift_a, side="left")
    counts = np.maximum(after - first, 0)
    rows_a = np.repeat(np.arange(len(a)), counts)
    within = np.arange(len(rows_a)) - np.repeat(np.cumsum(counts) - counts, counts)
    rows_b = order[np.repeat(first, counts) + within]
    start = np.maximum(a.start[rows_a], b.start[rows_b])
    end = np.minimum(a.end[rows_a], b.end[rows_b])
    kept = end > start
    return rows_a[kept], rows_b[kept], start[kept], end[kept]


def _numbered(keys: Integers, most: int) -> Integers:
    """For each key from -1 to the largest the number among those that occur, -1 for the others."""
    occurs = np.zeros(max(int(keys.max()), most) + 2, dtype=bool)
    occurs[keys + 1] = True
    return np.where(occurs, np.cumsum(occurs) - 1, -1)


def joined(a: Intervals, b: Intervals) -> Intervals:
    """All intervals of both."""
    return Intervals(*(np.concatenate(pair) for pair in ((a.start, b.start), (a.end, b.end), (a.key, b.key))))


def merged(found: Intervals) -> Intervals:
    """The union of the intervals of each key: sorted, apart from one another, none empty."""
    found = found.some(found.end > found.start)
    if not len(found):
        return found
    found = found.some(np.lexsort((found.start, found.key)))
    new_key = np.r_[True, found.key[1:] != found.key[:-1]]
    # A running maximum of the ends that begins anew with each key.
    length = int(found.end.max()) - int(found.start.min()) + 1
    group = np.cumsum(new_key) - 1
    reach = np.maximum.accumulate(found.end + group * length) - group * length
    begins = new_key.copy()
    begins[1:] |= found.start[1:] > reach[:-1]
    first = np.flatnonzero(begins)
    last = np.r_[first[1:] - 1, len(found) - 1]
    return Intervals(found.start[first], reach[last], found.key[first])


def sums(codes: npt.NDArray[Any], weights: Integers, size: int) -> Integers:
    """The sum of the weights, none negative, of each code from 0 to ``size``; exact."""
    if not len(codes):
        return np.zeros(size, np.int64)
    if len(codes) * int(weights.max()) < 2**53:
        return np.bincount(codes, weights, size).astype(np.int64)
    # Doubles add whole numbers exactly up to 2**53: so the high and the low bits go separately.
    high = np.bincount(codes, weights >> 24, size).astype(np.int64)
    low = np.bincount(codes, weights & ((1 << 24) - 1), size).astype(np.int64)
    return (high << 24) + low


def worker_labels(timeline: Timeline) -> tuple[Intervals, ...]:
    """When a goroutine was said to be a GC mark worker: points, 1 ns long, for each of WORKER_LABELS."""
    marks = timeline.marks
    label = np.asarray(marks["kind"]) == int(MarkKind.LABEL)
    found = []
    for name in WORKER_LABELS:
        at = np.flatnonzero(label & np.isin(marks["name"], texts_with_prefix(timeline, name)))
        time = np.asarray(marks["start"][at], dtype=np.int64)
        found.append(Intervals(time, time + 1, np.asarray(marks["g"][at], dtype=np.int64)))
    return tuple(found)


def worker_modes(labels: tuple[Intervals, ...], running: Intervals) -> npt.NDArray[np.int8]:
    """The mode in which each RUNNING span ran as a GC mark worker, by WORKER_LABELS; -1 for no worker.

    ``running`` has goroutines as keys. The label comes with or just after the start of the span
    (``GoStart`` in runtime/traceruntime.go).
    """
    modes = np.full(len(running), -1, np.int8)
    for mode, points in enumerate(labels):
        rows = np.flatnonzero(np.isin(running.key, points.key))
        _, hit, _, _ = crossings(points, running.some(rows))
        modes[rows[hit]] = mode
    return modes


WORKER_LABELS = ("GC (dedicated)", "GC (fractional)", "GC (idle)")


def procs(timeline: Timeline) -> Integers:
    """The numbers of the Ps that the capture speaks of, ascending."""
    spans, found = timeline.spans, np.zeros(0, np.int64)
    for first in range(0, len(timeline), ROWS):
        part = slice(first, first + ROWS)
        own = np.asarray(spans["id"][part])[np.asarray(spans["lane"][part]) == int(Lane.PROC)]
        for numbers in (own, np.asarray(spans["p"][part])):
            found = np.union1d(found, np.flatnonzero(np.bincount(numbers.astype(np.int64) + 1)[1:]))
    return found.astype(np.int64)


def gomaxprocs(timeline: Timeline) -> tuple[Integers, Integers]:
    """When GOMAXPROCS became another, the time of its first sample among them, and what it was from then on.

    Both are empty if the capture does not say.
    """
    counters = timeline.counters
    name = [number for number, text in enumerate(timeline.texts) if text == "/sched/gomaxprocs:threads"]
    rows = np.flatnonzero(np.isin(counters["name"], name))
    time = np.asarray(counters["time"][rows], dtype=np.int64)
    value = np.asarray(counters["value"][rows], dtype=np.int64)
    changed = np.diff(value, prepend=value[:1] - 1) != 0
    return time[changed], value[changed]
