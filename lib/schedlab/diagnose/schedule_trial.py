"""The detectors of bad scheduling on trial: programs of which it is known what they suffer from, and where.

The corpus is two Go programs with many cases, below ``tests/diagnose/testdata``: one that calls C, one that
does not. A comment "ill: NAME" marks each line that is responsible for what a case suffers from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from schedlab import process, toolchain
from schedlab.diagnose.examine import Unasked, examine
from schedlab.diagnose.findings import Finding, Kind
from schedlab.diagnose.trial import marks
from schedlab.process import GoSettings
from schedlab.process.errors import QuotaUnavailable

_LENGTH_MS = 1000
# Beyond the length: what a case does before and after it counts it.
_RECORDED_S = 20.0


@dataclass(frozen=True, slots=True)
class Case:
    """One program of the corpus in ``folder``.

    ``kind`` is what it suffers from, None if it is well; ``also`` is what else is true of it by its make,
    which is neither asked for nor held against whoever says it. ``lines`` are FILE:LINE; a case without
    any has no guilty line, such as one whose settings are wrong. ``held``: no detector was tuned with it.
    """

    folder: Path
    name: str
    kind: Kind | None
    also: tuple[Kind, ...]
    held: bool
    lines: tuple[str, ...]
    settings: GoSettings
    quota_cpus: float | None


@dataclass(frozen=True, slots=True)
class Trial:
    """What was said about a case; ``not_run`` is why nothing could be, if so."""

    case: Case
    findings: tuple[Finding, ...] = ()
    unasked: tuple[Unasked, ...] = ()
    not_run: str = ""

    @property
    def ill(self) -> bool:
        return self.case.kind is not None

    @property
    def why_unasked(self) -> str:
        """Why the question of this case was not asked at all; empty if it was."""
        whys = (one.why for one in self.unasked if self.case.kind in one.kinds)
        return self.not_run or next(whys, "")

    @property
    def busy(self) -> bool:
        """Whether the machine was too busy to ask everything."""
        return any(one.busy for one in self.unasked)

    @property
    def found(self) -> bool:
        return self._named is not None

    @property
    def right_line(self) -> bool:
        """One of the lines that are named is marked."""
        named = (
            {f"{line.file.rpartition('/')[2]}:{line.line}" for line in self._named.lines}
            if self._named
            else set()
        )
        return self.found and (not self.case.lines or bool(named & set(self.case.lines)))

    @property
    def wrong(self) -> tuple[Finding, ...]:
        """What was said of it and is not so."""
        true = {self.case.kind, *self.case.also}
        return tuple(finding for finding in self.findings if finding.kind not in true)

    @property
    def false_alarms(self) -> int:
        return len(self.wrong)

    @property
    def _named(self) -> Finding | None:
        return next((finding for finding in self.findings if finding.kind == self.case.kind), None)


def cases(corpus: toolchain.Binary) -> tuple[Case, ...]:
    """All cases of a built corpus."""
    marked = marks(corpus.folder, "ill")
    return tuple(
        Case(
            folder=corpus.folder,
            name=one["name"],
            kind=Kind(one["kind"]) if one["kind"] else None,
            also=tuple(map(Kind, one["also"] or ())),
            held=one["held"],
            lines=marked.get(one["name"], ()),
            settings=GoSettings(
                gomaxprocs=one["gomaxprocs"],
                godebug={"asyncpreemptoff": 1} if one["async_preempt_off"] else {},
            ),
            quota_cpus=one["quota_cpus"] or None,
        )
        for one in process.run(corpus, ["-list"]).check().json()
    )


def run(chosen: Sequence[Case], *, tries: int = 1) -> Iterator[Trial]:
    """Record and examine each case, one after the other: together they would take each other's CPU.

    ``tries``: how often at most, if the machine was too busy to ask everything.
    """
    for case in chosen:
        for _ in range(tries):
            trial = _one(case)
            if not trial.busy:
                break
        yield trial


def _one(case: Case) -> Trial:
    try:
        found = examine(
            case.folder,
            ["-case", case.name, "-for", f"{_LENGTH_MS}ms"],
            seconds=_RECORDED_S,
            settings=case.settings,
            quota_cpus=case.quota_cpus,
        )
    except QuotaUnavailable as error:
        return Trial(case, not_run=error.message)
    return Trial(case, found.findings, found.unasked)
