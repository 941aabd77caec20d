"""A recording, prepared once for all detectors: columns of goroutine spans, and the program's own lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schedlab.analysis._common import Intervals, crossings, intervals, merged
from schedlab.diagnose.findings import Line
from schedlab.process import Finished, cores
from schedlab.timeline import Lane, State, Timeline

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

PARTS = 8

# From here on neighbours on the machine, and not the program, make its goroutines wait: they want more than
# is left, by 15 % of the CPUs that it could use, or its threads waited for this share of their time.
_CROWDED_PART = 0.15
_CROWDED_SHARE = 0.4

_LINES = 3
# Fewer CPU samples than that say less than the stacks at which spans end.
_ENOUGH_SAMPLES = 10
# Frames of the runtime and of what stands between it and a program are nobody's fault; nor is what cgo makes.
_NOT_THE_PROGRAM = (
    "runtime.",
    "runtime/",
    "internal/",
    "sync.",
    "sync/",
    "syscall.",
    "time.",
    "os.",
    "net.",
    "_cgo",
)
_MADE_BY_CGO = "_cgo_gotypes.go"


@dataclass(frozen=True, eq=False)
class Seen:
    """``timeline`` is an execution trace; ``finished`` the program's end, where we ran it.

    ``quota_cpus`` is the CPU quota under which it ran, if there was one. ``neighbours_cpus`` is how many CPUs
    others used meanwhile, where it is another's program and that is known.
    """

    timeline: Timeline
    finished: Finished | None = None
    quota_cpus: float | None = None
    neighbours_cpus: float | None = None

    @cached_property
    def state(self) -> NDArray[Any]:
        return np.asarray(self.timeline.spans["state"])

    @cached_property
    def start(self) -> Integers:
        return np.asarray(self.timeline.spans["start"], dtype=np.int64)

    @cached_property
    def dur(self) -> Integers:
        return np.asarray(self.timeline.spans["dur"], dtype=np.int64)

    @cached_property
    def owner(self) -> Integers:
        return np.asarray(self.timeline.spans["id"], dtype=np.int64)

    @property
    def duration_ns(self) -> int:
        first, last = self.timeline.bounds_ns
        return max(last - first, 1)

    @cached_property
    def gomaxprocs(self) -> int:
        """How many Ps the recording shows."""
        lane = np.asarray(self.timeline.spans["lane"])
        return max(1, len(np.unique(self.owner[lane == int(Lane.PROC)])))

    @cached_property
    def of_program(self) -> Flags:
        """Which spans are of the program's goroutines, and not of the runtime's own, nor of the tracer's."""
        names = self.timeline.names(self.timeline.goroutine_function)
        runtimes = ("runtime.", "runtime/")
        own = np.array([not str(name or "").startswith(runtimes) or name == "runtime.main" for name in names])
        chosen = np.asarray(self.timeline.spans["lane"]) == int(Lane.GOROUTINE)
        found: Flags = chosen.copy()
        found[chosen] = own[self.owner[chosen]] if len(own) else False
        return found

    def rows(self, state: State) -> Integers:
        """The spans in which a goroutine of the program was in this state, in the order of their ends."""
        return np.flatnonzero(self.of_program & (self.state == int(state)))

    @property
    def idle_procs(self) -> Integers:
        """The spans in which a P was idle."""
        return self._procs(State.IDLE)

    @property
    def running_procs(self) -> Integers:
        """The spans in which an M had a P, each from a start of the P to its stop."""
        return self._procs(State.RUNNING)

    def _procs(self, state: State) -> Integers:
        of_p = np.asarray(self.timeline.spans["lane"]) == int(Lane.PROC)
        found: Integers = np.flatnonzero(of_p & (self.state == int(state)))
        return found

    @cached_property
    def order(self) -> Integers:
        """The program's spans, goroutine by goroutine, in time's order."""
        rows = np.flatnonzero(self.of_program)
        found: Integers = rows[np.lexsort((self.start[rows], self.owner[rows]))]
        return found

    @cached_property
    def _neighbours(self) -> tuple[Integers, Integers]:
        before = np.full(len(self.state), -1, np.int64)
        after = np.full(len(self.state), -1, np.int64)
        a, b = self.order[:-1], self.order[1:]
        same = self.owner[a] == self.owner[b]
        before[b[same]], after[a[same]] = a[same], b[same]
        return before, after

    @property
    def before(self) -> Integers:
        """For each span the row of the same goroutine's span before it; -1 for none."""
        return self._neighbours[0]

    @property
    def after(self) -> Integers:
        """For each span the row of the same goroutine's next span; -1 for none."""
        return self._neighbours[1]

    @cached_property
    def woken(self) -> Integers:
        """The runnable spans of goroutines that had waited for something until somebody woke them.

        What the collector makes a goroutine wait for is nothing of the program's.
        """
        rows = self.rows(State.RUNNABLE)
        before = self.before[rows]
        rows = rows[(before >= 0) & (self.state[before] == int(State.WAITING))]
        reason = self.reason(self.before[rows]).astype("U")
        leaf = self.leaf(self.before[rows]).astype("U")
        of_collector = np.char.startswith(reason, "GC") | np.char.startswith(leaf, "runtime.gc")
        chosen: Integers = rows[~(of_collector | (reason == "preempted"))]
        return chosen

    def reason(self, rows: Integers) -> NDArray[np.object_]:
        """The reasons of these spans, in words."""
        texts = np.array(self.timeline.reasons, dtype=object)
        found: NDArray[np.object_] = texts[np.asarray(self.timeline.spans["reason"])[rows]]
        return found

    def leaf(self, rows: Integers) -> NDArray[np.object_]:
        """The innermost function on the stacks of these spans."""
        return self.timeline.names(
            self.timeline.leaf_function[np.asarray(self.timeline.spans["stack"])[rows]]
        )

    @cached_property
    def edges(self) -> Integers:
        """The bounds of the parts of equal length, one more than there are parts."""
        first, last = self.timeline.bounds_ns
        return np.linspace(first, last, PARTS + 1).astype(np.int64)

    def time_by_part(self, rows: Integers) -> Integers:
        """The time of these spans in each part, in ns."""
        begin, end = self.start[rows], self.start[rows] + self.dur[rows]
        found = [
            np.maximum(np.minimum(end, b) - np.maximum(begin, a), 0).sum()
            for a, b in zip(self.edges[:-1], self.edges[1:], strict=True)
        ]
        return np.array(found, dtype=np.int64)

    def count_by_part(self, rows: Integers) -> Integers:
        """How many of these spans begin in each part."""
        found, _ = np.histogram(self.start[rows], bins=self.edges)
        return found.astype(np.int64)

    def worst_by_part(self, rows: Integers, cut: float) -> Floats:
        """A quantile of the lengths of these spans in each part, in ns; 0 where there is none."""
        found = np.zeros(PARTS)
        part = np.clip(np.searchsorted(self.edges, self.start[rows], side="right") - 1, 0, PARTS - 1)
        for number in range(PARTS):
            lengths = self.dur[rows][part == number]
            found[number] = np.quantile(lengths, cut) if len(lengths) else 0.0
        return found

    @cached_property
    def active(self) -> Flags:
        """In which parts the program's goroutines ran at all: for a hundredth of the part, together."""
        ran = self.time_by_part(self.rows(State.RUNNING)) + self.time_by_part(self.rows(State.SYSCALL))
        found: Flags = ran > np.diff(self.edges) / 100
        return found

    @cached_property
    def kept_waiting(self) -> float | None:
        """The share of their running time in which the program's threads waited for a CPU of the machine.

        Known of a program that we ran: its processor time is less than the time that its Ps ran. None if not.
        """
        if self.finished is None:
            return None
        ran = int(self.dur[self.running_procs].sum())
        cpu = self.finished.user_ns + self.finished.system_ns
        return max(0.0, 1 - cpu / ran) if ran else 0.0

    @cached_property
    def throttled(self) -> float:
        """The share of its quota's periods in which the kernel stopped the program; 0 without a quota."""
        throttle = self.finished.throttle if self.finished else None
        return throttle.nr_throttled / max(throttle.nr_periods, 1) if throttle else 0.0

    @cached_property
    def crowded(self) -> str:
        """Why the program's threads had to wait for a CPU through no fault of its own; empty if they had not.

        Others want more than the CPUs which its Ps leave them. Where the system does not tell, its threads
        had less processor time than its Ps ran. A server's clients may be on the same machine: it leaves them
        what its Ps never had.
        """
        others = self.finished.others_cpus if self.finished else self.neighbours_cpus
        own = min(self.gomaxprocs, cores(), float("inf") if self.finished else self._most_procs)
        if others is not None and others > cores() - own + _CROWDED_PART * own:
            return f"others used {others:.2g} of the machine's {cores()} CPUs meanwhile"
        if others is None and (self.kept_waiting or 0.0) > _CROWDED_SHARE and not self.throttled:
            return (
                f"its threads waited for a CPU for {self.kept_waiting:.0%} of the time that they were to run"
            )
        return ""

    @cached_property
    def _most_procs(self) -> float:
        """How many Ps an M had in the busiest part, on average; at least one."""
        return max(1.0, float((self.time_by_part(self.running_procs) / np.diff(self.edges)).max()))

    def covered_ns(self, rows: Integers, start: Integers, end: Integers) -> Integers:
        """Of each interval from ``start`` to ``end`` the time in which one of these spans was open."""
        union = merged(Intervals(self.start[rows], self.start[rows] + self.dur[rows], np.zeros_like(rows)))
        before = np.append(0, np.cumsum(union.end - union.start))

        def until(times: Integers) -> Integers:
            number = np.searchsorted(union.start, times, side="right")
            inside = np.where(number > 0, np.append(0, union.end)[number] - times, 0)
            found: Integers = before[number] - np.maximum(inside, 0)
            return found

        covered: Integers = until(end) - until(start)
        return covered

    def confidence(self, by_part: Flags) -> float:
        """The share of the active parts in which something was so."""
        return float((by_part & self.active).sum() / max(self.active.sum(), 1))

    def part(self, amounts: NDArray[Any]) -> tuple[int, int]:
        """The bounds of the part with the most."""
        number = int(np.argmax(amounts))
        return int(self.edges[number]), int(self.edges[number + 1])

    def lines(
        self, rows: Integers, weights: Integers | None = None, *, column: str = "stack"
    ) -> tuple[Line, ...]:
        """The program's lines that these spans' stacks come from, the heaviest (by time) first.

        A goroutine that the library started and that has not run yet (``WaitGroup.Go``) is nowhere in the
        program: where its first run ended stands for it, unless that was its end.
        """
        weight = self.dur[rows] if weights is None else weights
        stacks = np.asarray(self.timeline.spans[column])[rows]
        after = self.after[rows]
        then = np.asarray(self.timeline.spans["end"])[after]
        new = (self.before[rows] < 0) & (after >= 0) & (self.state[rows] == int(State.RUNNABLE))
        stacks = np.where(new & (then > 0), then, stacks)
        return self._heaviest(stacks, weight)

    def running_lines(self, rows: Integers) -> tuple[Line, ...]:
        """The program's lines that ran in these spans: by CPU samples in them, else by where they ended."""
        stacks = self.samples_in(rows)
        if len(stacks) < _ENOUGH_SAMPLES:
            return self.lines(rows, column="end")
        return self._heaviest(stacks, np.ones(len(stacks), dtype=np.int64))

    def sampled(self, rows: Integers) -> bool:
        """Whether there are enough CPU samples inside these spans to say what ran there."""
        return len(self.samples_in(rows)) >= _ENOUGH_SAMPLES

    def samples_in(self, rows: Integers) -> Integers:
        """The stacks of the CPU samples that were taken of these goroutines inside these spans."""
        samples = self.timeline.samples
        time, g = (np.asarray(samples[name], dtype=np.int64) for name in ("time", "g"))
        inside, _, _, _ = crossings(Intervals(time, time + 1, g), intervals(self.timeline, rows, "id"))
        found: Integers = np.asarray(samples["stack"], dtype=np.int64)[inside]
        return found

    def _heaviest(self, stacks: NDArray[Any], weight: Integers) -> tuple[Line, ...]:
        """Who has less than a hundredth of the weight is left out."""
        total = max(int(weight.sum()), 1)
        found: dict[tuple[str, str, int], int] = {}
        for stack in np.unique(stacks).tolist():
            place = self._place(stack)
            if place is not None:
                found[place] = found.get(place, 0) + int(weight[stacks == stack].sum())
        heaviest = sorted(found.items(), key=lambda item: -item[1])[:_LINES]
        return tuple(
            Line(*place, share=amount / total) for place, amount in heaviest if amount >= total / 100
        )

    @cached_property
    def _library(self) -> str:
        """Where the standard library is, as the stacks have it; empty if they do not tell (-trimpath)."""
        t = self.timeline
        pairs = np.unique(np.stack([t.frames["function"], t.frames["file"]]), axis=1).T.tolist()
        return library_of((t.texts[function], t.texts[file]) for function, file in pairs)

    def _place(self, stack: int) -> tuple[str, str, int] | None:
        """The innermost frame of a stack that is the program's own, else the outermost of a library.

        None if there is only the runtime, which starts the program and ends it.
        """
        t = self.timeline
        first, last = int(t.stacks["start"][stack]), int(t.stacks["start"][stack + 1])
        frames = t.stacks["frame"][first:last]
        places = [
            (
                t.texts[int(t.frames["function"][f])],
                t.texts[int(t.frames["file"][f])],
                int(t.frames["line"][f]),
            )
            for f in frames
        ]
        own = (place for place in places if is_of_program(place[0], place[1], self._library))
        last_resort = (place for place in reversed(places) if not place[0].startswith("runtime."))
        return next(own, next(last_resort, None))


def library_of(frames: Iterable[tuple[str, str]]) -> str:
    """The folder of the standard library, from functions and files on stacks; empty if they do not tell."""
    inside = (file.partition("/src/runtime/") for name, file in frames if name.startswith("runtime."))
    return next((f"{before}/src/" for before, found, _ in inside if found), "")


def is_of_program(function: str, file: str, library: str) -> bool:
    """Whether a function is not of the standard library (in the folder ``library``, if that is known)."""
    if function.startswith(_NOT_THE_PROGRAM) or file.endswith(_MADE_BY_CGO):
        return False
    return not (library and file.startswith(library))


def quantile(values: NDArray[Any] | Iterable[float], cut: float) -> float:
    """A quantile; 0 of nothing."""
    found = np.asarray(values)
    return float(np.quantile(found, cut)) if len(found) else 0.0
