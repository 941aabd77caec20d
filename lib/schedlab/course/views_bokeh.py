"""The same spans, drawn by Bokeh: the comparison in the benchmark of the views.

Bokeh draws as well as it can: one glyph per state with a colour of its own, numbers as binary columns, its
script in the page. It draws all spans also while it is moved; by default it leaves out nine of ten meanwhile,
and the views of this course leave out none.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np

from schedlab.errors import SchedlabError
from schedlab.timeline import State, Timeline

AREA: Final = ".bk-events"
"""What takes the pointer's events, as a CSS selector."""

_COLOURS: Final = ("#2297e6", "#ffa620", "#3bb59a", "#5ad8ff", "#ffff80", "#dcdcdc", "#888888")


class NoBokeh(SchedlabError):
    """There is nothing to compare with."""


def page(timeline: Timeline, file: Path, backend: str) -> Path:
    """Write ``file``: all spans of ``timeline``, a row per lane; ``backend`` is webgl or canvas.

    Raises:
        NoBokeh: it is not installed.
    """
    plotting, models = _module("bokeh.plotting"), _module("bokeh.models")
    figure = plotting.figure(
        width=1240,
        height=460,
        output_backend=backend,
        tools="xpan,xwheel_zoom",
        active_drag="xpan",
        active_scroll="xwheel_zoom",
        lod_threshold=None,
    )
    spans = {name: np.asarray(timeline.spans[name]) for name in ("lane", "id", "start", "dur", "state")}
    _, row = np.unique(spans["lane"].astype(np.int64) << 40 | spans["id"], return_inverse=True)
    for state in np.unique(spans["state"]).tolist():
        chosen = spans["state"] == state
        start = spans["start"][chosen].astype(np.float64)
        source = models.ColumnDataSource(
            {
                "left": start,
                "right": start + spans["dur"][chosen],
                "bottom": row[chosen].astype(np.float64),
                "top": row[chosen] + 0.9,
            }
        )
        colour = _COLOURS[int(State(state)) % len(_COLOURS)]
        edges = {name: name for name in ("left", "right", "top", "bottom")}
        figure.quad(**edges, source=source, line_color=None, fill_color=colour)
    file.write_text(_html(figure, models), encoding="utf-8")
    return file


def _html(figure: Any, models: ModuleType) -> str:
    document = _module("bokeh.document").Document()
    document.add_root(figure)
    drawn = models.CustomJS(code="document.body.dataset.drawn = 'true'")
    document.js_on_event("document_ready", drawn)
    inline = _module("bokeh.resources").INLINE
    html: str = _module("bokeh.embed").file_html(document, inline, "The same spans")
    return html


def _module(name: str) -> ModuleType:
    # By name, because type checkers run where it is not installed, too.
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise NoBokeh(
            "Bokeh is not installed",
            remedy="./course bench views installs it, and so does uv sync --group bench.",
        ) from error
