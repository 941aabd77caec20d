"""Comparisons whose truth is known: the same program twice, one made slower, one with too little in it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedlab.analysis import compare as module
from schedlab.analysis.compare import FASTER, NO_DIFFERENCE, SLOWER, TOO_FEW, compare
from schedlab.errors import UsageError
from schedlab.timeline import OPEN_END, OPEN_START, MarkKind, State, Timeline

if TYPE_CHECKING:
    from tests.analysis.conftest import Maker

Durations = dict[str, npt.NDArray[Any]]


def run_of(new_maker: Callable[[], Maker], running: Durations) -> Timeline:
    """A run in which each function's goroutine has running spans of these durations."""
    made = new_maker()
    for name, durations in running.items():
        row = made.goroutine(name)
        made.life(row, 0, [(State.RUNNING, int(dur), "", 0, -1) for dur in durations])
    return made.timeline()


def drawn(chance: np.random.Generator, count: int = 400, scale: float = 1.0) -> npt.NDArray[Any]:
    """Durations of a few µs with a long tail, from a run that as a whole is faster or slower than others."""
    return np.exp(chance.normal(8, 1, count) + chance.normal(0, 0.05)) * scale


def row_of(found: module.Comparison, name: str, cut: float, measure: str = "running") -> int:
    (row,) = np.flatnonzero((found.name == name) & (found.quantile == cut) & (found.measure == measure))
    return int(row)


def test_what_became_slower_is_named_and_the_rest_is_not(new_maker: Callable[[], Maker]) -> None:
    chance = np.random.default_rng(1)
    before = [run_of(new_maker, {"main.a": drawn(chance), "main.b": drawn(chance)}) for _ in range(5)]
    after = [
        run_of(new_maker, {"main.a": drawn(chance), "main.b": drawn(chance, scale=2.0)}) for _ in range(5)
    ]
    found = compare(before, after)
    assert (found.noise, found.runs, found.tested) == ("between runs", (5, 5), 6)
    slower = row_of(found, "main.b", 0.5)
    assert found.verdict[slower] == SLOWER
    assert found.ratio[slower] == pytest.approx(2, rel=0.2)
    assert found.ratio[slower] > found.high[slower] > 1 > found.low[slower]
    assert found.difference_ns[slower] == pytest.approx(found.after_ns[slower] - found.before_ns[slower])
    assert (found.before_count[slower], found.after_count[slower]) == (2000, 2000)
    same = row_of(found, "main.a", 0.5)
    assert found.verdict[same] == NO_DIFFERENCE
    assert found.low[same] < found.ratio[same] < found.high[same]
    back = compare(after, before)
    assert back.verdict[row_of(back, "main.b", 0.5)] == FASTER
    assert back.ratio[slower] == pytest.approx(1 / found.ratio[slower])
    assert "1 slower" in str(compare(before, after, quantiles=(0.5,)))
    table = found.to_pandas()
    assert len(table) == 6
    assert table["before_total_ns"][slower] == sum(int(run.spans["dur"].sum()) for run in before) - int(
        sum(run.spans["dur"][run.spans["id"] == 0].sum() for run in before)
    )


def test_runs_that_differ_by_themselves_widen_the_band(new_maker: Callable[[], Maker]) -> None:
    chance = np.random.default_rng(2)

    def runs(spread: float) -> list[Timeline]:
        return [
            run_of(new_maker, {"main.a": np.exp(chance.normal(8, 0.3, 1000) + chance.normal(0, spread))})
            for _ in range(6)
        ]

    calm, wild = (compare(runs(spread), runs(spread), quantiles=(0.5,)) for spread in (0.0, 0.5))
    assert calm.spread[0] < 2 < 10 < wild.spread[0]
    assert calm.high[0] < 1.1 < 1.3 < wild.high[0]


