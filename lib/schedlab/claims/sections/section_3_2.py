"""Section 3.2: long cgo calls, when the P is taken away, and what a profile says about them."""

from __future__ import annotations

import platform
import re
import tempfile
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

from schedlab.capture import pprof, schedtrace
from schedlab.claims.errors import NotMeasurableHere
from schedlab.claims.model import Decision, Entry, Measured, Needs, Values, does_not_hold, holds, imprecise
from schedlab.claims.rig import Rig
from schedlab.process import GoSettings
from schedlab.toolchain import SymbolMoved

_ALL = ("1.24", "1.25", "1.26", "1.27")
_C = Needs(c_compiler=True)
_C_LINUX = Needs(linux=True, c_compiler=True)
_ONE, _TWO = GoSettings(gomaxprocs=1), GoSettings(gomaxprocs=2)

_LIMIT_NS = 20_000_000
_CALLS = 20
_ENOUGH_SAMPLES, _PATIENCE_RUNS = 20, 4

_ENTRY = ("entersyscall", "reentersyscall")
_EXIT = ("exitsyscall", "exitsyscallfast", "exitsyscallTryGetP", "exitsyscallfast_pidle")

_QUOTED = {
    "mcache": "mp.mcache = nil",
    "p": "mp.p = 0",
    "oldp": "mp.oldp = mp.p",
    "mPark": "mp.mPark = false",
}

_AS_PRINTED = """package main

import "fmt"

type m struct {
	mcache *int
	p, oldp uintptr
	mPark  bool
}

type g struct{ m *m }

var current = &g{&m{p: 7}}

func getg() *g { return current }

func entersyscall() {
    mp := getg().m
    mp.mcache = nil
    mp.p = 0 // 解除与 P 的绑定
    mp.oldp = mp.p
    mp.mPark = false
}

func main() {
	entersyscall()
	fmt.Println(current.m.oldp)
}
"""

_ASSEMBLERS = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def losses(rig: Rig) -> Measured:
    """On one P with another goroutine ready: how many C calls of 1 to 60 ms lose it, and after how long."""
    flags = ("-what", "lose", "-times", _CALLS)
    found: list[dict[str, Any]] = rig.run("c_calls", flags, settings=_ONE).json()
    nothing = ("-what", "lose", "-how", "nothing", "-lengths", "0s", "-times", 3000)
    brief: dict[str, Any] = rig.run("c_calls", nothing, settings=_ONE).json()[0]
    shorter = [row for row in found if row["call_ns"] < _LIMIT_NS]
    longer = [row for row in found if row["call_ns"] > _LIMIT_NS]
    after = sorted(ns for row in found for ns in row["taken_after_ns"])
    values = {
        "shorter": sum(row["calls"] for row in shorter),
        "shorter_lost": sum(row["lost"] for row in shorter),
        "longer": sum(row["calls"] for row in longer),
        "longer_lost": sum(row["lost"] for row in longer),
        "taken": len(after),
        "taken_early": sum(ns < _LIMIT_NS for ns in after),
        "earliest_ms": after[0] / 1e6 if after else None,
        "median_ms": median(after) / 1e6 if after else None,
        "brief": brief["calls"],
        "brief_lost": brief["lost"],
    }
    said = (
        f"{values['longer_lost']} of {values['longer']} calls of 60 ms lost their P, "
        f"{values['shorter_lost']} of {values['shorter']} of 1, 5 and 15 ms, "
        f"{values['brief_lost']} of {values['brief']} that did nothing; {values['taken_early']} of "
        f"{values['taken']} Ps were taken before 20 ms had passed"
    )
    return Measured(values, said)


def _after_20_ms(values: Values) -> Decision:
    if values["longer_lost"] < 0.5 * values["longer"]:
        return does_not_hold("calls of 60 ms keep their P")
    if values["taken_early"] < 0.1 * values["taken"]:
        return holds()
    said = (
        f"Ps were taken after {values['earliest_ms']:.2f} ms at the earliest, {values['median_ms']:.1f} ms "
        f"in the median, {values['taken_early']} of {values['taken']} before 20 ms had passed. "
        "What counts is that sysmon sees the call twice."
    )
    return imprecise(said, "long calls lose their P, but 20 ms is no limit")


