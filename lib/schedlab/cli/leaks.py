"""``schedlab leaks URL|FILE…``: goroutines that never end, with the line where they stay."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from schedlab.capture import endpoint
from schedlab.capture.errors import CaptureError
from schedlab.capture.goroutines import Place
from schedlab.cli.output import Commands, plain, print_json, print_table, visible
from schedlab.diagnose import DiagnoseError, leaks
from schedlab.diagnose.leaks import Cause, Outcome, Report
from schedlab.errors import UsageError

_ABOUT = """\
Find goroutines that never end: where they stay, who started them, why, and what one does about it.

  schedlab leaks 127.0.0.1:6060            watch a living server with net/http/pprof
  schedlab leaks before.txt after.txt      compare saved captures, the oldest first

Files are the text of /debug/pprof/goroutine?debug=2, or profiles of the kinds goroutine and goroutineleak,
gzipped or not. Watching stops the server for moments, while it writes its stacks; at the end it collects
garbage, if its release can look for leaks so.
"""
_STATUS = """\
exit status: 0 no leak was found, 1 a leak was found, 2 wrong use, 3 no diagnosis: too little evidence, or
a capture that cannot be had or read, 130 interrupted. So a test can fail on a leak:

  schedlab leaks 127.0.0.1:6060 --seconds 20 || exit
"""


def add_command(commands: Commands, about: str) -> None:
    parser = commands.add_parser(
        "leaks",
        help=about,
        description=_ABOUT,
        epilog=_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", metavar="URL|FILE", nargs="+", help="a server, or captures")
    parser.add_argument(
        "--seconds", type=float, metavar="S", help=f"watch a server for S ({leaks.DEFAULT_SECONDS:g})"
    )
    parser.add_argument(
        "--snapshots", type=int, metavar="N", help=f"look N times meanwhile ({leaks.DEFAULT_SNAPSHOTS})"
    )
    parser.add_argument(
        "--no-gc", action="store_true", help="do not have the server collect garbage to prove leaks"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(command=_leaks)


def _leaks(arguments: argparse.Namespace) -> int:
    try:
        report = _report(arguments)
    except CaptureError as error:
        # 1 says that there is a leak, and must not say that there was nothing to look at.
        raise DiagnoseError(error.message, remedy=error.remedy) from error
    if arguments.json:
        print_json(_document(report))
    else:
        _show(report)
    return 1 if report.outcome is Outcome.LEAK else 0


def _report(arguments: argparse.Namespace) -> Report:
    addresses = [source for source in arguments.source if _is_address(source)]
    if not addresses:
        if arguments.seconds is not None or arguments.snapshots is not None or arguments.no_gc:
            raise UsageError(
                "--seconds, --snapshots and --no-gc are for servers", remedy="Leave them out with files."
            )
        return leaks.examine(leaks.load(_files(arguments.source)))
    if len(arguments.source) > 1:
        raise UsageError("a server is watched by itself", remedy="Name one URL, or files only.")
    return _watch(arguments, addresses[0])


def _is_address(source: str) -> bool:
    return not Path(source).exists() and endpoint.address_of(source) is not None


def _files(names: Sequence[str]) -> Sequence[str]:
    for name in names:
        if not Path(name).is_file():
            raise UsageError(
                f"there is no file {name!r}, and it is no server's address",
                remedy="Name captures, or a server as HOST:PORT.",
            )
    return names


def _watch(arguments: argparse.Namespace, address: str) -> Report:
    seconds = leaks.DEFAULT_SECONDS if arguments.seconds is None else arguments.seconds
    count = leaks.DEFAULT_SNAPSHOTS if arguments.snapshots is None else arguments.snapshots
    console = Console(stderr=True)
    shown = Progress(console=console, transient=True) if console.is_terminal else nullcontext()
    with shown as progress:
        task = progress.add_task(f"watching {visible(address)}", total=count) if progress else None

        def before(number: int) -> None:
            if progress and task is not None:
                progress.update(task, completed=number)

        return leaks.watch(
            address, seconds=seconds, snapshots=count, prove=not arguments.no_gc, before=before
        )


def _show(report: Report) -> None:
    span = f" in {report.seconds:.0f} s" if report.seconds is not None else ""
    totals = ", ".join(map(str, report.totals))
    looks = "one snapshot" if len(report.totals) == 1 else f"{len(report.totals)} snapshots"
    print(f"{report.outcome}: {totals} goroutines in {looks}{span}")
    for number, cause in enumerate(report.causes, start=1):
        print()
        _show_cause(number, cause)
    print()
    print_table(
        ["indicator", "value", "usual here", "threshold", ""],
        [
            (
                indicator.name,
                f"{indicator.value:.4g}",
                f"{indicator.baseline:.4g}",
                f"{indicator.threshold:.4g}",
                ("above: " if indicator.exceeded else "") + indicator.meaning,
            )
            for indicator in report.indicators
        ],
    )
    for note in report.notes:
        print(f"schedlab: {visible(note)}", file=sys.stderr)


def _show_cause(number: int, cause: Cause) -> None:
    print(f"{number}. {visible(_place(cause.place))}  {visible(cause.place.function)}")
    rows = [
        ("code", cause.code),
        ("what", f"{cause.counts[-1]} goroutines, {cause.kind} [{cause.waits_for}]; {cause.confidence}"),
        ("grows by", f"{cause.per_minute:.0f} a minute" if cause.per_minute else ""),
        ("begun at", _place(cause.creator) + f"  {cause.creator.function}" if cause.creator else ""),
        *(("evidence", said) for said in cause.evidence),
        ("why", cause.reason),
        ("try", cause.fix),
    ]
    for name, text in rows:
        if text:
            print(f"   {name:<9} {visible(text)}")


def _place(place: Place) -> str:
    return f"{place.file}:{place.line}" if place.file else "(unknown)"


def _document(report: Report) -> dict[str, Any]:
    document: dict[str, Any] = plain(report)
    for indicator, made in zip(report.indicators, document["indicators"], strict=True):
        made["exceeded"] = indicator.exceeded
    return document
