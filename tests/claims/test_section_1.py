"""Section 1: every verdict that a rule can give, from made-up values; some measurements of the real thing."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from schedlab import claims
from schedlab.claims import Decision, NotMeasurableHere, Rig, Verdict
from schedlab.claims.sections import section_1, section_1_gomaxprocs, section_1_profile
from schedlab.claims.sections._spans import most_at_once

HOLDS, NOT, IMPRECISE, UNKNOWN = (
    Verdict.HOLDS,
    Verdict.DOES_NOT_HOLD,
    Verdict.IMPRECISE,
    Verdict.NOT_MEASURABLE_HERE,
)

# The values that matter to each rule, and the verdict that they must give.
CASES: list[tuple[str, dict[str, Any], Verdict]] = [
    ("C1.1a", {"structs": ["g", "m", "p"]}, HOLDS),
    ("C1.1a", {"structs": ["g", "m"]}, NOT),
    ("C1.1e", {"ms": 103, "threads": 104}, HOLDS),
    ("C1.1e", {"ms": 3, "threads": 104}, NOT),
    ("C1.1e", {"ms": 0, "threads": 0}, UNKNOWN),
    ("C1.1b", {"ps": 8, "asked": 8, "cpus": 2, "fields": ["runq"]}, HOLDS),
    ("C1.1b", {"ps": 2, "asked": 8, "cpus": 2, "fields": ["runq"]}, NOT),
    ("C1.1b", {"ps": 8, "asked": 8, "cpus": 2, "fields": []}, NOT),
    ("C1.1c", {"with_g": 100, "of_these_with_p": 99}, HOLDS),
    ("C1.1c", {"with_g": 100, "of_these_with_p": 40}, NOT),
    ("C1.1c", {"with_g": 2, "of_these_with_p": 2}, UNKNOWN),
    ("C1.1d", {"snapshots": 20, "close": 19, "runnext": False}, HOLDS),
    ("C1.1d", {"snapshots": 20, "close": 19, "runnext": True}, IMPRECISE),
    ("C1.1d", {"snapshots": 20, "close": 5, "runnext": True}, NOT),
    ("C1.1d", {"snapshots": 2, "close": 2, "runnext": True}, UNKNOWN),
    ("C1.2e", {"P escape": 1, "handoff": 9, "retake": 9}, HOLDS),
    ("C1.2e", {"P escape": 0, "handoff": 9, "retake": 9}, NOT),
    ("C1.2a", {"syscall": 99, "network": 100}, HOLDS),
    ("C1.2a", {"syscall": 99, "network": 1}, IMPRECISE),
    ("C1.2a", {"syscall": 1, "network": 1}, NOT),
    ("C1.2b", {"entersyscall_hands_off": True, "threads": 5, "goroutines": 100}, HOLDS),
    ("C1.2b", {"entersyscall_hands_off": False, "threads": 90, "goroutines": 100}, HOLDS),
    (
        "C1.2b",
        {"entersyscall_hands_off": False, "retake_hands_off": True, "threads": 5, "goroutines": 100},
        NOT,
    ),
    ("C1.2c", {"lost": 10, "lost_with_empty_queues": 10, "in_call": 12}, IMPRECISE),
    ("C1.2c", {"lost": 0, "lost_with_empty_queues": 0, "in_call": 30}, HOLDS),
    ("C1.2c", {"lost": 2, "lost_with_empty_queues": 2, "in_call": 3}, UNKNOWN),
    ("C1.2d", {"syscall": 3}, HOLDS),
    (
        "C1.2d",
        {"syscall": 99, "takes_an_idle_m": True, "wakes_it": True, "starts_a_new_m": True},
        IMPRECISE,
    ),
    ("C1.2d", {"syscall": 99, "takes_an_idle_m": False, "wakes_it": True, "starts_a_new_m": True}, NOT),
    ("C1.3a", {"median_ms": 1003, "lines": ["a", "b"]}, HOLDS),
    ("C1.3a", {"median_ms": 250, "lines": ["a", "b"]}, NOT),
    ("C1.3a", {"median_ms": None, "lines": []}, NOT),
    ("C1.3c", {"schedtrace_names_ms": True}, HOLDS),
    ("C1.3c", {"schedtrace_names_ms": False, "threads_from": 3, "threads_to": 103, "lost": 9}, IMPRECISE),
    ("C1.3c", {"schedtrace_names_ms": False, "threads_from": 3, "threads_to": 4, "lost": 9}, NOT),
    ("C1.3d", {"exit_status": 0, "lines": ["a"]}, HOLDS),
    ("C1.3d", {"exit_status": 1, "lines": []}, NOT),
    ("C1.3b", {"lines": ["a"], "added": [], "gone": []}, HOLDS),
    ("C1.3b", {"lines": ["a"], "added": ["b"], "gone": []}, IMPRECISE),
    ("C1.3b", {"lines": ["a"], "added": ["b"], "gone": ["c"]}, NOT),
    ("C1.3b", {"lines": [], "added": [], "gone": ["c"]}, NOT),
    ("C1.4a", {"profiles": ["goroutine", "heap", "profile", "trace"]}, HOLDS),
    ("C1.4a", {"profiles": ["heap"]}, NOT),
    ("C1.4b", {"share": 0.9, "busy_ms": 4500}, HOLDS),
    ("C1.4b", {"share": 0.01, "busy_ms": 50}, IMPRECISE),
    ("C1.4g", {"ran": 5000, "slept": 4990}, HOLDS),
    ("C1.4g", {"ran": 5000, "slept": 3}, NOT),
    ("C1.4g", {"ran": 5, "slept": 5}, UNKNOWN),
    ("C1.4c", {"status": 200}, HOLDS),
    ("C1.4c", {"status": 404, "profiles": ["heap"]}, NOT),
    ("C1.4c", {"status": None}, UNKNOWN),
    ("C1.4h", {"command_status": 0, "command_said": ""}, HOLDS),
    ("C1.4h", {"command_status": 2, "command_said": "404 Not Found"}, NOT),
    ("C1.4h", {"command_status": 2, "command_said": ""}, UNKNOWN),
    ("C1.4d", {"path": {"a": ["findrunnable"], "b": ["runqget"]}, "frames": ["runtime.schedule"]}, HOLDS),
    ("C1.4d", {"path": {"a": ["findRunnable"], "b": ["runqget"]}, "frames": ["runtime.schedule"]}, IMPRECISE),
    ("C1.4d", {"path": {"a": ["findRunnable"], "b": []}, "frames": ["runtime.schedule"]}, NOT),
    ("C1.4e", {"lone": 0.02, "lone_global_queue": 0.0}, HOLDS),
    ("C1.4e", {"lone": 0.5, "lone_global_queue": 0.0}, IMPRECISE),
    ("C1.4e", {"lone": 0.5, "lone_global_queue": 0.9}, UNKNOWN),
    ("C1.4f", {"lone": 0.1, "contended": 0.5}, HOLDS),
    ("C1.4f", {"lone": 0.5, "contended": 0.01}, NOT),
    ("C1.4f", {"lone": 0.3, "contended": 0.3}, UNKNOWN),
    ("C1.5a", {"cpus": 2, "one": 1}, HOLDS),
    ("C1.5a", {"cpus": 2, "one": 2}, NOT),
    ("C1.5a", {"cpus": 1, "one": 1}, UNKNOWN),
    ("C1.5b", {"asked": 8, "many": 8}, HOLDS),
    ("C1.5b", {"asked": 8, "many": 2}, NOT),
    ("C1.5f", {"one": 1, "fitting": 2}, HOLDS),
    ("C1.5f", {"one": 2, "fitting": 2}, NOT),
    ("C1.5g", {"cost": 1.0}, HOLDS),
    ("C1.5g", {"cost": 0.5}, NOT),
    ("C1.5h", {"cores": 2, "fitting": 2, "many": 8, "rate": 50.0}, HOLDS),
    ("C1.5h", {"cores": 2, "fitting": 2, "many": 2, "rate": 50.0}, NOT),
    ("C1.5h", {"cores": 2, "fitting": 2, "many": 8, "rate": 1.0}, NOT),
    ("C1.5h", {"cores": 2, "fitting": 2, "many": 8, "rate": 5.0}, UNKNOWN),
    ("C1.5h", {"cores": 2, "fitting": 3, "many": 8, "rate": 50.0}, UNKNOWN),
    ("C1.5e", {"parked": 3.0, "in_calls": 3.0}, HOLDS),
    ("C1.5e", {"parked": 1.0, "in_calls": 3.0}, IMPRECISE),
    ("C1.5e", {"parked": 1.0, "in_calls": 1.0}, NOT),
    ("C1.5c", {"cpus": 2, "unset": 2, "bound": 2}, HOLDS),
    ("C1.5c", {"cpus": 2, "unset": 2, "bound": 1}, IMPRECISE),
    ("C1.5c", {"cpus": 4, "unset": 4, "bound": 3}, NOT),
    ("C1.5c", {"cpus": 4, "unset": 1, "bound": None}, NOT),
    ("C1.5c", {"cpus": 1, "unset": 1, "bound": 1}, UNKNOWN),
    ("C1.5d", {"within": 8, "cpus": 8, "reads_quota": False, "least": 1}, HOLDS),
    ("C1.5d", {"within": 2, "cpus": 8, "reads_quota": True, "least": 2}, NOT),
    ("C1.5d", {"within": None, "cpus": 2, "reads_quota": True, "least": 2}, NOT),
    ("C1.5d", {"within": None, "cpus": 2, "reads_quota": False, "least": 1}, HOLDS),
    ("C1.5i", {"host": 0.5, "one": 0.01}, HOLDS),
    ("C1.5i", {"host": 0.01, "one": 0.0}, NOT),
    ("C1.5i", {"host": 0.5, "one": 0.4}, UNKNOWN),
    ("C1.6", {"computing": 1.0, "waiting": 1.1}, HOLDS),
    ("C1.6", {"computing": 1.0, "waiting": 15.0}, IMPRECISE),
    ("C1.6", {"computing": 4.0, "waiting": 15.0}, NOT),
]


def decided(name: str, values: dict[str, Any]) -> Decision:
    return claims.entries()[name].decide(values)


@pytest.mark.parametrize(("name", "values", "verdict"), CASES)
def test_a_rule_gives_each_verdict_that_makes_sense(
    name: str, values: dict[str, Any], verdict: Verdict
) -> None:
    assert decided(name, values).verdict is verdict


def test_every_claim_of_the_section_can_be_judged_both_ways() -> None:
    ids = {claim.id for claim in claims.choose(["1"])} - {"C1.0"}
    verdicts = {name: {v for n, _, v in CASES if n == name} for name in ids}
    assert all(HOLDS in found and found & {NOT, IMPRECISE} for found in verdicts.values())


def test_what_takes_a_survey_is_not_measured() -> None:
    with pytest.raises(NotMeasurableHere, match="survey"):
        section_1.developers(Rig.of())


def test_the_sources_are_read() -> None:
    rig = Rig.of()
    assert section_1.structs(rig).values["structs"] == ["g", "m", "p"]
    assert section_1.names(rig).values["handoff"] > 0
    assert "reads_quota" in section_1_gomaxprocs.default_in_container(rig).values


def test_ps_are_counted_on_a_real_program() -> None:
    values = section_1_gomaxprocs.asked(Rig.of()).values
    assert (values["one"], values["many"]) == (1, values["asked"])


def test_the_articles_goroutines_come_and_go() -> None:
    measured = section_1_profile.one_burst(Rig.of())
    assert measured.values["busy_ms"] > 0
    assert f"{measured.values['busy_ms']:.0f} ms" in measured.said


def test_a_port_that_is_taken_is_left_to_whoever_has_it() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        assert section_1_profile._free_port(taken) != taken


def test_spans_that_touch_do_not_overlap() -> None:
    assert most_at_once([0, 10, 20], [10, 10, 10]) == 1
    assert most_at_once([0, 5, 6], [10, 10, 10]) == 3
    assert most_at_once([], []) == 0


def test_rounds_that_were_disturbed_do_not_count() -> None:
    results = iter([None, 1, None, 2, 3])
    assert section_1_gomaxprocs._undisturbed(lambda: next(results), wanted=3, tries=5) == [1, 2, 3]
    tried = []

    def never() -> None:
        tried.append(1)

    with pytest.raises(NotMeasurableHere):
        section_1_gomaxprocs._undisturbed(never, wanted=3, tries=5)
    assert len(tried) == 3, "it gives up as soon as it cannot succeed any more"
