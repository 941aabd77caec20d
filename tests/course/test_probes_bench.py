"""The benchmark of probes, tiny: that each build of each program is run. What it costs, no test decides."""

from __future__ import annotations

import pytest

from schedlab.course import bench_probes
from schedlab.errors import UsageError


def test_each_build_is_held_against_the_plain_one() -> None:
    rows = bench_probes.run(rounds=2, cases=["ping-pong, 1 P"], arguments=["-exchanges", "2000"])
    assert [row.build for row in rows] == ["plain", "counters", "ring"]
    assert rows[0].cpu_ratio == rows[0].wall_ratio == 1
    assert all(row.low <= row.cpu_ratio <= row.high for row in rows)
    assert all(row.cpu_ns > 0 and row.wall_ns > 0 for row in rows)


def test_the_goal_is_printed_beside_each_figure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = (
        bench_probes.BenchRow("one", "plain", 1e6, 1e6, 1.0, 1.0, 1.0, 1.0),
        bench_probes.BenchRow("one", "counters", 1e6, 1e6, 1.029, 1.0, 1.1, 1.0),
        bench_probes.BenchRow("other", "counters", 1e6, 1e6, 1.031, 1.0, 1.1, 1.0),
    )
    monkeypatch.setattr(bench_probes, "run", lambda **_: rows)
    assert bench_probes.main([]) == 0
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("goal")]
    assert said == [
        "goal: counters in one cost ≤ 3 % of CPU time: 2.9 %, met",
        "goal: counters in other cost ≤ 3 % of CPU time: 3.1 %, not met",
    ]


def test_nothing_to_measure_is_refused() -> None:
    with pytest.raises(UsageError, match="no case 'some'"):
        bench_probes.run(rounds=2, cases=["some"])
    with pytest.raises(UsageError, match="1 rounds make no median"):
        bench_probes.run(rounds=1)
