"""``schedlab trace``: record an execution trace, and read one as a timeline."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schedlab import export, process
from schedlab.capture import endpoint, tracing
from schedlab.cli.input import add_program_options, new_file, read_timeline, release_of, settings_of
from schedlab.cli.output import Commands, plain, print_json, print_table, visible
from schedlab.errors import UsageError
from schedlab.timeline import Summary, Timeline, summary

_ACTIONS = ("load", "record", "export")
_PROFILES: tuple[export.pprof.Kind, ...] = ("sched", "sync", "block", "syscall", "net")
_SECONDS = 5.0
_INTERRUPTED = 130

_ABOUT = """\
Record an execution trace, or read one.

  schedlab trace record PROG|URL    run a program and record it, or record a living server
  schedlab trace PROG|URL           the same
  schedlab trace load FILE          read a trace and say what it holds
  schedlab trace export FILE FORMAT OUT
                                    write it as another tool wants it
"""
_ABOUT_EXPORT = """\
Write a trace in another format.

  timeline                     schedlab's own, which opens at once
  chrome                       JSON for ui.perfetto.dev and chrome://tracing (gzip, if OUT ends in .gz)
  sched, sync, syscall, net    a profile of waiting for go tool pprof (block is another name of sync)
"""
_ABOUT_RECORD = """\
Record an execution trace of PROG or URL into a file.

