"""Pictures of a study: a metric over two axes with its confidence, and what is bought with what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from schedlab.tune.errors import GridInvalid, NothingMeasured
from schedlab.tune.grid import RUNTIME_AXES, Point
from schedlab.tune.metrics import Metric, metric
from schedlab.tune.study import Interval, Study
from schedlab.view import style

_DARK_FROM = 0.6


@style.explicit
def surface(study: Study, name: str = "throughput", *, title: str | None = None) -> Figure:
    """A cell per point: the metric's median, and half the width of its 95 % interval.

    Columns are the axis with the most values, rows all others. The frame is around the best point.

    Raises:
        GridInvalid: there is no such metric.
        NothingMeasured: no run has this number.
    """
    wanted = metric(name)
    points = study.plan.points
    across = _longest_axis(points)
    columns = _values(points, [across])
    others = [axis for axis in _axes(points) if axis != across]
    rows = _values(points, others) or [()]
    found = _intervals(study, name)
    if not found:
        raise NothingMeasured(f"no run measured {name}")
    best = (max if wanted.more_is_better else min)(found, key=lambda point: found[point].median)
    ax = style.new_figure(2.2 + 1.15 * len(columns), 1.6 + 0.55 * len(rows)).add_subplot()
    medians = [one.median for one in found.values()]
    low, high = min(medians), max(medians)
    for point, interval in found.items():
        row, column = rows.index(_of(point, others)), columns.index(_of(point, [across]))
        depth = (interval.median - low) / (high - low) if high > low else 0.5
        colour = colormaps[style.AMOUNTS](0.85 * depth)
        ax.add_patch(Rectangle((column, row), 1, 1, facecolor=colour, edgecolor=style.BACKGROUND))
        half = (interval.high - interval.low) / 2
        said = f"{interval.median / wanted.scale:.3g}\n±{half / wanted.scale:.2g}"
        ink = style.BACKGROUND if depth > _DARK_FROM else style.INK
        ax.text(column + 0.5, row + 0.5, said, ha="center", va="center", fontsize=9, color=ink)
        if point == best and high > low:
            frame = Rectangle((column + 0.03, row + 0.04), 0.94, 0.92, fill=False)
            frame.set(edgecolor=style.VERMILION, linewidth=2.4, zorder=3)
            ax.add_patch(frame)
    _label(ax, across, columns, others, rows)
    ax.set_title("")
    sentences = [f"A table of {wanted.about} ({wanted.unit}), a cell for each of {len(found)} points."]
    if high > low:
        worst = (min if wanted.more_is_better else max)(found, key=lambda point: found[point].median)
        sentences += [
            f"Best: {best}, {wanted.shown(found[best].median)}.",
            f"Worst: {worst}, {wanted.shown(found[worst].median)}.",
        ]
    else:
        sentences.append(f"All: {wanted.shown(low)}.")
    return style.finish(ax, title or _message(wanted, found, best), sentences)


def _message(wanted: Metric, found: Mapping[Point, Interval], best: Point) -> str:
    """Names the best point, if there is one."""
    about, at_best = wanted.about[:1].upper() + wanted.about[1:], found[best]
    if all(one.median == at_best.median for one in found.values()):
        return f"{about} is {wanted.shown(at_best.median)} at each point"
    low, high = wanted.shown(at_best.low), wanted.shown(at_best.high)
    return f"{about} is best at {best}: {wanted.shown(at_best.median)} [{low}, {high}]"


@style.explicit
def front(study: Study, across: str = "rss", up: str = "throughput", *, title: str | None = None) -> Figure:
    """Every point by two metrics; those to which no other is better in both are joined and named.

    Raises:
        GridInvalid: there is no such metric.
        NothingMeasured: no run has both numbers.
    """
    first, second = metric(across), metric(up)
    horizontal, vertical = _intervals(study, across), _intervals(study, up)
    both = [point for point in horizontal if point in vertical]
    if not both:
        raise NothingMeasured(f"no run measured both {across} and {up}")
    best = [point for point in study.pareto((across, up)) if point in both]
    best.sort(key=lambda point: horizontal[point].median)
    ax = style.new_figure(8, 4.5).add_subplot()
    for point in both:
        x, y = horizontal[point], vertical[point]
        colour = style.DARK_BLUE if point in best else style.GREY
        ax.errorbar(
            x.median / first.scale, y.median / second.scale,
            xerr=_spread(x, first.scale), yerr=_spread(y, second.scale),
            fmt="o" if point in best else "x", color=colour, ecolor=style.GRID, markersize=6,
        )  # fmt: skip
    ax.plot(
        [horizontal[p].median / first.scale for p in best],
        [vertical[p].median / second.scale for p in best],
        color=style.DARK_BLUE, linewidth=1.2,
    )  # fmt: skip
    for number, point in enumerate(best):
        at = (horizontal[point].median / first.scale, vertical[point].median / second.scale)
        place = (8, -12 if number % 2 else 6)
        ax.annotate(str(point), at, xytext=place, textcoords="offset points", fontsize=8, color=style.INK)
    ax.set_xlabel(f"{first.about} ({first.unit})")
    ax.set_ylabel(f"{second.about} ({second.unit})")
    ax.grid(color=style.GRID, linewidth=0.8)
    ax.set_axisbelow(True)
    message = f"{len(best)} of {len(both)} points are not beaten in both {across} and {up}"
    listed = "; ".join(
        f"{p}: {first.shown(horizontal[p].median)}, {second.shown(vertical[p].median)}" for p in best[:12]
    )
    return style.finish(ax, title or message, [f"{message}.", f"They are, by {across}: {listed}."])


def _intervals(study: Study, name: str) -> dict[Point, Interval]:
    found = {}
    for point in study.plan.points:
        try:
            found[point] = study.interval(point, name)
        except NothingMeasured:
            continue
    return found


def _axes(points: Sequence[Point]) -> list[str]:
    names = [*RUNTIME_AXES, *dict.fromkeys(name for point in points for name, _ in point.load)]
    varied = [name for name in names if len({point.as_row().get(name) for point in points}) > 1]
    if not varied and len(points) > 1:
        raise GridInvalid("all points of the study are the same")
    return varied or ["gomaxprocs"]


def _longest_axis(points: Sequence[Point]) -> str:
    return max(_axes(points), key=lambda name: len({point.as_row().get(name) for point in points}))


def _values(points: Sequence[Point], names: Sequence[str]) -> list[tuple[Any, ...]]:
    return list(dict.fromkeys(_of(point, names) for point in points))


def _of(point: Point, names: Sequence[str]) -> tuple[Any, ...]:
    row = point.as_row()
    return tuple(row.get(name, "default") for name in names)


def _spread(interval: Interval, scale: float) -> Any:
    below, above = interval.median - interval.low, interval.high - interval.median
    return np.array([[max(below, 0.0)], [max(above, 0.0)]]) / scale


def _label(
    ax: Any, across: str, columns: Sequence[tuple[Any, ...]], others: Sequence[str], rows: Sequence[Any]
) -> None:
    ax.set_xlim(0, len(columns))
    ax.set_ylim(len(rows), 0)
    ax.set_xticks(np.arange(len(columns)) + 0.5, [str(value[0]) for value in columns])
    names = [", ".join(f"{n}={v}" for n, v in zip(others, row, strict=True)) for row in rows]
    ax.set_yticks(np.arange(len(rows)) + 0.5, names)
    ax.tick_params(length=0)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.set_xlabel(across)
