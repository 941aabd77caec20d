"""The learner's copy of a lab: made, read, and put back without losing anything."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from schedlab.learn.labs.errors import CannotKeep, NotOpened
from schedlab.learn.labs.manifest import Lab

_GO_MOD = "go.mod"
# Put into a copy when it is opened; no part of what a learner writes.
INCIDENT = "incident.toml"

Furnish = Callable[[Lab, Path], None]
"""What else a new copy needs: told the lab and the folder in which the copy is made."""


def open_copy(lab: Lab, furnish: Furnish | None = None) -> bool:
    """Make the learner's copy from the starter, if there is none; whether it was made now.

    Raises:
        CannotKeep: it cannot be written.
    """
    if lab.work.exists():
        return False
    try:
        # Made beside its place and moved there whole: half a copy would be taken for a learner's own.
        with tempfile.TemporaryDirectory(prefix=".opening-", dir=lab.folder) as beside:
            made = Path(beside) / "work"
            shutil.copytree(lab.starter, made)
            if lab.given.is_dir():
                shutil.copytree(lab.given, made / lab.given.name)
            if lab.answer == "program":
                # A module of its own: `go run .` works in it, and whoever builds all labs leaves it out.
                (made / _GO_MOD).write_text(go_mod(lab), encoding="utf-8")
            if furnish is not None:
                furnish(lab, made)
            made.rename(lab.work)
    except OSError as error:
        if lab.work.exists():
            return False
        raise CannotKeep(f"{lab.work}: cannot be made: {error.strerror}") from error
    return True


def reset_copy(lab: Lab, furnish: Furnish | None = None) -> Path | None:
    """Begin anew from the starter. The copy that was there is kept; where, or None if there was none.

    Raises:
        CannotKeep: it cannot be moved; it is still where it was.
    """
    kept = None
    if lab.work.exists():
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
        kept = lab.kept / stamp
        try:
            lab.kept.mkdir(exist_ok=True)
            lab.work.rename(kept)
        except OSError as error:
            raise CannotKeep(f"{lab.work}: cannot be kept in {kept}: {error.strerror}") from error
    open_copy(lab, furnish)
    return kept


def files_of(folder: Path, pattern: str = "*.go") -> dict[str, bytes]:
    """The files of an answer, by name: what a check looks at. Tests and folders below do not count.

    Raises:
        NotOpened: there is no such folder, or it cannot be read.
    """
    try:
        found = sorted(file for file in folder.glob(pattern) if not file.name.endswith("_test.go"))
        return {file.name: file.read_bytes() for file in found if file.is_file()}
    except OSError as error:
        raise NotOpened(f"{error.filename}: cannot be read: {error.strerror}") from error


def given_of(lab: Lab) -> dict[str, bytes]:
    """The files of the packages that the lab gives to each answer: ``given/slow/slow.go``, by that name.

    They are imported as ``lab/given/slow``: what is below ``given`` has the same place in the lab, in the
    learner's copy and where an answer is built.
    """
    return _files_below(lab.given)


def changed_given(lab: Lab, answer: Path) -> list[str]:
    """The names of given files of which an answer has another version, more, or some no longer.

    Raises:
        NotOpened: they cannot be read.
    """
    theirs, own = answer / lab.given.name, given_of(lab)
    if not own or not theirs.is_dir():
        return []
    try:
        found = _files_below(theirs)
    except OSError as error:
        raise NotOpened(f"{error.filename}: cannot be read: {error.strerror}") from error
    return [name for name in sorted({*own, *found}) if own.get(name) != found.get(name)]


def _files_below(folder: Path) -> dict[str, bytes]:
    """All files below a folder, named from where the folder is; hidden ones are an editor's own."""
    return {
        file.relative_to(folder.parent).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and not file.name.startswith(".")
    }


def is_untouched(lab: Lab) -> bool:
    """Whether there is no copy, or it is still the starter to the byte."""
    if not lab.work.is_dir():
        return True
    mine = files_of(lab.work, lab.pattern)
    mine.pop(INCIDENT, None)
    return mine == files_of(lab.starter, lab.pattern)


def go_mod(lab: Lab) -> str:
    """The module that an answer is built in, of the Go release that ``labs/go.mod`` names."""
    release = next(
        line
        for line in (lab.folder.parent / _GO_MOD).read_text(encoding="utf-8").splitlines()
        if line.startswith("go ")
    )
    return f"module lab\n\n{release}\n"
