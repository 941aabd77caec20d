"""The flame graph: widths, words, and names that want to be more than names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import Collection, PolyCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.text import Text

from schedlab import view
from schedlab.capture import pprof
from schedlab.capture.pprof import Profile
from schedlab.errors import UsageError
from schedlab.view import style
from schedlab.view.flamegraph import package_of, short_name

FIXTURES = sorted((Path(__file__).parents[1] / "capture" / "fixtures" / "pprof").glob("*.pb.gz"))

Stacks = dict[tuple[str, ...], int]

INERT = ("<img src=x onerror=alert(1)>", "$\\frac{")


@pytest.fixture(scope="session")
def profile(new_profile: Callable[..., Profile]) -> Callable[..., Profile]:
    """Call it with stacks from the root on, and the ns of each."""
    return partial(new_profile, unit="nanoseconds")


def polygons(figure: Figure) -> list[tuple[int, float, float, PolyCollection]]:
    """Level, left edge and width of every rectangle that was drawn, and the collection that it is in."""
    found = []
    for collection in figure.axes[0].collections:
        assert isinstance(collection, PolyCollection)
        for path in collection.get_paths():
            corners = np.asarray(path.vertices)
            left, right = float(corners[:, 0].min()), float(corners[:, 0].max())
            found.append((round(float(corners[:, 1].min())), left, right - left, collection))
    return found


def colour(collection: Collection) -> tuple[float, ...]:
    return tuple(np.asarray(collection.get_facecolor(), dtype=np.float64)[0].tolist())


def labels(figure: Figure) -> dict[str, Text]:
    return {text.get_text(): text for text in figure.axes[0].texts}


SMALL = {
    ("main.main", "main.work", "fmt.Println"): 300,
    ("main.main", "main.work"): 100,
    ("main.main", "runtime.gcStart"): 400,
    ("runtime.mcall", "runtime.schedule"): 200,
}


def test_widths_are_shares_and_callees_stand_on_their_caller(profile: Callable[..., Profile]) -> None:
    figure = view.flame(profile(SMALL))
    boxes = sorted((level, round(left, 6), round(width, 6)) for level, left, width, _ in polygons(figure))
    assert boxes == [
        (0, 0.0, 1.0),
        (1, 0.0, 0.8),  # main.main
        (1, 0.8, 0.2),  # runtime.mcall
        (2, 0.0, 0.4),  # main.work and runtime.gcStart are as wide: by name
        (2, 0.4, 0.4),
        (2, 0.8, 0.2),  # runtime.schedule
        (3, 0.0, 0.3),  # fmt.Println
    ]
    assert figure.axes[0].get_ylim() == (0, 4), "the root is at the bottom"
    assert set(labels(figure)) == {
        "all: 1 µs",
        "main.main",
        "main.work",
        "fmt.Println",
        "runtime.gcStart",
        "runtime.mcall",
        "runtime.schedule",
    }


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.name)
def test_the_widths_of_real_profiles_add_up(path: Path) -> None:
    real = pprof.load(path)
    stacks = real.folded()
    whole = sum(stacks.values())
    drawn = Counter(
        (level, round(width, 9)) for level, _, width, _ in polygons(view.flame(real, min_fraction=0))
    )
    prefixes: Counter[tuple[str, ...]] = Counter()
    for stack, value in stacks.items():
        for length in range(min(len(stack), 60) + 1):
            prefixes[stack[:length]] += value
    assert drawn == Counter((len(prefix), round(value / whole, 9)) for prefix, value in prefixes.items())


stack_strategy = st.dictionaries(
    st.lists(st.sampled_from(["main.a", "main.b", "runtime.c", "x/y.d"]), max_size=6).map(tuple),
    st.integers(-5, 1000),
    max_size=12,
)


@settings(max_examples=30)
@given(stack_strategy, st.floats(0, 0.5))
def test_boxes_never_overlap_nor_leave_their_caller(
    profile: Callable[..., Profile], stacks: dict[tuple[str, ...], int], smallest: float
) -> None:
    figure = view.flame(profile(stacks), min_fraction=smallest)
    by_level: dict[int, list[tuple[float, float]]] = {}
    for level, left, width, _ in polygons(figure):
        by_level.setdefault(level, []).append((left, left + width))
    for level, spans in by_level.items():
        spans.sort()
        for (_, end), (start, _) in pairwise(spans):
            assert start >= end - 1e-9
        for start, end in spans:
            callers = by_level.get(level - 1, [(0.0, 1.0)])
            assert any(low - 1e-9 <= start and end <= high + 1e-9 for low, high in callers)
    if sum(value for value in stacks.values() if value > 0):
        assert by_level[0] == [pytest.approx((0.0, 1.0))]


def test_narrow_callees_are_merged_and_keep_their_width(profile: Callable[..., Profile]) -> None:
    stacks: Stacks = {("main.main", f"main.f{i}"): 1 for i in range(100)}
    stacks[("main.main", "main.big")] = 900
    figure = view.flame(profile(stacks), min_fraction=0.01)
    narrow = sorted(
        (round(left, 6), round(width, 6)) for level, left, width, _ in polygons(figure) if level == 2
    )
    assert narrow == [(0, 0.9), (0.9, 0.1)]
    assert "(other)" in labels(figure)


@pytest.mark.parametrize("dots", [100, 144])
def test_labels_stay_inside_their_box(profile: Callable[..., Profile], dots: int) -> None:
    stacks: Stacks = {
        ("main.main", f"example.org/a/very/long/path.(*Type).Method{i}"): 2**i for i in range(9)
    }
    stacks |= {("main.main", "main." + "x" * 10_000): 300, ("main.main", "runtime." + "y" * 60): 200}
    figure = view.flame(profile(stacks), min_fraction=0)
    figure.set_dpi(dots)
    ax = figure.axes[0]
    figure.draw_without_rendering()
    assert any(text.endswith("…") for text in labels(figure))
    boxes = {(level, round(left, 6)): left + width for level, left, width, _ in polygons(figure)}
    for text in ax.texts:
        extent = text.get_window_extent()
        left, right = (ax.transData.inverted().transform((x, 0))[0] for x in (extent.x0, extent.x1))
        level = int(text.get_position()[1])
        box_left = max(start for at, start in boxes if at == level and start <= left + 1e-6)
        assert right <= boxes[level, box_left] + 1e-6, text.get_text()
        assert text.get_clip_on()
        assert text.get_clip_box() is not None


def test_the_runtime_is_told_by_more_than_its_colour(profile: Callable[..., Profile]) -> None:
    figure = view.flame(profile(SMALL))
    hatched = [collection for collection in figure.axes[0].collections if collection.get_hatch()]
    assert len(hatched) == 1
    assert colour(hatched[0]) == pytest.approx(to_rgba(style.GREY))
    assert len(hatched[0].get_paths()) == 3
    slants = {name: text.get_fontstyle() for name, text in labels(figure).items()}
    assert {name for name, slant in slants.items() if slant == "italic"} == {
        "runtime.gcStart",
        "runtime.mcall",
        "runtime.schedule",
    }


def test_packages_have_colours_and_a_legend(profile: Callable[..., Profile]) -> None:
    stacks: Stacks = {("main.main", f"example.org/p{i}.F"): 10 - i for i in range(6)}
    figure = view.flame(profile(stacks))
    legend = figure.axes[0].get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        "main",
        "example.org/p0",
        "example.org/p1",
        "example.org/p2",
        "other packages",
    ]
    colours = {colour(collection) for collection in figure.axes[0].collections}
    assert len(colours) == 6, "five kinds of package, and the root"


def test_words_and_title_name_what_a_reader_can_change(profile: Callable[..., Profile]) -> None:
    figure = view.flame(profile(SMALL))
    assert figure.axes[0].get_title(loc="left") == "40 % of cpu is in main.main"
    assert view.alt_text(figure) == (
        "Flame graph of cpu: 1 µs in 4 different stacks, up to 3 calls deep. "
        "By innermost function outside the runtime: main.main 40 %, fmt.Println 30 %, runtime.schedule 20 %. "
        "In 60 % the innermost call is in the runtime."
    )


def test_focus_makes_the_matching_stacks_the_whole(profile: Callable[..., Profile]) -> None:
    figure = view.flame(profile(SMALL), focus="^main\\.work$")
    assert "all: 400 ns" in labels(figure)
    assert "Only stacks with a function like ^main\\.work$." in view.alt_text(figure)
    empty = view.flame(profile(SMALL), focus="nowhere")
    assert "no samples" in labels(empty)
    assert view.alt_text(empty) == "Flame graph of cpu: no samples."


def test_wrong_use_is_named(profile: Callable[..., Profile]) -> None:
    with pytest.raises(UsageError, match="no sample type 'heap'"):
        view.flame(profile(SMALL), sample_type="heap")
    with pytest.raises(UsageError, match="no regular expression"):
        view.flame(profile(SMALL), focus="(")
    for fraction in (-0.1, 1.0, float("nan")):
        with pytest.raises(UsageError, match="min_fraction"):
            view.flame(profile(SMALL), min_fraction=fraction)


def test_a_deep_recursion_is_cut_and_says_so(profile: Callable[..., Profile]) -> None:
    figure = view.flame(profile({("main.f",) * 5000: 10}))
    assert "up to 5,000 calls deep" in view.alt_text(figure)
    assert "Cut off above 60 calls." in view.alt_text(figure)
    assert max(level for level, *_ in polygons(figure)) == 60
    assert "main.f …" in labels(figure)
    figure.draw_without_rendering()


def test_values_below_zero_are_left_out_and_counted(profile: Callable[..., Profile]) -> None:
    figure = view.flame(profile({("main.a",): 10, ("main.b",): -4}))
    assert "1 stack with a value below zero left out." in view.alt_text(figure)
    assert "main.b" not in labels(figure)


def test_a_profile_without_stacks_or_samples(profile: Callable[..., Profile]) -> None:
    assert "no samples" in labels(view.flame(profile({})))
    only_root = view.flame(profile({(): 5}))
    assert only_root.axes[0].get_title(loc="left") == "cpu: no stack is known"
    only_root.draw_without_rendering()


def test_names_are_only_names(profile: Callable[..., Profile]) -> None:
    names = (*INERT, "\x1b[31mred", "a\nb", "\u202ereversed", "中文", "\udc80", "${}^_\\", "$$", "x" * 10**6)
    stacks: Stacks = {("main.main", name): 10 for name in names}
    figure = view.flame(profile(stacks), title="$\\frac{ <b>", focus=None)
    figure.draw_without_rendering()
    texts = [text for text in figure.findobj(Text) if isinstance(text, Text) and text.get_text()]
    assert not any(text.get_parse_math() for text in texts)
    shown = [text.get_text() for text in texts]
    assert INERT[0][:3] in " ".join(shown)
    assert all(part.isprintable() for text in shown for part in text.splitlines())
    assert view.alt_text(figure).isprintable()


def test_it_draws_into_given_axes_and_leaves_out_labels_that_cannot_be_read(
    profile: Callable[..., Profile],
) -> None:
    figure = Figure(figsize=(4, 1))
    FigureCanvasAgg(figure)
    ax = figure.add_subplot()
    assert view.flame(profile({("main.f",) * 40: 1}), ax=ax) is figure
    assert not ax.texts


@pytest.mark.parametrize(
    ("function", "package", "short"),
    [
        ("main.main", "main", "main.main"),
        ("net/http.(*conn).serve", "net/http", "http.(*conn).serve"),
        ("runtime/pprof.Do", "runtime/pprof", "pprof.Do"),
        ("main.sum[go.shape.uint64]", "main", "main.sum[…]"),
        ("main.(*T[example.org/x.Y]).M", "main", "main.(*T[…]).M"),
        ("[libc.so.6]", "", "[libc.so.6]"),
        ("<unknown>", "", "<unknown>"),
        ("example.org/a.b/c.F", "example.org/a.b/c", "c.F"),
        ("main.x[31m", "main", "main.x[31m"),
        ("", "", ""),
    ],
)
def test_names_of_functions(function: str, package: str, short: str) -> None:
    assert package_of(function) == package
    assert short_name(function) == short
