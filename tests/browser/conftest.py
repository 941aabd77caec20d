"""A real browser, JupyterLab in it, and exported pages opened from the disk with no network.

Fixtures:

- ``browser``: the machine's browser, with WebGL in software.
- ``jupyterlab``: ``with jupyterlab(root, notebook, theme) as lab:`` runs ``./course lab`` and opens it.
- ``exported``: ``exported.open(file)`` opens a page that ``save_html`` wrote, and waits until every view in
  it is drawn. At the end of the test, a request or an error that was not expected fails it.
- ``axe``: ``axe(page)`` fails on what keeps people out (WCAG 2.2, A and AA).
- ``screenshot``: ``screenshot(page, name)`` writes ``build/screenshots/<name>.png``.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright
from playwright.sync_api import Error as BrowserError

from schedlab.course import js
from schedlab.places import repository_root

BROWSERS = ("chromium", "chromium-browser", "google-chrome")

# Far beyond what a busy machine needs: reaching it means "never".
NEVER_MS = 300_000

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

# Every view has drawn its first complete frame, or says in its place why it cannot.
DRAWN = """() => document.documentElement.dataset.mounted === "true"
    && [...document.querySelectorAll("[data-view]")].every(
        view => view.querySelector("[data-ready='true'], [role='alert']"))"""

AXE_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")


@dataclass(slots=True)
class Seen:
    """What a page did that its reader would not see."""

    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def request(self, address: str) -> None:
        if urlsplit(address).scheme not in ("data", "blob") and urlsplit(address).hostname != "127.0.0.1":
            self.foreign.append(address)


@dataclass(slots=True)
class Lab:
    """A notebook that is open in JupyterLab. ``seen`` must be clean at the end, and is checked then."""

    page: Page
    seen: Seen

    def run_all(self) -> Any:
        """As a learner does it, from the menu; the notebook's state when all cells ran or one failed."""
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        self.page.wait_for_function(
            f"""() => {{
                const state = ({STATE})();
                return state.kernel === "idle" && (state.ran === state.cells || state.errors.length > 0);
            }}"""
        )
        return self.page.evaluate(STATE)

    def grow(self) -> None:
        """Make the window as high as the notebook, so that one picture holds it all."""
        height = self.page.evaluate("() => document.querySelector('.jp-WindowedPanel-inner').scrollHeight")
        self.page.set_viewport_size({"width": 1280, "height": min(int(height) + 200, 16_000)})
        self.page.wait_for_function(
            """() => {
                const notebook = document.querySelector(".jp-WindowedPanel-outer");
                notebook.scrollTop = 0;
                return notebook.clientHeight > window.innerHeight - 200 && notebook.scrollTop === 0;
            }"""
        )


@dataclass(slots=True)
class Opened:
    """An exported page. ``expected`` are parts of the only error messages that may appear on its console."""

    page: Page
    file: Path
    expected: Sequence[str]
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def check(self) -> None:
        """One request, for the file itself; the errors that were expected, all of them and no others."""
        assert self.requests == [self.file.as_uri()]
        unexpected = [error for error in self.errors if not any(part in error for part in self.expected)]
        assert unexpected == []
        missing = [part for part in self.expected if not any(part in error for error in self.errors)]
        assert missing == [], f"expected on the console, and not there; there was {self.errors}"


