"""The root of what goes wrong while a capture is read."""

from __future__ import annotations

from schedlab.errors import SchedlabError


class CaptureError(SchedlabError):
    """A capture that cannot be read."""
