"""From changes of state to rows of events: the walk through a window, with the queues in hand."""

from __future__ import annotations

from typing import Any, Final

import numpy.typing as npt

from schedlab.timeline import NOBODY, Lane, State, Timeline
from schedlab.view.widgets.board_arrivals import Arrivals
from schedlab.view.widgets.board_changes import NO_SPAN, Change, Changes
from schedlab.view.widgets.board_kinds import Kind, Place
from schedlab.view.widgets.board_queues import Queues
from schedlab.view.widgets.board_rows import Rows

_PLACE: Final = {
    State.RUNNABLE: Place.UNQUEUED,
    State.RUNNING: Place.RUNNING,
    State.SYSCALL: Place.SYSCALL,
    State.WAITING: Place.WAITING,
}


class Builder:
    """Call ``built`` once. ``procs`` are the Ps of the window, ascending."""

    def __init__(self, timeline: Timeline, changes: Changes, *, sampled: bool) -> None:
        self.procs = changes.procs()
        self._timeline, self._changes, self._sampled = timeline, changes, sampled
        self._queues = Queues(self._ran_next, len(self.procs) or 1)
        self._arrivals = Arrivals(timeline, changes, self._queues)
        self._rows = Rows()
        self._reasons = list(timeline.reasons)
        self._span: dict[int, int] = {}
        """Each goroutine's span now, an index into ``changes``."""
        self._m_of: dict[int, int] = {}
        self._in_call: dict[int, int] = {}
        self._idle: set[int] = set()
        self._stops = 0

    def built(self) -> tuple[dict[str, npt.NDArray[Any]], tuple[str, ...]]:
        """The columns, and the texts of ``reason``."""
        self._begin()
        for change in self._changes:
            match change.lane:
                case Lane.GOROUTINE:
                    self._goroutine(change)
                case Lane.PROC:
                    self._proc(change)
                case _:
                    self._stop(change)
        return self._rows.columns(), tuple(self._reasons)

    def _begin(self) -> None:
        changes, start = self._changes, self._changes.window[0]
        # Ps first, because a system call is with a P or without. Who became runnable first stands in front.
        order = sorted(
            changes.first,
            key=lambda one: (-changes["lane"][one], changes["start"][one], changes.row[one]),
        )
        for index in order:
            owner = changes["id"][index]
            if changes["lane"][index] == Lane.PROC:
                self._rows.add(start, Kind.SEEN, p=owner, m=self._proc_is(owner, index))
                continue
            self._span[owner] = index
            if changes["state"][index] == State.RUNNABLE and not self._sampled:
                self._seen_runnable(owner, index)
            else:
                self._settle(start, Kind.SEEN, owner, index)

    def _seen_runnable(self, g: int, index: int) -> None:
        start, rows = self._changes.window[0], self._changes.row
        for move in self._arrivals.put_first(g, index):
            row = rows[self._span[move.g]]
            self._rows.add(start, Kind.SEEN, move.g, move.place, p=move.p, at=move.at, span=row)

    # -- goroutines

    def _goroutine(self, change: Change) -> None:
        g, after, time = change.owner, change.after, change.time
        source = self._left(g)
        if after == NO_SPAN:
            self._queues.drop(g)
            self._span.pop(g, None)
            ended = int(self._timeline.goroutines["ended"][g]) == time
            self._rows.add(time, Kind.ENDED if ended else Kind.LOST, g, source=source)
            return
        self._span[g] = after
        state = State(self._changes["state"][after])
        if self._sampled:
            self._settle(time, Kind.SAMPLED, g, after, source)
        elif state is State.RUNNABLE:
            self._runnable(change, source)
        elif state is State.RUNNING:
            self._running(change)
        elif change.before == NO_SPAN or state is State.UNKNOWN:
            self._queues.drop(g)
            self._settle(time, Kind.APPEARED, g, after)
        else:
            self._queues.drop(g)
            self._settle(time, Kind.CALL if state is State.SYSCALL else Kind.BLOCKED, g, after, source)

    def _runnable(self, change: Change, source: int) -> None:
        after = change.after
        first, *others = self._arrivals.put(change, stopped=self._stops > 0, some_idle=bool(self._idle))
        self._rows.add(
            change.time,
            first.kind,
            first.g,
            first.place,
            p=first.p,
            at=first.at,
            reason=self._changes["reason"][after],
            source=source,
            cause=self._changes["cause"][after],
            span=self._changes.row[after],
        )
        self._rows.follow(change.time, others, first.p)

    def _running(self, change: Change) -> None:
        g, after, time = change.owner, change.after, change.time
        p, before = self._changes["p"][after], self._changes.state_before(change)
        if before is State.SYSCALL:
            self._settle(time, Kind.RETURNED, g, after, p)
            return
        kind, source, along = self._queues.take(g, p)
        self._settle(time, Kind.APPEARED if change.before == NO_SPAN else kind, g, after, source)
        self._rows.follow(time, along, source)

    # -- Ps and the world

    def _proc(self, change: Change) -> None:
        p, after, time = change.owner, change.after, change.time
        had = self._m_of.pop(p, NOBODY)
        if after == NO_SPAN:
            self._idle.discard(p)
            self._rows.add(time, Kind.P_GONE, p=p, source=had)
            self._rows.follow(time, self._queues.remove_p(p))
            return
        m = self._proc_is(p, after)
        if self._sampled:
            self._rows.add(time, Kind.SAMPLED, p=p, m=m)
            return
        caller = self._in_call.get(had, NOBODY)
        taken = caller != NOBODY and m != had and self._changes["p"][self._span[caller]] == p
        if taken:
            reason, row = self._changes["reason"][self._span[caller]], self._changes.row[self._span[caller]]
            self._rows.add(
                time, Kind.P_TAKEN, caller, Place.SYSCALL, m=had, reason=reason, source=p, span=row
            )
        kind = Kind.P_IDLE if m == NOBODY else Kind.P_STARTED
        self._rows.add(time, kind, p=p, m=m, source=had, head=not (taken and m == NOBODY))

    def _proc_is(self, p: int, index: int) -> int:
        """The M that P has from now on, -1 while it is idle."""
        idle = self._changes["state"][index] not in (State.RUNNING, State.SYSCALL)
        m = NOBODY if idle else self._changes["m"][index]
        self._idle.discard(p)
        if idle:
            self._idle.add(p)
        else:
            self._m_of[p] = m
        return m

    def _stop(self, change: Change) -> None:
        self._stops += 1 if change.opens else -1
        name = self._timeline.texts[int(self._timeline.marks["name"][change.mark])]
        if name not in self._reasons:
            self._reasons.append(name)
        kind = Kind.STOPPED if change.opens else Kind.RESTARTED
        self._rows.add(change.time, kind, reason=self._reasons.index(name))

    # -- helpers

    def _settle(self, time: int, kind: Kind, g: int, index: int, source: int = NOBODY) -> None:
        """The goroutine is where its span says, in no queue that we know."""
        changes = self._changes
        place = _PLACE.get(State(changes["state"][index]), Place.UNKNOWN)
        p, m = (changes[one][index] for one in ("p", "m"))
        if place is Place.SYSCALL:
            self._in_call[m] = g
            # Who lost the P before the window began has none now.
            p = p if self._m_of.get(p) == m else NOBODY
        elif place is not Place.RUNNING:
            p = m = NOBODY
        reason, row = changes["reason"][index], changes.row[index]
        self._rows.add(time, kind, g, place, p=p, m=m, reason=reason, source=source, span=row)

    def _left(self, g: int) -> int:
        """The P on which g has been running until now; it is in no system call any more."""
        index = self._span.get(g, NO_SPAN)
        if index == NO_SPAN:
            return NOBODY
        m, state = self._changes["m"][index], self._changes["state"][index]
        if state == State.SYSCALL and self._in_call.get(m) == g:
            del self._in_call[m]
        return self._changes["p"][index] if state == State.RUNNING else NOBODY

    def _ran_next(self, g: int) -> int:
        index = self._span.get(g, NO_SPAN)
        return NOBODY if index == NO_SPAN else self._changes.runs_next(index)
