"""What a notebook shows of a Timeline: a small table, and a thumbnail of its Ps.

The thumbnail has a row per P. Time is cut into buckets; a bucket shows how large a share of it the P spent
in each state, so that what happens more often than there are pixels is still shown in proportion.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from schedlab.timeline.columns import Rows, Table
from schedlab.timeline.enums import Lane, State
from schedlab.timeline.palette import OF_STATE
from schedlab.timeline.summary import summary

if TYPE_CHECKING:
    from schedlab.timeline.model import Timeline

Shares = npt.NDArray[np.float64]

_BUCKETS = 200
_MOST_PS = 24
_LEFT, _WIDTH, _LANE, _GAP = 36, 600, 16, 3

_LAYERS = (
    (State.RUNNING, "runs a goroutine"),
    (State.SCHEDULING, "held, runs none"),
    (State.SYSCALL, "system call"),
    (State.IDLE, "idle"),
)


def card(timeline: Timeline) -> str:
    """What ``Timeline._repr_html_`` gives. All text in it is escaped."""
    rows = "".join(_row(name, value) for name, value in _facts(timeline))
    # JupyterLab's own colour; elsewhere that of the text around it.
    style = "color:var(--jp-ui-font-color1,inherit)"
    return (
        f'<div class="schedlab-timeline" style="{style}">{_thumbnail(timeline)}'
        f'<table style="{style}"><tbody>{rows}</tbody></table></div>'
    )


def shares(timeline: Timeline, ps: Sequence[int], buckets: int) -> Shares:
    """The share of its time that each P spent in each state of ``_LAYERS``: ``(layers, ps, buckets)``.

    What is missing to 1 is not known. A P that is held by an M runs a goroutine, or none: then the M is in
    the scheduler, or in a system call that the runtime has not noticed yet.
    """
    spans = timeline.spans
    start, end = timeline.bounds_ns
    width = (end - start) / buckets
    on_p = np.isin(spans["p"], ps)
    states = {
        (lane, state): on_p & (spans["lane"] == int(lane)) & (spans["state"] == int(state))
        for lane, state in (
            (Lane.GOROUTINE, State.RUNNING),
            (Lane.PROC, State.RUNNING),
            (Lane.PROC, State.SYSCALL),
            (Lane.PROC, State.IDLE),
        )
    }
    runs, held, in_syscall, idle = (
        _coverage(spans, rows, ps, start, width, buckets) for rows in states.values()
    )
    # Sampled, a goroutine may run on a P that was seen idle: the samples of one moment may contradict.
    return np.stack([np.minimum(runs, held), np.maximum(held - runs, 0), in_syscall, idle])


def _facts(timeline: Timeline) -> Iterable[tuple[str, str]]:
    found = summary(timeline)
    spans = timeline.spans
    ps = np.unique(spans["id"][spans["lane"] == int(Lane.PROC)])
    start, end = timeline.bounds_ns
    yield "duration", _time(timeline.duration_ns)
    if (start, end) != (0, timeline.duration_ns):
        yield "window", f"{_time(start)} to {_time(end)}"
    yield "events", f"{found.events:,}"
    yield "spans", f"{found.spans:,}"
    yield "G, P, M", f"{found.goroutines:,} G, {len(ps):,} P, {len(timeline.threads):,} M"
    if found.runnable.count:
        yield (
            "runnable before running",
            f"p50 {_time(found.runnable.p50_ns)}, p99 {_time(found.runnable.p99_ns)} "
            f"({found.runnable.count:,} waits)",
        )
    yield "stop-the-world", f"{found.stw_count:,}, {_time(found.stw_total_ns)} in all"
    yield "spans are", _origin(timeline)
    yield "source", str(timeline.meta.get("source", ""))
    if found.lost:
        yield "incomplete", found.lost


def _origin(timeline: Timeline) -> str:
    """Where most columns of the spans come from, and which come from elsewhere."""
    of_spans = {name: word for name, word in timeline.provenance.items() if name.startswith("spans.")}
    if not of_spans:
        return "of unknown origin"
    most, _ = Counter(of_spans.values()).most_common(1)[0]
    others = [f"{name[6:]} is {word}" for name, word in of_spans.items() if word is not most]
    return "; ".join([str(most), *others])


def _row(name: str, value: str) -> str:
    left = 'style="text-align:left"'
    return f'<tr><th scope="row" {left}>{escape(name)}</th><td {left}>{escape(value)}</td></tr>'


def _time(ns: int) -> str:
    for unit, size in (("s", 1_000_000_000), ("ms", 1_000_000), ("µs", 1000)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}" if ns < 1000 * size else f"{ns / size:,.0f} {unit}"
    return f"{ns} ns"


def _thumbnail(timeline: Timeline) -> str:
    spans = timeline.spans
    all_ps = np.unique(spans["id"][spans["lane"] == int(Lane.PROC)]).tolist()
    ps = all_ps[:_MOST_PS]
    start, end = timeline.bounds_ns
    if not ps or end <= start:
        return "<p>No P has a span here, so there is no picture of them.</p>"
    buckets = min(_BUCKETS, end - start)
    found = shares(timeline, ps, buckets)
    height = len(ps) * (_LANE + _GAP)
    total = height + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {_LEFT + _WIDTH + 4} {total}" '
        f'width="{_LEFT + _WIDTH + 4}" height="{total}" '
        'style="max-width:100%;height:auto;font:11px var(--jp-ui-font-family,sans-serif)">',
        f"<title>{escape(_alt_text(ps, len(all_ps), found, _time(end - start)))}</title>",
        *(
            f'<path fill="{OF_STATE[state]}" d="{_outline(found, layer)}"/>'
            for layer, (state, _) in enumerate(_LAYERS)
        ),
        *(
            f'<text x="0" y="{row * (_LANE + _GAP) + _LANE - 4}" fill="currentColor">P{p}</text>'
            for row, p in enumerate(ps)
        ),
        _axis(height, start, end),
        _legend(height + 34),
        "</svg>",
    ]
    if len(all_ps) > len(ps):
        parts.append(f"<p>The first {len(ps)} of {len(all_ps)} Ps.</p>")
    return "".join(parts)


def _alt_text(ps: Sequence[int], of: int, found: Shares, duration: str) -> str:
    """The picture in words: what share of the time each P (or all, if they are many) spent how."""
    whole = found.mean(axis=2)
    if len(ps) > 8:
        rows = [(f"On average over {len(ps)} of {of} Ps", whole.mean(axis=1))]
    else:
        rows = [(f"P{p}", whole[:, row]) for row, p in enumerate(ps)]
    labels = [label for _, label in _LAYERS]
    sentences = []
    for name, values in rows:
        known = zip(labels, values.tolist(), strict=True)
        said = [f"{label} {share:.0%}" for label, share in known if share >= 0.005]
        sentences.append(f"{name}: {', '.join(said) or 'not known'}.")
    return f"What the Ps did during {duration}. {' '.join(sentences)}"


def _outline(found: Shares, layer: int) -> str:
    """One path for a layer of all Ps: a bar per bucket, on top of the layers below it."""
    bottom = np.rint(np.minimum(found[:layer].sum(axis=0), 1) * _LANE).astype(int)
    top = np.rint(np.minimum(found[: layer + 1].sum(axis=0), 1) * _LANE).astype(int)
    steps = []
    for row in range(found.shape[1]):
        floor = row * (_LANE + _GAP) + _LANE
        pairs = np.stack([bottom[row], top[row]])
        changes = np.flatnonzero((pairs[:, 1:] != pairs[:, :-1]).any(axis=0)) + 1
        edges = [0, *changes.tolist(), pairs.shape[1]]
        for first, stop in pairwise(edges):
            low, high = int(pairs[0, first]), int(pairs[1, first])
            if high > low:
                left, right = (_LEFT + _WIDTH * edge / found.shape[2] for edge in (first, stop))
                steps.append(f"M{left:g} {floor - low}V{floor - high}H{right:g}V{floor - low}z")
    return "".join(steps)


def _axis(y: int, start: int, end: int) -> str:
    right = _LEFT + _WIDTH
    return (
        f'<text x="{_LEFT}" y="{y + 12}" fill="currentColor">{escape(_time(start))}</text>'
        f'<text x="{right}" y="{y + 12}" fill="currentColor" text-anchor="end">{escape(_time(end))}</text>'
    )


def _legend(y: int) -> str:
    parts, x = [], _LEFT
    for state, label in _LAYERS:
        parts.append(
            f'<rect x="{x}" y="{y - 9}" width="10" height="10" fill="{OF_STATE[state]}" '
            f'stroke="currentColor" stroke-width="0.5"/>'
            f'<text x="{x + 14}" y="{y}" fill="currentColor">{escape(label)}</text>'
        )
        x += 40 + 6 * len(label)
    return "".join(parts)


def _coverage(spans: Table, rows: Rows, ps: Sequence[int], start: int, width: float, buckets: int) -> Shares:
    """How much of each bucket of each P the spans cover, as a share: ``(ps, buckets)``.

    What began before the end of a bucket, less what ended before it, is linear in a bucket's own edges and
    whole in those after it: two weighted counts and a running sum, whatever the number of spans.
    """
    place = np.searchsorted(ps, spans["p"][rows])
    first = (spans["start"][rows] - start) / width
    last = first + spans["dur"][rows] / width
    return _after(place, first, len(ps), buckets) - _after(place, last, len(ps), buckets)


def _after(place: npt.NDArray[Any], at: Shares, ps: int, buckets: int) -> Shares:
    """For each bucket, how much of it lies after each moment ``at`` (in buckets), summed over the moments."""
    at = np.clip(at, 0, buckets)
    bucket = np.minimum(at.astype(np.int64), buckets - 1)
    index = place * buckets + bucket
    count = np.bincount(index, minlength=ps * buckets).reshape(ps, buckets)
    own = np.bincount(index, weights=bucket + 1 - at, minlength=ps * buckets).reshape(ps, buckets)
    return own + (np.cumsum(count, axis=1) - count)
