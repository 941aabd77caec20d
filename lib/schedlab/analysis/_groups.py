"""Counts, sums and exact quantiles of many numbers by key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from schedlab.analysis._common import Integers, sums


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Values by key: those of ``key[i]`` are ``value[first[i]:first[i + 1]]``, in ascending order."""

    key: Integers
    first: Integers
    value: Integers

    @property
    def count(self) -> Integers:
        """How many values each key has."""
        found: Integers = self.first[1:] - self.first[:-1]
        return found

    def total(self) -> Integers:
        """The sum of each key's values."""
        return _sums(self.value, self.first)

    def above(self, limit: int) -> Integers:
        """How many values of each key are greater than ``limit``."""
        return _sums((self.value > limit).astype(np.int64), self.first)

    def quantile(self, cut: float) -> Integers:
        """A value that was really there: that of ``numpy.quantile(…, method="higher")``."""
        if not len(self.key):
            return np.zeros(0, dtype=np.int64)
        found: Integers = self.value[self.first[:-1] + np.ceil((self.count - 1) * cut).astype(np.int64)]
        return found

    def of(self, position: int) -> Integers:
        """The values of ``key[position]``."""
        return self.value[self.first[position] : self.first[position + 1]]


def groups(key: npt.NDArray[Any], value: npt.NDArray[Any]) -> Groups:
    """Sort values (int64, >= 0) by key (>= 0), then by themselves."""
    key, value = np.asarray(key, dtype=np.int64), np.asarray(value, dtype=np.int64)
    if not len(key):
        return Groups(key, np.zeros(1, dtype=np.int64), value)
    bits = int(value.max()).bit_length()
    if bits + int(key.max()).bit_length() <= 63:
        # One number holds both: numpy sorts plain integers several times as fast as pairs.
        packed = np.sort((key << bits) | value)
        key, value = packed >> bits, packed & ((1 << bits) - 1)
    else:
        order = np.lexsort((value, key))
        key, value = key[order], value[order]
    begins = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))
    return Groups(key[begins], np.append(begins, len(key)), value)


def counted(
    key: npt.NDArray[Any], *values: npt.NDArray[Any]
) -> tuple[Integers, Integers, tuple[Integers, ...]]:
    """The distinct keys (>= 0), how often each occurs, and its sum of each of ``values`` (>= 0)."""
    keys, inverse, counts = np.unique(
        np.asarray(key, dtype=np.int64), return_inverse=True, return_counts=True
    )
    return keys, counts.astype(np.int64), tuple(sums(inverse, value, len(keys)) for value in values)


def _sums(value: Integers, first: Integers) -> Integers:
    if len(first) == 1:
        return np.zeros(0, dtype=np.int64)
    found: Integers = np.add.reduceat(value, first[:-1])
    return found
