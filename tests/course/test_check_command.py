"""``./course check``: the gate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.learn.made_labs import CHECK, make_lab, prints, write

from schedlab.course import check, reliability
from schedlab.course.reliability import Row
from schedlab.errors import UsageError
from schedlab.learn.labs import Lab, UnknownLab, grading, not_measurable
from schedlab.learn.labs.grading import Check, Part


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setenv("SCHEDLAB_ROOT", str(tmp_path))
    monkeypatch.setattr(grading, "check_of", lambda _lab: CHECK)
    return make_lab(tmp_path)


def test_all_answers_are_judged_as_they_must_be(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    assert check.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{lab.id}: A lab"
    assert [line.split()[0] for line in lines[1:-1]] == ["starter", "solution", "wrong/big", "wrong/odd"]
    assert lines[-1] == "1 labs, 4 trials, 0 answers not judged as they must be"


@pytest.mark.parametrize(
    ("answer", "source", "said"),
    [
        ("starter", prints(42), "must be wrong (too_small), and is right"),
        ("starter", prints(43), "must be wrong (too_small), and is wrong (too_odd)"),
        ("solution", prints(41), "must be right, and is wrong (too_small)"),
        ("solution", "package main\n", "must be right, and is does not build"),
        ("wrong/big", prints(43), "must be wrong (too_big), and is wrong (too_odd)"),
        ("wrong/big", prints(42), "must be wrong (too_big), and is right"),
    ],
)
def test_a_verdict_that_is_not_as_it_must_be_fails_the_gate(
    lab: Lab, capsys: pytest.CaptureFixture[str], answer: str, source: str, said: str
) -> None:
    write(lab.folder / answer, {"main.go": source})
    assert check.main([lab.id]) == 1
    assert said in capsys.readouterr().out


def test_a_message_without_its_words_fails_the_gate(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    file = lab.folder / "lab.toml"
    file.write_text(file.read_text().replace("is odd", "is even"))
    assert check.main([]) == 1
    assert "its message must say 'is even', and says: 43 is odd." in capsys.readouterr().out


def test_what_cannot_be_judged_here_fails_nothing_and_is_said(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = Check((Part("x", "", lambda _attempt: not_measurable("no cgroup")),))
    monkeypatch.setattr(grading, "check_of", lambda _lab: nothing)
    assert check.main([lab.id]) == 0
    assert capsys.readouterr().out.count("no cgroup") == 4


def test_an_unknown_lab(lab: Lab) -> None:
    with pytest.raises(UnknownLab, match=lab.id):
        check.main(["answers"])


def test_repeats_are_counted_in_a_report(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    write(lab.folder / "wrong" / "odd", {"main.go": prints(42)})
    assert check.main(["--repeat", "3", "--stress"]) == 1
    text = (lab.folder.parent / "RELIABILITY.md").read_text()
    assert ", stress." in text
    assert "False fails: 0 in 3. False passes and other codes: 3 in 9." in text
    row = next(line for line in text.splitlines() if "wrong/odd |" in line)
    assert row.startswith("| wrong/odd | too_odd | 3 | 0 | 3 | 0 | 0 |")
    assert "- answer, wrong/odd: must be wrong (too_odd), and is right" in text
    assert "round 3 of 3" in capsys.readouterr().out


def test_a_run_over_one_lab_leaves_what_is_known_of_others(lab: Lab) -> None:
    labs = lab.folder.parent
    other = Row("other", "starter", "x", 20, True, 0, 1, 0, 0, 0.5, 1.0, ("said",), "then")
    gone = replace(other, lab="gone")
    reliability.keep(labs, [other, gone], ["other", "gone"])
    assert check.main([lab.id, "--repeat", "2"]) == 0
    assert "## gone" not in (labs / "RELIABILITY.md").read_text()

    mine = replace(other, lab=lab.id, answer="starter", problems=())
    text = reliability.keep(labs, [mine, other], [lab.id, "other"]).read_text()
    assert text.index(f"## {lab.id}") < text.index("## other")
    text = reliability.keep(labs, [replace(mine, runs=7)], [lab.id, "other"]).read_text()
    assert "| starter | x | 7 |" in text
    assert "| starter | x | 20 |" in text
    assert "False passes and other codes: 2 in 27." in text


def test_a_damaged_record_is_named(lab: Lab) -> None:
    (lab.folder.parent / "reliability.json").write_text("[{}]")
    with pytest.raises(UsageError, match=r"reliability\.json is damaged"):
        check.main([lab.id, "--repeat", "2"])
