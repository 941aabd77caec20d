"""A program's standard input from an open file: the descriptor itself, nothing copied."""

from __future__ import annotations

import gc
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from schedlab import process
from schedlab.errors import UsageError

if TYPE_CHECKING:
    from schedlab.toolchain import Binary


def seen(subject: Binary, stdin: Any) -> Any:
    return process.run(subject, ["facts"], stdin=stdin).check().json()["stdin"]


def test_a_file_is_read_on_from_where_it_stands(subject: Binary, tmp_path: Path) -> None:
    file = tmp_path / "input"
    file.write_bytes(b"one two")
    with file.open("rb", buffering=0) as opened:
        opened.seek(4)
        assert seen(subject, opened) == "two"


def test_a_pipe_is_read_to_its_end(subject: Binary) -> None:
    readable, writable = os.pipe()
    with open(readable, "rb") as pipe:  # noqa: PTH123
        os.write(writable, b"through a pipe")
        os.close(writable)
        assert seen(subject, pipe) == "through a pipe"


def test_the_callers_file_stays_open(subject: Binary, tmp_path: Path) -> None:
    file = tmp_path / "input"
    file.write_bytes(b"x")
    # What earlier tests left to the garbage collector would go meanwhile.
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    with file.open("rb") as opened:
        assert seen(subject, opened) == "x"
        opened.seek(0)
        assert opened.read() == b"x"
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_what_has_no_descriptor_is_refused(subject: Binary, tmp_path: Path) -> None:
    closed = (tmp_path / "x").open("wb")
    closed.close()
    for wrong in (io.BytesIO(b"x"), closed, 0, "text"):
        with pytest.raises(UsageError, match="neither bytes nor an open file"):
            seen(subject, wrong)
