"""What a simulation gives: a Timeline, counters as the probes count them, and what it ended with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from schedlab.capture.probes import NAMES, NOBODY, Counters
from schedlab.sim.costs import Costs
from schedlab.sim.policy.state import Sched
from schedlab.sim.rules import Rules
from schedlab.sim.spans import timeline_of
from schedlab.sim.workload import Workload
from schedlab.timeline import Timeline

_SLOTS = 256


@dataclass(frozen=True, eq=False)
class Result:
    """``events`` is how many the driver had, ``ended`` whether main did; times in ns from main's start."""

    workload: Workload
    rules: Rules
    costs: Costs
    seed: int
    driver: str
    events: int
    ended: bool
    _s: Sched

    @property
    def makespan_ns(self) -> int:
        """When main ended, or how far the simulation came."""
        return self._s.now

    @property
    def slices(self) -> int:
        """How often a goroutine was run (``execute``)."""
        return self.counters.runs

    @property
    def collections(self) -> int:
        """Cycles of the garbage collector."""
        return int(self._s.gc.cycles)

    @cached_property
    def counters(self) -> Counters:
        """As ``schedlab.capture.probes`` counts in the real runtime, with the same names."""
        s = self._s
        taken = np.zeros((s.procs + 1, max(_SLOTS, s.procs)), np.uint32)
        for p in s.ps:
            taken[p.number, : s.procs] = p.taken
        return Counters(
            p=np.append(np.arange(s.procs, dtype=np.int32), np.int32(NOBODY)),
            counts=np.array([*(p.counts for p in s.ps), s.nobody], np.uint64).reshape(-1, len(NAMES)),
            taken=taken,
            began_ns=0,
            written_ns=s.now,
        )

    @cached_property
    def timeline(self) -> Timeline:
        """Everything that happened, **simulated**."""
        meta = {
            "rules": self.rules.release,
            "seed": self.seed,
            "driver": self.driver,
            "gomaxprocs": self._s.procs,
            "ended": self.ended,
            "probes": {name: count for name, count in self.counters.totals().items() if count},
        }
        return timeline_of(self._s, meta, "" if self.ended else "the simulated program did not end")

    def log(self) -> bytes:
        """Every change of a goroutine and of a P, one a line: the same for the same seed."""
        rows = [" ".join(map(str, row)) for row in (*self._s.log, *self._s.p_log)]
        return "\n".join(rows).encode()

    def __repr__(self) -> str:
        ended = "" if self.ended else ", not ended"
        return f"Result({self.rules.release}, {self.makespan_ns / 1e6:.3f} ms, {self.slices} slices{ended})"
