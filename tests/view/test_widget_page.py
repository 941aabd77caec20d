"""Widgets in a page: what stands in the file. What a browser makes of it is in tests/browser."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, ClassVar

import pytest
import traitlets

from schedlab import view
from schedlab.errors import UsageError
from schedlab.view.widgets import base
from schedlab.view.widgets.page import PageNotWritten, Section, as_html, save_html

HOSTILE = "</script></style><script>alert(1)</script><!--<img src=x onerror=alert(1)>\"'&\u2028"


class Small(base.View):
    """A widget with a script of its own, so that no built file is needed."""

    _esm: ClassVar[str] = 'const end = "</script>"; const begin = "<!--<script>"; export default {};'
    _css: ClassVar[str] = 'b::after { content: "</style>"; }'
    words = traitlets.Unicode("").tag(sync=True)
    number = traitlets.Any(1).tag(sync=True)
    secret = traitlets.Unicode("not for the script")
    data = traitlets.Bytes(b"").tag(sync=True)

    def text_alternative(self) -> str:
        return f"Small: {self.words}\nSecond line"


class Other(Small):
    _esm: ClassVar[str] = "export default { render() {} };"
    _css: ClassVar[str] = ""


class Page(HTMLParser):
    """What a browser would find in the file: elements with their attributes and texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None], str]] = []
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), ""))
        self._inside = True

    def handle_endtag(self, tag: str) -> None:
        del tag
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            name, attributes, text = self.found[-1]
            self.found[-1] = (name, attributes, text + data)

    def all(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        return [(attributes, text) for name, attributes, text in self.found if name == tag]

    @property
    def parts(self) -> dict[str, Any]:
        scripts = {str(attributes.get("id")): (attributes, text) for attributes, text in self.all("script")}
        return {
            name: json.loads(text) if attributes["type"] == "application/json" else base64.b64decode(text)
            for name, (attributes, text) in scripts.items()
            if name != "None"
        }


def test_each_thing_is_in_the_page_once() -> None:
    data = bytes(range(256))
    one, two, three = Small(words="a", data=data), Small(words="b", data=data), Other(data=b"x")
    page = Page(as_html([one, two, three, one]))
    parts = page.parts
    assert sorted(parts) == ["buffer-0", "buffer-1", "module-0", "module-1", "schedlab-page"]
    assert (parts["buffer-0"], parts["buffer-1"]) == (data, b"x")
    assert (parts["module-0"], parts["module-1"]) == (Small._esm, Other._esm)
    state = {"heading": "", "words": "a", "number": 1}
    assert parts["schedlab-page"]["models"] == [
        {"module": "module-0", "state": state, "buffers": {"data": "buffer-0"}},
        {"module": "module-0", "state": {**state, "words": "b"}, "buffers": {"data": "buffer-0"}},
        {"module": "module-1", "state": {**state, "words": ""}, "buffers": {"data": "buffer-1"}},
    ]
    assert [attributes["data-view"] for attributes, _ in page.all("div")] == ["0", "1", "2", "0"]
    assert len(page.all("style")) == 2, "the page's own and one of the widgets'"


def test_the_page_has_a_language_a_title_and_headings() -> None:
    page = Page(as_html({"Before": Small(), "After <2>": Small()}, title="Two & more"))
    assert page.all("html")[0][0]["lang"] == "en"
    assert page.all("title")[0][1] == page.all("h1")[0][1] == "Two & more"
    assert [text for _, text in page.all("h2")] == ["Before", "After <2>"]
    labels = [attributes["aria-labelledby"] for attributes, _ in page.all("section")]
    assert labels == [attributes["id"] for attributes, _ in page.all("h2")]
    alone = Page(as_html(Small(heading="Only one")))
    assert alone.all("title")[0][1] == "Only one"
    assert alone.all("h2") == []
    assert Page(as_html(Small(heading="Lanes"), title="Trace")).all("h2")[0][1] == "Lanes"
    assert Page(as_html(Small())).all("title")[0][1]


def test_text_stands_below_the_title_and_above_a_view() -> None:
    shown = [Section("One <1>", Small(), text=HOSTILE), Section("Two", Small())]
    page = Page(as_html(shown, title="Diagnosis", introduction="not asked:\n<b>x</b>"))
    assert [text for _, text in page.all("h2")] == ["One <1>", "Two"]
    words = [text for attributes, text in page.all("p") if attributes["class"] == "words"]
    assert words == ["not asked:\n<b>x</b>", HOSTILE]
    order = [(name, text) for name, _, text in page.found if name in ("h1", "h2", "p")]
    assert [name for name, _ in order] == ["h1", "p", "h2", "p", "p", "h2", "p"]
    assert Page(as_html(Small())).all("p")[0][0]["class"] == "alternative"


def test_no_text_of_a_program_becomes_markup() -> None:
    shown = Small(words=HOSTILE, heading=HOSTILE)
    page = Page(as_html({HOSTILE: shown, "b": Other()}, title=HOSTILE))
    assert page.parts["schedlab-page"]["models"][0]["state"]["words"] == HOSTILE
    assert page.parts["module-0"] == Small._esm
    assert not {name for name, _, _ in page.found} & {"img", "b", "i"}
    assert len(page.all("script")) == 2 + 1 + 1 + 1, "modules, buffer, page and the one that runs"
    assert page.all("h1")[0][1] == HOSTILE
    assert page.all("p")[0][1] == f"Small: {HOSTILE}\nSecond line"


def test_only_the_pages_own_script_may_run() -> None:
    page = Page(as_html(Small()))
    running = [text for attributes, text in page.all("script") if attributes["type"] == "module"]
    digest = base64.b64encode(hashlib.sha256(running[0].encode()).digest()).decode()
    policy = next(
        str(attributes["content"]) for attributes, _ in page.all("meta") if "http-equiv" in attributes
    )
    assert len(running) == 1
    assert f"script-src 'sha256-{digest}' blob:;" in policy
    assert policy.startswith("default-src 'none';")
    assert not re.search(r"https?:", policy)


def test_files_are_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "page.html"
    assert view.save_html(Small(words="\ud800 half a pair"), target, title="\udfff") == target
    assert target.read_text(encoding="utf-8") == as_html(
        Small(words="\ud800 half a pair"), title="\udfff"
    ).replace("\ud800", "&#55296;").replace("\udfff", "&#57343;")
    assert target.stat().st_mode & 0o777 == 0o666 & ~mask()
    before = target.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        with pytest.raises(PageNotWritten, match="No space left"):
            save_html(Small(), target)
    assert target.read_bytes() == before
    assert list(tmp_path.iterdir()) == [target]
    with pytest.raises(PageNotWritten, match="No such file"):
        save_html(Small(), tmp_path / "gone" / "page.html")


def mask() -> int:
    value = os.umask(0)
    os.umask(value)
    return value


def test_what_is_no_view_is_refused(tmp_path: Path) -> None:
    wrong: Any
    for wrong, name in ((3, "int"), ([Small(), "text"], "str"), ({"a": None}, "NoneType"), ("text", "str")):
        with pytest.raises(UsageError, match=f"this is none: {name}"):
            save_html(wrong, tmp_path / "a.html")
    for wrong in ([], {}):
        with pytest.raises(UsageError, match="no view"):
            save_html(wrong, tmp_path / "a.html")
    for wrong in (float("nan"), {1, 2}):
        with pytest.raises(UsageError, match="JSON cannot say"):
            save_html(Small(number=wrong), tmp_path / "a.html")
    assert list(tmp_path.iterdir()) == []


def test_words_stand_beside_the_widget() -> None:
    shown = Small(words=HOSTILE)
    data, _ = shown._repr_mimebundle_()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == shown.model_id
    assert data["text/plain"] == repr(shown) == f"Small: {HOSTILE}\nSecond line"
    assert Page(data["text/html"]).found[0][0] == "p"
    assert {name for name, _, _ in Page(data["text/html"]).found} == {"p", "br"}


def test_every_widget_of_the_package_has_its_built_script() -> None:
    assert (base.STATIC / "page.js").read_text(encoding="utf-8").startswith("/*! Built from lib/js")

    class Real(base.View, static="page"):
        pass

    assert Real()._esm == (base.STATIC / "page.js").read_text(encoding="utf-8")
    assert Real()._css == ""
    assert Real().text_alternative() == "Real"
    assert Real(heading="Lanes").text_alternative() == "Lanes"
