"""Processes that keep the machine busy while something is measured."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

from schedlab import process

_HOG = "while True: pass"


@contextlib.contextmanager
def hogs(number: int) -> Iterator[tuple[process.Live, ...]]:
    """That many processes which compute while the block lasts; they end with this one in any case."""
    command = (sys.executable, ["-I", "-S", "-c", _HOG])
    with contextlib.ExitStack() as stack:
        yield tuple(stack.enter_context(process.start(*command, wall_limit_s=None)) for _ in range(number))
