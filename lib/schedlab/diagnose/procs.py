"""Detectors of Ps that are used badly: idle beside work, woken for nothing, taken away."""

from __future__ import annotations

import numpy as np

from schedlab.analysis.budget import budget
from schedlab.diagnose.findings import Evidence, Finding, Kind
from schedlab.diagnose.seen import Seen, quantile
from schedlab.timeline import Lane, State

_MS = 1_000_000

UNTOLD_NS = 5 * _MS
UNTOLD_SHARE = 0.1
ASSIST_SHARE = 0.05
PING_PONG_COUNT = 2_000
PING_PONG_RUN_NS = 100_000
PING_PONG_SHARE = 0.5
STARTS_PER_MS = 2.0
BUSY_SHARE = 0.6
THROTTLED_SHARE = 0.1


def imbalance(seen: Seen) -> Finding | None:
    """A P was idle while goroutines waited, for much longer than it takes to wake a thread."""
    waits = seen.rows(State.RUNNABLE)
    rows = waits[seen.dur[waits] >= UNTOLD_NS]
    idle = np.flatnonzero(
        (np.asarray(seen.timeline.spans["lane"]) == int(Lane.PROC)) & (seen.state == int(State.IDLE))
    )
    untold = seen.covered_ns(rows, seen.start[idle], seen.start[idle] + seen.dur[idle])
    wasted = float(untold.sum() / (seen.duration_ns * seen.gomaxprocs))
    if wasted < UNTOLD_SHARE:
        return None
    by_part = seen.time_by_part(idle[untold >= UNTOLD_NS])
    return Finding(
        Kind.IMBALANCE,
        f"Ps were idle for {wasted:.0%} of their time beside goroutines that waited for one",
        (Evidence("share of P time that was idle beside a wait of 5 ms or more", wasted, UNTOLD_SHARE),),
        seen.lines(rows),
        seen.confidence(by_part > 0),
        "the waiting goroutines could run on one thread only (LockOSThread), or nobody was woken for them",
        "take away LockOSThread, or raise GOMAXPROCS by one, and look at the waits again",
        seen.part(by_part),
    )


def ping_pong(seen: Seen) -> Finding | None:
    """Two goroutines hand single values to and fro, and run for microseconds in between, on two Ps."""
    rows = seen.woken
    before = seen.before[rows]
    on_channel = (
        np.char.startswith(seen.reason(before).astype("U"), "chan") if len(rows) else np.zeros(0, bool)
    )
    rows = rows[on_channel]
    waker = np.asarray(seen.timeline.spans["cause"])[rows]
    rows, waker = rows[waker >= 0], waker[waker >= 0]
    if len(rows) < PING_PONG_COUNT:
        return None
    pairs, count = np.unique(np.sort(np.stack([seen.owner[rows], waker]), axis=0), axis=1, return_counts=True)
    one, other = pairs[:, np.argmax(count)]
    own = rows[
        ((seen.owner[rows] == one) & (waker == other)) | ((seen.owner[rows] == other) & (waker == one))
    ]
    runs = seen.after[own]
    run = quantile(seen.dur[runs[runs >= 0]], 0.5)
    p = np.asarray(seen.timeline.spans["p"])
    ran_on = p[runs[runs >= 0]]
    moved = float((ran_on != p[own[runs >= 0]]).mean()) if len(ran_on) else 0.0
    share = len(own) / len(rows)
    if len(own) < PING_PONG_COUNT or run > PING_PONG_RUN_NS or share < PING_PONG_SHARE or moved < 0.2:
        return None
    by_part = seen.count_by_part(own)
    return Finding(
        Kind.PING_PONG,
        f"two goroutines woke each other {len(own)} times, ran {run / 1000:.2g} us in between, "
        f"and {moved:.0%} of the runs were on another P than the wake",
        (
            Evidence("wakes within the pair", len(own), PING_PONG_COUNT),
            Evidence("median run in between", run / 1000, PING_PONG_RUN_NS / 1000, "us"),
            Evidence("share of runs on another P", moved, 0.2),
        ),
        seen.lines(seen.before[own], np.ones(len(own), dtype=np.int64)),
        seen.confidence(by_part >= PING_PONG_COUNT / 16),
        "each hand-over wakes a thread on the other P, which costs more than the work",
        "send batches, or a buffered channel, or do both halves in one goroutine; compare the throughput",
        seen.part(by_part),
    )


