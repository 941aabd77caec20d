"""How fast, and in how little memory, an execution trace becomes a Timeline, beside Go's own tools.

The traces are made here, from the sample ``handoffs``. Every way of reading takes its turn in every round, so
that a busy machine slows all of them. Times are medians over the rounds, a ratio is the median of the rounds'
own ratios. Each goal stands beside its figure.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from schedlab import process, toolchain
from schedlab.capture import exectrace
from schedlab.errors import UsageError
from schedlab.timeline import Timeline

_BARE = "bare reader (golang.org/x/exp/trace)"
_WRITING = "the reader, writing columns"
_LOAD = "Timeline.load"
_SCHED = "go tool trace -pprof=sched"
_TEXT = "go tool trace -d=parsed, lines split"

_EVENTS_PER_EXCHANGE = 3.1
_PATIENCE_S = 900.0

# Run in a Python of its own, so that its memory is its own. Prints seconds for the analysis, and the most
# memory (KiB) before anything was read, after loading, and at the end.
_MEMORY = """
import json, resource, sys, time
from pathlib import Path
from schedlab.analysis import budget, latency, mix
from schedlab.timeline import Timeline
import pandas

def most():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

before = most()
timeline = Timeline.load(Path(sys.argv[1]))
loaded = most()
begun = time.perf_counter()
latency.runnable(timeline)
budget.budget(timeline)
mix.states(timeline, buckets=1000)
seconds = time.perf_counter() - begun
print(json.dumps({"analysis_s": seconds, "before": before, "loaded": loaded, "analysed": most()}))
"""


@dataclass(frozen=True, slots=True)
class Goal:
    """What was wanted, as words and a limit, and what was measured. ``least``: the limit is a lower one."""

    what: str
    limit: float
    least: bool
    measured: float

    @property
    def met(self) -> bool:
        """Whether the measurement is on the right side of the limit."""
        return self.measured >= self.limit if self.least else self.measured <= self.limit


@dataclass(frozen=True, slots=True)
class BenchRow:
    """One way of reading one trace. ``ratio`` is its events per second beside those of the bare reader."""

    name: str
    seconds: float
    events_per_s: float
    ratio: float
    peak_mb: float | None


@dataclass(frozen=True, slots=True)
class BenchTrace:
    """All that was measured on one trace; bytes per event are beyond what Python held before."""

    events: int
    file_mb: float
    rows: tuple[BenchRow, ...]
    loaded_bytes_per_event: float
    analysed_bytes_per_event: float
    analysis_s: float

    def goals(self) -> tuple[Goal, ...]:
        """What was wanted, beside what was measured."""
        ratio = {row.name: row.ratio for row in self.rows}
        found = [Goal("Timeline.load, of the bare reader's events/s", 0.8, True, ratio[_LOAD])]
        if _TEXT in ratio:
            times = ratio[_LOAD] / ratio[_TEXT]
            found.append(Goal("Timeline.load, times as fast as -d=parsed", 10, True, times))
        found += [
            Goal("Python's memory at its highest, bytes per event", 40, False, self.analysed_bytes_per_event),
            Goal("percentiles, budget and mix, seconds", 2, False, self.analysis_s),
        ]
        return tuple(found)


def run(*, events: int, rounds: int, with_text: bool) -> BenchTrace:
    """Measure on a trace of about ``events`` events; ``with_text`` also has ``-d=parsed``, which is slow.

    Raises:
        UsageError: fewer than 1000 events or than one round.
    """
    if events < 1000 or rounds < 1:
        raise UsageError(
            f"no benchmark of {events} events in {rounds} rounds", remedy="Ask for 1000 events or more."
        )
    with tempfile.TemporaryDirectory(prefix="schedlab-bench-") as folder:
        trace = _made(Path(folder), events)
        return _measured(trace, rounds, with_text)


def main(argv: list[str]) -> int:
    """``./course bench trace [--events N…] [--rounds N]``: print the tables."""
    parser = argparse.ArgumentParser(prog="./course bench trace", description=__doc__)
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000, 10_000_000], metavar="N")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="turns of each way (default 5)")
    parser.add_argument(
        "--text-up-to",
        type=int,
        default=2_000_000,
        metavar="N",
        help="read go tool trace -d=parsed too, for traces of at most N events (default 2000000)",
    )
    arguments = parser.parse_args(argv)
    for events in arguments.events:
        _show(run(events=events, rounds=arguments.rounds, with_text=events <= arguments.text_up_to))
    return 0


def _show(found: BenchTrace) -> None:
    print(f"{found.events:,} events, {found.file_mb:.1f} MB")
    print(f"{'way':<34}{'seconds':>9}{'events/s':>13}{'of bare':>9}{'peak MB':>9}")
    for row in found.rows:
        peak = f"{row.peak_mb:9.0f}" if row.peak_mb is not None else f"{'':>9}"
        print(f"{row.name:<34}{row.seconds:>9.3f}{row.events_per_s:>13,.0f}{row.ratio:>9.2f}{peak}")
    print(
        f"memory of Python: {found.loaded_bytes_per_event:.1f} bytes per event after loading, "
        f"{found.analysed_bytes_per_event:.1f} at most after the analysis"
    )
    print(f"percentiles, budget and mix: {found.analysis_s:.2f} s")
    for goal in found.goals():
        word = "at least" if goal.least else "at most"
        verdict = "met" if goal.met else "MISSED"
        print(f"goal: {goal.what}: {word} {goal.limit:g}, measured {goal.measured:.2f}: {verdict}")
    print(flush=True)


def _made(folder: Path, events: int) -> Path:
    trace = folder / "trace"
    exchanges = str(int(events / _EVENTS_PER_EXCHANGE))
    program = toolchain.build("handoffs")
    process.run(program, ["-trace", str(trace), "-exchanges", exchanges], wall_limit_s=_PATIENCE_S).check()
    return trace


def _measured(trace: Path, rounds: int, with_text: bool) -> BenchTrace:
    events = _count(trace)
    ways: dict[str, Callable[[], _Turn]] = {
        _BARE: lambda: _reader(trace),
        _WRITING: lambda: _written(trace),
        _LOAD: lambda: _loaded(trace),
        _SCHED: lambda: _tool(trace, "-pprof=sched"),
    }
    if with_text:
        ways[_TEXT] = lambda: _text(trace)
    turns: dict[str, list[_Turn]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            turns[name].append(way())
    memory = _memory(trace)
    return BenchTrace(
        events=events,
        file_mb=trace.stat().st_size / 1e6,
        rows=tuple(_bench_row(name, events, turns[name], turns[_BARE]) for name in ways),
        loaded_bytes_per_event=(memory["loaded"] - memory["before"]) * 1024 / events,
        analysed_bytes_per_event=(memory["analysed"] - memory["before"]) * 1024 / events,
        analysis_s=memory["analysis_s"],
    )


@dataclass(frozen=True, slots=True)
class _Turn:
    """One reading: how long it took, and the most memory of the Go program, where that is known."""

    seconds: float
    peak_mb: float | None = None


def _bench_row(name: str, events: int, turns: list[_Turn], bare: list[_Turn]) -> BenchRow:
    seconds = statistics.median(turn.seconds for turn in turns)
    ratio = statistics.median(one.seconds / turn.seconds for one, turn in zip(bare, turns, strict=True))
    return BenchRow(name, seconds, events / seconds, ratio, turns[-1].peak_mb)


def _count(trace: Path) -> int:
    counted = process.run(exectrace.reader(), ["-bare", str(trace)], wall_limit_s=_PATIENCE_S).check()
    return int(counted.stdout)


def _reader(trace: Path) -> _Turn:
    return _of_reader("-bare", str(trace))


def _written(trace: Path) -> _Turn:
    with tempfile.TemporaryDirectory(prefix="schedlab-bench-") as folder:
        return _of_reader("-o", folder, str(trace))


def _of_reader(*arguments: str) -> _Turn:
    program = exectrace.reader()
    begun = time.perf_counter()
    done = process.run(program, arguments, wall_limit_s=_PATIENCE_S).check()
    return _Turn(time.perf_counter() - begun, done.max_rss_bytes / 1e6)


def _loaded(trace: Path) -> _Turn:
    begun = time.perf_counter()
    timeline = Timeline.load(trace)
    seconds = time.perf_counter() - begun
    del timeline  # and its columns with it, which is no part of loading
    return _Turn(seconds)


def _tool(trace: Path, flag: str) -> _Turn:
    tool = toolchain.tool(toolchain.find(), "trace")
    begun = time.perf_counter()
    subprocess.run([tool, flag, str(trace)], stdout=subprocess.DEVNULL, check=True)
    return _Turn(time.perf_counter() - begun)


def _text(trace: Path) -> _Turn:
    """The least that a Python program which reads that text has to do: take each line and split it."""
    tool = toolchain.tool(toolchain.find(), "trace")
    begun = time.perf_counter()
    with subprocess.Popen([tool, "-d=parsed", str(trace)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        for line in child.stdout:
            line.split()
    if child.returncode != 0:
        raise UsageError(f"go tool trace -d=parsed ended with status {child.returncode}")
    return _Turn(time.perf_counter() - begun)


def _memory(trace: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-c", _MEMORY, str(trace)], capture_output=True, text=True, check=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found
