"""The benchmark itself: that it reads what it says it reads. How fast, no test decides."""

from __future__ import annotations

import pytest

from schedlab.course import bench_schedtrace
from schedlab.errors import UsageError


def test_rows() -> None:
    rows = bench_schedtrace.run(size_mb=1)
    assert len({row.name for row in rows}) == 4
    plain, mixed, _, detail = rows
    assert (plain.size_mb, detail.size_mb) == (1, 0.1)
    assert plain.sched_lines_per_s > 0.99 * plain.lines_per_s
    assert 0.88 < mixed.sched_lines_per_s / mixed.lines_per_s < 0.92
    assert 0.01 < detail.sched_lines_per_s / detail.lines_per_s < 0.02
    assert all(0 < row.peak_mb < 40 for row in rows)


def test_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench_schedtrace.main(["--size-mb", "1"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert len(out) == 5
    assert out[0].split() == ["case", "MB", "lines/s", "SCHED", "lines/s", "MB/s", "peak", "MB"]


def test_no_size() -> None:
    with pytest.raises(UsageError, match="a benchmark of 0 MB"):
        bench_schedtrace.run(size_mb=0)
