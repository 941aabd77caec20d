"""The verdicts as one HTML file: it needs no network, and without scripts it is a page like any other."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from itertools import groupby
from pathlib import Path

from schedlab.claims.model import Judged, Result, Values
from schedlab.claims.verdicts import Verdict
from schedlab.process import Machine
from schedlab.toolchain import parse_minor

TITLE = "What an article says about the Go scheduler, tested"

# A class of the style sheet, and a sign, so that nothing is said by colour alone.
_KINDS = {
    Verdict.HOLDS: ("holds", "✓"),
    Verdict.DOES_NOT_HOLD: ("not", "✗"),
    Verdict.IMPRECISE: ("imprecise", "≈"),
    Verdict.DEPENDS_ON_RELEASE: ("depends", "↔"),
    Verdict.NOT_MEASURABLE_HERE: ("unknown", "?"),
}
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_FOLDER = Path(__file__).parent


def page(judged: Sequence[Judged], machine: Machine, made: datetime) -> str:
    """A whole document. All texts of programs and of the article are escaped; it asks for nothing."""
    style = (_FOLDER / "report.css").read_text(encoding="utf-8") + _bar_widths(judged)
    script = (_FOLDER / "report.js").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    counts = "; ".join(f"{_count(judged, verdict)} {verdict.value}" for verdict in Verdict)
    about = f"{len(judged)} claims, each with an experiment and a rule: {counts}."
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="description" content="{escape(about)}">\n<title>{TITLE}</title>\n'
        f"<style>{style}</style>\n</head>\n<body>\n"
        '<a class="skip" href="#claims">Skip to the claims</a>\n<main>\n'
        f"{_head(judged, machine, made)}{_filter(judged)}{_matrix(judged)}{_all_claims(judged)}"
        "<footer><p>Made by the course schedlab with <code>./course claims -o report.html</code>. No verdict "
        "is typed in: each was computed by its rule, from what was measured on the machine named above.</p>"
        f"</footer>\n</main>\n<script>{script}</script>\n</body>\n</html>\n"
    )


def _head(judged: Sequence[Judged], machine: Machine, made: datetime) -> str:
    facts = (
        ("Machine", str(machine)),
        ("Go", ", ".join(_releases(judged)) or "none"),
        ("Measured", f"{made:%Y-%m-%d %H:%M} UTC"),
    )
    rows = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in facts)
    present = [verdict for verdict in Verdict if _count(judged, verdict)]
    words = ", ".join(f"{_count(judged, verdict)} {verdict.value}" for verdict in present)
    bar = "".join(
        f'<span class="{_KINDS[verdict][0]}" aria-hidden="true">{_count(judged, verdict)}</span>'
        for verdict in present
    )
    counts = "".join(
        f'<li class="{_KINDS[verdict][0]}">{_mark(verdict)} <strong>{_count(judged, verdict)}</strong> '
        f"{verdict.value}</li>"
        for verdict in Verdict
    )
    return (
        f"<h1>{TITLE}</h1>\n<p>An article on the Go scheduler is widely read. This page holds "
        f"{len(judged)} of its claims, each beside a program that was run, or the runtime’s own source, and "
        "the verdict that follows by a stated rule.</p>\n"
        f'<div class="bar" role="img" aria-label="{len(judged)} claims: {words}">{bar}</div>\n'
        f'<ul class="counts" aria-label="Verdicts">{counts}</ul>\n<dl class="facts">{rows}</dl>\n'
    )


def _filter(judged: Sequence[Judged]) -> str:
    boxes = "".join(
        f'<label><input type="checkbox" name="verdict" value="{_KINDS[verdict][0]}">'
        f'<span class="{_KINDS[verdict][0]}">{_mark(verdict)}</span>{verdict.value}</label>'
        for verdict in Verdict
        if _count(judged, verdict)
    )
    sections = "".join(
        f'<option value="{escape(name)}">{escape(name)}</option>'
        for name in dict.fromkeys(one.claim.section for one in judged)
    )
    # The script shows it; without one it could do nothing.
    return (
        '<form class="filter" hidden role="search" aria-label="Filter the claims">'
        f'<fieldset><legend class="unseen">Verdict</legend>{boxes}</fieldset>'
        f'<label>Section <select name="section"><option value="">all</option>{sections}</select></label>'
        '<label>Words <input type="search" name="search" autocomplete="off"></label>'
        '<button type="reset">Clear</button><output aria-live="polite"></output></form>\n'
    )


def _matrix(judged: Sequence[Judged]) -> str:
    releases = _releases(judged)
    heads = "".join(f'<th scope="col" class="release">{escape(_short(name))}</th>' for name in releases)
    rows = "".join(_matrix_row(one, releases) for one in judged)
    return (
        '<h2 id="all">All claims at a glance</h2>\n'
        '<div class="scroll" role="region" aria-labelledby="all" tabindex="0"><table><thead><tr>'
        f'<th scope="col">Claim</th><th scope="col">Verdict</th><th scope="col">The article says</th>{heads}'
        f"</tr></thead><tbody>{rows}</tbody></table></div>\n"
    )


def _matrix_row(one: Judged, releases: Sequence[str]) -> str:
    by_release = {result.release: result.verdict for result in one.results}
    cells = "".join(
        f'<td class="release {_KINDS[by_release[name]][0]}">{_mark(by_release[name])}'
        f'<span class="unseen">{by_release[name].value}</span></td>'
        if name in by_release
        else '<td class="release"><span class="unseen">not tested</span></td>'
        for name in releases
    )
    name = escape(one.claim.id)
    return (
        f'<tr data-row="{name}"><td><a class="id" href="#{name}">{name}</a></td>'
        f'<td class="verdict {_KINDS[one.verdict][0]}">{_mark(one.verdict)}'
        f"<span>{one.verdict.value}</span></td>"
        f'<th scope="row">{escape(one.claim.english)}</th>{cells}</tr>\n'
    )


def _all_claims(judged: Sequence[Judged]) -> str:
    groups = groupby(judged, key=lambda one: one.claim.section)
    parts = (
        f'<section data-group aria-labelledby="section-{escape(name)}">'
        f'<h2 id="section-{escape(name)}">Section {escape(name)} of the article</h2>\n'
        f"{''.join(map(_claim, group))}</section>\n"
        for name, group in groups
    )
    return f'<div id="claims" tabindex="-1">\n{"".join(parts)}</div>\n'


def _claim(one: Judged) -> str:
    claim, kind = one.claim, _KINDS[one.verdict][0]
    name = escape(claim.id)
    pairs = (
        ("Measured", escape(one.newest.said), ""),
        ("Because", escape(one.decision.reason), ""),
        ("Rather", escape(one.decision.corrected), "rather"),
        ("Rule", escape(one.newest.rule), "soft"),
        ("Broken", escape("; ".join(one.errors)), "error"),
    )
    rows = "".join(
        f"<dt>{label}</dt><dd{f' class={css!r}' if css else ''}>{text}</dd>"
        for label, text, css in pairs
        if text
    )
    return (
        f'<article class="claim {kind}" id="{name}" data-verdict="{kind}" '
        f'data-section="{escape(claim.section)}" aria-labelledby="{name}-words">'
        f'<header><a class="id" href="#{name}" aria-label="Link to claim {name}">{name}</a>'
        f'<span class="badge">{_mark(one.verdict)}{one.verdict.value}</span></header>'
        f'<h3 id="{name}-words">{escape(claim.english)}</h3>'
        f"<blockquote{_language(claim.original)}>{_quoted(claim.kind, claim.original)}</blockquote>"
        f"<dl>{rows}</dl>{_numbers(one.results, name)}</article>\n"
    )


def _numbers(results: Sequence[Result], name: str) -> str:
    """What each release gave: the verdict and the measured values."""
    parts = []
    for result in results:
        said = f"<p>{escape(result.said)}</p>" if len(results) > 1 and result.said else ""
        parts.append(
            f"<h4>{escape(result.release)}: {result.verdict.value}"
            f'<span class="soft">, {result.seconds:.1f} s</span></h4>{said}{_table(result.values)}'
        )
    return (
        f'<details><summary>Numbers<span class="unseen"> of {name}</span></summary>{"".join(parts)}</details>'
    )


def _table(values: Values) -> str:
    rows = "".join(
        f'<tr><th scope="row"><code>{escape(name)}</code></th><td>{escape(_written(value))}</td></tr>'
        for name, value in values.items()
    )
    return f"<table>{rows}</table>" if rows else ""


def _written(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _quoted(kind: str, text: str) -> str:
    if kind in ("code", "command", "diagram", "figure"):
        return f"<pre>{escape(text.strip())}</pre>"
    return f"<p>{escape(text.strip())}</p>"


def _language(text: str) -> str:
    return ' lang="zh-Hans"' if _CHINESE.search(text) else ""


def _mark(verdict: Verdict) -> str:
    return f'<span class="mark" aria-hidden="true">{_KINDS[verdict][1]}</span>'


def _count(judged: Iterable[Judged], verdict: Verdict) -> int:
    return sum(one.verdict is verdict for one in judged)


def _releases(judged: Sequence[Judged]) -> list[str]:
    return sorted({r.release for one in judged for r in one.results}, key=parse_minor)


def _short(release: str) -> str:
    """``go1.27.3`` as ``1.27``."""
    return ".".join(release.removeprefix("go").split(".")[:2])


def _bar_widths(judged: Sequence[Judged]) -> str:
    # In the style sheet, whose hash is in the policy: attributes with style are refused.
    return "".join(
        f".bar .{_KINDS[verdict][0]} {{ flex-grow: {_count(judged, verdict)}; }}\n" for verdict in Verdict
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
