"""Section 2.1: each rule gives each verdict that it can give, and what is measured is what is there."""

from __future__ import annotations

from typing import Any

import pytest

from schedlab.claims import NotMeasurableHere, Rig, Verdict, entries
from schedlab.claims.sections import section_2_1

HOLDS, NOT, IMPRECISE = Verdict.HOLDS, Verdict.DOES_NOT_HOLD, Verdict.IMPRECISE

NUMBERS = {"_Gidle": 0, "_Grunnable": 1, "_Grunning": 2, "_Gsyscall": 3, "_Gwaiting": 4}
GROWTH = {
    "chain": {"newstack": True, "copystack": True, "frames": True, "free": True, "shrink": True},
    "grown": [2048, 4096, 8192],
    "doubled": 2,
    "moved": 3,
    "shrunk": [65536, 32768, 16384],
}


def seen(**with_m: int) -> dict[str, Any]:
    """A hundred goroutines in each state, and how many of them have an M."""
    plain = {"_Grunnable": 0, "_Grunning": 100, "_Gsyscall": 100, "_Gwaiting": 1} | with_m
    return {"seen": dict.fromkeys(plain, 100), "with_m": plain, "with_reason": 100, "looks": 100}


def unbroken(**changes: object) -> dict[str, object]:
    return {**GROWTH, **changes}


@pytest.mark.parametrize(
    ("claim", "values", "verdict"),
    [
        ("C2.1a", {"files": ["runtime2.go"]}, HOLDS),
        ("C2.1a", {"files": ["g.go"]}, NOT),
        ("C2.1j", {"status": ["atomicstatus"], "stack": True, "sched": True}, HOLDS),
        ("C2.1j", {"status": ["atomicstatus"], "stack": True, "sched": False}, NOT),
        ("C2.1b", {"status": ["status"]}, HOLDS),
        ("C2.1b", {"status": ["atomicstatus"]}, IMPRECISE),
        ("C2.1b", {"status": []}, NOT),
        ("C2.1k", seen(), HOLDS),
        ("C2.1k", {"seen": {"_Grunnable": 9, "_Grunning": 9, "_Gsyscall": 0}}, NOT),
        ("C2.1c", {"waiting": 9, "lo_below_hi": 9, "deeper": 5, "lower": 5}, IMPRECISE),
        ("C2.1c", {"waiting": 9, "lo_below_hi": 9, "deeper": 5, "lower": 0}, HOLDS),
        ("C2.1c", {"waiting": 9, "lo_below_hi": 8, "deeper": 5, "lower": 5}, NOT),
        ("C2.1d", {"waiting": 9, "inside": 9, "registers": ["sp", "pc"], "pushed": 14}, IMPRECISE),
        ("C2.1d", {"waiting": 9, "inside": 9, "registers": ["sp", "pc"], "pushed": 2}, HOLDS),
        ("C2.1d", {"waiting": 9, "inside": 1, "registers": ["sp", "pc"], "pushed": 2}, NOT),
        ("C2.1l", {"GStatus": 1, "numbers": NUMBERS}, HOLDS),
        ("C2.1l", {"GStatus": 0, "numbers": NUMBERS}, NOT),
        ("C2.1e", {"printed": NUMBERS, "numbers": NUMBERS | {"_Gdead": 6}}, HOLDS),
        ("C2.1e", {"printed": NUMBERS, "numbers": NUMBERS | {"_Gwaiting": 7}}, NOT),
        ("C2.1m", {"number": 0, "left_before_listed": True}, HOLDS),
        ("C2.1m", {"number": 0, "left_before_listed": False}, NOT),
        ("C2.1n", seen(), HOLDS),
        ("C2.1n", seen(_Grunnable=50), NOT),
        ("C2.1o", seen(), HOLDS),
        ("C2.1o", seen(_Grunning=50), NOT),
        ("C2.1p", seen(), HOLDS),
        ("C2.1p", seen(_Gsyscall=10), NOT),
        ("C2.1q", seen(), HOLDS),
        ("C2.1q", seen(_Gwaiting=90), NOT),
        ("C2.1r", {"reads": 9, "queues": 5, "sets": 1}, HOLDS),
        ("C2.1r", {"reads": 0, "queues": 5, "sets": 1}, IMPRECISE),
        ("C2.1r", {"reads": 0, "queues": 5, "sets": 0}, NOT),
        ("C2.1f", {"woken": 100, "local": 1, "global": 99}, HOLDS),
        ("C2.1f", {"woken": 100, "local": 99, "global": 0}, NOT),
        ("C2.1g", {"before": [2048], "after": {"2048": 600}}, HOLDS),
        ("C2.1g", {"before": [2048], "after": {"2048": 300, "8192": 300}}, IMPRECISE),
        ("C2.1g", {"before": [8192], "after": {"8192": 600}}, NOT),
        ("C2.1h", GROWTH, HOLDS),
        ("C2.1h", unbroken(grown=[]), NOT),
        ("C2.1h", unbroken(chain={**GROWTH["chain"], "copystack": False}), NOT),  # type: ignore[dict-item]
        ("C2.1i", GROWTH, IMPRECISE),
        ("C2.1i", unbroken(shrunk=[65536, 65536, 2048]), HOLDS),
        ("C2.1i", unbroken(shrunk=[65536, 65536, 65536]), NOT),
        ("C2.1s", {"in_turn": 1000, "places": 1000}, HOLDS),
        ("C2.1s", {"in_turn": 1000, "places": 1}, IMPRECISE),
        ("C2.1t", {"checks": {"calls": 1, "large": 1, "both": 1}}, HOLDS),
        ("C2.1t", {"checks": {"calls": 1, "large": 0, "both": 1}}, IMPRECISE),
        ("C2.1t", {"checks": {"calls": 0, "large": 0, "both": 0}}, NOT),
        ("C2.1u", GROWTH, HOLDS),
        ("C2.1u", unbroken(moved=1), NOT),
        ("C2.1v", GROWTH, HOLDS),
        ("C2.1v", unbroken(grown=[1024, 2048]), NOT),
    ],
)
def test_a_rule_gives_each_verdict_that_it_can(
    claim: str, values: dict[str, object], verdict: Verdict
) -> None:
    assert entries()[claim].decide(values).verdict is verdict


