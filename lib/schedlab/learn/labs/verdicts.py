"""What a check says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Evidence = Mapping[str, int | float | str]
NO_EVIDENCE: Evidence = {}


class State(StrEnum):
    """What became of an answer, or of one part of it. NOT_RUN is of parts only."""

    NOT_STARTED = "not started"
    DOES_NOT_BUILD = "does not build"
    WRONG = "wrong"
    RIGHT = "right"
    NOT_MEASURABLE_HERE = "not measurable here"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one part of a check found: its state, a code if wrong, a sentence to learn from, the numbers."""

    state: State
    code: str
    message: str
    evidence: Evidence = field(default_factory=dict)


def right(message: str, **evidence: int | float | str) -> Finding:
    """It does what was asked; ``evidence`` is what shows that."""
    return Finding(State.RIGHT, "", message, evidence)


def wrong(code: str, message: str, **evidence: int | float | str) -> Finding:
    """It does not; ``code`` names the mistake (``too_many_threads``) and ``message`` explains it."""
    return Finding(State.WRONG, code, message, evidence)


def not_measurable(reason: str, **evidence: int | float | str) -> Finding:
    """This machine cannot tell; ``reason`` says why."""
    return Finding(State.NOT_MEASURABLE_HERE, "", reason, evidence)


@dataclass(frozen=True, slots=True)
class PartResult:
    """One part of a lab: its name, what it asks, and what was found."""

    name: str
    asks: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class LabVerdict:
    """What a check says of an answer. It is RIGHT only if every part ran and was right."""

    state: State
    code: str
    message: str
    evidence: Evidence
    parts: tuple[PartResult, ...] = ()

    @property
    def right(self) -> bool:
        return self.state is State.RIGHT


def without_parts(state: State, message: str, code: str = "", evidence: Evidence = NO_EVIDENCE) -> LabVerdict:
    """A verdict that was reached before any part ran."""
    return LabVerdict(state, code, message, evidence)


def of_parts(parts: tuple[PartResult, ...]) -> LabVerdict:
    """What the parts are together: the first wrong one decides, then the first that could not be judged."""
    for state in (State.WRONG, State.DOES_NOT_BUILD, State.NOT_MEASURABLE_HERE, State.NOT_RUN):
        for part in parts:
            if part.finding.state is state:
                found = part.finding
                # Nothing that was not run counts as passed.
                shown = State.NOT_MEASURABLE_HERE if state is State.NOT_RUN else state
                return LabVerdict(shown, found.code, found.message, found.evidence, parts)
    if len(parts) == 1:
        return LabVerdict(State.RIGHT, "", parts[0].finding.message, parts[0].finding.evidence, parts)
    said = "\n".join(f"{part.name}: {part.finding.message}" for part in parts)
    # Two parts may have numbers of the same name.
    numbers = {
        f"{part.name}: {name}": value for part in parts for name, value in part.finding.evidence.items()
    }
    return LabVerdict(State.RIGHT, "", said, numbers, parts)
