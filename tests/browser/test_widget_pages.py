"""Exported pages: several views from one file on the disk, with no network."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import traitlets
from playwright.sync_api import Page

from schedlab import process, toolchain
from schedlab.course import js
from schedlab.places import repository_root
from schedlab.timeline import Timeline
from schedlab.view.widgets import base, blob
from schedlab.view.widgets.board import BoardView
from schedlab.view.widgets.flame import FlameView
from schedlab.view.widgets.flame_timeline import profile_of
from schedlab.view.widgets.live import LiveView
from schedlab.view.widgets.page import save_html
from schedlab.view.widgets.timeline import TimelineView

if TYPE_CHECKING:
    from tests.browser.conftest import Exported

# What a program could call its functions. None of it may run, or end an element of the page.
HOSTILE = (
    "<img src=x onerror='window.hostile = true'></script><script>window.hostile = true</script>"
    "<!-- <script> </style> \u2028 \ud800"
)


@pytest.fixture(scope="session")
def probe(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The test's widget, built as the package's own are."""
    out = tmp_path_factory.mktemp("probe")
    js.build(repository_root(), out, ["test/widgets/probe.js", "test/widgets/probe.css"])
    return {"_esm": (out / "probe.js").read_text(), "_css": (out / "probe.css").read_text()}


class Probe(base.View):
    text = traitlets.Unicode("").tag(sync=True)
    count = traitlets.Int(0).tag(sync=True)
    fails = traitlets.Bool(False).tag(sync=True)
    data = traitlets.Bytes(b"").tag(sync=True)

    def text_alternative(self) -> str:
        return f"A probe that says {self.text}"


@pytest.fixture
def make(probe: dict[str, str]) -> Callable[..., Probe]:
    built = type("BuiltProbe", (Probe,), dict(probe))

    def made(text: str, name: str = "n", **traits: Any) -> Probe:
        values = np.arange(1000, dtype=np.int64) * 2**30
        data = blob.encode("probe", {"values": values}, {"name": name}, gaps=("values",))
        view: Probe = built(text=text, data=data, **traits)
        return view

    return made


def texts(page: Page, part: str) -> list[str]:
    return page.locator(f"[data-part={part}]").all_inner_texts()


def test_webgl_is_there(exported: Exported, tmp_path: Path) -> None:
    """In software, so that tests of what it draws mean the same everywhere."""
    (tmp_path / "page.html").write_text("<!doctype html><title>t</title>")
    page = exported.open(tmp_path / "page.html", drawn=False)
    renderer = page.evaluate(
        """() => {
            const gl = document.createElement("canvas").getContext("webgl2");
            return gl?.getParameter(gl.getExtension("WEBGL_debug_renderer_info").UNMASKED_RENDERER_WEBGL);
        }"""
    )
    assert "SwiftShader" in renderer


def test_two_widgets_on_one_page(
    exported: Exported,
    make: Callable[..., Probe],
    tmp_path: Path,
    axe: Callable[[Page], None],
    screenshot: Callable[[Page, str], Path],
) -> None:
    first, second = make("one"), make("two", name="m", count=5)
    file = save_html(
        {"First": first, "Second": second, "First again": first}, tmp_path / "a.html", title="Probes"
    )
    source = file.read_text()
    assert source.count("function decode(") == 1, "the module is in the page once"
    assert source.count("application/base64") == 2
    page = exported.open(file)
    assert page.title() == "Probes"
    assert page.get_by_role("heading").all_inner_texts() == ["Probes", "First", "Second", "First again"]
    total = sum(i * 2**30 for i in range(1000))
    assert texts(page, "data") == [f"probe: {name}: {total}; loaded 1" for name in ("n", "m", "n")], (
        "one module for all views, and each view its own data"
    )
    assert texts(page, "text") == ["one 100", "two 105", "one 100"], "initialize runs once for each model"
    page.get_by_role("region", name="First again").get_by_role("button").click()
    assert texts(page, "text") == ["one 101", "two 105", "one 101"], "views of one model share its state"
    axe(page)
    screenshot(page, "probes_light")


