"""Section 4.4: GOMAXPROCS and GOGC, what each changes, and what the article's table can show."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np

from schedlab import process, toolchain
from schedlab.capture import gctrace, schedtrace, tracing
from schedlab.claims import ledger
from schedlab.claims.errors import NotMeasurableHere
from schedlab.claims.model import (
    Decision,
    Entry,
    Measured,
    Values,
    does_not_hold,
    holds,
    imprecise,
    not_measurable,
)
from schedlab.claims.rig import Rig
from schedlab.process import GoSettings
from schedlab.timeline import Lane, Timeline

_ALL = ("1.24", "1.25", "1.26", "1.27")

# Around the printed function: a package, its imports, and a main that calls it and reads the settings.
_AROUND = """package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)
%s
func main() {
	benchmarkScheduler()
	fmt.Printf(`{"procs": %%d, "gogc": %%d}`+"\\n", runtime.GOMAXPROCS(0), debug.SetGCPercent(-1))
}
"""

_STATS = """package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

func main() {
	gate := make(chan struct{})
	before := runtime.NumGoroutine()
	for range 100 {
		go func() { <-gate }()
	}
	started := runtime.NumGoroutine() - before
	var first, last debug.GCStats
	debug.ReadGCStats(&first)
	for range 5 {
		runtime.GC()
	}
	debug.ReadGCStats(&last)
	pauses := 0
	for _, pause := range last.Pause[:last.NumGC-first.NumGC] {
		if pause > 0 {
			pauses++
		}
	}
	close(gate)
	fmt.Printf(`{"goroutines": %d, "gcs": %d, "pauses": %d}`+"\\n", started, last.NumGC-first.NumGC, pauses)
}
"""

_PROCS, _GOGCS = (4, 8, 16), (10, 50, 100)


def _load(rig: Rig, settings: GoSettings, *args: str | int) -> dict[str, Any]:
    found: dict[str, Any] = rig.run("gc_load", args, settings=settings).json()
    return found


def grid(rig: Rig) -> Measured:
    """The same work in every combination of three numbers of Ps and three values of GOGC."""
    cells = {}
    for gogc in _GOGCS:
        for procs in _PROCS:
            settings = GoSettings(gomaxprocs=procs, gogc=gogc)
            found = _load(rig, settings, "-allocators", 16, "-live-mb", 16, "-garbage-mb", 128)
            cells[f"{procs},{gogc}"] = {
                "gcs": found["gcs"],
                "cpu_ms": found["cpu_ns"] / 1e6,
                "pause_ms": mean(found["pauses_ns"]) / 1e6 if found["pauses_ns"] else None,
            }
    by_gogc = {str(gogc): _over(cells, [f"{procs},{gogc}" for procs in _PROCS]) for gogc in _GOGCS}
    by_procs = {str(procs): _over(cells, [f"{procs},{gogc}" for gogc in _GOGCS]) for procs in _PROCS}
    said = "; ".join(
        f"GOGC={gogc}: {found['gcs']:g} collections, {found['cpu_ms']:.0f} ms of CPU"
        for gogc, found in by_gogc.items()
    )
    return Measured(
        {"cells": cells, "by_gogc": by_gogc, "by_procs": by_procs}, f"{said} (medians over 4, 8, 16 Ps)"
    )


def _over(cells: Mapping[str, Mapping[str, float]], chosen: list[str]) -> dict[str, float]:
    return {what: median(cells[name][what] for name in chosen) for what in ("gcs", "cpu_ms")}


def one_p(rig: Rig) -> Measured:
    """Collections and pauses of the same work with one P, where a pause waits for nobody."""
    values = {}
    for gogc in _GOGCS:
        found = _load(rig, GoSettings(gomaxprocs=1, gogc=gogc), "-garbage-mb", 256)
        pause = median(found["pauses_ns"]) / 1000
        values[str(gogc)] = {"gcs": found["gcs"], "pause_us": pause, "stopped_us": pause * found["gcs"]}
    said = "; ".join(
        f"GOGC={gogc}: {found['gcs']} collections, a pause is {found['pause_us']:.0f} µs"
        for gogc, found in values.items()
    )
    return Measured(values, f"{said} (medians, one P)")


def pacing(rig: Rig) -> Measured:
    """At which size of the heap collections begin, as a multiple of what the one before found alive."""
    values = {}
    for gogc in (50, 100):
        settings = GoSettings(gomaxprocs=1, gogc=gogc, godebug={"gctrace": 1})
        done = rig.run("gc_load", ["-live-mb", 64, "-garbage-mb", 384], settings=settings)
        cycles = gctrace.parse(done.stderr).cycles
        pairs = [pair for pair in pairwise(cycles) if pair[0].heap_marked_mb >= 60]
        if not pairs:
            raise NotMeasurableHere("the program ended before its heap had grown")
        values[str(gogc)] = {
            "start": median(after.heap_start_mb / before.heap_marked_mb for before, after in pairs),
            "goal": median(after.goal_mb / before.heap_marked_mb for before, after in pairs),
        }
    said = "; ".join(
        f"GOGC={gogc}: collections begin at {found['start']:.2f} times the live heap, the goal is "
        f"{found['goal']:.2f}"
        for gogc, found in values.items()
    )
    return Measured(values, said)


def printed(rig: Rig) -> Measured:
    """The article's function as it is printed: does it compile, and what does it set?"""
    (claim,) = ledger.choose(["C4.4l"])
    refused, set_to = "", {"procs": 0, "gogc": 0}
    with rig.program(_AROUND % claim.original) as folder:
        try:
            program = toolchain.build(folder, toolchain=rig.toolchain)
            set_to = process.run(program, wall_limit_s=60).check().json()
        except toolchain.CompileError as error:
            refused = str(error).splitlines()[0]
    said = refused or f"afterwards there are {set_to['procs']} Ps and GOGC is {set_to['gogc']}"
    return Measured({"compiles": not refused, **set_to}, said)


