"""Which fields of the runtime's structs are read, under which names, and of what kind they are.

Names on the right are those of runtime/runtime2.go, Go 1.22 to 1.27. A release that lacks a field gives None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from schedlab.capture.xray.layout import Layout
from schedlab.capture.xray.memory import Integers

# Column: (kind as in numpy's dtype.kind, path, other path of the same …).
Wanted = Mapping[str, tuple[str, tuple[str, ...]] | tuple[str, tuple[str, ...], tuple[str, ...]]]

OF_P: Wanted = {
    "id": ("i", ("id",)),
    "status": ("u", ("status",)),
    "schedtick": ("u", ("schedtick",)),
    "syscalltick": ("u", ("syscalltick",)),
    "m": ("u", ("m",)),
    "head": ("u", ("runqhead",)),
    "tail": ("u", ("runqtail",)),
    "runnext": ("u", ("runnext",)),
}
OF_M: Wanted = {
    "id": ("i", ("id",)),
    "thread": ("u", ("procid",)),
    "curg": ("u", ("curg",)),
    "p": ("u", ("p",)),
    "nextp": ("u", ("nextp",)),
    "oldp": ("u", ("oldp",)),
    "spinning": ("b", ("spinning",)),
    "blocked": ("b", ("blocked",)),
    "in_cgo": ("b", ("incgo",)),
    "cgo_calls": ("u", ("ncgocall",)),
    "locks": ("i", ("locks",)),
    "lockedg": ("u", ("lockedg",)),
    "extra": ("b", ("isextra",)),
    "next": ("u", ("alllink",)),
}
OF_G: Wanted = {
    "id": ("u", ("goid",)),
    "status": ("u", ("atomicstatus",)),
    "wait_reason": ("u", ("waitreason",)),
    "m": ("u", ("m",)),
    "start_pc": ("u", ("startpc",)),
    "creator_pc": ("u", ("gopc",)),
    "creator": ("u", ("parentGoid",)),
    "stack_low": ("u", ("stack", "lo")),
    "stack_high": ("u", ("stack", "hi")),
    "preempt": ("b", ("preempt",)),
    "wait_since": ("i", ("waitsince",)),
    "lockedm": ("u", ("lockedm",)),
    "next": ("u", ("schedlink",)),
    "pc": ("u", ("sched", "pc")),
    "sp": ("u", ("sched", "sp")),
    "bp": ("u", ("sched", "bp")),
}
OF_SCHED: Wanted = {
    "goidgen": ("u", ("goidgen",)),
    "nmidle": ("i", ("nmidle",)),
    "nmidlelocked": ("i", ("nmidlelocked",)),
    "mnext": ("i", ("mnext",)),
    "nmsys": ("i", ("nmsys",)),
    "ngsys": ("i", ("ngsys",)),
    "ngsyscall_no_p": ("i", ("nGsyscallNoP",)),
    "npidle": ("i", ("npidle",)),
    "nmspinning": ("i", ("nmspinning",)),
    "needspinning": ("u", ("needspinning",)),
    "runq_head": ("u", ("runq", "head")),
    # schedt.runqsize until Go 1.24.
    "runq_size": ("i", ("runq", "size"), ("runqsize",)),
    "gcwaiting": ("b", ("gcwaiting",)),
    "stopwait": ("i", ("stopwait",)),
    "sysmonwait": ("b", ("sysmonwait",)),
}


@dataclass(frozen=True, slots=True)
class Placed:
    """One column in its struct: offset and size in bytes, and the dtype of its values."""

    offset: int
    dtype: np.dtype[np.generic]


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a struct that holds the columns, from ``start``, a multiple of 8, ``size`` bytes."""

    start: int
    size: int
    columns: Mapping[str, Placed | None]

    def indexes(self, column: str, places: Integers) -> Integers:
        """Where the column is in a buffer in which windows begin at ``places``, in units of its own size."""
        placed = self.columns[column]
        assert placed is not None
        return (places + (placed.offset - self.start)) // placed.dtype.itemsize

    def words(self) -> Integers:
        """The 8-byte words of the window that hold columns, ascending."""
        used = {(one.offset - self.start) // 8 for one in self.columns.values() if one is not None}
        return np.array(sorted(used), np.int64)

    def column(
        self, name: str, rows: npt.NDArray[np.uint64], words: Integers
    ) -> npt.NDArray[np.generic] | None:
        """A column of rows of those ``words``, ``(n, len(words))``; None if the release lacks it."""
        placed = self.columns[name]
        if placed is None:
            return None
        each, into = 8 // placed.dtype.itemsize, placed.offset - self.start
        at = int(np.searchsorted(words, into // 8)) * each + into % 8 // placed.dtype.itemsize
        return rows.view(placed.dtype)[:, at]


def window(layout: Layout, struct: str, wanted: Wanted, *more: tuple[str, ...]) -> Window:
    """The window of a struct that holds all of ``wanted``, and the fields ``more``."""
    columns: dict[str, Placed | None] = {}
    for name, (kind, *paths) in wanted.items():
        found = next((place for path in paths if (place := layout.place(struct, *path))), None)
        columns[name] = None if found is None else Placed(found[0], _dtype(kind, found[1]))
    spans = [(one.offset, one.offset + one.dtype.itemsize) for one in columns.values() if one is not None]
    spans += [(place[0], sum(place)) for path in more if (place := layout.place(struct, *path))]
    start = min(first for first, _ in spans) // 8 * 8
    return Window(start, (max(end for _, end in spans) - start + 7) // 8 * 8, columns)


def _dtype(kind: str, size: int) -> np.dtype[np.generic]:
    return (
        np.dtype(np.bool_)
        if kind == "b" and size == 1
        else np.dtype(f"<{'u' if kind == 'b' else kind}{size}")
    )
