"""The picture of a search: a row for each place where something was found."""

from __future__ import annotations

import numpy as np
import pytest

from schedlab import view
from schedlab.errors import UsageError

FOUND = ["run_local"] * 3 + ["run_global_tick"] + ["run_local"] * 2 + ["run_global", "run_stolen"]


def test_a_row_for_each_place_from_near_to_far() -> None:
    ax = view.search(FOUND).axes[0]
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == [
        "local queue (5)",
        "global queue, its turn (1)",
        "global queue (1)",
        "another P's queue (1)",
    ]
    assert [np.asarray(line.get_xdata()).tolist() for line in ax.lines] == [[1, 2, 3, 5, 6], [4], [7], [8]]


def test_the_title_and_the_words_say_the_order() -> None:
    figure = view.search(FOUND)
    assert figure.axes[0].get_title(loc="left").startswith("Found first in: local queue, then global")
    assert "another P's queue: 1, from number 8 to number 8." in view.alt_text(figure)


def test_nothing_found_and_an_unknown_place() -> None:
    assert "no samples" in view.search([]).axes[0].get_title(loc="left")
    with pytest.raises(UsageError, match="run_elsewhere"):
        view.search(["run_elsewhere"])
