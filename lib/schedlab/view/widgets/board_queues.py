"""The run queues, moved by the rules of runtime/proc.go and corrected by what was recorded.

A trace says when a goroutine became runnable, on which P that was done, and which P ran it. It does not say
where it stood between. ``Queues`` puts it where the runtime's code would, and when it turns out that another
P ran it, takes it from there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from schedlab.timeline import NOBODY
from schedlab.view.widgets.board_kinds import Kind, Place

ROOM: Final = 256
"""``len(p.runq)`` in runtime/runtime2.go."""


@dataclass(frozen=True, slots=True)
class Move:
    """A goroutine went to a place; ``at`` is its position in the queue there, from the head."""

    kind: Kind
    g: int
    place: Place
    p: int
    at: int = 0


@dataclass(slots=True)
class Queues:
    """``ran_next(g)`` is the P that will run g next (-1: none is seen to), from what was recorded later.

    ``procs`` is GOMAXPROCS.
    """

    ran_next: Callable[[int], int]
    procs: int = 1
    runnext: dict[int, int] = field(default_factory=dict)
    local: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    in_global: list[int] = field(default_factory=list)
    where: dict[int, tuple[Place, int]] = field(default_factory=dict)

    def put_next(self, kind: Kind, g: int, p: int) -> list[Move]:
        """``runqput`` with next: into runnext; who was there goes to the queue's tail."""
        kicked = self.runnext.get(p, NOBODY)
        self.runnext[p] = g
        self.where[g] = (Place.RUNNEXT, p)
        first = Move(kind, g, Place.RUNNEXT, p)
        return [first] if kicked == NOBODY else [first, *self.put_tail(Kind.KICKED, kicked, p)]

    def put_tail(self, kind: Kind, g: int, p: int) -> list[Move]:
        """``runqput`` without next; of a full queue the older half and g go to the global one."""
        queue = self.local[p]
        if len(queue) >= ROOM:
            spilt = queue[: ROOM // 2]
            del queue[: ROOM // 2]
            moves = [self._global(Kind.SPILLED, one) for one in spilt]
            # The event itself stands first in a step; its position is after those that went with it.
            return [self._global(Kind.SPILLED if kind is Kind.KICKED else kind, g), *moves]
        queue.append(g)
        self.where[g] = (Place.LOCAL, p)
        return [Move(kind, g, Place.LOCAL, p, len(queue) - 1)]

    def put_global(self, kind: Kind, g: int) -> list[Move]:
        """``globrunqput``: to the tail of the global queue."""
        return [self._global(kind, g)]

    def put(self, kind: Kind, g: int, place: Place, p: int) -> list[Move]:
        """Into something that is no queue: the hands of a P, or where nobody knows."""
        self.where[g] = (place, p)
        return [Move(kind, g, place, p)]

    def place_of(self, g: int) -> tuple[Place, int]:
        return self.where.get(g, (Place.NOWHERE, NOBODY))

    def drop(self, g: int) -> tuple[Place, int]:
        """Take g away from where it stands, and say where that was."""
        place, p = self.where.pop(g, (Place.NOWHERE, NOBODY))
        if place is Place.RUNNEXT:
            del self.runnext[p]
        elif place is Place.LOCAL:
            self.local[p].remove(g)
        elif place is Place.GLOBAL:
            self.in_global.remove(g)
        return place, p

    def take(self, g: int, p: int) -> tuple[Kind, int, list[Move]]:
        """P runs g: how it came by it, from whose queue (a P or -1), and who came along to P's own queue.

        With an empty queue of its own, a P takes a share of the global one (``globrunqgetbatch``), or half of
        another P's, whose newest runs first (``runqsteal``). Of a share those go along that P runs next.
        """
        place, source = self.place_of(g)
        if place in (Place.RUNNEXT, Place.LOCAL) and source == p:
            self.drop(g)
            return Kind.PICKED, source, []
        if place is Place.GLOBAL:
            along = [] if self.local[p] or p in self.runnext else self._share(g, p)
            self.drop(g)
            return Kind.FROM_GLOBAL, NOBODY, self._along(along, p)
        if place in (Place.RUNNEXT, Place.LOCAL):
            along = []
            if place is Place.LOCAL and not self.local[p]:
                before = self.local[source][: self.local[source].index(g)]
                along = [one for one in before if self.ran_next(one) == p]
            self.drop(g)
            return Kind.STOLEN, source, self._along(along, p)
        self.drop(g)
        return Kind.STARTED, NOBODY, []

    def remove_p(self, p: int) -> list[Move]:
        """``(*p).destroy``: what P has in its queue goes to the head of the global one."""
        last = [self.runnext[p]] if p in self.runnext else []
        moving = [*last, *self.local[p]]
        for g in moving:
            self.drop(g)
        self.in_global[:0] = moving
        for g in moving:
            self.where[g] = (Place.GLOBAL, NOBODY)
        return [Move(Kind.SPILLED, g, Place.GLOBAL, NOBODY, at) for at, g in enumerate(moving)]

    def _share(self, g: int, p: int) -> list[int]:
        size, at = len(self.in_global), self.in_global.index(g)
        others = min(ROOM // 2, size // self.procs + 1) - 1
        return [one for one in self.in_global[at + 1 : at + 1 + others] if self.ran_next(one) == p]

    def _along(self, batch: list[int], p: int) -> list[Move]:
        moves = []
        for one in batch:
            self.drop(one)
            moves += self.put_tail(Kind.ALONG, one, p)
        return moves

    def _global(self, kind: Kind, g: int) -> Move:
        self.in_global.append(g)
        self.where[g] = (Place.GLOBAL, NOBODY)
        return Move(kind, g, Place.GLOBAL, NOBODY, len(self.in_global) - 1)
