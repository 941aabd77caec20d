"""A Timeline of X-ray's samples: what was seen is taken to last until one looked again."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
import numpy.typing as npt

from schedlab.capture.schedtrace.statuses import G_SCAN, Release, g_status_name, p_status_name
from schedlab.capture.xray import GoroutineStates, Samples
from schedlab.errors import UsageError
from schedlab.timeline.columns import Integers, Table
from schedlab.timeline.enums import NOBODY, Lane, Provenance, State
from schedlab.timeline.model import Timeline
from schedlab.timeline.sampled import (
    FRAMES,
    G_STATES,
    MARKS,
    NO_G,
    NO_P,
    P_STATES,
    SAMPLES,
    Numbered,
    Seen,
    empty,
    joined,
    plain,
)

_COUNTS = {
    "runq_size": "sched.runqueue",
    "npidle": "sched.idleprocs",
    "nmspinning": "sched.spinningthreads",
    "needspinning": "sched.needspinning",
    "nmidle": "sched.idlethreads",
    "ngsyscall_no_p": "sched.nGsyscallNoP",
    "stopwait": "sched.stopwait",
}


def from_xray(samples: Samples) -> Timeline:
    """The Ps and Ms of the samples, and the Gs if they were sampled; everything in it is **sampled**.

    A state that a sample shows is taken to last until the next sample, and equal ones in a row are one span:
    what happened between two samples is not in it. ``counters`` have the lengths of the queues
    (``sched.runq`` with its P, ``sched.runqueue``) and the scheduler's own counts. Times are from the first
    sample's begin; ``meta["monotonic_ns"]`` is that begin on time.monotonic_ns's clock. A torn sample counts
    as any other; ``meta["torn"]`` says how many there are. ``threads`` are the system's numbers of threads;
    of an M that has none (yet) it is -1 less its id.

    Raises:
        UsageError: there is no sample in it.
    """
    if not len(samples):
        raise UsageError("there is no sample in it")
    words, reasons = Numbered(), Numbered()
    times = samples.begin_ns - samples.begin_ns[0]
    goroutines, rows_of = _goroutines(samples, words)
    threads, spans = _spans(samples, reasons, rows_of, times)
    tables = {
        "spans": spans,
        "marks": empty(MARKS),
        "counters": _counters(samples, words, times),
        "samples": empty(SAMPLES),
        "goroutines": goroutines,
        "stacks": {"start": np.zeros(2, np.uint32), "frame": np.empty(0, np.uint32)},
        "frames": empty(FRAMES),
    }
    return Timeline(
        **tables,
        texts=words.texts(),
        reasons=reasons.texts(),
        threads=threads,
        meta={
            "source": f"xray of process {samples.pid}, {samples.program}",
            "events": len(samples),
            "duration_ns": int(times[-1]),
            "lost": samples.ended,
            "samples": len(samples),
            "late": samples.late,
            "torn": int(samples.torn.sum()),
            "hz": float(samples.hz),
            "period_ns": round(float(np.median(np.diff(times)))) if len(times) > 1 else 0,
            "monotonic_ns": int(samples.begin_ns[0]),
            "release": samples.facts.release,
        },
        provenance={
            f"{table}.{column}": Provenance.SAMPLED for table, columns in tables.items() for column in columns
        },
    )


class _Rows:
    """The row of each goroutine that was seen, by its id."""

    def __init__(self, ids: Integers) -> None:
        self.ids = ids

    def of(self, ids: Integers) -> Integers:
        """Rows; NOBODY for 0 and for ids that are none of them."""
        if not len(self.ids):
            return np.full(len(ids), NOBODY)
        at = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where((self.ids[at] == ids) & (ids > 0), at, NOBODY)


def _goroutines(samples: Samples, words: Numbered) -> tuple[Table, _Rows]:
    running = np.unique(samples.ms.curg)
    gs = samples.gs
    seen = running if gs is None else np.concatenate([running, gs.id])
    ids = np.unique(seen[seen > 0])
    rows = _Rows(ids)
    creator, function = np.full(len(ids), NOBODY), np.zeros(len(ids), np.int64)
    if gs is not None:
        _, first = np.unique(gs.id, return_index=True)
        row = rows.of(gs.id[first])
        creator[row] = rows.of(gs.creator[first])
        names = samples.facts.code.names(gs.start_pc[first])
        function[row] = [words.number(str(name)) for name in names]
    return {
        "id": ids,
        "created": np.full(len(ids), -1, np.int64),
        "ended": np.full(len(ids), -1, np.int64),
        "creator": creator.astype(np.int32),
        "start": np.zeros(len(ids), np.uint32),
        "function": function.astype(np.uint32),
    }, rows


def _spans(
    samples: Samples, reasons: Numbered, rows: _Rows, times: Integers
) -> tuple[tuple[int, ...], Table]:
    ms = samples.ms
    # An M that waits for a thread of its own has thread 0.
    numbers, thread = np.unique(np.where(ms.thread > 0, ms.thread, -1 - ms.id), return_inverse=True)
    # Ids of Ms are small and dense; of each the last thread counts where only the M's id is known.
    thread_of = np.full(max(0, int(ms.id.max(initial=-1))) + 2, NOBODY)
    thread_of[ms.id] = thread
    p_of = _ps_of_ms(samples, len(thread_of))
    seen = [_of_ps(samples, reasons, thread_of), _of_ms(samples, reasons, rows, thread)]
    if samples.gs is not None:
        seen.append(_of_gs(samples.gs, samples, reasons, rows, thread_of, p_of))
    table = np.concatenate(seen)
    # The function that joins them makes an array of what it is given, so an array is as good.
    return tuple(numbers.tolist()), joined(cast(list[Seen], table), times)


def _ps_of_ms(samples: Samples, width: int) -> Integers:
    """The P of each M in each sample, ``(samples, width)``; NOBODY for none."""
    found = np.full((len(samples), width), NOBODY)
    found[samples.m_sample, samples.ms.id] = samples.ms.p
    return found


def _of_ps(samples: Samples, reasons: Numbered, thread_of: Integers) -> npt.NDArray[np.int64]:
    ps, release = samples.ps, samples.facts.named_as
    state, reason = _worded(ps.status, lambda status: _p_words(status, release), reasons)
    found = _rows(
        lane=Lane.PROC,
        owner=ps.id,
        sample=samples.p_sample,
        state=state,
        reason=reason,
        m=thread_of[ps.m],
        p=ps.id,
        cause=NOBODY,
    )
    kept: Integers = found[state != _NONE]
    return kept


def _of_ms(samples: Samples, reasons: Numbered, rows: _Rows, thread: Integers) -> npt.NDArray[np.int64]:
    """As schedtrace's Ms: RUNNING or SYSCALL with a goroutine, SCHEDULING with a P, IDLE without both."""
    ms = samples.ms
    works, holds = ms.curg > 0, ms.p >= 0
    spinning = np.zeros(len(ms), np.bool_) if ms.spinning is None else ms.spinning
    blocked = np.zeros(len(ms), np.bool_) if ms.blocked is None else ms.blocked
    away = works & (~holds | (False if ms.in_cgo is None else ms.in_cgo))
    state = np.select(
        [away, works, spinning | holds], [State.SYSCALL, State.RUNNING, State.SCHEDULING], State.IDLE
    )
    reason = np.select(
        [works, spinning, ~holds & blocked], [0, reasons.number("spinning"), reasons.number("blocked")], 0
    )
    return _rows(
        lane=Lane.THREAD,
        owner=thread,
        sample=samples.m_sample,
        state=state,
        reason=reason,
        m=thread,
        p=ms.p,
        cause=rows.of(ms.curg),
    )


