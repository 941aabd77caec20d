"""Read and write pprof profiles: what Go's runtime/pprof and net/http/pprof write, gzipped or not.

All kinds share one format: CPU, goroutine, goroutineleak, heap, allocs, block, mutex, threadcreate, a
program's own kinds, and what ``go tool trace -pprof=...`` makes from an execution trace. They differ in
their sample types.

>>> profile = pprof.load("cpu.pb.gz")            # doctest: +SKIP
>>> profile.top("cpu", 10)                       # doctest: +SKIP

Source of the format: proto/profile.proto of https://github.com/google/pprof; what a valid profile is:
``(*Profile).CheckValid`` there. One difference on purpose: an id that leads nowhere is an error here even
where pprof takes it for "unknown". ``drop_frames`` and ``keep_frames`` are reported, not applied: Go
writes neither.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from google.protobuf.message import DecodeError

from schedlab.capture._pprof_errors import DamagedProfile, NotAProfile, ProfileTooLarge, TruncatedProfile
from schedlab.capture._pprof_records import Frame, Label, ObjectFile, Profile, ValueType
from schedlab.capture._pprof_resolve import resolve
from schedlab.capture._pprof_schema import begins_like_a_profile, decode
from schedlab.capture._pprof_unpack import too_large, unpack
from schedlab.capture._pprof_write import written
from schedlab.capture.errors import CaptureError
from schedlab.errors import UsageError

__all__ = [
    "DEFAULT_LIMIT_BYTES",
    "DamagedProfile",
    "Frame",
    "Label",
    "NotAProfile",
    "ObjectFile",
    "Profile",
    "ProfileTooLarge",
    "TruncatedProfile",
    "ValueType",
    "dump",
    "load",
    "parse",
]

DEFAULT_LIMIT_BYTES: Final = 64 << 20
"""Profiles of real programs unpack to a few MiB. A message made to hurt takes up to 60 times its length in
memory (small messages by the million), so this limit keeps even such a one below 4 GiB."""


def load(path: str | os.PathLike[str], *, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> Profile:
    """The profile in a file. Never reads more than ``limit_bytes`` + 1 bytes of it.

    Raises:
        CaptureError: the file cannot be read.
        NotAProfile, TruncatedProfile, DamagedProfile, ProfileTooLarge: as ``parse``.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(_checked(limit_bytes) + 1)
    except OSError as error:
        raise CaptureError(f"cannot read {os.fspath(path)!r}: {error.strerror or error}") from error
    if len(data) > limit_bytes:
        raise too_large(f"the file is longer than {limit_bytes:,} bytes", limit_bytes)
    return parse(data, limit_bytes=limit_bytes)


def parse(data: bytes, *, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> Profile:
    """The profile in ``data``: a profile.proto message, gzipped or not.

    ``limit_bytes`` bounds the unpacked message, and once more the stacks when they are written out.

    Raises:
        NotAProfile: something else.
        TruncatedProfile: empty, or it stops in the middle.
        DamagedProfile: an index or id in it leads nowhere, or its gzip is broken.
        ProfileTooLarge: more than ``limit_bytes``.
    """
    message_bytes = unpack(data, _checked(limit_bytes))
    try:
        message = decode(message_bytes)
    except DecodeError as error:
        if begins_like_a_profile(message_bytes):
            raise TruncatedProfile(
                "it begins like a profile, then cannot be read: it was cut short or changed",
                remedy="Copy it again, or let the program finish writing it.",
            ) from error
        raise NotAProfile("this is not a pprof profile") from error
    return resolve(message, limit_bytes)


def dump(profile: Profile) -> bytes:
    """The profile as a gzipped profile.proto message, which ``parse`` and ``go tool pprof`` read.

    An inlined call becomes a location of its own: ``Frame`` does not say which call it was inlined into.
    """
    return written(profile)


def _checked(limit_bytes: int) -> int:
    if limit_bytes < 1:
        raise UsageError(f"limit_bytes must be at least 1, not {limit_bytes}")
    return limit_bytes
