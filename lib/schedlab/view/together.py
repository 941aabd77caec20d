"""Everything that schedtrace and gctrace tell, on one time axis."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from schedlab.capture.gctrace import GcTrace
from schedlab.capture.schedtrace import SchedTrace
from schedlab.errors import UsageError
from schedlab.view import style
from schedlab.view.alttext import describe
from schedlab.view.collector import gc_strip
from schedlab.view.counts import procs, threads
from schedlab.view.queues import gomaxprocs, run_queues
from schedlab.view.steps import steps_of
from schedlab.view.wording import count, share, visible


@style.explicit
def overview(
    trace: SchedTrace,
    gctrace: GcTrace | None = None,
    *,
    axes: Sequence[Axes] | None = None,
    title: str | None = None,
) -> Figure:
    """Run queues, Ps, threads and, if given, the garbage collector, one above the other.

    ``axes``: as many as there are strips (3, or 4 with ``gctrace``), the first for the run queues.

    Raises:
        UsageError: ``axes`` has another length.
    """
    strips = 3 if gctrace is None else 4
    if axes is not None and len(axes) != strips:
        raise UsageError(f"overview draws {strips} strips, and was given {len(axes)} axes")
    places = list(axes) if axes is not None else _places(trace, strips)
    figure = style.figure_of(places[0])
    message = title or _message(trace)
    describe(figure, f"{message}.")
    figure.suptitle(visible(message, 110), x=0.01, ha="left", color=style.INK, parse_math=False)
    run_queues(trace, ax=places[0])
    procs(trace, ax=places[1])
    threads(trace, ax=places[2])
    if gctrace is not None:
        gc_strip(gctrace, sched=trace, ax=places[3])
    for ax in places[:-1]:
        ax.set_xlabel("")
        ax.tick_params(axis="x", labelbottom=False)
    _note_merging(trace, places[-1])
    return figure


def _places(trace: SchedTrace, strips: int) -> list[Axes]:
    heat = min(max(1.0 + 0.2 * (trace.summaries.max_p + 1), 1.8), 6)
    heights = [heat, 1.5, 1.5, 1.0][:strips]
    figure = style.new_figure(10, sum(heights) + 0.5 * strips + 0.9)
    grid = figure.subplots(strips, 1, sharex=True, height_ratios=heights, squeeze=False)
    return list(grid[:, 0])


def _note_merging(trace: SchedTrace, lowest: Axes) -> None:
    """The one time axis that is labelled speaks for all strips, and not all merge samples the same way."""
    widest = steps_of(trace, lowest).widest if len(trace.summaries) else 1
    if widest > 1:
        label = lowest.get_xlabel().partition(";")[0]
        lowest.set_xlabel(
            f"{label}; a step is up to {widest} samples: the largest of queues and threads, the mean of Ps"
        )


def _message(trace: SchedTrace) -> str:
    table = trace.summaries
    if len(table) == 0:
        return "Scheduler overview: no samples"
    idle = share(float(table.idleprocs.sum()), float(table.gomaxprocs.sum()))
    longest = max(int(table.runqueue.max()), int(table.local_runq.max(initial=0)), 0)
    waiting = f"up to {count(longest, 'goroutine')} in one queue" if longest else "nothing waits in a queue"
    return f"{gomaxprocs(trace)}: Ps are idle {idle} of the time, {waiting}"
