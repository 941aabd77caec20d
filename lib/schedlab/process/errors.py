"""What can go wrong with a program that is run, one type each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schedlab.errors import SchedlabError

if TYPE_CHECKING:
    from schedlab.process.finished import Finished

_SHOWN_CHARACTERS = 2000


class NotSupportedHere(SchedlabError):
    """This operating system has no such thing (affinity on macOS, for example)."""


class QuotaUnavailable(SchedlabError):
    """A CPU quota was asked for and cannot be set here; the message says why."""


class LaunchFailed(SchedlabError):
    """The program could not be started."""


class ProgramNotFound(LaunchFailed):
    """There is no file at the program's path, or its interpreter or loader is missing."""


class ProgramNotExecutable(LaunchFailed):
    """The file is there, but this user may not execute it, or it is a folder."""


class WrongBinaryFormat(LaunchFailed):
    """The file is not a program of this system: exec answers ENOEXEC."""


class SupervisorLost(SchedlabError):
    """The process that watches the program was killed from outside. What it watched has been ended."""


class LineNotSeen(SchedlabError):
    """The awaited line did not come: the program ended, or the time passed."""


class OutputNotJson(SchedlabError):
    """Standard output is not the JSON that was expected. The message shows what was printed."""


class _Ended(SchedlabError):
    """An end of the program that is an error; ``finished`` holds all that is known of it."""

    def __init__(self, message: str, finished: Finished, *, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.finished = finished

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.message, self.finished, self.remedy))


class ProgramFailed(_Ended):
    """The program ended with a status other than 0, or by a signal."""


class WallLimitExceeded(_Ended):
    """The program was still running at its wall limit. ``finished`` holds its output until then."""


class ProcessesLeft(_Ended):
    """Some descendants could not be killed (another user's, or stuck in the kernel); ``pids`` names them."""

    @property
    def pids(self) -> tuple[int, ...]:
        return self.finished.left_pids


def shortened(text: str, *, keep: str = "tail") -> str:
    """At most 2000 characters of ``text``, its end or its beginning, marked where it was cut."""
    if len(text) <= _SHOWN_CHARACTERS:
        return text
    if keep == "head":
        return f"{text[:_SHOWN_CHARACTERS]}…"
    return f"…{text[-_SHOWN_CHARACTERS:]}"


def _rebuild(kind: type[_Ended], message: str, finished: Finished, remedy: str) -> _Ended:
    return kind(message, finished, remedy=remedy)
