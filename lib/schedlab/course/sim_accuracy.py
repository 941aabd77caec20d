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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from schedlab import process, sim, toolchain
from schedlab.analysis import gc
from schedlab.analysis._common import Integers
from schedlab.capture import probes
from schedlab.errors import UsageError
from schedlab.sim import against
from schedlab.sim.replay import Replay, replay, unpaid
from schedlab.timeline import Lane, State, Timeline

# Of collect and echo, in go_samples/workloads.
_GOROUTINES: Final = 4
_MESSAGES: Final = 500
_CLIENT, _SERVER = "main.each.func1", "main.echo.func1.1"
_TURNS: Final = 1500
_LIVE_BYTES: Final = 32 << 20
_REGION: Final = "workload"
_AT_ONCE_NS: Final = 1_000
"""Who waits for less was run at once: how many hundred ns that took says nothing of the scheduler's rules."""
_STRETCH: Final = 1.10
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
    """One real run: its trace, what of it can be replayed, and what it took. Times in ns."""

    kind: str
    timeline: Timeline
    played: Replay
    makespan_ns: int
    busy_ns: int
    runnable_ns: Integers
    queued: Integers


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
            process.run(program, ["-kind", kind, "-trace", file, "-turns", turns], settings=settings).check()
            found.append(_read(kind, Timeline.load(file), procs))
    return tuple(found)


def quiet(runs: Sequence[Real]) -> tuple[tuple[Real, ...], int]:
    """The runs that neighbours did not stretch by more than a tenth, but at least two; and how many are not.

    A run's goroutines always compute as much; what they took longer for than in the quickest run, they did
    not have the CPU.
    """
    least = min(run.busy_ns for run in runs)
    good = [run for run in runs if run.busy_ns <= least * _STRETCH]
    if len(good) < 2:
        good = sorted(runs, key=lambda run: run.busy_ns)[:2]
    return tuple(good), len(runs) - len(good)


def calibrated(runs: Sequence[Real]) -> sim.Costs:
    """The costs of this machine: between goroutines, to wake a thread, to sleep too long."""
    costs = sim.Costs()
    changes: dict[str, int | float] = {
        "slack_ns": timer_slack_ns(),
        "poll_slack_ns": poll_slack_ns(),
        "cold_start_ns": cold_start_ns(),
    }
    marked = [_mark_ns_per_kib(run) for run in runs if run.kind == "collect"]
    if any(marked):
        changes["mark_ns_per_kib"] = int(statistics.median(filter(None, marked)))
    talked = [_socket_ns(run) for run in runs if run.kind == "echo"]
    if talked:
        changes["socket_ns"] = int(statistics.median(talked))
    return switching(costs.replace(**changes, **_wake_costs()), runs)


def switching(costs: sim.Costs, runs: Sequence[Real]) -> sim.Costs:
    """With what these runs took from one goroutine to the next: a pair in one P's cache is quicker than a
    thousand."""
    gaps = np.concatenate([against.switch_gaps(run.timeline, run.played.window_ns) for run in runs])
    return costs.replace(switch_ns=int(np.median(gaps))) if len(gaps) > 100 else costs


def _socket_ns(run: Real) -> int:
    """What system calls took for each message written or read."""
    spent = sum(_spent_ns(run, function, State.SYSCALL) for function in (_CLIENT, _SERVER))
    return spent // (2 * 2 * _GOROUTINES * _MESSAGES)


def _mark_ns_per_kib(run: Real) -> int:
    """What workers and assists took for each KiB that lives; 0 if there was no whole cycle."""
    cycles = gc.cycles(run.timeline)
    whole = cycles.whole
    if not whole.any():
        return 0
    spent = cycles.worker_ns[whole].sum() + cycles.assist_ns[whole].sum()
    return int(spent / whole.sum() / (_LIVE_BYTES >> 10))


