"""How right the simulator is: real runs are recorded, half calibrate its costs, half are held against it."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import select
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from schedlab import process, sim, toolchain
from schedlab.analysis import gc
from schedlab.analysis._common import Integers
from schedlab.capture import probes
from schedlab.errors import UsageError
from schedlab.sim import against
from schedlab.sim.replay import Replay, replay, unpaid
from schedlab.timeline import Lane, State, Timeline

# Of collect and produce, in go_samples/workloads.
_GOROUTINES: Final = 4
_TURNS: Final = 1500
_LIVE_BYTES: Final = 32 << 20
_GARBAGE: Final = 64 << 10
_JOBS: Final = 4000
_ROOM: Final = 16
_ASSIST, _SWEEP = "GC mark assist", "GC incremental sweep"
_SWEEPER: Final = "runtime.bgsweep"
_RUNTIME: Final = "runtime."
_REGION: Final = "workload"
_AT_ONCE_NS: Final = 1_000
"""Who waits for less was run at once: how many hundred ns that took says nothing of the scheduler's rules."""
_LOST: Final = 4
_DISTURBED: Final = 0.03
_STRETCHED: Final = 0.10
_LEAST: Final = 4
"""Runs to calibrate with and to score."""
_LIGHT: Final = ("light", "syscalls", "echo", "pingpong")
_SLEEPERS: Final = ("mixed", "over", "light")
_SLEEP_NS: Final = 1_000_000
KINDS: Final = (
    "yield",
    "mixed",
    "over",
    "pingpong",
    "produce",
    "fan",
    "syscalls",
    "echo",
    "collect",
    "light",
)
EXACT: Final = ("overflow", "run_global_tick", "global_put")
ROUGH: Final = ("steal", "stolen", "wakep_woke")


@dataclass(frozen=True, slots=True, eq=False)
class Real:
    """One real run: its trace, what of it can be replayed, and what it took. Times in ns.

    ``waited_ns`` is how long its threads, all together, were ready and had no CPU; -1 where the kernel does
    not tell. ``spins_ns`` is how long its bit of computing took, again and again, before it began.
    """

    kind: str
    timeline: Timeline
    played: Replay
    makespan_ns: int
    busy_ns: int
    runnable_ns: Integers
    queued: Integers
    waited_ns: int
    spins_ns: tuple[int, ...]

    @property
    def deprived(self) -> float:
        """The time that its threads waited for a CPU, by the time that its Ps had."""
        return self.waited_ns / (self.makespan_ns * self.played.load.procs)


@dataclass(frozen=True, slots=True)
class Line:
    """One measure of one workload: ``real`` and ``simulated`` are medians over the runs scored.

    ``error`` is the median of the runs' own errors (relative, or a distance), ``noise`` the same between one
    real run and another, ``goal`` what ``error`` may be at most. ``met`` is None where there is no goal for
    it.
    """

    kind: str
    measure: str
    real: float
    simulated: float
    error: float
    noise: float
    goal: float | None

    @property
    def met(self) -> bool | None:
        return None if self.goal is None else self.error <= self.goal


def record(kind: str, runs: int, *, procs: int = 2, turns: int = 0) -> tuple[Real, ...]:
    """Real runs of one of ``KINDS``, traced; of as many ``turns`` as usual, or of so many.

    Raises:
        UsageError: there is no such kind.
    """
    if kind not in (*KINDS, "threads"):
        raise UsageError(f"there is no workload {kind!r}", remedy=f"There are: {', '.join(KINDS)}.")
    program = toolchain.build("workloads")
    settings = process.GoSettings(gomaxprocs=procs)
    found = []
    with tempfile.TemporaryDirectory(prefix="schedlab-") as place:
        for number in range(runs):
            file = Path(place) / f"{number}.trace"
            arguments: list[str | Path | int] = ["-precede", "-kind", kind, "-trace", file, "-turns", turns]
            done = process.run(program, arguments, settings=settings).check()
            found.append(read(kind, Timeline.load(file), procs, said_by(done)))
    return tuple(found)


