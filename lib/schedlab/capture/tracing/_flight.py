"""Run a program with a flight recorder, and take snapshots of its last moments."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from schedlab import process, toolchain
from schedlab.capture.endpoint import address_of
from schedlab.capture.tracing._files import destination
from schedlab.capture.tracing._programs import (
    OVER,
    Notices,
    await_start,
    build_with,
    failed,
    notices,
    told_of_the_end,
)
from schedlab.capture.tracing._record import RUNTIME_DEFAULTS, Argument, Program, checked_seconds
from schedlab.capture.tracing.errors import RecordingFailed
from schedlab.errors import UsageError
from schedlab.process import GoSettings
from schedlab.process.running import DEFAULT_WALL_LIMIT_S

# The runtime's own bound of a flight recorder (NewFlightRecorder, runtime/trace/flightrecorder.go).
DEFAULT_WINDOW_BYTES = 10 << 20
DEFAULT_WINDOW_S = 1.0

# A snapshot stops nothing for long, but a busy machine may take its time.
_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The last moments of a program, in ``file``, ``bytes`` long.

    ``trigger`` is what took it: ``signal``, ``seconds`` (the deadline), or ``exit`` (the program's end).
    """

    file: Path
    bytes: int
    trigger: str


class Flight:
    """A program that runs with a flight recorder."""

    def __init__(self, live: process.Live, told: Notices, folder: Path, name: str) -> None:
        self.live = live
        self._told = told
        self._folder = folder
        self._name = name

    def snapshot(self, file: Path) -> Snapshot:
        """Take a snapshot now and put it into ``file``.

        The trigger is SIGUSR1. A program that catches SIGUSR1 itself gets it too.

        Raises:
            RecordingFailed: the program has ended, or does not answer: it may ignore SIGUSR1.
            UsageError: ``file`` cannot be written.
        """
        place = destination(file)
        self.live.send_signal(signal.SIGUSR1)
        while (taken := self._next(place, _PATIENCE_S)).trigger == "seconds":
            # The deadline's, which nobody waited for: it may be old.
            continue
        return taken

    def wait(self, file: Path) -> Snapshot:
        """Wait for the next snapshot, whatever takes it: a SIGUSR1 from anywhere, the deadline, the end.

        Raises:
            RecordingFailed: the program ended without one: by a signal, or a panic.
            UsageError: ``file`` cannot be written.
        """
        return self._next(destination(file), None)

    def _next(self, place: Path, timeout_s: float | None) -> Snapshot:
        notice = self._told.next(timeout_s)
        if notice is None:
            raise RecordingFailed(
                f"{self._name} took no snapshot in {timeout_s:g} s", remedy="Does it ignore SIGUSR1?"
            )
        if notice == OVER:
            self._told.put(OVER)
            raise RecordingFailed(f"{self._name} has ended, and its last moments with it")
        trigger, _, name = notice.partition(" ")
        if trigger == "failed":
            raise failed(self._name, notice)
        if trigger == "exit":
            # It has ended but for a moment; leaving the block now would end it by a signal.
            self.live.wait()
        taken = self._folder / name
        size = taken.stat().st_size
        shutil.move(taken, place)
        return Snapshot(place, size, trigger)


@contextmanager
def flight(
    program: Program,
    arguments: Iterable[Argument] = (),
    *,
    window_s: float = DEFAULT_WINDOW_S,
    window_bytes: int = DEFAULT_WINDOW_BYTES,
    seconds: float | None = None,
    settings: GoSettings = RUNTIME_DEFAULTS,
    env: Mapping[str, str] | None = None,
    cpus: Iterable[int] | None = None,
    using: toolchain.Toolchain | None = None,
    wall_limit_s: float | None = DEFAULT_WALL_LIMIT_S,
) -> Iterator[Flight]:
    """Run a program with a flight recorder inside for as long as the ``with`` block lasts.

    ``program`` is a sample's name or a folder with a Go program; it is built with ``using`` (Go 1.25 or
    newer). The runtime keeps at least the last ``window_s`` of its trace in memory, in about
    ``window_bytes``, which takes precedence (trace.FlightRecorderConfig). A snapshot is taken by
    ``Flight.snapshot``, by a SIGUSR1 from anywhere (``Flight.live.pid``), once when ``seconds`` have passed
    since the start, and when main returns or calls os.Exit.

    Raises:
        UsageError: a number that makes no sense; SampleNotFound: no such program.
        CompileError: Go refused it. LaunchFailed: it could not be started.
        TooOldForThis: ``using`` is older than 1.25. RecordingFailed: the recorder did not start.
    """
    if address_of(program) is not None:
        raise UsageError(
            f"{program} runs already: a flight recorder is built into a program",
            remedy="Name the folder of its source.",
        )
    if seconds is not None:
        checked_seconds(seconds)
    checked_seconds(window_s)
    if window_bytes < 1:
        raise UsageError(f"window_bytes: {window_bytes} is no size")
    binary = build_with("flight", program, using or toolchain.find())
    with notices() as told, tempfile.TemporaryDirectory(prefix="schedlab-") as folder:
        own = {
            "SCHEDLAB_FLIGHT_FOLDER": folder,
            "SCHEDLAB_FLIGHT_AGE": f"{round(window_s * 1e9)}ns",
            "SCHEDLAB_FLIGHT_BYTES": str(window_bytes),
            "SCHEDLAB_FLIGHT_FOR": f"{round((seconds or 0) * 1e9)}ns",
            "SCHEDLAB_FLIGHT_NOTICES": str(told.pipe),
        }
        live = process.start(
            binary,
            arguments,
            settings=settings,
            env={**(env or {}), **own},
            cpus=cpus,
            wall_limit_s=wall_limit_s,
        )
        with told_of_the_end(live, told):
            await_start(told, live, binary.name)
            yield Flight(live, told, Path(folder), binary.name)
