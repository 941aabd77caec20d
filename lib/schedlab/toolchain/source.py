"""Excerpts of the runtime's own source, found in the installed toolchain by file and symbol."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from schedlab.errors import SchedlabError
from schedlab.toolchain.installed import Toolchain


class SymbolMoved(SchedlabError):
    """The file, the symbol or the line that a lesson shows is not in this release."""


@dataclass(frozen=True, slots=True)
class SourceExcerpt:
    """Consecutive lines of one file of GOROOT/src, as they are; ``first_line`` counts from 1."""

    file: str
    symbol: str
    release: str
    first_line: int
    text: str

    @property
    def last_line(self) -> int:
        return self.first_line + self.text.count("\n")

    @property
    def place(self) -> str:
        """``runtime/proc.go:3146``, as an editor and a stack trace write it."""
        return f"{self.file}:{self.first_line}"


def excerpt(
    toolchain: Toolchain,
    file: str,
    symbol: str,
    *,
    around: str | None = None,
    context: int = 6,
    comment: bool = False,
) -> SourceExcerpt:
    """The declaration of ``symbol`` in ``file`` of this toolchain.

    ``file`` is relative to ``GOROOT/src/runtime`` (``proc.go``) or, with a slash, to ``GOROOT/src``.
    A method is written ``Type.name``. ``around`` narrows a long declaration to the lines about the first
    one that contains this text, ``context`` lines before and after. ``comment`` includes the doc comment.

    Raises:
        SymbolMoved: this release has no such file, symbol or line; the message names it.
    """
    path = toolchain.goroot / "src" / (file if "/" in file else f"runtime/{file}")
    if not path.is_file():
        raise SymbolMoved(f"{toolchain.release} has no {file}", remedy=_remedy(symbol))
    lines = path.read_text(encoding="utf-8").splitlines()
    first, last = _declaration(lines, symbol, toolchain, file)
    if around is not None:
        first, last = _narrowed(lines, first, last, around, context, f"{file}: {symbol}", toolchain)
    elif comment:
        first = _with_comment(lines, first)
    name = path.relative_to(toolchain.goroot / "src").as_posix()
    return SourceExcerpt(name, symbol, toolchain.release, first + 1, "\n".join(lines[first : last + 1]))


def _declaration(lines: list[str], symbol: str, toolchain: Toolchain, file: str) -> tuple[int, int]:
    """Index of the first and last line. gofmt puts top-level declarations, and their end, in column 0."""
    opening = _opening(symbol)
    for number, line in enumerate(lines):
        if opening.match(line):
            return number, _closing(lines, number)
    found = _in_group(lines, symbol)
    if found is None:
        raise SymbolMoved(
            f"{symbol} is not declared in {file} of {toolchain.release}", remedy=_remedy(symbol)
        )
    return found, found


def _opening(symbol: str) -> re.Pattern[str]:
    receiver, dot, name = symbol.rpartition(".")
    if dot:
        return re.compile(rf"func \(\w+ \*?{re.escape(receiver)}\) {re.escape(name)}[\[(]")
    plain = re.escape(name)
    return re.compile(rf"func {plain}[\[(]|(?:type|var|const) {plain}\b")


def _closing(lines: list[str], first: int) -> int:
    if not lines[first].rstrip().endswith(("{", "(")):
        return first
    return next(number for number in range(first + 1, len(lines)) if lines[number] in ("}", ")"))


def _in_group(lines: list[str], name: str) -> int | None:
    """The line of a name that is declared inside ``const (``, ``var (`` or ``type (``."""
    declared = re.compile(rf"\t{re.escape(name)}\b")
    inside = False
    for number, line in enumerate(lines):
        if line in ("const (", "var (", "type ("):
            inside = True
        elif line == ")":
            inside = False
        elif inside and declared.match(line):
            return number
    return None


def _narrowed(
    lines: list[str], first: int, last: int, around: str, context: int, where: str, toolchain: Toolchain
) -> tuple[int, int]:
    for number in range(first, last + 1):
        if around in lines[number]:
            return max(first, number - context), min(last, number + context)
    raise SymbolMoved(f"{where} of {toolchain.release} has no line with {around!r}", remedy=_remedy(where))


def _with_comment(lines: list[str], first: int) -> int:
    while first > 0 and lines[first - 1].lstrip().startswith("//"):
        first -= 1
    return first


def _remedy(symbol: str) -> str:
    return f"The runtime changed: search GOROOT/src/runtime for {Path(symbol).name} and mend the lesson."
