"""How often `schedlab leaks` is right: recall and precision on a corpus of programs that leak, or do not.

A third of the cases was held out while the detector was written: their rates are what a stranger's program
may expect. Without the runtime's own proof, growth and ids alone decide, as in releases before Go 1.27.
"""

from __future__ import annotations

import argparse
import json
import sys

from rich.console import Console
from rich.progress import track
from rich.table import Table

from schedlab import process, toolchain
from schedlab.diagnose import trial
from schedlab.diagnose.trial import Case, Score, Trial
from schedlab.errors import UsageError

CORPUS = "tests/diagnose/testdata/corpus"


def main(argv: list[str]) -> int:
    """Run the corpus, print both tables. Exit status 1 if recall or precision is below ``--goal``."""
    options = _arguments(argv)
    corpus = toolchain.build(CORPUS, toolchain=toolchain.release(options.go) if options.go else None)
    chosen = _chosen(trial.cases(corpus), options)
    console = Console(stderr=True)
    running = trial.run(
        corpus, chosen, seconds=options.seconds, prove=not options.no_proof, at_once=options.at_once
    )
    trials = list(track(running, "watching", total=len(chosen), console=console, transient=True))
    scores = {
        "all": trial.score(trials),
        "tuned with": trial.score(trials, lambda case: not case.held),
        "held out": trial.score(trials, lambda case: case.held),
    }
    if options.json:
        print(json.dumps(_document(trials, scores, corpus.toolchain.release), indent=1))
    else:
        _print(trials, scores, corpus.toolchain.release)
    whole = scores["all"]
    rates = [rate for rate in (whole.recall, whole.precision) if rate is not None]
    return 1 if min(rates, default=1.0) < options.goal else 0


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("./course bench leaks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="CASE", help="cases; all if none")
    parser.add_argument("--held", choices=("only", "not"), help="the held out cases only, or all others")
    parser.add_argument("--seconds", type=float, default=4.0, help="how long each is watched (4)")
    parser.add_argument("--at-once", type=int, default=4, help="programs that run at the same time (4)")
    parser.add_argument("--no-proof", action="store_true", help="without the runtime's leak detection")
    parser.add_argument("--go", metavar="RELEASE", help="build the corpus with another release, such as 1.24")
    parser.add_argument("--goal", type=float, default=0.95, help="the least recall and precision (0.95)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args(argv)


def _chosen(every: tuple[Case, ...], options: argparse.Namespace) -> list[Case]:
    known = {case.name for case in every}
    if wrong := [name for name in options.names if name not in known]:
        raise UsageError(f"the corpus has no case {wrong[0]!r}", remedy=f"It has {', '.join(sorted(known))}.")
    return [
        case
        for case in every
        if (not options.names or case.name in options.names)
        and (options.held is None or case.held == (options.held == "only"))
    ]


def _print(trials: list[Trial], scores: dict[str, Score], release: str) -> None:
    console = Console()
    wrong = Table(title="Wrong")
    for column in ("case", "is", "said", "about"):
        wrong.add_column(column)
    for one in trials:
        if one.found != one.case.leaky or (one.case.leaky and not one.right_line):
            about = "; ".join(
                f"{c.confidence} {c.kind} {c.place.file.rpartition('/')[2]}:{c.place.line} {list(c.counts)}"
                for c in one.report.causes
            )
            state = "leaky" if one.case.leaky else "healthy"
            wrong.add_row(one.case.name, state, str(one.report.outcome), about)
    if wrong.row_count:
        console.print(wrong)
    table = Table(title=f"Leaks, {release}, {process.machine().cores} CPUs")
    for column in ("cases", "leaky", "found", "right line", "healthy", "false alarms", "recall", "precision"):
        table.add_column(column, justify="right" if column != "cases" else "left")
    for name, s in scores.items():
        numbers = (s.leaky, s.found, s.right_line, s.healthy, s.false_alarms)
        table.add_row(name, *map(str, numbers), _rate(s.recall), _rate(s.precision))
    console.print(table)


def _rate(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.3f}"


def _document(trials: list[Trial], scores: dict[str, Score], release: str) -> dict[str, object]:
    return {
        "release": release,
        "scores": {
            name: {"leaky": s.leaky, "healthy": s.healthy, "recall": s.recall, "precision": s.precision}
            for name, s in scores.items()
        },
        "cases": [
            {
                "name": one.case.name,
                "leaky": one.case.leaky,
                "held": one.case.held,
                "found": one.found,
                "right_line": one.right_line,
            }
            for one in trials
        ],
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
