"""``lab.toml``: what a lab is, read strictly."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schedlab.learn.labs.errors import BadManifest, UnknownLab
from schedlab.places import repository_root

MANIFEST = "lab.toml"
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LEAST_HINTS = 3
_LEAST_WRONG = 2
_KEYS = ("title", "chapter", "minutes", "task", "skills", "needs", "answer", "starter_code", "hints", "wrong")
_WRONG_KEYS = ("name", "code", "says")
# What an answer is, and which of its files count.
_PATTERNS = {"program": "*.go", "diagnosis": "*.toml"}
_KINDS = {"program": "Go program", "diagnosis": "diagnosis"}


@dataclass(frozen=True, slots=True)
class WrongAnswer:
    """A wrong answer that is kept to test the check: the code it must get, and words of its message."""

    name: str
    code: str
    says: str


@dataclass(frozen=True, slots=True)
class Lab:
    """One lab. ``minutes`` is for a learner; ``starter_code`` is the code that the untouched starter gets.

    ``answer`` is what a learner hands in: a ``program``, or a ``diagnosis`` of captures.
    """

    id: str
    folder: Path
    title: str
    chapter: str
    minutes: int
    task: str
    skills: tuple[str, ...]
    needs: tuple[str, ...]
    answer: str
    starter_code: str
    wrong: tuple[WrongAnswer, ...]
    hints: tuple[str, ...]

    @property
    def starter(self) -> Path:
        """What the learner begins with."""
        return self.folder / "starter"

    @property
    def pattern(self) -> str:
        """Which files of a folder make an answer."""
        return _PATTERNS[self.answer]

    @property
    def solution(self) -> Path:
        """One right answer; if the answer is a diagnosis, a folder for each incident."""
        return self.folder / "solution"

    @property
    def solutions(self) -> tuple[Path, ...]:
        """Every right answer that is kept."""
        return (self.solution,) if self.answer == "program" else tuple(sorted(self.solution.glob("*/")))

    @property
    def work(self) -> Path:
        """The learner's copy; it need not be there."""
        return self.folder / "work"

    @property
    def kept(self) -> Path:
        """Where earlier copies of the learner's go, one folder each."""
        return self.folder / "kept"

    @property
    def given(self) -> Path:
        """Packages that every answer is built with, a folder each; most labs have none."""
        return self.folder / "given"

    def wrong_folder(self, name: str) -> Path:
        """The files of a wrong answer."""
        return self.folder / "wrong" / name


def labs(root: Path | None = None) -> tuple[Lab, ...]:
    """Every lab of the course, by chapter and name; chapter 1.10 comes after 1.9.

    Raises:
        BadManifest: a lab's files are not as they must be.
    """
    found = [read(file.parent) for file in (_folder(root)).glob(f"*/{MANIFEST}")]
    return tuple(sorted(found, key=lambda lab: ([int(part) for part in lab.chapter.split(".")], lab.id)))


def find(name: str, root: Path | None = None) -> Lab:
    """The lab of that name.

    Raises:
        UnknownLab: there is none; the message has the names that are near it.
        BadManifest: its files are not as they must be.
    """
    names = sorted(file.parent.name for file in _folder(root).glob(f"*/{MANIFEST}"))
    if name not in names:
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        remedy = f"Did you mean {' or '.join(near)}?" if near else f"The labs are: {', '.join(names)}."
        raise UnknownLab(f"there is no lab {name!r}", remedy=remedy)
    return read(_folder(root) / name)


def read(folder: Path) -> Lab:
    """The lab in ``folder``.

    Raises:
        BadManifest: a key is missing, unknown or of the wrong kind; a folder is missing or is not named.
    """
    file = folder / MANIFEST
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadManifest(f"{file}: cannot be read: {error}") from error
    problems = list(_problems(folder, data))
    if problems:
        raise BadManifest("\n".join(f"{file}: {problem}" for problem in problems))
    return Lab(
        id=folder.name,
        folder=folder.resolve(),
        title=data["title"],
        chapter=data["chapter"],
        minutes=data["minutes"],
        task=data["task"],
        skills=tuple(data["skills"]),
        needs=tuple(data.get("needs", ())),
        answer=data.get("answer", "program"),
        starter_code=data["starter_code"],
        wrong=tuple(WrongAnswer(**one) for one in data["wrong"]),
        hints=tuple(data["hints"]),
    )


