"""How long a step takes: a fixed time, a distribution, or times that were measured."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from schedlab.sim.errors import BadWorkload

_UNITS: Final = {"ns": 1, "us": 1_000, "µs": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
_TIME: Final = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(ns|us|µs|ms|s)\s*")


@dataclass(frozen=True, slots=True)
class Uniform:
    """Any time from ``low_ns`` to ``high_ns`` is as likely."""

    low_ns: int
    high_ns: int

    def drawer(self, random: Random) -> Callable[[], int]:
        """A function that draws one, ns."""
        low, width = self.low_ns, self.high_ns - self.low_ns
        return lambda: low + int(width * random.random())

    def check(self) -> str:
        """What is wrong with it; empty if nothing is."""
        return (
            "" if 0 <= self.low_ns <= self.high_ns else f"from {self.low_ns} to {self.high_ns} ns is no range"
        )


@dataclass(frozen=True, slots=True)
class Exponential:
    """As between arrivals that know nothing of one another."""

    mean_ns: int

    def drawer(self, random: Random) -> Callable[[], int]:
        """A function that draws one, ns."""
        mean = self.mean_ns
        return lambda: int(-mean * math.log(1.0 - random.random()))

    def check(self) -> str:
        """What is wrong with it; empty if nothing is."""
        return "" if self.mean_ns >= 0 else f"a mean of {self.mean_ns} ns is negative"


@dataclass(frozen=True, slots=True)
class LogNormal:
    """Many short and a few long ones: by the median and the deviation of the logarithm."""

    median_ns: int
    spread: float

    def drawer(self, random: Random) -> Callable[[], int]:
        """A function that draws one, ns."""
        median, spread = self.median_ns, self.spread
        return lambda: int(median * math.exp(spread * random.gauss(0.0, 1.0)))

    def check(self) -> str:
        """What is wrong with it; empty if nothing is."""
        if self.median_ns >= 0 and 0 <= self.spread <= 10:
            return ""
        return f"a median of {self.median_ns} ns with a spread of {self.spread} is no distribution of times"


@dataclass(frozen=True, slots=True)
class Measured:
    """Times that were measured, ns, drawn at random, each as likely as any."""

    values_ns: tuple[int, ...]

    def drawer(self, random: Random) -> Callable[[], int]:
        """A function that draws one, ns."""
        values, count = self.values_ns, len(self.values_ns)
        return lambda: values[int(count * random.random())]

    def check(self) -> str:
        """What is wrong with it; empty if nothing is."""
        if not self.values_ns:
            return "there are no measured times"
        return "" if min(self.values_ns) >= 0 else f"a measured time of {min(self.values_ns)} ns is negative"


Duration = int | Uniform | Exponential | LogNormal | Measured


def fault(duration: Duration) -> str:
    """What is wrong with a duration; empty if nothing is."""
    if isinstance(duration, int):
        return "" if duration >= 0 else f"a duration of {duration} ns is negative"
    return duration.check()


def parsed(value: object, where: str) -> Duration:
    """A duration as YAML has it: ``100us``, or ``{uniform: [50us, 150us]}``, ``{exponential: 1ms}``,
    ``{lognormal: [20us, 0.5]}``, ``{measured: [98us, 101us]}``.

    Raises:
        BadWorkload: it is none; ``where`` is what the message begins with.
    """
    if isinstance(value, dict) and len(value) == 1:
        kind, inner = next(iter(value.items()))
        match kind, inner:
            case "uniform", [low, high]:
                return Uniform(time_ns(low, where), time_ns(high, where))
            case "exponential", mean:
                return Exponential(time_ns(mean, where))
            case "lognormal", [median, float() | int() as spread]:
                return LogNormal(time_ns(median, where), float(spread))
            case "measured", [*values]:
                return Measured(tuple(time_ns(one, where) for one in values))
        raise BadWorkload(
            f"{where}: {kind!r} with {inner!r} is no distribution",
            remedy="There are uniform: [low, high], exponential: mean, lognormal: [median, spread], "
            "measured: [times].",
        )
    return time_ns(value, where)


def time_ns(value: object, where: str) -> int:
    """``100us`` and the like in ns.

    Raises:
        BadWorkload: it is no time, or negative.
    """
    text = str(value)
    if text.strip().startswith("-"):
        raise BadWorkload(f"{where}: a duration of {text} is negative")
    match = _TIME.fullmatch(text)
    if match is None:
        raise BadWorkload(
            f"{where}: {value!r} is no time", remedy="Write a number and a unit: 100us, 1.5ms, 2s."
        )
    return round(float(match[1]) * _UNITS[match[2]])
