"""What the benchmarks of detectors share: which cases, which tables, which exit status."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

from rich.table import Table

from schedlab.diagnose.trial import Outcome, Score, score
from schedlab.errors import UsageError


class Named(Protocol):
    """A case of a corpus; ``held``: no detector was tuned with it."""

    @property
    def name(self) -> str: ...
    @property
    def held(self) -> bool: ...


C = TypeVar("C", bound=Named)
T = TypeVar("T", bound=Outcome)


def add_arguments(parser: argparse.ArgumentParser, *, goal: float) -> None:
    """Which cases, the goal, JSON."""
    parser.add_argument("names", nargs="*", metavar="CASE", help="cases; all if none")
    parser.add_argument("--held", choices=("only", "not"), help="the held out cases only, or all others")
    parser.add_argument("--goal", type=float, default=goal, help=f"the least recall and precision ({goal})")
    parser.add_argument("--json", action="store_true", help="print JSON")


def chosen(every: Sequence[C], options: argparse.Namespace) -> list[C]:
    """The cases that the command line asks for.

    Raises:
        UsageError: there is no such case.
    """
    known = {case.name for case in every}
    if wrong := [name for name in options.names if name not in known]:
        raise UsageError(f"the corpus has no case {wrong[0]!r}", remedy=f"It has {', '.join(sorted(known))}.")
    return [
        case
        for case in every
        if (not options.names or case.name in options.names)
        and (options.held is None or case.held == (options.held == "only"))
    ]


def scores(trials: Iterable[T], held: Callable[[T], bool]) -> dict[str, Score]:
    """Of all, of those that detectors were tuned with, of those held out."""
    every = list(trials)
    return {
        "all": score(every),
        "tuned with": score(one for one in every if not held(one)),
        "held out": score(one for one in every if held(one)),
    }


def table(title: str, rows: dict[str, Score], *, ill: str) -> Table:
    """A row per score; ``ill`` is the word for a program that is."""
    made = Table(title=title)
    for column in ("cases", ill, "found", "right line", "healthy", "false alarms", "recall", "precision"):
        made.add_column(column, justify="right" if column != "cases" else "left")
    for name, s in rows.items():
        numbers = (s.ill, s.found, s.right_line, s.healthy, s.false_alarms)
        made.add_row(name, *map(str, numbers), rate(s.recall), rate(s.precision))
    return made


def status(whole: Score, goal: float) -> int:
    """The exit status: 1 if recall or precision is below the goal."""
    rates = [one for one in (whole.recall, whole.precision) if one is not None]
    return 1 if min(rates, default=1.0) < goal else 0


def rate(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def document(rows: dict[str, Score], *, ill: str) -> dict[str, object]:
    """The scores for JSON."""
    return {
        name: {ill: s.ill, "healthy": s.healthy, "recall": s.recall, "precision": s.precision}
        for name, s in rows.items()
    }
