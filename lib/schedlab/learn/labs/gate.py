"""The gate: a check is worth something if it tells the lab's own answers apart."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from schedlab.learn.labs.grading import grade
from schedlab.learn.labs.manifest import Lab
from schedlab.learn.labs.verdicts import LabVerdict, State


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the lab's own answers and what the check must say: ``code`` empty for right."""

    name: str
    folder: Path
    code: str
    says: str


@dataclass(frozen=True, slots=True)
class Trial:
    """An answer that was graded. ``problem`` is empty where the verdict is the one it must be."""

    answer: Answer
    verdict: LabVerdict
    problem: str
    seconds: float

    @property
    def measurable(self) -> bool:
        """False where this machine cannot judge it, which is no fault of the check."""
        return self.verdict.state is not State.NOT_MEASURABLE_HERE


@dataclass(frozen=True, slots=True)
class Gate:
    """All trials of one lab."""

    lab: Lab
    trials: tuple[Trial, ...]

    @property
    def holds(self) -> bool:
        """Whether every verdict was the one it must be, or this machine cannot tell."""
        return not any(trial.problem for trial in self.trials)


def answers(lab: Lab) -> tuple[Answer, ...]:
    """The starter, the solution (or each of them) and the wrong answers, in this order."""
    own = (
        Answer("starter", lab.starter, lab.starter_code, ""),
        *(Answer(str(one.relative_to(lab.folder)), one, "", "") for one in lab.solutions),
    )
    return own + tuple(
        Answer(f"wrong/{one.name}", lab.wrong_folder(one.name), one.code, one.says) for one in lab.wrong
    )


def run_gate(lab: Lab, chosen: tuple[Answer, ...] | None = None) -> Iterator[Trial]:
    """Grade the lab's own answers, all or those ``chosen``, one after the other."""
    for answer in chosen or answers(lab):
        yield try_answer(lab, answer)


def try_answer(lab: Lab, answer: Answer) -> Trial:
    """Grade one."""
    began = time.monotonic()
    verdict = grade(lab, answer.folder)
    return Trial(answer, verdict, problem_of(answer, verdict), time.monotonic() - began)


def problem_of(answer: Answer, verdict: LabVerdict) -> str:
    """What is wrong with this verdict on this answer; empty if it is as it must be."""
    if verdict.state is State.NOT_MEASURABLE_HERE:
        return ""
    if not answer.code:
        return "" if verdict.right else f"must be right, and is {_said(verdict)}"
    if verdict.state is not State.WRONG or verdict.code != answer.code:
        return f"must be wrong ({answer.code}), and is {_said(verdict)}"
    if answer.says not in verdict.message:
        return f"its message must say {answer.says!r}, and says: {verdict.message}"
    return ""


def _said(verdict: LabVerdict) -> str:
    code = f" ({verdict.code})" if verdict.code else ""
    return f"{verdict.state}{code}: {verdict.message}"
