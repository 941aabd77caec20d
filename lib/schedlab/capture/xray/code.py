"""From a program counter to function, file and line, by the table that the program itself uses.

The table (``runtime.pclntab``; runtime/symtab.go, Go 1.20 to 1.27) is in every Go binary, also for functions
that have no entry in the symbol table of their own. C functions of a cgo program are not in it.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from schedlab.capture.xray.layout import Layout
from schedlab.capture.xray.memory import Integers

_MAGIC = 0xFFFFFFF1  # abi.Go120PCLnTabMagic
# Places in runtime._func, in 4-byte words.
_NAME, _PCFILE, _PCLN, _UNIT = 1, 5, 6, 8

Texts = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Places:
    """Where program counters are, one row each: an unknown one has empty names and line 0."""

    function: Texts
    file: Texts
    line: Integers

    def __len__(self) -> int:
        return len(self.line)


class Code:
    """The functions of one binary. ``offset`` is what the loader added to its addresses."""

    def __init__(self, binary: BinaryIO, layout: Layout, offset: int) -> None:
        self._lines: dict[int, tuple[str, int]] = {}
        self._entries = np.empty(0, np.uint32)
        self._begin = self._end = 0
        text, end = layout.symbols.get("runtime.text"), layout.symbols.get("runtime.etext")
        if layout.pclntab is None or text is None or end is None:
            return
        self._begin, self._end = text.address + offset, end.address + offset
        at, size = layout.pclntab
        page = at // mmap.ALLOCATIONGRANULARITY * mmap.ALLOCATIONGRANULARITY
        # Mapped, not read: a table of tens of MB, of which little is needed.
        mapped = mmap.mmap(binary.fileno(), at - page + size, access=mmap.ACCESS_READ, offset=page)
        self._table = memoryview(mapped)[at - page :]
        header = np.frombuffer(self._table, np.uint64, 8, 8)
        if int.from_bytes(self._table[:4], "little") != _MAGIC:
            return
        self._quantum = self._table[6]
        names, units, files, values, functions = (int(word) for word in header[3:8])
        self._names, self._units, self._files, self._values = names, units, files, values
        self._functions = functions
        pairs = np.frombuffer(self._table, np.uint32, 2 * int(header[0]), functions).reshape(-1, 2)
        self._entries, self._records = np.ascontiguousarray(pairs[:, 0]), pairs[:, 1]

    def names(self, pcs: npt.ArrayLike) -> Texts:
        """The name of each pc's function, in the same shape; empty where it is unknown."""
        given = np.asarray(pcs, np.uint64)
        rows, back = np.unique(self._rows(given.ravel()), return_inverse=True)
        texts = np.array([self._name(int(row)) for row in rows], dtype=object)
        found: Texts = texts[back].reshape(given.shape)
        return found

    def places(self, pcs: npt.ArrayLike) -> Places:
        """Function, file and line of each of ``pcs``, a list or ``(n,)``."""
        given = np.asarray(pcs, np.uint64).ravel()
        unique, back = np.unique(given, return_inverse=True)
        rows = self._rows(unique)
        lines = [self._place(int(pc), int(row)) for pc, row in zip(unique, rows, strict=True)]
        files = np.array([file for file, _ in lines], dtype=object)
        return Places(self.names(given), files[back], np.array([line for _, line in lines], np.int64)[back])

    def _rows(self, pcs: npt.NDArray[np.uint64]) -> Integers:
        """Rows of the functions that hold the pcs; -1 for none."""
        if not len(self._entries):
            return np.full(len(pcs), -1, np.int64)
        inside = (pcs >= self._begin) & (pcs < self._end)
        into = np.where(inside, pcs - np.uint64(self._begin), 0).astype(np.uint32)
        return np.where(inside, np.searchsorted(self._entries, into, side="right") - 1, -1)

    def _name(self, row: int) -> str:
        return self._text(self._names + self._word(row, _NAME)) if row >= 0 else ""

    def _place(self, pc: int, row: int) -> tuple[str, int]:
        if row < 0:
            return "", 0
        if pc not in self._lines:
            into = pc - self._begin - int(self._entries[row])
            file = self._value(self._word(row, _PCFILE), into)
            line = self._value(self._word(row, _PCLN), into)
            self._lines[pc] = (self._file(self._word(row, _UNIT) + file) if file >= 0 else "", max(line, 0))
        return self._lines[pc]

    def _file(self, number: int) -> str:
        at = self._units + 4 * number
        offset = int.from_bytes(self._table[at : at + 4], "little")
        return "" if offset == 0xFFFFFFFF else self._text(self._files + offset)

    def _word(self, row: int, word: int) -> int:
        at = self._functions + int(self._records[row]) + 4 * word
        return int.from_bytes(self._table[at : at + 4], "little")

    def _text(self, at: int) -> str:
        end = at
        while self._table[end]:
            end += 1
        return bytes(self._table[at:end]).decode("utf-8", "replace")

    def _value(self, offset: int, into: int) -> int:
        """What a table of values says ``into`` bytes after the function's begin (runtime.pcvalue)."""
        if not offset:
            return -1
        at, value, pc, first = self._values + offset, -1, 0, True
        while True:
            change, at = self._varint(at)
            if not change and not first:
                return -1
            value += -(change >> 1) - 1 if change & 1 else change >> 1
            step, at = self._varint(at)
            pc, first = pc + step * self._quantum, False
            if into < pc:
                return value

    def _varint(self, at: int) -> tuple[int, int]:
        value = shift = 0
        while True:
            byte = self._table[at]
            value, shift, at = value | (byte & 0x7F) << shift, shift + 7, at + 1
            if byte < 0x80:
                return value, at
