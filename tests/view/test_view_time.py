"""Pictures of schedtrace and gctrace: the words, the pixels and the places."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PolyCollection, QuadMesh
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import NDArray

from schedlab import view
from schedlab.capture import gctrace, schedtrace
from schedlab.capture.gctrace import GcTrace
from schedlab.capture.schedtrace import SchedTrace
from schedlab.errors import UsageError
from schedlab.view import style

EMPTY = schedtrace.parse(b"")
NO_GC = gctrace.parse(b"")


def line(
    time_ms: int, local: list[int], *, runqueue: int = 0, idle: int = 0, threads: int = 5, more: str = ""
) -> str:
    queues = " ".join(map(str, local))
    return (
        f"SCHED {time_ms}ms: gomaxprocs={len(local)} idleprocs={idle} threads={threads} {more}"
        f"idlethreads=2 runqueue={runqueue} [ {queues} ]\n"
    )


def trace(*lines: str) -> SchedTrace:
    parsed = schedtrace.parse("".join(lines).encode())
    assert not parsed.rejects
    return parsed


def known() -> SchedTrace:
    """Four samples: GOMAXPROCS goes from 4 to 2, P0's queue peaks at 12 at 340 ms, the global one at 7."""
    return trace(
        line(0, [0, 0, 0, 1], idle=4, threads=4, more="spinningthreads=0 "),
        line(340, [12, 0, 3, 0], idle=1, runqueue=7, more="spinningthreads=2 "),
        line(680, [5, 0], idle=0, runqueue=2, threads=9, more="spinningthreads=1 "),
        line(1020, [0, 0], idle=2, threads=9, more="spinningthreads=0 "),
    )


def many_ps() -> SchedTrace:
    return trace(
        *(line(50 * i, [(i * p) % 7 for p in range(64)], runqueue=i, idle=i % 64) for i in range(40))
    )


def collections() -> GcTrace:
    """Two cycles: at 100 ms, 1 + 20 + 0.5 ms, and at 700 ms, 0.25 + 40 + 0.05 ms."""
    tail = " ms cpu, 4->4->0 MB, 5 MB goal, 0 MB stacks, 0 MB globals, 4 P\n"
    text = (
        "gc 1 @0.100s 2%: 1.0+20+0.50 ms clock, 4.0+0.1/0.2/0.3+2.0" + tail + ""
        "gc 2 @0.700s 2%: 0.25+40+0.050 ms clock, 1.0+0.1/0.2/0.3+0.2" + tail
    )
    parsed = gctrace.parse(text.encode())
    assert len(parsed.cycles) == 2
    return parsed


def pixels(figure: Figure) -> NDArray[np.uint8]:
    canvas: Any = figure.canvas
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


def pixel(image: NDArray[np.uint8], ax: Axes, x: float, y: float) -> list[int]:
    column, row = ax.transData.transform((x, y))
    return [int(part) for part in image[image.shape[0] - 1 - int(row), int(column), :3]]


def rgb(colour: object) -> list[int]:
    return [round(255 * part) for part in to_rgba(colour)[:3]]  # type: ignore[arg-type]


def title_of(figure: Figure) -> str:
    return figure.axes[0].get_title(loc="left").replace("\n", " ")


def test_run_queues_say_where_most_wait() -> None:
    figure = view.run_queues(known())
    assert title_of(figure) == "P0 has the longest queue: 12 goroutines at 340 ms"
    assert view.alt_text(figure) == (
        "Heat map of run queue lengths: 4 samples from 0 ms to 1 s, GOMAXPROCS 2 to 4. "
        "The global queue peaks at 7 at 340 ms. The longest local queue is that of P0: 12 at 340 ms. "
        "Empty in every sample: P1."
    )


def test_the_global_queue_can_be_the_longest() -> None:
    figure = view.run_queues(trace(line(0, [1, 1]), line(2100, [0, 2], runqueue=40)))
    assert title_of(figure) == "The global queue is the longest: 40 goroutines at 2.1 s"
    assert "The global queue peaks at 40 at 2.1 s." in view.alt_text(figure)


def test_nothing_waiting_is_said_too() -> None:
    figure = view.run_queues(trace(line(0, [0, 0]), line(10, [0, 0])))
    assert title_of(figure) == "No sample shows a goroutine waiting in a run queue"
    assert "Every local queue is empty in every sample." in view.alt_text(figure)


