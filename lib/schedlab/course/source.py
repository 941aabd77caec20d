"""A notebook's Markdown source, read and checked, as the ``.ipynb`` that it stands for."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import nbformat
from jupytext.myst import myst_to_notebook

from schedlab.course.notebooks import Notebook
from schedlab.course.rules import SourceCell, cell_problems, front_matter_problems, style_problems
from schedlab.errors import SchedlabError

_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


class SourceError(SchedlabError):
    """A notebook's source is not what the course needs. One line per problem, with its file and key."""

    def __init__(self, notebook: Notebook, problems: list[str]) -> None:
        file = notebook.source.relative_to(notebook.root).as_posix()
        super().__init__("\n".join(f"{file}: {problem}" for problem in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Document:
    """What a source says: its title, the ``schedlab`` mapping of its front matter, and its cells."""

    notebook: Notebook
    title: str
    info: Mapping[str, Any]
    cells: tuple[SourceCell, ...]

    @property
    def budget_s(self) -> float:
        """How long all its cells may take together, in seconds."""
        return float(self.info["budget_s"])


def read(notebook: Notebook) -> Document:
    """Read and check one source.

    Raises:
        SourceError: it cannot be read as MyST, its front matter lacks something, or it breaks a rule.
    """
    try:
        text = notebook.source.read_text(encoding="utf-8")
        # The parser stumbles over odd texts in ways of its own; an author needs the file's name each time.
        parsed = myst_to_notebook(text, add_source_map=True)
    except Exception as error:
        raise SourceError(notebook, [f"cannot be read: {' '.join(str(error).split())[:300]}"]) from error
    cells = tuple(_cells(parsed, text.splitlines()))
    problems = [
        *front_matter_problems(parsed.metadata, notebook.source.stem if _is_chapter(notebook) else None),
        *(problem for cell in cells for problem in cell_problems(cell)),
        *style_problems(cells),
    ]
    if problems:
        raise SourceError(notebook, problems)
    return Document(notebook, parsed.metadata["title"], parsed.metadata["schedlab"], cells)


def to_ipynb(document: Document) -> dict[str, Any]:
    """The notebook as JSON data: no outputs, no execution counts, ids that follow the cells' content."""
    ids = cell_ids(document.cells)
    result: dict[str, Any] = {
        "cells": [_ipynb_cell(cell, key) for cell, key in zip(document.cells, ids, strict=True)],
        "metadata": {
            "kernelspec": _KERNEL,
            "language_info": {"name": "python"},
            "schedlab": dict(document.info),
            "title": document.title,
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    nbformat.validate(result)
    return result


def to_bytes(document: Document) -> bytes:
    """The generated file, byte for byte: sorted keys, one space of indentation, UTF-8, a last newline."""
    text = json.dumps(to_ipynb(document), ensure_ascii=False, indent=1, sort_keys=True)
    return f"{text}\n".encode()


def cell_ids(cells: tuple[SourceCell, ...]) -> list[str]:
    """An id per cell, made of its type and text: a cell put in between leaves the others' ids alone."""
    seen: Counter[str] = Counter()
    ids = []
    for cell in cells:
        digest = hashlib.sha256(f"{cell.kind}\0{cell.text}".encode()).hexdigest()[:12]
        seen[digest] += 1
        ids.append(digest if seen[digest] == 1 else f"{digest}-{seen[digest]}")
    return ids


def _is_chapter(notebook: Notebook) -> bool:
    return notebook.name.startswith("chapters/")


def _cells(parsed: Any, lines: list[str]) -> Iterator[SourceCell]:
    for cell, start in zip(parsed.cells, parsed.metadata["source_map"], strict=True):
        yield SourceCell(
            cell.cell_type, cell.source, dict(cell.metadata), _line_of(start, cell.source, lines)
        )


def _line_of(start: int, text: str, lines: list[str]) -> int:
    """Where the cell's text begins, counted from 1. Options and blank lines may lie before it."""
    first = text.partition("\n")[0]
    return next((at + 1 for at in range(start, len(lines)) if lines[at] == first), start + 1)


def _ipynb_cell(cell: SourceCell, key: str) -> dict[str, Any]:
    result: dict[str, Any] = {
        "cell_type": cell.kind,
        "id": key,
        "metadata": _ipynb_metadata(cell),
        "source": cell.text.splitlines(keepends=True),
    }
    if cell.kind == "code":
        result |= {"execution_count": None, "outputs": []}
    return result


def _ipynb_metadata(cell: SourceCell) -> dict[str, Any]:
    """As written; a ``claim`` cell is also folded away in JupyterLab and in the exported page."""
    if not cell.is_claim:
        return dict(cell.metadata)
    tags = list(dict.fromkeys([*cell.tags, "hide-input"]))
    return {**cell.metadata, "tags": tags, "jupyter": {"source_hidden": True}}
