"""Read the text that Go prints of its goroutines: ``goroutine?debug=2``, a panic's or SIGQUIT's traceback.

>>> dump = goroutines.parse(text)                # doctest: +SKIP
>>> dump.goroutines[0].waits_for                 # doctest: +SKIP
'chan receive'

Source of the format: ``goroutineheader``, ``traceback2`` and ``printcreatedby1`` in runtime/traceback.go.
The wait's age is whole minutes since the first garbage collection that saw the goroutine wait
(``gp.waitsince``, set in ``scanstack``'s caller in mgcmark.go): a program that never collects shows none.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from schedlab.capture.errors import CaptureError

__all__ = ["DEFAULT_LIMIT_BYTES", "Dump", "Goroutine", "NotADump", "Place", "Reject", "load", "parse"]

DEFAULT_LIMIT_BYTES: Final = 256 << 20
"""A hundred thousand goroutines with stacks of ten calls take about 100 MiB."""

_HEADER = re.compile(r"goroutine (\d+)(?: gp=\S+ m=\S+(?: mp=\S+)?)? \[([^\]\n]*)\](?: \{(?P<labels>.*)\})?:")
_CREATED = re.compile(r"created by (.+?)(?: in goroutine (\d+))?")
_LINE = re.compile(r"\t(.+):(\d+)(?: \+0x[0-9a-f]+)?(?: fp=.*)?")
_AGE = re.compile(r"(\d+) minutes")
_ELIDED = re.compile(r"\.\.\.(?:additional|\d+) frames elided\.\.\.")
# Words that the runtime puts behind a status.
_SUFFIXES = (" (leaked)", " (scan)", " (durable)")


class NotADump(CaptureError):
    """There is no goroutine in it."""


@dataclass(frozen=True, slots=True)
class Place:
    """A line of code; ``line`` is 0 where the text names a function only."""

    function: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Goroutine:
    """One goroutine. ``stack`` is the leaf first; frames of the runtime are left out by Go itself.

    ``waits_for`` is the runtime's wait reason or status (``"chan receive"``, ``"running"``);
    ``waited_min`` whole minutes, 0 if less or unknown. ``leaked``: the runtime's leak detection found that
    nothing can ever wake it. ``elided``: the middle of a long stack is not in the text.
    """

    id: int
    waits_for: str
    waited_min: int
    leaked: bool
    locked_to_thread: bool
    stack: tuple[Place, ...]
    creator: Place | None
    creator_id: int | None
    labels: str
    elided: bool


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that is no part of a goroutine; ``number`` counts from 1."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Dump:
    """All goroutines of a text, in its order. ``cut``: it ends in the middle of a stack."""

    goroutines: tuple[Goroutine, ...]
    rejects: tuple[Reject, ...]
    cut: bool

    def __len__(self) -> int:
        return len(self.goroutines)


def load(path: str | os.PathLike[str], *, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> Dump:
    """The dump in a file.

    Raises:
        CaptureError: the file cannot be read, or is longer than ``limit_bytes``.
        NotADump: as ``parse``.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(limit_bytes + 1)
    except OSError as error:
        raise CaptureError(f"cannot read {os.fspath(path)!r}: {error.strerror or error}") from error
    if len(data) > limit_bytes:
        raise CaptureError(f"{os.fspath(path)!r} is longer than {limit_bytes:,} bytes")
    return parse(data.decode(errors="replace"))


def parse(text: str) -> Dump:
    """Every goroutine in ``text``; what stands between them is in ``rejects``.

    Raises:
        NotADump: no line is a goroutine's header.
    """
    reader = _Reader()
    # Not splitlines(): a function's name may hold U+2028 and its like.
    for number, line in enumerate(text.rstrip("\r\n").split("\n"), start=1):
        reader.take(number, line.removesuffix("\r"))
    return reader.finish()


@dataclass(slots=True)
class _Open:
    """A goroutine of which more lines may come."""

    header: re.Match[str]
    stack: list[Place]
    creator: Place | None = None
    creator_id: int | None = None
    elided: bool = False


class _Reader:
    def __init__(self) -> None:
        self._goroutines: list[Goroutine] = []
        self._rejects: list[Reject] = []
        self._open: _Open | None = None
        # A function whose file has not come yet: its line's number, the line, its name.
        self._function: tuple[int, str, str] | None = None

    def take(self, number: int, line: str) -> None:
        if not line.strip():
            self._close()
        elif header := _HEADER.fullmatch(line):
            self._close()
            self._open = _Open(header, [])
        elif self._open is None or not self._part(self._open, number, line):
            self._rejects.append(Reject(number, line))

    def finish(self) -> Dump:
        cut = self._function is not None
        self._close()
        if not self._goroutines:
            raise NotADump(
                "there is no goroutine in this text",
                remedy="A dump is what /debug/pprof/goroutine?debug=2 answers, or a traceback.",
            )
        return Dump(tuple(self._goroutines), tuple(self._rejects), cut)

    def _part(self, into: _Open, number: int, line: str) -> bool:
        if self._function is not None:
            place = _LINE.fullmatch(line)
            _, _, name = self._function
            if place is None:
                self._reject_function()
            else:
                self._function = None
                self._add(into, Place(_without_arguments(name), place[1], int(place[2])), name)
                return True
        if _ELIDED.fullmatch(line):
            into.elided = True
        elif line.startswith(("\t", " ")) or not _is_call(line):
            return False
        else:
            self._function = (number, line, line)
        return True

    def _add(self, into: _Open, place: Place, name: str) -> None:
        created = _CREATED.fullmatch(name)
        if created is None:
            into.stack.append(place)
        else:
            into.creator = Place(created[1], place.file, place.line)
            into.creator_id = int(created[2]) if created[2] else None

    def _close(self) -> None:
        if self._function is not None:
            self._reject_function()
        if self._open is not None:
            self._goroutines.append(_goroutine(self._open))
        self._open = None

    def _reject_function(self) -> None:
        assert self._function is not None
        number, line, _ = self._function
        self._rejects.append(Reject(number, line))
        self._function = None


def _is_call(line: str) -> bool:
    return line.endswith(")") or line.startswith("created by ")


def _without_arguments(call: str) -> str:
    """``net/http.(*conn).serve`` of ``net/http.(*conn).serve({0x1, 0x2})``: arguments have no brackets."""
    if call.startswith("created by "):
        return call
    return call[: call.rindex("(")] if "(" in call else call


def _goroutine(found: _Open) -> Goroutine:
    status, *more = found.header[2].split(", ")
    marks = set()
    # Each is looked for at the end only, since "select (no cases)" has brackets of its own.
    while suffix := next((s for s in _SUFFIXES if status.endswith(s)), None):
        marks.add(suffix)
        status = status.removesuffix(suffix)
    age = next((match for word in more if (match := _AGE.fullmatch(word))), None)
    return Goroutine(
        id=int(found.header[1]),
        waits_for=status,
        waited_min=int(age[1]) if age else 0,
        leaked=" (leaked)" in marks,
        locked_to_thread="locked to thread" in more,
        stack=tuple(found.stack),
        creator=found.creator,
        creator_id=found.creator_id,
        labels=found.header["labels"] or "",
        elided=found.elided,
    )
