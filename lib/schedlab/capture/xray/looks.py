"""Many snapshots as one: what a program's goroutines, Ps and Ms were doing, on average."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from schedlab.capture.xray.snapshot import Snapshot
from schedlab.capture.xray.tables import Goroutines
from schedlab.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

_P_RUNNING = 1
_IN_WORDS = {1: "runnable", 2: "running", 3: "in a system call"}


@dataclass(frozen=True, slots=True)
class Looks:
    """Means over ``number`` snapshots, of which ``torn`` changed while they were read.

    ``goroutines``: how many of the program's own were in each state, "runnable", "running", "in a system
    call", or what they waited for, the most first. ``local_queues``, ``global_queue``: how many goroutines
    were in the local queues together and in the global one. ``ps_running``: Ps with status _Prunning, of
    ``ps``. ``ms_spinning``: ``sched.nmspinning``. ``threads``: Ms, idle ones too.
    """

    number: int
    torn: int
    goroutines: Mapping[str, float]
    local_queues: float
    global_queue: float
    ps: int
    ps_running: float
    ms_spinning: float
    threads: float

    @property
    def most(self) -> str:
        """The state in which most of the program's goroutines were; empty if it has none."""
        return next(iter(self.goroutines), "")

    def to_pandas(self) -> pd.Series:
        """All of it as one column, for a table that compares programs."""
        import pandas as pd

        rows = {f"goroutines: {state}": mean for state, mean in self.goroutines.items()}
        rows |= {
            "in local queues": self.local_queues,
            "in the global queue": self.global_queue,
            "Ps running": self.ps_running,
            "Ms spinning": self.ms_spinning,
            "Ms": self.threads,
        }
        return pd.Series(rows)


def summary(snapshots: Sequence[Snapshot]) -> Looks:
    """What snapshots (with ``gs``) have in common. Goroutines of the runtime's own are left out.

    Raises:
        UsageError: there is no snapshot, or one has no Gs.
    """
    if not snapshots:
        raise UsageError("there is no snapshot to summarise")
    number, states = len(snapshots), Counter[str]()
    for one in snapshots:
        if one.gs is None:
            raise UsageError("a snapshot has no goroutines", remedy="Take it with gs=True.")
        states.update(_states(one.gs))
    return Looks(
        number=number,
        torn=sum(one.torn for one in snapshots),
        goroutines={state: count / number for state, count in states.most_common()},
        local_queues=_mean([int(one.ps.queued.sum()) for one in snapshots]),
        global_queue=_mean([one.sched.runq_size or 0 for one in snapshots]),
        ps=len(snapshots[-1].ps),
        ps_running=_mean([int((one.ps.status == _P_RUNNING).sum()) for one in snapshots]),
        ms_spinning=_mean([one.sched.nmspinning or 0 for one in snapshots]),
        threads=_mean([len(one.ms) for one in snapshots]),
    )


def _states(gs: Goroutines) -> list[str]:
    begun = gs.function.astype(str)
    own = gs.alive & (~np.char.startswith(begun, "runtime.") | (begun == "runtime.main"))
    found = zip(gs.state[own].tolist(), gs.waits_for[own].tolist(), strict=True)
    return [_IN_WORDS.get(state) or reason or "between two states" for state, reason in found]


def _mean(numbers: Sequence[int]) -> float:
    return float(np.mean(numbers))
