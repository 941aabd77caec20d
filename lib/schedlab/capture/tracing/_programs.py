"""Programs built with a recorder inside, and what the recorder tells while they run."""

from __future__ import annotations

import os
import select
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from schedlab import process, toolchain
from schedlab.capture.hooked import build_hooked
from schedlab.capture.tracing.errors import RecordingFailed, TooOldForThis
from schedlab.errors import SchedlabError, UsageError

_HOOKS = Path(__file__).parent / "hook"

# internal/runtime/exithook came with Go 1.23, trace.FlightRecorder with 1.25.
_SINCE = {"recording": (1, 23), "flight": (1, 25)}

# What the pipe says when the program has ended. No hook says it.
OVER = "over"


def build_with(
    hook: str,
    program: str | os.PathLike[str],
    using: toolchain.Toolchain,
    overlay: Mapping[Path, bytes] = toolchain.NOTHING_LAID_OVER,
    also: Iterable[str] = (),
) -> toolchain.Binary:
    """The program with ``hook`` (``recording`` or ``flight``) in its runtime/trace, built once.

    ``also`` names hooks that go with it.

    Raises:
        UsageError: ``program`` is a file.
        TooOldForThis: the release lacks what the hook needs.
        SampleNotFound, CompileError, CCompilerNotFound: as ``toolchain.build``.
    """
    if Path(program).is_file():
        raise UsageError(
            f"{os.fspath(program)} is a file: a recorder is built into a program from its source",
            remedy="Name the folder with its Go files.",
        )
    if using.minor() < _SINCE[hook]:
        since = ".".join(map(str, _SINCE[hook]))
        what = "flight recorder" if hook == "flight" else "hooks that run when a program ends"
        raise TooOldForThis(
            f"{using.release} has no {what}; Go {since} was the first",
            remedy=f"Build with Go {since} or newer, or let the program record itself with runtime/trace.",
        )
    files = {f"schedlab_{name}.go": (_HOOKS / f"{name}.go").read_bytes() for name in (hook, "notices", *also)}
    return build_hooked(program, using, "runtime/trace", files, overlay)


class Notices:
    """The lines that a hook writes into a named pipe."""

    def __init__(self, pipe: Path) -> None:
        self.pipe = pipe
        os.mkfifo(pipe, 0o600)
        # Also for writing: so the pipe never ends, whoever comes and goes.
        self._descriptor = os.open(pipe, os.O_RDWR | os.O_CLOEXEC)
        self._lines: list[str] = []
        self._rest = b""

    def next(self, timeout_s: float | None = None) -> str | None:
        """The next line; None if ``timeout_s`` passed without one."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while not self._lines:
            rest = None if deadline is None else max(0.0, deadline - time.monotonic())
            if not select.select([self._descriptor], [], [], rest)[0]:
                return None
            *whole, self._rest = (self._rest + os.read(self._descriptor, 1 << 16)).split(b"\n")
            self._lines += [line.decode(errors="replace") for line in whole]
        return self._lines.pop(0)

    def put(self, line: str) -> None:
        os.write(self._descriptor, line.encode() + b"\n")

    def close(self) -> None:
        os.close(self._descriptor)


@contextmanager
def notices() -> Iterator[Notices]:
    """A pipe for one program."""
    with tempfile.TemporaryDirectory(prefix="schedlab-") as folder:
        pipe = Notices(Path(folder) / "notices")
        try:
            yield pipe
        finally:
            pipe.close()


@contextmanager
def told_of_the_end(live: process.Live, told: Notices) -> Iterator[None]:
    """While the block lasts, the end of the program too becomes a notice. Leaving it ends the program."""

    def watch() -> None:
        with suppress(SchedlabError):
            live.wait()
        told.put(OVER)

    watcher = threading.Thread(target=watch, name="schedlab-recording")
    try:
        with live:
            watcher.start()
            yield
    finally:
        watcher.join()


def await_start(told: Notices, live: process.Live, name: str) -> None:
    """Wait until the hook records.

    Raises:
        RecordingFailed: it cannot, or the program ended before.
    """
    first = told.next()
    if first == OVER:
        finished = live.wait()
        end = f"by {finished.signal}" if finished.signal else f"with exit status {finished.exit_status}"
        raise RecordingFailed(
            f"{name} ended {end} before anything was recorded; its stderr ends:\n{finished.stderr[-2000:]}"
        )
    if first != "started":
        raise failed(name, str(first))


def failed(name: str, notice: str) -> RecordingFailed:
    """The error for a notice that says so."""
    return RecordingFailed(f"{name} could not be recorded: {notice.removeprefix('failed ')}")