def settable(rig: Rig) -> Measured:
    """How many Ps there are, and how many CPUs, for each of the article's values of GOMAXPROCS."""
    asked = (2, 4, 8, 16)
    runs = [_load(rig, GoSettings(gomaxprocs=procs), "-live-mb", 1, "-garbage-mb", 1) for procs in asked]
    values = {
        "asked": asked,
        "procs": [run["gomaxprocs"] for run in runs],
        "cpus": [run["num_cpu"] for run in runs],
    }
    return Measured(values, f"asked for {list(asked)} Ps, got {values['procs']}, on {values['cpus']} CPUs")


def statistics(rig: Rig) -> Measured:
    """Whether the two functions count what a program did."""
    with rig.program(_STATS) as folder:
        program = toolchain.build(folder, toolchain=rig.toolchain)
        values = process.run(program, wall_limit_s=60).check().json()
    said = (
        f"after 100 go statements and 5 collections: {values['goroutines']} goroutines, {values['gcs']} "
        f"collections, {values['pauses']} pauses"
    )
    return Measured(values, said)


def idle(rig: Rig) -> Measured:
    """How many of 16 Ps are idle, with few goroutines that compute and with many."""
    values = {}
    for name, spinners in (("few", 1), ("many", 40)):
        settings = GoSettings(gomaxprocs=16, schedtrace_ms=10)
        megabytes = 256 if name == "few" else 64
        args: list[str | int] = ["-allocators", 1, "-spinners", spinners, "-garbage-mb", megabytes]
        found = schedtrace.parse(rig.run("gc_load", args, settings=settings).stderr).summaries
        values[name] = median(found.idleprocs.tolist())
    said = f"of 16 Ps {values['few']:g} are idle beside 2 busy goroutines, {values['many']:g} beside 41"
    return Measured(values, said)


def switches(rig: Rig) -> Measured:
    """Involuntary switches a second of CPU time, with as many Ps as CPUs, and with four times as many."""
    cores = rig.machine.cores
    values: dict[str, Any] = {"cores": cores}
    for name, procs in (("as_many", cores), ("four_times", 4 * cores)):
        settings = GoSettings(gomaxprocs=procs, gogc="off")
        args: list[str | int] = ["-allocators", 1, "-spinners", 8 * cores, "-live-mb", 1, "-garbage-mb", 64]
        found = _load(rig, settings, *args)
        values[name] = found["involuntary"] / (found["cpu_ns"] / 1e9)
        values[f"{name}_had"] = found["cpu_ns"] / (found["elapsed_ns"] * cores)
    if values["as_many_had"] < 0.85:
        raise NotMeasurableHere(
            f"other programs are busy: this one had {values['as_many_had']:.0%} of the CPUs that it wanted"
        )
    said = (
        f"{values['as_many']:.0f} involuntary switches a second of CPU time with {cores} Ps on {cores} CPUs, "
        f"{values['four_times']:.0f} with {4 * cores}"
    )
    return Measured(values, said)


