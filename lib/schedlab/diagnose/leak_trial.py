"""Leak detection on trial: programs of which it is known whether and where they leak.

The corpus is one Go program with many cases, ``tests/diagnose/testdata/corpus``. A comment "leak: NAME" marks
the line where a case's goroutines stay.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from schedlab import process
from schedlab.diagnose import leaks
from schedlab.diagnose.leaks import Outcome, Report
from schedlab.diagnose.trial import marks
from schedlab.toolchain import Binary

# What a case does first is no steady state.
_SETTLES_S = 0.3


@dataclass(frozen=True, slots=True)
class Case:
    """One program of the corpus.

    ``where`` is FILE:LINE, or the beginning of a function's name; empty if it is healthy. ``held``:
    detectors were not tuned with it.
    """

    name: str
    leaky: bool
    held: bool
    where: str


@dataclass(frozen=True, slots=True)
class Trial:
    """What was said about a case. ``found``: a leak; ``right_line``: one of its causes is where it stays."""

    case: Case
    report: Report

    @property
    def ill(self) -> bool:
        return self.case.leaky

    @property
    def found(self) -> bool:
        return self.report.outcome is Outcome.LEAK

    @property
    def right_line(self) -> bool:
        return any(
            cause.place.function.startswith(self.case.where)
            or f"{cause.place.file.rpartition('/')[2]}:{cause.place.line}" == self.case.where
            for cause in self.report.leaks
        )

    @property
    def false_alarms(self) -> int:
        return int(self.found and not self.case.leaky)


def cases(corpus: Binary) -> tuple[Case, ...]:
    """All cases of a built corpus, the leaky ones first."""
    marked = marks(corpus.folder, "leak")
    listed = process.run(corpus, ["-list"]).check().json()
    return tuple(
        Case(c["name"], c["leaky"], c["held"], (c["where"] or marked[c["name"]][0]) if c["leaky"] else "")
        for c in listed
    )


def run(
    corpus: Binary,
    chosen: Sequence[Case],
    *,
    seconds: float = 4.0,
    snapshots: int = leaks.DEFAULT_SNAPSHOTS,
    prove: bool = True,
    at_once: int = 4,
) -> Iterator[Trial]:
    """Each case is started and watched, ``at_once`` of them at a time. The order is that of ``chosen``.

    Raises:
        LineNotSeen: a case did not come up.
        EndpointError: a case ended while it was watched.
    """

    def one(case: Case) -> Trial:
        with process.start(corpus, ["-case", case.name, "-for", "10m"], wall_limit_s=600) as live:
            address = json.loads(live.wait_for_line("address", timeout_s=60))["address"]
            time.sleep(_SETTLES_S)
            return Trial(case, leaks.watch(address, seconds=seconds, snapshots=snapshots, prove=prove))

    with ThreadPoolExecutor(at_once) as pool:
        yield from pool.map(one, chosen)
