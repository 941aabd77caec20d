"""The last samples of a running program: bounded, and safe to write and read from several threads."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from itertools import islice

from schedlab.capture.live.sample import Sample
from schedlab.errors import UsageError


@dataclass(frozen=True, slots=True)
class Piece:
    """Samples in order; ``first`` is the number of the first one, ``lost`` how many before it are gone."""

    first: int
    lost: int
    samples: tuple[Sample, ...]

    @property
    def next(self) -> int:
        """The number of the sample after these."""
        return self.first + len(self.samples)


class History:
    """A ring: each sample has a number, from 0 on, and the oldest make room for the newest."""

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise UsageError(f"a history of {capacity} samples holds nothing", remedy="Keep 1 or more.")
        self.capacity = capacity
        self._samples: deque[Sample] = deque(maxlen=capacity)
        self._next = 0
        self._lock = threading.Lock()

    def append(self, sample: Sample) -> None:
        with self._lock:
            self._samples.append(sample)
            self._next += 1

    @property
    def next(self) -> int:
        """The number that the next sample will get: how many there were in all."""
        return self._next

    def since(self, number: int, most: int | None = None) -> Piece:
        """The samples from ``number`` on that are still there, the oldest ``most`` of them."""
        with self._lock:
            oldest = self._next - len(self._samples)
            first = min(max(number, oldest), self._next)
            begin = first - oldest
            end = len(self._samples) if most is None else begin + most
            return Piece(first, max(0, first - number), tuple(islice(self._samples, begin, end)))
