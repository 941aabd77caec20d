"""Section 3.2: what the rules say of made-up values; the source; C calls where there is a C compiler."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from schedlab import toolchain
from schedlab.claims import Decision, Rig, Verdict, choose, entries, on_rig
from schedlab.claims.sections import section_3_2 as section

HOLDS, NOT, IMPRECISE = Verdict.HOLDS, Verdict.DOES_NOT_HOLD, Verdict.IMPRECISE

LOSSES: dict[str, Any] = {
    "shorter": 60,
    "shorter_lost": 30,
    "longer": 20,
    "longer_lost": 20,
    "taken": 50,
    "taken_early": 40,
    "earliest_ms": 0.1,
    "median_ms": 5.0,
    "brief": 3000,
    "brief_lost": 0,
}
QUOTED = dict.fromkeys(("mcache", "p", "oldp", "mPark"), True)
ENTRY: dict[str, Any] = {
    "quoted": QUOTED,
    "clears_p": True,
    "fields": list(QUOTED),
    "assigned": ["oldp"],
    "tries_old_first": True,
    "sets_oldp": True,
}
QUEUES = {"queued_before": 0.0, "queued_during": 0.0, "spinning_before": 0.1, "spinning_during": 0.1}
WAITS: dict[str, Any] = {"calls": 20, "others": 300, "others_ended": 300, "taken": 9, "median_ms": 1.0}

CASES: list[tuple[Callable[[Any], Decision], Any, Verdict]] = [
    (section._after_20_ms, LOSSES, IMPRECISE),
    (section._after_20_ms, LOSSES | {"taken_early": 0}, HOLDS),
    (section._after_20_ms, LOSSES | {"longer_lost": 0}, NOT),
    (section._shorter_keep_it, LOSSES, IMPRECISE),
    (section._shorter_keep_it, LOSSES | {"shorter_lost": 0}, HOLDS),
    (section._shorter_keep_it, LOSSES | {"brief_lost": 2000}, NOT),
    (section._gives_it_up_itself, LOSSES, NOT),
    (section._gives_it_up_itself, LOSSES | {"brief_lost": 2900}, HOLDS),
    (section._quoted_lines, ENTRY, HOLDS),
    (section._quoted_lines, ENTRY | {"quoted": QUOTED | {"mPark": False}}, IMPRECISE),
    (section._quoted_lines, ENTRY | {"quoted": dict.fromkeys(QUOTED, False), "clears_p": False}, NOT),
    (section._p_is_cleared, ENTRY, HOLDS),
    (section._p_is_cleared, ENTRY | {"clears_p": False}, NOT),
    (section._old_p_first, ENTRY, HOLDS),
    (section._old_p_first, ENTRY | {"tries_old_first": False}, NOT),
    (section._keeps_old_p, {"compiles": True, "oldp": "7"}, HOLDS),
    (section._keeps_old_p, {"compiles": True, "oldp": "0"}, NOT),
    (section._keeps_old_p, {"compiles": False, "oldp": ""}, NOT),
    (section._others_wait, WAITS, IMPRECISE),
    (section._others_wait, WAITS | {"others_ended": 9}, HOLDS),
    (section._others_wait, WAITS | {"taken": 0}, NOT),
    (section._overload_spins, QUEUES, NOT),
    (section._overload_spins, QUEUES | {"queued_during": 4.0}, IMPRECISE),
    (section._overload_spins, QUEUES | {"queued_during": 4.0, "spinning_during": 0.9}, HOLDS),
    (section._cannot_relate, {"samples": 20, "caller": 0, "inside": 0}, HOLDS),
    (section._cannot_relate, {"samples": 20, "caller": 10, "inside": 0}, IMPRECISE),
    (section._cannot_relate, {"samples": 20, "caller": 20, "inside": 0}, NOT),
    (section._on_g0, {"to_g0": True, "listed": 4, "calls": 4}, HOLDS),
    (section._on_g0, {"to_g0": False, "listed": 4, "calls": 4}, NOT),
    (section._leaves_the_list, {"listed": 0, "calls": 4}, HOLDS),
    (section._leaves_the_list, {"listed": 4, "calls": 4}, NOT),
    (section._entered_after_20_ms, {"before": True, "unconditional": True}, NOT),
    (section._entered_after_20_ms, {"before": True, "unconditional": False}, HOLDS),
    (section._in_a_queue, {"put": [], "walked": ["allp"]}, NOT),
    (section._in_a_queue, {"put": [], "walked": ["allm", "allp"]}, HOLDS),
    (section._in_a_queue, {"put": ["mput"], "walked": []}, HOLDS),
    (section._tries_again, {"returned": 20, "calls": 20}, HOLDS),
    (section._tries_again, {"returned": 2, "calls": 20}, NOT),
]


@pytest.mark.parametrize(("decide", "values", "verdict"), CASES)
def test_each_rule_can_give_each_of_its_verdicts(
    decide: Callable[[Any], Decision], values: Any, verdict: Verdict
) -> None:
    assert decide(values).verdict is verdict


def test_the_source_is_read_without_its_comments() -> None:
    rig = Rig.of()
    assert section.call_order(rig).values == {"before": True, "unconditional": True}
    assert section.watched(rig).values["walked"] == ["allp"]
    assert section.entry_and_exit(rig).values["sets_oldp"]


def test_without_a_c_compiler_it_is_not_measurable(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> str:
        raise toolchain.CCompilerNotFound("there is no C compiler")

    monkeypatch.setattr(toolchain, "c_compiler", none)
    (claim,) = choose(["C3.2a"])
    found = on_rig(claim, entries()[claim.id], Rig.of())
    assert (found.verdict, found.error) == (Verdict.NOT_MEASURABLE_HERE, "")


def test_all_calls_come_back_and_short_ones_keep_their_p() -> None:
    try:
        toolchain.c_compiler()
    except toolchain.CCompilerNotFound as missing:
        pytest.skip(missing.message)
    rig = Rig.of()
    assert section.crowd(rig).values["returned"] == 20
    values = section.losses(rig).values
    assert values["brief_lost"] <= values["brief"] / 10
    assert values["longer_lost"] >= values["longer"] / 2
