"""The course's notebooks: which there are, and which one a learner means."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from schedlab.errors import UsageError

FOLDERS = ("chapters", "labs", "tools")

# Markdown for a reader of the repository; it becomes no notebook.
_NO_NOTEBOOK = ("README.md", "RELIABILITY.md")


class UnknownNotebook(UsageError):
    """No notebook, or more than one where one is wanted, goes by that name."""


@dataclass(frozen=True, slots=True)
class Notebook:
    """One notebook, by the file that it is written in: a MyST Markdown file below ``root``."""

    root: Path
    source: Path

    @property
    def name(self) -> str:
        """Its path below the root without suffix, with forward slashes: ``chapters/1_1_meet_gmp``."""
        return self.source.relative_to(self.root).with_suffix("").as_posix()

    @property
    def ipynb(self) -> Path:
        """The generated file beside the source."""
        return self.source.with_suffix(".ipynb")


def find_notebooks(root: Path) -> tuple[Notebook, ...]:
    """Every notebook of the course, by name; chapter 1.10 comes after 1.9."""
    sources = [file for file in _files(root, "*.md") if file.name not in _NO_NOTEBOOK]
    return tuple(sorted((Notebook(root, source) for source in sources), key=_order))


def find_orphans(root: Path) -> tuple[Path, ...]:
    """The ``.ipynb`` files that have no Markdown source beside them."""
    return tuple(sorted(file for file in _files(root, "*.ipynb") if not file.with_suffix(".md").is_file()))


def choose(names: Sequence[str], root: Path) -> tuple[Notebook, ...]:
    """The notebooks that ``names`` stand for, in the course's order; all of them where there is no name.

    A name is a path (``chapters/1_1_meet_gmp.ipynb``, from here or from the root), a stem
    (``1_1_meet_gmp``), the beginning of one (``1_1``, ``1.1`` or ``1`` for the whole chapter), or a
    folder (``labs``, or the folder of one lab).

    Raises:
        UnknownNotebook: a name stands for nothing; the message lists what there is.
    """
    notebooks = find_notebooks(root)
    for name in names:
        if not any(_matches(name, notebook) for notebook in notebooks):
            raise UnknownNotebook(f"there is no notebook {name!r}", remedy=_listed(notebooks))
    if not names:
        return notebooks
    return tuple(notebook for notebook in notebooks if any(_matches(name, notebook) for name in names))


def choose_one(name: str, root: Path) -> Notebook:
    """The one notebook that ``name`` stands for.

    Raises:
        UnknownNotebook: it stands for none, or for several.
    """
    chosen = choose([name], root)
    if len(chosen) > 1:
        raise UnknownNotebook(f"{name!r} is more than one notebook", remedy=_listed(chosen))
    return chosen[0]


def _files(root: Path, pattern: str) -> list[Path]:
    """Not those in hidden folders: Jupyter keeps checkpoints there. Nor a learner's own, in a lab."""
    found = [file for folder in FOLDERS for file in (root / folder).rglob(pattern)]
    return [
        file
        for file in found
        if not any(part[0] == "." for part in file.relative_to(root).parts)
        and not is_learners(file.relative_to(root))
    ]


def is_learners(file: Path) -> bool:
    """Whether a file, by its path below the root, is in a learner's copy of a lab: not ours to judge."""
    parts = file.parts
    return len(parts) > 3 and parts[0] == "labs" and parts[2] in ("work", "kept")


def _order(notebook: Notebook) -> tuple[int, list[tuple[int, str]]]:
    top, _, rest = notebook.name.partition("/")
    pieces = re.split(r"[/_]", rest)
    # A number sorts as one, and before any word.
    return FOLDERS.index(top), [(int(piece), "") if piece.isdigit() else (1 << 30, piece) for piece in pieces]


def _matches(name: str, notebook: Notebook) -> bool:
    plain = name.removesuffix(".ipynb").removesuffix(".md")
    paths = {Path(os.path.normpath(base / plain)) for base in (Path.cwd(), notebook.root)}
    here = notebook.source.with_suffix("")
    if here in paths or any(path in here.parents and notebook.root in path.parents for path in paths):
        return True
    stem = plain.replace(".", "_")
    below_lab = notebook.source.parent.name == stem and notebook.source.parent.name not in FOLDERS
    return here.name == stem or here.name.startswith(f"{stem}_") or below_lab


def _listed(notebooks: Sequence[Notebook]) -> str:
    if not notebooks:
        return "There are no notebooks in " + ", ".join(f"{folder}/" for folder in FOLDERS) + "."
    return "The notebooks are:\n" + "\n".join(f"  {notebook.name}" for notebook in notebooks)
