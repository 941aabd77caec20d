"""Detectors of goroutines that wait for a P, or for each other, longer than they need to."""

from __future__ import annotations

import numpy as np

from schedlab.analysis.gc import stops
from schedlab.analysis.moves import FORCE_PREEMPT_NS
from schedlab.diagnose.findings import Evidence, Finding, Kind
from schedlab.diagnose.seen import Integers, Seen, quantile
from schedlab.timeline import NOBODY, Lane, State

_MS = 1_000_000

# Longer than the time slice of whoever has the P: to wait for one of those is how turns are taken.
STARVED_NS = FORCE_PREEMPT_NS
STARVED_COUNT = 10
BEHIND_SHARE = 0.5
LONG_SLICE_NS = 5 * _MS
UNHEEDED_NS = 60 * _MS
UNHEEDED_SHARE = 0.1
TIMER_COUNT = 10
LATE_SHARE = 0.2
LATE_PART = 0.5
JUST_NS = 200_000
# Waits that a timer can end: time.Sleep, a channel of package time, a deadline of a connection. What came
# over the network is noticed where timers are, and as late.
_TIMERS = ("sleep", "chan receive", "select", "network")
CONVOY_LENGTH = 4.0
CONVOY_COUNT = 200


def starvation(seen: Seen) -> Finding | None:
    """Goroutines that run briefly wait for a P behind others that run long.

    Of the goroutines that something woke, the 99th percentile of the wait from runnable to running is above
    ``STARVED_NS``, in spite of short runs, and slices above ``LONG_SLICE_NS`` ran meanwhile.
    """
    rows = seen.woken
    waited = quantile(seen.dur[rows], 0.99)
    if waited < STARVED_NS:
        return None
    late = rows[seen.dur[rows] >= STARVED_NS]
    runs = seen.after[late]
    brief = quantile(seen.dur[runs[runs >= 0]], 0.5)
    ran = seen.rows(State.RUNNING)
    ran = ran[seen.dur[ran] >= LONG_SLICE_NS]
    beside_idle = seen.covered_ns(seen.idle_procs, seen.start[late], seen.start[late] + seen.dur[late]).sum()
    if beside_idle > seen.dur[late].sum() / 2:
        return None  # Then it is not for want of a P.
    behind = (
        seen.covered_ns(ran, seen.start[late], seen.start[late] + seen.dur[late]).sum() / seen.dur[late].sum()
    )
    if len(late) < STARVED_COUNT or brief > LONG_SLICE_NS / 2 or behind < BEHIND_SHARE:
        return None
    by_part = seen.worst_by_part(rows, 0.99)
    return Finding(
        Kind.STARVATION,
        f"goroutines that run for {brief / _MS:.2g} ms wait up to {waited / _MS:.3g} ms for a P, behind "
        f"{_names(seen, ran)}, {quantile(seen.dur[ran], 0.5) / _MS:.2g} ms at a stretch",
        (
            Evidence("99th percentile of the wait of woken goroutines", waited / _MS, STARVED_NS / _MS, "ms"),
            Evidence("share of these waits behind slices of 5 ms or more", float(behind), BEHIND_SHARE),
            Evidence("waits of 10 ms or more", len(late), STARVED_COUNT),
        ),
        seen.running_lines(ran),
        seen.confidence(by_part >= STARVED_NS),
        "every P is with a goroutine that computes until it is preempted, after 10 ms or more",
        "split the long computation, or bound how many of them run at once below GOMAXPROCS",
        seen.part(by_part),
    )


