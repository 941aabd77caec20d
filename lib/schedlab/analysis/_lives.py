"""Goroutines: the spans of each in time's order, which directly follows which, and their start functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from schedlab.analysis._common import Flags, Integers, of_lane
from schedlab.timeline import NOBODY, Lane, State, Timeline


@dataclass(frozen=True, slots=True, eq=False)
class Lives:
    """Goroutine spans, goroutine by goroutine, each in time's order.

    ``row`` (n) are rows of ``timeline.spans``; those of goroutine ``g`` are
    ``row[first[g]:first[g + 1]]``, so ``first`` has one element more than there are goroutines.
    ``joined`` (n) is true where the next element is the same goroutine's and begins when this one ends.
    """

    row: Integers
    first: Integers
    joined: Flags

    def column(self, timeline: Timeline, name: str) -> npt.NDArray[Any]:
        """A column of ``timeline.spans`` in this order."""
        found: npt.NDArray[Any] = np.asarray(timeline.spans[name])[self.row]
        return found

    def before(self) -> Flags:
        """True where the element before is the same goroutine's and ends when this one begins."""
        return np.concatenate(([False], self.joined[:-1])) if len(self.row) else self.joined

    def then_on(self, timeline: Timeline) -> Integers:
        """The P of the next element, where that is joined and running; -1 elsewhere."""
        found = np.full(len(self.row), NOBODY, np.int64)
        runs = self.column(timeline, "state")[1:] == int(State.RUNNING)
        at = np.flatnonzero(self.joined[:-1] & runs)
        found[at] = np.asarray(timeline.spans["p"])[self.row[at + 1]]
        return found


def lives(timeline: Timeline) -> Lives:
    """The order of all goroutine spans; O(n) for a timeline whose spans are in the order of their ends."""
    spans = timeline.spans
    row = np.flatnonzero(of_lane(timeline, Lane.GOROUTINE))
    owner = np.asarray(spans["id"])[row]
    row = row[stable_order(owner)]
    owner = np.asarray(spans["id"])[row]
    start = np.asarray(spans["start"], dtype=np.int64)[row]
    end = start + np.asarray(spans["dur"], dtype=np.int64)[row]
    same = owner[1:] == owner[:-1]
    if (same & ((start[1:] < start[:-1]) | (end[1:] < end[:-1]))).any():
        # Not in the order of ends: a timeline that was put together from parts.
        order = np.lexsort((row, end, start, owner))
        row, owner, start, end = row[order], owner[order], start[order], end[order]
        same = owner[1:] == owner[:-1]
    joined = np.zeros(len(row), dtype=bool)
    joined[:-1] = same & (start[1:] == end[:-1])
    count = len(timeline.goroutines["id"])
    return Lives(row, np.searchsorted(owner, np.arange(count + 1)), joined)


def stable_order(values: npt.NDArray[Any]) -> Integers:
    """``argsort(values, kind="stable")`` for values >= 0 below 2**32, in linear time.

    numpy sorts 16-bit numbers by radix, and wider ones by comparison.
    """
    if not len(values):
        return np.zeros(0, dtype=np.int64)
    order = np.argsort((values & 0xFFFF).astype(np.uint16), kind="stable")
    if int(values.max()) > 0xFFFF:
        order = order[np.argsort((values[order] >> 16).astype(np.uint16), kind="stable")]
    return order


def ran_on(timeline: Timeline, rows: Integers) -> Integers:
    """The P of the running span that directly follows each of these goroutine spans; -1 where none does."""
    order = lives(timeline)
    found = np.full(len(timeline), NOBODY, np.int64)
    found[order.row] = order.then_on(timeline)
    return found[rows]


@dataclass(frozen=True, slots=True, eq=False)
class Functions:
    """The start function of each goroutine: ``code`` (goroutines) is an index into ``names``.

    The name of a function that is not known is None.
    """

    code: Integers
    names: tuple[str | None, ...]

    def of(self, goroutines: npt.NDArray[Any]) -> Integers:
        """Codes of goroutines' (rows') functions; -1 for one that is not known, and for nobody's (-1)."""
        known = np.array([name is not None for name in self.names], dtype=bool)
        found: Integers = np.append(np.where(known[self.code], self.code, NOBODY), NOBODY)[goroutines]
        return found

    def named(self, codes: Integers) -> npt.NDArray[np.object_]:
        """Names of codes; "nobody" for -1."""
        table = np.array([*self.names, "nobody"], dtype=object)
        found: npt.NDArray[np.object_] = table[np.where(codes == NOBODY, len(self.names), codes)]
        return found


def functions(timeline: Timeline) -> Functions:
    """Start functions of all goroutines, as numbers in the order of ``timeline.texts``, the unknown first."""
    numbers = timeline.goroutine_function
    used = np.flatnonzero(np.bincount(numbers))
    names = tuple(timeline.texts[number] or None for number in used.tolist())
    return Functions(np.searchsorted(used, numbers), names)
