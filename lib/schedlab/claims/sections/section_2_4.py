"""Section 2.4: how the garbage collector stops the world, for how long, and who runs afterwards."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from schedlab import process, toolchain
from schedlab.analysis import gc
from schedlab.capture import gctrace, tracing, xray
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
from schedlab.process import GoSettings
from schedlab.timeline import Lane, State, Timeline

_ALL = ("1.24", "1.25", "1.26", "1.27")
_ONE, _TWO, _FOUR = (GoSettings(gomaxprocs=number) for number in (1, 2, 4))

_START, _END = "GC sweep termination", "GC mark termination"

# The article's function in the place of the runtime's own.
_PRINTED = """func gcStart(trigger gcTrigger) {
    // ...
    semacquire(&worldsema) // 暂停所有 P 上的 M,阻塞新 G 抢占
    systemstack(stopTheWorldWithSema)
}"""

# It takes the semaphore as the runtime does, and looks at what goes on meanwhile.
_HOLDER = """package main

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
	_ "unsafe"
)

//go:linkname worldsema runtime.worldsema
var worldsema uint32

//go:linkname semacquire runtime.semacquire
func semacquire(addr *uint32)

//go:linkname semrelease runtime.semrelease
func semrelease(addr *uint32)

func main() {
	var rounds, started, stopped atomic.Int64
	go func() {
		for {
			rounds.Add(1)
		}
	}()
	semacquire(&worldsema)
	go func() {
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats) // wants to stop the world
		stopped.Add(1)
	}()
	for range 100 {
		go func() { started.Add(1) }()
	}
	before := rounds.Load()
	for begin := time.Now(); time.Since(begin) < 5*time.Second; time.Sleep(20 * time.Millisecond) {
		if rounds.Load() > before+1_000_000 && started.Load() == 100 {
			break
		}
	}
	counts := []any{rounds.Load() - before, started.Load(), stopped.Load()}
	semrelease(&worldsema)
	for stopped.Load() == 0 {
		runtime.Gosched()
	}
	fmt.Printf(`{"rounds": %d, "started": %d, "stopped": %d}`+"\\n", counts...)
}
"""


def traced(rig: Rig) -> Measured:
    """What an execution trace knows of the collections of a program with two Ps, and of one with four."""
    crowded = _trace(rig, _TWO, "-allocators", 2, "-spinners", 2)
    roomy = _trace(rig, _FOUR, "-allocators", 1, "-spinners", 1)
    cycles, stops = gc.cycles(crowded), gc.stops(crowded)
    whole = np.flatnonzero(cycles.whole)
    begins, ends = cycles.mark_start_ns[whole], cycles.mark_end_ns[whole]
    at = {reason: _starts(stops, reason) for reason in (_START, _END)}
    found = {reason: sum(_any_in(times, *pair) for pair in zip(begins, ends, strict=True))
             for reason, times in at.items()}  # fmt: skip
    of_gc = stops.start_ns[stops.of_gc]
    values = {
        "cycles": len(whole),
        "stopped_at_start": found[_START],
        "stopped_at_end": found[_END],
        "running": _typical_count(crowded, State.RUNNING, of_gc),
        "runnable": _typical_count(crowded, State.RUNNABLE, of_gc),
        "program_share": _program_share(crowded),
        "marking_at_once": gc.workers(roomy).at_once(),
    }
    return Measured(values, "")


def hit(rig: Rig) -> Measured:
    """Who runs, and who is runnable, when the world is stopped."""
    values = rig.once(traced).values
    said = f"at the stops {values['running']:g} goroutines ran, {values['runnable']:g} runnable (medians)"
    return Measured(values, said)


def afterwards(rig: Rig) -> Measured:
    """Who has Ps while collections mark."""
    values = rig.once(traced).values
    said = (
        f"while collections marked, a program with two Ps had {values['program_share']:.0%} of their time; "
        f"with four Ps up to {values['marking_at_once']} marked at once"
    )
    return Measured(values, said)


def _trace(rig: Rig, settings: GoSettings, *args: str | int) -> Timeline:
    with tempfile.TemporaryDirectory(prefix="schedlab-claim-") as folder:
        file = Path(folder) / "load.trace"
        arguments = ["-garbage-mb", 256, *args]
        tracing.record("gc_load", arguments, file=file, settings=settings, seconds=20, using=rig.toolchain)
        return Timeline.load(file)


def _starts(stops: gc.Stops, reason: str) -> np.ndarray[Any, Any]:
    chosen = np.array([one == reason for one in stops.reason], dtype=bool)
    return np.asarray(stops.start_ns[chosen])


def _any_in(times: np.ndarray[Any, Any], begin: int, end: int) -> bool:
    return bool(((times >= begin) & (times <= end)).any())


def _typical_count(timeline: Timeline, state: State, times: np.ndarray[Any, Any]) -> float:
    """How many goroutines were in a state at these times; the median."""
    spans = timeline.filter(lane=Lane.GOROUTINE, state=state).spans
    start = np.sort(np.asarray(spans["start"], dtype=np.int64))
    end = np.sort(np.asarray(spans["start"], dtype=np.int64) + np.asarray(spans["dur"], dtype=np.int64))
    counts = np.searchsorted(start, times, side="right") - np.searchsorted(end, times, side="right")
    return float(np.median(counts))


def _program_share(timeline: Timeline) -> float:
    """The share of P time that collections left to the program while they marked; the median of them."""
    cycles, left = gc.cycles(timeline), gc.utilization(timeline)
    pairs = zip(cycles.mark_start_ns.tolist(), cycles.mark_end_ns.tolist(), strict=True)
    return median(float(left.mean(np.array([begin]), end - begin)[0]) for begin, end in pairs)


def pauses(rig: Rig) -> Measured:
    """Pauses of collections with more and more to scan, with one P, so that nobody else is waited for."""
    runs = {
        "nothing": _collect(rig, "-cycles", 20),
        "heap_32": _collect(rig, "-heap-mb", 32, "-cycles", 9),
        "heap_256": _collect(rig, "-heap-mb", 256, "-cycles", 5),
        "stacks": _collect(rig, "-goroutines", 2000, "-cycles", 9),
        "globals": _collect(rig, "-cycles", 9, flags=("-tags=globals",)),
    }
    assisted = _with_assists(rig)
    base = runs["nothing"]
    shares = {
        name: (runs[run]["pause_us"] - base["pause_us"]) / (runs[run]["took_us"] - base["took_us"])
        for name, run in (("stacks", "stacks"), ("globals", "globals"), ("heap", "heap_256"))
    }
    shares["assists"] = (assisted["pause_us"] - runs["heap_32"]["pause_us"]) / max(assisted["assist_us"], 1.0)
    values = {"runs": runs, "assisted": assisted, "shares": shares}
    said = "; ".join(
        f"{label}: pause {runs[name]['pause_us']:.0f} µs, collection {runs[name]['took_us'] / 1000:.1f} ms"
        for name, label in _LABELS.items()
    )
    return Measured(values, f"{said} (medians, one P)")


_LABELS = {
    "nothing": "empty heap",
    "heap_32": "32 MiB",
    "heap_256": "256 MiB",
    "stacks": "2000 deep stacks",
    "globals": "32 MiB of globals",
}


def _collect(rig: Rig, *args: str | int, flags: Sequence[str] = ()) -> dict[str, Any]:
    program = rig.build("gc_pauses", flags=flags)
    found = process.run(program, args, settings=_ONE, wall_limit_s=60).json()
    return {
        "pause_us": median(found["pauses_ns"]) / 1000,
        "took_us": median(found["collections_ns"]) / 1000,
        "pauses_us": [one / 1000 for one in found["pauses_ns"]],
        "collections_us": [one / 1000 for one in found["collections_ns"]],
    }


def _with_assists(rig: Rig) -> dict[str, float]:
    """Pause and assist time of a collection while goroutines allocate beside 32 MiB of live objects."""
    settings = GoSettings(gomaxprocs=1, godebug={"gctrace": 1})
    done = rig.run("gc_load", ["-allocators", 4, "-garbage-mb", 256], settings=settings)
    cycles = [one for one in gctrace.parse(done.stderr).cycles if one.heap_marked_mb >= 16]
    if not cycles:
        raise NotMeasurableHere("the program ended before its heap had grown")
    pause = median(one.stw_sweep_term_ns + one.stw_mark_term_ns for one in cycles)
    assist = sum(one.cpu_assist_ns for one in cycles) / len(cycles)
    return {"pause_us": pause / 1000, "assist_us": assist / 1000}


def light(rig: Rig) -> Measured:
    """The pause at the start of marking, and how long pauses are beside their collections."""
    seen, parts = rig.once(traced).values, rig.once(pauses).values["runs"]["heap_32"]
    share = parts["pause_us"] / parts["took_us"]
    names = ("cycles", "stopped_at_start", "stopped_at_end")
    said = (
        f"of {seen['cycles']} collections {seen['stopped_at_start']} stopped the world as marking began and "
        f"{seen['stopped_at_end']} as it ended; both pauses together are {share:.2%} of a collection of 32 "
        "MiB"
    )
    return Measured({**{name: seen[name] for name in names}, "share": share}, said)


def held(rig: Rig) -> Measured:
    """What goes on while a goroutine holds worldsema and does not stop the world."""
    with rig.program(_HOLDER) as folder:
        (folder / "no_bodies.s").write_text("", encoding="utf-8")
        flags = ("-ldflags=-checklinkname=0",)
        program = toolchain.build(folder, toolchain=rig.toolchain, flags=flags)
        values = process.run(program, settings=_TWO, wall_limit_s=60).check().json()
    said = (
        f"while one goroutine held worldsema, another counted to {values['rounds']}, {values['started']} of "
        f"100 new ones ran, and {values['stopped']} of 1 stop of the world came about"
    )
    return Measured(values, said)


def chain(rig: Rig) -> Measured:
    """In which order gcStart does what the article says, and how it calls the stop."""
    text = _code(rig.source("mgc.go", "gcStart"))
    steps = {
        "semaphore": r"semacquire\(&worldsema\)",
        "stop": r"stopTheWorldWithSema\b",
        "mark_phase": r"setGCPhase\(_GCmark\)",
    }
    places = {name: found.start() if (found := re.search(step, text)) else -1 for name, step in steps.items()}
    call = re.search(
        r"systemstack\((func\(\) \{[^}]*stopTheWorldWithSema\([^}]*\}|stopTheWorldWithSema)\)", text
    )
    values = {
        "signature": text.splitlines()[0].removesuffix("{").strip(),
        "order": [name for name, place in sorted(places.items(), key=lambda pair: pair[1]) if place >= 0],
        "call": " ".join(call[0].split()) if call else "",
    }
    said = f"{values['signature']} does this in turn: {', '.join(values['order'])}; it calls {values['call']}"
    return Measured(values, said)


def _code(source: str) -> str:
    return "\n".join(line for line in source.splitlines() if not line.strip().startswith("//"))


def printed(rig: Rig) -> Measured:
    """Whether the runtime compiles with the article's gcStart in place of its own."""
    own = rig.source("mgc.go", "gcStart")
    file = rig.toolchain.runtime_source / "mgc.go"
    whole = file.read_text(encoding="utf-8")
    if own not in whole:
        raise LookupError("gcStart is not in mgc.go as one piece")
    laid_over = {file: whole.replace(own, _PRINTED).encode()}
    refused = ""
    with rig.program("package main\n\nfunc main() {}\n") as folder:
        try:
            toolchain.build(folder, toolchain=rig.toolchain, overlay=laid_over)
        except toolchain.CompileError as error:
            refused = str(error)
    line = next((one for one in refused.splitlines() if "stopTheWorldWithSema" in one), "")
    line = re.sub(r"^.*?\.go:\d+:\d+: ", "", line.strip())
    call = rig.once(chain).values["call"]
    values = {"compiles": not refused, "refused": line or refused[:300], "call": call}
    said = (
        "it compiles in the place of the runtime's own"
        if not refused
        else f"Go refuses it: {values['refused']}"
    )
    return Measured(values, said)


