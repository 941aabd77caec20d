"""``schedlab trace load FILE``: an execution trace as a timeline."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from schedlab.cli.output import Commands, print_json, print_table, visible
from schedlab.errors import UsageError
from schedlab.timeline import Summary, Timeline, summary


def add_command(commands: Commands) -> None:
    parser = commands.add_parser("trace", help="read an execution trace")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    load = actions.add_parser("load", help="read a trace and say what it holds")
    load.add_argument("file", metavar="FILE", help="the trace, or - for standard input")
    load.add_argument("--summary", action="store_true", help="counts and percentiles (what it prints anyway)")
    load.add_argument("--json", action="store_true", help="print one JSON document")
    load.set_defaults(command=_load)


def _load(arguments: argparse.Namespace) -> int:
    if arguments.file == "-":
        timeline = Timeline.load(sys.stdin.buffer)
    elif Path(arguments.file).is_file():
        timeline = Timeline.load(Path(arguments.file))
    else:
        raise UsageError(
            f"there is no file {arguments.file!r}", remedy="Name a trace, or - for standard input."
        )
    found = summary(timeline)
    if found.lost:
        print(f"schedlab: the trace ends early: {visible(found.lost)}", file=sys.stderr)
    if arguments.json:
        print_json(found)
    else:
        _show(found)
    return 0


def _show(found: Summary) -> None:
    print(
        f"{found.events} events, {found.spans} spans, {found.goroutines} goroutines, "
        f"{found.duration_ns / 1e6:.3f} ms"
    )
    waits = found.runnable
    print_table(
        ["runnable, µs", "p50", "p90", "p99", "max"],
        [
            (
                f"{waits.count} waits",
                *(
                    f"{value / 1000:.1f}"
                    for value in (waits.p50_ns, waits.p90_ns, waits.p99_ns, waits.max_ns)
                ),
            )
        ],
    )
    print(f"stop-the-world: {found.stw_count} times, {found.stw_total_ns / 1000:.1f} µs in all")
