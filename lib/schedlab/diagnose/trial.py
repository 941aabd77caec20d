"""Detectors on trial: programs of which it is known whether they are ill, and on which line.

What trials of all sorts share: where a corpus marks its lines, and how often a detector was right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class Outcome(Protocol):
    """What was said of one program. ``false_alarms`` counts what was said of it and is not so."""

    @property
    def ill(self) -> bool: ...
    @property
    def found(self) -> bool: ...
    @property
    def right_line(self) -> bool: ...
    @property
    def false_alarms(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Score:
    """Counts over programs. Each rate is None if there was nothing to take it of."""

    ill: int
    found: int
    right_line: int
    healthy: int
    false_alarms: int

    @property
    def recall(self) -> float | None:
        """Of the ill programs, the share in which it was found on the right line."""
        return self.right_line / self.ill if self.ill else None

    @property
    def precision(self) -> float | None:
        """Of what was said to be wrong, the share that is."""
        said = self.found + self.false_alarms
        return self.found / said if said else None


def score(outcomes: Iterable[Outcome]) -> Score:
    """How often a detector was right."""
    counted = list(outcomes)
    ill = [one for one in counted if one.ill]
    return Score(
        ill=len(ill),
        found=sum(one.found for one in ill),
        right_line=sum(one.right_line for one in ill),
        healthy=len(counted) - len(ill),
        false_alarms=sum(one.false_alarms for one in counted),
    )


def marks(folder: Path, word: str) -> dict[str, tuple[str, ...]]:
    """By the name of a case its lines, as FILE:LINE: those with a comment "``word``: NAME"."""
    mark = re.compile(rf"// {re.escape(word)}: (\w+)")
    found: dict[str, tuple[str, ...]] = {}
    for file in sorted(folder.glob("*.go")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            for name in mark.findall(line):
                found[name] = (*found.get(name, ()), f"{file.name}:{number}")
    return found
