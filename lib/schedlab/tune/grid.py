"""The points of a sweep: settings of the Go runtime, and flags that load the program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from schedlab.errors import UsageError
from schedlab.process import GoSettings
from schedlab.tune.errors import GridInvalid

RUNTIME_AXES = ("gomaxprocs", "gogc", "gomemlimit")

# More points than anybody would wait for: a slip of the pen.
_MOST_POINTS = 10_000


@dataclass(frozen=True, slots=True)
class Point:
    """One combination. What is None is left to the runtime; ``load`` are flags of the program and values."""

    gomaxprocs: int | None = None
    gogc: int | str | None = None
    gomemlimit: str | None = None
    load: tuple[tuple[str, str], ...] = ()

    @property
    def settings(self) -> GoSettings:
        """With the collector's own report, from which its share of the Ps' time is read."""
        return GoSettings(
            gomaxprocs=self.gomaxprocs,
            gogc=self.gogc,  # type: ignore[arg-type]
            gomemlimit=self.gomemlimit,
            godebug={"gctrace": 1},
        )

    @property
    def flags(self) -> tuple[str, ...]:
        """``("-rate=500",)``."""
        return tuple(f"-{name}={value}" for name, value in self.load)

    def as_row(self) -> dict[str, Any]:
        """The point's own columns in a table, those that the runtime chose left out."""
        chosen = {name: getattr(self, name) for name in RUNTIME_AXES}
        return {name: value for name, value in chosen.items() if value is not None} | dict(self.load)

    def __str__(self) -> str:
        return (
            " ".join(f"{name}={value}" for name, value in self.as_row().items()) or "the runtime's defaults"
        )


def grid(
    axes: Mapping[str, Sequence[str | int]], load: Mapping[str, Sequence[str | int | float]] | None = None
) -> tuple[Point, ...]:
    """Every combination of ``axes`` (gomaxprocs, gogc, gomemlimit) and of ``load`` (flags of the program).

    Raises:
        GridInvalid: an unknown axis, an axis without values, a value twice or one that the runtime would
            ignore, or more than ten thousand points.
    """
    unknown = [name for name in axes if name not in RUNTIME_AXES]
    if unknown:
        raise GridInvalid(
            f"{unknown[0]!r} is no setting of the runtime that can be swept",
            remedy=f"The axes are {', '.join(RUNTIME_AXES)}; a flag of the program goes into load.",
        )
    flags = dict(load or {})
    for name, values in (*axes.items(), *flags.items()):
        if not values or len(set(values)) < len(values):
            raise GridInvalid(f"{name}: {', '.join(map(str, values)) or 'no value'}: give each value once")
    points = [
        _point(
            {**dict(zip(axes, chosen[: len(axes)], strict=True))},
            zip(flags, chosen[len(axes) :], strict=True),
        )
        for chosen in _combinations([*axes.values(), *flags.values()])
    ]
    return tuple(points)


def parse(texts: Iterable[str], what: str) -> dict[str, list[str]]:
    """``["gomaxprocs=1,2", "gogc=50,off"]`` by name.

    Raises:
        GridInvalid: a text is no ``name=value,value``, or a name stands twice.
    """
    found: dict[str, list[str]] = {}
    for text in texts:
        name, equals, values = text.partition("=")
        if not equals or not name.strip() or name in found:
            raise GridInvalid(f"{what} {text!r}: write it as name=value,value, each name once")
        found[name.strip().lstrip("-")] = [value.strip() for value in values.split(",") if value.strip()]
    return found


def _combinations(values: list[Sequence[Any]]) -> Iterable[tuple[Any, ...]]:
    number = 1
    for one in values:
        number *= len(one)
    if number > _MOST_POINTS:
        raise GridInvalid(f"the grid has {number} points, and {_MOST_POINTS} are the most")
    return product(*values)


def _point(chosen: dict[str, Any], load: Iterable[tuple[str, Any]]) -> Point:
    for name in ("gomaxprocs", "gogc"):
        text = str(chosen.get(name, ""))
        if text.isdigit():
            chosen[name] = int(text)
    point = Point(**chosen, load=tuple((name, str(value)) for name, value in load))
    try:
        _ = point.settings
    except UsageError as error:
        raise GridInvalid(f"the grid's point {point}: {error.message}", remedy=error.remedy) from error
    return point