def _shorter_keep_it(values: Values) -> Decision:
    if values["brief_lost"] > 0.1 * values["brief"]:
        return does_not_hold("even calls that do nothing lose their P")
    if values["shorter_lost"] == 0:
        return holds()
    said = (
        f"Calls of nothing keep the P ({values['brief_lost']} of {values['brief']} lost it); of those of "
        f"1 to 15 ms {values['shorter_lost']} of {values['shorter']} lost it."
    )
    return imprecise(said, "true of very short calls")


def _gives_it_up_itself(values: Values) -> Decision:
    share = values["brief_lost"] / values["brief"]
    if share >= 0.5:
        return holds()
    return does_not_hold(
        "the P is reserved for the M until sysmon, or a stop of the world, takes it",
        f"{values['brief_lost']} of {values['brief']} short calls lost their P.",
    )


def entry_and_exit(rig: Rig) -> Measured:
    """What the functions around a system call, and a C call, do with the M's fields; from the source."""
    entry, leave = _code(rig, _ENTRY), _code(rig, _EXIT)
    assigned = sorted(set(re.findall(r"\.m\.(\w+)(?:\s*=[^=]|\.set\()", entry)))
    clears_p = bool(re.search(r"\.m\.p\s*=\s*0\b|\.m\.p\.set\(nil\)", entry))
    fields = rig.source("runtime2.go", "m")
    old, idle = leave.find("oldp"), leave.find("pidleget")
    values = {
        "assigned": assigned,
        "quoted": {name: name in assigned for name in _QUOTED},
        "fields": [name for name in _QUOTED if re.search(rf"^\s*{name}\s", fields, re.MULTILINE)],
        "clears_p": clears_p,
        "tries_old_first": 0 <= old < idle,
        "sets_oldp": "oldp" in assigned,
    }
    said = f"on entry, the fields of m that are set: {', '.join(assigned) or 'none'}" + (
        "; m.p is set to 0" if clears_p else "; m.p is not cleared"
    )
    return Measured(values, said)


def _code(rig: Rig, names: tuple[str, ...], file: str = "proc.go") -> str:
    """The functions of these names that the release has, without their comments."""
    texts = []
    for name in names:
        try:
            texts.append(rig.source(file, name))
        except SymbolMoved:
            continue
    return re.sub(r"//[^\n]*", "", "\n".join(texts))


def _quoted_lines(values: Values) -> Decision:
    found = [name for name, there in values["quoted"].items() if there]
    if values["clears_p"] != values["quoted"]["p"]:
        found = [name for name in found if name != "p"]
    if len(found) == len(values["quoted"]):
        return holds()
    unknown = sorted(set(values["quoted"]) - set(values["fields"]))
    said = (
        f"Of the four assignments {len(found)} are made ({', '.join(found) or 'none'}); "
        f"m has no field {', '.join(unknown) or '(all exist)'}; set are {', '.join(values['assigned'])}."
    )
    return (
        imprecise(said, "not what the source says") if found else does_not_hold("it has none of them", said)
    )


def _p_is_cleared(values: Values) -> Decision:
    return holds() if values["clears_p"] else does_not_hold("the M keeps its P until somebody takes it")


def _old_p_first(values: Values) -> Decision:
    if values["sets_oldp"] and values["tries_old_first"]:
        return holds()
    return does_not_hold("the old P is not tried first")


def as_printed(rig: Rig) -> Measured:
    """The printed function with stand-ins for its types; the M has P 7 when it is called."""
    with rig.program(_AS_PRINTED) as folder:
        done = rig.command("go run .", folder)
    text = done.stdout.strip() if done.exit_status == 0 else ""
    said = f"after the printed lines, with P 7 before them, oldp is {text or 'unknown: they do not compile'}"
    return Measured({"compiles": done.exit_status == 0, "oldp": text}, said)


def _keeps_old_p(values: Values) -> Decision:
    if not values["compiles"]:
        return does_not_hold("the lines do not compile")
    if values["oldp"] == "7":
        return holds()
    return does_not_hold("the P is overwritten before it is saved", f"mp.oldp is {values['oldp']}.")


