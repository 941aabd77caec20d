"""SCHED lines into columns: the fast path, and the tables it fills.

The fast path does not read lines, it recognises them. Every run of digits in a batch is reduced to one
``0``; what is left of a line is its shape. The first line of a shape goes through ``grammar`` with its
numbers replaced by 0, 1, 2, …, and comes back as the answer to the question which number belongs into which
column. From then on lines of that shape need one look-up each; their numbers are read by numpy, all at
once. So there is one grammar, of whatever era, and the fast path cannot disagree with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from schedlab.capture.errors import CaptureError
from schedlab.capture.schedtrace.grammar import MAX_PROCS, Refused, Summary, check_keys, read_summary
from schedlab.capture.schedtrace.records import SCALARS, Integers, P, SummaryTable
from schedlab.capture.stderr_lines import Batch

MAX_CELLS = 1 << 27
"""The most numbers that ``local_runq`` of one table may have: 1 GiB."""

_MAX_DIGITS = 18
_MAX_SHAPE_BYTES = 1 << 20
_SLOW = -1


@dataclass(frozen=True, slots=True)
class Layout:
    """Which of a shape's numbers belongs into which column; -1 for a count that is not printed."""

    numbers: int
    time: int
    counts: tuple[int, ...]
    runq: tuple[int, ...]
    ticks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FastRows:
    """Lines of one shape: their line numbers ``(m,)``, and their numbers ``(m, layout.numbers)``."""

    layout: Layout
    line: Integers
    numbers: Integers

    def __len__(self) -> int:
        return len(self.line)

    @property
    def width(self) -> int:
        return len(self.layout.runq)

    def some(self, keep: npt.NDArray[np.bool_]) -> FastRows:
        return FastRows(self.layout, self.line[keep], self.numbers[keep])


@dataclass(slots=True)
class SlowRow:
    """One SCHED line as ``grammar`` read it, with its P lines, if it has any."""

    line: int
    summary: Summary
    ps: Sequence[P] = ()

    @property
    def width(self) -> int:
        listed = max(len(self.summary.runq or ()), len(self.summary.ticks or ()))
        return max(listed, self.ps[-1].id + 1) if self.ps else listed


@dataclass(slots=True)
class Rows:
    """The rows of one block, not yet in line order."""

    fast: list[FastRows] = field(default_factory=list)
    slow: list[SlowRow] = field(default_factory=list)

    def places(self) -> Integers:
        """Which place each row, the fast ones first, has in line order."""
        slow = np.array([row.line for row in self.slow], np.int64)
        order = np.argsort(np.concatenate([*(rows.line for rows in self.fast), slow]), kind="stable")
        places = np.empty_like(order)
        places[order] = np.arange(len(order))
        return places

    def widths(self) -> Integers:
        """How many Ps each row, the fast ones first, shows."""
        slow = np.array([row.width for row in self.slow], np.int64)
        return np.concatenate([*(np.full(len(rows), rows.width, np.int64) for rows in self.fast), slow])


class Shapes:
    """The shapes seen so far, and the lines of a batch that have one of them."""

    def __init__(self) -> None:
        self._index: dict[bytes, int] = {}
        self._layouts: list[Layout] = []
        self._bytes = 0

    def take(self, batch: Batch) -> tuple[list[FastRows], npt.NDArray[np.bool_]]:
        """The lines that could be read at once, and for each line of the batch whether it is one of them."""
        numbers = _Numbers.of(batch)
        shapes = self._shapes_of(numbers.reduced.split(b"\n"), len(batch))
        shapes[list(batch.overlong)] = _SLOW
        found: list[FastRows] = []
        for index in np.unique(shapes[shapes != _SLOW]).tolist():
            lines = np.flatnonzero(shapes == index)
            rows, fits = self._rows(self._layouts[index], lines, numbers, batch)
            shapes[lines[~fits]] = _SLOW
            if len(rows):
                found.append(rows)
        return found, shapes != _SLOW

    def _shapes_of(self, reduced: list[bytes], lines: int) -> npt.NDArray[np.int64]:
        if self._bytes > _MAX_SHAPE_BYTES:
            self._index, self._layouts, self._bytes = {}, [], 0
        known = self._index.get
        shapes = [known(shape, None) for shape in reduced[:lines]]
        for i, index in enumerate(shapes):
            if index is None:
                shapes[i] = self._learn(reduced[i])
        return np.array(shapes, np.int64)

    def _learn(self, shape: bytes) -> int:
        if not shape.startswith(b"SCHED 0ms:"):
            return _SLOW
        if shape not in self._index:
            layout = layout_of(shape)
            self._bytes += len(shape)
            self._index[shape] = _SLOW if layout is None else len(self._layouts)
            if layout is not None:
                self._layouts.append(layout)
        return self._index[shape]

    @staticmethod
    def _rows(
        layout: Layout, lines: Integers, numbers: _Numbers, batch: Batch
    ) -> tuple[FastRows, npt.NDArray[np.bool_]]:
        at = numbers.first[lines][:, None] + np.arange(layout.numbers)
        values = numbers.values[at]
        procs = values[:, layout.counts[SCALARS.index("gomaxprocs")]]
        # A number too long, or a list of the wrong length: grammar says what is wrong with it.
        fits = (numbers.digits[at].max(axis=1) <= _MAX_DIGITS) & (procs == len(layout.runq))
        return FastRows(layout, lines + batch.first_line, values).some(fits), fits


