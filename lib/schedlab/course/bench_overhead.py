"""What each capture costs the program that is watched: the same requests, answered alone and while watched.

In every round the service answers its requests once in each way, in another order each time. What counts is
the ratio of the program's CPU time per request to that of the run alone in the same round, and the median of
these ratios; a busy neighbour disturbs CPU time less than elapsed time.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from schedlab import process, toolchain
from schedlab.capture import probes, tracing, xray
from schedlab.capture.live import reporter
from schedlab.errors import SchedlabError, UsageError
from schedlab.process import Finished, GoSettings

_SETTINGS = GoSettings(gomaxprocs=2)
_ALONE = "alone"
_XRAY_HZ = 100.0


@dataclass(frozen=True, slots=True)
class Row:
    """One way to watch: medians over the rounds of the ratios to the run alone; ``low`` to ``high`` are the
    quartiles of the ratio of CPU time.
    """

    way: str
    cpu_ratio: float
    low: float
    high: float
    elapsed_ratio: float


def run(*, rounds: int, requests: int) -> tuple[Row, ...]:
    """Measure every way.

    Raises:
        UsageError: fewer than two rounds, or no request.
    """
    if rounds < 2 or requests < 1:
        raise UsageError("no median of fewer than two rounds, and of no request")
    with tempfile.TemporaryDirectory(prefix="schedlab-overhead-") as folder:
        ways = _ways(Path(folder), requests)
        found: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
        for number in range(rounds):
            order = list(ways)
            random.Random(number).shuffle(order)
            for way in order:
                found[way].append(_numbers(ways[way]()))
    return tuple(_row(way, found[way], found[_ALONE]) for way in ways)


def main(argv: list[str]) -> int:
    """``./course bench overhead [--rounds N]``: print the table."""
    parser = argparse.ArgumentParser(prog="./course bench overhead", description=__doc__)
    parser.add_argument("--rounds", type=int, default=11, help="how often each way runs (default 11)")
    parser.add_argument("--requests", type=int, default=3000, help="in each run (default 3000)")
    given = parser.parse_args(argv)
    print(f"{'watched by':<28}{'CPU ratio':>10}{'quartiles':>16}{'elapsed ratio':>15}")
    for row in run(rounds=given.rounds, requests=given.requests):
        quartiles = f"{row.low:.3f}-{row.high:.3f}"
        print(f"{row.way:<28}{row.cpu_ratio:>10.3f}{quartiles:>16}{row.elapsed_ratio:>15.3f}", flush=True)
    return 0


def _ways(folder: Path, requests: int) -> dict[str, Callable[[], Finished]]:
    flags = ["-requests", str(requests), "-rounds", "100000"]
    plain = toolchain.build("service")
    told = reporter.build("service", toolchain.find())

    def alone(**settings: object) -> Finished:
        chosen = GoSettings(gomaxprocs=2, **settings)  # type: ignore[arg-type]
        return process.run(plain, flags, settings=chosen)

    def traced() -> Finished:
        made = tracing.record("service", flags, file=folder / "trace", seconds=60, settings=_SETTINGS)
        assert made.finished is not None, "it is a program that we started"
        return made.finished

    def looked_at() -> Finished:
        with process.start(plain, flags, settings=_SETTINGS) as live, _looking(live.pid):
            return live.wait()

    def reported() -> Finished:
        pipe = reporter.Pipe(Path(tempfile.mkdtemp(dir=folder)))
        own = {"SCHEDLAB_LIVE_PIPE": str(pipe.path), "SCHEDLAB_LIVE_EVERY": "50000000"}
        try:
            return process.run(told, flags, settings=_SETTINGS, env=own)
        finally:
            pipe.close()

    return {
        _ALONE: alone,
        "schedtrace, 10 ms": lambda: alone(schedtrace_ms=10),
        "scheddetail, 10 ms": lambda: alone(schedtrace_ms=10, scheddetail=True),
        "gctrace": lambda: alone(godebug={"gctrace": 1}),
        "CPU profile": lambda: process.run(
            plain, [*flags, "-profile", str(folder / "cpu")], settings=_SETTINGS
        ),
        "execution trace": traced,
        "X-ray, 100 looks/s": looked_at,
        "reporter, 20/s": reported,
        "probes, counters": lambda: _probed(flags, probes.Mode.COUNTERS),
        "probes, events": lambda: _probed(flags, probes.Mode.RING),
    }


def _probed(flags: list[str], mode: probes.Mode) -> Finished:
    return probes.run("service", flags, mode=mode, settings=_SETTINGS).finished


@contextmanager
def _looking(pid: int) -> Iterator[None]:
    """Look at the process many times a second, in a thread, until the end."""
    over = threading.Event()

    def look() -> None:
        with suppress(SchedlabError), xray.attach(pid) as seen:
            while not over.wait(1 / _XRAY_HZ):
                seen.snapshot()

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _numbers(done: Finished) -> tuple[float, float]:
    said = done.check().json_lines()[-1]
    return (done.user_ns + done.system_ns) / said["ops"], said["elapsed_ns"] / said["ops"]


def _row(way: str, own: list[tuple[float, float]], alone: list[tuple[float, float]]) -> Row:
    cpu = [a[0] / b[0] for a, b in zip(own, alone, strict=True)]
    elapsed = [a[1] / b[1] for a, b in zip(own, alone, strict=True)]
    low, _, high = statistics.quantiles(cpu, n=4)
    return Row(way, statistics.median(cpu), low, high, statistics.median(elapsed))
