"""How often a detector was right: the counting, on trials that are made up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schedlab.course import bench_diagnose, trials
from schedlab.diagnose import Evidence, Finding, Kind, Line, Unasked, schedule_trial
from schedlab.diagnose.schedule_trial import Case, Trial
from schedlab.diagnose.trial import Score, marks, score
from schedlab.errors import UsageError
from schedlab.process import GoSettings


def case(name: str, kind: Kind | None, *, also: tuple[Kind, ...] = (), held: bool = False) -> Case:
    lines = ("ill.go:7", "ill.go:8") if kind else ()
    return Case(Path("patients"), name, kind, also, held, lines, GoSettings(), None)


def finding(kind: Kind, line: int = 7) -> Finding:
    at = (Line("main.work", "/p/ill.go", line, 1.0),)
    return Finding(kind, "said", (Evidence("e", 2, 1),), at, 1.0, "why", "experiment")


BUSY = (Unasked((Kind.STARVATION,), "others", busy=True),)
RIGHT = Trial(case("right", Kind.CONVOY), (finding(Kind.CONVOY),))
ELSEWHERE = Trial(case("elsewhere", Kind.CONVOY, held=True), (finding(Kind.CONVOY, line=99),))
MISSED = Trial(case("missed", Kind.CGO))
OTHER = Trial(
    case("other", Kind.TIMERS, also=(Kind.STARVATION,)), (finding(Kind.STARVATION), finding(Kind.POOL))
)
NOT_ASKED = Trial(case("busy", Kind.STARVATION), (), BUSY)
SILENT = Trial(case("silent", None), (), BUSY)
WOLF = Trial(case("wolf", None), (finding(Kind.SPINNING),))
EVERY = (RIGHT, ELSEWHERE, MISSED, OTHER, NOT_ASKED, SILENT, WOLF)


def test_rates_count_lines_and_whatever_is_not_so() -> None:
    assert [one.found for one in EVERY] == [True, True, False, False, False, False, False]
    assert [one.right_line for one in EVERY] == [True, False, False, False, False, False, False]
    assert [one.false_alarms for one in EVERY] == [0, 0, 0, 1, 0, 0, 1]
    counted = score([RIGHT, ELSEWHERE, MISSED, OTHER, SILENT, WOLF])
    assert counted == Score(ill=4, found=2, right_line=1, healthy=2, false_alarms=2)
    assert (counted.recall, counted.precision) == (0.25, 0.5)
    assert (score([SILENT]).recall, score([SILENT]).precision) == (None, None)


def test_a_question_that_was_not_asked_is_no_wrong_answer() -> None:
    assert (NOT_ASKED.why_unasked, MISSED.why_unasked, SILENT.why_unasked) == ("others", "", "")
    assert (NOT_ASKED.busy, SILENT.busy, WOLF.busy) == (True, True, False)
    assert Trial(case("none", Kind.THROTTLING), not_run="no control group").why_unasked == "no control group"


def test_the_exit_status_is_that_of_the_goal() -> None:
    half = Score(ill=2, found=2, right_line=1, healthy=0, false_alarms=0)
    assert [trials.status(half, goal) for goal in (0.4, 0.5, 0.6)] == [0, 0, 1]


def test_every_line_with_the_mark_counts(tmp_path: Path) -> None:
    (tmp_path / "a.go").write_text("x // ill: one\ny\nz // ill: one // ill: two\n")
    (tmp_path / "b.go").write_text("x // leak: one\n")
    assert marks(tmp_path, "ill") == {"one": ("a.go:1", "a.go:3"), "two": ("a.go:3",)}


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(chosen: list[Case], *, tries: int) -> Iterator[Trial]:
        assert tries == 1
        for one in chosen:
            yield next(trial for trial in EVERY if trial.case.name == one.name)

    monkeypatch.setattr(
        bench_diagnose, "_cases", lambda: ([one.case for one in EVERY], "patients_cgo: no gcc")
    )
    monkeypatch.setattr(schedule_trial, "run", run)


def document(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


@pytest.mark.usefixtures("made_up")
def test_the_command_counts_by_kind_and_what_was_held_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench_diagnose.main(["--json"]) == 1
    said = document(capsys)
    assert said["scores"]["all"] == {"ill": 4, "healthy": 2, "recall": 0.25, "precision": 0.5}
    assert said["scores"]["held out"]["recall"] == 0.0
    assert said["kinds"]["P starvation"]["not_asked"] == 1
    assert said["kinds"]["too many spinning Ms"]["said_of_others"] == 1
    assert said["not_built"] == "patients_cgo: no gcc"
    assert bench_diagnose.main(["--json", "right", "silent"]) == 0
    assert {one["name"] for one in document(capsys)["cases"]} == {"right", "silent"}


@pytest.mark.usefixtures("made_up")
def test_the_command_prints_tables(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert bench_diagnose.main(["--repeat", "2"]) == 1
    said = capsys.readouterr().out
    assert "false: too many spinning Ms" in said
    assert "wrong line" in said
    assert "2 of 4 healthy runs were not asked" in said
    assert "not built: patients_cgo: no gcc" in said


@pytest.mark.usefixtures("made_up")
def test_wrong_use_is_refused() -> None:
    with pytest.raises(UsageError, match="no case 'nobody'"):
        bench_diagnose.main(["nobody"])
    with pytest.raises(UsageError, match="--repeat 0"):
        bench_diagnose.main(["--repeat", "0"])
