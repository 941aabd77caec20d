"""The changes of state of goroutines and Ps in a window, in the order in which they happened."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from schedlab.timeline import NOBODY, OPEN_END, Lane, MarkKind, State, Timeline

NO_SPAN: Final = -1

_Integers = npt.NDArray[np.int64]
_COLUMNS: Final = ("lane", "state", "flags", "reason", "id", "m", "cause", "p", "start", "dur", "stack")


@dataclass(frozen=True, slots=True)
class Change:
    """At ``time`` the goroutine or P ``owner`` went from one span to the next.

    ``before`` and ``after`` are indices into the columns of ``Changes``, ``NO_SPAN`` where there is none.
    ``mark`` is the row of a stop-the-world mark that begins (``opens``) or ends.
    """

    time: int
    order: float
    lane: Lane
    owner: int
    before: int = NO_SPAN
    after: int = NO_SPAN
    mark: int = NO_SPAN
    opens: bool = False


class Changes:
    """Spans of goroutines and Ps that overlap ``[start, end]``, as lists (one element per span).

    ``first`` are the spans that are there at ``start``; iterate for what happens after.
    """

    def __init__(self, timeline: Timeline, window: tuple[int, int]) -> None:
        self.timeline = timeline
        self.window = window
        spans = timeline.spans
        begin = np.asarray(spans["start"], dtype=np.int64)
        until = begin + np.asarray(spans["dur"], dtype=np.int64)
        lane = np.asarray(spans["lane"])
        inside = (begin < window[1]) & ((until > window[0]) | (begin >= window[0]))
        rows = np.flatnonzero(inside & ((lane == int(Lane.GOROUTINE)) | (lane == int(Lane.PROC))))
        rows = rows[np.lexsort((rows, begin[rows], spans["id"][rows], lane[rows]))]
        self._column: dict[str, list[int]] = {
            name: np.asarray(spans[name])[rows].tolist() for name in _COLUMNS
        }
        self.row: list[int] = rows.tolist()
        self.end: list[int] = until[rows].tolist()
        self.first: list[int] = []
        self._runs: dict[int, list[tuple[float, float, int]]] = {}
        self._all = sorted(self._changes(), key=lambda one: (one.time, one.order))
        self._note_runs()

    def __getitem__(self, name: str) -> list[int]:
        return self._column[name]

    def __iter__(self) -> Iterator[Change]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def procs(self) -> tuple[int, ...]:
        """The Ps that the window speaks of, ascending."""
        own = {one for lane, one in zip(self["lane"], self["id"], strict=True) if lane == Lane.PROC}
        return tuple(sorted((own | set(self["p"])) - {NOBODY}))

    def runs_next(self, index: int) -> int:
        """The P of the RUNNING span that directly follows a span; -1 if none does in the window."""
        after = index + 1
        if after >= len(self.row) or not self._joined(index, after):
            return NOBODY
        return self["p"][after] if self["state"][after] == State.RUNNING else NOBODY

    def state_before(self, change: Change) -> State:
        """The state that ended; UNKNOWN where none is known."""
        return State.UNKNOWN if change.before == NO_SPAN else State(self["state"][change.before])

    def next_on(self, p: int, change: Change) -> int:
        """The goroutine that P runs next after a change, -1 for none."""
        runs = self._runs.get(p, [])
        at = bisect_right(runs, (change.time, change.order, 1 << 62))
        return runs[at][2] if at < len(runs) else NOBODY

    def _changes(self) -> Iterator[Change]:
        for index in range(len(self.row)):
            lane, owner, start = Lane(self["lane"][index]), self["id"][index], self["start"][index]
            previous = index > 0 and self._same(index - 1, index)
            if not previous and start <= self.window[0]:
                self.first.append(index)
            elif previous and self._joined(index - 1, index):
                yield Change(start, self.row[index - 1], lane, owner, index - 1, index)
            else:
                yield Change(start, self._order_of_birth(index), lane, owner, after=index)
            last = index + 1 == len(self.row) or not self._joined(index, index + 1)
            cut = self.end[index] >= self.window[1] or self["flags"][index] & OPEN_END
            if last and not cut:
                yield Change(self.end[index], self.row[index], lane, owner, before=index)
        yield from self._stops()

    def _stops(self) -> Iterator[Change]:
        marks, texts = self.timeline.marks, self.timeline.texts
        for row in np.flatnonzero(np.asarray(marks["kind"]) == int(MarkKind.RANGE)).tolist():
            if not texts[int(marks["name"][row])].startswith("stop-the-world"):
                continue
            start = int(marks["start"][row])
            end = start + int(marks["dur"][row])
            if start < self.window[1] and end > self.window[0]:
                yield Change(max(start, self.window[0]), -2, Lane.THREAD, NOBODY, mark=row, opens=True)
                if end < self.window[1]:
                    yield Change(end, 2.0**62, Lane.THREAD, NOBODY, mark=row)

    def _order_of_birth(self, index: int) -> float:
        """After the moment at which the creator began to run, if that has the same time."""
        creator, start = self["cause"][index], self["start"][index]
        if creator == NOBODY:
            return -1.0
        at = self._starts.get((creator, start))
        return -1.0 if at is None else at + 0.5

    @cached_property
    def _starts(self) -> dict[tuple[int, int], int]:
        """By goroutine and time, the row of the span before a RUNNING one."""
        return {
            (self["id"][index], self["start"][index]): self.row[index - 1]
            for index in range(1, len(self.row))
            if self["lane"][index] == Lane.GOROUTINE
            and self["state"][index] == State.RUNNING
            and self._joined(index - 1, index)
        }

    def _note_runs(self) -> None:
        for change in self._all:
            after = change.after
            if change.lane is Lane.GOROUTINE and after != NO_SPAN and self["state"][after] == State.RUNNING:
                self._runs.setdefault(self["p"][after], []).append((change.time, change.order, change.owner))

    def _same(self, one: int, other: int) -> bool:
        return self["lane"][one] == self["lane"][other] and self["id"][one] == self["id"][other]

    def _joined(self, one: int, other: int) -> bool:
        return self._same(one, other) and self.end[one] == self["start"][other]
