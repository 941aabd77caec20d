"""How long it takes in a live JupyterLab from running a cell to the first complete frame of its timeline."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from schedlab import process
from schedlab.course import views_browser
from schedlab.course.notebooks import Notebook
from schedlab.course.source import read, to_bytes

if TYPE_CHECKING:
    from playwright.sync_api import Page

_PATIENCE_S: Final = 900.0

_NOTEBOOK: Final = """\
---
title: A timeline
schedlab:
  chapter: "1.1"
  question: How long does it take?
  minutes: 1
  audience: the benchmark
  budget_s: 600
---
# A timeline

```{code-cell} python
import os
from pathlib import Path

from schedlab.timeline import Timeline
from schedlab.view.widgets.timeline import TimelineView

timeline = Timeline.load(Path(os.environ["SCHEDLAB_BENCH_TRACE"]))
len(timeline)
```

```{code-cell} python
TimelineView(timeline)
```

```{code-cell} python
:tags: [claim]
assert len(timeline) > 0
```
"""

# Runs the code cell of that number; done when the kernel has answered.
_RUN: Final = """number => {
    const { content, sessionContext } = window.jupyterapp.shell.currentWidget;
    const cells = [...content.widgets];
    content.deselectAll();
    content.activeCellIndex = cells.indexOf(cells.filter(cell => cell.model.type === "code")[number]);
    return window.jupyterapp.commands.execute("notebook:run-cell");
}"""

# From the command to the second animation frame after the view says that it is drawn, in ms.
_RUN_TO_FRAME: Final = """number => new Promise((then) => {
    const drawn = () => [...document.querySelectorAll(".schedlab-timeline[data-ready='true']")]
        .find(root => root.isConnected && !root.dataset.counted);
    const begun = performance.now();
    const watch = new MutationObserver(() => {
        const root = drawn();
        if (!root) return;
        root.dataset.counted = "true";
        watch.disconnect();
        requestAnimationFrame(() => requestAnimationFrame(() => then(performance.now() - begun)));
    });
    const options = { subtree: true, childList: true, attributes: true, attributeFilter: ["data-ready"] };
    watch.observe(document, options);
    (RUN)(number);
})""".replace("RUN", _RUN)


def run_to_frame(trace: Path, rounds: int, folder: Path) -> list[float]:
    """ms from running the cell ``TimelineView(timeline)`` to its first complete frame, once per round.

    The Timeline is loaded before, in a cell of its own. ``folder`` is for what JupyterLab writes.

    Raises:
        NoBrowser: there is no Chromium or no Playwright.
    """
    root, home = folder / "repository", folder / "home"
    source = root / "chapters" / "1_1_timeline.md"
    source.parent.mkdir(parents=True)
    (root / "go_samples").mkdir()
    source.write_text(_NOTEBOOK, encoding="utf-8")
    source.with_suffix(".ipynb").write_bytes(to_bytes(read(Notebook(root, source))))
    config = home / "lab" / "jupyter" / "config" / "jupyter_lab_config.json"
    config.parent.mkdir(parents=True)
    config.write_text(json.dumps({"LabApp": {"expose_app_in_browser": True}}), encoding="utf-8")
    environment = {
        "SCHEDLAB_ROOT": str(root),
        "SCHEDLAB_STATE": str(home),
        "SCHEDLAB_BENCH_TRACE": str(trace),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
    }
    return _measured(os.environ | environment, rounds)


def _measured(environment: Mapping[str, str], rounds: int) -> list[float]:
    command = ["-m", "schedlab.course", "lab", "1_1", "--no-browser"]
    with (
        process.start(sys.executable, command, env=environment, wall_limit_s=_PATIENCE_S) as server,
        views_browser.browser() as browser,
    ):
        address = server.wait_for_line("^JupyterLab: ", _PATIENCE_S).removeprefix("JupyterLab: ")
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(_PATIENCE_S * 1000)
        _open(page, address.strip())
        page.evaluate(_RUN, 0)
        return [float(page.evaluate(_RUN_TO_FRAME, 1)) for _ in range(rounds)]


def _open(page: Page, address: str) -> None:
    """As soon as the server answers and the notebook has a kernel that is idle."""
    from playwright.sync_api import Error

    while True:
        try:
            page.goto(address)
            break
        except Error as error:
            if "ERR_CONNECTION_REFUSED" not in error.message:
                raise
            page.wait_for_timeout(100)
    page.wait_for_function(
        "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
    )
