"""What only a service with a certain fault does, as a count in its captures.

Nothing is judged by how long something took: a busy machine makes everything late.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from schedlab.capture import goroutines
from schedlab.learn.labs.incident.recording import GOROUTINES, RUNTIME, TRACE
from schedlab.timeline import Lane, State, Timeline

_ORDERS = "main.(*shop).client"
_ASK = "main.(*suppliers).ask"
_SCORE = "main.(*ranking).score"


class Captures:
    """A folder of captures, read when they are asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def timeline(self) -> Timeline:
        return Timeline.load(self._folder / TRACE)

    def goroutines(self, number: int) -> tuple[goroutines.Goroutine, ...]:
        """All goroutines at the look of that number; -1 is the last."""
        return tuple(goroutines.load(self._folder / GOROUTINES[number]).goroutines)

    def runtime_says(self) -> str:
        """The lines of schedtrace and gctrace."""
        return (self._folder / RUNTIME).read_text(encoding="utf-8", errors="replace")


@dataclass(frozen=True, slots=True)
class Symptom:
    """``count`` of captures gives ``what``, in words; from ``least`` on the captures show it."""

    what: str
    least: int
    count: Callable[[Captures], int]


def waits_for_a_lock(captures: Captures) -> int:
    """How often an order had to wait for a mutex."""
    waits = captures.timeline.filter(state=State.WAITING, reason="sync", function=_ORDERS)
    leaf = waits.names(waits.leaf_function[np.asarray(waits.spans["stack"])])
    return sum("Mutex" in str(name) for name in leaf)


def senders_left(captures: Captures) -> int:
    """How many goroutines waited in a send to an order, at the first look and still at the last."""
    first, last = (
        {one.id for one in captures.goroutines(number) if one.waits_for == "chan send" and _asks(one)}
        for number in (0, -1)
    )
    return len(first & last)


def threads(captures: Captures) -> int:
    """How many threads there were at most, by schedtrace."""
    return max(
        (int(n) for n in re.findall(r"^SCHED .* threads=(\d+)", captures.runtime_says(), re.M)), default=0
    )


def collections(captures: Captures) -> int:
    """How many garbage collections there were, by gctrace: that is how much was allocated, whoever waited."""
    return len(re.findall(r"^gc \d+ @", captures.runtime_says(), re.MULTILINE))


def orders_behind_ranking(captures: Captures) -> int:
    """How often an order was ready to run and had to wait while several shelves were computed at once."""
    timeline = captures.timeline
    names = timeline.names(timeline.goroutine_function).astype(str)
    lane, state = np.asarray(timeline.spans["lane"]), np.asarray(timeline.spans["state"])
    begin = np.asarray(timeline.spans["start"], dtype=np.int64)
    end = begin + np.asarray(timeline.spans["dur"], dtype=np.int64)
    of_goroutine = lane == int(Lane.GOROUTINE)
    ranking = _ends_in(timeline, _SCORE) & of_goroutine & (state == int(State.RUNNING))
    times, at_once = _at_once(begin[ranking], end[ranking])
    own = np.flatnonzero(of_goroutine & (state == int(State.RUNNABLE)))
    own = own[names[np.asarray(timeline.spans["id"])[own]] == _ORDERS]
    together = times[:-1][at_once[:-1] >= 2], times[1:][at_once[:-1] >= 2]
    first = np.searchsorted(together[1], begin[own], side="right")
    inside = first < len(together[0])
    return int((together[0][first[inside]] < end[own][inside]).sum())


SYMPTOMS: Mapping[str, Symptom] = {
    "allocation_burst": Symptom("garbage collections", 40, collections),
    "blocking_calls": Symptom("threads at most", 30, threads),
    "computing_burst": Symptom(
        "orders that were ready and waited while shelves were computed on both Ps", 40, orders_behind_ranking
    ),
    "goroutine_leak": Symptom(
        "goroutines that waited to send at the first look and at the last", 20, senders_left
    ),
    "lock_held": Symptom("waits of orders for a mutex", 200, waits_for_a_lock),
}


def _asks(one: goroutines.Goroutine) -> bool:
    return any(place.function == _ASK for place in one.stack)


def _ends_in(timeline: Timeline, function: str) -> NDArray[np.bool_]:
    """Which spans end in such a function."""
    stacks = np.asarray(timeline.spans["end"])
    known = {s: function in timeline.stack(s) for s in np.unique(stacks).tolist()}
    return np.array([known[s] for s in stacks.tolist()], dtype=bool)


def _at_once(begin: NDArray[np.int64], end: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The moments at which one of these intervals begins or ends, and how many are open from then on."""
    times = np.concatenate([begin, end])
    steps = np.concatenate([np.ones_like(begin), -np.ones_like(end)])
    order = np.lexsort((steps, times))
    return times[order], np.cumsum(steps[order])
