"""The numbered lines of a program's standard error, in batches of bounded size.

The runtime's ``print`` writes piece by piece, straight to file descriptor 2 (``gwrite`` in
runtime/print.go), so what is found there is a mixture: trace lines, the program's own output, either of
them torn. The text formats of this room share the rules for it:

- a line ends at ``\\n`` and nowhere else; a carriage return before it stays in the text;
- bytes that are not UTF-8 are kept as ``\\xNN``;
- a line longer than ``MAX_LINE_BYTES`` is a reject, and its first ``KEPT_BYTES`` are kept.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from schedlab.capture.errors import CaptureError
from schedlab.errors import UsageError

MAX_LINE_BYTES = 1 << 20
KEPT_BYTES = 1 << 10
BATCH_BYTES = 1 << 20
BLOCK_LINES = 8192

Source = str | bytes | bytearray | memoryview | Path | BinaryIO | Iterable[str] | Iterable[bytes]
"""Where text comes from.

``str`` and bytes are the text itself, a ``Path`` is read, and so is an open binary file. Of an iterable,
each ``str`` is one line, with or without its newline, and each ``bytes`` is a chunk cut anywhere.
"""


@dataclass(frozen=True, slots=True)
class Line:
    """A line, or the part of a line, that the program itself wrote."""

    line_no: int
    text: str


@dataclass(frozen=True, slots=True)
class Reject:
    """A line, or the part of a line, that looks like a record and cannot be read as one."""

    line_no: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive lines. ``ends[i]`` is the offset in ``data`` of the newline that ends line ``i``.

    ``overlong`` maps the index of a line that was too long to the bytes it had; ``data`` holds its first
    ``KEPT_BYTES`` only.
    """

    first_line: int
    data: bytes
    ends: npt.NDArray[np.int64]
    overlong: Mapping[int, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ends)

    def starts(self) -> npt.NDArray[np.int64]:
        """The offset in ``data`` of each line's first byte."""
        starts = np.zeros_like(self.ends)
        starts[1:] = self.ends[:-1] + 1
        return starts


def batches(source: Source, max_lines: int = BLOCK_LINES) -> Iterator[Batch]:
    """The lines of ``source`` in batches of at most ``max_lines``, in constant memory.

    Of an iterable or a pipe no more than one batch is read ahead, so ``max_lines=1`` follows a live program.

    Raises UsageError for a ``max_lines`` below 1, and CaptureError for a source that cannot be read.
    """
    if max_lines < 1:
        raise UsageError(f"a block of {max_lines} lines cannot be", remedy="Ask for 1 line or more.")
    return _batches(_chunks(source, max_lines), max_lines)


def decoded(data: bytes) -> str:
    """``data`` as text; what is not UTF-8 becomes ``\\xNN``."""
    return data.decode("utf-8", "backslashreplace")


def overlong_reason(length: int) -> str:
    return f"{length} bytes long: a line may have {MAX_LINE_BYTES}; the first {KEPT_BYTES} are kept"


def _batches(chunks: Iterator[bytes], max_lines: int) -> Iterator[Batch]:
    line, tail = 1, _Tail()
    for chunk in chunks:
        for batch in _cut(tail.feed(chunk), line, max_lines):
            yield batch
            line += len(batch)
    yield from _cut(tail.last(), line, max_lines)


