"""What can go wrong when a Timeline is written for another tool."""

from __future__ import annotations

from schedlab.errors import SchedlabError, UsageError


class ExportFailed(SchedlabError):
    """The file could not be written."""


class TooMuchToShow(UsageError):
    """More events or tracks than a viewer can show, and than was asked for."""