def crowd(rig: Rig) -> Measured:
    """20 sleeping C calls beside two Ps, three times: what other goroutines get done meanwhile."""
    runs = [rig.run("c_calls", ["-goroutines", 20], settings=_TWO).json() for _ in range(3)]
    values = {
        "calls": 20,
        "others": sum(run["others"] for run in runs),
        "others_ended": sum(run["others_ended"] for run in runs),
        "returned": min(run["returned"] for run in runs),
        "threads_added": median(run["threads_during"] - run["threads_before"] for run in runs),
    }
    said = (
        "while 20 C calls slept, "
        f"{values['others_ended']} of {values['others']} others ended; "
        f"{values['returned']} of 20 calls came back"
    )
    return Measured(values, said)


def waits(rig: Rig) -> Measured:
    """What others get done during C calls, and how long one that is ready waits for the P of a call."""
    together, alone = rig.once(crowd), rig.once(losses)
    keys = ("taken", "median_ms", "earliest_ms")
    values = {**together.values, **{key: alone.values[key] for key in keys}}
    return Measured(values, f"{together.said}; {alone.said}")


def _others_wait(values: Values) -> Decision:
    if values["others_ended"] < 0.5 * values["others"]:
        return holds()
    if values["taken"]:
        said = (
            f"With {values['calls']} calls out {values['others_ended']} of {values['others']} other "
            "goroutines ran. One that is ready waits until sysmon takes a call's P: "
            f"{values['median_ms']:.1f} ms in the median."
        )
        return imprecise(said, "there is a wait until the P is taken, and no P is missing afterwards")
    return does_not_hold("others did not wait, and no P was missing")


def queues(rig: Rig) -> Measured:
    """Run queues and spinning threads that schedtrace prints before and while 20 C calls are out."""
    settings = GoSettings(gomaxprocs=2, schedtrace_ms=5)
    flags = ("-goroutines", 20, "-length", "500ms", "-watch", "200ms")
    done = rig.run("c_calls", flags, settings=settings)
    table = schedtrace.parse(done.stderr).summaries
    queued = table.runqueue + table.local_runq.clip(min=0).sum(axis=1)
    during = table.threads >= 20
    if during.sum() < 5 or (~during).sum() < 5:
        raise NotMeasurableHere("the machine was too busy: fewer than five lines of schedtrace")
    values = {
        "queued_before": float(median(queued[~during])),
        "queued_during": float(median(queued[during])),
        "spinning_before": float((table.spinningthreads[~during] > 0).mean()),
        "spinning_during": float((table.spinningthreads[during] > 0).mean()),
    }
    said = (
        f"goroutines in the queues: {values['queued_before']:g} before the calls, "
        f"{values['queued_during']:g} during them (medians); a thread was spinning in "
        f"{values['spinning_before']:.0%} and {values['spinning_during']:.0%} of the lines"
    )
    return Measured(values, said)


def _overload_spins(values: Values) -> Decision:
    longer = values["queued_during"] - values["queued_before"]
    if longer >= 1 and values["spinning_during"] >= values["spinning_before"] + 0.2:
        return holds()
    if longer >= 1:
        return imprecise(
            f"The queues were {longer:g} goroutines longer during the calls; no more threads were spinning."
        )
    return does_not_hold("the calls' Ps were taken: no queue grew, so nothing was overloaded")


def c_profile(rig: Rig) -> Measured:
    """Whose stacks a CPU profile shows while C computes; runs are added up until there are enough samples."""
    stacks: Counter[tuple[str, ...]] = Counter()
    samples = 0
    for _ in range(_PATIENCE_RUNS):
        with tempfile.TemporaryDirectory(prefix="schedlab-") as folder:
            file = Path(folder) / "cpu.pb.gz"
            flags = ("-what", "repeat", "-how", "burn", "-length", "10ms", "-times", 60, "-cpu", file)
            rig.run("c_calls", flags, settings=_TWO)
            profile = pprof.load(file)
        stacks.update(profile.folded("samples"))
        samples = sum(stacks.values())
        if samples >= _ENOUGH_SAMPLES:
            break
    if samples < _ENOUGH_SAMPLES // 2:
        raise NotMeasurableHere(f"the machine was too busy: a CPU profile with {samples} samples")
    caller = sum(n for stack, n in stacks.items() if "main.burn" in stack)
    inside = sum(n for stack, n in stacks.items() if {"burn_ns", "now_ns"} & set(stack))
    said = f"of {samples} samples {caller} name the Go function that called, {inside} a C function"
    return Measured({"samples": samples, "caller": caller, "inside": inside}, said)


