"""How many goroutines stood in run queues: reconstructed from a trace, recorded by schedtrace, and both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from schedlab.analysis._common import Flags, Floats, Integers, of_lane, procs
from schedlab.analysis._lives import ran_on
from schedlab.analysis._steps import Depth, added, steps
from schedlab.capture.schedtrace import SchedTrace
from schedlab.errors import UsageError
from schedlab.timeline import Lane, State, Timeline

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "LOCAL_ROOM",
    "Depth",
    "Reconstructed",
    "Recorded",
    "Together",
    "reconstructed",
    "recorded",
    "together",
]

LOCAL_ROOM = 257
"""What a P's own queue holds: ``runq`` (256) and ``runnext`` (``type p`` in runtime/runtime2.go, Go 1.27)."""

_TO_GLOBAL = ("preempted", "runtime.Gosched")
_FEWEST_SAMPLES = 8
_MS = 1_000_000
_COARSE_NS, _FINE_NS = 500_000, 50_000
_MOST_TRIALS = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Reconstructed:
    """Run queues as a trace lets one work them out. Times are ns since its first event.

    ``total`` is exact: the goroutines that were runnable and did not run. Whether one of them was in a queue
    or on its way into or out of one, a trace does not tell.

    ``local`` (one per P of ``p``) and ``in_global`` are **estimates**. A goroutine that was woken or created
    counts for the P on which that was done (``ready`` and ``newproc`` in runtime/proc.go put it there), one
    that was preempted, called Gosched or was found by nobody's P counts for the global queue
    (``goschedImpl``, ``injectglist``); more than ``LOCAL_ROOM`` in a P's queue spill into the global one
    (``runqputslow``). What runs on another P than that was stolen with others (``runqgrab``): the
    newest of them runs first, then the others from the oldest on. So those that the thief runs one after the
    other count for it from the moment at which the first of them runs. ``moved`` of ``turns`` goroutines ran
    on another P than the one that they counted for at first.
    """

    total: Depth
    in_global: Depth
    p: Integers
    local: tuple[Depth, ...]
    moved: int
    turns: int
    bounds_ns: tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """Run queues as schedtrace printed them, one row per SCHED line; times in ns by the capture's own clock.

    ``in_global`` (n) and ``local`` (n, Ps; -1 for no such P) are the lengths, ``total`` their sum. The
    runtime does not count ``runnext`` of a P, which holds one more goroutine.
    """

    time_ns: Integers
    in_global: Integers
    local: Integers
    total: Integers

    def __len__(self) -> int:
        return len(self.time_ns)

    def to_pandas(self) -> pd.DataFrame:
        """One row per line: ``time_ns``, ``total``, ``global``, ``p0``, …; -1 becomes ``<NA>``."""
        import pandas as pd

        columns: dict[str, Any] = {"time_ns": self.time_ns, "total": self.total, "global": self.in_global}
        for p in range(self.local.shape[1]):
            columns[f"p{p}"] = pd.Series(self.local[:, p], dtype="Int64").mask(self.local[:, p] < 0)
        return pd.DataFrame(columns)


@dataclass(frozen=True, slots=True, eq=False)
class Together:
    """The samples of schedtrace that fall into the trace, on the trace's clock, and what the trace says then.

    ``offset_ns`` is the trace's first event on schedtrace's clock, ``found_by`` how it is known: "given" or
    "depth" (see ``together``). The errors are of ``reconstructed`` (n) against ``recorded`` (n), in
    goroutines: ``mean_absolute``, ``bias`` (positive if the reconstruction has more), ``correlation`` (NaN
    if either does not vary). ``local_mean_absolute`` is the error of the estimates per P,
    ``in_global_mean_absolute`` that of the estimate of the global queue.
    """

    offset_ns: int
    found_by: Literal["given", "depth"]
    time_ns: Integers
    recorded: Integers
    reconstructed: Integers
    mean_absolute: float
    bias: float
    correlation: float
    local_mean_absolute: float
    in_global_mean_absolute: float

    def to_pandas(self) -> pd.DataFrame:
        """One row per sample: ``time_ns``, ``recorded``, ``reconstructed``."""
        import pandas as pd

        return pd.DataFrame(
            {"time_ns": self.time_ns, "recorded": self.recorded, "reconstructed": self.reconstructed}
        )


