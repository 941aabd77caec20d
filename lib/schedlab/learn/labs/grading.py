"""Run a lab's check over an answer."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from schedlab import toolchain
from schedlab.capture.xray import NotAllowed
from schedlab.learn.labs.attempt import Attempt, Misbehaved, prepare
from schedlab.learn.labs.errors import BadManifest, CannotKeep
from schedlab.learn.labs.manifest import MANIFEST, Lab
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
from schedlab.learn.labs.work import Furnish, changed_given, files_of, is_untouched
from schedlab.process import NotSupportedHere, QuotaUnavailable, writes_are_bounded

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
    """All that a lab asks for, in the order in which it is looked at.

    ``furnish`` puts into a learner's new copy what cannot lie ready, such as captures of this machine.
    ``explain`` is what who has passed is shown instead of a program: texts with their titles.
    """

    parts: tuple[Part, ...]
    furnish: Furnish | None = None
    explain: Callable[[Lab], Mapping[str, str]] | None = None


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
        return _noted(lab, lab.work, without_parts(State.NOT_STARTED, f"{there} {lab.task}"))
    return grade(lab, lab.work)


def grade(lab: Lab, answer: Path, given: Check | None = None) -> LabVerdict:
    """Judge the answer in a folder, by the lab's own check or by ``given``.

    Parts after one that is wrong are not run, and are reported so.
    """
    return _noted(lab, answer, _graded(lab, answer, given))


def _graded(lab: Lab, answer: Path, given: Check | None) -> LabVerdict:
    chosen = given or check_of(lab)
    try:
        attempt = prepare(lab, files_of(answer, lab.pattern))
        if lab.answer == "program":
            attempt.build()
    except toolchain.CompileError as error:
        return without_parts(State.DOES_NOT_BUILD, error.message)
    except toolchain.CCompilerNotFound as error:
        # Of a given package: an answer may not use cgo itself.
        reason = f"No C compiler: this lab calls C, and there is none here.\n{error.remedy}"
        return without_parts(State.NOT_MEASURABLE_HERE, reason)
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


def _noted(lab: Lab, answer: Path, verdict: LabVerdict) -> LabVerdict:
    """The verdict, and a word on given files that are not as the lab gives them."""
    changed = changed_given(lab, answer)
    if not changed:
        return verdict
    note = (
        f"Not as it was given: {', '.join(changed[:3])}. What is below given/ is the lab's: your program was "
        "built with the lab's own files, and changes there do not count."
    )
    return replace(verdict, message=f"{verdict.message}\n{note}")


def _judge(part: Part, attempt: Attempt) -> Finding:
    watched = {} if writes_are_bounded() else _contents(attempt.lab)
    try:
        found = part.judge(attempt)
    except Misbehaved as error:
        found = wrong(error.code, error.message, **error.evidence)
    except _NOT_HERE as error:
        found = not_measurable(error.message)
    changed = _put_back(attempt.lab, watched) if watched else []
    if changed:
        return wrong(
            "touches_the_lab",
            f"Files of the lab were changed while it ran ({', '.join(changed[:3])}); they are as they were.",
            files=len(changed),
        )
    return found


def _contents(lab: Lab) -> Mapping[Path, bytes]:
    """The lab's own files, which nobody but an author changes. Its notebook is not among them."""
    folders = (lab.starter, lab.solution, lab.folder / "wrong", lab.given)
    files = [lab.folder / MANIFEST, *(file for folder in folders for file in sorted(folder.rglob("*")))]
    return {file: file.read_bytes() for file in files if file.is_file()}


def _put_back(lab: Lab, before: Mapping[Path, bytes]) -> list[str]:
    """Make the lab's files what they were; the names of those that were not. What stood there is kept."""
    after = _contents(lab)
    changed = [file for file in sorted({*before, *after}) if before.get(file) != after.get(file)]
    aside = lab.kept / f"changed_{datetime.now(UTC).strftime('%Y%m%dT%H%M%S.%f')}"
    try:
        for file in changed:
            if file in after:
                kept = aside / file.relative_to(lab.folder)
                kept.parent.mkdir(parents=True, exist_ok=True)
                file.replace(kept)
            if file in before:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(before[file])
    except OSError as error:
        raise CannotKeep(f"{error.filename}: cannot be put back: {error.strerror}") from error
    return [str(file.relative_to(lab.folder)) for file in changed]
