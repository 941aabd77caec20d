"""A Timeline of schedtrace's samples: what was seen is taken to last until one looked again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from schedlab.capture.schedtrace import SCALARS, Detail, G, M, P, SchedTrace, SummaryTable
from schedlab.errors import UsageError
from schedlab.timeline.columns import COLUMNS, Integers, Table
from schedlab.timeline.enums import NOBODY, OPEN_END, OPEN_START, Lane, Provenance, State
from schedlab.timeline.model import Timeline

_NS_PER_MS = 1_000_000

# Without the underscore that releases before Go 1.5 do not have. A P that is dead is none.
P_STATES = {"Pidle": State.IDLE, "Prunning": State.RUNNING, "Psyscall": State.SYSCALL}
NO_P = "Pdead"

# _Gcopystack and _Gidle (not yet started) are moments within the runtime: UNKNOWN. _Gpreempted waits for
# whoever suspended it, _Gleaked for ever.
G_STATES = {
    "Grunnable": State.RUNNABLE,
    "Grunning": State.RUNNING,
    "Gsyscall": State.SYSCALL,
    "Gwaiting": State.WAITING,
    "Gpreempted": State.WAITING,
    "Gleaked": State.WAITING,
}
NO_G = ("Gdead", "Gdeadextra")


class Seen(NamedTuple):
    """What one sample says about one goroutine, P or M. Goroutines and reasons are numbers by now."""

    lane: int
    owner: int
    sample: int
    state: int
    reason: int
    m: int
    p: int
    cause: int


def from_schedtrace(trace: SchedTrace) -> Timeline:
    """What ``Timeline.from_schedtrace`` promises."""
    summaries = trace.summaries
    if not len(summaries):
        raise UsageError(
            "there is no SCHED line in it", remedy="Run the program with GoSettings(schedtrace_ms=…)."
        )
    backwards = np.flatnonzero(np.diff(summaries.time_ms) < 0)
    if len(backwards):
        raise UsageError(
            f"the time goes back at line {summaries.line[backwards[0] + 1]}: "
            "this is the output of more than one program, or of several runs",
            remedy="Read each one's output by itself.",
        )
    words, reasons = Numbered(), Numbered()
    first = int(summaries.time_ms[0])
    spans, goroutines, threads = _spans(trace.snapshots, reasons, first)
    tables = {
        "spans": spans,
        "marks": empty(MARKS),
        "counters": _counters(summaries, words, first),
        "samples": empty(SAMPLES),
        "goroutines": _goroutines(goroutines),
        "stacks": {"start": np.zeros(2, np.uint32), "frame": np.empty(0, np.uint32)},
        "frames": empty(FRAMES),
    }
    period_ms = float(np.median(np.diff(summaries.time_ms))) if len(summaries) > 1 else 0.0
    rejects = len(trace.rejects)
    return Timeline(
        **tables,
        texts=words.texts(),
        reasons=reasons.texts(),
        threads=threads,
        meta={
            "source": "schedtrace",
            "events": len(summaries),
            "duration_ns": (int(summaries.time_ms[-1]) - first) * _NS_PER_MS,
            "lost": f"{rejects} lines that could not be read" if rejects else "",
            "samples": len(summaries),
            "snapshots": len(trace.snapshots),
            "period_ns": round(period_ms * _NS_PER_MS),
            "release": trace.release,
        },
        provenance={
            f"{table}.{column}": Provenance.SAMPLED for table, columns in tables.items() for column in columns
        },
    )


_SPANS, MARKS, SAMPLES, FRAMES = (COLUMNS[name] for name in ("spans", "marks", "samples", "frames"))


def empty(columns: Mapping[str, type[Any]]) -> Table:
    return {name: np.empty(0, kind) for name, kind in columns.items()}


class Numbered:
    """Texts, each once, by number; 0 is the empty one."""

    def __init__(self) -> None:
        self._numbers = {"": 0}

    def number(self, text: str) -> int:
        return self._numbers.setdefault(text, len(self._numbers))

    def texts(self) -> tuple[str, ...]:
        return tuple(self._numbers)


def _counters(summaries: SummaryTable, words: Numbered, first_ms: int) -> Table:
    """Every count that is printed, in the order of time."""
    series = [(words.number(f"sched.{name}"), NOBODY, getattr(summaries, name)) for name in SCALARS]
    runq = words.number("sched.runq")
    series += [(runq, p, summaries.local_runq[:, p]) for p in range(summaries.max_p)]
    values = np.stack([column for _, _, column in series], axis=1)
    row, column = np.nonzero(values >= 0)
    return {
        "time": (summaries.time_ms[row] - first_ms) * _NS_PER_MS,
        "value": values[row, column],
        "name": np.array([name for name, _, _ in series], np.uint32)[column],
        "p": np.array([p for _, p, _ in series], np.int16)[column],
    }


def _goroutines(ids: Integers) -> Table:
    count = len(ids)
    return {
        "id": ids,
        "created": np.full(count, -1, np.int64),
        "ended": np.full(count, -1, np.int64),
        "creator": np.full(count, NOBODY, np.int32),
        "start": np.zeros(count, np.uint32),
        "function": np.zeros(count, np.uint32),
    }


def _spans(
    snapshots: Sequence[Detail], reasons: Numbered, first_ms: int
) -> tuple[Table, Integers, tuple[int, ...]]:
    """The spans, the ids of the goroutines, and the numbers of the Ms."""
    ids = sorted({g.id for snapshot in snapshots for g in snapshot.gs})
    threads = sorted({m.id for snapshot in snapshots for m in snapshot.ms})
    seen = _seen(snapshots, _rows(ids), _rows(threads), reasons.number)
    times = np.array([snapshot.time_ms - first_ms for snapshot in snapshots], np.int64) * _NS_PER_MS
    return joined(list(seen), times), np.array(ids, np.int64), tuple(threads)


def _rows(ids: Sequence[int]) -> Callable[[int | None], int]:
    row = {found: place for place, found in enumerate(ids)}
    return lambda found: NOBODY if found is None else row.get(found, NOBODY)


def _seen(
    snapshots: Sequence[Detail],
    row: Callable[[int | None], int],
    thread: Callable[[int | None], int],
    reason: Callable[[str], int],
) -> Iterable[Seen]:
    for sample, snapshot in enumerate(snapshots):
        p_of_m = {m.id: m.p for m in snapshot.ms}
        in_syscall = {g.id for g in snapshot.gs if _g_state(g) == (State.SYSCALL, "")}
        for p in snapshot.ps:
            if plain(p.status_name) != NO_P:
                state, why = _p_state(p)
                m = thread(p.m)
                yield Seen(Lane.PROC, p.id, sample, state, reason(why), m, p.id, NOBODY)
        for g in snapshot.gs:
            if plain(g.status_name) not in NO_G:
                state, why = _g_state(g)
                on = _number(p_of_m.get(g.m)) if g.m is not None else NOBODY
                yield Seen(Lane.GOROUTINE, row(g.id), sample, state, reason(why), thread(g.m), on, NOBODY)
        for m_seen in snapshot.ms:
            state, why = _m_state(m_seen, in_syscall)
            own, cause = thread(m_seen.id), row(m_seen.curg)
            yield Seen(Lane.THREAD, own, sample, state, reason(why), own, _number(m_seen.p), cause)


def _number(p: int | None) -> int:
    return NOBODY if p is None else p


def plain(status_name: str) -> str:
    """A status's name as in every release, without the bit that says that the stack is being scanned."""
    name = status_name.removeprefix("_").removesuffix("_unused")
    return f"G{name.removeprefix('Gscan')}" if name.startswith("Gscan") else name


