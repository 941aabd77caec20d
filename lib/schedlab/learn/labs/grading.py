"""Run a lab's check over an answer."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from schedlab import toolchain
from schedlab.capture.xray import NotAllowed
from schedlab.errors import SchedlabError
from schedlab.learn.labs.attempt import Attempt, Misbehaved, prepare
from schedlab.learn.labs.errors import BadManifest
from schedlab.learn.labs.manifest import Lab
from schedlab.learn.labs.verdicts import (
    Finding,
    LabVerdict,
    PartResult,
    State,
    not_measurable,
    of_parts,
    without_parts,
    wrong,
)
from schedlab.learn.labs.work import files_of, is_untouched
from schedlab.process import NotSupportedHere, QuotaUnavailable

# Why a part could not be judged that is no fault of the answer.
_NOT_HERE = (NotAllowed, NotSupportedHere, QuotaUnavailable)


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a lab asks for: ``judge`` looks at an answer and says whether it does it."""

    name: str
    asks: str
    judge: Callable[[Attempt], Finding]


@dataclass(frozen=True, slots=True)
class Check:
    """All that a lab asks for, in the order in which it is looked at."""

    parts: tuple[Part, ...]


def check_of(lab: Lab) -> Check:
    """The check of a lab: ``CHECK`` in the module of this package that has the lab's name.

    It is in the package and not in the lab's folder, so that nothing in that folder can change it.

    Raises:
        BadManifest: there is no such module, or it has no check.
    """
    name = f"schedlab.learn.labs.checks.{lab.id}"
    try:
        found = importlib.import_module(name).CHECK
    except (ModuleNotFoundError, AttributeError) as error:
        raise BadManifest(f"{lab.id}: there is no check: {error}") from error
    if not isinstance(found, Check) or not found.parts:
        raise BadManifest(f"{lab.id}: CHECK in {name} is no Check with a part")
    return found


def check(lab: Lab) -> LabVerdict:
    """Judge the learner's copy."""
    if is_untouched(lab):
        there = "It is still the starter." if lab.work.is_dir() else "There is no copy of your own yet."
        return without_parts(State.NOT_STARTED, f"{there} {lab.task}")
    return grade(lab, lab.work)


def grade(lab: Lab, answer: Path, given: Check | None = None) -> LabVerdict:
    """Judge the answer in a folder, by the lab's own check or by ``given``.

    Parts after one that is wrong are not run, and are reported so.
    """
    chosen = given or check_of(lab)
    try:
        files = files_of(answer)
        attempt = prepare(lab, files)
        attempt.build()
    except toolchain.CompileError as error:
        return without_parts(State.DOES_NOT_BUILD, error.message)
    except Misbehaved as error:
        return without_parts(State.WRONG, error.message, error.code, error.evidence)
    results: list[PartResult] = []
    for part in chosen.parts:
        judged = any(result.finding.state is State.WRONG for result in results)
        found = (
            Finding(State.NOT_RUN, "", "An earlier part comes first.") if judged else _judge(part, attempt)
        )
        results.append(PartResult(part.name, part.asks, found))
    return of_parts(tuple(results))


def _judge(part: Part, attempt: Attempt) -> Finding:
    before = _contents(attempt.lab.folder)
    try:
        found = part.judge(attempt)
    except Misbehaved as error:
        found = wrong(error.code, error.message, **error.evidence)
    except _NOT_HERE as error:
        found = not_measurable(error.message)
    changed = _restore(attempt.lab.folder, before)
    if changed:
        return wrong(
            "touches_the_lab",
            f"It changed files of the lab ({', '.join(changed[:3])}); they are as they were.",
            files=len(changed),
        )
    return found


def _contents(folder: Path) -> Mapping[Path, bytes]:
    """What is in the lab's folder, without the learner's own copies."""
    return {
        file: file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.relative_to(folder).parts[0] not in ("work", "kept") and file.is_file()
    }


def _restore(folder: Path, before: Mapping[Path, bytes]) -> list[str]:
    """Put back what differs; the names of it."""
    after = _contents(folder)
    changed = []
    for file in sorted({*before, *after}):
        if before.get(file) != after.get(file):
            changed.append(str(file.relative_to(folder)))
            _put(file, before.get(file))
    return changed


def _put(file: Path, content: bytes | None) -> None:
    try:
        if content is None:
            file.unlink()
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    except OSError as error:
        raise SchedlabError(f"{file}: cannot be put back: {error.strerror}") from error
