"""What a timeline's tables say, as pictures: where the time of Ps went, in which states goroutines were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from schedlab.analysis.budget import PARTS, Budget
from schedlab.analysis.gc import Cycles, Stops, Utilization
from schedlab.analysis.latency import Latencies
from schedlab.analysis.mix import Mix
from schedlab.analysis.queues import Reconstructed, Together
from schedlab.timeline.palette import OF_STATE
from schedlab.view import style
from schedlab.view.wording import count, duration_ns, share, visible

_NAME_LENGTH: Final = 36
_MOST_ROWS: Final = 24
_BUCKETS: Final = 200

# What a learner compares at a glance; which parts of a Budget each is made of.
_USES: Final[Mapping[str, tuple[str, ...]]] = {
    "the program's goroutines": ("user",),
    "system calls": ("syscall",),
    "garbage collection": ("gc_dedicated", "gc_fractional", "gc_idle", "gc_assist", "gc_sweep"),
    "scheduler and runtime": ("system", "stopping", "spinning", "scheduler"),
    "stopped, idle or unknown": ("stopped", "idle", "unknown"),
}
_MARKERS: Final = ("o", "s", "D", "^", "v", "P", "X")
_USE_LOOKS: Final = (
    (style.BLUE, ""),
    (style.TEAL, "//"),
    (style.ORANGE, "xx"),
    (style.YELLOW, ".."),
    (style.GREY, ""),
)


@style.explicit
def budget(spent: Budget, *, title: str | None = None, ax: Axes | None = None) -> Figure:
    """A bar per P, divided into what its time went into (derived from recorded spans)."""
    ax = style.axes_for(ax, 9, 1.6 + 0.45 * max(min(len(spent), _MOST_ROWS), 2))
    if not len(spent) or not spent.duration_ns:
        return style.no_samples(ax, "Time of each P", title)
    shown = min(len(spent), _MOST_ROWS)
    parts_of = {
        use: spent.ns[:shown][:, [PARTS.index(part) for part in parts]].sum(axis=1) / spent.duration_ns
        for use, parts in _USES.items()
    }
    left = np.zeros(shown)
    for (use, width), (colour, hatch) in zip(parts_of.items(), _USE_LOOKS, strict=True):
        ax.barh(
            np.arange(shown), 100 * width, left=100 * left, color=colour, hatch=hatch, label=use,
            edgecolor=style.FAINT_INK, linewidth=0.6,
        )  # fmt: skip
        left += width
    ax.set_yticks(range(shown), [f"P{p}" for p in spent.p[:shown].tolist()])
    ax.set_ylim(shown - 0.4, -0.6)
    ax.set_xlim(0, 100)
    ax.set_xlabel("percent of the captured time")
    style.legend_beside(ax)
    whole = {use: float(values.mean()) for use, values in parts_of.items()}
    most = max(whole, key=lambda use: whole[use])
    said = [f"{use}: {share(value, 1)}." for use, value in whole.items()]
    if shown < len(spent):
        said.append(f"The first {shown} of {count(len(spent), 'P')} are shown.")
    message = title or f"Most time of the Ps, {share(whole[most], 1)}, went into: {most}"
    return style.finish(
        ax, message, [f"Where the time of {count(shown, 'P')} went, on the mean of them.", *said]
    )


@style.explicit
def mix(found: Mix, *, title: str | None = None, ax: Axes | None = None) -> Figure:
    """How many goroutines (or Ps, or Ms) were in each state over time: means per bucket, one on the other.

    Raises:
        ValueError: the mix is one of several functions.
    """
    if found.functions:
        raise ValueError("the mix of one function at a time can be drawn")
    ax = style.axes_for(ax, 9, 3.4)
    if not found.states:
        return style.no_samples(ax, "States over time", title)
    means = found.mean_count()
    low = np.zeros(len(means))
    for at, state in enumerate(found.states):
        high = low + means[:, at]
        ax.stairs(
            high, found.edges_ns / 1e6, baseline=low, fill=True, label=state.name.lower(),
            facecolor=OF_STATE[state], edgecolor=style.FAINT_INK, linewidth=0.4,
        )  # fmt: skip
        low = high
    ax.set_xlim(found.edges_ns[0] / 1e6, found.edges_ns[-1] / 1e6)
    ax.set_ylim(0, float(low.max()) * 1.05 or 1.0)
    ax.set_xlabel("ms since the first event")
    ax.set_ylabel("how many, on the mean")
    style.legend_beside(ax, reverse=True)
    total = found.ns.sum(axis=0)
    shares = {state.name.lower(): float(total[at] / total.sum()) for at, state in enumerate(found.states)}
    most = max(shares, key=lambda name: shares[name])
    said = [f"{name}: {share(part, 1)} of their time." for name, part in shares.items()]
    message = title or f"They were {most} for {share(shares[most], 1)} of their time"
    return style.finish(ax, message, ["States over time, stacked.", *said])


@style.explicit
def latencies(found: Latencies, *, title: str | None = None, ax: Axes | None = None) -> Figure:
    """A row per key: percentiles on a logarithmic axis, each with its confidence interval if there is one."""
    rows = np.argsort(-found.count, kind="stable")[:_MOST_ROWS]
    ax = style.axes_for(ax, 9, 1.5 + 0.45 * max(len(rows), 2))
    if not found.count.any():
        return style.no_samples(ax, "Waits", title)
    places = np.arange(len(rows))
    names = [_key(found, row) for row in rows.tolist()]
    for at, quantile in enumerate(found.quantiles):
        heights = places + 0.14 * (at - (len(found.quantiles) - 1) / 2)
        low, high = found.low_ns[rows, at], found.high_ns[rows, at]
        known = low >= 0
        ax.hlines(
            heights[known], np.maximum(low[known], 1), np.maximum(high[known], 1),
            color=style.FAINT_INK, linewidth=1.4, zorder=2,
        )  # fmt: skip
        ax.plot(
            np.maximum(found.quantile_ns[rows, at], 1), heights, _MARKERS[at % len(_MARKERS)],
            color=style.DARK_BLUE, label=f"p{100 * quantile:g}", linestyle="none", markersize=6, zorder=3,
        )  # fmt: skip
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: duration_ns(value)))
    ax.set_yticks(places, names, parse_math=False)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.grid(axis="x", color=style.GRID, linewidth=0.8)
    ax.set_xlabel("time, logarithmic")
    style.legend_beside(ax)
    said = [
        f"{name}: {count(int(found.count[row]), 'wait')}, "
        + ", ".join(
            f"p{100 * quantile:g} {duration_ns(float(found.quantile_ns[row, at]))}"
            for at, quantile in enumerate(found.quantiles)
        )
        + f", the longest {duration_ns(float(found.max_ns[row]))}."
        for row, name in zip(rows.tolist(), names, strict=True)
    ]
    worst = int(np.argmax(found.quantile_ns[rows, -1]))
    tail = duration_ns(float(found.quantile_ns[rows[worst], -1]))
    message = title or f"The longest tail has {names[worst]}: p{100 * found.quantiles[-1]:g} is {tail}"
    return style.finish(ax, message, ["Percentiles of waits.", *said])


@style.explicit
def left_to_program(
    left: Utilization,
    cycles: Cycles,
    stops: Stops,
    *,
    window_ns: tuple[int, int] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Figure:
    """What garbage collection leaves of the P time, as means of short stretches; with phases and stops."""
    ax = style.axes_for(ax, 9, 3.0)
    first, last = window_ns or (int(left.time_ns[0]), int(left.time_ns[-1]))
    phases = list(zip(cycles.mark_start_ns.tolist(), cycles.mark_end_ns.tolist(), strict=True))
    shown = [(max(begin, first), min(end, last)) for begin, end in phases if begin < last and end > first]
    for number, (begin, end) in enumerate(shown):
        label = "mark phase" if number == 0 else None
        ax.axvspan(begin / 1e6, end / 1e6, facecolor=style.GREY, label=label, linewidth=0)
    edges = np.linspace(first, last, _BUCKETS + 1).astype(np.int64)
    means = left.mean(edges[:-1], max(int(edges[1] - edges[0]), 1))
    ax.stairs(100 * means, edges / 1e6, fill=True, color=style.BLUE, alpha=0.8, label="left to the program")
    inside = stops.of_gc & (stops.start_ns >= first) & (stops.start_ns <= last)
    at = stops.start_ns[inside] / 1e6
    ax.plot(at, np.full(len(at), 106.0), "v", color=style.VERMILION, label="stop of the world", clip_on=False)
    ax.set_xlim(first / 1e6, last / 1e6)
    ax.set_ylim(0, 112)
    ax.set_yticks([0, 25, 50, 75, 100])
    ax.set_xlabel("ms since the trace's first event")
    ax.set_ylabel("percent of P time\nleft to the program")
    ax.grid(axis="y", color=style.GRID, linewidth=0.8)
    style.legend_beside(ax)
    marked = sum(end - begin for begin, end in shown)
    kept = sum(float(left.mean(np.array([b]), e - b)[0]) * (e - b) for b, e in shown) / max(marked, 1)
    said = [
        f"{count(len(shown), 'mark phase')}, {duration_ns(marked)} in all, and "
        f"{count(int(inside.sum()), 'stop')} of the world for them.",
        f"While marking went on, {share(kept, 1)} of the P time was left to the program.",
    ]
    message = title or f"While collections mark, {share(kept, 1)} of the P time is left to the program"
    return style.finish(ax, message, ["Share of P time that the program has, over time.", *said])


@style.explicit
def queue_depth(
    found: Together, trace: Reconstructed, *, title: str | None = None, ax: Axes | None = None
) -> Figure:
    """Goroutines in run queues: reconstructed from a trace as a line, recorded by schedtrace as points."""
    ax = style.axes_for(ax, 9, 3.4)
    first, last = trace.bounds_ns
    times = np.concatenate(([first], trace.total.time_ns, [last]))
    ax.stairs(
        trace.total.at(times[:-1]), times / 1e6, color=style.DARK_BLUE, baseline=None, label="reconstructed"
    )
    ax.plot(
        found.time_ns / 1e6, found.recorded, "o", markersize=4, linestyle="none",
        color=style.VERMILION, label="recorded",
    )  # fmt: skip
    ax.set_xlim(first / 1e6, last / 1e6)
    ax.set_ylim(bottom=0)
    ax.set_xlabel("ms since the trace's first event")
    ax.set_ylabel("goroutines in run queues")
    ax.grid(axis="y", color=style.GRID, linewidth=0.8)
    style.legend_beside(ax)
    number = count(len(found.time_ns), "sample")
    error = f"off by {found.mean_absolute:.1f} goroutines on the mean of {number}"
    said = [
        f"The recorded depth goes from {found.recorded.min():,} to {found.recorded.max():,}.",
        f"The reconstruction is {error}, its bias is {found.bias:+.1f}, the correlation"
        f" {found.correlation:.3f}.",
    ]
    message = title or f"Run queues, reconstructed and recorded: {error}"
    return style.finish(ax, message, ["Depth of all run queues together over time.", *said])


def _key(found: Latencies, row: int) -> str:
    key = found.key[row]
    if key is None:
        return "all" if found.by is None else "not known"
    return visible(f"P{key}" if found.by == "p" else str(key), _NAME_LENGTH)
