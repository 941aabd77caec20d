"""``./course sync``: what it writes, what it refuses, what it keeps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from schedlab.course.files import CannotWrite, write_whole
from schedlab.course.notebooks import find_notebooks
from schedlab.course.source import read, to_bytes
from schedlab.course.sync import main
from schedlab.places import repository_root

if TYPE_CHECKING:
    from tests.course.conftest import Course


def files(root: Path) -> dict[str, bytes]:
    return {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()}


def edited(ipynb: Path, **changes: Any) -> bytes:
    """As JupyterLab would save it after the learner did something to the first code cell."""
    data = json.loads(ipynb.read_bytes())
    next(cell for cell in data["cells"] if cell["cell_type"] == "code").update(changes)
    ipynb.write_text(json.dumps(data), encoding="utf-8")
    return ipynb.read_bytes()


def test_the_repository_is_in_step_with_its_sources() -> None:
    """Byte by byte, and without the command that a maintainer would have run."""
    notebooks = find_notebooks(repository_root())
    assert notebooks
    for notebook in notebooks:
        assert notebook.ipynb.read_bytes() == to_bytes(read(notebook)), f"{notebook.name}: run ./course sync"


def test_writes_what_is_missing_or_stale_and_then_rests(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    source = course.write("1_1_x", "x = 1")
    assert main([]) == 0
    assert "wrote chapters/1_1_x.ipynb" in capsys.readouterr().out
    first = files(course.root)
    assert main([]) == 0
    assert "wrote" not in capsys.readouterr().out
    assert files(course.root) == first
    source.write_text(source.read_text().replace("x = 1", "x = 2"))
    assert main([]) == 0
    assert "x = 2" in source.with_suffix(".ipynb").read_text()
    assert not (course.root / "build").exists(), "a generated file is nothing to keep"


def test_check_names_each_and_writes_nothing(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("1_1_fine", "1_2_stale", "1_3_missing", "1_4_wrong", "1_5_run"):
        course.write(name, "x = 1")
    assert main([]) == 0
    assert main(["--check"]) == 0
    chapters = course.root / "chapters"
    course.write("1_2_stale", "x = 2")
    (chapters / "1_3_missing.ipynb").unlink()
    course.write("1_4_wrong", "x = 1", chapter="9.9")
    edited(chapters / "1_5_run.ipynb", execution_count=1)
    (chapters / "left.ipynb").write_text("{}")
    before = files(course.root)
    capsys.readouterr()
    assert main(["--check"]) == 1
    assert files(course.root) == before
    assert capsys.readouterr().err.splitlines() == [
        "chapters/1_2_stale.ipynb: is not what its source makes (its source changed); run ./course sync",
        "chapters/1_3_missing.ipynb: is missing; run ./course sync",
        "chapters/1_4_wrong.md: schedlab.chapter: the file's name does not begin with 9_9_",
        "chapters/1_5_run.ipynb: is not what its source makes (it was run or edited in place);"
        " run ./course sync",
        "chapters/left.ipynb: has no Markdown source beside it",
    ]


def test_one_wrong_source_does_not_keep_the_others_from_being_made(course: Course) -> None:
    course.write("1_1_wrong", chapter="9.9")
    course.write("1_2_fine")
    assert main([]) == 1
    assert (course.root / "chapters" / "1_2_fine.ipynb").exists()
    assert not (course.root / "chapters" / "1_1_wrong.ipynb").exists()


def test_an_orphan_is_named_and_left_alone(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    (course.root / "chapters" / "left.ipynb").write_text("{}")
    assert main([]) == 1
    assert "chapters/left.ipynb: has no Markdown source" in capsys.readouterr().err
    assert (course.root / "chapters" / "left.ipynb").exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"outputs": [{"output_type": "stream", "name": "stdout", "text": "12"}]},
        {"execution_count": 3},
        {"source": "x = 'my own try'"},
        {"id": "new-cell", "source": "mine"},
    ],
)
def test_what_a_learner_did_is_kept_before_it_is_replaced(course: Course, changes: dict[str, Any]) -> None:
    ipynb = course.write("1_1_x", "x = 1").with_suffix(".ipynb")
    assert main([]) == 0
    generated = ipynb.read_bytes()
    theirs = edited(ipynb, **changes)
    assert main([]) == 0
    assert ipynb.read_bytes() == generated
    assert [kept.read_bytes() for kept in (course.root / "build" / "kept").rglob("*.ipynb")] == [theirs]


def test_a_damaged_notebook_is_kept_too(course: Course) -> None:
    ipynb = course.write("1_1_x", "x = 1").with_suffix(".ipynb")
    ipynb.write_bytes(b'{"cells": [')
    assert main([]) == 0
    kept = list((course.root / "build" / "kept").rglob("*.ipynb"))
    assert [file.read_bytes() for file in kept] == [b'{"cells": [']


def test_a_file_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotWrite, match="cannot be written"):
        write_whole(tmp_path / "file" / "below", b"x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(CannotWrite, match="folder"):
        write_whole(tmp_path / "folder", b"x")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "folder"], "no half file is left"


def test_wrong_use_is_exit_status_2() -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--chek"])
