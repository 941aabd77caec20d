"""The Go program that reads traces, built with Go's public trace reader or with the toolchain's own."""

from __future__ import annotations

import functools
import warnings
from pathlib import Path

from schedlab import toolchain
from schedlab.capture.exectrace.errors import OwnReaderUsed, ReaderUnavailable

_FOLDER = Path(__file__).parent / "reader"

# Packages of the standard library may import internal/trace, so the program becomes one of them for the
# time of the build. Nothing is written to GOROOT: ``go build -overlay``.
_PACKAGE = "schedlabtrace"
_MAIN = f'package main\n\nimport "{_PACKAGE}"\n\nfunc main() {{ {_PACKAGE}.Main() }}\n'
_RENAMED = (
    ('"golang.org/x/exp/trace"', '"internal/trace"'),
    ("package main\n", f"package {_PACKAGE}\n"),
    ("func main()", "func Main()"),
)


def reader() -> toolchain.Binary:
    """The Go program that reads traces, built once.

    It is built with golang.org/x/exp/trace, which Go fetches the first time. If that fails it is built with
    the same reader as it is in the Go in use (internal/trace), and an ``OwnReaderUsed`` warning says so
    once. What it makes of a trace is the same.

    Raises:
        ReaderUnavailable: neither can be built.
    """
    chosen = toolchain.find()
    failure = _no_public_reader(chosen)
    if failure is None:
        return toolchain.build(_FOLDER, toolchain=chosen)
    return _own_reader(chosen, failure)


def _own_reader(chosen: toolchain.Toolchain, failure: str) -> toolchain.Binary:
    """The program built with the trace reader that ``chosen`` itself has; needs no network.

    Raises:
        ReaderUnavailable: it cannot be built; ``failure`` is why the other could not.
    """
    package = chosen.goroot / "src" / _PACKAGE
    overlay: dict[Path, bytes] = {}
    for file in sorted(_FOLDER.glob("*.go")):
        text = file.read_text(encoding="utf-8")
        for old, new in _RENAMED:
            text = text.replace(old, new)
        overlay[package / file.name] = text.encode()
        overlay[file] = b"package main\n"
    overlay[_FOLDER / "main.go"] = _MAIN.encode()
    overlay[_FOLDER / "go.mod"] = b"module schedlab/exectrace\n\ngo 1.24\n"
    overlay[_FOLDER / "go.sum"] = b""
    try:
        return toolchain.build(_FOLDER, toolchain=chosen, overlay=overlay)
    except toolchain.CompileError as error:
        raise ReaderUnavailable(
            f"the reader of execution traces could not be built: {failure}\n{error.message}",
            remedy="It needs the Go module golang.org/x/exp, so the network, once; or Go 1.26 or newer.",
        ) from error


# Once per process: without a network Go takes its time to say so.
@functools.cache
def _no_public_reader(chosen: toolchain.Toolchain) -> str | None:
    """Why the program cannot be built with golang.org/x/exp/trace; None if it can. Warns if not."""
    try:
        toolchain.build(_FOLDER, toolchain=chosen)
    except toolchain.CompileError as error:
        last = error.message.strip().splitlines()[-1]
        warnings.warn(
            f"golang.org/x/exp/trace cannot be had ({last}); execution traces are read with internal/trace "
            f"of {chosen.release}",
            OwnReaderUsed,
            stacklevel=4,
        )
        return error.message
    return None
