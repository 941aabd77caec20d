"""Detectors of Ps that are used badly: idle beside work, woken for nothing, taken away."""

from __future__ import annotations

import numpy as np

from schedlab.analysis.budget import budget
from schedlab.diagnose.findings import Evidence, Finding, Kind
from schedlab.diagnose.seen import Flags, Floats, Integers, Seen, quantile
from schedlab.timeline import Lane, State

_MS = 1_000_000

UNTOLD_NS = 5 * _MS
UNTOLD_SHARE = 0.05
ASSIST_SHARE = 0.05
# Of a program that hardly runs, a single assist may be that much of its running time.
ASSIST_OF_PROCS = 0.005
PING_PONG_COUNT = 2_000
# A hand-over costs some 200 ns on one P, and 5 to 50 us where a thread has to be woken for it.
PING_PONG_RUN_NS = 10_000
PING_PONG_PER_MS = 20.0
# By each P. It takes some 5 us to wake an M and to let it look through all Ps (stealWork): a start for less
# than 20 us of work is hardly worth it, and starts that take a twentieth of the time are not worth 40 us.
STARTS_PER_MS = 1.5
STARTS_PER_WORK_MS = 50.0
OFTEN_PER_MS = 10.0
OFTEN_PER_WORK_MS = 25.0
LOOKING_SHARE = 0.1
WOKEN_PART = 0.1
# sysmon takes the P from who is in a system call for that long, whatever else there is (retake).
_RETAKEN_NS = 10 * _MS
THROTTLED_SHARE = 0.1


def imbalance(seen: Seen) -> Finding | None:
    """A P was idle while goroutines waited, for much longer than it takes to wake a thread."""
    waits = seen.rows(State.RUNNABLE)
    rows = waits[seen.dur[waits] >= UNTOLD_NS]
    idle = seen.idle_procs
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
    """Goroutines that wake each other over channels for next to no work, one value at a time.

    The woken one goes to the head of the waker's own queue (``ready`` with ``next``, ``runqput``), so a pair
    mostly stays on one P and takes turns; ``wakep`` lets an M of another P look for work each time.
    """
    rows = seen.woken
    before = seen.before[rows]
    on_channel = (
        np.char.startswith(seen.reason(before).astype("U"), "chan") if len(rows) else np.zeros(0, bool)
    )
    rows = rows[on_channel]
    waker = np.asarray(seen.timeline.spans["cause"], dtype=np.int64)[rows]
    own = rows[_mutual(waker, seen.owner[rows])]
    if len(own) < PING_PONG_COUNT:
        return None
    runs = seen.after[own]
    run = quantile(seen.dur[runs[runs >= 0]], 0.5)
    ran = seen.time_by_part(seen.rows(State.RUNNING)) / _MS
    by_part = seen.count_by_part(own)
    rate = len(own) / max(float(ran.sum()), 1.0)
    if run > PING_PONG_RUN_NS or rate < PING_PONG_PER_MS:
        return None
    return Finding(
        Kind.PING_PONG,
        f"goroutines woke each other over channels {len(own)} times, and ran {run / 1000:.2g} us in between",
        (
            Evidence("wakes to and fro", len(own), PING_PONG_COUNT),
            Evidence("wakes in each millisecond that goroutines ran", rate, PING_PONG_PER_MS),
        ),
        seen.lines(seen.before[own], np.ones(len(own), dtype=np.int64)),
        seen.confidence(by_part / np.maximum(ran, 1.0) >= PING_PONG_PER_MS),
        f"a hand-over parks one and readies the other, and lets another P look for work; the run of "
        f"{run / 1000:.2g} us in between is hardly longer",
        "send batches, or use a buffered channel, or do both halves in one goroutine; compare the throughput",
        seen.part(by_part),
    )


def assist_pressure(seen: Seen) -> Finding | None:
    """Goroutines that allocate do the collector's work, because it falls behind."""
    found = budget(seen.timeline)
    assist, user = found.total("gc_assist"), found.total("user")
    share = assist / max(assist + user, 1)
    of_procs = assist / (seen.duration_ns * seen.gomaxprocs)
    if share < ASSIST_SHARE or of_procs < ASSIST_OF_PROCS:
        return None
    parts = [
        budget(seen.timeline, (int(a), int(b))) for a, b in zip(seen.edges[:-1], seen.edges[1:], strict=True)
    ]
    by_part = np.array([p.total("gc_assist") / max(p.total("gc_assist") + p.total("user"), 1) for p in parts])
    rows = seen.rows(State.RUNNING)
    return Finding(
        Kind.ASSISTS,
        f"goroutines spent {share:.0%} of their running time on marking for the collector",
        (
            Evidence("share of assists in the goroutines' running time", share, ASSIST_SHARE),
            Evidence("their share of the Ps' time", of_procs, ASSIST_OF_PROCS),
        ),
        seen.lines(rows[np.isin(seen.owner[rows], _assisting(seen))], column="end"),
        seen.confidence(by_part >= ASSIST_SHARE),
        "they allocate faster than the background workers mark",
        "raise GOGC or set GOMEMLIMIT, or allocate less there; look at the assists again",
        seen.part(by_part),
    )


