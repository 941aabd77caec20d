"""What a study says: a tidy table, medians with confidence, the Pareto front, a recommendation."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from schedlab import toolchain
from schedlab.tune.errors import NothingMeasured
from schedlab.tune.grid import Point
from schedlab.tune.journal import Journal
from schedlab.tune.measure import Run
from schedlab.tune.metrics import METRICS, Limit, Metric, metric
from schedlab.tune.plan import Plan, prepare
from schedlab.tune.sweep import connected, missing, sweep_here, sweep_on

if TYPE_CHECKING:
    import pandas as pd

# The field of a run that each metric is read from.
_FIELDS = {
    "throughput": "throughput", "p50": "p50_ns", "p99": "p99_ns", "rss": "rss_bytes", "gc_share": "gc_share",
    "runnable_p99": "runnable_p99_ns", "throttled": "throttled_ns", "cpu": "cpu_ns",
}  # fmt: skip

_RESAMPLES = 2000
_SEED = 7


@dataclass(frozen=True, slots=True)
class Interval:
    """The median over blocks with its 95 % bootstrap interval, in the table's units."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Recommendation:
    """``point`` is the best in the median among those that keep the limits.

    ``best_share`` is the share of resampled studies in which it is the best. ``as_good`` are points that the
    study does not tell from it: in more than 5 % of the resampled studies they are at least as good.
    ``kept`` counts the points that keep the limits, of ``of`` that were measured.
    """

    metric: Metric
    limits: tuple[Limit, ...]
    point: Point
    interval: Interval
    best_share: float
    as_good: tuple[Point, ...]
    kept: int
    of: int

    def __str__(self) -> str:
        said = (
            f"{self.point}: {self.metric.name} {self.metric.shown(self.interval.median)} "
            f"[{self.metric.shown(self.interval.low)}, {self.metric.shown(self.interval.high)}]; "
            f"the best in {self.best_share:.0%} of resampled studies"
        )
        if self.limits:
            said += f"; {self.kept} of {self.of} points keep {' and '.join(map(str, self.limits))}"
        if self.as_good:
            said += f"; not told from it: {'; '.join(map(str, self.as_good))}"
        return said


