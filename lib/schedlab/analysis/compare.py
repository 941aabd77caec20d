"""Before and after: what became slower or faster, beyond what runs differ by themselves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from schedlab.analysis._common import Floats, Integers
from schedlab.analysis._groups import Groups, groups
from schedlab.analysis._lives import functions
from schedlab.errors import UsageError
from schedlab.timeline import OPEN_END, OPEN_START, Lane, MarkKind, State, Timeline

if TYPE_CHECKING:
    import pandas as pd

RUNNING = "running"
RUNNABLE = "runnable"
WAITING = "waiting"
REGION = "region"

SLOWER = "slower"
FASTER = "faster"
NO_DIFFERENCE = "no difference beyond noise"
TOO_FEW = "too few to tell"

_MEASURES = {RUNNING: State.RUNNING, RUNNABLE: State.RUNNABLE, WAITING: State.WAITING}
_TAIL = 5
_NEARLY_NORMAL = 200
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(128)


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """One row per measure, name and quantile; durations in ns.

    ``measure``: "running", "runnable", "waiting" (spans of goroutines, ``name`` is their start function,
    None if it is not known) or "region" (``name`` is the region's). Counts and totals are of all runs of a
    side together; ``before_ns`` and ``after_ns`` are the quantile, the (geometric) mean of the runs' own;
    ``ratio`` is after / before with the band ``low`` to ``high`` that holds it with probability ``1 -
    level`` if nothing but noise is at work; ``difference_ns`` is after - before. 0 ns is taken as 1 ns in
    ratios. NaN where it was not tested.

    ``noise`` says against what the ratio was held. "between runs": runs of a side differ from one another,
    and Welch's t-test on the logarithms of the runs' quantiles takes account of it; ``spread`` is how much
    more they differ than the sample size alone explains (1: nothing but that; far above 1: the machine or
    the program varies from run to run). "within one run": there was but one run of a side, so only the
    bootstrap within the run is known, as if its durations had nothing to do with one another. The next run
    may differ by more: **such a verdict is about these two runs, not about the two programs**.

    ``p_value`` is that of the row by itself. ``q_value`` is after the correction for having looked at all
    ``tested`` rows (Benjamini and Hochberg, 1995), and it decides: ``verdict`` is "slower" (longer) or
    "faster" (shorter) if ``q_value`` <= ``level``, else "no difference beyond noise"; "too few to tell" if
    there are too few durations, or runs, for the quantile.

    ``only_before`` and ``only_after`` list (measure, name) that just one side has: no row is made of them.
    """

    measure: npt.NDArray[np.object_]
    name: npt.NDArray[np.object_]
    quantile: Floats
    before_count: Integers
    after_count: Integers
    before_total_ns: Integers
    after_total_ns: Integers
    before_ns: Floats
    after_ns: Floats
    ratio: Floats
    low: Floats
    high: Floats
    difference_ns: Floats
    p_value: Floats
    q_value: Floats
    spread: Floats
    verdict: npt.NDArray[np.object_]
    noise: Literal["between runs", "within one run"]
    runs: tuple[int, int]
    tested: int
    level: float
    only_before: tuple[tuple[str, str | None], ...]
    only_after: tuple[tuple[str, str | None], ...]

    def to_pandas(self) -> pd.DataFrame:
        """The rows; what was not tested is NaN."""
        import pandas as pd

        return pd.DataFrame({name: getattr(self, name) for name in _COLUMNS})

    def __str__(self) -> str:
        counts = ", ".join(
            f"{int((self.verdict == word).sum())} {word}" for word in (SLOWER, FASTER, NO_DIFFERENCE, TOO_FEW)
        )
        return f"{self.runs[0]} runs before, {self.runs[1]} after; noise {self.noise}: {counts}"


_COLUMNS = (
    "measure",
    "name",
    "quantile",
    "before_count",
    "after_count",
    "before_total_ns",
    "after_total_ns",
    "before_ns",
    "after_ns",
    "ratio",
    "low",
    "high",
    "difference_ns",
    "p_value",
    "q_value",
    "spread",
    "verdict",
)


def compare(
    before: Timeline | Sequence[Timeline],
    after: Timeline | Sequence[Timeline],
    *,
    quantiles: Sequence[float] = (0.5, 0.9, 0.99),
    level: float = 0.05,
    resamples: int = 10_000,
    seed: int = 0,
) -> Comparison:
    """Compare two timelines, or repeats of two programs, by function and by region.

    Give five or more runs of each side, taken in turns; with one of either only the noise within a run is
    known. Spans that begin or end outside of the capture are left out. ``resamples`` and ``seed`` are the
    bootstrap's; the same seed gives the same result.

    Raises:
        UsageError: a side has no run, or a number makes no sense.
    """
    sides = tuple([side] if isinstance(side, Timeline) else list(side) for side in (before, after))
    _check(sides, quantiles, level, resamples)
    measured = tuple([_measure(run) for run in side] for side in sides)
    names = [sorted({key for run in side for key in run}, key=_by_words) for side in measured]
    shared = sorted(set(names[0]) & set(names[1]), key=_by_words)
    repeated = min(len(side) for side in sides) > 1
    chance = np.random.default_rng(seed)
    rows = []
    for key in shared:
        durations = [[run[key] for run in side if key in run] for side in measured]
        for cut in quantiles:
            tested = (
                _between(durations, cut, level)
                if repeated
                else _within(durations, cut, level, resamples, chance)
            )
            rows.append((key, cut, durations, tested))
    return _comparison(
        rows,
        noise="between runs" if repeated else "within one run",
        runs=(len(sides[0]), len(sides[1])),
        level=level,
        only=(
            tuple(key for key in names[0] if key not in set(shared)),
            tuple(key for key in names[1] if key not in set(shared)),
        ),
    )


Key = tuple[str, str | None]


def _by_words(key: Key) -> tuple[str, str]:
    """To sort by."""
    return key[0], key[1] or "unknown"


@dataclass(frozen=True, slots=True)
class _Tested:
    """Logarithms (of ns) of both sides' quantile, and what a test made of their difference."""

    before: float
    after: float
    low: float = math.nan
    high: float = math.nan
    p_value: float = math.nan
    spread: float = math.nan


_Row = tuple[Key, float, list[list[Integers]], _Tested]


def _check(
    sides: tuple[list[Timeline], ...], quantiles: Sequence[float], level: float, resamples: int
) -> None:
    for side, word in zip(sides, ("before", "after"), strict=True):
        if not side:
            raise UsageError(f"no run {word}", remedy="Give a timeline, or a list of them.")
    if not all(0 < cut < 1 for cut in quantiles) or not 0 < level < 1:
        raise UsageError("quantiles and level are between 0 and 1", remedy="The median is 0.5.")
    if resamples < 100:
        raise UsageError(f"{resamples} resamples say nothing", remedy="Give 100 or more.")


def _measure(timeline: Timeline) -> dict[Key, Integers]:
    """Sorted durations of everything that is compared."""
    known = functions(timeline)
    spans, marks = timeline.spans, timeline.marks
    lane, state = np.asarray(spans["lane"]), np.asarray(spans["state"])
    whole = (lane == int(Lane.GOROUTINE)) & ((np.asarray(spans["flags"]) & (OPEN_START | OPEN_END)) == 0)
    found: dict[Key, Integers] = {}
    for measure, wanted in _MEASURES.items():
        rows = np.flatnonzero(whole & (state == int(wanted)))
        code = known.code[np.asarray(spans["id"])[rows]]
        _add(found, measure, groups(code, np.asarray(spans["dur"])[rows]), known.names)
    regions = (np.asarray(marks["kind"]) == int(MarkKind.REGION)) & (
        (np.asarray(marks["flags"]) & (OPEN_START | OPEN_END)) == 0
    )
    _add(found, REGION, groups(marks["name"][regions], marks["dur"][regions]), timeline.texts)
    return found


def _add(found: dict[Key, Integers], measure: str, durations: Groups, names: Sequence[str | None]) -> None:
    for at, code in enumerate(durations.key.tolist()):
        key, values = (measure, names[code]), durations.of(at)
        found[key] = np.sort(np.concatenate((found[key], values))) if key in found else values


def _between(durations: list[list[Integers]], cut: float, level: float) -> _Tested:
    """Welch's t-test of the runs' quantiles, as logarithms."""
    need = math.ceil(round(1 / min(cut, 1 - cut), 6))
    chosen = [[values for values in side if len(values) >= need] for side in durations]
    if min(len(side) for side in chosen) < 2:
        return _Tested(*(_mean([_log_quantile(values, cut) for values in side]) for side in durations))
    logs = [np.array([_log_quantile(values, cut) for values in side]) for side in chosen]
    before, after = (float(values.mean()) for values in logs)
    between = [float(values.var(ddof=1)) for values in logs]
    within = [_mean([_sampling_variance(values, cut) for values in side]) for side in chosen]
    # Two runs may agree by chance, but a mean of runs is never surer than what the runs were drawn from.
    parts = [max(b, w) / len(values) for b, w, values in zip(between, within, logs, strict=True)]
    error = math.sqrt(sum(parts))
    spread = math.sqrt(sum(between) / sum(within)) if sum(within) > 0 else math.nan
    if error == 0:
        return _Tested(before, after, 0.0, 0.0, 1.0 if before == after else 0.0, spread)
    freedom = error**4 / sum(part**2 / (len(values) - 1) for part, values in zip(parts, logs, strict=True))
    reach = _student_quantile(level, freedom) * error
    p_value = _student_tails(abs(after - before) / error, freedom)
    return _Tested(before, after, -reach, reach, p_value, spread)


def _within(
    durations: list[list[Integers]], cut: float, level: float, resamples: int, chance: np.random.Generator
) -> _Tested:
    """The bootstrap of the quantile within each run, without drawing the durations.

    The k-th smallest of n draws from a sorted sample is at the place n * U, where U is the k-th smallest of
    n uniform numbers, and that is Beta(k, n - k + 1): one number instead of n, and the same distribution.
    """
    before, after = (_mean([_log_quantile(values, cut) for values in side]) for side in durations)
    if any(len(values) * min(cut, 1 - cut) < _TAIL for side in durations for values in side):
        return _Tested(before, after)
    drawn = []
    for side in durations:
        logs = np.zeros(resamples)
        for values in side:
            place = _place(len(values), cut) + 1
            uniform = chance.beta(place, len(values) - place + 1, resamples)
            at = np.minimum((uniform * len(values)).astype(np.int64), len(values) - 1)
            logs += np.log(np.maximum(values[at], 1))
        drawn.append(logs / len(side))
    shift = drawn[1] - drawn[0]
    tail = min(int((shift <= 0).sum()), int((shift >= 0).sum()))
    low, high = np.quantile(shift - (after - before), [level / 2, 1 - level / 2])
    return _Tested(
        before, after, float(min(low, 0.0)), float(max(high, 0.0)), min(1.0, 2 * (tail + 1) / (resamples + 1))
    )


def _comparison(
    rows: list[_Row],
    *,
    noise: Literal["between runs", "within one run"],
    runs: tuple[int, int],
    level: float,
    only: tuple[tuple[Key, ...], tuple[Key, ...]],
) -> Comparison:
    tests = [tested for _, _, _, tested in rows]
    p_value = _column(tested.p_value for tested in tests)
    q_value = _corrected(p_value)
    before = np.exp(_column(tested.before for tested in tests))
    after = np.exp(_column(tested.after for tested in tests))
    counts, totals = (
        np.array(
            [[sum(int(of(values)) for values in side) for side in durations] for _, _, durations, _ in rows],
            dtype=np.int64,
        ).reshape(-1, 2)
        for of in (len, np.sum)
    )
    verdict = np.select(
        [np.isnan(q_value), q_value > level, after > before], [TOO_FEW, NO_DIFFERENCE, SLOWER], default=FASTER
    )
    return Comparison(
        measure=np.array([key[0] for key, _, _, _ in rows], dtype=object),
        name=np.array([key[1] for key, _, _, _ in rows], dtype=object),
        quantile=_column(cut for _, cut, _, _ in rows),
        before_count=counts[:, 0],
        after_count=counts[:, 1],
        before_total_ns=totals[:, 0],
        after_total_ns=totals[:, 1],
        before_ns=before,
        after_ns=after,
        ratio=after / before,
        low=np.exp(_column(tested.low for tested in tests)),
        high=np.exp(_column(tested.high for tested in tests)),
        difference_ns=after - before,
        p_value=p_value,
        q_value=q_value,
        spread=_column(tested.spread for tested in tests),
        verdict=verdict.astype(object),
        noise=noise,
        runs=runs,
        tested=int((~np.isnan(p_value)).sum()),
        level=level,
        only_before=only[0],
        only_after=only[1],
    )


def _corrected(p_value: Floats) -> Floats:
    """Benjamini and Hochberg's false discovery rate of each p-value; NaN is not a test."""
    q_value = np.full(len(p_value), math.nan)
    known = np.flatnonzero(~np.isnan(p_value))
    order = known[np.argsort(p_value[known], kind="stable")]
    if len(order):
        raised = p_value[order] * len(order) / np.arange(1, len(order) + 1)
        q_value[order] = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1.0)
    return q_value


