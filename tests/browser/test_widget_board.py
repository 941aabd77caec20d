"""The board in a browser: a reader steps, plays, scrubs and asks, and sees where each goroutine is."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Locator, Page, expect

from schedlab import process
from schedlab.capture import tracing
from schedlab.course.notebooks import Notebook
from schedlab.course.source import read, to_bytes
from schedlab.timeline import Timeline
from schedlab.view.widgets.board import BoardView
from schedlab.view.widgets.page import save_html

if TYPE_CHECKING:
    from tests.browser.conftest import Exported, Lab

HOSTILE = "<img src=x onerror='window.hostile = true'></script><script>window.hostile = true</script>"

# What is drawn: each token with its state and place, each box with its words.
PICTURE = """root => ({
    tokens: [...root.querySelectorAll("[data-key]")].map(one => [
        one.dataset.key, one.dataset.state ?? "", one.style.transform, one.getAttribute("aria-label"),
    ]).sort(),
    boxes: [...root.querySelectorAll("[data-detail]")].map(one => [one.dataset.detail, one.textContent]),
    more: [...root.querySelectorAll("[data-more]")].map(one => one.textContent),
    said: root.querySelector(".bd-sentence").textContent,
})"""

# The box in which a token stands, by the coordinates at which it arrives.
INSIDE = """(root, key) => {
    const [x, y] = root.querySelector(`[data-key="${key}"]`).style.transform.match(/-?[\\d.]+/g).map(Number);
    const within = [...root.querySelectorAll(".bd-p, .bd-pool, .bd-global")].filter(box => {
        const at = name => Number(box.getAttribute(name));
        return x > at("x") && x < at("x") + at("width") && y > at("y") && y < at("y") + at("height");
    });
    return within.map(box => box.dataset.box);
}"""

# Certain to happen: on two Ps, four goroutines block in system calls, and main computes on.
TAKEN = "P taken from an M in a system call"

NOTEBOOK = """\
---
title: A board for tests
schedlab:
  chapter: "1.9"
  question: Does it step?
  minutes: 1
  audience: tests
  budget_s: 600
---
# A board for tests

```{code-cell} python
import json
import os
from pathlib import Path

from schedlab.timeline import Timeline
from schedlab.view.widgets.board import BoardView

timeline = Timeline.load(Path(os.environ["BOARD_TRACE"]))
board = BoardView(timeline, title="In a notebook", view={"speed": 0})
board.observe(lambda change: Path(os.environ["BOARD_TOLD"]).write_text(json.dumps(change["new"])), "view")
board
```

```{code-cell} python
:tags: [claim]
assert len(timeline) > 10
```
"""

NOW = "root => [root.board.player.now.t, root.board.player.now.step, root.board.player.now.playing]"


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four goroutines that block in system calls on two Ps, while main computes."""
    file = tmp_path_factory.mktemp("trace") / "calls.trace"
    arguments = ["-how", "syscall", "-goroutines", "4", "-hold", "5ms"]
    tracing.record("blocked", arguments, file=file, settings=process.GoSettings(gomaxprocs=2))
    return file


@pytest.fixture(scope="module")
def timeline(trace: Path) -> Timeline:
    return Timeline.load(trace)


