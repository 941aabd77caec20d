"""The state mix: against a count of every nanosecond, and against the spans of a real trace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedlab import process, toolchain
from schedlab.analysis import mix
from schedlab.errors import UsageError
from schedlab.timeline import Lane, State, Timeline

if TYPE_CHECKING:
    from tests.analysis.conftest import Maker

RUNNABLE, RUNNING, WAITING = State.RUNNABLE, State.RUNNING, State.WAITING


@pytest.fixture(scope="module")
def by_hand(new_maker: Callable[[], Maker]) -> Timeline:
    made = new_maker()
    a, b = made.goroutine("main.a"), made.goroutine("")
    made.life(a, 0, [(RUNNABLE, 4, "", 0, -1), (RUNNING, 11, "", 0, -1), (WAITING, 10, "", -1, -1)])
    made.life(b, 12, [(RUNNABLE, 13, "", 0, -1)])
    made.span(0, RUNNING, 0, 25, lane=Lane.PROC)
    return made.timeline(25)


def test_a_mix_by_hand(by_hand: Timeline) -> None:
    found = mix.states(by_hand, bucket_ns=10)
    assert found.edges_ns.tolist() == [0, 10, 20, 25]
    assert found.states == (RUNNABLE, RUNNING, WAITING)
    assert found.ns.tolist() == [[4, 6, 0], [8, 5, 5], [5, 0, 5]]
    assert found.shares()[0].tolist() == [0.4, 0.6, 0.0]
    assert found.mean_count()[2].tolist() == [1.0, 0.0, 1.0]
    assert found.to_pandas()["RUNNABLE_ns"].tolist() == [4, 8, 5]
    part = mix.states(by_hand.window(10, 20), bucket_ns=10)
    assert (part.edges_ns.tolist(), part.ns.tolist()) == ([10, 20], [[8, 5, 5]])


def test_a_mix_by_function_and_by_lane(by_hand: Timeline) -> None:
    found = mix.states(by_hand, buckets=2, by="function")
    assert found.ns.sum(axis=0).tolist() == mix.states(by_hand, buckets=2).ns.tolist()
    at = found.functions.index("main.a")
    assert found.ns[at].tolist() == [[4, 9, 0], [0, 2, 10]]
    assert set(found.functions) == {"main.a", None}
    assert len(found.to_pandas()) == 4
    assert mix.states(by_hand, buckets=1, lane=Lane.PROC).ns.tolist() == [[25]]


def test_counts_by_hand(by_hand: Timeline) -> None:
    found = mix.counts(by_hand, [12, 0, 3, 4, 24, 25])
    assert found.states == (RUNNABLE, RUNNING, WAITING)
    assert found.count.tolist() == [[1, 1, 0], [1, 0, 0], [1, 0, 0], [0, 1, 0], [1, 0, 1], [0, 0, 0]]
    assert found.to_pandas()["RUNNING"].tolist() == [1, 0, 0, 1, 0, 0]


def test_nobody_gives_an_empty_mix(new_maker: Callable[[], Maker]) -> None:
    for duration in (0, 20):
        empty = new_maker().timeline(duration)
        assert mix.states(empty, buckets=4).states == ()
        assert mix.counts(empty, [1, 2]).count.shape == (2, 0)
        assert len(mix.states(empty, buckets=4, by="function").functions) == 0


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"buckets": 0}, "no buckets"),
        ({"bucket_ns": 0}, "no buckets"),
        ({"by": "p"}, 'is not "function"'),
        ({"by": "function", "lane": Lane.PROC}, "PROC has no functions"),
        ({"within": (30, 40)}, "no time of the timeline"),
    ],
)
def test_what_cannot_be_is_refused(by_hand: Timeline, asked: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        mix.states(by_hand, **asked)


def test_too_many_buckets_are_refused(new_maker: Callable[[], Maker]) -> None:
    with pytest.raises(UsageError, match="too many"):
        mix.states(new_maker().timeline(10**12), bucket_ns=1)


@given(
    spans=st.lists(
        st.tuples(st.sampled_from([RUNNABLE, RUNNING, WAITING]), st.integers(0, 40), st.integers(0, 40)),
        max_size=15,
    ),
    bucket=st.integers(1, 50),
    within=st.sampled_from([None, (0, 40), (7, 31)]),
)
def test_each_nanosecond_counts_once(
    new_maker: Callable[[], Maker],
    spans: list[tuple[State, int, int]],
    bucket: int,
    within: tuple[int, int] | None,
) -> None:
    made = new_maker()
    for state, one, other in spans:
        made.span(made.goroutine("main.f"), state, min(one, other), max(one, other))
    timeline = made.timeline(40)
    found = mix.states(timeline, bucket_ns=bucket, within=within)
    first, last = within or (0, 40)
    assert (found.edges_ns[0], found.edges_ns[-1]) == (first, last)
    expected = np.zeros((len(found.edges_ns) - 1, len(State)), np.int64)
    times = np.arange(40)
    present = mix.counts(timeline, times)
    for state, one, other in spans:
        for at in range(max(first, min(one, other)), min(last, max(one, other))):
            expected[(at - first) // bucket, state] += 1
    assert found.states == tuple(State(int(one)) for one in np.flatnonzero(expected.any(axis=0)))
    assert (found.ns == expected[:, [int(state) for state in found.states]]).all()
    for at, state in enumerate(present.states):
        for time in times.tolist():
            alive = sum(min(a, b) <= time < max(a, b) for its, a, b in spans if its is state)
            assert present.count[time, at] == alive


def test_sums_stay_exact_beyond_what_a_double_holds(new_maker: Callable[[], Maker]) -> None:
    made = new_maker()
    length = 2**53 + 1
    for _ in range(3):
        made.span(made.goroutine("main.f"), WAITING, 0, length)
    found = mix.states(made.timeline(length), buckets=2)
    assert found.ns.sum() == 3 * length
    assert found.ns[:, 0].tolist() == [3 * (2**52 + 1), 3 * 2**52]


def test_a_real_mix_is_the_sum_of_its_spans(tmp_path: Path) -> None:
    program = toolchain.build(Path(__file__).parent / "testdata" / "self_trace")
    file = tmp_path / "trace"
    process.run(program, ["-o", str(file)], settings=process.GoSettings(gomaxprocs=2)).check()
    timeline = Timeline.load(file)
    for lane in (Lane.GOROUTINE, Lane.PROC):
        found = mix.states(timeline, buckets=37, lane=lane)
        for at, state in enumerate(found.states):
            spans = timeline.filter(lane=lane, state=state).spans
            assert found.ns[:, at].sum() == spans["dur"].sum()
    ps = mix.states(timeline, buckets=37, lane=Lane.PROC)
    assert (ps.ns.sum(axis=1) == 2 * np.diff(ps.edges_ns)).all()
    middle = timeline.duration_ns // 2
    counts = mix.counts(timeline, [middle])
    alive = (timeline.spans["start"] <= middle) & (timeline.spans["start"] + timeline.spans["dur"] > middle)
    assert counts.count.sum() == (alive & (timeline.spans["lane"] == int(Lane.GOROUTINE))).sum()