def test_two_equal_programs_differ_no_more_often_than_the_level_says(new_maker: Callable[[], Maker]) -> None:
    # 60 pairs of three runs each of 4 functions at 3 quantiles; a pair is wrong if any row is.
    chance = np.random.default_rng(3)
    wrong = 0
    for _ in range(60):
        sides = [
            [run_of(new_maker, {f"main.f{n}": drawn(chance, 120) for n in range(4)}) for _ in range(3)]
            for _ in range(2)
        ]
        verdicts = set(compare(*sides).verdict.tolist())
        wrong += bool(verdicts & {SLOWER, FASTER})
    # With a chance of 0.05 each, more than 8 of 60 have a probability below 0.2 %.
    assert wrong <= 8


def test_one_run_each_says_that_it_knows_only_these_runs(new_maker: Callable[[], Maker]) -> None:
    chance = np.random.default_rng(4)
    durations = np.exp(chance.normal(8, 1, 2000))
    one = run_of(new_maker, {"main.a": durations, "main.few": durations[:9], "main.some": durations[:60]})
    other = run_of(
        new_maker, {"main.a": durations * 1.5, "main.few": durations[:9] * 9, "main.some": durations[:60]}
    )
    found = compare(one, other)
    assert (found.noise, found.runs) == ("within one run", (1, 1))
    assert np.isnan(found.spread).all()
    assert [found.verdict[row_of(found, "main.a", cut)] for cut in (0.5, 0.9)] == [SLOWER] * 2
    assert found.verdict[row_of(found, "main.few", 0.5)] == TOO_FEW
    assert math.isnan(found.q_value[row_of(found, "main.few", 0.5)])
    assert found.ratio[row_of(found, "main.few", 0.5)] == pytest.approx(9, rel=0.01)
    assert [found.verdict[row_of(found, "main.some", cut)] for cut in (0.9, 0.99)] == [NO_DIFFERENCE, TOO_FEW]
    assert found.p_value[row_of(found, "main.some", 0.5)] == 1
    assert found.tested == 5
    again = compare(one, other)
    assert (again.q_value == found.q_value)[~np.isnan(found.q_value)].all()
    # Two runs against one: still nothing is known of how runs differ after.
    assert compare([one, one], other).noise == "within one run"


def test_repeats_that_are_too_short(new_maker: Callable[[], Maker]) -> None:
    run = run_of(new_maker, {"main.a": np.arange(100, 150)})
    found = compare([run] * 3, [run] * 3)
    assert [found.verdict[row_of(found, "main.a", cut)] for cut in (0.5, 0.9, 0.99)] == [
        NO_DIFFERENCE,
        NO_DIFFERENCE,
        TOO_FEW,
    ]
    constant = run_of(new_maker, {"main.a": np.full(50, 100)})
    slower = run_of(new_maker, {"main.a": np.full(50, 101)})
    assert compare([constant] * 2, [slower] * 2, quantiles=(0.5,)).verdict.tolist() == [SLOWER]
    assert compare([constant] * 2, [constant] * 2, quantiles=(0.5,)).verdict.tolist() == [NO_DIFFERENCE]


def test_what_only_one_side_has_is_listed(new_maker: Callable[[], Maker]) -> None:
    made = new_maker()
    row = made.goroutine("main.new")
    made.life(row, 0, [(State.RUNNABLE, 5, "", 0, -1), (State.RUNNING, 5, "", 0, -1)])
    made.mark(MarkKind.REGION, "load", 1, 9, g=row)
    made.mark(MarkKind.TASK, "no region", 1, 9, g=row)
    one, both = made.timeline(), run_of(new_maker, {"main.old": np.arange(3)})
    found = compare(both, one)
    assert found.only_before == (("running", "main.old"),)
    assert found.only_after == (("region", "load"), ("runnable", "main.new"), ("running", "main.new"))
    assert len(found.to_pandas()) == found.tested == 0


