"""From a real trace to a workload: the goroutines do what they did, and the simulator decides when and where.

Taken from the trace is what a program does by itself: how long each goroutine ran before it gave way, waited,
called the system or started another, and whom it woke. Left to the simulator is the scheduler's part: where a
goroutine waits to run, for how long, on which P it runs. A wait that another goroutine ended becomes a token
that this one sends, so channels, mutexes, wait groups and conditions need not be told apart. Where a
goroutine waited until all that it had started had ended, it does so here too, whichever is the last.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

import numpy as np

from schedlab.errors import UsageError
from schedlab.sim import workload as w
from schedlab.sim.costs import Costs
from schedlab.timeline import NOBODY, Lane, State, Timeline

_GOSCHED: Final = "runtime.Gosched"
_SLEEP: Final = "sleep"
_NETWORK: Final = "network"
_LEFT_NS: Final = 5_000
"""What a goroutine may still run after it has said that it is done."""
_TOKENS: Final = 1 << 30
"""A token never waits for room."""


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """``load`` is the workload, ``rows`` the goroutines in it (rows of the trace's), main first.

    ``window_ns`` is the part of the trace that it is of. ``left_out`` are goroutines that were there before
    and are not main: the runtime's own.
    """

    load: w.Workload
    rows: tuple[int, ...]
    window_ns: tuple[int, int]
    left_out: int


def replay(
    timeline: Timeline,
    region: str,
    *,
    procs: int,
    sleep_ns: int | None = None,
    heap: w.Heap | None = None,
) -> Replay:
    """What the goroutine that is in the program's region of that name does, and all that it starts.

    The region's goroutine is main; the program ends with the region. A trace does not say for how long a
    goroutine meant to sleep, only for how long it did: ``sleep_ns``, if the program sleeps always as long.
    ``heap`` if the collector is to run; what a goroutine allocates is in no trace, so it then does not.

    Raises:
        UsageError: there is no such region, or it did not end in the trace.
    """
    begin, end, main = _region(timeline, region)
    return _Reader(timeline, (begin, end), main, sleep_ns).replay(procs, heap or w.Heap())


def _region(timeline: Timeline, name: str) -> tuple[int, int, int]:
    names = timeline.names(timeline.marks["name"])
    found = np.flatnonzero(names == name)
    if not len(found):
        raise UsageError(
            f"the trace has no region {name!r}", remedy="Put the work into trace.WithRegion (runtime/trace)."
        )
    mark = int(found[0])
    begin = int(timeline.marks["start"][mark])
    return begin, begin + int(timeline.marks["dur"][mark]), int(timeline.marks["g"][mark])


def unpaid(costs: Costs) -> Costs:
    """Without the costs that a goroutine's time in a trace has in it already."""
    return costs.replace(step_ns=0, ready_ns=0, spawn_ns=0, ready_wake_ns=0)


class _Reader:
    def __init__(self, timeline: Timeline, window: tuple[int, int], main: int, sleep_ns: int | None) -> None:
        self.timeline, self.window, self.main, self.sleep_ns = timeline, window, main, sleep_ns
        spans = timeline.spans
        rows = np.flatnonzero(
            (spans["lane"] == int(Lane.GOROUTINE))
            & (spans["start"] < window[1])
            & (spans["start"] + spans["dur"] > window[0])
        )
        rows = rows[np.lexsort((rows, spans["start"][rows], spans["id"][rows]))]
        self.columns = {
            name: spans[name][rows].tolist() for name in ("id", "state", "start", "dur", "reason", "cause")
        }
        self.lives: dict[int, list[int]] = defaultdict(list)
        for at, owner in enumerate(self.columns["id"]):
            self.lives[owner].append(at)
        self.created = timeline.goroutines["created"]
        self.known = self._started_within()
        self.children = self._children()
        self.joins = self._joins()
        self.acts = self._acts()

    def _started_within(self) -> dict[int, str]:
        """Names of main and of all that descends from it, by row."""
        creator = self.timeline.goroutines["creator"]
        known = {self.main: "main"}
        for row in sorted(self.lives, key=lambda one: int(self.created[one])):
            if row != self.main and self.created[row] >= self.window[0] and int(creator[row]) in known:
                known[row] = f"g{int(self.timeline.goroutines['id'][row])}"
        return known

    def _children(self) -> dict[int, list[int]]:
        creator = self.timeline.goroutines["creator"]
        found: dict[int, list[int]] = defaultdict(list)
        for row in self.known:
            if row != self.main:
                found[int(creator[row])].append(row)
        return found

    def _joins(self) -> set[int]:
        """The ends of waits for all children: the spans, runnable, of who waited.

        A child woke it, and no child had anything to do any more.
        """
        columns = self.columns
        self.joining: set[int] = set()
        found = set()
        for parent, started in self.children.items():
            children = frozenset(started)
            for before, at in itertools.pairwise(self.lives[parent]):
                ended = columns["start"][at]
                if (
                    columns["state"][before] == State.WAITING
                    and columns["state"][at] == State.RUNNABLE
                    and columns["cause"][at] in children
                    and all(self._is_done(child, ended) for child in children if self.created[child] < ended)
                ):
                    found.add(at)
                    self.joining.add(parent)
        return found

    def _is_done(self, row: int, now: int) -> bool:
        """Whether next to nothing of what the goroutine ran came later.

        Who was running then may go on until it stops: its thread may have lost the CPU on the way to its end.
        """
        columns = self.columns
        left = 0
        for at in reversed(self.lives[row]):
            start, stop = columns["start"][at], columns["start"][at] + columns["dur"][at]
            if stop <= now:
                return True
            if columns["state"][at] == State.RUNNING:
                left += stop - start if start > now else 0
            elif columns["state"][at] != State.RUNNABLE:
                return False
            if left > _LEFT_NS:
                return False
        return True

    def _acts(self) -> dict[int, list[tuple[int, w.Step]]]:
        """What each goroutine did to others, in order: whom it started, and whom it woke."""
        acts: dict[int, list[tuple[int, w.Step]]] = defaultdict(list)
        columns = self.columns
        for row, name in self.known.items():
            for at in self.lives[row]:
                cause, start = columns["cause"][at], columns["start"][at]
                if columns["state"][at] != State.RUNNABLE or cause not in self.known:
                    continue
                if start == int(self.created[row]):
                    if cause in self.joining:
                        acts[cause].append((start, w.Add(_group(self.known[cause]))))
                    acts[cause].append((start, w.Spawn(name)))
                elif at not in self.joins:
                    acts[cause].append((start, w.Send(name)))
        for own in acts.values():
            own.sort(key=lambda act: act[0])
        return acts

    def replay(self, procs: int, heap: w.Heap) -> Replay:
        programs = tuple(
            w.Program(name, self._steps(row), 1 if row == self.main else 0)
            for row, name in self.known.items()
        )
        load = w.Workload(
            programs, procs=procs, channels=dict.fromkeys(self.known.values(), _TOKENS), heap=heap
        )
        return Replay(load, tuple(self.known), self.window, len(self.lives) - len(self.known))

    def _steps(self, row: int) -> tuple[w.Step, ...]:
        steps: list[w.Step] = []
        acts = iter(self.acts.get(row, ()))
        act = next(acts, None)
        columns, (begin, end) = self.columns, self.window
        life = self.lives[row]
        for place, at in enumerate(life):
            start = max(begin, columns["start"][at])
            stop = min(end, columns["start"][at] + columns["dur"][at])
            state = columns["state"][at]
            if state == State.RUNNING:
                while act is not None and act[0] <= stop:
                    _compute(steps, act[0] - start)
                    start = max(start, act[0])
                    steps.append(act[1])
                    act = next(acts, None)
                _compute(steps, stop - start)
            else:
                step = self._pause(at, life[place + 1] if place + 1 < len(life) else None, stop - start, row)
                if step is not None:
                    steps.append(step)
        parent = int(self.timeline.goroutines["creator"][row])
        if row != self.main and parent in self.joining:
            steps.append(w.Done(_group(self.known[parent])))
        return tuple(steps)

    def _pause(self, at: int, after: int | None, lasted: int, row: int) -> w.Step | None:
        """What a goroutine did that did not run: None if that was the scheduler's part."""
        columns = self.columns
        reason = self.timeline.reasons[columns["reason"][at]]
        match columns["state"][at]:
            case State.RUNNABLE:
                return w.Yield() if reason == _GOSCHED else None
            case State.SYSCALL:
                return w.Syscall(lasted)
            case State.WAITING:
                if after in self.joins:
                    return w.Wait(_group(self.known[row]))
                if after is not None and columns["cause"][after] in self.known:
                    return w.Receive(self.known[row])
                if reason == _SLEEP:
                    return w.Sleep(lasted if self.sleep_ns is None else self.sleep_ns)
                if reason == _NETWORK:
                    return w.Network(lasted)
                return w.Sleep(lasted) if after is not None and columns["cause"][after] == NOBODY else None
        return None


def _group(parent: str) -> str:
    """The wait group of what it started."""
    return f"children of {parent}"


def _compute(steps: list[w.Step], ns: int) -> None:
    if ns <= 0:
        return
    last = steps[-1] if steps else None
    # A piece before a preemption and the one after it are one.
    if isinstance(last, w.Compute) and isinstance(last.duration, int):
        steps[-1] = w.Compute(last.duration + ns)
    else:
        steps.append(w.Compute(ns))
