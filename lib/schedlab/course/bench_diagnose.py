"""How often `schedlab diagnose` is right: recall and precision on programs that are scheduled badly, or well.

A program counts as found if its kind was named, and as right if a line that is responsible for it was named
too. Whatever else was said, of any program, is a false alarm. A third of the programs was held out while the
detectors were made: their rates are what a stranger's program may expect. What could not be asked (no CPU
quota, no C compiler, a machine that is too busy for what goes by the clock) is counted apart.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.progress import track
from rich.table import Table

from schedlab import process, toolchain
from schedlab.course import trials as common
from schedlab.course.hogs import hogs
from schedlab.diagnose import schedule_trial
from schedlab.diagnose.findings import Kind
from schedlab.diagnose.schedule_trial import Case, Trial
from schedlab.diagnose.trial import Score, score
from schedlab.errors import UsageError

CORPORA = ("tests/diagnose/testdata/patients", "tests/diagnose/testdata/patients_cgo")


def main(argv: list[str]) -> int:
    """Run the corpus, print the tables. Exit status 1 if recall or precision is below ``--goal``."""
    options = _arguments(argv)
    every, not_built = _cases()
    chosen = common.chosen(every, options)
    trials = _tried(chosen, options)
    scores = common.scores(_asked(trials), lambda one: one.case.held)
    if options.json:
        print(json.dumps(_document(trials, scores, toolchain.find().release, not_built), indent=1))
    else:
        _print(trials, scores, toolchain.find().release, not_built, repeated=options.repeat > 1)
    return common.status(scores["all"], options.goal)


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("./course bench diagnose", description=__doc__)
    common.add_arguments(parser, goal=0.9)
    parser.add_argument("--repeat", type=int, default=1, help="how often each program is run (1)")
    parser.add_argument("--stress", action="store_true", help="beside a process per CPU that computes")
    parser.add_argument(
        "--tries", type=int, default=1, help="how often at most, if the machine is too busy to ask (1)"
    )
    options = parser.parse_args(argv)
    for name in ("repeat", "tries"):
        if getattr(options, name) < 1:
            raise UsageError(f"--{name} {getattr(options, name)}: give 1 or more")
    return options


def _cases() -> tuple[list[Case], str]:
    """All cases, and why some are not among them, if so."""
    every: list[Case] = []
    not_built = ""
    for folder in CORPORA:
        try:
            every += schedule_trial.cases(toolchain.build(folder))
        except toolchain.CCompilerNotFound as error:
            not_built = f"{folder}: {error.message}"
    return every, not_built


def _tried(chosen: Sequence[Case], options: argparse.Namespace) -> list[Trial]:
    console = Console(stderr=True)
    with hogs(process.cores() if options.stress else 0):
        running = schedule_trial.run(list(chosen) * options.repeat, tries=options.tries)
        total = len(chosen) * options.repeat
        return list(track(running, "examining", total=total, console=console, transient=True))


def _asked(trials: Iterable[Trial]) -> list[Trial]:
    return [one for one in trials if not one.why_unasked]


def _print(
    trials: Sequence[Trial], scores: dict[str, Score], release: str, not_built: str, *, repeated: bool
) -> None:
    console = Console()
    for made in (_wrong(trials), _unasked(trials), *([_unsteady(trials)] if repeated else [])):
        if made.row_count:
            console.print(made)
    console.print(_by_kind(trials))
    console.print(common.table(f"Diagnosis, {release}, {process.machine().cores} CPUs", scores, ill="ill"))
    healthy = [one for one in trials if not one.ill]
    partly = sum(one.busy for one in healthy)
    if partly:
        console.print(f"{partly} of {len(healthy)} healthy runs were not asked what goes by the clock")
    if not_built:
        console.print(f"not built: {not_built}")


def _wrong(trials: Sequence[Trial]) -> Table:
    """What was missed, or named on the wrong line, or said and is not so."""
    made = Table(title="Wrong")
    for column in ("case", "is", "what is wrong", "said"):
        made.add_column(column)
    for one in _asked(trials):
        fault = _fault(one)
        if fault:
            held = " (held out)" if one.case.held else ""
            made.add_row(one.case.name + held, one.case.kind or "well", fault, _said(one))
    return made


def _fault(one: Trial) -> str:
    faults = [f"false: {finding.kind}" for finding in one.wrong]
    if one.ill and not one.found:
        faults.append("missed")
    elif one.ill and not one.right_line:
        faults.append("wrong line")
    return "; ".join(faults)


def _said(one: Trial) -> str:
    return "\n".join(
        f"{finding.kind}: {finding.said} "
        + " ".join(f"[{line.file.rpartition('/')[2]}:{line.line} {line.share:.0%}]" for line in finding.lines)
        for finding in one.findings
    ).replace("[", "\\[")


def _unasked(trials: Sequence[Trial]) -> Table:
    """The ill programs whose question was not asked. Of the healthy ones some were asked less, too."""
    made = Table(title="Not asked")
    for column in ("case", "is", "why"):
        made.add_column(column)
    for one in trials:
        if one.why_unasked:
            made.add_row(one.case.name, one.case.kind or "well", one.why_unasked)
    return made


def _unsteady(trials: Sequence[Trial]) -> Table:
    """The programs of which not the same was said each time."""
    made = Table(title="Not the same each time")
    for column in ("case", "is", "said, and how often"):
        made.add_column(column)
    for case, own in _by_case(trials).items():
        said = Counter(tuple(sorted({str(finding.kind) for finding in one.findings})) for one in own)
        if len(said) > 1:
            counts = [f"{count}x {', '.join(kinds) or 'nothing'}" for kinds, count in said.most_common()]
            made.add_row(case, own[0].case.kind or "well", "; ".join(counts))
    return made


def _by_case(trials: Sequence[Trial]) -> dict[str, list[Trial]]:
    found: dict[str, list[Trial]] = {}
    for one in _asked(trials):
        found.setdefault(one.case.name, []).append(one)
    return found


def _by_kind(trials: Sequence[Trial]) -> Table:
    made = Table(title="By kind")
    for column in ("kind", "ill", "found", "right line", "said of others", "not asked"):
        made.add_column(column, justify="left" if column == "kind" else "right")
    for kind, (own, elsewhere, unasked) in _kinds(trials).items():
        made.add_row(kind, *map(str, (own.ill, own.found, own.right_line, elsewhere, unasked)))
    return made


def _kinds(trials: Sequence[Trial]) -> dict[Kind, tuple[Score, int, int]]:
    """By kind: how its programs did, how often it was said wrongly, how many were not asked."""
    asked = _asked(trials)
    return {
        kind: (
            score(one for one in asked if one.case.kind == kind),
            sum(finding.kind == kind for one in asked for finding in one.wrong),
            sum(one.case.kind == kind for one in trials) - sum(one.case.kind == kind for one in asked),
        )
        for kind in Kind
    }


def _document(
    trials: Sequence[Trial], scores: dict[str, Score], release: str, not_built: str
) -> dict[str, object]:
    return {
        "release": release,
        "not_built": not_built,
        "scores": common.document(scores, ill="ill"),
        "kinds": {
            kind: {
                "ill": own.ill,
                "found": own.found,
                "right_line": own.right_line,
                "said_of_others": elsewhere,
                "not_asked": unasked,
            }
            for kind, (own, elsewhere, unasked) in _kinds(trials).items()
        },
        "cases": [
            {
                "name": one.case.name,
                "kind": one.case.kind,
                "held": one.case.held,
                "found": one.found,
                "right_line": one.right_line,
                "said": [finding.kind for finding in one.findings],
                "why_unasked": one.why_unasked,
                "busy": one.busy,
            }
            for one in trials
        ],
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
