"""What can go wrong with the ledger of claims."""

from __future__ import annotations

from schedlab.errors import SchedlabError, UsageError


class ClaimNotFound(UsageError):
    """The ledger has no claim of that name."""


class LedgerDamaged(SchedlabError):
    """A claim without an experiment, an experiment without a claim, or a text that is missing."""


class NotMeasurableHere(SchedlabError):
    """An experiment found that this machine cannot show what it looks for; the message says why."""