def said_by(finished: process.Finished) -> dict[str, Any]:
    """The line that the program prints."""
    found: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return found


def quiet(runs: Sequence[Real]) -> tuple[tuple[Real, ...], int]:
    """The runs that neighbours did not disturb much more than the least, but at least four; how many are not.

    Threads of a run wait for one another too: that is in the least as well. Where the kernel does not tell,
    those whose goroutines took more than a tenth longer for the same are left out.
    """
    if any(run.waited_ns < 0 for run in runs):
        quickest = min(run.busy_ns for run in runs)
        ranked = sorted((run.busy_ns / quickest - 1, at) for at, run in enumerate(runs))
        most = _STRETCHED
    else:
        least = min(run.deprived for run in runs)
        ranked = sorted((run.deprived - least, at) for at, run in enumerate(runs))
        most = _DISTURBED
    count = max(_LEAST, sum(disturbed <= most for disturbed, _ in ranked))
    good = tuple(runs[at] for at in sorted(at for _, at in ranked[:count]))
    return good, len(runs) - len(good)


def calibrated(runs: Sequence[Real]) -> sim.Costs:
    """The costs of this machine: between goroutines, to wake a thread, to sleep too long."""
    costs = sim.Costs()
    changes: dict[str, int | float] = {
        "slack_ns": timer_slack_ns(),
        "poll_slack_ns": poll_slack_ns(),
        "cold_start_ns": cold_start_ns(),
    }
    collected = [found for run in runs if run.kind == "collect" and (found := _collector_costs(run))]
    for name in collected[0] if collected else ():
        changes[name] = int(statistics.median(found[name] for found in collected))
    return switching(costs.replace(**changes, **_wake_costs()), runs)


def switching(costs: sim.Costs, runs: Sequence[Real]) -> sim.Costs:
    """With what these runs took from one goroutine to the next: a pair in one P's cache is quicker than a
    thousand; and with what it took longer where the next came from the network."""
    gaps = np.concatenate([against.switch_gaps(run.timeline, run.played.window_ns) for run in runs])
    if len(gaps) <= 100:
        return costs
    costs = costs.replace(switch_ns=int(np.median(gaps)))
    polled = np.concatenate([against.poll_gaps(run.timeline, run.played.window_ns) for run in runs])
    if len(polled) <= 100:
        return costs
    return costs.replace(poll_ns=max(0, int(np.median(polled)) - costs.switch_ns))


