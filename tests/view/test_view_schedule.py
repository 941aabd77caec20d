"""Pictures of a timeline's tables: what is drawn is what the tables say."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.container import BarContainer

from schedlab import view
from schedlab.analysis.budget import PARTS, Budget
from schedlab.analysis.gc import Cycles, Stops, Utilization
from schedlab.analysis.latency import Latencies
from schedlab.analysis.mix import Mix
from schedlab.analysis.queues import Depth, Reconstructed, Together
from schedlab.timeline import State


def spent(*rows: dict[str, int]) -> Budget:
    """A budget of Ps whose parts are given in ns; the rest of 1000 ns is idle."""
    ns = np.zeros((len(rows), len(PARTS)), np.int64)
    for row, parts in enumerate(rows):
        for part, value in {**parts, "idle": 1000 - sum(parts.values())}.items():
            ns[row, PARTS.index(part)] = value
    return Budget(np.arange(len(rows)), ns, 1000)


def waits(**changes: object) -> Latencies:
    values: dict[str, object] = {
        "by": "function",
        "quantiles": (0.5, 0.99),
        "confidence": 0.95,
        "key": ("main.fast", "main.<b>slow</b>"),
        "count": np.array([10, 20]),
        "total_ns": np.array([100, 40_000]),
        "mean_ns": np.array([10.0, 2000.0]),
        "max_ns": np.array([40, 9000]),
        "quantile_ns": np.array([[10, 40], [1000, 8000]]),
        "low_ns": np.array([[-1, -1], [900, 7000]]),
        "high_ns": np.array([[-1, -1], [1100, 9000]]),
        "blocks": np.array([1, 20]),
    }
    return Latencies(**{**values, **changes})  # type: ignore[arg-type]


def test_the_bars_of_a_p_fill_its_time() -> None:
    figure = view.budget(spent({"user": 600, "gc_assist": 100, "gc_idle": 100}, {"scheduler": 50}))
    bars = [bar for bar in figure.axes[0].containers if isinstance(bar, BarContainer)]
    widths = np.array([[patch.get_width() for patch in bar] for bar in bars])
    assert widths.sum(axis=0) == pytest.approx([100, 100])
    assert widths[:, 0] == pytest.approx([60, 0, 20, 0, 20])
    assert widths[:, 1] == pytest.approx([0, 0, 0, 5, 95])
    words = view.alt_text(figure)
    assert "the program's goroutines: 30 %" in words
    assert "garbage collection: 10 %" in words


def test_a_part_of_every_budget_is_drawn() -> None:
    figure = view.budget(spent(dict.fromkeys(PARTS[:-3], 1000 // len(PARTS))))
    bars = [bar for bar in figure.axes[0].containers if isinstance(bar, BarContainer)]
    assert sum(patch.get_width() for bar in bars for patch in bar) == pytest.approx(100)


def test_what_collections_leave_is_drawn_as_means_with_their_stops() -> None:
    half = np.array([1.0, 0.5, 1.0])
    left = Utilization(np.array([0, 1_000_000, 3_000_000, 4_000_000]), half)
    none = np.zeros((1, 3), np.int64)
    one = none[:, 0]
    cycles = Cycles(one + 1_000_000, one + 3_000_000, one, one, one, none, one, one == 0)
    reasons = ("GC sweep termination", "GC mark termination", "start trace")
    begin = np.array([1_000_000, 2_900_000, 10])
    stops = Stops(begin, begin * 0 + 5, reasons, begin * 0, begin * 0, begin == begin)
    figure = view.left_to_program(left, cycles, stops)
    words = view.alt_text(figure)
    assert "1 mark phase, 2 ms in all, and 2 stops of the world" in words
    assert "50 % of the P time was left" in words
    (marks,) = figure.axes[0].lines
    assert np.asarray(marks.get_xdata()).tolist() == pytest.approx([1.0, 2.9])
    early = view.left_to_program(left, cycles, stops, window_ns=(0, 900_000))
    assert "0 mark phases" in view.alt_text(early)


def test_states_are_stacked_to_their_number() -> None:
    found = Mix(
        np.array([0, 100, 200]),
        (State.RUNNABLE, State.RUNNING),
        (),
        np.array([[100, 100], [0, 400]]),
    )
    figure = view.mix(found)
    tops = [patch.get_data().values.tolist() for patch in figure.axes[0].patches]  # type: ignore[attr-defined]
    assert tops == [[1, 0], [2, 4]]
    assert "running: 83 % of their time" in view.alt_text(figure)
    with pytest.raises(ValueError, match="one function at a time"):
        view.mix(Mix(found.edges_ns, found.states, ("main.main",), found.ns[None]))


def test_percentiles_and_only_known_intervals() -> None:
    figure = view.latencies(waits())
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["main.<b>slow</b>", "main.fast"]
    assert [line.get_xdata().tolist() for line in axes.lines] == [[1000, 10], [8000, 40]]  # type: ignore[union-attr]
    assert sum(len(lines.get_paths()) for lines in axes.collections) == 2
    assert "main.fast: 10 waits, p50 10 ns, p99 40 ns, the longest 40 ns." in view.alt_text(figure)
    assert axes.get_title(loc="left").startswith("The longest tail has main.<b>slow</b>: p99 is 8 µs")


def test_recorded_queues_lie_over_reconstructed_ones() -> None:
    depth = Depth(np.array([10, 30, 70]), np.array([2, 5, 0]))
    trace = Reconstructed(depth, depth, np.arange(0), (), 0, 3, (0, 100))
    times = np.arange(5, 100, 10)
    then = depth.at(times)
    found = Together(0, "given", times, then + 1, then, 1.0, -1.0, 1.0, 0.0, 0.0)
    figure = view.queue_depth(found, trace)
    axes = figure.axes[0]
    steps = axes.patches[0].get_data()  # type: ignore[attr-defined]
    assert steps.values.tolist() == [0, 2, 5, 0]
    assert (steps.edges * 1e6).round().tolist() == [0, 10, 30, 70, 100]
    assert axes.lines[0].get_ydata().tolist() == (then + 1).tolist()  # type: ignore[union-attr]
    words = view.alt_text(figure)
    assert "off by 1.0 goroutines on the mean of 10 samples, its bias is -1.0" in words
    assert "from 1 to 6" in words


def test_nothing_is_said_to_be_nothing() -> None:
    empty = Mix(np.array([0, 1]), (), (), np.zeros((1, 0), np.int64))
    none = np.zeros(0, np.int64)
    no_waits = waits(
        key=(), count=none, quantile_ns=np.zeros((0, 2)), low_ns=np.zeros((0, 2)), high_ns=np.zeros((0, 2))
    )
    for figure in (view.budget(spent()), view.mix(empty), view.latencies(no_waits)):
        assert "no samples" in view.alt_text(figure)
