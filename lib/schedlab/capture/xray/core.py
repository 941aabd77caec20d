"""All Ps, all Ms and the scheduler's own counts, in two reads of the same memory.

The first read is what is given. The second, of the same pieces, says whether it can be trusted: ticks, states
and links that were the same before and after were so at one moment in between.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from schedlab.capture.xray.errors import XrayError
from schedlab.capture.xray.fields import OF_M, OF_P, OF_SCHED, Window, window
from schedlab.capture.xray.layout import Layout
from schedlab.capture.xray.memory import Addresses, Bytes, Integers, Memory, Plan, Vanished, coalesced

Column = npt.NDArray[np.generic]

_MOST_PS, _MOST_MS = 1 << 16, 1 << 17
_QUEUE = 256  # len(p.runq)
# What must not have changed from the first read to the second.
_KEYS_P = ("status", "schedtick", "syscalltick", "m", "head", "tail", "runnext")
_KEYS_M = ("curg", "p", "spinning", "lockedg")
_KEYS_SCHED = ("npidle", "nmspinning", "needspinning", "runq_head", "runq_size", "gcwaiting", "stopwait")


@dataclass(frozen=True, slots=True)
class Windows:
    """Where the columns of P, M and schedt are, in one binary."""

    p: Window
    m: Window
    sched: Window
    runq: int

    @staticmethod
    def of(layout: Layout) -> Windows:
        runq = layout.place("runtime.p", "runq")
        assert runq is not None
        return Windows(
            window(layout, "runtime.p", OF_P, ("runq",)),
            window(layout, "runtime.m", OF_M),
            window(layout, "runtime.schedt", OF_SCHED),
            runq[0],
        )


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Which Ps and Ms there are, and where they are in the buffers. It holds until one is added or goes."""

    windows: Windows
    first: Plan
    second: Plan
    ps: Addresses
    ms: Addresses
    p_places: Integers
    m_places: Integers
    sched_place: Integers
    allg: Integers
    keys: Integers
    fixed: int
    expected: bytes
    heads_tails: Integers
    references: Integers
    kept: Integers

    def changed(self, keys: npt.NDArray[np.uint64]) -> bool:
        """Whether the lists of Ps and Ms, as they are in ``keys``, are no longer these."""
        return keys[: self.fixed].tobytes() != self.expected

    def columns(
        self, which: str, buffer: Bytes, *, compact: bool
    ) -> dict[str, npt.NDArray[np.generic] | None]:
        """The columns of "p", "m" or "sched" from one buffer, or from ``(n, kept words)`` of many."""
        window, places = {
            "p": (self.windows.p, self.p_places),
            "m": (self.windows.m, self.m_places),
            "sched": (self.windows.sched, self.sched_place),
        }[which]
        found: dict[str, Column | None] = {}
        for name, placed in window.columns.items():
            if placed is None:
                found[name] = None
                continue
            index = window.indexes(name, places)
            if compact:
                each = 8 // placed.dtype.itemsize
                index = np.searchsorted(self.kept, index // each) * each + index % each
            found[name] = buffer.view(placed.dtype).take(index, axis=-1)
        return found

    def queue(self, buffer: Bytes, p: int) -> Addresses:
        """Addresses of the goroutines in the local queue of the P in row ``p``, the next to run first."""
        head, tail = (int(counter) for counter in buffer.view(np.uint32)[self.heads_tails[:, p]])
        # A torn read may claim more than there is room for.
        slots = (head + np.arange(min((tail - head) & 0xFFFFFFFF, _QUEUE))) % _QUEUE
        begin = (int(self.p_places[p]) + self.windows.runq - self.windows.p.start) // 8
        return buffer.view(np.uint64)[begin : begin + _QUEUE][slots]


@dataclass(frozen=True, slots=True)
class Symbols:
    """Addresses of the runtime's variables in the running program."""

    allglen: int
    allgptr: int
    allp: int
    allm: int
    sched: int

    @staticmethod
    def of(layout: Layout, offset: int) -> Symbols:
        names = ("allglen", "allgptr", "allp", "allm", "sched")
        return Symbols(*(layout.symbols[f"runtime.{name}"].address + offset for name in names))


def arrange(memory: Memory, windows: Windows, symbols: Symbols) -> Arrangement:
    """Find all Ps and Ms. Raises Vanished if the lists change meanwhile."""
    ps, ms = _ps(memory, symbols), _ms(memory, windows, symbols)
    header = np.frombuffer(memory.read(symbols.allp, 16), np.uint64)
    globals_ = [symbols.allglen, symbols.allgptr, symbols.allp, symbols.allm, int(header[0])]
    sizes = [8, 8, 16, 8, 8 * len(ps)]
    if not len(ps):
        globals_[4] = symbols.allm
    pieces = np.concatenate(
        [
            np.array([*globals_, symbols.sched + windows.sched.start], np.uint64),
            ps + np.uint64(windows.p.start),
            ms + np.uint64(windows.m.start),
        ]
    )
    lengths = np.array(
        [*sizes, windows.sched.size, *[windows.p.size] * len(ps), *[windows.m.size] * len(ms)], np.int64
    )
    first, places = coalesced(pieces, lengths)
    second, _ = coalesced(pieces, lengths)
    return _arranged(windows, first, second, places, ps, ms, header)


def _arranged(
    windows: Windows,
    first: Plan,
    second: Plan,
    places: Integers,
    ps: Addresses,
    ms: Addresses,
    header: Addresses,
) -> Arrangement:
    p_places, m_places = places[6 : 6 + len(ps)], places[6 + len(ps) :]
    sched_place = places[5:6]
    length, pointer, allp, allm, array = (int(place) // 8 for place in places[:5])
    lists = [
        np.array([allp, allp + 1, allm]),
        array + np.arange(len(ps)),
        windows.m.indexes("next", m_places),
    ]
    expected = np.concatenate([header, ms[:1], ps, ms[1:], np.zeros(1, np.uint64)])
    ticks = [
        np.array([length, pointer]),
        *_words(windows.p, _KEYS_P, p_places),
        *_words(windows.m, _KEYS_M, m_places),
        *_words(windows.sched, _KEYS_SCHED, sched_place),
    ]
    kept = [
        *_words(windows.p, tuple(OF_P), p_places),
        *_words(windows.m, tuple(OF_M), m_places),
        *_words(windows.sched, tuple(OF_SCHED), sched_place),
    ]
    fixed = np.concatenate(lists)
    references = [
        windows.m.indexes("curg", m_places),
        windows.m.indexes("lockedg", m_places),
        windows.p.indexes("runnext", p_places),
    ]
    return Arrangement(
        windows=windows,
        first=first,
        second=second,
        ps=ps,
        ms=ms,
        p_places=p_places,
        m_places=m_places,
        sched_place=sched_place,
        allg=np.array([length, pointer]),
        keys=np.concatenate([fixed, np.unique(np.concatenate(ticks))]),
        fixed=len(fixed),
        expected=expected.tobytes(),
        heads_tails=np.stack([windows.p.indexes(name, p_places) for name in ("head", "tail")]),
        references=np.concatenate(references),
        kept=np.unique(np.concatenate(kept)),
    )


def _words(window: Window, names: tuple[str, ...], places: Integers) -> list[Integers]:
    """The 8-byte words in which those columns are."""
    found = []
    for name in names:
        placed = window.columns[name]
        if placed is not None:
            found.append((places + (placed.offset - window.start)) // 8)
    return found


def _ps(memory: Memory, symbols: Symbols) -> Addresses:
    pointer, length = np.frombuffer(memory.read(symbols.allp, 16), np.uint64)
    if length > _MOST_PS:
        raise Vanished
    if not length:
        return np.empty(0, np.uint64)
    found = np.frombuffer(memory.read(int(pointer), 8 * int(length)), np.uint64)
    if not found.all():
        raise Vanished
    return found


def _ms(memory: Memory, windows: Windows, symbols: Symbols) -> Addresses:
    """Along m.alllink from ``allm``, the newest first."""
    link = windows.m.columns["next"]
    if link is None:
        raise XrayError("this release does not link its Ms by alllink")
    found: list[int] = []
    at = int.from_bytes(memory.read(symbols.allm, 8), "little")
    while at:
        found.append(at)
        if len(found) > _MOST_MS:
            raise Vanished
        at = int.from_bytes(memory.read(at + link.offset, 8), "little")
    return np.array(found, np.uint64)
