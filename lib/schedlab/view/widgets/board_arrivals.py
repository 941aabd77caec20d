"""Where a goroutine goes when it becomes runnable, and by whom: the rules of runtime/proc.go, Go 1.27."""

from __future__ import annotations

from typing import Final

from schedlab.analysis.moves import GOSCHED, NETWORK, PREEMPTED
from schedlab.timeline import NOBODY, State, Timeline
from schedlab.view.widgets.board_changes import Change, Changes
from schedlab.view.widgets.board_kinds import Kind, Place
from schedlab.view.widgets.board_queues import Move, Queues

_ASSIST_WAIT: Final = "GC mark assist wait for work"
_TIMER_WAITS: Final = ("sleep", "chan receive", "chan send", "select", "sync", "sync.(*Cond).Wait")


class Arrivals:
    """Moves goroutines of ``changes`` into ``queues``."""

    def __init__(self, timeline: Timeline, changes: Changes, queues: Queues) -> None:
        self._timeline, self._changes, self._queues = timeline, changes, queues

    def put_first(self, g: int, index: int) -> list[Move]:
        """Where one goes that was runnable before the window began; how it became so is not looked at."""
        p = self._changes["p"][index]
        if p < 0 or self._text(index) in (PREEMPTED, GOSCHED):
            return self._queues.put_global(Kind.SEEN, g)
        return self._queues.put_next(Kind.SEEN, g, p)

    def put(self, change: Change, *, stopped: bool, some_idle: bool) -> list[Move]:
        """Where who became runnable goes; the first move is its own, the others are whom it displaced.

        ``stopped``: the world is. ``some_idle``: some P is idle.
        """
        p = self._changes["p"][change.after]
        g, queues, before = change.owner, self._queues, self._changes.state_before(change)
        if before is State.RUNNING:
            return self._put_back(change, p, stopped)
        if before is State.SYSCALL:
            if p >= 0 and self._changes.next_on(p, change) == g:
                return queues.put(Kind.RETURNED_TO_P, g, Place.HAND, p)
            return queues.put_global(Kind.RETURNED_WITHOUT_P, g)
        if before is State.WAITING and self._changes["cause"][change.after] == NOBODY:
            return self._put_by_runtime(change, p, some_idle)
        kind = Kind.READIED
        if before is not State.WAITING:
            created = int(self._timeline.goroutines["created"][g]) == change.time
            kind = Kind.CREATED if created else Kind.APPEARED
        if p < 0:
            return queues.put_global(kind, g)
        # gcFlushBgCredit (mgcmark.go) is the one that calls ready without next.
        assisted = kind is Kind.READIED and self._text(change.before) == _ASSIST_WAIT
        return queues.put_tail(kind, g, p) if assisted else queues.put_next(kind, g, p)

    def _put_back(self, change: Change, p: int, stopped: bool) -> list[Move]:
        """Preempted or yielded: to the global queue, with two exceptions."""
        g, after = change.owner, change.after
        if self._text(after) != PREEMPTED:
            return self._queues.put_global(Kind.YIELDED, g)
        if stopped and p >= 0:
            return self._queues.put_next(Kind.PREEMPTED, g, p)
        leaf = int(self._timeline.leaf_function[self._changes["stack"][after]])
        if p >= 0 and self._timeline.texts[leaf] == "runtime.goyield":
            return self._queues.put_tail(Kind.YIELDED, g, p)
        return self._queues.put_global(Kind.PREEMPTED, g)

    def _put_by_runtime(self, change: Change, p: int, some_idle: bool) -> list[Move]:
        """No goroutine did it: a timer, the network poller, or findRunnable for a worker of the runtime."""
        g, reason, queues = change.owner, self._text(change.before), self._queues
        kind = Kind.NETWORK if reason == NETWORK else Kind.TIMER if reason in _TIMER_WAITS else Kind.FOUND
        if p < 0:
            return queues.put_global(kind, g)
        if kind is Kind.TIMER:
            return queues.put_next(kind, g, p)
        if self._changes.next_on(p, change) == g:
            return queues.put(kind, g, Place.HAND, p)
        if kind is Kind.NETWORK:
            return queues.put_global(kind, g) if some_idle else queues.put_tail(kind, g, p)
        return queues.put_next(kind, g, p)

    def _text(self, index: int) -> str:
        return self._timeline.reasons[self._changes["reason"][index]]
