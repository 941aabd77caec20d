"""Section 4.1: every verdict that its rules can give, from made-up values; one experiment for real."""

from __future__ import annotations

from typing import Any

import pytest

from schedlab.claims import Rig, Verdict
from schedlab.claims.sections import section_4_1 as section

HOLDS, FALSE, IMPRECISE = Verdict.HOLDS, Verdict.DOES_NOT_HOLD, Verdict.IMPRECISE

FETCHED: dict[str, Any] = {
    "status_together": 7,
    "files_together": [],
    "status_alone": 0,
    "file": "trace__1796067706.pb.gz",
    "begins": "go 1.26 trace",
    "gzipped": False,
    "protobuf": False,
    "trace_s": 30.0,
    "waits_plain": 500,
    "waits_fraction": 500,
    "gctrace_lines": 9,
    "requests": 100,
    "route_in_trace": False,
    "collections": 9,
    "counted_by": "trace.seqGC",
}
WEB: dict[str, Any] = {
    "status_printed": 2,
    "said_printed": "no profile",
    "flame": True,
    "by_label": {"auth": True, "orders": True},
    "one": 6,
    "merged": 14,
    "difference": 2,
}


@pytest.mark.parametrize(
    ("rule", "values", "verdict"),
    [
        (section._no_tracing_by_gctrace, {}, FALSE),
        (section._no_tracing_by_gctrace, {"gctrace_lines": 0}, FALSE),
        (section._no_tracing_by_gctrace, {"begins": "Could not enable tracing"}, HOLDS),
        (section._leaves_a_trace, {}, IMPRECISE),
        (section._leaves_a_trace, {"status_together": 0, "files_together": ["trace_a"]}, HOLDS),
        (section._leaves_a_trace, {"status_alone": 7}, FALSE),
        (section._gzipped_protobuf, {}, FALSE),
        (section._gzipped_protobuf, {"gzipped": True}, FALSE),
        (section._gzipped_protobuf, {"gzipped": True, "protobuf": True}, HOLDS),
        (section._gzipped, {}, FALSE),
        (section._gzipped, {"gzipped": True}, HOLDS),
        (section._sampled, {}, FALSE),
        (section._sampled, {"waits_fraction": 0}, HOLDS),
        (section._sampled, {"waits_fraction": 50}, IMPRECISE),
        (section._covers, {}, HOLDS),
        (section._covers, {"trace_s": 1.0}, FALSE),
        (section._three_labels, {}, IMPRECISE),
        (section._three_labels, {"file": "trace_host_1796067706.pb.gz"}, IMPRECISE),
        (section._three_labels, {"file": "trace_host_v1_1796067706.pb.gz"}, HOLDS),
        (section._three_labels, {"file": "trace__.pb.gz"}, FALSE),
        (section._by_route, {}, FALSE),
        (section._by_route, {"route_in_trace": True}, HOLDS),
        (section._cycle, {}, IMPRECISE),
        (section._cycle, {"counted_by": "work.cycles.Load()"}, HOLDS),
        (section._cycle, {"collections": 0}, FALSE),
    ],
)
def test_what_curl_wrote_decides(rule: Any, values: dict[str, Any], verdict: Verdict) -> None:
    assert rule(FETCHED | values).verdict is verdict


@pytest.mark.parametrize(
    ("rule", "values", "verdict"),
    [
        (section._shows_flames, {}, IMPRECISE),
        (section._shows_flames, {"status_printed": 0}, HOLDS),
        (section._shows_flames, {"flame": False}, FALSE),
        (section._cannot_aggregate, {}, FALSE),
        (section._cannot_aggregate, {"merged": 6}, IMPRECISE),
        (
            section._cannot_aggregate,
            {"merged": 6, "difference": 8, "by_label": {"auth": False, "orders": True}},
            HOLDS,
        ),
    ],
)
def test_what_pprof_does_decides(rule: Any, values: dict[str, Any], verdict: Verdict) -> None:
    assert rule(WEB | values).verdict is verdict


def test_figures_and_counts_decide() -> None:
    same = {"percent": 0.002, "computed": 0.002, "printed": 0.002}
    assert section._same_share(same).verdict is HOLDS
    assert section._same_share(same | {"percent": 5.0}).verdict is FALSE
    assert section._about_main({"go_run": 0, "alone": 0}).verdict is HOLDS
    assert section._about_main({"go_run": 7, "alone": 0}).verdict is FALSE


def test_go_run_under_gctrace_is_mostly_about_the_go_command() -> None:
    counted = section.gctraced(Rig.of()).values
    assert counted["go_run"] > counted["alone"]
