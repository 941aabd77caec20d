"""Section 2.5: each rule gives each verdict that it can give, and the experiments find what is there."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from schedlab.claims import NotMeasurableHere, Rig, Verdict
from schedlab.claims.ledger import entries
from schedlab.claims.sections import section_2_5 as section
from schedlab.toolchain import SymbolMoved

HOLDS, NOT, IMPRECISE = Verdict.HOLDS, Verdict.DOES_NOT_HOLD, Verdict.IMPRECISE
RIGHT = {cause: [state] * 2 for cause, state in section._CAUSES.items()}
TYPES = {"p.status": "uint32", "m.spinning": "bool"}
FOUR = ["_Pidle", "_Prunning", "_Pgcstop", "_Pdead"]


@pytest.mark.parametrize(
    ("claim", "values", "verdict"),
    [
        ("C2.5g", {"types": ["cpu"], "settable": ["SetCPUProfileRate"], "right": 8, "of": 8}, IMPRECISE),
        ("C2.5g", {"types": ["cpu"], "settable": [], "right": 3, "of": 8}, HOLDS),
        ("C2.5g", {"types": ["proc_status"], "settable": [], "right": 3, "of": 8}, NOT),
        ("C2.5h", {"names": ["schedule", "findRunnable"], "runs": 9}, IMPRECISE),
        ("C2.5h", {"names": ["schedule", "findrunnable"], "runs": 9}, HOLDS),
        ("C2.5h", {"names": ["schedule", "findrunnable"], "runs": 0}, NOT),
        ("C2.5n", {"named": RIGHT}, HOLDS),
        ("C2.5n", {"named": {**RIGHT, "cpu": ["runnable", "running"]}}, HOLDS),
        ("C2.5n", {"named": {cause: ["running"] * 2 for cause in RIGHT}}, NOT),
        ("C2.5a", {"printed": [], "imported": []}, HOLDS),
        ("C2.5a", {"printed": ["undefined: pprof"], "imported": []}, IMPRECISE),
        ("C2.5a", {"printed": ["undefined: pprof"], "imported": ["import cycle not allowed"]}, NOT),
        ("C2.5b", {"types": ["inuse_space"], "labels": ["bytes"]}, NOT),
        ("C2.5b", {"types": ["goroutines"], "labels": []}, HOLDS),
        ("C2.5i", {"events": 90, "runs": 30}, HOLDS),
        ("C2.5i", {"events": 3, "runs": 30}, NOT),
        ("C2.5j", {"looks_with_spinning": 50, "looks_with_several": 20}, NOT),
        ("C2.5j", {"looks_with_spinning": 50, "looks_with_several": 50}, HOLDS),
        ("C2.5c", {"spinning_ms": 50, "with_p": 50}, NOT),
        ("C2.5c", {"spinning_ms": 50, "with_p": 0}, HOLDS),
        ("C2.5k", {"runnable": {"cpu": 50, "lock": 9}, "spinning": {"cpu": 0.0, "lock": 0.9}}, NOT),
        ("C2.5k", {"runnable": {"cpu": 50, "lock": 9}, "spinning": {"cpu": 2.0, "lock": 0.9}}, HOLDS),
        ("C2.5d", {"types": TYPES, "in_use": FOUR}, IMPRECISE),
        ("C2.5d", {"types": TYPES, "in_use": FOUR[:2]}, HOLDS),
        ("C2.5d", {"types": TYPES, "in_use": FOUR[1:]}, NOT),
        ("C2.5d", {"types": {"p.status": "uint8"}, "in_use": FOUR}, NOT),
        ("C2.5e", {"types": TYPES, "spinning_ms": 9}, HOLDS),
        ("C2.5e", {"types": {"m.spinning": ""}, "spinning_ms": 9}, NOT),
        ("C2.5f", {"type": "bool", "running": 25, "marked": 25}, IMPRECISE),
        ("C2.5f", {"type": "bool", "running": 25, "marked": 0}, HOLDS),
        ("C2.5f", {"type": "", "running": 25, "marked": 0}, NOT),
        ("C2.5l", {"spinning_ms": 50, "with_g": 0}, NOT),
        ("C2.5l", {"spinning_ms": 50, "with_g": 50}, HOLDS),
        ("C2.5m", {"queued": [[58, 57]] * 50}, HOLDS),
        ("C2.5m", {"queued": [[58, 10]] * 50}, NOT),
        ("C2.5o", {"per_sample": ["Location", "Value", "Label"]}, IMPRECISE),
        ("C2.5o", {"per_sample": ["Location", "TimeNanos"]}, HOLDS),
    ],
)
def test_the_rules(claim: str, values: Mapping[str, Any], verdict: Verdict) -> None:
    assert entries()[claim].decide(values).verdict is verdict


@pytest.mark.parametrize(
    ("claim", "values"),
    [
        ("C2.5n", {"named": {**RIGHT, "cpu": ["running"] * 2, "lock": ["running"]}}),
        ("C2.5j", {"looks_with_spinning": 3, "looks_with_several": 3}),
        ("C2.5c", {"spinning_ms": 3, "with_p": 3}),
        ("C2.5k", {"runnable": {"cpu": 50, "lock": 49}, "spinning": {"cpu": 0, "lock": 0}}),
        ("C2.5e", {"types": TYPES, "spinning_ms": 0}),
        ("C2.5f", {"type": "bool", "running": 2, "marked": 2}),
        ("C2.5l", {"spinning_ms": 3, "with_g": 0}),
        ("C2.5m", {"queued": [[58, 57]]}),
    ],
)
def test_what_was_hardly_seen_is_not_judged(claim: str, values: Mapping[str, Any]) -> None:
    with pytest.raises(NotMeasurableHere):
        entries()[claim].decide(values)


def test_the_snippet_goes_to_the_beginning_of_the_function() -> None:
    proc = 'package runtime\n\nimport (\n\t"a"\n)\n\nfunc findRunnable() (gp *g) {\n\tmp := getg().m\n}\n'
    changed = section.with_snippet(proc, "\tHERE\n", 'import "os"\n')
    assert "func findRunnable() (gp *g) {\n\tHERE\n\tmp :=" in changed
    assert changed.index('import "os"') < changed.index("import (")
    with pytest.raises(SymbolMoved):
        section.with_snippet("package runtime\n", "\tHERE\n")


def test_the_compiler_is_asked() -> None:
    values = section.snippet(Rig.of()).values
    assert any("profHijackEnabled" in error for error in values["printed"])


def test_a_heap_profile_has_the_columns_of_a_heap_profile() -> None:
    assert "inuse_space" in section.profile(Rig.of()).values["types"]


@pytest.mark.skipif(sys.platform != "linux", reason="another process's memory is read")
def test_the_causes_are_seen_and_the_values_are_json() -> None:
    rig = Rig.of()
    values = section.bottlenecks(rig).values
    assert json.loads(json.dumps(values))["looks"] == len(section._CAUSES) * 2 * 25
    assert values["named"].keys() == section._CAUSES.keys()
    assert values["with_p"] == values["spinning_ms"]