def reconstructed(timeline: Timeline) -> Reconstructed:
    """The run queues of an execution trace. Nothing is sampled: every change is a step."""
    rows = np.flatnonzero(of_lane(timeline, Lane.GOROUTINE, State.RUNNABLE))
    spans = timeline.spans
    start = np.asarray(spans["start"][rows], dtype=np.int64)
    end = start + np.asarray(spans["dur"][rows], dtype=np.int64)
    sent = [number for number, reason in enumerate(timeline.reasons) if reason in _TO_GLOBAL]
    queue = np.where(np.isin(spans["reason"][rows], sent), -1, np.asarray(spans["p"][rows], dtype=np.int64))
    then = ran_on(timeline, rows)
    moved = np.flatnonzero((then >= 0) & (queue >= 0) & (then != queue))
    left = end.copy()
    left[moved] = _taken(start[moved], end[moved], then[moved], queue[moved])
    numbers = procs(timeline)
    local, spilt = [], [steps(start[queue < 0], end[queue < 0])]
    for p in numbers.tolist():
        own, got = np.flatnonzero(queue == p), moved[then[moved] == p]
        inside = steps(np.concatenate((start[own], left[got])), np.concatenate((left[own], end[got])))
        local.append(Depth(inside.time_ns, np.minimum(inside.count, LOCAL_ROOM)))
        spilt.append(Depth(inside.time_ns, np.maximum(inside.count - LOCAL_ROOM, 0)))
    return Reconstructed(
        total=steps(start, end),
        in_global=added(spilt),
        p=numbers,
        local=tuple(local),
        moved=len(moved),
        turns=int((then >= 0).sum()),
        bounds_ns=timeline.bounds_ns,
    )


def recorded(capture: SchedTrace | Timeline) -> Recorded:
    """The run queues that schedtrace printed, from its records or from a Timeline made of them.

    Raises:
        UsageError: the Timeline has no such counters.
    """
    if isinstance(capture, SchedTrace):
        table = capture.summaries
        local = np.asarray(table.local_runq)
        return _recorded(np.asarray(table.time_ms) * _MS, np.asarray(table.runqueue), local)
    time, in_global = _counter(capture, "sched.runqueue")
    local = _per_p(capture, time, "sched.runq")
    return _recorded(time, in_global, local)


def together(samples: Recorded, trace: Reconstructed, offset_ns: int | None = None) -> Together:
    """schedtrace's samples and a trace of the same run on one clock, and how far they agree.

    Neither capture names the other's clock. Without ``offset_ns`` (the trace's first event in ns of
    schedtrace's clock) it is searched for, first in steps of 0.5 ms, then of 0.05 ms: it is the one at which
    the difference of the depths varies least, among those that put at least 8 samples, and half of what
    can be, into the trace.

    A program that does the same all the time leaves the offset open: look at ``correlation``.
    schedtrace's clock has whole milliseconds, rounded down; half of one is added.

    Raises:
        UsageError: fewer than 8 samples fall into the trace.
    """
    times = samples.time_ns + _MS // 2
    found_by: Literal["given", "depth"] = "given"
    if offset_ns is None:
        found_by, offset_ns = "depth", _best_offset(samples, trace, times)
    inside = _inside(times - offset_ns, trace.bounds_ns)
    if inside.sum() < _FEWEST_SAMPLES:
        raise UsageError(
            f"only {int(inside.sum())} samples of schedtrace fall into the trace",
            remedy="Trace for longer, or take samples more often (schedtrace=10).",
        )
    at = (times - offset_ns)[inside]
    one, other = samples.total[inside], trace.total.at(at)
    wrong = [
        np.abs(samples.local[inside, p] - depth.at(at))[samples.local[inside, p] >= 0]
        for p, depth in zip(trace.p.tolist(), trace.local, strict=True)
        if p < samples.local.shape[1]
    ]
    every = np.concatenate(wrong) if wrong else np.zeros(0)
    return Together(
        offset_ns=offset_ns,
        found_by=found_by,
        time_ns=at,
        recorded=one,
        reconstructed=other,
        mean_absolute=float(np.abs(other - one).mean()),
        bias=float((other - one).mean()),
        correlation=_correlation(one, other),
        local_mean_absolute=float(every.mean()) if len(every) else float("nan"),
        in_global_mean_absolute=float(np.abs(samples.in_global[inside] - trace.in_global.at(at)).mean()),
    )