def stopped(rig: Rig) -> Measured:
    """Looks into a process whose world is stopped: the status of its Ps, the stack of who computed."""
    looks = _look_into(rig.build("stopped_world"))
    states = sorted({str(name) for look in looks for name in look.ps.status_name})
    values = {
        "looks": len(looks),
        "ps": len(looks[0].ps),
        "all_stopped": sum(set(look.ps.status_name) == {"_Pgcstop"} for look in looks),
        "states": states,
        "saved": sum(_saved(look) for look in looks),
    }
    said = (
        f"in {values['all_stopped']} of {len(looks)} looks into a stopped world all {values['ps']} Ps were "
        f"_Pgcstop, and in {values['saved']} the goroutine that had computed stood in asyncPreempt"
    )
    return Measured(values, said)


def _look_into(program: toolchain.Binary) -> list[xray.Snapshot]:
    looks: list[xray.Snapshot] = []
    # The world would stay stopped for longer than anybody looks; the process is ended before.
    with process.start(program, ["-hold", "50s"], settings=_FOUR, wall_limit_s=60) as live:
        live.wait_for_line("stopping", timeout_s=30)
        try:
            with xray.attach(live.pid) as inside:
                until = time.monotonic() + 20
                while len(looks) < 10 and time.monotonic() < until:
                    look = inside.snapshot(stacks=True)
                    if _dumping(look) and not look.torn:
                        looks.append(look)
                    time.sleep(0.02)
        except xray.XrayError as error:
            raise NotMeasurableHere(error.message.splitlines()[0]) from error
        live.stop()
    if not looks:
        raise NotMeasurableHere("the machine was too busy for the world to stop in time")
    return looks


