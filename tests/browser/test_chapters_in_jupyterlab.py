"""Chapters in a real JupyterLab, in a real browser: Run All ends well, and what a learner sees is there."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright
from playwright.sync_api import Error as BrowserError

from schedlab.course.notebooks import Notebook
from schedlab.course.source import read, to_bytes
from schedlab.places import repository_root

BROWSERS = ("chromium", "chromium-browser", "google-chrome")

# Far beyond what a busy machine needs: reaching it means "never".
NEVER_MS = 300_000

# No program in a text of ours may run in the learner's browser.
HOSTILE = "<img src=x onerror='window.hostile = true'>"

WIDGETS = f"""\
---
title: Widgets for tests
schedlab:
  chapter: "1.9"
  question: Does it show?
  minutes: 1
  audience: tests
  budget_s: 600
---
# Widgets for tests

```{{code-cell}} python
from schedlab import learn

threads = learn.Prediction("How many threads? {HOSTILE}", learn.number(1, 10_000, "threads"))
threads
```

```{{code-cell}} python
queue = learn.Prediction("Which queue?", ["global", "local {HOSTILE}"])
queue
```

```{{code-cell}} python
threads.reveal(1003, "Each blocking call costs one. {HOSTILE}")
```

```{{code-cell}} python
queue.reveal("global")
```

```{{code-cell}} python
learn.source("proc.go", "handoffp", around="startm(pp, false, false)", context=3)
```

```{{code-cell}} python
learn.verdict("A P is handed off. {HOSTILE}", "It was, 12 times.", learn.Verdict.HOLDS)
```

```{{code-cell}} python
learn.verdict("It costs 1 us.", "-", learn.Verdict.NOT_MEASURABLE_HERE, reason="the clock is too coarse")
```

```{{code-cell}} python
:tags: [claim]
assert threads.committed in (None, 12)
```
"""

# The state of the open notebook, from JupyterLab's own model of it.
STATE = """() => {
    const panel = window.jupyterapp?.shell.currentWidget;
    const model = panel?.content?.model;
    if (!model || !panel.sessionContext?.session?.kernel) return null;
    const code = Array.from(model.cells).filter(cell => cell.type === "code");
    const written = code.filter(cell => cell.sharedModel.getSource().trim());
    const outputs = code.flatMap(cell => cell.outputs.toJSON());
    return {
        cells: written.length,
        ran: written.filter(cell => cell.executionCount !== null).length,
        kernel: panel.sessionContext.session.kernel.status,
        errors: outputs.filter(one => one.output_type === "error").map(one => `${one.ename}: ${one.evalue}`),
        widgets: outputs.filter(one => one.data?.["application/vnd.jupyter.widget-view+json"]).length,
    };
}"""

# Where text has less than 4.5:1 of contrast with what lies behind it (WCAG AA).
LOW_CONTRAST = """() => {
    const numbers = text => text.match(/[\\d.]+/g).map(Number);
    const over = (top, below) => {
        const alpha = top[3] ?? 1;
        return [0, 1, 2].map(i => top[i] * alpha + below[i] * (1 - alpha));
    };
    const ancestors = node => node ? [...ancestors(node.parentElement), node] : [];
    const luminance = rgb => {
        const parts = rgb.map(v => v / 255);
        const [r, g, b] = parts.map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const low = [];
    for (const node of document.querySelectorAll(".jp-OutputArea-output *")) {
        const own = [...node.childNodes].some(child => child.nodeType === 3 && child.textContent.trim());
        if (!own || node.closest("svg, button") || !node.getClientRects().length) continue;
        const chain = ancestors(node);
        let back = [255, 255, 255];
        for (const one of chain) back = over(numbers(getComputedStyle(one).backgroundColor), back);
        const opacity = chain.reduce((all, one) => all * Number(getComputedStyle(one).opacity), 1);
        const text = numbers(getComputedStyle(node).color);
        const front = over([...text.slice(0, 3), (text[3] ?? 1) * opacity], back);
        const [a, b] = [luminance(front), luminance(back)].sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05);
        if (ratio < 4.5) low.push(`${ratio.toFixed(2)}: ${node.textContent.trim().slice(0, 40)}`);
    }
    return low;
}"""


@dataclass(slots=True)
class Seen:
    """What a page did that a learner would not see."""

    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def request(self, address: str) -> None:
        if urlsplit(address).scheme not in ("data", "blob") and urlsplit(address).hostname != "127.0.0.1":
            self.foreign.append(address)


def find_browser() -> str:
    """The machine's browser. Without one the tests are skipped, and fail where everything must be tested."""
    named = os.environ.get("SCHEDLAB_BROWSER")
    found = next((path for name in ([named] if named else BROWSERS) if (path := shutil.which(name))), None)
    if found:
        return found
    reason = f"no browser: none of {', '.join(BROWSERS)} is installed, and SCHEDLAB_BROWSER names none"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = find_browser()
    arguments = [
        *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
        *("--disable-component-update", "--disable-sync"),
        # The browser's own walls need rights that root in a container does not have.
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
    ]
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=arguments, headless=True)
        processes = descendants(os.getpid())
        yield launched
        launched.close()
    wait_until_gone(processes)


