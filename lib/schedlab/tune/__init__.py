"""Sweeps over the runtime's settings: GOMAXPROCS, GOGC, GOMEMLIMIT, and the load of the program.

Fresh processes in blocks of random order, journaled run by run, with confidence for everything that is
said. A program tells its throughput and latency in its last line of JSON (``ops``, ``elapsed_ns``,
``p50_ns``, ``p99_ns``); one that prints no such line counts as one operation per run.
"""

from schedlab.tune.errors import (
    GridInvalid,
    NothingMeasured,
    StudyDamaged,
    StudyDiffers,
    StudyExists,
)
from schedlab.tune.grid import Point, grid
from schedlab.tune.measure import Run
from schedlab.tune.metrics import METRICS, Limit, Metric, limit
from schedlab.tune.picture import front, surface
from schedlab.tune.plan import Plan, Task
from schedlab.tune.study import Interval, Recommendation, Study
from schedlab.tune.sweep import ClusterLost, ProgramFails

__all__ = [
    "METRICS",
    "ClusterLost",
    "GridInvalid",
    "Interval",
    "Limit",
    "Metric",
    "NothingMeasured",
    "Plan",
    "Point",
    "ProgramFails",
    "Recommendation",
    "Run",
    "Study",
    "StudyDamaged",
    "StudyDiffers",
    "StudyExists",
    "Task",
    "front",
    "grid",
    "limit",
    "surface",
]
