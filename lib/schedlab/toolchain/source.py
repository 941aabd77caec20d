"""Excerpts of the runtime's own source, found in the installed toolchain by file and symbol."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from schedlab.errors import SchedlabError
from schedlab.toolchain.installed import Toolchain
from schedlab.toolchain.sample import Binary


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
    A method is written ``Type.name``; a comment that belongs to no declaration is found by its first line.
    ``around`` narrows a long declaration to the lines about the first one that contains this text,
    ``context`` lines before and after. ``comment`` includes the doc comment.

    Raises:
        SymbolMoved: this release has no such file, symbol or line; the message names it.
    """
    name = file if "/" in file else f"runtime/{file}"
    path = toolchain.goroot / "src" / name
    return _excerpt(path, name, symbol, toolchain.release, around=around, context=context, comment=comment)


def sample_excerpt(binary: Binary, symbol: str, file: str = "main.go") -> SourceExcerpt:
    """The declaration of ``symbol`` in a sample's own source.

    Raises:
        SymbolMoved: the sample has no such file or symbol.
    """
    release = binary.toolchain.release
    return _excerpt(binary.folder / file, f"{binary.name}/{file}", symbol, release, comment=True)


def _excerpt(
    path: Path,
    name: str,
    symbol: str,
    release: str,
    *,
    around: str | None = None,
    context: int = 0,
    comment: bool = False,
) -> SourceExcerpt:
    if not path.is_file():
        raise SymbolMoved(f"{release} has no {name}", remedy=_remedy(symbol))
    lines = path.read_text(encoding="utf-8").splitlines()
    span = _declaration(lines, symbol)
    if span is None:
        raise SymbolMoved(f"{symbol} is not declared in {name} of {release}", remedy=_remedy(symbol))
    first, last = span
    if around is not None:
        match = next((number for number in range(first, last + 1) if around in lines[number]), None)
        if match is None:
            where = f"{name}: {symbol} of {release}"
            raise SymbolMoved(f"{where} has no line with {around!r}", remedy=_remedy(around))
        first, last = max(first, match - context), min(last, match + context)
    elif comment:
        first = _with_comment(lines, first)
    return SourceExcerpt(name, symbol, release, first + 1, "\n".join(lines[first : last + 1]))


def _declaration(lines: list[str], symbol: str) -> tuple[int, int] | None:
    """Index of the first and last line. gofmt puts top-level declarations, and their end, in column 0."""
    opening = _opening(symbol)
    for number, line in enumerate(lines):
        if opening.match(line):
            return number, _closing(lines, number)
        if line == f"// {symbol}":
            return number, _end_of_comment(lines, number)
    found = _in_group(lines, symbol)
    return None if found is None else (found, found)


def _end_of_comment(lines: list[str], first: int) -> int:
    """The last line of the paragraphs that begin here, up to the first line that is no comment."""
    last = first
    while last + 1 < len(lines) and lines[last + 1].startswith("//"):
        last += 1
    return last


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


def _with_comment(lines: list[str], first: int) -> int:
    while first > 0 and lines[first - 1].lstrip().startswith("//"):
        first -= 1
    return first


def _remedy(symbol: str) -> str:
    return f"The source changed: search it for {symbol!r} and mend the lesson."
