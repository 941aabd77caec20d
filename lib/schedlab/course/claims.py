"""``./course claims``: test what the article says, here."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from schedlab import claims, process, toolchain
from schedlab.claims import Claim, Judge, Judged, Result, Verdict, report
from schedlab.course import claims_stability
from schedlab.course.files import write_whole
from schedlab.errors import UsageError
from schedlab.toolchain import parse_minor

_MARKS = {
    Verdict.HOLDS: "green",
    Verdict.DOES_NOT_HOLD: "red",
    Verdict.IMPRECISE: "yellow",
    Verdict.DEPENDS_ON_RELEASE: "blue",
    Verdict.NOT_MEASURABLE_HERE: "dim",
}


def main(argv: list[str]) -> int:
    """Judge the claims that ``argv`` names, or all.

    Exit status: 0 each has a verdict, whichever it is; 1 an experiment is broken, or verdicts differ from
    repetition to repetition; 2 wrong use; 130 interrupted.
    """
    options = parser("./course claims").parse_args(argv)
    if options.stress and options.repeat is None:
        raise UsageError("--stress is for --repeat N", remedy="Add --repeat 20, say.")
    if options.repeat is not None:
        return claims_stability.main(options)
    return run(options)


def parser(program: str) -> argparse.ArgumentParser:
    """The arguments of ``./course claims`` and, without the last two, of ``schedlab claims``."""
    made = argparse.ArgumentParser(program, description="Test what the article says, on this machine.")
    add_arguments(made)
    made.add_argument("--repeat", type=int, metavar="N", help="judge N times, show whether verdicts agree")
    made.add_argument("--stress", action="store_true", help="with --repeat: also under load, and on one CPU")
    return made


def add_arguments(to: argparse.ArgumentParser) -> None:
    """What both commands take."""
    to.add_argument(
        "names", nargs="*", metavar="ID", help="such as C1.2a, C2.3 or 4.3 (a section); all if none"
    )
    to.add_argument("--list", action="store_true", help="list the claims; run nothing")
    to.add_argument("--json", action="store_true", help="print JSON")
    to.add_argument("--go", metavar="LIST", default="", help="releases, such as 1.24,1.25,1.26,1.27")
    to.add_argument("-o", "--output", type=Path, metavar="FILE", help="write a report, one HTML file")


def run(options: argparse.Namespace) -> int:
    """List or judge; print a table or JSON, write the report."""
    chosen = claims.choose(options.names)
    if options.list:
        print(
            json.dumps([as_data(c) for c in chosen], ensure_ascii=False, indent=1)
            if options.json
            else _listed(chosen)
        )
        return 0
    releases = releases_of(options.go)
    if options.output and not options.output.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {options.output.absolute().parent} to write the report into")
    judged = judge_all(chosen, releases)
    if options.json:
        print(json.dumps(document(judged), ensure_ascii=False, indent=1))
    else:
        _print_table(judged)
    if options.output:
        write_whole(options.output, report.page(judged, process.machine(), datetime.now(UTC)).encode())
        print(f"report: {options.output}", file=sys.stderr)
    return 1 if any(one.errors for one in judged) else 0


def judge_all(chosen: Sequence[Claim], releases: Sequence[str], *, quiet: bool = False) -> list[Judged]:
    """Judge each claim, with a progress bar on standard error where that is a terminal, else a line each."""
    judge = Judge(tuple(releases))
    with _progress(len(chosen), quiet=quiet) as step:
        found = []
        for claim in chosen:
            step(claim, None)
            found.append(judge.judge(claim))
            step(claim, found[-1])
    return found


def releases_of(text: str) -> tuple[str, ...]:
    """``1.24,1.27`` as names of releases, checked.

    Raises:
        UsageError: one is no release, or none that the course can have.
    """
    names = tuple(name.strip().removeprefix("go") for name in text.split(",") if name.strip())
    known = toolchain.releases(since="1.21")
    for name in names:
        if name not in known:
            raise UsageError(f"--go: the course has no Go {name!r}", remedy=f"It has {', '.join(known)}.")
    return tuple(sorted(set(names), key=parse_minor))


def document(judged: Sequence[Judged]) -> dict[str, Any]:
    """All verdicts as JSON can hold them."""
    return {
        "machine": str(process.machine()),
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "claims": [
            {
                **as_data(one.claim),
                "verdict": one.verdict.value,
                "reason": one.decision.reason,
                "corrected": one.decision.corrected,
                "rule": one.newest.rule,
                "releases": [_result(result) for result in one.results],
            }
            for one in judged
        ],
    }


def as_data(claim: Claim) -> dict[str, Any]:
    """A claim and what is tested, without a verdict."""
    entry = claims.entries()[claim.id]
    return {
        "id": claim.id,
        "section": claim.section,
        "kind": claim.kind,
        "original": claim.original,
        "english": claim.english,
        "rule": entry.rule,
        "examined": list(entry.examined),
    }


def _result(result: Result) -> dict[str, Any]:
    return {
        "release": result.release,
        "verdict": result.verdict.value,
        "said": result.said,
        "reason": result.decision.reason,
        "values": dict(result.values),
        "seconds": round(result.seconds, 3),
        "budget_s": result.budget_s,
        "error": result.error,
    }


def _listed(chosen: Sequence[Claim]) -> str:
    width = max(len(claim.id) for claim in chosen)
    return "\n".join(f"{claim.id:<{width}}  {claim.english}" for claim in chosen)


def _print_table(judged: Sequence[Judged]) -> None:
    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False)
    for name in ("claim", "verdict", "measured"):
        table.add_column(name, overflow="fold")
    several = any(len(one.results) > 1 for one in judged)
    for one in judged:
        colour = _MARKS[one.verdict]
        said = one.newest.said or one.decision.reason
        what = f"{escape(one.claim.english)}\n[dim]{escape(said)}[/dim]"
        if one.decision.corrected:
            what += f"\nrather: {escape(one.decision.corrected)}"
        if several and len(one.results) > 1:
            what += "\n" + escape("; ".join(f"{r.release}: {r.verdict.value}" for r in one.results))
        if one.errors:
            what += f"\n[red]{escape('; '.join(one.errors))}[/red]"
        table.add_row(one.claim.id, f"[{colour}]{one.verdict.value}[/{colour}]", what)
    console.print(table)
    counts = ", ".join(
        f"{sum(one.verdict is verdict for one in judged)} {verdict.value}" for verdict in Verdict
    )
    releases = ", ".join(sorted({result.release for one in judged for result in one.results}))
    console.print(f"\n{len(judged)} claims: {counts}", markup=False)
    console.print(f"{releases} on {process.machine()}", markup=False)


@contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[Any]:
    console = Console(stderr=True, highlight=False, quiet=quiet)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    bar = Progress(*columns, TimeElapsedColumn(), console=console, transient=True)
    bar.disable = not console.is_terminal
    with bar:
        task = bar.add_task("claims", total=total)

        def step(claim: Claim, judged: Judged | None) -> None:
            if judged is None:
                bar.update(task, description=f"{claim.id:<6} {claim.english[:50]}")
                return
            bar.advance(task)
            if bar.disable:
                seconds = sum(result.seconds for result in judged.results)
                console.print(
                    f"{claim.id:<7} {judged.verdict.value:<22} {seconds:6.1f} s", markup=False, soft_wrap=True
                )

        yield step
