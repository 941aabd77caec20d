"""The ``schedlab`` command: build and run programs, read captures, from a shell."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module

from schedlab import __version__, toolchain
from schedlab.cli.output import visible_lines
from schedlab.errors import SchedlabError
from schedlab.signals import listen_to_interrupts

_DESCRIPTION = (
    "Instruments for the Go scheduler: run a program under observation, read what its runtime says."
)
# Each is a module here, and is imported only for who uses it: pandas and matplotlib take a second.
_COMMANDS: Mapping[str, str] = {
    "run": "build and run a sample",
    "parse": "read schedtrace, gctrace or a pprof profile",
    "trace": "record or read an execution trace",
    "timeline": "an execution trace as a page to look at",
    "flame": "a profile, or what changed between two, as a page to look at",
    "xray": "look at the scheduler of a live Go process",
    "sim": "simulate the scheduler on a workload",
    "live": "watch a running program in a browser",
    "leaks": "goroutines that never end, and on which line",
    "diagnose": "what is wrong with how a program is scheduled",
    "claims": "test what the article says, on this machine",
    "tune": "sweep GOMAXPROCS, GOGC and GOMEMLIMIT over a program, and recommend",
    "lab": "labs, graded by what the scheduler did",
    "cache": "show or empty the cache of built programs",
}
_EPILOG = "Exit status: 0 done, 1 a run or a capture failed, 2 wrong use, 130 interrupted."


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command of the shell; see ``schedlab --help``."""
    given = list(sys.argv[1:] if argv is None else argv)
    # argparse would take a program's own flags for ours.
    end = given.index("--") if "--" in given else len(given)
    own = given[:end]
    named = next((one for one in own if not one.startswith("-")), "")
    arguments = _parser(named).parse_args(_spelled_out(own))
    arguments.program_arguments = given[end + 1 :]
    listen_to_interrupts()
    try:
        status: int = arguments.command(arguments)
        sys.stdout.flush()
    except SchedlabError as error:
        # It may hold what a program or a server said.
        print(visible_lines(f"schedlab: {error}"), file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        print("schedlab: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Who read our output has seen enough. Keep Python's own flush at exit from complaining.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status


def _parser(named: str) -> argparse.ArgumentParser:
    """Knows the options of the command that is named, and of the others what they are for."""
    parser = argparse.ArgumentParser(prog="schedlab", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("--version", action="version", version=f"schedlab {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, about in _COMMANDS.items():
        if name == named:
            import_module(f"schedlab.cli.{name}").add_command(commands, about)
        else:
            commands.add_parser(name, help=about)
    go = commands.add_parser("go", help="say which Go is in use", description="Say which Go is in use.")
    go.set_defaults(command=_go)
    return parser


def _spelled_out(given: Sequence[str]) -> list[str]:
    """The arguments of the command line with ``trace PROG`` written as ``trace record PROG``."""
    if given[:1] != ["trace"]:
        return list(given)
    from schedlab.cli.trace import spelled_out

    return spelled_out(given)


def _go(_: argparse.Namespace) -> int:
    found = toolchain.find()
    print(f"{found.release}  {found.goroot}  ({found.origin})")
    return 0
