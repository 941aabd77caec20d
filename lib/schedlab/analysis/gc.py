"""What garbage collection took: the pauses, the cycles, and what was left for the program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from schedlab.analysis._common import (
    WORKER_LABELS,
    Flags,
    Floats,
    Integers,
    Intervals,
    crossings,
    gomaxprocs,
    intervals,
    joined,
    marked,
    merged,
    of_lane,
    procs,
    ranges,
    sums,
    worker_labels,
    worker_modes,
)
from schedlab.analysis._steps import Depth, steps
from schedlab.errors import UsageError
from schedlab.timeline import NOBODY, OPEN_END, OPEN_START, Lane, State, Timeline

if TYPE_CHECKING:
    import pandas as pd

Duty = Literal["stw", "background", "assist", "sweep"]

DUTIES: tuple[Duty, ...] = ("stw", "background", "assist", "sweep")
"""What can be counted as taken from the program. See ``utilization``."""

_ASSIST, _SWEEP, _STW, _MARK = (
    "GC mark assist",
    "GC incremental sweep",
    "stop-the-world",
    "GC concurrent mark phase",
)
# In the order of WORKER_LABELS.
_MODES = ("dedicated", "fractional", "idle")
_IDLE_WORKER = WORKER_LABELS.index("GC (idle)")
_DEDICATED_WORKER = WORKER_LABELS.index("GC (dedicated)")


@dataclass(frozen=True, slots=True, eq=False)
class Stops:
    """Each time that the world was stopped, in time's order; recorded.

    ``start_ns`` and ``dur_ns`` (n): from the wish to stop until the world runs again (``STWStart``,
    ``STWDone`` in runtime/traceruntime.go); ``reason`` (n) as the runtime names it, such as "GC mark
    termination"; ``goroutine`` (n), the id of who stopped it, and ``p`` (n) on which, -1 if not known.
    ``whole`` (n) is False for one that reaches over an end of the capture.
    """

    start_ns: Integers
    dur_ns: Integers
    reason: tuple[str, ...]
    goroutine: Integers
    p: Integers
    whole: Flags

    def __len__(self) -> int:
        return len(self.start_ns)

    @property
    def of_gc(self) -> Flags:
        """Which of them were for garbage collection (``isGC`` of stwReason in runtime/proc.go)."""
        return np.array([reason.startswith("GC ") for reason in self.reason], dtype=bool)

    def totals(self) -> StopTotals:
        """Count, total and percentiles by reason."""
        names = tuple(sorted(set(self.reason)))
        code = np.array([names.index(reason) for reason in self.reason], np.int64)
        cuts = [
            np.quantile(self.dur_ns[code == at], [0.5, 0.99, 1.0], method="higher")
            for at in range(len(names))
        ]
        cut = np.array(cuts, np.int64).reshape(-1, 3)
        count = np.bincount(code, minlength=len(names)).astype(np.int64)
        total = sums(code, self.dur_ns, len(names))
        return StopTotals(names, count, total, cut[:, 0], cut[:, 1], cut[:, 2])

    def to_pandas(self) -> pd.DataFrame:
        """One row per stop."""
        import pandas as pd

        return pd.DataFrame(
            {
                "start_ns": self.start_ns,
                "dur_ns": self.dur_ns,
                "reason": pd.Series(list(self.reason), dtype="string"),
                "goroutine": pd.Series(self.goroutine, dtype="Int64").mask(self.goroutine == NOBODY),
                "p": pd.Series(self.p, dtype="Int64").mask(self.p == NOBODY),
                "whole": self.whole,
            }
        )


@dataclass(frozen=True, slots=True, eq=False)
class StopTotals:
    """A row per reason, by name: how often, in all, and exact percentiles in ns."""

    reason: tuple[str, ...]
    count: Integers
    total_ns: Integers
    p50_ns: Integers
    p99_ns: Integers
    max_ns: Integers

    def to_pandas(self) -> pd.DataFrame:
        """One row per reason."""
        import pandas as pd

        columns = {name: getattr(self, name) for name in ("count", "total_ns", "p50_ns", "p99_ns", "max_ns")}
        return pd.DataFrame({"reason": pd.Series(list(self.reason), dtype="string"), **columns})


@dataclass(frozen=True, slots=True, eq=False)
class Cycles:
    """GC cycles, a row each, in time's order; times in ns.

    ``mark_start_ns`` and ``mark_end_ns`` are those of the concurrent mark phase, which the runtime begins
    before it stops the world for the first time. The other columns are what happened from then until the
    next cycle began: ``stw_ns``, pauses for GC; ``assist_ns`` and ``assists``, mark assists, running
    time alone; ``worker_ns`` (n, 3), running time of mark workers: dedicated, fractional, idle;
    ``sweep_ns``, sweeping by goroutines that allocate. ``whole`` is False for a mark phase that
    reaches over an end of the capture. What came before the first cycle is in no row.
    """

    mark_start_ns: Integers
    mark_end_ns: Integers
    stw_ns: Integers
    assists: Integers
    assist_ns: Integers
    worker_ns: Integers
    sweep_ns: Integers
    whole: Flags

    def __len__(self) -> int:
        return len(self.mark_start_ns)

    def marking(self, times_ns: Integers) -> Flags:
        """Whether a mark phase went on at each of these times; any shape."""
        cycle = np.searchsorted(self.mark_start_ns, times_ns, side="right") - 1
        ends = np.append(self.mark_end_ns, np.iinfo(np.int64).min)
        found: Flags = np.asarray(times_ns < ends[cycle])
        return found

    def to_pandas(self) -> pd.DataFrame:
        """One row per cycle; ``dedicated_ns``, ``fractional_ns``, ``idle_ns`` are the workers'."""
        import pandas as pd

        names = ("mark_start_ns", "mark_end_ns", "stw_ns", "assists", "assist_ns")
        columns = {name: getattr(self, name) for name in names}
        modes = {f"{name}_ns": self.worker_ns[:, at] for at, name in enumerate(_MODES)}
        return pd.DataFrame({**columns, **modes, "sweep_ns": self.sweep_ns, "whole": self.whole})


