"""The sync.Pools of a program, part by part: what each P has, and what the last collection left.

Names are those of sync/pool.go and sync/poolqueue.go, Go 1.22 to 1.27.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from schedlab.capture.xray.errors import XrayError
from schedlab.capture.xray.layout import POOL_STRUCTS, POOL_VARIABLES, Layout
from schedlab.capture.xray.memory import Memory, Vanished

_MOST_POOLS, _MOST_PARTS, _MOST_QUEUES = 1 << 16, 1 << 16, 1 << 6


@dataclass(frozen=True, slots=True)
class PoolParts:
    """How many objects of one pool are where, a number for each P; ``new`` names its function New.

    ``private`` and ``shared`` are the two places of a P's part. ``victim`` is what was in both when the last
    garbage collection began, and has not been taken since.
    """

    new: str
    private: tuple[int, ...]
    shared: tuple[int, ...]
    victim: tuple[int, ...]

    @property
    def objects(self) -> int:
        """All of them together."""
        return sum(self.private) + sum(self.shared) + sum(self.victim)


class PoolReader:
    """Reads the pools of one process."""

    def __init__(self, memory: Memory, layout: Layout, offset: int, name: Callable[[int], str]) -> None:
        self._memory, self._layout, self._offset, self._name = memory, layout, offset, name

    def read(self, tries: int) -> tuple[PoolParts, ...]:
        """All pools that the runtime knows of, once two reads one after the other agree."""
        if not all(name in self._layout.structs for name in POOL_STRUCTS):
            return ()
        before: tuple[PoolParts, ...] | None = None
        for _ in range(tries + 1):
            try:
                found = tuple(map(self._parts, self._known()))
            except Vanished:
                before = None
                continue
            if found == before:
                return found
            before = found
        raise XrayError(
            f"process {self._memory.pid} uses its pools while they are read",
            remedy="Look at a moment at which it does not.",
        )

    def _known(self) -> Iterator[int]:
        """Addresses: pools with a part for each P, and those with a victim cache only."""
        seen: set[int] = set()
        for name in POOL_VARIABLES:
            symbol = self._layout.symbols.get(name)
            if symbol is None:
                continue
            pointer, length = self._words(symbol.address + self._offset, 2)
            for address in self._words(pointer, _bounded(length, _MOST_POOLS)):
                if address not in seen:
                    seen.add(address)
                    yield address

    def _parts(self, pool: int) -> PoolParts:
        local, local_size, victim, victim_size, new = (
            self._field(pool, "sync.Pool", name)
            for name in ("local", "localSize", "victim", "victimSize", "New")
        )
        own, old = list(self._places(local, local_size)), list(self._places(victim, victim_size))
        return PoolParts(
            self._name(self._words(new, 1)[0]) if new else "",
            tuple(private for private, _ in own),
            tuple(shared for _, shared in own),
            tuple(private + shared for private, shared in old),
        )

    def _places(self, parts: int, size: int) -> Iterator[tuple[int, int]]:
        """Of each P's part: the objects in ``private``, one or none, and in ``shared``."""
        each = self._layout.structs["sync.poolLocal"].size
        for part in range(parts, parts + _bounded(size, _MOST_PARTS) * each, each):
            # An interface that holds nothing has no type.
            private = self._field(part, "sync.poolLocal", "poolLocalInternal", "private")
            yield int(private != 0), self._shared(part)

    def _shared(self, part: int) -> int:
        """Along the chain of queues, from the one that is pushed to."""
        queue = self._field(part, "sync.poolLocal", "poolLocalInternal", "shared", "head")
        objects = 0
        for _ in range(_MOST_QUEUES):
            if not queue:
                return objects
            ends = self._field(queue, "sync.poolChainElt", "poolDequeue", "headTail")
            objects += ((ends >> 32) - ends) & 0xFFFFFFFF
            queue = self._field(queue, "sync.poolChainElt", "prev")
        raise Vanished

    def _field(self, at: int, struct: str, *path: str) -> int:
        place = self._layout.place(struct, *path)
        if place is None:
            raise XrayError(f"{self._layout.release} keeps its pools otherwise: no {'.'.join(path)}")
        return self._words(at + place[0], 1)[0]

    def _words(self, address: int, count: int) -> list[int]:
        if not count:
            return []
        words: list[int] = np.frombuffer(self._memory.read(address, 8 * count), np.uint64).tolist()
        return words


def _bounded(size: int, most: int) -> int:
    """A size that was read while it changed may be anything."""
    if size > most:
        raise Vanished
    return size
