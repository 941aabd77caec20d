"""The learner's copy, hints and progress: nothing of theirs is ever lost."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from tests.learn.made_labs import CHECK, make_lab, prints, write

from schedlab.errors import UsageError
from schedlab.learn.labs import CannotRecord, Lab, NotPassedYet, grading, progress, read
from schedlab.learn.labs.desk import Desk
from schedlab.learn.labs.work import files_of, is_untouched, open_copy, reset_copy


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHEDLAB_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(grading, "check_of", lambda _lab: CHECK)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return make_lab(tmp_path / "course")


def test_a_copy_is_made_once(lab: Lab) -> None:
    assert is_untouched(lab)
    assert open_copy(lab)
    assert files_of(lab.work) == files_of(lab.starter)
    assert is_untouched(lab)
    write(lab.work, {"main.go": "mine"})
    assert not open_copy(lab)
    assert (lab.work / "main.go").read_text() == "mine"
    assert not is_untouched(lab)
    assert [entry.name for entry in lab.folder.iterdir() if entry.name.startswith(".")] == []


def test_the_copy_is_a_module_of_its_own(lab: Lab) -> None:
    open_copy(lab)
    assert (lab.work / "go.mod").read_text() == "module lab\n\ngo 1.24\n"


def test_a_copy_is_furnished_before_it_is_there(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def furnish(told: Lab, folder: Path) -> None:
        assert told == lab
        assert not lab.work.exists()
        assert files_of(folder) == files_of(lab.starter)
        write(folder / "captures", {"one.txt": "seen"})

    monkeypatch.setattr(grading, "check_of", lambda _lab: replace(CHECK, furnish=furnish))
    desk = Desk(lab)
    assert desk.make_copy()
    assert not desk.make_copy(), "a copy is furnished once"
    desk.reset()
    assert (lab.work / "captures" / "one.txt").read_text() == "seen"


def test_what_cannot_be_furnished_is_no_copy(lab: Lab) -> None:
    def furnish(_told: Lab, folder: Path) -> None:
        write(folder / "captures", {"one.txt": "seen"})
        raise CannotRecord("not measurable here")

    write(lab.work, {"main.go": "mine"})
    with pytest.raises(CannotRecord):
        reset_copy(lab, furnish)
    assert not lab.work.exists()
    assert [file.read_text() for file in lab.kept.glob("*/main.go")] == ["mine"]
    assert [entry.name for entry in lab.folder.iterdir() if entry.name.startswith(".")] == []


def test_who_has_passed_may_be_shown_something_else_than_a_program(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    explained = replace(CHECK, explain=lambda told: {f"of {told.id}": "a <reason>"})
    monkeypatch.setattr(grading, "check_of", lambda _lab: explained)
    shown = Desk(lab).solution(anyway=True)
    assert shown.plain == "// of answer\na <reason>"
    assert "a &lt;reason&gt;" in shown.html


def test_reset_keeps_every_copy(lab: Lab) -> None:
    assert reset_copy(lab) is None
    kept = []
    for text in ("first", "second"):
        write(lab.work, {"main.go": text, "notes.txt": text})
        kept.append(reset_copy(lab))
        assert files_of(lab.work) == files_of(lab.starter)
    texts = [(place / "main.go").read_text() for place in kept if place]
    assert texts == ["first", "second"]
    assert [(place / "notes.txt").read_text() for place in kept if place] == ["first", "second"]


def test_hints_come_one_after_the_other(lab: Lab) -> None:
    desk = Desk(lab)
    assert [repr(desk.hint()) for _ in range(4)] == [
        "Hint 1 of 3: one",
        "Hint 2 of 3: two",
        "Hint 3 of 3: three",
        "Hint 3 of 3: three",
    ]
    assert repr(desk.hint(1)) == "Hint 1 of 3: one"
    assert progress.load().of(lab.id).hints == 3
    for wrong in (0, 4):
        with pytest.raises(UsageError, match="hints 1 to 3"):
            desk.hint(wrong)


def test_the_solution_is_for_who_has_passed(lab: Lab) -> None:
    desk = Desk(lab)
    with pytest.raises(NotPassedYet, match="anyway"):
        desk.solution()
    assert '{"answer": 42}' in repr(desk.solution(anyway=True))
    desk.open()
    write(lab.work, {"main.go": prints(42)})
    assert desk.check().verdict.right
    assert '{"answer": 42}' in repr(desk.solution())


def test_progress_counts_checks_and_survives_a_reset(lab: Lab) -> None:
    desk = Desk(lab)
    desk.check()
    assert progress.load().of(lab.id).attempts == 0, "a lab that is not begun is not an attempt"
    desk.open()
    for answer in (42, 43):
        write(lab.work, {"main.go": prints(answer)})
        desk.check()
    desk.reset()
    one = progress.load().of(lab.id)
    assert (one.attempts, one.last, one.last_code) == (2, "wrong", "too_odd")
    assert one.passed, "who has passed once has passed"
    assert one.opened
    assert progress.load().export()["labs"]["answer"]["attempts"] == 2


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{",
        "[]",
        "null",
        '{"version": 2, "labs": {}}',
        '{"version": 1}',
        '{"version": 1, "labs": []}',
        '{"version": 1, "labs": {"answer": {"unknown": 1}}}',
        '{"version": 1, "labs": {"answer": {"attempts": "many"}}}',
        '{"version": 1, "labs": {"answer": 3}}',
    ],
)
def test_damaged_progress_is_put_aside(damage: str, lab: Lab) -> None:
    file = progress.progress_file()
    file.parent.mkdir(parents=True)
    file.write_text(damage)
    found = progress.load()
    assert found.labs == {}
    aside = [entry for entry in file.parent.iterdir() if "damaged" in entry.name]
    assert [entry.read_text() for entry in aside] == [damage]
    assert str(aside[0]) in found.note
    progress.note(lab.id, hints=1)
    assert json.loads(file.read_text())["labs"]["answer"]["hints"] == 1
    assert progress.load().note == ""


def test_progress_is_for_all_who_write_at_once() -> None:
    def work(name: str) -> None:
        for _ in range(20):
            progress.note_attempt(name, "wrong", "code", passed=False)

    names = ["one", "two", "one", "two"]
    workers = [threading.Thread(target=work, args=(name,)) for name in names]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert {name: progress.load().of(name).attempts for name in ("one", "two")} == {"one": 40, "two": 40}


def test_boxes_escape_what_programs_say(lab: Lab) -> None:
    desk = Desk(lab)
    desk.open()
    write(lab.work, {"main.go": 'package main\n\nfunc main() { panic("<script>alert(1)</script>") }\n'})
    shown = desk.check()
    assert shown.verdict.code == "panics"
    assert "<script>" in repr(shown)
    assert "<script>" not in shown._repr_html_()
    assert "&lt;script&gt;" in shown._repr_html_()


def test_a_box_links_to_the_files(lab: Lab) -> None:
    shown = Desk(lab).open()
    assert '<a href="work/main.go">' in shown.html
    assert "work/main.go" in shown.plain


def test_the_gate_of_a_notebook(lab: Lab) -> None:
    found = Desk(lab).gate()
    assert found.holds
    assert [trial.answer.name for trial in found.trials] == ["starter", "solution"]
    write(lab.solution, {"main.go": prints(41)})
    assert not Desk(read(lab.folder)).gate().holds
