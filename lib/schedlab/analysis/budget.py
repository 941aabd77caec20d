"""Where the time of each P went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from schedlab.analysis._common import (
    Integers,
    Intervals,
    checked_window,
    clipped,
    crossings,
    intervals,
    joined,
    marked,
    merged,
    procs,
    ranges,
    row_parts,
    sums,
    worker_labels,
    worker_modes,
)
from schedlab.analysis._lives import functions
from schedlab.timeline import Lane, State, Timeline

if TYPE_CHECKING:
    import pandas as pd

PARTS = (
    "user",
    "gc_dedicated",
    "gc_fractional",
    "gc_idle",
    "gc_assist",
    "gc_sweep",
    "system",
    "syscall",
    "stopping",
    "spinning",
    "scheduler",
    "stopped",
    "idle",
    "unknown",
)
"""What a P's time is divided into. See ``Budget``."""

_USER, _DEDICATED, _ASSIST, _SWEEP, _SYSTEM, _SYSCALL, _STOPPING = map(
    PARTS.index, ("user", "gc_dedicated", "gc_assist", "gc_sweep", "system", "syscall", "stopping")
)
_SPINNING, _SCHEDULER, _STOPPED, _IDLE, _UNKNOWN = map(
    PARTS.index, ("spinning", "scheduler", "stopped", "idle", "unknown")
)

_DUTIES = ((_STOPPING, "stop-the-world"), (_SWEEP, "GC incremental sweep"), (_ASSIST, "GC mark assist"))


@dataclass(frozen=True, slots=True, eq=False)
class Budget:
    """The time of each P in ns: ``ns`` (Ps, parts), a row per P of ``p``, a column per name in ``PARTS``.

    The parts of a P add up to ``duration_ns``, to the nanosecond.

    - ``user``: a goroutine of the program ran, and did none of the following for the runtime.
    - ``gc_dedicated``, ``gc_fractional``, ``gc_idle``: a mark worker ran, in that mode.
    - ``gc_assist``: a goroutine that allocated had to mark. ``gc_sweep``: it had to sweep; or the
      background sweeper (``runtime.bgsweep``) ran.
    - ``system``: another goroutine of the runtime ran.
    - ``syscall``: its goroutine was in a system call and the P was still with it.
    - ``stopping``: its goroutine stopped the world, or had stopped it.
    - ``spinning``: the P was running and its M looked for a goroutine and had found none yet. Known from
      scheddetail and X-ray; an execution trace does not tell, and has it in ``scheduler``.
    - ``scheduler``: the P was running and had no goroutine, for another reason or an unknown one: the
      scheduler switched, or looked for one (``schedule``, ``findRunnable`` in runtime/proc.go).
    - ``stopped``: idle while the world was stopped or being stopped. ``idle``: any other idle time.
    - ``unknown``: the trace says nothing of this P, as before its first event or when it did not exist.

    All parts are derived from recorded spans and ranges.
    """

    p: Integers
    ns: Integers
    duration_ns: int

    def __len__(self) -> int:
        return len(self.p)

    def total(self, part: str) -> int:
        """The time of a part in ns, of all Ps."""
        return int(self.ns[:, PARTS.index(part)].sum())

    def to_pandas(self) -> pd.DataFrame:
        """One row per P: ``p``, and a column ``<part>_ns`` for each part."""
        import pandas as pd

        parts = {f"{name}_ns": self.ns[:, at] for at, name in enumerate(PARTS)}
        return pd.DataFrame({"p": self.p, **parts})


def budget(timeline: Timeline, within: tuple[int, int] | None = None) -> Budget:
    """The time of each P over the timeline, or over ``within`` (ns from the first event, ``[start, end)``).

    ``within`` is more exact than a ``timeline.window`` of the same times: that leaves out the label of a
    mark worker which ran already when the window began, and the worker counts as ``system``.

    Raises:
        UsageError: the window is empty or outside the timeline.
    """
    window = checked_window(timeline, within)
    numbers = procs(timeline)
    size = int(numbers[-1]) + 1 if len(numbers) else 0
    ns = np.zeros((size, len(PARTS)), np.int64)
    if size:
        for parts in (_goroutines(timeline, window, size), _syscalls(timeline, window, size)):
            ns += parts
        _fill_procs(ns, timeline, window)
    return Budget(numbers, ns[numbers], window[1] - window[0])


def _goroutines(timeline: Timeline, window: tuple[int, int], size: int) -> Integers:
    """The running time of goroutines, by P and part."""
    known, labels = functions(timeline), worker_labels(timeline)
    of_function = np.array([_part_of(name or "") for name in known.names], np.int64)
    duties = [(part, merged(marked(timeline, ranges(timeline, prefix), "g"))) for part, prefix in _DUTIES]
    ns = np.zeros((size, len(PARTS)), np.int64)
    for every in row_parts(timeline, Lane.GOROUTINE, State.RUNNING):
        rows = every[timeline.spans["p"][every] >= 0]
        running = intervals(timeline, rows, "id")
        part = of_function[known.code[running.key]]
        modes = worker_modes(labels, running)
        worked = np.flatnonzero(modes >= 0)
        part[worked] = _DEDICATED + modes[worked]
        part += np.asarray(timeline.spans["p"][rows], dtype=np.int64) * len(PARTS)
        ns += _spent(clipped(running, window), part, duties, size)
    return ns