@dataclass(frozen=True, slots=True, eq=False)
class Workers:
    """Each run of a mark worker, in time's order: ``start_ns`` and ``dur_ns`` (n), ``p`` (n) the P it had,
    ``mode`` (n) "dedicated", "fractional" or "idle" (``gcMarkWorkerMode`` in runtime/mgc.go).
    """

    start_ns: Integers
    dur_ns: Integers
    p: Integers
    mode: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.start_ns)

    def at_once(self) -> int:
        """How many Ps marked at the same time, at most."""
        depth = steps(self.start_ns, self.start_ns + self.dur_ns)
        return int(depth.count.max(initial=0))


@dataclass(frozen=True, slots=True, eq=False)
class Utilization:
    """The share of P time that the program has: ``share[i]`` from ``time_ns[i]`` until ``time_ns[i + 1]``.

    ``time_ns`` (n + 1) goes from the capture's beginning to its end, ``share`` (n) is from 0 to 1.
    """

    time_ns: Integers
    share: Floats

    def mean(self, start_ns: Integers, length_ns: int) -> Floats:
        """The mean over the window of this length that begins at each of these times; any shape."""
        lengths = np.diff(self.time_ns)
        lost = np.concatenate(([0.0], np.cumsum((1 - self.share) * lengths)))
        upto = [np.interp(start_ns + shift, self.time_ns, lost) for shift in (0, length_ns)]
        return np.asarray(np.clip(1 - (upto[1] - upto[0]) / length_ns, 0.0, 1.0), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Mmu:
    """Minimum mutator utilisation: for each of ``window_ns`` (n) the smallest mean ``share`` (n, 0 to 1)
    of P time that the program had in any window of that length, and where one begins, ``start_ns`` (n).

    ``p`` (n) is the P that had it, if the Ps were looked at one by one, else -1.
    """

    window_ns: Integers
    share: Floats
    start_ns: Integers
    p: Integers

    def to_pandas(self) -> pd.DataFrame:
        """One row per window length."""
        import pandas as pd

        p = pd.Series(self.p, dtype="Int64").mask(self.p == NOBODY)
        return pd.DataFrame(
            {"window_ns": self.window_ns, "share": self.share, "start_ns": self.start_ns, "p": p}
        )


def stops(timeline: Timeline) -> Stops:
    """Every stop-the-world of the capture, for GC and for anything else."""
    rows = ranges(timeline, _STW)
    marks = timeline.marks
    goroutine = np.asarray(marks["g"][rows], dtype=np.int64)
    ids = np.append(np.asarray(timeline.goroutines["id"], dtype=np.int64), NOBODY)
    return Stops(
        start_ns=np.asarray(marks["start"][rows], dtype=np.int64),
        dur_ns=np.asarray(marks["dur"][rows], dtype=np.int64),
        reason=tuple(_reason(timeline.texts[name]) for name in marks["name"][rows].tolist()),
        goroutine=ids[goroutine],
        p=np.asarray(marks["p"][rows], dtype=np.int64),
        whole=_whole(timeline, rows),
    )


def cycles(timeline: Timeline) -> Cycles:
    """The GC cycles of the capture, those cut by its ends too."""
    rows = ranges(timeline, _MARK)
    phase = marked(timeline, rows, "p")
    size = len(phase)
    stopped = stops(timeline)
    pauses = Intervals(stopped.start_ns, stopped.start_ns + stopped.dur_ns, stopped.p).some(stopped.of_gc)
    assist = _in_ranges(timeline, _ASSIST)
    worker, mode = _workers(timeline)
    of_worker = _cycle_of(worker, phase) * 3 + mode
    inside = of_worker >= 0
    return Cycles(
        mark_start_ns=phase.start,
        mark_end_ns=phase.end,
        stw_ns=_per_cycle(pauses, phase),
        assists=_begun(marked(timeline, ranges(timeline, _ASSIST), "g"), phase),
        assist_ns=_per_cycle(assist, phase),
        worker_ns=sums(of_worker[inside], (worker.end - worker.start)[inside], size * 3).reshape(size, 3),
        sweep_ns=_per_cycle(_in_ranges(timeline, _SWEEP), phase),
        whole=_whole(timeline, rows),
    )


def workers(timeline: Timeline) -> Workers:
    """Every run of a mark worker of which the capture holds the label."""
    runs, mode = _workers(timeline)
    order = np.argsort(runs.start, kind="stable")
    names = tuple(_MODES[one] for one in mode[order].tolist())
    return Workers(runs.start[order], (runs.end - runs.start)[order], runs.key[order], names)


def utilization(
    timeline: Timeline, counting: Sequence[Duty] = DUTIES, *, p: int | None = None
) -> Utilization:
    """What share of P time the program had, over time: of all Ps, or of one.

    ``counting`` says what is taken from it, as the flags of MutatorUtilizationV2 in internal/trace/gc.go do:
    "stw" (pauses for GC stop every P), "background" (mark workers, but for idle ones; of one P not the
    dedicated ones either, since they drive every goroutine off it), "assist", "sweep". Unlike there, a
    run of a mark worker counts once, while it lasts, and in its own mode: in Go 1.27 a worker's second run
    counts twice and then never ends, so that ``go tool trace`` shows too much utilisation, of a few cycles.

    Of a worker that ran already when a ``timeline.window`` began, the label is lost, and it is not counted.
    The number of Ps is GOMAXPROCS as the capture records it, or else the Ps it speaks of.

    Raises:
        UsageError: an unknown duty, an empty capture, or one that speaks of no P.
    """
    _check(timeline, counting)
    return _utilization(
        timeline, _busy(timeline, counting, one_p=p is not None), _pauses(timeline, counting), p
    )


def mmu(
    timeline: Timeline,
    windows_ns: Sequence[int] | Integers,
    counting: Sequence[Duty] = DUTIES,
    *,
    per_p: bool = False,
) -> Mmu:
    """Minimum mutator utilisation over sliding windows; ``per_p`` takes the worst P instead of their mean.

    Exact: the mean over a window is least where one of its edges meets a change of the utilisation
    (``bandMMU`` in internal/trace/gc.go), so only those places are looked at. A window longer than the
    timeline is as long as the timeline. Cheng and Blelloch, A parallel, real-time garbage collector, 2001.

    Raises:
        UsageError: as of ``utilization``; a window that is not longer than 0.
    """
    _check(timeline, counting)
    windows = np.asarray(windows_ns, dtype=np.int64)
    if (windows <= 0).any():
        raise UsageError("a window must be longer than 0 ns")
    busy, pauses = _busy(timeline, counting, one_p=per_p), _pauses(timeline, counting)
    numbers: list[int | None] = list(procs(timeline).tolist()) if per_p else [None]
    share, start = np.full(len(windows), 2.0), np.zeros(len(windows), np.int64)
    of_p = np.full(len(windows), NOBODY, np.int64)
    for p in numbers:
        curve = _utilization(timeline, busy, pauses, p)
        for at, window in enumerate(windows.tolist()):
            where, least = _least(curve, min(window, int(curve.time_ns[-1] - curve.time_ns[0])))
            if least < share[at]:
                share[at], start[at], of_p[at] = least, where, NOBODY if p is None else p
    return Mmu(windows, share, start, of_p)


def _reason(name: str) -> str:
    return name[name.find("(") + 1 : name.rfind(")")] if "(" in name else name


def _whole(timeline: Timeline, rows: Integers) -> Flags:
    whole: Flags = (np.asarray(timeline.marks["flags"][rows]) & (OPEN_START | OPEN_END)) == 0
    return whole


def _in_ranges(timeline: Timeline, prefix: str) -> Intervals:
    """The stretches in which a goroutine ran and was in such a range; keys are Ps."""
    duty = merged(marked(timeline, ranges(timeline, prefix), "g"))
    rows = np.flatnonzero(of_lane(timeline, Lane.GOROUTINE, State.RUNNING))
    _, span, start, end = crossings(duty, intervals(timeline, rows, "id"))
    return Intervals(start, end, np.asarray(timeline.spans["p"][rows[span]], dtype=np.int64))


def _workers(timeline: Timeline) -> tuple[Intervals, Integers]:
    """When mark workers ran, with Ps as keys, and the mode of each run."""
    rows = np.flatnonzero(of_lane(timeline, Lane.GOROUTINE, State.RUNNING))
    modes = worker_modes(worker_labels(timeline), intervals(timeline, rows, "id"))
    worked = modes >= 0
    return intervals(timeline, rows[worked], "p"), modes[worked].astype(np.int64)


def _cycle_of(found: Intervals, phase: Intervals) -> Integers:
    """The cycle in which each began; -1 before the first."""
    return np.searchsorted(phase.start, found.start, side="right").astype(np.int64) - 1


def _per_cycle(found: Intervals, phase: Intervals) -> Integers:
    cycle = _cycle_of(found, phase)
    inside = cycle >= 0
    return sums(cycle[inside], (found.end - found.start)[inside], len(phase))


def _begun(found: Intervals, phase: Intervals) -> Integers:
    cycle = _cycle_of(found, phase)
    return np.bincount(cycle[cycle >= 0], minlength=len(phase)).astype(np.int64)


def _check(timeline: Timeline, counting: Sequence[Duty]) -> None:
    unknown = [duty for duty in counting if duty not in DUTIES]
    if unknown:
        raise UsageError(f"counting: {unknown[0]!r} is none of {', '.join(DUTIES)}")
    if timeline.bounds_ns[0] >= timeline.bounds_ns[1] or not len(procs(timeline)):
        raise UsageError("the timeline has no time, or speaks of no P", remedy="Take one of a whole trace.")


def _busy(timeline: Timeline, counting: Sequence[Duty], *, one_p: bool) -> Intervals:
    """When each P worked for the collector."""
    found = Intervals(*(np.zeros(0, np.int64) for _ in range(3)))
    if "background" in counting:
        worker, mode = _workers(timeline)
        left_out = (_IDLE_WORKER, _DEDICATED_WORKER) if one_p else (_IDLE_WORKER,)
        found = joined(found, worker.some(~np.isin(mode, left_out)))
    for duty, prefix in (("assist", _ASSIST), ("sweep", _SWEEP)):
        if duty in counting:
            found = joined(found, _in_ranges(timeline, prefix))
    return merged(found)


def _pauses(timeline: Timeline, counting: Sequence[Duty]) -> Intervals:
    if "stw" not in counting:
        return Intervals(*(np.zeros(0, np.int64) for _ in range(3)))
    stopped = stops(timeline)
    nowhere = np.zeros(len(stopped), np.int64)
    return merged(Intervals(stopped.start_ns, stopped.start_ns + stopped.dur_ns, nowhere).some(stopped.of_gc))


def _utilization(timeline: Timeline, busy: Intervals, pauses: Intervals, p: int | None) -> Utilization:
    if p is not None:
        busy = busy.some(busy.key == p)
    at_work, paused = steps(busy.start, busy.end), steps(pauses.start, pauses.end)
    there = Depth(np.zeros(1, np.int64), np.ones(1, np.int64)) if p is not None else _gomaxprocs(timeline)
    first, last = timeline.bounds_ns
    ends = np.array([first, last], np.int64)
    times = np.unique(np.concatenate((ends, at_work.time_ns, paused.time_ns, there.time_ns)))
    times = times[(times >= first) & (times <= last)]
    begins = times[:-1]
    number = there.at(begins)
    taken = np.where(paused.at(begins) > 0, number, np.minimum(at_work.at(begins), number))
    return Utilization(times, 1 - taken / number)


def _gomaxprocs(timeline: Timeline) -> Depth:
    """How many Ps there were over time; the first known number holds from the beginning."""
    time, value = gomaxprocs(timeline)
    if not len(time):
        return Depth(np.zeros(1, np.int64), np.array([len(procs(timeline))], np.int64))
    time[0] = min(int(time[0]), timeline.bounds_ns[0])
    return Depth(time, np.maximum(value, 1))


def _least(curve: Utilization, window: int) -> tuple[int, float]:
    """Where a window has the least utilisation, and that."""
    first, latest = int(curve.time_ns[0]), int(curve.time_ns[-1]) - window
    places = np.unique(np.clip(np.concatenate((curve.time_ns, curve.time_ns - window)), first, latest))
    mean = curve.mean(places, window)
    at = int(np.argmin(mean))
    return int(places[at]), float(mean[at])
