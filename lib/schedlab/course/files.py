"""Files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from schedlab.errors import SchedlabError


class CannotWrite(SchedlabError):
    """A file of the course could not be written."""


def write_whole(file: Path, content: bytes) -> None:
    """Put ``content`` in place at once: a reader sees the old file or the new one, never half of one.

    Raises:
        CannotWrite: the folder cannot be made or written to.
    """
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(content)
        unfinished.replace(file)
    except OSError as error:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise CannotWrite(f"{file}: cannot be written: {error.strerror}") from error
