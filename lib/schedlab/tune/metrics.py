"""What is measured of a run, what is better, and goals and limits in these terms."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from schedlab.tune.errors import GridInvalid
from schedlab.view.wording import trimmed


@dataclass(frozen=True, slots=True)
class Metric:
    """``scale`` is how many of the table's own units (ns, bytes, shares) one shown ``unit`` is."""

    name: str
    about: str
    unit: str
    scale: float
    more_is_better: bool = False

    def shown(self, value: float) -> str:
        """``12.3 ms``; a value that was not measured is a dash."""
        if not math.isfinite(value):
            return "-"
        if self.unit == "ms":
            return _duration(value)
        return f"{trimmed(value / self.scale, 3)} {self.unit}".replace(" %", "%")


METRICS = {
    metric.name: metric
    for metric in (
        Metric("throughput", "operations per second", "/s", 1.0, more_is_better=True),
        Metric("p50", "median latency that the program reports", "ms", 1e6),
        Metric("p99", "99th percentile of the latency that the program reports", "ms", 1e6),
        Metric("rss", "largest resident memory", "MiB", float(1 << 20)),
        Metric("gc_share", "the collector's share of the Ps' time", "%", 0.01),
        Metric("runnable_p99", "99th percentile of the wait from runnable to running", "ms", 1e6),
        Metric("throttled", "time that threads waited for the CPU quota", "ms", 1e6),
        Metric("cpu", "processor time, user and system, per operation", "ms", 1e6),
    )
}

_SUFFIXES = {
    "": 1.0, "%": 0.01, "ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9,
    "KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30, "/s": 1.0,
}  # fmt: skip
_LIMIT = re.compile(r"(\w+)\s*(<=|>=)\s*([0-9.]+)\s*(\S*)")


def _duration(nanoseconds: float) -> str:
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if nanoseconds >= size:
            return f"{trimmed(nanoseconds / size, 3)} {unit}"
    return f"{nanoseconds:.0f} ns"


@dataclass(frozen=True, slots=True)
class Limit:
    """What a point must keep to: ``p99 <= 5ms``. ``value`` is in the table's units."""

    metric: Metric
    at_most: bool
    value: float

    def kept_by(self, value: float) -> bool:
        """Whether a measured value keeps it; one that was not measured does not."""
        return value <= self.value if self.at_most else value >= self.value

    def __str__(self) -> str:
        return f"{self.metric.name} {'<=' if self.at_most else '>='} {self.metric.shown(self.value)}"


def metric(name: str) -> Metric:
    """The metric of that name.

    Raises:
        GridInvalid: there is none.
    """
    if name not in METRICS:
        raise GridInvalid(f"there is no metric {name!r}", remedy=f"The metrics are {', '.join(METRICS)}.")
    return METRICS[name]


def limit(text: str) -> Limit:
    """``p99<=5ms``, ``rss<=64MiB``, ``gc_share<=10%``, ``throughput>=900``.

    Raises:
        GridInvalid: it is none of these.
    """
    match = _LIMIT.fullmatch(text.strip())
    if not match or match[4] not in _SUFFIXES:
        raise GridInvalid(
            f"{text!r} is no limit",
            remedy="Write it as p99<=5ms, rss<=64MiB, gc_share<=10% or throughput>=900.",
        )
    try:
        value = float(match[3]) * _SUFFIXES[match[4]]
    except ValueError as error:
        raise GridInvalid(f"{text!r}: {match[3]!r} is no number") from error
    return Limit(metric(match[1]), match[2] == "<=", value)
