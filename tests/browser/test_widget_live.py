"""The live view as a person meets it: served by ``schedlab live``, from a saved page, in JupyterLab."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from schedlab.capture.live import BINS, UNKNOWN, Feed, Sample, binned
from schedlab.course.notebooks import Notebook
from schedlab.course.source import read, to_bytes
from schedlab.view.widgets.live import LiveView
from schedlab.view.widgets.page import save_html

if TYPE_CHECKING:
    from tests.browser.conftest import Exported, Lab

NEVER_MS = 300_000
HOSTILE = "<img src=x onerror='window.hostile = true'></script>"

COUNTED = Path(__file__).parents[1] / "capture" / "testdata" / "live" / "counted"

# What the view says of itself.
STATE = "() => ({...document.querySelector('.schedlab-live').dataset})"
SAMPLES = "least => Number(document.querySelector('.schedlab-live')?.dataset.samples) >= least"
# How many of a canvas's pixels are painted.
PAINTED = """canvas => {
    const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let painted = 0;
    for (let i = 3; i < data.length; i += 4) painted += data[i] > 0;
    return painted;
}"""


class Recorded(Feed):
    """Sixty seconds of a program that a test makes up: 20 samples a second, as many goroutines as samples."""

    def __init__(self, name: str = "made up", samples: int = 1200, **unknown: str) -> None:
        super().__init__(name, 20, 2000, unknown)
        for number in range(samples):
            slow = 2**24 if 400 <= number < 440 else 2**12
            self._put(
                Sample(
                    number * 50_000_000,
                    goroutines=number,
                    running=2,
                    runnable=number % 7,
                    waiting=UNKNOWN if "states" in unknown else 5,
                    gomaxprocs=2,
                    threads=5,
                    runq_global=number % 5,
                    runq_local=(number % 3, 1),
                    heap_bytes=number << 20,
                    goal_bytes=2048 << 20,
                    gc_cycles=number // 20,
                    latencies=binned([(300, 50), (slow, 5)]),
                    pauses=binned([(2**15, 1)]) if number % 20 == 0 else (0,) * BINS,
                )
            )
        self._start()
        self.wait()

    def _run(self) -> str:
        return f"it was made up {HOSTILE}"

    def _wake(self) -> None:
        pass


def state(page: Page) -> dict[str, str]:
    found: dict[str, str] = page.evaluate(STATE)
    return found


def legend(page: Page, panel: str) -> str:
    card = page.locator(".live-card").filter(has=page.get_by_role("heading", name=panel, exact=True))
    return card.locator(".live-legend").inner_text()


@contextmanager
def served(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "schedlab.cli", "live", "--no-open", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            yield running, running.stdout.readline().split()[-1]
        finally:
            if running.poll() is None:
                running.send_signal(signal.SIGINT)
            assert running.wait(NEVER_MS / 1000) == 0


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a page of this machine. At the end, an error on its console fails the test."""
    errors: list[str] = []
    contexts = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            errors.append(message.text)

    def open_page(address: str, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(NEVER_MS)
        page.on("console", note)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address)
        page.locator(".schedlab-live[data-ready=true]").wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


def test_watching_a_program_pausing_and_going_back(
    visit: Callable[..., Page], axe: Callable[[Page], None], screenshot: Callable[[Page, str], Path]
) -> None:
    with served(str(COUNTED), "--gomaxprocs", "2", "--", "-waiting", "70", "-spinning", "5") as (
        command,
        address,
    ):
        page = visit(address)
        assert page.title() == "Live: counted"
        page.wait_for_function(SAMPLES, arg=45)
        # main, 70 that wait, 5 that run.
        assert re.search(r"^all\s+76$", legend(page, "Goroutines by state"), re.MULTILINE)
        for canvas in page.locator("canvas.live-heat, .u-wrap canvas").all():
            assert canvas.evaluate(PAINTED) > 1000
        screenshot(page, "live_running")

        page.get_by_role("button", name="Pause").click()
        page.get_by_role("button", name="Resume").wait_for()
        paused = state(page)
        assert paused["state"] == "paused"
        page.wait_for_function(SAMPLES, arg=int(paused["samples"]) + 10)
        assert (state(page)["from"], state(page)["to"]) == (paused["from"], paused["to"]), "it stands still"

        page.locator(".live-panels").focus()
        for _ in range(5):
            page.keyboard.press("-")  # nothing is longer than an hour
        for _ in range(30):
            page.keyboard.press("+")
        page.keyboard.press("Home")
        page.wait_for_function("() => Number(document.querySelector('.schedlab-live').dataset.to) < 1.2e9")
        oldest = state(page)
        assert float(oldest["to"]) - float(oldest["from"]) == 1e9
        page.keyboard.press("ArrowRight")
        page.wait_for_function(
            "before => Number(document.querySelector('.schedlab-live').dataset.to) > before",
            arg=float(oldest["to"]),
        )
        axe(page)
        screenshot(page, "live_rewound")
        page.keyboard.press(" ")
        page.locator(".schedlab-live[data-state=live]").wait_for()

        second = visit(address, color_scheme="dark", reduced_motion="reduce")
        second.wait_for_function(SAMPLES, arg=int(oldest["samples"]))
        axe(second)
        screenshot(second, "live_dark")
        assert second.locator("[data-part=missed]").inner_text() == ""

        command.send_signal(signal.SIGINT)
        assert command.wait(NEVER_MS / 1000) == 0
        for one in (page, second):
            one.locator(".schedlab-live[data-state=ended]").wait_for()
            assert one.locator("[data-part=end]").inner_text() != ""
        page.keyboard.press("Home")
        page.locator(".schedlab-live[data-state=ended]").wait_for()


