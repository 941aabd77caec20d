"""Who ran while a goroutine was runnable, and which P stood idle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from schedlab.analysis._common import Flags, Floats, Integers, Intervals, gomaxprocs, marked, of_lane, ranges
from schedlab.analysis._groups import counted
from schedlab.analysis._lives import Lives, functions, lives
from schedlab.errors import UsageError
from schedlab.timeline import NOBODY, OPEN_START, Lane, State, Timeline

if TYPE_CHECKING:
    import pandas as pd

_STW = "stop-the-world"


@dataclass(frozen=True, slots=True, eq=False)
class Antagonists:
    """Who ran during chosen waits: one row per start function or goroutine, the longest first.

    ``key`` is the function's name, None if it is not known, or the goroutine's id.

    ``overlap_ns`` is the time that it ran while a chosen goroutine was runnable, counted once for each of
    them; ``share`` is that of ``capacity_ns``. What is left of the capacity is ``idle_ns`` (the P was idle),
    ``others_ns`` (who is not among the rows) and ``rest_ns``: the P was taken, and no goroutine was running
    on it: it was in the scheduler, or in a system call of a goroutine. The four add up to ``capacity_ns``:

    - ``where="own"``: the time that was waited, on the P that then ran the goroutine. Waits whose run is
      not in the timeline are in ``waits``, and not in ``matched``, ``waited_ns`` and ``capacity_ns``.
    - ``where="all"``: that time on every P that there was: with two Ps about twice ``waited_ns``.
    """

    by: Literal["function", "goroutine"]
    where: Literal["own", "all"]
    key: npt.NDArray[Any]
    overlap_ns: Integers
    share: Floats
    waits: int
    matched: int
    waited_ns: int
    capacity_ns: int
    idle_ns: int
    others_ns: int
    rest_ns: int

    def to_pandas(self) -> pd.DataFrame:
        """The rows, and after them "(others)", "(idle)" and "(scheduler or system call)" as key."""
        import pandas as pd

        keys = [*self.key.tolist(), "(others)", "(idle)", "(scheduler or system call)"]
        totals = [*self.overlap_ns.tolist(), self.others_ns, self.idle_ns, self.rest_ns]
        whole = max(self.capacity_ns, 1)
        return pd.DataFrame(
            {self.by: keys, "overlap_ns": totals, "share": [total / whole for total in totals]}
        )


def antagonists(
    timeline: Timeline,
    *,
    goroutine: int | None = None,
    function: str | None = None,
    rows: npt.ArrayLike | None = None,
    where: Literal["own", "all"] = "own",
    by: Literal["function", "goroutine"] = "function",
    top: int = 20,
) -> Antagonists:
    """Who ran while a goroutine waited for a P.

    The waits are the runnable spans of the goroutine with the id ``goroutine``, of all whose start function
    is ``function``, those at ``rows`` of ``timeline.spans``, or of everybody; of several, what all name.
    Without ``rows``, waits that were under way when the capture began are left out, as in ``summary``.

    Raises:
        UsageError: there is no such goroutine, function or row, or a word is none of those allowed.
    """
    if where not in ("own", "all") or by not in ("function", "goroutine"):
        raise UsageError(f"no antagonists by {by!r} on {where!r}", remedy='by="function", where="own" …')
    if top < 0:
        raise UsageError(f"no {top} rows", remedy="Give top=0 or more.")
    order = lives(timeline)
    waits = _waits(timeline, order, goroutine, function, rows)
    on = waits.p if where == "own" else np.zeros(len(waits.p), dtype=np.int64)
    chosen = waits.only(on >= 0)
    on = on[on >= 0]

    ran = _Spans.of(timeline, Lane.GOROUTINE, State.RUNNING)
    on_p = ran.p >= 0
    ran = ran.only(on_p)
    overlap = _overlaps(chosen, on, ran, per_p=where == "own")
    code = functions(timeline).code[ran.owner] if by == "function" else ran.owner
    keys, _, (total,) = counted(code[overlap > 0], overlap[overlap > 0])
    rank = np.argsort(-total, kind="stable")
    names = (
        functions(timeline).named(keys)
        if by == "function"
        else np.asarray(timeline.goroutines["id"], dtype=np.int64)[keys]
    )
    idle = int(_overlaps(chosen, on, _Spans.of(timeline, Lane.PROC, State.IDLE), per_p=where == "own").sum())
    waited = int((chosen.end - chosen.start).sum())
    capacity = waited if where == "own" else _capacity(timeline, chosen, on)
    shown = total[rank[:top]]
    return Antagonists(
        by=by,
        where=where,
        key=names[rank[:top]],
        overlap_ns=shown,
        share=shown / max(capacity, 1),
        waits=len(waits.p),
        matched=len(chosen.p),
        waited_ns=waited,
        capacity_ns=capacity,
        idle_ns=idle,
        others_ns=int(total.sum() - shown.sum()),
        rest_ns=capacity - idle - int(total.sum()),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Conservation:
    """When a P was idle although a goroutine was runnable; a scheduler that conserves work has none of it.

    ``total_ns`` is the time during which at least one goroutine was runnable and at least one P idle, in
    ``count`` intervals: their median, 99th percentile and longest, and where that begins (-1 for none).
    ``wasted_ns`` adds up, over that time, the lesser of the two numbers: the P time that a scheduler could
    have used. While the world is stopped nothing counts, nor does a P above GOMAXPROCS, nor a wait that was
    under way when the capture began.

    To wake a thread takes time, more on a busy machine, so short intervals are the price of every wake-up.
    Only ones much longer than that say that nobody was told of the work.

    The arrays are the waits with most idle P time during them (``idle_ns``, summed over Ps): ``row`` of
    ``timeline.spans``, ``goroutine`` id, ``function``, ``start`` and ``dur``. All times are ns.
    """

    total_ns: int
    wasted_ns: int
    count: int
    p50_ns: int
    p99_ns: int
    longest_ns: int
    longest_start_ns: int
    row: Integers
    goroutine: Integers
    function: npt.NDArray[np.object_]
    start: Integers
    dur: Integers
    idle_ns: Integers

    def to_pandas(self) -> pd.DataFrame:
        """The waits with most idle time."""
        import pandas as pd

        return pd.DataFrame(
            {
                "row": self.row,
                "goroutine": self.goroutine,
                "function": self.function,
                "start_ns": self.start,
                "dur_ns": self.dur,
                "idle_ns": self.idle_ns,
            }
        )


def work_conservation(timeline: Timeline, *, top: int = 20) -> Conservation:
    """Idle P time while a goroutine was runnable (``findRunnable``, ``wakep`` in runtime/proc.go).

    **Derived**: both kinds of span are recorded, their overlap is computed.
    """
    waits = _waits(timeline, lives(timeline), None, None, None)
    idle = _existing(timeline, _Spans.of(timeline, Lane.PROC, State.IDLE))
    begin, end, lesser = _both(waits, idle, marked(timeline, ranges(timeline, _STW), "p"))
    length = np.sort(end - begin)
    longest = int(np.argmax(end - begin)) if len(begin) else NOBODY
    zero = np.zeros(len(idle.p), dtype=np.int64)
    # The other way round: the idle spans are what is active, and each wait asks for its share of them.
    during = _overlaps(idle, zero, waits, per_p=False)
    most = np.argsort(-during, kind="stable")[:top]
    most = most[during[most] > 0]
    known = functions(timeline)
    return Conservation(
        total_ns=int(length.sum()),
        wasted_ns=lesser,
        count=len(length),
        p50_ns=_higher(length, 0.5),
        p99_ns=_higher(length, 0.99),
        longest_ns=_higher(length, 1.0),
        longest_start_ns=int(begin[longest]) if len(begin) else NOBODY,
        row=waits.row[most],
        goroutine=np.asarray(timeline.goroutines["id"], dtype=np.int64)[waits.owner[most]],
        function=known.named(known.code[waits.owner[most]]),
        start=waits.start[most],
        dur=waits.end[most] - waits.start[most],
        idle_ns=during[most],
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Spans:
    """Some spans: row, owner, P, start and end in ns."""

    row: Integers
    owner: Integers
    p: Integers
    start: Integers
    end: Integers

    @staticmethod
    def of(timeline: Timeline, lane: Lane, state: State | None) -> _Spans:
        return _Spans.at(timeline, np.flatnonzero(of_lane(timeline, lane, state)))

    @staticmethod
    def at(timeline: Timeline, row: Integers) -> _Spans:
        spans = timeline.spans
        start = np.asarray(spans["start"])[row].astype(np.int64)
        return _Spans(
            row=row,
            owner=np.asarray(spans["id"])[row].astype(np.int64),
            p=np.asarray(spans["p"])[row].astype(np.int64),
            start=start,
            end=start + np.asarray(spans["dur"])[row],
        )

    def only(self, keep: Flags) -> _Spans:
        return _Spans(self.row[keep], self.owner[keep], self.p[keep], self.start[keep], self.end[keep])


def _waits(
    timeline: Timeline,
    order: Lives,
    goroutine: int | None,
    function: str | None,
    rows: npt.ArrayLike | None,
) -> _Spans:
    """The runnable spans asked for; ``p`` is that of the running span right after, -1 if there is none."""
    state = order.column(timeline, "state")
    keep = state == int(State.RUNNABLE)
    if rows is None:
        # A trace begins with the world stopped: what was runnable then waited for more than for a P. Nobody
        # was seen to wake it, so it has no P; one that a window has cut has one, and stays.
        found_so = (order.column(timeline, "flags") & OPEN_START) != 0
        keep &= ~(found_so & (order.column(timeline, "p") == NOBODY))
    owner = order.column(timeline, "id")
    if goroutine is not None:
        ids = np.flatnonzero(np.asarray(timeline.goroutines["id"]) == goroutine)
        if not len(ids):
            raise UsageError(f"no goroutine {goroutine} is in this timeline")
        keep &= np.isin(owner, ids)
    if function is not None:
        known = functions(timeline)
        if function not in known.names:
            raise UsageError(f"no goroutine starts in {function!r}", remedy="Give the whole name.")
        keep &= known.code[owner] == known.names.index(function)
    if rows is not None:
        keep &= np.isin(order.row, _checked(timeline, rows))
    at = np.flatnonzero(keep)
    return replace(_Spans.at(timeline, order.row[at]), p=order.then_on(timeline)[at])


def _checked(timeline: Timeline, rows: npt.ArrayLike) -> Integers:
    wanted = np.atleast_1d(np.asarray(rows))
    if not len(wanted):
        return np.zeros(0, dtype=np.int64)
    if not np.issubdtype(wanted.dtype, np.integer):
        raise UsageError("rows are whole numbers", remedy="Give indexes into timeline.spans.")
    if wanted.min() < 0 or wanted.max() >= len(timeline):
        raise UsageError(f"there are no such rows: the timeline has {len(timeline)} spans")
    state, lane = np.asarray(timeline.spans["state"])[wanted], np.asarray(timeline.spans["lane"])[wanted]
    if ((state != int(State.RUNNABLE)) | (lane != int(Lane.GOROUTINE))).any():
        raise UsageError("not all rows are runnable spans of goroutines")
    return wanted.astype(np.int64)


def _overlaps(waits: _Spans, on: Integers, spans: _Spans, *, per_p: bool) -> Integers:
    """Of each of ``spans``: for how long it overlaps the waits, counted once for each wait. O(n log n).

    With N(t) waits under way at t, that is the integral of N over the span, so a difference of the
    integral from 0: the waits and the spans never meet one by one. Per P, each P has its own stretch
    of one long axis of time.
    """
    if not len(waits.p) or not len(spans.p):
        return np.zeros(len(spans.p), dtype=np.int64)
    reach = max(int(waits.end.max()), int(spans.end.max())) + 1 if per_p else 0
    begins, ends = np.sort(waits.start + on * reach), np.sort(waits.end + on * reach)
    shift = np.maximum(spans.p, 0) * reach
    return _integral(begins, ends, spans.end + shift) - _integral(begins, ends, spans.start + shift)


def _integral(begins: Integers, ends: Integers, until: Integers) -> Integers:
    """How much time intervals with these sorted begins and ends have before each of ``until``.

    Its parts may pass 2**63 and wrap around; their sums and differences come out right all the same.
    """
    total = np.zeros(len(until), dtype=np.int64)
    for edges, sign in ((begins, 1), (ends, -1)):
        passed = np.searchsorted(edges, until)
        sums = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(edges)))
        total += sign * (until * passed - sums[passed])
    return total


def _capacity(timeline: Timeline, waits: _Spans, zero: Integers) -> int:
    """P time that there was during the waits."""
    procs = _Spans.of(timeline, Lane.PROC, None)
    if len(procs.p):
        return int(_overlaps(waits, zero, procs, per_p=False).sum())
    ran = _Spans.of(timeline, Lane.GOROUTINE, State.RUNNING).p
    return int((waits.end - waits.start).sum()) * len(np.unique(ran[ran >= 0]))


def _existing(timeline: Timeline, idle: _Spans) -> _Spans:
    """Idle spans without the time in which GOMAXPROCS had taken their P away (``procresize``)."""
    time, value = gomaxprocs(timeline)
    if len(value) < 2:
        return idle
    parts = []
    edges = [0, *time[1:].tolist(), np.iinfo(np.int64).max]
    for at, number in enumerate(value.tolist()):
        start, end = np.maximum(idle.start, edges[at]), np.minimum(idle.end, edges[at + 1])
        there = (start < end) & (idle.p < number)
        parts.append(_Spans(idle.row, idle.owner, idle.p, start, end).only(there))
    return _Spans(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("row", "owner", "p", "start", "end")
        )
    )


def _both(waits: _Spans, idle: _Spans, stops: Intervals) -> tuple[Integers, Integers, int]:
    """Intervals with a runnable goroutine, an idle P and no stop; the integral of the lesser number."""
    time = np.concatenate((waits.start, waits.end, idle.start, idle.end, stops.start, stops.end))
    kind = np.repeat(np.arange(6, dtype=np.uint8), [len(waits.p)] * 2 + [len(idle.p)] * 2 + [len(stops)] * 2)
    order = np.argsort(time, kind="stable")
    time, kind = time[order], kind[order]
    waiting, free, stopped = (
        np.cumsum((kind == 2 * which).astype(np.int32) - (kind == 2 * which + 1)) for which in range(3)
    )
    lesser = np.where(stopped > 0, 0, np.minimum(waiting, free))[:-1]
    step = np.diff(time)
    lesser, begin, step = lesser[step > 0], time[:-1][step > 0], step[step > 0]
    on = np.concatenate(([False], lesser > 0, [False]))
    # Where the number stops being 0, and where it is 0 again; a stretch without events in between is one.
    edges = np.diff(on.astype(np.int8))
    first, last = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    return begin[first], begin[last] + step[last], int((lesser * step).sum())


def _higher(ordered: Integers, cut: float) -> int:
    return int(ordered[int(np.ceil((len(ordered) - 1) * cut))]) if len(ordered) else 0