def _dumping(look: xray.Snapshot) -> bool:
    """Whether goroutine 1 writes the dump, which it does with the world stopped."""
    if look.gs is None:
        return False
    return "dumping heap" in look.gs.waits_for[look.gs.id == 1].tolist()


def _saved(look: xray.Snapshot) -> bool:
    if look.gs is None:
        return False
    stacks = [look.gs.stack(int(row)) for row in np.flatnonzero(look.gs.alive)]
    computing = [stack for stack in stacks if any("report.Spin" in name for name in stack)]
    return bool(computing) and any("asyncPreempt" in name for name in computing[0])


def unstoppable(rig: Rig) -> Measured:
    """How long a stop takes while another goroutine is in a loop, and while it is in a long copy."""
    runs: dict[str, list[dict[str, Any]]] = {"loop": [], "copy": []}
    for _ in range(3):
        for victim, found in runs.items():
            found.append(rig.run("stoppable", ["-victim", victim, "-stops", 8], settings=_TWO).json())
    values = {
        name: {
            "stop_us": median(stop for one in found for stop in one["stops_ns"]) / 1000,
            "step_us": median(one["step_ns"] for one in found) / 1000,
            "stops": sum(len(one["stops_ns"]) for one in found),
            "ended": sum(one["ended"] for one in found),
        }
        for name, found in runs.items()
    }
    said = "; ".join(
        f"a stop beside a {name} of {one['step_us'] / 1000:.0f} ms took {one['stop_us']:.0f} µs (median), "
        f"and {one['ended']} of {one['stops']} times the {name} was over by then"
        for name, one in values.items()
    )
    return Measured(values, said)


