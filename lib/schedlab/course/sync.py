"""``./course sync``: the ``.ipynb`` beside each Markdown source, made from it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from schedlab.course.files import write_whole
from schedlab.course.notebooks import Notebook, find_notebooks, find_orphans
from schedlab.course.rules import SourceCell
from schedlab.course.source import cell_ids, read, to_bytes
from schedlab.errors import SchedlabError
from schedlab.places import repository_root


def main(argv: list[str]) -> int:
    """Write what is stale, or with ``--check`` name it. Exit status 1 if something is wrong.

    A notebook that was run or edited is not lost when its source takes its place: a copy goes to
    ``build/kept/``.
    """
    parser = argparse.ArgumentParser("./course sync", description="Make the notebooks from their Markdown.")
    parser.add_argument("--check", action="store_true", help="write nothing; name what is stale and exit 1")
    check = parser.parse_args(argv).check
    root = repository_root()
    problems: list[str] = []
    for notebook in find_notebooks(root):
        try:
            if check:
                problems += stale(notebook)
            else:
                _sync(notebook)
        except SchedlabError as error:
            problems.extend(error.message.splitlines())
    problems += [f"{_below(orphan, root)}: has no Markdown source beside it" for orphan in find_orphans(root)]
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print(f"every notebook is what its source says ({len(find_notebooks(root))})")
    return 1 if problems else 0


def stale(notebook: Notebook) -> Iterator[str]:
    """A line that says why the generated file is not what the source makes; nothing where it is.

    Raises:
        SourceError: the source itself is wrong.
    """
    made = to_bytes(read(notebook))
    name = _below(notebook.ipynb, notebook.root)
    if not notebook.ipynb.exists():
        yield f"{name}: is missing; run ./course sync"
    elif notebook.ipynb.read_bytes() != made:
        why = "its source changed" if is_untouched(notebook.ipynb) else "it was run or edited in place"
        yield f"{name}: is not what its source makes ({why}); run ./course sync"


def is_untouched(ipynb: Path) -> bool:
    """Whether the file is as ``sync`` wrote it, of whatever source: no outputs, and each id fits its cell."""
    try:
        data = json.loads(ipynb.read_bytes())
        cells = [SourceCell(cell["cell_type"], "".join(cell["source"]), {}, 0) for cell in data["cells"]]
        ran = any(cell.get("outputs") or cell.get("execution_count") for cell in data["cells"])
        return not ran and [cell["id"] for cell in data["cells"]] == cell_ids(tuple(cells))
    except (ValueError, TypeError, KeyError):
        return False


def _sync(notebook: Notebook) -> None:
    made = to_bytes(read(notebook))
    ipynb = notebook.ipynb
    if ipynb.exists():
        present = ipynb.read_bytes()
        if present == made:
            return
        if not is_untouched(ipynb):
            kept = _keep(notebook, present)
            print(f"kept {_below(kept, notebook.root)}, which was run or edited in place")
    write_whole(ipynb, made)
    print(f"wrote {_below(ipynb, notebook.root)}")


def _keep(notebook: Notebook, content: bytes) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
    kept = notebook.root / "build" / "kept" / f"{notebook.name}.{stamp}.ipynb"
    write_whole(kept, content)
    return kept


def _below(file: Path, root: Path) -> str:
    return file.relative_to(root).as_posix()