def test_the_picture_as_a_file(
    exported: Exported, tmp_path: Path, screenshot: Callable[[Page, str], Path]
) -> None:
    """The numbers and names that are on the page, and every chart, with nothing that has to be fetched."""
    with Recorded() as feed:
        view = LiveView(feed, title=f"Recorded {HOSTILE}", span_s=10)
        file = save_html(view, tmp_path / "live.html", title="A program")
        view.close()
    page = exported.open(file)
    canvases = page.locator(".schedlab-live canvas").count()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save the view as an SVG file").click()
    assert (waiting.value.suggested_filename or "").startswith("Recorded")
    text = Path(waiting.value.path()).read_text()
    svg = ElementTree.fromstring(text)
    space = "{http://www.w3.org/2000/svg}"
    texts = [one.text or "" for one in svg.iter(f"{space}text")]
    assert f"Recorded {HOSTILE}" in texts
    assert {"Goroutines by state", "Run queues", "1,199", "Runnable, until it ran"} <= set(texts)
    assert "Pause" not in texts
    images = [one.get("href", "") for one in svg.iter(f"{space}image")]
    assert len(images) == canvases > 10
    assert all(one.startswith("data:image/png;base64,") for one in images)
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save the view as a PNG file").click()
    picture = Path(waiting.value.path())
    box = page.locator(".schedlab-live").bounding_box()
    assert box is not None
    header = picture.read_bytes()[:24]
    assert header.startswith(b"\x89PNG\r\n\x1a\n")
    wide, high = (int.from_bytes(header[at : at + 4], "big") for at in (16, 20))
    assert [wide, high] == pytest.approx([2 * box["width"], 2 * box["height"]], abs=2)
    # As a browser shows them, to be looked at.
    shutil.copy(picture, tmp_path / "live.png")
    (tmp_path / "live.svg").write_text(text)
    (tmp_path / "both.html").write_text('<img width="1200" src="live.png"><img src="live.svg">')
    shown = exported.browser.new_page(viewport={"width": 1280, "height": 1000})
    shown.goto((tmp_path / "both.html").as_uri())
    screenshot(shown, "live_pictures")
    shown.close()


def test_the_end_of_a_program_is_shown_and_its_history_stays(visit: Callable[..., Page]) -> None:
    with served(str(COUNTED), "--", "-waiting", "10", "-exit", "4") as (_, address):
        page = visit(address)
        page.locator(".schedlab-live[data-state=ended]").wait_for()
        assert page.locator("[data-part=end]").inner_text() == "The program ended with exit status 4."


def test_a_saved_page_can_be_scrubbed(
    exported: Exported, tmp_path: Path, axe: Callable[[Page], None], screenshot: Callable[[Page, str], Path]
) -> None:
    with Recorded() as feed:
        view = LiveView(feed, title=f"Recorded {HOSTILE}", span_s=10)
        file = save_html(view, tmp_path / "live.html", title="A program")
        view.close()
    page = exported.open(file)
    root = page.locator(".schedlab-live")
    assert state(page)["state"] == "ended"
    assert float(state(page)["to"]) == 1199 * 50e6
    assert legend(page, "Goroutines by state").split("\n")[0].endswith("1,199")
    assert "collections 59" in legend(page, "Heap and the collector's goal")
    assert page.locator("[data-part=end]").inner_text() == f"It was made up {HOSTILE}."
    assert page.evaluate("() => window.hostile") is None
    assert page.locator("img").count() == 0
    axe(page)
    slider = page.get_by_role("slider", name="The newest time that is seen")
    slider.fill("22")
    page.locator(".schedlab-live[data-to='22000000000']").wait_for()
    assert legend(page, "Goroutines by state").split("\n")[0].endswith("440")
    # 40 samples of 5 slow ones, of 200 samples of 55.
    assert "11,000 waits" in legend(page, "Runnable, until it ran")
    assert "99 of 100 < 34 ms" in legend(page, "Runnable, until it ran")
    assert slider.get_attribute("aria-valuetext") == "12.0 s to 22.0 s"
    image = page.get_by_role(
        "img", name=re.compile("^Goroutines by state, values at 22.0 s: all 440, running 2")
    )
    assert image.count() == 1
    screenshot(page, "live_saved")
    page.get_by_role("button", name="Back").click()
    page.locator(".schedlab-live[data-to='17000000000']").wait_for()
    page.get_by_role("button", name="A longer stretch of time").click()
    page.locator(".schedlab-live[data-to='30000000000'], .schedlab-live[data-to='17000000000']").wait_for()
    page.get_by_role("button", name="Follow the newest").click()
    page.locator(f".schedlab-live[data-to='{1199 * 50_000_000}']").wait_for()
    # The values under the pointer.
    plot = page.locator(".u-over").first
    box = plot.bounding_box()
    assert box is not None
    plot.hover(position={"x": box["width"] / 2, "y": 20})
    page.locator("[data-part=when]").filter(has_text=re.compile("values at 4[45]")).wait_for()
    page.emulate_media(color_scheme="dark")
    root.locator("xpath=self::*[@data-scheme='dark']").wait_for()
    axe(page)
    screenshot(page, "live_saved_dark")


