"""The comparison of variants."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from schedlab import view
from schedlab.errors import UsageError

VALUES = {"channel receive": [4.0, 5.0, 4.0], "system call": [104.0, 103.0, 109.0], "cgo": []}


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def test_every_repeat_is_a_dot_and_the_median_is_a_bar() -> None:
    figure = view.compare(VALUES, unit="threads")
    ax = figure.axes[0]
    dots = [sorted(np.asarray(collection.get_offsets())[:, 0].tolist()) for collection in ax.collections]
    assert dots == [[4, 4, 5], [103, 104, 109]]
    assert [bar.get_width() for bar in ax.patches if isinstance(bar, Rectangle)] == [4, 104]
    assert texts(figure) == ["median 4", "median 104", "no samples"]
    assert [text.get_text() for text in ax.get_yticklabels()] == list(VALUES)
    assert ax.get_xlabel() == "threads"


def test_equal_repeats_do_not_hide_each_other() -> None:
    figure = view.compare({"a": [3.0] * 5}, unit="ms")
    places = np.asarray(figure.axes[0].collections[0].get_offsets())
    assert len({tuple(place) for place in places.tolist()}) == 5


def test_words() -> None:
    figure = view.compare(VALUES, unit="threads", baseline="channel receive")
    title = figure.axes[0].get_title(loc="left").replace("\n", " ")
    assert title == "system call has the highest median: 104 threads, 26 times that of channel receive"
    assert view.alt_text(figure) == (
        "Bars of the median of 3 variants, in threads, a dot per repeat. channel receive: 4 (baseline), "
        "3 repeats from 4 to 5. system call: 104 (×26), 3 repeats from 103 to 109. cgo: no samples."
    )
    assert texts(figure) == ["median 4 (baseline)", "median 104 (×26)", "no samples"]


def test_what_was_measured_once_is_no_median() -> None:
    once = view.compare({"a": [2.0], "b": [4.0]}, unit="ms", baseline="a")
    assert texts(once) == ["2 (baseline)", "4 (×2)"]
    assert view.alt_text(once) == "Bars of 2 variants, in ms. a: 2 (baseline). b: 4 (×2)."
    mixed = view.compare({"a": [2.0], "b": [4.0, 6.0]}, unit="ms")
    assert texts(mixed) == ["2", "median 5"]
    assert view.alt_text(mixed).endswith("a dot per repeat. a: 2. b: 5, 2 repeats from 4 to 6.")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"a": [2.0], "b": [2.0]}, "All variants have the same median: 2 ms"),
        ({"a": [2.0]}, "a: 2 ms"),
        ({"a": [0.0], "b": [2.0]}, "b has the highest median: 2 ms; a has 0 ms"),
        ({"a": [-1.0], "b": [2.0]}, "b has the highest median: 2 ms; a has -1 ms"),
    ],
)
def test_messages(values: dict[str, list[float]], said: str) -> None:
    assert view.compare(values, unit="ms").axes[0].get_title(loc="left") == said


def test_a_baseline_that_is_the_highest_is_compared_with_the_lowest() -> None:
    figure = view.compare({"a": [8.0], "b": [2.0]}, unit="ms", baseline="a")
    assert "4 times that of b" in figure.axes[0].get_title(loc="left")


@pytest.mark.parametrize("values", [{}, {"a": []}, {"a": [], "b": []}])
def test_nothing_to_compare(values: dict[str, list[float]]) -> None:
    figure = view.compare(values, unit="ms")
    assert "no samples" in texts(figure)
    assert view.alt_text(figure) == "Comparison: no samples."


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_cannot_be_drawn_is_refused(value: float) -> None:
    with pytest.raises(UsageError, match="'a'"):
        view.compare({"a": [1.0, value]}, unit="ms")


def test_a_baseline_must_have_repeats() -> None:
    for name in ("nobody", "cgo"):
        with pytest.raises(UsageError, match="baseline"):
            view.compare(VALUES, unit="ms", baseline=name)


@pytest.mark.parametrize(
    "values",
    [
        VALUES,
        {"a": [-3.0, -1.0], "b": [4.0, 9.0]},
        {f"variant {i} " + "with a long name " * 4: [1e-3 * i, 1e6] for i in range(20)},
        {"$x$": [1e-9], "\x1b[31m": [2e-9]},
        {"zero": [0.0, 0.0]},
    ],
    ids=["usual", "below zero", "many", "tiny", "zero"],
)
def test_labels_stay_in_the_picture_and_apart(values: dict[str, list[float]]) -> None:
    figure = view.compare(values, unit="ms")
    figure.draw_without_rendering()
    ax = figure.axes[0]
    texts_of_ours = [*ax.texts, *ax.get_yticklabels(), ax.xaxis.label]
    boxes = [text.get_window_extent() for text in texts_of_ours]
    for i, box in enumerate(boxes):
        assert figure.bbox.x0 - 1 <= box.x0
        assert box.x1 <= figure.bbox.x1 + 1
        assert not any(box.padded(-1).overlaps(other) for other in boxes[i + 1 :])
    assert not any(text.get_parse_math() for text in texts_of_ours)
    found = [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text)]
    assert all(text.replace("\n", "").isprintable() for text in found)


def test_more_variants_than_words() -> None:
    words = view.alt_text(view.compare({f"v{i}": [float(i)] for i in range(15)}, unit="ms"))
    assert "v11: 11" in words
    assert "v12: 12" not in words
    assert words.endswith("And 3 more variants.")