@contextmanager
def jupyterlab(root: Path, notebook: str, theme: str, home: Path) -> Iterator[str]:
    """``./course lab`` on one notebook; its address. Afterwards neither it nor a kernel of it is left."""
    settings = {
        "apputils-extension/themes": {"theme": theme},
        # A test must not write into the notebook that it runs.
        "docmanager-extension/plugin": {"autosave": False},
        # All cells on the page, also those that are not in view.
        "notebook-extension/tracker": {"windowingMode": "none"},
    }
    for name, values in settings.items():
        file = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    config = home / "state" / "lab" / "jupyter" / "config" / "jupyter_lab_config.json"
    config.parent.mkdir(parents=True)
    config.write_text(json.dumps({"LabApp": {"expose_app_in_browser": True}}))
    environment = {
        **os.environ,
        "SCHEDLAB_ROOT": str(root),
        "SCHEDLAB_STATE": str(home / "state"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
    }
    with (home / "log").open("w+") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "schedlab.course", "lab", notebook, "--no-browser"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            assert server.stdout
            yield server.stdout.readline().removeprefix("JupyterLab: ").strip()
        finally:
            processes = descendants(server.pid)
            server.send_signal(signal.SIGTERM)
            server.communicate(timeout=60)
        wait_until_gone(processes)
        log.seek(0)
        complaints = [line for line in log if "received signal 15" not in line]
        assert complaints == [], "the terminal of a learner stays clean"


def open_page(browser: Browser, address: str) -> tuple[Page, Seen]:
    """The page, as soon as the server answers and JupyterLab has a kernel for the notebook."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(NEVER_MS)
    seen = Seen()

    def note(request: Request) -> None:
        seen.request(request.url)

    page.on("request", note)
    page.on("websocket", lambda socket: seen.request(socket.url.replace("ws://", "http://")))
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    limit = time.monotonic() + NEVER_MS / 1000
    while True:
        try:
            page.goto(address)
            break
        except BrowserError as error:
            if "ERR_CONNECTION_REFUSED" not in error.message or time.monotonic() > limit:
                raise
            page.wait_for_timeout(100)
    page.wait_for_function(f"() => ({STATE})() !== null")
    return page, seen


def run_all(page: Page) -> Any:
    """As a learner does it, from the menu; the notebook's state when all cells ran or one failed."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_function(
        f"""() => {{
            const state = ({STATE})();
            return state.kernel === "idle" && (state.ran === state.cells || state.errors.length > 0);
        }}"""
    )
    return page.evaluate(STATE)


def take_picture(page: Page, name: str) -> None:
    """The whole notebook, in one picture."""
    height = page.evaluate("() => document.querySelector('.jp-WindowedPanel-inner').scrollHeight")
    page.set_viewport_size({"width": 1280, "height": min(int(height) + 200, 16_000)})
    page.wait_for_function(
        """() => {
            const notebook = document.querySelector(".jp-WindowedPanel-outer");
            notebook.scrollTop = 0;
            return notebook.clientHeight > window.innerHeight - 200 && notebook.scrollTop === 0;
        }"""
    )
    file = repository_root() / "build" / "screenshots" / f"{name}.png"
    file.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=file)


def descendants(pid: int) -> dict[int, str]:
    """The processes below ``pid``, by their id; the value tells one from a later one of the same id."""
    born = {one: facts for one in _all_processes() if (facts := _process(one))}
    found: dict[int, str] = {}
    layer = {pid}
    while layer:
        layer = {one for one, (parent, _) in born.items() if parent in layer}
        found |= {one: born[one][1] for one in layer}
    return found


