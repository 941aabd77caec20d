"""How quickly X-ray reads a live program, and what that costs the program, beside schedtrace and profiles.

The target computes, or hands numbers from goroutine to goroutine as fast as it can, with others that wait for
ever beside them, and counts. Each way of looking takes its turn next to a run without it; the slowdown is the
median of the pairs' ratios, because a busy machine slows both.

X-ray works in a process of its own. Where a CPU is free for that, the target pays for what is done to its
memory; where none is, also for the CPU time that X-ray takes away from it. "Nothing but waking up" is a
process that wakes as often and looks at nothing: so much of the price is for waking at all.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from signal import SIGUSR1
from tempfile import TemporaryDirectory

from schedlab import process, toolchain
from schedlab.capture import xray
from schedlab.errors import UsageError
from schedlab.process.running import OnLine

_MAIN = """package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"
	"time"
)

func main() {
	idle := flag.Int("idle", 0, "goroutines that wait for ever")
	length := flag.Duration("for", time.Second, "how long to work")
	profiles := flag.Duration("profiles", 0, "take a goroutine profile that often")
	spin := flag.Bool("spin", false, "compute, without handing over")
	flag.Parse()
	never := make(chan int)
	for i := 0; i < *idle; i++ {
		go func() { <-never }()
	}
	taken := 0
	if *profiles > 0 {
		go func() {
			for range time.Tick(*profiles) {
				if pprof.Lookup("goroutine").WriteTo(io.Discard, 0) == nil {
					taken++
				}
			}
		}()
	}
	numbers := make(chan int)
	if !*spin {
		go func() {
			for n := range numbers {
				numbers <- n + 1
			}
		}()
	}
	wanted := make(chan os.Signal, 1)
	signal.Notify(wanted, syscall.SIGUSR1)
	fmt.Println(`{"ready":true}`)
	<-wanted
	done, x := 0, uint64(1)
	for end := time.Now().Add(*length); time.Now().Before(end); done++ {
		for i := 0; i < 20; i++ {
			if *spin {
				for j := 0; j < 1000; j++ {
					x = x*6364136223846793005 + 1442695040888963407
				}
			} else {
				numbers <- i
				<-numbers
			}
		}
	}
	fmt.Printf("{\\"done\\":%d,\\"profiles\\":%d,\\"x\\":%d}\\n", done, taken, x%2)
}
"""
# What the issue that X-ray was made for asks for, on the machine that BENCHMARKS.md names.
_GOAL_PS_US = 30
_GOAL_PER_S = 5000
_GOAL_SLOWDOWN = 1.0
_GOAL_GS_US = {10_000: 4_000, 100_000: 50_000}
_GOAL_HZ = 1000
_PATIENCE_S = 60.0

_PS_AND_MS = "Ps and Ms, one try"
_EVERYTHING = "Ps, Ms and Gs"
_AS_OFTEN_AS_CAN_BE = "Ps and Ms, sampled as often as can be"
_CHEAPEST = "X-ray of Ps and Ms"

Done = tuple[int, float, int]
"""What the target did, its CPU time in ns, and how many looks there were."""


@dataclass(frozen=True, slots=True)
class ReadRow:
    """Median time of a snapshot, in µs, how many there were in a second, and which part of them was torn.

    ``cpu_us`` is the CPU time that the reader used for each. The program of 8 Ps leaves no CPU free: where
    the median is much more than that, the reader waited for a CPU.
    """

    what: str
    median_us: float
    cpu_us: float
    per_s: float
    torn: float


@dataclass(frozen=True, slots=True)
class CostRow:
    """A way of looking at a program ``hz`` times a second: looks that there were, slowdown in per cent.

    ``cpu`` is by how much more CPU time the program used for the same work, in per cent.
    """

    way: str
    target: str
    hz: float
    looks_per_s: float
    slowdown: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure beside the one to reach: at most, or with ``at_least`` at least."""

    what: str
    figure: float
    goal: float
    unit: str
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether it is reached."""
        return self.figure >= self.goal if self.at_least else self.figure <= self.goal


def run(
    *, goroutines: int, hz: float, pairs: int, seconds: float
) -> tuple[tuple[ReadRow, ...], tuple[CostRow, ...]]:
    """Measure with so many waiting goroutines.

    Raises:
        UsageError: less than one goroutine, pair or look, or no time.
    """
    if goroutines < 1 or pairs < 1 or not 0 < seconds < 600 or not 1 <= hz <= 10_000:
        raise UsageError("no such benchmark", remedy="Up to 10000 looks a second, for up to 600 seconds.")
    with TemporaryDirectory(prefix="schedlab-bench-") as folder:
        target = Path(folder) / "target"
        target.mkdir()
        (target / "go.mod").write_text("module target\n\ngo 1.21\n", encoding="utf-8")
        (target / "main.go").write_text(_MAIN, encoding="utf-8")
        binary = toolchain.build(target)
        return _reads(binary, goroutines, seconds), _costs(binary, goroutines, hz, pairs, seconds)


def goals(reads: tuple[ReadRow, ...], costs: tuple[CostRow, ...], goroutines: int) -> tuple[Goal, ...]:
    """The goals that these rows can be held against."""
    read, cost = {row.what: row for row in reads}, {row.way: row for row in costs}
    found = [
        Goal("all Ps and Ms at GOMAXPROCS 8, median", read[_PS_AND_MS].median_us, _GOAL_PS_US, "µs"),
        Goal(
            "the same, as often as can be", read[_AS_OFTEN_AS_CAN_BE].per_s, _GOAL_PER_S, "/s", at_least=True
        ),
    ]
    if goroutines in _GOAL_GS_US:
        what = f"with {goroutines:,} goroutines, median"
        found.append(Goal(what, read[_EVERYTHING].median_us, _GOAL_GS_US[goroutines], "µs"))
    if cost[_CHEAPEST].hz == _GOAL_HZ:
        found.append(Goal("slowdown of the target at 1,000/s", cost[_CHEAPEST].slowdown, _GOAL_SLOWDOWN, "%"))
    return tuple(found)


def main(argv: list[str]) -> int:
    """``./course bench xray [--goroutines N…] [--hz N] [--pairs N] [--seconds S]``: print the tables."""
    parser = argparse.ArgumentParser(prog="./course bench xray", description=__doc__)
    parser.add_argument("--goroutines", type=int, nargs="+", default=[100, 10_000, 100_000], metavar="N")
    parser.add_argument("--hz", type=float, default=1000, metavar="N", help="looks a second (default 1000)")
    parser.add_argument("--pairs", type=int, default=5, metavar="N", help="pairs of runs of each way (5)")
    parser.add_argument("--seconds", type=float, default=1.0, metavar="S", help="length of each run (1)")
    given = parser.parse_args(argv)
    for goroutines in given.goroutines:
        reads, costs = run(goroutines=goroutines, hz=given.hz, pairs=given.pairs, seconds=given.seconds)
        _show(goroutines, reads, costs)
    return 0


def _show(goroutines: int, reads: tuple[ReadRow, ...], costs: tuple[CostRow, ...]) -> None:
    print(f"{goroutines:,} goroutines")
    print(f"{'snapshot of':<46}{'median µs':>11}{'CPU µs':>10}{'in a second':>13}{'torn':>7}")
    for read in reads:
        print(
            f"{read.what:<46}{read.median_us:>11,.1f}{read.cpu_us:>10,.1f}{read.per_s:>13,.0f}{read.torn:>7.0%}"
        )
    print(f"{'way of looking':<34}{'at one that':<28}{'asked/s':>9}{'looks/s':>9}{'slower by':>11}{'CPU':>8}")
    for cost in costs:
        print(
            f"{cost.way:<34}{cost.target:<28}{cost.hz:>9,.0f}{cost.looks_per_s:>9,.0f}"
            f"{cost.slowdown:>10.1f}%{cost.cpu:>+7.1f}%"
        )
    for goal in goals(reads, costs, goroutines):
        sign = "≥" if goal.at_least else "≤"
        print(
            f"goal: {goal.what} {sign} {goal.goal:,g} {goal.unit}: {goal.figure:,.1f} {goal.unit}, "
            f"{'met' if goal.met else 'not met'}"
        )
    print()


def _reads(binary: toolchain.Binary, goroutines: int, seconds: float) -> tuple[ReadRow, ...]:
    """On a program with 8 Ps that works."""
    settings = process.GoSettings(gomaxprocs=8)
    arguments = ["-idle", str(goroutines), "-for", "300s"]
    with process.start(binary, arguments, settings=settings, wall_limit_s=400) as live:
        live.wait_for_line("ready", timeout_s=_PATIENCE_S)
        live.send_signal(SIGUSR1)
        with xray.attach(live.pid) as seen:
            ways: dict[str, Callable[[], xray.Snapshot]] = {
                _PS_AND_MS: lambda: seen.snapshot(gs=False, tries=1),
                "Ps and Ms, until not torn": lambda: seen.snapshot(gs=False),
                _EVERYTHING: lambda: seen.snapshot(tries=1),
                "Ps, Ms, Gs and the tops of their stacks": lambda: seen.snapshot(stacks=True, tries=1),
                "Ps, Ms and Gs, the process stopped": lambda: seen.snapshot(coherent=True),
            }
            rows = [_timed(what, read, seconds) for what, read in ways.items()]
            return (rows[0], _sampled(seen, seconds), *rows[1:])


def _timed(what: str, read: Callable[[], xray.Snapshot], seconds: float) -> ReadRow:
    """Again and again for so long, ten times at least."""
    read()
    taken: list[int] = []
    torn = 0
    cpu, end = time.process_time_ns(), time.perf_counter_ns() + seconds * 1e9
    while len(taken) < 10 or time.perf_counter_ns() < end:
        begun = time.perf_counter_ns()
        found = read()
        taken.append(time.perf_counter_ns() - begun)
        torn += found.torn
    cpu = time.process_time_ns() - cpu
    median = statistics.median(taken)
    return ReadRow(what, median / 1000, cpu / len(taken) / 1000, 1e9 / median, torn / len(taken))


def _sampled(seen: xray.Xray, seconds: float) -> ReadRow:
    cpu = time.process_time_ns()
    found = seen.sample(xray.MOST_HZ, seconds, tries=1)
    cpu = time.process_time_ns() - cpu
    median = statistics.median((found.end_ns - found.begin_ns).tolist())
    return ReadRow(
        what=_AS_OFTEN_AS_CAN_BE,
        median_us=median / 1000,
        cpu_us=cpu / len(found) / 1000,
        per_s=len(found) / seconds,
        torn=float(found.torn.mean()),
    )


def _costs(
    binary: toolchain.Binary, goroutines: int, hz: float, pairs: int, seconds: float
) -> tuple[CostRow, ...]:
    cpus = process.cores()
    computes, hands_over = ("-spin",), ()
    targets = {
        "computes": (computes, max(1, cpus - 1)),
        "computes on all CPUs": (computes, cpus),
        "hands numbers over": (hands_over, max(1, cpus - 1)),
    }
    period_s = 1 / hz
    ways: list[tuple[str, str, Callable[[_Target], Done]]] = [
        (_CHEAPEST, "computes", lambda it: it.by_xray(hz, gs=False)),
        ("the same", "computes on all CPUs", lambda it: it.by_xray(hz, gs=False)),
        ("nothing but waking up", "computes on all CPUs", lambda it: it.by_waking(period_s)),
        ("the same", "hands numbers over", lambda it: it.by_xray(hz, gs=False)),
        ("X-ray of Ps, Ms and Gs", "hands numbers over", lambda it: it.by_xray(hz, gs=True)),
        ("schedtrace with scheddetail", "hands numbers over", lambda it: it.by_schedtrace(hz)),
        ("goroutine profile", "hands numbers over", lambda it: it.by_profile(hz)),
    ]
    rows = []
    for way, target, look in ways:
        flags, gomaxprocs = targets[target]
        arguments = ("-idle", str(goroutines), "-for", f"{seconds}s", *flags)
        it = _Target(binary, arguments, gomaxprocs, seconds)
        slower, cpu, looks = [], [], []
        for turn in range(pairs):
            # Which goes first changes, so that what the machine does in between favours neither.
            plain = it.alone() if turn % 2 else None
            seen = look(it)
            plain = plain or it.alone()
            slower.append(plain[0] / max(1, seen[0]))
            cpu.append(seen[1] / max(1, seen[0]) / (plain[1] / max(1, plain[0])))
            looks.append(seen[2] / seconds)
        rows.append(
            CostRow(way, target, hz, statistics.median(looks), _per_cent(slower), _per_cent(cpu)),
        )
    return tuple(rows)


def _per_cent(ratios: list[float]) -> float:
    return 100 * (statistics.median(ratios) - 1)


@dataclass(frozen=True, slots=True)
class _Target:
    """A program that works for ``seconds``, and the ways to look at it meanwhile."""

    binary: toolchain.Binary
    arguments: tuple[str, ...]
    gomaxprocs: int
    seconds: float

    def alone(self) -> Done:
        """Nobody looks."""
        with self._ready() as live:
            return _done(_worked(live))

    def by_xray(self, hz: float, *, gs: bool) -> Done:
        with self._ready() as live, xray.attach(live.pid) as seen:
            live.send_signal(SIGUSR1)
            count = 0
            # Until it ends.
            with suppress(xray.ProcessGone):
                count = len(seen.sample(hz, self.seconds + _PATIENCE_S, gs=gs, tries=1))
            return *_done(live.wait())[:2], count

    def by_waking(self, period_s: float) -> Done:
        with self._ready() as live:
            live.send_signal(SIGUSR1)
            count = 0
            end = time.perf_counter() + self.seconds
            while time.perf_counter() < end:
                time.sleep(period_s)
                count += 1
            return *_done(live.wait())[:2], count

    def by_schedtrace(self, hz: float) -> Done:
        lines = 0

        def count(stream: str, line: str) -> None:
            nonlocal lines
            lines += stream == "stderr" and line.startswith("SCHED ")

        settings = replace(self.settings, schedtrace_ms=max(1, round(1000 / hz)), scheddetail=True)
        with self._ready(settings=settings, on_line=count) as live:
            before = lines
            return *_done(_worked(live))[:2], lines - before

    def by_profile(self, hz: float) -> Done:
        with self._ready("-profiles", f"{max(1, round(1e6 / hz))}us") as live:
            return _done(_worked(live))

    @property
    def settings(self) -> process.GoSettings:
        return process.GoSettings(gomaxprocs=self.gomaxprocs)

    def _ready(
        self, *more: str, settings: process.GoSettings | None = None, on_line: OnLine | None = None
    ) -> process.Live:
        """It has started, and works when it gets SIGUSR1."""
        live = process.start(
            self.binary,
            [*self.arguments, *more],
            settings=settings or self.settings,
            on_line=on_line,
            wall_limit_s=self.seconds + 2 * _PATIENCE_S,
        )
        live.wait_for_line("ready", timeout_s=_PATIENCE_S)
        return live


def _worked(live: process.Live) -> process.Finished:
    live.send_signal(SIGUSR1)
    return live.wait()


def _done(finished: process.Finished) -> Done:
    said = json.loads(finished.check().stdout.splitlines()[-1])
    return said["done"], finished.user_ns + finished.system_ns, said["profiles"]
