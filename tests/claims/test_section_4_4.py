"""Section 4.4: every verdict that a rule can give, and what can be read or counted at once."""

from __future__ import annotations

from typing import Any

import pytest

from schedlab.claims import Rig, Verdict
from schedlab.claims.sections import section_4_4 as section
from schedlab.claims.sections.section_4_4 import ENTRIES

HOLDS, NOT = Verdict.HOLDS, Verdict.DOES_NOT_HOLD
IMPRECISE, UNKNOWN = Verdict.IMPRECISE, Verdict.NOT_MEASURABLE_HERE
RULES = {entry.id: entry.decide for entry in ENTRIES}


def cells(*cpu_ms: float) -> dict[str, Any]:
    return {"cells": {str(at): {"gcs": 3, "cpu_ms": one} for at, one in enumerate(cpu_ms)}}


def began(low: float, high: float, low_goal: float = 1.5, high_goal: float = 2.0) -> dict[str, Any]:
    return {"50": {"start": low, "goal": low_goal}, "100": {"start": high, "goal": high_goal}}


def stopped(*rows: tuple[int, float]) -> dict[str, Any]:
    return {
        gogc: {"gcs": gcs, "pause_us": pause, "stopped_us": gcs * pause}
        for gogc, (gcs, pause) in zip(("10", "50", "100"), rows, strict=True)
    }


COUNTED = {"goroutines": 100, "gcs": 5, "pauses": 5}
ROWS = [[4, 100, 1.2, 3.1], [8, 50, 0.7, -0.2], [16, 10, 2.9, -8.6]]
TABLE = {"rows": ROWS, "gogc_effect": 2.0, "procs_effect": 1.1, "joint_cost": 2.0}
MOVES = {"2,10": 27, "2,100": 5, "16,10": 400, "16,100": 130}

CASES: list[tuple[str, dict[str, Any], Verdict]] = [
    ("C4.4g", cells(90, 100, 200), HOLDS),
    ("C4.4g", cells(90, 100, 110), NOT),
    ("C4.4h", began(1.36, 1.7), IMPRECISE),
    ("C4.4h", began(1.5, 2.01), HOLDS),
    ("C4.4h", began(1.36, 1.7, 1.9, 2.4), NOT),
    ("C4.4i", {"asked": (2, 4), "procs": [2, 4], "cpus": [2, 2]}, HOLDS),
    ("C4.4i", {"asked": (2, 4), "procs": [2, 2], "cpus": [2, 2]}, NOT),
    ("C4.4i", {"asked": (2, 4), "procs": [2, 4], "cpus": [2, 4]}, NOT),
    ("C4.4j", stopped((60, 19), (14, 25), (8, 23)), HOLDS),
    ("C4.4j", stopped((60, 3), (14, 12), (8, 23)), IMPRECISE),
    ("C4.4j", stopped((9, 19), (8, 20), (8, 23)), NOT),
    ("C4.4k", COUNTED, HOLDS),
    ("C4.4k", {**COUNTED, "gcs": 4}, NOT),
    ("C4.4l", {"compiles": True}, HOLDS),
    ("C4.4l", {"compiles": False}, NOT),
    ("C4.4a", {"procs": 8}, HOLDS),
    ("C4.4a", {"procs": 2}, NOT),
    ("C4.4b", began(1.36, 1.7), HOLDS),
    ("C4.4b", began(1.7, 1.7), NOT),
    ("C4.4m", {}, UNKNOWN),
    ("C4.4f", {"as_many": 10, "four_times": 300}, HOLDS),
    ("C4.4f", {"as_many": 200, "four_times": 300}, NOT),
    ("C4.4c", stopped((60, 19), (14, 25), (8, 23)), NOT),
    ("C4.4c", stopped((60, 19), (14, 10), (8, 23)), HOLDS),
    ("C4.4n", {}, UNKNOWN),
    ("C4.4o", {}, UNKNOWN),
    ("C4.4p", {}, UNKNOWN),
    ("C4.4d", TABLE, NOT),
    ("C4.4d", {**TABLE, "rows": [*ROWS, [4, 10, 2.0, 0.0]]}, HOLDS),
    ("C4.4e", TABLE, NOT),
    ("C4.4e", {**TABLE, "joint_cost": 1 / 1.086}, HOLDS),
    ("C4.4e", {**TABLE, "joint_cost": 0.5}, IMPRECISE),
    ("C4.4q", {"few": 14, "many": 0}, IMPRECISE),
    ("C4.4q", {"few": 14, "many": 12}, HOLDS),
    ("C4.4q", {"few": 0, "many": 0}, NOT),
    ("C4.4r", {"by_gogc": {"10": {"gcs": 16}, "100": {"gcs": 3}}}, HOLDS),
    ("C4.4r", {"by_gogc": {"10": {"gcs": 4}, "100": {"gcs": 3}}}, NOT),
    ("C4.4s", MOVES, HOLDS),
    ("C4.4s", {**MOVES, "16,10": 9}, NOT),
]


def test_every_rule_is_tried_here() -> None:
    assert {name for name, _, _ in CASES} == set(RULES)


@pytest.mark.parametrize(("name", "values", "expected"), CASES)
def test_a_rule_gives_each_verdict_that_makes_sense(
    name: str, values: dict[str, Any], expected: Verdict
) -> None:
    assert RULES[name](values).verdict is expected


def test_the_printed_function_compiles_and_sets_what_it_says() -> None:
    found = section.printed(Rig.of()).values
    assert (found["compiles"], found["procs"], found["gogc"]) == (True, 8, 50)


def test_what_is_asked_for_is_counted() -> None:
    assert section.statistics(Rig.of()).values == COUNTED
    found = section.settable(Rig.of()).values
    assert found["procs"] == [2, 4, 8, 16]
