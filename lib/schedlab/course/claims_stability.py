"""``./course claims --repeat N [--stress]``: does a claim get the same verdict every time?"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from schedlab import claims, process
from schedlab.claims import Claim, Verdict
from schedlab.course.hogs import hogs
from schedlab.errors import UsageError

# Its name, and what makes it so for a while.
_Condition = tuple[str, Callable[[], AbstractContextManager[None]]]


@dataclass(frozen=True, slots=True)
class Stability:
    """How often each verdict came, for one claim under one condition."""

    claim: Claim
    condition: str
    verdicts: Counter[Verdict]
    errors: int

    @property
    def steady(self) -> bool:
        """All verdicts but "not measurable here" are the same, and no experiment broke."""
        said = [verdict for verdict in self.verdicts if verdict is not Verdict.NOT_MEASURABLE_HERE]
        return len(said) <= 1 and not self.errors


def main(options: argparse.Namespace) -> int:
    """Repeat, print the table. Exit status 1 if a claim got two verdicts, in one condition or across them."""
    from schedlab.course.claims import judge_all, releases_of

    if options.repeat < 1:
        raise UsageError(f"--repeat {options.repeat}: repeat once or more")
    chosen, releases = claims.choose(options.names), releases_of(options.go)
    found: list[Stability] = []
    for condition, under in _conditions(stress=options.stress):
        with under():
            rounds = []
            for number in range(1, options.repeat + 1):
                print(f"{condition}: {number} of {options.repeat}", file=sys.stderr, flush=True)
                rounds.append(judge_all(chosen, releases, quiet=True))
        for index, claim in enumerate(chosen):
            judged = [one[index] for one in rounds]
            counts = Counter(one.verdict for one in judged)
            found.append(Stability(claim, condition, counts, sum(bool(one.errors) for one in judged)))
    across = unsteady(found)
    if options.json:
        print(json.dumps([_data(one) for one in found], indent=1))
    else:
        _print(found)
    for claim_id, said in across.items():
        print(f"{claim_id}: {said}", file=sys.stderr)
    print(f"{len(chosen) - len(across)} of {len(chosen)} claims steady", file=sys.stderr)
    return 1 if across else 0


def unsteady(found: Sequence[Stability]) -> dict[str, str]:
    """The claims that got two verdicts, within a condition or across conditions, and what happened."""
    wrong = {}
    for claim_id in dict.fromkeys(one.claim.id for one in found):
        rows = [one for one in found if one.claim.id == claim_id]
        said = {v for row in rows for v in row.verdicts if v is not Verdict.NOT_MEASURABLE_HERE}
        if len(said) > 1 or any(row.errors for row in rows):
            wrong[claim_id] = "; ".join(f"{row.condition}: {_counts(row)}" for row in rows)
    return wrong


@contextmanager
def one_cpu() -> Iterator[None]:
    """This process, and what it starts, on a single CPU."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def _hog_per_cpu() -> Iterator[None]:
    with hogs(process.cores()):
        yield


@contextmanager
def _as_it_is() -> Iterator[None]:
    yield


def _conditions(*, stress: bool) -> list[_Condition]:
    made: list[_Condition] = [("as it is", _as_it_is)]
    if stress:
        made.append(("a hog per CPU", _hog_per_cpu))
        if hasattr(os, "sched_setaffinity"):
            made.append(("one CPU", one_cpu))
    return made


def _counts(row: Stability) -> str:
    parts = [f"{count}x {verdict.value}" for verdict, count in row.verdicts.most_common()]
    return ", ".join([*parts, *([f"{row.errors}x broken"] if row.errors else [])])


def _print(found: Sequence[Stability]) -> None:
    table = Table(box=None, pad_edge=False)
    for name in ("claim", "condition", "verdicts", "steady"):
        table.add_column(name)
    for row in found:
        table.add_row(row.claim.id, row.condition, _counts(row), "yes" if row.steady else "NO")
    Console(highlight=False).print(table)


def _data(row: Stability) -> dict[str, object]:
    return {
        "id": row.claim.id,
        "condition": row.condition,
        "verdicts": {verdict.value: count for verdict, count in row.verdicts.items()},
        "broken": row.errors,
        "steady": row.steady,
    }