def _taken(start: Integers, end: Integers, thief: Integers, victim: Integers) -> Integers:
    """When each moved goroutine was taken: when the first of those taken with it ran.

    A theft begins with a goroutine that is newer than the one run after it, or from another victim.
    """
    order = np.lexsort((end, thief))
    since, by, of = start[order], thief[order], victim[order]
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = (by[1:] != by[:-1]) | (of[1:] != of[:-1])
    begins[:-1] |= since[:-1] > since[1:]
    first = np.maximum.accumulate(np.where(begins, np.arange(len(order)), 0))
    taken = np.empty_like(end)
    taken[order] = np.maximum(end[order][first], since)
    return taken


def _recorded(time: Integers, in_global: Integers, local: Integers) -> Recorded:
    total = np.maximum(in_global, 0) + np.maximum(local, 0).sum(axis=1)
    return Recorded(time, in_global, local, total)


def _counter(timeline: Timeline, name: str) -> tuple[Integers, Integers]:
    chosen = _named(timeline, name)
    if not chosen.any():
        raise UsageError(
            f"the timeline has no counter {name!r}", remedy="Make it from schedtrace, not from a trace."
        )
    counters = timeline.counters
    return np.asarray(counters["time"][chosen], np.int64), np.asarray(counters["value"][chosen], np.int64)


def _per_p(timeline: Timeline, time: Integers, name: str) -> Integers:
    chosen = _named(timeline, name)
    if not chosen.any():
        return np.zeros((len(time), 0), np.int64)
    counters = timeline.counters
    p = np.asarray(counters["p"][chosen], dtype=np.int64)
    table = np.full((len(time), int(p.max()) + 1), -1, np.int64)
    table[np.searchsorted(time, counters["time"][chosen]), p] = counters["value"][chosen]
    return table


def _named(timeline: Timeline, name: str) -> Flags:
    wanted = [number for number, text in enumerate(timeline.texts) if text == name]
    return np.isin(timeline.counters["name"], wanted)


def _inside(times: Integers, bounds_ns: tuple[int, int]) -> Flags:
    return (times >= bounds_ns[0]) & (times < bounds_ns[1])


def _best_offset(samples: Recorded, trace: Reconstructed, times: Integers) -> int:
    if len(times) < _FEWEST_SAMPLES:
        raise UsageError(f"{len(times)} samples are too few to find the offset")
    earliest, latest = int(times[0]) - trace.bounds_ns[1], int(times[-1]) - trace.bounds_ns[0]
    step = max(_COARSE_NS, -(-(latest - earliest) // _MOST_TRIALS))
    trials = np.arange(earliest, latest + 1, step)
    best = int(trials[np.argmax(_scores(samples, trace, times, trials))])
    fine = best + np.arange(-step, step + 1, _FINE_NS)
    scores = _scores(samples, trace, times, fine)
    # Several in a row may be equally good: the middle one.
    equal = np.flatnonzero(scores == scores.max())
    return int(fine[equal[len(equal) // 2]])


def _scores(samples: Recorded, trace: Reconstructed, times: Integers, trials: Integers) -> Floats:
    """How well each offset fits; -inf for one that puts too few samples into the trace."""
    inside = _inside(times - trials[:, None], trace.bounds_ns).sum(axis=1)
    enough = inside >= max(_FEWEST_SAMPLES, int(inside.max()) // 2)
    scores = np.full(len(trials), -np.inf)
    for at in np.flatnonzero(enough).tolist():
        then = times - trials[at]
        within = _inside(then, trace.bounds_ns)
        scores[at] = -float(np.std(samples.total[within] - trace.total.at(then[within])))
    return scores


def _correlation(one: Integers, other: Integers) -> float:
    if len(one) < 2 or one.std() == 0 or other.std() == 0:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])
