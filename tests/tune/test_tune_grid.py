"""What a grid, a limit and a plan may be."""

from __future__ import annotations

import pytest

from schedlab.tune import METRICS, GridInvalid, Plan, Point, grid, limit
from schedlab.tune.grid import parse
from schedlab.tune.metrics import metric


def plan(points: tuple[Point, ...], **more: int) -> Plan:
    return Plan("service", "abc", "go1.27.3", (), points, **{"repeats": 3, **more})


def test_a_grid_is_every_combination_with_the_load() -> None:
    points = grid({"gomaxprocs": ["1", "2"], "gogc": [50, "off"]}, {"rate": [100, 200]})
    assert len(points) == len(set(points)) == 8
    assert points[0] == Point(1, 50, None, (("rate", "100"),))
    assert points[0].flags == ("-rate=100",)
    assert str(points[0]) == "gomaxprocs=1 gogc=50 rate=100"


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        ({"gomaxproc": [1]}, "gomaxproc"),
        ({"gomaxprocs": [0]}, "gomaxprocs"),
        ({"gomaxprocs": ["many"]}, "gomaxprocs"),
        ({"gogc": []}, "no value"),
        ({"gogc": [50, 50]}, "once"),
        ({"gomemlimit": ["64MB"]}, "gomemlimit"),
        ({"gomaxprocs": list(range(1, 102)), "gogc": list(range(100))}, "10100 points"),
    ],
)
def test_a_wrong_axis_is_refused_by_name(axes: dict[str, list[int | str]], said: str) -> None:
    with pytest.raises(GridInvalid, match=said):
        grid(axes)


def test_texts_of_the_command_line_are_read() -> None:
    assert parse(["gomaxprocs=1,2", "-rate=5"], "--grid") == {"gomaxprocs": ["1", "2"], "rate": ["5"]}
    for wrong in (["gomaxprocs"], ["=1"], ["a=1", "a=2"]):
        with pytest.raises(GridInvalid, match="name=value"):
            parse(wrong, "--grid")


@pytest.mark.parametrize(
    ("text", "value", "kept", "broken"),
    [
        ("p99<=5ms", 5e6, 4e6, 6e6),
        ("rss <= 64MiB", 64 * 2**20, 1e6, 1e9),
        ("gc_share<=10%", 0.1, 0.05, 0.2),
        ("throughput>=900", 900, 1000, 800),
    ],
)
def test_a_limit_is_kept_or_not(text: str, value: float, kept: float, broken: float) -> None:
    found = limit(text)
    assert found.value == pytest.approx(value)
    assert found.kept_by(kept)
    assert not found.kept_by(broken)
    assert not found.kept_by(float("nan")), "what was not measured keeps nothing"


@pytest.mark.parametrize("text", ["p99", "p99<5ms", "p99<=5 parsecs", "speed<=1", "p99<=..", ""])
def test_a_wrong_limit_is_refused(text: str) -> None:
    with pytest.raises(GridInvalid):
        limit(text)


def test_an_unknown_metric_is_refused_with_those_that_exist() -> None:
    with pytest.raises(GridInvalid, match="throughput"):
        metric("speed")


def test_values_are_shown_in_units_that_a_person_reads() -> None:
    assert METRICS["p99"].shown(8_670_000) == "8.67 ms"
    assert METRICS["p99"].shown(256) == "256 ns"
    assert METRICS["rss"].shown(64 << 20) == "64 MiB"
    assert METRICS["gc_share"].shown(0.0553) == "5.53%"
    assert METRICS["p99"].shown(float("nan")) == "-"


def test_each_block_has_every_point_once_in_an_order_of_its_own() -> None:
    points = grid({"gomaxprocs": list(range(1, 9))})
    tasks = plan(points).tasks()
    assert [task.place for task in tasks] == list(range(24))
    blocks = [[task.point for task in tasks if task.block == block] for block in range(3)]
    assert all(sorted(block) == list(range(8)) for block in blocks)
    assert len(set(map(tuple, blocks))) == 3
    assert tasks == plan(points).tasks()
    assert tasks != plan(points, seed=2).tasks()


def test_a_plan_survives_json() -> None:
    made = plan(grid({"gogc": [50, "off"]}, {"rate": [1]}))
    assert Plan.from_data(made.as_data()) == made
