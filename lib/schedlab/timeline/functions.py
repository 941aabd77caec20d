"""Which function a stack or a goroutine belongs to, as text numbers, for all of them at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from schedlab.timeline.columns import Table
from schedlab.timeline.enums import Lane, State

Numbers = npt.NDArray[np.uint32]

# What is outermost on the stack of a goroutine that is stopped on its way out, and of the main one while it
# initialises packages or runs what is to be done at the exit (runtime/proc.go): none is where it started.
_SILENT = ("runtime.goexit1", "runtime.doInit1", "runtime.doInit", "internal/runtime/exithook.Run")

# Columns are read this many rows at a time, so that what is computed from them stays small.
_ROWS = 1 << 20


def innermost(stacks: Table, frames: Table) -> Numbers:
    """The function in which each stack ends, shape ``(stacks,)``; 0 for an empty one."""
    return _at(stacks, frames, last=False)


def outermost(stacks: Table, frames: Table) -> Numbers:
    """The function with which each stack begins, shape ``(stacks,)``; 0 for an empty one."""
    return _at(stacks, frames, last=True)


def of_goroutines(start: Numbers, spans: Table, outer: Numbers, texts: Sequence[str]) -> Numbers:
    """The function with which each goroutine started, shape ``(goroutines,)``; 0 where nothing tells.

    ``start`` are the stacks with which they began; of those that are older than the capture any of their own,
    or 0. If that does not tell, others of their own may, by their outermost function (``outer``, by stack).
    Go cuts a stack at 128 frames (``maxStackSize`` in runtime/tracestack.go); the function of a deeper one
    is where it was cut.
    """
    silent = [number for number, text in enumerate(texts) if text in _SILENT]
    outer = np.where(np.isin(outer, silent), np.uint32(0), outer)
    found = outer[start]
    for first in range(0, len(spans["lane"]), _ROWS):
        unknown = found == 0
        if not unknown.any():
            break
        rows = slice(first, first + _ROWS)
        # Few are unknown: all else is looked at for these alone. A P's number may be none of a goroutine.
        mine = np.flatnonzero(np.take(unknown, spans["id"][rows], mode="clip"))
        mine = mine[spans["lane"][rows][mine] == int(Lane.GOROUTINE)]
        # At the end of a RUNNING span or a system call the stack is its own too, else its waker's.
        states = spans["state"][rows][mine]
        left = mine[(states == int(State.RUNNING)) | (states == int(State.SYSCALL))]
        for chosen, column in ((left, "end"), (mine, "stack")):
            functions = outer[spans[column][rows][chosen]]
            known = functions != 0
            found[spans["id"][rows][chosen[known]]] = functions[known]
    return found


def _at(stacks: Table, frames: Table, *, last: bool) -> Numbers:
    starts = np.asarray(stacks["start"], dtype=np.int64)
    found = np.zeros(max(len(starts) - 1, 0), np.uint32)
    filled = starts[1:] > starts[:-1]
    where = starts[1:][filled] - 1 if last else starts[:-1][filled]
    found[filled] = frames["function"][stacks["frame"][where]]
    return found
