"""Read the counters and events of a program with probes while it runs, out of its memory."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from schedlab.capture.probes._file import _EVENT, _HEADER, _MAGIC, PLACES, read
from schedlab.capture.probes.errors import DamagedProbes, NotProbed
from schedlab.capture.probes.kinds import PS
from schedlab.capture.probes.records import Counters, Events
from schedlab.errors import UsageError

if TYPE_CHECKING:
    # Half of its import is the reading of ELF files, of which who only builds and runs has nothing.
    from schedlab.capture.xray import Xray
    from schedlab.capture.xray.memory import Memory

_VARIABLE = b"runtime.schedlabProbes"
# schedlabSlot.ring and .next, after counts and from (hooks/schedlab_probes.go).
_RING = np.dtype({"names": ["ring", "next"], "formats": ["u8", "u8"], "offsets": [0, 8]})
_RING_OFFSET = 8 * PLACES + 4 * PS


def read_live(xray: Xray) -> Counters:
    """What the program into which ``xray`` looks has counted until now; it is not stopped for that.

    Counters only grow, and are read one after the other, so one may be some microseconds older than the next.
    ``written_ns`` is when the reading began (CLOCK_MONOTONIC, which is ``nanotime``'s); once the program has
    written its own counters, it is when it did. The source is ``schedlabProbes`` in hooks/schedlab_probes.go.

    Raises:
        NotProbed: the program was built without probes, or has not begun to count yet.
        DamagedProbes: it was built with probes of another version.
        ProcessGone, NotAllowed: as ``Xray.snapshot``.
    """
    counters, _ = _read(xray, rings=False)
    return counters


def read_live_events(xray: Xray) -> tuple[Counters, Events]:
    """The same, and the events that are in the rings now: those of the last moments of each P.

    Events that are written over while they are read count as ``lost``. 2 MiB are read for each P, unless the
    rings were made otherwise.

    Raises:
        UsageError: the program was built in ``Mode.COUNTERS``. Others as ``read_live``.
    """
    counters, events = _read(xray, rings=True)
    if events is None:
        raise UsageError(f"{xray.program} counts and keeps no events", remedy="Build it with mode='ring'.")
    return counters, events


def _read(xray: Xray, *, rings: bool) -> tuple[Counters, Events | None]:
    begun = time.monotonic_ns()
    memory = xray._memory
    memory.check()
    address, size = _found(xray)
    header = np.frombuffer(memory.read(address, _HEADER.itemsize), _HEADER).copy()
    if not header["began"][0]:
        raise NotProbed(f"{xray.program} has not begun to count yet", remedy="Read again in a moment.")
    slot, ps = int(header["slot_bytes"][0]), int(header["ps"][0])
    used = int(header["used"][0])
    if _HEADER.itemsize + (ps + 1) * slot != size or used > ps:
        raise DamagedProbes(f"the counters of {xray.program} have another layout: {size} bytes")
    first = address + _HEADER.itemsize
    slots = memory.read(first, used * slot) if used else b""
    nobody = memory.read(first + ps * slot, slot)
    length = int(header["ring_length"][0]) if rings else 0
    events = [_ring(memory, first + p * slot, length) for p in (*range(used), ps)] if length else []
    memory.check()
    # What remains is as in the file.
    header["ring_length"] = length
    header["written"] = header["written"][0] or begun
    return read(b"".join([header.tobytes(), slots, nobody, *events, _MAGIC]), xray.program)


def _ring(memory: Memory, slot: int, length: int) -> bytes:
    """How many events the slot's ring had, its entries, and how many it may have had by then."""
    place = np.frombuffer(memory.read(slot + _RING_OFFSET, _RING.itemsize), _RING)[0]
    had = int(place["next"])
    entries = memory.read(int(place["ring"]), min(had, length) * _EVENT.itemsize) if had else b""
    after = np.frombuffer(memory.read(slot + _RING_OFFSET, _RING.itemsize), _RING)[0]
    # One more: it may be half written.
    by_now = int(after["next"]) + 1
    return had.to_bytes(8, sys.byteorder) + entries + by_now.to_bytes(8, sys.byteorder)


def _found(xray: Xray) -> tuple[int, int]:
    """Address in the process, and size in bytes, of the variable that the hooks write."""
    from elftools.elf.elffile import ELFFile

    from schedlab.capture.xray.layout import _SYMBOL
    from schedlab.capture.xray.memory import failure

    # That of the process, even if its name now names another file.
    try:
        with Path(f"/proc/{xray.pid}/exe").open("rb") as binary:
            elf = ELFFile(binary)
            section = elf.get_section_by_name(".symtab")
            symbols = np.frombuffer(section.data() if section is not None else b"", _SYMBOL)
            names = elf.get_section(section["sh_link"]).data() if section is not None else b""
    except OSError as error:
        raise failure(xray.pid, error.errno or 0) from error
    # Found by its name's place, as going through all symbols one by one takes many times as long.
    rows = np.flatnonzero(symbols["name"] == names.find(_VARIABLE + b"\0"))
    if not len(rows):
        raise NotProbed(
            f"{xray.program} was built without probes", remedy="Build it with schedlab.capture.probes.build."
        )
    return int(symbols["value"][rows[0]]) + xray._offset, int(symbols["size"][rows[0]])