def _cannot_relate(values: Values) -> Decision:
    share, inside = values["caller"] / values["samples"], values["inside"] / values["samples"]
    said = (
        f"{share:.0%} of the samples carry the stack of the Go caller down to the C call; "
        f"{inside:.0%} say which C function was running."
    )
    if share < 0.1:
        return holds()
    if share < 0.8:
        return imprecise(said, "a part of the calls is related")
    return does_not_hold("a sample in C has the stack of the Go code that called it", said)


def in_c(rig: Rig) -> Measured:
    """The runtime's own list of threads and the states of their goroutines while four C calls are out."""
    settings = GoSettings(gomaxprocs=2, schedtrace_ms=5, scheddetail=True)
    done = rig.run("c_calls", ["-goroutines", 4, "-length", "300ms"], settings=settings)
    snapshots = schedtrace.parse(done.stderr, release=rig.toolchain.release).snapshots
    calling = []
    for snapshot in snapshots:
        states = {g.id: g.status_name for g in snapshot.gs}
        calling.append(sum(m.curg is not None and states.get(m.curg) == "_Gsyscall" for m in snapshot.ms))
    asm = f"asm_{_ASSEMBLERS.get(platform.machine(), platform.machine())}.s"
    text = rig.whole_source(asm)
    if "asmcgocall(SB)" not in text:
        raise NotMeasurableHere(f"{asm} has no asmcgocall")
    body = re.sub(r"//[^\n]*", "", text.split("·asmcgocall(SB)", 1)[1].split("\nTEXT", 1)[0])
    # A thread of the runtime's own may be in a system call too.
    values = {"listed": min(4, max(calling, default=0)), "calls": 4, "to_g0": "m_g0" in body}
    said = (
        f"the runtime lists {values['listed']} of 4 threads in C, with goroutines in the state _Gsyscall; "
        f"asmcgocall {'switches' if values['to_g0'] else 'does not switch'} to the stack of g0"
    )
    return Measured(values, said)


def _on_g0(values: Values) -> Decision:
    if values["to_g0"] and values["listed"] >= values["calls"]:
        return holds()
    return does_not_hold("C does not run on the stack of g0, or not in a system-call state")


def _leaves_the_list(values: Values) -> Decision:
    if values["listed"] <= values["calls"] / 4:
        return holds()
    return does_not_hold(
        "the M stays in allm, with its goroutine; it only has no P",
        f"{values['listed']} of {values['calls']} threads in C were in the runtime's list.",
    )


def call_order(rig: Rig) -> Measured:
    """Whether cgocall enters the system-call state before the C function, and under a condition."""
    code = _code(rig, ("cgocall",), "cgocall.go")
    entry, call = code.find("entersyscall()"), code.find("asmcgocall(fn, arg)")
    line = next((line for line in code.splitlines() if "entersyscall()" in line), "")
    unconditional = len(line) - len(line.lstrip("\t")) == 1
    values = {"before": 0 <= entry < call, "unconditional": unconditional}
    word = "always" if unconditional else "under a condition"
    said = f"cgocall calls entersyscall {'before' if values['before'] else 'after'} the C function, {word}"
    return Measured(values, said)


def _entered_after_20_ms(values: Values) -> Decision:
    if values["before"] and values["unconditional"]:
        return does_not_hold("every C call begins with entersyscall; its length is not known then")
    return holds()


def watched(rig: Rig) -> Measured:
    """Whether entersyscall puts the M into a list, or sysmon goes through one of Ms; from the source."""
    entry, watcher = _code(rig, _ENTRY), _code(rig, ("sysmon", "retake"))
    put = sorted(set(re.findall(r"\b(mput|schedlink|sched\.midle|allm|\w+[qQ]ueue\w*)\b", entry)))
    walked = sorted(set(re.findall(r"\b(schedlink|sched\.midle|allm|allp)\b", watcher)))
    touched, seen = ", ".join(put) or "no list", ", ".join(walked) or "none"
    said = f"entersyscall touches {touched}; sysmon goes through {seen}"
    return Measured({"put": put, "walked": walked}, said)


