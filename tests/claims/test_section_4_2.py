"""Section 4.2: every verdict that its rules can give, from made-up values; the source's numbers for real."""

from __future__ import annotations

from typing import Any

import pytest

from schedlab.claims import Rig, Verdict
from schedlab.claims.sections import section_4_2 as section

HOLDS, FALSE, IMPRECISE = Verdict.HOLDS, Verdict.DOES_NOT_HOLD, Verdict.IMPRECISE

PRINTED: dict[str, Any] = {
    "files": ["goroutines.json"],
    "lives": True,
    "by_test": ["cpu.pprof", "trace.out"],
    "built_ends": True,
}
TOOL: dict[str, Any] = {
    "status": {"goroutine": 1, "sync": 0, "json": 2},
    "said": {"goroutine": "unknown", "sync": "nothing", "json": "no such flag"},
    "is_json": {"goroutines": False, "sync": False},
    "page_events": 5000,
    "page_interactive": True,
    "keys": ["name", "ph", "ts"],
    "ts_range": [0, 999_000.5],
    "ts_whole": False,
    "trace_s": 1.0,
    "viewer_webgl": 0,
    "viewer_2d": 12,
    "created": 9,
    "blocked": 9,
    "preempted": 9,
    "p_spans": 9,
    "m_spans": 0,
    "with_p": 9,
    "goroutine_ids": 9,
    "frames_with_line": 1.0,
    "collections_with_stack": 2,
}
NUMBERS: dict[str, Any] = {
    "runtime": {"_Grunnable": 1, "_Grunning": 2, "_Gsyscall": 3},
    "trace": {"GoRunnable": 1, "GoRunning": 2, "GoSyscall": 3},
    "procid_of_m": True,
    "procid_of_p": False,
    "procid_is": "gettid",
    "clock": "nanotime",
}


@pytest.mark.parametrize(
    ("rule", "base", "values", "verdict"),
    [
        (section._writes_files, PRINTED, {}, FALSE),
        (section._writes_files, PRINTED, {"files": ["cpu.pprof", "trace.out"]}, HOLDS),
        (section._ends_it, PRINTED, {}, FALSE),
        (section._ends_it, PRINTED, {"lives": False}, HOLDS),
        (section._needs_a_pipeline, TOOL, {}, FALSE),
        (section._needs_a_pipeline, TOOL, {"page_interactive": False}, HOLDS),
        (section._to_json, TOOL, {}, IMPRECISE),
        (section._to_json, TOOL, {"is_json": {"goroutines": True, "sync": False}}, HOLDS),
        (section._to_json, TOOL, {"page_events": 0}, FALSE),
        (section._goroutine_profile, TOOL, {}, FALSE),
        (section._goroutine_profile, TOOL, {"status": {"goroutine": 0, "sync": 0, "json": 2}}, HOLDS),
        (section._has_json_flag, TOOL, {}, FALSE),
        (section._has_json_flag, TOOL, {"status": {"goroutine": 1, "sync": 0, "json": 0}}, HOLDS),
        (section._all_transitions, TOOL, {}, IMPRECISE),
        (section._all_transitions, TOOL, {"m_spans": 3}, HOLDS),
        (section._all_transitions, TOOL, {"preempted": 0}, FALSE),
        (section._absolute_ns, TOOL, {}, FALSE),
        (section._absolute_ns, TOOL, {"ts_range": [1.7e18, 1.8e18], "ts_whole": True}, HOLDS),
        (section._absolute_ns, TOOL, {"ts_range": [5000, 6000]}, IMPRECISE),
        (section._field_gp, TOOL, {}, FALSE),
        (section._field_gp, TOOL, {"keys": ["gp"]}, HOLDS),
        (section._webgl, TOOL, {}, FALSE),
        (section._webgl, TOOL, {"viewer_2d": 0, "viewer_webgl": 1}, HOLDS),
        (section._webgl, TOOL, {"viewer_webgl": 1}, IMPRECISE),
        (section._filters, TOOL, {}, HOLDS),
        (section._filters, TOOL, {"collections_with_stack": 0}, FALSE),
        (section._two_and_three, NUMBERS, {}, FALSE),
        (section._two_and_three, NUMBERS, {"trace": {"a": 2, "b": 3, "c": 4}}, HOLDS),
        (section._of_p, NUMBERS, {}, FALSE),
        (section._of_p, NUMBERS, {"procid_of_p": True}, HOLDS),
        (section._of_p, NUMBERS, {"procid_of_m": False}, FALSE),
        (section._monotonic, NUMBERS, {}, IMPRECISE),
        (section._monotonic, NUMBERS, {"clock": "walltime"}, FALSE),
        (section._monotonic, NUMBERS, {"clock": "cputicks"}, HOLDS),
        (section._five_to_eight, {}, {"compute": 5.0, "handoffs": 8.0}, HOLDS),
        (section._five_to_eight, {}, {"compute": 1.0, "handoffs": 100.0}, FALSE),
        (section._five_to_eight, {}, {"compute": 0.0, "handoffs": 10.0}, IMPRECISE),
    ],
)
def test_what_was_measured_decides(
    rule: Any, base: dict[str, Any], values: dict[str, Any], verdict: Verdict
) -> None:
    assert rule(base | values).verdict is verdict


def test_the_runtime_numbers_its_states_and_owns_its_thread_ids() -> None:
    found = section.numbers(Rig.of()).values
    assert found["runtime"]["_Grunning"] == found["runtime"]["_Grunnable"] + 1 > 0
    assert found["trace"]["GoRunning"] == found["trace"]["GoRunnable"] + 1 > 0
    assert found["procid_of_m"]
    assert found["clock"]


def test_constants_are_counted_through_comments_and_types() -> None:
    text = "const (\n\t_Gidle = iota // 0\n\n\t// a word\n\t_Grunnable // 1\n\t_Grunning\n)\nvar x"
    assert section._numbers(text, "_Gidle") == {"_Gidle": 0, "_Grunnable": 1, "_Grunning": 2}
