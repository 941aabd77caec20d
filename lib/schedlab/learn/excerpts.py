"""The runtime's own source, as it is installed here, in a notebook."""

from __future__ import annotations

from html import escape

from schedlab import toolchain
from schedlab.learn.html import BORDER, CODE_FONT, RAISED, TEXT, Shown
from schedlab.toolchain import Binary, SourceExcerpt, Toolchain


def source(
    file: str,
    symbol: str,
    *,
    around: str | None = None,
    context: int = 6,
    comment: bool = False,
    using: Toolchain | None = None,
) -> Shown:
    """Show the declaration of ``symbol`` in ``file``, with its line numbers and the Go release.

    The arguments are those of ``schedlab.toolchain.excerpt``; ``using`` is another toolchain than the
    course's.

    Raises:
        SymbolMoved: this release has no such file, symbol or line.
        ToolchainNotFound: no Go is installed.
    """
    chosen = using or toolchain.find()
    return shown(toolchain.excerpt(chosen, file, symbol, around=around, context=context, comment=comment))


def program(sample: Binary, symbol: str = "main", *, file: str = "main.go") -> Shown:
    """Show the declaration of ``symbol`` in a sample's own source.

    Raises:
        SymbolMoved: the sample has no such file or symbol.
    """
    return shown(toolchain.sample_excerpt(sample, symbol, file))


def shown(found: SourceExcerpt) -> Shown:
    """An excerpt as a figure with a caption, and as plain text."""
    last = found.first_line + found.text.count("\n")
    where = f"{found.file}, lines {found.first_line} to {last}, {found.release}: {found.symbol}"
    width = len(str(last))
    numbered = [
        (f"{number:>{width}}", line) for number, line in enumerate(found.text.split("\n"), found.first_line)
    ]
    plain = "\n".join([where, *(f"{number}  {line}".rstrip() for number, line in numbered)])
    return Shown(_figure(where, numbered), plain)


def _figure(caption: str, numbered: list[tuple[str, str]]) -> str:
    # The numbers are not for copying, nor for a screen reader to say before every line.
    rows = "\n".join(
        f'<span aria-hidden="true" style="user-select:none;opacity:0.75">{number}  </span>{escape(line)}'
        for number, line in numbered
    )
    frame = f"color:{TEXT};background:{RAISED};border:1px solid {BORDER};padding:0.5em 1em;margin:0"
    return (
        '<figure style="margin:0.5em 0">'
        f'<figcaption style="color:{TEXT};padding:0.2em 0">{escape(caption)}</figcaption>'
        f'<pre tabindex="0" role="group" aria-label="{escape(caption)}" '
        f'style="{frame};overflow-x:auto;white-space:pre;tab-size:4;font-family:{CODE_FONT}">{rows}</pre>'
        "</figure>"
    )
