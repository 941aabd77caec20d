"""Who woke whom, and the critical path: what a moment was waiting for, back in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from schedlab.analysis._common import Floats, Integers
from schedlab.analysis._groups import counted
from schedlab.analysis._lives import Functions, Lives, functions, lives
from schedlab.analysis.moves import GOSCHED, PREEMPTED
from schedlab.errors import UsageError
from schedlab.timeline import NOBODY, OPEN_END, OPEN_START, Lane, State, Timeline

if TYPE_CHECKING:
    import pandas as pd

CREATED = "created"
SYSTEM_CALL = "system call"
UNSEEN = "unknown"


@dataclass(frozen=True, slots=True, eq=False)
class Wakes:
    """Edges from who woke to who was woken: one row per waker, woken and reason, the most frequent first.

    ``waker`` and ``woken`` are start functions' names (None if not known) or goroutine ids, as ``by`` says;
    the waker "nobody" (id -1) is no goroutine: a timer, the network poller, the collector or another part of
    the runtime, and ``reason`` tells which. ``reason`` is why the woken one had waited; "created" for a
    goroutine that began, "system call" for one that came back from a call without its P, "unknown" if the
    timeline does not hold what went before, or not since when. Not in here: a preempted or yielding
    goroutine, which nobody wakes, and one that was runnable before the timeline begins.

    ``latency_ns`` is the total time from the wake to the run, ``max_latency_ns`` the longest, of the ``ran``
    wakes whose run is in the timeline; ``waited_ns`` the total of the waits that were ended.
    """

    by: Literal["function", "goroutine"]
    waker: npt.NDArray[Any]
    woken: npt.NDArray[Any]
    reason: npt.NDArray[np.object_]
    count: Integers
    ran: Integers
    latency_ns: Integers
    max_latency_ns: Integers
    waited_ns: Integers

    def to_pandas(self) -> pd.DataFrame:
        """The rows as they are."""
        import pandas as pd

        columns = (
            "waker",
            "woken",
            "reason",
            "count",
            "ran",
            "latency_ns",
            "max_latency_ns",
            "waited_ns",
        )
        return pd.DataFrame({name: getattr(self, name) for name in columns})


def wakes(timeline: Timeline, *, by: Literal["function", "goroutine"] = "function") -> Wakes:
    """The graph of who made whom runnable. Recorded: a trace names the waker (``traceLocker.GoUnpark``).

    Raises:
        UsageError: ``by`` is neither.
    """
    if by not in ("function", "goroutine"):
        raise UsageError(f"no wakes by {by!r}", remedy='Give "function" or "goroutine".')
    order = lives(timeline)
    state, reason = order.column(timeline, "state"), order.column(timeline, "reason")
    dur = order.column(timeline, "dur").astype(np.int64)
    requeued = [number for number, text in enumerate(timeline.reasons) if text in (PREEMPTED, GOSCHED)]
    begun = (order.column(timeline, "flags") & OPEN_START) == 0
    at = np.flatnonzero((state == int(State.RUNNABLE)) & ~np.isin(reason, requeued) & begun)
    woken, waker = order.column(timeline, "id")[at], order.column(timeline, "cause")[at].astype(np.int64)
    why = _why(timeline, order, at, state, reason)
    after_wait = order.before()[at] & (state[at - 1] == int(State.WAITING))
    waited = np.where(after_wait, dur[at - 1], 0)
    ran = order.joined[at] & (state[np.minimum(at + 1, len(state) - 1)] == int(State.RUNNING))
    known = functions(timeline)
    if by == "function":
        woken, waker = known.code[woken], np.where(waker < 0, NOBODY, known.code[waker])
    texts = np.array([*timeline.reasons, CREATED, SYSTEM_CALL, UNSEEN], dtype=object)
    many = len(known.names if by == "function" else timeline.goroutines["id"]) or 1
    packed = ((waker + 1) * many + woken) * len(texts) + why
    latency = np.where(ran, dur[at], 0)
    codes, count, (times, total, gone) = counted(packed, ran, latency, waited)
    longest = np.zeros(len(codes), dtype=np.int64)
    np.maximum.at(longest, np.searchsorted(codes, packed), latency)
    rank = np.argsort(-count, kind="stable")
    codes = codes[rank]
    return Wakes(
        by=by,
        waker=_shown(timeline, known, by, codes // len(texts) // many - 1),
        woken=_shown(timeline, known, by, codes // len(texts) % many),
        reason=texts[codes % len(texts)],
        count=count[rank],
        ran=times[rank],
        latency_ns=total[rank],
        max_latency_ns=longest[rank],
        waited_ns=gone[rank],
    )


def _why(
    timeline: Timeline, order: Lives, at: Integers, state: npt.NDArray[Any], reason: npt.NDArray[Any]
) -> Integers:
    """Of each runnable span: the number of the reason of the wait before it, or one of three more."""
    created, call, unseen = (len(timeline.reasons) + extra for extra in range(3))
    has_earlier = order.before()[at]
    goroutine, start = order.column(timeline, "id")[at], order.column(timeline, "start")[at]
    # A wait that had begun before the trace has no reason.
    reasonless = [number for number, text in enumerate(timeline.reasons) if not text]
    is_new = ~has_earlier & (np.asarray(timeline.goroutines["created"])[goroutine] == start)
    return np.select(
        [
            is_new,
            has_earlier & (state[at - 1] == int(State.WAITING)) & ~np.isin(reason[at - 1], reasonless),
            has_earlier & (state[at - 1] == int(State.SYSCALL)),
        ],
        [np.full(len(at), created), reason[at - 1].astype(np.int64), np.full(len(at), call)],
        default=unseen,
    )


def _shown(timeline: Timeline, known: Functions, by: str, codes: Integers) -> npt.NDArray[Any]:
    if by == "function":
        return known.named(codes)
    ids = np.append(np.asarray(timeline.goroutines["id"], dtype=np.int64), NOBODY)
    return ids[codes]


@dataclass(frozen=True, slots=True, eq=False)
class PathSummary:
    """What a path's time went into: one row per function and kind, the longest first.

    ``function`` is None if it is not known. ``kind`` is "running", "runnable", "system call", "waiting:
    REASON" or "unknown". ``share`` is of the whole path.
    """

    function: npt.NDArray[np.object_]
    kind: npt.NDArray[np.object_]
    segments: Integers
    total_ns: Integers
    share: Floats

    def to_pandas(self) -> pd.DataFrame:
        """The rows as they are."""
        import pandas as pd

        columns = ("function", "kind", "segments", "total_ns", "share")
        return pd.DataFrame({name: getattr(self, name) for name in columns})


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """Segments that lead to a moment, the earliest first; they fill ``[start_ns, end_ns]`` without gap.

    ``goroutine`` is an id, ``function`` its start function, None if that is not known, ``row`` the row of
    ``timeline.spans`` that the segment is (a part of), -1 for none; ``p`` is -1 for none. ``why`` says of a
    runnable segment who woke it and from which wait; of a waiting one, the reason; of a running one, what
    made it part of the path.
    """

    start_ns: int
    end_ns: int
    goroutine: Integers
    function: npt.NDArray[np.object_]
    state: Integers
    kind: npt.NDArray[np.object_]
    start: Integers
    dur: Integers
    p: Integers
    row: Integers
    why: npt.NDArray[np.object_]

    def __len__(self) -> int:
        """The number of segments."""
        return len(self.start)

    def shares(self) -> dict[str, float]:
        """Each kind's share of the path, the greatest first; they add up to 1 (empty for an empty path)."""
        found: dict[str, int] = {}
        for kind, dur in zip(self.kind.tolist(), self.dur.tolist(), strict=True):
            found[kind] = found.get(kind, 0) + dur
        whole = self.end_ns - self.start_ns
        return {kind: total / whole for kind, total in sorted(found.items(), key=lambda item: -item[1])}

    def summary(self) -> PathSummary:
        """Time by function and kind."""
        found: dict[tuple[str | None, str], tuple[int, int]] = {}
        for function, kind, dur in zip(
            self.function.tolist(), self.kind.tolist(), self.dur.tolist(), strict=True
        ):
            count, total = found.get((function, kind), (0, 0))
            found[function, kind] = (count + 1, total + dur)
        rows = sorted(found.items(), key=lambda item: (-item[1][1], item[0][0] or UNSEEN, item[0][1]))
        totals = np.array([total for _, (_, total) in rows], dtype=np.int64)
        return PathSummary(
            function=np.array([function for (function, _), _ in rows], dtype=object),
            kind=np.array([kind for (_, kind), _ in rows], dtype=object),
            segments=np.array([count for _, (count, _) in rows], dtype=np.int64),
            total_ns=totals,
            share=totals / max(self.end_ns - self.start_ns, 1),
        )

    def to_pandas(self) -> pd.DataFrame:
        """The segments; times in ns."""
        import pandas as pd

        return pd.DataFrame(
            {
                "goroutine": self.goroutine,
                "function": self.function,
                "kind": self.kind,
                "start_ns": self.start,
                "dur_ns": self.dur,
                "p": pd.Series(self.p, dtype="Int16").mask(self.p == NOBODY),
                "row": self.row,
                "why": self.why,
            }
        )


