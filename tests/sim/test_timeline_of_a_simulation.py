"""A simulated Timeline is one like any other: every analysis, export and view takes it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.sim.loads import everything, yielders

from schedlab import export, sim
from schedlab.analysis import antagonists, budget, compare, gc, latency, mix, moves, queues, wakes
from schedlab.timeline import Lane, State, Timeline, summary
from schedlab.view.widgets.board import BoardView
from schedlab.view.widgets.timeline import TimelineView


@pytest.fixture(scope="module")
def result() -> sim.Result:
    return sim.simulate(everything())


ANALYSES: dict[str, Callable[[Timeline], object]] = {
    "antagonists": antagonists.antagonists,
    "work_conservation": antagonists.work_conservation,
    "budget": budget.budget,
    "compare": lambda timeline: compare.compare(timeline, timeline, resamples=100),
    "cycles": gc.cycles,
    "gc_stops": gc.stops,
    "mmu": lambda timeline: gc.mmu(timeline, [1_000_000]),
    "utilization": gc.utilization,
    "runnable": latency.runnable,
    "waiting": latency.waiting,
    "histogram": lambda timeline: latency.histogram(timeline, [0, 1e3, 1e9]),
    "states": mix.states,
    "migrations": moves.migrations,
    "slices": moves.slices,
    "stops": moves.stops,
    "queues": queues.reconstructed,
    "recorded queues": queues.recorded,
    "wakes": wakes.wakes,
    "threads": lambda timeline: timeline.threads_lane(),
    "pandas": lambda timeline: timeline.to_pandas(),
    "html": lambda timeline: timeline._repr_html_(),
}


@pytest.mark.parametrize("name", ANALYSES)
def test_every_analysis_takes_it(name: str, result: sim.Result) -> None:
    assert ANALYSES[name](result.timeline) is not None


def test_views_say_that_it_is_simulated(result: sim.Result) -> None:
    assert "simulated" in BoardView(result.timeline).text_alternative()
    assert (
        f"{len(result.timeline.goroutines['id'])} goroutines"
        in TimelineView(result.timeline).text_alternative()
    )
    assert "simulated" in result.timeline._repr_html_()


def test_it_is_exported(result: sim.Result, tmp_path: Path) -> None:
    file = tmp_path / "simulated.json"
    export.to_chrome(result.timeline, file)
    assert len(json.loads(file.read_text())["traceEvents"]) > 500


def test_numbers_are_those_of_the_counters(result: sim.Result) -> None:
    timeline, counters = result.timeline, result.counters
    stops = moves.stops(timeline)
    assert stops.total("yielded") == counters.total("gosched")
    assert stops.total("preempted") == counters.total("preempt_hit") + counters.total("yield")
    assert len(gc.cycles(timeline).mark_start_ns) == result.collections
    spans = timeline.spans
    runs = (spans["lane"] == Lane.GOROUTINE) & (spans["state"] == State.RUNNING)
    # A system call's end is no run; each other turn is one.
    assert runs.sum() >= counters.runs
    assert summary(timeline).goroutines == counters.total("create") + 1 + of_the_runtime(timeline)


def of_the_runtime(timeline: Timeline) -> int:
    """The collector's workers and its sweeper."""
    names = timeline.names(timeline.goroutine_function)
    return sum(name.startswith("runtime.") for name in names)


def test_queues_are_sampled_and_their_estimate_agrees() -> None:
    timeline = sim.simulate(yielders(1000, 10, 2)).timeline
    known = queues.recorded(timeline)
    guessed = queues.reconstructed(timeline)
    inside = known.time_ns > 1_000_000
    estimate = guessed.total.at(known.time_ns[inside])
    # Those in runnext count for the estimate alone.
    assert np.abs(known.total[inside] - estimate).max() <= 2
    assert known.in_global.max() > 100


def test_it_can_be_saved_and_opened(result: sim.Result, tmp_path: Path) -> None:
    file = tmp_path / "one.timeline"
    result.timeline.save(file)
    again = Timeline.open(file)
    assert all((again.spans[name] == column).all() for name, column in result.timeline.spans.items())
    assert again.meta["rules"] == "go1.27"
