"""Slices and arrows of goroutine spans: on the tracks of Ps and of goroutines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from schedlab.export._chrome_names import GOROUTINES, MS, PS, Names
from schedlab.export._chrome_order import NONE, Order, order_of
from schedlab.export._json_text import (
    Piece,
    appended,
    in_order,
    integers,
    joined,
    microseconds,
    taken,
    taken_or_nothing,
    texts,
)
from schedlab.timeline import KEPT_P, State, Table, Timeline

# Rows whose text is in memory at a time.
CHUNK: Final = 1 << 14

Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """What is drawn of the goroutine spans, row by row of ``order``, and on which tracks.

    ``wake_*`` is at the span that a wake began, ``run_p`` at the run it led to.
    """

    order: Order
    on_goroutine: Mask
    on_p: Mask
    wake_goroutine: Mask
    wake_p: Mask
    run_p: Mask
    p_track: int
    goroutine_track: int

    @property
    def events(self) -> int:
        slices = int(self.on_goroutine.sum()) + int(self.on_p.sum())
        return slices + 2 * int(self.wake_goroutine.sum()) + int(self.wake_p.sum()) + int(self.run_p.sum())


def drawing(
    timeline: Timeline, *, goroutines: bool, ps: bool, arrows: bool, p_track: int, goroutine_track: int
) -> Drawing:
    order = order_of(timeline)
    state, p = timeline.spans["state"][order.rows], timeline.spans["p"][order.rows]
    flags = timeline.spans["flags"][order.rows]
    every = np.ones(len(order.rows), dtype=bool)
    # A system call that kept its P is on it still; from another one the P may have been taken.
    kept = (state == int(State.SYSCALL)) & ((flags & KEPT_P) != 0)
    on_p = (p >= 0) & ((state == int(State.RUNNING)) | kept)
    woken = order.waker != NONE
    wake_p = woken & _runs_on_p(timeline, order.waker) & _runs_on_p(timeline, order.after)
    run_p = np.isin(order.rows, order.after[wake_p])
    return Drawing(
        order=order,
        on_goroutine=every & goroutines,
        on_p=on_p & ps,
        wake_goroutine=woken & (goroutines and arrows),
        wake_p=wake_p & (ps and arrows),
        run_p=run_p & (ps and arrows),
        p_track=p_track,
        goroutine_track=goroutine_track,
    )


def events(timeline: Timeline, names: Names, drawn: Drawing) -> Iterator[Piece]:
    """The events in the order in which they happened, some at a time."""
    for first in range(0, len(drawn.order.rows), CHUNK):
        here = slice(first, first + CHUNK)
        rows = drawn.order.rows[here]
        arrays, ranks = [], []
        kinds = (
            (drawn.on_goroutine, _state_slices),
            (drawn.on_p, _run_slices),
            (drawn.wake_goroutine, _wake_starts),
            (drawn.wake_goroutine, _wake_ends),
            (drawn.wake_p, _wake_starts_on_p),
            (drawn.run_p, _wake_ends_on_p),
        )
        for rank, (mask, make) in enumerate(kinds):
            at = np.flatnonzero(mask[here])
            if len(at):
                arrays.append(make(timeline, names, drawn, rows[at], at + first))
                ranks.append(at * len(kinds) + rank)
        if arrays:
            yield in_order(arrays, ranks)


def thread_events(timeline: Timeline, names: Names, track: int) -> Iterator[Piece]:
    """Slices of a Timeline of lane THREAD, for ``busy`` of its rows. An idle M is a gap."""
    spans = timeline.spans
    shown = appended(texts(["scheduling"]), names.goroutines)
    for rows in _chunks(busy(timeline)):
        goroutine = spans["cause"][rows].astype(np.int64)
        yield joined(
            f',\n{{"ph":"X","pid":{MS}',
            _number(',"tid":', spans["id"][rows].astype(np.int64) + track),
            _when(spans, rows),
            ',"cat":"',
            taken(_STATES, spans["state"][rows]),
            '","name":"',
            taken(shown, goroutine + 1),
            '","args":{"state":"',
            taken(_STATES, spans["state"][rows]),
            '"',
            _optional(',"p":', spans["p"][rows]),
            taken(_CUTS, spans["flags"][rows] & 3),
            "}}",
        )


def busy(timeline: Timeline) -> npt.NDArray[np.int64]:
    """The rows of a Timeline of lane THREAD in which the M is not idle."""
    wanted = [int(state) for state in (State.RUNNING, State.SYSCALL, State.SCHEDULING)]
    return np.flatnonzero(np.isin(timeline.spans["state"], wanted))


def _state_slices(timeline: Timeline, names: Names, drawn: Drawing, rows: Rows, at: Rows) -> Piece:
    """What a goroutine did, on its own track."""
    del at
    spans = timeline.spans
    state = spans["state"][rows]
    reason = spans["reason"][rows]
    return joined(
        f',\n{{"ph":"X","pid":{GOROUTINES}',
        _number(',"tid":', spans["id"][rows].astype(np.int64) + drawn.goroutine_track),
        _when(spans, rows),
        _frames(names, spans, rows),
        ',"cat":"',
        taken(_STATES, state),
        '","name":"',
        taken(_STATES, state),
        taken(names.in_brackets, reason),
        '","args":{"g":',
        integers(timeline.goroutines["id"][spans["id"][rows]]),
        _optional(',"p":', spans["p"][rows]),
        _thread(timeline, spans["m"][rows]),
        taken(names.reasons, reason),
        taken(names.by, spans["cause"][rows].astype(np.int64) + 1),
        taken(_KEPT, (spans["flags"][rows] & KEPT_P) != 0),
        taken(_CUTS, spans["flags"][rows] & 3),
        _stack(names, spans, rows),
        "}}",
    )


def _run_slices(timeline: Timeline, names: Names, drawn: Drawing, rows: Rows, at: Rows) -> Piece:
    """A goroutine that runs, or is in a system call and keeps the P, on the P's track."""
    del at
    spans = timeline.spans
    return joined(
        f',\n{{"ph":"X","pid":{PS}',
        _number(',"tid":', spans["p"][rows].astype(np.int64) + drawn.p_track),
        _when(spans, rows),
        _frames(names, spans, rows),
        ',"cat":"',
        taken(_STATES, spans["state"][rows]),
        '","name":"',
        taken(names.goroutines, spans["id"][rows]),
        taken(_IN_SYSTEM_CALL, spans["state"][rows] == int(State.SYSCALL)),
        '","args":{"g":',
        integers(timeline.goroutines["id"][spans["id"][rows]]),
        _thread(timeline, spans["m"][rows]),
        taken(_CUTS, spans["flags"][rows] & 3),
        _stack(names, spans, rows),
        "}}",
    )


