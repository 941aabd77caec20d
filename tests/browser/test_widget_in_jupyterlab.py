"""A widget of ours in JupyterLab: drawn by anywidget, in JupyterLab's theme, its state shared with Python."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from schedlab.course import js
from schedlab.course.notebooks import Notebook
from schedlab.course.source import read, to_bytes
from schedlab.places import repository_root

if TYPE_CHECKING:
    from tests.browser.conftest import Lab

NOTEBOOK = """\
---
title: A widget for tests
schedlab:
  chapter: "1.9"
  question: Does it draw?
  minutes: 1
  audience: tests
  budget_s: 600
---
# A widget for tests

```{code-cell} python
import os, pathlib
import numpy as np, traitlets
from schedlab.view.widgets import base, blob

class Probe(base.View):
    _esm = pathlib.Path(os.environ["SCHEDLAB_ROOT"], "built", "probe.js").read_text()
    _css = pathlib.Path(os.environ["SCHEDLAB_ROOT"], "built", "probe.css").read_text()
    text = traitlets.Unicode("<i>words</i>").tag(sync=True)
    count = traitlets.Int(5).tag(sync=True)
    fails = traitlets.Bool(False).tag(sync=True)
    data = traitlets.Bytes(b"").tag(sync=True)

probe = Probe(data=blob.encode("probe", {"values": np.arange(1000)}, {"name": "n"}))
probe
```

```{code-cell} python
probe
```

```{code-cell} python
print("Python has", probe.count)
```

```{code-cell} python
:tags: [claim]
assert probe.count >= 5
```
"""


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    for folder in ("chapters", "go_samples", "built"):
        (root / folder).mkdir(parents=True)
    js.build(repository_root(), root / "built", ["test/widgets/probe.js", "test/widgets/probe.css"])
    source = root / "chapters" / "1_9_widget.md"
    source.write_text(NOTEBOOK)
    source.with_suffix(".ipynb").write_bytes(to_bytes(read(Notebook(root, source))))
    return root


def test_a_widget_draws_and_python_hears_of_it(
    jupyterlab: Callable[[Path, str, str], AbstractContextManager[Lab]],
    notebook: Path,
) -> None:
    with jupyterlab(notebook, "1_9", "JupyterLab Dark") as lab:
        assert lab.run_all()["errors"] == []
        page = lab.page
        drawn = page.locator(".jp-OutputArea .schedlab-probe[data-ready=true]")
        drawn.nth(1).wait_for()
        assert drawn.count() == 2
        expect(drawn.first.locator("[data-part=ink]"), "the dark theme's").to_have_text("rgb(232, 234, 237)")
        expect(drawn.first.locator("[data-part=data]")).to_contain_text("n: 499500;")
        words = page.locator("[data-part=text]")
        # Not inner_text(): JupyterLab leaves out of the layout what is out of sight.
        before = int((words.first.text_content() or "").removeprefix("<i>words</i> "))
        cells = page.locator(".jp-Notebook .jp-CodeCell").count()
        # JupyterLab's own shortcuts (here: insert a cell below) do not hear what is meant for the widget.
        drawn.first.get_by_role("button").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("b")
        for view in (0, 1):
            words.nth(view).filter(has_text=f"<i>words</i> {before + 1}").wait_for()
        assert page.locator(".jp-Notebook .jp-CodeCell").count() == cells
        page.evaluate(
            """() => {
                const {content} = window.jupyterapp.shell.currentWidget;
                const cells = [...content.model.cells];
                const at = cells.findIndex(cell => cell.sharedModel.getSource().includes("Python has"));
                content.activeCellIndex = at;
                content.deselectAll();
                return window.jupyterapp.commands.execute("notebook:run-cell");
            }"""
        )
        page.locator(".jp-OutputArea-output").filter(has_text=f"Python has {before + 1}").wait_for()
