"""Run queues over time: who has work waiting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import AsinhNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from schedlab.capture.schedtrace import SchedTrace
from schedlab.view import style
from schedlab.view.steps import Steps, steps_of, time_axis
from schedlab.view.wording import count, milliseconds, ranges

_GAP: Final = 0.3  # between the global queue's row and P0's, in rows
_GLOBAL_TOP: Final = -1 - _GAP
_LINEAR_UP_TO: Final = 20


@style.explicit
def run_queues(trace: SchedTrace, *, ax: Axes | None = None, title: str | None = None) -> Figure:
    """A heat map: a row for the global run queue and one per P, a column per sample; darker is longer.

    Recorded: ``runqueue`` and the local queues of ``schedtrace`` (runtime/proc.go). Hatched: there was no
    such P at that time, or the line does not tell. Where samples are denser than pixels a column shows
    the longest queue of several, and the time axis says so.
    """
    peaks = _peaks(trace)
    rows = trace.summaries.max_p + 1
    ax = style.axes_for(ax, 9, min(max(1.7 + 0.26 * rows, 2.6), 9))
    if len(trace.summaries) == 0:
        return style.no_samples(ax, "Run queues", title)
    steps = steps_of(trace, ax)
    time_axis(ax, steps.edges_ms[0], steps.edges_ms[-1], steps.note("largest"))
    ax.grid(visible=False)
    _draw_cells(ax, trace, steps, peaks.longest)
    _label_rows(ax, trace.summaries.max_p)
    return style.finish(ax, title or peaks.message(), _sentences(trace, peaks))


@dataclass(frozen=True, slots=True)
class _Peaks:
    """The longest global and the longest local queue; -1 where none was recorded."""

    global_length: int
    global_at_ms: int
    local_length: int
    local_at_ms: int
    local_p: int

    @property
    def longest(self) -> int:
        return max(self.global_length, self.local_length, 0)

    def message(self) -> str:
        if self.longest == 0:
            return "No sample shows a goroutine waiting in a run queue"
        if self.global_length > self.local_length:
            at = milliseconds(self.global_at_ms)
            return f"The global queue is the longest: {count(self.global_length, 'goroutine')} at {at}"
        at = milliseconds(self.local_at_ms)
        return f"P{self.local_p} has the longest queue: {count(self.local_length, 'goroutine')} at {at}"


def _peaks(trace: SchedTrace) -> _Peaks:
    table = trace.summaries
    global_length = global_at = local_length = local_at = local_p = -1
    if len(table):
        row = int(np.argmax(table.runqueue))
        global_length, global_at = int(table.runqueue[row]), int(table.time_ms[row])
    if table.local_runq.size:
        row, local_p = (int(i) for i in np.unravel_index(np.argmax(table.local_runq), table.local_runq.shape))
        local_length, local_at = int(table.local_runq[row, local_p]), int(table.time_ms[row])
    return _Peaks(global_length, global_at, local_length, local_at, local_p)


def _draw_cells(ax: Axes, trace: SchedTrace, steps: Steps, longest: int) -> None:
    table = trace.summaries
    norm, ticks = _norm(longest)
    first, last = steps.edges_ms[0], steps.edges_ms[-1]
    rows = [(_GLOBAL_TOP, table.runqueue[:, np.newaxis])]
    if table.max_p:
        rows.append((0.0, table.local_runq))
    for top, lengths in rows:
        cells = steps.largest(lengths).T
        blank = Rectangle((first, top), last - first, len(cells), facecolor=style.BACKGROUND, hatch="////")
        blank.set(edgecolor=style.BLANK_HATCH, linewidth=0, zorder=0.5)
        ax.add_patch(blank)
        mesh = ax.pcolormesh(
            steps.edges_ms,
            top + np.arange(len(cells) + 1),
            np.ma.masked_less(cells, 0),
            cmap=colormaps[style.AMOUNTS],
            norm=norm,
            rasterized=True,
        )
    bar = ax.inset_axes((1.012, 0.0, 0.016, 1.0))
    style.figure_of(ax).colorbar(mesh, cax=bar, ticks=ticks, format="%d")
    bar.tick_params(which="minor", length=0)
    bar.set_ylabel("goroutines waiting", color=style.INK, fontsize=9)
    bar.tick_params(labelcolor=style.INK, color=style.FAINT_INK, labelsize=8)


def _norm(longest: int) -> tuple[Normalize, list[int]]:
    """Linear for short queues; for long ones logarithmic, except near 0: 1 still differs from it."""
    if longest <= _LINEAR_UP_TO:
        top = max(longest, 1)
        return Normalize(0, top), list(range(0, top + 1, 1 if top <= 5 else 2 if top <= 10 else 5))
    steps: NDArray[np.int64] = np.array([base * 10**power for power in range(10) for base in (1, 2, 5)])
    shown = [0, *(int(step) for step in steps if step <= longest)]
    thinned = shown if len(shown) <= 8 else [0, *(10**power for power in range(10) if 10**power <= longest)]
    return AsinhNorm(linear_width=1, vmin=0, vmax=longest), thinned


def _label_rows(ax: Axes, ps: int) -> None:
    every = 1 if ps <= 16 else 4 if ps <= 64 else 2 ** max((ps // 16).bit_length() - 1, 0)
    shown = range(0, ps, every)
    places = [_GLOBAL_TOP + 0.5, *(p + 0.5 for p in shown)]
    ax.set_yticks(places, ["global", *(f"P{p}" for p in shown)])
    ax.tick_params(axis="y", length=0, labelcolor=style.INK)
    ax.set_ylim(max(ps, 0), _GLOBAL_TOP)
    ax.set_ylabel("run queue", color=style.INK)
    ax.spines[["left", "bottom"]].set_visible(False)


def _sentences(trace: SchedTrace, peaks: _Peaks) -> list[str]:
    table = trace.summaries
    said = [f"Heat map of run queue lengths: {samples(trace)}, {gomaxprocs(trace)}."]
    if peaks.global_length > 0:
        said.append(
            f"The global queue peaks at {peaks.global_length:,} at {milliseconds(peaks.global_at_ms)}."
        )
    elif peaks.global_length == 0:
        said.append("The global queue is empty in every sample.")
    if peaks.local_length > 0:
        at = milliseconds(peaks.local_at_ms)
        said.append(f"The longest local queue is that of P{peaks.local_p}: {peaks.local_length:,} at {at}.")
    empty = np.flatnonzero((table.local_runq <= 0).all(axis=0) & (table.local_runq == 0).any(axis=0))
    if len(empty) and len(empty) == table.max_p:
        said.append("Every local queue is empty in every sample.")
    elif len(empty):
        said.append(f"Empty in every sample: {ranges(empty.tolist())}.")
    return said


def samples(trace: SchedTrace) -> str:
    """``21 samples from 0 ms to 2.1 s``."""
    times = trace.summaries.time_ms
    first, last = milliseconds(int(times.min())), milliseconds(int(times.max()))
    number = count(len(times), "sample")
    return f"{number} at {first}" if len(times) == 1 else f"{number} from {first} to {last}"


def gomaxprocs(trace: SchedTrace) -> str:
    """``GOMAXPROCS 4``, or ``GOMAXPROCS 2 to 8`` where it changed."""
    least, most = int(trace.summaries.gomaxprocs.min()), int(trace.summaries.gomaxprocs.max())
    return f"GOMAXPROCS {least}" if least == most else f"GOMAXPROCS {least} to {most}"