def _light_at_start(values: Values) -> Decision:
    if values["stopped_at_start"] < values["cycles"]:
        return does_not_hold("marking began without a stop")
    if values["share"] > 0.05:
        return imprecise(
            f"The world is stopped as marking begins; the pauses are {values['share']:.0%} of a collection.",
            "there is a pause, and it is not light",
        )
    more = values["stopped_at_end"]
    return holds(
        f"and there is a second one as marking ends, in {more} of {values['cycles']}" if more else ""
    )


def _whom_it_hits(values: Values) -> Decision:
    if values["runnable"] < values["running"] / 2:
        return holds()
    return imprecise(
        f"The pause holds up the {values['running']:g} goroutines that run, and as long the "
        f"{values['runnable']:g} that are runnable; who waits or is in a system call may not notice it.",
        "no P runs anything, so who is runnable waits too",
    )


def _as_a_chain(values: Values) -> Decision:
    if not values["signature"].startswith("func gcStart(trigger gcTrigger)"):
        return does_not_hold(f"it is {values['signature']}")
    if [step for step in values["order"] if step != "mark_phase"] == ["semaphore", "stop"]:
        return holds()
    return does_not_hold(f"the order is {', '.join(values['order'])}")


def _pauses_all(values: Values) -> Decision:
    if values["rounds"] < 1000:
        return holds()
    waited = "a stop of the world waited for it" if not values["stopped"] else "the world could be stopped"
    return does_not_hold(
        "it is a lock",
        f"Holding worldsema stops nobody: another goroutine counted to {values['rounds']}; {waited}.",
    )


