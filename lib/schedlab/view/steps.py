"""Samples in time: from instants to the stretches that a picture can show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from schedlab.capture.schedtrace import SchedTrace
from schedlab.view.style import GRID, INK
from schedlab.view.wording import trimmed

_PIXELS_PER_STEP: Final = 2  # narrower, and a renderer may skip the very step that has the peak

Merge = Literal["largest", "mean"]


@dataclass(frozen=True, slots=True)
class Steps:
    """Stretches of time, each beginning at a sample and lasting until the next.

    ``edges_ms``: float64[n_steps + 1]. ``order``: int64[n], the table's rows by time. ``starts``:
    int64[n_steps], where in ``order`` a step begins. ``widest``: most samples in one step.
    """

    edges_ms: NDArray[np.float64]
    order: NDArray[np.int64]
    starts: NDArray[np.int64]
    widest: int

    def largest(self, column: NDArray[np.int64]) -> NDArray[np.int64]:
        """The largest value of each step: int64[n_steps, ...]."""
        merged: NDArray[np.int64] = np.maximum.reduceat(column[self.order], self.starts, axis=0)
        return merged

    def mean(self, column: NDArray[np.int64]) -> NDArray[np.float64]:
        """The mean of each step: float64[n_steps, ...]."""
        sums = np.add.reduceat(column[self.order].astype(np.float64), self.starts, axis=0)
        means: NDArray[np.float64] = sums / np.diff(np.append(self.starts, len(self.order)))
        return means

    def note(self, merge: Merge) -> str:
        """What a step stands for, if it is more than one sample: goes behind the time axis' label."""
        return "" if self.widest == 1 else f"; each step is the {merge} of up to {self.widest} samples"


def steps_of(trace: SchedTrace, ax: Axes) -> Steps:
    """The steps of a trace with at least one sample, as many as ``ax`` is wide enough for.

    The last sample lasts as long as the median one, since nobody knows how long it was true.
    """
    most = max(int(ax.get_window_extent().width / _PIXELS_PER_STEP), 1)
    order = np.argsort(trace.summaries.time_ms, kind="stable").astype(np.int64)
    time_ms = trace.summaries.time_ms[order].astype(np.float64)
    last = float(np.median(np.diff(time_ms))) if len(time_ms) > 1 else 0.0
    starts = np.unique(np.linspace(0, len(order), min(len(order), most), endpoint=False).astype(np.int64))
    edges = np.append(time_ms[starts], time_ms[-1] + max(last, 1.0))
    return Steps(edges, order, starts, int(np.diff(np.append(starts, len(order))).max()))


def held(values: NDArray[np.float64] | NDArray[np.int64]) -> NDArray[np.float64]:
    """Values for ``step="post"`` drawing over ``edges_ms``: the last one is held until the last edge."""
    return np.append(values, values[-1:]).astype(np.float64)


def time_axis(
    ax: Axes, first_ms: float, last_ms: float, note: str = "", *, clock: str = "the first schedtrace line"
) -> None:
    """A time axis from ``first_ms`` to ``last_ms``, in ms or, when it is long, in seconds."""
    in_seconds = last_ms >= 10_000
    ax.set_xlim(first_ms, max(last_ms, first_ms + 1))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda at, _: trimmed(at / 1000 if in_seconds else at, 6)))
    ax.set_xlabel(f"time since {clock} ({'s' if in_seconds else 'ms'}){note}", color=INK)
    ax.grid(axis="x", color=GRID, linewidth=0.8)
    ax.set_axisbelow(True)
