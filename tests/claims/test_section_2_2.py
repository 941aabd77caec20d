"""Section 2.2: each rule gives each verdict that it can give, and what is measured is what is there."""

from __future__ import annotations

from typing import Any

import pytest

from schedlab.claims import NotMeasurableHere, Rig, Verdict, entries
from schedlab.claims.sections import section_2_2

HOLDS, NOT, IMPRECISE = Verdict.HOLDS, Verdict.DOES_NOT_HOLD, Verdict.IMPRECISE


def stays(in_init: int = 1, free: int = 3, locked: int = 1, strangers: int = 0) -> dict[str, Any]:
    """On how many threads a goroutine was; how many others came to the locked one's thread."""
    return {
        "in_init": {"threads": in_init, "others": 100, "strangers": 0},
        "free": {"threads": free, "others": 100, "strangers": 100},
        "locked": {"threads": locked, "others": 100, "strangers": strangers},
        "m_fields": ["lockedg"],
        "g_fields": ["lockedm"],
    }


def stopped(loop: int = 3, loop_alone: int = 0, calls: int = 3, assembly: int = 0) -> dict[str, Any]:
    runs = {"loop": loop, "loop, no signals": loop_alone, "calls, no signals": calls, "assembly": assembly}
    return {"runs": runs, "turns": 3}


def sliced(**changes: object) -> dict[str, object]:
    found = {"slices": 20, "long": 20, "median_ms": 12, "by_signal": 20, "by_sysmon": True}
    return {**found, "alone": 20, "alone_same": 18, "pushed": 14, **changes}


def around(**changes: int) -> dict[str, int]:
    found = {"calls": 10, "lost_p": 10, "reused": 0, "taken_over": 10, "waited": 9, "added_threads": 0}
    return found | changes


