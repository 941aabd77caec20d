"""One measurement for each of several variants, with every repeat in sight."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from schedlab.errors import UsageError
from schedlab.view import style
from schedlab.view.wording import count, trimmed, visible

_NAME_LENGTH: Final = 36
_MOST_IN_WORDS: Final = 12


@style.explicit
def compare(
    values: Mapping[str, Sequence[float]],
    *,
    unit: str,
    title: str | None = None,
    baseline: str | None = None,
    ax: Axes | None = None,
) -> Figure:
    """A row per variant, in the mapping's order: a dot per repeat, a bar to the median, the median's value.

    What was measured once is shown as a value, not as a median.

    ``unit`` labels the axis ("threads", "ms per request"). With ``baseline`` (one of the variants) each
    median is also given as a multiple of that variant's.

    Raises:
        UsageError: a value is not a finite number, or ``baseline`` is no variant with repeats.
    """
    _check(values, baseline)
    ax = style.axes_for(ax, 9, 1.3 + 0.5 * max(len(values), 2))
    medians = {name: median(repeats) for name, repeats in values.items() if len(repeats)}
    if not medians:
        return style.no_samples(ax, "Comparison", title)
    _draw(ax, values, medians)
    _label(ax, values, medians, baseline)
    ax.set_xlabel(visible(unit, 60), color=style.INK, parse_math=False)
    _frame(ax, values)
    message = title or _message(medians, unit, baseline)
    return style.finish(ax, message, _sentences(values, medians, unit, baseline))


def _check(values: Mapping[str, Sequence[float]], baseline: str | None) -> None:
    for name, repeats in values.items():
        for value in repeats:
            if not math.isfinite(value):
                raise UsageError(f"variant {name!r} has the value {value}, which cannot be drawn")
    if baseline is not None and not len(values.get(baseline, ())):
        raise UsageError(
            f"the baseline {baseline!r} is no variant with repeats",
            remedy=f"The variants are: {', '.join(map(repr, values))}.",
        )


def _draw(ax: Axes, values: Mapping[str, Sequence[float]], medians: Mapping[str, float]) -> None:
    for row, (name, repeats) in enumerate(values.items()):
        if name in medians:
            ax.barh(
                row, medians[name], height=0.62, color=style.GREY, edgecolor=style.FAINT_INK, linewidth=0.8
            )
            ax.plot([medians[name]] * 2, [row - 0.31, row + 0.31], color=style.INK, linewidth=2.4, zorder=3)
            ax.scatter(
                repeats, row + _spread(len(repeats)), s=24, color=style.DARK_BLUE, zorder=4,
                edgecolors=style.BACKGROUND, linewidths=0.7,
            )  # fmt: skip


def _spread(repeats: int) -> NDArray[np.float64]:
    """Heights that keep equal repeats apart, the same on every run."""
    lanes = min(repeats, 5)
    lane = np.arange(repeats, dtype=np.float64) % lanes
    heights: NDArray[np.float64] = (lane - (lanes - 1) / 2) * 0.09
    return heights


def _label(
    ax: Axes, values: Mapping[str, Sequence[float]], medians: Mapping[str, float], baseline: str | None
) -> None:
    """The medians in figures, each right of everything that is drawn in its row."""
    if baseline is not None:
        ax.axvline(medians[baseline], color=style.VERMILION, linewidth=1.2, linestyle=(0, (4, 2)), zorder=2)
    for row, (name, repeats) in enumerate(values.items()):
        if name in medians:
            text, place = trimmed(medians[name], 3), max(0.0, *map(float, repeats))
            text = ("median " if len(repeats) > 1 else "") + text + _multiple(medians, name, baseline)
        else:
            text, place = "no samples", 0.0
        ax.annotate(
            text, (place, row), xytext=(9, 0), textcoords="offset points", va="center", color=style.INK,
            fontsize=9, parse_math=False, zorder=5,
            bbox={"facecolor": style.BACKGROUND, "edgecolor": "none", "pad": 1.5},
        )  # fmt: skip


def _multiple(medians: Mapping[str, float], name: str, baseline: str | None) -> str:
    if baseline is None or medians[baseline] == 0:
        return ""
    if name == baseline:
        return " (baseline)"
    return f" (×{trimmed(medians[name] / medians[baseline], 2)})"


def _frame(ax: Axes, values: Mapping[str, Sequence[float]]) -> None:
    least = min((float(v) for repeats in values.values() for v in repeats), default=0.0)
    most = max((float(v) for repeats in values.values() for v in repeats), default=0.0)
    width = max(most, 0.0) - min(least, 0.0) or 1.0
    ax.set_xlim(min(least - 0.03 * width, 0.0) if least < 0 else 0.0, max(most, 0.0) + 0.27 * width)
    ax.set_ylim(len(values) - 0.4, -0.6)
    names = [visible(name, _NAME_LENGTH) for name in values]
    ax.set_yticks(range(len(values)), names, color=style.INK, parse_math=False)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x", color=style.GRID, linewidth=0.8)
    ax.set_axisbelow(True)


def _message(medians: Mapping[str, float], unit: str, baseline: str | None) -> str:
    most = max(medians, key=lambda name: medians[name])
    least = min(medians, key=lambda name: medians[name])
    if medians[most] == medians[least]:
        if len(medians) == 1:
            return f"{most}: {_measured(medians[most], unit)}"
        return f"All variants have the same median: {_measured(medians[most], unit)}"
    other = baseline if baseline is not None and baseline != most else least
    said = f"{most} has the highest median: {_measured(medians[most], unit)}"
    if medians[other] > 0:
        return f"{said}, {trimmed(medians[most] / medians[other], 2)} times that of {other}"
    return f"{said}; {other} has {_measured(medians[other], unit)}"


def _sentences(
    values: Mapping[str, Sequence[float]], medians: Mapping[str, float], unit: str, baseline: str | None
) -> list[str]:
    variants, measured = count(len(values), "variant"), visible(unit, 60)
    if max(map(len, values.values())) > 1:
        said = [f"Bars of the median of {variants}, in {measured}, a dot per repeat."]
    else:
        said = [f"Bars of {variants}, in {measured}."]
    for name, repeats in list(values.items())[:_MOST_IN_WORDS]:
        shown = visible(name, _NAME_LENGTH)
        if name not in medians:
            said.append(f"{shown}: no samples.")
            continue
        found = f"{shown}: {trimmed(medians[name], 3)}{_multiple(medians, name, baseline)}"
        if len(repeats) > 1:
            spread = f"from {trimmed(min(repeats), 3)} to {trimmed(max(repeats), 3)}"
            found += f", {count(len(repeats), 'repeat')} {spread}"
        said.append(f"{found}.")
    if len(values) > _MOST_IN_WORDS:
        said.append(f"And {count(len(values) - _MOST_IN_WORDS, 'more variant')}.")
    return said


def _measured(value: float, unit: str) -> str:
    return f"{trimmed(value, 3)} {visible(unit, 60)}"
