"""Section 3.1: what the rules say of made-up values, and the runs that cannot come out otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from schedlab import process
from schedlab.claims import Decision, Rig, Verdict
from schedlab.claims.sections import section_3_1 as section

HOLDS, NOT, IMPRECISE = Verdict.HOLDS, Verdict.DOES_NOT_HOLD, Verdict.IMPRECISE
LINUX = process.machine().system == "Linux"

IDLE: dict[str, Any] = {
    "connections": 2000,
    "goroutines": 2001,
    "cpu_share": 0.01,
    "parked": 2000,
    "others": 100,
    "others_ended": 100,
    "threads_added": 1,
    "threads_before": 4,
    "gomaxprocs": 2,
    "printed": [127, "sh: pprof: not found"],
    "works": True,
}


def stalled(**changed: Mapping[str, int]) -> dict[str, Any]:
    run = {"returned": 50, "connections": 0, "others": 100, "others_ended": 100}
    run |= {"threads_added": 0, "goroutines_added": 0}
    values: dict[str, Any] = {name: dict(run) for name in ("leave", "complete", "deadline")}
    values["stall"] = run | {"returned": 0, "connections": 50, "goroutines_added": 50}
    for name, change in changed.items():
        values[name].update(change)
    return values | {"requests": 50, "stack": ["net.(*conn).Read", "io.copyBuffer", "io.Copy", "main.f"]}


CASES: list[tuple[Callable[[Any], Decision], Any, Verdict]] = [
    (section._netpoll_on_top, {"samples": 50, "netpoll": 30}, HOLDS),
    (section._netpoll_on_top, {"samples": 50, "netpoll": 15}, IMPRECISE),
    (section._netpoll_on_top, {"samples": 50, "netpoll": 2}, NOT),
    (section._stacks_pile_up, {"samples": 9, "wait_read": 9, "waiting": 0, "connections": 9}, HOLDS),
    (section._stacks_pile_up, {"samples": 9, "wait_read": 0, "waiting": 9, "connections": 9}, IMPRECISE),
    (section._stacks_pile_up, {"samples": 9, "wait_read": 0, "waiting": 0, "connections": 9}, NOT),
    (section._many_and_idle_is_starvation, IDLE, NOT),
    (section._many_and_idle_is_starvation, IDLE | {"others_ended": 3}, HOLDS),
    (section._parked_is_a_symptom, IDLE, NOT),
    (section._parked_is_a_symptom, IDLE | {"parked": 3}, NOT),
    (section._parked_is_a_symptom, IDLE | {"parked": 3, "printed": [0, "nothing"]}, HOLDS),
    (section._threads_are_the_sign, IDLE, NOT),
    (section._threads_are_the_sign, IDLE | {"threads_added": 1900}, HOLDS),
    (section._thread_keeps_its_p, {"snapshots": 10, "held": 9}, HOLDS),
    (section._thread_keeps_its_p, {"snapshots": 10, "held": 0}, NOT),
    (section._p_is_blocked, stalled(), NOT),
    (section._p_is_blocked, stalled(stall={"others_ended": 0}), HOLDS),
    (section._p_is_blocked, stalled(stall={"returned": 50}), NOT),
    (section._an_open_connection_blocks, stalled(), IMPRECISE),
    (section._an_open_connection_blocks, stalled(complete={"returned": 0}), HOLDS),
    (section._an_open_connection_blocks, stalled(stall={"returned": 50}), NOT),
    (section._no_fin_blocks, stalled(), IMPRECISE),
    (section._no_fin_blocks, stalled(complete={"returned": 0}), HOLDS),
    (section._no_fin_blocks, stalled(stall={"returned": 50}), NOT),
    (section._copy_reads, stalled(), HOLDS),
    (section._copy_reads, {"stack": ["io.Copy", "net.(*conn).Read"]}, NOT),
    (section._copy_reads, {"stack": []}, NOT),
    (section._timeout_is_the_cause, stalled(), IMPRECISE),
    (section._timeout_is_the_cause, stalled(stall={"others_ended": 0}), HOLDS),
    (section._timeout_is_the_cause, stalled(deadline={"returned": 0}), NOT),
    (section._handler_works, {"built": True, "printed": ["true", "0"]}, HOLDS),
    (section._handler_works, {"built": True, "printed": ["true", "10"]}, NOT),
    (section._handler_works, {"built": False, "printed": []}, NOT),
    (section._many_is_abnormal, {"goroutines": 25_000, "ratio": 0.9}, NOT),
    (section._many_is_abnormal, {"goroutines": 25_000, "ratio": 0.1}, HOLDS),
    (section._ps_are_cores, {"exists": True, "ps_metric": "x", "ps": 2, "cpus": 2}, HOLDS),
    (section._ps_are_cores, {"exists": False, "ps_metric": "x", "ps": 2, "cpus": 2}, IMPRECISE),
    (section._ps_are_cores, {"exists": False, "ps_metric": "x", "ps": 2, "cpus": 8}, NOT),
    (section._ps_fall_to_one, {"fewest": 1}, HOLDS),
    (section._ps_fall_to_one, {"fewest": 2}, NOT),
    (section._threads_are_ps, {"threads": {"1": 2, "4": 5}}, HOLDS),
    (section._threads_are_ps, {"threads": {"1": 5, "4": 8}}, IMPRECISE),
    (section._threads_are_ps, {"threads": {"1": 500, "4": 8}}, NOT),
]


@pytest.mark.parametrize(("decide", "values", "verdict"), CASES)
def test_each_rule_can_give_each_of_its_verdicts(
    decide: Callable[[Any], Decision], values: Any, verdict: Verdict
) -> None:
    assert decide(values).verdict is verdict


def test_names_become_those_of_prometheus() -> None:
    assert section._prometheus_name("/sched/gomaxprocs:threads") == "go_sched_gomaxprocs_threads"


@pytest.mark.skipif(not LINUX, reason="threads are counted in /proc")
def test_handlers_stall_until_a_deadline_and_starve_nobody() -> None:
    values = section.stalled(Rig.of()).values
    assert [values[name]["returned"] for name in ("stall", "leave", "complete", "deadline")] == [
        0,
        50,
        50,
        50,
    ]
    assert values["stall"]["others_ended"] == values["stall"]["others"]
    assert "io.Copy" in values["stack"]


@pytest.mark.skipif(not LINUX, reason="threads are counted in /proc")
def test_idle_connections_are_in_the_goroutine_profile_and_cost_no_threads() -> None:
    values = section.idle(Rig.of()).values
    assert values["wait_read"] == values["connections"] > 0
    assert values["threads_added"] <= 10