class _Tail:
    """The bytes after the last newline so far."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._dropped = 0

    def feed(self, chunk: bytes) -> tuple[bytes, int]:
        """The whole lines that ``chunk`` completes, and how many bytes the first of them has lost."""
        end = chunk.rfind(b"\n") + 1
        if end == 0:
            self._hold(chunk)
            return b"", 0
        lines, lost = chunk[:end], 0
        if self._dropped:
            first = chunk.index(b"\n")
            lost = self._dropped + first
            lines = bytes(self._kept) + chunk[first:end]
        elif self._kept:
            lines = bytes(self._kept) + lines
        self._kept, self._dropped = bytearray(), 0
        self._hold(chunk[end:])
        return lines, lost

    def last(self) -> tuple[bytes, int]:
        """The last line, when no newline ends it."""
        return (bytes(self._kept) + b"\n" if self._kept else b""), self._dropped

    def _hold(self, data: bytes) -> None:
        if self._dropped:
            self._dropped += len(data)
            return
        self._kept += data
        if len(self._kept) > MAX_LINE_BYTES:
            self._dropped = len(self._kept) - KEPT_BYTES
            del self._kept[KEPT_BYTES:]


def _cut(lines_and_lost: tuple[bytes, int], line: int, max_lines: int) -> Iterator[Batch]:
    data, lost = lines_and_lost
    if not data:
        return
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n")).astype(np.int64)
    start = 0
    for first in range(0, len(ends), max_lines):
        some = ends[first : first + max_lines]
        stop = int(some[-1]) + 1
        yield _shortened(line + first, data[start:stop], some - start, lost if first == 0 else 0)
        start = stop


def _shortened(line: int, data: bytes, ends: npt.NDArray[np.int64], lost: int) -> Batch:
    """A batch in which an overlong line is cut to what is kept of it."""
    starts = np.concatenate(([0], ends[:-1] + 1))
    lengths = ends - starts
    lengths[0] += lost
    if int(lengths.max()) <= MAX_LINE_BYTES:
        return Batch(line, data, ends)
    overlong = {int(i): int(lengths[i]) for i in np.flatnonzero(lengths > MAX_LINE_BYTES)}
    kept = [
        data[start : min(end, start + KEPT_BYTES) if i in overlong else end]
        for i, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True))
    ]
    new_ends = np.cumsum([len(text) + 1 for text in kept], dtype=np.int64) - 1
    return Batch(line, b"\n".join(kept) + b"\n", new_ends, overlong)


def _chunks(source: Source, max_items: int) -> Iterator[bytes]:
    """The bytes of ``source`` in chunks of at most ``BATCH_BYTES``."""
    if isinstance(source, str):
        yield from _pieces(source.encode("utf-8", "surrogatepass"))
    elif isinstance(source, bytes | bytearray | memoryview):
        yield from _pieces(source)
    elif isinstance(source, Path):
        try:
            with source.open("rb") as file:
                yield from _of_file(file)
        except OSError as error:
            raise CaptureError(
                f"{source} cannot be read: {error.strerror or error}", remedy="Name a file that is there."
            ) from error
    elif isinstance(source, io.RawIOBase | io.BufferedIOBase):
        yield from _of_file(source)
    else:
        yield from _of_iterable(source, max_items)


def _pieces(data: bytes | bytearray | memoryview) -> Iterator[bytes]:
    view = memoryview(data).cast("B")
    for start in range(0, len(view), BATCH_BYTES):
        yield bytes(view[start : start + BATCH_BYTES])


def _of_file(file: BinaryIO | io.RawIOBase | io.BufferedIOBase) -> Iterator[bytes]:
    # read1 gives what a pipe holds now; read would wait until BATCH_BYTES are there.
    read = getattr(file, "read1", file.read)
    while True:
        try:
            chunk = read(BATCH_BYTES)
        except Exception as error:  # a compressed file raises its library's own errors
            raise CaptureError(f"the file cannot be read: {error}") from error
        if not chunk:
            return
        yield bytes(chunk)


def _of_iterable(source: object, max_items: int) -> Iterator[bytes]:
    if not isinstance(source, Iterable):
        raise CaptureError(
            f"a {type(source).__name__} is no source of lines",
            remedy="Give text, bytes, a Path, an open binary file, or an iterable of lines.",
        )
    some: list[bytes] = []
    size = 0
    iterator = iter(source)
    while True:
        try:
            item = _as_bytes(next(iterator))
        except StopIteration:
            break
        except (OSError, UnicodeError) as error:
            raise CaptureError(f"the source of lines failed: {error}") from error
        some.append(item)
        size += len(item)
        if size >= BATCH_BYTES or len(some) >= max_items:
            yield from _pieces(b"".join(some))
            some, size = [], 0
    yield from _pieces(b"".join(some))


def _as_bytes(item: object) -> bytes:
    if isinstance(item, str):
        return (item if item.endswith("\n") else f"{item}\n").encode("utf-8", "surrogatepass")
    if isinstance(item, bytes | bytearray | memoryview):
        return bytes(item)
    raise CaptureError(
        f"the source of lines gave a {type(item).__name__}",
        remedy="It must give str (one line each) or bytes (chunks).",
    )
