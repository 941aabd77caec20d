"""Section 4.3: every verdict that its rules can give, from made-up values; one experiment for real."""

from __future__ import annotations

from typing import Any

import pytest

from schedlab.claims import Rig, Verdict
from schedlab.claims.sections import section_4_3 as section

HOLDS, FALSE, IMPRECISE = Verdict.HOLDS, Verdict.DOES_NOT_HOLD, Verdict.IMPRECISE
GOPARK, SERVE, CHANRECV = "runtime.gopark", "net/http.(*conn).serve", "runtime.chanrecv"

SCRIPT: dict[str, Any] = {
    "leaked": 160,
    "lines": 0,
    "said": "/bin/sh: pprof: not found",
    "lines_with_go": 0,
    "first_step_said": "seconds and debug params are incompatible",
    "repaired": ["915 99% 99% 915 99% runtime.gopark /go/src/runtime/proc.go:474"],
}
GROWTH: dict[str, Any] = {
    "counts": [38, 145],
    "shares": [0.8, 0.9],
    "in_1s": 40,
    "in_3s": 120,
    "pool": 60,
    "pool_in_3s": 2,
    "leaf_first": [GOPARK, CHANRECV, "main.hang", SERVE],
}
INDICATORS: dict[str, Any] = {
    "healthy": {"pool": [2500, 0.99, 3], "1000 short-lived": [1000, 0.9, 2], "idle": [84, 0.9, 83]},
    "leak": [105, 0.98, 104],
    "rows": {"pool": 1, "1000 short-lived": 1, "one 120 calls deep": 0},
    "deepest": 124,
    "flat_of_gopark": [1002, 1002],
}
HEALTHY_AND_QUIET = {"pool": [10, 0.1, 1]}


@pytest.mark.parametrize(
    ("rule", "base", "values", "verdict"),
    [
        (section._prints_stacks, SCRIPT, {}, FALSE),
        (section._prints_stacks, SCRIPT, {"lines": 2}, HOLDS),
        (section._prints_stacks, SCRIPT, {"lines_with_go": 2}, IMPRECISE),
        (section._names_the_line, SCRIPT, {}, FALSE),
        (section._names_the_line, SCRIPT, {"repaired": []}, FALSE),
        (section._names_the_line, SCRIPT, {"repaired": ["9 main.hang main.go:9"]}, HOLDS),
        (section._order, GROWTH, {}, IMPRECISE),
        (section._order, GROWTH, {"leaf_first": [GOPARK, SERVE, CHANRECV]}, HOLDS),
        (section._order, GROWTH, {"leaf_first": [CHANRECV, SERVE, GOPARK]}, HOLDS),
        (section._order, GROWTH, {"leaf_first": [GOPARK, CHANRECV]}, FALSE),
        (section._without_limit, GROWTH, {}, IMPRECISE),
        (section._without_limit, GROWTH, {"in_3s": 0}, FALSE),
        (section._without_limit, GROWTH, {"shares": [0.9, 1.1]}, HOLDS),
        (section._thirty_seconds, GROWTH, {}, FALSE),
        (section._thirty_seconds, GROWTH, {"pool_in_3s": 60}, HOLDS),
        (section._keeps_the_deep, INDICATORS, {}, FALSE),
        (
            section._keeps_the_deep,
            INDICATORS,
            {"rows": {"1000 short-lived": 0, "one 120 calls deep": 1}},
            HOLDS,
        ),
        (section._points_to_a_leak, INDICATORS, {}, FALSE),
        (section._points_to_a_leak, INDICATORS, {"rows": {"pool": 0}}, HOLDS),
        (section._cum_counts, INDICATORS, {}, FALSE),
        (section._cum_counts, INDICATORS, {"flat_of_gopark": [9, 2]}, HOLDS),
        (section._no_short_lived, INDICATORS, {}, FALSE),
        (section._no_short_lived, INDICATORS, {"rows": {"1000 short-lived": 0}}, HOLDS),
        (section._two_thousand, INDICATORS, {}, FALSE),
        (section._two_thousand, INDICATORS, {"leak": [3000, 1, 1], "healthy": HEALTHY_AND_QUIET}, HOLDS),
        (section._two_thousand, INDICATORS, {"healthy": HEALTHY_AND_QUIET}, FALSE),
        (section._forty_percent, INDICATORS, {}, FALSE),
        (section._forty_percent, INDICATORS, {"healthy": HEALTHY_AND_QUIET}, HOLDS),
        (section._fifty_deep, INDICATORS, {}, FALSE),
        (section._fifty_deep, INDICATORS, {"healthy": HEALTHY_AND_QUIET}, HOLDS),
        (section._leads_to_handler, {"through_http": True, "handler": ["main.hang"]}, {}, HOLDS),
        (section._leads_to_handler, {"through_http": False, "handler": []}, {}, FALSE),
        (section._is_a_timer, {"sends": 50, "by_timers": 0}, {}, FALSE),
        (section._is_a_timer, {"sends": 50, "by_timers": 1000}, {}, IMPRECISE),
        (section._is_a_timer, {"sends": 0, "by_timers": 1000}, {}, HOLDS),
    ],
)
def test_what_was_measured_decides(
    rule: Any, base: dict[str, Any], values: dict[str, Any], verdict: Verdict
) -> None:
    assert rule(base | values).verdict is verdict


def test_timers_need_no_goroutines_and_senders_do() -> None:
    found = section.sources(Rig.of()).values
    assert found["by_timers"] == 0
    assert found["sends"] == 50
    assert found["through_http"]
