"""Widgets in one HTML file that needs no kernel and no network, also when opened from a disk.

The file holds a script of ours (``lib/js/src/host.js``) that does what JupyterLab does for a widget; each
widget's own script once, however many views use it; the state of each widget; and its binary traits as
base64. A browser refuses scripts beside an HTML file on a disk, so all of it is in the file.
A Content-Security-Policy in the file forbids every request and every script but these.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from schedlab.errors import SchedlabError, UsageError
from schedlab.view.widgets.base import STATIC, View

_BYTES: Final = (bytes, bytearray, memoryview)

_CSS: Final = """\
:root { color-scheme: light dark; }
:root[data-theme="light"] { color-scheme: light; }
:root[data-theme="dark"] { color-scheme: dark; }
body {
  background: light-dark(#ffffff, #16191d);
  color: light-dark(#1a1a1a, #e8eaed);
  font: 15px/1.5 system-ui, sans-serif;
  margin: 0;
}
main { margin: 0 auto; max-width: 1800px; padding: 8px 16px 24px; }
h1 { font-size: 22px; margin: 8px 0 12px; }
h2 { font-size: 17px; margin: 20px 0 8px; }
.alternative, .words { white-space: pre-line; overflow-wrap: anywhere; }
[role="alert"] { color: light-dark(#a1260d, #ff9c85); font-weight: bold; }
"""

_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
{styles}
</head>
<body>
<main>
<h1>{title}</h1>
{sections}
</main>
{parts}
<script type="module">{script}</script>
</body>
</html>
"""


class PageNotWritten(SchedlabError):
    """The file could not be written."""


@dataclass(frozen=True, slots=True)
class Section:
    """A view under a heading, with plain text above it, line by line."""

    heading: str
    view: View
    text: str = ""


Shown = View | Sequence[View | Section] | Mapping[str, View]


def save_html(shown: Shown, path: str | os.PathLike[str], *, title: str = "", introduction: str = "") -> Path:
    """Write a page with one view, several, or several under headings (``{"Before": a, "After": b}``).

    ``title`` is plain text; without one it is the first heading. ``introduction`` stands below it, line by
    line. The same view may stand in the page twice: both places then share its state. Views are shown as they
    are now. A file that is there is replaced at once or not at all. Returns its path.

    Raises:
        UsageError: there is no view in ``shown``, something else is, or a trait's value has no JSON.
        PageNotWritten: the folder is not there, is full, or may not be written to.
    """
    target = Path(path)
    text = as_html(shown, title=title, introduction=introduction)
    unfinished = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        try:
            # Half a character pair, which a text of a program may hold, has no UTF-8.
            with unfinished.open("x", encoding="utf-8", errors="xmlcharrefreplace", newline="\n") as file:
                file.write(text)
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise PageNotWritten(
            f"{target} cannot be written: {error.strerror or error}",
            remedy="Name a file in a folder of yours.",
        ) from error
    return target


def as_html(shown: Shown, *, title: str = "", introduction: str = "") -> str:
    """The text of the page that ``save_html`` writes.

    Raises:
        UsageError: as ``save_html``.
    """
    views = _headed(shown)
    words = title or next((one.heading for one in views if one.heading), "The Go scheduler at work")
    page = _Parts()
    numbers = [page.number(one.view) for one in views]
    sections = [
        _section(place, one, number, headed=len(views) > 1 or one.heading != words)
        for place, (one, number) in enumerate(zip(views, numbers, strict=True))
    ]
    script = _escaped_script((STATIC / "page.js").read_text(encoding="utf-8"))
    return _PAGE.format(
        policy=_policy(script),
        title=html.escape(words),
        styles="\n".join(f"<style>{_escaped_style(text)}</style>" for text in (_CSS, *page.styles)),
        sections="\n".join([*_words(introduction), *sections]),
        parts="\n".join(page.elements()),
        script=script,
    )


@dataclass(slots=True)
class _Parts:
    """What the views of a page need, each thing once."""

    modules: dict[str, str] = field(default_factory=dict)
    styles: dict[str, None] = field(default_factory=dict)
    buffers: dict[bytes, tuple[str, str]] = field(default_factory=dict)
    models: list[dict[str, Any]] = field(default_factory=list)
    numbers: dict[int, int] = field(default_factory=dict)

    def number(self, view: View) -> int:
        """The number of the view's model in the page; the same view has one model."""
        known = self.numbers.get(id(view))
        if known is not None:
            return known
        state = view.shown_state()
        binary = {name: value for name, value in state.items() if isinstance(value, _BYTES)}
        model = {
            "module": self.modules.setdefault(view._esm, f"module-{len(self.modules)}"),
            "state": {name: value for name, value in state.items() if name not in binary},
            "buffers": {name: self._buffer(bytes(value)) for name, value in binary.items()},
        }
        if view._css:
            self.styles[view._css] = None
        self.models.append(model)
        self.numbers[id(view)] = len(self.models) - 1
        return self.numbers[id(view)]

    def elements(self) -> list[str]:
        return [
            *(_json_element(name, source) for source, name in self.modules.items()),
            *(
                f'<script type="application/base64" id="{name}">{text}</script>'
                for name, text in self.buffers.values()
            ),
            _json_element("schedlab-page", {"models": self.models}),
        ]

    def _buffer(self, value: bytes) -> str:
        key = hashlib.sha256(value).digest()
        if key not in self.buffers:
            self.buffers[key] = f"buffer-{len(self.buffers)}", base64.b64encode(value).decode("ascii")
        return self.buffers[key][0]


def _headed(shown: Shown) -> list[Section]:
    if isinstance(shown, Mapping):
        views = [Section(str(heading), view) for heading, view in shown.items()]
    elif isinstance(shown, Sequence) and not isinstance(shown, str):
        views = [one if isinstance(one, Section) else _plain(one) for one in shown]
    else:
        views = [_plain(shown)]
    for one in views:
        if not isinstance(one.view, View):
            raise UsageError(
                f"a page shows views, and this is none: {type(one.view).__name__}",
                remedy="Give it what view.timeline and its like return.",
            )
    if not views:
        raise UsageError("there is no view to put into the page")
    return views


def _plain(view: View) -> Section:
    return Section(getattr(view, "heading", ""), view)


def _section(place: int, one: Section, number: int, *, headed: bool) -> str:
    heading = one.heading if headed else ""
    label = f' aria-labelledby="heading-{place}"' if heading else ""
    alternative = html.escape(one.view.text_alternative())
    return "\n".join(
        [
            f"<section{label}>",
            *([f'<h2 id="heading-{place}">{html.escape(heading)}</h2>'] if heading else []),
            *_words(one.text),
            f'<div data-view="{number}"><p class="alternative">{alternative}</p></div>',
            "</section>",
        ]
    )


def _words(text: str) -> list[str]:
    return [f'<p class="words">{html.escape(text)}</p>'] if text else []


def _policy(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'sha256-{digest}' blob:",
            "style-src 'unsafe-inline'",
            "img-src data: blob:",
            "worker-src blob:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _json_element(name: str, value: object) -> str:
    """No "<" inside, so nothing that could end the element or begin a comment."""
    try:
        text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise UsageError(f"a view's trait has a value that JSON cannot say: {error}") from error
    return f'<script type="application/json" id="{name}">{text.replace("<", chr(92) + "u003c")}</script>'


def _escaped_script(source: str) -> str:
    r"""``</script`` and ``<!--`` as ``<\/script`` and ``<\!--``: the same in every text of a program."""
    return re.sub(r"<(?=/script|!--)", r"<\\", source, flags=re.IGNORECASE)


def _escaped_style(source: str) -> str:
    r"""``</style`` as ``<\/style``, which is the same in every text of a style sheet."""
    return re.sub(r"</(?=style)", r"<\\/", source, flags=re.IGNORECASE)
