"""The benchmark of the views, tiny: that it measures what it says it measures. How fast, no test decides."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from schedlab.course import bench_views, views_bokeh, views_lab
from schedlab.errors import UsageError
from schedlab.places import repository_root
from schedlab.timeline import Timeline

SCRIPT = repository_root() / "lib" / "schedlab" / "view" / "static" / "timeline.js"
KINDS = {"open", "zoom", "pan"}


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bench_views.made(tmp_path_factory.mktemp("bench") / "trace", 3000)


@pytest.fixture(scope="module")
def timeline(trace: Path) -> Timeline:
    return Timeline.load(trace)


def test_rows_of_both_renderers_and_of_the_browser_alone(timeline: Timeline, tmp_path: Path) -> None:
    rows = bench_views.run(timeline, rounds=1, inputs=2, folder=tmp_path)
    assert [row.way for row in rows] == ["webgl", "canvas", "rectangle"]
    for row in rows[:2]:
        assert row.spans > 1000
        assert row.page_mb * 1e6 > SCRIPT.stat().st_size
    for row in rows:
        assert {*KINDS, "keys"} <= set(row.times)
        assert all(0 < least <= median <= most for median, least, most in row.times.values() if median)
        assert all(row.free[kind][0] > row.times[kind][0] for kind in KINDS), "free is after the frame"
    lines = bench_views.table(rows, [1000.0])
    assert not any("!" in line for line in lines if line.startswith("page, MB"))
    slow = replace(rows[0], page_mb=7.0, times=rows[0].times | {"zoom": (34.0, 30.0, 101.0)})
    quick = dict.fromkeys(rows[2].times, (1.0, 1.0, 1.0))
    floor = replace(rows[2], times=quick | {"zoom": (47.0, 30.0, 50.0)})
    marked = bench_views.table([slow, rows[1], floor], [1501.0])
    assert "the browser alone takes longer than the goal: zoom, ms: median" in marked
    for name, cell in (("page, MB", "7.0!"), ("zoom, ms: median", "34.0!"), ("zoom, ms: worst", "101.0!")):
        (line,) = [line for line in marked if line.startswith(name)]
        assert cell in line
    assert "1501!" in next(line for line in marked if line.startswith("run to frame"))


def test_without_bokeh_the_remedy_is_named(
    timeline: Timeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "bokeh.plotting", None)
    with pytest.raises(views_bokeh.NoBokeh, match=r"not installed[\s\S]*--group bench"):
        views_bokeh.page(timeline, tmp_path / "a.html", "canvas")


@pytest.mark.skipif(
    find_spec("bokeh") is None, reason="Bokeh is not installed: ./course bench views installs it"
)
def test_bokeh_with_the_same_spans(timeline: Timeline, tmp_path: Path) -> None:
    rows = bench_views.run(timeline, rounds=1, inputs=1, bokeh=True, folder=tmp_path)
    assert [row.way for row in rows[3:]] == ["bokeh webgl", "bokeh canvas"]
    for row in rows[3:]:
        assert set(row.times) == KINDS
    ratios = [line for line in bench_views.table(rows) if line.startswith("bokeh ")]
    assert len(ratios) == 2
    assert all(f"{kind} " in line for kind in KINDS for line in ratios)


def test_from_running_a_cell_to_its_first_frame(trace: Path, tmp_path: Path) -> None:
    times = views_lab.run_to_frame(trace, 2, tmp_path)
    assert len(times) == 2
    assert min(times) > 0


def test_nothing_to_measure_is_refused(timeline: Timeline, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="too little to measure"):
        bench_views.made(tmp_path / "trace", 10)
    with pytest.raises(UsageError, match="too little to measure"):
        bench_views.run(timeline, rounds=0, inputs=1, folder=tmp_path)
