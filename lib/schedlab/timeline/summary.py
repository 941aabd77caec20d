"""The few numbers that say what a timeline holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from schedlab.timeline.enums import OPEN_END, OPEN_START, Lane, MarkKind, State
from schedlab.timeline.model import Timeline

_STW = "stop-the-world"


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Exact quantiles of ``count`` durations, in ns; all zero if there are none."""

    count: int
    p50_ns: int
    p90_ns: int
    p99_ns: int
    max_ns: int


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of a timeline; ``runnable`` is the wait from runnable to running of each goroutine's turn.

    A wait that was under way when the capture began or ended is left out: its length is not known.
    ``bytes_lost`` is how much of a damaged or cut trace was not read, at most.
    """

    events: int
    spans: int
    goroutines: int
    duration_ns: int
    runnable: Percentiles
    stw_count: int
    stw_total_ns: int
    lost: str
    bytes_lost: int


def summary(timeline: Timeline) -> Summary:
    """What ``schedlab trace load --summary`` prints."""
    spans = timeline.spans
    waits = (
        (spans["lane"] == int(Lane.GOROUTINE))
        & (spans["state"] == int(State.RUNNABLE))
        & ((spans["flags"] & (OPEN_START | OPEN_END)) == 0)
    )
    stopping = [number for number, text in enumerate(timeline.texts) if text.startswith(_STW)]
    # A program may give a region of its own any name.
    stw = (timeline.marks["kind"] == int(MarkKind.RANGE)) & np.isin(timeline.marks["name"], stopping)
    return Summary(
        events=int(timeline.meta["events"]),
        spans=len(timeline),
        goroutines=len(timeline.goroutines["id"]),
        duration_ns=timeline.duration_ns,
        runnable=_percentiles(np.asarray(spans["dur"][waits], dtype=np.int64)),
        stw_count=int(stw.sum()),
        stw_total_ns=int(np.asarray(timeline.marks["dur"][stw], dtype=np.int64).sum()),
        lost=timeline.lost,
        bytes_lost=int(timeline.meta.get("bytes_lost", 0)),
    )


def _percentiles(durations: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Percentiles:
    if not len(durations):
        return Percentiles(0, 0, 0, 0, 0)
    # "higher" is a duration that was really there, and no mean of two.
    cut = np.quantile(durations, [0.5, 0.9, 0.99], method="higher")
    return Percentiles(len(durations), int(cut[0]), int(cut[1]), int(cut[2]), int(durations.max()))
