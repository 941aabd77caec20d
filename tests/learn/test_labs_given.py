"""Packages that a lab gives to every answer: from the lab, never from the learner."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from tests.learn.made_labs import CHECK, make_lab, write

from schedlab import process, toolchain
from schedlab.learn.labs import BadManifest, Lab, State, grade, grading, labs, read
from schedlab.learn.labs.work import changed_given, given_of, go_mod, is_untouched, open_copy, reset_copy

# What no answer may contain, a given package may.
GIVEN = """package helper

import "unsafe"

func Answer() uintptr { return 34 + unsafe.Sizeof(uint64(0)) }
"""
IN_C = """package helper

// static int answer(void) { return 42; }
import "C"

func Answer() int { return int(C.answer()) }
"""
ASKS = """package main

import (
	"fmt"

	"lab/given/helper"
)

func main() { fmt.Printf("{\\"answer\\": %d}\\n", helper.Answer()) }
"""


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    lab = make_lab(tmp_path)
    write(lab.given / "helper", {"helper.go": GIVEN})
    return read(lab.folder)


def with_answer(lab: Lab, text: str = ASKS) -> Path:
    open_copy(lab)
    write(lab.work, {"main.go": text})
    return lab.work


def test_an_answer_is_built_with_what_is_given(lab: Lab) -> None:
    assert list(given_of(lab)) == ["given/helper/helper.go"]
    found = grade(lab, with_answer(lab), CHECK)
    assert found.right, found.message
    assert found.message == "That is the answer."


def test_a_copy_runs_by_hand(lab: Lab) -> None:
    work = with_answer(lab)
    assert process.run(toolchain.build(work)).check().json() == {"answer": 42}


def test_what_the_learner_does_to_it_does_not_count_and_is_told(lab: Lab) -> None:
    work = with_answer(lab)
    write(
        work / "given" / "helper",
        {"helper.go": GIVEN.replace("34", "35"), "more.go": "garbage", ".x.swp": ""},
    )
    assert changed_given(lab, work) == ["given/helper/helper.go", "given/helper/more.go"]
    found = grade(lab, work, CHECK)
    assert found.right, found.message
    assert found.message.startswith(
        "That is the answer.\nNot as it was given: given/helper/helper.go, given/"
    )
    assert "do not count" in found.message


def test_a_copy_that_differs_in_nothing_else_is_not_begun(lab: Lab) -> None:
    open_copy(lab)
    (lab.work / "given" / "helper" / "helper.go").unlink()
    assert is_untouched(lab)
    found = grading.check(lab)
    assert found.state is State.NOT_STARTED
    assert "Not as it was given: given/helper/helper.go" in found.message
    kept = reset_copy(lab)
    assert kept is not None
    assert changed_given(lab, lab.work) == []


def test_a_changed_lab_is_built_anew(lab: Lab) -> None:
    work = with_answer(lab)
    assert grade(lab, work, CHECK).right
    write(lab.given / "helper", {"helper.go": GIVEN.replace("34", "35")})
    assert grade(lab, work, CHECK).code == "too_odd"


def test_an_answer_may_still_not_use_it_itself(lab: Lab) -> None:
    work = with_answer(lab, IN_C.replace("package helper", "package main") + "\nfunc main() {}\n")
    found = grade(lab, work, CHECK)
    assert (found.state, found.code) == (State.WRONG, "refused_code")
    assert 'import "C"' in found.message


def test_errors_in_an_answer_are_the_compilers(lab: Lab) -> None:
    found = grade(lab, with_answer(lab, ASKS.replace("Answer()", "Nothing()")), CHECK)
    assert found.state is State.DOES_NOT_BUILD
    assert "undefined: helper.Nothing" in found.message


def test_without_a_c_compiler_a_package_in_c_is_not_measurable(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(lab.given / "helper", {"helper.go": IN_C})
    work = with_answer(lab)
    find_spec = importlib.util.find_spec
    monkeypatch.setattr("shutil.which", lambda _name: None)
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == "ziglang" else find_spec(name)
    )
    found = grade(lab, work, CHECK)
    assert found.state is State.NOT_MEASURABLE_HERE
    assert found.message.startswith("No C compiler")
    assert "Install gcc or clang" in found.message


def test_a_package_in_c_runs_confined(lab: Lab) -> None:
    try:
        toolchain.c_compiler()
    except toolchain.CCompilerNotFound as missing:
        pytest.skip(missing.message)
    write(lab.given / "helper", {"helper.go": IN_C})
    assert grade(lab, with_answer(lab), CHECK).right


def test_what_the_course_gives_is_vetted_as_it_is_built() -> None:
    giving = [lab for lab in labs() if lab.given.is_dir()]
    assert {lab.id for lab in giving} >= {"bounded_cgo", "starving_server"}
    for lab in giving:
        assert (lab.folder / "go.mod").read_text() == go_mod(lab), lab.id


def test_what_is_no_package_is_named(lab: Lab) -> None:
    write(lab.given, {"notes.txt": "no package"})
    with pytest.raises(BadManifest, match=r"given/notes\.txt: is no folder with a Go package"):
        read(lab.folder)
