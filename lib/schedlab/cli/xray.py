"""``schedlab xray PID``: look at the scheduler of a live Go process."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT, signal
from typing import Any

import numpy as np

from schedlab.capture import probes, xray
from schedlab.cli.output import Commands, plain, print_json, print_table, visible
from schedlab.cli.run import probes_document, show_probes
from schedlab.errors import UsageError
from schedlab.timeline.xrayed import from_xray

_SHOWN_GS = 40
_SHOWN_QUEUE = 8

_ABOUT = """\
Look at the scheduler of a live Go process: its Ps, its threads (Ms), its goroutines and where they wait.

  schedlab xray PID --once                    what there is now
  schedlab xray PID --hz N --seconds S        what Ps and Ms did, from N looks a second

The process needs no preparation and is only read from. It must be yours, or you root; Linux only.
"""
_EXAMPLE = "example: schedlab xray 4711 --hz 1000 --seconds 2 -o app.timeline"


def add_command(commands: Commands, about: str) -> None:
    parser = commands.add_parser(
        "xray",
        help=about,
        description=_ABOUT,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("pid", metavar="PID", type=int, help="the process")
    parser.add_argument("--once", action="store_true", help="show what there is now (so without --hz)")
    parser.add_argument("--stacks", action="store_true", help="with --once: where goroutines wait")
    parser.add_argument(
        "--probes",
        action="store_true",
        help="with --once: what its probes counted, if it was built with them",
    )
    parser.add_argument(
        "--coherent", action="store_true", help="with --once: stop the process for the moment that it takes"
    )
    parser.add_argument("--hz", type=float, metavar="N", help="look N times a second")
    parser.add_argument("--seconds", type=float, metavar="S", help="for S seconds; Ctrl-C ends it earlier")
    parser.add_argument("--gs", action="store_true", help="with --hz: sample the goroutines too")
    parser.add_argument("-o", "--output", metavar="FILE", help="with --hz: save a Timeline")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(command=_xray)


def _xray(arguments: argparse.Namespace) -> int:
    _check(arguments)
    with xray.attach(arguments.pid) as live:
        return _sample(arguments, live) if arguments.hz is not None else _once(arguments, live)


def _check(arguments: argparse.Namespace) -> None:
    if arguments.hz is None and (arguments.seconds is not None or arguments.output or arguments.gs):
        raise UsageError("--seconds, --gs and -o go with --hz", remedy="Say how often to look: --hz 100.")
    once = arguments.once or arguments.stacks or arguments.coherent or arguments.probes
    if arguments.hz is not None and once:
        raise UsageError(
            "--once, --stacks, --probes and --coherent look once, --hz many times", remedy="Choose one."
        )
    if arguments.hz is not None and arguments.seconds is None:
        raise UsageError("--hz needs --seconds", remedy="Say for how long to look: --seconds 2.")
    if arguments.output and not Path(arguments.output).absolute().parent.is_dir():
        raise UsageError(f"there is no folder for {arguments.output}", remedy="Make it, or name another.")


def _once(arguments: argparse.Namespace, live: xray.Xray) -> int:
    found = live.snapshot(stacks=arguments.stacks, coherent=arguments.coherent)
    counters = probes.read_live(live) if arguments.probes else None
    if arguments.json:
        document = _document(live, found, stacks=arguments.stacks)
        if counters is not None:
            document["probes"] = probes_document(counters)
        print_json(document)
        return 0
    _show_head(live, found)
    print()
    _show_ps(found)
    print()
    _show_ms(found)
    print()
    _show_gs(found, stacks=arguments.stacks)
    if counters is not None:
        print()
        show_probes(counters)
    if found.torn:
        print(
            f"schedlab: it changed during each of {found.tries} reads: not all of this was so at one moment",
            file=sys.stderr,
        )
    return 0


def _show_head(live: xray.Xray, found: xray.Snapshot) -> None:
    sched, count = found.sched, found.goroutines
    print(f"process {live.pid}  {visible(live.program)}  {visible(live.release)}")
    facts = [
        f"GOMAXPROCS {sched.gomaxprocs}",
        f"{len(found.ms)} Ms",
        *([f"{count} goroutines"] if count is not None else []),
        f"{sched.runq_size} in the global queue",
        f"{sched.npidle} Ps idle",
        f"{sched.nmspinning} Ms spinning",
        *(["stopping the world"] if sched.gcwaiting else []),
    ]
    print(", ".join(facts))
    took = f"read in {(found.end_ns - found.begin_ns) / 1000:.0f} µs"
    stopped = f", it stood still for {found.stopped_ns / 1000:.0f} µs" if found.stopped_ns is not None else ""
    print(took + stopped)


def _show_ps(found: xray.Snapshot) -> None:
    ps = found.ps
    running = dict(zip(found.ms.id.tolist(), found.ms.curg.tolist(), strict=True))
    print_table(
        ["P", "status", "M", "runs", "next", "queued", "queue", "schedtick", "syscalltick"],
        [
            (
                ps.id[i],
                _bare(ps.status_name[i]),
                _or_dash(ps.m[i]),
                _g(running.get(int(ps.m[i]), 0)),
                _g(ps.runnext[i]),
                ps.queued[i],
                _queue(found.queues[i].tolist()),
                ps.schedtick[i],
                ps.syscalltick[i],
            )
            for i in range(len(ps))
        ],
    )


def _show_ms(found: xray.Snapshot) -> None:
    ms = found.ms
    print_table(
        ["M", "thread", "P", "runs", "locked to", "does"],
        [
            (ms.id[i], ms.thread[i], _or_dash(ms.p[i]), _g(ms.curg[i]), _g(ms.lockedg[i]), _does(ms, i))
            for i in np.argsort(ms.id).tolist()
        ],
    )


def _does(ms: xray.Threads, row: int) -> str:
    if ms.in_cgo is not None and ms.in_cgo[row]:
        return "calls C"
    if ms.extra is not None and ms.extra[row] and not ms.thread[row]:
        return "waits for a thread of C's"
    if ms.curg[row]:
        return "runs Go" if ms.p[row] >= 0 else "in a system call"
    if ms.spinning is not None and ms.spinning[row]:
        return "looks for work"
    if ms.p[row] >= 0:
        return "schedules"
    return "parked" if ms.blocked is not None and ms.blocked[row] else ""


def _show_gs(found: xray.Snapshot, *, stacks: bool) -> None:
    """Each one, or, of many, how many are alike."""
    gs = found.gs
    assert gs is not None
    rows = np.flatnonzero(gs.alive).tolist()
    where = {row: " < ".join(_own(gs.stack(row))) if stacks else "" for row in rows}
    more = ["at"] if stacks else []
    if len(rows) <= _SHOWN_GS:
        print_table(
            ["G", "status", "waits for", "M", "function", "created by", "stack", *more],
            [
                (
                    gs.id[row],
                    _bare(gs.status_name[row]),
                    gs.waits_for[row],
                    _or_dash(gs.m[row]),
                    gs.function[row],
                    gs.creator_function[row],
                    gs.stack_size[row],
                    *([where[row]] if stacks else []),
                )
                for row in rows
            ],
        )
        return
    alike = Counter(
        (
            _bare(gs.status_name[row]),
            gs.waits_for[row],
            gs.function[row],
            gs.creator_function[row],
            *([where[row]] if stacks else []),
        )
        for row in rows
    )
    print_table(
        ["Gs", "status", "waits for", "function", "created by", *more],
        [(count, *kind) for kind, count in alike.most_common(_SHOWN_GS)],
    )
    rest = sum(count for _, count in alike.most_common()[_SHOWN_GS:])
    if rest:
        print(f"and {rest} of {len(alike) - _SHOWN_GS} other kinds (--json has all)")


def _own(stack: tuple[str, ...]) -> tuple[str, ...]:
    """The frames without those of the runtime in which every parked goroutine is."""
    own = [name for name in stack if not name.startswith("runtime.")]
    return tuple(own[:4]) or stack[:2]


def _document(live: xray.Xray, found: xray.Snapshot, *, stacks: bool) -> dict[str, Any]:
    gs = found.gs
    assert gs is not None
    rows = np.flatnonzero(gs.alive).tolist()
    return {
        "pid": live.pid,
        "program": live.program,
        "release": live.release,
        "begin_ns": found.begin_ns,
        "end_ns": found.end_ns,
        "torn": found.torn,
        "stopped_ns": found.stopped_ns,
        "goroutines": found.goroutines,
        "sched": plain(found.sched),
        "global_queue": plain(found.global_queue),
        "ps": _records(found.ps, range(len(found.ps)), "status_name", "queued")
        | {"queue": plain(found.queues)},
        "ms": _records(found.ms, range(len(found.ms))),
        "gs": _records(gs, rows, "status_name", "waits_for", "function", "creator_function", "stack_size")
        | ({"stack": [gs.stack(row) for row in rows]} if stacks else {}),
    }


def _records(table: Any, rows: Any, *more: str) -> dict[str, Any]:
    """The columns of a table, in those rows; what the release lacks is null."""
    names = [*table.__dataclass_fields__, *more]
    return {
        name: None if (column := getattr(table, name)) is None else plain(column[list(rows)])
        for name in names
        if name not in ("facts", "frames", "next")
    }


def _sample(arguments: argparse.Namespace, live: xray.Xray) -> int:
    with _until_interrupted() as stop:
        found = live.sample(arguments.hz, arguments.seconds, gs=arguments.gs, stop=stop)
    timeline = from_xray(found)
    if arguments.output:
        timeline.save(arguments.output, overwrite=True)
    if arguments.json:
        print_json(_summary(found))
    else:
        _show_samples(found)
        if arguments.output:
            size = Path(arguments.output).stat().st_size
            print(f"{visible(arguments.output)}: {size} bytes")
    if found.ended:
        print(f"schedlab: {visible(found.ended)}; this is what was seen until then", file=sys.stderr)
    return 0


@contextmanager
def _until_interrupted() -> Iterator[Any]:
    """A question whether Ctrl-C was pressed meanwhile: it ends the sampling, and keeps what was seen."""
    pressed: list[int] = []
    before = signal(SIGINT, lambda number, _: pressed.append(number))
    try:
        yield lambda: bool(pressed)
    finally:
        signal(SIGINT, before)


def _summary(found: xray.Samples) -> dict[str, Any]:
    names, count = found.ps.status_name, len(found)
    length = int(found.begin_ns[-1] - found.begin_ns[0])
    counts = {
        name: None if column is None else {"mean": float(column.mean()), "max": int(column.max())}
        for name, column in found.sched.items()
        if name in ("runq_size", "npidle", "nmspinning", "nmidle", "ngsyscall_no_p")
    }
    return {
        "pid": found.pid,
        "program": found.program,
        "release": found.facts.release,
        "samples": count,
        "seconds": length / 1e9,
        "late": found.late,
        "torn": int(found.torn.sum()),
        "ended": found.ended,
        "read_us": float(np.median(found.end_ns - found.begin_ns)) / 1000,
        "sched": counts,
        "ps": [
            {
                "p": p,
                "samples": int((found.ps.id == p).sum()),
                "status": dict(Counter(names[found.ps.id == p].tolist())),
                "queued_mean": float(found.ps.queued[found.ps.id == p].mean()),
                "queued_max": int(found.ps.queued[found.ps.id == p].max()),
            }
            for p in np.unique(found.ps.id).tolist()
        ],
    }


def _show_samples(found: xray.Samples) -> None:
    summary = _summary(found)
    print(
        f"{summary['samples']} samples in {summary['seconds']:.2f} s, {summary['late']} left out, "
        f"{summary['torn']} torn; each read in {summary['read_us']:.0f} µs (median)"
    )
    names = sorted({name for one in summary["ps"] for name in one["status"]})
    print_table(
        ["P", *(f"{_bare(name)} %" for name in names), "queued, mean", "max"],
        [
            (
                one["p"],
                *(f"{100 * one['status'].get(name, 0) / one['samples']:.1f}" for name in names),
                f"{one['queued_mean']:.2f}",
                one["queued_max"],
            )
            for one in summary["ps"]
        ],
    )
    print_table(
        ["count", "mean", "max"],
        [
            (name, f"{value['mean']:.2f}", value["max"])
            for name, value in summary["sched"].items()
            if value is not None
        ],
    )


def _queue(ids: list[int]) -> str:
    shown = " ".join(f"G{id_}" for id_ in ids[:_SHOWN_QUEUE])
    return shown + (" …" if len(ids) > _SHOWN_QUEUE else "")


def _bare(status: str) -> str:
    """``running`` for ``_Prunning`` and ``_Grunning``."""
    return status.removeprefix("_P").removeprefix("_G").removesuffix("_unused")


def _g(id_: int) -> str:
    return f"G{id_}" if id_ > 0 else "-"


def _or_dash(number: int) -> str:
    return str(number) if number >= 0 else "-"
