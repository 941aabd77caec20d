"""The benchmark of X-ray, tiny: that every way looks at the program. How quickly, no test decides."""

from __future__ import annotations

import sys

import pytest

from schedlab.course import bench_xray
from schedlab.course.bench_xray import CostRow, Goal, ReadRow
from schedlab.errors import UsageError

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X-ray is for Linux")


@linux
def test_every_way_looks_and_every_goal_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench_xray.main(["--goroutines", "20", "--pairs", "1", "--seconds", "0.05"]) == 0
    printed = capsys.readouterr().out
    rows = [line.split() for line in printed.splitlines()]
    reads = [row for row in rows if row[:1] in (["Ps"], ["Ps,"])]
    assert len(reads) == 6
    assert sum(line.startswith("goal: ") for line in printed.splitlines()) == 3
    assert printed.count("computes on all CPUs") == 2


@linux
def test_looks_are_counted_and_work_is_done() -> None:
    reads, costs = bench_xray.run(goroutines=20, hz=200, pairs=1, seconds=0.1)
    assert all(read.median_us > 0 and read.cpu_us > 0 for read in reads)
    assert all(0 <= read.torn <= 1 for read in reads)
    # A process that stands still cannot be torn.
    assert reads[-1].torn == 0
    assert len(costs) == 7
    assert all(cost.looks_per_s > 0 for cost in costs), costs
    assert all(cost.cpu > -100 for cost in costs)
    # The goal is for a thousand looks a second, not for these.
    assert not any("slowdown" in goal.what for goal in bench_xray.goals(reads, costs, 20))


def test_goals_are_met_or_not() -> None:
    reads = (
        ReadRow("Ps and Ms, one try", 31.0, 30.0, 32_000, 0),
        ReadRow("Ps and Ms, sampled as often as can be", 20.0, 20.0, 6000, 0),
        ReadRow("Ps, Ms and Gs", 3900.0, 3000.0, 256, 0),
    )
    costs = (CostRow("X-ray of Ps and Ms", "computes", 1000, 990, 0.5, 0.1),)
    found = bench_xray.goals(reads, costs, 10_000)
    assert [goal.met for goal in found] == [False, True, True, True]
    assert not Goal("rate", 4999, 5000, "/s", at_least=True).met


@pytest.mark.parametrize("given", [{"goroutines": 0}, {"pairs": 0}, {"seconds": 0.0}, {"hz": 0.0}])
def test_nothing_to_measure_is_refused(given: dict[str, float]) -> None:
    asked = {"goroutines": 1, "hz": 100.0, "pairs": 1, "seconds": 0.1, **given}
    with pytest.raises(UsageError, match="no such benchmark"):
        bench_xray.run(**asked)  # type: ignore[arg-type]
