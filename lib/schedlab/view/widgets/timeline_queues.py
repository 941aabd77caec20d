"""How deep each P's run queue was over time, in columns: reconstructed from the goroutines' waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from schedlab.analysis import queues
from schedlab.timeline import Lane, Timeline
from schedlab.view.widgets.timeline_numbers import Columns, Integers

MOST_STEPS: Final = 60_000
"""Steps of all queues that travel as they are; of more, only what was the least and the most in bins."""

GLOBAL: Final = 0
"""In ``queue_p``, where a P has its number + 1."""


@dataclass(frozen=True, slots=True)
class QueueColumns:
    """``queue_p`` and ``queue_length`` per queue; ``queue_time``, ``queue_least``, ``queue_most`` per step,
    queue after queue. A depth holds until the next step, and is 0 before the first. ``step_ns`` is 0 if all
    steps are there, and then least and most are equal; else the width of the bins.
    """

    columns: Columns
    step_ns: int


def queue_columns(timeline: Timeline, most: int = MOST_STEPS) -> QueueColumns:
    """The global queue and that of each P; none without goroutines that were seen to wait for a P."""
    lanes = np.asarray(timeline.spans["lane"])
    if not len(lanes) or not (lanes == int(Lane.GOROUTINE)).any() or _is_sampled(timeline):
        return _packed([], [], 0)
    found = queues.reconstructed(timeline)
    ps = [GLOBAL, *(int(p) + 1 for p in found.p)]
    depths = [found.in_global, *found.local]
    if sum(len(depth.time_ns) for depth in depths) <= most:
        steps = [(depth.time_ns, depth.count, depth.count) for depth in depths]
        return _packed(ps, steps, 0)
    start, end = timeline.bounds_ns
    step = -(-(end - start) // max(1, most // len(depths)))
    return _packed(ps, [_binned(depth, start, end, step) for depth in depths], step)


def _is_sampled(timeline: Timeline) -> bool:
    """Samples have their own counts of the queues, which were recorded."""
    return any(text in ("sched.runq", "sched.runqueue") for text in timeline.texts)


Steps = tuple[Integers, Integers, Integers]


def _binned(depth: queues.Depth, start: int, end: int, step: int) -> Steps:
    """The least and the most in each ``step`` ns, as steps, without those that are as the one before."""
    edges = np.arange(start, max(end, start + 1), step, dtype=np.int64)
    inside = (depth.time_ns > start) & (depth.time_ns < end)
    times = np.concatenate((edges, depth.time_ns[inside]))
    counts = np.concatenate((depth.at(edges), depth.count[inside]))
    order = np.argsort(times, kind="stable")
    first = np.searchsorted(times[order], edges)
    least = np.minimum.reduceat(counts[order], first)
    most = np.maximum.reduceat(counts[order], first)
    other = np.ones(len(edges), dtype=bool)
    other[1:] = (least[1:] != least[:-1]) | (most[1:] != most[:-1])
    return edges[other], least[other], most[other]


def _packed(ps: list[int], steps: list[Steps], step_ns: int) -> QueueColumns:
    def joined(parts: list[Integers]) -> Integers:
        return np.concatenate([np.zeros(0, dtype=np.int64), *parts]).astype(np.int64)

    columns: Columns = {
        "queue_p": np.array(ps, dtype=np.uint32),
        "queue_length": np.array([len(time) for time, _, _ in steps], dtype=np.uint32),
        "queue_time": joined([time for time, _, _ in steps]),
        "queue_least": joined([least for _, least, _ in steps]).astype(np.uint32),
        "queue_most": joined([most for _, _, most in steps]).astype(np.uint32),
    }
    return QueueColumns(columns, step_ns)
