"""How often a lab's check was wrong: kept in ``labs/reliability.json``, shown as tables.

A run over some labs takes the place of what was known of these, and of nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from schedlab.course.files import write_whole
from schedlab.errors import UsageError

_DATA, _TABLE = "reliability.json", "RELIABILITY.md"


@dataclass(frozen=True, slots=True)
class Row:
    """An answer, graded ``runs`` times. ``code`` is empty for a right answer; times in seconds.

    ``measured`` says on which day, with which Go release and on what machine.
    """

    lab: str
    answer: str
    code: str
    runs: int
    stress: bool
    false_fails: int
    false_passes: int
    others: int
    not_measurable: int
    median_s: float
    most_s: float
    problems: tuple[str, ...]
    measured: str


def keep(labs: Path, rows: Iterable[Row], order: Sequence[str]) -> Path:
    """Put new rows in the place of the old ones of their labs, and write the table; where that is.

    ``order`` names the labs that there are: what is known of others is forgotten.

    Raises:
        UsageError: what was kept cannot be read.
    """
    new = list(rows)
    measured = {row.lab for row in new}
    every = [*(row for row in load(labs) if row.lab not in measured), *new]
    kept = sorted((row for row in every if row.lab in order), key=lambda row: order.index(row.lab))
    text = ",\n".join(json.dumps(asdict(row), ensure_ascii=False) for row in kept)
    write_whole(labs / _DATA, f"[\n{text}\n]\n".encode())
    write_whole(labs / _TABLE, table(kept).encode())
    return labs / _TABLE


def load(labs: Path) -> list[Row]:
    """What is known so far; nothing if nothing was measured yet.

    Raises:
        UsageError: what was kept cannot be read.
    """
    file = labs / _DATA
    if not file.is_file():
        return []
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        return [Row(**{**one, "problems": tuple(one["problems"])}) for one in data]
    except (ValueError, TypeError, KeyError) as error:
        raise UsageError(
            f"{file} is damaged: {error}", remedy="Remove it, and grade all labs anew."
        ) from error


def table(rows: Sequence[Row]) -> str:
    """The rows for a reader, in Markdown."""
    right = [row for row in rows if not row.code]
    others = [row for row in rows if row.code]
    lines = [
        "# How reliable the labs' checks are",
        "",
        "Made by `./course check ID… --repeat N --stress`: each answer of a lab was graded N times, with",
        "*stress* beside a busy process on every CPU.",
        "",
        "A *false fail* is a right answer that was not judged right. A *false pass* is a starter or a wrong",
        "answer that was. *Other* is a wrong answer that got another code or message than its own. Answers",
        "that this machine could not judge are counted apart. Seconds are the median and the most.",
        "",
        f"False fails: {_rate(right)}. False passes and other codes: {_rate(others)}.",
    ]
    for lab in dict.fromkeys(row.lab for row in rows):
        lines += ["", *_section(lab, [row for row in rows if row.lab == lab])]
    wrong = [f"- {row.lab}, {row.answer}: {text}" for row in rows for text in row.problems]
    if wrong:
        lines += ["", "What was said instead:", "", *sorted(set(wrong))]
    return "\n".join(lines) + "\n"


def _section(lab: str, rows: Sequence[Row]) -> Iterable[str]:
    yield f"## {lab}"
    yield ""
    yield f"{rows[0].measured}, {'stress' if rows[0].stress else 'no stress'}."
    yield ""
    yield "| answer | code | runs | false fail | false pass | other | not measurable | seconds |"
    yield "|---|---|---|---|---|---|---|---|"
    for row in rows:
        cells = (
            *(row.answer, row.code or "right", row.runs, row.false_fails, row.false_passes, row.others),
            *(row.not_measurable, f"{row.median_s:.1f}, {row.most_s:.1f}"),
        )
        yield f"| {' | '.join(map(str, cells))} |"


def _rate(rows: Iterable[Row]) -> str:
    counted = list(rows)
    wrong = sum(row.false_fails + row.false_passes + row.others for row in counted)
    return f"{wrong} in {sum(row.runs for row in counted)}"
