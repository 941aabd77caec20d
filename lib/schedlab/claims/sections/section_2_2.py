"""Section 2.2: threads and LockOSThread; what preempts a goroutine, and where."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from schedlab import process
from schedlab.capture import tracing
from schedlab.claims.errors import NotMeasurableHere
from schedlab.claims.looking import FEWEST_LOOKS
from schedlab.claims.model import Decision, Entry, Measured, Needs, Values, does_not_hold, holds, imprecise
from schedlab.claims.rig import WALL_LIMIT_S, Rig
from schedlab.claims.sections.section_2_1 import all_states, checks, context, seen_running
from schedlab.process import GoSettings
from schedlab.timeline import KEPT_P, Lane, State, Timeline

_ALL = ("1.24", "1.25", "1.26", "1.27")
_LINUX = Needs(linux=True)
_ONE, _TWO, _FOUR = (GoSettings(gomaxprocs=number) for number in (1, 2, 4))
_WITHOUT_SIGNALS = GoSettings(gomaxprocs=1, godebug={"asyncpreemptoff": 1})


# Threads.


def threads_of_ms(rig: Rig) -> Measured:
    """How many threads each M was seen with, and one goroutine that gave way."""
    ms = rig.once(all_states).samples.ms
    threads = {int(m): len(set(ms.thread[ms.id == m].tolist()) - {0}) for m in np.unique(ms.id)}
    goroutine = rig.once(whereabouts).values["free"]["threads"]
    values = {"threads_per_m": sorted(threads.values()), "ms": len(threads), "goroutine": goroutine}
    said = (
        f"{len(threads)} Ms had {max(threads.values())} thread each at most; a goroutine was on {goroutine}"
    )
    return Measured(values, said)


def _any_thread(values: Values) -> Decision:
    if max(values["threads_per_m"]) > 1:
        return holds()
    return does_not_hold(
        "an M keeps its thread",
        f"An M is one thread for as long as it lives ({values['ms']} Ms, never a second thread). What "
        "moves is the "
        f"goroutine, here to {values['goroutine']} threads, and the P.",
    )


def _by_way_of_m(values: Values) -> Decision:
    running = values["seen"]["_Grunning"]
    if running < FEWEST_LOOKS:
        raise NotMeasurableHere(f"a running goroutine was seen {running} times only")
    share = values["with_m"]["_Grunning"] / running
    return holds() if share >= 0.9 else does_not_hold(f"{1 - share:.0%} of the running goroutines had no M")


def whereabouts(rig: Rig) -> Measured:
    """On how many threads a goroutine is seen in package initialisation, later, and locked; who joins it."""
    run = rig.run("where", settings=_FOUR).json()
    # On a busy machine it may happen that one thread does all the work: another run, then.
    for _ in range(3):
        if run["free"]["threads"] < 2:
            run = rig.run("where", settings=_FOUR).json()
    if not run["known"]:
        raise NotMeasurableHere("package syscall has no Gettid on this system")
    values = {name: run[name] for name in ("in_init", "free", "locked")}
    said = "; ".join(
        f"{words} it was on {values[name]['threads']} thread{'s' * (values[name]['threads'] > 1)}, and "
        f"{values[name]['strangers']} of {values[name]['others']} others ran there"
        for name, words in (("in_init", "in init"), ("free", "not locked"), ("locked", "locked"))
    )
    return Measured(
        {**values, "m_fields": _locked_fields(rig, "m"), "g_fields": _locked_fields(rig, "g")}, said
    )


def _locked_fields(rig: Rig, struct: str) -> list[str]:
    return re.findall(r"^\t(locked[gm])\s", rig.source("runtime2.go", struct), re.MULTILINE)


def _free_one_moves(values: Values) -> None:
    if values["free"]["threads"] < 2:
        raise NotMeasurableHere("a goroutine that is not locked did not change threads either")


def _only_when_asked(values: Values) -> Decision:
    _free_one_moves(values)
    if values["in_init"]["threads"] > 1:
        return holds()
    return imprecise(
        "The runtime itself locks the main goroutine while packages are initialised: there it was on "
        f"{values['in_init']['threads']} thread, later on {values['free']['threads']}.",
        "true of what comes after init",
    )


def _tied(values: Values) -> Decision:
    _free_one_moves(values)
    if values["locked"]["threads"] == 1:
        return holds()
    return does_not_hold(f"it was on {values['locked']['threads']} threads")


def _marked_lockedm(values: Values) -> Decision:
    strangers, others = values["locked"]["strangers"], values["locked"]["others"]
    if values["free"]["strangers"] == 0:
        raise NotMeasurableHere("nobody came to the thread of a goroutine that is not locked either")
    if "lockedm" in values["m_fields"] and strangers >= others / 2:
        return holds()
    if strangers == 0:
        return imprecise(
            f"The M notes the goroutine in m.{', m.'.join(values['m_fields']) or 'nothing'}, the "
            "goroutine the M in "
            f"g.{', g.'.join(values['g_fields'])}; other goroutines do not run on that M at all "
            f"({strangers} of "
            f"{others})."
        )
    return does_not_hold(f"{strangers} of {others} others ran on the locked thread")


ARTICLES_PROGRAM = """package main