def test_a_title_of_ones_own_is_kept_word_by_word() -> None:
    for draw in (view.run_queues, view.procs, view.threads):
        figure = draw(known(), title="Mine: $x$ <b>")
        assert title_of(figure) == "Mine: $x$ <b>"
        assert "Mine" not in view.alt_text(figure)


@pytest.mark.parametrize("scale", [1, 100])
def test_each_cell_has_the_colour_of_its_value(scale: int) -> None:
    """On a linear scale, and on the one for long queues."""
    lengths = [[0, 1, 2, 5], [7, 3, 0, 1], [4, 4, 6, 0]]
    globals_ = [2, 0, 6]
    shown = trace(
        *(
            line(100 * i, [scale * length for length in row], runqueue=scale * globals_[i])
            for i, row in enumerate(lengths)
        )
    )
    figure = view.run_queues(shown)
    image, ax = pixels(figure), figure.axes[0]
    mesh: Any = next(child for child in ax.collections if isinstance(child, QuadMesh))
    for i, row in enumerate(lengths):
        for y, length in [(-0.8, globals_[i]), *((p + 0.5, length) for p, length in enumerate(row))]:
            expected = rgb(mesh.cmap(mesh.norm(scale * length)))
            assert pixel(image, ax, 100 * i + 50, y) == pytest.approx(expected, abs=1)
    assert mesh.norm(0) == 0
    assert mesh.norm(scale * 7) == pytest.approx(1)


def test_a_p_that_does_not_exist_is_hatched() -> None:
    figure = view.run_queues(known())
    image, ax = pixels(figure), figure.axes[0]
    left, bottom = ax.transData.transform((700, 4))
    right, top = ax.transData.transform((1300, 2))
    height = image.shape[0]
    there = image[height - int(top) + 2 : height - int(bottom) - 2, int(left) + 2 : int(right) - 2, :3]
    colours = {tuple(int(c) for c in colour) for colour in there.reshape(-1, 3)}
    assert tuple(rgb(style.BACKGROUND)) in colours
    assert all(r == g == b for r, g, b in colours), "no colour of the heat map"
    assert len(colours) > 1, "hatching"
    assert pixel(image, ax, 500, 3.5) == rgb(ax.collections[0].cmap(0.0)), (
        "P3 still existed, empty, at 340 ms"
    )


def test_a_single_peak_among_many_samples_is_seen() -> None:
    lines = [line(i, [0, 0]) for i in range(20_000)]
    lines[12_345] = line(12_345, [0, 9])
    figure = view.run_queues(trace(*lines))
    image, ax = pixels(figure), figure.axes[0]
    mesh = ax.collections[-1]
    assert isinstance(mesh, QuadMesh)
    row = int(ax.transData.transform((0, 1.5))[1])
    left, right = (int(ax.transData.transform((x, 0))[0]) for x in (0, 20_000))
    seen = image[image.shape[0] - 1 - row, left:right, :3]
    assert (seen == rgb(mesh.cmap(1.0))).all(axis=1).sum() >= 1
    assert "each step is the largest of up to" in ax.get_xlabel()


def test_time_is_in_ms_or_in_s() -> None:
    short, long = known(), trace(line(0, [0]), line(12_000, [0]))
    for shown, unit in ((short, "(ms)"), (long, "(s)")):
        figure = view.threads(shown)
        figure.draw_without_rendering()
        ax = figure.axes[0]
        assert ax.get_xlabel().endswith(unit)
        labels = [text.get_text() for text in ax.get_xticklabels()]
        assert ("1,000" in labels) == (unit == "(ms)")
        assert ("10" in labels) == (unit == "(s)")


