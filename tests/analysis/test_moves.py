"""Stops, migrations and slices, against what can be counted by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedlab import process, toolchain
from schedlab.analysis import moves
from schedlab.analysis._groups import groups
from schedlab.analysis._lives import stable_order
from schedlab.errors import UsageError
from schedlab.timeline import OPEN_END, OPEN_START, Lane, State, Timeline

if TYPE_CHECKING:
    from tests.analysis.conftest import Maker, Step

RUNNABLE, RUNNING, WAITING, SYSCALL = State.RUNNABLE, State.RUNNING, State.WAITING, State.SYSCALL


@pytest.fixture(scope="module")
def one_life(new_maker: Callable[[], Maker]) -> Timeline:
    """A goroutine that does everything once, on two Ps; only some waits are its waker's doing."""
    made = new_maker()
    waker = made.goroutine("main.waker")
    subject = made.goroutine("main.subject", created=0, ended=55, creator=waker)
    made.life(
        subject,
        0,
        [
            (RUNNABLE, 2, "", 0, waker),
            (RUNNING, 8, "", 0, -1),
            (RUNNABLE, 2, "preempted", 0, -1),
            (RUNNING, 8, "", 1, -1),
            (SYSCALL, 3, "", 1, -1),
            (RUNNING, 2, "", 1, -1),
            (WAITING, 5, "chan receive", -1, waker),
            (RUNNABLE, 3, "", 0, waker),
            (RUNNING, 7, "", 1, -1),
            (SYSCALL, 10, "", 1, -1),
            (RUNNABLE, 1, "", -1, -1),
            (RUNNING, 4, "", 0, -1),
        ],
    )
    return made.timeline()


def test_stops_by_hand(one_life: Timeline) -> None:
    found = moves.stops(one_life)
    rows = zip(found.key, found.kind, found.reason, found.count, found.ran_ns, found.away_ns, strict=True)
    assert sorted(rows) == [
        ("main.subject", "blocked", "chan receive", 1, 2, 5),
        ("main.subject", "ended", "", 1, 4, 0),
        ("main.subject", "preempted", "preempted", 1, 8, 2),
        ("main.subject", "system call", "", 2, 15, 13),
    ]
    assert found.total("preempted") == 1
    assert found.total("yielded") == 0
    with pytest.raises(UsageError, match="no kind 'preemptive'"):
        found.total("preemptive")


def test_stops_of_each_p(one_life: Timeline) -> None:
    found = moves.stops(one_life, by="p")
    counts: Counter[int] = Counter()
    for p, count in zip(found.key.tolist(), found.count.tolist(), strict=True):
        counts[p] += count
    assert counts == {0: 2, 1: 3}


def test_what_the_capture_cuts_and_what_is_suspended(new_maker: Callable[[], Maker]) -> None:
    made = new_maker()
    one, two, three = (made.goroutine(f"main.{name}") for name in ("cut", "parked", "gap"))
    made.span(one, RUNNING, 0, 9, p=0, flags=OPEN_START | OPEN_END)
    made.life(two, 0, [(RUNNING, 4, "", 1, -1), (WAITING, 5, "preempted", -1, one)])
    made.span(three, RUNNING, 0, 2, p=2)
    made.span(three, RUNNABLE, 3, 5, p=2)
    made.life(three, 5, [(RUNNING, 1, "", 2, -1), (RUNNABLE, 3, "runtime.Gosched", 2, -1)])
    found = moves.stops(made.timeline())
    assert {(key, kind) for key, kind in zip(found.key, found.kind, strict=True)} == {
        ("main.cut", "cut"),
        ("main.parked", "suspended"),
        ("main.gap", "unknown"),
        ("main.gap", "yielded"),
    }


def test_migrations_by_hand(one_life: Timeline) -> None:
    found = moves.migrations(one_life)
    assert found.key.tolist() == ["main.subject"]
    assert (found.pairs[0], found.changed_p[0], found.changed_m[0]) == (4, 2, 2)
    assert (found.local[0], found.stolen[0], found.shared[0], found.unknown[0]) == (1, 1, 2, 0)
    assert found.ps == (0, 1)
    assert found.matrix.tolist() == [[0, 1], [1, 2]]
    assert found.steals.tolist() == [[0, 1], [0, 0]]
    assert found.matrix_to_pandas().loc[1, 0] == 1
    assert found.steals_to_pandas().loc[0, 1] == 1
    assert moves.migrations(one_life, by="goroutine").key.tolist() == [11]


