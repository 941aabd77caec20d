"""Where a recording goes: a file that appears whole, or not at all."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schedlab.capture.tracing.errors import RecordingInterrupted
from schedlab.errors import UsageError

# A trace begins with a header of 16 bytes such as "go 1.26 trace" (readTrace0 in runtime/trace.go). A batch
# of some 50 bytes with the clock follows at once, and what happened after about a second.
_MAGIC = b"go 1."
_START_BYTES = 200


def destination(file: Path) -> Path:
    """``file``, absolute.

    Raises:
        UsageError: it cannot be written there.
    """
    absolute = file.absolute()
    if absolute.is_dir():
        raise UsageError(f"{file} is a folder", remedy="Name a file for the trace.")
    if not absolute.parent.is_dir():
        raise UsageError(f"there is no folder {absolute.parent}", remedy="Make it first.")
    return absolute


@contextmanager
def growing(file: Path) -> Iterator[Path]:
    """An empty file beside ``file`` to record into. It becomes ``file`` when the block ends well.

    It is removed if the block raises, with one exception: what an interrupt leaves is kept.

    Raises:
        UsageError: no file can be made there.
        RecordingInterrupted: instead of KeyboardInterrupt.
    """
    try:
        folder = tempfile.TemporaryDirectory(prefix=".schedlab-", dir=file.parent)
    except OSError as error:
        raise UsageError(
            f"{file} cannot be written: {error.strerror}", remedy="Name another place."
        ) from error
    with folder:
        part = Path(folder.name) / "trace"
        part.touch()
        try:
            yield part
        except KeyboardInterrupt as interrupt:
            size = part.stat().st_size
            if has_data(part):
                part.replace(file)
                raise RecordingInterrupted(file, size) from interrupt
            raise RecordingInterrupted(None, 0) from interrupt
        part.replace(file)


def has_data(file: Path) -> bool:
    """Whether there is a trace in it, and more than its beginning."""
    return file.stat().st_size > _START_BYTES and is_trace(file)


def is_trace(file: Path) -> bool:
    """Whether it begins as a Go execution trace does."""
    with file.open("rb") as opened:
        return opened.read(len(_MAGIC)) == _MAGIC