def layout_of(shape: bytes) -> Layout | None:
    """The layout of the lines that have this shape; None when they need the slow path."""
    ordinals = iter(range(len(shape)))
    numbered = re.sub(rb"0", lambda _: str(next(ordinals)).encode(), shape)
    try:
        summary = read_summary(numbered)
        check_keys(summary)
    except Refused:
        return None
    if summary.extra or summary.detail or summary.runq is None or len(summary.runq) > MAX_PROCS:
        return None
    if summary.ticks is not None and len(summary.ticks) != len(summary.runq):
        return None
    used = [summary.time_ms, *summary.counts.values(), *summary.runq, *(summary.ticks or ())]
    if sorted(used) != list(range(shape.count(b"0"))):  # a sign, or a number that is part of a word
        return None
    return Layout(
        numbers=len(used),
        time=summary.time_ms,
        counts=tuple(summary.counts.get(name, -1) for name in SCALARS),
        runq=tuple(summary.runq),
        ticks=tuple(summary.ticks or ()),
    )


def tables_of(rows: Rows, most_cells: int) -> Iterator[tuple[SummaryTable, dict[int, int]]]:
    """The rows in line order, in as many tables as keep ``local_runq`` of each to ``most_cells`` numbers.

    With each goes the row that an element of ``rows.slow`` became, by its index, for those that are in it.
    """
    places, widths = rows.places(), rows.widths()
    in_order = np.empty_like(widths)
    in_order[places] = widths
    for first, stop in _parts(in_order, most_cells):
        yield _table(rows, places - first, stop - first, int(in_order[first:stop].max(initial=0)))


def check_size(length: int, width: int) -> None:
    """Raises CaptureError when a table would have more than ``MAX_CELLS`` numbers."""
    if length * width > MAX_CELLS:
        raise CaptureError(
            f"{length} SCHED lines or more, of up to {width} Ps, make too large a table",
            remedy="Read them block by block with schedtrace.stream.",
        )


def joined(tables: Sequence[SummaryTable]) -> SummaryTable:
    """The tables one after the other."""
    length, width = sum(map(len, tables)), max((table.max_p for table in tables), default=0)
    columns = _unfilled(length, width)
    extra: dict[int, Mapping[str, str]] = {}
    at = 0
    for table in tables:
        rows = slice(at, at + len(table))
        for name in ("line", "time_ms", *SCALARS):
            columns[name][rows] = getattr(table, name)
        columns["local_runq"][rows, : table.max_p] = table.local_runq
        columns["schedticks"][rows, : table.max_p] = table.schedticks
        extra |= {at + row: keys for row, keys in table.extra.items()}
        at += len(table)
    return SummaryTable(**columns, extra=extra)


