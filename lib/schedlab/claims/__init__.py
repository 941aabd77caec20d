"""The ledger: every claim of the article, its experiment, its verdict on this machine."""

from schedlab.claims.errors import ClaimNotFound, LedgerDamaged, NotMeasurableHere
from schedlab.claims.judge import Judge, on_rig, together
from schedlab.claims.ledger import choose, claims, entries
from schedlab.claims.model import Claim, Decision, Entry, Judged, Measured, Needs, Result
from schedlab.claims.rig import Rig
from schedlab.claims.verdicts import Verdict

__all__ = [
    "Claim",
    "ClaimNotFound",
    "Decision",
    "Entry",
    "Judge",
    "Judged",
    "LedgerDamaged",
    "Measured",
    "Needs",
    "NotMeasurableHere",
    "Result",
    "Rig",
    "Verdict",
    "choose",
    "claims",
    "entries",
    "on_rig",
    "together",
]
