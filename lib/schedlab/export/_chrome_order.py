"""In which order goroutine spans are drawn, and which span each wake came from.

A viewer binds a wake's arrow to the slice that its track shows at that moment, and of slices that begin at
the same nanosecond it takes the one that the file has last. A trace's clock is coarse enough for that to
matter, so events of the same time stand in the file in the order in which they happened. ``spans`` has that
order: a row stands where its span ended, and a span begins where the one before it, of the same goroutine,
ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from schedlab.timeline import Lane, State, Timeline

Rows = npt.NDArray[np.int64]
NONE = -1


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """Goroutine spans in the order in which they began. All arrays are as long as ``rows``.

    - ``rows``: the row in ``spans``
    - ``waker``: of a RUNNABLE span, the row of the RUNNING span that ended the wait or created the
      goroutine; -1 if it is nobody's or not in the timeline
    - ``before``: the row of the span that the goroutine had until this one began, -1 if there is none
    - ``after``: the row of the span that begins when this one ends, -1 if there is none
    """

    rows: Rows
    waker: Rows
    before: Rows
    after: Rows


def order_of(timeline: Timeline) -> Order:
    spans = timeline.spans
    rows = np.flatnonzero(spans["lane"] == int(Lane.GOROUTINE))
    ended = spans["start"][rows] + spans["dur"][rows]
    if len(rows) and (np.diff(ended) < 0).any():
        order = np.argsort(ended, kind="stable")
        rows, ended = rows[order], ended[order]
    start, goroutine = spans["start"][rows], spans["id"][rows].astype(np.int64)
    lives = np.argsort(goroutine, kind="stable")
    before = _before(lives, goroutine, start, ended)
    # The moment at which each span began, as the place of the span that ended last before it.
    moment = np.where(before == NONE, np.searchsorted(ended, start, side="left") - 1, before)
    waker = _wakers(spans, rows, lives, goroutine, start, moment)
    place = np.arange(len(rows), dtype=np.int64)
    first = np.where(waker == NONE, NONE, 4 * np.minimum(place, waker) - 1)
    order = np.lexsort((np.where(before == NONE, first, 4 * before + 2), start))
    after = np.full(len(rows), NONE, np.int64)
    after[before[before != NONE]] = np.flatnonzero(before != NONE)
    return Order(rows[order], *(_rows(column[order], rows) for column in (waker, before, after)))


def _rows(places: Rows, rows: Rows) -> Rows:
    if not len(rows):
        return places
    return np.where(places == NONE, NONE, rows[places])


def _before(lives: Rows, goroutine: Rows, start: npt.NDArray[Any], ended: npt.NDArray[Any]) -> Rows:
    before = np.full(len(lives), NONE, np.int64)
    one, next_one = lives[:-1], lives[1:]
    follows = (goroutine[one] == goroutine[next_one]) & (ended[one] == start[next_one])
    before[next_one[follows]] = one[follows]
    return before


def _wakers(
    spans: Any, rows: Rows, lives: Rows, goroutine: Rows, start: npt.NDArray[Any], moment: Rows
) -> Rows:
    waker = np.full(len(rows), NONE, np.int64)
    cause = spans["cause"][rows].astype(np.int64)
    state = spans["state"][rows]
    woken = np.flatnonzero((state == int(State.RUNNABLE)) & (cause >= 0))
    if not len(woken):
        return waker
    # Of the waker's spans the first one that had not yet ended at that moment.
    many = len(rows) + 1
    keys = goroutine[lives] * many + lives
    found = np.searchsorted(keys, cause[woken] * many + moment[woken], side="right")
    # Where the moment is known by the clock alone, one that ended in the same nanosecond may come first.
    for _ in range(3):
        at = lives[np.minimum(found, len(lives) - 1)]
        wrong = (goroutine[at] == cause[woken]) & (state[at] != int(State.RUNNING))
        found = found + wrong
    at = lives[np.minimum(found, len(lives) - 1)]
    good = (found < len(lives)) & (goroutine[at] == cause[woken]) & (state[at] == int(State.RUNNING))
    good &= (start[at] <= start[woken]) & (spans["start"][rows[at]] + spans["dur"][rows[at]] >= start[woken])
    waker[woken[good]] = at[good]
    return waker
