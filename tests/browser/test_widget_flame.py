"""The flame graph in a browser, as a reader uses it: zoom, search, turn over, compare, find the leak."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Locator, Page, expect

from schedlab.capture import pprof
from schedlab.capture.pprof import Frame, Profile
from schedlab.course.notebooks import Notebook
from schedlab.course.source import read, to_bytes
from schedlab.view.widgets.flame import FlameView
from schedlab.view.widgets.page import save_html

if TYPE_CHECKING:
    from tests.browser.conftest import Exported, Lab

FIXTURES = Path(__file__).parents[1] / "capture" / "fixtures" / "pprof"
HOSTILE = "<img src=x onerror='window.hostile = true'></script><script>window.hostile = true</script>"
MAIN = "/program/main.go"
SOURCE = "package main\n\nfunc work() {\n\tleak() // the line\n}\n"

Stacks = dict[tuple[str, ...], int]

# Self and total of every function, as the table has them, and the totals of the trees.
SUMS = """root => {
    const app = root.flame;
    const { profile, tree, weights } = app;
    const names = {};
    const frames = Array.from(profile.frames, frame => profile.functions[profile.frameFunction[frame]]);
    for (let s = 0; s < profile.stacks; s++) {
        const stack = frames.slice(profile.first[s], profile.first[s + 1]);
        for (const name of new Set(stack)) {
            names[name] ??= [0, 0];
            names[name][1] += weights.after[s];
        }
        if (stack.length) names[stack[0]][0] += weights.after[s];
    }
    const selfs = {};
    for (let node = 1; node < tree.fn.length; node++) {
        const name = profile.functions[tree.fn[node]];
        selfs[name] = (selfs[name] ?? 0) + tree.self[node];
    }
    return { names, selfs, total: tree.after[0], sum: tree.self.reduce((a, b) => a + b, 0) };
}"""

# The middle of a frame on the page, by the names from the root on.
PLACE = """(root, path) => {
    const app = root.flame;
    let node = 0;
    for (const name of path) {
        const { tree, profile } = app;
        let child = tree.childFirst[node];
        while (child < tree.childFirst[node + 1] && profile.functions[tree.fn[child]] !== name) child++;
        if (child === tree.childFirst[node + 1]) return null;
        node = child;
    }
    const place = app.placeOf(node);
    if (!place) return null;
    const levels = app.tree.levelFirst.length - 1;
    const row = app.state.icicle ? app.tree.level[node] : levels - 1 - app.tree.level[node];
    const y = row * 19 + 9 - app.parts.scroller.scrollTop;
    return { x: place.x + place.width / 2, y, width: place.width };
}"""

# The colour at each of these places of the picture, in CSS pixels.
COLOURS = """(root, places) => {
    const { picture } = root.flame.parts;
    const context = picture.getContext("2d");
    return places.map(([x, y]) => {
        const scale = picture.width / picture.clientWidth;
        return Array.from(context.getImageData(Math.round(x * scale), Math.round(y * scale), 1, 1).data);
    });
}"""


@pytest.fixture(scope="session")
def profile(new_profile: Callable[..., Profile]) -> Callable[..., Profile]:
    """Call it with stacks from the root on, and the value of each; main's functions stand in its file."""

    def frame(name: str) -> Frame:
        return Frame(name, MAIN if name.startswith("main.") else "", 4, "", 0, None)

    return partial(new_profile, kind="goroutine", frame=frame)


@pytest.fixture(scope="session")
def leaking(profile: Callable[..., Profile]) -> Callable[[int], Profile]:
    """Call it with a time, for goroutines by stack, of a program that leaks in two places."""

    def at(k: int) -> Profile:
        return profile(
            {
                ("main.main", "net/http.(*Server).Serve", "runtime.gopark"): 3,
                ("main.worker", "main.handle", "runtime.chanrecv1", "runtime.gopark"): 5 + 40 * k,
                ("main.timer", "time.Sleep", "runtime.gopark"): 1 + k * k,
                ("main.pool", "sync.(*WaitGroup).Wait", "runtime.gopark"): 60 - 20 * (k % 2),
                (HOSTILE, "main.work"): 10,
            }
        )

    return at


