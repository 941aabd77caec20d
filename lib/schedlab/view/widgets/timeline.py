"""The interactive timeline: what each G, M and P did, from seconds down to a nanosecond."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import traitlets

from schedlab.errors import UsageError
from schedlab.timeline import Lane, State, Timeline, summary
from schedlab.timeline.probed import steals
from schedlab.view.widgets import blob
from schedlab.view.widgets.base import View
from schedlab.view.widgets.timeline_columns import encode_timeline
from schedlab.view.widgets.timeline_sources import Sources, packed_sources

LANES: Final = ("queues", "P", "M", "regions", "G")
"""Kinds of lanes, in the order in which they are shown."""


class TimelineView(View, static="timeline"):
    """A Timeline to zoom, filter, search and select in.

    ``view`` is what is seen: ``t0`` and ``t1`` in ns on the Timeline's clock, ``scroll``, ``open`` (groups),
    ``filters`` (``state``, ``p``, ``goroutine``, ``function``, ``region``, ``wait`` in ns) and ``pin``
    (``kind`` g, p or m, its ``id`` in the program, and a moment ``t``; without ``scroll`` it is in sight).
    It follows the reader's hands, and setting it (to a part of these) moves the view.
    Timelines of one page that have the same ``group`` show the same stretch of time.
    """

    data = traitlets.Bytes(b"").tag(sync=True)
    sources = traitlets.Bytes(b"").tag(sync=True)
    lanes = traitlets.List(traitlets.Unicode()).tag(sync=True)
    height = traitlets.Int(460, min=120).tag(sync=True)
    renderer = traitlets.Enum(("auto", "webgl", "canvas"), "auto").tag(sync=True)
    group = traitlets.Unicode("").tag(sync=True)
    view = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        timeline: Timeline,
        *,
        title: str = "",
        lanes: Sequence[str] = LANES,
        sources: Sources = True,
        view: Mapping[str, Any] | None = None,
        group: str = "",
        height: int = 460,
        renderer: str = "auto",
    ) -> None:
        """``sources`` maps a file, as the trace names it, to its text; or gives folders below which the
        program's files are, besides the course's samples and Go's own source; False takes none along.
        ``height`` is that of the lanes, in CSS pixels. ``renderer`` is one of auto, webgl, canvas.

        Raises:
            UsageError: there is no such kind of lane; or a goroutine or P is in two states at once.
            TooMuchToShow: it is more than a browser can take; a window or a filter of it is less.
        """
        unknown = [lane for lane in lanes if lane not in LANES]
        if unknown or not lanes:
            raise UsageError(
                f"no lanes are called {', '.join(unknown)}" if unknown else "no lanes to show",
                remedy=f"Choose from {', '.join(LANES)}.",
            )
        encoded = encode_timeline(timeline)
        self._words = _words(timeline, title)
        super().__init__(
            data=blob.encode(
                "timeline",
                encoded.columns,
                encoded.meta,
                gaps=("lane_start", "proc_lane_start", "queue_time"),
            ),
            sources=packed_sources(encoded.files, sources),
            lanes=[lane for lane in LANES if lane in lanes],
            heading=title,
            view=dict(view or {}),
            group=group,
            height=height,
            renderer=renderer,
        )

    def text_alternative(self) -> str:
        """Title, duration, what is in it, and what the Ps and goroutines did."""
        return self._words


def link(*views: TimelineView, group: str = "linked") -> None:
    """Let these views, of one page or notebook, show the same stretch of time after their beginnings.

    Raises:
        UsageError: there are fewer than two.
    """
    if len(views) < 2:
        raise UsageError("one view alone cannot be linked", remedy="Give two or more.")
    for one in views:
        one.group = group


def _words(timeline: Timeline, title: str) -> str:
    found = summary(timeline)
    spans = timeline.spans
    ps = np.unique(spans["id"][spans["lane"] == int(Lane.PROC)])
    lines = [
        f"{title or 'Timeline'}: {found.duration_ns / 1e6:.3f} ms, {found.spans:,} spans, "
        f"{found.goroutines:,} goroutines, {len(ps)} Ps, {len(timeline.threads)} Ms.",
        _mix(timeline),
    ]
    if found.runnable.count:
        lines.append(
            f"Goroutines were runnable for {found.runnable.p50_ns / 1e3:.1f} µs before they ran (median), "
            f"for {found.runnable.p99_ns / 1e3:.1f} µs in the slowest of 100."
        )
    if found.stw_count:
        lines.append(
            f"The world was stopped {found.stw_count} times, {found.stw_total_ns / 1e3:.1f} µs in all."
        )
    taken = steals(timeline)
    if len(taken):
        lines.append(
            f"Ps stole from each other {len(taken):,} times, {int(taken.taken.sum()):,} goroutines in all; "
            "each steal is an arrow from P to P."
        )
    if found.lost:
        lines.append(f"The capture is incomplete: {found.lost}")
    return "\n".join(line for line in lines if line)


def _mix(timeline: Timeline) -> str:
    """What share of the goroutines' time each state has."""
    spans = timeline.spans
    of_goroutines = spans["lane"] == int(Lane.GOROUTINE)
    sums = np.bincount(
        spans["state"][of_goroutines], weights=spans["dur"][of_goroutines], minlength=len(State)
    )
    total = float(sums.sum())
    if not total:
        return ""
    parts = [
        f"{State(int(state)).name.lower()} {100 * sums[state] / total:.1f} %"
        for state in np.argsort(-sums, kind="stable")
        if sums[state]
    ]
    return f"Of the goroutines' time: {', '.join(parts)}."
