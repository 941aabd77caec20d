"""Run a program with probes and read what it counted."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from schedlab import process, toolchain
from schedlab.capture import tracing
from schedlab.capture.probes._build import NO_OVERRIDES, RING_EVENTS, Mode, build, overlay
from schedlab.capture.probes._file import read
from schedlab.capture.probes.errors import NotProbed
from schedlab.capture.probes.records import Counters, Events
from schedlab.errors import UsageError
from schedlab.process import CpuQuota, GoSettings
from schedlab.process.running import DEFAULT_WALL_LIMIT_S

VARIABLE = "SCHEDLAB_PROBES"
"""Names the file that a program with probes makes when it starts and fills when it ends."""

_DEFAULTS = GoSettings()


@dataclass(frozen=True, slots=True, eq=False)
class Probed:
    """A run, what was counted, and the events (None without a ring)."""

    finished: process.Finished
    counters: Counters
    events: Events | None


def run(
    program: str | os.PathLike[str],
    arguments: Iterable[str | os.PathLike[str] | int | float] = (),
    *,
    mode: Mode | str = Mode.RING,
    constants: Mapping[str, object] = NO_OVERRIDES,
    ring_events: int = RING_EVENTS,
    settings: GoSettings = _DEFAULTS,
    env: Mapping[str, str] | None = None,
    cpus: Iterable[int] | None = None,
    quota: CpuQuota | None = None,
    using: toolchain.Toolchain | None = None,
    wall_limit_s: float | None = DEFAULT_WALL_LIMIT_S,
) -> Probed:
    """Build a sample, or a folder with a Go program, with probes and run it to its end.

    The counters are there whatever the exit status: after main has returned, os.Exit, a panic or a fatal
    error of the runtime. Processes that the program starts are not counted, not even of the same program.

    Raises:
        UsageError: as ``build``, and for ``Mode.OFF``, which counts nothing.
        AnchorMissing, CompileError: as ``build``. LaunchFailed, WallLimitExceeded: as ``process.run``.
        NotProbed: a signal ended the program, or it ended itself past the runtime.
        DamagedProbes: what it wrote is not whole, as when the disk was full.
    """
    if mode == Mode.OFF:
        raise UsageError("mode 'off' counts nothing", remedy="Run what probes.build gives by process.run.")
    binary = build(program, mode=mode, constants=constants, ring_events=ring_events, using=using)
    return run_built(
        binary, arguments, settings=settings, env=env, cpus=cpus, quota=quota, wall_limit_s=wall_limit_s
    )


def run_built(
    binary: toolchain.Binary,
    arguments: Iterable[str | os.PathLike[str] | int | float] = (),
    *,
    settings: GoSettings = _DEFAULTS,
    env: Mapping[str, str] | None = None,
    cpus: Iterable[int] | None = None,
    quota: CpuQuota | None = None,
    wall_limit_s: float | None = DEFAULT_WALL_LIMIT_S,
) -> Probed:
    """The same for a program that ``build`` made."""
    with tempfile.TemporaryDirectory(prefix="schedlab-") as folder:
        file = Path(folder) / "probes"
        finished = process.run(
            binary,
            arguments,
            settings=settings,
            env={**(env or {}), VARIABLE: str(file)},
            cpus=cpus,
            quota=quota,
            wall_limit_s=wall_limit_s,
        )
        return _probed(file, finished)


def run_traced(
    program: str | os.PathLike[str],
    arguments: Iterable[str | os.PathLike[str] | int | float] = (),
    *,
    trace: Path,
    seconds: float = DEFAULT_WALL_LIMIT_S,
    constants: Mapping[str, object] = NO_OVERRIDES,
    ring_events: int = RING_EVENTS,
    settings: GoSettings = _DEFAULTS,
    env: Mapping[str, str] | None = None,
    cpus: Iterable[int] | None = None,
    using: toolchain.Toolchain | None = None,
) -> Probed:
    """Run a program with probes and a recorder: the events, and an execution trace of the same run.

    Both are of one clock; ``timeline.probed.with_probes`` joins them. The program has ``seconds`` to end:
    until then the trace is recorded into ``trace``, and one that is ended by force tells no counts.

    Raises:
        As ``run``, for the probes; as ``tracing.record``, for the trace (so no release before 1.23).
        NotProbed: the program did not end within ``seconds``, or as for ``run``.
    """
    chosen = using or toolchain.find()
    laid_over = overlay(chosen, mode=Mode.RING, constants=constants, ring_events=ring_events)
    with tempfile.TemporaryDirectory(prefix="schedlab-") as folder:
        file = Path(folder) / "probes"
        recording = tracing.record(
            program,
            arguments,
            file=trace,
            seconds=seconds,
            settings=settings,
            env={**(env or {}), VARIABLE: str(file)},
            cpus=cpus,
            using=chosen,
            overlay=laid_over,
        )
        # Only a server that runs already has no end.
        assert recording.finished is not None
        return _probed(file, recording.finished)


def _probed(file: Path, finished: process.Finished) -> Probed:
    data = file.read_bytes() if file.exists() else b""
    if not data:
        raise _not_probed(finished)
    counters, events = read(data, finished.name)
    return Probed(finished, counters, events)


def _not_probed(finished: process.Finished) -> NotProbed:
    end = f"by {finished.signal}" if finished.signal else f"with exit status {finished.exit_status}"
    return NotProbed(
        f"{finished.name} ended {end} and wrote no counters; its stderr ends:\n{finished.stderr[-2000:]}",
        remedy="They are written when main returns, by os.Exit and after a panic, not if a signal ends the "
        "program.",
    )
