"""The lives of goroutines and Ps as pieces without gaps, for the columns of ``timeline_columns``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from schedlab.errors import UsageError
from schedlab.timeline import Lane, Table
from schedlab.view.widgets.timeline_numbers import Columns, Integers, smallest

ABSENT: Final = 7
"""After the numbers of State: nothing is known of this lane here."""

LONG: Final = 0xFFFF_FFFF
"""Instead of a duration that does not fit in 32 bits (4.3 s); it is in ``long_dur``."""


@dataclass(slots=True)
class Pieces:
    """Spans of one kind of lane as pieces: ``at`` is where in the pieces each span is."""

    spans: Columns
    owner: Integers
    lane_start: Integers
    lane_length: Integers
    at: Integers
    dur: Integers
    what_code: npt.NDArray[Any]
    what: list[list[int]]
    where_code: npt.NDArray[Any]
    where: list[list[int]]

    @classmethod
    def of(cls, spans: Table, lane: Lane, name: str) -> Pieces:
        rows = np.flatnonzero(spans["lane"] == int(lane))
        rows = rows[np.argsort(spans["id"][rows], kind="stable")]
        if not _in_order(spans, rows):
            rows = rows[np.lexsort((spans["start"][rows], spans["id"][rows]))]
        own = {key: np.asarray(column)[rows] for key, column in spans.items()}
        start, dur = own["start"].astype(np.int64), own["dur"].astype(np.int64)
        first = np.ones(len(rows), dtype=bool)
        first[1:] = own["id"][1:] != own["id"][:-1]
        before = np.zeros(len(rows), dtype=np.int64)
        before[1:] = (start + dur)[:-1]
        gap = np.where(first, 0, start - before)
        if (gap < 0).any():
            twice = int(own["id"][np.flatnonzero(gap < 0)[0]])
            raise UsageError(
                f"{name} in row {twice} is in two states at once",
                remedy="A lane's spans must follow one another.",
            )
        # One piece for each span, one for each gap before it, one at the end of each lane.
        at = np.arange(len(rows)) + np.cumsum(gap > 0) + np.cumsum(first) - 1
        lanes = np.flatnonzero(first)
        count = len(rows) + int((gap > 0).sum()) + len(lanes)
        pieces = np.zeros(count, dtype=np.int64)
        pieces[at] = dur
        pieces[at[gap > 0] - 1] = gap[gap > 0]
        what_code, what = _coded(own["state"], own["flags"], own["reason"], at, count)
        where_code, where = _placed(own["p"], own["m"], at, count)
        return cls(
            spans=own,
            owner=own["id"][lanes].astype(np.int64),
            lane_start=start[lanes],
            lane_length=np.diff(np.append(at[lanes], count)),
            at=at,
            dur=pieces,
            what_code=what_code,
            what=what,
            where_code=where_code,
            where=where,
        )

    def column(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """``values`` of the spans (0 is none) at their places, in as few bytes as they need."""
        column = np.zeros(len(self.dur), dtype=smallest(int(values.max(initial=0))))
        column[self.at] = values
        return column

    def durations(self) -> Columns:
        """Lanes and their pieces, apart from whose they are."""
        long = np.flatnonzero(self.dur >= LONG)
        return {
            "lane_start": self.lane_start.astype(np.int64),
            "lane_length": self.lane_length.astype(np.uint32),
            "dur": np.minimum(self.dur, LONG).astype(np.uint32),
            "what": self.what_code,
            "where": self.where_code,
            "long_at": long.astype(np.uint32),
            "long_dur": self.dur[long].astype(np.int64),
        }


def _coded(
    state: npt.NDArray[Any], flags: npt.NDArray[Any], reason: npt.NDArray[Any], at: Integers, count: int
) -> tuple[npt.NDArray[Any], list[list[int]]]:
    """One number for state, flags and reason; number 0 is ABSENT."""
    reasons = int(reason.max(initial=0)) + 1
    keys = (state.astype(np.int64) * 256 + flags) * reasons + reason
    codes, found = _compact(keys)
    what = [[ABSENT, 0, 0], *([key // reasons // 256, key // reasons % 256, key % reasons] for key in found)]
    return _at(codes, at, count, len(what)), what


def _placed(
    p: npt.NDArray[Any], m: npt.NDArray[Any], at: Integers, count: int
) -> tuple[npt.NDArray[Any], list[list[int]]]:
    """One number for P and M (an index into threads); number 0 is no P and no M."""
    threads = int(m.max(initial=0)) + 2
    codes, found = _compact((p.astype(np.int64) + 1) * threads + m + 1)
    where = [[-1, -1], *([key // threads - 1, key % threads - 1] for key in found)]
    return _at(codes, at, count, len(where)), where


def _compact(keys: Integers) -> tuple[Integers, list[int]]:
    """Numbers from 1 on for the keys that occur, and these."""
    limit = int(keys.max(initial=0)) + 1
    if limit > 8 * len(keys) + 65_536:
        found, codes = np.unique(keys, return_inverse=True)
        return codes + 1, [int(key) for key in found]
    found = np.flatnonzero(np.bincount(keys, minlength=limit))
    new = np.zeros(limit, dtype=np.int64)
    new[found] = np.arange(1, len(found) + 1)
    return new[keys], [int(key) for key in found]


def _at(codes: Integers, at: Integers, count: int, limit: int) -> npt.NDArray[Any]:
    column = np.zeros(count, dtype=smallest(limit))
    column[at] = codes
    return column


def _in_order(spans: Table, rows: Integers) -> bool:
    same = spans["id"][rows[1:]] == spans["id"][rows[:-1]]
    return not bool((same & (spans["start"][rows[1:]] < spans["start"][rows[:-1]])).any())