def _folder(root: Path | None) -> Path:
    return (root or repository_root()) / "labs"


def _problems(folder: Path, data: Mapping[str, Any]) -> Iterator[str]:
    if not _NAME.fullmatch(folder.name):
        yield f"the folder's name {folder.name!r} is not words of a-z and digits, joined by _"
    for key in sorted(set(data) - set(_KEYS)):
        yield f"{key}: no such key; there are {', '.join(_KEYS)}"
    for key in ("title", "task"):
        if not _is_text(data.get(key)):
            yield f"{key}: must be text"
    if not isinstance(data.get("chapter"), str) or not re.fullmatch(r"\d+\.\d+", data["chapter"]):
        yield 'chapter: must be text such as "1.2"'
    minutes = data.get("minutes")
    if isinstance(minutes, bool) or not isinstance(minutes, int) or not 1 <= minutes <= 60:
        yield "minutes: must be a whole number from 1 to 60"
    if not _is_code(data.get("starter_code")):
        yield "starter_code: must be the code that the starter gets, such as too_many_threads"
    yield from _texts("skills", data.get("skills"), 1)
    yield from _texts("needs", data.get("needs", []), 0)
    yield from _texts("hints", data.get("hints"), _LEAST_HINTS)
    kind = data.get("answer", "program")
    if not isinstance(kind, str) or kind not in _PATTERNS:
        yield f"answer: must be {' or '.join(_PATTERNS)}"
        return
    yield from _wrong_problems(folder, data.get("wrong"), kind)
    for name in ("starter", "solution"):
        if not _has_answer(folder / name, kind, each=kind == "diagnosis" and name == "solution"):
            yield f"{name}: there is no {_KINDS[kind]} in that folder"
    if not (folder / "lab.md").is_file():
        yield "lab.md: is missing"
    for package in sorted(folder.glob("given/*")):
        if not any(package.glob("*.go")):
            yield f"given/{package.name}: is no folder with a Go package"


def _wrong_problems(folder: Path, given: object, kind: str) -> Iterator[str]:
    if not isinstance(given, list) or len(given) < _LEAST_WRONG:
        yield f"wrong: must be at least {_LEAST_WRONG} tables [[wrong]] with {', '.join(_WRONG_KEYS)}"
        return
    names = []
    for number, one in enumerate(given, start=1):
        if not isinstance(one, Mapping) or set(one) != set(_WRONG_KEYS):
            yield f"wrong {number}: must have {', '.join(_WRONG_KEYS)}, and nothing else"
            continue
        if not _is_code(one["name"]) or not _is_code(one["code"]) or not _is_text(one["says"]):
            yield f"wrong {number}: name and code are words joined by _, says is text"
            continue
        names.append(one["name"])
        if not _has_answer(folder / "wrong" / one["name"], kind):
            yield f"wrong {number}: there is no {_KINDS[kind]} in wrong/{one['name']}"
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"wrong: {name} is there twice"
    there = {entry.name for entry in (folder / "wrong").glob("*/")}
    for name in sorted(there - set(names)):
        yield f"wrong/{name}: no [[wrong]] names it"


def _has_answer(folder: Path, kind: str, *, each: bool = False) -> bool:
    """Whether an answer is in that folder, or one in each of the folders below it."""
    folders = sorted(folder.glob("*/")) if each else [folder]
    return bool(folders) and all(any(one.glob(_PATTERNS[kind])) for one in folders)


def _texts(key: str, given: object, least: int) -> Iterator[str]:
    if not isinstance(given, list) or len(given) < least or not all(map(_is_text, given)):
        yield f"{key}: must be a list of texts" + (f", {least} or more" if least else "")


def _is_text(given: object) -> bool:
    return isinstance(given, str) and bool(given.strip())


def _is_code(given: object) -> bool:
    return isinstance(given, str) and _NAME.fullmatch(given) is not None
