"""The words behind the numbers in a Timeline's columns."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Lane(IntEnum):
    """Whose life a span is part of. The numbers are those of the columns."""

    GOROUTINE = 0
    PROC = 1
    THREAD = 2


class State(IntEnum):
    """What a goroutine did during a span; what a P did (RUNNING, IDLE, SYSCALL); what an M did.

    SCHEDULING is an M's: it holds a P and runs no goroutine, so it is in the scheduler (``findRunnable``).
    An M that is IDLE is parked, or outside of Go.
    """

    UNKNOWN = 0
    RUNNABLE = 1
    RUNNING = 2
    WAITING = 3
    SYSCALL = 4
    IDLE = 5
    SCHEDULING = 6


class MarkKind(IntEnum):
    """What a mark is: a range of the runtime (STW, GC, assist, sweep), or what the program said."""

    RANGE = 0
    TASK = 1
    REGION = 2
    LOG = 3
    LABEL = 4


class Provenance(StrEnum):
    """Where a column comes from, the surest first.

    RECORDED: the runtime wrote it down. DERIVED: it follows from what was recorded. RECONSTRUCTED: a model
    of the runtime was needed to get it. SAMPLED: seen at some moments, taken as constant between them.
    SIMULATED: a simulator made it.
    """

    RECORDED = "recorded"
    DERIVED = "derived"
    RECONSTRUCTED = "reconstructed"
    SAMPLED = "sampled"
    SIMULATED = "simulated"


OPEN_START, OPEN_END = 1, 2
"""Bits of ``flags``: the span was there before the capture (or window) began, or goes on after its end."""
KEPT_P = 4
"""Of a system call: it ended with the goroutine running on, on the P that it had (a short one)."""
NOBODY = -1
"""No P, no M, no goroutine."""
