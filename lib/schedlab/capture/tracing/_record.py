"""Record a trace of a program or a server into a file."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from schedlab import process, toolchain
from schedlab.capture import endpoint
from schedlab.capture.endpoint import HOST_AND_PORT, NO_PPROF, EndpointError, address_of
from schedlab.capture.hooked import checked_number
from schedlab.capture.tracing._files import destination, growing, has_data, is_trace
from schedlab.capture.tracing._programs import (
    OVER,
    Notices,
    await_start,
    build_with,
    failed,
    notices,
    told_of_the_end,
)
from schedlab.capture.tracing.errors import AlreadyTracing, NoProfiler, NotTraceable, RecordingFailed
from schedlab.errors import UsageError
from schedlab.process import Confinement, CpuQuota, Finished, GoSettings

Program = str | os.PathLike[str]
Argument = str | os.PathLike[str] | int | float

RUNTIME_DEFAULTS = GoSettings()
LONGEST_S = 3600.0

# Beyond the recording: to start, and to write what is left of a trace.
_PATIENCE_S = 30.0


class Ending(StrEnum):
    """Why a recording ended: its seconds had passed, the program ended, or the program was cut down."""

    SECONDS = "seconds"
    EXIT = "exit"
    CUT = "cut"


@dataclass(frozen=True, slots=True)
class Recording:
    """A trace in ``file`` (``bytes`` long) of ``source``, the program's name or address.

    ``lost`` says what is missing of it and why, and is empty if nothing is. ``finished`` is the program's
    end and what it printed; None for a server, which runs on.
    """

    file: Path
    bytes: int
    source: str
    ending: Ending
    lost: str
    finished: Finished | None


def record(
    program: Program,
    arguments: Iterable[Argument] = (),
    *,
    file: Path,
    seconds: float = 5.0,
    run_on_s: float = 0.0,
    settings: GoSettings = RUNTIME_DEFAULTS,
    env: Mapping[str, str] | None = None,
    cpus: Iterable[int] | None = None,
    quota: CpuQuota | None = None,
    using: toolchain.Toolchain | None = None,
    overlay: Mapping[Path, bytes] = toolchain.NOTHING_LAID_OVER,
    confinement: Confinement | None = None,
    cwd: str | os.PathLike[str] | None = None,
    allocations: Path | None = None,
    sample_cpu: bool = False,
) -> Recording:
    """Record an execution trace into ``file``, for ``seconds`` at most.

    ``program`` is one of three:

    - the address of a living server with net/http/pprof: ``127.0.0.1:6060``, ``:6060`` (this machine), or a
      URL. It runs on. It takes no arguments and no settings.
    - a sample's name or a folder with a Go program. It is built with ``using`` (1.23 or newer; the course's
      Go by default) and a recorder inside. The trace begins before the program's own initialisation. It
      ends when the seconds have passed, or when main returns or calls os.Exit. While it runs, the program's
      own ``trace.Start`` fails: the runtime writes one trace at a time. ``overlay`` is what else is laid
      over its build, as by ``toolchain.build``.
    - a built program that serves pprof and prints its address as a line of JSON, ``{"address": "…"}``. The
      trace begins then.

    ``confinement`` and ``cwd`` are as for ``process.run``; the recorder may write its file in any case.

    ``allocations`` is a file for the program's profile of allocations (``allocs`` of runtime/pprof) until the
    trace ended. It is written for a program that is given by its source, unless it is cut down.

    ``sample_cpu`` puts CPU samples into the trace, a hundred in each second that a thread has a CPU: of a
    server by asking it for a CPU profile meanwhile, if none is being taken.

    A program that still runs when its seconds have passed may go on for ``run_on_s`` and is then ended.

    Raises:
        UsageError: a number, address or place that makes no sense; SampleNotFound: no such program.
        CompileError: Go refused it. LaunchFailed: it could not be started.
        TooOldForThis: ``using`` is older than 1.23.
        EndpointError: nobody answers at the address. NoProfiler, AlreadyTracing: it answers, with a refusal.
        NotTraceable: a built program that gives no address. RecordingFailed: no trace came.
        RecordingInterrupted: Ctrl-C. The program is dead, and what came until then is in ``file``.
    """
    seconds = checked_seconds(seconds)
    place = destination(file)
    address = address_of(program)
    if address is not None:
        if tuple(arguments) or settings != RUNTIME_DEFAULTS or overlay or quota:
            raise UsageError(f"{program} runs already: it takes no arguments and no settings any more")
        with growing(place) as part:
            lost = _fetch(address, seconds, part, sample_cpu)
            size = part.stat().st_size
        return Recording(place, size, address, Ending.CUT if lost else Ending.SECONDS, lost, None)

    run = _Run(
        tuple(arguments),
        seconds,
        max(0.0, run_on_s),
        settings,
        dict(env or {}),
        cpus,
        quota,
        confinement,
        cwd,
        allocations and allocations.absolute(),
        sample_cpu,
    )
    with growing(place) as part:
        if Path(program).is_file() and Path(program).suffix != ".go" and not overlay:
            finished, ending = _from_built(Path(program), run, part)
        else:
            asked = {"allocations": allocations, "samples": sample_cpu}
            also = [hook for hook, wanted in asked.items() if wanted]
            binary = build_with("recording", program, using or toolchain.find(), overlay, also)
            finished, ending = _from_source(binary, run, part)
        size = part.stat().st_size
    return Recording(place, size, finished.name, ending, _lost(finished, ending), finished)


def checked_seconds(seconds: float) -> float:
    """``seconds``, if that can be waited for."""
    return checked_number("seconds", seconds, LONGEST_S, "is no length of a recording")


@dataclass(frozen=True, slots=True)
class _Run:
    """How to run what is recorded."""

    arguments: tuple[Argument, ...]
    seconds: float
    run_on_s: float
    settings: GoSettings
    env: Mapping[str, str]
    cpus: Iterable[int] | None
    quota: CpuQuota | None
    confinement: Confinement | None
    cwd: str | os.PathLike[str] | None
    allocations: Path | None
    sample_cpu: bool

    def start(
        self, program: Program, own_env: Mapping[str, str], written: Iterable[Path] = ()
    ) -> process.Live:
        return process.start(
            program,
            self.arguments,
            settings=self.settings,
            env={**self.env, **own_env},
            cpus=self.cpus,
            quota=self.quota,
            confinement=self.confinement and self.confinement.with_writable(written),
            cwd=self.cwd,
            wall_limit_s=self.seconds + self.run_on_s + _PATIENCE_S,
        )


def _from_source(binary: toolchain.Binary, run: _Run, part: Path) -> tuple[Finished, Ending]:
    with notices() as told:
        own = {
            "SCHEDLAB_TRACE_FILE": str(part),
            "SCHEDLAB_TRACE_FOR": f"{round(run.seconds * 1e9)}ns",
            "SCHEDLAB_TRACE_NOTICES": str(told.pipe),
        }
        if run.sample_cpu:
            own["SCHEDLAB_SAMPLES"] = "1"
        written = [part, told.pipe]
        if run.allocations:
            own["SCHEDLAB_ALLOCATIONS_FILE"] = str(run.allocations)
            # Only what is there can be made writable for a program that is confined.
            run.allocations.touch()
            written.append(run.allocations)
        live = run.start(binary, own, written)
        with told_of_the_end(live, told):
            await_start(told, live, binary.name)
            notice = told.next()
            if notice == OVER:
                return _cut(live.wait(), part), Ending.CUT
            if notice not in (Ending.SECONDS, Ending.EXIT):
                raise failed(binary.name, str(notice))
            # At its exit the program has ended but for a moment.
            finished = live.wait() if notice == Ending.EXIT else _end_of(live, told, run.run_on_s)
            return finished, Ending(notice)


def _from_built(program: Path, run: _Run, part: Path) -> tuple[Finished, Ending]:
    with notices() as told:
        live = run.start(program, {})
        with told_of_the_end(live, told):
            lost = _fetch(_printed_address(live, program), run.seconds, part, run.sample_cpu)
            if lost:
                return live.stop(), Ending.CUT
            return _end_of(live, told, run.run_on_s), Ending.SECONDS


def _end_of(live: process.Live, told: Notices, run_on_s: float) -> Finished:
    """Let the program run to its end for a while, and end it then."""
    return live.wait() if told.next(run_on_s) == OVER else live.stop()


def _cut(finished: Finished, part: Path) -> Finished:
    """A program that ended before its recorder could: with a trace, if the runtime handed any of it out."""
    if not has_data(part):
        end = f"by {finished.signal}" if finished.signal else f"with exit status {finished.exit_status}"
        raise RecordingFailed(
            f"{finished.name} ended {end} before the runtime handed out any of the trace, which it does "
            f"about every second; its stderr ends:\n{finished.stderr[-2000:]}"
        )
    return finished


def _lost(finished: Finished, ending: Ending) -> str:
    if ending != Ending.CUT:
        return ""
    end = finished.signal or f"exit status {finished.exit_status}"
    return f"{finished.name} was cut down ({end}) while it was recorded: up to its last second may be missing"


def _printed_address(live: process.Live, program: Path) -> str:
    """The address in the first line of standard output that is JSON with one."""
    found: list[str] = []

    def has_address(line: str) -> bool:
        try:
            document = json.loads(line)
        except ValueError:
            return False
        address = document.get("address") if isinstance(document, dict) else None
        if isinstance(address, str) and HOST_AND_PORT.fullmatch(address):
            found.append(address)
        return bool(found)

    try:
        live.wait_for_line(has_address)
    except process.LineNotSeen as error:
        raise NotTraceable(
            f'{program} is a built program and printed no {{"address": "HOST:PORT"}} of a pprof server: '
            f"{error.message}",
            remedy="Name the folder of its source, to have it built with a recorder inside.",
        ) from error
    # A server that listens everywhere is asked here.
    return re.sub(r"^(\[::\]|0\.0\.0\.0)?:", "127.0.0.1:", found[0])


def _fetch(address: str, seconds: float, part: Path, sample_cpu: bool) -> str:
    """The trace of a server into ``part``; what was lost of it, in words, if it broke off."""
    if sample_cpu:
        # It ends by itself, soon after the trace; nobody needs what it answers.
        threading.Thread(
            target=_profile, args=(address, seconds), name="schedlab-samples", daemon=True
        ).start()
    try:
        with part.open("wb") as file:
            endpoint.fetch_into(file, address, "trace", seconds=seconds)
    except EndpointError as error:
        if has_data(part):
            return error.message
        raise _refusal(error, address) from error
    if not is_trace(part):
        raise NoProfiler(
            f"what {address} answered is no execution trace",
            remedy="Is that a Go program with net/http/pprof?",
        )
    return ""


def _profile(address: str, seconds: float) -> None:
    """Have a server sample its CPU time, which its trace takes up."""
    with suppress(EndpointError):
        endpoint.fetch(address, "profile", seconds=seconds)


def _refusal(error: EndpointError, address: str) -> Exception:
    if error.status == 500 and "tracing" in error.message:
        return AlreadyTracing(
            f"{address} cannot be traced now: {error.message}",
            remedy="Wait until the other recording ends, or end it.",
        )
    if error.status is not None:
        return NoProfiler(error.message, remedy=NO_PPROF)
    return error
