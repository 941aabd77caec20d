"""What the scheduler's steps on its run queues take: ns each, timed inside the runtime.

A file is laid over the runtime's package (``go build -overlay``; the toolchain stays as it is) that calls the
functions which findRunnable calls (runtime/proc.go): ``runqget``, ``globrunqget`` under ``sched.lock``,
``runqsteal``. They work on Ps that nobody uses, on one CPU, with everything in its caches and no one else at
the lock: this is the least that a step takes. Each time is that of 32 or more steps in a row, or of one
step, between two readings of the clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from schedlab import process, toolchain

_HERE = Path(__file__).parent
# Before, one function took one from the global queue or a batch.
_TWO_FUNCTIONS_SINCE = (1, 25)

STEPS: Mapping[str, str] = MappingProxyType(
    {
        "clock": "reading the clock twice: what a time of one step holds besides the step",
        "local": "take the next goroutine of the P's own queue",
        "global": "lock the global queue, take one goroutine, unlock",
        "global_batch": "lock the global queue, take 128 into the P's own queue, unlock; one step",
        "steal_one": "steal the only goroutine of another P's queue",
        "steal_half": "steal 128 of another P's 256; one step",
    }
)
"""Every step with its meaning."""

_ONE_STEP = ("global_batch", "steal_half")


@dataclass(frozen=True, slots=True, eq=False)
class QueueCosts:
    """``ns`` of a step by name, float64, shape (rounds,): the mean step of each round."""

    ns: Mapping[str, npt.NDArray[np.float64]]

    def median(self, step: str) -> float:
        """ns, without the clock's readings where each step was timed alone."""
        found = float(np.median(self.ns[step]))
        return found - float(np.median(self.ns["clock"])) if step in _ONE_STEP else found


def measure(rounds: int = 2000, *, using: toolchain.Toolchain | None = None) -> QueueCosts:
    """Time the steps in so many rounds. Works with Go 1.22 to 1.27.

    Raises:
        CompileError: this release's runtime has not the functions that are timed.
        LaunchFailed, WallLimitExceeded: as ``process.run``.
    """
    chosen = using or toolchain.find()
    take = "take.go" if chosen.minor() >= _TWO_FUNCTIONS_SINCE else "take_until_1_24.go"
    laid_over = {
        chosen.runtime_source / f"schedlab_{name}": (_HERE / "hook" / name).read_bytes()
        for name in ("queue_costs.go", take)
    }
    program = toolchain.build(_HERE / "program", toolchain=chosen, overlay=laid_over)
    done = process.run(program, [rounds], wall_limit_s=60).check()
    return QueueCosts(MappingProxyType({step: np.array(times) for step, times in done.json().items()}))