@pytest.mark.parametrize(
    ("claim", "values"),
    [
        ("C2.1f", {"woken": 100, "local": 3, "global": 1}),
        ("C2.1n", {"seen": {"_Grunnable": 3}, "with_m": {"_Grunnable": 3}}),
        ("C2.1d", {"waiting": 0, "inside": 0}),
    ],
)
def test_too_little_that_was_seen_gives_no_verdict(claim: str, values: dict[str, object]) -> None:
    with pytest.raises(NotMeasurableHere):
        entries()[claim].decide(values)


def test_the_states_are_numbered_as_in_the_source() -> None:
    values = section_2_1.enumeration(Rig.of()).values
    assert values["numbers"]["_Gdead"] == 6
    assert values["numbers"]["_Gcopystack"] == 8
    assert values["printed"] == NUMBERS


def test_a_stack_grows_by_doubling_and_shrinks_by_halves() -> None:
    values = section_2_1.growth(Rig.of()).values
    assert values["grown"][0] == 2048
    assert values["doubled"] == len(values["grown"]) - 1 >= 3
    assert values["moved"] == len(values["grown"])
    assert values["shrunk"][0] == 2 * values["shrunk"][1] == 4 * values["shrunk"][2]
    assert set(values["chain"].values()) == {True}


def test_the_compiler_checks_at_the_entry_and_in_no_loop() -> None:
    values = section_2_1.checks(Rig.of()).values
    assert values["checks"] == {"calls": 1, "large": 1, "both": 1, "loops": 0}
    assert values["at_entry"] == ["calls", "large", "both"]