def _blocks_new(values: Values) -> Decision:
    if values["started"] == 0:
        return holds()
    return does_not_hold("it is a lock", f"While it was held, {values['started']} of 100 new goroutines ran.")


def _compiles(values: Values) -> Decision:
    if values["compiles"]:
        return holds()
    if values["call"]:
        return imprecise(
            f"It runs on the system stack, in a closure that names the reason: {values['call']}",
            "the printed line does not compile",
        )
    return does_not_hold("the printed line does not compile, and no such call is made on the system stack")


def _all_gcstop(values: Values) -> Decision:
    if values["all_stopped"] == values["looks"]:
        return holds()
    return does_not_hold(f"Ps had the statuses {', '.join(values['states'])}")


def _interrupted_at_once(values: Values) -> Decision:
    ended = {name: values[name]["ended"] / values[name]["stops"] for name in ("loop", "copy")}
    if ended["loop"] > 0.4 or 0.3 < ended["copy"] < 0.7:
        return not_measurable("the machine is so busy that steps end while nobody stops them")
    if ended["copy"] <= 0.3:
        return holds()
    return does_not_hold(
        "the stop waits until the goroutine can be preempted",
        f"A loop is interrupted in its middle. A long copy is not: in {ended['copy']:.0%} of the stops it "
        "was over before the world stood still.",
    )


def _one_p_marks(values: Values) -> Decision:
    if values["marking_at_once"] == 1:
        return holds()
    return does_not_hold(
        "a stop keeps no P, and marking begins after it",
        f"After the stop all Ps run again; up to {values['marking_at_once']} of four marked at once.",
    )


def _grows(values: Values) -> Decision:
    small, large = values["runs"]["heap_32"], values["runs"]["heap_256"]
    pause, took = large["pause_us"] / small["pause_us"], large["took_us"] / small["took_us"]
    said = (
        f"With 8 times the heap a collection takes {took:.1f} times as long and pauses {pause:.1f} times as "
        f"long; the pause of an almost empty heap is {values['runs']['nothing']['pause_us']:.0f} µs."
    )
    return holds(said) if pause >= 2 else does_not_hold("the pause does not grow with the heap", said)


def _made_of(*causes: str) -> Any:
    """A rule: whether the extra work of each cause is found in the pause."""

    def decide(values: Values) -> Decision:
        shares = {cause: values["shares"][cause] for cause in causes}
        inside = [cause for cause, share in shares.items() if share >= 0.5]
        outside = [cause for cause, share in shares.items() if share <= 0.1]
        if len(inside) == len(causes):
            return holds()
        said = ", ".join(f"{cause} {max(share, 0):.2%}" for cause, share in shares.items())
        corrected = f"Of the extra work this share lengthened the pause: {said}. The rest is concurrent."
        if len(outside) == len(causes):
            return does_not_hold("that work is done while the program runs", corrected)
        return imprecise(corrected)

    return decide


def _mark_then_lock(values: Values) -> Decision:
    order = values["order"]
    if not {"semaphore", "mark_phase"} <= set(order):
        return does_not_hold("gcStart does only one of the two")
    if order.index("mark_phase") < order.index("semaphore"):
        return holds()
    return does_not_hold("the other way round", f"gcStart does this in turn: {', '.join(order)}.")


def _registers_saved(values: Values) -> Decision:
    if values["saved"] >= 0.9 * values["looks"]:
        return holds("asyncPreempt saves all registers on the goroutine's own stack")
    return does_not_hold("the goroutine that computed was not stopped by asyncPreempt")


def _only_the_worker(values: Values) -> Decision:
    share = values["program_share"]
    if share < 0.05:
        return holds()
    return does_not_hold(
        "all Ps resume", f"While collections marked, the program had {share:.0%} of P time (median, two Ps)."
    )