def _of_gs(
    gs: GoroutineStates,
    samples: Samples,
    reasons: Numbered,
    rows: _Rows,
    thread_of: Integers,
    p_of: Integers,
) -> npt.NDArray[np.int64]:
    release = samples.facts.named_as
    state, reason = _worded(gs.status, lambda status: _g_words(status, release), reasons)
    texts = samples.facts.wait_reasons
    why = np.array([reasons.number(text) if text else 0 for text in texts] or [0], np.int64)
    known = (state == State.WAITING) & (gs.wait_reason < len(texts)) & (gs.wait_reason > 0)
    reason = np.where(known, why[np.minimum(gs.wait_reason, len(why) - 1)], reason)
    found = _rows(
        lane=Lane.GOROUTINE,
        owner=rows.of(gs.id),
        sample=gs.sample,
        state=state,
        reason=reason,
        m=thread_of[gs.m],
        p=np.where(gs.m >= 0, p_of[gs.sample, gs.m], NOBODY),
        cause=NOBODY,
    )
    kept: Integers = found[state != _NONE]
    return kept


_NONE = -1


def _p_words(status: int, release: Release | None) -> tuple[int, str]:
    name = p_status_name(status, release)
    if plain(name) == "Pgcstop":
        return State.WAITING, "stop-the-world"
    if plain(name) == NO_P:
        return _NONE, ""
    state = P_STATES.get(plain(name), State.UNKNOWN)
    return state, "" if state is not State.UNKNOWN else name


def _g_words(status: int, release: Release | None) -> tuple[int, str]:
    name = g_status_name(status & ~G_SCAN, release)
    if plain(name) in NO_G:
        return _NONE, ""
    state = G_STATES.get(plain(name), State.UNKNOWN)
    return state, "" if state in (State.RUNNABLE, State.RUNNING, State.SYSCALL) else name


def _worded(
    status: npt.NDArray[np.uint32], words: Callable[[int], tuple[int, str]], reasons: Numbered
) -> tuple[Integers, Integers]:
    """State and number of the reason for each status."""
    values, back = np.unique(status, return_inverse=True)
    known = [words(int(value)) for value in values]
    states = np.array([state for state, _ in known], np.int64)
    numbers = np.array([reasons.number(text) for _, text in known], np.int64)
    return states[back], numbers[back]


def _rows(sample: Integers, **columns: Integers | int) -> npt.NDArray[np.int64]:
    """Rows of ``Seen``."""
    given: dict[str, Integers | int] = {"sample": sample, **columns}
    return np.stack(
        [np.broadcast_to(np.asarray(given[name], np.int64), sample.shape) for name in Seen._fields], axis=1
    )


def _counters(samples: Samples, words: Numbered, times: Integers) -> Table:
    """In the order of time."""
    ps, everywhere = samples.ps, np.full(len(samples), NOBODY)
    columns = [(words.number("sched.gomaxprocs"), times, samples.gomaxprocs, everywhere)]
    columns += [
        (words.number(name), times, values, everywhere)
        for count, name in _COUNTS.items()
        if (values := samples.sched[count]) is not None
    ]
    threads = np.bincount(samples.m_sample, minlength=len(samples))
    columns.append((words.number("sched.threads"), times, threads, everywhere))
    columns.append((words.number("sched.runq"), times[samples.p_sample], ps.queued, ps.id))
    time = np.concatenate([column[1] for column in columns])
    order = np.argsort(time, kind="stable")
    name = np.repeat([column[0] for column in columns], [len(column[1]) for column in columns])
    return {
        "time": time[order],
        "value": np.concatenate([column[2] for column in columns])[order].astype(np.int64),
        "name": name[order].astype(np.uint32),
        "p": np.concatenate([column[3] for column in columns])[order].astype(np.int16),
    }