def _in_a_queue(values: Values) -> Decision:
    of_ms = [name for name in values["walked"] if name != "allp"]
    if values["put"] or of_ms:
        return holds()
    return does_not_hold("there is no such queue: sysmon looks at every P in turn")


def _tries_again(values: Values) -> Decision:
    if values["returned"] == values["calls"]:
        return holds()
    return does_not_hold("calls did not come back to Go")


ENTRIES = (
    Entry(
        "C3.2a",
        losses,
        "Holds if half of the calls of 60 ms lose it, fewer than one of ten before 20 ms have passed; "
        "imprecise if more are.",
        _after_20_ms,
        seconds=5,
        examined=_ALL,
        needs=_C,
    ),
    Entry(
        "C3.2h",
        in_c,
        "Holds if asmcgocall switches to g0's stack and the goroutines of four C calls are in _Gsyscall.",
        _on_g0,
        seconds=2,
        examined=_ALL,
        needs=_C,
    ),
    Entry(
        "C3.2i",
        in_c,
        "Holds if at most one of four threads in C is in the runtime's list of threads.",
        _leaves_the_list,
        seconds=2,
        examined=_ALL,
        needs=_C,
    ),
    Entry(
        "C3.2b",
        entry_and_exit,
        "Holds if entersyscall makes all four assignments; imprecise if some of them.",
        _quoted_lines,
        seconds=1,
        examined=_ALL,
        compare=("1.24",),
    ),
    Entry(
        "C3.2c",
        entry_and_exit,
        "Holds if entersyscall sets m.p to 0.",
        _p_is_cleared,
        seconds=1,
        examined=_ALL,
        compare=("1.24",),
    ),
    Entry(
        "C3.2j",
        as_printed,
        "Holds if oldp is the P of before when the printed lines have run.",
        _keeps_old_p,
        seconds=3,
        examined=_ALL,
    ),
    Entry(
        "C3.2k",
        losses,
        "Holds if half of 3000 C calls that do nothing lose their P to a goroutine that is ready.",
        _gives_it_up_itself,
        seconds=5,
        examined=_ALL,
        needs=_C,
    ),
    Entry(
        "C3.2d",
        entry_and_exit,
        "Holds if entersyscall sets m.oldp and the way back tries it before any idle P.",
        _old_p_first,
        seconds=1,
        examined=_ALL,
    ),
    Entry(
        "C3.2e",
        waits,
        "Holds if half of 300 other goroutines do not run during the calls; imprecise if they do, once the P "
        "of a call has been taken.",
        _others_wait,
        seconds=6,
        examined=_ALL,
        needs=_C_LINUX,
    ),
    Entry(
        "C3.2l",
        queues,
        "Holds if the median queue is a goroutine longer during 20 C calls, and more threads spin.",
        _overload_spins,
        seconds=2,
        examined=_ALL,
        needs=_C,
    ),
    Entry(
        "C3.2f",
        c_profile,
        "Does not hold if four of five samples in C name the Go caller; holds if fewer than one of ten does.",
        _cannot_relate,
        seconds=4,
        examined=_ALL,
        needs=_C,
    ),
    Entry(
        "C3.2m",
        call_order,
        "Does not hold if cgocall calls entersyscall before the C function and under no condition.",
        _entered_after_20_ms,
        seconds=1,
        examined=_ALL,
    ),
    Entry(
        "C3.2n",
        losses,
        "Holds if no call of less than 20 ms loses its P; imprecise if only those keep it that do nothing.",
        _shorter_keep_it,
        seconds=5,
        examined=_ALL,
        needs=_C,
    ),
    Entry(
        "C3.2g",
        watched,
        "Holds if entersyscall puts the M into a list, or sysmon goes through a list of Ms.",
        _in_a_queue,
        seconds=1,
        examined=_ALL,
    ),
    Entry(
        "C3.2o",
        crowd,
        "Holds if all 20 C calls come back and their goroutines run on, which takes a P.",
        _tries_again,
        seconds=3,
        examined=_ALL,
        needs=_C_LINUX,
    ),
)