@dataclass(slots=True)
class Exported:
    """Opens exported pages, with no network, each in a context of its own."""

    browser: Browser
    opened: list[Opened] = field(default_factory=list)

    def open(
        self,
        file: Path,
        *,
        scheme: Literal["light", "dark"] = "light",
        width: int = 1280,
        height: int = 900,
        errors: Sequence[str] = (),
        reduced_motion: Literal["reduce", "no-preference"] = "no-preference",
        drawn: bool = True,
    ) -> Page:
        """The page, when every view in it is drawn (or at once, with ``drawn=False``).

        ``errors`` are parts of messages that must appear on its console; any other error fails the test.
        """
        context = self.browser.new_context(
            offline=True,
            color_scheme=scheme,
            reduced_motion=reduced_motion,
            viewport={"width": width, "height": height},
            accept_downloads=True,
        )
        page = context.new_page()
        page.set_default_timeout(NEVER_MS)
        opened = Opened(page, file, errors)
        self.opened.append(opened)

        def note(request: Request) -> None:
            if urlsplit(request.url).scheme not in ("data", "blob"):
                opened.requests.append(request.url)

        def complain(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                opened.errors.append(message.text)

        page.on("request", note)
        page.on("websocket", lambda socket: opened.requests.append(socket.url))
        page.on("console", complain)
        page.on("pageerror", lambda error: opened.errors.append(str(error)))
        page.goto(file.as_uri())
        if drawn:
            page.wait_for_function(DRAWN)
        return page

    def close(self) -> None:
        for one in self.opened:
            one.page.context.close()
        for one in self.opened:
            one.check()


def _find_browser() -> str:
    """The machine's browser. Without one the tests are skipped, and fail where everything must be tested."""
    named = os.environ.get("SCHEDLAB_BROWSER")
    found = next((path for name in ([named] if named else BROWSERS) if (path := shutil.which(name))), None)
    if found:
        return found
    reason = f"no browser: none of {', '.join(BROWSERS)} is installed, and SCHEDLAB_BROWSER names none"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def find_browser() -> Callable[[], str]:
    return _find_browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = _find_browser()
    arguments = [
        *("--disable-quic", "--no-first-run", "--disable-background-networking"),
        *("--disable-component-update", "--disable-sync"),
        # WebGL in software, so that it is there and the same on a machine without a graphics card.
        *("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"),
        # The browser's own walls need rights that root in a container does not have.
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
    ]
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=arguments, headless=True)
        processes = descendants(os.getpid())
        yield launched
        launched.close()
    wait_until_gone(processes)


@pytest.fixture
def exported(browser: Browser) -> Iterator[Exported]:
    pages = Exported(browser)
    yield pages
    pages.close()


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], None]:
    source = (js.install(repository_root()) / "axe-core" / "axe.min.js").read_text(encoding="utf-8")

    def check(page: Page) -> None:
        page.evaluate(source)
        found = page.evaluate(
            "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", list(AXE_TAGS)
        )
        assert found["passes"], "axe looked at something"
        assert [
            f"{one['id']}: {node['html']}: {node['failureSummary']}"
            for one in found["violations"]
            for node in one["nodes"]
        ] == []

    return check


@pytest.fixture(scope="session")
def screenshot() -> Callable[[Page, str], Path]:
    def take(page: Page, name: str) -> Path:
        file = repository_root() / "build" / "screenshots" / f"{name}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=file, full_page=True)
        return file

    return take


@pytest.fixture
def jupyterlab(browser: Browser, tmp_path: Path) -> Callable[[Path, str, str], AbstractContextManager[Lab]]:
    @contextmanager
    def opened(root: Path, notebook: str, theme: str) -> Iterator[Lab]:
        with _server(root, notebook, theme, tmp_path) as address:
            lab = _open_lab(browser, address)
            yield lab
            assert lab.page.get_by_text("Jupyter news").count() == 0
            lab.page.close()
        assert lab.seen == Seen()

    return opened


@contextmanager
def _server(root: Path, notebook: str, theme: str, home: Path) -> Iterator[str]:
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
            [
                *(sys.executable, "-m", "schedlab.course", "lab", notebook, "--no-browser"),
                *("--port", str(_port_of_its_own())),
            ],
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


def _port_of_its_own() -> int:
    """Two such servers that look for the first free port at once may both want the same."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _open_lab(browser: Browser, address: str) -> Lab:
    """As soon as the server answers and JupyterLab has a kernel for the notebook."""
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
            # The page that tells of a refusal may come late, and interrupt the next attempt.
            refused = any(words in error.message for words in ("ERR_CONNECTION_REFUSED", "chrome-error://"))
            if not refused or time.monotonic() > limit:
                raise
            page.wait_for_timeout(100)
    page.wait_for_function(f"() => ({STATE})() !== null")
    return Lab(page, seen)


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
