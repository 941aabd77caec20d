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
from schedlab.course import trials as common
from schedlab.diagnose import leak_trial
from schedlab.diagnose.leak_trial import Trial
from schedlab.diagnose.trial import Score

CORPUS = "tests/diagnose/testdata/corpus"


def main(argv: list[str]) -> int:
    """Run the corpus, print both tables. Exit status 1 if recall or precision is below ``--goal``."""
    options = _arguments(argv)
    corpus = toolchain.build(CORPUS, toolchain=toolchain.release(options.go) if options.go else None)
    chosen = common.chosen(leak_trial.cases(corpus), options)
    console = Console(stderr=True)
    running = leak_trial.run(
        corpus, chosen, seconds=options.seconds, prove=not options.no_proof, at_once=options.at_once
    )
    trials = list(track(running, "watching", total=len(chosen), console=console, transient=True))
    scores = common.scores(trials, lambda one: one.case.held)
    if options.json:
        print(json.dumps(_document(trials, scores, corpus.toolchain.release), indent=1))
    else:
        _print(trials, scores, corpus.toolchain.release)
    return common.status(scores["all"], options.goal)


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("./course bench leaks", description=__doc__)
    common.add_arguments(parser, goal=0.95)
    parser.add_argument("--seconds", type=float, default=4.0, help="how long each is watched (4)")
    parser.add_argument("--at-once", type=int, default=4, help="programs that run at the same time (4)")
    parser.add_argument("--go", metavar="RELEASE", help="build the corpus with another release, such as 1.24")
    parser.add_argument("--no-proof", action="store_true", help="without the runtime's leak detection")
    return parser.parse_args(argv)


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
    title = f"Leaks, {release}, {process.machine().cores} CPUs"
    console.print(common.table(title, scores, ill="leaky"))


def _document(trials: list[Trial], scores: dict[str, Score], release: str) -> dict[str, object]:
    return {
        "release": release,
        "scores": common.document(scores, ill="leaky"),
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
