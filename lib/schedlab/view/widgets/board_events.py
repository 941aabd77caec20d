"""What moves on the board: a list of events in columns, from a Timeline.

A *step* is what happens at once: a first row with what happened, and rows for those that it moved along. A
row says where a goroutine goes, so who draws it needs no rules of the scheduler. What columns mean:

======== ======================================================================================
time     ns since the capture's first event, in order
kind     ``board_kinds.Kind``
head     1 for the first row of a step
g        goroutine, a row of ``goroutines``; -1 for an event of a P
place    ``board_kinds.Place`` to which the goroutine goes
p        the P of that place, or of the event; -1 none. Of a system call the P that the M keeps
m        the M of that place, or of the event, an index into ``threads``; -1 none
at       position in the queue, from the head
reason   why, an index into ``reasons``
source   the P from which it was taken or on which it was; of P_IDLE, P_STARTED and P_GONE the M
         that had the P before; -1 none
cause    goroutine that made it runnable or created it; -1 the runtime
span     its new span, a row of the Timeline's spans; -1 none
======== ======================================================================================

The rows of kind SEEN come first: they put everything where it is as the window begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from schedlab.errors import UsageError
from schedlab.timeline import Provenance, Timeline
from schedlab.view.widgets.blob import TooMuchToShow
from schedlab.view.widgets.board_builder import Builder
from schedlab.view.widgets.board_changes import Changes

LIMIT: Final = 20_000
"""Rows of events that a board takes."""


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """``columns`` and ``reasons`` as the module says; the Ps, ascending; how the Timeline is ``known``."""

    columns: dict[str, npt.NDArray[Any]]
    reasons: tuple[str, ...]
    bounds_ns: tuple[int, int]
    procs: tuple[int, ...]
    known: Provenance

    def __len__(self) -> int:
        return len(self.columns["time"])


def board_events(timeline: Timeline, window: tuple[int, int] | None = None) -> Events:
    """The events of ``[start, end)``, all of the Timeline by default.

    In which queue a runnable goroutine stands is **reconstructed** (``board_queues``). Of a sampled Timeline
    nothing is: its goroutines are where the samples saw them.

    Raises:
        UsageError: the window is empty or outside of the capture.
        TooMuchToShow: it has more than ``LIMIT`` events.
    """
    bounds = _checked(timeline, window)
    _refuse_too_much(timeline, bounds)
    known = known_by(timeline)
    builder = Builder(timeline, Changes(timeline, bounds), sampled=known is Provenance.SAMPLED)
    columns, reasons = builder.built()
    events = Events(columns, reasons, bounds, builder.procs, known)
    if len(events) > LIMIT:
        raise _too_much(timeline, bounds, len(events))
    return events


def known_by(timeline: Timeline) -> Provenance:
    """How the states of the Timeline are known: recorded, sampled or simulated."""
    return timeline.provenance.get("spans.state", Provenance.RECORDED)


def _checked(timeline: Timeline, window: tuple[int, int] | None) -> tuple[int, int]:
    first, last = timeline.bounds_ns
    if window is None:
        return first, last
    start, end = max(first, int(window[0])), min(last, int(window[1]))
    if end <= start:
        raise UsageError(
            f"no time of the timeline is from {window[0]} to {window[1]} ns",
            remedy=f"It lasts from {first} to {last} ns.",
        )
    return start, end


def _refuse_too_much(timeline: Timeline, bounds: tuple[int, int]) -> None:
    """Before any work: each span that begins in the window is an event."""
    starts = np.asarray(timeline.spans["start"])
    count = int(((starts > bounds[0]) & (starts < bounds[1])).sum())
    if count > LIMIT:
        raise _too_much(timeline, bounds, count)


def _too_much(timeline: Timeline, bounds: tuple[int, int], count: int) -> TooMuchToShow:
    starts = np.sort(np.asarray(timeline.spans["start"], dtype=np.int64))
    inside = starts[(starts > bounds[0]) & (starts < bounds[1])]
    end = int(inside[min(len(inside) - 1, len(inside) * LIMIT // (2 * count))])
    return TooMuchToShow(
        f"the board would have {count:,} events; it takes at most {LIMIT:,}",
        remedy=f"Show a window of it: window=({bounds[0]}, {end}), or another one of {end - bounds[0]} ns.",
    )
