"""A Timeline as one file: an uncompressed tar of Arrow IPC files, so that opening it reads no column.

A member of a tar begins at a multiple of 512 bytes, so the columns can be used where they are mapped.
``meta.json`` comes first. It has what is not a column, and the number of rows of each table.
"""

from __future__ import annotations

import io
import json
import secrets
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pyarrow as pa

from schedlab.timeline.columns import Table
from schedlab.timeline.enums import Lane, MarkKind, Provenance, State
from schedlab.timeline.errors import (
    DamagedTimeline,
    NewerFormat,
    NotATimeline,
    TimelineError,
    TimelineExists,
    TimelineNotWritten,
)

if TYPE_CHECKING:
    from schedlab.timeline.model import Timeline

_FORMAT = 1
_META = "meta.json"
_TABLES = ("spans", "marks", "counters", "samples", "goroutines", "stacks", "frames")
_BLOCK = tarfile.BLOCKSIZE


def save_timeline(timeline: Timeline, path: Path, *, overwrite: bool) -> None:
    """What ``Timeline.save`` promises."""
    meta = _meta(timeline)
    if path.exists() and not overwrite:
        raise _exists(path)
    written = path.with_name(f".{path.name[:50]}.{secrets.token_hex(8)}.tmp")
    try:
        try:
            with written.open("xb") as file:
                _write(timeline, meta, file)
            _put(written, path, overwrite=overwrite)
        finally:
            written.unlink(missing_ok=True)
    except OSError as error:
        raise TimelineNotWritten(
            f"{path} cannot be written: {error.strerror or error}",
            remedy="Choose a folder that exists, that you may write to, and that has room.",
        ) from error


def open_timeline(path: Path) -> Timeline:
    """What ``Timeline.open`` promises."""
    from schedlab.timeline.model import Timeline

    if not path.is_file():
        raise TimelineError(f"there is no file {str(path)!r}", remedy="Name a file that Timeline.save wrote.")
    try:
        return Timeline(**_read(path))
    except OSError as error:
        raise TimelineError(f"{path} cannot be read: {error.strerror or error}") from error