def _wake_starts(timeline: Timeline, names: Names, drawn: Drawing, rows: Rows, at: Rows) -> Piece:
    """From the waker's slice on its goroutine's track ..."""
    del names
    waker = timeline.spans["id"][drawn.order.waker[at]].astype(np.int64)
    return _arrow(timeline, "s", GOROUTINES, waker + drawn.goroutine_track, rows, 2 * rows)


def _wake_ends(timeline: Timeline, names: Names, drawn: Drawing, rows: Rows, at: Rows) -> Piece:
    """... to the runnable slice on the woken one's."""
    del names, at
    woken = timeline.spans["id"][rows].astype(np.int64)
    return _arrow(timeline, "f", GOROUTINES, woken + drawn.goroutine_track, rows, 2 * rows)


def _wake_starts_on_p(timeline: Timeline, names: Names, drawn: Drawing, rows: Rows, at: Rows) -> Piece:
    """From the waker's slice on the P that it ran on ..."""
    del names
    p = timeline.spans["p"][drawn.order.waker[at]].astype(np.int64)
    return _arrow(timeline, "s", PS, p + drawn.p_track, rows, 2 * rows + 1)


def _wake_ends_on_p(timeline: Timeline, names: Names, drawn: Drawing, rows: Rows, at: Rows) -> Piece:
    """... to the slice in which the woken one ran, on its P."""
    del names
    p = timeline.spans["p"][rows].astype(np.int64)
    return _arrow(timeline, "f", PS, p + drawn.p_track, rows, 2 * drawn.order.before[at] + 1)


def _arrow(timeline: Timeline, phase: str, pid: int, track: Rows, rows: Rows, number: Rows) -> Piece:
    # "bp" binds the arrow's head to the slice that encloses it, not to the next one.
    return joined(
        f',\n{{"ph":"{phase}","pid":{pid}',
        _number(',"tid":', track),
        ',"ts":',
        microseconds(timeline.spans["start"][rows]),
        ',"cat":"wake","name":"wakes"',
        _number(',"id":', number),
        ',"bp":"e"}' if phase == "f" else "}",
    )


def _chunks(rows: Rows) -> Iterator[Rows]:
    return (rows[first : first + CHUNK] for first in range(0, len(rows), CHUNK))


def _runs_on_p(timeline: Timeline, rows: Rows) -> Mask:
    spans, at = timeline.spans, np.flatnonzero(rows != NONE)
    found = np.zeros(len(rows), dtype=bool)
    found[at] = (spans["state"][rows[at]] == int(State.RUNNING)) & (spans["p"][rows[at]] >= 0)
    return found


def _when(spans: Table, rows: Rows) -> Piece:
    return joined(',"ts":', microseconds(spans["start"][rows]), ',"dur":', microseconds(spans["dur"][rows]))


def _number(key: str, values: npt.NDArray[Any]) -> Piece:
    return joined(key, integers(values))


def _optional(key: str, values: npt.NDArray[Any]) -> Piece:
    """``key`` and the number, nothing where it is -1."""
    return joined(taken(texts(["", key]), values >= 0), taken_or_nothing(integers(values), values >= 0))


def _thread(timeline: Timeline, m: npt.NDArray[Any]) -> Piece:
    known = texts(["", *(f',"m":{thread}' for thread in timeline.threads)])
    return taken(known, m.astype(np.int64) + 1)


def _stack(names: Names, spans: Table, rows: Rows) -> Piece:
    """The goroutine's own stack when the span began. Its next span has the one at the end."""
    return taken(names.stacks["stack"], spans["stack"][rows]) if names.stacks else ""


def _frames(names: Names, spans: Table, rows: Rows) -> Piece:
    if not names.frames:
        return ""
    return joined(
        taken(names.frames["sf"], spans["stack"][rows]), taken(names.frames["esf"], spans["end"][rows])
    )


_STATES: Final = texts(["unknown", "runnable", "running", "waiting", "system call", "idle", "scheduling"])
_CUTS: Final = texts(["", ',"cut":"start"', ',"cut":"end"', ',"cut":"start and end"'])
_KEPT: Final = texts(["", ',"kept_p":true'])
_IN_SYSTEM_CALL: Final = texts(["", " (system call)"])
