"""How right the simulator is, and how fast.

Accuracy: real runs of ten small programs (go_samples/workloads) are traced; half of them calibrate the costs
of the machine, the other half are replayed under the simulator's scheduler and held against what really
happened. Each error stands beside the difference between one real run and another. The programs take
precedence over other processes where that is allowed (a privileged user's may, on Linux). Runs whose threads
waited longer for a CPU than in the quietest run, by a thirtieth of the Ps' time, are left out, and counted.

Speed: 10,000 goroutines of 100 slices each on 8 Ps, by both drivers in turn, in CPU time.
"""

from __future__ import annotations

import argparse
import statistics
import time

from schedlab import sim
from schedlab.course import sim_accuracy as accuracy


def main(argv: list[str]) -> int:
    """``./course bench sim [--runs N] [--kind KIND] [--only PART]``: print the tables."""
    parser = argparse.ArgumentParser(prog="./course bench sim", description=__doc__)
    parser.add_argument("--runs", type=int, default=10, help="real runs of each workload (default 10)")
    parser.add_argument("--kind", action="append", choices=accuracy.KINDS, help="only this workload")
    parser.add_argument("--only", choices=("accuracy", "ablations", "speed"), help="only this part")
    parser.add_argument(
        "--goroutines", type=int, default=10_000, help="of the measure of speed (default 10000)"
    )
    given = parser.parse_args(argv)
    if given.runs < 4:
        parser.error("fewer than 4 runs leave nothing to score")
    rules = sim.rules_of("go1.27")
    if given.only in (None, "speed"):
        show_speed(given.goroutines)
    if given.only == "speed":
        return 0
    kinds = tuple(given.kind or accuracy.KINDS)
    costs, halves = calibrate(kinds, given.runs)
    if given.only in (None, "accuracy"):
        for kind in kinds:
            runs, others = halves[kind]
            own = accuracy.switching(costs, others)
            show(accuracy.scored(runs, own, rules, others))
            show(accuracy.counted(kind, runs, own, rules, given.runs))
    if given.only in (None, "ablations"):
        for name, (kind, *_) in accuracy.ABLATIONS.items():
            if kind in halves:
                own = accuracy.switching(costs, halves[kind][1])
                show_ablation(accuracy.ablated(name, halves[kind][0], own, rules, given.runs))
    return 0


Halves = dict[str, tuple[tuple[accuracy.Real, ...], tuple[accuracy.Real, ...]]]


def calibrate(kinds: tuple[str, ...], runs: int) -> tuple[sim.Costs, Halves]:
    """Record, calibrate with every other run, and give of each kind those to be scored, and the others."""
    first: list[accuracy.Real] = []
    halves: Halves = {}
    for kind in kinds:
        good, disturbed = accuracy.quiet(accuracy.record(kind, runs))
        first += good[::2]
        halves[kind] = good[1::2], good[::2]
        print(f"{kind}: {len(good)} runs, {disturbed} left out as disturbed", flush=True)
    costs = accuracy.calibrated(first)
    print(f"costs: {costs}\n")
    print(f"{'workload':<10}{'measure':<18}{'real':>12}{'simulated':>12}{'error':>9}{'noise':>9}{'goal':>8}")
    return costs, halves


def show(lines: tuple[accuracy.Line, ...]) -> None:
    """A row for each measure; times in ms, counts as they are."""
    for line in lines:
        timed = line.measure in ("makespan", "p99 runnable", "runnable, KS")
        values = [value / 1e6 if timed else value for value in (line.real, line.simulated)]
        met = {True: "yes", False: "NO", None: "-"}[line.met]
        goal = "" if line.goal is None else f"{line.goal:.2f}"
        print(
            f"{line.kind:<10}{line.measure:<18}{values[0]:>12.3f}{values[1]:>12.3f}"
            f"{line.error:>9.3f}{line.noise:>9.3f}{goal:>8} {met}",
            flush=True,
        )


def show_ablation(found: accuracy.Ablation) -> None:
    """The ratio of times, changed by unchanged."""
    met = {True: "yes", False: "NO", None: "not measurable here, there are fewer CPUs than Ps"}[found.met]
    print(
        f"ablation {found.name} on {found.kind}: real {found.real:.3f}, simulated {found.simulated:.3f}, "
        f"noise {found.noise:.3f}: {met}",
        flush=True,
    )


def show_speed(goroutines: int, rounds: int = 3) -> None:
    """Slices a second of each driver, and the ratio of their times in the same round."""
    steps = (sim.Compute(100_000), sim.Yield())
    mixed = (*steps, sim.Compute(100_000), sim.Sleep(100_000))
    for name, body, turns in (("yield", steps, 100), ("half sleeps", mixed, 50)):
        load = sim.Workload((sim.Program("worker", (sim.Repeat(turns, body),), goroutines),), procs=8)
        speeds: dict[str, list[float]] = {"heapq": [], "simpy": []}
        for _ in range(rounds):
            for driver, found in speeds.items():
                found.append(_speed(load, driver))
        ratios = [heap / simpy for heap, simpy in zip(speeds["heapq"], speeds["simpy"], strict=True)]
        print(
            f"speed, {name}: heapq {max(speeds['heapq']):,.0f} slices/s, simpy {max(speeds['simpy']):,.0f}; "
            f"simpy takes {statistics.median(ratios):.2f} times as long",
            flush=True,
        )


def _speed(load: sim.Workload, driver: str) -> float:
    begun = time.process_time()
    result = sim.simulate(load, driver="simpy" if driver == "simpy" else "heapq")
    return result.slices / (time.process_time() - begun)