def moving(rig: Rig) -> Measured:
    """How often Ms took another P than the one they had before, for the same work."""
    values = {}
    for procs in (2, 16):
        for gogc in (10, 100):
            values[f"{procs},{gogc}"] = _changes_of_p(rig, GoSettings(gomaxprocs=procs, gogc=gogc))
    said = ", ".join(f"{count} with (GOMAXPROCS, GOGC) = ({name})" for name, count in values.items())
    return Measured(values, f"Ms changed their P this often: {said}")


def _changes_of_p(rig: Rig, settings: GoSettings) -> int:
    args: list[str | int] = ["-allocators", 1, "-sleepers", 2, "-live-mb", 16, "-garbage-mb", 128]
    with tempfile.TemporaryDirectory(prefix="schedlab-claim-") as folder:
        file = Path(folder) / "load.trace"
        tracing.record("gc_load", args, file=file, settings=settings, seconds=20, using=rig.toolchain)
        spans = Timeline.load(file).threads_lane().spans
    rows = np.flatnonzero((spans["lane"] == int(Lane.THREAD)) & (spans["p"] >= 0))
    rows = rows[np.lexsort((spans["start"][rows], spans["id"][rows]))]
    m, p = spans["id"][rows], spans["p"][rows]
    return int(((m[1:] == m[:-1]) & (p[1:] != p[:-1])).sum())


def table(rig: Rig) -> Measured:
    """The article's table itself, and what its two settings change in runs that vary them one by one."""
    (claim,) = ledger.choose(["C4.4d"])
    rows = [line.split() for line in claim.original.splitlines()[1:]]
    found = rig.once(grid).values
    gogc, procs = found["by_gogc"], found["by_procs"]
    values = {
        "rows": [[float(cell.rstrip("%")) for cell in row] for row in rows],
        "cells": found["cells"],
        "gogc_effect": gogc["10"]["cpu_ms"] / gogc["100"]["cpu_ms"],
        "procs_effect": procs["16"]["cpu_ms"] / procs["4"]["cpu_ms"],
        "joint_cost": found["cells"]["16,10"]["cpu_ms"] / found["cells"]["4,100"]["cpu_ms"],
    }
    said = (
        f"varied one by one: GOGC 10 instead of 100 costs {values['gogc_effect']:.1f} times the CPU time, "
        f"16 Ps instead of 4 {values['procs_effect']:.1f} times; (16,10) costs {values['joint_cost']:.1f} "
        "times what (4,100) does"
    )
    return Measured(values, said)


def _pause_of_a_row(_: Rig) -> Measured:
    raise NotMeasurableHere(
        "the article names neither the program nor the machine, and a pause depends on both"
    )


def _chain(_: Rig) -> Measured:
    raise NotMeasurableHere(
        'nothing in the runtime is a "compact chain", and the article says of no number that it is'
    )


def _unmeasured(_: Values) -> Decision:
    return not_measurable("there is no experiment")


def _depends(values: Values) -> Decision:
    costs = [cell["cpu_ms"] for cell in values["cells"].values()]
    if max(costs) >= 1.3 * min(costs):
        return holds(f"the same work costs up to {max(costs) / min(costs):.1f} times the CPU time")
    return does_not_hold("the same work costs about the same in every combination")


def _threshold(values: Values) -> Decision:
    off = max(abs(values[gogc]["start"] / (1 + int(gogc) / 100) - 1) for gogc in values)
    if off <= 0.03:
        return holds()
    goal_off = max(abs(values[gogc]["goal"] / (1 + int(gogc) / 100) - 1) for gogc in values)
    if goal_off <= 0.05:
        return imprecise(
            f"GOGC sets the goal by which a collection should have ended: {values['100']['goal']:.2f} times "
            f"the live heap with GOGC=100. It begins earlier, at {values['100']['start']:.2f} times."
        )
    return does_not_hold("neither the start nor the goal is at 1 + GOGC/100 times the live heap")


