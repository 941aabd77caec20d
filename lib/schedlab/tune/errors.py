"""What can go wrong with a sweep of parameters."""

from __future__ import annotations

from schedlab.errors import SchedlabError, UsageError


class GridInvalid(UsageError):
    """A grid, a goal or a limit that says nothing which could be measured."""


class StudyExists(UsageError):
    """The folder holds a study already, and nobody asked to go on with it."""


class StudyDiffers(UsageError):
    """The folder holds a study of another program, grid or order."""


class StudyDamaged(SchedlabError):
    """The folder's plan cannot be read."""


class NothingMeasured(SchedlabError):
    """No run of the study gave what is asked for."""