class Study:
    """A sweep and its results. What is measured is on disk, in ``folder``, from the moment it is."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    @classmethod
    def begin(
        cls,
        program: str | os.PathLike[str],
        points: Sequence[Point],
        folder: Path,
        *,
        arguments: Sequence[str] = (),
        repeats: int = 5,
        seed: int = 1,
        quota_cpus: float | None = None,
        warm_up: int = 1,
        wall_limit_s: float = 120.0,
        using: toolchain.Toolchain | None = None,
    ) -> Study:
        """Build ``program`` and put the plan down; nothing is run yet.

        Raises:
            StudyExists: the folder holds a study.
            GridInvalid: no points, no repeats.
            SampleNotFound, CompileError, CCompilerNotFound: as ``toolchain.build``.
        """
        binary, built = prepare(program, using=using)
        plan = Plan(
            os.fspath(program), built, binary.toolchain.release, tuple(arguments), tuple(points),
            repeats, seed, quota_cpus, warm_up, wall_limit_s,
        )  # fmt: skip
        return cls(Journal.begin(folder, plan, binary))

    @classmethod
    def open(cls, folder: Path) -> Study:
        """A study that was begun earlier.

        Raises:
            StudyDamaged: there is none.
        """
        return cls(Journal.open(folder))

    @property
    def folder(self) -> Path:
        return self._journal.folder

    @property
    def plan(self) -> Plan:
        return self._journal.plan

    @property
    def left(self) -> int:
        """How many runs are still to be made."""
        return len(missing(self._journal))

    def run(self, on_run: Callable[[Run], None] = lambda _: None, *, scheduler: str | None = None) -> Study:
        """Make the missing runs: here, or on a Dask cluster (``"local"``, or the scheduler's address).

        Raises:
            ClusterLost: the cluster went away; what was measured is kept.
            ProgramFails: each of the first runs failed.
        """
        if scheduler is None:
            sweep_here(self._journal, on_run)
        else:
            with connected(scheduler) as client:
                sweep_on(client, self._journal, on_run)
        return self

    def runs(self) -> list[Run]:
        """All runs so far."""
        return self._journal.runs()

    def table(self) -> pd.DataFrame:
        """A row per run: the point's settings, then what was measured, in ns, bytes and shares."""
        import pandas as pd

        rows = [{**self.plan.points[run.point].as_row(), **asdict(run)} for run in self.runs()]
        return pd.DataFrame(rows)

    def failures(self) -> dict[Point, str]:
        """The points at which a run failed, and what the first of these said."""
        found: dict[Point, str] = {}
        for run in self.runs():
            if run.error:
                found.setdefault(self.plan.points[run.point], run.error)
        return found

    def interval(self, point: Point, name: str) -> Interval:
        """The median of a metric at a point over the blocks, with its confidence.

        Raises:
            NothingMeasured: no run of that point has this number.
            GridInvalid: there is no such metric.
        """
        values = self._values(metric(name))[self.plan.points.index(point)]
        measured = values[np.isfinite(values)]
        if not len(measured):
            raise NothingMeasured(f"no run at {point} measured {name}")
        return _interval(measured)

    def summary(self) -> pd.DataFrame:
        """A row per point: the median of each metric, and its interval in ``…_low`` and ``…_high``."""
        import pandas as pd

        rows = []
        for index, point in enumerate(self.plan.points):
            row: dict[str, Any] = dict(point.as_row())
            for name in METRICS:
                values = self._values(METRICS[name])[index]
                measured = values[np.isfinite(values)]
                found = _interval(measured) if len(measured) else Interval(np.nan, np.nan, np.nan)
                row |= {name: found.median, f"{name}_low": found.low, f"{name}_high": found.high}
            rows.append(row)
        return pd.DataFrame(rows)

    def in_units(self, *names: str) -> pd.DataFrame:
        """A row per point: the medians of these metrics, in the unit that each column's name gives.

        Raises:
            GridInvalid: there is no such metric.
        """
        import pandas as pd

        wanted = [metric(name) for name in names]
        settings = pd.DataFrame([point.as_row() for point in self.plan.points])
        medians = {f"{one.name} ({one.unit})": self._medians(one) / one.scale for one in wanted}
        return settings.assign(**medians)

    def pareto(self, names: Sequence[str] = ("throughput", "p99", "rss")) -> tuple[Point, ...]:
        """The points to which no other is at least as good in all of these metrics, and better in one.

        By medians; metrics that no run measured are left out.
        """
        columns = [_as_costs(m, self._medians(m)) for m in map(metric, names)]
        costs = np.array([column for column in columns if np.isfinite(column).any()]).T
        whole = [i for i, row in enumerate(costs) if np.isfinite(row).all()]
        return tuple(
            self.plan.points[i] for i in whole if not any(_dominates(costs[j], costs[i]) for j in whole)
        )

    def recommend(self, goal: str = "throughput", limits: Sequence[Limit] = ()) -> Recommendation:
        """The best point for ``goal`` among those whose medians keep the limits, with what is not known.

        The blocks are drawn again with replacement, all points of a block together, so that what slowed a
        whole block down does not count as a difference between points.

        Raises:
            NothingMeasured: no point was measured, or none keeps the limits (and how near one came).
        """
        wanted = metric(goal)
        medians = self._medians(wanted)
        kept = np.isfinite(medians)
        of = int(kept.sum())
        for one in limits:
            kept &= np.array([one.kept_by(value) for value in self._medians(one.metric)])
        if not kept.any():
            raise NothingMeasured(self._nearest(limits) if of else f"no run measured {goal}")
        chosen = np.flatnonzero(kept)
        costs = _as_costs(wanted, self._values(wanted))[chosen]
        resampled = _resampled_medians(costs)
        best = int(chosen[np.argmin(_as_costs(wanted, medians)[chosen])])
        at = int(np.flatnonzero(chosen == best)[0])
        share = float(np.mean(resampled[:, at] <= np.nanmin(resampled, axis=1)))
        as_good = [
            self.plan.points[chosen[i]]
            for i in range(len(chosen))
            if i != at and np.mean(resampled[:, i] <= resampled[:, at]) > 0.05
        ]
        interval = self.interval(self.plan.points[best], goal)
        return Recommendation(
            wanted, tuple(limits), self.plan.points[best], interval, share, tuple(as_good), len(chosen), of
        )

    def _values(self, wanted: Metric) -> NDArray[np.float64]:
        """float64, a row per point, a column per block; NaN where there is no number."""
        found = np.full((len(self.plan.points), self.plan.repeats), np.nan)
        for run in self.runs():
            value = float(getattr(run, _FIELDS[wanted.name]))
            if not run.error and value >= 0:
                found[run.point, run.block] = value
        return found

    def _medians(self, wanted: Metric) -> NDArray[np.float64]:
        values = self._values(wanted)
        found = np.full(len(values), np.nan)
        some = np.isfinite(values).any(axis=1)
        found[some] = np.nanmedian(values[some], axis=1)
        return found

    def _nearest(self, limits: Sequence[Limit]) -> str:
        said = []
        for one in limits:
            medians = self._medians(one.metric)
            measured = medians[np.isfinite(medians)]
            nearest = (measured.min() if one.at_most else measured.max()) if len(measured) else np.nan
            said.append(f"{one} (nearest: {one.metric.shown(float(nearest))})")
        return f"no point keeps {' and '.join(said)}"


def _interval(values: NDArray[np.float64]) -> Interval:
    drawn = np.random.default_rng(_SEED).integers(0, len(values), (_RESAMPLES, len(values)))
    medians = np.median(values[drawn], axis=1)
    low, high = np.percentile(medians, [2.5, 97.5])
    return Interval(float(np.median(values)), float(low), float(high))


def _resampled_medians(costs: NDArray[np.float64]) -> NDArray[np.float64]:
    """A row per resampled study, a column per point; infinite where all drawn runs of a point failed."""
    blocks = costs.shape[1]
    drawn = np.random.default_rng(_SEED).integers(0, blocks, (_RESAMPLES, blocks))
    found = np.where(np.isnan(costs), np.inf, costs)[:, drawn]
    medians: NDArray[np.float64] = np.median(found, axis=2).T
    return medians


def _as_costs(wanted: Metric, values: NDArray[np.float64]) -> NDArray[np.float64]:
    return -values if wanted.more_is_better else values


def _dominates(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    return bool(np.all(one <= other) and np.any(one < other))


__all__ = ["Interval", "Recommendation", "Study"]
