"""The Go program that the tests run, and a way to find every process that descends from a run."""

from __future__ import annotations

import os
import select
import signal
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from schedlab import toolchain

_VARIABLE = "SCHEDLAB_TEST_FAMILY"
# Generous: a machine under load may take its time; nothing is decided by how long it takes.
_PATIENCE_S = 120.0


class Family:
    """All processes that carry a mark in their environment: no fork and no setsid takes it away."""

    def __init__(self) -> None:
        self._mark = uuid.uuid4().hex

    @property
    def env(self) -> dict[str, str]:
        """What to add to the environment of a process that founds the family."""
        return {_VARIABLE: self._mark}

    def pids(self) -> set[int]:
        """Living members, without this process."""
        wanted = f"{_VARIABLE}={self._mark}".encode()
        members = set()
        for entry in os.scandir("/proc"):
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                with suppress(OSError):
                    if wanted in Path(entry.path, "environ").read_bytes().split(b"\0"):
                        members.add(int(entry.name))
        return members

    def wait_gone(self, *, but: frozenset[int] = frozenset()) -> None:
        """Wait until no member is left, by their pidfds."""
        give_up = time.monotonic() + _PATIENCE_S
        while members := self.pids() - but:
            assert time.monotonic() < give_up, f"still there: {[_describe(pid) for pid in members]}"
            for pid in members:
                _wait_end(pid, give_up)

    def end(self) -> None:
        """Kill what is left, so that one failed test does not disturb the next."""
        for pid in self.pids():
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="session")
def subject() -> toolchain.Binary:
    """The program in testdata/subject, built."""
    return toolchain.build(Path(__file__).parent / "testdata" / "subject")


@pytest.fixture
def family(monkeypatch: pytest.MonkeyPatch) -> Iterator[Family]:
    """A family that all that this test starts belongs to; the test fails if a member outlives it."""
    founded = Family()
    for name, mark in founded.env.items():
        monkeypatch.setenv(name, mark)
    yield founded
    left = [_describe(pid) for pid in founded.pids()]
    founded.end()
    assert not left


@pytest.fixture(autouse=True)
def _no_zombies() -> Iterator[None]:
    """The test leaves no child unreaped; what an earlier one left is not its fault."""
    before = set(_own_children())
    yield
    left = set(_own_children()) - before
    assert [pid for pid in left if _describe(pid).startswith("Z")] == []


def _own_children() -> list[int]:
    children: list[int] = []
    for thread in Path("/proc/self/task").iterdir():
        with suppress(OSError):
            children += map(int, (thread / "children").read_text().split())
    return children


def _describe(pid: int) -> str:
    """State and command line, ``S /bin/sh -c …``."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0]
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
    except OSError:
        return f"(pid {pid} is gone)"
    return f"{state} {command.decode(errors='replace')}"


def _wait_end(pid: int, give_up: float) -> None:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        poll.poll(max(0.0, give_up - time.monotonic()) * 1000)
    finally:
        os.close(descriptor)
