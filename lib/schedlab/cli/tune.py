"""``schedlab tune``: which GOMAXPROCS, GOGC and GOMEMLIMIT a program should have."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from schedlab import tune
from schedlab.cli.output import Commands, print_json, print_table, visible_lines
from schedlab.errors import UsageError
from schedlab.tune import METRICS, Limit, Point, Run, Study, limit
from schedlab.tune.grid import grid, parse

_ABOUT = """\
Run a program again and again, each time a fresh process, in random order, at every point of a grid of
settings; say which point is best in what is asked for, and which others cannot be told from it.

Throughput and latency are what the program says in its last line of JSON: ops, elapsed_ns, p50_ns, p99_ns.
One that says nothing counts as one operation per run. Memory, CPU time, the collector's share, the time in
which goroutines were runnable and the throttled time are measured from outside.
"""
_EPILOG = """\
example:
  schedlab tune service --grid gomaxprocs=1,2,4 gogc=50,100,400 --load rate=500 -o study --repeats 5
An interrupted study goes on with:
  schedlab tune --resume -o study

exit status: 0 done, 1 a run failed, 2 wrong use, 130 interrupted
"""


def add_command(commands: Commands, about: str) -> None:
    parser = commands.add_parser(
        "tune",
        help=about,
        usage="schedlab tune [options] PROGRAM --grid NAME=V,V -o DIR [-- ARG ...]\n"
        "       schedlab tune [options] --resume -o DIR",
        description=_ABOUT,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("program", nargs="?", help="a sample's name or the folder of a Go program")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="the study's folder")
    parser.add_argument(
        "--grid", nargs="+", default=[], metavar="NAME=V,V", help="gomaxprocs, gogc, gomemlimit"
    )
    parser.add_argument(
        "--load", nargs="+", default=[], metavar="FLAG=V,V", help="flags of the program to sweep"
    )
    parser.add_argument("--repeats", type=int, default=5, metavar="N", help="runs per point (default: 5)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the order (default: 1)")
    parser.add_argument("--warm-up", type=int, default=1, metavar="N", help="runs that are thrown away first")
    parser.add_argument("--quota", type=float, metavar="CPUS", help="a CPU quota for each run, such as 1.5")
    parser.add_argument("--wall-limit", type=float, default=120.0, metavar="S", help="for one run")
    parser.add_argument("--resume", action="store_true", help="go on with the study in DIR")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster, or local")
    parser.add_argument("--goal", default="throughput", choices=sorted(METRICS), help="what to be best in")
    parser.add_argument("--limit", action="append", default=[], metavar="LIMIT", help="such as 'p99<=5ms'")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(command=_tune)


def _tune(arguments: argparse.Namespace) -> int:
    limits = [limit(text) for text in arguments.limit]
    study = _study(arguments)
    left = study.left
    if left:
        with _progress(left) as on_run:
            study.run(on_run, scheduler=arguments.scheduler)
    if arguments.json:
        print_json(_document(study, arguments.goal, limits))
    else:
        _show(study, arguments.goal, limits)
    return 1 if study.failures() else 0


def _study(arguments: argparse.Namespace) -> Study:
    if arguments.resume:
        if arguments.program or arguments.grid or arguments.load:
            raise UsageError(
                "--resume takes the program and the grid from the study in DIR",
                remedy="Leave them out, or begin another study in another folder.",
            )
        return Study.open(arguments.output)
    if not arguments.program or not (arguments.grid or arguments.load):
        raise UsageError("name a program and a grid", remedy=_EPILOG.strip())
    points = grid(parse(arguments.grid, "--grid"), parse(arguments.load, "--load"))
    return Study.begin(
        arguments.program,
        points,
        arguments.output,
        arguments=arguments.program_arguments,
        repeats=arguments.repeats,
        seed=arguments.seed,
        quota_cpus=arguments.quota,
        warm_up=arguments.warm_up,
        wall_limit_s=arguments.wall_limit,
    )


def _document(study: Study, goal: str, limits: list[Limit]) -> dict[str, object]:
    summary = study.summary()
    return {
        "plan": study.plan.as_data(),
        "runs": study.runs(),
        "summary": summary.astype(object).where(summary.notna(), None).to_dict("records"),
        "pareto": [point.as_row() for point in study.pareto()],
        "failures": {str(point): said for point, said in study.failures().items()},
        "recommendation": _recommended(study, goal, limits),
    }


def _recommended(study: Study, goal: str, limits: list[Limit]) -> dict[str, object]:
    try:
        found = study.recommend(goal, limits)
    except tune.NothingMeasured as error:
        return {"point": None, "said": str(error)}
    return {
        "point": found.point.as_row(),
        "best_share": found.best_share,
        "as_good": [point.as_row() for point in found.as_good],
        "said": str(found),
    }


def _show(study: Study, goal: str, limits: list[Limit]) -> None:
    summary = study.summary()
    front = study.pareto()
    names = [name for name in METRICS if summary[name].notna().any()]
    rows = [
        [
            str(point),
            *(METRICS[name].shown(float(row[name])) for name in names),
            "*" if point in front else "",
        ]
        for point, (_, row) in zip(study.plan.points, summary.iterrows(), strict=True)
    ]
    print_table(["point", *names, "front"], rows)
    for said, points in _by_words(study.failures()).items():
        failed = f"failed at {'; '.join(map(str, points))}: {said}"
        print(visible_lines(failed).replace("\n", "\n    "))
    print(f"\nfor {goal}: {_recommended(study, goal, limits)['said']}")


def _by_words(failures: Mapping[Point, str]) -> dict[str, list[Point]]:
    """What was said, and at which points: mostly the same at all of them."""
    found: dict[str, list[Point]] = {}
    for point, said in failures.items():
        found.setdefault(said, []).append(point)
    return found


@contextmanager
def _progress(total: int) -> Iterator[Callable[[Run], None]]:
    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=console, transient=True)
    bar.disable = not console.is_terminal
    began, done = time.monotonic(), 0
    with bar:
        task = bar.add_task("runs", total=total)

        def on_run(_: Run) -> None:
            nonlocal done
            done += 1
            bar.advance(task)
            if bar.disable and (done == total or done % 10 == 0):
                left = (time.monotonic() - began) / done * (total - done)
                print(f"{done} of {total} runs, about {left:.0f} s left", file=sys.stderr, flush=True)

        yield on_run