_RULE_CAUSE = (
    "More of it is given to scan, or to assist with. Holds if at least half of the extra work shows in the "
    "pause; does not hold if at most a tenth of it does. Medians of forced collections, one P."
)
_SEEN = Needs(linux=True)

ENTRIES = (
    Entry(
        "C2.4a",
        light,
        "Holds if the trace has a stop for sweep termination in every collection's mark phase, and both "
        "pauses are at most 5 % of a collection of 32 MiB.",
        _light_at_start,
        seconds=15,
        examined=_ALL,
    ),
    Entry(
        "C2.4i",
        hit,
        "Two Ps, four busy goroutines. Holds if at the stops fewer than half as many goroutines are "
        "runnable as run; medians over the stops for GC.",
        _whom_it_hits,
        seconds=10,
        examined=_ALL,
    ),
    Entry(
        "C2.4j",
        chain,
        "Holds if mgc.go declares gcStart(trigger gcTrigger), which acquires worldsema and then stops the "
        "world.",
        _as_a_chain,
        seconds=1,
        examined=_ALL,
    ),
    Entry(
        "C2.4b",
        held,
        "A program acquires runtime.worldsema. Holds if another goroutine counts less than 1000 meanwhile.",
        _pauses_all,
        seconds=8,
        examined=_ALL,
    ),
    Entry(
        "C2.4k",
        held,
        "A program acquires runtime.worldsema and starts 100 goroutines. Holds if none of them runs "
        "meanwhile.",
        _blocks_new,
        seconds=8,
        examined=_ALL,
    ),
    Entry(
        "C2.4c",
        printed,
        "Holds if the runtime compiles with the printed gcStart; imprecise if it does not and gcStart "
        "makes the call on the system stack in other words.",
        _compiles,
        seconds=8,
        examined=_ALL,
    ),
    Entry(
        "C2.4d",
        stopped,
        "X-ray looks into a process that writes a heap dump, which it does in a stopped world. Holds if "
        "every P is _Pgcstop in every look.",
        _all_gcstop,
        seconds=6,
        examined=_ALL,
        needs=_SEEN,
    ),
    Entry(
        "C2.4e",
        unstoppable,
        "Stops at random moments of a loop and of a copy of 256 MiB. Does not hold if the copy was over at "
        "the end of 70 % of the stops; holds if of 30 % or less.",
        _interrupted_at_once,
        seconds=8,
        examined=_ALL,
        needs=Needs(cores=2),
    ),
    Entry(
        "C2.4l",
        afterwards,
        "Four Ps, two busy goroutines. Holds if no two Ps run a mark worker at the same time.",
        _one_p_marks,
        seconds=10,
        examined=_ALL,
    ),
    Entry(
        "C2.4g",
        pauses,
        "The article's pause grows 3.5-fold from 1 to 8 GB. Holds if the median pause of 256 MiB is at "
        "least twice that of 32 MiB; forced collections, one P.",
        _grows,
        seconds=10,
        examined=_ALL,
    ),
    Entry("C2.4m", pauses, _RULE_CAUSE, _made_of("stacks", "globals"), seconds=10, examined=_ALL),
    Entry("C2.4n", pauses, _RULE_CAUSE, _made_of("stacks", "globals"), seconds=10, examined=_ALL),
    Entry("C2.4o", pauses, _RULE_CAUSE, _made_of("heap", "assists"), seconds=10, examined=_ALL),
    Entry(
        "C2.4h",
        pauses,
        _RULE_CAUSE,
        _made_of("stacks", "globals", "heap", "assists"),
        seconds=10,
        examined=_ALL,
    ),
    Entry(
        "C2.4p",
        chain,
        "Holds if gcStart enters the mark phase before it acquires worldsema.",
        _mark_then_lock,
        seconds=1,
        examined=_ALL,
    ),
    Entry(
        "C2.4q",
        stopped,
        "Holds if in nine of ten looks into a stopped world the goroutine that computed stands in "
        "asyncPreempt, which saves its registers.",
        _registers_saved,
        seconds=6,
        examined=_ALL,
        needs=_SEEN,
    ),
    Entry(
        "C2.4f",
        afterwards,
        "Holds if the program has less than 5 % of P time while collections mark; median of the "
        "collections, two Ps.",
        _only_the_worker,
        seconds=10,
        examined=_ALL,
    ),
)
