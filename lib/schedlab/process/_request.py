"""What a caller asked to run, checked before anything is started."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from schedlab.errors import UsageError
from schedlab.process.confinement import Confinement
from schedlab.process.errors import NotSupportedHere
from schedlab.process.quota import CpuQuota
from schedlab.process.settings import GoSettings, child_environment

# Less would leave no room for one line of a panic.
_LEAST_OUTPUT_BYTES = 4096


@runtime_checkable
class OpenFile(Protocol):
    """What has a descriptor: a file, one end of a pipe, a socket."""

    def fileno(self) -> int: ...


Stdin = bytes | OpenFile


@dataclass(frozen=True, slots=True)
class Request:
    """A run, as ``make_request`` checked it. Paths are absolute."""

    program: str
    argv: tuple[str, ...]
    settings: GoSettings
    environment: Mapping[str, str]
    cpus: tuple[int, ...] | None
    quota: CpuQuota | None
    confinement: Confinement | None
    wall_limit_s: float | None
    output_limit_bytes: int
    stdin: Stdin | None
    cwd: str | None


def make_request(
    program: str | os.PathLike[str],
    args: Iterable[str | os.PathLike[str] | int | float],
    *,
    settings: GoSettings,
    env: Mapping[str, str] | None,
    cpus: Iterable[int] | None,
    quota: CpuQuota | None,
    confinement: Confinement | None = None,
    wall_limit_s: float | None,
    output_limit_bytes: int,
    stdin: Stdin | None,
    cwd: str | os.PathLike[str] | None,
) -> Request:
    """Raises: UsageError, and NotSupportedHere where the operating system lacks what was asked for."""
    if os.name != "posix":
        raise NotSupportedHere("programs are run on Linux and macOS only", remedy="On Windows use WSL.")
    if wall_limit_s is not None and not (math.isfinite(wall_limit_s) and wall_limit_s > 0):
        raise UsageError(f"wall_limit_s: {wall_limit_s} is not a positive number of seconds, or None")
    if output_limit_bytes < _LEAST_OUTPUT_BYTES:
        raise UsageError(f"output_limit_bytes: {output_limit_bytes} is less than {_LEAST_OUTPUT_BYTES}")
    if stdin is not None and not isinstance(stdin, bytes):
        _check_open(stdin)
    argv = (_argument(program), *_arguments(args))
    return Request(
        program=str(Path(argv[0]).absolute()),
        argv=argv,
        settings=settings,
        environment=child_environment(settings, env),
        cpus=None if cpus is None else _checked_cpus(cpus),
        quota=quota,
        confinement=confinement,
        wall_limit_s=wall_limit_s,
        output_limit_bytes=output_limit_bytes,
        stdin=stdin,
        cwd=None if cwd is None else str(Path(_argument(cwd)).absolute()),
    )


def _check_open(stdin: object) -> None:
    refused = UsageError(f"stdin: {type(stdin).__name__} is neither bytes nor an open file")
    if not isinstance(stdin, OpenFile):
        raise refused
    try:
        os.fstat(stdin.fileno())
    except (OSError, ValueError) as error:
        raise refused from error


def _arguments(args: Iterable[object]) -> list[str]:
    if isinstance(args, str | bytes):
        raise UsageError(f"args: {args!r} is one text; give a list of arguments")
    return [_argument(argument) for argument in args]


def _argument(argument: object) -> str:
    if isinstance(argument, int | float) and not isinstance(argument, bool):
        return str(argument)
    if not isinstance(argument, str | os.PathLike):
        raise UsageError(f"{argument!r} is neither text, nor a path, nor a number")
    text = os.fsdecode(argument)
    if "\x00" in text:
        raise UsageError(f"{text!r} holds a NUL character, which no argument or path can")
    return text


def _checked_cpus(cpus: Iterable[int]) -> tuple[int, ...]:
    if not hasattr(os, "sched_getaffinity"):
        raise NotSupportedHere("this operating system has no CPU affinity", remedy="Leave cpus out.")
    chosen, allowed = sorted(set(cpus)), os.sched_getaffinity(0)
    if not chosen or not allowed.issuperset(chosen):
        raise UsageError(f"cpus: {chosen} is not a choice from {sorted(allowed)}, which this process may use")
    return tuple(chosen)
