"""A part of a Timeline: a window of time, or the spans to which something applies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from schedlab.errors import UsageError
from schedlab.timeline.columns import Integers, Rows, Table, chosen, inside, keys, overlapping
from schedlab.timeline.enums import NOBODY, OPEN_END, OPEN_START, Lane, MarkKind, State

if TYPE_CHECKING:
    from schedlab.timeline.model import Timeline


def window(timeline: Timeline, start_ns: int, end_ns: int, *, cut: bool) -> Timeline:
    """What ``Timeline.window`` promises."""
    if end_ns <= start_ns:
        raise UsageError(f"no window from {start_ns} to {end_ns} ns", remedy="Give the earlier time first.")
    first, last = timeline.bounds_ns
    bounds = [min(max(time, first), last) for time in (start_ns, end_ns)]
    spans = chosen(timeline.spans, overlapping(timeline.spans, start_ns, end_ns))
    marks = chosen(timeline.marks, overlapping(timeline.marks, start_ns, end_ns))
    return replace(
        timeline,
        spans=_clipped(spans, start_ns, end_ns) if cut else spans,
        marks=_clipped(marks, start_ns, end_ns) if cut else marks,
        counters=chosen(timeline.counters, inside(timeline.counters, start_ns, end_ns)),
        samples=chosen(timeline.samples, inside(timeline.samples, start_ns, end_ns)),
        meta={**timeline.meta, "window_ns": bounds},
    )


def spans_with(
    timeline: Timeline,
    *,
    p: int | None,
    goroutine: int | None,
    function: str | None,
    state: State | None,
    lane: Lane | None,
    region: str | None,
    reason: str | None,
    min_dur_ns: int | None,
) -> Timeline:
    """What ``Timeline.filter`` promises."""
    spans = timeline.spans
    conditions = []
    if lane is not None:
        conditions.append(spans["lane"] == int(lane))
    if state is not None:
        conditions.append(spans["state"] == int(state))
    if p is not None:
        conditions.append(spans["p"] == p)
    if min_dur_ns is not None:
        conditions.append(spans["dur"] >= min_dur_ns)
    if reason is not None:
        conditions.append(np.isin(spans["reason"], _numbers(timeline.reasons, reason)))
    if goroutine is not None:
        conditions.append(_of_goroutine(timeline, goroutine))
    if function is not None:
        conditions.append(_stacks_with(timeline, function)[spans["stack"]])
    if region is not None:
        conditions.append(_in_region(timeline, region))
    keep = np.ones(len(timeline), dtype=bool)
    for condition in conditions:
        keep &= condition
    return replace(timeline, spans=chosen(spans, keep))


def _clipped(table: Table, start: int, end: int) -> Table:
    first, stop = table["start"], table["start"] + table["dur"]
    flags = table["flags"] | np.where(first < start, OPEN_START, 0) | np.where(stop > end, OPEN_END, 0)
    begin = np.maximum(first, start)
    return {
        **table,
        "start": begin,
        "dur": np.minimum(stop, end) - begin,
        "flags": flags.astype(table["flags"].dtype),
    }


def _numbers(texts: tuple[str, ...], text: str) -> list[int]:
    return [number for number, found in enumerate(texts) if found == text]


def _of_goroutine(timeline: Timeline, goroutine: int) -> Rows:
    rows = np.flatnonzero(timeline.goroutines["id"] == goroutine)
    if not len(rows):
        raise UsageError(
            f"no goroutine {goroutine} is in this timeline",
            remedy="timeline.goroutines['id'] has those that are.",
        )
    mine: Rows = timeline.spans["lane"] == int(Lane.GOROUTINE)
    mine &= np.isin(timeline.spans["id"], rows)
    return mine


def _stacks_with(timeline: Timeline, part: str) -> Rows:
    """Whether each stack has a function with ``part`` in its name."""
    wanted = np.array([part in text for text in timeline.texts], dtype=bool)
    found = np.zeros(len(timeline.stacks["start"]) - 1, dtype=bool)
    inside_stack = np.flatnonzero(wanted[timeline.frames["function"]][timeline.stacks["frame"]])
    found[np.searchsorted(timeline.stacks["start"], inside_stack, side="right") - 1] = True
    return found


def _in_region(timeline: Timeline, name: str) -> Rows:
    """The goroutine spans that overlap, on their goroutine, an interval of that name.

    A span or interval without duration counts as 1 ns long here, so that it can overlap.
    """
    owner, start, end = _intervals(timeline, name)
    spans = timeline.spans
    keep = spans["lane"] == int(Lane.GOROUTINE)
    keep[keep] = np.isin(spans["id"][keep], owner)
    if not keep.any():
        return np.asarray(keep)
    begin = spans["start"][keep]
    stop = begin + np.maximum(spans["dur"][keep], 1)
    step = int(max(end.max(), stop.max())) + 1
    known, rank = np.unique(owner, return_inverse=True)
    first, last = _union(keys(rank, start, step), keys(rank, end, step))
    place = np.searchsorted(known, spans["id"][keep])
    # Of the intervals that begin before the span ends, the last one is also the last to end.
    before = np.searchsorted(first, keys(place, stop, step)) - 1
    keep[keep] = (before >= 0) & (last[before] > keys(place, begin, step))
    return np.asarray(keep)


def _intervals(timeline: Timeline, name: str) -> tuple[npt.NDArray[Any], Integers, Integers]:
    """Goroutine row, start and end of what ``Timeline.filter`` says that a region name stands for."""
    marks = timeline.marks
    named = np.isin(marks["name"], _numbers(timeline.texts, name))
    tasks = named & (marks["kind"] == int(MarkKind.TASK))
    regions = marks["kind"] == int(MarkKind.REGION)
    of_task = regions & np.isin(marks["task"], marks["task"][tasks])
    rows = (tasks | (regions & named) | of_task) & (marks["g"] != NOBODY)
    start = np.asarray(marks["start"][rows], dtype=np.int64)
    return marks["g"][rows], start, start + np.maximum(marks["dur"][rows], 1)


def _union(start: Integers, end: Integers) -> tuple[Integers, Integers]:
    """Intervals without those parts that are in another: disjoint, in order."""
    order = np.argsort(start, kind="stable")
    start, reach = start[order], np.maximum.accumulate(end[order])
    apart = np.ones(len(start), dtype=bool)
    apart[1:] = start[1:] > reach[:-1]
    firsts = np.flatnonzero(apart)
    return start[firsts], reach[np.append(firsts[1:], len(start)) - 1]