def wait_until_gone(processes: dict[int, str]) -> None:
    assert processes, "there was something to end"
    limit = time.monotonic() + NEVER_MS / 1000
    while left := {pid for pid, started in processes.items() if (_process(pid) or (0, ""))[1] == started}:
        assert time.monotonic() < limit, f"processes stay: {left}"
        time.sleep(0.05)


def _all_processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _process(pid: int) -> tuple[int, str] | None:
    """Its parent and the time that it was started at; None for one that has ended."""
    try:
        state, parent, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state in "ZX" else (int(parent), rest[17])


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_chapter_1_1_runs_to_its_end(browser: Browser, tmp_path: Path, theme: str) -> None:
    root = repository_root()
    before = (root / "chapters" / "1_1_meet_gmp.ipynb").read_bytes()
    with jupyterlab(root, "1_1", theme, tmp_path) as address:
        page, seen = open_page(browser, address)
        state = run_all(page)
        assert state["errors"] == []
        assert state["ran"] == state["cells"] > 0
        assert state["widgets"] > 0
        assert page.locator(".jp-OutputArea .widget-vbox").count() == state["widgets"]
        assert page.evaluate(LOW_CONTRAST) == []
        take_picture(page, f"chapter_1_1_{theme.split()[1].lower()}")
        assert page.get_by_text("Jupyter news").count() == 0
        page.close()
    assert seen == Seen()
    assert (root / "chapters" / "1_1_meet_gmp.ipynb").read_bytes() == before


@pytest.fixture
def widgets(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    for folder in ("chapters", "go_samples"):
        (root / folder).mkdir(parents=True)
    source = root / "chapters" / "1_9_widgets.md"
    source.write_text(WIDGETS)
    source.with_suffix(".ipynb").write_bytes(to_bytes(read(Notebook(root, source))))
    return root


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_a_learner_predicts_with_the_keyboard_and_compares(
    browser: Browser, widgets: Path, tmp_path: Path, theme: str
) -> None:
    with jupyterlab(widgets, "1_9", theme, tmp_path) as address:
        page, seen = open_page(browser, address)
        assert run_all(page)["errors"] == []
        output = page.locator(".jp-OutputArea-output")
        assert output.filter(has_text="You made no prediction.").count() == 2
        number = page.get_by_label("Your prediction (threads)")
        number.fill("12")
        number.press("Tab")
        assert page.evaluate("() => document.activeElement.textContent") == "Commit prediction"
        page.keyboard.press("Enter")
        page.get_by_role("alert").filter(has_text="Committed: 12 threads.").wait_for()
        assert run_all(page)["errors"] == []
        output.filter(has_text="You predicted 12 threads. Measured here: 1003 threads.").wait_for()
        page.get_by_role("status").filter(has_text="Committed: 12 threads.").wait_for()
        choice = page.get_by_role("radio").first
        choice.focus()
        # ipywidgets lets the Tab key stop at each answer.
        for key in ("Space", "Tab", "Tab", "Enter"):
            page.keyboard.press(key)
        page.get_by_role("alert").filter(has_text="Committed: global.").wait_for()
        assert page.get_by_role("group", name="Verdict on a claim of the article").count() == 2
        assert page.get_by_role("figure").filter(has_text="runtime/proc.go, lines").count() == 1
        assert page.get_by_text(HOSTILE).count() >= 5
        assert page.evaluate("() => window.hostile") is None
        assert page.evaluate(LOW_CONTRAST) == []
        take_picture(page, f"widgets_{theme.split()[1].lower()}")
        assert page.get_by_text("Jupyter news").count() == 0
        page.close()
    assert seen == Seen()


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with no browser."""
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("SCHEDLAB_BROWSER", "CI"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.mark.usefixtures("bare")
def test_without_a_browser_the_tests_are_skipped_and_fail_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(pytest.skip.Exception, match="none of chromium, chromium-browser, google-chrome is"):
        find_browser()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no browser"):
        find_browser()


def test_the_browser_that_is_named_is_taken(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("chromium", "mine"):
        (bare / name).touch(mode=0o755)
    assert find_browser() == str(bare / "chromium")
    monkeypatch.setenv("SCHEDLAB_BROWSER", str(bare / "mine"))
    assert find_browser() == str(bare / "mine")
    monkeypatch.setenv("SCHEDLAB_BROWSER", str(bare / "gone"))
    with pytest.raises(pytest.skip.Exception):
        find_browser()
