"""Windows and filters."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedlab.errors import UsageError
from schedlab.timeline import OPEN_END, OPEN_START, Lane, MarkKind, State, Timeline, choose


def rows(timeline: Timeline) -> list[tuple[int, int]]:
    """Start and duration of the spans."""
    return list(zip(timeline.spans["start"].tolist(), timeline.spans["dur"].tolist(), strict=True))


def test_a_window_keeps_what_overlaps_it(timeline: Timeline) -> None:
    middle = timeline.duration_ns // 2
    inside = timeline.window(middle, middle + 1)
    starts, ends = inside.spans["start"], inside.spans["start"] + inside.spans["dur"]
    assert len(inside) > 0
    assert ((starts <= middle) & (ends >= middle)).all()
    assert inside.bounds_ns == (middle, middle + 1)
    assert inside.duration_ns == timeline.duration_ns
    with pytest.raises(UsageError, match="no window"):
        timeline.window(5, 5)


def test_a_cut_window_has_no_more_than_the_window(timeline: Timeline) -> None:
    third = timeline.duration_ns // 3
    whole, cut = timeline.window(third, 2 * third), timeline.window(third, 2 * third, cut=True)
    assert len(whole) == len(cut)
    begin, end = cut.spans["start"], cut.spans["start"] + cut.spans["dur"]
    assert begin.min() == third
    assert end.max() == 2 * third
    np.testing.assert_array_equal(begin, np.clip(whole.spans["start"], third, 2 * third))
    before = whole.spans["start"] < third
    after = whole.spans["start"] + whole.spans["dur"] > 2 * third
    assert before.any()
    assert after.any()
    np.testing.assert_array_equal(before, (cut.spans["flags"] & OPEN_START) != 0)
    np.testing.assert_array_equal(after, (cut.spans["flags"] & OPEN_END) != 0)
    assert {name: column.dtype for name, column in cut.spans.items()} == {
        name: column.dtype for name, column in whole.spans.items()
    }


def test_cut_windows_that_touch_lose_and_double_nothing(timeline: Timeline) -> None:
    edges = np.linspace(0, timeline.duration_ns, 8).astype(int).tolist()
    parts = [timeline.window(a, b, cut=True) for a, b in pairwise(edges)]
    for lane in (Lane.GOROUTINE, Lane.PROC):
        whole = timeline.filter(lane=lane).spans["dur"].sum()
        assert sum(int(part.filter(lane=lane).spans["dur"].sum()) for part in parts) == whole
    assert sum(len(part.counters["time"]) for part in parts) == len(timeline.counters["time"])


def test_marks_and_counters_of_a_window(small: Timeline) -> None:
    part = small.window(40, 72, cut=True)
    assert part.marks["start"].tolist() == [40, 40, 70]
    assert part.marks["dur"].tolist() == [15, 5, 2]
    assert part.marks["flags"].tolist() == [OPEN_START, OPEN_START, OPEN_END]
    assert part.counters["value"].tolist() == [4]
    assert rows(part.window(0, 45, cut=True)) == [(40, 0), (40, 5), (40, 5)] or part.bounds_ns == (40, 72)


def test_a_window_of_a_window_is_the_smaller_one(small: Timeline) -> None:
    assert small.bounds_ns == (0, 100)
    assert small.window(-50, 1000).bounds_ns == (0, 100)
    assert small.window(20, 80).window(10, 50).bounds_ns == (20, 50)
    outside = small.window(200, 300)
    assert (len(outside), outside.bounds_ns) == (0, (100, 100))
    assert small.meta.get("window_ns") is None, "the one it comes from is unchanged"


def test_filters_and_words(timeline: Timeline) -> None:
    sleeping = timeline.filter(state=State.WAITING, function="time.Sleep")
    assert len(sleeping) > 50
    span = sleeping.span(0)
    assert (span.state, span.lane, span.reason) == (State.WAITING, Lane.GOROUTINE, "sleep")
    assert "time.Sleep" in span.stack
    one = timeline.filter(goroutine=span.id)
    assert set(one.to_pandas()["id"]) == {span.id}
    with pytest.raises(UsageError, match="no goroutine 99999999"):
        timeline.filter(goroutine=99999999)


def test_each_filter_by_hand(small: Timeline) -> None:
    assert rows(small.filter(reason="sleep")) == [(20, 20)]
    assert rows(small.filter(reason="no such reason")) == []
    assert len(small.filter(min_dur_ns=20)) == 7
    assert len(small.filter(min_dur_ns=21)) == 2
    assert len(small.filter(p=0)) == 7
    assert rows(small.filter(lane=Lane.GOROUTINE, state=State.RUNNING)) == [(0, 20), (30, 20), (90, 10)]
    assert len(small.filter(goroutine=11)) == 3
    assert rows(small.filter(function="work")) == [(0, 20), (50, 20)]
    assert len(small.filter(function="main.main")) == 4
    assert len(small.filter(function="nowhere")) == 0
    assert len(small.filter()) == len(small)
    assert rows(small.filter(goroutine=11, function="main", min_dur_ns=20, p=0, region="pack")) == [(30, 20)]


def test_a_region_by_hand(small: Timeline) -> None:
    """Region "pack" is on goroutine 1 from 35 to 45, in the task "order", which goroutine 2 began."""
    assert rows(small.filter(region="pack")) == [(30, 20)]
    assert rows(small.filter(region="order")) == [(30, 20)]
    assert rows(small.filter(region="stop-the-world (GC)")) == [], "the runtime's ranges are no regions"
    assert rows(small.filter(region="nowhere")) == []


def test_edges_of_a_region_do_not_overlap(make: Callable[..., Timeline]) -> None:
    run = {"lane": 0, "id": 0, "state": int(State.RUNNING)}
    timeline = make(
        spans=[{**run, "start": start, "dur": dur} for start, dur in ((0, 10), (10, 0), (19, 1), (20, 5))],
        marks=[{"kind": int(MarkKind.REGION), "start": 10, "dur": 10, "g": 0, "name": 5}],
    )
    assert rows(timeline.filter(region="pack")) == [(10, 0), (19, 1)]


def functions_of(timeline: Timeline) -> set[str]:
    """The start functions of the goroutines that have a span, without the compiler's wrappers."""
    ids = np.unique(timeline.spans["id"])
    starts = [timeline.stack(int(timeline.goroutines["start"][row])) for row in ids.tolist()]
    names = timeline.names(timeline.goroutine_function[ids]).tolist()
    return {stack[0] if stack else name for stack, name in zip(starts, names, strict=True)}


