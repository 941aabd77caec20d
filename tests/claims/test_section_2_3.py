"""Section 2.3: each rule gives each verdict that it can give, and the experiments find what is there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from schedlab.claims import NotMeasurableHere, Rig, Verdict
from schedlab.claims.ledger import entries
from schedlab.claims.model import Decision
from schedlab.claims.sections import section_2_3 as section

HOLDS, NOT, IMPRECISE = Verdict.HOLDS, Verdict.DOES_NOT_HOLD, Verdict.IMPRECISE
FULL = {"own": 4, "rounds": ["oooonss"] * 20, "could_take": 63, "from_local": 900, "overflowed": 258}


def decided(claim: str, **values: Any) -> Decision:
    return entries()[claim].decide(values)


@pytest.mark.parametrize(
    ("around", "order", "diagram"),
    [
        (["global", "stealing", 20], NOT, NOT),
        (["stealing", "global", 20], NOT, HOLDS),
    ],
)
def test_the_claimed_order_is_held_against_the_one_that_was_seen(
    around: list[Any], order: Verdict, diagram: Verdict
) -> None:
    assert decided("C2.3b", around=[around]).verdict is order
    assert decided("C2.3t", around=[around]).verdict is diagram


def test_the_claimed_order_would_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(section, "_order", lambda _: ["stealing", "global", "netpoll"])
    assert decided("C2.3b").verdict is HOLDS


@pytest.mark.parametrize(
    "around", [[], [["global", "stealing", 3]], [["global", "stealing", 6], ["global", "global", 6]]]
)
def test_too_few_looks_or_different_ones_are_no_order(around: list[Any]) -> None:
    with pytest.raises(NotMeasurableHere):
        decided("C2.3b", around=around)


@pytest.mark.parametrize(
    ("claim", "values", "verdict"),
    [
        ("C2.3n", {"took": [32]}, HOLDS),
        ("C2.3n", {"took": [], "overflowed": 0}, NOT),
        ("C2.3c", {"took": [32, 16, 8] * 20}, HOLDS),
        ("C2.3c", {"took": [1] * 60}, HOLDS),
        ("C2.3c", {"took": [63] * 20}, NOT),
        ("C2.3k", {"around": [["global", "stealing", 20]]}, HOLDS),
        ("C2.3k", {"around": [["global", "stealing", 20]], "rounds": ["oosnos"] * 20}, NOT),
        ("C2.3k", {"around": [["stealing", "global", 20]]}, NOT),
        ("C2.3r", {"ticks_with_work": 100, "tick_distances": {61: 90, 60: 1}}, IMPRECISE),
        ("C2.3r", {"ticks_with_work": 0, "tick_distances": {61: 90}}, HOLDS),
        ("C2.3s", {"ticks_with_work": 9, "tick_distances": {61: 9}, "global_gets": 7}, IMPRECISE),
        ("C2.3s", {"ticks_with_work": 0, "tick_distances": {61: 9}, "global_gets": 7}, HOLDS),
        ("C2.3e", {"global_gets": 7, "ticks": 6, "tick_distances": {61: 9}}, NOT),
        ("C2.3e", {"global_gets": 252, "ticks": 6, "tick_distances": {61: 9}}, HOLDS),
        ("C2.3u", {"run_at_once": 99, "steals": 100}, HOLDS),
        ("C2.3u", {"run_at_once": 2, "steals": 100}, NOT),
    ],
)
def test_the_rules_about_the_search(claim: str, values: Mapping[str, Any], verdict: Verdict) -> None:
    if claim == "C2.3c" and values["took"] == [1] * 60:
        with pytest.raises(NotMeasurableHere):
            decided(claim, **{**FULL, **values})
        return
    assert decided(claim, **{**FULL, **values}).verdict is verdict


@pytest.mark.parametrize(
    ("claim", "values", "verdict"),
    [
        (
            "C2.3a",
            {"sched_fields": {"runq": "gQueue"}, "p_fields": {"runqhead": "uint32", "runqtail": "uint32"}},
            NOT,
        ),
        ("C2.3a", {"sched_fields": {"runqhead": "*g", "runqtail": "*g"}, "p_fields": {}}, HOLDS),
        ("C2.3o", {"order": ["local", "global", "netpoll", "stealing"], "random_start": False}, HOLDS),
        ("C2.3o", {"order": ["local", "global", "netpoll", "stealing"], "random_start": True}, IMPRECISE),
        ("C2.3o", {"order": ["global", "local", "global", "stealing"], "random_start": False}, IMPRECISE),
        ("C2.3l", {"order": ["local", "global", "stealing", "netpoll"]}, HOLDS),
        ("C2.3l", {"order": ["local", "netpoll", "stealing", "netpoll"]}, IMPRECISE),
        ("C2.3l", {"order": ["local", "netpoll", "stealing", "global"]}, NOT),
        ("C2.3p", {"takes_head": True, "puts_at_tail": True}, HOLDS),
        ("C2.3p", {"takes_head": True, "puts_at_tail": False}, NOT),
        ("C2.3d", {"name": "findrunnable", "quoted": [True] * 3, "take_parameters": ""}, HOLDS),
        ("C2.3d", {"name": "findRunnable", "quoted": [True] * 3, "take_parameters": ""}, NOT),
        ("C2.3d", {"name": "findrunnable", "quoted": [True, True, False], "take_parameters": ""}, NOT),
        ("C2.3q", {"take_parameters": "", "zero_means_no_limit": False}, NOT),
        ("C2.3q", {"take_parameters": "pp *p, max int32", "zero_means_no_limit": True}, NOT),
        ("C2.3q", {"take_parameters": "pp *p, max int32", "zero_means_no_limit": False}, HOLDS),
        ("C2.3f", {"uses_of_p": ["runq", "runnext"], "named_p": False}, NOT),
        ("C2.3f", {"uses_of_p": ["runq", "schedtick"], "named_p": True}, HOLDS),
        ("C2.3v", {"order": ["local", "stealing", "global"]}, HOLDS),
        ("C2.3v", {"order": ["local", "global", "stealing"]}, NOT),
        ("C2.3m", {"naming_a_queue": [], "events": 61, "tick_ns": 64}, IMPRECISE),
        ("C2.3m", {"naming_a_queue": ["EvGoQueued"], "events": 61, "tick_ns": 64}, HOLDS),
        ("C2.3j", {"naming_a_queue": [], "events": 61, "tick_ns": 64}, NOT),
        ("C2.3j", {"naming_a_queue": ["EvGoQueued"], "events": 61, "tick_ns": 64}, NOT),
        ("C2.3j", {"naming_a_queue": ["EvGoQueued"], "events": 61, "tick_ns": 1}, HOLDS),
        ("C2.3g", {"local": [15.0, 60.0]}, HOLDS),
        ("C2.3g", {"local": [2.5, 60.0]}, IMPRECISE),
        ("C2.3g", {"local": [2.5, 6.0]}, NOT),
        ("C2.3h", {"global": [400.0, 900.0]}, NOT),
        ("C2.3i", {"stealing": [6.0, 350.0]}, IMPRECISE),
    ],
)
def test_the_rules_about_the_source_and_the_cost(
    claim: str, values: Mapping[str, Any], verdict: Verdict
) -> None:
    assert decided(claim, **values).verdict is verdict


def test_the_sequences_of_the_probes_are_read_p_by_p() -> None:
    one = ["run_local", "run_global_tick", *["run_local"] * 59, "run_global", "run_global_tick", "run_local"]
    other = ["run_global", "exit", "run_netpoll", "run_local", "spin_start", "steal", "run_stolen", "steal"]
    assert section.tick_distances([one, other]) == Counter({61: 1})
    assert section.ticks_with_work([one, other]) == 2
    assert section.around_the_poller([one, other]) == Counter({("global", "stealing"): 1})
    assert section.run_at_once([one, other]) == 1


def test_the_clock_is_read_from_the_times() -> None:
    times = np.arange(1000, dtype=np.int64) * 64
    assert section.clock_tick_ns(times) == 64
    times[5] += 1
    assert section.clock_tick_ns(times) == 64
    assert section.clock_tick_ns(np.arange(1000, dtype=np.int64)) == 1


def test_the_search_is_seen() -> None:
    values = section.search(Rig.of()).values
    assert len(values["rounds"]) == 20
    assert all(sorted(letters) == sorted("o" * 400 + "n" * 4 + "s" * 64) for letters in values["rounds"])
    assert values["overflowed"] >= 129, "400 goroutines do not fit into 256 places"
    assert values["ticks"] >= 1
    assert json.dumps(values)


def test_the_source_is_read() -> None:
    values = section.sources(Rig.of()).values
    assert values["order"][values["order"].index("local") + 1] == "global"
    assert values["p_fields"].keys() >= {"runqhead", "runqtail", "runq"}
