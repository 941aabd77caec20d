"""A supervisor's bad news: what it means for the learner, and what to do if the supervisor itself is gone."""

from __future__ import annotations

import errno
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from schedlab.errors import SchedlabError
from schedlab.process._messages import Failed
from schedlab.process._request import Request
from schedlab.process.errors import (
    LaunchFailed,
    ProgramNotExecutable,
    ProgramNotFound,
    QuotaUnavailable,
    WrongBinaryFormat,
)


def launch_error(request: Request, failed: Failed) -> SchedlabError:
    """The error for a stage of starting that failed with an errno."""
    reason = os.strerror(failed["errno"])
    if failed["stage"] == "quota":
        return QuotaUnavailable(f"a control group for {request.quota} cannot be made or joined: {reason}")
    if failed["stage"] == "affinity":
        return LaunchFailed(f"{request.program} cannot be put on CPUs {request.cpus}: {reason}")
    if failed["stage"] == "cwd":
        return LaunchFailed(f"the working folder {request.cwd} cannot be entered: {reason}")
    if failed["stage"] == "confinement":
        return LaunchFailed(f"{request.program} cannot be confined: {reason}")
    return _exec_error(request.program, failed["errno"], reason)


def kill_session(session: int) -> None:
    """Kill all processes of a session whose leader, a supervisor, was killed and is not yet reaped.

    A descendant that began a session of its own cannot be told from a stranger any more.
    """
    for _ in range(100):
        members = _members(session)
        if not members:
            return
        for pid in members:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def _exec_error(program: str, number: int, reason: str) -> LaunchFailed:
    if number in (errno.ENOENT, errno.ENOTDIR):
        if Path(program).exists():
            return ProgramNotFound(f"{program} needs an interpreter or a loader that is not there")
        return ProgramNotFound(f"there is no program {program}", remedy="Give the path of a built program.")
    if number in (errno.EACCES, errno.EPERM, errno.EISDIR):
        return ProgramNotExecutable(
            f"{program} may not be executed: {reason}",
            remedy="Is it a file, and is it executable (chmod +x)?",
        )
    if number == errno.ENOEXEC:
        return WrongBinaryFormat(
            f"{program} is not a program of this system: {reason}",
            remedy="Build it for this operating system and CPU; a script begins with #! and its interpreter.",
        )
    return LaunchFailed(f"{program} cannot be started: {reason}")


def _members(session: int) -> list[int]:
    """Living members of a session but its leader: from /proc, so on Linux only."""
    members = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, IndexError):
            state, _, _, of_session = entry.read_text(errors="replace").rpartition(")")[2].split()[:4]
            pid = int(entry.parent.name)
            if int(of_session) == session and pid != session and state not in "ZX":
                members.append(pid)
    return members
