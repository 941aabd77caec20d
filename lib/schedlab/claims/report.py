"""The verdicts as one HTML file that needs no network."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

from schedlab.claims.model import Judged, Result
from schedlab.claims.verdicts import Verdict
from schedlab.process import Machine

_CLASSES = {
    Verdict.HOLDS: "holds",
    Verdict.DOES_NOT_HOLD: "not",
    Verdict.IMPRECISE: "imprecise",
    Verdict.DEPENDS_ON_RELEASE: "depends",
    Verdict.NOT_MEASURABLE_HERE: "unknown",
}

_STYLE = """
:root { color-scheme: light dark; --line: #8886; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; }
article { border: 1px solid var(--line); border-left: .4em solid; padding: .5em 1em; margin: 1em 0; }
.holds { border-left-color: #1b7f37 } .not { border-left-color: #b3261e }
.imprecise { border-left-color: #8a5a00 } .depends { border-left-color: #0b5cad }
.unknown { border-left-color: #6b6b6b }
h3 { margin: 0 } dl { margin: .3em 0 } dt { font-weight: 600 } dd { margin: 0 0 .3em }
table { border-collapse: collapse }
td, th { border: 1px solid var(--line); padding: .2em .6em; text-align: left }
"""


def page(judged: Sequence[Judged], machine: Machine, made: datetime) -> str:
    """A whole document. All texts of programs and of the article are escaped; it asks for nothing."""
    counts = "".join(
        f"<tr><td>{verdict.value}</td><td>{sum(one.verdict is verdict for one in judged)}</td></tr>"
        for verdict in Verdict
    )
    title = "What an article says about the Go scheduler, tested"
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body><main>'
        f"<h1>{title}</h1><p>{escape(str(machine))}. {made:%Y-%m-%d %H:%M} UTC.</p>"
        f"<table><tr><th>verdict</th><th>claims</th></tr>{counts}</table>"
        f"{''.join(map(_claim, judged))}</main></body></html>\n"
    )


def _claim(one: Judged) -> str:
    pairs = [
        ("The article", one.claim.original),
        ("Measured", one.newest.said or one.decision.reason),
        ("Verdict", f"{one.verdict.value}{f' ({one.decision.reason})' if one.decision.reason else ''}"),
        ("Rather", one.decision.corrected),
        ("Decided so", one.newest.rule),
    ]
    rows = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in pairs if text)
    by_release = "".join(map(_row, one.results)) if len(one.results) > 1 else ""
    table = f"<table>{by_release}</table>" if by_release else ""
    return (
        f'<article id="{escape(one.claim.id)}" class="{_CLASSES[one.verdict]}">'
        f"<h3>{escape(one.claim.id)} {escape(one.claim.english)}</h3><dl>{rows}</dl>{table}</article>"
    )


def _row(result: Result) -> str:
    cells = (result.release, result.verdict.value, result.said or result.decision.reason)
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