@pytest.fixture(scope="module")
def all_kinds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with every kind of view there is, of a program that hands over."""
    folder = tmp_path_factory.mktemp("all")
    arguments = ["-trace", str(folder / "x.trace"), "-exchanges", "200"]
    process.run(toolchain.build("handoffs"), arguments).check()
    timeline = Timeline.load(folder / "x.trace")
    live = LiveView("tides", ["-for", "60s"], title="Live")
    try:
        limit = time.monotonic() + 60
        while live.feed.history.next < 5 and time.monotonic() < limit:
            time.sleep(0.05)
        assert live.feed.history.next >= 5, "the program is seen while it runs"
    finally:
        live.stop()
    profile = profile_of(timeline, "off-cpu")
    views = {
        "Timeline": TimelineView(timeline, title="Timeline"),
        "Board": BoardView(timeline, window=(0, timeline.duration_ns // 4), title="Board"),
        "Flame": FlameView(profile, title="Flame"),
        "Change": FlameView.diff(profile, profile, title="Change"),
        "Growth": FlameView.growth([profile, profile, profile], title="Growth"),
        "Live": live,
    }
    return save_html(views, folder / "all.html", title="All kinds of views")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_kinds_of_views_on_one_page(
    exported: Exported,
    all_kinds: Path,
    axe: Callable[[Page], None],
    screenshot: Callable[[Page, str], Path],
    scheme: Any,
) -> None:
    page = exported.open(all_kinds, scheme=scheme)
    assert page.get_by_role("alert").count() == 0
    kinds = {"timeline": 1, "board": 1, "flame": 3, "live": 1}
    for kind, count in kinds.items():
        views = page.locator(f".schedlab-{kind}[data-ready=true]")
        assert views.count() == count
        assert views.first.get_attribute("data-scheme") == scheme
    axe(page)
    screenshot(page, f"all_kinds_{scheme}")


def test_light_and_dark(
    exported: Exported,
    make: Callable[..., Probe],
    tmp_path: Path,
    axe: Callable[[Page], None],
    screenshot: Callable[[Page, str], Path],
) -> None:
    file = save_html(make("one"), tmp_path / "a.html", title="Probe")
    page = exported.open(file, scheme="dark")
    light, dark = "rgb(26, 26, 26)", "rgb(232, 234, 237)"
    assert texts(page, "ink") == [dark]
    axe(page)
    screenshot(page, "probe_dark")
    page.emulate_media(color_scheme="light")
    page.get_by_text(light).wait_for()
    page.evaluate("() => { document.documentElement.dataset.theme = 'dark'; }")
    page.get_by_text(dark).wait_for()
    axe(page)


def test_hostile_texts_stay_texts(
    exported: Exported, make: Callable[..., Probe], tmp_path: Path, axe: Callable[[Page], None]
) -> None:
    view = make(HOSTILE, name=HOSTILE, heading=HOSTILE)
    file = save_html([view, make("harmless")], tmp_path / f"a page {'%'}#?.html", title=HOSTILE)
    page = exported.open(file)
    assert page.evaluate("() => window.hostile") is None
    assert page.locator("img").count() == 0
    assert page.locator("script[type=module]").count() == 1
    shown = HOSTILE.replace("\ud800", "\ufffd")
    assert page.locator("h1").text_content() == shown
    assert page.locator("[data-part=text]").first.text_content() == f"{HOSTILE} 100"
    assert HOSTILE in (page.locator("[data-part=data]").first.text_content() or "")
    axe(page)


def test_the_page_itself_forbids_scripts_and_requests(
    exported: Exported, make: Callable[..., Probe], tmp_path: Path
) -> None:
    """Should an escape ever be missing, the browser still refuses."""
    file = save_html(make("one"), tmp_path / "a.html", title="Probe")
    source = file.read_text()
    injected = "<script>window.hostile = true</script><svg onload='window.hostile = true'></svg>"
    file.write_text(source.replace("<main>", f"<main>{injected}", 1))
    page = exported.open(
        file,
        errors=[
            "inline script violates",
            "inline event handler violates",
            "Connecting to",
            "Refused to connect",
        ],
    )
    assert page.locator("svg[onload]").count() == 1
    assert page.evaluate("() => window.hostile") is None
    assert page.evaluate("() => fetch('http://127.0.0.1:9/').catch(error => error.name)") == "TypeError"


def test_a_widget_that_fails_says_so_in_its_place(
    exported: Exported, make: Callable[..., Probe], tmp_path: Path, axe: Callable[[Page], None]
) -> None:
    bad = make("<b>broken</b>", fails=True, heading="Bad")
    page = exported.open(save_html([bad, make("good")], tmp_path / "a.html"), errors=["<b>broken</b>"])
    alert = page.get_by_role("alert")
    assert alert.inner_text() == "This view could not be drawn: <b>broken</b>"
    region = page.get_by_role("region", name="Bad")
    assert "A probe that says <b>broken</b>" in region.inner_text(), "its words are still there"
    assert texts(page, "text") == ["good 100"]
    axe(page)


def test_damaged_data_is_an_error_in_its_place(
    exported: Exported, make: Callable[..., Probe], tmp_path: Path
) -> None:
    cut = make("cut")
    cut.data = cut.data[:-9]
    exported.open(save_html(cut, tmp_path / "a.html"), errors=["BlobError"])
    page = exported.opened[0].page
    assert re.search("cut or damaged", page.get_by_role("alert").inner_text())


def test_without_scripts_the_words_are_there(
    exported: Exported, make: Callable[..., Probe], tmp_path: Path
) -> None:
    file = save_html(make("<i>one</i>\nand two"), tmp_path / "a.html")
    context = exported.browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto(file.as_uri())
    assert page.locator("[data-view]").inner_text() == "A probe that says <i>one</i>\nand two"
    context.close()
