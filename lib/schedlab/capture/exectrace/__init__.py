"""Go execution traces, read by a small Go program into columns.

The program (``reader/``, in this folder) uses Go's public trace reader, golang.org/x/exp/trace, and writes
each column to a file. Python maps the files into memory and never sees an event.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from schedlab import process, toolchain
from schedlab.capture.errors import CaptureError

Source = Path | bytes | BinaryIO

# Ten million events take seconds; this bounds a reader that hangs.
_PATIENCE_S = 900.0

_FORMAT = 1

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
        "name": "<u4",
        "message": "<u4",
        "stack": "<u4",
    },
    "counters": {"time": "<i8", "value": "<i8", "name": "<u4"},
    "samples": {"time": "<i8", "g": "<i4", "m": "<i4", "p": "<i2", "stack": "<u4"},
    "goroutines": {"id": "<i8"},
    "creations": {"goroutine": "<i4", "creator": "<i4", "time": "<i8", "at": "<u4", "start": "<u4"},
    "endings": {"goroutine": "<i4", "time": "<i8"},
    "frames": {"function": "<u4", "file": "<u4", "line": "<u4"},
    "stacks": {"start": "<u4", "frame": "<u4"},
}

Columns = Mapping[str, npt.NDArray[Any]]


class NotATrace(CaptureError):
    """This is no Go execution trace, or one of a release that nobody can read."""


@dataclass(frozen=True, slots=True, eq=False)
class ExecTrace:
    """The columns of one trace, by table and name, and what they refer to by number.

    Times are ns since the trace's first event. ``events`` is how many were read and ``bytes_read`` how far
    the reader came; ``lost`` says what stopped it before the end, and is empty if nothing did.
    """

    tables: Mapping[str, Columns]
    texts: tuple[str, ...]
    reasons: tuple[str, ...]
    threads: tuple[int, ...]
    events: int
    bytes_read: int
    duration_ns: int
    lost: str


class ReaderUnavailable(CaptureError):
    """The Go program that reads traces could not be built."""


def reader() -> toolchain.Binary:
    """The Go program that reads traces, built once.

    Raises:
        ReaderUnavailable: Go could not build it; the first time, it fetches golang.org/x/exp.
    """
    try:
        return toolchain.build(Path(__file__).parent / "reader")
    except toolchain.CompileError as error:
        raise ReaderUnavailable(
            f"the reader of execution traces could not be built: {error.message}",
            remedy="It needs the Go module golang.org/x/exp, so the network, once.",
        ) from error


def read(source: Source, folder: Path) -> ExecTrace:
    """Read a trace into columns below ``folder``, which must be empty and must outlive the result.

    What a damaged or cut trace still gives is given, with ``lost`` saying why it ends there.

    Raises:
        NotATrace: there is no trace in it, or not even its beginning can be read.
        ReaderUnavailable: the reader could not be built.
        CaptureError: the file cannot be read.
    """
    with _as_file(source) as name:
        done = process.run(reader(), ["-o", str(folder), name], wall_limit_s=_PATIENCE_S)
    if done.exit_status != 0:
        raise NotATrace(
            f"{_named(source)} cannot be read as a Go execution trace: {done.stderr.strip()}",
            remedy="Record one with runtime/trace, or fetch /debug/pprof/trace.",
        )
    return mapped(folder)


def mapped(folder: Path) -> ExecTrace:
    """Columns that ``read`` left in ``folder``, mapped into memory."""
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
        lost=meta["error"],
    )


def _column(file: Path, kind: str) -> npt.NDArray[Any]:
    # An empty file cannot be mapped.
    return np.memmap(file, kind, "r") if file.stat().st_size else np.empty(0, kind)


@contextmanager
def _as_file(source: Source) -> Iterator[str]:
    """The name of a file with the source's bytes in it, while the block lasts."""
    if isinstance(source, Path):
        if not source.is_file():
            raise CaptureError(f"there is no file {str(source)!r}", remedy="Name a trace file.")
        yield str(source.resolve())
        return
    with tempfile.NamedTemporaryFile(suffix=".trace") as file:
        if isinstance(source, bytes):
            file.write(source)
        else:
            shutil.copyfileobj(source, file)
        file.flush()
        yield file.name


def _named(source: Source) -> str:
    return str(source) if isinstance(source, Path) else "the input"