def test_procs_add_up_to_gomaxprocs() -> None:
    figure = view.procs(known())
    assert title_of(figure) == "Ps are idle 58 % of the time (on average 1.8 of 3)"
    assert view.alt_text(figure) == (
        "Stacked areas of running and idle Ps: 4 samples from 0 ms to 1 s, GOMAXPROCS 2 to 4. "
        "On average 58 % of the Ps are idle. In 25 % of the samples no P is idle. "
        "In 50 % of the samples every P is idle."
    )
    image, ax = pixels(figure), figure.axes[0]
    blue, dots = rgb(style.DARK_BLUE), {tuple(rgb(style.GREY)), tuple(rgb("#8c8c8c"))}
    for at, running, whole in ((170, 0, 4), (510, 3, 4), (850, 2, 2), (1190, 0, 2)):
        for p in range(4):
            found = pixel(image, ax, at, p + 0.5)
            if p < running:
                assert found == blue
            elif p < whole:
                low, high = (min(c[0] for c in dots), max(c[0] for c in dots))
                assert all(low <= part <= high for part in found)
            else:
                assert found == rgb(style.BACKGROUND)


@pytest.mark.parametrize(
    ("idle", "said"), [(0, "No sample shows an idle P"), (2, "Every P is idle in every sample")]
)
def test_procs_without_a_mixture_say_so(idle: int, said: str) -> None:
    assert title_of(view.procs(trace(line(0, [0, 0], idle=idle)))) == said


def test_threads_are_lines_that_differ_in_more_than_colour() -> None:
    figure = view.threads(known())
    assert title_of(figure) == "The program has 4 to 9 threads"
    assert view.alt_text(figure) == (
        "Lines of thread counts: 4 samples from 0 ms to 1 s. All threads peak at 9 at 680 ms. "
        "Idle threads peak at 2 at 0 ms. Spinning threads peak at 2 at 340 ms."
    )
    lines = {str(drawn.get_label()): drawn for drawn in figure.axes[0].get_lines()}
    assert {name: list(map(float, np.asarray(drawn.get_ydata()))) for name, drawn in lines.items()} == {
        "all": [4, 5, 9, 9, 9],
        "idle": [2, 2, 2, 2, 2],
        "spinning": [0, 2, 1, 0, 0],
    }
    patterns = {str(drawn._dash_pattern) for drawn in lines.values()}  # type: ignore[attr-defined]
    assert len(patterns) == 3


def test_what_an_old_release_does_not_print_is_said() -> None:
    figure = view.threads(trace(line(0, [0, 0])))
    assert "This Go release does not print spinning threads." in view.alt_text(figure)
    assert [str(drawn.get_label()) for drawn in figure.axes[0].get_lines()] == ["all", "idle"]


def test_gc_strip_places_cycles_and_pauses() -> None:
    figure = view.gc_strip(collections(), sched=known())
    ax = figure.axes[0]
    assert title_of(figure) == "2 GC cycles stop the world for 1.8 ms in all, 1 ms at most"
    assert view.alt_text(figure) == (
        "Strip of 2 GC cycles, the first at 100 ms, the last at 700 ms. "
        "Cycles take 61.8 ms in all, 8 % of the time until the last one ends. "
        "The world is stopped for 1.8 ms in all; the longest pause, 1 ms, is at 100 ms."
    )
    bars = next(child for child in ax.collections if isinstance(child, PolyCollection))
    corners = [np.asarray(path.vertices) for path in bars.get_paths()]
    spans = [(float(points[:, 0].min()), float(np.ptp(points[:, 0]))) for points in corners]
    assert np.array(spans) == pytest.approx(np.array([(100, 21.5), (700, 40.3)]))
    marks = next(child for child in ax.collections if isinstance(child, LineCollection))
    places = {round(float(start[0]), 2): float(end[1] - start[1]) for start, end in marks.get_segments()}
    assert sorted(places) == [100, 121, 700, 740.25]
    assert places[100] == max(places.values())
    assert places[121] == pytest.approx(places[100] / 2)
    assert "first schedtrace line" in ax.get_xlabel()
    assert "program's start" in view.gc_strip(collections()).axes[0].get_xlabel()


def test_no_cycle_in_a_window_with_samples_is_a_message() -> None:
    figure = view.gc_strip(NO_GC, sched=known())
    assert title_of(figure) == "No GC cycle in this window"
    assert view.alt_text(figure) == "Strip of GC cycles: none in this window."