def _spent(running: Intervals, place: Integers, duties: list[tuple[int, Intervals]], size: int) -> Integers:
    """The time of some running spans, by P and part; ``place`` says what each counts as otherwise.

    What a goroutine did for the runtime is taken out of that. A time at which it did two things at once goes
    to the first of these: so each adds what its union with those before adds.
    """
    spent = sums(place, running.end - running.start, size * len(PARTS))
    covered = Intervals(*(np.zeros(0, np.int64) for _ in range(3)))
    before = np.zeros_like(spent)
    for part, duty in duties:
        covered = merged(joined(covered, _during(duty, running)))
        upto = sums(place[covered.key], covered.end - covered.start, size * len(PARTS))
        spent -= upto - before
        spent.reshape(size, len(PARTS))[:, part] += (upto - before).reshape(size, len(PARTS)).sum(axis=1)
        before = upto
    return spent.reshape(size, len(PARTS))


def _part_of(function: str) -> int:
    """What a goroutine's time counts as, by its start function; mark workers aside.

    Which ones are the runtime's own is the rule of Go's trace tools: ``runtime.`` in front and not
    ``runtime.main`` (``IsSystemGoroutine`` in internal/trace/summary.go).
    """
    if function == "runtime.bgsweep":
        return _SWEEP
    return _SYSTEM if function.startswith("runtime.") and function != "runtime.main" else _USER


def _during(duty: Intervals, running: Intervals) -> Intervals:
    """The stretches of running spans in which their goroutine was on duty; keys are places in ``running``."""
    _, span, start, end = crossings(_meanwhile(duty, running), running)
    return Intervals(start, end, span)


def _meanwhile(found: Intervals, others: Intervals) -> Intervals:
    """Those that may overlap one of the others in time."""
    if not len(found) or not len(others):
        return found.some(np.zeros(len(found), dtype=bool))
    return found.some((found.end > others.start.min()) & (found.start < others.end.max()))


def _syscalls(timeline: Timeline, window: tuple[int, int], size: int) -> Integers:
    """The time in system calls while the P was still there: until its span, of whichever kind, ended."""
    ns = np.zeros((size, len(PARTS)), np.int64)
    had = _of_procs(timeline, State.RUNNING)
    for rows in row_parts(timeline, Lane.GOROUTINE, State.SYSCALL):
        held = intervals(timeline, rows[timeline.spans["p"][rows] >= 0], "p")
        call, _, start, end = crossings(held, _meanwhile(had, held))
        # A later span of that P is another thread's: the P had been taken.
        first = start == held.start[call]
        kept = clipped(Intervals(start[first], end[first], held.key[call[first]]), window)
        ns[:, _SYSCALL] += sums(kept.key, kept.end - kept.start, size)
    return ns


def _of_procs(timeline: Timeline, state: State) -> Intervals:
    rows = np.concatenate([np.zeros(0, np.int64), *row_parts(timeline, Lane.PROC, state)])
    return intervals(timeline, rows, "id")


def _fill_procs(ns: Integers, timeline: Timeline, window: tuple[int, int]) -> None:
    """What is left of each P's time once that of its goroutines is known."""
    size = len(ns)
    running, idle = (clipped(_of_procs(timeline, state), window) for state in (State.RUNNING, State.IDLE))
    with_goroutine = ns.sum(axis=1)
    ran = sums(running.key, running.end - running.start, size)
    idled = sums(idle.key, idle.end - idle.start, size)
    everywhere = marked(timeline, ranges(timeline, "stop-the-world"), "p")
    stopped = merged(Intervals(everywhere.start, everywhere.end, np.zeros_like(everywhere.key)))
    ns[:, _STOPPED] = _stopped(stopped, idle, size)
    ns[:, _IDLE] = idled - ns[:, _STOPPED]
    # Of a timeline without P spans nothing is known but what its goroutines did.
    without = np.maximum(ran - with_goroutine, 0)
    ns[:, _SPINNING] = np.minimum(_spun(timeline, running, size), without)
    ns[:, _SCHEDULER] = without - ns[:, _SPINNING]
    ns[:, _UNKNOWN] = window[1] - window[0] - ns.sum(axis=1)


def _spun(timeline: Timeline, running: Intervals, size: int) -> Integers:
    """How long each P ran with an M on it that is known to have been spinning."""
    reasons = [number for number, text in enumerate(timeline.reasons) if text == "spinning"]
    chosen = np.concatenate([np.zeros(0, np.int64), *row_parts(timeline, Lane.THREAD, State.SCHEDULING)])
    chosen = chosen[np.isin(timeline.spans["reason"][chosen], reasons) & (timeline.spans["p"][chosen] >= 0)]
    spun = intervals(timeline, chosen, "p")
    row, _, start, end = crossings(spun, running)
    return sums(spun.key[row], end - start, size)


def _stopped(stopped: Intervals, idle: Intervals, size: int) -> Integers:
    """How much of each P's idle time was while the world was stopped; no two stops overlap."""
    everywhere = Intervals(idle.start, idle.end, np.zeros_like(idle.key))
    row, _, start, end = crossings(everywhere, stopped)
    return sums(idle.key[row], end - start, size)
