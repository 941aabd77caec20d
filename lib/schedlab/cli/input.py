"""What several commands read: traces and saved timelines, and how a program is to be run."""

from __future__ import annotations

import argparse
import sys
import tarfile
from pathlib import Path

from schedlab import process, toolchain
from schedlab.cli.output import visible
from schedlab.errors import UsageError
from schedlab.timeline import Timeline


def read_timeline(name: str) -> Timeline:
    """The trace or the saved timeline of that name; ``-`` is standard input. What was lost is said.

    Raises:
        UsageError: there is no such file.
        CaptureError: it is no trace; TimelineError: it is no timeline.
    """
    timeline = _read(name)
    if timeline.lost:
        print(f"schedlab: the trace is not whole: {visible(timeline.lost)}", file=sys.stderr)
    return timeline


def new_file(name: str) -> Path:
    """The path of a file that is to be written and must not be there.

    Raises:
        UsageError: it is there.
    """
    file = Path(name)
    if file.exists():
        raise UsageError(f"{name!r} is there already", remedy="Name a new file.")
    return file


def add_program_options(parser: argparse.ArgumentParser) -> None:
    """The options of a command that builds and runs a program, for ``settings_of`` and ``release_of``."""
    parser.add_argument("--gomaxprocs", type=int, metavar="N", help="the number of Ps")
    parser.add_argument("--go", metavar="RELEASE", help="build with another release, such as 1.26")


def settings_of(arguments: argparse.Namespace) -> process.GoSettings:
    """What the runtime is told."""
    return process.GoSettings(gomaxprocs=arguments.gomaxprocs)


def release_of(arguments: argparse.Namespace) -> toolchain.Toolchain | None:
    """The release asked for; None if none was."""
    return toolchain.release(arguments.go) if arguments.go else None


def _read(name: str) -> Timeline:
    if name == "-":
        return Timeline.load(sys.stdin.buffer)
    file = Path(name)
    if not file.is_file():
        raise UsageError(f"there is no file {name!r}", remedy="Name a trace, or - for standard input.")
    return Timeline.open(file) if tarfile.is_tarfile(file) else Timeline.load(file)