def test_every_measure_is_compared_and_what_is_cut_is_left_out(new_maker: Callable[[], Maker]) -> None:
    def run(factor: int) -> Timeline:
        made = new_maker()
        row = made.goroutine("main.a")
        for turn in range(20):
            steps = [(State.RUNNING, "", 0), (State.WAITING, "sleep", -1), (State.RUNNABLE, "", 0)]
            at = turn * 1000 * factor
            made.life(row, at, [(s, (30 + turn) * factor, why, p, -1) for s, why, p in steps])
            made.mark(MarkKind.REGION, "step", at, at + (70 + turn) * factor, g=row)
        made.span(row, State.RUNNING, 10**6, 10**9, p=0, flags=OPEN_END)
        made.mark(MarkKind.REGION, "step", 0, 10**9, g=row, flags=OPEN_START)
        return made.timeline()

    found = compare(run(1), run(3), quantiles=(0.5,))
    assert found.measure.tolist() == ["region", "runnable", "running", "waiting"]
    assert found.name.tolist() == ["step", "main.a", "main.a", "main.a"]
    assert found.ratio.tolist() == pytest.approx([3, 3, 3, 3])
    assert found.before_count.tolist() == [20] * 4
    assert found.verdict.tolist() == [SLOWER] * 4


def test_names_that_occur_twice_are_one(new_maker: Callable[[], Maker]) -> None:
    run = run_of(new_maker, {"main.a": np.arange(10), "main.b": np.arange(20)})
    doubled = replace(run, texts=("", "main.a", "main.a"))
    assert compare(doubled, doubled, quantiles=(0.5,)).before_count.tolist() == [30]


def test_nonsense_is_refused(new_maker: Callable[[], Maker]) -> None:
    run = new_maker().timeline()
    assert len(compare(run, run).to_pandas()) == 0
    with pytest.raises(UsageError, match="no run after"):
        compare(run, [])
    for wrong in ({"quantiles": (1.0,)}, {"level": 0}, {"resamples": 5}):
        with pytest.raises(UsageError):
            compare(run, run, **wrong)


@pytest.mark.parametrize(
    ("value", "freedom", "expected"),
    # From the usual table of Student's t, two-sided.
    [(12.706, 1, 0.05), (2.776, 4, 0.05), (4.604, 4, 0.01), (2.228, 10, 0.05), (1.984, 100, 0.05)],
)
def test_the_tails_of_students_t(value: float, freedom: float, expected: float) -> None:
    assert module._student_tails(value, freedom) == pytest.approx(expected, rel=1e-3)
    assert module._student_quantile(expected, freedom) == pytest.approx(value, rel=1e-3)
    assert module._student_tails(0, freedom) == pytest.approx(1)


def test_the_tails_meet_the_normal_ones() -> None:
    near, beyond = module._student_tails(1.96, 199.9), module._student_tails(1.96, 200.1)
    assert near == pytest.approx(beyond, rel=0.05)
    assert beyond == pytest.approx(0.05, rel=1e-3)


def test_the_correction_by_hand() -> None:
    q_value = module._corrected(np.array([0.01, math.nan, 0.04, 0.03, 0.005]))
    assert q_value[[0, 2, 3, 4]].tolist() == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert math.isnan(q_value[1])


@given(p_value=st.lists(st.floats(0, 1), max_size=20))
def test_the_correction_decides_as_the_step_up_rule_does(p_value: list[float]) -> None:
    level, ordered = 0.05, sorted(p_value)
    below = [at for at, p in enumerate(ordered, 1) if p * len(ordered) / at <= level]
    expected = [bool(below) and p <= ordered[below[-1] - 1] for p in p_value]
    assert (module._corrected(np.array(p_value)) <= level).tolist() == expected


def test_the_short_bootstrap_has_the_distribution_of_the_long_one() -> None:
    chance, count, cut = np.random.default_rng(5), 50, 0.9
    values = np.sort(np.exp(chance.normal(8, 1, count)).astype(np.int64))
    place = module._place(count, cut) + 1
    uniform = chance.beta(place, count - place + 1, 20_000)
    short = values[np.minimum((uniform * count).astype(np.int64), count - 1)]
    samples = values[chance.integers(0, count, (20_000, count))]
    long = np.quantile(samples, cut, axis=1, method="higher")
    # The greatest distance of two distribution functions of 20000 each is above 0.0195 once in 1000 times.
    grid = np.unique(np.concatenate((short, long)))
    gap = np.searchsorted(np.sort(short), grid, "right") - np.searchsorted(np.sort(long), grid, "right")
    assert np.abs(gap).max() / 20_000 < 0.0195