def _p_state(p: P) -> tuple[State, str]:
    name = plain(p.status_name)
    if name == "Pgcstop":
        return State.WAITING, "stop-the-world"
    state = P_STATES.get(name, State.UNKNOWN)
    return state, "" if state is not State.UNKNOWN else p.status_name


def _g_state(g: G) -> tuple[State, str]:
    name = plain(g.status_name)
    state = G_STATES.get(name, State.UNKNOWN)
    if state is State.WAITING:
        return state, g.wait_reason or g.status_name
    # What is in brackets then is why it last waited.
    return state, "" if state is not State.UNKNOWN else g.status_name


def _m_state(m: M, in_syscall: set[int]) -> tuple[State, str]:
    if m.curg is not None:
        return (State.SYSCALL if m.p is None or m.curg in in_syscall else State.RUNNING), ""
    if m.spinning:
        return State.SCHEDULING, "spinning"
    if m.p is not None:
        return State.SCHEDULING, ""
    return State.IDLE, "blocked" if m.blocked else ""


def joined(seen: list[Seen], times: Integers) -> Table:
    """Spans from sample to sample, equal ones in a row as one, in the order of their ends."""
    found = np.array(seen, np.int64).reshape(-1, len(Seen._fields))
    order = np.lexsort((found[:, 2], found[:, 1], found[:, 0]))
    found = found[order]
    # One that is printed twice in a sample counts once.
    once = np.ones(len(found), dtype=bool)
    once[1:] = (found[1:, :3] != found[:-1, :3]).any(axis=1)
    found = found[once]
    sample = found[:, 2]
    same = np.delete(found, 2, axis=1)
    begins = np.ones(len(found), dtype=bool)
    begins[1:] = (same[1:] != same[:-1]).any(axis=1) | (sample[1:] != sample[:-1] + 1)
    firsts = np.flatnonzero(begins)
    lasts = np.append(firsts[1:], len(found))[: len(firsts)] - 1
    start = times[sample[firsts]]
    # The last sample has none after it: what it shows has no known length.
    until = np.minimum(sample[lasts] + 1, len(times) - 1)
    end = times[until]
    flags = np.where(sample[firsts] == 0, OPEN_START, 0) | np.where(
        sample[lasts] == len(times) - 1, OPEN_END, 0
    )
    values: npt.NDArray[np.int64] = found[firsts]
    columns = dict(zip(Seen._fields, values.T, strict=True))
    spans = {
        **{name: columns[name] for name in ("lane", "state", "reason", "m", "p", "cause")},
        "id": columns["owner"],
        "flags": flags,
        "start": start,
        "dur": end - start,
        "stack": np.zeros(len(firsts), np.int64),
        "end": np.zeros(len(firsts), np.int64),
    }
    lasting = np.flatnonzero(end > start)
    lasting = lasting[np.argsort(end[lasting], kind="stable")]
    return {name: spans[name][lasting].astype(kind) for name, kind in _SPANS.items()}
