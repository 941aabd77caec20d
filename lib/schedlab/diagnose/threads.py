"""Detectors of what costs threads: blocking system calls, many of them, C."""

from __future__ import annotations

import numpy as np

from schedlab.diagnose.findings import Evidence, Finding, Kind
from schedlab.diagnose.seen import Integers, Seen
from schedlab.timeline import State

_MS = 1_000_000

BLOCKED_NS = 1 * _MS
EXPLOSION = 16.0
STORM_PER_MS = 10.0
STORM_COUNT = 5_000
STORM_IN_A_ROW = 16
SATURATION = 2.0


def thread_explosion(seen: Seen) -> Finding | None:
    """Many goroutines are in a system call at once, and each holds a thread."""
    blocked = _blocking(seen)
    return _at_once(
        seen,
        blocked[~_in_c(seen, blocked)],
        max(EXPLOSION, 4.0 * seen.gomaxprocs),
        Kind.THREADS,
        "in a system call",
        "a system call that blocks keeps its thread, and sysmon gives the P to another thread",
        "bound them by a semaphore, or use a file or connection that the network poller knows",
    )


def syscall_storm(seen: Seen) -> Finding | None:
    """Short system calls in a row, so many that the program does little else.

    A goroutine that makes many without waiting for anything in between could make fewer and larger ones. One
    that waits for the network before each pair of calls could not.
    """
    calls = seen.rows(State.SYSCALL)
    short = calls[seen.dur[calls] < BLOCKED_NS]
    short = short[~_in_c(seen, short)]
    short = short[_calls_in_a_row(seen, short) >= STORM_IN_A_ROW]
    ran = seen.time_by_part(seen.rows(State.RUNNING)) / _MS
    rate = seen.count_by_part(short) / np.maximum(ran, 1.0)
    overall = len(short) / max(float(ran.sum()), 1.0)
    if len(short) < STORM_COUNT or overall < STORM_PER_MS:
        return None
    return Finding(
        Kind.SYSCALLS,
        f"{len(short)} system calls, by goroutines that waited for nothing in between, {overall:.3g} in each "
        "millisecond that goroutines ran",
        (
            Evidence("system calls per millisecond of running", overall, STORM_PER_MS),
            Evidence(f"system calls in rows of {STORM_IN_A_ROW} or more", len(short), STORM_COUNT),
        ),
        seen.lines(short, np.ones(len(short), dtype=np.int64)),
        seen.confidence(rate >= STORM_PER_MS),
        "each call enters and leaves the scheduler's notion of running, and the kernel",
        "put a buffer in front of it (bufio), and count the calls again",
        seen.part(rate),
    )


def cgo_saturation(seen: Seen) -> Finding | None:
    """More goroutines are in C at once than there are Ps: threads, and time that no P accounts for."""
    blocked = _blocking(seen)
    return _at_once(
        seen,
        blocked[_in_c(seen, blocked)],
        SATURATION * seen.gomaxprocs,
        Kind.CGO,
        "in C",
        "a call into C is a system call to the scheduler: it keeps its thread, GOMAXPROCS does not bound it",
        "bound the calls by a semaphore of GOMAXPROCS places",
    )


def _at_once(
    seen: Seen, rows: Integers, limit: float, kind: Kind, where: str, why: str, experiment: str
) -> Finding | None:
    """That so many goroutines are somewhere at once; each holds a thread there."""
    together = seen.time_by_part(rows) / np.diff(seen.edges)
    most = float(together.max(initial=0))
    if most < limit:
        return None
    return Finding(
        kind,
        f"{most:.0f} goroutines are {where} at once, each with a thread; there are {seen.gomaxprocs} Ps",
        (Evidence(f"goroutines {where}, mean of the worst part", most, limit),),
        seen.lines(rows),
        seen.confidence(together >= limit),
        why,
        experiment,
        seen.part(together),
    )


def _calls_in_a_row(seen: Seen, calls: Integers) -> Integers:
    """For each of these calls how many of them its goroutine made between one wait and the next."""
    state, owner = seen.state[seen.order], seen.owner[seen.order]
    ends = state == int(State.WAITING)
    ends[1:] |= owner[1:] != owner[:-1]
    row = np.zeros(len(seen.state), np.int64)
    row[seen.order] = np.cumsum(ends)
    found: Integers = np.bincount(row[calls])[row[calls]] if len(calls) else calls
    return found


def _blocking(seen: Seen) -> Integers:
    calls = seen.rows(State.SYSCALL)
    return calls[seen.dur[calls] >= BLOCKED_NS]


def _in_c(seen: Seen, rows: Integers) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether a call went into C: on its stack is ``runtime.cgocall``, or what cgo makes of a C function."""
    stacks = np.asarray(seen.timeline.spans["stack"])[rows]
    known = {s: any(map(_is_of_cgo, seen.timeline.stack(s))) for s in np.unique(stacks).tolist()}
    return np.array([known[s] for s in stacks.tolist()], dtype=bool)


def _is_of_cgo(function: str) -> bool:
    return function == "runtime.cgocall" or "._Cfunc_" in function
