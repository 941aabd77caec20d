"""``schedlab run SAMPLE``: build a program, run it under limits, read what its runtime prints."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from schedlab import process, toolchain
from schedlab.capture import gctrace, schedtrace
from schedlab.cli.output import Commands, plain, print_json, visible
from schedlab.cli.parse import schedtrace_document, show_schedtrace
from schedlab.errors import SchedlabError, UsageError

_EXAMPLE = "example: schedlab run go_samples/meet_gmp --schedtrace 20 --gomaxprocs 2 -- -goroutines 500"


def add_command(commands: Commands) -> None:
    parser = commands.add_parser(
        "run",
        help="build and run a sample",
        usage="schedlab run [options] SAMPLE [-- ARG ...]",
        description="Build a Go program and run it; what stands after -- is given to the program.",
        epilog=_EXAMPLE,
        allow_abbrev=False,
    )
    parser.add_argument("sample", metavar="SAMPLE", help="a name in go_samples, or any Go program's folder")
    parser.add_argument("--schedtrace", type=int, metavar="MS", help="read the scheduler's counters every MS")
    parser.add_argument("--scheddetail", action="store_true", help="with --schedtrace: every P, M and G too")
    parser.add_argument("--gctrace", action="store_true", help="read a line per garbage collection")
    parser.add_argument("--gomaxprocs", type=int, metavar="N", help="the number of Ps")
    parser.add_argument("--gogc", type=_gogc, metavar="N|off", help="the garbage collector's target")
    parser.add_argument("--gomemlimit", metavar="BYTES", help="the memory limit, such as 64MiB")
    parser.add_argument("--cpus", type=_cpus, metavar="LIST", help="the CPUs it may use, such as 0,1")
    parser.add_argument("--quota", type=float, metavar="CPUS", help="a CPU quota by cgroup, such as 0.5")
    parser.add_argument("--limit", type=float, default=60.0, metavar="SECONDS", help="end it then (60)")
    parser.add_argument("--go", metavar="RELEASE", help="build with another release, such as 1.24")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(command=_run)


def _run(arguments: argparse.Namespace) -> int:
    if arguments.scheddetail and arguments.schedtrace is None:
        raise UsageError("--scheddetail alone prints nothing", remedy="Give --schedtrace MS too.")
    chosen = toolchain.release(arguments.go) if arguments.go else toolchain.find()
    binary = toolchain.build(Path(arguments.sample), toolchain=chosen)
    finished = _finished(binary, arguments).check()
    if arguments.json:
        print_json(_document(finished, chosen, arguments))
    else:
        _show(finished, chosen, arguments)
    return 0


def _finished(binary: toolchain.Binary, arguments: argparse.Namespace) -> process.Finished:
    settings = process.GoSettings(
        gomaxprocs=arguments.gomaxprocs,
        godebug={"gctrace": 1} if arguments.gctrace else {},
        gogc=arguments.gogc,
        gomemlimit=arguments.gomemlimit,
        schedtrace_ms=arguments.schedtrace,
        scheddetail=arguments.scheddetail,
    )
    try:
        return process.run(
            binary,
            arguments.program_arguments,
            settings=settings,
            cpus=arguments.cpus,
            quota=None if arguments.quota is None else process.CpuQuota(arguments.quota),
            wall_limit_s=arguments.limit,
        )
    except process.WallLimitExceeded as error:
        raise SchedlabError(error.message, remedy="Raise --limit, or give the program less to do.") from error


def _document(
    finished: process.Finished, chosen: toolchain.Toolchain, arguments: argparse.Namespace
) -> dict[str, Any]:
    document: dict[str, Any] = {"go": chosen.release, **plain(finished)}
    if arguments.schedtrace:
        trace = schedtrace.parse(finished.stderr, release=chosen.release)
        document["schedtrace"] = schedtrace_document(trace)
    if arguments.gctrace:
        document["gctrace"] = plain(gctrace.parse(finished.stderr))
    return document


def _show(finished: process.Finished, chosen: toolchain.Toolchain, arguments: argparse.Namespace) -> None:
    for line in finished.stdout.splitlines():
        print(visible(line))
    if arguments.schedtrace:
        show_schedtrace(schedtrace.parse(finished.stderr, release=chosen.release))
    else:
        for line in finished.stderr.splitlines():
            print(visible(line), file=sys.stderr)
    print(
        f"{chosen.release}: {finished.wall_ns / 1e6:.0f} ms, CPU {finished.user_ns / 1e6:.0f} ms user "
        f"+ {finished.system_ns / 1e6:.0f} ms system, {finished.max_rss_bytes >> 20} MiB"
    )
    if finished.throttle is not None:
        print(f"throttled in {finished.throttle.nr_throttled} of {finished.throttle.nr_periods} periods")


def _gogc(text: str) -> int | str:
    if text == "off":
        return text
    if text.isdigit():
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is neither a percentage such as 100 nor off")


def _cpus(text: str) -> list[int]:
    parts = text.split(",")
    if not all(part.isdigit() for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of CPU numbers such as 0,1")
    return [int(part) for part in parts]