@pytest.fixture(scope="module")
def file(timeline: Timeline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "board.html"
    return save_html(BoardView(timeline, title="Blocked in system calls"), path)


@pytest.fixture
def page(exported: Exported, file: Path) -> Page:
    return exported.open(file)


def root(page: Page, number: int = 0) -> Locator:
    return page.locator(".schedlab-board").nth(number)


def at_step(page: Page, step: int, number: int = 0) -> None:
    expect(root(page, number)).to_have_attribute("data-step", str(step))


def choose(page: Page, label: str) -> None:
    """A kind of event to jump to, as a reader chooses it."""
    options = page.get_by_label("Kind of event")
    value = options.locator("option", has_text=label).first.get_attribute("value")
    assert value
    options.select_option(value)


def jump(page: Page, label: str) -> None:
    """To the next event of a kind."""
    choose(page, label)
    page.get_by_role("button", name="Next such event").click()


def test_step_by_buttons_keys_and_slider(page: Page) -> None:
    at_step(page, -1)
    expect(page.locator(".bd-sentence")).to_contain_text("beginning")
    page.get_by_role("button", name="On by one event").click()
    at_step(page, 0)
    first = root(page).evaluate(PICTURE)
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    at_step(page, 4)
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    assert root(page).evaluate(PICTURE) == first
    page.keyboard.press("End")
    last = root(page).evaluate("root => root.board.events.length - 1")
    at_step(page, last)
    page.keyboard.press("Home")
    at_step(page, -1)
    slider = page.get_by_role("slider", name="Moment")
    slider.focus()
    page.keyboard.press("ArrowRight")
    at_step(page, 0)
    assert root(page).evaluate(PICTURE) == first, "a slider's arrow keys step by events too"
    box = slider.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    t, step, _ = root(page).evaluate(NOW)
    bounds = root(page).evaluate("root => root.board.events.meta.bounds")
    assert abs(t - sum(bounds) / 2) < (bounds[1] - bounds[0]) * 0.05
    assert step == root(page).evaluate("(root, t) => root.board.events.stepAt(t)", t)


def test_a_moment_looks_the_same_however_one_comes_to_it(page: Page) -> None:
    last = root(page).evaluate("root => root.board.events.length - 1")
    walk = """(root, [step, picture]) => {
        const { player } = root.board;
        const look = eval(picture);
        player.goTo(-1);
        for (let next = 0; next <= step; next++) player.goTo(next);
        const walked = JSON.stringify(look(root));
        player.goTo(root.board.events.length - 1);
        player.goTo(step);
        return walked === JSON.stringify(look(root));
    }""".replace("eval(picture)", f"({PICTURE})")
    for step in range(0, last, 9):
        assert root(page).evaluate(walk, [step, ""]), f"step {step}"


def test_a_goroutine_in_a_system_call_loses_its_p(
    page: Page, screenshot: Callable[[Page, str], Path]
) -> None:
    """What the board is for: M and G stay in the kernel, the P goes on with others."""
    jump(page, TAKEN)
    expect(page.locator(".bd-sentence")).to_contain_text("stays in its system call")
    expect(page.locator(".bd-sentence")).to_contain_text("handoffp")
    key = root(page).evaluate("root => `g${root.board.events.g[root.board.events.steps[root.dataset.step]]}`")
    thread = root(page).evaluate("(root, key) => `m${root.board.state.m[Number(key.slice(1))]}`", key)
    assert root(page).evaluate(INSIDE, key) == ["syscall"]
    assert root(page).evaluate(INSIDE, thread) == ["syscall"]
    expect(page.locator(f"[data-key='{key}']")).to_have_attribute("data-state", "syscall")
    page.keyboard.press("ArrowLeft")
    assert root(page).evaluate(INSIDE, key)[0].startswith("p"), "before, its P was kept for it"
    page.keyboard.press("ArrowRight")
    screenshot(page, "board_handoff")


def test_a_token_tells_about_its_goroutine(page: Page) -> None:
    jump(page, "blocked")
    token = page.locator(".bd-token.bd-now")
    token.hover()
    tooltip = page.get_by_role("tooltip")
    expect(tooltip).to_contain_text("waiting")
    expect(tooltip).to_contain_text("Last moves")
    expect(tooltip).to_contain_text("blocked, waiting")
    page.mouse.move(2, 2)
    expect(tooltip).to_be_hidden()
    # The same with the keyboard: from token to token, and to follow one.
    page.get_by_role("button", name="On by one event").focus()
    page.keyboard.press("ArrowDown")
    expect(tooltip).to_be_visible()
    page.keyboard.press("ArrowDown")
    focused = page.evaluate("() => document.activeElement.dataset.key")
    assert focused == root(page).evaluate("root => root.board.focused")
    while not page.evaluate("() => document.activeElement.dataset.key").startswith("g"):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    chosen = root(page).evaluate("root => root.board.chosen")
    expect(page.get_by_label("Goroutine", exact=True)).to_have_value(str(chosen))
    page.get_by_label("Kind of event").select_option("")
    page.get_by_role("button", name="Next such event").click()
    assert root(page).evaluate(
        "root => root.board.events.concerns(Number(root.dataset.step), root.board.chosen)"
    )


def test_play_goes_on_until_it_is_paused_or_over(page: Page) -> None:
    page.locator(".bd-readout").click()
    page.get_by_label("Speed").select_option("1000")
    page.get_by_role("button", name="On by one event").focus()
    page.keyboard.press("-")
    expect(page.get_by_label("Speed")).to_have_value("10000")
    page.keyboard.press("+")
    page.keyboard.press("+")
    page.keyboard.press("+")
    expect(page.get_by_label("Speed")).to_have_value("10")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(
        "() => document.querySelector('.schedlab-board').board.player.now.playing === false"
    )
    t, _, _ = root(page).evaluate(NOW)
    assert t == root(page).evaluate("root => root.board.events.meta.bounds[1]")
    page.get_by_label("Speed").select_option("1000000")
    slider = page.get_by_role("slider", name="Moment")
    slider.focus()
    page.keyboard.press("Space")
    page.wait_for_function("() => document.querySelector('.schedlab-board').board.player.now.playing")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    assert root(page).evaluate(NOW)[2] is False


def test_who_wants_no_movement_sees_none(exported: Exported, file: Path) -> None:
    moves = "() => getComputedStyle(document.querySelector('.bd-picture .bd-token')).transitionDuration"
    moving = exported.open(file)
    moving.get_by_role("button", name="On by one event").click()
    at_step(moving, 0)
    assert moving.evaluate(moves) == "0.35s"
    still = exported.open(file, reduced_motion="reduce")
    still.get_by_role("button", name="On by one event").click()
    at_step(still, 0)
    assert still.evaluate(moves) == "0s"


def test_a_view_is_restored_and_linked_boards_show_one_moment(
    exported: Exported, timeline: Timeline, tmp_path: Path
) -> None:
    middle = timeline.duration_ns // 2
    first = BoardView(timeline, title="One", view={"t": middle, "speed": 100}, group="pair")
    window = (timeline.duration_ns // 4, timeline.duration_ns)
    other = BoardView(timeline, title="Other", window=window, group="pair")
    page = exported.open(save_html({"One": first, "Other": other}, tmp_path / "a.html"))
    assert root(page).evaluate(NOW)[0] == middle
    expect(page.get_by_label("Speed").first).to_have_value("100")
    page.get_by_role("button", name="On by one event").first.click()
    t, _, _ = root(page).evaluate(NOW)
    assert root(page, 1).evaluate(NOW)[0] == t
    root(page, 1).get_by_role("button", name="To the beginning").click()
    assert root(page).evaluate(NOW)[0] == window[0]


def test_the_picture_as_a_file(page: Page, tmp_path: Path) -> None:
    jump(page, TAKEN)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save this picture as SVG").click()
    assert waiting.value.suggested_filename.startswith("Blocked in system calls-")
    svg = Path(waiting.value.path()).read_text(encoding="utf-8")
    tree = ElementTree.fromstring(svg)
    space = "{http://www.w3.org/2000/svg}"
    texts = [text.text for text in tree.iter(f"{space}text")]
    assert "P0" in texts
    assert "Global queue" in texts
    described = tree.find(f"{space}desc")
    assert described is not None
    assert "stays in its system call" in (described.text or "")
    assert "var(" not in svg
    assert not [one for one in tree.iter() if "class" in one.attrib or "style" in one.attrib]
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save this picture as PNG").click()
    assert Path(waiting.value.path()).read_bytes().startswith(b"\x89PNG")
    # As a picture of its own it looks as in the page.
    (tmp_path / "a.svg").write_text(svg, encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_reachable_for_all(
    exported: Exported,
    file: Path,
    axe: Callable[[Page], None],
    screenshot: Callable[[Page, str], Path],
    scheme: Any,
) -> None:
    page = exported.open(file, scheme=scheme)
    jump(page, TAKEN)
    axe(page)
    screenshot(page, f"board_{scheme}")
    page.get_by_text("How each event is known").click()
    page.get_by_role("button", name="On by one event").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    axe(page)
    screenshot(page, f"board_details_{scheme}")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    axe(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()


def test_many_goroutines_collapse(
    exported: Exported, tmp_path: Path, screenshot: Callable[[Page, str], Path]
) -> None:
    trace = tmp_path / "many.trace"
    arguments = ("-goroutines", "600", "-rounds", "2000")
    tracing.record("meet_gmp", arguments, file=trace, settings=process.GoSettings(gomaxprocs=1))
    page = exported.open(save_html(BoardView(Timeline.load(trace), title="Many"), tmp_path / "many.html"))
    # All are created, and there is one P.
    page.get_by_role("button", name="To the end").click()
    choose(page, "created")
    page.get_by_role("button", name="Previous such event").click()
    expect(page.locator(".bd-more").first).to_contain_text("more")
    tokens, more = root(page).evaluate(
        """root => {
            const more = [...root.querySelectorAll("[data-more]")];
            const numbers = more.map(one => parseInt(one.textContent.slice(1)));
            const tokens = root.querySelectorAll('.bd-picture [data-key^="g"]').length;
            return [tokens, numbers.reduce((sum, one) => sum + one, 0)];
        }"""
    )
    live = root(page).evaluate("root => [...root.board.state.place].filter(one => one !== 0).length")
    assert tokens + more == live
    assert tokens < 200
    screenshot(page, "board_many")


def test_names_of_a_hostile_program_stay_text(exported: Exported, timeline: Timeline, tmp_path: Path) -> None:
    texts = tuple(f"{text} {HOSTILE}" if text else "" for text in timeline.texts)
    hostile = replace(timeline, texts=texts, reasons=tuple(f"{one}{HOSTILE}" for one in timeline.reasons))
    page = exported.open(save_html(BoardView(hostile, title=HOSTILE), tmp_path / "a.html", title="Hostile"))
    jump(page, "blocked")
    page.locator(".bd-token.bd-now").hover()
    expect(page.get_by_role("tooltip")).to_contain_text("<img src=x")
    assert page.locator("img").count() == 0
    assert page.evaluate("() => window.hostile") is None


def test_in_jupyterlab_it_steps_and_python_hears_and_is_heard(
    jupyterlab: Callable[[Path, str, str], AbstractContextManager[Lab]],
    trace: Path,
    tmp_path: Path,
    screenshot: Callable[[Page, str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, told = tmp_path / "repository", tmp_path / "told.json"
    for name in ("chapters", "go_samples"):
        (folder / name).mkdir(parents=True)
    monkeypatch.setenv("BOARD_TRACE", str(trace))
    monkeypatch.setenv("BOARD_TOLD", str(told))
    source = folder / "chapters" / "1_9_board.md"
    source.write_text(NOTEBOOK)
    source.with_suffix(".ipynb").write_bytes(to_bytes(read(Notebook(folder, source))))
    with jupyterlab(folder, "1_9", "JupyterLab Dark") as lab:
        assert lab.run_all()["errors"] == []
        page = lab.page
        board = page.locator(".jp-OutputArea .schedlab-board[data-ready=true]")
        expect(board).to_have_attribute("data-scheme", "dark")
        cells = page.locator(".jp-Notebook .jp-Cell").count()
        before = board.evaluate(NOW)
        on = board.get_by_role("button", name="On by one event")
        on.click()
        on.press("ArrowRight")
        on.press("b")
        t, step, _ = board.evaluate(NOW)
        assert step == before[1] + 2
        assert page.locator(".jp-Notebook .jp-Cell").count() == cells, "no key went on to the notebook"
        for _ in range(600):
            if told.exists() and (text := told.read_text()) and json.loads(text)["t"] == t:
                break
            page.wait_for_timeout(100)
        assert json.loads(told.read_text())["t"] == t
        page.evaluate(
            """t => {
                const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
                return kernel.requestExecute({ code: `board.view = {"t": ${t}}` }).done;
            }""",
            before[0],
        )
        page.wait_for_function(
            "t => document.querySelector('.schedlab-board').board.player.now.t === t", arg=before[0]
        )
        for _ in range(12):
            on.click()
        screenshot(page, "board_in_jupyterlab")