def too_many_wakes(seen: Seen) -> Finding | None:
    """Ps start and stop all the time for hardly any work: Ms spin, find a little or nothing, and park."""
    started = seen.running_procs
    count = seen.count_by_part(started)
    rate = count / (np.diff(seen.edges) / _MS)
    calls = seen.rows(State.SYSCALL)
    work = seen.time_by_part(seen.rows(State.RUNNING)) + seen.time_by_part(calls[seen.dur[calls] < _MS])
    limit = STARTS_PER_MS * seen.gomaxprocs
    overall, per_work = len(started) / (seen.duration_ns / _MS), len(started) / max(work.sum() / _MS, 1.0)
    looking = _looking(seen)
    looked = float(looking.mean())
    often = overall >= OFTEN_PER_MS * seen.gomaxprocs
    enough = OFTEN_PER_WORK_MS if often else STARTS_PER_WORK_MS
    if overall < limit or (per_work < enough and looked < LOOKING_SHARE):
        return None
    evidence = [
        Evidence("starts of a P per millisecond", overall, limit),
        Evidence("starts per millisecond of goroutines' time", per_work, enough),
        Evidence("share of P time that no goroutine had", looked, LOOKING_SHARE),
    ]
    in_vain = (count >= enough * work / _MS) | (looking >= LOOKING_SHARE)
    waited = seen.before[seen.woken]
    # Who wakes nobody may still wake Ms: a message to the program itself, the one that waits for the network.
    wakes = len(waited) >= WOKEN_PART * len(started)
    guilty = waited if wakes else calls
    return Finding(
        Kind.SPINNING,
        f"Ps started {overall:.3g} times per millisecond, for {1000 / per_work:.2g} us of work each time, "
        f"and looked for more for {looked:.0%} of their time",
        tuple(one for one in evidence if one.value >= one.limit),
        seen.lines(guilty, np.ones(len(guilty), dtype=np.int64)),
        # Such a program may hardly run, so it is not asked in which parts it does.
        float(((rate >= limit) & in_vain).mean()),
        f"{'each wake of a goroutine' if wakes else 'what these calls bring'} wakes an M to look for more, "
        "which finds little and parks again",
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


def _looking(seen: Seen) -> Floats:
    """In each part the share of the Ps' time in which an M had one and ran nobody on it."""
    of_goroutine = np.asarray(seen.timeline.spans["lane"]) == int(Lane.GOROUTINE)
    ran = np.flatnonzero(of_goroutine & (seen.state == int(State.RUNNING)))
    calls = np.flatnonzero(of_goroutine & (seen.state == int(State.SYSCALL)) & (seen.dur < _RETAKEN_NS))
    alone = seen.time_by_part(seen.running_procs) - seen.time_by_part(np.concatenate([ran, calls]))
    found: Floats = np.maximum(alone, 0) / (np.diff(seen.edges) * seen.gomaxprocs)
    return found


def _mutual(waker: Integers, woken: Integers) -> Flags:
    """Which wakes are of pairs that wake each other, at least a quarter of the times either way."""
    first, second = np.minimum(waker, woken), np.maximum(waker, woken)
    _, pair = np.unique(np.stack([first, second]), axis=1, return_inverse=True)
    pair = pair.reshape(-1)
    whole = np.bincount(pair)
    there = np.bincount(pair, weights=waker == first)
    found: Flags = (waker >= 0) & (np.minimum(there, whole - there) >= whole / 4)[pair]
    return found


def _assisting(seen: Seen) -> Integers:
    marks = seen.timeline.marks
    names = np.array([text.startswith("GC mark assist") for text in seen.timeline.texts])
    rows = np.flatnonzero(names[np.asarray(marks["name"])]) if len(names) else np.zeros(0, np.int64)
    return np.unique(np.asarray(marks["g"], dtype=np.int64)[rows])
