"""One decision of the scheduler after the other: the state before and after, the rule that decided, and
why."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Final

from schedlab.errors import UsageError
from schedlab.sim.costs import Costs
from schedlab.sim.engine import DEFAULT_COSTS, DEFAULT_RULES, MOST_GOROUTINES, prepared
from schedlab.sim.policy.state import P_GCSTOP, P_RUNNING, P, Sched
from schedlab.sim.rules import Rules
from schedlab.sim.workload import Workload

MOST_DECISIONS: Final = 10_000
_MOST_EVENTS: Final = 5_000_000


@dataclass(frozen=True, slots=True)
class PBoard:
    """A P: ``status`` is running, idle or stopped; goroutines and Ms by number, -1 for none.

    ``local`` is its queue from the head. ``running`` is the goroutine that its M runs; ``in_syscall``,
    whether that is in a system call.
    """

    number: int
    status: str
    m: int
    running: int
    in_syscall: bool
    runnext: int
    local: tuple[int, ...]
    timers: int


@dataclass(frozen=True, slots=True)
class Board:
    """Everything that the scheduler goes by. ``time_ns`` from main's start; ``idle_ms`` top of the stack
    last."""

    time_ns: int
    in_global: tuple[int, ...]
    ps: tuple[PBoard, ...]
    idle_ms: tuple[int, ...]
    spinning: int


@dataclass(frozen=True, slots=True)
class Decision:
    """``rule`` is the runtime's function (proc.go of ``release``, if no file is named), ``reason`` a
    sentence."""

    number: int
    time_ns: int
    rule: str
    release: str
    reason: str
    before: Board
    after: Board


class _Enough(Exception):
    """There are as many decisions as were asked for."""


def decisions(
    load: Workload,
    *,
    rules: Rules = DEFAULT_RULES,
    costs: Costs = DEFAULT_COSTS,
    seed: int = 1,
    skip: int = 0,
    count: int = 20,
) -> tuple[Decision, ...]:
    """The first decisions after ``skip``; fewer if the program ends before.

    Raises:
        UsageError: fewer than one or more than 10,000 are asked for.
        BadWorkload, Misstep, Deadlock: as ``simulate``.
    """
    if not 1 <= count <= MOST_DECISIONS or skip < 0:
        raise UsageError(
            f"{count} decisions after {skip} cannot be", remedy=f"From 1 to {MOST_DECISIONS} can."
        )
    s, driver = prepared(load, rules, costs, seed, "heapq", MOST_GOROUTINES)
    watcher = _Watcher(s, skip, count)
    s.watch = watcher.note
    with contextlib.suppress(_Enough):
        driver.run(s, _MOST_EVENTS)
    return tuple(watcher.found)


class _Watcher:
    def __init__(self, s: Sched, skip: int, count: int) -> None:
        self.s, self.skip, self.count = s, skip, count
        self.seen = 0
        self.found: list[Decision] = []
        self.last = board(s)

    def note(self, rule: str, reason: str) -> None:
        self.seen += 1
        if self.seen < self.skip:
            return
        before, self.last = self.last, board(self.s)
        if self.seen == self.skip:
            return
        release = self.s.rules.release
        self.found.append(Decision(self.seen, self.s.now, rule, release, f"{reason}.", before, self.last))
        if len(self.found) == self.count:
            raise _Enough


def board(s: Sched) -> Board:
    """The state as it is now."""
    return Board(
        time_ns=s.now,
        in_global=tuple(g.number for g in s.runq),
        ps=tuple(_p(p) for p in s.ps),
        idle_ms=tuple(m.number for m in s.idle_ms),
        spinning=s.nmspinning,
    )


def _p(p: P) -> PBoard:
    m = p.m
    running = m.g if m is not None else None
    return PBoard(
        number=p.number,
        status={P_RUNNING: "running", P_GCSTOP: "stopped"}.get(
            p.status, "idle" if p.idle else "waits for its M"
        ),
        m=-1 if m is None else m.number,
        running=-1 if running is None else running.number,
        in_syscall=m is not None and m.in_syscall,
        runnext=-1 if p.runnext is None else p.runnext.number,
        local=tuple(g.number for g in p.local),
        timers=len(p.timers),
    )
