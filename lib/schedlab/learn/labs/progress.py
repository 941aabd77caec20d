"""What a learner did in the labs: kept outside the tree, whole at any time."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from schedlab.learn.labs.errors import CannotKeep
from schedlab.places import state_folder

_VERSION = 1


@dataclass(frozen=True, slots=True)
class LabProgress:
    """One lab. Times are ISO 8601 in UTC; empty for never. ``last`` is the state of the last check."""

    opened: str = ""
    attempts: int = 0
    passed: str = ""
    hints: int = 0
    solution_shown: bool = False
    last: str = ""
    last_code: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """All labs that were ever opened. ``note`` says what is to be told about the reading, or is empty."""

    labs: Mapping[str, LabProgress] = field(default_factory=dict)
    note: str = ""

    def of(self, lab_id: str) -> LabProgress:
        """What was done in one lab; nothing, if it is unknown."""
        return self.labs.get(lab_id, LabProgress())

    def export(self) -> dict[str, Any]:
        """As JSON takes it: ``{"version": 1, "labs": {"blocked_threads": {…}}}``."""
        return {"version": _VERSION, "labs": {name: asdict(one) for name, one in sorted(self.labs.items())}}


def progress_file() -> Path:
    """Where it is kept."""
    return state_folder() / "labs" / "progress.json"


def load() -> Progress:
    """What is kept. A file that cannot be read is put aside, not thrown away, and ``note`` says where."""
    file = progress_file()
    try:
        return Progress(_read(json.loads(file.read_text(encoding="utf-8"))))
    except FileNotFoundError:
        return Progress()
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Progress(note=_put_aside(file))


def note(lab_id: str, **changes: Any) -> LabProgress:
    """Change what is kept of one lab, at once for all notebooks and shells; what is kept now.

    Raises:
        CannotKeep: the file cannot be written.
    """
    with _locked():
        before = load()
        now = replace(before.of(lab_id), **changes)
        _write(Progress({**before.labs, lab_id: now}))
        return now


def note_attempt(lab_id: str, state: str, code: str, *, passed: bool) -> LabProgress:
    """Count a check that ran. Having passed once stays."""
    with _locked():
        before = load()
        one = before.of(lab_id)
        now = replace(
            one,
            attempts=one.attempts + 1,
            last=state,
            last_code=code,
            passed=one.passed or (utc_now() if passed else ""),
        )
        _write(Progress({**before.labs, lab_id: now}))
        return now


def utc_now() -> str:
    """Now, to the second: ``2026-01-31T12:00:00+00:00``."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _read(data: Any) -> dict[str, LabProgress]:
    if data["version"] != _VERSION:
        raise ValueError(data["version"])
    kinds = {"attempts": int, "hints": int, "solution_shown": bool}
    found = {}
    for name, fields in data["labs"].items():
        one = LabProgress(**fields)
        if not all(isinstance(value, kinds.get(key, str)) for key, value in asdict(one).items()):
            raise TypeError(name)
        found[str(name)] = one
    return found


@contextmanager
def _locked() -> Iterator[None]:
    file = progress_file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(file.with_suffix(".lock")):
            yield
    except OSError as error:
        raise CannotKeep(f"{file}: cannot be written: {error.strerror}") from error


def _write(progress: Progress) -> None:
    file = progress_file()
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    text = json.dumps(progress.export(), ensure_ascii=False, indent=1)
    unfinished.write_text(f"{text}\n", encoding="utf-8")
    unfinished.replace(file)


def _put_aside(file: Path) -> str:
    aside = file.with_name(f"progress.damaged-{datetime.now(UTC).strftime('%Y%m%dT%H%M%S.%f')}.json")
    try:
        file.replace(aside)
    except OSError:
        return f"Your progress cannot be read ({file})."
    return f"Your earlier progress could not be read; it is kept in {aside}."
