"""Waits by hand, against numpy, against plain bootstraps, and against the runtime's own histogram."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedlab import process, toolchain
from schedlab.analysis import latency
from schedlab.errors import UsageError
from schedlab.timeline import OPEN_END, OPEN_START, Lane, MarkKind, State, Timeline

if TYPE_CHECKING:
    from tests.analysis.conftest import Maker

RUNNABLE, RUNNING, WAITING = State.RUNNABLE, State.RUNNING, State.WAITING
LATENCIES = "/sched/latencies:seconds"


@pytest.fixture(scope="module")
def by_hand(new_maker: Callable[[], Maker]) -> Timeline:
    made = new_maker()
    a = made.goroutine("main.a")
    b = made.goroutine("main.b", creator=a)
    unknown = made.goroutine("")
    made.life(
        a,
        0,
        [
            (RUNNABLE, 4, "", 0, -1),
            (RUNNING, 6, "", 1, -1),
            (RUNNABLE, 10, "preempted", 1, -1),
            (RUNNING, 5, "", 0, -1),
            (WAITING, 20, "sleep", -1, -1),
            (RUNNABLE, 2, "", 0, -1),
            (RUNNING, 3, "", 0, -1),
        ],
    )
    made.life(b, 5, [(RUNNABLE, 30, "", 1, a), (RUNNING, 5, "", 1, -1), (WAITING, 7, "chan receive", -1, a)])
    made.span(b, RUNNABLE, 47, 60, p=1, flags=OPEN_END)
    made.span(unknown, RUNNABLE, 0, 9, flags=OPEN_START)
    made.life(unknown, 9, [(RUNNING, 1, "", 0, -1), (WAITING, 10, "sleep", -1, -1), (RUNNABLE, 8, "", 0, -1)])
    return made.timeline(100)


def test_waits_by_hand(by_hand: Timeline) -> None:
    found = latency.runnable(by_hand, quantiles=(0, 0.5, 1))
    assert (found.count[0], found.total_ns[0], found.max_ns[0], found.mean_ns[0]) == (5, 54, 30, 10.8)
    assert found.quantile_ns.tolist() == [[2, 8, 30]]
    assert found.row() == 0


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("p", {0: (2, 12), 1: (2, 34), None: (1, 8)}),
        ("function", {"main.a": (3, 16), "main.b": (1, 30), None: (1, 8)}),
        ("creator", {"main.a": (1, 30), None: (4, 24)}),
        ("reason", {"": (4, 44), "preempted": (1, 10)}),
    ],
)
def test_groups_by_hand(by_hand: Timeline, by: latency.By, expected: dict[Any, tuple[int, int]]) -> None:
    found = latency.runnable(by_hand, by)
    sums = zip(found.count.tolist(), found.total_ns.tolist(), strict=True)
    assert dict(zip(found.key, sums, strict=True)) == expected


def test_windows_are_those_in_which_a_wait_began(by_hand: Timeline) -> None:
    found = latency.runnable(by_hand, "window", window_ns=15)
    assert found.key == (0, 15, 30, 45, 60, 75, 90)
    assert found.count.tolist() == [3, 1, 0, 1, 0, 0, 0]
    assert found.max_ns.tolist() == [30, 8, -1, 2, -1, -1, -1]
    assert math.isnan(found.mean_ns[2])
    assert found.to_pandas()["p50_ns"].isna().tolist() == [False, False, True, False, True, True, True]


def test_windows_of_a_window_begin_with_it(by_hand: Timeline) -> None:
    found = latency.runnable(by_hand.window(12, 40), "window", window_ns=15)
    assert found.key == (12, 27)
    assert found.count.tolist() == [3, 0], "what began before counts for the first"


def test_off_the_processor_by_reason(by_hand: Timeline) -> None:
    found = latency.waiting(by_hand, quantiles=(0.5, 1))
    assert found.key == ("sleep", "chan receive")
    assert found.count.tolist() == [2, 1]
    assert found.quantile_ns.tolist() == [[20, 20], [7, 7]]
    with pytest.raises(UsageError, match="has no P"):
        latency.waiting(by_hand, "p")


def test_buckets_lose_nothing(by_hand: Timeline) -> None:
    found = latency.histogram(by_hand, [2, 8, 10, 30])
    assert found.counts.tolist() == [2, 1, 1]
    assert found.outside == 1, "a wait of 30 begins the next bucket"
    whole = latency.histogram(by_hand, [-math.inf, 5, math.inf])
    assert (whole.counts.tolist(), whole.outside) == ([2, 3], 0)
    assert found.to_pandas()["count"].sum() == 4


def test_an_empty_timeline_gives_empty_tables(new_maker: Callable[[], Maker]) -> None:
    empty = new_maker().timeline()
    found = latency.runnable(empty)
    assert (found.count.tolist(), found.max_ns.tolist()) == ([0], [-1])
    for by in ("p", "function", "creator", "reason"):
        assert len(latency.runnable(empty, by)) == 0
    assert len(latency.waiting(empty).to_pandas()) == 0
    assert latency.histogram(empty, [0, 1]).counts.tolist() == [0]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"by": "colour"}, "by: 'colour'"),
        ({"by": "window"}, "window_ns goes with"),
        ({"window_ns": 5}, "window_ns goes with"),
        ({"by": "window", "window_ns": 0}, "window_ns goes with"),
        ({"quantiles": (0.5, 1.5)}, "from 0 to 1"),
        ({"quantiles": ()}, "from 0 to 1"),
        ({"confidence": 1.0}, "between 0 and 1"),
        ({"blocks_ns": -1}, "makes no blocks"),
    ],
)
def test_what_cannot_be_is_refused(by_hand: Timeline, asked: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        latency.runnable(by_hand, **asked)


def test_too_many_blocks_are_refused(new_maker: Callable[[], Maker]) -> None:
    with pytest.raises(UsageError, match="more than 4096"):
        latency.runnable(new_maker().timeline(10**9), blocks_ns=1)


@pytest.mark.parametrize("edges", [[1], [2, 1], [1, 1], [[1, 2]]])
def test_edges_must_rise(by_hand: Timeline, edges: list[float]) -> None:
    with pytest.raises(UsageError, match="edges_ns"):
        latency.histogram(by_hand, edges)


def test_a_key_that_is_not_there_is_named(by_hand: Timeline) -> None:
    assert latency.runnable(by_hand, "function").row("main.b") == 1
    with pytest.raises(UsageError, match=r"no row for 'main\.z'"):
        latency.runnable(by_hand, "function").row("main.z")


def of_waits(maker: Maker, waits: list[tuple[int, int]], duration: int) -> Timeline:
    """One goroutine each for some waits, given by start and length."""
    for start, length in waits:
        goroutine = maker.goroutine("main.f")
        maker.life(goroutine, start, [(RUNNABLE, length, "", 0, -1), (RUNNING, 1, "", 0, -1)])
    return maker.timeline(duration)


@given(
    waits=st.lists(st.tuples(st.integers(0, 99), st.integers(0, 50)), min_size=1, max_size=40),
    quantiles=st.lists(st.floats(0, 1), min_size=1, max_size=4),
    blocks=st.sampled_from([None, 0, 5]),
)
def test_percentiles_are_numpys_and_inside_their_intervals(
    new_maker: Callable[[], Maker], waits: list[tuple[int, int]], quantiles: list[float], blocks: int | None
) -> None:
    timeline = of_waits(new_maker(), waits, 200)
    found = latency.runnable(timeline, quantiles=quantiles, blocks_ns=blocks)
    lengths = np.array([length for _, length in waits])
    assert found.quantile_ns[0].tolist() == np.quantile(lengths, quantiles, method="higher").tolist()
    known = found.low_ns >= 0
    assert known.all() == (blocks == 0 or int(found.blocks[0]) >= 8)
    assert (found.low_ns <= found.quantile_ns)[known].all()
    assert (found.high_ns >= found.quantile_ns)[known].all()
    assert set(found.high_ns[known].tolist()) <= set(lengths.tolist())


@given(waits=st.lists(st.tuples(st.integers(0, 99), st.integers(0, 50)), max_size=40))
def test_groups_share_out_the_whole(new_maker: Callable[[], Maker], waits: list[tuple[int, int]]) -> None:
    timeline = of_waits(new_maker(), waits, 200)
    whole = latency.runnable(timeline)
    for by, window_ns in (("p", None), ("function", None), ("reason", None), ("window", 7)):
        parts = latency.runnable(timeline, by, window_ns=window_ns, confidence=None)  # type: ignore[arg-type]
        assert parts.count.sum() == whole.count[0]
        assert parts.total_ns.sum() == whole.total_ns[0]


def naive(
    lengths: npt.NDArray[np.int64], quantile: float, draw: Callable[[], npt.NDArray[np.int64]]
) -> tuple[float, float]:
    """The bootstrap interval as ranks, by copying the data: ``draw`` gives the positions of one resample."""
    cuts = [np.quantile(lengths[draw()], quantile, method="higher") for _ in range(3000)]
    low, high = np.quantile(cuts, [0.025, 0.975], method="inverted_cdf")
    return float((lengths < low).mean()), float((lengths <= high).mean())


def ranks(found: latency.Latencies, lengths: npt.NDArray[np.int64]) -> tuple[float, float]:
    return float((lengths < found.low_ns[0, 0]).mean()), float((lengths <= found.high_ns[0, 0]).mean())


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
def test_resampled_ranks_are_resampled_data(new_maker: Callable[[], Maker], quantile: float) -> None:
    chance = np.random.default_rng(7)
    lengths = chance.permutation(np.arange(1, 401))
    timeline = of_waits(new_maker(), [(at, int(length)) for at, length in enumerate(lengths)], 1000)
    found = latency.runnable(timeline, quantiles=[quantile], blocks_ns=0)
    expected = naive(lengths, quantile, lambda: chance.integers(0, len(lengths), len(lengths)))
    assert ranks(found, lengths) == pytest.approx(expected, abs=0.01)
    assert found.blocks[0] == 0


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
def test_resampled_blocks_are_resampled_data(new_maker: Callable[[], Maker], quantile: float) -> None:
    chance = np.random.default_rng(8)
    # Waits of one block are alike: what the independent bootstrap does not see.
    levels = np.repeat(chance.integers(0, 1000, 40), 15)
    lengths = levels * 10 + chance.integers(0, 10, len(levels))
    blocks = [np.flatnonzero(np.arange(len(lengths)) // 15 == block) for block in range(40)]
    timeline = of_waits(new_maker(), [(at, int(length)) for at, length in enumerate(lengths)], 600)
    found = latency.runnable(timeline, quantiles=[quantile], blocks_ns=15)

    def draw() -> npt.NDArray[np.int64]:
        return np.concatenate([blocks[block] for block in chance.integers(0, 40, 40)])

    assert ranks(found, lengths) == pytest.approx(naive(lengths, quantile, draw), abs=0.03)
    independent = latency.runnable(timeline, quantiles=[quantile], blocks_ns=0)
    widths = [np.ptp(ranks(one, lengths)) for one in (found, independent)]
    assert widths[0] > 2 * widths[1]


def test_waits_too_long_to_be_packed_with_their_blocks(new_maker: Callable[[], Maker]) -> None:
    made = new_maker()
    main = made.goroutine("main.main")
    lengths = [1 << 58, 5, 1 << 57, 7]
    made.life(
        main, 0, [step for one in lengths for step in ((RUNNABLE, one, "", 0, -1), (RUNNING, 1, "", 0, -1))]
    )
    timeline = made.timeline()
    assert (max(lengths)).bit_length() + (latency.BLOCKS - 1).bit_length() >= 63
    found = latency.runnable(timeline, quantiles=(0, 0.5, 1))
    assert found.quantile_ns.tolist() == [[5, 1 << 57, 1 << 58]]


def test_the_seed_decides(new_maker: Callable[[], Maker]) -> None:
    chance = np.random.default_rng(9)
    waits = [(at, int(length)) for at, length in enumerate(chance.integers(0, 10**6, 600))]
    timeline = of_waits(new_maker(), waits, 600)
    first, again, other = (latency.runnable(timeline, seed=seed) for seed in (1, 1, 2))
    assert (first.low_ns == again.low_ns).all()
    assert (first.low_ns != other.low_ns).any() or (first.high_ns != other.high_ns).any()


@pytest.fixture(scope="module")
def self_traced(tmp_path_factory: pytest.TempPathFactory) -> tuple[Timeline, dict[str, Any]]:
    """A trace that a program made of itself, and what its own runtime/metrics counted meanwhile."""
    program = toolchain.build(Path(__file__).parent / "testdata" / "self_trace")
    file = tmp_path_factory.mktemp("self") / "trace"
    done = process.run(program, ["-o", str(file)], settings=process.GoSettings(gomaxprocs=2)).check()
    return Timeline.load(file), done.json()


def between_logs(timeline: Timeline) -> tuple[int, int]:
    """When the program had just read its metrics, and when it was about to read them again."""
    logs = np.flatnonzero(np.asarray(timeline.marks["kind"]) == int(MarkKind.LOG))
    first, last = sorted(timeline.marks["start"][logs].tolist())
    return first, last


def test_the_p_is_that_of_the_turn_that_follows(self_traced: tuple[Timeline, dict[str, Any]]) -> None:
    timeline, _ = self_traced
    found = latency.runnable(timeline, "p", confidence=None)
    running = timeline.filter(lane=Lane.GOROUTINE, state=RUNNING).spans
    assert set(found.key) == {0, 1}
    for p in (0, 1):
        # A goroutine runs after a wait, or again after a system call.
        assert found.count[found.row(p)] <= (running["p"] == p).sum()
    calls = len(timeline.filter(lane=Lane.GOROUTINE, state=State.SYSCALL))
    waits = timeline.filter(lane=Lane.GOROUTINE, state=State.RUNNABLE).spans
    begun_before = sum(int(((spans["flags"] & OPEN_START) != 0).sum()) for spans in (running, waits))
    assert found.count.sum() >= len(running["p"]) - calls - begun_before


def test_the_runtime_counts_an_eighth_of_the_waits(self_traced: tuple[Timeline, dict[str, Any]]) -> None:
    """It measures each eighth turn of a goroutine, and with a chance of 1 in 8 the first one too.

    So it has at most two more than an eighth of a goroutine's turns, and at most one less (casgstatus and
    newproc1 in runtime/proc.go, Go 1.27). Which eighth, nobody knows: where the counts up to a bound differ
    from one eighth to the next, the runtime's is between the least and the greatest. What the runtime and
    the trace take for beginning and end of a wait is not the same instant; a trace's clock steps by 64 ns.
    """
    timeline, metrics = self_traced
    begin, end = between_logs(timeline)
    waits = timeline.filter(lane=Lane.GOROUTINE, state=RUNNABLE).spans
    until = waits["start"] + waits["dur"]
    rows = np.flatnonzero((until > begin) & (until < end) & ((waits["flags"] & (OPEN_START | OPEN_END)) == 0))
    rows = rows[np.lexsort((until[rows], waits["id"][rows]))]
    owners, first, turns = np.unique(waits["id"][rows], return_index=True, return_counts=True)
    counted = metrics[LATENCIES]
    # Around the two reads, before and after the logs, a few more may have been counted.
    slack = 2 * len(owners) + 20
    assert abs(sum(counted["counts"]) - len(rows) / 8) <= slack
    assert len(rows) > 100 * slack, "the slack is small beside what is compared"

    group = (
        np.repeat(np.arange(len(owners)), turns) * 8 + (np.arange(len(rows)) - np.repeat(first, turns)) % 8
    )
    length = waits["dur"][rows]
    upto = np.cumsum(counted["counts"])
    for at, bound in enumerate(counted["bounds"][1:-1]):
        few, many = (
            np.bincount(group[length < bound + shift], minlength=8 * len(owners)).reshape(-1, 8)
            for shift in (-256, 256)
        )
        assert few.min(axis=1).sum() - slack <= upto[at] <= many.max(axis=1).sum() + slack


def test_buckets_of_the_runtime_take_every_wait(self_traced: tuple[Timeline, dict[str, Any]]) -> None:
    timeline, metrics = self_traced
    edges = [-math.inf, *metrics[LATENCIES]["bounds"][1:-1], math.inf]
    found = latency.histogram(timeline, edges)
    assert found.outside == 0
    assert found.counts.sum() == latency.runnable(timeline, confidence=None).count[0]
