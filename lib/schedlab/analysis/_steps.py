"""Step functions: how many of something there were at each time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from schedlab.analysis._common import Integers

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class Depth:
    """A step function: ``count[i]`` from ``time_ns[i]`` on, 0 before the first time."""

    time_ns: Integers
    count: Integers

    def at(self, times_ns: Integers) -> Integers:
        """The count just after each time; any shape."""
        found = np.searchsorted(self.time_ns, times_ns, side="right")
        return np.append(0, self.count)[found]

    def mean(self, start_ns: int, end_ns: int) -> float:
        """The mean over ``[start_ns, end_ns)``, weighted by time."""
        inside = (self.time_ns > start_ns) & (self.time_ns < end_ns)
        times = np.concatenate(([start_ns], self.time_ns[inside], [end_ns]))
        return float((self.at(times[:-1]) * np.diff(times)).sum() / (end_ns - start_ns))

    def to_pandas(self) -> pd.DataFrame:
        """One row per step: ``time_ns``, ``count``."""
        import pandas as pd

        return pd.DataFrame({"time_ns": self.time_ns, "count": self.count})


def steps(start: Integers, end: Integers) -> Depth:
    """How many of the intervals ``[start, end)`` hold each time."""
    times = np.concatenate((start, end))
    change = np.repeat(np.array([1, -1]), [len(start), len(end)])
    return _summed(times, change)


def added(depths: Sequence[Depth]) -> Depth:
    times = np.concatenate([one.time_ns for one in depths])
    return _summed(times, np.concatenate([np.diff(one.count, prepend=0) for one in depths]))


def _summed(times: Integers, change: Integers) -> Depth:
    order = np.argsort(times, kind="stable")
    times, count = times[order], np.cumsum(change[order])
    last = np.flatnonzero(np.diff(times, append=times[-1:] + 1))
    times, count = times[last], count[last]
    changed = np.diff(count, prepend=0) != 0
    return Depth(times[changed], count[changed])
