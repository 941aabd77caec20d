"""The Go runtime's settings for one run, and the environment that carries them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from schedlab.errors import UsageError

# Each changes how the runtime schedules, collects or reports. Inherited from a learner's shell they
# would silently change the experiment, so a program gets only those that its GoSettings name.
RUNTIME_VARIABLES = ("GODEBUG", "GOGC", "GOMAXPROCS", "GOMEMLIMIT", "GOTRACEBACK")

_INT32_MAX = 2**31 - 1
_DEBUG_NAME = re.compile(r"[A-Za-z0-9_]+")
_DEBUG_VALUE = re.compile(r"[^,=\s\x00]+")
_BYTE_COUNT = re.compile(r"off|\d+(?:B|[KMGT]iB)?", re.ASCII)
_TRACEBACK = re.compile(r"none|single|all|system|crash|\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class GoSettings:
    """Settings that the Go runtime reads from the environment when a program starts.

    What is ``None`` is left to the runtime. Accepted values are those that the runtime itself accepts
    (``defaultGOMAXPROCSInit`` in runtime/proc.go, ``readGOGC`` and ``readGOMEMLIMIT`` in
    runtime/mgcpacer.go, ``setTraceback`` in runtime/runtime1.go, Go 1.27): it ignores most wrong ones
    without a word, so they are refused here.

    ``schedtrace_ms`` and ``scheddetail`` are GODEBUG's ``schedtrace=<ms>`` and ``scheddetail=1``.

    Raises:
        UsageError: a value that the runtime would ignore or refuse; one setting given twice.
    """

    gomaxprocs: int | None = None
    godebug: Mapping[str, str | int] = field(default_factory=dict, hash=False)
    gogc: int | Literal["off"] | None = None
    gomemlimit: str | None = None
    gotraceback: str | None = None
    schedtrace_ms: int | None = None
    scheddetail: bool = False

    def __post_init__(self) -> None:
        _check_integer("gomaxprocs", self.gomaxprocs, least=1)
        _check_integer("schedtrace_ms", self.schedtrace_ms, least=1)
        if self.gogc != "off":
            _check_integer("gogc", self.gogc, least=0)
        _check_text(
            "gomemlimit", self.gomemlimit, _BYTE_COUNT, 'bytes with a unit, such as "512MiB", or "off"'
        )
        _check_text(
            "gotraceback", self.gotraceback, _TRACEBACK, "none, single, all, system, crash, or a digit"
        )
        # A copy: the caller's dict may change later, and these settings must not.
        object.__setattr__(self, "godebug", dict(self.godebug))
        self._check_debug()

    def environment(self) -> dict[str, str]:
        """The variables to set, and only those: ``{"GOMAXPROCS": "2", "GODEBUG": "schedtrace=100"}``."""
        debug = ",".join(f"{name}={value}" for name, value in self._debug().items())
        chosen = {
            "GOMAXPROCS": self.gomaxprocs,
            "GODEBUG": debug or None,
            "GOGC": self.gogc,
            "GOMEMLIMIT": self.gomemlimit,
            "GOTRACEBACK": self.gotraceback,
        }
        return {name: str(value) for name, value in chosen.items() if value is not None}

    def _debug(self) -> dict[str, str | int]:
        merged = dict(self.godebug)
        if self.schedtrace_ms is not None:
            merged["schedtrace"] = self.schedtrace_ms
        if self.scheddetail:
            merged["scheddetail"] = 1
        return merged

    def _check_debug(self) -> None:
        for name, value in self.godebug.items():
            if not isinstance(name, str) or not _DEBUG_NAME.fullmatch(name):
                raise UsageError(f"godebug: {name!r} is not the name of a GODEBUG setting")
            if isinstance(value, bool) or not isinstance(value, str | int):
                raise UsageError(f"godebug: {name}={value!r} is neither text nor a whole number")
            if not _DEBUG_VALUE.fullmatch(str(value)):
                raise UsageError(
                    f"godebug: {name}={value!r} is empty or holds a comma, an equals sign or a blank"
                )
        for given, name in (
            (self.schedtrace_ms is not None, "schedtrace"),
            (self.scheddetail, "scheddetail"),
        ):
            if given and name in self.godebug:
                raise UsageError(f"{name} is given twice, by its own field and in godebug")
        if self.scheddetail and "schedtrace" not in self._debug():
            raise UsageError(
                "scheddetail adds to schedtrace's output; alone it prints nothing",
                remedy="Give schedtrace_ms too.",
            )


def child_environment(settings: GoSettings, extra: Mapping[str, str] | None) -> dict[str, str]:
    """This process's environment without the runtime's own variables, plus ``extra``, plus the settings.

    Raises:
        UsageError: ``extra`` has a name or value that no environment can hold, or one of the runtime's
            variables, which belong into ``settings``.
    """
    environment = {name: value for name, value in os.environ.items() if name not in RUNTIME_VARIABLES}
    for name, value in (extra or {}).items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise UsageError(f"env: {name!r}: {value!r} is not a pair of texts")
        if not name or "=" in name or "\x00" in name + value:
            raise UsageError(f"env: {name!r} is not a name, or its value holds a NUL character")
        if name in RUNTIME_VARIABLES:
            raise UsageError(
                f"env: {name} would be hidden from the record of the run",
                remedy="Give it in settings=GoSettings(…).",
            )
        environment[name] = value
    return environment | settings.environment()


def _check_integer(name: str, value: object, *, least: int) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _INT32_MAX:
        raise UsageError(f"{name}: {value!r} is not a whole number from {least} to {_INT32_MAX}")


def _check_text(name: str, value: object, pattern: re.Pattern[str], wanted: str) -> None:
    if value is not None and not (isinstance(value, str) and pattern.fullmatch(value)):
        raise UsageError(f"{name}: {value!r} is not {wanted}")
