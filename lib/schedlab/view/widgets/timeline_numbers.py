"""Rows and texts under new, small numbers: only those that are used travel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Columns = dict[str, npt.NDArray[Any]]
Integers = npt.NDArray[np.int64]


@dataclass(slots=True)
class Renumbered:
    """Some rows of a table, in a new order: ``new[old row]`` is the new row + 1; 0 stands for none."""

    old: Integers
    new: npt.NDArray[np.uint32]

    @classmethod
    def used(cls, count: int, users: list[npt.NDArray[Any]]) -> Renumbered:
        """The rows that occur, in their order. The last number of ``new`` is for -1."""
        seen = np.zeros(count + 1, dtype=bool)
        for rows in users:
            seen[rows] = True
        seen[-1] = False
        return cls._chosen(np.flatnonzero(seen), count)

    @classmethod
    def frequent(cls, count: int, users: list[npt.NDArray[Any]]) -> Renumbered:
        """The rows but 0 that occur, the most frequent first: its number is small."""
        often = np.zeros(max(count, 1), dtype=np.int64)
        for rows in users:
            often += np.bincount(np.asarray(rows, dtype=np.int64), minlength=len(often))
        often[0] = 0
        order = np.argsort(-often, kind="stable")
        return cls._chosen(order[: int((often > 0).sum())], len(often))

    @classmethod
    def _chosen(cls, old: Integers, count: int) -> Renumbered:
        new = np.zeros(count + 1, dtype=np.uint32)
        new[old] = np.arange(1, len(old) + 1)
        return cls(old, new)


class Texts:
    """The texts that are shown, renumbered as they are asked for."""

    def __init__(self, texts: tuple[str, ...]) -> None:
        self.kept: list[str] = []
        self.frames: Integers = np.empty(0, dtype=np.int64)
        self._texts = texts
        self._new = np.full(max(len(texts), 1), -1, dtype=np.int64)

    def numbers(self, old: npt.NDArray[Any]) -> npt.NDArray[np.uint32]:
        for number in np.unique(old):
            if self._new[number] < 0:
                self._new[number] = len(self.kept)
                self.kept.append(self._texts[int(number)] if self._texts else "")
        return self._new[np.asarray(old, dtype=np.int64)].astype(np.uint32)


def smallest(limit: int) -> type[np.unsignedinteger[Any]]:
    """The narrowest type that holds ``limit``."""
    return np.uint8 if limit <= 0xFF else np.uint16 if limit <= 0xFFFF else np.uint32
