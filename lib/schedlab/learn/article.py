"""What the article says, tested on the learner's machine: the ledger's claims in a chapter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schedlab.claims import Judge, Judged, choose
from schedlab.learn.html import Shown
from schedlab.learn.verdicts import verdict


@dataclass(frozen=True, slots=True, repr=False)
class ShownClaim(Shown):
    """A claim's box, and ``judged``: its measured values and verdict, for a check."""

    judged: Judged


class Article:
    """The claims of the article, each with its experiment. What several claims share is run once."""

    def __init__(self, releases: Sequence[str] = ()) -> None:
        """``releases`` are minor Go releases to test with, as ``"1.26"``; without, the course's own."""
        self._judge = Judge(tuple(releases))
        self._broken: list[str] = []

    @property
    def broken(self) -> tuple[str, ...]:
        """What went wrong in experiments so far: a defect of theirs, as against "not measurable here"."""
        return tuple(self._broken)

    def claim(self, name: str) -> ShownClaim:
        """Run the experiment of the claim ``name`` (``"C1.2a"``) unless it has run; show the verdict.

        What the article prints as code or as a command is shown as it is printed.

        Raises:
            ClaimNotFound: the ledger has no such claim.
        """
        (claim,) = choose([name])[:1]
        judged = self._judge.judge(claim)
        self._broken += [f"{claim.id}: {error}" for error in judged.errors]
        newest = judged.newest
        shown = verdict(
            f"{claim.english} ({claim.id})",
            newest.said or newest.decision.reason,
            judged.verdict,
            reason=judged.decision.reason or newest.error,
            corrected=judged.decision.corrected,
            rule=newest.rule,
            printed=claim.original if claim.kind in ("command", "code") else "",
        )
        return ShownClaim(shown.html, shown.plain, judged)
