"""What is known of a running program at one moment."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

UNKNOWN: Final = -1

MOST: Final = 2**53
"""No count reaches that: beyond it a number of JavaScript's is not the one that was meant."""

BIN_BOUNDS_NS: Final = (0, *(2**power for power in range(8, 34)))
"""Where each bin of a histogram of durations begins; the last one is open.

The runtime's own buckets (``timeHistogram`` in runtime/histogram.go) are finer and fit into these whole.
"""

BINS: Final = len(BIN_BOUNDS_NS)


@dataclass(frozen=True, slots=True)
class Sample:
    """One moment. A count of ``UNKNOWN`` (-1), or an empty tuple, is not known from this source.

    ``time_ns`` counts from about the program's start, or from the first question to a server. ``latencies``
    (how long goroutines were runnable before they ran) and ``pauses`` (stop-the-world) are numbers of events
    since the sample before, by ``BIN_BOUNDS_NS``. ``gc_cycles`` counts from the program's start.

    ``goroutines`` is what ``runtime.NumGoroutine`` says. The states are the runtime's estimates
    (``schedStatsAggregate.compute`` in runtime/metrics.go, since Go 1.26): they need not add up, and
    ``waiting`` has the runtime's own goroutines in it. ``not_in_go`` is in a system call or in C.
    ``runq_local`` has the length of each P's run queue.
    """

    time_ns: int
    goroutines: int = UNKNOWN
    running: int = UNKNOWN
    runnable: int = UNKNOWN
    waiting: int = UNKNOWN
    not_in_go: int = UNKNOWN
    gomaxprocs: int = UNKNOWN
    idle_procs: int = UNKNOWN
    threads: int = UNKNOWN
    idle_threads: int = UNKNOWN
    spinning_threads: int = UNKNOWN
    runq_global: int = UNKNOWN
    runq_local: tuple[int, ...] = ()
    heap_bytes: int = UNKNOWN
    goal_bytes: int = UNKNOWN
    gc_cycles: int = UNKNOWN
    latencies: tuple[int, ...] = ()
    pauses: tuple[int, ...] = ()


def is_no_goal(value: object) -> bool:
    """Whether a heap goal is none: with the collector off, and no memory limit, it is about math.MaxInt64
    (``gcControllerState.heapGoal`` in runtime/mgcpacer.go).
    """
    return isinstance(value, int) and MOST <= value < 2**64


def binned(durations: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    """Counts by bin of pairs (duration in ns, how often)."""
    counts = [0] * BINS
    for duration, count in durations:
        counts[max(0, bisect_right(BIN_BOUNDS_NS, duration) - 1)] += count
    return tuple(counts)