def _collector_costs(run: Real) -> dict[str, int | float]:
    """What it takes to mark a KiB that lives, to sweep a span, and to stop the world, once all of the list is
    made; none if there was no whole cycle.

    An assist that need not wait marks 64 KiB of what has to be looked at (``gcOverAssistWork``).
    """
    cycles = gc.cycles(run.timeline)
    late = cycles.whole & (np.cumsum(cycles.whole) > cycles.whole.sum() // 2)
    if not late.any() or not len(_whole_ns(run, _ASSIST)):
        return {}
    assists = _whole_ns(run, _ASSIST)
    marked = np.median(assists[assists > np.median(assists) / 2]) * (_LIVE_BYTES // 8 >> 16)
    spans, names = run.timeline.spans, run.timeline.names(run.timeline.goroutine_function)
    sweeps = (spans["lane"] == int(Lane.GOROUTINE)) & (spans["state"] == int(State.RUNNING))
    sweeps &= np.isin(spans["id"], np.flatnonzero(names == _SWEEPER))
    return {
        "mark_ns_per_kib": int(marked) // (_LIVE_BYTES >> 10),
        # It gives way after ten.
        "sweep_ns": int(np.median(spans["dur"][sweeps])) // 10,
        # As much is garbage as lives, by GOGC=100.
        "free_ns": int(np.median(cycles.sweep_ns[late])) // (_LIVE_BYTES // _GARBAGE),
        # Some of the stops last longer, as who was to stop had lost its CPU.
        "stop_ns": int(np.quantile(cycles.stw_ns, 0.25)) // 2,
    }


def _wake_costs() -> dict[str, int | float]:
    """From a pair that is locked to its threads, on one P: to hand over takes two wake-ups, one after the
    other.

    ``stoplockedm`` wakes an M for the P, which finds the goroutine and by ``startlockedm`` wakes its own.
    Half of what that takes is taken for the waker's part.
    """
    waits = min(record("threads", 6, procs=1), key=lambda run: run.deprived).runnable_ns
    low, middle, high = np.quantile(waits[waits > 0], [0.16, 0.5, 0.84])
    # The sum of two is less spread than one.
    spread = float(np.log(high / low)) / 2 * 2**0.5
    wake = int(middle / 4)
    return {"wake_ns": wake, "ready_wake_ns": wake, "start_ns": wake, "start_spread": min(1.5, spread)}


def cold_start_ns() -> int:
    """From waking a thread that has slept for milliseconds until it runs: the median of 100."""
    late: list[int] = []
    # A sleeper that is late finds two rings: it must hear both.
    bell = os.eventfd(0, os.EFD_SEMAPHORE)
    rung = [0]

    def sleeper() -> None:
        for _ in range(100):
            os.eventfd_read(bell)
            late.append(time.monotonic_ns() - rung[0])

    thread = threading.Thread(target=sleeper)
    thread.start()
    for _ in range(100):
        time.sleep(0.003)
        rung[0] = time.monotonic_ns()
        os.eventfd_write(bell, 1)
    thread.join()
    os.close(bell)
    return int(statistics.median(late))


def poll_slack_ns() -> int:
    """How much longer than asked a thread waits in epoll: the median of 100 waits of 1 ms."""
    late = []
    with select.epoll() as poller:
        for _ in range(100):
            begun = time.monotonic_ns()
            poller.poll(0.001)
            late.append(time.monotonic_ns() - begun - 1_000_000)
    return max(0, int(statistics.median(late)))


def timer_slack_ns() -> int:
    """How much longer than asked a thread of this machine sleeps: the median of 200 sleeps of 20 µs."""
    late = []
    for _ in range(200):
        begun = time.monotonic_ns()
        time.sleep(20e-6)
        late.append(time.monotonic_ns() - begun - 20_000)
    return max(0, int(statistics.median(late)))


def simulated(run: Real, costs: sim.Costs, rules: sim.Rules, seed: int) -> sim.Result:
    """The same program under the simulator's scheduler."""
    return sim.simulate(_load(run), rules=rules, costs=unpaid(costs), seed=seed)


def _load(run: Real) -> sim.Workload:
    """What was traced; of *produce* and *collect* what go_samples/workloads does, for as long as it took.

    A trace does not say which goroutine a value was for, as it was for any, nor what is allocated.
    """
    match run.kind:
        case "produce":
            return _jobs(run)
        case "collect":
            return _garbage(run)
    return run.played.load


def _jobs(run: Real) -> sim.Workload:
    """A producer and consumers, which take as long for each job as they did."""
    producer, consumers = run.played.rows[1], run.played.rows[2:]
    make = _like(run, _ran_ns(run, [producer]) / _JOBS)
    use = _like(run, _ran_ns(run, consumers) / _JOBS)
    programs = (
        sim.Program("producer", (sim.Repeat(_JOBS, (make, sim.Send("jobs"))), sim.Close("jobs"))),
        sim.Program("consumer", (sim.Range("jobs", (use,)),), len(consumers)),
    )
    return sim.Workload(programs, run.played.load.procs, channels={"jobs": _ROOM})


def _garbage(run: Real) -> sim.Workload:
    """A list is made, then goroutines allocate: they compute as long for it as they did without assists."""
    # The collector's workers are started by whom it first meets.
    main, *workers = programs_own(run.timeline, run.played.rows)
    pages = _LIVE_BYTES >> 13
    make = sim.Compute(_unassisted_ns(run, [main]) // pages)
    turn = _like(run, _unassisted_ns(run, workers) / (_GOROUTINES * _TURNS))
    programs = (
        sim.Program(
            "main",
            (
                sim.Repeat(pages, (make, sim.Alloc(8 << 10, kept=True))),
                sim.Spawn("worker", len(workers)),
                sim.Join(),
            ),
        ),
        sim.Program("worker", (sim.Repeat(_TURNS, (turn, sim.Alloc(_GARBAGE))),), 0),
    )
    # Each node has a pointer in its first word, and is found by marking the one before.
    heap = sim.Heap(0, 100, scan_bytes=_LIVE_BYTES // 8, chained=True)
    return sim.Workload(programs, run.played.load.procs, heap=heap)


def _like(run: Real, mean: float) -> sim.Compute:
    """Computing that takes so long on average, and varies as it did when it was measured by itself.

    Without that, goroutines that do the same would never get in each other's way.
    """
    spins = np.array(run.spins_ns)
    if not len(spins):
        return sim.Compute(int(mean))
    # What took several times as long had lost its CPU on the way.
    spins = spins[spins <= _LOST * np.median(spins)]
    return sim.Compute(sim.Measured(tuple((spins * (mean / spins.mean())).astype(int).tolist())))


def _ran_ns(run: Real, rows: Sequence[int]) -> int:
    """For how long these goroutines ran, all together."""
    spans = run.timeline.spans
    chosen = (spans["lane"] == int(Lane.GOROUTINE)) & (spans["state"] == int(State.RUNNING))
    chosen &= np.isin(spans["id"], rows)
    begin, end = run.played.window_ns
    start, stop = spans["start"][chosen], (spans["start"] + spans["dur"])[chosen]
    return int(np.maximum(np.minimum(stop, end) - np.maximum(start, begin), 0).sum())


def _unassisted_ns(run: Real, rows: Sequence[int]) -> int:
    """The same without the time in which they marked and swept."""
    return _ran_ns(run, rows) - _ran_within_ns(run, rows, (_ASSIST, _SWEEP))


def _whole_ns(run: Real, name: str) -> Integers:
    """How long ranges of this name took in which the goroutine ran from begin to end."""
    marks, spans = run.timeline.marks, run.timeline.spans
    ranges = np.flatnonzero(run.timeline.names(marks["name"]) == name)
    lane = (spans["lane"] == int(Lane.GOROUTINE)) & (spans["state"] == int(State.RUNNING))
    found: list[int] = []
    for row in programs_own(run.timeline, run.played.rows):
        own = np.flatnonzero(lane & (spans["id"] == row))
        own = own[np.argsort(spans["start"][own])]
        start, stop = spans["start"][own], (spans["start"] + spans["dur"])[own]
        begin = marks["start"][ranges[marks["g"][ranges] == row]]
        lasted = marks["dur"][ranges[marks["g"][ranges] == row]]
        at = np.maximum(np.searchsorted(start, begin, side="right") - 1, 0)
        found += lasted[(begin >= start[at]) & (begin + lasted <= stop[at])].tolist()
    return np.array(found, np.int64)


def _ran_within_ns(run: Real, rows: Sequence[int], names: Sequence[str]) -> int:
    """For how long these goroutines ran while they were in ranges of these names."""
    marks, spans = run.timeline.marks, run.timeline.spans
    total = 0
    for row in rows:
        lane = (spans["lane"] == int(Lane.GOROUTINE)) & (spans["state"] == int(State.RUNNING))
        own = np.flatnonzero(lane & (spans["id"] == row))
        start, stop = spans["start"][own], (spans["start"] + spans["dur"])[own]
        ranges = np.flatnonzero(np.isin(run.timeline.names(marks["name"]), names) & (marks["g"] == row))
        for at in ranges:
            begin, end = marks["start"][at], marks["start"][at] + marks["dur"][at]
            total += int(np.maximum(np.minimum(stop, end) - np.maximum(start, begin), 0).sum())
    return total


def scored(
    runs: Sequence[Real], costs: sim.Costs, rules: sim.Rules, others: Sequence[Real] = ()
) -> tuple[Line, ...]:
    """Makespan, latency and queues of real runs of one kind, and of each one's simulation.

    The noise is that among ``runs`` and ``others`` (those that calibrated); NaN with fewer than two.
    """
    kind = runs[0].kind
    light = kind in _LIGHT
    results = [simulated(run, costs, rules, seed) for seed, run in enumerate(runs)]
    waits = [against.runnable_ns(result.timeline, programs_own(result.timeline)) for result in results]
    lengths = [against.queue_lengths(result.timeline) for result in results]
    pairs = list(itertools.combinations([*runs, *others], 2))

    def line(measure: str, of: Callable[[Real], float], made: list[float], goal: float | None) -> Line:
        real = [of(run) for run in runs]
        errors = [abs(against.relative(one, other)) for one, other in zip(made, real, strict=True)]
        noise = _median([abs(against.relative(of(one), of(other))) for one, other in pairs])
        return Line(kind, measure, _median(real), _median(made), _median(errors), noise, goal)

    def apart(
        measure: str,
        of: Callable[[Real], Integers],
        made: list[Integers],
        goal: Callable[[float], float],
        floor: int,
    ) -> Line:
        real = [of(run) for run in runs]
        errors = [against.distance(one, other, floor) for one, other in zip(made, real, strict=True)]
        noise = _median([against.distance(of(one), of(other), floor) for one, other in pairs])
        there, here = (_median([float(one.mean()) for one in side if len(one)]) for side in (real, made))
        return Line(kind, measure, there, here, _median(errors), noise, goal(noise))

    def latency_goal(noise: float) -> float:
        return 0.25 if light else max(0.10, 1.5 * noise)

    return (
        line(
            "makespan",
            lambda run: float(run.makespan_ns),
            [float(result.makespan_ns) for result in results],
            0.08 if light else 0.03,
        ),
        line(
            "p99 runnable",
            lambda run: against.quantile(run.runnable_ns, 0.99),
            [against.quantile(one, 0.99) for one in waits],
            None if light else 0.10,
        ),
        apart("runnable, KS", lambda run: run.runnable_ns, waits, latency_goal, _AT_ONCE_NS),
        apart("local queues, KS", lambda run: run.queued, lengths, lambda _: 0.10, 0),
    )


def counted(
    kind: str, runs: Sequence[Real], costs: sim.Costs, rules: sim.Rules, repeats: int
) -> tuple[Line, ...]:
    """Counts of the probes in real runs without a trace, and of the simulator's of the traced ones."""
    program = probes.build("workloads", mode=probes.Mode.COUNTERS)
    settings = process.GoSettings(gomaxprocs=runs[0].played.load.procs)
    real = [
        probes.run_built(program, ["-precede", "-kind", kind], settings=settings).counters.totals()
        for _ in range(repeats)
    ]
    made = [simulated(run, costs, rules, seed).counters.totals() for seed, run in enumerate(runs)]
    return tuple(_count_line(kind, name, real, made) for name in (*EXACT, *ROUGH))


def _count_line(kind: str, name: str, real: list[dict[str, int]], made: list[dict[str, int]]) -> Line:
    there, here = _median([float(one[name]) for one in real]), _median([float(one[name]) for one in made])
    values = [one[name] for one in real]
    noise = (max(values) - min(values)) / there if there else 0.0
    if name in EXACT:
        # Two more or less are as good as none.
        error = 0.0 if abs(here - there) <= 2 else abs(against.relative(here, there))
        return Line(kind, name, there, here, error, noise, 0.01)
    factor = max(here, 1.0) / max(there, 1.0)
    return Line(kind, name, there, here, max(factor, 1 / factor) - 1, noise, 1.0 if there >= 30 else None)


def read(kind: str, timeline: Timeline, procs: int, said: Mapping[str, Any]) -> Real:
    """What a trace has of one of ``KINDS``, with what the program ``said`` at its end."""
    played = replay(timeline, _REGION, procs=procs, sleep_ns=_SLEEP_NS if kind in _SLEEPERS else None)
    begin, end = played.window_ns
    spans = timeline.spans
    running = (spans["lane"] == int(Lane.GOROUTINE)) & (spans["state"] == int(State.RUNNING))
    own = programs_own(timeline, played.rows)
    running &= np.isin(spans["id"], own)
    return Real(
        kind=kind,
        timeline=timeline,
        played=played,
        makespan_ns=end - begin,
        busy_ns=int(spans["dur"][running].sum()),
        runnable_ns=against.runnable_ns(timeline, own, played.window_ns),
        queued=against.queue_lengths(timeline, played.window_ns),
        waited_ns=int(said["waited_ns"]),
        spins_ns=tuple(said.get("spins_ns", ())),
    )


def programs_own(timeline: Timeline, rows: Iterable[int] | None = None) -> list[int]:
    """The goroutines, or those of ``rows``, that are not the runtime's."""
    names = timeline.names(timeline.goroutine_function)
    return [
        row for row in (range(len(names)) if rows is None else rows) if not names[row].startswith(_RUNTIME)
    ]


def _median(values: Sequence[float]) -> float:
    return float(statistics.median(values)) if values else float("nan")


ABLATIONS: Final[Mapping[str, tuple[str, dict[str, object], dict[str, object], int]]] = {
    "one P": ("yield", {}, {}, 1),
    "four Ps": ("yield", {}, {}, 4),
    "queue of 32": ("fan", {"local_queue": 32}, {"local_queue": 32}, 2),
    "no stealing": ("fan", {"stealing": False}, {"steal": False}, 2),
    "batches of 2": ("yield", {"global_batch": 2}, {"batch": 2}, 2),
    "no runnext": ("produce", {"runnext": False}, {"runnext": False}, 2),
}
"""By name: a workload, the real runtime's constants, the simulator's rules, the Ps."""


@dataclass(frozen=True, slots=True)
class Ablation:
    """The time that a workload takes with a changed rule, by that without: of the real one, and simulated.

    ``noise`` is by how much two unchanged real runs of a round differ. ``measurable`` is False where there
    are fewer CPUs than Ps: the simulator's Ps have one each, the real ones have to share.
    """

    name: str
    kind: str
    real: float
    simulated: float
    noise: float
    measurable: bool = True

    @property
    def met(self) -> bool | None:
        """The same direction, and the change within a quarter; what is less than the noise has no direction.

        None if it cannot be told here.
        """
        if not self.measurable:
            return None
        there, here = self.real - 1, self.simulated - 1
        if abs(there) <= self.noise:
            return abs(here - there) <= max(self.noise, 0.05)
        return there * here > 0 and abs(here - there) <= 0.25 * abs(there)


def ablated(name: str, base: Sequence[Real], costs: sim.Costs, rules: sim.Rules, repeats: int) -> Ablation:
    """The real runtime rebuilt with a changed constant, and the simulator with the same rule.

    The real ones run in turn, without the change before and after each with it, so that a busy neighbour
    meets all alike.
    """
    kind, constants, changes, procs = ABLATIONS[name]
    plain, changed = _runner(kind, {}, 2), _runner(kind, constants, procs)
    rounds = [(plain(), changed(), plain()) for _ in range(repeats)]
    real = [2 * with_it / (before + after) for before, with_it, after in rounds]
    noise = [abs(before / after - 1) for before, _, after in rounds]
    made = []
    for seed, run in enumerate(base):
        load = dataclasses.replace(_load(run), procs=procs)
        other = sim.simulate(load, rules=rules.replace(**changes), costs=unpaid(costs), seed=seed)
        made.append(other.makespan_ns / simulated(run, costs, rules, seed).makespan_ns)
    measurable = procs <= process.cores()
    return Ablation(name, kind, _median(real), _median(made), _median(noise), measurable)


def _runner(kind: str, constants: Mapping[str, object], procs: int) -> Callable[[], float]:
    """What runs a workload once and says how long its work took, ns."""
    program = probes.build("workloads", mode=probes.Mode.OFF, constants=constants)
    settings = process.GoSettings(gomaxprocs=procs)
    arguments = ["-precede", "-kind", kind]
    return lambda: float(said_by(process.run(program, arguments, settings=settings).check())["ns"])