NOTEBOOK = """\
---
title: A flame graph for tests
schedlab:
  chapter: "1.9"
  question: Does it draw?
  minutes: 1
  audience: tests
  budget_s: 600
---
# A flame graph for tests

```{code-cell} python
import os, pathlib
from schedlab.capture import pprof
from schedlab.view.widgets.flame import FlameView

file = pathlib.Path(os.environ["SCHEDLAB_ROOT"], "cpu.pb.gz")
flame = FlameView(pprof.load(file), title="CPU")
flame
```

```{code-cell} python
print("inverted:", flame.view.get("invert"), flame.view.get("search"))
flame.view = {"icicle": True}
```

```{code-cell} python
:tags: [claim]
assert flame.data
```
"""

RUN_SECOND_CELL = """() => {
    const { content } = window.jupyterapp.shell.currentWidget;
    const cells = [...content.model.cells];
    content.activeCellIndex = cells.findIndex(cell => cell.sharedModel.getSource().includes("inverted:"));
    content.deselectAll();
    return window.jupyterapp.commands.execute("notebook:run-cell");
}"""


@pytest.fixture
def settled() -> Callable[[Page], None]:
    """Waits until everything that was asked for is drawn."""
    return lambda page: page.evaluate(
        "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


def root(page: Page) -> Locator:
    return page.locator(".schedlab-flame")


def place(page: Page, *path: str) -> dict[str, float]:
    found = root(page).evaluate(PLACE, list(path))
    assert isinstance(found, dict), f"{path} is not seen"
    return found


def click(page: Page, *path: str, shift: bool = False) -> None:
    at = place(page, *path)
    page.locator(".fl-plot").click(
        position={"x": at["x"], "y": at["y"]}, modifiers=["Shift"] if shift else []
    )


def view(page: Page) -> Any:
    return json.loads(
        root(page).evaluate(
            """root => {
                const { state, tree, zoomed, selected, profile } = root.flame;
                const path = node => {
                    const names = [];
                    for (; node > 0; node = tree.parent[node])
                        names.unshift(profile.functions[tree.fn[node]]);
                    return names;
                };
                return JSON.stringify({ zoom: path(zoomed), selected: path(selected), ...state });
            }"""
        )
    )


@pytest.mark.parametrize("name", ["cpu", "heap", "mutex", "goroutine"])
def test_the_tree_has_what_the_profile_has(exported: Exported, tmp_path: Path, name: str) -> None:
    """By an independent sum: what ``go tool pprof -top`` says, to the last nanosecond and byte."""
    loaded = pprof.load(FIXTURES / f"{name}.pb.gz")
    page = exported.open(save_html(FlameView(loaded, title="Real", sources=False), tmp_path / "a.html"))
    top = {row.function: [row.flat, row.cum] for row in loaded.top().itertuples()}
    sums = root(page).evaluate(SUMS)
    assert sums["total"] == sums["sum"] == loaded.total()
    assert {one: values for one, values in sums["names"].items() if values[1]} == top
    assert {one: value for one, value in sums["selfs"].items() if value} == {
        one: flat for one, (flat, _) in top.items() if flat
    }
    page.get_by_role("button", name="Invert").click()
    inverted = root(page).evaluate(SUMS)
    assert inverted["total"] == loaded.total()
    leaves = root(page).evaluate(
        """root => {
            const { tree, profile } = root.flame;
            const leaves = {};
            for (let node = tree.childFirst[0]; node < tree.childFirst[1]; node++)
                leaves[profile.functions[tree.fn[node]]] = tree.after[node];
            return leaves;
        }"""
    )
    assert {one: value for one, value in leaves.items() if value} == {
        one: flat for one, (flat, _) in top.items() if flat
    }, "the innermost calls have their own time"


def test_zoom_search_invert_and_back(
    profile: Callable[..., Profile],
    exported: Exported,
    tmp_path: Path,
    settled: Callable[[Page], None],
    axe: Callable[[Page], None],
    screenshot: Callable[[Page, str], Path],
) -> None:
    stacks: Stacks = {
        ("main.main", "main.work", "main.leak"): 400,
        ("main.main", "main.work", "runtime.mallocgc"): 200,
        ("main.main", "net/http.Get", "main.leak"): 300,
        ("main.main", "net/http.Get", HOSTILE): 99,
        **{("main.main", f"main.tiny{n}"): 1 for n in range(1)},
    }
    shown = FlameView(profile(stacks, kind="cpu", unit="nanoseconds"), title="Work", sources={MAIN: SOURCE})
    page = exported.open(save_html(shown, tmp_path / "a.html", title="Flame"))
    status = page.locator(".fl-status")
    crumbs = page.get_by_role("navigation", name="Zoomed to")

    # Widths are shares, from left to right the widest first.
    whole = place(page, "main.main")["width"]
    assert place(page, "main.main", "main.work")["width"] == pytest.approx(whole * 0.6)
    settled(page)
    at = place(page, "main.main", "main.work", "runtime.mallocgc")
    over = place(page, "main.main", "main.work")
    own, faint, nothing = root(page).evaluate(
        COLOURS, [[over["x"] + 20, over["y"]], [at["x"] + 60, at["y"]], [whole - 5, 5]]
    )
    assert own[:3] == [255, 168, 38], "main's colour"
    assert abs(faint[0] - faint[2]) < 8, "the runtime's grey"
    assert nothing[3] == 255 or nothing[3] == 0

    # The tooltip, then zoom by a click.
    page.locator(".fl-plot").hover(position={"x": over["x"], "y": over["y"]})
    tooltip = page.locator(".fl-tooltip")
    expect(tooltip).to_contain_text("main.work")
    expect(tooltip).to_contain_text(f"{MAIN}:4")
    expect(tooltip).to_contain_text("total: 600 ns, 60.0 % of all")
    click(page, "main.main", "main.work")
    assert view(page)["zoom"] == ["main.main", "main.work"]
    assert place(page, "main.main", "main.work", "main.leak")["width"] == pytest.approx(whole * 4 / 6)
    expect(crumbs.get_by_role("button")).to_have_text(["all", "main.main", "main.work"])
    expect(status).to_contain_text("main.work")
    axe(page)

    # From the details to the line of source.
    page.get_by_role("button", name=f"{MAIN}:4").click()
    line = page.locator(".tl-source [aria-current]")
    expect(line).to_contain_text("leak() // the line")
    screenshot(page, "flame_zoomed_light")
    page.get_by_role("button", name="Close the source").click()

    # By keys alone: in, sideways, out, and all the way back.
    plot = page.locator(".fl-plot")
    plot.focus()
    plot.press("ArrowUp")
    assert view(page)["selected"] == ["main.main", "main.work", "main.leak"]
    plot.press("ArrowRight")
    expect(status).to_contain_text("runtime.mallocgc")
    plot.press("Enter")
    assert view(page)["zoom"] == ["main.main", "main.work", "runtime.mallocgc"]
    plot.press("Backspace")
    plot.press("ArrowDown")
    plot.press("ArrowDown")
    assert view(page)["selected"] == ["main.main"]
    plot.press("0")
    assert (view(page)["zoom"], view(page)["selected"]) == ([], [])

    # Search: each stack once; what was not found fades.
    plot.press("/")
    page.keyboard.type("LEAK")
    expect(page.locator(".fl-result")).to_have_text("1 function: 70.0 % of all")
    settled(page)
    over = place(page, "main.main", "main.work")
    leak = place(page, "main.main", "main.work", "main.leak")
    faded, found = root(page).evaluate(COLOURS, [[over["x"] + 20, over["y"]], [leak["x"] + 40, leak["y"]]])
    assert (found[:3], faded[:3]) == ([255, 168, 38], [241, 241, 241])
    page.keyboard.press("Enter")
    plot.press("n")
    first = view(page)["selected"]
    plot.press("n")
    assert {first[1], view(page)["selected"][1]} == {"main.work", "net/http.Get"}
    screenshot(page, "flame_search_light")

    # Inverted: the callers of the leak, merged; and only that function.
    plot.press("i")
    assert (view(page)["invert"], view(page)["selected"][:1]) == (True, ["main.leak"])
    assert place(page, "main.leak")["width"] == pytest.approx(whole * 0.7)
    plot.press("m")
    assert place(page, "main.leak", "main.work")["width"] == pytest.approx(whole * 4 / 7)
    expect(crumbs).to_contain_text("all stacks")
    plot.press("f")
    assert view(page)["icicle"]
    screenshot(page, "flame_inverted_light")
    plot.press("Escape")
    assert view(page)["merge"] == -1

    # The table says the same in words.
    page.get_by_role("button", name="Table").click()
    table = page.get_by_role("region", name="Top functions").get_by_role("table")
    expect(table.get_by_role("row")).to_have_count(2)
    expect(table.get_by_role("row").nth(1)).to_contain_text("700 ns (70.0 %)")
    page.get_by_role("searchbox").fill("")
    expect(table.get_by_role("row")).to_have_count(len({f for stack in stacks for f in stack}) + 1)
    expect(table).to_contain_text(HOSTILE)
    page.get_by_role("button", name="?", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("Backspace")
    axe(page)
    page.keyboard.press("Escape")

    # Names stay names.
    assert page.evaluate("() => window.hostile") is None
    assert page.locator("img").count() == 0

    # Pictures of what is seen.
    with page.expect_download() as download:
        page.get_by_role("button", name="SVG").click()
    tree = ElementTree.fromstring(Path(download.value.path()).read_bytes())
    texts = [node.text for node in tree.iter("{http://www.w3.org/2000/svg}text")]
    assert {"main.leak", "main (module)"} <= set(texts)
    assert not list(tree.iter("{http://www.w3.org/2000/svg}img"))
    with page.expect_download() as download:
        page.get_by_role("button", name="PNG").click()
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG\r\n")


def test_before_and_after(
    profile: Callable[..., Profile],
    exported: Exported,
    tmp_path: Path,
    settled: Callable[[Page], None],
    axe: Callable[[Page], None],
    screenshot: Callable[[Page, str], Path],
) -> None:
    before = profile({("main.main", "main.a"): 100, ("main.main", "main.b"): 300, ("main.gone",): 50})
    after = profile({("main.main", "main.a"): 300, ("main.main", "main.b"): 300, ("main.fresh",): 60})
    shown = FlameView.diff(before, after, title="Change", view={"selected": ["main.main", "main.a"]})
    page = exported.open(save_html(shown, tmp_path / "a.html", title="Flame"))
    details = page.get_by_role("region", name="Selected frame")
    expect(details).to_contain_text("before100, 22.2 % of its total")
    expect(details).to_contain_text("after300, 45.5 % of its total")
    expect(details).to_contain_text("+200; twice or more")
    # As wide as both together: what is gone can be seen as well.
    whole = place(page)["width"]
    assert place(page, "main.gone")["width"] == pytest.approx(whole * 50 / 1110)
    settled(page)
    colours = root(page).evaluate(
        COLOURS,
        [
            [place(page, *path)["x"], place(page, *path)["y"] - 7]
            for path in [("main.gone",), ("main.fresh",), ("main.main", "main.a"), ("main.main", "main.b")]
        ],
    )
    assert [colour[:3] for colour in colours] == [
        [34, 151, 230],
        [247, 144, 0],
        [255, 185, 79],
        [228, 228, 228],
    ]
    for words in (
        "gone: only before",
        "▼: less",
        "the same, within 5 %",
        "▲▲: twice or more",
        "new: only after",
    ):
        expect(page.locator(".fl-legend")).to_contain_text(words)
    axe(page)
    screenshot(page, "flame_diff_light")
    # By shares: b is 300 of 450, then 300 of 660.
    page.get_by_role("button", name="Compare shares").click()
    click(page, "main.main", "main.b", shift=True)
    expect(details).to_contain_text("no change; less, by shares of the total")
    page.get_by_label("Width").select_option("after")
    assert root(page).evaluate(PLACE, ["main.gone"]) is None
    page.get_by_label("Colour").select_option("package")
    expect(page.locator(".fl-legend")).to_contain_text("main (module)")


def test_the_stack_that_grows(
    leaking: Callable[[int], Profile],
    exported: Exported,
    tmp_path: Path,
    axe: Callable[[Page], None],
    screenshot: Callable[[Page, str], Path],
) -> None:
    profiles = {f"after {k} s": leaking(k) for k in range(4)}
    shown = FlameView.growth(profiles, title="Goroutines", sources={MAIN: SOURCE})
    page = exported.open(save_html(shown, tmp_path / "a.html", title="Flame"), scheme="dark")
    panel = page.get_by_role("region", name="Stacks that grew")
    expect(panel.get_by_role("heading")).to_have_text("Growth: 2 stacks grew and never shrank.")
    rows = panel.get_by_role("row")
    expect(rows).to_have_count(3)
    expect(rows.nth(1)).to_contain_text(re.compile(r"main\.handle under main\.worker.*5.*125.*\+120.*steady"))
    expect(rows.nth(2)).to_contain_text("time.Sleep under main.timer")
    assert panel.get_by_role("img", name="5, 45, 85, 125").count() == 1
    panel.get_by_role("button", name="time.Sleep").click()
    assert view(page)["selected"] == ["main.timer", "time.Sleep", "runtime.gopark"]
    assert view(page)["zoom"][:1] == ["main.timer"], "it was too narrow to read"
    panel.get_by_role("button", name="main.handle").click()
    assert view(page)["selected"][:2] == ["main.worker", "main.handle"]
    assert view(page)["zoom"] == []
    details = page.get_by_role("region", name="Selected frame")
    expect(details).to_contain_text("after 0 s5, 6.3 % of its total")
    expect(details).to_contain_text("+120; twice or more")
    axe(page)
    screenshot(page, "flame_growth_dark")
    # From the third to the last.
    page.get_by_label("From").select_option(label="after 2 s")
    expect(details).to_contain_text("+40; more")
    page.emulate_media(color_scheme="light")
    expect(root(page)).to_have_attribute("data-scheme", "light")
    axe(page)
    screenshot(page, "flame_growth_light")


def test_a_view_is_restored(
    leaking: Callable[[int], Profile], exported: Exported, tmp_path: Path, settled: Callable[[Page], None]
) -> None:
    wanted = {
        "invert": True, "icicle": True, "search": "worker", "zoom": ["runtime.gopark", "runtime.chanrecv1"],
        "measure": "goroutine", "colour": "nonsense", "merge": "nowhere", "selected": ["nowhere"],
    }  # fmt: skip
    shown = FlameView(leaking(1), title="Goroutines", view=wanted)
    page = exported.open(save_html(shown, tmp_path / "a.html"))
    found = view(page)
    assert (found["invert"], found["icicle"], found["search"]) == (True, True, "worker")
    assert found["zoom"] == ["runtime.gopark", "runtime.chanrecv1"]
    assert (found["colour"], found["merge"], found["selected"]) == ("package", -1, [])
    expect(page.get_by_role("searchbox")).to_have_value("worker")
    settled(page)


def test_a_hundred_thousand_frames(
    profile: Callable[..., Profile], exported: Exported, tmp_path: Path, settled: Callable[[Page], None]
) -> None:
    """Too narrow to be seen one by one: drawn together, told how many, and all there."""
    stacks: Stacks = {
        ("main.main", f"main.f{k % 50}", f"main.g{k % 3000}", f"main.h{k}"): 1 + k % 3 for k in range(100_000)
    }
    one = profile(stacks, kind="cpu", unit="nanoseconds")
    page = exported.open(save_html(FlameView(one, title="Many", sources=False), tmp_path / "a.html"))
    sums = root(page).evaluate("root => [root.flame.tree.fn.length, root.flame.tree.after[0]]")
    assert sums[0] > 100_000
    assert sums[1] == one.total()
    expect(page.locator(".fl-legend")).to_contain_text("too narrow to tell apart")
    settled(page)
    painted = root(page).evaluate(
        """root => {
            const app = root.flame;
            let calls = 0;
            const { fillRect } = CanvasRenderingContext2D.prototype;
            CanvasRenderingContext2D.prototype.fillRect = function (...where) {
                calls++;
                return fillRect.apply(this, where);
            };
            app.draw();
            app.paintNow();
            CanvasRenderingContext2D.prototype.fillRect = fillRect;
            return [calls, app.scene.width, app.tree.levelFirst.length - 1];
        }"""
    )
    calls, width, levels = painted
    assert 1000 < calls <= 2 * width * levels, "a picture costs its pixels, not its frames"
    page.locator(".fl-plot").hover(position={"x": 300, "y": 9})
    expect(page.locator(".fl-tooltip")).to_contain_text(re.compile(r"\d+ frames in this pixel"))


def test_an_empty_profile_says_so(
    profile: Callable[..., Profile], exported: Exported, tmp_path: Path, axe: Callable[[Page], None]
) -> None:
    page = exported.open(
        save_html(FlameView(profile({}), title="Nothing"), tmp_path / "a.html", title="Flame")
    )
    expect(page.locator(".fl-status")).to_contain_text("no samples")
    page.locator(".fl-plot").press("ArrowUp")
    axe(page)


def test_the_view_is_a_trait(leaking: Callable[[int], Profile], exported: Exported, tmp_path: Path) -> None:
    """The same view twice in a page: what is done in one of them, the other one follows."""
    shown = FlameView(leaking(1), title="Goroutines")
    page = exported.open(save_html({"One": shown, "Two": shown}, tmp_path / "a.html"))
    one, two = (page.get_by_role("region", name=name, exact=True) for name in ("One", "Two"))
    one.get_by_role("button", name="Root on top").click()
    one.get_by_role("searchbox").fill("gopark")
    expect(two.get_by_role("searchbox")).to_have_value("gopark")
    expect(two.get_by_role("button", name="Root on top")).to_have_attribute("aria-pressed", "true")
    plot = two.locator(".fl-plot")
    plot.press("ArrowDown")
    plot.press("ArrowDown")
    plot.press("Enter")
    expect(one.get_by_role("navigation").get_by_role("button")).to_have_text(["all", "main.worker"])
    plot.press("0")
    expect(one.get_by_role("navigation")).to_be_hidden()


def test_in_jupyterlab_python_hears_and_is_heard(
    jupyterlab: Callable[[Path, str, str], AbstractContextManager[Lab]], tmp_path: Path
) -> None:
    root_folder = tmp_path / "repository"
    for folder in ("chapters", "go_samples"):
        (root_folder / folder).mkdir(parents=True)
    shutil.copy(FIXTURES / "cpu.pb.gz", root_folder)
    source = root_folder / "chapters" / "1_9_flame.md"
    source.write_text(NOTEBOOK)
    source.with_suffix(".ipynb").write_bytes(to_bytes(read(Notebook(root_folder, source))))
    with jupyterlab(root_folder, "1_9", "JupyterLab Dark") as lab:
        assert lab.run_all()["errors"] == []
        page = lab.page
        drawn = page.locator(".jp-OutputArea .schedlab-flame[data-ready=true]")
        expect(drawn).to_have_attribute("data-scheme", "dark")
        on_top = drawn.get_by_role("button", name="Root on top")
        expect(on_top, "the second cell said so").to_have_attribute("aria-pressed", "true")
        cells = page.locator(".jp-Notebook .jp-CodeCell").count()
        drawn.locator(".fl-plot").press("i")
        drawn.get_by_role("searchbox").fill("bb")
        assert page.locator(".jp-Notebook .jp-CodeCell").count() == cells, "no shortcut of JupyterLab's"
        expect(drawn.get_by_role("button", name="Invert")).to_have_attribute("aria-pressed", "true")
        # When Python has heard of it, the next cell knows.
        page.wait_for_function(
            "() => document.querySelector('.schedlab-flame').dataset.saved?.includes('bb')"
        )
        page.evaluate(RUN_SECOND_CELL)
        page.locator(".jp-OutputArea-output").filter(has_text="inverted: True bb").wait_for()
