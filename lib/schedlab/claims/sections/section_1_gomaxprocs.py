"""Section 1, third part: the traps of GOMAXPROCS, and what decides throughput."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

from schedlab import process, toolchain
from schedlab.claims.errors import NotMeasurableHere
from schedlab.claims.model import (
    Decision,
    Entry,
    Measured,
    Needs,
    Values,
    does_not_hold,
    holds,
    imprecise,
    not_measurable,
)
from schedlab.claims.rig import Rig
from schedlab.claims.sections._spans import most_at_once
from schedlab.process import CpuQuota, Finished, GoSettings
from schedlab.timeline import Lane, State, Timeline

_T = TypeVar("_T")

_ALL = ("1.24", "1.25", "1.26", "1.27")
_TWO_CORES = Needs(cores=2)

# A run that got less of its CPUs measures the other programs.
_UNDISTURBED = 0.85

# The default of a module whose go.mod names the release, not that of the samples' older go.mod.
_FOLLOWS_THE_QUOTA = GoSettings(godebug={"containermaxprocs": 1})


def asked(rig: Rig) -> Measured:
    """The number of Ps that a program gets: asked for, not asked for, and bound to one CPU."""
    cpus, many = rig.machine.cpus, 4 * rig.machine.cpus

    def ps(gomaxprocs: int | None, **options: Any) -> int:
        run = rig.run("parallel", ["-report"], settings=GoSettings(gomaxprocs=gomaxprocs), **options)
        return int(run.json()["gomaxprocs"])

    bound = ps(None, cpus=[min(os.sched_getaffinity(0))]) if hasattr(os, "sched_getaffinity") else None
    values = {"cpus": cpus, "one": ps(1), "asked": many, "many": ps(many), "unset": ps(None), "bound": bound}
    said = f"on {cpus} CPUs: {values['one']} P when 1 is asked for, {values['many']} when {many} are, "
    said += f"{values['unset']} when none is"
    return Measured(values, said if bound is None else f"{said}, {bound} when bound to one CPU")


def parallelism(rig: Rig) -> Measured:
    """How many goroutines run at once with one P and with a P for each CPU, and what CPU time that costs."""
    cores = rig.machine.cores
    settings = {"one": GoSettings(gomaxprocs=1), "fitting": GoSettings(gomaxprocs=cores)}
    at_once = {name: _running_at_once(rig, chosen) for name, chosen in settings.items()}
    pairs = [
        [_cpu_ns(rig.run("parallel", ["-rounds", 50_000_000], settings=s)) for s in settings.values()]
        for _ in range(7)
    ]
    cost = median(one / fitting for one, fitting in pairs)
    said = (
        f"with one P {at_once['one']} goroutine ran at once, with {cores} Ps {at_once['fitting']} did; one P "
        f"used {cost:.2f} times the CPU time for the same work"
    )
    return Measured({"cores": cores, **at_once, "cost": cost}, said)


def switching(rig: Rig) -> Measured:
    """Whether more threads run goroutines than there are CPUs, and how often the kernel takes those away."""
    cores, ps = rig.machine.cores, 4 * rig.machine.cores
    settings = GoSettings(gomaxprocs=ps)
    at_once = {n: _running_at_once(rig, GoSettings(gomaxprocs=n)) for n in (cores, ps)}
    runs = [rig.run("parallel", ["-rounds", 100_000_000], settings=settings) for _ in range(3)]
    rate = median(run.involuntary_switches / (_cpu_ns(run) / 1e8) for run in runs)
    said = (
        f"with {ps} Ps on {cores} CPUs, {at_once[ps]} threads ran goroutines at once by Go's count, with "
        f"{cores} Ps {at_once[cores]}; the kernel took a CPU away {rate:.0f} times in 100 ms of computing"
    )
    values = {"cores": cores, "ps": ps, "fitting": at_once[cores], "many": at_once[ps], "rate": rate}
    return Measured(values, said)


def waiting(rig: Rig) -> Measured:
    """What Ps beyond the CPUs gain for goroutines that wait parked, or in system calls; paired medians."""
    cores = rig.machine.cores
    few, many = GoSettings(gomaxprocs=cores), GoSettings(gomaxprocs=4 * cores)
    loads: dict[str, tuple[str, list[str | int], str]] = {
        "parked": ("parallel", ["-sleep", "5ms", "-rounds", 2_000_000], "elapsed_ns"),
        "in_calls": ("workloads", ["-kind", "syscalls"], "ns"),
    }
    gains = {}
    for name, (sample, arguments, key) in loads.items():
        pairs = [[rig.run(sample, arguments, settings=s).json()[key] for s in (few, many)] for _ in range(5)]
        gains[name] = median(a / b for a, b in pairs)
    said = (
        f"{4 * cores} Ps are {gains['parked']:.2f} times as fast as {cores} with goroutines that wait "
        f"parked, {gains['in_calls']:.2f} times with goroutines that wait in system calls"
    )
    return Measured(gains, said)


def default_in_container(rig: Rig) -> Measured:
    """Whether the runtime's default looks at a cgroup's quota, by its source; and what it takes in one."""
    cpus = rig.machine.cores
    try:
        reads = "ReadCPULimit(" in rig.source("cgroup_linux.go", "adjustCgroupGOMAXPROCS")
        least = 2 if "max(limit, 2)" in rig.source("cgroup_linux.go", "adjustCgroupGOMAXPROCS") else 1
    except toolchain.SymbolMoved:
        reads, least = False, 1
    within = None
    if cpus > 2 and process.quota_support().available:
        run = rig.run("parallel", ["-report"], settings=_FOLLOWS_THE_QUOTA, quota=CpuQuota(1.0))
        within = int(run.json()["gomaxprocs"])
    said = f"the default {'reads' if reads else 'does not read'} the cgroup's quota"
    said += f", and takes {least} Ps or more" if reads else ""
    said += "" if within is None else f"; with a quota of 1 CPU it takes {within} Ps of {cpus}"
    return Measured({"reads_quota": reads, "least": least, "within": within, "cpus": cpus}, said)


def overcommitted(rig: Rig) -> Measured:
    """How long the kernel stops a program with a quota of 1 CPU, with one P and with a P for each CPU."""
    cores, quota = rig.machine.cores, CpuQuota(1.0)

    def tried() -> list[float] | None:
        settings = (GoSettings(gomaxprocs=1), GoSettings(gomaxprocs=cores))
        runs = [rig.run("parallel", ["-rounds", 200_000_000], settings=s, quota=quota) for s in settings]
        if any(_got(run, quota.cpus) <= _UNDISTURBED for run in runs):
            return None
        return [run.throttle.throttled_ns / run.json()["elapsed_ns"] for run in runs if run.throttle]

    quiet = _undisturbed(tried, wanted=3, tries=4)
    one, host = (median(shares[i] for shares in quiet) for i in (0, 1))
    said = (
        f"with a quota of 1 CPU the kernel stopped the program for {host:.0%} of its time with {cores} Ps, "
        f"for {one:.0%} with one"
    )
    return Measured({"one": one, "host": host}, said)


def more_goroutines(rig: Rig) -> Measured:
    """What 64 times as many computing, and 16 times as many waiting goroutines get done; paired medians."""
    settings = GoSettings(gomaxprocs=rig.machine.cores)

    def run(goroutines: int, *arguments: str | int) -> Finished:
        return rig.run("parallel", ["-goroutines", goroutines, *arguments], settings=settings)

    # All Ps are busy in both, so what gets done is what a second of CPU time does.
    busy = [[_cpu_ns(run(n, "-rounds", 50_000_000)) for n in (16, 1024)] for _ in range(7)]
    # Each goroutine waits ten times, so those that wait get sixteen times as much done in the same time.
    idle = [
        [run(n, "-rounds", 64_000, "-sleep", "5ms").json()["elapsed_ns"] for n in (4, 64)] for _ in range(5)
    ]
    values = {
        "computing": median(few / many for few, many in busy),
        "waiting": median(16 * few / many for few, many in idle),
    }
    said = (
        f"64 times as many goroutines that compute get {values['computing']:.2f} times as much done, "
        f"16 times as many that wait {values['waiting']:.1f} times"
    )
    return Measured(values, said)


def _running_at_once(rig: Rig, settings: GoSettings) -> int:
    """The most goroutines that ran at the same time, in an execution trace of a computing program."""
    with tempfile.TemporaryDirectory(prefix="schedlab-claim-") as folder:
        file = Path(folder) / "trace"
        rig.run("workloads", ["-kind", "yield", "-goroutines", 100, "-trace", str(file)], settings=settings)
        running = Timeline.load(file).filter(lane=Lane.GOROUTINE, state=State.RUNNING).spans
        return most_at_once(running["start"], running["dur"])


def _undisturbed(tried: Callable[[], _T | None], *, wanted: int, tries: int) -> list[_T]:
    """``wanted`` results of ``tried``, which gives None if other programs disturbed it."""
    found: list[_T] = []
    for number in range(tries):
        if (result := tried()) is not None:
            found.append(result)
        if len(found) == wanted:
            return found
        if len(found) + tries - number - 1 < wanted:
            break
    raise NotMeasurableHere("other programs used the CPUs")


def _cpu_ns(run: Finished) -> int:
    return run.user_ns + run.system_ns


def _got(run: Finished, available: float) -> float:
    """The part of the available processor time that the program really had."""
    return float(_cpu_ns(run) / (run.json()["elapsed_ns"] * available))


def _fewer(values: Values) -> Decision:
    if values["cpus"] < 2:
        return not_measurable("no number is below that of a single CPU")
    return holds() if values["one"] == 1 else does_not_hold(f"there are {values['one']}")


def _more(values: Values) -> Decision:
    return holds() if values["many"] == values["asked"] else does_not_hold(f"there are {values['many']}")


def _unset(values: Values) -> Decision:
    if values["cpus"] < 2:
        return not_measurable("with one CPU every rule gives one P")
    if values["bound"] in (None, values["cpus"]):
        return holds() if values["unset"] == values["cpus"] else does_not_hold(f"it is {values['unset']}")
    if values["bound"] != 1:
        return does_not_hold(f"bound to one CPU there are {values['bound']}")
    said = f"It is the number of CPUs that the process may use: {values['bound']} if bound to one."
    return imprecise(said, "the cores count that the process may run on")


def _limits(values: Values) -> Decision:
    if values["one"] == 1 and values["fitting"] >= 2:
        return holds()
    return does_not_hold(f"{values['one']} ran at once with one P, {values['fitting']} with more")


def _saves_nothing(values: Values) -> Decision:
    if values["cost"] >= 0.8:
        return holds("the same work takes as much CPU time")
    return does_not_hold(f"one P needs {values['cost']:.2f} times the CPU time")


def _switches(values: Values) -> Decision:
    if values["fitting"] > values["cores"]:
        return not_measurable("the trace shows more at once than there are Ps")
    if values["many"] <= values["cores"]:
        return does_not_hold(f"no more than {values['many']} threads run at once")
    if values["rate"] >= 10:
        return holds("the CPUs are fewer than the threads that run Go code, and are passed on between them")
    if values["rate"] < 3:
        return does_not_hold(f"{values['rate']:.0f} switches in 100 ms are few")
    return not_measurable(f"{values['rate']:.0f} switches in 100 ms are neither few nor many")


def _helps_waiting(values: Values) -> Decision:
    helped = [name for name in ("parked", "in_calls") if values[name] >= 2]
    if len(helped) == 2:
        return holds()
    if helped:
        words = {"parked": "parked", "in_calls": "in system calls"}
        said = f"It helps goroutines that wait {words[helped[0]]}: {values[helped[0]]:.2f} times as fast."
        return imprecise(said, "it depends on how they wait")
    return does_not_hold("who waits holds no P, or loses it")


def _takes_the_hosts(values: Values) -> Decision:
    if values["within"] is not None:
        if values["within"] == values["cpus"]:
            return holds("the quota is not looked at")
        return does_not_hold(f"it took {values['within']} of {values['cpus']}")
    if values["reads_quota"]:
        said = f"The default is at most the quota, rounded up, but {values['least']} or more, by the sources."
        return does_not_hold("the quota counts", said)
    return holds("the quota is not looked at")


def _overcommits(values: Values) -> Decision:
    if values["host"] >= 0.2 and values["host"] >= 4 * values["one"]:
        return holds("it uses the quota up early, and is stopped")
    if values["host"] < 0.05:
        return does_not_hold("it is hardly stopped at all")
    return not_measurable("it is stopped with one P too, or too little to tell")


def _not_by_goroutines(values: Values) -> Decision:
    if values["computing"] >= 1.5:
        return does_not_hold("more goroutines compute more")
    if values["waiting"] < 2:
        return holds()
    said = (
        f"64 times as many goroutines that compute get {values['computing']:.2f} times as much done, "
        f"16 times as many that wait {values['waiting']:.1f} times."
    )
    return imprecise(said, "true of goroutines that compute")


ENTRIES = (
    Entry(
        "C1.5a",
        asked,
        "Holds if GOMAXPROCS=1 gives one P, where there are more CPUs.",
        _fewer,
        seconds=2,
        examined=_ALL,
    ),
    Entry(
        "C1.5f",
        parallelism,
        "Holds if one goroutine runs at once with one P, and two or more with a P for each CPU, by a trace.",
        _limits,
        seconds=9,
        examined=_ALL,
        needs=_TWO_CORES,
    ),
    Entry(
        "C1.5g",
        parallelism,
        "Holds if one P uses 0.8 times the CPU time of a P for each CPU, or more, for the same work; paired, "
        "median of 7.",
        _saves_nothing,
        seconds=9,
        examined=_ALL,
        needs=_TWO_CORES,
    ),
    Entry(
        "C1.5b",
        asked,
        "Holds if GOMAXPROCS of four times the CPUs gives that many Ps.",
        _more,
        seconds=2,
        examined=_ALL,
    ),
    Entry(
        "C1.5h",
        switching,
        "Holds if, with four Ps for each CPU, more threads run goroutines at once than there are CPUs, by a "
        "trace, and the kernel takes a CPU from them 10 times or more in 100 ms of computing; median of 3.",
        _switches,
        seconds=9,
        examined=_ALL,
    ),
    Entry(
        "C1.5e",
        waiting,
        "Holds if four Ps for each CPU are twice as fast as one for each, with goroutines that wait parked "
        "and with goroutines that wait in system calls; imprecise if with one of the two. Median of 5 pairs.",
        _helps_waiting,
        seconds=5,
        examined=_ALL,
    ),
    Entry(
        "C1.5c",
        asked,
        "Holds if a program that asks for nothing has as many Ps as the machine has CPUs, also when it is "
        "bound to one; imprecise if it then has one.",
        _unset,
        seconds=2,
        examined=_ALL,
    ),
    Entry(
        "C1.5d",
        default_in_container,
        "Holds if the default does not follow a cgroup's quota: by a run where there are more than two CPUs "
        "and quotas can be set, else by whether the runtime's source reads one.",
        _takes_the_hosts,
        seconds=2,
        examined=_ALL,
        needs=Needs(linux=True),
        compare=("1.24",),
    ),
    Entry(
        "C1.5i",
        overcommitted,
        "Holds if a program with a quota of 1 CPU is stopped for a fifth of its time with a P for each CPU, "
        "and four times as long as with one P; does not hold below a twentieth. Median of undisturbed runs.",
        _overcommits,
        seconds=8,
        examined=_ALL,
        needs=Needs(cores=2, quota=True),
    ),
    Entry(
        "C1.6",
        more_goroutines,
        "Holds if 64 times as many computing goroutines get less than 1.5 times as much done, and 16 times "
        "as many that wait less than 2 times; imprecise if only the first. Paired medians.",
        _not_by_goroutines,
        seconds=6,
        examined=_ALL,
    ),
)