@pytest.mark.parametrize(
    ("claim", "values", "verdict"),
    [
        ("C2.2n", {"seen": {"_Grunning": 100}, "with_m": {"_Grunning": 100}}, HOLDS),
        ("C2.2n", {"seen": {"_Grunning": 100}, "with_m": {"_Grunning": 50}}, NOT),
        ("C2.2a", {"threads_per_m": [1, 1], "ms": 2, "goroutine": 3}, NOT),
        ("C2.2a", {"threads_per_m": [1, 2], "ms": 2, "goroutine": 3}, HOLDS),
        ("C2.2o", stays(in_init=2), HOLDS),
        ("C2.2o", stays(), IMPRECISE),
        ("C2.2c", {"status": 0, "complaints": []}, HOLDS),
        ("C2.2c", {"status": 1, "complaints": ["main.go:6: not used"]}, NOT),
        ("C2.2p", stays(), HOLDS),
        ("C2.2p", stays(locked=2), NOT),
        ("C2.2d", {"rows": [{"goroutines": 4, "procs": 3, "first": 4, "second": 3}]}, NOT),
        ("C2.2d", {"rows": [{"goroutines": 4, "procs": 3, "first": 1, "second": 812}]}, HOLDS),
        ("C2.2b", stays(), IMPRECISE),
        ("C2.2b", stays(strangers=7), NOT),
        ("C2.2b", stays(strangers=100) | {"m_fields": ["lockedm"]}, HOLDS),
        ("C2.2e", {"rows": [[1, 1, 1], [5, 5, 5]]}, HOLDS),
        ("C2.2e", {"rows": [[1, 1, 1], [5, 5, 1]]}, NOT),
        ("C2.2f", {"threads": 3, "of": 3, "systems": ["darwin", "linux", "windows"]}, HOLDS),
        ("C2.2f", {"threads": 3, "of": 3, "systems": ["linux"]}, IMPRECISE),
        ("C2.2f", {"threads": 1, "of": 3, "systems": ["linux"]}, NOT),
        ("C2.2g", stopped(), IMPRECISE),
        ("C2.2g", stopped(loop_alone=3), HOLDS),
        ("C2.2g", stopped(calls=0), NOT),
        ("C2.2t", {"loop": 3, "turns": 3}, HOLDS),
        ("C2.2t", {"loop": 0, "turns": 3}, NOT),
        ("C2.2h", sliced(), HOLDS),
        ("C2.2h", sliced(long=2), NOT),
        ("C2.2h", sliced(by_sysmon=False), NOT),
        ("C2.2i", around(), NOT),
        ("C2.2i", around(reused=8), HOLDS),
        ("C2.2j", {"checks": {"calls": 1, "loops": 0}, "at_entry": ["calls"]}, IMPRECISE),
        ("C2.2j", {"checks": {"calls": 1, "loops": 0}, "at_entry": []}, HOLDS),
        ("C2.2j", {"checks": {"calls": 0, "loops": 0}, "at_entry": []}, NOT),
        ("C2.2k", {"looks": 100, "waiting": 100, "running": 0, "gopark": True}, IMPRECISE),
        ("C2.2k", {"looks": 100, "waiting": 0, "running": 100, "gopark": True}, HOLDS),
        ("C2.2k", {"looks": 100, "waiting": 100, "running": 0, "gopark": False}, NOT),
        ("C2.2l", around(), IMPRECISE),
        ("C2.2l", around(added_threads=9), HOLDS),
        ("C2.2l", around(taken_over=1), NOT),
        ("C2.2q", {"clocks": 0, "request": True, "asks": 3}, IMPRECISE),
        ("C2.2q", {"clocks": 1, "request": True, "asks": 3}, HOLDS),
        ("C2.2q", {"clocks": 0, "request": False, "asks": 3}, NOT),
        ("C2.2r", stopped(), HOLDS),
        ("C2.2r", stopped(assembly=3), NOT),
        ("C2.2s", sliced(), HOLDS),
        ("C2.2s", sliced(by_signal=2), IMPRECISE),
        ("C2.2s", sliced(pushed=0), NOT),
        ("C2.2m", sliced(), IMPRECISE),
        ("C2.2m", sliced(alone_same=0), HOLDS),
    ],
)
def test_a_rule_gives_each_verdict_that_it_can(
    claim: str, values: dict[str, object], verdict: Verdict
) -> None:
    assert entries()[claim].decide(values).verdict is verdict


@pytest.mark.parametrize(
    ("claim", "values"),
    [
        ("C2.2n", {"seen": {"_Grunning": 3}, "with_m": {"_Grunning": 3}}),
        ("C2.2p", stays(free=1)),
        ("C2.2t", {"loop": 1, "turns": 3}),
        ("C2.2h", sliced(slices=2)),
        ("C2.2m", sliced(alone=2)),
        ("C2.2i", around(calls=1)),
        ("C2.2k", {"looks": 3, "waiting": 3, "running": 0, "gopark": True}),
    ],
)
def test_too_little_that_was_seen_gives_no_verdict(claim: str, values: dict[str, object]) -> None:
    with pytest.raises(NotMeasurableHere):
        entries()[claim].decide(values)


def test_the_articles_program_is_given_to_the_compiler_as_the_ledger_has_it() -> None:
    from schedlab.claims import choose

    (claim,) = choose(["C2.2c"])
    ours = [line.rstrip() for line in section_2_2.ARTICLES_PROGRAM.strip().splitlines()]
    assert [line.rstrip() for line in claim.original.strip().splitlines()] == ours


def test_what_it_prints_are_counts() -> None:
    rows = section_2_2.its_numbers(Rig.of()).values["rows"]
    assert [(row["first"], row["second"]) for row in rows] == [(1, 1), (1, 3), (4, 1), (4, 3)]


def test_in_a_blocking_call_the_p_goes_to_another_thread() -> None:
    values = section_2_2.in_turn(Rig.of()).values
    assert values["calls"] >= 10
    assert values["reused"] == 0
    assert values["taken_over"] >= values["calls"] / 2
