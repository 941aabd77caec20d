"""What several checks look at in a program that is held."""

from __future__ import annotations

from collections import Counter

import numpy as np

from schedlab.capture.xray import Goroutines, ProcessGone, Snapshot
from schedlab.learn.labs.attempt import Held, Misbehaved

# _Grunnable, _Grunning, _Gsyscall (runtime/runtime2.go).
RUNNABLE, RUNNING, IN_SYSCALL = 1, 2, 3
MAIN = 1
"""The id of the main goroutine."""

_PATIENCE_S = 10.0


def quiet(held: Held) -> Snapshot:
    """A look at the program once nothing in it is runnable or runs: whoever blocks has blocked.

    Raises:
        Misbehaved: something in it goes on and on, or it has ended.
    """
    found: list[Snapshot] = []

    def is_quiet() -> bool:
        snapshot = look(held)
        if snapshot.torn:
            return False
        found[:] = [snapshot]
        return not np.isin(goroutines(snapshot).state, (RUNNABLE, RUNNING)).any()

    if not held.watch(is_quiet, _PATIENCE_S):
        raise Misbehaved(
            "never_quiet",
            "All should be blocked, and something in the program runs on and on. A wait that keeps asking is "
            "no wait: it keeps a P.",
        )
    return found[0]


def look(held: Held) -> Snapshot:
    """All Ps, Ms and Gs now.

    Raises:
        Misbehaved: it has ended.
    """
    try:
        return held.xray.snapshot()
    except ProcessGone:
        # For a moment the kernel still has its threads.
        raise held.ended() from None


def goroutines(snapshot: Snapshot) -> Goroutines:
    """The goroutines of a look that has them."""
    assert snapshot.gs is not None
    return snapshot.gs


def waits(snapshot: Snapshot) -> Counter[str]:
    """How many goroutines, without main and the runtime's own, are in each kind of wait.

    The runtime's words for the wait ("IO wait", "chan receive"), or "system call".
    """
    gs = goroutines(snapshot)
    own = np.array([not str(name).startswith("runtime.") for name in gs.function], dtype=bool)
    rows = np.flatnonzero(gs.alive & own & (gs.id != MAIN))
    return Counter(
        "system call" if gs.state[row] == IN_SYSCALL else str(gs.waits_for[row]) or str(gs.status_name[row])
        for row in rows
    )
