"""``./course check``: every lab's check, held to the lab's own answers; with ``--repeat`` its error rates."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from schedlab import process, toolchain
from schedlab.course.files import write_whole
from schedlab.course.hogs import hogs
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
    with hogs(process.cores() if options.stress else 0):
        tallies = [tally for lab in chosen for tally in _tallies(lab, options.repeat)]
    wrong = [tally for tally in tallies if tally.problems]
    trials = sum(tally.runs for tally in tallies)
    print(f"{len(chosen)} labs, {trials} trials, {len(wrong)} answers not judged as they must be")
    if options.repeat > 1 and not options.labs:
        file = repository_root() / "labs" / "RELIABILITY.md"
        write_whole(file, report(tallies, options.repeat, stress=options.stress).encode())
        print(f"wrote {file}")
    return 1 if wrong else 0


def report(tallies: Sequence[Tally], repeat: int, *, stress: bool) -> str:
    """``labs/RELIABILITY.md``: how often each check said something else than it must."""
    load = "with a busy process on every CPU" if stress else "on a quiet machine"
    flags = f"--repeat {repeat}{' --stress' if stress else ''}"
    right = [tally for tally in tallies if not tally.answer.code]
    others = [tally for tally in tallies if tally.answer.code]
    lines = [
        "# How reliable the labs' checks are",
        "",
        f"Made by `./course check {flags}`: each answer of each lab was graded {repeat} times, {load}.",
        f"{datetime.now(UTC).date()}, {toolchain.find().release}, {_machine()}.",
        "",
        "A *false fail* is a right answer that was not judged right. A *false pass* is a starter or a wrong",
        "answer that was. *Other* is a wrong answer that got another code or message than its own. Answers",
        "that this machine could not judge are counted apart. Seconds are the median and the most.",
        "",
        f"False fails: {_rate(right)}. False passes and other codes: {_rate(others)}.",
        "",
        "| lab | answer | code | runs | false fail | false pass | other | not measurable | seconds |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [_row(tally) for tally in tallies]
    wrong = [f"- {tally.lab}, {tally.answer.name}: {text}" for tally in tallies for text in tally.problems]
    if wrong:
        lines += ["", "What was said instead:", "", *sorted(set(wrong))]
    return "\n".join(lines) + "\n"


def _row(tally: Tally) -> str:
    passed = sum("and is right" in problem for problem in tally.problems)
    other = len(tally.problems) - passed
    failed, other = (other, 0) if not tally.answer.code else (0, other)
    times = sorted(tally.seconds)
    cells = (
        *(tally.lab, tally.answer.name, tally.answer.code or "right", tally.runs),
        *(failed, passed, other, tally.not_measurable),
        f"{times[len(times) // 2]:.1f}, {times[-1]:.1f}",
    )
    return f"| {' | '.join(map(str, cells))} |"


def _rate(tallies: Sequence[Tally]) -> str:
    wrong, runs = sum(len(tally.problems) for tally in tallies), sum(tally.runs for tally in tallies)
    return f"{wrong} in {runs}"


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
        help="grade each answer N times; over all labs this writes labs/RELIABILITY.md",
    )
    parser.add_argument("--stress", action="store_true", help="with a busy process on every CPU")
    return parser


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value
