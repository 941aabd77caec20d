"""``./course check``: every lab's check, held to the lab's own answers; with ``--repeat`` its error rates."""

from __future__ import annotations

import argparse
import os
import platform
from dataclasses import dataclass, field
from datetime import UTC, datetime

from schedlab import process, toolchain
from schedlab.course import reliability
from schedlab.course.hogs import hogs
from schedlab.course.reliability import Row
from schedlab.learn.labs import Answer, Lab, Trial, answers, find, labs, try_answer
from schedlab.places import repository_root


@dataclass(slots=True)
class Tally:
    """The trials of one answer."""

    lab: str
    answer: Answer
    runs: int = 0
    problems: list[str] = field(default_factory=list)
    not_measurable: int = 0
    seconds: list[float] = field(default_factory=list)

    def add(self, trial: Trial) -> None:
        self.runs += 1
        self.seconds.append(trial.seconds)
        self.not_measurable += not trial.measurable
        if trial.problem:
            self.problems.append(trial.problem)


def main(argv: list[str]) -> int:
    """Grade every answer of the labs that ``argv`` names, or of all. Exit status 1 if one is judged wrongly.

    Raises:
        UnknownLab, BadManifest: as ``learn.labs.find``.
    """
    options = _parser().parse_args(argv)
    chosen = [find(name) for name in options.labs] or list(labs())
    if not chosen:
        print("there is no lab")
        return 1
    folder = repository_root() / "labs"
    if options.repeat > 1:
        # What is damaged is said now, and not after an hour of grading.
        reliability.load(folder)
    with hogs(process.cores() if options.stress else 0):
        tallies = [tally for lab in chosen for tally in _tallies(lab, options.repeat)]
    wrong = [tally for tally in tallies if tally.problems]
    trials = sum(tally.runs for tally in tallies)
    print(f"{len(chosen)} labs, {trials} trials, {len(wrong)} answers not judged as they must be")
    if options.repeat > 1:
        measured = f"{datetime.now(UTC).date()}, {toolchain.find().release}, {_machine()}"
        rows = [_row(tally, measured, stress=options.stress) for tally in tallies]
        print(f"wrote {reliability.keep(folder, rows, [lab.id for lab in labs()])}")
    return 1 if wrong else 0


def _row(tally: Tally, measured: str, *, stress: bool) -> Row:
    passed = sum("and is right" in problem for problem in tally.problems)
    other = len(tally.problems) - passed
    failed, other = (other, 0) if not tally.answer.code else (0, other)
    times = sorted(tally.seconds)
    return Row(
        lab=tally.lab,
        answer=tally.answer.name,
        code=tally.answer.code,
        runs=tally.runs,
        stress=stress,
        false_fails=failed,
        false_passes=passed,
        others=other,
        not_measurable=tally.not_measurable,
        median_s=round(times[len(times) // 2], 2),
        most_s=round(times[-1], 2),
        problems=tuple(sorted(set(tally.problems))),
        measured=measured,
    )


def _tallies(lab: Lab, repeat: int) -> list[Tally]:
    """Each answer ``repeat`` times, in rounds, so that a bad moment of the machine meets all of them."""
    tallies = [Tally(lab.id, answer) for answer in answers(lab)]
    print(f"{lab.id}: {lab.title}")
    for number in range(1, repeat + 1):
        for tally in tallies:
            trial = try_answer(lab, tally.answer)
            tally.add(trial)
            if repeat == 1 or trial.problem:
                _say(number if repeat > 1 else 0, trial)
        if repeat > 1:
            print(f"  round {number} of {repeat}", flush=True)
    return tallies


def _say(number: int, trial: Trial) -> None:
    found = trial.verdict
    said = f"{found.state} ({found.code})" if found.code else str(found.state)
    when = f"round {number}: " if number else ""
    print(f"  {when}{trial.answer.name:<24} {said:<32} {trial.seconds:5.1f} s", flush=True)
    if trial.problem:
        print(f"    {trial.problem}", flush=True)
    elif not trial.measurable:
        print(f"    {found.message}", flush=True)


def _machine() -> str:
    return f"{os.cpu_count()} CPUs, {platform.system()} {platform.machine()}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "./course check", description="Hold each lab's check to the lab's own answers."
    )
    parser.add_argument("labs", nargs="*", metavar="ID", help="a lab; all if none")
    parser.add_argument(
        "--repeat",
        type=_count,
        default=1,
        metavar="N",
        help="grade each answer N times, and write of these labs what labs/RELIABILITY.md says",
    )
    parser.add_argument("--stress", action="store_true", help="with a busy process on every CPU")
    return parser


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value