def test_nothing_at_all_says_no_samples() -> None:
    for figure in (
        view.run_queues(EMPTY),
        view.procs(EMPTY),
        view.threads(EMPTY),
        view.gc_strip(NO_GC),
        view.gc_strip(NO_GC, sched=EMPTY),
        view.overview(EMPTY),
        view.overview(EMPTY, NO_GC),
    ):
        assert "no samples" in [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text)]
        assert view.alt_text(figure).endswith("no samples.")
        figure.draw_without_rendering()


@pytest.mark.parametrize(
    "odd",
    [
        trace(line(0, [3])),
        trace(line(5, [3]), line(5, [4])),
        trace(line(50, [3]), line(0, [4, 1])),
        trace(*(line(i, [3, 255], runqueue=100_000) for i in range(3))),
    ],
    ids=["one sample", "twice the same time", "time goes back", "very long queues"],
)
def test_odd_traces_are_drawn(odd: SchedTrace) -> None:
    figure = view.overview(odd, collections())
    figure.draw_without_rendering()
    assert len(figure.axes) == 4


def test_samples_out_of_order_are_drawn_in_order() -> None:
    forward, backward = trace(line(0, [1]), line(50, [3])), trace(line(50, [3]), line(0, [1]))
    assert view.show(view.run_queues(forward)).png == view.show(view.run_queues(backward)).png


OVERVIEWS = {
    "2 Ps": (known(), collections()),
    "64 Ps": (many_ps(), collections()),
    "3 samples": (trace(*(line(10 * i, [i, 0, 0, 0]) for i in range(3))), collections()),
    "1 sample": (trace(line(0, [0, 2], runqueue=3)), None),
    "no sample": (EMPTY, NO_GC),
    "20,000 samples": (trace(*(line(i, [i % 9, 0], runqueue=i) for i in range(20_000))), None),
}


@pytest.mark.parametrize("name", list(OVERVIEWS))
def test_no_text_in_the_overview_lies_on_another_or_outside(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: dict[str, Text] = {}
    draw: Any = Text.draw

    def record(text: Text, *args: Any, **kwargs: Any) -> None:
        if text.get_visible() and text.get_text():
            painted[f"{text.get_text()} #{id(text)}"] = text
        draw(text, *args, **kwargs)

    monkeypatch.setattr(Text, "draw", record)
    figure = view.overview(*OVERVIEWS[name])
    pixels(figure)
    boxes = {text: artist.get_window_extent() for text, artist in painted.items()}
    assert len(boxes) >= 8
    for (one, box), (two, other) in itertools.combinations(boxes.items(), 2):
        assert not box.padded(-0.5).overlaps(other), f"{one!r} lies on {two!r}"
    card = figure.bbox.padded(1)
    for text, box in boxes.items():
        assert card.x0 <= box.x0, text
        assert card.x1 >= box.x1, text
        assert card.y0 <= box.y0, text
        assert card.y1 >= box.y1, text


def test_the_strips_of_the_overview_share_their_time() -> None:
    figure = view.overview(known(), collections())
    pixels(figure)
    strips = figure.axes[:4]
    for at in (0, 340, 1020):
        places = {round(float(ax.transData.transform((at, 0))[0]), 3) for ax in strips}
        assert len(places) == 1
    assert [bool(ax.get_xlabel()) for ax in strips] == [False, False, False, True]


def test_the_overview_says_everything_in_words() -> None:
    figure = view.overview(known(), collections())
    words = view.alt_text(figure)
    assert words.startswith(
        "GOMAXPROCS 2 to 4: Ps are idle 58 % of the time, up to 12 goroutines in one queue. "
    )
    for part in ("Heat map", "Stacked areas", "Lines of thread", "Strip of 2 GC cycles"):
        assert part in words
    assert figure.get_suptitle() == words.partition(". ")[0]
    assert "GC" not in view.alt_text(view.overview(known()))


def test_the_overview_draws_into_given_axes() -> None:
    figure = Figure(figsize=(8, 9), layout="constrained")
    FigureCanvasAgg(figure)
    axes = list(figure.subplots(3, 1))
    assert view.overview(known(), axes=axes, title="Mine") is figure
    assert figure.get_suptitle() == "Mine"
    assert [ax.xaxis.get_tick_params()["labelbottom"] for ax in axes] == [False, False, True]
    with pytest.raises(UsageError, match="3 strips, and was given 2"):
        view.overview(known(), axes=axes[:2])
