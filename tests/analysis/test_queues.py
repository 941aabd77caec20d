"""Run queues: by hand, of random waits, and recorded and traced in one run."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedlab import process, toolchain
from schedlab.analysis import queues
from schedlab.capture import endpoint, schedtrace
from schedlab.errors import UsageError
from schedlab.timeline import OPEN_START, Lane, State, Timeline

if TYPE_CHECKING:
    from tests.analysis.conftest import Maker

RUNNABLE, RUNNING = State.RUNNABLE, State.RUNNING


def steps(depth: queues.Depth) -> list[tuple[int, int]]:
    return list(zip(depth.time_ns.tolist(), depth.count.tolist(), strict=True))


def test_queues_by_hand(new_maker: Callable[[], Maker]) -> None:
    """P0 creates three; P1 steals the newest and runs it, then the oldest. One more is preempted."""
    made = new_maker()
    a, b, c, d = (made.goroutine(f"main.{name}") for name in "abcd")
    made.life(a, 10, [(RUNNABLE, 30, "", 0, -1), (RUNNING, 5, "", 1, -1)])
    made.life(b, 11, [(RUNNABLE, 34, "", 0, -1), (RUNNING, 5, "", 0, -1)])
    made.life(c, 12, [(RUNNABLE, 8, "", 0, -1), (RUNNING, 20, "", 1, -1)])
    made.life(d, 13, [(RUNNABLE, 7, "preempted", 0, -1), (RUNNING, 5, "", 0, -1)])
    for p in (0, 1):
        made.span(p, RUNNING, 0, 60, lane=Lane.PROC)
    found = queues.reconstructed(made.timeline(60))
    assert steps(found.total) == [(10, 1), (11, 2), (12, 3), (13, 4), (20, 2), (40, 1), (45, 0)]
    assert steps(found.in_global) == [(13, 1), (20, 0)]
    assert found.p.tolist() == [0, 1]
    assert steps(found.local[0]) == [(10, 1), (11, 2), (12, 3), (20, 1), (45, 0)]
    assert steps(found.local[1]) == [(20, 1), (40, 0)]
    assert (found.moved, found.turns) == (2, 4)
    assert found.total.mean(0, 20) == (1 + 2 + 3 + 7 * 4) / 20
    assert found.total.to_pandas()["count"].max() == 4


def test_a_full_queue_spills_into_the_global_one(new_maker: Callable[[], Maker]) -> None:
    made = new_maker()
    for at in range(300):
        made.life(made.goroutine("main.f"), at, [(RUNNABLE, 1000, "", 0, -1), (RUNNING, 1, "", 0, -1)])
    found = queues.reconstructed(made.timeline())
    times = np.arange(0, 1400, 7)
    assert found.local[0].count.max() == queues.LOCAL_ROOM
    assert found.in_global.count.max() == 300 - queues.LOCAL_ROOM
    assert (found.local[0].at(times) + found.in_global.at(times) == found.total.at(times)).all()


@given(
    waits=st.lists(
        st.tuples(
            st.integers(0, 60),
            st.integers(0, 40),
            st.sampled_from(["", "preempted"]),
            st.integers(-1, 2),
            st.integers(0, 2),
        ),
        max_size=20,
    )
)
def test_every_runnable_goroutine_is_in_one_queue(
    new_maker: Callable[[], Maker], waits: list[tuple[int, int, str, int, int]]
) -> None:
    made = new_maker()
    for start, length, reason, waker, p in waits:
        goroutine = made.goroutine("main.f")
        made.life(goroutine, start, [(RUNNABLE, length, reason, waker, -1), (RUNNING, 1, "", p, -1)])
    found = queues.reconstructed(made.timeline(110))
    times = np.arange(110)
    for time in times.tolist():
        there = sum(start <= time < start + length for start, length, *_ in waits)
        assert found.total.at(np.array([time]))[0] == there
    parts = [depth.at(times) for depth in (found.in_global, *found.local)]
    assert (np.sum(parts, axis=0) == found.total.at(times)).all()
    assert all((part >= 0).all() for part in parts)


def test_one_that_was_runnable_at_the_beginning_counts(new_maker: Callable[[], Maker]) -> None:
    made = new_maker()
    made.span(made.goroutine("main.f"), RUNNABLE, 0, 9, flags=OPEN_START)
    assert steps(queues.reconstructed(made.timeline()).total) == [(0, 1), (9, 0)]
    nothing = queues.reconstructed(new_maker().timeline(5))
    assert (len(nothing.total.time_ns), nothing.turns, nothing.total.mean(0, 5)) == (0, 0, 0.0)


LINES = b"".join(
    b"SCHED %dms: gomaxprocs=%d idleprocs=0 threads=4 spinningthreads=0 needspinning=0 idlethreads=1 "
    b"runqueue=%d [ %s ]\n" % line
    for line in ((0, 2, 3, b"1 2"), (10, 3, 0, b"0 5 1"))
)


def test_what_schedtrace_recorded() -> None:
    trace = schedtrace.parse(LINES)
    found = queues.recorded(trace)
    assert found.time_ns.tolist() == [0, 10_000_000]
    assert found.in_global.tolist() == [3, 0]
    assert found.local.tolist() == [[1, 2, -1], [0, 5, 1]]
    assert found.total.tolist() == [6, 6]
    assert found.to_pandas()["p2"].isna().tolist() == [True, False]
    same = queues.recorded(Timeline.from_schedtrace(trace))
    assert same.to_pandas().equals(found.to_pandas())


def test_a_trace_has_no_recorded_queues(new_maker: Callable[[], Maker]) -> None:
    with pytest.raises(UsageError, match=r"no counter 'sched\.runqueue'"):
        queues.recorded(new_maker().timeline())
    assert len(queues.recorded(schedtrace.parse(b""))) == 0


def waves(maker: Maker) -> queues.Reconstructed:
    """400 ms in which between 0 and 30 goroutines wait, at times that do not repeat."""
    chance = np.random.default_rng(3)
    for start in np.cumsum(chance.integers(5_000_000, 40_000_000, 18)).tolist():
        for length in chance.integers(1_000_000, 25_000_000, int(chance.integers(1, 31))).tolist():
            maker.life(
                maker.goroutine("main.f"), start, [(RUNNABLE, length, "", 0, -1), (RUNNING, 1, "", 0, -1)]
            )
    return queues.reconstructed(maker.timeline(400_000_000))


def sampled(trace: queues.Reconstructed, offset_ns: int) -> queues.Recorded:
    """What schedtrace would print every 10 ms or so, if the trace began at ``offset_ns`` of its clock."""
    chance = np.random.default_rng(4)
    exact = np.cumsum(chance.integers(9_000_000, 14_000_000, 60))
    total = trace.total.at(exact - offset_ns)
    nowhere = np.zeros((len(exact), 1), np.int64)
    return queues.Recorded(exact // 1_000_000 * 1_000_000, total, nowhere, total)


def test_the_offset_is_found(new_maker: Callable[[], Maker]) -> None:
    trace = waves(new_maker())
    offset = 123_456_789
    found = queues.together(sampled(trace, offset), trace)
    assert found.found_by == "depth"
    assert abs(found.offset_ns - offset) < 1_000_000
    assert found.correlation > 0.95
    assert found.mean_absolute < 1
    given_one = queues.together(sampled(trace, offset), trace, offset)
    assert (given_one.found_by, given_one.offset_ns) == ("given", offset)
    assert len(given_one.to_pandas()) == len(given_one.time_ns)


def test_too_few_samples_are_refused(new_maker: Callable[[], Maker]) -> None:
    trace = waves(new_maker())
    samples = sampled(trace, 0)
    with pytest.raises(UsageError, match="only 0 samples"):
        queues.together(samples, trace, 10**12)
    few = queues.Recorded(samples.time_ns[:5], samples.in_global[:5], samples.local[:5], samples.total[:5])
    with pytest.raises(UsageError, match="5 samples are too few"):
        queues.together(few, trace)


def test_without_change_there_is_no_correlation(new_maker: Callable[[], Maker]) -> None:
    trace = queues.reconstructed(new_maker().timeline(400_000_000))
    found = queues.together(sampled(trace, 0), trace)
    assert np.isnan(found.correlation)
    assert found.mean_absolute == 0


def gomaxprocs_at(timeline: Timeline, times: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[set[int]]:
    """The values of GOMAXPROCS within 5 ms of each time, by the trace."""
    name = timeline.texts.index("/sched/gomaxprocs:threads")
    chosen = timeline.counters["name"] == name
    time, value = timeline.counters["time"][chosen], timeline.counters["value"][chosen]
    order = np.argsort(time, kind="stable")
    time, value = time[order], value[order]
    found = []
    for at in times.tolist():
        first = max(int(np.searchsorted(time, at - 5_000_000, side="right")) - 1, 0)
        found.append(set(value[first : int(np.searchsorted(time, at + 5_000_000, side="right"))].tolist()))
    return found


def test_recorded_and_reconstructed_queues_of_one_run_agree() -> None:
    """The total is exact but for what is on its way, and GOMAXPROCS changes at the same time in both.

    Decided by medians: a sample that the machine delays between reading its clock and the queues is off.
    """
    program = toolchain.build("tides")
    wanted = process.GoSettings(gomaxprocs=2, schedtrace_ms=10)
    with process.start(program, ["-for", "50s"], settings=wanted) as live:
        address = json.loads(live.wait_for_line("address", timeout_s=30))["address"]
        timeline = Timeline.load(endpoint.fetch(address, "trace", seconds=1))
        printed = schedtrace.parse(live.stop().stderr.encode())
    recorded, trace = queues.recorded(printed), queues.reconstructed(timeline)
    found = queues.together(recorded, trace)
    assert len(found.time_ns) >= 30
    assert np.count_nonzero(found.recorded > 10) >= 10, "there were queues to compare"
    assert np.median(np.abs(found.reconstructed - found.recorded)) <= 5
    # What the reconstruction says of another time is far off.
    elsewhere = queues.together(recorded, trace, found.offset_ns + 37_000_000)
    assert np.mean(np.abs(elsewhere.reconstructed - elsewhere.recorded)) > 2 * found.mean_absolute + 5

    inside = np.isin(recorded.time_ns + 500_000 - found.offset_ns, found.time_ns)
    procs = np.asarray(printed.summaries.gomaxprocs)[inside].tolist()
    assert set(procs) <= {2, 3}
    agree = [one in seen for one, seen in zip(procs, gomaxprocs_at(timeline, found.time_ns), strict=True)]
    assert np.mean(agree) > 0.9
