"""What must hold of any execution trace, in terms of its columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from schedlab.timeline import NOBODY, OPEN_END, OPEN_START, Lane, Provenance, State, Timeline, functions

Integers = npt.NDArray[np.int64]


@pytest.fixture(params=["timeline", "workshop"])
def real(request: pytest.FixtureRequest) -> Timeline:
    found: Timeline = request.getfixturevalue(request.param)
    return found


def intervals(timeline: Timeline, lane: Lane, *states: State, by: str = "id") -> tuple[Integers, ...]:
    """Owner, start and end of the spans, in the order of owners and times."""
    spans = timeline.spans
    rows = (spans["lane"] == int(lane)) & np.isin(spans["state"], [int(state) for state in states or State])
    owner, start = spans[by][rows].astype(np.int64), spans["start"][rows]
    order = np.lexsort((start + spans["dur"][rows], start, owner))
    return owner[order], start[order], (start + spans["dur"][rows])[order]


def overlaps(owner: Integers, start: Integers, end: Integers) -> int:
    return int(((owner[1:] == owner[:-1]) & (start[1:] < end[:-1])).sum())


def holder(
    inner: tuple[Integers, ...], outer: tuple[Integers, ...], duration: int, *, right: bool = True
) -> Any:
    """For each inner interval the row of the last outer one of its owner that begins no later, or -1."""
    step = duration + 1
    keys = outer[0] * step + outer[1]
    found = np.searchsorted(keys, inner[0] * step + inner[1], side="right" if right else "left") - 1
    own = (found >= 0) & (outer[0][found] == inner[0])
    return np.where(own, found, -1)


@pytest.mark.parametrize("lane", list(Lane))
def test_spans_of_one_owner_never_overlap(real: Timeline, lane: Lane) -> None:
    source = real.threads_lane() if lane is Lane.THREAD else real
    owner, start, end = intervals(source, lane)
    assert len(owner) > 1
    assert (end >= start).all()
    assert overlaps(owner, start, end) == 0


@pytest.mark.parametrize("by", ["p", "m"])
def test_a_p_and_an_m_run_one_goroutine_at_a_time(real: Timeline, by: str) -> None:
    owner, start, end = intervals(real, Lane.GOROUTINE, State.RUNNING, by=by)
    assert owner.min() >= 0
    assert overlaps(owner, start, end) == 0


def test_a_running_goroutine_has_a_p_that_runs(real: Timeline) -> None:
    running = intervals(real, Lane.GOROUTINE, State.RUNNING, by="p")
    held = intervals(real, Lane.PROC, State.RUNNING)
    at = holder(running, held, real.duration_ns)
    assert (at >= 0).all()
    assert (running[2] <= held[2][at]).all()


def test_the_m_that_runs_a_goroutine_holds_the_p(real: Timeline) -> None:
    spans = real.spans
    both = {}
    for lane in (Lane.GOROUTINE, Lane.PROC):
        rows = (spans["lane"] == int(lane)) & (spans["state"] == int(State.RUNNING))
        order = np.lexsort((spans["start"][rows], spans["p"][rows]))
        both[lane] = spans["m"][rows][order]
    running = intervals(real, Lane.GOROUTINE, State.RUNNING, by="p")
    at = holder(running, intervals(real, Lane.PROC, State.RUNNING), real.duration_ns)
    np.testing.assert_array_equal(both[Lane.GOROUTINE], both[Lane.PROC][at])


def test_states_fill_a_life(real: Timeline) -> None:
    spans, lives = real.spans, real.goroutines
    mine = spans["lane"] == int(Lane.GOROUTINE)
    total = np.zeros(len(lives["id"]), np.int64)
    np.add.at(total, spans["id"][mine], spans["dur"][mine])
    ended = np.where(lives["ended"] >= 0, lives["ended"], real.duration_ns)
    seen = np.zeros(len(total), bool)
    seen[spans["id"][mine]] = True
    np.testing.assert_array_equal(total[seen], (ended - np.maximum(lives["created"], 0))[seen])
    assert seen.mean() > 0.9


def test_who_wakes_runs_at_that_moment(real: Timeline) -> None:
    """A goroutine that comes back from a system call and finds no P is runnable by its own doing."""
    spans = real.spans
    woken = (spans["lane"] == int(Lane.GOROUTINE)) & (spans["state"] == int(State.RUNNABLE))
    woken &= spans["cause"] != NOBODY
    assert woken.sum() > 10
    cause, start = spans["cause"][woken].astype(np.int64), spans["start"][woken]
    running = intervals(real, Lane.GOROUTINE, State.RUNNING)
    at = holder((cause, start), running, real.duration_ns)
    assert (at >= 0).all()
    assert (start <= running[2][at]).all()


def test_spans_are_in_the_order_in_which_they_ended(real: Timeline) -> None:
    for source in (real, real.threads_lane(), real.window(0, real.duration_ns // 2, cut=True)):
        ends = source.spans["start"] + source.spans["dur"]
        assert (np.diff(ends) >= 0).all()


def test_what_is_open_touches_the_edge(real: Timeline) -> None:
    spans = real.spans
    ends = spans["start"] + spans["dur"]
    assert (spans["start"][(spans["flags"] & OPEN_START) != 0] == 0).all()
    assert (ends[(spans["flags"] & OPEN_END) != 0] == real.duration_ns).all()


def test_every_column_has_a_provenance(real: Timeline) -> None:
    columns = {
        f"{table}.{name}"
        for table in ("spans", "marks", "counters", "samples", "goroutines", "stacks", "frames")
        for name in getattr(real, table)
    }
    assert set(real.provenance) == columns
    derived = {column for column, word in real.provenance.items() if word is Provenance.DERIVED}
    assert derived == {"spans.stack", "spans.end", "goroutines.function"}
    assert set(real.provenance.values()) == {Provenance.DERIVED, Provenance.RECORDED}
    of_threads = real.threads_lane().provenance
    assert all(word is Provenance.DERIVED for column, word in of_threads.items() if column[:6] == "spans.")
    assert of_threads["marks.start"] is Provenance.RECORDED


def test_the_start_function_of_every_goroutine(workshop: Timeline, timeline: Timeline) -> None:
    found = workshop.names(workshop.goroutine_function).tolist()
    assert found.count("main.packer") + found.count("main.run.gowrap1") == 3
    assert "main.main" in found, "the main goroutine is older than the trace; its stacks lack runtime.main"
    known = timeline.goroutine_function != 0
    spans = timeline.spans
    own = (spans["lane"] == int(Lane.GOROUTINE)) & (spans["stack"] != 0)
    assert known[spans["id"][own]].all(), "whoever has a stack has a function"
    assert (timeline.counters["p"] == NOBODY).all()


def test_a_function_is_the_same_seen_from_its_creation_and_from_its_stacks(timeline: Timeline) -> None:
    nothing_known = np.zeros(len(timeline.goroutines["id"]), np.uint32)
    found = functions.of_goroutines(nothing_known, timeline.spans, timeline.outer_function, timeline.texts)
    both = (found != 0) & (timeline.goroutines["start"] != 0)
    assert both.sum() > 50
    np.testing.assert_array_equal(found[both], timeline.goroutine_function[both])


def test_functions_of_stacks(small: Timeline) -> None:
    assert small.names(small.leaf_function).tolist() == ["", "main.work", "main.main"]
    assert small.names(small.outer_function).tolist() == ["", "main.main", "main.main"]
    assert small.names(np.array([[1, 0]])).tolist() == [["main.work", ""]]


def test_a_goroutine_on_its_way_out_is_not_taken_for_its_last_function(make: Callable[..., Timeline]) -> None:
    """Stack 2, its outermost function renamed, is all that is on a goroutine in goexit1."""
    run = {"lane": 0, "state": int(State.RUNNING)}
    rows = [
        {**run, "id": 0, "stack": 1},
        {**run, "id": 0, "stack": 2, "end": 2},
        {**run, "id": 1, "stack": 2},
    ]
    timeline = make(spans=rows, goroutines=2)
    texts = ("", "main.work", "main.main", "runtime.goexit1")
    outer = np.array([0, 2, 3], np.uint32)
    found = functions.of_goroutines(np.zeros(2, np.uint32), timeline.spans, outer, texts)
    assert found.tolist() == [2, 0]
