"""Start following a program or a server."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from schedlab import process, toolchain
from schedlab.capture.endpoint import address_of
from schedlab.capture.hooked import checked_number
from schedlab.capture.live._program import ProgramFeed
from schedlab.capture.live._server import ServerFeed
from schedlab.capture.live.feed import Feed
from schedlab.capture.live.reporter import build as build_with_reporter
from schedlab.errors import UsageError

HIGHEST_HZ: Final = 20.0
DEFAULT_HISTORY_S: Final = 300.0

# A server pays for each answer.
_SERVER_HZ = 5.0
_MOST_SAMPLES = 72_000
# The first release that counts goroutines by state.
_STATES_SINCE = (1, 26)
_NOTHING: Mapping[str, str] = {}
_RUNTIME_DEFAULTS = process.GoSettings()


def follow(
    target: str | os.PathLike[str],
    arguments: Iterable[str | os.PathLike[str] | int | float] = (),
    *,
    hz: float | None = None,
    history_s: float = DEFAULT_HISTORY_S,
    settings: process.GoSettings = _RUNTIME_DEFAULTS,
    env: Mapping[str, str] = _NOTHING,
    cpus: Iterable[int] | None = None,
    using: toolchain.Toolchain | None = None,
    wall_limit_s: float | None = None,
) -> Feed:
    """Start ``target`` and follow it, or follow the server at that address.

    ``target`` is one of three: the address of a living server with net/http/pprof or expvar, as
    ``tracing.record`` takes it (it takes no arguments and settings); a sample's name or a folder with a Go
    program, which is built with ``using`` and a reporter inside; or a built program. ``hz`` is how often it
    is looked at: 20 times a second at most, and that for a program, 5 times for a server if nothing is said.
    The history holds ``history_s`` of that. GODEBUG's schedtrace, and gctrace for a built program, are taken.

    Raises:
        UsageError: a number or address that makes no sense; SampleNotFound: no such program.
        CompileError: Go refused it. LaunchFailed: it could not be started.
        NotFollowed: nobody answers at the address, or not with what is needed.
    """
    address = address_of(target)
    rate = _SERVER_HZ if address else HIGHEST_HZ
    if hz is not None:
        rate = checked_number("hz", hz, HIGHEST_HZ, "is no rate to look at a program with")
    capacity = _capacity(rate, history_s)
    if address is not None:
        if tuple(arguments) or settings != _RUNTIME_DEFAULTS or env or cpus:
            raise UsageError(f"{target} runs already: it takes no arguments and no settings any more")
        return ServerFeed(address, hz=rate, capacity=capacity)
    if settings.schedtrace_ms is not None or settings.scheddetail or "gctrace" in settings.godebug:
        raise UsageError(
            "schedtrace, scheddetail and gctrace are set by what follows a program",
            remedy="Leave them out of the settings.",
        )
    built = Path(target).is_file() and Path(target).suffix != ".go"
    chosen = using or toolchain.find()
    return ProgramFeed(
        target if built else build_with_reporter(target, chosen),
        arguments,
        reporter=not built,
        hz=rate,
        capacity=capacity,
        settings=settings,
        env=env,
        cpus=cpus,
        wall_limit_s=wall_limit_s,
        old=chosen.minor() < _STATES_SINCE,
    )


def _capacity(hz: float, history_s: float) -> int:
    """How many samples the history holds."""
    wrong = f"s cannot be kept at {hz:g} samples a second"
    return max(1, math.ceil(hz * checked_number("history_s", history_s, _MOST_SAMPLES / hz, wrong)))