@pytest.mark.parametrize(
    ("before", "woken_on", "ran_on", "route"),
    [
        ((WAITING, 5, "network", -1, -1), 0, 1, "shared"),
        ((WAITING, 5, "sleep", -1, -1), 0, 1, "stolen"),
        ((WAITING, 5, "sleep", -1, -1), 1, 1, "local"),
        ((WAITING, 5, "sleep", -1, -1), -1, 1, "unknown"),
        ((WAITING, 5, "sleep", -1, -1), 0, -1, "unknown"),
        ((SYSCALL, 5, "", 0, -1), 0, 1, "shared"),
    ],
)
def test_the_way_to_a_p(
    new_maker: Callable[[], Maker], before: Step, woken_on: int, ran_on: int, route: str
) -> None:
    made = new_maker()
    row = made.goroutine("main.a")
    made.life(row, 0, [before, (RUNNABLE, 2, "", woken_on, -1), (RUNNING, 3, "", ran_on, -1)])
    table = moves.migrations(made.timeline()).to_pandas()
    counts = {name: int(table[name].sum()) for name in ("local", "stolen", "shared", "unknown")}
    assert counts == {"local": 0, "stolen": 0, "shared": 0, "unknown": 0} | {route: 1}


def test_slices_by_hand(one_life: Timeline) -> None:
    found = moves.slices(one_life)
    # 8; 8 + 3 + 2 with the short system call inside; 7; 4.
    assert (found.count[0], found.total_ns[0]) == (4, 32)
    assert (found.p50_ns[0], found.p90_ns[0], found.max_ns[0]) == (8, 13, 13)
    assert (found.long[0], found.open[0]) == (0, 0)


def test_slices_without_an_end_are_counted_apart(new_maker: Callable[[], Maker]) -> None:
    made = new_maker()
    one, two = made.goroutine("main.one"), made.goroutine("main.two")
    made.span(one, RUNNING, 0, 20_000_000, p=0, flags=OPEN_START)
    made.span(one, RUNNABLE, 20_000_000, 20_000_001, reason="preempted", p=0)
    made.span(one, RUNNING, 20_000_001, 30_000_002, p=0)
    # It came out of a system call whose begin is not there: how long it had run is not known.
    made.span(two, SYSCALL, 0, 5, p=1, flags=OPEN_START)
    made.span(two, RUNNING, 5, 9, p=1)
    found = moves.slices(made.timeline())
    table = {key: at for at, key in enumerate(found.key)}
    one, two = table["main.one"], table["main.two"]
    assert (found.count[one], found.total_ns[one], found.long[one], found.open[one]) == (1, 10_000_001, 1, 1)
    assert (found.count[two], found.total_ns[two], found.p50_ns[two], found.open[two]) == (0, 0, 0, 1)


def test_a_timeline_with_nothing_in_it(new_maker: Callable[[], Maker]) -> None:
    empty = new_maker().timeline()
    assert len(moves.stops(empty).to_pandas()) == 0
    assert len(moves.migrations(empty).to_pandas()) == 0
    assert len(moves.slices(empty).to_pandas()) == 0
    assert moves.migrations(empty).matrix.shape == (0, 0)


@pytest.mark.parametrize("call", [moves.stops, moves.migrations, moves.slices])
def test_a_wrong_word_is_refused(call: Callable[..., object], one_life: Timeline) -> None:
    with pytest.raises(UsageError, match="'thread'"):
        call(one_life, by="thread")


