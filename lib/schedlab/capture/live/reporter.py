"""A program with a reporter inside, and the lines that the reporter writes."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from schedlab import toolchain
from schedlab.capture.hooked import build_hooked
from schedlab.capture.live.sample import MOST, Sample, binned, is_no_goal
from schedlab.errors import UsageError

_HOOK = Path(__file__).parent / "hook" / "live.go"

_COUNTS = frozenset(field.name for field in fields(Sample)) - {"runq_local", "latencies", "pauses"}
# What nobody reads as a line by then is none.
_LONGEST_LINE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Report:
    """One line of the reporter; ``dropped`` is how many it had to drop since the program's start."""

    sample: Sample
    dropped: int


def build(program: str | os.PathLike[str], using: toolchain.Toolchain) -> toolchain.Binary:
    """The program with the reporter in its runtime/metrics, built once.

    Raises:
        SampleNotFound, CompileError, CCompilerNotFound: as ``toolchain.build``.
    """
    hook = {"schedlab_live.go": _HOOK.read_bytes()}
    return build_hooked(program, using, "runtime/metrics", hook)


class Pipe:
    """The named pipe that the reporter writes into; reading never waits."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "live"
        os.mkfifo(self.path, 0o600)
        # Also for writing: so it is there for whoever comes, and never at its end.
        self.descriptor = os.open(self.path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self._rest = b""

    def read(self) -> list[Report]:
        """What came since; what is no report is left out."""
        try:
            data = os.read(self.descriptor, 1 << 18)
        except BlockingIOError:
            return []
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _LONGEST_LINE_BYTES:
            self._rest = b""
        return [report for line in lines if (report := read_report(line)) is not None]

    def close(self) -> None:
        os.close(self.descriptor)


def read_report(line: bytes) -> Report | None:
    """A line of the reporter; None if it is none. The program can write there too: nothing is trusted."""
    try:
        document = json.loads(line)
        if is_no_goal(document.get("goal_bytes")):
            del document["goal_bytes"]
        counts = {name: _count(document[name]) for name in _COUNTS if name in document}
        found: dict[str, Any] = {"time_ns": _count(document["time_ns"]), **counts}
        for name in ("latencies", "pauses"):
            if name in document:
                found[name] = binned((_count(start), _count(count)) for start, count in document[name])
        return Report(Sample(**found), _count(document["dropped"]))
    except (AttributeError, ValueError, TypeError, KeyError, RecursionError, UsageError):
        return None


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < MOST:
        raise UsageError(f"{value!r} is no count")
    return value