import (
    "fmt"
    "runtime"
    "time"
)

func main() {
    runtime.LockOSThread() // ✅ 强制当前 Goroutine 与当前 OS 线程绑定
    fmt.Printf("Goroutine %d locked to OS thread %d\\n",
        runtime.NumGoroutine(),
        runtime.GOMAXPROCS(0)) // 注：此处仅示意，真实线程 ID 需 syscall.Gettid()
}
"""


def as_printed(rig: Rig) -> Measured:
    """What the compiler says to the program as it is printed."""
    with rig.program(ARTICLES_PROGRAM) as folder:
        done = rig.command("go build -o program .", folder)
    complaints = [line.strip() for line in done.stderr.splitlines() if line.strip().startswith("./")]
    said = "; ".join(complaints) if complaints else f"go build ended with status {done.exit_status}"
    return Measured({"status": done.exit_status, "complaints": complaints}, said)


def _compiles(values: Values) -> Decision:
    if values["status"] == 0:
        return holds()
    return does_not_hold("; ".join(values["complaints"]) or "it does not compile")


def its_numbers(rig: Rig) -> Measured:
    """What it prints, made to compile, with more goroutines and with more Ps."""
    rows = []
    for more in (0, 3):
        text = ARTICLES_PROGRAM.replace('    "time"\n', "")
        waiting = f"    for range {more} {{\n        go func() {{ select {{}} }}()\n    }}\n"
        text = text.replace("func main() {\n", "func main() {\n" + (waiting if more else ""))
        with rig.program(text) as folder:
            rig.command("go build -o program .", folder).check()
            for procs in (1, 3):
                settings = GoSettings(gomaxprocs=procs)
                done = process.run(folder / "program", settings=settings, wall_limit_s=WALL_LIMIT_S)
                first, second = map(int, re.findall(r"\d+", done.check().stdout))
                rows.append({"goroutines": more + 1, "procs": procs, "first": first, "second": second})
    said = "; ".join(
        f"with {row['goroutines']} goroutines and GOMAXPROCS={row['procs']} it printed {row['first']} and "
        f"{row['second']}"
        for row in rows
    )
    return Measured({"rows": rows}, said)


def _are_ids(values: Values) -> Decision:
    rows = values["rows"]
    counts = [row["first"] == row["goroutines"] for row in rows]
    procs = [row["second"] == row["procs"] for row in rows]
    if not all(counts) and not all(procs):
        return holds()
    wrong = ["how many goroutines there are"] * all(counts) + ["GOMAXPROCS"] * all(procs)
    return does_not_hold("no ids are printed", f"It prints {' and '.join(wrong)}.")


_GOMAXPROCS = """package main

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
)

