"""The timeline in a browser: what is painted is what was recorded, and a reader's hands work."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Locator, Page, expect

from schedlab import process, toolchain
from schedlab.analysis import queues
from schedlab.capture import schedtrace
from schedlab.course.notebooks import Notebook
from schedlab.course.source import read, to_bytes
from schedlab.places import repository_root
from schedlab.timeline import Lane, State, Timeline
from schedlab.view.widgets.page import save_html
from schedlab.view.widgets.timeline import TimelineView, link

if TYPE_CHECKING:
    from tests.browser.conftest import Exported, Lab

HOSTILE = "<img src=x onerror='window.hostile = true'></script><script>window.hostile = true</script>"

FLAGS = ["-rounds", "11", "-collections", "2", "-spin", "10ms", "-heap", "8"]

ABSENT = 7
ALL_OPEN = """root => {
    const app = root.timeline;
    const small = app.lanes.groups.filter(({ lanes }) => lanes.length < 12);
    for (const name of ["Ms", ...small.map(({ name }) => `group ${name}`)]) app.lanes.open.add(name);
    app.lanes.open.delete("User regions");
    app.lanes.arrange();
    app.rearranged();
}"""

# Of each row of lanes that is seen: whose it is, and how many pixels of each column have each state's colour.
PIXELS = """root => {
    const app = root.timeline;
    app.pin(null);
    app.point(null);
    app.redraw();
    const { frame, rows } = app.painter.frame(app.scene);
    app.draw();
    const copy = new OffscreenCanvas(frame.width, frame.height).getContext("2d");
    copy.drawImage(app.parts.lanes, 0, 0);
    const { data } = copy.getImageData(0, 0, frame.width, frame.height);
    const rgb = text => text.match(/\\d+/g).slice(0, 3).join();
    const colours = new Map(app.palette.states.map((text, state) => [rgb(text), state]));
    const { recording, lanes } = app;
    const whose = row => ({
        p: () => [lanes.procs.number[row.lane]],
        m: () => [recording.meta.threads[lanes.threads.number[row.lane]]],
        g: () => [recording.goroutineId(row.lane)],
        group: () => lanes.groups[row.lane].lanes.map(lane => recording.goroutineId(lane)),
    })[row.kind]?.() ?? [];
    return rows.map((row, k) => {
        const { y, height } = frame.rows[k];
        const bottom = Math.min(y + height, frame.height);
        const counts = Array.from({ length: frame.width }, (_, x) => {
            const states = new Array(9).fill(0);
            for (let line = Math.max(y, 0); line < bottom; line++) {
                const at = (line * frame.width + x) * 4;
                const state = data[at + 3] ? colours.get(`${data[at]},${data[at + 1]},${data[at + 2]}`) : 7;
                if (state === undefined) throw new Error(`no state has the colour ${data.slice(at, at + 4)}`);
                states[state]++;
            }
            return states;
        });
        const whole = y >= 0 && y + height <= frame.height;
        return { kind: row.kind, whose: whose(row), height, counts: whole ? counts : null };
    });
}"""

# A sum over all pixels of the lanes, which no two different pictures are likely to share.
PICTURE = """root => {
    const app = root.timeline;
    app.redraw();
    app.draw();
    const { width, height } = app.parts.lanes;
    const copy = new OffscreenCanvas(width, height).getContext("2d");
    copy.drawImage(app.parts.lanes, 0, 0);
    const pixels = new Uint32Array(copy.getImageData(0, 0, width, height).data.buffer);
    let sum = 0;
    for (const pixel of pixels) sum = (Math.imul(sum, 31) + pixel) >>> 0;
    return [app.rendererKind, width, height, new Set(pixels).size, sum];
}"""


NOTEBOOK = """\
---
title: A timeline for tests
schedlab:
  chapter: "1.9"
  question: Does it show?
  minutes: 1
  audience: tests
  budget_s: 600
---
# A timeline for tests

```{code-cell} python
import json
import os
import shutil
from pathlib import Path

from schedlab.timeline import Timeline
from schedlab.view.widgets.timeline import TimelineView

timeline = Timeline.load(Path(os.environ["TIMELINE_TRACE"]))
view = TimelineView(timeline, title="In a notebook", view={"t0": 1000, "t1": 5_001_000})
view.observe(lambda change: Path(os.environ["TIMELINE_TOLD"]).write_text(json.dumps(change["new"])), "view")
view
```

```{code-cell} python
:tags: [claim]
assert len(timeline) > 100
```
"""


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that a trace can hold, of a program on two Ps."""
    file = tmp_path_factory.mktemp("trace") / "everything.trace"
    settings = process.GoSettings(gomaxprocs=2)
    process.run(toolchain.build("trace_everything"), ["-trace", str(file), *FLAGS], settings=settings).check()
    return file


@pytest.fixture(scope="module")
def timeline(trace: Path) -> Timeline:
    return Timeline.load(trace)


