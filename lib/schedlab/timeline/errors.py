"""What can go wrong with a Timeline's file."""

from __future__ import annotations

from schedlab.errors import SchedlabError


class TimelineError(SchedlabError):
    """A Timeline that cannot be written or read."""


class NotATimeline(TimelineError):
    """The file is none that ``Timeline.save`` wrote."""


class NewerFormat(TimelineError):
    """A later schedlab wrote the file, in a way that this one does not know."""


class DamagedTimeline(TimelineError):
    """The file was cut, or something in it is not as it was written."""


class TimelineExists(TimelineError):
    """There is a file of that name already."""


class TimelineNotWritten(TimelineError):
    """The file could not be written."""
