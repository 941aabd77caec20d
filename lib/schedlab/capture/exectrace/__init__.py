"""Go execution traces, read by a small Go program into columns.

The program (``reader/``, in this folder) uses Go's public trace reader, golang.org/x/exp/trace, and writes
each column to a file. Python maps the files into memory and never sees an event. Where the module cannot be
fetched, the reader that the Go toolchain itself has takes its place (``OwnReaderUsed``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from schedlab import process
from schedlab.capture.errors import CaptureError
from schedlab.capture.exectrace._feed import LiveUrl, feeding
from schedlab.capture.exectrace._program import reader
from schedlab.capture.exectrace.errors import NotATrace, OwnReaderUsed, ReaderUnavailable

__all__ = [
    "ExecTrace",
    "LiveUrl",
    "NotATrace",
    "OwnReaderUsed",
    "ReaderUnavailable",
    "Source",
    "mapped",
    "read",
    "reader",
]

Source = Path | str | bytes | BinaryIO | LiveUrl

# Ten million events take seconds; this bounds a reader that hangs.
_PATIENCE_S = 900.0

_FORMAT = 3
_READ_UP_TO = 1 << 18

_TYPES: Mapping[str, Mapping[str, str]] = {
    "spans": {
        "lane": "u1",
        "state": "u1",
        "flags": "u1",
        "reason": "<u2",
        "id": "<i4",
        "m": "<i4",
        "cause": "<i4",
        "p": "<i2",
        "start": "<i8",
        "dur": "<i8",
        "stack": "<u4",
        "end": "<u4",
    },
    "marks": {
        "kind": "u1",
        "flags": "u1",
        "start": "<i8",
        "dur": "<i8",
        "g": "<i4",
        "m": "<i4",
        "p": "<i2",
        "task": "<i8",
        "parent": "<i8",
        "name": "<u4",
        "message": "<u4",
        "stack": "<u4",
    },
    "counters": {"time": "<i8", "value": "<i8", "name": "<u4"},
    "samples": {"time": "<i8", "g": "<i4", "m": "<i4", "p": "<i2", "stack": "<u4"},
    "goroutines": {"id": "<i8"},
    "creations": {"goroutine": "<i4", "creator": "<i4", "time": "<i8", "at": "<u4", "start": "<u4"},
    "endings": {"goroutine": "<i4", "time": "<i8"},
    "sightings": {"goroutine": "<i4", "stack": "<u4"},
    "frames": {"function": "<u4", "file": "<u4", "line": "<u4"},
    "stacks": {"start": "<u4", "frame": "<u4"},
}

Columns = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class ExecTrace:
    """The columns of one trace, by table and name, and what they refer to by number.

    Times are ns since the trace's first event. ``events`` is how many were read and ``bytes_read`` how many
    bytes came in; up to ``bytes_lost`` of them could not be used. ``lost`` says why, and is empty if nothing
    is known to be missing. ``reader`` is the import path of Go's trace reader that was used.
    """

    tables: Mapping[str, Columns]
    texts: tuple[str, ...]
    reasons: tuple[str, ...]
    threads: tuple[int, ...]
    events: int
    bytes_read: int
    duration_ns: int
    lost: str
    bytes_lost: int = 0
    reader: str = ""


def read(source: Source, folder: Path) -> ExecTrace:
    """Read a trace into columns below ``folder``, which must be empty and must outlive the result.

    A file is read by its name, a path or text. Bytes, an open binary file (a pipe and standard input too)
    and the answer of a living program go to the reader as they come. Traces of Go 1.11 and newer are read;
    one of before 1.22 is in the reader's memory as a whole, and one that is cut is refused.

    What a damaged or cut trace still gives is given, and ``lost`` says what is missing and why. A damaged
    generation (a second of the trace) does not hide the next ones; of a cut one the names of stacks and
    texts are missing, because they come last in it. What ends where something was cut off has the flag
    OPEN_END. Not every damage can be noticed: a changed byte may make another valid number, and
    nothing marks the end of a trace, so one that is cut between two generations counts as whole.

    Raises:
        NotATrace: there is no trace in it, or nothing of it can be read.
        ReaderUnavailable: the reader could not be built.
        CaptureError: the file cannot be read.
        EndpointError: the living program gave no trace.
        WallLimitExceeded: it took a quarter of an hour, or that longer than a living program was asked for.
    """
    if isinstance(source, str):
        source = Path(source)
    if not isinstance(source, Path):
        return _read_fed(source, folder)
    if not source.exists() or source.is_dir():
        raise CaptureError(f"there is no file {str(source)!r}", remedy="Name a trace file.")
    done = process.run(reader(), ["-o", str(folder), str(source.resolve())], wall_limit_s=_PATIENCE_S)
    if done.exit_status != 0:
        raise _refused(source, done.stderr.strip())
    return mapped(folder)


def _read_fed(source: bytes | BinaryIO | LiveUrl, folder: Path) -> ExecTrace:
    program, limit = reader(), _PATIENCE_S
    if isinstance(source, LiveUrl):
        limit += source.seconds
    with feeding(source) as feeder:
        done = process.run(program, ["-o", str(folder), "-"], stdin=feeder.pipe, wall_limit_s=limit)
    broken_off = feeder.error
    if done.exit_status != 0:
        if isinstance(broken_off, CaptureError):
            raise broken_off
        raise _refused(source, done.stderr.strip()) from broken_off
    trace = mapped(folder)
    if broken_off is None:
        return trace
    return replace(trace, lost="; ".join(filter(None, (f"the source broke off: {broken_off}", trace.lost))))


def mapped(folder: Path) -> ExecTrace:
    """Columns that ``read`` left in ``folder``, mapped into memory, or read where they are small."""
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        if meta["format"] != _FORMAT:
            raise CaptureError(f"{folder} holds columns of format {meta['format']}, not {_FORMAT}")
        tables = {
            table: {name: _column(folder / f"{table}.{name}", kind) for name, kind in columns.items()}
            for table, columns in _TYPES.items()
        }
    except (OSError, ValueError, KeyError) as error:
        raise CaptureError(f"{folder} holds no columns of a trace: {error}") from error
    return ExecTrace(
        tables=tables,
        texts=tuple(meta["texts"]),
        reasons=tuple(meta["reasons"]),
        threads=tuple(meta["threads"] or ()),
        events=meta["events"],
        bytes_read=meta["bytes_read"],
        duration_ns=meta["duration_ns"],
        lost=meta["lost"],
        bytes_lost=meta["bytes_lost"],
        reader=meta["reader"],
    )


def _column(file: Path, kind: str) -> npt.NDArray[Any]:
    # Each file that is mapped keeps a descriptor open, of which a process has a thousand or so: what is
    # small is read instead, so that many traces can be there at once. An empty file cannot be mapped.
    return np.memmap(file, kind, "r") if file.stat().st_size > _READ_UP_TO else np.fromfile(file, kind)


def _refused(source: Source, said: str) -> NotATrace:
    name = str(source) if isinstance(source, Path) else "the input"
    return NotATrace(
        f"{name} cannot be read as a Go execution trace: {said}",
        remedy="Record one with runtime/trace, or fetch /debug/pprof/trace.",
    )
