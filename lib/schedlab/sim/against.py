"""A simulated run held against a real one: how far apart what they say is, in numbers."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from schedlab.analysis import queues
from schedlab.analysis._common import Floats, Integers
from schedlab.timeline import Lane, State, Timeline

_POINTS = 2_000
_NETWORK = "network"


def runnable_ns(
    timeline: Timeline, rows: Iterable[int] = (), window: tuple[int, int] | None = None
) -> Integers:
    """How long goroutines were runnable before they ran, ns, each wait that is whole; of ``rows``, if
    given."""
    spans = timeline.spans
    chosen = (spans["lane"] == int(Lane.GOROUTINE)) & (spans["state"] == int(State.RUNNABLE))
    chosen &= spans["flags"] & 3 == 0
    if window is not None:
        begin, end = window
        chosen &= (spans["start"] >= begin) & (spans["start"] + spans["dur"] <= end)
    wanted = list(rows)
    if wanted:
        chosen &= np.isin(spans["id"], wanted)
    found: Integers = spans["dur"][chosen].astype(np.int64)
    return found


def queue_lengths(timeline: Timeline, window: tuple[int, int] | None = None) -> Integers:
    """Lengths of the Ps' own queues at even steps, all Ps together; **reconstructed**, of a simulation as
    well.

    The simulator knows them, but a trace does not: the same estimate of both can be compared.
    """
    begin, end = window or timeline.bounds_ns
    depth = queues.reconstructed(timeline.window(begin, end) if window else timeline)
    times = np.linspace(begin, end, _POINTS, endpoint=False).astype(np.int64)
    return np.concatenate([local.at(times) for local in depth.local] or [np.zeros(1, np.int64)])


def distance(one: Integers, other: Integers, floor: int = 0) -> float:
    """Kolmogorov and Smirnov's: the most by which the shares below any value differ; 1 if either is empty.

    What is below ``floor`` counts as equal to it.
    """
    if not len(one) or not len(other):
        return 1.0
    one, other = np.maximum(one, floor), np.maximum(other, floor)
    values = np.unique(np.concatenate([one, other]))
    shares = [np.searchsorted(np.sort(each), values, side="right") / len(each) for each in (one, other)]
    return float(np.abs(shares[0] - shares[1]).max())


def switch_gaps(timeline: Timeline, window: tuple[int, int]) -> Integers:
    """From the end of one goroutine's turn to the next one's begin on the same P, ns, where that one
    waited."""
    gap, since, ended = _gaps(timeline, window)
    found: Integers = gap[since < ended]
    return found


def poll_gaps(timeline: Timeline, window: tuple[int, int]) -> Integers:
    """The same where the next one became ready after the end, from the network, and was run at once."""
    gap, since, ended = _gaps(timeline, window, after=_NETWORK)
    found: Integers = gap[since >= ended]
    return found


def _gaps(
    timeline: Timeline, window: tuple[int, int], after: str | None = None
) -> tuple[Integers, Integers, Integers]:
    """Gaps between turns on one P, when the next one had become runnable, and when the one before ended."""
    spans = timeline.spans
    running = _of(timeline, Lane.GOROUTINE, State.RUNNING, window)
    order = running[np.lexsort((spans["start"][running], spans["p"][running]))]
    start, end = spans["start"][order], (spans["start"] + spans["dur"])[order]
    p, owner = spans["p"][order], spans["id"][order]
    since = _runnable_since(timeline, order, window)
    gap = start[1:] - end[:-1]
    kept = (p[1:] == p[:-1]) & (owner[1:] != owner[:-1]) & (gap >= 0)
    if after is not None:
        kept &= np.isin(owner[1:], _who_waited(timeline, after, window)) & (since[1:] >= 0)
    return gap[kept].astype(np.int64), since[1:][kept], end[:-1][kept].astype(np.int64)


def _who_waited(timeline: Timeline, reason: str, window: tuple[int, int]) -> Integers:
    """The goroutines that ever waited for this."""
    if reason not in timeline.reasons:
        return np.empty(0, np.int64)
    waits = _of(timeline, Lane.GOROUTINE, State.WAITING, window)
    spans = timeline.spans
    chosen = spans["reason"][waits] == timeline.reasons.index(reason)
    return np.unique(spans["id"][waits][chosen]).astype(np.int64)


def _of(timeline: Timeline, lane: Lane, state: State, window: tuple[int, int]) -> Integers:
    spans = timeline.spans
    chosen = (spans["lane"] == int(lane)) & (spans["state"] == int(state))
    chosen &= (spans["start"] >= window[0]) & (spans["start"] < window[1])
    return np.flatnonzero(chosen)


def _runnable_since(timeline: Timeline, running: Integers, window: tuple[int, int]) -> Integers:
    """When each of these turns' goroutines had become runnable; before the window if that is not known."""
    spans = timeline.spans
    waits = _of(timeline, Lane.GOROUTINE, State.RUNNABLE, window)
    step = int(window[1]) + 1
    keys = spans["id"][waits].astype(np.int64) * step + (spans["start"] + spans["dur"])[waits]
    order = np.argsort(keys, kind="stable")
    wanted = spans["id"][running].astype(np.int64) * step + spans["start"][running]
    at = np.minimum(np.searchsorted(keys[order], wanted), max(0, len(keys) - 1))
    if not len(keys):
        return np.full(len(running), -1, np.int64)
    same = keys[order][at] == wanted
    return np.where(same, spans["start"][waits][order][at], -1).astype(np.int64)


def relative(simulated: float, real: float) -> float:
    """By how much the simulated value is off; infinite where the real one is 0 and it is not."""
    if real == 0:
        return 0.0 if simulated == 0 else float("inf")
    return simulated / real - 1


def quantile(values: Integers | Floats, share: float) -> float:
    """A quantile; 0 of none."""
    return float(np.quantile(values, share)) if len(values) else 0.0