def unpreemptible_loop(seen: Seen) -> Finding | None:
    """A goroutine that ran on while others waited, or the world was to stop, far beyond sysmon's 10 ms."""
    rows = seen.rows(State.RUNNING)
    long = rows[seen.dur[rows] >= UNHEEDED_NS]
    if not len(long):
        return None
    runnable = seen.rows(State.RUNNABLE)
    stop = stops(seen.timeline)
    begins = np.concatenate([seen.start[runnable], stop.start_ns])
    ends = np.concatenate([seen.start[runnable] + seen.dur[runnable], stop.start_ns + stop.dur_ns])
    waited = np.array([_longest_overlap(seen, row, begins, ends) for row in long], dtype=np.int64)
    guilty, waited = long[waited >= UNHEEDED_NS], waited[waited >= UNHEEDED_NS]
    share = float(waited.sum() / (seen.duration_ns * seen.gomaxprocs))
    # A machine that stands still for a moment makes one such slice on each P.
    if share < UNHEEDED_SHARE or len(guilty) <= seen.gomaxprocs:
        return None
    by_part = seen.time_by_part(guilty)
    known_by = "CPU samples found it" if seen.sampled(guilty) else "it gave way at last"
    return Finding(
        Kind.UNPREEMPTIBLE,
        f"a goroutine ran for {seen.dur[guilty].max() / _MS:.3g} ms at a stretch while another waited "
        f"{waited.max() / _MS:.3g} ms for it",
        (
            Evidence("longest wait beside a single slice", waited.max() / _MS, UNHEEDED_NS / _MS, "ms"),
            Evidence("share of P time in such slices", share, UNHEEDED_SHARE),
        ),
        seen.running_lines(guilty),
        seen.confidence(by_part > 0),
        "sysmon asks after 10 ms; a loop in assembly, a call into C that keeps the P, or "
        f"GODEBUG=asyncpreemptoff=1 does not hear it. The line is where {known_by}",
        "call a function in the loop that is not inlined, and see whether the slice ends after 10 ms",
        seen.part(by_part),
    )


def late_timers(seen: Seen) -> Finding | None:
    """Timers that fired only when a goroutine had been preempted.

    A P looks at its timers when it schedules (``checkTimers`` of ``findRunnable`` and ``schedule``), an idle
    one at those of all Ps. A timer that fires right after a slice of 10 ms or more on its P may have been due
    for as long. To one of a second that is nothing: the slice is at least half of the wait. So it is with the
    network (``netpoll``, which sysmon asks too, but not within 10 ms of the last time), and with
    ``time.AfterFunc``, whose goroutines have waited since the one before.
    """
    waits, woken, waited = _ended_by_timers(seen)
    before = _slice_before(seen, woken)
    late = (before >= FORCE_PREEMPT_NS) & (before >= waited * LATE_PART)
    share = float(late.mean()) if len(late) else 0.0
    if late.sum() < TIMER_COUNT or share < LATE_SHARE:
        return None
    by_part = seen.count_by_part(woken[late])
    return Finding(
        Kind.TIMERS,
        f"{share:.0%} of {len(late)} timers and network events came only when a goroutine had run for "
        f"{quantile(before[late], 0.5) / _MS:.3g} ms on their P, and may have been due for as long",
        (
            Evidence("timers and network events after such a slice", int(late.sum()), TIMER_COUNT),
            Evidence("their share of all", share, LATE_SHARE),
        ),
        seen.lines(waits[late], np.ones(int(late.sum()), dtype=np.int64)),
        seen.confidence(by_part > 0),
        "a timer fires when its P comes by the scheduler: every 10 ms or so while all Ps compute",
        "leave a P idle (fewer computing goroutines than GOMAXPROCS), and compare the sleeps",
        seen.part(by_part),
    )


def lock_convoy(seen: Seen) -> Finding | None:
    """Several goroutines wait for the same mutex all the time, one after the other."""
    locked = mutex_waits(seen)
    if len(locked) < CONVOY_COUNT:
        return None
    length = seen.time_by_part(locked) / np.diff(seen.edges)
    mean = seen.dur[locked].sum() / seen.duration_ns
    lines = seen.lines(locked)
    if mean < CONVOY_LENGTH or (lines and lines[0].share < 0.5):
        return None
    where = f", {lines[0].share:.0%} of that at one line" if lines else ""
    return Finding(
        Kind.CONVOY,
        f"on average {mean:.3g} goroutines wait for a mutex{where}",
        (
            Evidence("mean number of waiters", float(mean), CONVOY_LENGTH),
            Evidence("waits that ended", len(locked), CONVOY_COUNT),
        ),
        lines,
        seen.confidence(length >= CONVOY_LENGTH),
        "the holder works, or is made to wait for a P, inside the lock, and the queue never empties",
        "move work out of the critical section, or split the lock by key; look at the waiters again",
        seen.part(length),
    )


