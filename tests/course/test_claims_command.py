"""``./course claims`` and ``schedlab claims``: what they refuse, print, write and return."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schedlab import claims
from schedlab.claims import Claim, Entry, Measured, Rig, ledger
from schedlab.claims.model import Decision, Values, does_not_hold, holds
from schedlab.cli import main as schedlab
from schedlab.course import claims as command
from schedlab.errors import UsageError


@pytest.fixture
def small_ledger(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A ledger of two claims, C0.1 and C0.2, with the experiments that the test names."""

    def make(first: Callable[[Rig], Measured], second: Callable[[Rig], Measured]) -> None:
        texts = tuple(Claim(f"C0.{n}", "0", "prose", "原文", f"Claim {n}.") for n in (1, 2))
        made = {
            text.id: Entry(text.id, measure, "Holds if n is 1.", is_one, 1.0, ("1.27",))
            for text, measure in zip(texts, (first, second), strict=True)
        }
        monkeypatch.setattr(ledger, "claims", lambda: texts)
        monkeypatch.setattr(ledger, "entries", lambda: made)
        monkeypatch.setattr(claims, "entries", lambda: made)

    return make


def is_one(values: Values) -> Decision:
    return holds() if values["n"] == 1 else does_not_hold("it is another")


def one(_: Rig) -> Measured:
    return Measured({"n": 1}, "n is 1")


def two(_: Rig) -> Measured:
    return Measured({"n": 2}, "n is 2")


def breaks(_: Rig) -> Measured:
    raise KeyError("threads")


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_the_list_has_every_id_and_runs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--list", "--json"]) == 0
    listed = printed(capsys)
    assert [row["id"] for row in listed] == [claim.id for claim in claims.claims()]
    assert all(set(row) == FIELDS for row in listed), "and no verdict: none was computed"


FIELDS = {"id", "section", "kind", "original", "english", "rule", "examined"}


def test_both_commands_list_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["1", "--list"]) == 0
    ours = capsys.readouterr().out
    assert schedlab(["claims", "1", "--list"]) == 0
    assert capsys.readouterr().out == ours
    assert ours.count("\n") == len(claims.choose(["1"]))


def test_an_id_that_is_wrong_is_refused_with_ids_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert schedlab(["claims", "C1.2zz"]) == 2
    said = capsys.readouterr().err
    assert "C1.2zz" in said
    assert "C1.2a" in said


@pytest.mark.parametrize("release", ["1.3", "latest", "1.27.3x"])
def test_a_release_that_the_course_has_not_is_refused(release: str) -> None:
    with pytest.raises(UsageError, match="no Go") as refused:
        command.main(["C1.1a", "--go", f"1.27,{release}"])
    assert refused.value.remedy.startswith("It has ")


def test_releases_are_put_in_order() -> None:
    assert command.releases_of("go1.27, 1.24,1.27,") == ("1.24", "1.27")


def test_the_json_of_verdicts(capsys: pytest.CaptureFixture[str], small_ledger: Callable[..., None]) -> None:
    small_ledger(one, two)
    assert command.main(["--json"]) == 0, "a claim that does not hold is a result, not a failure"
    found = printed(capsys)
    assert set(found) == {"machine", "made", "claims"}
    for row in found["claims"]:
        assert set(row) == FIELDS | {"verdict", "reason", "corrected", "releases"}
        for result in row["releases"]:
            assert set(result) == {
                *("release", "verdict", "said", "reason", "values", "seconds", "budget_s", "error")
            }
    assert [row["verdict"] for row in found["claims"]] == ["holds", "does not hold"]
    assert found["claims"][1]["releases"][0]["values"] == {"n": 2}


def test_a_broken_experiment_is_a_failure_and_the_others_are_judged(
    capsys: pytest.CaptureFixture[str], small_ledger: Callable[..., None]
) -> None:
    small_ledger(breaks, one)
    assert command.main(["--json"]) == 1
    first, second = printed(capsys)["claims"]
    assert first["releases"][0]["error"] == "KeyError: 'threads'"
    assert second["verdict"] == "holds"
    assert command.main([]) == 1
    assert "KeyError: 'threads'" in capsys.readouterr().out


def test_the_table_says_what_was_measured(
    capsys: pytest.CaptureFixture[str], small_ledger: Callable[..., None]
) -> None:
    small_ledger(one, two)
    assert command.main([]) == 0
    said = capsys.readouterr().out
    for part in ("C0.1", "C0.2", "n is 1", "does not hold", "2 claims: 1 holds, 1 does not hold", "go1."):
        assert part in said


def test_the_report_is_written(
    capsys: pytest.CaptureFixture[str], small_ledger: Callable[..., None], tmp_path: Path
) -> None:
    small_ledger(one, two)
    file = tmp_path / "report.html"
    assert command.main(["-o", str(file)]) == 0
    assert file.read_text(encoding="utf-8").count('<article class="claim') == 2
    assert str(file) in capsys.readouterr().err


def test_a_folder_that_is_missing_is_found_out_before_anything_runs(
    small_ledger: Callable[..., None], tmp_path: Path
) -> None:
    def never(_: Rig) -> Measured:
        raise AssertionError("it ran")

    small_ledger(never, never)
    with pytest.raises(UsageError, match="no folder"):
        command.main(["-o", str(tmp_path / "missing" / "report.html")])


def test_stress_needs_a_number_of_repetitions() -> None:
    with pytest.raises(UsageError, match="--repeat"):
        command.main(["--stress"])
    with pytest.raises(UsageError, match="once or more"):
        command.main(["--repeat", "0"])


def test_verdicts_that_differ_from_time_to_time_are_a_failure(
    capsys: pytest.CaptureFixture[str], small_ledger: Callable[..., None]
) -> None:
    turns = []

    def alternates(_: Rig) -> Measured:
        turns.append(1)
        return Measured({"n": len(turns)}, "")

    small_ledger(alternates, one)
    assert command.main(["--repeat", "2", "--json"]) == 1
    first, second = printed(capsys)
    assert first["verdicts"] == {"holds": 1, "does not hold": 1}
    assert (first["steady"], second["steady"]) == (False, True)
