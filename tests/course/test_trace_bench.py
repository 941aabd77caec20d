"""The benchmark of traces, tiny: that every way reads the same events. How fast, no test decides."""

from __future__ import annotations

import pytest

from schedlab.course import bench_trace
from schedlab.errors import UsageError


def test_every_way_reads_the_same_trace() -> None:
    found = bench_trace.run(events=5000, rounds=1, with_text=True)
    assert found.events > 2000
    assert found.rows[0].ratio == 1
    assert len(found.rows) == 5
    assert all(row.seconds > 0 for row in found.rows)
    assert len(found.goals()) == 4


def test_a_goal_is_held_against_its_limit() -> None:
    for measured, least, met in ((1, True, False), (2, True, True), (2, False, True), (3, False, False)):
        assert bench_trace.Goal("", 2, least, measured).met is met


def test_nothing_to_measure_is_refused() -> None:
    with pytest.raises(UsageError, match="no benchmark of 10 events"):
        bench_trace.run(events=10, rounds=1, with_text=False)