def _names(seen: Seen, rows: Integers) -> str:
    """With which functions the goroutines of these spans started, the two with most time."""
    names = seen.timeline.names(seen.timeline.goroutine_function)[seen.owner[rows]]
    time: dict[str, int] = {}
    for name, length in zip(map(str, names.tolist()), seen.dur[rows].tolist(), strict=True):
        time[name] = time.get(name, 0) + length
    return " and ".join(sorted(time, key=lambda name: -time[name])[:2])


def _ended_by_timers(seen: Seen) -> tuple[Integers, Integers, Integers]:
    """Spans in which something was waited for, the spans in which it was had, and how long that took.

    Of goroutines that a timer made, the first two are the same.
    """
    waits = seen.rows(State.WAITING)
    waits = waits[np.isin(seen.reason(waits), _TIMERS) & (seen.after[waits] >= 0)]
    by_timer = np.asarray(seen.timeline.spans["cause"])[seen.after[waits]] == NOBODY
    waits = waits[by_timer]
    made, since = _made_by_timers(seen)
    return (
        np.concatenate([waits, made]),
        np.concatenate([seen.after[waits], made]),
        np.concatenate([seen.dur[waits], since]),
    )


def _made_by_timers(seen: Seen) -> tuple[Integers, Integers]:
    """The first spans of goroutines that no goroutine made, and the time since the last of that function."""
    rows = seen.rows(State.RUNNABLE)
    nobody = np.asarray(seen.timeline.spans["cause"])[rows] == NOBODY
    rows = rows[nobody & (seen.before[rows] < 0) & (seen.start[rows] > seen.timeline.bounds_ns[0])]
    function = seen.timeline.goroutine_function[seen.owner[rows]]
    rows = rows[np.lexsort((seen.start[rows], function))]
    function = seen.timeline.goroutine_function[seen.owner[rows]]
    again = np.flatnonzero(function[1:] == function[:-1]) + 1
    return rows[again], seen.start[rows[again]] - seen.start[rows[again - 1]]


def _slice_before(seen: Seen, rows: Integers) -> Integers:
    """How long a goroutine had run on the P of each of these spans right before it began; 0 if none had."""
    p = np.asarray(seen.timeline.spans["p"], dtype=np.int64)
    found = np.zeros(len(rows), np.int64)
    ran = np.flatnonzero(
        (np.asarray(seen.timeline.spans["lane"]) == int(Lane.GOROUTINE)) & (seen.state == int(State.RUNNING))
    )
    for number in np.unique(p[rows]).tolist():
        own = np.flatnonzero(p[rows] == number)
        slices = ran[p[ran] == number]
        if number < 0 or not len(slices):
            continue
        slices = slices[np.argsort(seen.start[slices])]
        ends = seen.start[slices] + seen.dur[slices]
        at = np.searchsorted(ends, seen.start[rows[own]], side="right") - 1
        gap = seen.start[rows[own]] - ends[np.maximum(at, 0)]
        found[own] = np.where((at >= 0) & (gap <= JUST_NS), seen.dur[slices[np.maximum(at, 0)]], 0)
    return found


def mutex_waits(seen: Seen) -> Integers:
    """The spans in which a goroutine waited for a mutex and got it: not all that package sync makes wait."""
    rows = seen.rows(State.WAITING)
    rows = rows[(seen.reason(rows) == "sync") & (seen.after[rows] >= 0)]
    leaf = np.array([str(name or "") for name in seen.leaf(rows)], dtype="U")
    # A simulation has no stacks.
    found: Integers = rows[(np.char.find(leaf, "Mutex).") >= 0) | (leaf == "")]
    return found


def _longest_overlap(seen: Seen, row: int, begins: Integers, ends: Integers) -> int:
    """How long the longest of these intervals was open while this span ran."""
    start, end = seen.start[row], seen.start[row] + seen.dur[row]
    inside = np.minimum(ends, end) - np.maximum(begins, start)
    return int(max(inside.max(initial=0), 0))
