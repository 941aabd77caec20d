"""When is a claim steady?"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from schedlab.claims import Claim, Verdict
from schedlab.course.claims_stability import Stability, one_cpu, unsteady

CLAIM = Claim("C0.1", "0", "prose", "x", "x")


def row(condition: str, errors: int = 0, **counts: int) -> Stability:
    verdicts = Counter({Verdict[name.upper()]: count for name, count in counts.items()})
    return Stability(CLAIM, condition, verdicts, errors)


def test_the_same_verdict_or_none_is_steady() -> None:
    assert row("quiet", holds=19, not_measurable_here=1).steady
    assert unsteady([row("quiet", holds=20), row("one CPU", not_measurable_here=20)]) == {}


def test_two_verdicts_are_not_steady_within_a_condition_nor_across() -> None:
    assert not row("quiet", holds=19, does_not_hold=1).steady
    assert "C0.1" in unsteady([row("quiet", holds=20), row("hog", imprecise=20)])
    assert "1x broken" in unsteady([row("quiet", errors=1, holds=20)])["C0.1"]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="CPU affinity is Linux's")
def test_one_cpu_is_taken_back() -> None:
    before = os.sched_getaffinity(0)
    with one_cpu():
        assert len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(0) == before
