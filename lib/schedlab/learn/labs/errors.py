"""What can go wrong with a lab that is not the learner's program."""

from __future__ import annotations

from schedlab.errors import SchedlabError, UsageError


class UnknownLab(UsageError):
    """There is no lab of that name."""


class BadManifest(SchedlabError):
    """A lab's own files are not as they must be; the message names the file and the key."""


class NotOpened(UsageError):
    """The learner has no copy of this lab yet."""


class NotPassedYet(UsageError):
    """What was asked for is for who has passed the lab."""


class CannotRecord(SchedlabError):
    """What a lab gives to its learner could not be recorded on this machine."""


class CannotKeep(SchedlabError):
    """A learner's file could not be put in its place; nothing was lost."""
