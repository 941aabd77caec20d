"""``schedlab run SAMPLE``: build a program, run it under limits, read what its runtime prints."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any, TypedDict

from schedlab import process, toolchain
from schedlab.capture import gctrace, probes, schedtrace
from schedlab.cli.input import new_file
from schedlab.cli.output import Commands, plain, print_json, print_table, visible
from schedlab.cli.parse import schedtrace_document, show_schedtrace
from schedlab.errors import SchedlabError, UsageError
from schedlab.timeline import Timeline, probed

_EXAMPLE = "example: schedlab run go_samples/meet_gmp --schedtrace 20 --gomaxprocs 2 -- -goroutines 500"


class Limits(TypedDict):
    """How the program is run, with probes or without."""

    settings: process.GoSettings
    cpus: list[int] | None
    quota: process.CpuQuota | None
    wall_limit_s: float


def add_command(commands: Commands, about: str) -> None:
    parser = commands.add_parser(
        "run",
        help=about,
        usage="schedlab run [options] SAMPLE [-- ARG ...]",
        description="Build a Go program and run it; what stands after -- is given to the program.",
        epilog=_EXAMPLE,
        allow_abbrev=False,
    )
    parser.add_argument("sample", metavar="SAMPLE", help="a name in go_samples, or any Go program's folder")
    parser.add_argument("--schedtrace", type=int, metavar="MS", help="read the scheduler's counters every MS")
    parser.add_argument("--scheddetail", action="store_true", help="with --schedtrace: every P, M and G too")
    parser.add_argument("--gctrace", action="store_true", help="read a line per garbage collection")
    parser.add_argument("--probes", action="store_true", help="count what its scheduler does, by each P")
    parser.add_argument(
        "--timeline",
        metavar="FILE",
        help="with --probes: record a trace too, and save both as one timeline, for schedlab timeline",
    )
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
    if arguments.timeline is not None:
        _check_timeline(arguments)
    chosen = toolchain.release(arguments.go) if arguments.go else toolchain.find()
    finished, counters = _ran(chosen, arguments)
    finished.check()
    if arguments.json:
        print_json(_document(finished, counters, chosen, arguments))
    else:
        _show(finished, counters, chosen, arguments)
    return 0


def _check_timeline(arguments: argparse.Namespace) -> None:
    if not arguments.probes:
        raise UsageError("--timeline goes with --probes", remedy="For a trace alone: schedlab trace SAMPLE.")
    if arguments.quota is not None:
        raise UsageError("--timeline and --quota do not go together", remedy="Leave one of them out.")
    if not new_file(arguments.timeline).absolute().parent.is_dir():
        raise UsageError(f"there is no folder for {arguments.timeline}", remedy="Make it, or name another.")


def _ran(
    chosen: toolchain.Toolchain, arguments: argparse.Namespace
) -> tuple[process.Finished, probes.Counters | None]:
    """Build the program and run it to its end; the counters, if they were asked for and it has any."""
    sample = Path(arguments.sample)
    if arguments.timeline is not None:
        return _ran_on_one_clock(sample, chosen, arguments)
    if arguments.probes:
        binary = probes.build(sample, mode=probes.Mode.COUNTERS, using=chosen)
    else:
        binary = toolchain.build(sample, toolchain=chosen)
    limits = Limits(
        settings=_settings(arguments),
        cpus=arguments.cpus,
        quota=None if arguments.quota is None else process.CpuQuota(arguments.quota),
        wall_limit_s=arguments.limit,
    )
    try:
        if arguments.probes:
            ran = probes.run_built(binary, arguments.program_arguments, **limits)
        else:
            return process.run(binary, arguments.program_arguments, **limits), None
    except process.WallLimitExceeded as error:
        raise SchedlabError(error.message, remedy="Raise --limit, or give the program less to do.") from error
    return ran.finished, ran.counters


def _ran_on_one_clock(
    sample: Path, chosen: toolchain.Toolchain, arguments: argparse.Namespace
) -> tuple[process.Finished, probes.Counters]:
    """The same, and the trace with the probes' events is saved as a Timeline."""
    with tempfile.TemporaryDirectory(prefix="schedlab-") as folder:
        trace = Path(folder) / "trace"
        ran = probes.run_traced(
            sample,
            arguments.program_arguments,
            trace=trace,
            seconds=arguments.limit,
            settings=_settings(arguments),
            cpus=arguments.cpus,
            using=chosen,
        )
        assert ran.events is not None
        joined = probed.with_probes(Timeline.load(trace), ran.events, probed.origin_ns(trace))
        joined.save(arguments.timeline)
    return ran.finished, ran.counters


def _settings(arguments: argparse.Namespace) -> process.GoSettings:
    return process.GoSettings(
        gomaxprocs=arguments.gomaxprocs,
        godebug={"gctrace": 1} if arguments.gctrace else {},
        gogc=arguments.gogc,
        gomemlimit=arguments.gomemlimit,
        schedtrace_ms=arguments.schedtrace,
        scheddetail=arguments.scheddetail,
    )


def _document(
    finished: process.Finished,
    counters: probes.Counters | None,
    chosen: toolchain.Toolchain,
    arguments: argparse.Namespace,
) -> dict[str, Any]:
    document: dict[str, Any] = {"go": chosen.release, **plain(finished)}
    if arguments.schedtrace:
        trace = schedtrace.parse(finished.stderr, release=chosen.release)
        document["schedtrace"] = schedtrace_document(trace)
    if arguments.gctrace:
        document["gctrace"] = plain(gctrace.parse(finished.stderr))
    if counters is not None:
        document["probes"] = probes_document(counters)
    return document


def probes_document(counters: probes.Counters) -> dict[str, Any]:
    """``by_p`` and ``taken_from`` have a row for each P, and a last one for code without a P."""
    rows = len(counters.p)
    return {
        "p": counters.p,
        "totals": counters.totals(),
        "by_p": {name: counters.counts[:, number] for number, name in enumerate(probes.NAMES)},
        "taken_from": counters.taken[:, : rows - 1],
    }


def show_probes(counters: probes.Counters) -> None:
    """A table of what was counted at all."""
    table = counters.to_pandas()
    seen = table[table["total"] > 0]
    print_table(
        ["probe", *seen.columns],
        [[name, *row] for name, row in zip(seen.index, seen.to_numpy(), strict=True)],
    )
    print(f"{counters.runs} runs of goroutines; {len(table) - len(seen)} probes counted nothing")


def _show(
    finished: process.Finished,
    counters: probes.Counters | None,
    chosen: toolchain.Toolchain,
    arguments: argparse.Namespace,
) -> None:
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
    if counters is not None:
        show_probes(counters)
    if arguments.timeline is not None:
        size = Path(arguments.timeline).stat().st_size
        print(f"{visible(arguments.timeline)}: {size} bytes; schedlab timeline makes a page of it")
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
