"""From the bytes of a file to the bytes of a profile message: gzip or not, never more than the limit."""

from __future__ import annotations

import gzip
import io
import zlib
from typing import Final

from schedlab.capture._pprof_errors import (
    DamagedProfile,
    NotAProfile,
    ProfileTooLarge,
    TruncatedProfile,
)

_GZIP_MAGIC: Final = b"\x1f\x8b"
_STEP: Final = 1 << 20

# What people hand over by mistake, by its first bytes: what it is, and how to get the profile instead.
_MISTAKEN: Final[tuple[tuple[bytes, str, str], ...]] = (
    (b"goroutine profile:", "the text form of a goroutine profile", "Ask for it without debug=1."),
    (b"heap profile:", "the text form of a heap profile", "Ask for it without debug=1."),
    (b"threadcreate profile:", "the text form of a threadcreate profile", "Ask for it without debug=1."),
    (b"--- ", "the text form of a contention profile", "Ask for it without debug=1."),
    (b"goroutine ", "a list of goroutine stacks", "Ask for the goroutine profile without debug=2."),
    (b"go 1.", "an execution trace", "Read it with go tool trace."),
    (b"<", "a web page", "Fetch the profile itself, for example /debug/pprof/heap."),
)


def unpack(data: bytes, limit_bytes: int) -> bytes | bytearray:
    """The message in ``data``, unpacked if it is gzip (of one member or many).

    At most ``limit_bytes`` + 1 bytes are ever unpacked, in steps of 1 MiB.

    Raises:
        TruncatedProfile: empty, or a gzip that stops in the middle.
        DamagedProfile: a gzip whose content or checksum is wrong.
        ProfileTooLarge: more than ``limit_bytes``, unpacked or not.
        NotAProfile: text or another known format.
    """
    if not data:
        raise TruncatedProfile(
            "the profile is empty",
            remedy="A CPU profile is written by pprof.StopCPUProfile: call it before the program exits.",
        )
    if data.startswith(_GZIP_MAGIC) or data == _GZIP_MAGIC[:1]:
        return _inflate(data, limit_bytes)
    for start, what, remedy in _MISTAKEN:
        if data.startswith(start):
            raise NotAProfile(f"this is {what}, not a profile", remedy=remedy)
    if len(data) > limit_bytes:
        raise too_large(f"the profile is {len(data):,} bytes long", limit_bytes)
    return data


def too_large(what: str, limit_bytes: int) -> ProfileTooLarge:
    return ProfileTooLarge(
        f"{what}, the limit is {limit_bytes:,} bytes",
        remedy="If you trust where it comes from, pass a larger limit_bytes.",
    )


def _inflate(data: bytes, limit_bytes: int) -> bytearray:
    message = bytearray()
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            while chunk := stream.read(min(_STEP, limit_bytes + 1 - len(message))):
                message += chunk
                if len(message) > limit_bytes:
                    raise too_large(f"{len(data):,} bytes of gzip unpack to more", limit_bytes)
    except EOFError as error:
        raise _cut_short(data) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        if len(data) < len(_GZIP_MAGIC):
            raise _cut_short(data) from error
        raise DamagedProfile(
            f"the profile's gzip is broken: {error}", remedy="Copy or download it again, in binary mode."
        ) from error
    return message


def _cut_short(data: bytes) -> TruncatedProfile:
    return TruncatedProfile(
        f"the profile's gzip stops after {len(data):,} bytes, in the middle",
        remedy="Copy it again, or let the program finish writing it.",
    )
