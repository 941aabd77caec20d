"""How long a P takes from the end of one goroutine to the start of the next, by where it found that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from schedlab.capture.probes.kinds import NAMES, RUNS
from schedlab.capture.probes.records import Events

# What a P notes while it searches.
_MEANWHILE = ("steal", "spin_start", "spin_found", "ready_netpoll")


@dataclass(frozen=True, slots=True, eq=False)
class Searches:
    """One row per goroutine that a P ran right after another had ended on it, shape (searches,) each.

    ``found``: a number into ``NAMES``, one of ``RUNS``. ``p``, int32: the P. ``ns``, int64: from the end to
    the start. That holds the end of the one (``goexit0``), ``schedule``, ``findRunnable``, ``execute`` and
    one entry into the ring, two for what was stolen.
    """

    found: npt.NDArray[np.uint16]
    p: npt.NDArray[np.int32]
    ns: npt.NDArray[np.int64]

    def of(self, name: str) -> npt.NDArray[np.int64]:
        """ns of those that were found there, such as ``run_stolen``."""
        found: npt.NDArray[np.int64] = self.ns[self.found == NAMES.index(name)]
        return found


def searches(events: Events) -> Searches:
    """The searches between ``exit`` and the next run, P by P; without those that lost an event."""
    kept = events.chosen(~np.isin(events.kind, [NAMES.index(name) for name in _MEANWHILE]))
    order = np.argsort(kept.p, kind="stable")
    time, kind, p = kept.time[order], kept.kind[order], kept.p[order]
    runs = np.isin(kind, [NAMES.index(name) for name in RUNS])
    ended = kind == NAMES.index("exit")
    rows = np.flatnonzero(ended[:-1] & runs[1:] & (p[:-1] == p[1:]) & (p[1:] >= 0)) + 1
    return Searches(kind[rows], p[rows], time[rows] - time[rows - 1])
