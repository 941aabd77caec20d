"""Detectors of goroutines that wait for a P, or for each other, longer than they need to."""

from __future__ import annotations

import numpy as np

from schedlab.analysis.antagonists import antagonists
from schedlab.analysis.gc import stops
from schedlab.analysis.moves import slices
from schedlab.diagnose.findings import Evidence, Finding, Kind
from schedlab.diagnose.seen import Integers, Seen, quantile
from schedlab.timeline import State

_MS = 1_000_000

STARVED_NS = 5 * _MS
STARVED_COUNT = 40
LONG_SLICE_NS = 5 * _MS
UNHEEDED_NS = 60 * _MS
UNHEEDED_SHARE = 0.1
LATE_NS = 5 * _MS
CONVOY_LENGTH = 4.0
CONVOY_COUNT = 200


def starvation(seen: Seen) -> Finding | None:
    """Goroutines that run briefly wait for a P behind others that run long.

    Of the goroutines that something woke, the 99th percentile of the wait from runnable to running is above
    ``STARVED_NS``, in spite of short runs, and those that ran meanwhile have slices above ``LONG_SLICE_NS``.
    """
    rows = seen.woken
    waited = quantile(seen.dur[rows], 0.99)
    if len(rows) < STARVED_COUNT or waited < STARVED_NS:
        return None
    late = rows[seen.dur[rows] >= STARVED_NS]
    runs = seen.after[late]
    brief = quantile(seen.dur[runs[runs >= 0]], 0.5)
    found = antagonists(seen.timeline, rows=late, where="all", top=3)
    by_function = slices(seen.timeline)
    length = dict(zip(by_function.key.tolist(), by_function.p50_ns.tolist(), strict=True))
    guilty = [name for name in found.key.tolist() if length.get(name, 0) >= LONG_SLICE_NS]
    if not guilty or brief > LONG_SLICE_NS / 2:
        return None
    by_part = seen.worst_by_part(rows, 0.99)
    ran = seen.rows(State.RUNNING)
    names = seen.timeline.names(seen.timeline.goroutine_function)[seen.owner[ran]]
    ran = ran[np.isin(names.astype(str), [str(name) for name in guilty])]
    return Finding(
        Kind.STARVATION,
        f"goroutines that run for {brief / _MS:.2g} ms wait up to {waited / _MS:.3g} ms for a P, "
        f"behind {', '.join(map(str, guilty))}",
        (
            Evidence("99th percentile of the wait of woken goroutines", waited / _MS, STARVED_NS / _MS, "ms"),
            Evidence("median slice of those in front", max(length[name] for name in guilty) / _MS,
                     LONG_SLICE_NS / _MS, "ms"),
        ),
        seen.lines(ran, column="end"),
        seen.confidence(by_part >= STARVED_NS),
        "every P is with a goroutine that computes until it is preempted, after 10 ms or more",
        "split the long computation, or bound how many of them run at once below GOMAXPROCS",
        seen.part(by_part),
    )  # fmt: skip


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
    return Finding(
        Kind.UNPREEMPTIBLE,
        f"a goroutine ran for {seen.dur[guilty].max() / _MS:.3g} ms at a stretch while another waited "
        f"{waited.max() / _MS:.3g} ms for it",
        (
            Evidence("longest wait beside a single slice", waited.max() / _MS, UNHEEDED_NS / _MS, "ms"),
            Evidence("share of P time in such slices", share, UNHEEDED_SHARE),
        ),
        seen.lines(guilty, column="end"),
        seen.confidence(by_part > 0),
        "sysmon asks after 10 ms; a loop in assembly, a call into C that keeps the P, or "
        "GODEBUG=asyncpreemptoff=1 does not hear it",
        "call a function in the loop that is not inlined, and see whether the slice ends after 10 ms",
        seen.part(by_part),
    )


def late_timers(seen: Seen) -> Finding | None:
    """Sleeps of one length, from one place, some of which last much longer than the others."""
    rows = seen.rows(State.WAITING)
    asleep = rows[seen.reason(rows) == "sleep"]
    stack = np.asarray(seen.timeline.spans["stack"])[asleep]
    for place in np.unique(stack):
        own = asleep[stack == place]
        total = seen.dur[own] + np.where(seen.after[own] >= 0, seen.dur[seen.after[own]], 0)
        short = quantile(total, 0.05)
        steady = (total <= short * 1.25 + 0.3 * _MS).mean()
        late = quantile(total, 0.95) - short
        if len(own) < STARVED_COUNT or steady < 0.25 or late < max(LATE_NS, 0.5 * short):
            continue
        overdue = own[total >= short + LATE_NS]
        by_part = seen.count_by_part(overdue)
        return Finding(
            Kind.TIMERS,
            f"a sleep of {short / _MS:.3g} ms often lasts {late / _MS:.3g} ms longer",
            (Evidence("95th percentile beyond the usual length", late / _MS, LATE_NS / _MS, "ms"),),
            seen.lines(own),
            seen.confidence(by_part > 0),
            "a timer fires when its P comes by the scheduler: every 10 ms or so while all Ps compute",
            "leave a P idle (fewer computing goroutines than GOMAXPROCS), and compare the sleeps",
            seen.part(by_part),
        )
    return None


def lock_convoy(seen: Seen) -> Finding | None:
    """Several goroutines wait for the same mutex all the time, one after the other."""
    rows = seen.rows(State.WAITING)
    rows = rows[(seen.reason(rows) == "sync") & (seen.after[rows] >= 0)]
    leaf = np.array([str(name or "") for name in seen.leaf(rows)], dtype="U")
    # A simulation has no stacks.
    locked = rows[(np.char.find(leaf, "Mutex).") >= 0) | (leaf == "")]
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


def _longest_overlap(seen: Seen, row: int, begins: Integers, ends: Integers) -> int:
    """How long the longest of these intervals was open while this span ran."""
    start, end = seen.start[row], seen.start[row] + seen.dur[row]
    inside = np.minimum(ends, end) - np.maximum(begins, start)
    return int(max(inside.max(initial=0), 0))