PROG is a sample's name or a folder with a Go program: it is built with a recorder inside, its files stay
as they are; what stands after -- is given to it. Or it is a built program that serves net/http/pprof and
prints {"address": "HOST:PORT"}. URL is a living server with net/http/pprof: http://127.0.0.1:6060, or :6060.
"""
_EXAMPLE = "example: schedlab trace meet_gmp --seconds 2 -o gmp.trace --summary -- -goroutines 500"


def spelled_out(argv: Sequence[str]) -> list[str]:
    """The arguments of the command line with ``trace PROG`` written as ``trace record PROG``.

    A program that has an action's name is written as ``./load``.
    """
    given = list(argv)
    if given[:1] == ["trace"] and len(given) > 1 and given[1] not in (*_ACTIONS, "-h", "--help"):
        given.insert(1, "record")
    return given


def add_command(commands: Commands, about: str) -> None:
    parser = commands.add_parser(
        "trace",
        help=about,
        usage="schedlab trace [-h] {record,load,export} ...",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True, prog="schedlab trace")
    _add_record(actions)
    _add_load(actions)
    _add_export(actions)


def _add_export(actions: Commands) -> None:
    exported = actions.add_parser(
        "export",
        help="write a trace in another format",
        description=_ABOUT_EXPORT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    exported.add_argument(
        "file", metavar="FILE", help="the trace, or a saved timeline, or - for standard input"
    )
    exported.add_argument(
        "format", metavar="FORMAT", choices=("timeline", "chrome", *_PROFILES), help="see above"
    )
    exported.add_argument("out", metavar="OUT", help="the file to write; it must not be there")
    exported.set_defaults(command=_export)


def _add_load(actions: Commands) -> None:
    load = actions.add_parser("load", help="read a trace and say what it holds")
    load.add_argument("file", metavar="FILE", help="the trace, or a saved timeline, or - for standard input")
    load.add_argument("--summary", action="store_true", help="counts and percentiles (what it prints anyway)")
    load.add_argument("--json", action="store_true", help="print one JSON document")
    load.set_defaults(command=_load)


def _add_record(actions: Commands) -> None:
    record = actions.add_parser(
        "record",
        help="record a program or a server",
        usage="schedlab trace [record] [options] PROG|URL [-- ARG ...]",
        description=_ABOUT_RECORD,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    record.add_argument("target", metavar="PROG|URL", help="what to record")
    record.add_argument(
        "--seconds",
        type=float,
        metavar="N",
        help=f"record for N seconds at most ({_SECONDS:g}); with --flight, take the snapshot then",
    )
    record.add_argument("-o", "--output", metavar="FILE", help="the trace (a new file PROG.trace)")
    record.add_argument(
        "--flight",
        action="store_true",
        help="keep only the last moments, and write them at Ctrl-C, at SIGUSR1 to the program, "
        "after --seconds or when it ends",
    )
    record.add_argument(
        "--window",
        type=float,
        default=tracing.DEFAULT_WINDOW_S,
        metavar="SECONDS",
        help="with --flight: how much to keep (%(default)g)",
    )
    record.add_argument(
        "--run-on",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="let the program run on that long when the recording is over (0: end it)",
    )
    add_program_options(record)
    record.add_argument("--summary", action="store_true", help="read the trace and say what it holds")
    record.add_argument("--json", action="store_true", help="print one JSON document")
    record.set_defaults(command=_record)


@dataclass(frozen=True, slots=True)
class _Made:
    """A trace that was recorded, for printing."""

    file: Path
    how: str
    lost: str
    finished: process.Finished | None
    document: dict[str, Any]


def _record(arguments: argparse.Namespace) -> int:
    file = _new_file(arguments)
    try:
        made = _flight(arguments, file) if arguments.flight else _whole(arguments, file)
    except tracing.RecordingInterrupted as interrupted:
        print(f"schedlab: {visible(str(interrupted))}", file=sys.stderr)
        return _INTERRUPTED
    found = summary(Timeline.load(made.file)) if arguments.summary else None
    if arguments.json:
        print_json({"recording": made.document} | ({} if found is None else {"summary": plain(found)}))
    else:
        _show_made(made)
        if found is not None:
            _show(found)
    if made.lost:
        print(f"schedlab: {visible(made.lost)}", file=sys.stderr)
    # A program that failed, and a trace that was cut; the file is there all the same.
    failed = made.finished is not None and made.finished.exit_status not in (0, None)
    return 1 if failed or made.lost else 0


def _whole(arguments: argparse.Namespace, file: Path) -> _Made:
    recording = tracing.record(
        arguments.target,
        arguments.program_arguments,
        file=file,
        seconds=_SECONDS if arguments.seconds is None else arguments.seconds,
        run_on_s=arguments.run_on,
        settings=settings_of(arguments),
        using=release_of(arguments),
    )
    how = {
        tracing.Ending.SECONDS: "recorded until its time had passed",
        tracing.Ending.EXIT: "recorded until the program ended",
        tracing.Ending.CUT: "cut off",
    }[recording.ending]
    return _Made(recording.file, how, recording.lost, recording.finished, plain(recording))


def _flight(arguments: argparse.Namespace, file: Path) -> _Made:
    """Run with a flight recorder until something takes a snapshot, and end the program then."""
    with tracing.flight(
        arguments.target,
        arguments.program_arguments,
        window_s=arguments.window,
        seconds=arguments.seconds,
        settings=settings_of(arguments),
        using=release_of(arguments),
        wall_limit_s=None,
    ) as flight:
        try:
            print(
                f"schedlab: process {flight.live.pid} runs with a flight recorder; Ctrl-C takes the snapshot",
                file=sys.stderr,
                flush=True,
            )
            taken = flight.wait(file)
        except KeyboardInterrupt:
            taken = flight.snapshot(file)
        finished = flight.live.stop()
    document = plain(taken) | {"finished": plain(finished)}
    return _Made(taken.file, f"taken at: {taken.trigger}", "", finished, document)


def _new_file(arguments: argparse.Namespace) -> Path:
    """Where the trace goes. A file that nobody named is never overwritten."""
    if arguments.output:
        return Path(arguments.output)
    address = endpoint.address_of(arguments.target)
    name = address.replace(":", "_") if address else Path(arguments.target).resolve().name
    file = Path(f"{name}.trace")
    if file.exists():
        raise UsageError(f"{file} is there already", remedy="Name a file with -o.")
    return file


def _show_made(made: _Made) -> None:
    if made.finished is not None:
        for line in made.finished.stdout.splitlines():
            print(visible(line))
        for line in made.finished.stderr.splitlines():
            print(visible(line), file=sys.stderr)
    print(f"{visible(str(made.file))}: {made.file.stat().st_size} bytes, {made.how}")


def _load(arguments: argparse.Namespace) -> int:
    found = summary(read_timeline(arguments.file))
    if arguments.json:
        print_json(found)
    else:
        _show(found)
    return 0


def _export(arguments: argparse.Namespace) -> int:
    out = new_file(arguments.out)
    timeline = read_timeline(arguments.file)
    if arguments.format == "timeline":
        timeline.save(out)
    elif arguments.format == "chrome":
        export.to_chrome(timeline, out)
    else:
        _write(out, export.to_pprof(timeline, arguments.format))
    print(f"{visible(arguments.out)}: {out.stat().st_size} bytes")
    return 0


def _write(out: Path, content: bytes) -> None:
    try:
        out.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{str(out)!r} cannot be written: {error.strerror}") from error


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
