"""Boxes that read well in JupyterLab's light and dark themes, and outside JupyterLab."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from schedlab.errors import UsageError

# JupyterLab's variables follow its theme. Each fallback is dark on white, with a contrast of 7:1 or more.
TEXT = "var(--jp-content-font-color1, #1a1a1a)"
BACKGROUND = "var(--jp-layout-color1, #ffffff)"
RAISED = "var(--jp-layout-color2, #f5f5f5)"
BORDER = "var(--jp-border-color0, #6b6b6b)"
CODE_FONT = "var(--jp-code-font-family, monospace)"


@dataclass(frozen=True, slots=True)
class Shown:
    """Something for a cell's end: ``html`` for a browser, ``plain`` for everything else."""

    html: str
    plain: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.plain


def box(label: str, content: str, *, edge: str = BORDER) -> str:
    """A labelled region around ``content``, which is HTML already; ``label`` is text."""
    style = (
        f"color:{TEXT};background:{BACKGROUND};border:1px solid {BORDER};border-left:0.4em solid {edge};"
        "padding:0.5em 1em;margin:0.5em 0;max-width:48em"
    )
    return f'<div role="group" aria-label="{escape(label)}" style="{style}">{content}</div>'


def paragraphs(texts: list[str]) -> str:
    """A paragraph for each text."""
    return "".join(f'<p style="margin:0.2em 0">{escape(text)}</p>' for text in texts)


def terms(pairs: list[tuple[str, str]]) -> str:
    """Names and texts, one pair per line; both are text."""
    rows = "".join(
        f'<div style="margin:0.2em 0"><dt style="display:inline;font-weight:600">{escape(name)}</dt> '
        f'<dd style="display:inline;margin:0">{escape(text)}</dd></div>'
        for name, text in pairs
    )
    return f'<dl style="margin:0">{rows}</dl>'


def printed_lines(text: str) -> str:
    """Lines of code or of a command, as they are; long ones go on in the next line."""
    style = (
        f"font-family:{CODE_FONT};color:{TEXT};background:{RAISED};white-space:pre-wrap;"
        "overflow-wrap:anywhere;margin:0.3em 0;padding:0.3em 0.6em"
    )
    return f'<pre style="{style}">{escape(text)}</pre>'


def text_of(value: object, what: str) -> str:
    """``value`` if it is text with something in it.

    Raises:
        UsageError: it is not.
    """
    if not isinstance(value, str) or not value.strip():
        raise UsageError(f"{what} must be text, not {value!r}")
    return value