@given(data=st.data())
def test_the_tables_are_what_a_loop_over_each_life_counts(
    new_maker: Callable[[], Maker], any_lives: st.SearchStrategy[list[list[Step]]], data: st.DataObject
) -> None:
    made, lives = new_maker(), data.draw(any_lives)
    for at, steps in enumerate(lives):
        made.life(made.goroutine(f"main.f{at}"), at, steps)
    timeline = made.timeline()

    stops = moves.stops(timeline, by="goroutine")
    runs = [step for steps in lives for step in steps if step[0] is RUNNING]
    assert stops.count.sum() == len(runs)
    assert stops.ran_ns.sum() == sum(step[1] for step in runs)

    found = moves.migrations(timeline)
    matrix: Counter[tuple[int, int]] = Counter()
    steals: Counter[tuple[int, int]] = Counter()
    routes = 0
    for steps in lives:
        for (_, _, _, p, _), (_, _, _, q, _) in pairwise([step for step in steps if step[0] is RUNNING]):
            if p >= 0 and q >= 0:
                matrix[p, q] += 1
        for at, (one, two) in enumerate(pairwise(steps)):
            if (one[0], two[0]) != (RUNNABLE, RUNNING):
                continue
            routes += 1
            earlier = steps[at - 1] if at else None
            through_all = one[2] in ("preempted", "runtime.Gosched") or (
                earlier is not None and (earlier[0] is SYSCALL or earlier[::2][:2] == (WAITING, "network"))
            )
            if not through_all and 0 <= one[3] != two[3] >= 0:
                steals[one[3], two[3]] += 1
    ps = found.ps
    assert {(ps[i], ps[j]): n for (i, j), n in np.ndenumerate(found.matrix) if n} == matrix
    assert {(ps[i], ps[j]): n for (i, j), n in np.ndenumerate(found.steals) if n} == steals
    assert found.pairs.sum() == matrix.total()
    assert found.stolen.sum() == steals.total()
    assert (found.local + found.stolen + found.shared + found.unknown).sum() == routes

    slices = moves.slices(timeline)
    lengths: list[list[int]] = [[] for _ in lives]
    open_ones = 0
    for mine, steps in zip(lengths, lives, strict=True):
        at = 0
        while at < len(steps):
            if steps[at][0] is not RUNNING:
                at += 1
                continue
            is_open, length, p = at > 0 and steps[at - 1][0] is SYSCALL, steps[at][1], steps[at][3]
            while (
                [step[0] for step in steps[at + 1 : at + 3]] == [SYSCALL, RUNNING]
                and steps[at + 1][3] == p == steps[at + 2][3]
            ) or ():
                length += steps[at + 1][1] + steps[at + 2][1]
                at += 2
            at += 1
            open_ones += is_open
            if not is_open:
                mine.append(length)
    assert slices.open.sum() == open_ones
    by_name = dict(
        zip(slices.key, zip(slices.count, slices.total_ns, slices.p90_ns, strict=True), strict=True)
    )
    for at, mine in enumerate(lengths):
        count, total, p90 = by_name.get(f"main.f{at}", (0, 0, 0))
        assert (count, total) == (len(mine), sum(mine))
        if mine:
            assert p90 == np.quantile(mine, 0.9, method="higher")


@given(
    pairs=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 1 << 62)), max_size=40),
    cut=st.sampled_from([0.5, 0.9, 0.99, 1.0]),
)
def test_groups_are_numpys_quantiles(pairs: list[tuple[int, int]], cut: float) -> None:
    # Large values do not fit into one number with their key, small ones do: both ways give the same.
    for shift in (0, 40):
        key = np.array([one for one, _ in pairs], dtype=np.int64)
        value = np.array([two >> shift for _, two in pairs], dtype=np.int64)
        found = groups(key, value)
        assert found.key.tolist() == sorted(set(key.tolist()))
        for at, one in enumerate(found.key.tolist()):
            assert found.of(at).tolist() == sorted(value[key == one].tolist())
        index = [int(np.ceil((int((key == one).sum()) - 1) * cut)) for one in found.key.tolist()]
        assert found.quantile(cut).tolist() == [
            sorted(value[key == one].tolist())[i] for one, i in zip(found.key.tolist(), index, strict=True)
        ]


@given(values=st.lists(st.integers(0, 300_000), max_size=60))
def test_the_stable_order_is_numpys(values: list[int]) -> None:
    column = np.array(values, dtype=np.int32)
    assert stable_order(column).tolist() == np.argsort(column, kind="stable").tolist()


def test_a_hog_is_preempted_and_its_victim_yields(tmp_path: Path) -> None:
    turns = 4
    file = tmp_path / "trace"
    program = toolchain.build(Path(__file__).parent / "testdata" / "hog")
    settings = process.GoSettings(gomaxprocs=1)
    process.run(program, ["-o", file, "-turns", turns], settings=settings).check()
    timeline = Timeline.load(file)
    found = moves.stops(timeline, by="goroutine").to_pandas().set_index("goroutine")
    hog, victim = (_goroutine(timeline, name) for name in ("main.hog", "main.victim"))
    # Sysmon has to end the hog's slice for the victim to have its next turn. Before the hog's first slice
    # the victim may come twice: each 61st time the global queue goes first (``findRunnable``).
    hogs = found.loc[[hog]]
    assert int(hogs.loc[hogs["kind"] == "preempted", "count"].sum()) >= turns - 1
    victims = found.loc[[victim]]
    assert int(victims.loc[victims["kind"] == "yielded", "count"].sum()) == turns
    assert set(found["kind"]) <= set(moves.KINDS) - {"unknown"}
    slices = moves.slices(timeline, by="goroutine")
    assert slices.long[slices.key == hog] >= turns - 1
    assert slices.count[slices.key == victim] == turns + 1
    assert moves.migrations(timeline).ps == (0,)


def _goroutine(timeline: Timeline, function: str) -> int:
    """The id of the one that was created within the trace to run this function."""
    mine = (timeline.names(timeline.goroutine_function) == function) & (timeline.goroutines["created"] >= 0)
    (row,) = np.flatnonzero(mine)
    assert (timeline.filter(lane=Lane.GOROUTINE).spans["id"] == row).any()
    return int(timeline.goroutines["id"][row])
