"""Why there is no diagnosis."""

from __future__ import annotations

from schedlab.errors import SchedlabError


class DiagnoseError(SchedlabError):
    """No diagnosis could be made; 3, so that a script can tell it from a diagnosis (1)."""

    exit_status = 3


class NotEnoughEvidence(DiagnoseError):
    """What is there would support any answer, such as one profile alone."""


class WrongProfile(DiagnoseError):
    """A profile of another kind, which says nothing about goroutines that stay."""


class MixedCaptures(DiagnoseError):
    """Captures that cannot be of one program's life."""
