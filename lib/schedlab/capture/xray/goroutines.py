"""All goroutines: thousands of ``g`` structs in a few hundred reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from schedlab.capture.xray.fields import OF_G, Window, window
from schedlab.capture.xray.layout import Layout
from schedlab.capture.xray.memory import Addresses, Integers, Memory, Plan, Vanished, coalesced

_MOST_GS = 1 << 26
# Goroutines whose ids are read through vectors that are there already.
_FEW = 256


@dataclass(frozen=True, slots=True)
class Herd:
    """Where all ``g`` structs are. They are never freed and never move; only new ones are added.

    ``words`` says where in the plan's buffer the words of the columns are, a row for each goroutine.
    """

    list_: tuple[int, int]
    addresses: Addresses
    plan: Plan
    words: Integers


class HerdReader:
    """Reads all goroutines, again and again; what it prepares it keeps until there are more of them."""

    def __init__(self, memory: Memory, layout: Layout) -> None:
        self._memory = memory
        self._window: Window = window(layout, "runtime.g", OF_G)
        self._herd: Herd | None = None
        self._words = self._window.words()
        id_ = self._window.columns["id"]
        assert id_ is not None
        self._id_offset = np.uint64(id_.offset)
        self._few = Plan(np.zeros(_FEW, np.uint64), np.full(_FEW, 8))

    def read(self, length: int, pointer: int) -> dict[str, npt.NDArray[np.generic] | None]:
        """The columns of ``OF_G`` and ``address``, for the first ``length`` of runtime.allgs at ``pointer``.

        Raises:
            Vanished: the list is not there (any more).
        """
        herd = self._herd
        if herd is None or herd.list_ != (length, pointer):
            herd = self._herd = self._gathered(length, pointer)
        self._memory.fill(herd.plan)
        # All of one goroutine, then the next: a column at a time would go through all memory for each.
        words = herd.plan.words.take(herd.words)
        return {
            "address": herd.addresses,
            **{name: self._window.column(name, words, self._words) for name in OF_G},
        }

    def ids(self, addresses: Addresses) -> Integers:
        """The ids of the goroutines at these addresses; of 0, which is none, 0.

        Raises:
            Vanished: one of them is no address.
        """
        found = np.zeros(len(addresses), np.int64)
        rows = addresses.nonzero()[0]
        if 0 < len(rows) <= _FEW:
            self._few.remote[: len(rows), 0] = addresses[rows] + self._id_offset
            self._memory.fill_first(self._few, len(rows))
            found[rows] = self._few.words[: len(rows)]
        elif len(rows):
            found[rows] = self._memory.gather(addresses[rows] + self._id_offset, 8).view(np.int64)[:, 0]
        return found

    def _gathered(self, length: int, pointer: int) -> Herd:
        if length > _MOST_GS:
            raise Vanished
        addresses = np.frombuffer(self._memory.read(pointer, 8 * length), np.uint64)
        if not addresses.all():
            raise Vanished
        begins = addresses + np.uint64(self._window.start)
        plan, places = coalesced(begins, np.full(length, self._window.size))
        return Herd((length, pointer), addresses, plan, places[:, None] // 8 + self._words)