@pytest.fixture(scope="module")
def file(timeline: Timeline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_html(
        TimelineView(timeline, title="Everything"), tmp_path_factory.mktemp("page") / "everything.html"
    )


@pytest.fixture
def page(exported: Exported, file: Path) -> Page:
    return exported.open(file)


def root(page: Page) -> Locator:
    return page.locator(".schedlab-timeline")


def window(page: Page) -> list[float]:
    view = root(page).evaluate("root => [root.timeline.view.t0, root.timeline.view.t1]")
    assert isinstance(view, list)
    return view


def settled(page: Page) -> None:
    """Everything that was asked for is drawn."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


class Lives:
    """The exact time in each state of each lane up to any moment, the slow and certain way."""

    def __init__(self, timeline: Timeline) -> None:
        self.spans: dict[tuple[str, int], list[tuple[int, int, int]]] = {}
        self._add("g", timeline, Lane.GOROUTINE)
        self._add("m", timeline.threads_lane(), Lane.THREAD)

    def _add(self, kind: str, timeline: Timeline, lane: Lane) -> None:
        spans = timeline.spans
        rows = np.flatnonzero(spans["lane"] == int(lane))
        if lane is Lane.GOROUTINE:
            owners = timeline.goroutines["id"][spans["id"][rows]]
        else:
            owners = np.asarray(timeline.threads)[spans["id"][rows]]
        columns = (owners, spans["start"][rows], spans["dur"][rows], spans["state"][rows])
        for owner, start, dur, state in zip(*(column.tolist() for column in columns), strict=True):
            self.spans.setdefault((kind, owner), []).append((start, start + dur, state))

    def shares(self, kind: str, owner: int, edges: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """ns in each of 9 states between each two of ``edges``."""
        found = np.zeros((len(edges) - 1, 9))
        for start, end, state in self.spans.get((kind, owner), ()):
            found[:, state] += np.clip(np.minimum(edges[1:], end) - np.maximum(edges[:-1], start), 0, None)
        return found


@pytest.mark.parametrize("renderer", ["webgl", "canvas"])
@pytest.mark.parametrize("part", [(0.0, 1.0), (0.3, 0.32)], ids=["all", "zoomed in"])
def test_pixels_are_the_exact_mix_of_states_lane_by_lane(
    exported: Exported, timeline: Timeline, tmp_path: Path, renderer: str, part: tuple[float, float]
) -> None:
    t0, t1 = (round(share * timeline.duration_ns) for share in part)
    view = TimelineView(timeline, renderer=renderer, height=1500, sources=False, view={"t0": t0, "t1": t1})
    page = exported.open(save_html(view, tmp_path / "a.html"), height=1900)
    expect(root(page)).to_have_attribute("data-renderer", renderer)
    root(page).evaluate(ALL_OPEN)
    rows = root(page).evaluate(PIXELS)
    assert window(page) == [t0, t1]
    lives = Lives(timeline)
    seen: dict[str, int] = {}
    for row in rows:
        if not row["counts"] or row["kind"] not in ("m", "g", "group"):
            continue
        counts = np.array(row["counts"])
        edges = np.linspace(t0, t1, len(counts) + 1)
        kind = "g" if row["kind"] == "group" else row["kind"]
        times = sum(lives.shares(kind, owner, edges) for owner in row["whose"])
        assert isinstance(times, np.ndarray)
        # The M's own reading of what is between its spans: it is idle.
        seen[row["kind"]] = seen.get(row["kind"], 0) + 1
        if row["kind"] == "group":
            # A group's height is the most goroutines that it had at once.
            total = np.diff(edges) * most_at_once(lives, row["whose"])
        else:
            total = np.diff(edges)
        times[:, ABSENT] = np.maximum(total - times.sum(axis=1), 0)
        if row["kind"] == "m":
            times = as_the_widget_reads_ms(times)
            counts = as_the_widget_reads_ms(counts)
        shares = times / total[:, None]
        wrong = np.abs(counts / row["height"] - shares) > 1 / row["height"] + 1 / 255 + 1e-9
        assert not wrong.any(), (row["kind"], row["whose"][:5], np.argwhere(wrong)[:5])
    assert seen["g"] > 20
    assert seen["m"] > 2
    assert seen["group"] > 5


def most_at_once(lives: Lives, owners: list[int]) -> int:
    """The most goroutines that lived at any moment that lasts."""
    ends: list[tuple[int, int]] = []
    for owner in owners:
        spans = [one for one in lives.spans.get(("g", owner), []) if one[1] > one[0]]
        if spans:
            ends += [(min(one[0] for one in spans), 1), (max(one[1] for one in spans), -1)]
    most = now = 0
    for _, change in sorted(ends):
        now += change
        most = max(most, now)
    return most


def as_the_widget_reads_ms(times: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """What is not known of an M, and that it does nothing, are one thing here."""
    read = times.copy()
    read[:, ABSENT] += read[:, State.IDLE]
    read[:, State.IDLE] = 0
    return read


def test_every_p_is_painted_with_what_ran_on_it(page: Page, timeline: Timeline) -> None:
    rows = [row for row in root(page).evaluate(PIXELS) if row["kind"] == "p"]
    assert [row["whose"] for row in rows] == [[0], [1]]
    spans = timeline.spans
    for row in rows:
        (p,) = row["whose"]
        counts = np.array(row["counts"])
        edges = np.linspace(0, timeline.duration_ns, len(counts) + 1)
        ran = (spans["lane"] == 0) & (spans["p"] == p) & (spans["state"] == int(State.RUNNING))
        start = spans["start"][ran].astype(float)
        end = start + spans["dur"][ran]
        shares = [
            float(np.clip(np.minimum(right, end) - np.maximum(left, start), 0, None).sum() / (right - left))
            for left, right in pairwise(edges.tolist())
        ]
        painted = counts[:, State.RUNNING] / row["height"]
        assert np.abs(painted - shares).max() <= 1 / row["height"] + 1 / 255 + 1e-9
        assert painted.sum() > 10
        idle = (spans["lane"] == 1) & (spans["id"] == p) & (spans["state"] == int(State.IDLE))
        share = int(spans["dur"][idle].sum()) / timeline.duration_ns
        assert (counts[:, State.IDLE] / row["height"]).mean() == pytest.approx(share, abs=1 / row["height"])
        assert counts[:, State.SCHEDULING].sum() > 0


def test_canvas_and_webgl_paint_the_same_pixels(
    exported: Exported, timeline: Timeline, tmp_path: Path
) -> None:
    pictures = []
    for renderer in ("webgl", "canvas"):
        view = TimelineView(timeline, renderer=renderer, sources=False)
        page = exported.open(save_html(view, tmp_path / f"{renderer}.html"))
        root(page).evaluate(ALL_OPEN)
        found = []
        for zoom in (1, 7, 400):
            for scroll in (0, 333, 1111):
                root(page).evaluate(
                    """(root, [zoom, scroll]) => {
                        const { bounds } = root.timeline.recording;
                        const t0 = bounds.begin + (bounds.end - bounds.begin) * 0.4;
                        root.timeline.show({ t0, t1: t0 + (bounds.end - bounds.begin) / zoom });
                        root.timeline.parts.scroller.scrollTop = scroll;
                    }""",
                    [zoom, scroll],
                )
                kind, *picture = root(page).evaluate(PICTURE)
                assert kind == renderer
                found.append(picture)
        pictures.append(found)
    assert pictures[0] == pictures[1]
    # A part may be empty; the whole is not.
    assert len({picture[-1] for picture in pictures[0][:3]}) == 3, "they are different pictures"
    assert all(picture[2] >= 3 for picture in pictures[0][:3]), "with several colours each"


def test_the_wheel_scrolls_the_page_until_the_timeline_has_focus(page: Page) -> None:
    plot = page.locator(".tl-plot")
    before = window(page)
    plot.hover(position={"x": 400, "y": 200})
    page.mouse.wheel(0, -300)
    settled(page)
    assert window(page) == before
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    page.wait_for_function(
        "before => document.querySelector('.schedlab-timeline').timeline.view.t0 > before", arg=before[0]
    )
    zoomed = window(page)
    plot.click(position={"x": 400, "y": 60})
    page.mouse.wheel(0, -300)
    page.wait_for_function(
        "t0 => document.querySelector('.schedlab-timeline').timeline.view.t0 > t0", arg=zoomed[0]
    )
    at = [view[0] + (view[1] - view[0]) * 400 / width(page) for view in (before, zoomed, window(page))]
    assert max(at) - min(at) < (zoomed[1] - zoomed[0]) / 200, "what is under the pointer stays there"


def width(page: Page) -> float:
    return float(page.locator(".tl-plot").evaluate("plot => plot.clientWidth"))


def test_keys(page: Page) -> None:
    plot = page.locator(".tl-plot")
    plot.focus()
    whole = window(page)
    page.keyboard.press("w")
    half = window(page)
    assert half[1] - half[0] < whole[1] - whole[0]
    page.keyboard.press("d")
    assert window(page)[0] > half[0]
    page.keyboard.press("ArrowLeft")
    assert window(page) == pytest.approx(half, abs=2)
    page.keyboard.press("0")
    assert window(page) == whole
    for _ in range(120):
        page.keyboard.press("+")
    assert window(page)[1] - window(page)[0] == 20, "down to the nanosecond"
    page.keyboard.press("Home")
    for _ in range(30):
        page.keyboard.press("ArrowDown")
    assert page.locator(".tl-label-focused").count() == 1
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keys").wait_for()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    expect(plot).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search")).to_be_focused()


def test_dragging_moves_and_the_minimap_jumps(page: Page) -> None:
    plot = page.locator(".tl-plot")
    plot.focus()
    for _ in range(5):
        page.keyboard.press("w")
    before = window(page)
    box = plot.bounding_box()
    assert box
    page.mouse.move(box["x"] + 600, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 500, box["y"] + 30, steps=5)
    page.mouse.up()
    moved = window(page)
    assert moved[0] - before[0] == pytest.approx((before[1] - before[0]) * 100 / width(page), abs=2)
    assert root(page).evaluate("root => root.timeline.pinned") is None, "a drag is no click"
    page.locator(".tl-minimap").click(position={"x": 20, "y": 10})
    assert window(page)[0] < before[0]


def test_hover_pin_and_source(
    page: Page, timeline: Timeline, screenshot: Callable[[Page, str], Path]
) -> None:
    place = root(page).evaluate(
        """root => {
            const app = root.timeline;
            const { lives, functions } = app.recording;
            const lane = functions.findIndex(name => name.startsWith("main.pingPong"));
            let piece = lives.first[lane];
            const fits = () => lives.state[piece] === 2 && app.recording.stackOf(piece);
            while (piece < lives.start.length && (piece === lives.first[lane] || !fits())) piece++;
            app.openGoroutine(lane);
            const row = app.lanes.rows.find(one => one.kind === "g" && one.lane === lane);
            const [start, end] = [lives.start[piece], lives.start[piece + 1]];
            app.show({ t0: start - (end - start), t1: end + (end - start) });
            app.reveal(row);
            app.draw();
            const t = Math.floor((start + end) / 2);
            const x = app.scene.width * (t - app.view.t0) / (app.view.t1 - app.view.t0);
            const y = row.y + row.height / 2 - app.scene.top;
            return { x, y, id: app.recording.goroutineId(lane), start };
        }"""
    )
    row = next(
        number
        for number in np.flatnonzero(timeline.spans["start"] == place["start"]).tolist()
        if (one := timeline.span(number)).id == place["id"] and one.state is State.RUNNING and one.dur_ns
    )
    span = timeline.span(row)
    plot = page.locator(".tl-plot")
    plot.hover(position={"x": place["x"], "y": place["y"]})
    tooltip = page.locator(".tl-tooltip")
    expect(tooltip).to_be_visible()
    expect(tooltip).to_contain_text(f"G {span.id} ")
    expect(tooltip).to_contain_text("running")
    expect(tooltip).to_contain_text(f"on P: {span.p}")
    expect(tooltip).to_contain_text(f"on M: {span.thread}")
    assert tooltip.locator(".tl-frame").all_inner_texts() == [*span.stack, *span.end_stack]
    screenshot(page, "timeline_hover")
    plot.click(position={"x": place["x"], "y": place["y"]})
    pinned = page.get_by_role("region", name="Pinned")
    expect(pinned).to_contain_text(f"G {span.id} ")
    names = [*span.stack, *span.end_stack]
    assert pinned.locator("button.tl-frame").all_inner_texts() == names
    expect(page.get_by_role("status")).to_contain_text("Pinned G")
    own = next(name for name in reversed(names) if name.startswith("main."))
    pinned.get_by_role("button", name=f"Show {own} at").last.click()
    source = page.get_by_role("region", name="Source")
    expect(source).to_contain_text("parts.go")
    line = source.locator("[aria-current=location]")
    expect(line).to_be_in_viewport()
    number, code = line.inner_text().split("\n", 1) if "\n" in line.inner_text() else (line.inner_text(), "")
    assert code or number
    screenshot(page, "timeline_pinned")
    runtime = next(name for name in names if name.startswith("runtime."))
    pinned.get_by_role("button", name=f"Show {runtime} at").first.click()
    expect(source.locator("h3")).to_have_text(runtime)
    expect(source.locator("[aria-current=location]")).to_be_in_viewport()
    page.locator(".tl-plot").focus()
    page.keyboard.press("n")
    assert root(page).evaluate("root => root.timeline.pinned.start") == span.start_ns + span.dur_ns
    page.keyboard.press("Escape")
    expect(pinned).to_be_hidden()


def test_the_deepest_stack_is_seen_whole(page: Page, screenshot: Callable[[Page, str], Path]) -> None:
    """Also at the lower edge of the window."""
    place = root(page).evaluate(
        """root => {
            const app = root.timeline;
            const { recording, lanes } = app;
            const { lives } = recording;
            const stack = i => recording.frames(recording.stackOf(i)).map(one => one.function);
            const lasts = i => lives.state[i] !== 7 && lives.start[i + 1] > lives.start[i];
            let best = 0;
            for (let i = 0; i + 1 < lives.start.length; i++) {
                if (lasts(i) && stack(i).length > stack(best).length) best = i;
            }
            const lane = lives.laneOf(best);
            app.openGoroutine(lane);
            const row = lanes.rows.find(one => one.kind === "g" && one.lane === lane);
            const [start, end] = [lives.start[best], lives.start[best + 1]];
            app.show({ t0: start - (end - start), t1: end + (end - start) });
            app.reveal(row);
            app.draw();
            const x = app.scene.width * ((start + end) / 2 - app.view.t0) / (app.view.t1 - app.view.t0);
            return { x, y: row.y + row.height / 2 - app.scene.top, frames: stack(best) };
        }"""
    )
    assert len(place["frames"]) > 6
    page.locator(".tl-plot").hover(position={"x": place["x"], "y": place["y"]})
    tooltip = page.locator(".tl-tooltip")
    shown = tooltip.locator(".tl-both > div").first.locator(".tl-frame")
    assert shown.all_inner_texts() == place["frames"]
    screenshot(page, "timeline_deep_stack")
    box = tooltip.bounding_box()
    assert box
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 900


def test_selecting_a_stretch_of_time_gives_its_statistics(
    page: Page, timeline: Timeline, screenshot: Callable[[Page, str], Path]
) -> None:
    ruler = page.locator(".tl-ruler").bounding_box()
    assert ruler
    page.mouse.move(ruler["x"] + 100, ruler["y"] + 10)
    page.mouse.down()
    page.mouse.move(ruler["x"] + 800, ruler["y"] + 10, steps=4)
    page.mouse.up()
    panel = page.get_by_role("region", name="Selection")
    panel.wait_for()
    settled(page)
    t0, t1 = root(page).evaluate("({ timeline }) => [timeline.selection.t0, timeline.selection.t1]")
    spans = timeline.spans
    goroutines = spans["lane"] == int(Lane.GOROUTINE)
    inside = np.minimum(spans["start"] + spans["dur"], t1) - np.maximum(spans["start"], t0)
    times = np.bincount(spans["state"][goroutines], weights=np.clip(inside, 0, None)[goroutines], minlength=7)
    mix = panel.get_by_role("table", name="All goroutines").locator("tbody tr").all_inner_texts()
    names = {
        State.RUNNING: "running",
        State.RUNNABLE: "runnable",
        State.WAITING: "waiting",
        State.SYSCALL: "system call",
    }
    wanted = {names[State(state)]: times[state] / times.sum() for state in np.flatnonzero(times).tolist()}
    found = {text.split("\t")[0]: float(text.split("\t")[2].split()[0]) / 100 for text in mix}
    assert found == pytest.approx(wanted, abs=0.006)
    ends = spans["start"] + spans["dur"]
    waits = goroutines & (spans["state"] == int(State.RUNNABLE)) & ((spans["flags"] & 3) == 0)
    waits &= (ends >= t0) & (ends < t1)
    count, *cells = panel.get_by_role("table", name="Runnable").locator("tbody td").all_inner_texts()
    assert int(count) == int(waits.sum()) > 0
    durations = np.sort(spans["dur"][waits])
    exact = np.quantile(durations, [0.5, 0.9, 0.99, 1.0], method="higher")
    assert [in_ns(cell) for cell in cells] == pytest.approx(exact.tolist(), rel=0.006)
    ran = goroutines & (spans["state"] == int(State.RUNNING))
    by_function = np.bincount(
        timeline.goroutine_function[spans["id"][ran]], weights=np.clip(inside, 0, None)[ran]
    )
    top = np.argsort(-by_function, kind="stable")[:10]
    listed = panel.get_by_role("table", name="Running time by start function").locator("tbody tr")
    rows = [text.split("\t") for text in listed.all_inner_texts()]
    assert [in_ns(row[1]) for row in rows] == pytest.approx(by_function[top].tolist(), rel=0.006)
    shown = {timeline.texts[number] or "(no stack seen)" for number in top.tolist()}
    assert {row[0] for row in rows} == shown
    screenshot(page, "timeline_selection")
    page.locator(".tl-ruler").click(position={"x": 5, "y": 5})
    expect(panel).to_be_hidden()


def in_ns(text: str) -> float:
    value, unit = text.split()
    return float(value) * {"ns": 1, "µs": 1e3, "ms": 1e6, "s": 1e9}[unit]


def test_a_pinch_zooms_about_the_place_between_the_fingers(exported: Exported, file: Path) -> None:
    page = exported.open(file)
    box = page.locator(".tl-plot").bounding_box()
    assert box
    before = window(page)
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *xs: float) -> None:
        points = [{"x": box["x"] + x, "y": box["y"] + 80, "id": number} for number, x in enumerate(xs)]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 450, 550)
    for spread in range(60, 201, 10):
        touch("touchMove", 500 - spread, 500 + spread)
    touch("touchEnd")
    page.wait_for_function(
        "span => { const { view } = document.querySelector('.schedlab-timeline').timeline;"
        " return view.t1 - view.t0 < span; }",
        arg=(before[1] - before[0]) / 3,
    )
    after = window(page)
    assert (before[1] - before[0]) / (after[1] - after[0]) == pytest.approx(400 / 100, rel=0.05)
    middles = [view[0] + (view[1] - view[0]) * 500 / width(page) for view in (before, after)]
    assert middles[1] == pytest.approx(middles[0], abs=(before[1] - before[0]) / 50)
    assert root(page).evaluate("root => root.timeline.pinned") is None, "two fingers are no click"


def kept(page: Page) -> dict[int, set[tuple[int, int, int]]]:
    """(start, end, state) of each goroutine's pieces that the filter leaves, read from what is drawn."""
    found: dict[str, list[list[int]]] = root(page).evaluate(
        """root => {
            const { lanes, recording } = root.timeline;
            const { recorded, drawn } = lanes.lives({ kind: "g", lane: 0 });
            const { start, state, first } = recorded;
            const all = {};
            for (let lane = 0; lane + 1 < first.length; lane++) {
                const own = [];
                for (let i = first[lane]; i < first[lane + 1] - 1; i++) {
                    if (state[i] !== 7 && drawn.state[i] !== 8) own.push([start[i], start[i + 1], state[i]]);
                }
                if (own.length) all[recording.goroutineId(lane)] = own;
            }
            return all;
        }"""
    )
    return {
        int(goroutine): {(start, end, state) for start, end, state in own if end > start}
        for goroutine, own in found.items()
    }


def test_filters_by_p_goroutine_and_region(page: Page, timeline: Timeline) -> None:
    page.set_default_timeout(60_000)
    filters = page.locator(".tl-filters")
    spans, marks = timeline.spans, timeline.marks
    goroutines = (spans["lane"] == int(Lane.GOROUTINE)) & (spans["dur"] > 0)
    ids = timeline.goroutines["id"]

    def wanted(rows: npt.NDArray[np.bool_]) -> dict[int, set[tuple[int, int, int]]]:
        found: dict[int, set[tuple[int, int, int]]] = {}
        for row in np.flatnonzero(goroutines & rows).tolist():
            start, dur, state = (int(spans[name][row]) for name in ("start", "dur", "state"))
            found.setdefault(int(ids[spans["id"][row]]), set()).add((start, start + dur, state))
        return found

    def filtered() -> dict[int, set[tuple[int, int, int]]]:
        return {goroutine: own for goroutine, own in kept(page).items() if own}

    filters.get_by_role("combobox", name=re.compile("^P")).select_option("P 1")
    on_p = wanted(spans["p"] == 1)
    assert filtered() == on_p != {}
    expect(page.get_by_role("status")).to_contain_text(f"The filter leaves {len(kept(page))} of")
    page.get_by_role("button", name="Clear the filters").click()

    one = max(on_p, key=lambda goroutine: len(on_p[goroutine]))
    filters.get_by_role("spinbutton", name="Goroutine").fill(str(one))
    filters.get_by_role("spinbutton", name="Goroutine").press("Tab")
    assert filtered() == wanted(ids[spans["id"]] == one) != {}
    page.get_by_role("button", name="Clear the filters").click()

    (name,) = [number for number, text in enumerate(timeline.texts) if text == "mutex"]
    filters.get_by_role("combobox", name=re.compile("^Region")).select_option("mutex")
    inside = np.zeros(len(spans["start"]), dtype=bool)
    for mark in np.flatnonzero((marks["name"] == name) & (marks["g"] >= 0)).tolist():
        begin, end = int(marks["start"][mark]), int(marks["start"][mark] + marks["dur"][mark])
        own = spans["id"] == marks["g"][mark]
        inside |= own & (spans["start"] < end) & (spans["start"] + spans["dur"] > begin)
    assert filtered() == wanted(inside) != {}
    page.get_by_role("button", name="Clear the filters").click()

    least = 50_000
    page.get_by_label("Waits of at least").fill(str(least / 1000))
    page.get_by_label("Waits of at least").press("Tab")
    waits = np.isin(spans["state"], [int(State.WAITING), int(State.RUNNABLE)])
    assert filtered() == wanted(waits & (spans["dur"] >= least)) != {}


def test_a_stopped_world_is_painted_across_all_lanes(page: Page) -> None:
    """Below each other in every row that is seen, in the colour that the legend gives it."""
    expect(page.locator(".tl-legend")).to_contain_text("the world is stopped")
    expect(page.locator(".tl-legend")).to_contain_text("the collector marks")
    root(page).evaluate(ALL_OPEN)
    for kind in ("stw", "gc"):
        found = root(page).evaluate(
            """(root, kind) => {
                const app = root.timeline;
                const longest = (a, b) => (b.end - b.start > a.end - a.start ? b : a);
                const { start, end } = app.recording.ranges.filter(one => one.kind === kind).reduce(longest);
                app.show({ t0: start - (end - start), t1: end + (end - start) });
                app.draw();
                const { view, width, height, top } = app.scene;
                const { overlay } = app.parts;
                const copy = new OffscreenCanvas(overlay.width, overlay.height);
                const context = copy.getContext("2d", { willReadFrequently: true });
                context.drawImage(overlay, 0, 0);
                const x = Math.floor(overlay.width * ((start + end) / 2 - view.t0) / (view.t1 - view.t0));
                const { data } = context.getImageData(x, 0, 1, overlay.height);
                const inside = y => data[4 * Math.floor(y * overlay.height / height) + 3];
                return app.lanes.rows
                    .filter(row => ["p", "m", "g", "group", "region"].includes(row.kind))
                    .map(row => ({ y: row.y - top + 0.5, row: row.label }))
                    .filter(({ y }) => y > 0 && y < height - 1)
                    .map(({ y, row }) => ({ row, opaque: inside(y) }));
            }""",
            kind,
        )
        assert len(found) > 5
        assert all(one["opaque"] > 0 for one in found), found


def test_filters_fade_what_they_leave_out(page: Page) -> None:
    rows = root(page).evaluate("root => root.timeline.lanes.rows.length")
    page.get_by_label("State").select_option("runnable")
    page.get_by_label("Function").fill("onmutex")
    page.get_by_label("Function").press("Enter")
    page.get_by_label("Function").press("Tab")
    page.wait_for_function(
        "rows => document.querySelector('.schedlab-timeline').timeline.lanes.rows.length < rows", arg=rows
    )
    settled(page)
    for row in root(page).evaluate(PIXELS):
        counts = np.array(row["counts"] or np.zeros((1, 9)))
        if row["kind"] in ("g", "group"):
            others = counts.sum(axis=0)
            assert others[[State.RUNNING, State.WAITING, State.SYSCALL]].sum() == 0, row
    expect(page.get_by_role("status")).to_contain_text("The filter leaves")
    expect(page.locator(".tl-legend")).to_contain_text("filtered out")
    page.get_by_role("button", name="Clear the filters").click()
    assert root(page).evaluate("root => root.timeline.lanes.rows.length") == rows
    page.get_by_label("Waits of at least").fill("1e12")
    page.get_by_label("Waits of at least").press("Tab")
    expect(page.get_by_role("status")).to_contain_text("The filter leaves 0 of")


def test_search_finds_a_goroutine_and_pins_it(page: Page) -> None:
    field = page.get_by_role("searchbox", name="Search")
    field.fill("onMutex")
    found = page.get_by_role("group", name="Found")
    expect(found.get_by_role("button").first).to_contain_text("main.onMutex")
    field.press("Enter")
    expect(page.get_by_role("region", name="Pinned")).to_contain_text("main.onMutex")
    expect(page.locator(".tl-label-g").first).to_be_visible()
    field.fill("no such function")
    expect(found).to_contain_text("nothing found")


def test_the_address_restores_the_view(exported: Exported, page: Page) -> None:
    page.locator(".tl-plot").focus()
    for key in ("w", "w", "d"):
        page.keyboard.press(key)
    page.get_by_label("State").select_option("running")
    page.wait_for_function("() => location.hash.includes('filters') && location.hash.includes('state')")
    page.wait_for_function(
        """() => {
            const { view } = document.querySelector('.schedlab-timeline').timeline;
            return decodeURIComponent(location.hash).includes(`"t0":${view.t0},"t1":${view.t1}`);
        }"""
    )
    seen = window(page)
    page.reload()
    page.wait_for_function("() => document.querySelector('.schedlab-timeline[data-ready]')")
    assert window(page) == seen
    assert page.get_by_label("State").input_value() == str(int(State.RUNNING))
    exported.opened[-1].requests.pop()  # the second time that the file was asked for


def test_a_pinned_goroutine_is_in_sight_and_a_filter_stays(
    exported: Exported, timeline: Timeline, tmp_path: Path
) -> None:
    """What Python pins is shown, also where its group is closed and far below."""
    found = timeline.filter(state=State.WAITING, function="main.main")
    one = found.span(len(found) // 2)
    pin = {"kind": "g", "id": one.id, "t": one.start_ns + one.dur_ns // 2}
    view = TimelineView(timeline, sources=False, height=200, view={"pin": pin})
    page = exported.open(save_html(view, tmp_path / "a.html"))
    expect(page.get_by_role("region", name="Pinned")).to_contain_text(f"G {one.id} ")
    expect(page.locator(".tl-label-g", has_text=f"G {one.id}")).to_be_in_viewport()
    other = next(number for number in timeline.goroutines["id"].tolist() if number not in (0, one.id))
    view = TimelineView(timeline, sources=False, view={"pin": pin, "filters": {"goroutine": other}})
    page = exported.open(save_html(view, tmp_path / "b.html"))
    expect(page.get_by_role("region", name="Pinned")).to_be_hidden()
    assert root(page).evaluate("root => root.timeline.lanes.filter.goroutine") == other


def test_two_timelines_move_together(exported: Exported, timeline: Timeline, tmp_path: Path) -> None:
    views = [TimelineView(timeline, title=name, sources=False) for name in ("Before", "After")]
    link(*views)
    page = exported.open(save_html(views, tmp_path / "a.html"))
    page.locator(".tl-plot").first.focus()
    for key in "wwd":
        page.keyboard.press(key)
    settled(page)
    first, second = page.locator(".schedlab-timeline").evaluate_all(
        "roots => roots.map(({ timeline }) => [timeline.view.t0, timeline.view.t1])"
    )
    assert first == second != [0, timeline.duration_ns]


def test_a_lost_webgl_context_is_replaced_by_a_canvas(exported: Exported, file: Path) -> None:
    page = exported.open(file)
    before = root(page).evaluate(PICTURE)
    assert before[0] == "webgl"
    root(page).evaluate(
        """root => {
            const gl = root.timeline.parts.lanes.getContext("webgl2");
            gl.getExtension("WEBGL_lose_context").loseContext();
        }"""
    )
    page.wait_for_function("() => document.querySelector('.schedlab-timeline').dataset.renderer === 'canvas'")
    assert root(page).evaluate(PICTURE)[1:] == before[1:]


def test_twenty_timelines_on_one_page(exported: Exported, timeline: Timeline, tmp_path: Path) -> None:
    """More than a browser has WebGL contexts for."""
    part = timeline.window(0, timeline.duration_ns // 50)
    views = [TimelineView(part, title=f"View {k}", sources=False, height=200) for k in range(20)]
    page = exported.open(save_html(views, tmp_path / "a.html"))
    for k in (19, 0, 10):
        one = page.locator(".schedlab-timeline").nth(k)
        one.scroll_into_view_if_needed()
        settled(page)
        assert one.evaluate(PICTURE)[3] >= 2, "more than the background"
    live = page.locator(".schedlab-timeline").evaluate_all(
        "roots => roots.filter(({ timeline }) => timeline.rendererKind === 'webgl').length"
    )
    assert 0 < live <= 8


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_reachable_for_all(
    exported: Exported,
    file: Path,
    axe: Callable[[Page], None],
    screenshot: Callable[[Page, str], Path],
    scheme: Any,
) -> None:
    page = exported.open(file, scheme=scheme)
    axe(page)
    screenshot(page, f"timeline_{scheme}")
    root(page).evaluate(ALL_OPEN)
    page.get_by_role("button", name="The view as a table").click()
    plot = page.locator(".tl-plot")
    plot.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "?"):
        page.keyboard.press(key)
    root(page).evaluate("root => root.timeline.select({ t0: 1000, t1: 900000 })")
    settled(page)
    page.get_by_role("table", name="Share of time by row").wait_for()
    frames = page.locator(".tl-panel button.tl-frame")
    if frames.count():
        frames.first.click()
    axe(page)
    screenshot(page, f"timeline_panels_{scheme}")
    assert "spans of" in (page.locator(".schedlab-sr-only").first.text_content() or "")


def test_names_of_a_hostile_program_stay_text(exported: Exported, timeline: Timeline, tmp_path: Path) -> None:
    texts = tuple(f"{text} {HOSTILE}" if text else "" for text in timeline.texts)
    hostile = replace(timeline, texts=texts, reasons=tuple(f"{one}{HOSTILE}" for one in timeline.reasons))
    view = TimelineView(hostile, title=HOSTILE, sources=dict.fromkeys(texts, HOSTILE))
    page = exported.open(save_html(view, tmp_path / "a.html", title="Hostile"))
    page.get_by_role("searchbox", name="Search").fill("onMutex")
    page.get_by_role("searchbox", name="Search").press("Enter")
    page.locator(".tl-plot").hover(position={"x": 300, "y": 120})
    root(page).evaluate(ALL_OPEN)
    page.get_by_role("button", name="The view as a table").click()
    root(page).evaluate("root => root.timeline.select({ t0: 1000, t1: 9000000 })")
    settled(page)
    frames = page.locator(".tl-panel button.tl-frame")
    assert frames.count() > 0
    frames.first.click()
    expect(page.get_by_role("region", name="Source")).to_contain_text("<img src=x")
    assert page.locator("img").count() == 0
    assert page.evaluate("() => window.hostile") is None
    assert HOSTILE in (page.locator(".tl-title").text_content() or "")


def test_a_view_of_nothing(exported: Exported, timeline: Timeline, tmp_path: Path) -> None:
    empty = timeline.filter(goroutine=1).filter(state=State.IDLE)
    page = exported.open(save_html(TimelineView(empty, title="Nothing"), tmp_path / "a.html"))
    page.locator(".tl-plot").focus()
    for key in ("w", "a", "ArrowDown", "Enter", "n", "0"):
        page.keyboard.press(key)
    settled(page)
    assert json.loads(root(page).evaluate("root => JSON.stringify(root.timeline.selection)")) is None


def test_saving_a_picture(page: Page, tmp_path: Path) -> None:
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the view as a PNG file").click()
    assert download.value.suggested_filename == "Everything.png"
    download.value.save_as(tmp_path / "a.png")
    header = (tmp_path / "a.png").read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    wide, high = (int.from_bytes(header[at : at + 4], "big") for at in (16, 20))
    assert wide > 1000
    assert high > 460


def test_in_a_notebook(
    jupyterlab: Callable[[Path, str, str], AbstractContextManager[Lab]],
    trace: Path,
    tmp_path: Path,
    screenshot: Callable[[Page, str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The view goes to the kernel and comes from it, and a frame opens its file."""
    folder, told = tmp_path / "repository", tmp_path / "told.json"
    (folder / "chapters").mkdir(parents=True)
    sample = folder / "go_samples" / "trace_everything"
    shutil.copytree(repository_root() / "go_samples" / "trace_everything", sample)
    monkeypatch.setenv("TIMELINE_TRACE", str(trace))
    monkeypatch.setenv("TIMELINE_TOLD", str(told))
    source = folder / "chapters" / "1_9_timeline.md"
    source.write_text(NOTEBOOK)
    source.with_suffix(".ipynb").write_bytes(to_bytes(read(Notebook(folder, source))))
    with jupyterlab(folder, "1_9", "JupyterLab Dark") as lab:
        assert lab.run_all()["errors"] == []
        page = lab.page
        view = page.locator(".schedlab-timeline[data-ready]")
        view.wait_for()
        assert window(page) == [1000, 5_001_000]
        cells = page.locator(".jp-Notebook .jp-Cell").count()
        page.locator(".tl-plot").focus()
        page.keyboard.press("d")
        page.keyboard.press("b")
        moved = window(page)
        assert moved[0] > 1000
        assert page.locator(".jp-Notebook .jp-Cell").count() == cells, "no key went on to the notebook"
        for _ in range(600):
            if told.exists() and (text := told.read_text()) and json.loads(text)["t0"] == moved[0]:
                break
            page.wait_for_timeout(100)
        assert json.loads(told.read_text())["t1"] == moved[1]
        page.evaluate(
            """() => {
                const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
                return kernel.requestExecute({ code: "view.view = {'t0': 3000, 't1': 4_003_000}" }).done;
            }"""
        )
        page.wait_for_function(
            """() => {
                const { view } = document.querySelector(".schedlab-timeline").timeline;
                return view.t0 === 3000 && view.t1 === 4_003_000;
            }"""
        )
        assert view.get_attribute("data-scheme") == "dark"
        page.get_by_role("searchbox", name="Search").fill("pingPong")
        page.get_by_role("searchbox", name="Search").press("Enter")
        for _ in range(3):
            page.keyboard.press("n")
        screenshot(page, "timeline_in_jupyterlab")
        page.locator(".tl-panel button.tl-frame", has_text="main.").first.click()
        opened = page.get_by_role("button", name="Open in JupyterLab")
        line = int((opened.get_attribute("aria-label") or "").rsplit(":", 1)[1])
        assert line > 1
        opened.click()
        page.locator(".jp-FileEditor").wait_for()
        page.wait_for_function(
            "() => window.jupyterapp.shell.currentWidget.context?.path.endsWith('parts.go')"
        )
        page.wait_for_function(
            """line => {
                const { editor } = window.jupyterapp.shell.currentWidget.content;
                return editor.getCursorPosition().line + 1 === line;
            }""",
            arg=line,
        )


def test_only_goroutines_in_view_have_rows(page: Page) -> None:
    count = "root => root.timeline.lanes.rows.filter(({ kind }) => kind === 'group').length"
    living = """root => {
        const { lanes, view, recording } = root.timeline;
        const { start, first } = recording.lives;
        const lives = lane => start[first[lane]] < view.t1 && start[first[lane + 1] - 1] > view.t0;
        return lanes.groups.filter(group => group.lanes.some(lives)).length;
    }"""
    every = root(page).evaluate(count)
    page.get_by_label("Only goroutines in view").check()
    page.locator(".tl-plot").focus()
    for _ in range(12):
        page.keyboard.press("w")
    few = root(page).evaluate(count)
    assert few == root(page).evaluate(living) < every
    page.get_by_label("Only goroutines in view").uncheck()
    assert root(page).evaluate(count) == every


@pytest.mark.parametrize("kind", ["plain", "detail"])
def test_samples_of_schedtrace(
    exported: Exported, tmp_path: Path, screenshot: Callable[[Page, str], Path], kind: str
) -> None:
    """Without details there are counters and no lanes at all."""
    samples = repository_root() / "tests" / "capture" / "fixtures" / "schedtrace" / f"go1.27_{kind}.txt"
    sampled = Timeline.from_schedtrace(schedtrace.parse(samples.read_bytes()))
    page = exported.open(save_html(TimelineView(sampled, title="Samples"), tmp_path / "a.html"))
    labels = page.locator(".tl-label")
    expect(labels.filter(has_text="Global run queue")).to_be_visible()
    assert page.locator(".tl-label-p").count() == (0 if kind == "plain" else 2)
    expect(page.locator(".tl-legend")).to_contain_text("Goroutines: sampled. Ps: sampled;")
    page.locator(".tl-plot").hover(position={"x": 500, "y": 40 if kind == "plain" else 80})
    expect(page.locator(".tl-tooltip")).to_be_visible()
    screenshot(page, f"timeline_schedtrace_{kind}")


# The first lane of a goroutine that has a user region, opened and in view.
SHOW_REGION = """root => {
    const app = root.timeline;
    const lane = app.recording.functions.findIndex((_, one) => app.lanes.hasRegions(one));
    app.openGoroutine(lane);
    const row = app.lanes.rows.find(one => one.kind === "g" && one.lane === lane);
    app.reveal(row);
    const { marks } = app.lanes.marksOf(row);
    // Each region is followed by a message: at once, unless others had the P in between.
    const pairs = marks.filter(one => one.kind === "region" && !one.name.startsWith("task")).map(region => {
        const log = marks.find(one => one.kind === "log" && one.start >= region.end);
        return { region, log, share: (region.end - region.start) / (log.start - region.start) };
    });
    const { region, log } = pairs.reduce((a, b) => (b.share > a.share ? b : a));
    const length = log.start - region.start;
    app.show({ t0: region.start - length * 0.3, t1: log.start + length * 0.3 });
    app.draw();
    const x = t => app.scene.width * (t - app.view.t0) / (app.view.t1 - app.view.t0);
    return {
        name: region.name, log: log.name, label: row.label, y: row.y + row.height / 2 - app.scene.top,
        inside: x((region.start + region.end) / 2), message: x(log.start),
    };
}"""


def test_saving_vectors(page: Page, tmp_path: Path) -> None:
    """The SVG stands alone, and shows what the page shows."""
    place = root(page).evaluate(SHOW_REGION)
    page.get_by_label("Wake arrows of all in view").check()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the view as an SVG file").click()
    assert download.value.suggested_filename == "Everything.svg"
    file = tmp_path / "a.svg"
    download.value.save_as(file)
    text = file.read_text()
    svg = ElementTree.fromstring(text)
    space = "{http://www.w3.org/2000/svg}"
    texts = [one.text for one in svg.iter(f"{space}text")]
    assert place["label"] in texts
    assert place["name"] in " ".join(one or "" for one in texts)
    assert any("wakes in view" in (one or "") for one in texts)
    assert svg.findtext(f"{space}title") == "Everything"
    assert "spans of" in (svg.findtext(f"{space}desc") or "")
    (image,) = svg.iter(f"{space}image")
    assert image.get("href", "").startswith("data:image/png;base64,")
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


def test_regions_messages_and_the_collector_on_a_goroutine_s_row(
    page: Page, screenshot: Callable[[Page, str], Path]
) -> None:
    place = root(page).evaluate(SHOW_REGION)
    tooltip = page.locator(".tl-tooltip")
    page.locator(".tl-plot").hover(position={"x": place["inside"], "y": place["y"]})
    expect(tooltip).to_contain_text(f"region {place['name']}")
    page.locator(".tl-plot").hover(position={"x": place["message"], "y": place["y"]})
    expect(tooltip).to_contain_text(f"log {place['log']}")
    screenshot(page, "timeline_regions")
    hover = """(root, wanted) => {
        const app = root.timeline;
        app.openGoroutine(app.recording.functions.findIndex((_, lane) => {
            const all = app.lanes.marksOf({ kind: "g", lane });
            return all?.marks.some(one => one.name.startsWith(wanted) && one.end > one.start);
        }));
        const isIt = one => one.name.startsWith(wanted) && one.end > one.start;
        const has = one => one.kind === "g" && app.lanes.marksOf(one)?.marks.some(isIt);
        const row = app.lanes.rows.find(has);
        const { start, end } = app.lanes.marksOf(row).marks.find(isIt);
        app.show({ t0: start - 2 * (end - start), t1: end + 2 * (end - start) });
        app.reveal(row);
        app.draw();
        // Not always the middle: a view ends where the capture does.
        const x = app.scene.width * ((start + end) / 2 - app.view.t0) / (app.view.t1 - app.view.t0);
        return { x, y: row.y + row.height / 2 - app.scene.top };
    }"""
    for wanted in ("GC mark assist", "mark worker GC"):
        at = root(page).evaluate(hover, wanted)
        page.locator(".tl-plot").hover(position=at)
        expect(tooltip).to_contain_text(wanted)
        screenshot(page, f"timeline_{wanted.split()[-1].lower()}")


def test_a_stop_of_the_world_says_why(page: Page) -> None:
    at = root(page).evaluate(
        """root => {
            const app = root.timeline;
            const stop = app.recording.ranges.find(({ name }) => name === "stop-the-world (GOMAXPROCS)");
            const length = stop.end - stop.start;
            app.show({ t0: stop.start - length, t1: stop.end + length });
            const row = app.lanes.rows.find(one => one.kind === "p");
            const middle = (stop.start + stop.end) / 2;
            const x = app.scene.width * (middle - app.view.t0) / (app.view.t1 - app.view.t0);
            return { x, y: row.y + row.height / 2 - app.scene.top };
        }"""
    )
    page.locator(".tl-plot").hover(position=at)
    expect(page.locator(".tl-tooltip")).to_contain_text("stop-the-world (GOMAXPROCS)")


def test_wakes_go_from_p_to_p(
    page: Page, timeline: Timeline, screenshot: Callable[[Page, str], Path]
) -> None:
    page.get_by_label("Wake arrows of all in view").check()
    settled(page)
    whole = root(page).evaluate("root => root.timeline.layers.wakes")
    spans = timeline.spans
    woken = (spans["lane"] == 0) & (spans["state"] == int(State.RUNNABLE)) & (spans["cause"] >= 0)
    assert whole["count"] == int(woken.sum()) > 20
    assert len(whole["wakes"]) == min(whole["count"], 300)
    page.locator(".tl-plot").focus()
    for _ in range(60):
        page.keyboard.press("w")
        settled(page)
        found = root(page).evaluate("root => root.timeline.layers.wakes")
        if found["count"] <= 40:
            break
    assert found["count"] == len(found["wakes"])
    screenshot(page, "timeline_wakes")
    ids = timeline.goroutines["id"].tolist()
    running = (spans["lane"] == 0) & (spans["state"] == int(State.RUNNING))
    ran = {
        (ids[g], start): int(p)
        for g, start, p in zip(
            spans["id"][running].tolist(), spans["start"][running].tolist(), spans["p"][running], strict=True
        )
    }
    for wake in whole["wakes"]:
        if wake["ran"] > wake["t"]:
            goroutine = root(page).evaluate(
                "(root, lane) => root.timeline.recording.goroutineId(lane)", wake["to"]
            )
            assert ran[goroutine, wake["ran"]] == wake["toP"]
    assert {wake["toP"] for wake in whole["wakes"]} >= {0, 1}


def test_run_queues_are_those_of_the_analysis(
    exported: Exported, timeline: Timeline, tmp_path: Path, screenshot: Callable[[Page, str], Path]
) -> None:
    end = int(np.sort(timeline.spans["start"])[min(len(timeline), 10_000) - 1])
    part = timeline.window(0, max(end, timeline.duration_ns // 10))
    page = exported.open(save_html(TimelineView(part, sources=False), tmp_path / "a.html"))
    found = queues.reconstructed(part)
    rows = page.locator(".tl-label-queue")
    expect(rows).to_have_count(1 + len(found.p))
    expect(page.locator(".tl-legend")).to_contain_text("Run queues (≈): reconstructed")
    depth = found.local[0]
    long = np.diff(depth.time_ns, append=depth.time_ns[-1:]) > 1000
    deepest = int(np.argmax(np.where(long, depth.count, 0)))
    start, end = (int(time) for time in depth.time_ns[deepest : deepest + 2])
    at = root(page).evaluate(
        """(root, [t0, t1]) => {
            const app = root.timeline;
            app.show({ t0: t0 - (t1 - t0), t1: t1 + (t1 - t0) });
            const row = app.lanes.rows.find(one => one.label === "P 0 run queue");
            const x = app.scene.width * ((t0 + t1) / 2 - app.view.t0) / (app.view.t1 - app.view.t0);
            return { x, y: row.y + row.height / 2 - app.scene.top };
        }""",
        [start, end],
    )
    page.locator(".tl-plot").hover(position=at)
    tooltip = page.locator(".tl-tooltip")
    expect(tooltip).to_contain_text(f"P 0 run queue{depth.count[deepest]}full height")
    expect(tooltip).to_contain_text("reconstructed")
    screenshot(page, "timeline_queues")


def test_linked_timelines_of_different_lengths_share_pointer_and_scale(
    exported: Exported, timeline: Timeline, tmp_path: Path, screenshot: Callable[[Page, str], Path]
) -> None:
    half = timeline.window(timeline.duration_ns // 2, timeline.duration_ns, cut=True)
    views = [
        TimelineView(one, title=name, sources=False, height=300)
        for one, name in ((timeline, "Before"), (half, "After"))
    ]
    link(*views)
    page = exported.open(save_html(views, tmp_path / "a.html"), height=1200)
    spans = """roots => roots.map(({ timeline: { recording, view } }) =>
        [recording.bounds.begin, view.t0, view.t1])"""
    both = page.locator(".schedlab-timeline").evaluate_all(spans)
    assert [[t0 - begin, t1 - begin] for begin, t0, t1 in both] == [[0, timeline.duration_ns]] * 2
    page.locator(".tl-plot").first.hover(position={"x": 300, "y": 150})
    settled(page)
    elsewhere = page.locator(".schedlab-timeline").evaluate_all(
        "roots => roots.map(({ timeline }) => [timeline.elsewhere, timeline.pointer?.x ?? null])"
    )
    assert elsewhere[0] == [None, 300]
    assert elsewhere[1][0] - both[1][0] == pytest.approx(
        timeline.duration_ns * 300 / width_of_first(page), rel=1e-6
    )
    screenshot(page, "timeline_linked")
    page.locator(".tl-plot").first.focus()
    for key in "wwdddddd":
        page.keyboard.press(key)
    moved = page.locator(".schedlab-timeline").evaluate_all(spans)
    assert len({(t0 - begin, t1 - begin) for begin, t0, t1 in moved}) == 1
    assert moved[1][2] > half.bounds_ns[1], "beyond the end of the shorter one"


def width_of_first(page: Page) -> float:
    return float(page.locator(".tl-plot").first.evaluate("plot => plot.clientWidth"))


def test_a_link_to_the_view_can_be_copied(page: Page) -> None:
    page.locator(".tl-plot").focus()
    page.keyboard.press("w")
    seen = window(page)
    page.get_by_role("button", name="Copy link to this view").click()
    expect(page.get_by_role("status")).to_contain_text("link to this view")
    assert json.dumps({"t0": seen[0], "t1": seen[1]}, separators=(",", ":"))[1:-1] in unquote_plus(page.url)
    field = page.get_by_role("textbox", name="Link to this view")
    if field.is_visible():
        assert field.input_value() == page.url
