"""The garbage collector's cycles and its stop-the-world pauses, as a strip in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from numpy.typing import NDArray

from schedlab.capture.gctrace import GcTrace
from schedlab.capture.schedtrace import SchedTrace
from schedlab.view import style
from schedlab.view.steps import steps_of, time_axis
from schedlab.view.wording import count, duration_ns, milliseconds, share

_ROW: Final = 0.72  # of a strip's height
_SHORTEST_MARK: Final = 0.12


@style.explicit
def gc_strip(
    gctrace: GcTrace, *, sched: SchedTrace | None = None, ax: Axes | None = None, title: str | None = None
) -> Figure:
    """A bar per GC cycle and below it a mark per stop-the-world pause, at the time of ``sched`` if given.

    Recorded: the start of each cycle (to 1 ms) and the wall times of its phases. Derived: where the second
    pause lies, which is their sum. A pause is far shorter than a pixel, so its mark tells its length by its
    height, relative to the longest.

    The two clocks start at different moments: gctrace counts from the start of the runtime
    (``runtimeInitTime``), schedtrace from its first line (``starttime``, runtime/proc.go). Measured with
    Go 1.27.3 they are 0.1 to 0.3 ms apart, less than what either trace shows.
    """
    ax = style.axes_for(ax, 9, 1.9)
    phases = _phases(gctrace)
    if len(phases.start_ms) == 0 and (sched is None or len(sched.summaries) == 0):
        return style.no_samples(ax, "GC cycles", title)
    first, last = _window(phases, sched, ax)
    clock = "the first schedtrace line" if sched is not None else "the program's start"
    time_axis(ax, first, last, clock=clock)
    _draw(ax, phases, last - first)
    return style.finish(ax, title or _message(phases), _sentences(phases))


@dataclass(frozen=True, slots=True)
class _Phases:
    """In ms: float64[n_cycles], and for the pauses float64[2 * n_cycles]."""

    start_ms: NDArray[np.float64]
    wall_ms: NDArray[np.float64]
    pause_at_ms: NDArray[np.float64]
    pause_ms: NDArray[np.float64]


def _phases(gctrace: GcTrace) -> _Phases:
    rows = [(c.start_ns, c.stw_sweep_term_ns, c.concurrent_ns, c.stw_mark_term_ns) for c in gctrace.cycles]
    start, first_pause, concurrent, second_pause = np.array(rows, dtype=np.float64).reshape(-1, 4).T / 1e6
    return _Phases(
        start_ms=start,
        wall_ms=first_pause + concurrent + second_pause,
        pause_at_ms=np.concatenate([start, start + first_pause + concurrent]),
        pause_ms=np.concatenate([first_pause, second_pause]),
    )


def _window(phases: _Phases, sched: SchedTrace | None, ax: Axes) -> tuple[float, float]:
    if sched is not None and len(sched.summaries):
        edges = steps_of(sched, ax).edges_ms
        return float(edges[0]), float(edges[-1])
    return 0.0, max(float((phases.start_ms + phases.wall_ms).max()) * 1.02, 1.0)


def _draw(ax: Axes, phases: _Phases, width: float) -> None:
    # A cycle narrower than a pixel would vanish: every bar is at least 1/800 of the strip.
    bars = list(zip(phases.start_ms, np.maximum(phases.wall_ms, width / 800), strict=True))
    ax.broken_barh(
        bars, (1 + (1 - _ROW) / 2, _ROW), facecolor=style.BLUE, edgecolor=style.DARK_BLUE, linewidth=0.5
    )
    longest = float(phases.pause_ms.max(initial=0.0)) or 1.0
    heights = np.maximum(phases.pause_ms / longest, _SHORTEST_MARK) * _ROW
    bottom = (1 - _ROW) / 2
    ax.vlines(phases.pause_at_ms, bottom, bottom + heights, color=style.VERMILION, linewidth=1.4)
    if phases.pause_ms.size:
        # Beside the strip, where the other strips have their legend.
        note = f"tallest mark:\n{duration_ns(longest * 1e6)}"
        ax.text(1.012, 0.25, note, transform=ax.transAxes, va="center", fontsize=9, color=style.INK)
    ax.set(ylim=(0, 2))
    ax.set_yticks([0.5, 1.5], ["STW pauses", "GC cycles"])
    ax.yaxis.set_minor_locator(NullLocator())
    ax.tick_params(axis="y", length=0, labelcolor=style.INK)
    ax.spines["left"].set_visible(False)


def _message(phases: _Phases) -> str:
    if len(phases.start_ms) == 0:
        return "No GC cycle in this window"
    total, longest = float(phases.pause_ms.sum()), float(phases.pause_ms.max())
    return (
        f"{count(len(phases.start_ms), 'GC cycle')} stop the world for {duration_ns(total * 1e6)} in all, "
        f"{duration_ns(longest * 1e6)} at most"
    )


def _sentences(phases: _Phases) -> list[str]:
    if len(phases.start_ms) == 0:
        return ["Strip of GC cycles: none in this window."]
    end = float((phases.start_ms + phases.wall_ms).max())
    at = milliseconds(round(float(phases.pause_at_ms[int(np.argmax(phases.pause_ms))])))
    return [
        f"Strip of {count(len(phases.start_ms), 'GC cycle')}, the first at "
        f"{milliseconds(round(float(phases.start_ms.min())))}, the last at "
        f"{milliseconds(round(float(phases.start_ms.max())))}.",
        f"Cycles take {duration_ns(float(phases.wall_ms.sum()) * 1e6)} in all, "
        f"{share(float(phases.wall_ms.sum()), end)} of the time until the last one ends.",
        f"The world is stopped for {duration_ns(float(phases.pause_ms.sum()) * 1e6)} in all; "
        f"the longest pause, {duration_ns(float(phases.pause_ms.max()) * 1e6)}, is at {at}.",
    ]
