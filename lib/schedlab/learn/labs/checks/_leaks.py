"""What a program leaves behind when its work is done, counted in its memory."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass

import numpy as np

from schedlab.learn.labs.attempt import Attempt, Misbehaved, last_json_of
from schedlab.learn.labs.checks._looks import IN_SYSCALL, MAIN, goroutines, quiet
from schedlab.process import GoSettings

SENDING, RECEIVING, SELECTING = "chan send", "chan receive", "select"
# The second is what releases before 1.25 call it.
WAIT_GROUP = ("sync.WaitGroup.Wait", "semacquire")
_PS = 2


@dataclass(frozen=True, slots=True)
class Left:
    """The goroutines that are there after the work: how many for each first function and wait."""

    by_function: Counter[tuple[str, str]]

    @property
    def total(self) -> int:
        return self.by_function.total()

    def waiting(self, *reasons: str) -> int:
        """How many are in one of these waits."""
        return sum(count for (_, wait), count in self.by_function.items() if wait in reasons)

    def functions(self, *reasons: str) -> int:
        """How many different functions, as go statements name them, are in one of these waits."""
        return len({function for function, wait in self.by_function if wait in reasons})

    def evidence(self) -> dict[str, int | float | str]:
        """The counts by wait, with the words for them."""
        waits: Counter[str] = Counter()
        for (_, wait), count in self.by_function.items():
            waits[wait] += count
        seen: dict[str, int | float | str] = {"goroutines left": self.total}
        return seen | {f"left in {wait}": count for wait, count in sorted(waits.items())}


def left_behind(attempt: Attempt, wanted: dict[str, int], seed: int) -> Left:
    """Run it until its work is done and nothing in it moves, and count. ``wanted`` is what it must compute.

    Raises:
        Misbehaved: something runs on and on, or the result is another one.
    """
    with attempt.held(["-seed", seed], settings=GoSettings(gomaxprocs=_PS)) as held:
        held.await_line("ready")
        gs = goroutines(quiet(held))
        finished = held.finish()
    if last_json_of(finished) != wanted:
        raise Misbehaved(
            "wrong_result",
            "It leaves something out: the result is not what it was. The work must be done as the starter "
            "does it, and nobody be left behind.",
        )
    own = np.array([not str(name).startswith("runtime.") for name in gs.function], dtype=bool)
    rows = np.flatnonzero(gs.alive & own & (gs.id != MAIN))
    return Left(
        Counter(
            (
                str(gs.function[row]),
                "system call" if gs.state[row] == IN_SYSCALL else str(gs.waits_for[row]) or "another wait",
            )
            for row in rows
        )
    )


def some_seed() -> int:
    """Another one each time, so that no result can be written down."""
    return secrets.randbits(20)
