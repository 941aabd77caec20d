"""What every picture has in common: colours, fonts, an explicit background, a place for its title.

Pictures are dark ink on an opaque white card, so they look the same in a light and in a dark JupyterLab.
They are built as ``matplotlib.figure.Figure`` with an Agg canvas: neither pyplot nor a backend is touched,
and the settings of the user's matplotlib do not shine through.

Colours are told apart by lightness as well as by hue: the smallest difference in a set is 14 (CIEDE2000),
with normal sight and with simulated deuteranopia and protanopia. Where it matters, line style, marker or
hatching says the same again.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar, cast

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from schedlab.timeline.palette import BLUE, CYAN, FILLS, GREY, ORANGE, TEAL, YELLOW
from schedlab.view.alttext import describe
from schedlab.view.wording import visible

__all__ = [
    "AMOUNTS",
    "BACKGROUND",
    "BLANK_HATCH",
    "BLUE",
    "CYAN",
    "DARK_BLUE",
    "FAINT_INK",
    "FILLS",
    "GREY",
    "GRID",
    "INK",
    "LINES",
    "ORANGE",
    "TEAL",
    "VERMILION",
    "YELLOW",
    "axes_for",
    "explicit",
    "figure_of",
    "finish",
    "in_our_colours",
    "legend_beside",
    "new_figure",
    "no_samples",
    "settings",
]

BACKGROUND: Final = "#ffffff"
INK: Final = "#1a1a1a"
FAINT_INK: Final = "#5c5c5c"
GRID: Final = "#e3e3e3"
BLANK_HATCH: Final = "#b5b5b5"

# Lines and areas that stand on white.
DARK_BLUE: Final = "#0b4f8a"
VERMILION: Final = "#d55e00"
LINES: Final = (INK, DARK_BLUE, VERMILION)

AMOUNTS: Final = "YlGnBu"
"""Colour map for amounts: light is little, dark is much, and so it is in greyscale."""

_SETTINGS: Final[dict[Any, Any]] = {
    "font.family": ["DejaVu Sans"],  # matplotlib brings it: the same picture on every machine
    "font.size": 10,
    "text.color": INK,
    "text.parse_math": False,  # "$" in a name is a dollar sign
    "text.usetex": False,
    "axes.facecolor": BACKGROUND,
    "axes.edgecolor": FAINT_INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.formatter.useoffset": False,
    "axes.unicode_minus": False,
    "xtick.color": FAINT_INK,
    "ytick.color": FAINT_INK,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "figure.facecolor": BACKGROUND,
    "figure.edgecolor": BACKGROUND,
    "figure.titlesize": 13,
    "figure.titleweight": "bold",
    "hatch.linewidth": 0.8,
    "savefig.facecolor": BACKGROUND,
    "savefig.transparent": False,
}

_P = ParamSpec("_P")
_R = TypeVar("_R")


@contextmanager
def settings() -> Iterator[None]:
    """matplotlib's defaults and ours for as long as the block runs; then the user's settings again."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        yield


def explicit(draw: Callable[_P, _R]) -> Callable[_P, _R]:
    """Run ``draw`` under ``settings()``."""

    @wraps(draw)
    def drawn(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        with settings():
            return draw(*args, **kwargs)

    return drawn


def new_figure(width: float, height: float, *, layout: str | None = "constrained") -> Figure:
    """A figure of ``width`` by ``height`` inches that pyplot knows nothing of."""
    figure = Figure(figsize=(width, height), layout=cast(Any, layout))
    FigureCanvasAgg(figure)
    return figure


def axes_for(ax: Axes | None, width: float, height: float) -> Axes:
    """``ax`` in our colours, or the axes of a new figure."""
    return new_figure(width, height).add_subplot() if ax is None else in_our_colours(ax)


def in_our_colours(ax: Axes) -> Axes:
    """Someone else's axes may come from a dark style: labels in dark ink need our background around them."""
    figure_of(ax).set_facecolor(BACKGROUND)
    ax.set_facecolor(BACKGROUND)
    ax.tick_params(colors=FAINT_INK, labelcolor=INK)
    for spine in ax.spines.values():
        spine.set_edgecolor(FAINT_INK)
    ax.spines[["top", "right"]].set_visible(False)
    for label in (ax.xaxis.label, ax.yaxis.label, ax.xaxis.get_offset_text(), ax.yaxis.get_offset_text()):
        label.set_color(INK)
    return ax


def figure_of(ax: Axes) -> Figure:
    """The whole figure that ``ax`` is in, also from inside a subfigure."""
    figure = ax.get_figure(root=True)
    assert figure is not None, "axes always have a figure"
    return figure


def finish(ax: Axes, title: str, sentences: Sequence[str]) -> Figure:
    """Give ``ax`` its title, wrapped to its width, and its alt text."""
    width = ax.get_window_extent().width / figure_of(ax).dpi
    characters = max(int(width * 10.5), 20)
    lines = textwrap.wrap(visible(title), characters, max_lines=3, placeholder=" …")
    ax.set_title("\n".join(lines), loc="left", fontsize=11, color=INK, parse_math=False)
    describe(ax, " ".join(sentences))
    return figure_of(ax)


def no_samples(ax: Axes, what: str, title: str | None = None) -> Figure:
    """A figure that says that there is nothing to show."""
    ax.set_axis_off()
    ax.text(0.5, 0.5, "no samples", transform=ax.transAxes, ha="center", va="center", color=FAINT_INK)
    return finish(ax, title or f"{what}: no samples", [f"{what}: no samples."])


def legend_beside(ax: Axes, **options: Any) -> None:
    """The legend, right of the axes where it can cover nothing."""
    legend = ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0, **options)
    for text in legend.get_texts():
        text.set_parse_math(False)
        text.set_color(INK)
