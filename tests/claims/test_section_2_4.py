"""Section 2.4: every verdict that a rule can give, and what is read from the runtime itself."""

from __future__ import annotations

from typing import Any

import pytest

from schedlab.claims import Rig, Verdict
from schedlab.claims.sections import section_2_4 as section
from schedlab.claims.sections.section_2_4 import ENTRIES

HOLDS, NOT = Verdict.HOLDS, Verdict.DOES_NOT_HOLD
IMPRECISE, UNKNOWN = Verdict.IMPRECISE, Verdict.NOT_MEASURABLE_HERE
RULES = {entry.id: entry.decide for entry in ENTRIES}

SEEN = {
    "cycles": 9, "stopped_at_start": 9, "stopped_at_end": 9, "running": 2, "runnable": 3,
    "program_share": 0.6, "marking_at_once": 3, "share": 0.001,
}  # fmt: skip
ORDER = ["semaphore", "stop", "mark_phase"]
CHAIN = {"signature": "func gcStart(trigger gcTrigger)", "order": ORDER, "call": "systemstack(…)"}
HELD = {"rounds": 2_000_000, "started": 100, "stopped": 0}
STOPPED = {"looks": 10, "ps": 4, "all_stopped": 10, "states": ["_Pgcstop"], "saved": 10}
PARTS = {"stacks": 0.0001, "globals": 0.0, "heap": 0.0, "assists": 0.001}
RUNS = {
    "nothing": {"pause_us": 3, "took_us": 50},
    "heap_32": {"pause_us": 11, "took_us": 40_000},
    "heap_256": {"pause_us": 14, "took_us": 350_000},
}
PAUSES = {"runs": RUNS, "shares": PARTS}


def victims(loop: int, copy: int) -> dict[str, Any]:
    return {
        "loop": {"stop_us": 60, "step_us": 150_000, "stops": 24, "ended": loop},
        "copy": {"stop_us": 9_000, "step_us": 35_000, "stops": 24, "ended": copy},
    }


def parts(**shares: float) -> dict[str, Any]:
    return {"runs": RUNS, "shares": {**PARTS, **shares}}


CASES: list[tuple[str, dict[str, Any], Verdict]] = [
    ("C2.4a", SEEN, HOLDS),
    ("C2.4a", {**SEEN, "stopped_at_start": 8}, NOT),
    ("C2.4a", {**SEEN, "share": 0.3}, IMPRECISE),
    ("C2.4i", SEEN, IMPRECISE),
    ("C2.4i", {**SEEN, "runnable": 0}, HOLDS),
    ("C2.4j", CHAIN, HOLDS),
    ("C2.4j", {**CHAIN, "order": ["stop", "semaphore"]}, NOT),
    ("C2.4j", {**CHAIN, "signature": "func gcStart(mode gcMode)"}, NOT),
    ("C2.4b", HELD, NOT),
    ("C2.4b", {**HELD, "rounds": 0}, HOLDS),
    ("C2.4k", HELD, NOT),
    ("C2.4k", {**HELD, "started": 0}, HOLDS),
    ("C2.4c", {"compiles": True, "call": ""}, HOLDS),
    ("C2.4c", {"compiles": False, "call": "systemstack(func() { … })"}, IMPRECISE),
    ("C2.4c", {"compiles": False, "call": ""}, NOT),
    ("C2.4d", STOPPED, HOLDS),
    ("C2.4d", {**STOPPED, "all_stopped": 9, "states": ["_Pgcstop", "_Prunning"]}, NOT),
    ("C2.4e", victims(1, 24), NOT),
    ("C2.4e", victims(0, 2), HOLDS),
    ("C2.4e", victims(0, 12), UNKNOWN),
    ("C2.4e", victims(14, 24), UNKNOWN),
    ("C2.4l", SEEN, NOT),
    ("C2.4l", {**SEEN, "marking_at_once": 1}, HOLDS),
    ("C2.4g", PAUSES, NOT),
    ("C2.4g", {**PAUSES, "runs": {**RUNS, "heap_256": {"pause_us": 40, "took_us": 350_000}}}, HOLDS),
    ("C2.4m", PAUSES, NOT),
    ("C2.4m", parts(stacks=0.9, globals=0.7), HOLDS),
    ("C2.4n", parts(stacks=0.9), IMPRECISE),
    ("C2.4o", parts(heap=0.6, assists=0.5), HOLDS),
    ("C2.4o", parts(assists=0.3), IMPRECISE),
    ("C2.4h", PAUSES, NOT),
    ("C2.4h", parts(heap=0.9), IMPRECISE),
    ("C2.4p", CHAIN, NOT),
    ("C2.4p", {**CHAIN, "order": ["mark_phase", "semaphore", "stop"]}, HOLDS),
    ("C2.4p", {**CHAIN, "order": ["semaphore", "stop"]}, NOT),
    ("C2.4q", STOPPED, HOLDS),
    ("C2.4q", {**STOPPED, "saved": 0}, NOT),
    ("C2.4f", SEEN, NOT),
    ("C2.4f", {**SEEN, "program_share": 0.01}, HOLDS),
]


def test_every_rule_is_tried_here() -> None:
    assert {name for name, _, _ in CASES} == set(RULES)


@pytest.mark.parametrize(("name", "values", "expected"), CASES)
def test_a_rule_gives_each_verdict_that_makes_sense(
    name: str, values: dict[str, Any], expected: Verdict
) -> None:
    assert RULES[name](values).verdict is expected


def test_the_chain_is_read_from_the_release_in_use() -> None:
    found = section.chain(Rig.of()).values
    assert set(found["order"]) == {"semaphore", "stop", "mark_phase"}
    assert found["signature"].startswith("func gcStart(")
    assert "stopTheWorldWithSema" in found["call"]


def test_a_semaphore_that_is_held_is_a_lock() -> None:
    found = section.held(Rig.of()).values
    assert found["stopped"] == 0, "nobody else stops the world meanwhile"
    assert found["started"] == 100
