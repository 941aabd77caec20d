"""Tables of columns, and how rows are chosen from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from schedlab.errors import UsageError

Table = Mapping[str, npt.NDArray[Any]]
Rows = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

COLUMNS: Final[Mapping[str, Mapping[str, type[Any]]]] = {
    "spans": {
        "lane": np.uint8,
        "state": np.uint8,
        "flags": np.uint8,
        "reason": np.uint16,
        "id": np.int32,
        "m": np.int32,
        "cause": np.int32,
        "p": np.int16,
        "start": np.int64,
        "dur": np.int64,
        "stack": np.uint32,
        "end": np.uint32,
    },
    "marks": {
        "kind": np.uint8,
        "flags": np.uint8,
        "start": np.int64,
        "dur": np.int64,
        "g": np.int32,
        "m": np.int32,
        "p": np.int16,
        "task": np.int64,
        "parent": np.int64,
        "name": np.uint32,
        "message": np.uint32,
        "stack": np.uint32,
    },
    "counters": {"time": np.int64, "value": np.int64, "name": np.uint32, "p": np.int16},
    "samples": {"time": np.int64, "g": np.int32, "m": np.int32, "p": np.int16, "stack": np.uint32},
    "goroutines": {
        "id": np.int64,
        "created": np.int64,
        "ended": np.int64,
        "creator": np.int32,
        "start": np.uint32,
        "function": np.uint32,
    },
    "frames": {"function": np.uint32, "file": np.uint32, "line": np.uint32},
}
"""The kind of each column of a Timeline's tables, as of an execution trace."""


def chosen(table: Table, keep: Rows) -> Table:
    """The rows for which ``keep`` is true."""
    return {name: column[keep] for name, column in table.items()}


def overlapping(table: Table, start: int, end: int) -> Rows:
    """The rows of a table with ``start`` and ``dur`` that overlap ``[start, end)``."""
    begin = table["start"]
    stop = begin + table["dur"]
    # A point, such as a log, has no duration and is inside if its time is.
    kept: Rows = (begin < end) & ((stop > start) | ((begin == stop) & (begin >= start)))
    return kept


def inside(table: Table, start: int, end: int) -> Rows:
    """The rows of a table with ``time`` that are in ``[start, end)``."""
    kept: Rows = (table["time"] >= start) & (table["time"] < end)
    return kept


def keys(owner: npt.NDArray[Any], time: npt.NDArray[Any], step: int) -> Integers:
    """One number for an owner and a time, in the order of owners and then of times, all below ``step``.

    Raises:
        UsageError: the numbers would not fit 63 bits.
    """
    if len(owner) and (int(owner.max()) + 1) * step >= 1 << 63:
        raise UsageError(
            "the capture is too long for so many goroutines or threads at once",
            remedy="Take a part of it with window(start_ns, end_ns).",
        )
    found: Integers = owner.astype(np.int64) * step + time
    return found
