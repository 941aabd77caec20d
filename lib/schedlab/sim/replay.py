"""From a real trace to a workload: the goroutines do what they did, and the simulator decides when and where.

Taken from the trace is what a program does by itself: how long each goroutine ran before it gave way, waited,
called the system or started another, and whom it woke. Left to the simulator is the scheduler's part: where a
goroutine waits to run, for how long, on which P it runs. A wait that another goroutine ended becomes a token
that this one sends, so channels, mutexes, wait groups and conditions need not be told apart. Where a
goroutine waited until all that it had started had ended, it does so here too, whichever is the last. Two
goroutines that talk over a connection do so here; which two, their system calls tell: nothing is read before
it was written.
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
_WRITES: Final = frozenset({"internal/poll.(*FD).Write", "internal/poll.splicePump"})
_READS: Final = frozenset({"internal/poll.(*FD).Read", "internal/poll.spliceDrain"})
"""Who is on the stack in a system call that writes to a connection, or reads from one."""
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
    return costs.replace(step_ns=0, ready_ns=0, spawn_ns=0, ready_wake_ns=0, syscall_ns=0)


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
            name: spans[name][rows].tolist()
            for name in ("id", "state", "start", "dur", "reason", "cause", "stack")
        }
        self.lives: dict[int, list[int]] = defaultdict(list)
        for at, owner in enumerate(self.columns["id"]):
            self.lives[owner].append(at)
        self.created = timeline.goroutines["created"]
        self.known = self._started_within()
        self.children = self._children()
        self.joins = self._joins()
        self.acts = self._acts()
        self.talk = _Talk(self)

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
            programs,
            procs=procs,
            channels=dict.fromkeys(self.known.values(), _TOKENS),
            connections=dict.fromkeys(self.talk.connections, 0),
            heap=heap,
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
            elif at in self.talk.steps:
                spoken = self.talk.steps[at]
                if spoken is not None:
                    steps.append(spoken)
            else:
                step = self._pause(at, life[place + 1] if place + 1 < len(life) else None, stop - start, row)
                if step is not None:
                    steps.append(step)
        if row in self.talk.ends:
            steps.append(w.Write(self.talk.ends[row], 0))
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


class _Talk:
    """Who writes to whom.

    ``steps``: what spans of system calls and waits become, by their place in the reader's columns; None of
    what a read does by itself. ``ends``: whose end is what another reads last, with the connection.
    """

    def __init__(self, reader: _Reader) -> None:
        self.reader = reader
        self.steps: dict[int, w.Step | None] = {}
        self.ends: dict[int, str] = {}
        self.connections: list[str] = []
        self.kinds = kinds = self._kinds()
        writes: dict[int, list[int]] = {}
        reads: dict[int, list[int]] = {}
        for row in reader.known:
            life = reader.lives[row]
            writes[row] = [at for at in life if kinds.get(at) == "write"]
            reads[row] = self._reads(life, kinds)
        for writer, row in self._pairs(writes, reads):
            self._connect(writer, row, writes[writer], reads[row])

    def _kinds(self) -> dict[int, str]:
        """The system calls that read or write."""
        columns, timeline = self.reader.columns, self.reader.timeline
        starts, frames = timeline.stacks["start"], timeline.stacks["frame"]
        functions = timeline.names(timeline.frames["function"])
        kinds: dict[int, str] = {}
        for stack in set(columns["stack"]):
            on_it = set(functions[frames[starts[stack] : starts[stack + 1]]])
            kinds[stack] = "write" if on_it & _WRITES else "read" if on_it & _READS else ""
        return {
            at: kinds[stack]
            for at, stack in enumerate(columns["stack"])
            if columns["state"][at] == State.SYSCALL and kinds[stack]
        }

    def _reads(self, life: list[int], kinds: dict[int, str]) -> list[int]:
        """The reads that found something.

        After one that did not the goroutine waits; or it reads again at once, as data has come meanwhile.
        """
        found = []
        for at in life:
            if kinds.get(at) == "read":
                following = self._next_act(life, at)
                if following < 0 or not (self._waits(following) or kinds.get(following) == "read"):
                    found.append(at)
        return found

    def _waits(self, at: int) -> bool:
        columns = self.reader.columns
        reason = self.reader.timeline.reasons[columns["reason"][at]]
        return bool(columns["state"][at] == State.WAITING and reason == _NETWORK)

    def _next_act(self, life: list[int], at: int) -> int:
        """The next thing that the goroutine does by itself, other than to run; -1 if there is none."""
        states = self.reader.columns["state"]
        following = at + 1
        while following <= life[-1] and states[following] in (State.RUNNING, State.RUNNABLE):
            following += 1
        return following if following <= life[-1] else -1

    def _pairs(self, writes: dict[int, list[int]], reads: dict[int, list[int]]) -> list[tuple[int, int]]:
        """Who writes to whom: everything was written before it was read, and of those that could be, the one
        that waits the least. Who also answers is taken first.
        """
        found: dict[tuple[int, int], int] = {}
        for row, got in reads.items():
            for other, sent in writes.items():
                delay = self._delay(sent, got) if other != row else -1
                if delay >= 0:
                    found[other, row] = delay
        both = {pair: found[pair] + found[pair[::-1]] for pair in found if pair[::-1] in found}
        ranked = sorted(found, key=lambda pair: (pair not in both, both.get(pair, found[pair]), pair))
        pairs: list[tuple[int, int]] = []
        for writer, row in ranked:
            if all(writer != one and row != other for one, other in pairs):
                pairs.append((writer, row))
        return pairs

    def _delay(self, sent: list[int], reads: list[int]) -> int:
        """From writes to reads, all together, ns; -1 if these are not of those."""
        # The last read may have found the end.
        if not sent or not 0 <= len(reads) - len(sent) <= 1:
            return -1
        columns = self.reader.columns
        got = np.array([columns["start"][at] + columns["dur"][at] for at in reads])
        delays = got[: len(sent)] - np.array([columns["start"][at] for at in sent])
        return int(delays.sum()) if delays.min() >= 0 else -1

    def _connect(self, writer: int, row: int, sent: list[int], reads: list[int]) -> None:
        reader = self.reader
        name = f"{reader.known[writer]} to {reader.known[row]}"
        self.connections.append(name)
        for at in sent:
            self.steps[at] = w.Write(name, reader.columns["dur"][at])
        for at in reads:
            self.steps[at] = w.Read(name, reader.columns["dur"][at])
        if len(reads) > len(sent):
            self.ends[writer] = name
        kept = set(reads)
        for at in reader.lives[row]:
            if at not in kept and (self.kinds.get(at) == "read" or (self._waits(at) and at > reads[0])):
                self.steps[at] = None


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