def test_regions_and_tasks_of_a_program(workshop: Timeline) -> None:
    packing = workshop.filter(region="pack")
    owners = np.unique(packing.spans["id"])
    assert len(owners) == 3
    marks = workshop.marks
    assert set(owners.tolist()) == set(
        marks["g"][workshop.names(marks["name"]) == "pack"].astype(int).tolist()
    )
    order = workshop.filter(region="order")
    main = np.flatnonzero(workshop.names(workshop.goroutine_function) == "main.main")
    assert set(np.unique(order.spans["id"]).tolist()) == {*owners.tolist(), *main.tolist()}
    filing = workshop.filter(region="file")
    clerk = np.unique(filing.spans["id"])
    assert len(clerk) == 1
    whole = workshop.filter(goroutine=int(workshop.goroutines["id"][clerk[0]]))
    assert 2 < len(filing) < len(whole) - 4, "the clerk works outside of the region too"


@given(
    spans=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(0, 8)), max_size=12),
    regions=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 30), st.integers(0, 8)), max_size=8),
)
def test_the_interval_join_agrees_with_two_loops(
    make: Callable[..., Timeline], spans: list[tuple[int, int, int]], regions: list[tuple[int, int, int]]
) -> None:
    timeline = make(
        spans=[{"lane": 0, "id": g, "start": start, "dur": dur} for g, start, dur in spans],
        marks=[
            {"kind": int(MarkKind.REGION), "g": g, "start": start, "dur": dur, "name": 5}
            for g, start, dur in regions
        ],
    )
    expected = [
        (start, dur)
        for g, start, dur in spans
        if any(
            g == other and start < begin + max(length, 1) and begin < start + max(dur, 1)
            for other, begin, length in regions
        )
    ]
    assert rows(timeline.filter(region="pack")) == expected


def test_the_union_of_intervals() -> None:
    start, end = np.array([5, 1, 2, 9]), np.array([6, 4, 3, 12])
    first, last = choose._union(start, end)
    assert (first.tolist(), last.tolist()) == ([1, 5, 9], [4, 6, 12])
