"""What each M did, derived from what goroutines and Ps did on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from schedlab.timeline.columns import Integers, Rows, Table, chosen, keys
from schedlab.timeline.enums import NOBODY, OPEN_END, OPEN_START, Lane, Provenance, State

if TYPE_CHECKING:
    from schedlab.timeline.model import Timeline


def threads_lane(timeline: Timeline) -> Timeline:
    """What ``Timeline.threads_lane`` promises."""
    recorded = timeline.spans["lane"] == int(Lane.THREAD)
    if recorded.any():
        return replace(timeline, spans=chosen(timeline.spans, recorded))
    provenance = {
        column: Provenance.DERIVED if column.startswith("spans.") else found
        for column, found in timeline.provenance.items()
    }
    return replace(timeline, spans=_derived(timeline), provenance=provenance)


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """Rows of ``spans`` that say one thing about Ms; of one M they do not overlap. In the order of keys."""

    state: State
    row: Integers
    start: Integers
    end: Integers


def _derived(timeline: Timeline) -> Table:
    spans = timeline.spans
    on_thread = (spans["m"] != NOBODY) & (spans["dur"] > 0)
    of_goroutines = on_thread & (spans["lane"] == int(Lane.GOROUTINE))
    of_ps = on_thread & (spans["lane"] == int(Lane.PROC))
    running, in_syscall = (spans["state"] == int(state) for state in (State.RUNNING, State.SYSCALL))
    step = max((int((spans["start"] + spans["dur"]).max()) if len(timeline) else 0), 0) + 1
    # The surest first: what a goroutine does on an M says more than that the M holds a P.
    layers = [
        _layer(spans, of_goroutines & running, State.RUNNING, step),
        _layer(spans, of_goroutines & in_syscall, State.SYSCALL, step),
        _layer(spans, of_ps & running, State.SCHEDULING, step),
    ]
    return _flattened(spans, layers, step)


def _layer(spans: Table, rows: Rows, state: State, step: int) -> _Layer:
    row = np.flatnonzero(rows)
    start = keys(spans["m"][row], spans["start"][row], step)
    order = np.argsort(start, kind="stable")
    row, start = row[order], start[order]
    end = start + spans["dur"][row]
    # A system call that was under way when the trace began may name the M that told of it, not its own.
    end[:-1] = np.minimum(end[:-1], start[1:])
    return _Layer(state, row, start, end)


def _flattened(spans: Table, layers: list[_Layer], step: int) -> Table:
    """Between any two moments at which something changes on an M, the first layer that knows it says what."""
    moments = np.concatenate([edge for layer in layers for edge in (layer.start, layer.end)])
    moments.sort(kind="stable")  # which merges what is in order already
    start, end = moments[:-1], moments[1:]
    piece = (start < end) & (start // step == end // step)
    start, end = start[piece], end[piece]
    state = np.full(len(start), int(State.IDLE), np.uint8)
    row = np.full(len(start), NOBODY, np.int64)
    for layer in reversed(layers):
        at = np.searchsorted(layer.start, start, side="right") - 1
        covered = at >= 0
        covered[covered] = layer.end[at[covered]] > start[covered]
        state[covered], row[covered] = int(layer.state), layer.row[at[covered]]
    begins = np.ones(len(start), dtype=bool)
    begins[1:] = (start[1:] != end[:-1]) | (state[1:] != state[:-1]) | (row[1:] != row[:-1])
    firsts = np.flatnonzero(begins)
    lasts = np.append(firsts[1:], len(start)) - 1 if len(firsts) else firsts
    thread = start[firsts] // step
    return _spans(
        spans, thread, start[firsts] - thread * step, end[lasts] - thread * step, state[firsts], row[firsts]
    )


def _spans(
    spans: Table,
    thread: Integers,
    start: Integers,
    end: Integers,
    state: npt.NDArray[np.uint8],
    row: Integers,
) -> Table:
    """Rows of ``spans``, in the order of their ends; ``row`` is where each comes from, -1 nowhere."""
    order = np.lexsort((thread, end))
    thread, start, end, state, row = thread[order], start[order], end[order], state[order], row[order]
    has_row = row != NOBODY
    by_goroutine = has_row & (state != int(State.SCHEDULING))

    def taken(column: str, where: Rows, otherwise: int) -> npt.NDArray[Any]:
        found = np.full(len(row), otherwise, spans[column].dtype)
        found[where] = spans[column][row[where]]
        return found

    flags = taken("flags", has_row, 0)
    first, stop = taken("start", has_row, 0), taken("start", has_row, 0) + taken("dur", has_row, 0)
    flags &= ~np.where(start == first, 0, OPEN_START).astype(np.uint8)
    flags &= ~np.where(end == stop, 0, OPEN_END).astype(np.uint8)
    return {
        "lane": np.full(len(row), int(Lane.THREAD), np.uint8),
        "state": state,
        "flags": flags,
        "reason": taken("reason", by_goroutine, 0),
        "id": thread.astype(np.int32),
        "m": thread.astype(np.int32),
        "cause": taken("id", by_goroutine, NOBODY),
        "p": taken("p", has_row, NOBODY),
        "start": start,
        "dur": end - start,
        "stack": taken("stack", by_goroutine, 0),
        "end": taken("end", by_goroutine, 0),
    }
