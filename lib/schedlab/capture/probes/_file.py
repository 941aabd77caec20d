"""Read the file that a program with probes writes at its end (hooks/schedlab_probes_write.go)."""

from __future__ import annotations

import sys

import numpy as np
import numpy.typing as npt

from schedlab.capture.probes.errors import DamagedProbes
from schedlab.capture.probes.kinds import NAMES, PS
from schedlab.capture.probes.records import NOBODY, Counters, Events

_MAGIC = b"schedlab"
_VERSION = 1
PLACES = 64
"""For counts, in a slot."""

_HEADER = np.dtype(
    [
        ("magic", "S8"),
        ("version", "u4"),
        ("kinds", "u4"),
        ("ps", "u4"),
        ("slot_bytes", "u4"),
        ("event_bytes", "u4"),
        ("ring_length", "u4"),
        ("used", "u4"),
        ("_", "u4"),
        ("began", "i8"),
        ("written", "i8"),
    ]
)
_EVENT = np.dtype([("time", "i8"), ("g", "i8"), ("other", "i8"), ("n", "u4"), ("kind", "u2"), ("_", "u2")])
_LEAST_BYTES = _HEADER.itemsize + len(_MAGIC)


def read(data: bytes, name: str) -> tuple[Counters, Events | None]:
    """Counters, and events if there were rings.

    Raises:
        DamagedProbes: ``data`` is not whole, or of another version.
    """
    if len(data) < _LEAST_BYTES or not (data.startswith(_MAGIC) and data.endswith(_MAGIC)):
        raise DamagedProbes(f"the counters of {name} are not whole: {len(data)} bytes")
    header = np.frombuffer(data, _HEADER, 1)[0]
    expected = {"version": _VERSION, "kinds": len(NAMES), "ps": PS, "event_bytes": _EVENT.itemsize}
    for field, value in expected.items():
        if header[field] != value:
            raise DamagedProbes(f"the counters of {name} have {field} {header[field]}, not {value}")
    length = int(header["ring_length"])
    if length & (length - 1):
        raise DamagedProbes(f"the counters of {name} have rings of {length} events")
    slots, rest = _slots(data[_HEADER.itemsize : -len(_MAGIC)], header, name)
    used = np.append(np.arange(header["used"], dtype=np.int32), np.int32(NOBODY))
    counters = Counters(
        p=used,
        counts=slots["counts"].copy(),
        taken=slots["taken"].copy(),
        began_ns=int(header["began"]),
        written_ns=int(header["written"]),
    )
    if not length:
        if rest:
            raise DamagedProbes(f"the counters of {name} are followed by {len(rest)} bytes")
        return counters, None
    return counters, _events(rest, used, length, name)


def _slots(data: bytes, header: np.void, name: str) -> tuple[npt.NDArray[np.void], bytes]:
    kind = np.dtype(
        {
            "names": ["counts", "taken"],
            "formats": [("u8", (len(NAMES),)), ("u4", (PS,))],
            "offsets": [0, 8 * PLACES],
            "itemsize": int(header["slot_bytes"]),
        }
    )
    rows = int(header["used"]) + 1
    if rows > PS + 1 or len(data) < rows * kind.itemsize:
        raise DamagedProbes(f"the counters of {name} are not whole: {rows} slots do not fit")
    return np.frombuffer(data, kind, rows), data[rows * kind.itemsize :]


def _events(data: bytes, used: npt.NDArray[np.int32], length: int, name: str) -> Events:
    parts, owners, lost = [], [], 0
    for p in used.tolist():
        entries, over, data = _ring(data, length, name)
        parts.append(entries)
        owners.append(np.full(len(entries), p, np.int32))
        lost += over
    if data:
        raise DamagedProbes(f"the events of {name} are followed by {len(data)} bytes")
    every, p_column = np.concatenate(parts), np.concatenate(owners)
    if (every["kind"] >= len(NAMES)).any():
        raise DamagedProbes(f"the events of {name} have a kind that there is not")
    order = np.argsort(every["time"], kind="stable")
    columns = {field: every[field][order] for field in ("time", "kind", "g", "other", "n")}
    return Events(**columns, p=p_column[order], lost=lost)


def _ring(data: bytes, length: int, name: str) -> tuple[npt.NDArray[np.void], int, bytes]:
    """The entries of one ring, oldest first; how many were lost; and what follows.

    ``had`` events there had been when the entries were read, ``by_now`` afterwards.
    """
    had = int.from_bytes(data[:8], sys.byteorder)
    size = min(had, length) * _EVENT.itemsize
    if len(data) < size + 16:
        raise DamagedProbes(f"the events of {name} are not whole")
    entries = np.frombuffer(data, _EVENT, min(had, length), offset=8)
    by_now = int.from_bytes(data[8 + size : 16 + size], sys.byteorder)
    gone = max(0, had - length)
    # Entries that were written over meanwhile, and the one that may be half written.
    spoilt = min(max(0, by_now - length + (by_now != had) - gone), len(entries))
    if had > length:
        entries = np.roll(entries, -(had % length))
    kept = entries[spoilt:]
    # Code without a P takes a place before it fills it.
    return kept[kept["time"] != 0], gone + spoilt, data[16 + size :]
