"""``schedlab parse FORMAT FILE``: a capture, from any tool or time, as a table or as JSON."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from schedlab.capture import gctrace, pprof, schedtrace
from schedlab.cli.output import Commands, plain, print_json, print_json_lines, print_table
from schedlab.errors import UsageError

_SHOWN_ROWS = 40


def add_command(commands: Commands, about: str) -> None:
    parser = commands.add_parser("parse", help=about)
    formats = parser.add_subparsers(title="formats", metavar="FORMAT", required=True)
    for name, command, text in (
        ("schedtrace", _schedtrace, "what GODEBUG=schedtrace printed, with or without scheddetail"),
        ("gctrace", _gctrace, "what GODEBUG=gctrace=1 printed"),
        ("pprof", _pprof, "a profile: cpu, goroutine, heap, block, mutex, threadcreate"),
    ):
        sub = formats.add_parser(name, help=text, description=f"Read {text}.")
        sub.add_argument("file", metavar="FILE", help="the file, or - for standard input")
        sub.add_argument("--json", action="store_true", help="one JSON document")
        sub.set_defaults(command=command)
        if name == "schedtrace":
            sub.add_argument(
                "--jsonl", action="store_true", help="a JSON line per record, in constant memory"
            )
            sub.add_argument("--release", metavar="GO", help="the Go release that printed it, such as go1.27")


def _schedtrace(arguments: argparse.Namespace) -> int:
    if arguments.jsonl:
        for block in schedtrace.stream(_source(arguments.file), release=arguments.release):
            print_json_lines(_records(block))
        return 0
    trace = schedtrace.parse(_source(arguments.file), release=arguments.release)
    if arguments.json:
        print_json(schedtrace_document(trace))
        return 0
    show_schedtrace(trace)
    return 0


def schedtrace_document(trace: schedtrace.SchedTrace) -> dict[str, Any]:
    """The trace as one JSON document; what a line does not print is left out of its row."""
    return {
        "lines": trace.lines,
        "release": trace.release,
        "status_names": trace.status_names,
        "summaries": list(_rows(trace.summaries)),
        "snapshots": plain(trace.snapshots),
        "program_output": plain(trace.program_output),
        "rejects": plain(trace.rejects),
    }


def show_schedtrace(trace: schedtrace.SchedTrace) -> None:
    """A table of the first rows, and what else is in the trace."""
    rows = list(_rows(trace.summaries))
    names = ["time_ms", *(name for name in schedtrace.SCALARS if any(name in row for row in rows))]
    cells = [[*(row.get(name, "") for name in names), _queues(row)] for row in rows[:_SHOWN_ROWS]]
    print_table([*names, "local queues"], cells)
    if len(rows) > _SHOWN_ROWS:
        print(f"… {len(rows) - _SHOWN_ROWS} more rows; --json prints all")
    print(
        f"{len(rows)} SCHED lines, {len(trace.snapshots)} snapshots, "
        f"{len(trace.program_output)} lines of the program, {len(trace.rejects)} rejects"
    )
    _warn_of_rejects(trace.rejects)


def _gctrace(arguments: argparse.Namespace) -> int:
    trace = gctrace.parse(_source(arguments.file))
    if arguments.json:
        print_json(trace)
        return 0
    print(trace.to_pandas().head(_SHOWN_ROWS).to_string(index=False))
    print(
        f"{len(trace.cycles)} cycles, {len(trace.program_output)} lines of the program, "
        f"{len(trace.rejects)} rejects"
    )
    _warn_of_rejects(trace.rejects)
    return 0


def _pprof(arguments: argparse.Namespace) -> int:
    profile = pprof.parse(_bytes(arguments.file))
    if arguments.json:
        print_json(_profile_document(profile))
        return 0
    for sample_type in profile.sample_types:
        print(f"{sample_type.type}: {profile.total(sample_type.type)} {sample_type.unit}")
        top = profile.top(sample_type.type, 10)
        print_table(["flat", "cum", "function"], top[["flat", "cum", "function"]].to_numpy().tolist())
    return 0


def _profile_document(profile: pprof.Profile) -> dict[str, Any]:
    return {
        "sample_types": plain(profile.sample_types),
        "period": profile.period,
        "period_type": plain(profile.period_type),
        "time_ns": profile.time_ns,
        "duration_ns": profile.duration_ns,
        "comments": plain(profile.comments),
        "stacks": [[f"{f.function} {f.file}:{f.line}" for f in stack] for stack in profile.stacks],
        "samples": [
            {"values": values, "stack": stack, "labels": plain(labels)}
            for values, stack, labels in zip(
                profile.values.tolist(), profile.stack_ids.tolist(), profile.labels, strict=True
            )
        ],
    }


def _records(block: schedtrace.SchedBlock) -> Iterator[dict[str, Any]]:
    parts: tuple[tuple[str, Any], ...] = (
        ("summary", _rows(block.summaries)),
        ("snapshot", block.snapshots),
        ("program_output", block.program_output),
        ("reject", block.rejects),
    )
    for kind, records in parts:
        for record in records:
            yield {"record": kind, **plain(record)}


def _rows(table: schedtrace.SummaryTable) -> Iterator[dict[str, Any]]:
    columns: dict[str, Callable[[int], Any]] = {
        name: getattr(table, name).tolist().__getitem__ for name in ("line", "time_ms", *schedtrace.SCALARS)
    }
    queues, ticks = table.local_runq.tolist(), table.schedticks.tolist()
    for row in range(len(table)):
        values = {name: column(row) for name, column in columns.items()}
        record = {name: value for name, value in values.items() if value != -1}
        record["local_runq"] = [length for length in queues[row] if length != -1]
        if any(tick != -1 for tick in ticks[row]):
            record["schedticks"] = [tick for tick in ticks[row] if tick != -1]
        yield record | dict(table.extra.get(row, {}))


def _queues(row: dict[str, Any]) -> str:
    return " ".join(map(str, row["local_runq"]))


def _warn_of_rejects(rejects: tuple[schedtrace.Reject, ...]) -> None:
    for reject in rejects[:_SHOWN_ROWS]:
        print(f"schedlab: line {reject.line_no} cannot be read: {reject.reason}", file=sys.stderr)


def _source(name: str) -> Path | BinaryIO:
    return sys.stdin.buffer if name == "-" else _file(name)


def _bytes(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read(pprof.DEFAULT_LIMIT_BYTES + 1)
    with _file(name).open("rb") as file:
        return file.read(pprof.DEFAULT_LIMIT_BYTES + 1)


def _file(name: str) -> Path:
    path = Path(name)
    if not path.is_file():
        raise UsageError(f"there is no file {name!r}", remedy="Name a file, or - for standard input.")
    return path
