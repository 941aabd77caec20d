"""One fresh process at one point of the grid, and what is kept of it."""

from __future__ import annotations

import fcntl
import json
import socket
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from schedlab import process
from schedlab.capture import gctrace
from schedlab.capture.live import BIN_BOUNDS_NS
from schedlab.capture.live.reporter import Pipe
from schedlab.errors import SchedlabError
from schedlab.process import CpuQuota, Finished
from schedlab.tune.grid import Point

_EVERY_NS = 50_000_000
_PIPE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Run:
    """One run: which point in which block (repeat), on which machine, and its numbers.

    Times are ns, memory bytes, shares of 1; -1 where a number could not be had. ``throughput`` is operations
    per second as the program reports them (``ops`` and ``elapsed_ns`` in its last line of JSON), else runs
    per second. ``runnable_p99_ns`` is the upper bound of the bin that it falls into, within a factor of two.
    ``error`` is not empty if the program failed; its numbers are then -1.
    """

    point: int
    block: int
    place: int
    machine: str
    throughput: float = -1.0
    p50_ns: float = -1.0
    p99_ns: float = -1.0
    rss_bytes: float = -1.0
    gc_share: float = -1.0
    gc_cycles: int = -1
    gc_pause_max_ns: float = -1.0
    runnable_p99_ns: float = -1.0
    throttled_ns: float = -1.0
    cpu_ns: float = -1.0
    wall_ns: float = -1.0
    error: str = ""

    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Run:
        """What ``as_json`` wrote; ValueError or TypeError if it is something else."""
        return cls(**json.loads(text))


def measure(
    program: Path,
    arguments: tuple[str, ...],
    point: Point,
    *,
    index: int,
    block: int,
    place: int,
    quota: CpuQuota | None,
    wall_limit_s: float,
) -> Run:
    """Run ``program``, built with the reporter, at ``point``. If it fails, the run has an ``error``."""
    who = {"point": index, "block": block, "place": place, "machine": socket.gethostname()}
    with tempfile.TemporaryDirectory(prefix="schedlab-tune-") as folder:
        pipe = Pipe(Path(folder))
        try:
            _widen(pipe)
            done = process.run(
                program,
                [*arguments, *point.flags],
                settings=point.settings,
                env={"SCHEDLAB_LIVE_PIPE": str(pipe.path), "SCHEDLAB_LIVE_EVERY": str(_EVERY_NS)},
                quota=quota,
                wall_limit_s=wall_limit_s,
            ).check()
            return Run(**who, **_numbers(done, _runnable_p99(pipe)))  # type: ignore[arg-type]
        except SchedlabError as error:
            return Run(**who, error=error.message)  # type: ignore[arg-type]
        finally:
            pipe.close()


def _widen(pipe: Pipe) -> None:
    """Room for a whole run, so that nobody has to read meanwhile."""
    try:
        fcntl.fcntl(pipe.descriptor, getattr(fcntl, "F_SETPIPE_SZ", 1031), _PIPE_BYTES)
    except OSError:
        return


def _numbers(done: Finished, runnable_p99_ns: float) -> dict[str, Any]:
    said = _said(done)
    cycles = gctrace.parse(done.stderr).cycles
    in_collector = sum(
        c.cpu_stw_sweep_term_ns + c.cpu_assist_ns + c.cpu_background_ns + c.cpu_stw_mark_term_ns
        for c in cycles
    )
    cpu = done.user_ns + done.system_ns
    operations = said.get("ops", 1)
    return {
        "throughput": operations / (said.get("elapsed_ns", done.wall_ns) / 1e9),
        "p50_ns": said.get("p50_ns", -1.0),
        "p99_ns": said.get("p99_ns", -1.0),
        "rss_bytes": float(done.max_rss_bytes),
        # Both by the wall clock: on a busy machine the processor time is a part of it only.
        "gc_share": in_collector / (done.wall_ns * cycles[-1].procs) if cycles else 0.0,
        "gc_cycles": len(cycles),
        "gc_pause_max_ns": float(
            max((max(c.stw_sweep_term_ns, c.stw_mark_term_ns) for c in cycles), default=0)
        ),
        "runnable_p99_ns": runnable_p99_ns,
        "throttled_ns": float(done.throttle.throttled_ns) if done.throttle else 0.0,
        "cpu_ns": cpu / operations if operations else -1.0,
        "wall_ns": float(done.wall_ns),
    }


def _said(done: Finished) -> dict[str, float]:
    """The numbers in the last line of JSON that the program printed; none if it printed no such line."""
    for line in reversed(done.stdout.splitlines()):
        try:
            document = json.loads(line)
        except ValueError:
            continue
        if isinstance(document, dict):
            numbers = {n: v for n, v in document.items() if isinstance(v, int | float) and v >= 0}
            # Half of the pair would be compared with something else.
            return numbers if numbers.get("elapsed_ns") and "ops" in numbers else _latencies_of(numbers)
    return {}


def _latencies_of(numbers: dict[str, float]) -> dict[str, float]:
    return {name: numbers[name] for name in ("p50_ns", "p99_ns") if name in numbers}


def _runnable_p99(pipe: Pipe) -> float:
    counts = [0] * len(BIN_BOUNDS_NS)
    while reports := pipe.read():
        for report in reports:
            for bin_, count in enumerate(report.sample.latencies):
                counts[bin_] += count
    total, seen = sum(counts), 0
    for bin_, count in enumerate(counts):
        seen += count
        if total and seen >= 0.99 * total:
            return float(BIN_BOUNDS_NS[min(bin_ + 1, len(BIN_BOUNDS_NS) - 1)])
    return -1.0
