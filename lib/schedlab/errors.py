"""The one root of every error that a learner can meet."""

from __future__ import annotations


class SchedlabError(Exception):
    """Something that went wrong, named, with what to do about it.

    ``exit_status`` is what the command line exits with: 1 for a failed run, 2 for wrong use.
    """

    exit_status = 1

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}\n{self.remedy}" if self.remedy else self.message

    def _render_traceback_(self) -> list[str]:
        """What IPython prints for it: the message. The stack through the package helps no learner."""
        return [f"{type(self).__name__}: {self}"]


class UsageError(SchedlabError):
    """The caller asked for something that cannot be: a wrong name, flag or value."""

    exit_status = 2
