"""The ``schedlab`` command: build and run programs, read captures, from a shell."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from schedlab import __version__, toolchain
from schedlab.cli import (
    cache,
    claims,
    diagnose,
    flame,
    lab,
    leaks,
    live,
    parse,
    run,
    sim,
    timeline,
    trace,
    tune,
    xray,
)
from schedlab.cli.output import visible_lines
from schedlab.errors import SchedlabError
from schedlab.signals import listen_to_interrupts

_DESCRIPTION = (
    "Instruments for the Go scheduler: run a program under observation, read what its runtime says."
)
_EPILOG = "Exit status: 0 done, 1 a run or a capture failed, 2 wrong use, 130 interrupted."


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command of the shell; see ``schedlab --help``."""
    given = list(sys.argv[1:] if argv is None else argv)
    # argparse would take a program's own flags for ours.
    end = given.index("--") if "--" in given else len(given)
    arguments = _parser().parse_args(trace.spelled_out(given[:end]))
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="schedlab", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("--version", action="version", version=f"schedlab {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    run.add_command(commands)
    parse.add_command(commands)
    trace.add_command(commands)
    timeline.add_command(commands)
    flame.add_command(commands)
    xray.add_command(commands)
    sim.add_command(commands)
    live.add_command(commands)
    leaks.add_command(commands)
    diagnose.add_command(commands)
    claims.add_command(commands)
    tune.add_command(commands)
    lab.add_command(commands)
    cache.add_command(commands)
    go = commands.add_parser("go", help="say which Go is in use", description="Say which Go is in use.")
    go.set_defaults(command=_go)
    return parser


def _go(_: argparse.Namespace) -> int:
    found = toolchain.find()
    print(f"{found.release}  {found.goroot}  ({found.origin})")
    return 0
