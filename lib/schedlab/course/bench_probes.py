"""What probes in the runtime cost: a program as it is, with counters, and with counters and events.

The worst case is goroutines that do next to nothing but hand a token on (``handoffs``); the typical ones do
a bit of everything (``trace_everything``) and compute (``parallel``). In every round each build of a program
takes its turn, in another order each time. What counts is the ratio to the plain build of the same round, and
the median of these ratios; the CPU time is what the program used, which a busy neighbour disturbs less.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from schedlab import process, toolchain
from schedlab.capture import probes
from schedlab.errors import UsageError

_CASES: dict[str, tuple[str, tuple[str, ...], int]] = {
    "ping-pong, 1 P": ("handoffs", ("-pairs", "1", "-exchanges", "600000"), 1),
    "ping-pong, 2 Ps": ("handoffs", ("-pairs", "8", "-exchanges", "600000"), 2),
    "a bit of everything": ("trace_everything", ("-samples=false",), 2),
    "computing": ("parallel", ("-rounds", "100000000"), 2),
}
# What counters may cost at most, in per cent of CPU time.
_GOAL = 3.0
_PLAIN = "plain"
_BUILDS = (_PLAIN, probes.Mode.COUNTERS.value, probes.Mode.RING.value)


@dataclass(frozen=True, slots=True)
class BenchRow:
    """One build of one program: medians of its ns, and of its ratios to the plain build.

    ``low`` and ``high`` are the quartiles of the ratio of CPU time.
    """

    case: str
    build: str
    cpu_ns: float
    wall_ns: float
    cpu_ratio: float
    low: float
    high: float
    wall_ratio: float

    @property
    def cost(self) -> float:
        """CPU time beyond that of the plain build, in per cent."""
        return 100 * (self.cpu_ratio - 1)


def run(
    *, rounds: int, cases: Sequence[str] = tuple(_CASES), arguments: Sequence[str] = ()
) -> tuple[BenchRow, ...]:
    """Measure these cases, three builds each; ``arguments`` follow those that a case has anyway.

    Raises:
        UsageError: fewer than two rounds, or an unknown case.
    """
    unknown = [case for case in cases if case not in _CASES]
    if unknown:
        raise UsageError(f"there is no case {unknown[0]!r}", remedy=f"There are: {', '.join(_CASES)}.")
    if rounds < 2:
        raise UsageError(f"{rounds} rounds make no median", remedy="Ask for 2 or more.")
    return tuple(row for case in cases for row in _measured(case, rounds, tuple(arguments)))


def main(argv: list[str]) -> int:
    """``./course bench probes [--rounds N]``: print the table."""
    parser = argparse.ArgumentParser(prog="./course bench probes", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="how often each build runs (default 15)")
    parser.add_argument("--case", action="append", choices=list(_CASES), help="only this one")
    given = parser.parse_args(argv)
    rows = run(rounds=given.rounds, cases=given.case or tuple(_CASES))
    print(f"{'program':<22}{'build':<10}{'CPU ms':>8}{'ms':>8}{'CPU ratio':>11}{'quartiles':>16}{'ratio':>8}")
    for row in rows:
        print(
            f"{row.case:<22}{row.build:<10}{row.cpu_ns / 1e6:>8.1f}{row.wall_ns / 1e6:>8.1f}"
            f"{row.cpu_ratio:>11.3f}{row.low:>8.3f}{row.high:>8.3f}{row.wall_ratio:>8.3f}"
        )
    for row in rows:
        if row.build == probes.Mode.COUNTERS:
            print(
                f"goal: counters in {row.case} cost ≤ {_GOAL:g} % of CPU time: {row.cost:.1f} %, "
                f"{'met' if row.cost <= _GOAL else 'not met'}"
            )
    return 0


def _measured(case: str, rounds: int, more: tuple[str, ...]) -> list[BenchRow]:
    sample, arguments, gomaxprocs = _CASES[case]
    binaries = {name: _built(sample, name) for name in _BUILDS}
    settings = process.GoSettings(gomaxprocs=gomaxprocs)
    cpu: dict[str, list[int]] = {name: [] for name in _BUILDS}
    wall: dict[str, list[int]] = {name: [] for name in _BUILDS}
    for round_ in range(rounds):
        turn = round_ % len(_BUILDS)
        for name in (*_BUILDS[turn:], *_BUILDS[:turn]):
            finished = process.run(binaries[name], (*arguments, *more), settings=settings).check()
            cpu[name].append(finished.user_ns + finished.system_ns)
            wall[name].append(finished.wall_ns)
    return [_row(case, name, cpu, wall) for name in _BUILDS]


def _built(sample: str, build: str) -> toolchain.Binary:
    return toolchain.build(sample) if build == _PLAIN else probes.build(sample, mode=build)


def _row(case: str, name: str, cpu: dict[str, list[int]], wall: dict[str, list[int]]) -> BenchRow:
    ratios = [own / plain for own, plain in zip(cpu[name], cpu[_PLAIN], strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return BenchRow(
        case=case,
        build=name,
        cpu_ns=statistics.median(cpu[name]),
        wall_ns=statistics.median(wall[name]),
        cpu_ratio=middle,
        low=low,
        high=high,
        wall_ratio=statistics.median(
            own / plain for own, plain in zip(wall[name], wall[_PLAIN], strict=True)
        ),
    )
