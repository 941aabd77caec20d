"""From the log of a simulation to the columns of a Timeline; nothing loops over its rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from schedlab.sim.policy.counts import GONE, REASONS, RUNNABLE, RUNNING, SYSCALL
from schedlab.sim.policy.state import NOBODY, Sched
from schedlab.timeline import KEPT_P, OPEN_END, Lane, MarkKind, Provenance, Timeline
from schedlab.timeline.columns import COLUMNS, Integers, Table

_G: Final = 7
_P: Final = 4


def timeline_of(s: Sched, meta: Mapping[str, Any], lost: str) -> Timeline:
    """A Timeline of everything in ``s.log``, ``s.p_log`` and ``s.marks``; all of it is **simulated**."""
    end = s.now
    log = np.array(s.log, np.int64).reshape(-1, _G)
    changes = _goroutine_rows(log, end)
    spans = _joined(
        _goroutine_spans(changes, end), _proc_spans(np.array(s.p_log, np.int64).reshape(-1, _P), end)
    )
    marked = {mark[3] for mark in s.marks} | {label[2] for label in s.labels}
    names = sorted({g.program for g in s.goroutines} | marked | set(_COUNTERS))
    texts = ("", *names)
    number = {text: at for at, text in enumerate(texts)}
    tables: dict[str, Table] = {
        "spans": spans,
        "marks": _marks(s, number),
        "counters": _typed("counters", _counters(s, number)),
        "samples": _typed("samples", {}),
        "goroutines": _goroutines(s, changes, number),
        "stacks": {"start": np.zeros(2, np.uint32), "frame": np.empty(0, np.uint32)},
        "frames": _typed("frames", {}),
    }
    return Timeline(
        **tables,
        texts=texts,
        reasons=REASONS,
        threads=tuple(range(len(s.ms))),
        meta={
            "source": f"simulation by the rules of {meta['rules']}, seed {meta['seed']}",
            "events": len(s.log) + len(s.p_log),
            "duration_ns": end,
            "lost": lost,
            **meta,
        },
        provenance={
            f"{table}.{column}": Provenance.SIMULATED
            for table, columns in tables.items()
            for column in columns
        },
    )


_COUNTERS: Final = ("sched.runqueue", "sched.runq")


def _goroutine_rows(log: Integers, end: int) -> Integers:
    """By goroutine, in the order of what happened to it; what is planned for after the end is left out."""
    kept = log[log[:, 0] <= end]
    found: Integers = kept[np.argsort(kept[:, 2], kind="stable")]
    return found


def _goroutine_spans(rows: Integers, end: int) -> dict[str, Any]:
    """From each change to the next of the same goroutine."""
    last = _lasts(rows[:, 2])
    until = np.append(rows[1:, 0], end)
    until[last] = end
    state = rows[:, 1]
    following = np.append(state[1:], GONE)
    kept_p = (state == SYSCALL) & ~last & (following == RUNNING) & (np.append(rows[1:, 3], 0) == rows[:, 3])
    kept = state != GONE
    flags = np.where(last, OPEN_END, 0) | np.where(kept_p, KEPT_P, 0)
    columns = {
        "lane": int(Lane.GOROUTINE),
        "state": state[kept],
        "flags": flags[kept],
        "reason": rows[kept, 5],
        "id": rows[kept, 2],
        "m": rows[kept, 4],
        "cause": rows[kept, 6],
        "p": rows[kept, 3],
        "start": rows[kept, 0],
        "dur": (until - rows[:, 0])[kept],
    }
    # Who waits or stands in a queue is on no thread.
    columns["m"] = np.where(np.isin(columns["state"], (RUNNING, SYSCALL)), columns["m"], NOBODY)
    return columns


def _proc_spans(rows: Integers, end: int) -> dict[str, Any]:
    """From each change to the next of the same P; what lasted no time is left out."""
    rows = rows[rows[:, 0] <= end]
    rows = rows[np.argsort(rows[:, 2], kind="stable")]
    last = _lasts(rows[:, 2])
    until = np.append(rows[1:, 0], end)
    until[last] = end
    kept = (until > rows[:, 0]) | last
    return {
        "lane": int(Lane.PROC),
        "state": rows[kept, 1],
        "flags": np.where(last, OPEN_END, 0)[kept],
        "reason": 0,
        "id": rows[kept, 2],
        "m": rows[kept, 3],
        "cause": NOBODY,
        "p": rows[kept, 2],
        "start": rows[kept, 0],
        "dur": (until - rows[:, 0])[kept],
    }


def _lasts(owner: Integers) -> Any:
    return np.append(owner[1:] != owner[:-1], True)[: len(owner)]


def _joined(*parts: dict[str, Any]) -> Table:
    """In the order in which they ended, as the trace reader gives them."""
    lengths = [len(part["start"]) for part in parts]
    table = {}
    for name in COLUMNS["spans"]:
        columns = [
            np.broadcast_to(np.asarray(part.get(name, 0), np.int64), (length,))
            for part, length in zip(parts, lengths, strict=True)
        ]
        table[name] = np.concatenate(columns)
    order = np.argsort(table["start"] + table["dur"], kind="stable")
    return _typed("spans", {name: column[order] for name, column in table.items()})


def _typed(name: str, given: Mapping[str, Any]) -> Table:
    length = len(next(iter(given.values()), ()))
    return {
        column: np.asarray(given.get(column, np.zeros(length)), dtype=kind)
        for column, kind in COLUMNS[name].items()
    }


def _goroutines(s: Sched, rows: Integers, number: Mapping[str, int]) -> Table:
    count = len(s.goroutines)
    created, creator, ended = (np.full(count, NOBODY, np.int64) for _ in range(3))
    first = np.append(True, rows[1:, 2] != rows[:-1, 2])[: len(rows)]
    made = rows[first & (rows[:, 1] == RUNNABLE)]
    created[made[:, 2]] = made[:, 0]
    creator[made[:, 2]] = made[:, 6]
    gone = rows[rows[:, 1] == GONE]
    ended[gone[:, 2]] = gone[:, 0]
    functions = [number[g.program] for g in s.goroutines]
    return _typed(
        "goroutines",
        {
            "id": np.arange(1, count + 1),
            "created": created,
            "ended": ended,
            "creator": creator,
            "start": np.zeros(count),
            "function": functions,
        },
    )


def _marks(s: Sched, number: Mapping[str, int]) -> Table:
    rows = [(*mark, int(MarkKind.RANGE)) for mark in s.marks]
    rows += [(time, 0, g, name, int(MarkKind.LABEL)) for time, g, name in s.labels]
    marks = sorted(rows)
    return _typed(
        "marks",
        {
            "kind": [mark[4] for mark in marks],
            "start": [mark[0] for mark in marks],
            "dur": [mark[1] for mark in marks],
            "g": [mark[2] for mark in marks],
            "m": np.full(len(marks), NOBODY),
            "p": np.full(len(marks), NOBODY),
            "name": [number[mark[3]] for mark in marks],
        },
    )


def _counters(s: Sched, number: Mapping[str, int]) -> dict[str, Any]:
    """The lengths of the run queues, as schedtrace prints them: of all Ps, and of the global queue."""
    samples = np.array(s.queue_log, np.int64).reshape(-1, s.procs + 2)
    names = np.array([number["sched.runqueue"], *([number["sched.runq"]] * s.procs)])
    owners = np.array([NOBODY, *range(s.procs)])
    return {
        "time": np.repeat(samples[:, 0], s.procs + 1),
        "value": samples[:, 1:].reshape(-1),
        "name": np.tile(names, len(samples)),
        "p": np.tile(owners, len(samples)),
    }