def test_what_is_unknown_is_said(
    exported: Exported, tmp_path: Path, axe: Callable[[Page], None], screenshot: Callable[[Page, str], Path]
) -> None:
    views: list[LiveView] = []
    for samples, unknown in (
        (40, {"latencies": HOSTILE, "queues": "no reason"}),
        (0, {}),
        (1, {"heap": "it is so"}),
    ):
        with Recorded(f"number {len(views)}", samples, **unknown) as feed:
            views.append(LiveView(feed))
    file = save_html(views, tmp_path / "live.html", title="Three")
    page = exported.open(file, width=500)
    assert page.locator(".schedlab-live").count() == 3
    first = page.locator(".schedlab-live").first
    assert first.get_by_role("heading").all_inner_texts() == [
        "Goroutines by state",
        "Threads and Ps",
        "Heap and the collector's goal",
        "The world was stopped for",
    ]
    assert first.locator(".live-unknown li").all_inner_texts() == [
        f"Not known here: scheduling latency; {HOSTILE}.",
        "Not known here: run queues; no reason.",
    ]
    assert page.evaluate("() => window.hostile") is None
    assert page.locator(".schedlab-live").nth(1).locator("[data-part=when]").inner_text() == "nothing yet"
    axe(page)
    screenshot(page, "live_unknown")
    for view in views:
        view.close()


NOTEBOOK = """\
---
title: A live view
schedlab:
  chapter: "1.9"
  question: Does it move?
  minutes: 1
  audience: tests
  budget_s: 600
---
# A live view

```{code-cell} python
from schedlab.view.widgets.live import LiveView
live = LiveView("counted", ["-waiting", 30], title="Counted", span_s=5)
live
```

```{code-cell} python
import os, pathlib, time
print("busy", live.feed.pid)
while not pathlib.Path(os.environ["SCHEDLAB_ROOT"], "enough").exists():
    time.sleep(0.01)
live.stop()
```

```{code-cell} python
:tags: [claim]
assert live.feed.history.next > 0
```
"""


def test_in_jupyterlab_it_moves_while_a_cell_runs(
    jupyterlab: Callable[[Path, str, str], AbstractContextManager[Lab]],
    tmp_path: Path,
    screenshot: Callable[[Page, str], Path],
) -> None:
    root = tmp_path / "repository"
    shutil.copytree(COUNTED.parent, root / "go_samples")
    (root / "chapters").mkdir()
    source = root / "chapters" / "1_9_live.md"
    source.write_text(NOTEBOOK)
    source.with_suffix(".ipynb").write_bytes(to_bytes(read(Notebook(root, source))))
    with jupyterlab(root, "1_9", "JupyterLab Light") as lab:
        page = lab.page
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        said = page.locator(".jp-OutputArea-output").filter(has_text="busy ")
        said.wait_for()
        page.locator(".schedlab-live[data-ready=true]").wait_for()
        page.wait_for_function(SAMPLES, arg=20)
        page.wait_for_function(SAMPLES, arg=int(state(page)["samples"]) + 20)
        assert re.search(r"^all\s+31$", legend(page, "Goroutines by state"), re.MULTILINE)
        page.get_by_role("button", name="Pause").click()
        page.locator(".schedlab-live[data-state=paused]").wait_for()
        screenshot(page, "live_jupyterlab")
        (root / "enough").touch()
        page.locator("[data-part=end]").filter(has_text="Stopped from here.").wait_for()
        pid = int(said.inner_text().split()[-1])
        page.wait_for_function(
            "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
        )
        assert not Path(f"/proc/{pid}").exists()