@dataclass(frozen=True, slots=True)
class _Numbers:
    """Every run of digits in a batch.

    ``reduced`` is the batch with each run as one ``0``; ``values`` and ``digits`` (how many) have one
    element per run, ``first`` has the index of the first run at or after each line's beginning. A value
    of more than 18 digits is wrong; ``digits`` tells.
    """

    reduced: bytes
    values: Integers
    digits: Integers
    first: Integers

    @classmethod
    def of(cls, batch: Batch) -> _Numbers:
        text = np.frombuffer(batch.data, np.uint8)
        value = text - np.uint8(ord("0"))  # wraps around below "0"
        is_digit = value < 10
        begins = is_digit.copy()
        begins[1:] &= ~is_digit[:-1]
        starts = np.flatnonzero(begins)
        ends = np.flatnonzero(is_digit[:-1] & ~is_digit[1:]) + 1  # a batch ends in a newline
        digits = ends - starts
        reduced = np.where(is_digit, np.uint8(ord("0")), text)[begins | ~is_digit]
        return cls(
            reduced=reduced.tobytes(),
            values=_decimal(value, ends, digits),
            digits=digits,
            first=np.searchsorted(starts, batch.starts()),
        )


def _decimal(value: npt.NDArray[np.uint8], ends: Integers, digits: Integers) -> Integers:
    """The numbers that end at ``ends``, from their last digit to their first."""
    values = value[ends - 1].astype(np.int64)
    longer = np.flatnonzero(digits > 1)
    for place in range(1, _MAX_DIGITS):
        if not len(longer):
            break
        values[longer] += value[ends[longer] - 1 - place] * np.int64(10**place)
        longer = longer[digits[longer] > place + 1]
    return values


def _unfilled(length: int, width: int) -> dict[str, Integers]:
    columns = {name: np.full(length, -1, np.int64) for name in ("line", "time_ms", *SCALARS)}
    return columns | {name: np.full((length, width), -1, np.int64) for name in ("local_runq", "schedticks")}


def _parts(widths: Integers, most_cells: int) -> list[tuple[int, int]]:
    if len(widths) * int(widths.max(initial=0)) <= most_cells:
        return [(0, len(widths))]
    starts, widest = [0], 0
    for row, width in enumerate(widths.tolist()):
        widest = max(widest, width)
        if (row + 1 - starts[-1]) * widest > most_cells and row > starts[-1]:
            starts.append(row)
            widest = width
    return list(zip(starts, [*starts[1:], len(widths)], strict=True))


def _table(rows: Rows, places: Integers, length: int, width: int) -> tuple[SummaryTable, dict[int, int]]:
    """The rows whose place is from 0 up to, not including, ``length``."""
    columns = _unfilled(length, width)
    at = 0
    for fast in rows.fast:
        place = places[at : at + len(fast)]
        inside = (place >= 0) & (place < length)
        _fill_fast(columns, place[inside], fast.some(inside))
        at += len(fast)
    became: dict[int, int] = {}
    for i, place_of_slow in enumerate(places[at:].tolist()):
        if 0 <= place_of_slow < length:
            became[i] = place_of_slow
            _fill_slow(columns, place_of_slow, rows.slow[i])
    extra = {row: rows.slow[i].summary.extra for i, row in became.items() if rows.slow[i].summary.extra}
    return SummaryTable(**columns, extra=extra), became


def _fill_fast(columns: dict[str, Integers], place: Integers, rows: FastRows) -> None:
    columns["line"][place] = rows.line
    columns["time_ms"][place] = rows.numbers[:, rows.layout.time]
    for name, at in zip(SCALARS, rows.layout.counts, strict=True):
        if at >= 0:
            columns[name][place] = rows.numbers[:, at]
    columns["local_runq"][place, : len(rows.layout.runq)] = rows.numbers[:, rows.layout.runq]
    columns["schedticks"][place, : len(rows.layout.ticks)] = rows.numbers[:, rows.layout.ticks]


def _fill_slow(columns: dict[str, Integers], row: int, slow: SlowRow) -> None:
    columns["line"][row] = slow.line
    columns["time_ms"][row] = slow.summary.time_ms
    for name, value in slow.summary.counts.items():
        columns[name][row] = value
    for p in slow.ps:
        columns["local_runq"][row, p.id] = p.runqsize
        columns["schedticks"][row, p.id] = p.schedtick
    for column, listed in (("local_runq", slow.summary.runq), ("schedticks", slow.summary.ticks)):
        if listed is not None:
            columns[column][row, : len(listed)] = listed