def _wake_costs() -> dict[str, int | float]:
    """From a pair that is locked to its threads, on one P: to hand over takes two wake-ups, one after the
    other.

    ``stoplockedm`` wakes an M for the P, which finds the goroutine and by ``startlockedm`` wakes its own.
    Half of what that takes is taken for the waker's part.
    """
    runs, _ = quiet(record("threads", 3, procs=1))
    waits = runs[0].runnable_ns
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
    """What was traced; of *collect* and *echo* what go_samples/workloads does.

    A trace does not say what is allocated, nor which write it was that a read waited for.
    """
    procs = run.played.load.procs
    if run.kind == "collect":
        computed = run.busy_ns - int(gc.cycles(run.timeline).assist_ns.sum())
        turn = (sim.Compute(computed // (_GOROUTINES * _TURNS)), sim.Alloc(64 << 10))
        worker = sim.Program("worker", (sim.Repeat(_TURNS, turn),), _GOROUTINES)
        return sim.Workload((worker,), procs, heap=sim.Heap(_LIVE_BYTES, 100))
    return run.played.load


def _conversations(run: Real, procs: int) -> sim.Workload:
    """Clients and servers that compute as much for each message as they did."""
    turns = _spent_ns(run, _CLIENT, State.RUNNING) // (_GOROUTINES * _MESSAGES)
    answers = _spent_ns(run, _SERVER, State.RUNNING) // (_GOROUTINES * _MESSAGES)
    programs: list[sim.Program] = []
    lines: dict[str, int] = {}
    for number in range(_GOROUTINES):
        there, back = f"there{number}", f"back{number}"
        lines |= {there: 0, back: 0}
        ask = (sim.Compute(turns), sim.Write(there), sim.Read(back))
        answer = (sim.Read(there), sim.Compute(answers), sim.Write(back))
        programs.append(sim.Program(f"client{number}", (sim.Repeat(_MESSAGES, ask),)))
        programs.append(sim.Program(f"server{number}", (sim.Repeat(_MESSAGES, answer),)))
    return sim.Workload(tuple(programs), procs, connections=lines)


def _spent_ns(run: Real, function: str, state: State) -> int:
    """For how long goroutines that started in a function were in a state, all together."""
    rows = np.flatnonzero(run.timeline.names(run.timeline.goroutine_function) == function)
    spans = run.timeline.spans
    chosen = (spans["lane"] == int(Lane.GOROUTINE)) & (spans["state"] == int(state))
    return int(spans["dur"][chosen & np.isin(spans["id"], rows)].sum())


def scored(
    runs: Sequence[Real], costs: sim.Costs, rules: sim.Rules, others: Sequence[Real] = ()
) -> tuple[Line, ...]:
    """Makespan, latency and queues of real runs of one kind, and of each one's simulation.

    The noise is that among ``runs`` and ``others`` (those that calibrated); NaN with fewer than two.
    """
    kind = runs[0].kind
    light = kind in _LIGHT
    results = [simulated(run, costs, rules, seed) for seed, run in enumerate(runs)]
    waits = [against.runnable_ns(result.timeline) for result in results]
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
        probes.run_built(program, ["-kind", kind], settings=settings).counters.totals()
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


def _read(kind: str, timeline: Timeline, procs: int) -> Real:
    played = replay(timeline, _REGION, procs=procs, sleep_ns=_SLEEP_NS if kind in _SLEEPERS else None)
    begin, end = played.window_ns
    spans = timeline.spans
    running = (spans["lane"] == int(Lane.GOROUTINE)) & (spans["state"] == int(State.RUNNING))
    running &= np.isin(spans["id"], played.rows)
    return Real(
        kind=kind,
        timeline=timeline,
        played=played,
        makespan_ns=end - begin,
        busy_ns=int(spans["dur"][running].sum()),
        runnable_ns=against.runnable_ns(timeline, played.rows, played.window_ns),
        queued=against.queue_lengths(timeline, played.window_ns),
    )


def _median(values: Sequence[float]) -> float:
    return float(statistics.median(values)) if values else float("nan")


ABLATIONS: Final[Mapping[str, tuple[str, dict[str, object], dict[str, object], int]]] = {
    "one P": ("yield", {}, {}, 1),
    "queue of 32": ("fan", {"local_queue": 32}, {"local_queue": 32}, 2),
    "no stealing": ("fan", {"stealing": False}, {"steal": False}, 2),
    "batches of 2": ("yield", {"global_batch": 2}, {"batch": 2}, 2),
    "no runnext": ("produce", {"runnext": False}, {"runnext": False}, 2),
}
"""By name: a workload, the real runtime's constants, the simulator's rules, the Ps."""


@dataclass(frozen=True, slots=True)
class Ablation:
    """The time that a workload takes with a changed rule, by that without: of the real one, and simulated.

    ``noise`` is by how much two unchanged real runs of a round differ.
    """

    name: str
    kind: str
    real: float
    simulated: float
    noise: float

    @property
    def met(self) -> bool:
        """The same direction, and the change within a quarter; what is less than the noise has no
        direction."""
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
    return Ablation(name, kind, _median(real), _median(made), _median(noise))


def _runner(kind: str, constants: Mapping[str, object], procs: int) -> Callable[[], float]:
    """What runs a workload once and says how long its work took, ns."""
    program = probes.build("workloads", mode=probes.Mode.OFF, constants=constants)
    settings = process.GoSettings(gomaxprocs=procs)
    return lambda: float(work_ns(process.run(program, ["-kind", kind], settings=settings).check()))


def work_ns(finished: process.Finished) -> int:
    """What the program says that its work took."""
    return int(json.loads(finished.stdout.splitlines()[-1])["ns"])
