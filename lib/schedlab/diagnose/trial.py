"""Leak detection on trial: programs of which it is known whether and where they leak.

The corpus is one Go program with many cases, ``tests/diagnose/testdata/corpus``. A comment "leak: NAME" marks
the line where a case's goroutines stay.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from schedlab import process
from schedlab.diagnose import leaks
from schedlab.diagnose.leaks import Outcome, Report
from schedlab.toolchain import Binary

_MARK = re.compile(r"// leak: (\w+)\s*$", re.MULTILINE)
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
    def found(self) -> bool:
        return self.report.outcome is Outcome.LEAK

    @property
    def right_line(self) -> bool:
        return any(
            cause.place.function.startswith(self.case.where)
            or f"{cause.place.file.rpartition('/')[2]}:{cause.place.line}" == self.case.where
            for cause in self.report.leaks
        )


@dataclass(frozen=True, slots=True)
class Score:
    """Counts over trials. Each rate is None if there was nothing to take it of."""

    leaky: int
    found: int
    right_line: int
    healthy: int
    false_alarms: int

    @property
    def recall(self) -> float | None:
        """Of the leaky programs, the share in which a leak was found on the right line."""
        return self.right_line / self.leaky if self.leaky else None

    @property
    def precision(self) -> float | None:
        """Of the programs that were called leaky, the share that is."""
        called = self.found + self.false_alarms
        return self.found / called if called else None


def cases(corpus: Binary) -> tuple[Case, ...]:
    """All cases of a built corpus, the leaky ones first."""
    marks = {
        match[1]: f"{file.name}:{text[: match.start()].count(chr(10)) + 1}"
        for file in sorted(corpus.folder.glob("*.go"))
        for text in [file.read_text(encoding="utf-8")]
        for match in _MARK.finditer(text)
    }
    listed = process.run(corpus, ["-list"]).check().json()
    return tuple(
        Case(c["name"], c["leaky"], c["held"], (c["where"] or marks[c["name"]]) if c["leaky"] else "")
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


def score(trials: Iterable[Trial], where: Callable[[Case], bool] = lambda _: True) -> Score:
    """How often it was right, over the cases for which ``where`` is true."""
    counted = [trial for trial in trials if where(trial.case)]
    leaky = [trial for trial in counted if trial.case.leaky]
    healthy = [trial for trial in counted if not trial.case.leaky]
    return Score(
        leaky=len(leaky),
        found=sum(trial.found for trial in leaky),
        right_line=sum(trial.right_line for trial in leaky),
        healthy=len(healthy),
        false_alarms=sum(trial.found for trial in healthy),
    )