def _as_asked(values: Values) -> Decision:
    if len(set(values["cpus"])) > 1:
        return does_not_hold("the number of CPUs changed too")
    return (
        holds() if list(values["asked"]) == list(values["procs"]) else does_not_hold("a value was not taken")
    )


def _both_change(values: Values) -> Decision:
    often = values["10"]["gcs"] / values["100"]["gcs"]
    stopped = values["10"]["stopped_us"] / values["100"]["stopped_us"]
    if often >= 2 and not 0.5 < stopped < 2:
        return holds(
            f"GOGC=10 has {often:.1f} times as many collections as GOGC=100, and {stopped:.1f} times the "
            "pauses"
        )
    if often >= 2:
        return imprecise(
            f"GOGC=10 has {often:.1f} times as many collections, and {stopped:.1f} times the stopped time."
        )
    return does_not_hold("the number of collections hardly changes")


def _counts_right(values: Values) -> Decision:
    right = (values["goroutines"], values["gcs"], values["pauses"]) == (100, 5, 5)
    return holds() if right else does_not_hold("a count is wrong")


def _compiles(values: Values) -> Decision:
    return (
        holds("with a package clause and imports") if values["compiles"] else does_not_hold("Go refuses it")
    )


def _sets_procs(values: Values) -> Decision:
    return holds() if values["procs"] == 8 else does_not_hold(f"there are {values['procs']} Ps")


def _earlier(values: Values) -> Decision:
    low, high = values["50"]["start"], values["100"]["start"]
    return holds() if low < 0.95 * high else does_not_hold("they begin no earlier")


def _fewer_switches(values: Values) -> Decision:
    if values["as_many"] * 2 <= values["four_times"]:
        return holds("fewer than with more Ps than CPUs, on a machine that has nothing else to do")
    return does_not_hold("there are about as many with more Ps")


def _shorter_pauses(values: Values) -> Decision:
    pause = values["50"]["pause_us"] / values["100"]["pause_us"]
    if pause <= 0.5:
        return holds()
    often = values["50"]["gcs"] / values["100"]["gcs"]
    return does_not_hold(
        "a pause does not grow with what was allocated",
        f"A pause with GOGC=50 is {pause:.2f} times one with GOGC=100, and there are {often:.1f} times as "
        "many.",
    )


def _separable(values: Values) -> Decision:
    procs, gogc = ([row[at] for row in values["rows"]] for at in (0, 1))
    if len(set(procs)) < len(procs) or len(set(gogc)) < len(gogc):
        return holds()
    return does_not_hold(
        "both settings differ in each pair of rows, so nothing can be said of either or of the two together",
        f"Varied one by one, GOGC=10 instead of 100 costs {values['gogc_effect']:.1f} times the CPU time, "
        f"and 16 Ps instead of 4 cost {values['procs_effect']:.1f} times.",
    )


def _drop(values: Values) -> Decision:
    # The article's drop of the last row, as a share: below 0 it would be a gain.
    printed_drop = values["rows"][-1][3] / 100
    drop = 1 - 1 / values["joint_cost"]
    if abs(drop - printed_drop) <= 0.03:
        return holds()
    if drop * printed_drop > 0:
        return imprecise(
            f"The same work costs {values['joint_cost']:.1f} times the CPU time in the last row."
        )
    return does_not_hold(
        "a drop below 0 is a gain, and no row is the one that the others are compared with",
        f"(16,10) needs {values['joint_cost']:.1f} times the CPU time of (4,100) for the same work: with "
        f"the same CPUs the throughput drops by {drop:.0%}.",
    )


def _pile_up(values: Values) -> Decision:
    if values["few"] < 8:
        return does_not_hold("few Ps are idle even with two busy goroutines")
    if values["many"] >= 8:
        return holds()
    return imprecise(
        f"A P is idle if there is no goroutine for it: of 16 Ps {values['few']:g} with two busy goroutines, "
        f"{values['many']:g} with 41."
    )


