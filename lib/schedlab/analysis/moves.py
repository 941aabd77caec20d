"""How goroutines leave a P and where they come back: preemption, yields, blocking, migration, slices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from schedlab.analysis._common import Flags, Integers
from schedlab.analysis._groups import counted, groups
from schedlab.analysis._lives import Functions, Lives, functions, lives
from schedlab.errors import UsageError
from schedlab.timeline import NOBODY, OPEN_END, OPEN_START, State, Timeline

if TYPE_CHECKING:
    import pandas as pd

By = Literal["function", "goroutine", "p"]

FORCE_PREEMPT_NS = 10_000_000
"""From this age on sysmon asks a slice to end (``forcePreemptNS`` in runtime/proc.go)."""

PREEMPTED = "preempted"
GOSCHED = "runtime.Gosched"
"""Reasons of a stop, as ``traceGoStopReasonStrings`` in runtime/traceruntime.go spells them."""
NETWORK = "network"
"""``traceBlockNet`` in ``traceBlockReasonStrings``."""

KINDS = ("preempted", "yielded", "requeued", "suspended", "blocked", "system call", "ended", "cut", "unknown")


@dataclass(frozen=True, slots=True, eq=False)
class Stops:
    """Why running spans ended: one row per key, kind and reason, the most frequent first.

    ``key`` is a start function's name (None if not known), a goroutine's id or a P's number, as ``by`` says.
    ``kind``: *preempted* and *yielded* (``runtime.Gosched``) leave the goroutine runnable, *requeued* does
    too, for another reason; *suspended* is a preemption that parks it (``preemptPark``: the collector scans
    its stack); *blocked* waits for ``reason``; *system call*; *ended*; *cut* by the end of the capture;
    *unknown*: what follows is not in the timeline. ``ran_ns`` is the time run in these spans, ``away_ns``
    the duration of the span that follows (0 where none does).
    """

    by: By
    key: npt.NDArray[Any]
    kind: npt.NDArray[np.object_]
    reason: npt.NDArray[np.object_]
    count: Integers
    ran_ns: Integers
    away_ns: Integers

    def total(self, kind: str) -> int:
        """How many running spans ended so.

        Raises:
            UsageError: there is no such kind.
        """
        if kind not in KINDS:
            raise UsageError(f"no kind {kind!r} of stop", remedy=f"Kinds: {', '.join(KINDS)}.")
        return int(self.count[self.kind == kind].sum())

    def to_pandas(self) -> pd.DataFrame:
        """The rows as they are."""
        return _frame(self, self.by, ("kind", "reason", "count", "ran_ns", "away_ns"))


def stops(timeline: Timeline, *, by: By = "function") -> Stops:
    """Why running spans ended. ``by`` says whose: the start function's, the goroutine's, the P's.

    Raises:
        UsageError: ``by`` is none of the three.
    """
    order = lives(timeline)
    key, names = _keys(timeline, order, by)
    state, reason = order.column(timeline, "state"), order.column(timeline, "reason")
    dur = order.column(timeline, "dur").astype(np.int64)
    running = np.flatnonzero(state == int(State.RUNNING))
    follows = order.joined[running]
    after = np.minimum(running + 1, max(len(state) - 1, 0))
    why = np.where(follows, reason[after], 0)
    kind = _kinds(timeline, order, running, np.where(follows, state[after], int(State.UNKNOWN)), why)
    away = np.where(follows, dur[after], 0)
    reasons = max(len(timeline.reasons), 1)
    packed = ((key[running] + 1) * len(KINDS) + kind) * reasons + why
    codes, count, (ran, gone) = counted(packed, dur[running], away)
    rank = np.argsort(-count, kind="stable")
    codes = codes[rank]
    texts = np.array([*timeline.reasons], dtype=object)
    kinds = np.array(KINDS, dtype=object)[codes // reasons % len(KINDS)]
    gives_reason = np.isin(kinds, ("preempted", "yielded", "requeued", "suspended", "blocked"))
    return Stops(
        by=by,
        key=names(codes // reasons // len(KINDS) - 1),
        kind=kinds,
        reason=np.where(gives_reason, texts[codes % reasons], "") if len(codes) else kinds,
        count=count[rank],
        ran_ns=ran[rank],
        away_ns=gone[rank],
    )


def _kinds(timeline: Timeline, order: Lives, running: Integers, then: Integers, why: Integers) -> Integers:
    """An index into ``KINDS`` for each running span."""
    preempted, yielded = (_reason(timeline, text) for text in (PREEMPTED, GOSCHED))
    goroutine = order.column(timeline, "id")[running]
    end = (order.column(timeline, "start") + order.column(timeline, "dur"))[running]
    cut = (order.column(timeline, "flags")[running] & OPEN_END) != 0
    ended = np.asarray(timeline.goroutines["ended"])[goroutine] == end if len(running) else cut
    runnable, waiting = then == int(State.RUNNABLE), then == int(State.WAITING)
    found = np.select(
        [
            runnable & (why == preempted),
            runnable & (why == yielded),
            runnable,
            waiting & (why == preempted),
            waiting,
            then == int(State.SYSCALL),
            ended,
            cut,
        ],
        np.arange(len(KINDS) - 1).tolist(),
        default=len(KINDS) - 1,
    )
    return found.astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Migrations:
    """How often a goroutine's next running span was on another P or M: one row per key, most moves first.

    ``pairs`` counts consecutive running spans of one goroutine; ``changed_p`` and ``changed_m`` those
    whose P, or thread, differs. ``matrix[i, j]`` counts pairs from P ``ps[i]`` to P ``ps[j]``.

    The other columns say of each running span that followed a runnable one how it came to its P:
    ``local``: made runnable on the P that ran it. ``stolen``: made runnable on another one. ``shared``: it
    went, or may have gone, through the global queue: after a preemption or a Gosched (``goschedImpl``), a
    system call without P (``exitsyscall``) or a network wait (``injectglist``). ``unknown``: the trace
    names no P. ``steals[i, j]`` counts those made runnable on ``ps[i]`` and stolen by ``ps[j]``.

    All are **derived**: a trace records no steal. ``stolen`` is an upper bound, because a full local queue
    moves half of itself to the global one (``runqputslow``).
    """

    by: By
    key: npt.NDArray[Any]
    pairs: Integers
    changed_p: Integers
    changed_m: Integers
    local: Integers
    stolen: Integers
    shared: Integers
    unknown: Integers
    ps: tuple[int, ...]
    matrix: Integers
    steals: Integers

    def to_pandas(self) -> pd.DataFrame:
        """The rows as they are, without the matrices."""
        return _frame(
            self, self.by, ("pairs", "changed_p", "changed_m", "local", "stolen", "shared", "unknown")
        )

    def matrix_to_pandas(self) -> pd.DataFrame:
        """``matrix`` with P numbers as index (from) and columns (to)."""
        return _square(self.matrix, self.ps)

    def steals_to_pandas(self) -> pd.DataFrame:
        """``steals`` with P numbers as index (from) and columns (to)."""
        return _square(self.steals, self.ps)


def migrations(timeline: Timeline, *, by: Literal["function", "goroutine"] = "function") -> Migrations:
    """Moves between Ps and threads, per start function or goroutine.

    Raises:
        UsageError: ``by`` is neither.
    """
    if by not in ("function", "goroutine"):
        raise UsageError(f"no migrations by {by!r}", remedy='Give "function" or "goroutine".')
    order = lives(timeline)
    key, names = _keys(timeline, order, by)
    state, goroutine = order.column(timeline, "state"), order.column(timeline, "id")
    p, m = order.column(timeline, "p").astype(np.int64), order.column(timeline, "m")
    running = np.flatnonzero(state == int(State.RUNNING))
    earlier, later = running[:-1], running[1:]
    pair = (goroutine[earlier] == goroutine[later]) & (p[earlier] >= 0) & (p[later] >= 0)
    earlier, later = earlier[pair], later[pair]
    turn, route = _routes(timeline, order, running, state, p)
    ps = np.unique(np.concatenate((p[earlier], p[later], p[turn], p[turn - 1])))
    ps = ps[ps >= 0]
    stolen = route == _STOLEN
    keys = np.unique(np.concatenate((key[later], key[turn])))
    columns = [_tally(keys, key[later], chosen) for chosen in (None, p[earlier] != p[later])]
    columns.append(_tally(keys, key[later], (m[earlier] != m[later]) & (m[earlier] >= 0) & (m[later] >= 0)))
    columns += [_tally(keys, key[turn], route == kind) for kind in range(4)]
    rank = np.argsort(-columns[1], kind="stable")
    pairs, changed_p, changed_m, local, stole, shared, unknown = (column[rank] for column in columns)
    return Migrations(
        by=by,
        key=names(keys[rank]),
        pairs=pairs,
        changed_p=changed_p,
        changed_m=changed_m,
        local=local,
        stolen=stole,
        shared=shared,
        unknown=unknown,
        ps=tuple(ps.tolist()),
        matrix=_matrix(ps, p[earlier], p[later]),
        steals=_matrix(ps, p[turn[stolen] - 1], p[turn[stolen]]),
    )


_LOCAL, _STOLEN, _SHARED, _UNSEEN = range(4)


def _routes(
    timeline: Timeline, order: Lives, running: Integers, state: npt.NDArray[Any], p: Integers
) -> tuple[Integers, Integers]:
    """Positions of running spans right after a runnable one, and the way that each came."""
    before = order.before()
    turn = running[before[running]]
    turn = turn[state[turn - 1] == int(State.RUNNABLE)]
    reason, waited = order.column(timeline, "reason"), turn - 1
    requeued = np.isin(reason[waited], [_reason(timeline, text) for text in (PREEMPTED, GOSCHED)])
    has_earlier = before[waited]
    was, why = state[waited - 1], reason[waited - 1]
    from_call = has_earlier & (was == int(State.SYSCALL))
    from_network = has_earlier & (was == int(State.WAITING)) & (why == _reason(timeline, NETWORK))
    route = np.select(
        [requeued | from_call | from_network, (p[waited] < 0) | (p[turn] < 0), p[waited] == p[turn]],
        [_SHARED, _UNSEEN, _LOCAL],
        default=_STOLEN,
    )
    return turn, route.astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Slices:
    """Lengths of uninterrupted slices: one row per key, the longest total first. Times in ns.

    A slice begins when a goroutine is put on a P and ends when it leaves it. A system call that kept the P
    is inside: to sysmon it is the same slice (``schedtick`` does not move). ``long`` counts slices over
    ``FORCE_PREEMPT_NS``. Slices whose begin or end the capture does not hold are in ``open`` only.
    """

    by: By
    key: npt.NDArray[Any]
    count: Integers
    total_ns: Integers
    p50_ns: Integers
    p90_ns: Integers
    p99_ns: Integers
    max_ns: Integers
    long: Integers
    open: Integers

    def to_pandas(self) -> pd.DataFrame:
        """The rows as they are."""
        return _frame(
            self,
            self.by,
            ("count", "total_ns", "p50_ns", "p90_ns", "p99_ns", "max_ns", "long", "open"),
        )


def slices(timeline: Timeline, *, by: By = "function") -> Slices:
    """How long goroutines ran at a stretch, per start function, goroutine or P.

    Raises:
        UsageError: ``by`` is none of the three.
    """
    order = lives(timeline)
    key, names = _keys(timeline, order, by)
    begin, length, is_open = _slices(timeline, order)
    whole = ~is_open
    found = groups(key[begin[whole]] + 1, length[whole])
    keys = np.unique(key[begin])
    columns = {
        "count": found.count,
        "total_ns": found.total(),
        "p50_ns": found.quantile(0.5),
        "p90_ns": found.quantile(0.9),
        "p99_ns": found.quantile(0.99),
        "max_ns": found.quantile(1.0),
        "long": found.above(FORCE_PREEMPT_NS),
    }
    at = np.searchsorted(keys, found.key - 1)
    spread = {name: np.zeros(len(keys), dtype=np.int64) for name in columns}
    for name, column in columns.items():
        spread[name][at] = column
    unfinished = _tally(keys, key[begin], is_open)
    rank = np.argsort(-spread["total_ns"], kind="stable")
    chosen = {name: column[rank] for name, column in spread.items()}
    return Slices(by=by, key=names(keys[rank]), open=unfinished[rank], **chosen)


def _slices(timeline: Timeline, order: Lives) -> tuple[Integers, Integers, Flags]:
    """Of each slice: the position at which it begins, its length in ns, whether an end of it is unseen."""
    state, p = order.column(timeline, "state"), order.column(timeline, "p")
    if not len(state):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, bool)
    before = order.before()
    running, call = state == int(State.RUNNING), state == int(State.SYSCALL)
    after_running = np.concatenate(([False], running[:-1])) & before
    to_running = np.concatenate((running[1:], [False])) & order.joined
    same_p = np.concatenate(([False], (p[:-2] == p[1:-1]) & (p[1:-1] == p[2:]), [False]))[: len(p)]
    kept = call & after_running & to_running & same_p
    after_call = np.concatenate(([False], call[:-1])) & before
    after_kept = np.concatenate(([False], kept[:-1])) & before
    starts = running & ~after_kept
    inside = running | kept
    begin = np.flatnonzero(starts)
    if not len(begin):
        return begin, np.zeros(0, np.int64), np.zeros(0, bool)
    dur = order.column(timeline, "dur").astype(np.int64)
    unseen = (order.column(timeline, "flags") & (OPEN_START | OPEN_END)) != 0
    unseen |= starts & after_call
    length = np.add.reduceat(np.where(inside, dur, 0), begin)
    return begin, length, np.logical_or.reduceat(unseen & inside, begin)


class _Names:
    """Turns key numbers into what a table shows."""

    def __init__(self, table: npt.NDArray[Any] | Functions | None) -> None:
        self._table = table

    def __call__(self, keys: Integers) -> npt.NDArray[Any]:
        if self._table is None:
            return keys
        if isinstance(self._table, Functions):
            return self._table.named(keys)
        return self._table[keys]


def _keys(timeline: Timeline, order: Lives, by: By) -> tuple[Integers, _Names]:
    """The key of each span in ``order``, and how to show one."""
    goroutine = order.column(timeline, "id")
    if by == "function":
        known = functions(timeline)
        return known.code[goroutine], _Names(known)
    if by == "goroutine":
        return goroutine.astype(np.int64), _Names(np.asarray(timeline.goroutines["id"]))
    if by == "p":
        return order.column(timeline, "p").astype(np.int64), _Names(None)
    raise UsageError(f"no table by {by!r}", remedy='Give "function", "goroutine" or "p".')


def _reason(timeline: Timeline, text: str) -> int:
    return timeline.reasons.index(text) if text in timeline.reasons else NOBODY


def _tally(keys: Integers, of: Integers, chosen: Flags | None) -> Integers:
    """How often each of the sorted ``keys`` is in ``of``, where chosen."""
    picked = of if chosen is None else of[chosen]
    return np.bincount(np.searchsorted(keys, picked), minlength=len(keys)).astype(np.int64)


def _matrix(ps: Integers, row: Integers, column: Integers) -> Integers:
    size = len(ps)
    at = np.searchsorted(ps, row) * size + np.searchsorted(ps, column)
    return np.bincount(at, minlength=size * size).reshape(size, size).astype(np.int64)


def _frame(table: Any, by: str, columns: tuple[str, ...]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({by: table.key, **{name: getattr(table, name) for name in columns}})


def _square(matrix: Integers, ps: tuple[int, ...]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        matrix, index=pd.Index(list(ps), name="from P"), columns=pd.Index(list(ps), name="to P")
    )
