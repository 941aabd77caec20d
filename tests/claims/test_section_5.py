"""Section 5: every verdict that a rule can give, the arithmetic, and the script with its stand-ins."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from schedlab.claims import NotMeasurableHere, Rig, Verdict
from schedlab.claims.sections import section_5 as section
from schedlab.claims.sections.section_5 import ENTRIES

HOLDS, NOT = Verdict.HOLDS, Verdict.DOES_NOT_HOLD
IMPRECISE, UNKNOWN = Verdict.IMPRECISE, Verdict.NOT_MEASURABLE_HERE
RULES = {entry.id: entry.decide for entry in ENTRIES}

BOTH = ["kubectl scale", "istioctl install"]


def told(**runs: tuple[list[str], str]) -> dict[str, Any]:
    """Nothing is done and nothing said, but for ``runs``."""
    names = {"a150": "150", "a150_5": "150.5", "a3": "3", "a0_35": "0.35", "nothing": "nothing"}
    quiet: tuple[list[str], str] = ([], "")
    pairs = {name: runs.get(key, quiet) for key, name in names.items()}
    return {"runs": {name: {"calls": calls, "error": error} for name, (calls, error) in pairs.items()}}


CASES: list[tuple[str, dict[str, Any], Verdict]] = [
    ("C5.1", {"C5.1": [[2556, 93, -96.3, -96.36], [41, 99.2, 142, 141.95]]}, IMPRECISE),
    ("C5.1", {"C5.1": [[100, 10, -90.0, -90.0]]}, HOLDS),
    ("C5.1", {"C5.1": [[100, 10, -80.0, -90.0]]}, NOT),
    ("C5.4", {"C5.4": [[17, 0, -100, -100.0]]}, HOLDS),
    ("C5.6", told(a150=(BOTH, "")), HOLDS),
    ("C5.6", told(a150=(["kubectl scale"], "")), NOT),
    ("C5.6", told(), NOT),
    ("C5.2", told(a150=(BOTH, ""), a150_5=([], "syntax error"), a0_35=([], "syntax error")), NOT),
    ("C5.2", told(a150=(BOTH, ""), a150_5=(BOTH, "")), HOLDS),
    ("C5.2", told(), NOT),
    ("C5.7", {"problems": ["||"]}, NOT),
    ("C5.7", {"problems": []}, HOLDS),
    ("C5.8", {"named": "a_bucket", "asked": "a_count"}, IMPRECISE),
    ("C5.8", {"named": "a_bucket", "asked": "a_bucket"}, HOLDS),
    *((name, {}, UNKNOWN) for name in ("C5.3", "C5.5", "C5.9", "C5.10", "C5.11", "C5.12")),
]


def test_every_rule_is_tried_here() -> None:
    assert {name for name, _, _ in CASES} == set(RULES)


@pytest.mark.parametrize(("name", "values", "expected"), CASES)
def test_a_rule_gives_each_verdict_that_makes_sense(
    name: str, values: dict[str, Any], expected: Verdict
) -> None:
    assert RULES[name](values).verdict is expected


def test_minutes_become_seconds_before_they_are_compared() -> None:
    (recovery, audited), (interventions,) = section.rates(Rig.of()).values.values()
    assert recovery[:2] == [2556.0, 93.0]
    assert recovery[3] == pytest.approx(-96.3615, abs=1e-3)
    assert audited[3] == pytest.approx(141.951, abs=1e-3)
    assert interventions[2:] == [-100.0, -100.0]


def test_the_script_asks_nobody_but_its_stand_ins() -> None:
    if not (shutil.which("bash") and shutil.which("jq")):
        with pytest.raises(NotMeasurableHere, match="the script needs"):
            section.script(Rig.of())
        return
    runs = section.script(Rig.of()).values["runs"]
    assert [call.split()[0] for call in runs["150"]["calls"]] == ["kubectl", "istioctl"]
    assert "--replicas=6" in runs["150"]["calls"][0]
    assert runs["3"]["calls"] == []
    assert runs["150"]["error"] == ""


def test_an_address_is_decoded_before_it_is_read() -> None:
    assert section.query(Rig.of()).values["query"].endswith("[5m])[1h]||0")