class Paths:
    """Critical paths of one timeline. Making it orders the spans once; each path is then quick.

    The path to a moment of a goroutine is what had to happen for it to be there: its own running, the wait
    for a P before that, and before that what the one who woke it did, and so on back in time. A wait that
    no goroutine ended (sleep, network, the runtime) is itself on the path.

    **Derived** from recorded wake-ups. It knows no other order than wakes: who held the P in a runnable
    segment is what ``antagonists`` says.
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._order = lives(timeline)
        self._start = self._order.column(timeline, "start").astype(np.int64)
        self._functions = functions(timeline)
        self._reasons = [text or UNSEEN for text in timeline.reasons]
        self._requeued = {
            number for number, text in enumerate(timeline.reasons) if text in (PREEMPTED, GOSCHED)
        }

    def to_span(self, row: int, *, since_ns: int | None = None, limit: int = 1_000_000) -> Path:
        """The path to the end of span ``row`` (of ``timeline.spans``).

        It begins at ``since_ns``, by default where the timeline begins (``bounds_ns``).
        After ``limit`` segments the rest is one unknown segment.

        Raises:
            UsageError: there is no such row, it is no goroutine's, or it ends before ``since_ns``.
        """
        spans = self._timeline.spans
        if not 0 <= row < len(self._timeline) or spans["lane"][row] != int(Lane.GOROUTINE):
            raise UsageError(f"row {row} is no span of a goroutine", remedy="Rows count from 0.")
        return self._path(
            int(spans["id"][row]), int(spans["start"][row] + spans["dur"][row]), since_ns, limit
        )

    def to_end(self, goroutine: int, *, since_ns: int | None = None, limit: int = 1_000_000) -> Path:
        """The path to the end of the last span of the goroutine with this id, as ``to_span``.

        Raises:
            UsageError: the timeline has no span of it, or it ended before ``since_ns``.
        """
        row = self._row_of(goroutine)
        last = int(self._order.row[self._order.first[row + 1] - 1])
        spans = self._timeline.spans
        return self._path(row, int(spans["start"][last] + spans["dur"][last]), since_ns, limit)

    def to_moment(
        self, goroutine: int, end_ns: int, *, since_ns: int | None = None, limit: int = 1_000_000
    ) -> Path:
        """The path to a moment in the life of the goroutine with this id.

        Raises:
            UsageError: the timeline has no span of it, or the moment is before ``since_ns``.
        """
        return self._path(self._row_of(goroutine), end_ns, since_ns, limit)

    def _row_of(self, goroutine: int) -> int:
        for row in np.flatnonzero(np.asarray(self._timeline.goroutines["id"]) == goroutine)[::-1].tolist():
            if self._order.first[row + 1] > self._order.first[row]:
                return int(row)
        raise UsageError(f"no span of goroutine {goroutine} is in this timeline")

    def _path(self, goroutine: int, end: int, since: int | None, limit: int) -> Path:
        since = self._timeline.bounds_ns[0] if since is None else since
        if end < since:
            raise UsageError(
                f"the path to {end} ns cannot begin at {since} ns", remedy="Give an earlier since_ns."
            )
        segments = self._walk(goroutine, end, since, limit)
        segments.reverse()
        table = self._timeline
        numbers = np.array(
            [
                (piece.goroutine, piece.start, piece.end, piece.row, int(piece.state), piece.reason)
                for piece in segments
            ],
            dtype=np.int64,
        ).reshape(-1, 6)
        rows, start, stop, row, state, _ = numbers.T
        on = np.where(row >= 0, np.asarray(table.spans["p"])[row] if len(table) else NOBODY, NOBODY)
        return Path(
            start_ns=since,
            end_ns=end,
            goroutine=np.asarray(table.goroutines["id"])[rows].astype(np.int64),
            function=self._functions.named(self._functions.code[rows]),
            state=state,
            kind=np.array([self._kind(piece) for piece in segments], dtype=object),
            start=start,
            dur=stop - start,
            p=np.where(np.isin(state, (State.RUNNING, State.SYSCALL)), on, NOBODY).astype(np.int64),
            row=row,
            why=np.array([piece.why for piece in segments], dtype=object),
        )

    def _walk(self, goroutine: int, end: int, since: int, limit: int) -> list[_Segment]:
        """Segments, the latest first. Each takes the time further back, so this ends."""
        segments: list[_Segment] = []
        now, who, until = end, goroutine, ""
        # Who was left at this very moment: wakes that took no time by the trace's clock may form a ring.
        left: set[int] = set()
        while now > since:
            if len(segments) >= limit:
                segments.append(_Segment(who, State.UNKNOWN, since, now, why="beyond the limit"))
                break
            at = self._last_before(who, now)
            step = self._step(who, now, since, at, until, left)
            if step.segment is not None:
                segments.append(step.segment)
                left = set()
                now = step.segment.start
            if step.to is None:
                until = ""
            else:
                left.add(who)
                who, until = step.to, step.until
        return segments

    def _step(self, who: int, now: int, since: int, at: int | None, until: str, left: set[int]) -> _Step:
        """What goroutine ``who`` did just before ``now``, and who is to be looked at next."""
        if at is None:
            return self._birth(who, now, since, left)
        spans, row = self._timeline.spans, int(self._order.row[at])
        start, cause = int(spans["start"][row]), int(spans["cause"][row])
        end, begin = start + int(spans["dur"][row]), max(start, since)
        if end < now:
            return _Step(_Segment(who, State.UNKNOWN, max(end, since), now, why="not in the timeline"))
        state, reason = State(int(spans["state"][row])), int(spans["reason"][row])
        if state is State.WAITING:
            woken = cause >= 0 and end == now and cause not in left and cause != who
            if woken and not spans["flags"][row] & OPEN_END:
                return _Step(None, cause, self._woke(who, self._reasons[reason]))
            why = self._reasons[reason]
            return _Step(_Segment(who, state, begin, now, row, reason, why))
        if state is State.RUNNABLE:
            before = self._before(at)
            why, then = self._made_runnable(who, row, before)
            piece = _Segment(who, state, begin, now, row, reason, why)
            follow = then is not None and start > since
            return _Step(piece, then, self._woke(who, before)) if follow else _Step(piece)
        return _Step(_Segment(who, state, begin, now, row, reason, until))

    def _birth(self, who: int, now: int, since: int, left: set[int]) -> _Step:
        """Nothing of ``who`` is known before ``now``: its creator goes on, if it was born just then."""
        lives_of = self._timeline.goroutines
        creator = int(lives_of["creator"][who])
        if creator >= 0 and creator not in left and int(lives_of["created"][who]) == now:
            return _Step(None, creator, self._woke(who, CREATED))
        return _Step(_Segment(who, State.UNKNOWN, since, now, why="before what the timeline holds"))

    def _made_runnable(self, who: int, row: int, before: str) -> tuple[str, int | None]:
        """Why a runnable span began, and the goroutine that did it, if another did."""
        spans = self._timeline.spans
        if int(spans["reason"][row]) in self._requeued:
            return self._reasons[int(spans["reason"][row])], None
        cause = int(spans["cause"][row])
        if before == CREATED:
            return (f"created by {self._name(cause)}", cause) if cause >= 0 else (CREATED, None)
        by = self._name(cause) if cause >= 0 else "nobody"
        why = f"after a {SYSTEM_CALL}" if before == SYSTEM_CALL else f"woken by {by} from {before}"
        return why, cause if cause >= 0 and cause != who else None

    def _before(self, at: int) -> str:
        """What a goroutine did before the runnable span at position ``at``."""
        spans, row = self._timeline.spans, int(self._order.row[at])
        if at and self._order.joined[at - 1]:
            earlier = int(self._order.row[at - 1])
            state = State(int(spans["state"][earlier]))
            if state is State.WAITING:
                return self._reasons[int(spans["reason"][earlier])]
            return SYSTEM_CALL if state is State.SYSCALL else UNSEEN
        born = int(self._timeline.goroutines["created"][int(spans["id"][row])])
        return CREATED if born == int(spans["start"][row]) else UNSEEN

    def _woke(self, who: int, before: str) -> str:
        if before == CREATED:
            return f"until it created {self._name(who)}"
        return f"until it woke {self._name(who)} from {before}"

    def _name(self, row: int) -> str:
        function = self._functions.names[int(self._functions.code[row])] or UNSEEN
        return f"{function} (G{int(self._timeline.goroutines['id'][row])})"

    def _last_before(self, goroutine: int, now: int) -> int | None:
        """The position of its last span that begins before ``now``."""
        low, high = int(self._order.first[goroutine]), int(self._order.first[goroutine + 1])
        found = low + int(np.searchsorted(self._start[low:high], now)) - 1
        return found if found >= low else None

    def _kind(self, piece: _Segment) -> str:
        if piece.state is State.WAITING:
            return f"waiting: {self._reasons[piece.reason]}"
        return {State.SYSCALL: SYSTEM_CALL}.get(piece.state, piece.state.name.lower())


@dataclass(frozen=True, slots=True)
class _Segment:
    """A piece of a path: what goroutine (a row) was in which state from ``start`` to ``end``."""

    goroutine: int
    state: State
    start: int
    end: int
    row: int = NOBODY
    reason: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Step:
    """One step back: a segment, if time passed, and the goroutine to go on with, if another."""

    segment: _Segment | None
    to: int | None = None
    until: str = ""
