"""Colours can be told apart, and the user's matplotlib neither changes nor shows."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from schedlab import view
from schedlab.capture import schedtrace
from schedlab.view import style

Floats = NDArray[np.float64]

# Machado, Oliveira, Fernandes (2009), severity 1.0, on linear RGB.
SIGHT = {
    "normal": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
TRACE = schedtrace.parse(
    b"SCHED 0ms: gomaxprocs=2 idleprocs=1 threads=4 spinningthreads=0 idlethreads=1 runqueue=0 [0 3]\n"
    b"SCHED 10ms: gomaxprocs=2 idleprocs=0 threads=4 spinningthreads=0 idlethreads=1 runqueue=1 [0 1]\n"
)


def linear(colour: str) -> Floats:
    c = np.array(to_rgb(colour))
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(rgb: Floats) -> tuple[float, float, float]:
    ratio = TO_XYZ @ np.clip(rgb, 0, 1) / np.array([0.95047, 1, 1.08883])
    x, y, z = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return 116 * float(y) - 16, 500 * float(x - y), 200 * float(y - z)


def ciede2000(one: tuple[float, float, float], two: tuple[float, float, float]) -> float:
    (l1, a1, b1), (l2, a2, b2) = one, two
    chroma = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    grey = 0.5 * (1 - math.sqrt(chroma**7 / (chroma**7 + 25**7)))
    a1, a2 = a1 * (1 + grey), a2 * (1 + grey)
    c1, c2 = math.hypot(a1, b1), math.hypot(a2, b2)
    h1, h2 = math.degrees(math.atan2(b1, a1)) % 360, math.degrees(math.atan2(b2, a2)) % 360
    turn = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    mean_hue = h1 + h2 if c1 * c2 == 0 else (h1 + turn / 2) % 360
    d_hue = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn / 2))
    lightness, c = (l1 + l2) / 2, (c1 + c2) / 2
    t = (
        1
        - 0.17 * math.cos(math.radians(mean_hue - 30))
        + 0.24 * math.cos(math.radians(2 * mean_hue))
        + 0.32 * math.cos(math.radians(3 * mean_hue + 6))
        - 0.20 * math.cos(math.radians(4 * mean_hue - 63))
    )
    rotation = (
        -2
        * math.sqrt(c**7 / (c**7 + 25**7))
        * math.sin(math.radians(60 * math.exp(-(((mean_hue - 275) / 25) ** 2))))
    )
    s_l = 1 + 0.015 * (lightness - 50) ** 2 / math.sqrt(20 + (lightness - 50) ** 2)
    s_c, s_h = 1 + 0.045 * c, 1 + 0.015 * c * t
    dl, dc, dh = (l2 - l1) / s_l, (c2 - c1) / s_c, d_hue / s_h
    return math.sqrt(dl * dl + dc * dc + dh * dh + rotation * dc * dh)


@pytest.mark.parametrize(
    ("one", "two", "difference"),
    [  # Sharma, Wu, Dalal (2005), table 1, pairs 1, 7, 14, 17 and 20
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
        ((50.0, 2.4900, -0.0010), (50.0, -2.4900, 0.0011), 7.2195),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((50.0, 2.5, 0.0), (50.0, 3.1736, 0.5854), 1.0),
    ],
)
def test_the_measure_of_difference_is_the_published_one(
    one: tuple[float, float, float], two: tuple[float, float, float], difference: float
) -> None:
    assert ciede2000(one, two) == pytest.approx(difference, abs=1e-4)


@pytest.mark.parametrize("sight", list(SIGHT))
@pytest.mark.parametrize(
    "colours", [style.FILLS, style.LINES, (style.DARK_BLUE, style.GREY), (style.BLUE, style.VERMILION)]
)
def test_colours_of_a_set_differ_for_every_sight(colours: tuple[str, ...], sight: str) -> None:
    seen = [lab(SIGHT[sight] @ linear(colour)) for colour in colours]
    smallest = min(ciede2000(one, two) for one, two in itertools.combinations(seen, 2))
    assert smallest >= 14


def test_fills_differ_in_greyscale() -> None:
    lightness = sorted(lab(linear(colour))[0] for colour in style.FILLS)
    assert min(np.diff(lightness)) >= 5


def contrast(one: str, two: str) -> float:
    dark, light = sorted(float((TO_XYZ @ linear(colour))[1]) for colour in (one, two))
    return (light + 0.05) / (dark + 0.05)


def test_text_can_be_read_and_lines_can_be_seen() -> None:
    for ground in (*style.FILLS, style.BACKGROUND):
        assert contrast(style.INK, ground) >= 4.5
    assert contrast(style.FAINT_INK, style.BACKGROUND) >= 4.5
    for colour in style.LINES:
        assert contrast(colour, style.BACKGROUND) >= 3


@pytest.mark.parametrize("sight", list(SIGHT))
def test_amounts_become_steadily_darker(sight: str) -> None:
    shades = colormaps[style.AMOUNTS](np.linspace(0, 1, 32))[:, :3]
    lightness = [lab(SIGHT[sight] @ linear(mpl.colors.to_hex(shade)))[0] for shade in shades]
    assert (np.diff(lightness) < 0).all()


def pixels(figure: Figure) -> NDArray[np.uint8]:
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba()).copy()


def test_importing_it_neither_loads_pyplot_nor_changes_the_backend() -> None:
    program = (
        "import sys, matplotlib; matplotlib.use('svg'); import schedlab.view;"
        "print('matplotlib.pyplot' in sys.modules, matplotlib.get_backend())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["False", "svg"]


def test_the_users_settings_neither_show_nor_change() -> None:
    plain = view.show(view.overview(TRACE)).png
    mine: dict[Any, Any] = {
        "figure.facecolor": "black",
        "axes.facecolor": "black",
        "text.color": "white",
        "font.size": 20,
        "text.usetex": True,
        "savefig.transparent": True,
        "savefig.bbox": "tight",
        "lines.linewidth": 9,
    }
    with mpl.rc_context(mine):
        assert view.show(view.overview(TRACE)).png == plain
        assert mpl.rcParams["font.size"] == 20
        assert mpl.rcParams["text.usetex"] is True


def test_the_background_is_opaque_and_light() -> None:
    for figure in (view.run_queues(TRACE), view.procs(TRACE), view.compare({"a": [1]}, unit="ms")):
        image = pixels(figure)
        assert (image[..., 3] == 255).all()
        assert image[0, 0].tolist() == [255, 255, 255, 255]
        assert figure.get_facecolor() == (1, 1, 1, 1)


def test_axes_of_a_dark_figure_become_a_light_card() -> None:
    with mpl.rc_context({"figure.facecolor": "black", "axes.facecolor": "black", "xtick.color": "white"}):
        figure = Figure()
        ax = figure.add_subplot()
    assert view.procs(TRACE, ax=ax) is figure
    assert pixels(figure)[0, 0].tolist() == [255, 255, 255, 255]
    for text in (ax.title, *ax.get_xticklabels(), *ax.get_yticklabels(), ax.xaxis.label, ax.yaxis.label):
        assert contrast(mpl.colors.to_hex(text.get_color()), style.BACKGROUND) >= 4.5