def _more_often(values: Values) -> Decision:
    low, high = values["by_gogc"]["10"]["gcs"], values["by_gogc"]["100"]["gcs"]
    return holds() if low >= 2 * high else does_not_hold("there are not twice as many")


def _ms_move(values: Values) -> Decision:
    if values["16,10"] < 3 * max(values["2,100"], 1):
        return does_not_hold("Ms keep their Ps as before")
    return holds(
        f"{values['16,10']} changes, against {values['16,100']} with many Ps alone and {values['2,10']} "
        "with many collections alone"
    )


ENTRIES = (
    Entry(
        "C4.4g",
        grid,
        "The same work in 3 by 3 combinations. Holds if one costs 1.3 times the CPU time of another.",
        _depends,
        seconds=10,
        examined=_ALL,
    ),
    Entry(
        "C4.4h",
        pacing,
        "Holds if collections begin at 1 + GOGC/100 times the live heap, within 3 %; imprecise if only "
        "their goal is there, within 5 %. gctrace, medians.",
        _threshold,
        seconds=5,
        examined=_ALL,
    ),
    Entry(
        "C4.4i",
        settable,
        "Holds if each value gives as many Ps and leaves the number of CPUs as it is.",
        _as_asked,
        seconds=3,
        examined=_ALL,
    ),
    Entry(
        "C4.4j",
        one_p,
        "Holds if between GOGC=10 and GOGC=100 both the collections and the median pause times their "
        "number change twofold.",
        _both_change,
        seconds=5,
        examined=_ALL,
    ),
    Entry(
        "C4.4k",
        statistics,
        "Holds if they count 100 goroutines that were started, and 5 collections with a pause each.",
        _counts_right,
        seconds=3,
        examined=_ALL,
    ),
    Entry("C4.4l", printed, "Holds if it compiles.", _compiles, seconds=3, examined=_ALL),
    Entry("C4.4a", printed, "Holds if there are 8 Ps afterwards.", _sets_procs, seconds=3, examined=_ALL),
    Entry(
        "C4.4b",
        pacing,
        "Holds if with GOGC=50 collections begin at a heap that is at least 5 % smaller than with GOGC=100.",
        _earlier,
        seconds=5,
        examined=_ALL,
    ),
    Entry("C4.4m", _chain, "No rule: there is nothing to measure.", _unmeasured, seconds=1, examined=_ALL),
    Entry(
        "C4.4f",
        switches,
        "Goroutines that only compute. Holds if four times as many Ps as CPUs have twice the involuntary "
        "switches of their threads per CPU time.",
        _fewer_switches,
        seconds=5,
        examined=_ALL,
    ),
    Entry(
        "C4.4c",
        one_p,
        "Holds if the median pause with GOGC=50 is at most half of that with GOGC=100; one P.",
        _shorter_pauses,
        seconds=5,
        examined=_ALL,
    ),
    *(
        Entry(
            name,
            _pause_of_a_row,
            "No rule: the number has no experiment.",
            _unmeasured,
            seconds=1,
            examined=_ALL,
        )
        for name in ("C4.4n", "C4.4o", "C4.4p")
    ),
    Entry(
        "C4.4d",
        table,
        "Holds if two rows of the table share a value of one setting and differ in the other.",
        _separable,
        seconds=10,
        examined=_ALL,
    ),
    Entry(
        "C4.4e",
        table,
        "Holds if the same work in (16,10) drops by what the table says, within 3 points, against (4,100); "
        "imprecise if only the direction is right. CPU time per work.",
        _drop,
        seconds=10,
        examined=_ALL,
    ),
    Entry(
        "C4.4q",
        idle,
        "16 Ps. Holds if half of them are idle, be there 2 busy goroutines or 41; medians.",
        _pile_up,
        seconds=5,
        examined=_ALL,
    ),
    Entry(
        "C4.4r",
        grid,
        "Holds if GOGC=10 has twice the collections of GOGC=100; medians over three numbers of Ps.",
        _more_often,
        seconds=10,
        examined=_ALL,
    ),
    Entry(
        "C4.4s",
        moving,
        "The same work. Holds if with 16 Ps and GOGC=10 Ms change their P at least three times as often as "
        "with 2 Ps and GOGC=100.",
        _ms_move,
        seconds=10,
        examined=_ALL,
    ),
)