func main() {
	runtime.LockOSThread()
	_, err := os.Stat(fmt.Sprintf("/proc/self/task/%d", syscall.Gettid()))
	fmt.Println(runtime.GOMAXPROCS(0), runtime.GOMAXPROCS(0), err == nil)
}
"""


def asked(rig: Rig) -> Measured:
    """What GOMAXPROCS(0) returns, twice; whether Gettid gives a thread of the process; where there is one."""
    rows, known = [], []
    with rig.program(_GOMAXPROCS) as folder:
        rig.command("go build -o program .", folder).check()
        for procs in (1, 2, 5):
            run = process.run(folder / "program", settings=GoSettings(gomaxprocs=procs)).check()
            first, second, thread = run.stdout.split()
            rows.append([procs, int(first), int(second)])
            known.append(thread == "true")
    systems = _systems_with_gettid(rig)
    said = ", ".join(f"GOMAXPROCS={row[0]}: {row[1]}, again {row[2]}" for row in rows)
    return Measured({"rows": rows, "threads": sum(known), "of": len(known), "systems": systems}, said)


def gettid(rig: Rig) -> Measured:
    """``asked``, with the words for Gettid."""
    values = rig.once(asked).values
    said = f"Gettid gave a thread of the process {values['threads']} of {values['of']} times; "
    return Measured(values, said + f"package syscall has it for {', '.join(values['systems'])}")


def _systems_with_gettid(rig: Rig) -> list[str]:
    systems = set()
    for file in (rig.toolchain.goroot / "src" / "syscall").glob("*.go"):
        named = re.match(r"z?syscall_([a-z0-9]+)", file.stem)
        if named and re.search(r"^func Gettid\(", file.read_text(encoding="utf-8"), re.MULTILINE):
            systems.add(named[1])
    return sorted(systems)


def _only_the_number(values: Values) -> Decision:
    wrong = [row for row in values["rows"] if len(set(row)) > 1]
    return does_not_hold(f"it returned something else: {wrong}") if wrong else holds()


def _by_gettid(values: Values) -> Decision:
    if values["threads"] < values["of"]:
        return does_not_hold("what it returned is no thread of the process")
    if {"linux", "darwin", "windows"} <= set(values["systems"]):
        return holds()
    said = f"Package syscall has Gettid for {', '.join(values['systems'])}, and for no other system."
    return imprecise(said)


# Where a goroutine can be stopped.


def stopped_in(rig: Rig) -> Measured:
    """How often another goroutine ran before a loop was half over: by signals, and without them."""
    runs = {
        "loop": _busy(rig, "loop", _ONE),
        "loop, no signals": _busy(rig, "loop", _WITHOUT_SIGNALS),
        "calls, no signals": _busy(rig, "calls", _WITHOUT_SIGNALS),
        "assembly": _busy(rig, "assembly", _ONE),
    }
    loops = rig.once(checks).values["checks"]["loops"]
    said = "; ".join(f"{name}: {stopped} of {_TURNS} interrupted" for name, stopped in runs.items())
    said += f"; the compiler put {loops} checks into a loop without calls"
    return Measured({"runs": runs, "turns": _TURNS, "checks_in_loop": loops}, said)


_TURNS = 3


def _busy(rig: Rig, kind: str, settings: GoSettings) -> int:
    args = ("-in", kind, "-for", "120ms", "-turns", _TURNS)
    return int(rig.run("busy", args, settings=settings).json()["interrupted"])


def _mostly(count: int, values: Values) -> bool:
    return bool(count > values["turns"] / 2)


def _calls_and_loops(values: Values) -> Decision:
    runs = values["runs"]
    if not _mostly(runs["calls, no signals"], values):
        return does_not_hold("a loop that calls functions was not interrupted")
    if _mostly(runs["loop, no signals"], values):
        return holds()
    said = (
        f"A goroutine looks at the entry of functions; at a loop's boundary it does not "
        f"({runs['loop, no signals']} of {values['turns']} loops stopped)."
    )
    if _mostly(runs["loop"], values):
        said += " A signal can stop it between almost any two instructions "
        said += f"({runs['loop']} of {values['turns']})."
    return imprecise(said, "a function's entry is one, a loop's boundary is not")


def _goes_on(values: Values) -> Decision:
    stopped = values["runs"]["assembly"]
    if _mostly(stopped, values):
        return does_not_hold(f"{stopped} of {values['turns']} loops in assembly were stopped")
    return holds("a loop in assembly has no safe point")


def collected(rig: Rig) -> Measured:
    """How often runtime.GC was over before a loop on another P was."""
    before = {}
    for kind in ("loop", "assembly"):
        args = ("-in", kind, "-want", "collect", "-for", "300ms", "-turns", _TURNS)
        run = rig.run("busy", args, settings=_TWO).json()
        before[kind] = sum(
            waited < took for waited, took in zip(run["waited_ns"], run["busy_ns"], strict=True)
        )
    said = "; ".join(
        f"{count} of {_TURNS} collections were over before a loop ({kind}) on another P was"
        for kind, count in before.items()
    )
    return Measured({**before, "turns": _TURNS}, said)


def _for_the_collector(values: Values) -> Decision:
    if _mostly(values["loop"], values):
        return holds()
    if values["loop"] == 0:
        return does_not_hold("the collection had to wait for the loop")
    raise NotMeasurableHere("collections took about as long as the loop")


def _at_the_return(values: Values) -> Decision:
    with_checks = [name for name, count in values["checks"].items() if count]
    if not with_checks:
        return does_not_hold("no function has a check")
    if len(values["at_entry"]) == len(with_checks):
        return imprecise(
            "The check is the first thing in a function, at its entry, not at its return "
            f"({len(with_checks)} of "
            f"{len(with_checks)} functions); morestack is called from there."
        )
    return holds() if not values["at_entry"] else does_not_hold("some have it at the entry, some elsewhere")


def requested(rig: Rig) -> Measured:
    """What a goroutine looks at where it can be stopped, and who asks it to stop, in the source."""
    there = rig.source("stack.go", "newstack")
    clocks = len(re.findall(r"\bnanotime\(|\bschedwhen\b|\bgcBlackenEnabled\b|\bgcphase\b", there))
    request = "stackPreempt" in there
    proc = rig.whole_source()
    asks = len(re.findall(r"\bpreemptone\(", proc)) - 1
    said = (
        f"newstack reads a clock or the GC's phase in {clocks} places and "
        f"{'compares stackguard0 with' if request else 'does not know'} stackPreempt; preemptone is "
        f"called in {asks}"
    )
    return Measured({"clocks": clocks, "request": request, "asks": asks}, said)


def _checks_the_time(values: Values) -> Decision:
    if values["clocks"]:
        return holds()
    if values["request"]:
        return imprecise(
            "It looks for a request only: stackguard0 is stackPreempt. Whether the time is over, or the "
            "collector "
            f"needs it, is found by those who ask (preemptone, from {values['asks']} places)."
        )
    return does_not_hold("it looks at neither")


# Slices of time, from execution traces.


@dataclass(frozen=True, slots=True)
class _Slices:
    """The running spans that a preemption ended, and who ran next: lengths in ns, in order."""

    lengths: list[int]
    by_signal: int
    same_next: int


def slices(rig: Rig) -> Measured:
    """How long goroutines that compute run until they are preempted; alone and in a pair on one P."""
    pair, alone = _slices(rig, 2), _slices(rig, 1)
    source = rig.source("proc.go", "retake") + rig.source("proc.go", "sysmon")
    values = {
        "slices": len(pair.lengths),
        "median_ms": round(median(pair.lengths) / 1e6, 1) if pair.lengths else 0,
        "long": sum(length >= 9_500_000 for length in pair.lengths),
        "by_signal": pair.by_signal,
        "by_sysmon": "forcePreemptNS" in source and "preemptone(" in source and "retake(" in source,
        "alone": len(alone.lengths),
        "alone_same": alone.same_next,
        "pushed": rig.once(context).values["pushed"],
    }
    said = (
        f"two goroutines on one P: {values['long']} of {values['slices']} slices were 9.5 ms or longer, "
        "median "
        f"{values['median_ms']} ms, {pair.by_signal} ended in asyncPreempt"
    )
    return Measured(values, said)


def alone(rig: Rig) -> Measured:
    """Who runs after a goroutine that is alone was preempted."""
    values = rig.once(slices).values
    said = f"a goroutine alone was preempted {values['alone']} times; it ran next itself "
    said += f"{values['alone_same']} times"
    return Measured(values, said)


def _slices(rig: Rig, goroutines: int) -> _Slices:
    timeline = _recorded(rig, "meet_gmp", ("-goroutines", goroutines, "-rounds", 200_000_000 // goroutines))
    spans = timeline.spans
    mine = spans["lane"] == int(Lane.GOROUTINE)
    running = np.flatnonzero(mine & (spans["state"] == int(State.RUNNING)))
    running = running[np.argsort(spans["start"][running], kind="stable")]
    preempted = np.array([reason == "preempted" for reason in timeline.reasons])[spans["reason"]]
    waits = np.flatnonzero(mine & preempted & (spans["state"] == int(State.RUNNABLE)))
    starts_of = {(int(spans["id"][row]), int(spans["start"][row])) for row in waits}
    lengths, by_signal, same = [], 0, 0
    for at, row in enumerate(running.tolist()):
        end = int(spans["start"][row] + spans["dur"][row])
        if (int(spans["id"][row]), end) not in starts_of:
            continue
        lengths.append(int(spans["dur"][row]))
        by_signal += "asyncPreempt" in str(timeline.names(timeline.leaf_function[spans["end"][row]]))
        same += at + 1 < len(running) and spans["id"][running[at + 1]] == spans["id"][row]
    return _Slices(lengths, by_signal, int(same))


def _recorded(rig: Rig, sample: str, args: tuple[str | int, ...]) -> Timeline:
    with tempfile.TemporaryDirectory(prefix="schedlab-claim-") as folder:
        file = Path(folder) / "run.trace"
        tracing.record(sample, args, file=file, seconds=20, settings=_ONE, using=rig.toolchain)
        return Timeline.load(file)


def _enough(count: int, what: str, least: int = 8) -> None:
    if count < least:
        raise NotMeasurableHere(f"only {count} {what} were seen")


def _after_10_ms(values: Values) -> Decision:
    _enough(values["slices"], "preemptions")
    share = values["long"] / values["slices"]
    if share >= 0.8 and values["by_sysmon"]:
        return holds(f"the median slice was {values['median_ms']} ms")
    return does_not_hold(f"{1 - share:.0%} of the slices were shorter, or it is not sysmon")


def _saves_registers(values: Values) -> Decision:
    _enough(values["slices"], "preemptions")
    share = values["by_signal"] / values["slices"]
    if share >= 0.8 and values["pushed"] >= 8:
        return holds(f"asyncPreempt puts {values['pushed']} and more on the goroutine's stack")
    if values["pushed"] >= 8:
        said = f"Only a preemption by signal does ({share:.0%} here); "
        said += "at a function's entry there is little to save."
        return imprecise(said)
    return does_not_hold("no code that saves them was found")


def _to_a_target(values: Values) -> Decision:
    _enough(values["alone"], "preemptions of a goroutine alone")
    share = values["alone_same"] / values["alone"]
    if share <= 0.2:
        return holds()
    return imprecise(
        "There is no target: the preempted goroutine goes to the end of the global queue, and the "
        "scheduler looks for "
        f"the next as ever. With nobody else there it found the same one ({values['alone_same']} of "
        f"{values['alone']})."
    )


# System calls.


def in_turn(rig: Rig) -> Measured:
    """What becomes of M and P in blocking calls, one after the other, while another goroutine computes."""
    with tempfile.TemporaryDirectory(prefix="schedlab-claim-") as folder:
        file = Path(folder) / "run.trace"
        recording = tracing.record("calls_in_turn", file=file, seconds=20, settings=_ONE, using=rig.toolchain)
        timeline = Timeline.load(file)
    finished = recording.finished
    assert finished is not None
    run = finished.check().json()
    added = run["threads_after"] - run["threads_before"]
    values = {**_around_calls(timeline), "added_threads": added}
    said = (
        f"in {values['lost_p']} of {values['calls']} blocking calls the P was lost; meanwhile another "
        "goroutine ran on "
        f"another thread in {values['taken_over']}, on the caller's in {values['reused']}; {added} "
        "threads were added; "
        f"after {values['waited']} the caller waited for a P"
    )
    return Measured(values, said)


def _around_calls(timeline: Timeline) -> dict[str, int]:
    spans = timeline.spans
    mine = spans["lane"] == int(Lane.GOROUTINE)
    ends = spans["start"] + spans["dur"]
    calls = np.flatnonzero(mine & (spans["state"] == int(State.SYSCALL)) & (spans["dur"] > 10_000_000))
    running = mine & (spans["state"] == int(State.RUNNING))
    counts: Counter[str] = Counter(calls=len(calls))
    for row in calls.tolist():
        others = running & (spans["start"] < ends[row]) & (ends > spans["start"][row])
        others &= spans["id"] != spans["id"][row]
        next_ = mine & (spans["id"] == spans["id"][row]) & (spans["start"] == ends[row])
        counts["lost_p"] += not spans["flags"][row] & KEPT_P
        counts["reused"] += bool((others & (spans["m"] == spans["m"][row])).any())
        counts["taken_over"] += bool((others & (spans["m"] != spans["m"][row])).any())
        counts["waited"] += bool((next_ & (spans["state"] == int(State.RUNNABLE))).any())
    names = ("calls", "lost_p", "reused", "taken_over", "waited")
    return {name: int(counts[name]) for name in names}


def _m_was_reused(values: Values) -> Decision:
    _enough(values["calls"], "blocking calls", 5)
    if values["reused"] >= values["calls"] / 2:
        return holds()
    return does_not_hold(
        "it is the P that is reused",
        f"An M in a call keeps its goroutine ({values['reused']} of {values['calls']} were reused); its P "
        "goes to "
        f"another M ({values['lost_p']}). If no P is free at the return, the goroutine waits for one "
        f"({values['waited']}): that is no preemption.",
    )


def _a_new_m(values: Values) -> Decision:
    _enough(values["calls"], "blocking calls", 5)
    if values["taken_over"] < 0.6 * values["calls"]:
        return does_not_hold(
            f"another M ran others in {values['taken_over']} of {values['calls']} calls only"
        )
    if values["added_threads"] >= 0.6 * values["calls"]:
        return holds()
    return imprecise(
        f"Another M takes over the P ({values['taken_over']} of {values['calls']} times): one that is "
        "idle if there is "
        f"one. {values['added_threads']} new threads were started."
    )


def in_select(rig: Rig) -> Measured:
    """What a goroutine in select{} does, in every look; what the runtime calls for it."""
    found = rig.once(all_states)
    rows = found.rows("main.forever")
    states = Counter(found.gs.status[rows].tolist())
    parks = "gopark(" in rig.source("select.go", "block")
    waiting, running = states[4] + states[4 | 0x1000] + states[10], states[2]
    values = {"looks": int(rows.sum()), "waiting": waiting, "running": running, "gopark": parks}
    said = (
        f"in {values['looks']} looks it was waiting {waiting} times and running {running} times; "
        f"block {'calls' if parks else 'does not call'} gopark"
    )
    return Measured(values, said)


def _spins(values: Values) -> Decision:
    _enough(values["looks"], "looks at it", FEWEST_LOOKS)
    if not values["gopark"]:
        return does_not_hold("it is not by gopark")
    if values["running"] >= values["looks"] / 2:
        return holds()
    return imprecise(
        f"gopark is called, once; the goroutine never runs again and spins in no sense (running in "
        f"{values['running']} of {values['looks']} looks)."
    )


ENTRIES = (
    Entry(
        "C2.2n",
        seen_running,
        "Holds if at least 9 in 10 of the running goroutines that X-ray sees have an M.",
        _by_way_of_m,
        seconds=4,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C2.2a",
        threads_of_ms,
        "Holds if X-ray sees an M with two threads; does not hold if each M has the same one in all looks.",
        _any_thread,
        seconds=5,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C2.2o",
        whereabouts,
        "Holds if the main goroutine changes threads in init as it does later, not locked; imprecise if "
        "in init "
        "it does not.",
        _only_when_asked,
        seconds=2,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C2.2c",
        as_printed,
        "Holds if go build accepts the program as printed.",
        _compiles,
        seconds=3,
        examined=_ALL,
    ),
    Entry(
        "C2.2p",
        whereabouts,
        "Holds if a locked goroutine stays on one thread where one that is not locked is seen on several.",
        _tied,
        seconds=2,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C2.2d",
        its_numbers,
        "Without the import that is not used: does not hold if a number printed is the count of "
        "goroutines, or "
        "GOMAXPROCS, for each of two such counts.",
        _are_ids,
        seconds=4,
        examined=_ALL,
    ),
    Entry(
        "C2.2b",
        whereabouts,
        "Holds if the M has a field lockedm and new goroutines run on it and stay; imprecise if none of "
        "them ever "
        "runs on the thread of a locked goroutine, while they do on that of another.",
        _marked_lockedm,
        seconds=2,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C2.2e",
        asked,
        "Holds if GOMAXPROCS(0) returns what GOMAXPROCS was set to, twice, for three values.",
        _only_the_number,
        seconds=3,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C2.2f",
        gettid,
        "Holds if it names a thread of the process and is there for Linux, macOS and Windows; imprecise "
        "if not for "
        "all three.",
        _by_gettid,
        seconds=3,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C2.2g",
        stopped_in,
        "Without signals, on one P: holds if loops with and without calls are both interrupted before "
        "they are "
        "half over, 2 of 3 times or more; imprecise if only those with calls are.",
        _calls_and_loops,
        seconds=8,
        examined=_ALL,
    ),
    Entry(
        "C2.2t",
        collected,
        "Holds if runtime.GC is over before a long loop on another P is, 2 of 3 times or more; does not "
        "hold if never.",
        _for_the_collector,
        seconds=3,
        examined=_ALL,
    ),
    Entry(
        "C2.2h",
        slices,
        "Holds if 8 in 10 of the slices that a preemption ends are 9.5 ms or longer, and sysmon's retake "
        "asks.",
        _after_10_ms,
        seconds=6,
        examined=_ALL,
    ),
    Entry(
        "C2.2i",
        in_turn,
        "Holds if in half of the blocking calls or more another goroutine runs on the caller's thread.",
        _m_was_reused,
        seconds=4,
        examined=_ALL,
    ),
    Entry(
        "C2.2j",
        checks,
        "In machine code: imprecise if the branch to morestack stands before everything else in each "
        "function that "
        "has one; holds if in none.",
        _at_the_return,
        seconds=4,
        examined=_ALL,
    ),
    Entry(
        "C2.2k",
        in_select,
        "Holds if gopark is called and the goroutine runs in half of the looks or more; imprecise if it "
        "is parked.",
        _spins,
        seconds=4,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C2.2l",
        in_turn,
        "Holds if other goroutines run on another thread in 6 of 10 blocking calls and a thread is "
        "started for as "
        "many; imprecise if fewer are started.",
        _a_new_m,
        seconds=4,
        examined=_ALL,
    ),
    Entry(
        "C2.2q",
        requested,
        "Holds if newstack reads a clock or the collector's phase; imprecise if it looks for a request only.",
        _checks_the_time,
        seconds=2,
        examined=_ALL,
    ),
    Entry(
        "C2.2r",
        stopped_in,
        "Holds if a loop in assembly, which has no safe point, is not interrupted in 2 of 3 turns.",
        _goes_on,
        seconds=8,
        examined=_ALL,
    ),
    Entry(
        "C2.2s",
        slices,
        "Holds if 8 in 10 preemptions end in asyncPreempt, and that stores 8 registers or more; "
        "imprecise if fewer "
        "do.",
        _saves_registers,
        seconds=6,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C2.2m",
        alone,
        "Holds if a goroutine that is alone is followed by another after 8 in 10 preemptions; imprecise "
        "if it runs "
        "next itself.",
        _to_a_target,
        seconds=6,
        examined=_ALL,
        needs=_LINUX,
    ),
)
