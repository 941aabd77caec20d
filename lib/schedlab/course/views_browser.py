"""A browser for the benchmark of the views, and what is measured in it.

An input is a real one: it goes through the browser's own path for mouse, wheel and keys. Its time runs from
the event's timestamp to the first animation frame that begins after a canvas was painted. Before it, the page
has been still for two frames, so the painting is that input's own. The picture is then with the compositor,
which may have much to do: until two more animation frames have begun, the page is not free. When the screen
shows the picture, nobody here knows.

A part of each time is the browser's own. ``floor`` is a page that paints one rectangle, to tell that part.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from schedlab.errors import SchedlabError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
_PATIENCE_MS: Final = 600_000

# Runs before anything of the page.
_PROBE: Final = """(() => {
    const probe = window.probe = { painted: 0, opened: 0, free: 0 };
    const watch = (type, names) => names.forEach((name) => {
        const real = type.prototype[name];
        type.prototype[name] = function (...given) {
            probe.painted++;
            return real.apply(this, given);
        };
    });
    watch(CanvasRenderingContext2D, ["clearRect", "putImageData", "drawImage"]);
    watch(WebGL2RenderingContext,
        ["drawArrays", "drawElements", "drawArraysInstanced", "drawElementsInstanced"]);
    probe.arm = (type) => {
        probe.last = null;
        addEventListener(type, (event) => {
            const before = probe.painted;
            const since = () => performance.now() - event.timeStamp;
            const look = () => {
                if (probe.painted === before) return requestAnimationFrame(look);
                const frame = since();
                return probe.frame(() => { probe.last = [frame, since()]; });
            };
            requestAnimationFrame(look);
        }, { capture: true, once: true });
    };
    probe.settled = () => new Promise((then) => {
        let painted = -1;
        let still = 0;
        const look = () => {
            still = probe.painted === painted ? still + 1 : 0;
            painted = probe.painted;
            if (still >= 2) then(null);
            else requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
    });
    probe.frame = (then) => requestAnimationFrame(() => requestAnimationFrame(then));
    const note = () => {
        if (probe.opened || !document.querySelector("[data-ready='true'], [data-drawn]")) return;
        probe.opened = -1;
        probe.frame(() => {
            const opened = performance.now();
            probe.frame(() => { probe.free = performance.now(); probe.opened = opened; });
        });
    };
    const begin = () => {
        const options = { subtree: true, childList: true, attributes: true,
            attributeFilter: ["data-ready", "data-drawn"] };
        new MutationObserver(note).observe(document, options);
    };
    begin();
})()"""


FLOOR: Final = """<!doctype html>
<title>What the browser takes for itself</title>
<canvas width="1200" height="460" data-drawn="true"></canvas>
<script>
const canvas = document.querySelector("canvas");
const context = canvas.getContext("2d");
let asked = 0;
const paint = () => {
    asked = 0;
    context.clearRect(0, 0, 1200, 460);
    context.fillRect(100 + 1000 * Math.random(), 100, 100, 100);
};
const heard = (event) => {
    event.preventDefault();
    asked ||= requestAnimationFrame(paint);
};
for (const type of ["wheel", "pointermove", "keydown"]) {
    (type === "keydown" ? window : canvas).addEventListener(type, heard, { passive: false });
}
</script>
"""


class NoBrowser(SchedlabError):
    """The benchmark has nothing to draw in."""


@dataclass(frozen=True, slots=True)
class Opened:
    """``open_ms`` from navigation to the first complete frame; ``inputs_ms`` of each input, by kind;
    ``free_ms`` of both until the page is free again. ``draw_ms`` is what our own view says that it took.
    ``peak_mb`` is the most memory that the page's process held."""

    open_ms: float
    inputs_ms: dict[str, list[float]]
    free_ms: dict[str, list[float]]
    draw_ms: list[float]
    peak_mb: float


@contextmanager
def browser() -> Iterator[Browser]:
    """The machine's Chromium, headless, with WebGL in software.

    Raises:
        NoBrowser: neither it nor Playwright is there.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise NoBrowser("Playwright is not installed", remedy="Install the group dev: uv sync") from error
    names = [os.environ["SCHEDLAB_BROWSER"]] if "SCHEDLAB_BROWSER" in os.environ else _BROWSERS
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        raise NoBrowser(
            f"no browser: none of {', '.join(names)}", remedy="Install Chromium, or set SCHEDLAB_BROWSER."
        )
    arguments = [
        *("--disable-quic", "--no-first-run", "--disable-background-networking"),
        *("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"),
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
    ]
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=arguments, headless=True)
        try:
            yield launched
        finally:
            launched.close()


def measure(browser: Browser, file: Path, area: str, inputs: int) -> Opened:
    """Open ``file`` in a context of its own; wheel, drag and (but on Bokeh's pages) keys over ``area``."""
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 900})
    try:
        page = context.new_page()
        page.set_default_timeout(_PATIENCE_MS)
        page.add_init_script(_PROBE)
        page.goto(file.as_uri())
        page.wait_for_function("() => window.probe.opened > 0")
        open_ms, free_ms = (float(ms) for ms in page.evaluate("() => [probe.opened, probe.free]"))
        times = _inputs(page, area, inputs)
        draws: list[float] = page.evaluate(
            "() => document.querySelector('.schedlab-timeline')?.timeline.frames ?? []"
        )
        return Opened(
            open_ms,
            {kind: [frame for frame, _ in found] for kind, found in times.items()},
            {"open": [free_ms]} | {kind: [free for _, free in found] for kind, found in times.items()},
            draws[1:],
            _peak_mb(browser),
        )
    finally:
        context.close()


_Times = list[tuple[float, float]]


def _inputs(page: Page, area: str, count: int) -> dict[str, _Times]:
    box = page.locator(area).first.bounding_box()
    if box is None:
        raise NoBrowser(f"{area} is not on the page")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.click(x, box["y"] + 10)
    page.mouse.move(x, y)
    page.wait_for_timeout(100)

    def times(kind: str, act: Callable[[int], Any]) -> _Times:
        return [_one(page, kind, act, number) for number in range(count)]

    # Never as far as the widest or the narrowest view: what changes nothing is not painted.
    page.mouse.wheel(0, -300)
    page.wait_for_timeout(100)
    found = {"zoom": times("wheel", lambda n: page.mouse.wheel(0, -200 if n % 10 < 5 else 200))}
    # A page that is still busy would take what follows for a long press.
    page.evaluate("() => probe.settled()")
    page.mouse.down()
    page.mouse.move(x + 10, y)
    found["pan"] = times("pointermove", lambda n: page.mouse.move(x + 10 + (n + 1) * 7 % 200, y))
    page.mouse.up()
    if not area.startswith(".bk"):
        keys = "wdsa" * count
        found["keys"] = times("keydown", lambda n: page.keyboard.press(keys[n]))
    return found


def _one(page: Page, kind: str, act: Callable[[int], Any], number: int) -> tuple[float, float]:
    page.evaluate("type => probe.settled().then(() => probe.arm(type))", kind)
    act(number)
    page.wait_for_function("() => probe.last !== null", polling=5)
    frame, free = page.evaluate("() => probe.last")
    return float(frame), float(free)


def _peak_mb(browser: Browser) -> float:
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    return max(
        (_high_water_mb(int(one["id"])) for one in processes if one["type"] == "renderer"), default=0.0
    )


def _high_water_mb(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return int(lines.get("VmHWM", "0 kB").split()[0]) * 1024 / 1e6