def _place(count: int, cut: float) -> int:
    return math.ceil((count - 1) * cut)


def _log_quantile(values: Integers, cut: float) -> float:
    return math.log(max(int(values[_place(len(values), cut)]), 1))


def _sampling_variance(values: Integers, cut: float) -> float:
    """Of the logarithm of a quantile, from the ranks one standard deviation to either side."""
    count = len(values)
    reach = math.sqrt(count * cut * (1 - cut))
    low = max(math.floor(count * cut - reach), 0)
    high = min(math.ceil(count * cut + reach), count - 1)
    return ((math.log(max(int(values[high]), 1)) - math.log(max(int(values[low]), 1))) / 2) ** 2


def _student_tails(value: float, freedom: float) -> float:
    """The probability that a Student's t is further from 0 than ``value``; numpy draws t, but knows no tails.

    With t = sqrt(freedom) * tan(angle) the density is cos(angle) ** (freedom - 1), which is integrated.
    """
    if freedom > _NEARLY_NORMAL:
        return math.erfc(value / math.sqrt(2))
    first = math.atan(value / math.sqrt(freedom))
    half = (math.pi / 2 - first) / 2
    tail = half * float((_WEIGHTS * np.cos(first + half * (_NODES + 1)) ** (freedom - 1)).sum())
    whole = math.sqrt(math.pi) / 2 * math.exp(math.lgamma(freedom / 2) - math.lgamma((freedom + 1) / 2))
    return min(tail / whole, 1.0)


def _student_quantile(level: float, freedom: float) -> float:
    """How far from 0 a Student's t is with probability ``level``, by bisection."""
    low, high = 0.0, 1.0
    while _student_tails(high, freedom) > level:
        high *= 2
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if _student_tails(middle, freedom) > level else (low, middle)
    return high


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _column(values: Iterable[float]) -> Floats:
    return np.array([*values], dtype=np.float64)
