"""Section 3.3: what the rules say of made-up values, and counts that a pool gives on any machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from schedlab.claims import Decision, NotMeasurableHere, Rig, Verdict
from schedlab.claims.sections import section_3_3 as section

HOLDS, NOT, IMPRECISE = Verdict.HOLDS, Verdict.DOES_NOT_HOLD, Verdict.IMPRECISE

SLICES = dict.fromkeys(
    ("same", "len5", "cap1024", "append_same", "cut_len0", "cut_cap1024", "cut_append_same"), 1000
) | {"compiles": True, "times": 1000, "fits": 1019, "fits_from_0": 1024}
USE: dict[str, Any] = {
    "megabytes": 2.4,
    "gcs": 0,
    "news_each": 0.0,
    "moved_each": 0.0,
    "mallocs_each": 1.0,
    "pause_ms": None,
}


def uses(**changed: dict[str, Any]) -> dict[str, Any]:
    values = {name: dict(USE) for name in ("printed", "kept", "direct", "reset", "pointer")}
    values["printed"] |= {"megabytes": 107.0, "gcs": 30, "news_each": 1.0, "pause_ms": 0.1}
    values["pointer"] |= {"mallocs_each": 0.0}
    for name, change in changed.items():
        values[name] |= change
    return values


CASES: list[tuple[Callable[[Any], Decision], Any, Verdict]] = [
    (section._compiles, {"compiles": False}, NOT),
    (section._compiles, {"compiles": True}, HOLDS),
    (section._same_array, SLICES, HOLDS),
    (section._same_array, SLICES | {"cap1024": 0}, NOT),
    (section._only_seems, SLICES, NOT),
    (section._only_seems, SLICES | {"append_same": 0}, HOLDS),
    (section._carries_length, SLICES, HOLDS),
    (section._carries_length, SLICES | {"len5": 0}, NOT),
    (section._append_cannot_reuse, SLICES, NOT),
    (section._append_cannot_reuse, SLICES | {"append_same": 0}, HOLDS),
    (section._length_triggers_growth, SLICES, NOT),
    (section._length_triggers_growth, SLICES | {"fits": 0}, HOLDS),
    (section._cut_keeps_capacity, SLICES, HOLDS),
    (section._cut_keeps_capacity, SLICES | {"cut_cap1024": 0}, NOT),
    (section._cut_is_reused, SLICES, HOLDS),
    (section._cut_is_reused, SLICES | {"cut_append_same": 0}, NOT),
    (section._each_allocates, uses(), IMPRECISE),
    (section._each_allocates, uses(direct={"moved_each": 1.0}), HOLDS),
    (section._each_allocates, uses(printed={"news_each": 0.0}), NOT),
    (section._frequent_gcs, uses(), IMPRECISE),
    (section._frequent_gcs, uses(kept={"gcs": 28}), HOLDS),
    (section._frequent_gcs, uses(printed={"gcs": 1}), NOT),
    (section._megabytes, uses(), IMPRECISE),
    (section._megabytes, uses(direct={"megabytes": 89.0}, reset={"megabytes": 1.2}), HOLDS),
    (section._megabytes, uses(printed={"megabytes": 2.5}), NOT),
    (section._collections, uses(), IMPRECISE),
    (section._collections, uses(direct={"gcs": 17}), HOLDS),
    (section._collections, uses(printed={"gcs": 0}), NOT),
    (section._pause, uses(), NOT),
    (section._pause, uses(printed={"pause_ms": 3.2}), HOLDS),
    (section._cut_is_right, uses(), IMPRECISE),
    (section._cut_is_right, uses(reset={"mallocs_each": 0.0}), HOLDS),
    (section._cut_is_right, uses(reset={"news_each": 1.0}), NOT),
    (section._pool_reuses_gs, {"with": 6, "without": 6, "in_pool": []}, NOT),
    (section._pool_reuses_gs, {"with": 6, "without": 900, "in_pool": []}, HOLDS),
    (section._misuse_costs_gs, {"with": 6, "without": 6}, NOT),
    (section._misuse_costs_gs, {"with": 6, "without": 900}, HOLDS),
]


@pytest.mark.parametrize(("decide", "values", "verdict"), CASES)
def test_each_rule_can_give_each_of_its_verdicts(
    decide: Callable[[Any], Decision], values: Any, verdict: Verdict
) -> None:
    assert decide(values).verdict is verdict


def test_without_a_collection_there_is_no_pause() -> None:
    with pytest.raises(NotMeasurableHere):
        section._pause(uses(printed={"pause_ms": None}))


def test_the_array_comes_back_and_its_capacity_decides() -> None:
    values = section.slices(Rig.of()).values
    assert values["compiles"]
    assert values["fits"] == 1024 - 5
    assert min(values["same"], values["append_same"], values["cut_append_same"]) >= 900


def test_a_buffer_that_is_not_put_back_is_made_anew() -> None:
    values = section.uses(Rig.of()).values
    assert values["printed"]["news_each"] > 0.9 > 0.1 > values["kept"]["news_each"]
    assert values["reset"]["mallocs_each"] > 0.9 > 0.1 > values["pointer"]["mallocs_each"]
