"""Run the experiments of claims and compute the verdicts."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from schedlab import process, toolchain
from schedlab.claims import ledger
from schedlab.claims.errors import NotMeasurableHere
from schedlab.claims.model import Claim, Decision, Entry, Judged, Result, not_measurable
from schedlab.claims.rig import Rig
from schedlab.claims.verdicts import Verdict
from schedlab.errors import SchedlabError
from schedlab.process import NotSupportedHere, QuotaUnavailable, WallLimitExceeded
from schedlab.toolchain import CCompilerNotFound, ReleaseUnavailable, parse_minor

# What a machine lacks, or is too busy for, says nothing about a claim.
_CANNOT_HERE = (
    NotMeasurableHere,
    CCompilerNotFound,
    NotSupportedHere,
    QuotaUnavailable,
    ReleaseUnavailable,
    WallLimitExceeded,
)


@dataclass(slots=True)
class Judge:
    """Judges claims, each with one run of its experiment per release: what claims share is run once.

    ``releases`` are minor releases (``("1.24", "1.27")``); if there are none, the course's own Go, and for
    a claim whose entry compares releases those too.
    """

    releases: tuple[str, ...] = ()
    _rigs: dict[str, Rig] = field(default_factory=dict)

    def judge(self, claim: Claim) -> Judged:
        """One claim on its releases, oldest first."""
        entry = ledger.entries()[claim.id]
        chosen = self.releases or (_name(toolchain.find().minor()), *entry.compare)
        names = sorted(set(chosen), key=parse_minor)
        results = tuple(self._on(claim, entry, name) for name in names)
        return Judged(claim, results, together(results))

    def _on(self, claim: Claim, entry: Entry, name: str) -> Result:
        try:
            rig = self._rig(name)
        except ReleaseUnavailable as error:
            return Result(claim, f"go{name}", not_measurable(error.message), entry.rule)
        return on_rig(claim, entry, rig)

    def _rig(self, name: str) -> Rig:
        if name not in self._rigs:
            self._rigs[name] = Rig.of(name)
        return self._rigs[name]


def on_rig(claim: Claim, entry: Entry, rig: Rig) -> Result:
    """One claim on one release. A broken experiment gives a result with ``error``, not an exception."""
    began = time.monotonic()
    release = rig.toolchain.release
    try:
        _check_needs(entry, rig)
        measured = rig.once(entry.measure)
        decision = entry.decide(measured.values)
    except _CANNOT_HERE as error:
        reason = error.message.splitlines()[0]
        return Result(claim, release, not_measurable(reason), entry.rule, seconds=time.monotonic() - began)
    except (SchedlabError, LookupError, ValueError, TypeError, ArithmeticError, OSError) as error:
        problem = f"{type(error).__name__}: {error}"
        broken = not_measurable("the experiment itself failed")
        return Result(claim, release, broken, entry.rule, seconds=time.monotonic() - began, error=problem)
    return Result(
        claim,
        release,
        decision,
        entry.rule,
        measured.said,
        measured.values,
        time.monotonic() - began,
        entry.seconds,
    )


def together(results: Iterable[Result]) -> Decision:
    """The verdict of one claim over its releases: theirs if they agree, else that it depends on the release.

    A release on which it could not be measured has no vote, unless there is no other.
    """
    every = tuple(results)
    voting = [result for result in every if result.verdict is not Verdict.NOT_MEASURABLE_HERE]
    if not voting:
        return every[-1].decision
    if len({result.verdict for result in voting}) == 1:
        return voting[-1].decision
    said = "; ".join(f"{result.release}: {result.verdict.value}" for result in voting)
    return Decision(Verdict.DEPENDS_ON_RELEASE, said, voting[-1].decision.corrected)


def _check_needs(entry: Entry, rig: Rig) -> None:
    needs = entry.needs
    if rig.machine.cores < needs.cores:
        raise NotMeasurableHere(f"this needs {needs.cores} CPUs, and may use {rig.machine.cores}")
    if needs.linux and rig.machine.system != "Linux":
        raise NotMeasurableHere(f"this needs Linux, and runs on {rig.machine.system}")
    if needs.quota:
        support = process.quota_support()
        if not support.available:
            raise NotMeasurableHere(f"this needs a CPU quota: {support.reason}")
    if needs.c_compiler:
        toolchain.c_compiler()


def _name(minor: tuple[int, int]) -> str:
    return f"{minor[0]}.{minor[1]}"