def assist_pressure(seen: Seen) -> Finding | None:
    """Goroutines that allocate do the collector's work, because it falls behind."""
    found = budget(seen.timeline)
    assist, user = found.total("gc_assist"), found.total("user")
    share = assist / max(assist + user, 1)
    if share < ASSIST_SHARE:
        return None
    parts = [
        budget(seen.timeline, (int(a), int(b))) for a, b in zip(seen.edges[:-1], seen.edges[1:], strict=True)
    ]
    by_part = np.array([p.total("gc_assist") / max(p.total("gc_assist") + p.total("user"), 1) for p in parts])
    rows = seen.rows(State.RUNNING)
    return Finding(
        Kind.ASSISTS,
        f"goroutines spent {share:.0%} of their running time on marking for the collector",
        (Evidence("share of assists in the goroutines' running time", share, ASSIST_SHARE),),
        seen.lines(rows[np.isin(seen.owner[rows], _assisting(seen))], column="end"),
        seen.confidence(by_part >= ASSIST_SHARE),
        "they allocate faster than the background workers mark",
        "raise GOGC or set GOMEMLIMIT, or allocate less there; look at the assists again",
        seen.part(by_part),
    )


def too_many_wakes(seen: Seen) -> Finding | None:
    """Ps start and stop all the time for hardly any work: Ms spin, find a little, and park."""
    spans = seen.timeline.spans
    started = np.flatnonzero(
        (np.asarray(spans["lane"]) == int(Lane.PROC)) & (seen.state == int(State.RUNNING))
    )
    elapsed = np.diff(seen.edges) / _MS
    rate = seen.count_by_part(started) / elapsed
    busy = seen.time_by_part(seen.rows(State.RUNNING)) / (np.diff(seen.edges) * seen.gomaxprocs)
    so = (rate >= STARTS_PER_MS * seen.gomaxprocs) & (busy <= BUSY_SHARE)
    overall = len(started) / (seen.duration_ns / _MS)
    if overall < STARTS_PER_MS * seen.gomaxprocs or not so.any():
        return None
    waited = seen.before[seen.woken]
    return Finding(
        Kind.SPINNING,
        f"Ps started {overall:.3g} times per millisecond and ran goroutines {busy.mean():.0%} of the time",
        (
            Evidence("starts of a P per millisecond", overall, STARTS_PER_MS * seen.gomaxprocs),
            Evidence("share of P time that ran goroutines", float(busy.mean()), BUSY_SHARE),
        ),
        seen.lines(waited, np.ones(len(waited), dtype=np.int64)),
        seen.confidence(so),
        "each wake of a goroutine wakes an M to look for more, which finds little and parks again",
        "wake in batches, or lower GOMAXPROCS; schedlab run --probes counts the spinning",
        seen.part(rate),
    )


def throttling(seen: Seen) -> Finding | None:
    """The CPU quota stops the program's threads, and it has more Ps than the quota pays for."""
    finished, quota = seen.finished, seen.quota_cpus
    if finished is None or finished.throttle is None or quota is None or seen.gomaxprocs <= quota:
        return None
    periods, share = finished.throttle.nr_periods, seen.throttled
    if share < THROTTLED_SHARE:
        return None
    return Finding(
        Kind.THROTTLING,
        f"the kernel stopped the program in {share:.0%} of {periods} periods; "
        f"its quota is {quota:g} CPUs, and it has {seen.gomaxprocs} Ps",
        (
            Evidence("share of periods that ran out of quota", share, THROTTLED_SHARE),
            Evidence("Ps", seen.gomaxprocs, quota),
        ),
        (),
        min(1.0, share / (2 * THROTTLED_SHARE)),
        "with more Ps than the quota pays for, it is used up early in each period and all threads wait",
        f"GOMAXPROCS={max(1, round(quota))} (the runtime's choice since Go 1.25), and compare the latency",
    )


def _assisting(seen: Seen) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    marks = seen.timeline.marks
    names = np.array([text.startswith("GC mark assist") for text in seen.timeline.texts])
    rows = np.flatnonzero(names[np.asarray(marks["name"])]) if len(names) else np.zeros(0, np.int64)
    return np.unique(np.asarray(marks["g"], dtype=np.int64)[rows])
