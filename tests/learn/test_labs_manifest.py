"""lab.toml is read strictly, and labs are found by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.learn.made_labs import MANIFEST, make_lab, write

from schedlab.learn.labs import BadManifest, UnknownLab, answers, check_of, find, labs, read


def test_a_whole_one(tmp_path: Path) -> None:
    lab = make_lab(tmp_path)
    assert (lab.id, lab.minutes, lab.starter_code) == ("answer", 10, "too_small")
    assert [(one.name, one.code, one.says) for one in lab.wrong] == [
        ("big", "too_big", "is too big"),
        ("odd", "too_odd", "is odd"),
    ]
    assert lab.needs == ()
    assert lab.hints == ("one", "two", "three")
    assert find("answer", tmp_path) == lab


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('title = "A lab"', 'title = "A lab"\nheading = "A lab"', "heading: no such key"),
        ('title = "A lab"\n', "", "title: must be text"),
        ('title = "A lab"', 'title = " "', "title: must be text"),
        ('chapter = "1.1"', "chapter = 1.1", "chapter: must be text"),
        ("minutes = 10", "minutes = 0", "minutes: must be a whole number"),
        ("minutes = 10", "minutes = true", "minutes: must be a whole number"),
        ('starter_code = "too_small"', 'starter_code = "Too small"', "starter_code: must be the code"),
        ('hints = ["one", "two", "three"]', 'hints = ["one", "two"]', "hints: must be a list of texts, 3"),
        (
            'hints = ["one", "two", "three"]',
            'hints = ["one", "two", ""]',
            "hints: must be a list of texts, 3",
        ),
        ('skills = ["answering"]', "skills = []", "skills: must be a list of texts"),
        ('title = "A lab"', 'title = "A lab"\nanswer = "essay"', "answer: must be program or diagnosis"),
        (
            'title = "A lab"',
            'title = "A lab"\nanswer = "diagnosis"',
            "starter: there is no diagnosis in that",
        ),
        (
            'title = "A lab"',
            'title = "A lab"\nanswer = "diagnosis"',
            "solution: there is no diagnosis in that",
        ),
        (
            'title = "A lab"',
            'title = "A lab"\nanswer = "diagnosis"',
            "wrong 1: there is no diagnosis in wrong/big",
        ),
        ('title = "A lab"', 'title = "A lab"\nanswer = 1', "answer: must be program or diagnosis"),
        ('title = "A lab"', 'title = "A lab"\nanswer = []', "answer: must be program or diagnosis"),
        ('says = "is too big"\n', "", "wrong 1: must have name, code, says"),
        ('says = "is too big"', 'says = "is too big"\nmore = 1', "wrong 1: must have name, code, says"),
        ('name = "odd"', 'name = "even"', "no Go program in wrong/even"),
        ('name = "odd"', 'name = "even"', "wrong/odd: no [[wrong]] names it"),
        ('name = "odd"', 'name = "big"', "wrong: big is there twice"),
        (MANIFEST[MANIFEST.rindex("[[wrong]]") :], "", "wrong: must be at least 2"),
        ("title", "title title", "cannot be read"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in MANIFEST
    with pytest.raises(BadManifest) as caught:
        make_lab(tmp_path, manifest=MANIFEST.replace(old, new, 1))
    assert said in caught.value.message
    assert "lab.toml" in caught.value.message


@pytest.mark.parametrize("missing", ["starter", "solution"])
def test_a_missing_folder_is_named(tmp_path: Path, missing: str) -> None:
    lab = make_lab(tmp_path)
    (lab.folder / missing / "main.go").unlink()
    with pytest.raises(BadManifest, match=f"{missing}: there is no Go program"):
        read(lab.folder)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadManifest) as caught:
        make_lab(tmp_path, manifest="unknown = 1\n")
    assert len(caught.value.message.splitlines()) >= 8


def test_a_wrong_name_gives_those_that_are_near(tmp_path: Path) -> None:
    make_lab(tmp_path, "blocked_threads")
    make_lab(tmp_path, "idle_p")
    with pytest.raises(UnknownLab, match="Did you mean blocked_threads") as caught:
        find("blocked_thread", tmp_path)
    assert caught.value.exit_status == 2
    with pytest.raises(UnknownLab, match="The labs are: blocked_threads, idle_p"):
        find("xyz", tmp_path)
    with pytest.raises(UnknownLab):
        find("../labs/idle_p", tmp_path)


def test_labs_come_by_chapter(tmp_path: Path) -> None:
    for name, chapter in {"late": "1.10", "early": "1.2", "again": "1.2"}.items():
        make_lab(tmp_path, name, MANIFEST.replace('"1.1"', f'"{chapter}"'))
    assert [lab.id for lab in labs(tmp_path)] == ["again", "early", "late"]


def test_a_lab_without_a_check_is_refused(tmp_path: Path) -> None:
    lab = make_lab(tmp_path, "nobody_checks_this")
    with pytest.raises(BadManifest, match="there is no check"):
        check_of(lab)


def test_the_courses_own_labs_are_whole() -> None:
    found = labs()
    assert len(found) >= 3
    for lab in found:
        codes = [lab.starter_code, *(one.code for one in lab.wrong)]
        assert len(set(codes)) == len(codes), f"{lab.id}: two of its answers get one code"
        assert 10 <= lab.minutes <= 20
        assert check_of(lab).parts


def test_a_lab_may_ask_for_a_diagnosis(tmp_path: Path) -> None:
    lab = make_lab(tmp_path)
    (lab.folder / "lab.toml").write_text(f'answer = "diagnosis"\n{MANIFEST}')
    for place in ("starter", "solution/one", "solution/two", "wrong/big", "wrong/odd"):
        write(lab.folder / place, {"diagnosis.toml": "cause = 1\n"})
    found = read(lab.folder)
    assert (lab.answer, lab.pattern, lab.solutions) == ("program", "*.go", (lab.solution,))
    assert (found.answer, found.pattern) == ("diagnosis", "*.toml")
    assert [place.name for place in found.solutions] == ["one", "two"]
    assert [answer.name for answer in answers(found)][:3] == ["starter", "solution/one", "solution/two"]
    (lab.solution / "two" / "diagnosis.toml").unlink()
    with pytest.raises(BadManifest, match="solution: there is no diagnosis in that folder"):
        read(lab.folder)


def test_files_beside_the_program_are_no_wrong_answers(tmp_path: Path) -> None:
    lab = make_lab(tmp_path)
    write(lab.folder / "wrong", {"README.md": "notes"})
    assert len(read(lab.folder).wrong) == 2
