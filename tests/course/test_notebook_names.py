"""Which notebook a learner means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from schedlab.course.notebooks import UnknownNotebook, choose, choose_one, find_notebooks, find_orphans

if TYPE_CHECKING:
    from tests.course.conftest import Course


@pytest.fixture
def root(course: Course) -> Path:
    for name in ("1_1_meet", "1_2_block", "1_10_late", "2_1_queue"):
        course.write(name)
    for lab in ("queues", "traps"):
        (course.root / "labs" / lab).mkdir(parents=True)
        (course.root / "labs" / lab / "lab.md").touch()
    for name in ("README", "RELIABILITY"):
        (course.root / "labs" / f"{name}.md").touch()
    (course.root / "chapters" / ".ipynb_checkpoints").mkdir()
    (course.root / "chapters" / ".ipynb_checkpoints" / "1_1_meet-checkpoint.ipynb").touch()
    return course.root


def names(root: Path, *asked: str) -> list[str]:
    return [notebook.name for notebook in choose(asked, root)]


def test_all_of_them_in_the_order_of_the_course(root: Path) -> None:
    chapters = ["chapters/1_1_meet", "chapters/1_2_block", "chapters/1_10_late", "chapters/2_1_queue"]
    assert names(root) == [*chapters, "labs/queues/lab", "labs/traps/lab"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("1_1", ["chapters/1_1_meet"]),
        ("1.1", ["chapters/1_1_meet"]),
        ("1", ["chapters/1_1_meet", "chapters/1_2_block", "chapters/1_10_late"]),
        ("1_1_meet", ["chapters/1_1_meet"]),
        ("1_1_meet.ipynb", ["chapters/1_1_meet"]),
        ("chapters/1_1_meet.md", ["chapters/1_1_meet"]),
        ("chapters/1_1_meet", ["chapters/1_1_meet"]),
        ("./chapters/../chapters/1_1_meet.ipynb", ["chapters/1_1_meet"]),
        ("queues", ["labs/queues/lab"]),
        ("labs", ["labs/queues/lab", "labs/traps/lab"]),
        ("lab", ["labs/queues/lab", "labs/traps/lab"]),
    ],
)
def test_a_name_is_a_path_a_stem_or_its_beginning(root: Path, asked: str, found: list[str]) -> None:
    assert names(root, asked) == found


def test_a_path_from_the_current_folder(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root / "labs" / "traps")
    assert names(root, "lab.ipynb", "../../chapters/1_2_block.md") == [
        "chapters/1_2_block",
        "labs/queues/lab",
        "labs/traps/lab",
    ]
    assert names(root, str(root / "chapters" / "1_1_meet.md")) == ["chapters/1_1_meet"]


def test_two_names_for_one_notebook_run_it_once(root: Path) -> None:
    assert names(root, "1_1", "1_1_meet") == ["chapters/1_1_meet"]


@pytest.mark.parametrize("asked", ["1_", "3", "meet", "1_1_mee", "chapters/9_9", "", ".", "/", "README"])
def test_an_unknown_name_lists_what_there_is(root: Path, asked: str) -> None:
    with pytest.raises(UnknownNotebook, match="chapters/1_10_late") as caught:
        choose(["1_1", asked], root)
    assert caught.value.exit_status == 2
    assert repr(asked) in caught.value.message


def test_one_is_wanted_and_several_fit(root: Path) -> None:
    assert choose_one("1_2", root).name == "chapters/1_2_block"
    with pytest.raises(UnknownNotebook, match="more than one") as caught:
        choose_one("1", root)
    assert "chapters/1_2_block" in caught.value.remedy
    assert "2_1_queue" not in caught.value.remedy


def test_an_empty_course_says_where_it_looked(course: Course) -> None:
    with pytest.raises(UnknownNotebook, match="no notebooks in chapters/, labs/, tools/"):
        choose(["1_1"], course.root)
    assert find_notebooks(course.root) == ()


def test_an_ipynb_without_source_is_an_orphan_but_a_checkpoint_is_not(root: Path) -> None:
    (root / "chapters" / "1_1_meet.ipynb").touch()
    (root / "labs" / "traps" / "left.ipynb").touch()
    assert find_orphans(root) == (root / "labs" / "traps" / "left.ipynb",)


def test_a_learners_copy_of_a_lab_is_no_notebook_of_the_course(root: Path) -> None:
    before = names(root)
    for place in ("work", "kept/20260101"):
        (root / "labs" / "queues" / place).mkdir(parents=True)
        (root / "labs" / "queues" / place / "notes.md").touch()
        (root / "labs" / "queues" / place / "mine.ipynb").touch()
    assert names(root) == before
    assert find_orphans(root) == ()
