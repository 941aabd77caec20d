"""What every notebook's source must hold to; each rule yields its complaints as text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

CELL_TAGS = frozenset({"claim", "hide-input", "hide-output", "raises-exception", "remove-cell"})

# "jupytext" and "kernelspec" are for editors that open the Markdown itself; nothing here reads them.
_FRONT_MATTER = frozenset({"title", "schedlab", "jupytext", "kernelspec"})
_ADDED_BY_PARSER = frozenset({"source_map", "jupyter", "language_info"})

# A file of one machine. /proc, /sys, /dev and the paths of web endpoints are what lessons speak of.
_ABSOLUTE_PATH = re.compile(
    r"(?<![\w./~-])(?:file:)?/{1,3}(?:home|root|Users|work|tmp|opt|mnt|private|usr/local)/\w|\b[A-Z]:\\\w"
)
_HTML_IMAGE = re.compile(r"<img\b[^>]*>", re.IGNORECASE | re.DOTALL)
_HTML_ALT = re.compile(r"""\balt\s*=\s*(?:"\s*[^"\s]|'\s*[^'\s]|[^\s"'>])""", re.IGNORECASE)
_NBVAL_COMMENT = re.compile(r"^\s*#\s*((?:NBVAL|PYTEST_VALIDATE)_\w+)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SourceCell:
    """One cell as the source has it: ``kind`` is code, markdown or raw; ``line`` counts from 1."""

    kind: str
    text: str
    metadata: Mapping[str, Any]
    line: int

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(self.metadata.get("tags", ()))

    @property
    def is_claim(self) -> bool:
        return "claim" in self.tags


def front_matter_problems(metadata: Mapping[str, Any], chapter_stem: str | None) -> Iterator[str]:
    """``title`` and ``schedlab`` must be there and of the right kind; for a chapter, fit the file's name.

    A lab or a tour of a tool (``chapter_stem`` is None) may belong to a chapter and need not.
    """
    for key in sorted(set(metadata) - _FRONT_MATTER - _ADDED_BY_PARSER):
        yield f"{key}: no such key in the front matter; there are {_listed(_FRONT_MATTER)}"
    if not _is_text(metadata.get("title")):
        yield "title: must be text"
    info = metadata.get("schedlab")
    if not isinstance(info, Mapping):
        yield "schedlab: must be a mapping with chapter, question, minutes, audience and budget_s"
        return
    kinds = {
        "audience": (_is_text, "must be text"),
        "budget_s": (_is_positive_int, "must be a whole number of seconds above 0"),
        "chapter": (_is_chapter, 'must be text such as "1.1", in quotes'),
        "minutes": (_is_positive_int, "must be a whole number of minutes above 0"),
        "needs": (_is_texts, "must be a list of texts"),
        "question": (_is_text, "must be text"),
    }
    optional = {"needs"} if chapter_stem else {"needs", "chapter"}
    for key in sorted(set(info) - set(kinds)):
        yield f"schedlab.{key}: no such key; there are {_listed(kinds)}"
    for key, (fits, expectation) in kinds.items():
        if key not in info:
            if key not in optional:
                yield f"schedlab.{key}: is missing; it {expectation}"
        elif not fits(info[key]):
            yield f"schedlab.{key}: {expectation}, not {info[key]!r}"
    beginning = str(info.get("chapter")).replace(".", "_") + "_"
    if chapter_stem and not chapter_stem.startswith(beginning):
        yield f"schedlab.chapter: the file's name does not begin with {beginning}"


def cell_problems(cell: SourceCell) -> Iterator[str]:
    """Metadata of known keys and kinds; nothing that would keep a check from running or failing."""
    for key in sorted(set(cell.metadata) - {"tags", "budget_s"}):
        yield f"line {cell.line}: {key}: no such key in a cell's metadata; there are budget_s, tags"
    for tag in sorted(set(cell.tags) - CELL_TAGS):
        yield f"line {cell.line}: tags: no such tag {tag!r}; there are {_listed(CELL_TAGS)}"
    if "budget_s" in cell.metadata and (cell.kind != "code" or not _is_positive(cell.metadata["budget_s"])):
        yield f"line {cell.line}: budget_s: must be a number of seconds above 0, on a code cell"
    if cell.kind == "code":
        yield from _code_problems(cell)
    elif cell.is_claim:
        yield f"line {cell.line}: tags: a claim is a code cell"


def style_problems(cells: tuple[SourceCell, ...]) -> Iterator[str]:
    """One H1, a claim, alt text on every image, no path of one machine."""
    parsed = [(cell, _parsed(cell.text)) for cell in cells if cell.kind == "markdown"]
    titles = [cell.line + _line(token) for cell, tokens in parsed for token in tokens if token.tag == "h1"]
    # An opening and a closing token each.
    if len(titles) != 2:
        found = ", ".join(f"line {line}" for line in titles[::2]) or "none"
        yield f"a notebook has exactly one heading of the first level; found: {found}"
    if not any(cell.is_claim for cell in cells):
        yield "no cell is tagged claim: nothing keeps the text true"
    for cell, tokens in parsed:
        yield from _images_without_alt(cell, tokens)
    for cell in cells:
        for match in _ABSOLUTE_PATH.finditer(cell.text):
            line = cell.line + cell.text.count("\n", 0, match.start())
            yield f"line {line}: a path of one machine: {_word(cell.text, match.start())}"


def _code_problems(cell: SourceCell) -> Iterator[str]:
    for comment in _NBVAL_COMMENT.findall(cell.text):
        yield f"line {cell.line}: # {comment}: every cell is run and judged as it is"
    if not cell.is_claim:
        return
    if "raises-exception" in cell.tags:
        yield f"line {cell.line}: tags: a claim with raises-exception could not fail"
    try:
        tree = ast.parse(cell.text)
    except SyntaxError as error:
        yield f"line {cell.line}: a claim is plain Python, and this is not: {error.msg}"
        return
    if not any(isinstance(node, ast.Assert) and not _is_constant(node.test) for node in ast.walk(tree)):
        yield f"line {cell.line}: a claim asserts something, and this cell does not"


def _is_constant(node: ast.expr) -> bool:
    """``assert True`` and ``assert (x == 1, "always true")`` hold whatever was measured."""
    return isinstance(node, ast.Constant) or (isinstance(node, ast.Tuple) and bool(node.elts))


def _parsed(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(text)


def _images_without_alt(cell: SourceCell, tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        html = [token.content] if token.type == "html_block" else []
        for child in token.children or []:
            if child.type == "image" and not child.content.strip():
                yield f"line {cell.line + _line(token)}: image {child.attrs.get('src')} has no alt text"
            if child.type == "html_inline":
                html.append(child.content)
        for tag in (tag for text in html for tag in _HTML_IMAGE.findall(text)):
            if not _HTML_ALT.search(tag):
                yield f"line {cell.line + _line(token)}: {tag} has no alt text"


def _line(token: Token) -> int:
    return token.map[0] if token.map else 0


def _word(text: str, start: int) -> str:
    return re.split(r"[\s\"'`)\]]", text[start:], maxsplit=1)[0]


def _listed(keys: Mapping[str, Any] | frozenset[str]) -> str:
    return ", ".join(sorted(keys))


def _is_text(value: object) -> bool:
    # A lone surrogate, which YAML can spell, has no UTF-8.
    return isinstance(value, str) and bool(value.strip()) and value.isprintable()


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(_is_text(item) for item in value)


def _is_chapter(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"\d+\.\d+", value) is not None


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf")


def _is_positive_int(value: object) -> bool:
    return isinstance(value, int) and _is_positive(value)
