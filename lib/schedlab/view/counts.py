"""Ps and threads over time: how many there are, and what they do."""

from __future__ import annotations

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from schedlab.capture.schedtrace import SchedTrace
from schedlab.view import style
from schedlab.view.queues import gomaxprocs, samples
from schedlab.view.steps import Steps, held, steps_of, time_axis
from schedlab.view.wording import count, milliseconds, share, trimmed

# Threads: column, what it is called, colour, line style, width.
_LINES: Final = (
    ("threads", "all", style.INK, "-", 2.0),
    ("idlethreads", "idle", style.DARK_BLUE, (0, (4, 1.5)), 1.8),
    ("spinningthreads", "spinning", style.VERMILION, (0, (1, 1)), 2.2),
)


@style.explicit
def procs(trace: SchedTrace, *, ax: Axes | None = None, title: str | None = None) -> Figure:
    """How many Ps run and how many are idle, stacked: their sum is GOMAXPROCS.

    Recorded: ``idleprocs`` (``sched.npidle``). Derived: running = gomaxprocs - idleprocs; a P that is in a
    system call or stopped for the garbage collector counts as running.
    """
    ax = style.axes_for(ax, 9, 2.6)
    table = trace.summaries
    if len(table) == 0:
        return style.no_samples(ax, "Ps idle and running", title)
    steps = steps_of(trace, ax)
    running = np.maximum(table.gomaxprocs - table.idleprocs, 0)
    below, whole = held(steps.mean(running)), held(steps.mean(table.gomaxprocs))
    time_axis(ax, steps.edges_ms[0], steps.edges_ms[-1], steps.note("mean"))
    ax.fill_between(
        steps.edges_ms, below, step="post", color=style.DARK_BLUE, linewidth=0, label="running (derived)"
    )
    ax.fill_between(
        steps.edges_ms, below, whole, step="post", facecolor=style.GREY, hatch="...", edgecolor="#8c8c8c",
        linewidth=0, label="idle (recorded)",
    )  # fmt: skip
    ax.step(steps.edges_ms, whole, where="post", color=style.INK, linewidth=1.2, label="GOMAXPROCS")
    _count_axis(ax, "Ps", float(whole.max()))
    style.legend_beside(ax)
    idle, all_ps = float(table.idleprocs.sum()), float(table.gomaxprocs.sum())
    return style.finish(
        ax, title or _procs_message(idle, all_ps, len(table)), _procs_sentences(trace, idle, all_ps)
    )


@style.explicit
def threads(trace: SchedTrace, *, ax: Axes | None = None, title: str | None = None) -> Figure:
    """How many threads (Ms) there are, how many of them are idle, and how many spin in search of work.

    Recorded: ``threads`` (``mcount()``: those that ever were, minus those that ended), ``idlethreads``
    (``sched.nmidle``) and ``spinningthreads`` (``sched.nmspinning``, printed since Go 1.4).
    """
    ax = style.axes_for(ax, 9, 2.6)
    table = trace.summaries
    if len(table) == 0:
        return style.no_samples(ax, "Threads", title)
    steps = steps_of(trace, ax)
    time_axis(ax, steps.edges_ms[0], steps.edges_ms[-1], steps.note("largest"))
    for column, name, colour, line, width in _LINES:
        counts: NDArray[np.int64] = getattr(table, column)
        if (counts >= 0).any():
            _draw_line(ax, steps, counts, name, colour, line, width)
    _count_axis(ax, "threads (M)", float(table.threads.max()))
    style.legend_beside(ax, handlelength=3.2)
    return style.finish(ax, title or _threads_message(table.threads), _threads_sentences(trace))


def _draw_line(
    ax: Axes, steps: Steps, counts: NDArray[np.int64], name: str, colour: str, line: object, width: float
) -> None:
    values = held(steps.largest(counts))
    values[values < 0] = np.nan
    ax.step(
        steps.edges_ms, values, where="post", color=colour, linestyle=line, linewidth=width, label=name
    )  # fmt: skip


def _count_axis(ax: Axes, label: str, top: float) -> None:
    ax.set_ylim(0, max(top * 1.08, 1.08))
    ax.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True, min_n_ticks=1))
    ax.set_ylabel(label, color=style.INK)


def _procs_message(idle: float, all_ps: float, samples: int) -> str:
    if idle == 0:
        return "No sample shows an idle P"
    if idle == all_ps:
        return "Every P is idle in every sample"
    of = f"{trimmed(idle / samples, 2)} of {trimmed(all_ps / samples, 2)}"
    return f"Ps are idle {share(idle, all_ps)} of the time (on average {of})"


def _procs_sentences(trace: SchedTrace, idle: float, all_ps: float) -> list[str]:
    table = trace.summaries
    said = [
        f"Stacked areas of running and idle Ps: {samples(trace)}, {gomaxprocs(trace)}.",
        f"On average {share(idle, all_ps)} of the Ps are idle.",
    ]
    for wanted, what in ((0, "no P is idle"), (1, "every P is idle")):
        hits = int((table.idleprocs == wanted * table.gomaxprocs).sum())
        said.append(f"In {share(hits, len(table))} of the samples {what}.")
    return said


def _threads_message(counts: NDArray[np.int64]) -> str:
    least, most = int(counts.min()), int(counts.max())
    if least == most:
        return f"The program has {count(most, 'thread')} in every sample"
    return f"The program has {least:,} to {most:,} threads"


def _threads_sentences(trace: SchedTrace) -> list[str]:
    table = trace.summaries
    said = [f"Lines of thread counts: {samples(trace)}."]
    for column, name, *_ in _LINES:
        counts: NDArray[np.int64] = getattr(table, column)
        if not (counts >= 0).any():
            said.append(f"This Go release does not print {name} threads.")
            continue
        row = int(np.argmax(counts))
        peak, at = int(counts[row]), milliseconds(int(table.time_ms[row]))
        subject = "All threads" if name == "all" else f"{name.capitalize()} threads"
        said.append(f"{subject} peak at {peak:,} at {at}." if peak else f"{subject}: none in any sample.")
    return said
