"""Chapters in a real JupyterLab, in a real browser: Run All ends well, and what a learner sees is there."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page

from schedlab.course.notebooks import Notebook
from schedlab.course.source import read, to_bytes
from schedlab.places import repository_root

if TYPE_CHECKING:
    from tests.browser.conftest import Lab

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


# How a test opens a notebook: its root, a part of its name, a theme.
OpenLab = Callable[[Path, str, str], AbstractContextManager["Lab"]]
Screenshot = Callable[["Page", str], Path]


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_chapter_1_1_runs_to_its_end(jupyterlab: OpenLab, screenshot: Screenshot, theme: str) -> None:
    root = repository_root()
    before = (root / "chapters" / "1_1_meet_gmp.ipynb").read_bytes()
    with jupyterlab(root, "1_1", theme) as lab:
        page, state = lab.page, lab.run_all()
        assert state["errors"] == []
        assert state["ran"] == state["cells"] > 0
        assert state["widgets"] > 0
        assert page.locator(".jp-OutputArea .widget-vbox").count() == state["widgets"]
        assert page.evaluate(LOW_CONTRAST) == []
        lab.grow()
        screenshot(page, f"chapter_1_1_{theme.split()[1].lower()}")
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
    jupyterlab: OpenLab, screenshot: Screenshot, widgets: Path, theme: str
) -> None:
    with jupyterlab(widgets, "1_9", theme) as lab:
        page = lab.page
        assert lab.run_all()["errors"] == []
        output = page.locator(".jp-OutputArea-output")
        assert output.filter(has_text="You made no prediction.").count() == 2
        number = page.get_by_label("Your prediction (threads)")
        number.fill("12")
        number.press("Tab")
        assert page.evaluate("() => document.activeElement.textContent") == "Commit prediction"
        page.keyboard.press("Enter")
        page.get_by_role("alert").filter(has_text="Committed: 12 threads.").wait_for()
        assert lab.run_all()["errors"] == []
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
        lab.grow()
        screenshot(page, f"widgets_{theme.split()[1].lower()}")
