"""Reads the scheduler of one process, again and again; what can be prepared is prepared once."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from schedlab.capture.xray.core import Arrangement, Symbols, Windows, arrange
from schedlab.capture.xray.errors import XrayError
from schedlab.capture.xray.frames import frames
from schedlab.capture.xray.goroutines import HerdReader
from schedlab.capture.xray.layout import Layout
from schedlab.capture.xray.memory import Addresses, Integers, Memory, Vanished
from schedlab.capture.xray.snapshot import Columns, Raw

T = TypeVar("T")
Brief = tuple[Arrangement, Addresses, Integers, Columns | None, bool]

_NO_IDS = np.empty(0, np.int64)
_RUNNING = 2
# Lists that change under us: each time they are found anew.
_MOST_ARRANGEMENTS = 50
# A read that took long is torn for sure on a busy program: another is no better.
_PATIENCE_NS = 20_000_000


class Reader:
    """The read of one process at one moment: ``full`` for a snapshot, ``brief`` for one of many samples."""

    def __init__(self, memory: Memory, layout: Layout, offset: int) -> None:
        self._memory = memory
        self._windows = Windows.of(layout)
        self._symbols = Symbols.of(layout, offset)
        self._herd = HerdReader(memory, layout)
        self._arrangement: Arrangement | None = None

    def prepare(self) -> None:
        """Find all Ps and Ms, so that the first read is as quick as the others."""
        self._steadily(lambda _: None)

    def full(self, tries: int, *, gs: bool, stacks: int) -> tuple[Raw, bool, int]:
        """What a snapshot is made of, whether it is torn, and how often it was tried."""
        return self._untorn(tries, lambda arrangement: self._full(arrangement, gs=gs, stacks=stacks))

    def brief(self, tries: int, *, gs: bool) -> Brief:
        """Arrangement, kept words, ids for its references, Gs, and whether it is torn."""
        found, torn, _ = self._untorn(tries, lambda arrangement: self._brief(arrangement, gs=gs))
        return *found, torn

    def _untorn(self, tries: int, read: Callable[[Arrangement], T]) -> tuple[T, bool, int]:
        begun, tried = time.monotonic_ns(), 1
        while True:
            found, torn = self._steadily(lambda arrangement: self._twice(arrangement, read))
            if not torn or tried >= tries or time.monotonic_ns() - begun > _PATIENCE_NS:
                return found, torn, tried
            tried += 1

    def _twice(self, arrangement: Arrangement, read: Callable[[Arrangement], T]) -> tuple[T, bool]:
        """``read`` between the two reads of Ps and Ms, and whether these differ. Vanished if the lists do."""
        self._memory.fill(arrangement.first)
        found = read(arrangement)
        self._memory.fill(arrangement.second)
        before = arrangement.first.words.take(arrangement.keys)
        if arrangement.changed(before):
            raise Vanished
        return found, before.tobytes() != arrangement.second.words.take(arrangement.keys).tobytes()

    def _steadily(self, read: Callable[[Arrangement], T]) -> T:
        """What ``read`` gives; with all Ps and Ms found anew as often as their lists have changed."""
        for _ in range(_MOST_ARRANGEMENTS):
            try:
                if self._arrangement is None:
                    self._arrangement = arrange(self._memory, self._windows, self._symbols)
                return read(self._arrangement)
            except Vanished:
                self._arrangement = None
        raise XrayError(
            f"process {self._memory.pid} changes its Ps or Ms faster than they can be read",
            remedy="Try again, or with coherent=True.",
        )

    def _brief(
        self, arrangement: Arrangement, *, gs: bool
    ) -> tuple[Arrangement, Addresses, Integers, Columns | None]:
        words = arrangement.first.words
        ids = self._herd.ids(words.take(arrangement.references))
        return arrangement, words.take(arrangement.kept), ids, self._gs(arrangement) if gs else None

    def _full(self, arrangement: Arrangement, *, gs: bool, stacks: int) -> Raw:
        words = arrangement.first.words
        ids = self._herd.ids(words.take(arrangement.references))
        queues = self._queues(arrangement)
        herd = self._gs(arrangement) if gs else None
        found = self._frames(herd, stacks) if herd is not None and stacks else None
        return Raw(arrangement, arrangement.first.buffer.copy(), ids, queues, herd, found)

    def _gs(self, arrangement: Arrangement) -> Columns:
        length, pointer = (int(word) for word in arrangement.first.words.take(arrangement.allg))
        return self._herd.read(length, pointer)

    def _queues(self, arrangement: Arrangement) -> tuple[Integers, ...]:
        buffer = arrangement.first.buffer
        head, tail = arrangement.first.halves.take(arrangement.heads_tails)
        found = [_NO_IDS] * len(arrangement.ps)
        if head.tobytes() == tail.tobytes():
            return tuple(found)
        for p in np.flatnonzero(head != tail).tolist():
            found[p] = self._herd.ids(arrangement.queue(buffer, p))
        return tuple(found)

    def _frames(self, herd: Columns, depth: int) -> Addresses:
        status, sp = herd["status"], herd["sp"]
        pc, bp, high = herd["pc"], herd["bp"], herd["stack_high"]
        assert status is not None
        assert sp is not None
        assert pc is not None
        assert high is not None
        # Of one that runs the stack pointer is in a register of its thread, and what is here is old. A dead
        # one's stack may be another's by now.
        still = np.isin(status.astype(np.int64) & 0xFFF, (1, 3, 4, 9, 10))
        kept_sp, kept_bp = (
            np.where(still, 0 if each is None else each, 0).astype(np.uint64) for each in (sp, bp)
        )
        return frames(self._memory, pc.astype(np.uint64), kept_sp, kept_bp, high.astype(np.uint64), depth)
