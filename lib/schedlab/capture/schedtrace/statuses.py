"""The names that runtime2.go gives to the status numbers of Ps and Gs, release by release.

Read in the sources of Go 1.2, 1.4, 1.5, 1.12, 1.14, 1.17 to 1.27. Nothing before Go 1.5 has the leading
underscore, because those names are C's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from schedlab.errors import UsageError

G_SCAN = 0x1000
"""``_Gscan``: the bit that says that the G's stack is being scanned, or that the G is held for it."""


@dataclass(frozen=True, slots=True)
class Release:
    """A Go release such as 1.27; what follows the minor number does not change a status."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"go{self.major}.{self.minor}"


def release_of(text: str) -> Release:
    """The release in ``go1.27``, ``1.27.3``, ``go1.28rc1`` or ``devel go1.28-0a1b2c``.

    Raises UsageError for any other text.
    """
    match = _RELEASE.fullmatch(text.strip())
    if not match:
        raise UsageError(f"{text!r} is no Go release", remedy="Write it as in go1.27 or go1.27.3.")
    return Release(int(match[1]), int(match[2]))


def p_status_name(status: int, release: Release | None) -> str:
    """The name of a P's status; ``unknown(N)`` where ``release`` has none.

    Without a release, 2 is ``_Psyscall``: from Go 1.26 on, where the name is ``_Psyscall_unused``, no P is
    ever given that status, so a capture in which it is seen is older.
    """
    return _named(_P_NAMES, status, release)


def g_status_name(status: int, release: Release | None) -> str:
    """The name of a G's status, ``_Gscan…`` when the scan bit is set; ``unknown(N)`` where there is none."""
    if not status & G_SCAN:
        return _named(_G_NAMES, status, release)
    plain = _named(_G_NAMES, status & ~G_SCAN, release)
    if plain.startswith("unknown"):
        return f"unknown({status})"
    return plain.replace("G", "Gscan", 1)


def explained(release: Release | None) -> str:
    """Where the names come from, in one sentence."""
    if release is None:
        return (
            "No release was given: a number has the name that it has in every release that prints it, "
            "and is unknown(N) where releases differ."
        )
    if (release.major, release.minor) > _NEWEST:
        newest = Release(*_NEWEST)
        return f"{release} is newer than {newest}, the newest release whose source was read: named as there."
    return f"Named as in {release}'s runtime2.go."


@dataclass(frozen=True, slots=True)
class _Name:
    name: str
    since: tuple[int, int] = (1, 0)
    until: tuple[int, int] = (999, 999)


_NEWEST = (1, 27)
_RELEASE = re.compile(r"(?:devel )?(?:go)?(\d{1,3})\.(\d{1,3})(?:\D.*)?", re.ASCII | re.DOTALL)

# The first name of a number is the one to use without a release, unless it is empty.
_P_NAMES: dict[int, tuple[_Name, ...]] = {
    0: (_Name("_Pidle"),),
    1: (_Name("_Prunning"),),
    2: (_Name("_Psyscall", until=(1, 25)), _Name("_Psyscall_unused", since=(1, 26))),
    3: (_Name("_Pgcstop"),),
    4: (_Name("_Pdead"),),
}
_G_NAMES: dict[int, tuple[_Name, ...]] = {
    0: (_Name("_Gidle"),),
    1: (_Name("_Grunnable"),),
    2: (_Name("_Grunning"),),
    3: (_Name("_Gsyscall"),),
    4: (_Name("_Gwaiting"),),
    5: (_Name("_Gmoribund_unused"),),
    6: (_Name("_Gdead"),),
    # _Genqueue was in use for _Gscanenqueue alone; the sources from 1.6 to 1.11 were not read.
    7: (
        _Name("", since=(999, 999)),
        _Name("_Genqueue", since=(1, 4), until=(1, 5)),
        _Name("_Genqueue_unused", since=(1, 12)),
    ),
    8: (_Name("_Gcopystack", since=(1, 4)),),
    9: (_Name("_Gpreempted", since=(1, 14)),),
    10: (_Name("_Gleaked", since=(1, 26)),),
    11: (_Name("_Gdeadextra", since=(1, 26)),),
}


def _named(names: dict[int, tuple[_Name, ...]], status: int, release: Release | None) -> str:
    candidates = names.get(status, ())
    if release is None:
        return candidates[0].name if candidates and candidates[0].name else f"unknown({status})"
    at = (release.major, release.minor)
    for candidate in candidates:
        if candidate.since <= at <= candidate.until:
            return candidate.name.lstrip("_") if at < (1, 5) else candidate.name
    return f"unknown({status})"