def _meta(timeline: Timeline) -> bytes:
    document = {
        "schedlab": "timeline",
        "format": _FORMAT,
        "rows": {table: _rows(getattr(timeline, table)) for table in _TABLES},
        # Not read back: for other tools, which see only numbers.
        "words": {kind.__name__: {int(word): word.name for word in kind} for kind in (Lane, State, MarkKind)},
        "provenance": dict(timeline.provenance),
        "meta": dict(timeline.meta),
        "threads": timeline.threads,
        "reasons": timeline.reasons,
        "texts": timeline.texts,
    }
    try:
        text = json.dumps(document, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise _not_json(str(error)) from error
    if json.loads(text)["meta"] != document["meta"]:
        raise _not_json("a tuple, or a key that is no text")
    return text.encode()


def _not_json(why: str) -> TimelineNotWritten:
    return TimelineNotWritten(
        f"the timeline's meta holds what JSON cannot: {why}",
        remedy="Keep texts, numbers, lists and dictionaries in it.",
    )


def _write(timeline: Timeline, meta: bytes, file: BinaryIO) -> None:
    _add(file, _META, lambda part: part.write(meta))
    for name in _TABLES:
        table = getattr(timeline, name)
        batch = _lists(table) if name == "stacks" else _batch(table)
        _add(file, f"{name}.arrow", lambda part, batch=batch: _write_batch(part, batch))  # type: ignore[misc]
    file.write(bytes(2 * _BLOCK))
    file.flush()


class _Part(io.RawIOBase):
    """The part of a file from where it stands, as a file of its own."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._start = file, file.tell()

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._file.tell() - self._start

    def write(self, data: Any) -> int:
        return self._file.write(data)


def _add(file: BinaryIO, name: str, write: Callable[[_Part], object]) -> None:
    header = file.tell()
    file.write(bytes(_BLOCK))
    part = _Part(file)
    write(part)
    info = tarfile.TarInfo(name)
    info.size, info.mode = part.tell(), 0o644
    file.write(bytes(-info.size % _BLOCK))
    end = file.tell()
    file.seek(header)
    file.write(info.tobuf(tarfile.GNU_FORMAT))
    file.seek(end)


def _write_batch(part: _Part, batch: pa.RecordBatch) -> None:
    # One batch: a column in one piece can be mapped as one array.
    with pa.ipc.new_file(part, batch.schema) as writer:
        writer.write_batch(batch)


def _batch(table: Table) -> pa.RecordBatch:
    return pa.record_batch({name: pa.array(np.ascontiguousarray(column)) for name, column in table.items()})


def _lists(stacks: Table) -> pa.RecordBatch:
    """A stack is a list of frames; a list column is laid out as ``start`` and ``frame`` are."""
    offsets = pa.array(stacks["start"].astype(np.int64))
    return pa.record_batch({"frames": pa.LargeListArray.from_arrays(offsets, pa.array(stacks["frame"]))})


def _rows(table: Table) -> int:
    """The number of rows: of ``stacks``, whose ``start`` has one element more, that of ``start``."""
    return len(next(iter(table.values())))


def _put(written: Path, path: Path, *, overwrite: bool) -> None:
    if overwrite:
        written.replace(path)
        return
    try:
        # Unlike a rename this fails if somebody has made the file in the meantime.
        path.hardlink_to(written)
    except FileExistsError as error:
        raise _exists(path) from error
    except OSError:
        written.rename(path)  # a file system without hard links


def _exists(path: Path) -> TimelineExists:
    return TimelineExists(f"there is a {path} already", remedy="Give another name, or overwrite=True.")


def _read(path: Path) -> dict[str, Any]:
    parts = _parts(path)
    file = pa.memory_map(str(path))
    meta = _read_meta(parts, file, path)
    try:
        tables = {name: _table(_buffer(file, *parts[f"{name}.arrow"])) for name in _TABLES}
        found: dict[str, Any] = {
            **tables,
            "texts": tuple(meta["texts"]),
            "reasons": tuple(meta["reasons"]),
            "threads": tuple(meta["threads"]),
            "meta": meta["meta"],
            "provenance": {column: Provenance(word) for column, word in meta["provenance"].items()},
        }
    except (pa.ArrowException, LookupError, TypeError, ValueError, AttributeError, OSError) as error:
        raise _damaged(path, error) from error
    if {name: _rows(table) for name, table in tables.items()} != meta.get("rows"):
        raise _damaged(path, ValueError("rows are missing"))
    return found


def _parts(path: Path) -> Mapping[str, tuple[int, int]]:
    """Where in the file each part begins, and its size."""
    try:
        with tarfile.open(path, "r:") as archive:
            return {member.name: (member.offset_data, member.size) for member in archive}
    except tarfile.ReadError as error:
        if _begins_like_ours(path):
            raise _damaged(path, error) from error
        raise _not_one(path) from error


def _begins_like_ours(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_META) + 1) == _META.encode() + b"\0"


def _read_meta(parts: Mapping[str, tuple[int, int]], file: pa.MemoryMappedFile, path: Path) -> dict[str, Any]:
    if _META not in parts:
        raise _not_one(path)
    try:
        document = json.loads(_buffer(file, *parts[_META]).to_pybytes())
    except (ValueError, RecursionError, OSError) as error:
        raise _damaged(path, error) from error
    if not isinstance(document, dict) or document.get("schedlab") != "timeline":
        raise _not_one(path)
    if document.get("format") != _FORMAT:
        raise NewerFormat(
            f"{path} is of format {document.get('format')}; this schedlab knows {_FORMAT}",
            remedy="Read it with the schedlab that wrote it, or a later one.",
        )
    return document


def _buffer(file: pa.MemoryMappedFile, offset: int, size: int) -> pa.Buffer:
    file.seek(offset)
    buffer = file.read_buffer(size)
    if buffer.size != size:
        raise ValueError("it ends too early")
    return buffer


def _table(buffer: pa.Buffer) -> Table:
    batch = pa.ipc.open_file(buffer).get_batch(0)
    batch.validate()
    if batch.schema.names == ["frames"]:
        lists = batch.column("frames")
        return {
            "start": lists.offsets.to_numpy(zero_copy_only=True).astype(np.uint32),
            "frame": lists.values.to_numpy(zero_copy_only=True),
        }
    return {
        name: column.to_numpy(zero_copy_only=True)
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    }


def _not_one(path: Path) -> NotATimeline:
    return NotATimeline(
        f"{path} is no timeline that schedlab wrote",
        remedy="Timeline.load reads an execution trace; Timeline.open reads what Timeline.save wrote.",
    )


def _damaged(path: Path, error: Exception) -> DamagedTimeline:
    return DamagedTimeline(
        f"{path} is cut or damaged: {error}", remedy="Save it again, or copy it again from where it is whole."
    )
