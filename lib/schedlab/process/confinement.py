"""What a program that is not trusted may not do."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from schedlab.errors import UsageError
from schedlab.process import _confine
from schedlab.process._messages import ConfinementSpec


@dataclass(frozen=True, slots=True)
class Confinement:
    """Limits that the kernel holds a program to, from exec on.

    - ``address_space_bytes``: RLIMIT_AS. The Go runtime reserves about 1 GiB at once, so not less than 2.
    - ``file_bytes``: RLIMIT_FSIZE, how long a file it may write.
    - ``open_files``: RLIMIT_NOFILE.
    - ``children``: False keeps it from starting processes, from tracing any, and from signalling any but
      itself; such calls fail with EPERM. Threads are not touched (seccomp(2); Linux on amd64 and arm64).
    - ``writable``: the files and folders that it may write in, make, remove or rename; None sets no bound.
      What it reads is not bounded. It may then execute no other program either, but for the dynamic loader
      that it names itself, if it does (Landlock; Linux 5.13).

    Where the kernel has no seccomp or no Landlock the rest still holds; see ``not_confined``.

    Raises:
        UsageError: a number that makes no sense.
    """

    address_space_bytes: int | None = None
    file_bytes: int | None = None
    open_files: int | None = None
    children: bool = True
    writable: tuple[Path, ...] | None = None

    def __post_init__(self) -> None:
        for name in ("address_space_bytes", "file_bytes", "open_files"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
                raise UsageError(f"{name}: {value!r} is not a whole number from 0")

    def with_writable(self, places: Iterable[str | os.PathLike[str]]) -> Confinement:
        """The same, and these places may be written to."""
        if self.writable is None:
            return self
        more = (*self.writable, *map(Path, places))
        return Confinement(self.address_space_bytes, self.file_bytes, self.open_files, self.children, more)

    def spec(self) -> ConfinementSpec:
        """As the supervisor is told."""
        limits = {
            "RLIMIT_AS": self.address_space_bytes,
            "RLIMIT_FSIZE": self.file_bytes,
            "RLIMIT_NOFILE": self.open_files,
            "RLIMIT_CORE": 0,
        }
        return {
            "limits": [(name, value) for name, value in limits.items() if value is not None],
            "children": self.children,
            "writable": None if self.writable is None else [os.fsencode(place) for place in self.writable],
        }


def writes_are_bounded() -> bool:
    """Whether ``Confinement.writable`` holds here."""
    return _confine.has_landlock()


def not_confined() -> tuple[str, ...]:
    """What this kernel cannot hold a program to, in words; empty where it can do all."""
    missing = []
    if not _confine.has_seccomp():
        missing.append("it cannot be kept from starting processes")
    if not writes_are_bounded():
        missing.append("it cannot be kept from writing to files of this user")
    return tuple(missing)
