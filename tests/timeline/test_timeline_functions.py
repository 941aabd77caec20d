"""With which function a goroutine started, where only its stacks tell."""

from __future__ import annotations

import numpy as np

from schedlab.timeline import Lane, State
from schedlab.timeline.columns import Table
from schedlab.timeline.functions import of_goroutines

TEXTS = ("", "main.main", "internal/runtime/exithook.Run", "runtime.doInit1")


def started(*outermost: int) -> str:
    """Of one goroutine that is older than the capture, and has stacks that begin with these texts."""
    stacks = np.arange(1, len(outermost) + 1, dtype=np.uint32)
    outer = np.array([0, *outermost], dtype=np.uint32)
    spans: Table = {
        "lane": np.full(len(stacks), int(Lane.GOROUTINE), np.uint8),
        "id": np.zeros(len(stacks), np.int32),
        "state": np.full(len(stacks), int(State.RUNNING), np.uint8),
        "stack": stacks,
        "end": stacks,
    }
    (found,) = of_goroutines(np.zeros(1, np.uint32), spans, outer, TEXTS)
    return TEXTS[found]


def test_what_runs_before_main_and_after_it_is_not_where_it_started() -> None:
    assert started(3, 1, 2) == "main.main"
    assert started(1, 2) == "main.main"
    assert started(3, 1) == "main.main"


def test_where_nothing_tells_it_is_unknown() -> None:
    assert started(2, 3) == ""
    assert started() == ""
