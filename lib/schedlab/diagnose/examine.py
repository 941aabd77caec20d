"""Look at a program, a recorded trace or a living server, and say what is wrong with its scheduling."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from schedlab import toolchain
from schedlab.capture import pprof, tracing
from schedlab.capture.endpoint import address_of, pid_of
from schedlab.diagnose import allocations, procs, threads, waits
from schedlab.diagnose.errors import NotEnoughEvidence
from schedlab.diagnose.findings import Finding, Kind
from schedlab.diagnose.procs import THROTTLED_SHARE
from schedlab.diagnose.seen import Seen
from schedlab.errors import UsageError
from schedlab.process import CpuQuota, Finished, GoSettings, Neighbours
from schedlab.process.running import RUNTIME_DEFAULTS
from schedlab.timeline import Timeline

Detector = Callable[[Seen], Finding | None]

# These go by how long something lasted. Where the machine itself keeps threads waiting, that says nothing.
BY_THE_CLOCK: Mapping[Kind, Detector] = {
    Kind.STARVATION: waits.starvation,
    Kind.IMBALANCE: procs.imbalance,
    Kind.UNPREEMPTIBLE: waits.unpreemptible_loop,
    Kind.TIMERS: waits.late_timers,
    Kind.SPINNING: procs.too_many_wakes,
    Kind.ASSISTS: procs.assist_pressure,
}
BY_COUNTS: Mapping[Kind, Detector] = {
    Kind.THREADS: threads.thread_explosion,
    Kind.SYSCALLS: threads.syscall_storm,
    Kind.CONVOY: waits.lock_convoy,
    Kind.PING_PONG: procs.ping_pong,
    Kind.THROTTLING: procs.throttling,
    Kind.CGO: threads.cgo_saturation,
}
DETECTORS: Mapping[Kind, Detector] = {**BY_THE_CLOCK, **BY_COUNTS}

_ELF = b"\x7fELF"

# Below that a recording says nothing about what happens again and again.
_SHORTEST_NS = 20_000_000


@dataclass(frozen=True, slots=True)
class Unasked:
    """What could not be asked about, and why; ``busy`` if it is for what else the machine did meanwhile."""

    kinds: tuple[Kind, ...]
    why: str
    busy: bool = False

    def __str__(self) -> str:
        return f"{', '.join(self.kinds)}: {self.why}"


@dataclass(frozen=True, slots=True, eq=False)
class Diagnosis:
    """What was found, the surest first, in ``timeline``; nothing if nothing is wrong.

    ``unasked`` says of the detectors that had nothing to look at why.
    """

    source: str
    timeline: Timeline
    findings: tuple[Finding, ...]
    asked: int
    unasked: tuple[Unasked, ...] = ()

    @property
    def healthy(self) -> bool:
        return not self.findings


def examine(
    what: str | Path,
    arguments: Iterable[str] = (),
    *,
    seconds: float = 3.0,
    settings: GoSettings = RUNTIME_DEFAULTS,
    quota_cpus: float | None = None,
    using: toolchain.Toolchain | None = None,
) -> Diagnosis:
    """Record and examine ``what``: a sample's name or a program's folder, the address of a living server with
    net/http/pprof, or the file of a recorded trace.

    Of a saved trace, and of a server that is elsewhere, nobody knows whether the machine was busy meanwhile:
    what goes by the clock is asked all the same.

    sync.Pool is examined by what a program allocates, which a trace does not tell: a server is asked for it,
    and a program that we run writes it down when it ends.

    Raises:
        NotEnoughEvidence: the recording is too short to say anything.
        UsageError: ``what`` is a built program.
        SampleNotFound, CompileError, EndpointError, NotATrace, …: as ``tracing.record`` and
            ``Timeline.load``.
    """
    if Path(what).is_file():
        _check_is_no_program(Path(what))
        return examine_timeline(Timeline.load(Path(what)), str(what))
    address = address_of(what)
    pid = pid_of(address) if address else None
    neighbours = Neighbours(pid) if pid else None
    # The Timeline's columns are not in this folder: it may go.
    with tempfile.TemporaryDirectory(prefix="schedlab-diagnose-") as folder:
        profile = Path(folder) / "allocations"
        recording = tracing.record(
            what,
            tuple(arguments),
            file=Path(folder) / "trace",
            seconds=seconds,
            settings=settings,
            quota=CpuQuota(quota_cpus) if quota_cpus and address is None else None,
            using=using,
            allocations=profile,
            sample_cpu=True,
        )
        neighbours_cpus = neighbours.cpus if neighbours else None
        timeline = Timeline.load(recording.file)
        if address:
            pool: tuple[Finding, ...] | None = allocations.of_server(address)
        else:
            # A program that was cut down has left none.
            pool = allocations.of_profile(pprof.load(profile)) if profile.stat().st_size else None
    return examine_timeline(
        timeline,
        str(what),
        finished=recording.finished,
        quota_cpus=quota_cpus,
        neighbours_cpus=neighbours_cpus,
        pool=pool,
    )


def examine_timeline(
    timeline: Timeline,
    source: str,
    *,
    finished: Finished | None = None,
    quota_cpus: float | None = None,
    neighbours_cpus: float | None = None,
    pool: tuple[Finding, ...] | None = None,
) -> Diagnosis:
    """Ask every detector about a recording.

    ``neighbours_cpus`` is how many CPUs others used meanwhile, for a program that we did not run.
    ``pool`` is what the program's allocations say of sync.Pool; None if nobody looked at them.

    Raises:
        NotEnoughEvidence: it is too short, or no goroutine of a program is in it.
    """
    seen = Seen(timeline, finished, quota_cpus, neighbours_cpus)
    if seen.duration_ns < _SHORTEST_NS or not seen.of_program.any():
        raise NotEnoughEvidence(
            f"the recording of {source} holds {seen.duration_ns / 1e6:.1f} ms and "
            f"{int(seen.of_program.sum())} spans of the program's goroutines: too little to say anything",
            remedy="Record for longer, while the program has something to do.",
        )
    unasked = []
    clock_is_wrong = seen.crowded or (seen.throttled >= THROTTLED_SHARE and "its CPU quota stopped it")
    if clock_is_wrong:
        unasked.append(
            Unasked(tuple(BY_THE_CLOCK), f"these go by the clock, and {clock_is_wrong}", bool(seen.crowded))
        )
    asked = BY_COUNTS if clock_is_wrong else DETECTORS
    found = [finding for detector in asked.values() if (finding := detector(seen)) is not None]
    if finished is None or finished.throttle is None:
        unasked.append(Unasked((Kind.THROTTLING,), "the program was not run under a quota by us (--quota)"))
    elif seen.crowded and seen.throttled < THROTTLED_SHARE:
        unasked.append(
            Unasked((Kind.THROTTLING,), f"it could hardly use up its quota: {seen.crowded}", busy=True)
        )
    if pool is None:
        unasked.append(Unasked((Kind.POOL,), "a trace does not tell what was allocated"))
    ranked = sorted([*found, *(pool or ())], key=lambda finding: -finding.confidence)
    return Diagnosis(source, timeline, tuple(ranked), len(asked) + (pool is not None), tuple(unasked))


def _check_is_no_program(file: Path) -> None:
    with file.open("rb") as opened:
        if opened.read(len(_ELF)) == _ELF:
            raise UsageError(
                f"{file} is a built program, and no trace",
                remedy="Name the folder of its sources; or start it, and name the address of its pprof.",
            )
