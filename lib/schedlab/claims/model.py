"""The words of the ledger: a claim, its experiment, what was measured, what follows from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from schedlab.claims.verdicts import Verdict

if TYPE_CHECKING:
    from schedlab.claims.rig import Rig

# What JSON can hold.
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that the article says: ``original`` in its own words, ``english`` a faithful rendering.

    ``kind`` is where it stands: prose, table, diagram, code, command or figure.
    """

    id: str
    section: str
    kind: str
    original: str
    english: str


@dataclass(frozen=True, slots=True)
class Measured:
    """What an experiment found: numbers and words by name, and ``said``, a sentence with these numbers."""

    values: Values
    said: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict that a rule computed from what was measured.

    ``reason`` says why in a few words. ``corrected`` is what may be said instead, made of measured
    values; an imprecise claim has one.
    """

    verdict: Verdict
    reason: str = ""
    corrected: str = ""

    def __post_init__(self) -> None:
        if self.verdict is Verdict.IMPRECISE and not self.corrected.strip():
            raise ValueError("an imprecise claim needs the corrected statement")
        if self.verdict is Verdict.NOT_MEASURABLE_HERE and not self.reason.strip():
            raise ValueError("what is not measurable here needs the reason")


@dataclass(frozen=True, slots=True)
class Needs:
    """What an experiment needs of the machine. ``linux``: it reads /proc or uses what only Linux has."""

    cores: int = 1
    linux: bool = False
    quota: bool = False
    c_compiler: bool = False


NOTHING_SPECIAL = Needs()


@dataclass(frozen=True, slots=True)
class Entry:
    """How the claim ``id`` is tested.

    ``measure`` runs real programs or reads the release's own source; claims that share it share its one
    run. ``decide`` turns the values into a verdict by ``rule``, which says in a sentence what counts and
    with which margin. ``seconds`` is the time budget of ``measure`` on two ordinary cores. ``examined``
    are the Go releases that the rule was checked with by a person; ``compare`` are releases that are
    measured besides the one in use, because their sources differ here.
    """

    id: str
    measure: Callable[[Rig], Measured]
    rule: str
    decide: Callable[[Values], Decision]
    seconds: float
    examined: tuple[str, ...]
    needs: Needs = NOTHING_SPECIAL
    compare: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """One claim on one release. ``error`` is not empty if the experiment itself is broken."""

    claim: Claim
    release: str
    decision: Decision
    rule: str
    said: str = ""
    values: Values = field(default_factory=dict)
    seconds: float = 0.0
    budget_s: float = 0.0
    error: str = ""

    @property
    def verdict(self) -> Verdict:
        return self.decision.verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """One claim on all releases that were asked for, oldest first, and the verdict of them together."""

    claim: Claim
    results: tuple[Result, ...]
    decision: Decision

    @property
    def verdict(self) -> Verdict:
        return self.decision.verdict

    @property
    def newest(self) -> Result:
        return self.results[-1]

    @property
    def errors(self) -> tuple[str, ...]:
        return tuple(result.error for result in self.results if result.error)


def holds(reason: str = "") -> Decision:
    return Decision(Verdict.HOLDS, reason)


def does_not_hold(reason: str, corrected: str = "") -> Decision:
    return Decision(Verdict.DOES_NOT_HOLD, reason, corrected)


def imprecise(corrected: str, reason: str = "") -> Decision:
    return Decision(Verdict.IMPRECISE, reason, corrected)


def not_measurable(reason: str) -> Decision:
    return Decision(Verdict.NOT_MEASURABLE_HERE, reason)
