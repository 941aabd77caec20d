"""Section 1, first part: what G, M and P are, the handoff, schedtrace."""

from __future__ import annotations

import re
from itertools import pairwise
from statistics import median

from schedlab.capture import schedtrace
from schedlab.capture.schedtrace import Detail
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

_ALL = ("1.24", "1.25", "1.26", "1.27")
_TWO = GoSettings(gomaxprocs=2)
_LINUX = Needs(linux=True)

_ARTICLES_LINE = (
    "SCHED 12345ms: gomaxprocs=8 idleprocs=2 threads=15 spinningthreads=1 "
    "idlethreads=7 runqueue=3 [0 1 2 0 0 0 0 0]"
)

# The article's "your-program" takes no arguments, and has to live for some of its seconds.
_YOUR_PROGRAM = """package main

import "time"

func main() {
	time.Sleep(3300 * time.Millisecond)
}
"""


def developers(_: Rig) -> Measured:
    """How many developers get stuck is a matter of asking them."""
    raise NotMeasurableHere("how many developers get stuck takes a survey; no run of a program counts them")


def structs(rig: Rig) -> Measured:
    """Whether the runtime declares the three, as structs."""
    found = [name for name in "gmp" if rig.source("runtime2.go", name).startswith(f"type {name} struct")]
    return Measured({"structs": found}, f"runtime2.go declares these structs: {', '.join(found)}")


def many_ps(rig: Rig) -> Measured:
    """How many Ps a program has that is given four for each CPU, and what a P is made of."""
    cpus, asked = rig.machine.cpus, 4 * rig.machine.cpus
    fields = re.findall(r"^\t(runq|mcache|timers|gFree)\s", rig.source("runtime2.go", "p"), re.MULTILINE)
    settings = GoSettings(gomaxprocs=asked, schedtrace_ms=1)
    traced = rig.run("parallel", ["-rounds", 100_000_000], settings=settings)
    found = int(schedtrace.parse(traced.stderr, release=rig.toolchain.release).summaries.max_p)
    said = (
        f"with GOMAXPROCS={asked} on {cpus} CPUs there are {found} Ps; each has {', '.join(sorted(fields))}"
    )
    return Measured({"cpus": cpus, "asked": asked, "ps": found, "fields": sorted(fields)}, said)


def computing(rig: Rig) -> Measured:
    """Every M, P and G of a program whose 200 goroutines compute: who has what, and who waits where."""
    settings = GoSettings(gomaxprocs=2, schedtrace_ms=10, scheddetail=True)
    run = rig.run("meet_gmp", ["-goroutines", 200, "-rounds", 1_000_000], settings=settings)
    snapshots = schedtrace.parse(run.stderr, release=rig.toolchain.release).snapshots
    running = [m for s in snapshots for m in s.ms if m.curg is not None]
    ready = [sum(g.status_name == "_Grunnable" for g in s.gs) for s in snapshots]
    queued = [_queued(s) for s in snapshots]
    close = sum(abs(a - b) <= 2 for a, b in zip(ready, queued, strict=True))
    holding = sum(m.p is not None for m in running)
    values = {
        "snapshots": len(snapshots),
        "with_g": len(running),
        "of_these_with_p": holding,
        "close": close,
        "runnext": "runnext guintptr" in rig.source("runtime2.go", "p"),
    }
    said = (
        f"in {len(snapshots)} snapshots, {holding} of {len(running)} threads that had a goroutine held a P; "
        f"the queues held the runnable goroutines, give or take 2, in {close} snapshots"
    )
    return Measured(values, said)


def blocked(rig: Rig) -> Measured:
    """Threads that 100 blocked goroutines cost, in read(2) and in net.Conn.Read; medians of three runs."""
    counts: dict[str, list[int]] = {"syscall": [], "network": []}
    pairs = []
    settings = GoSettings(gomaxprocs=2, schedtrace_ms=5)
    for how, added in counts.items():
        for _ in range(3):
            run = rig.run("blocked", ["-how", how, "-goroutines", 100], settings=settings)
            found = run.json()
            added.append(int(found["threads_during"] - found["threads_before"]))
            lines = schedtrace.parse(run.stderr, release=rig.toolchain.release).summaries.threads
            if how == "syscall" and len(lines):
                pairs.append((int(lines.max()), int(found["threads_during"])))
    ms, threads = min(pairs, key=lambda pair: abs(pair[0] - pair[1]), default=(0, 0))
    said = (
        f"100 goroutines in read(2) cost {median(counts['syscall']):g} threads, in net.Conn.Read "
        f"{median(counts['network']):g}; schedtrace counted {ms} Ms where the kernel counted {threads} "
        "threads"
    )
    starts = rig.source("proc.go", "startm")
    values = {
        "syscall": median(counts["syscall"]),
        "network": median(counts["network"]),
        "ms": ms,
        "threads": threads,
        "takes_an_idle_m": "mget()" in starts,
        "wakes_it": "notewakeup(&nmp.park)" in starts,
        "starts_a_new_m": "newm(" in starts,
    }
    return Measured(values, said)


def short_calls(rig: Rig) -> Measured:
    """Threads that a million calls cost which do not block, and whether entering one hands the P over."""
    runs = [rig.run("short_syscalls", settings=_TWO).json() for _ in range(3)]
    added = median(run["threads_after"] - run["threads_before"] for run in runs)
    calls, goroutines = runs[0]["calls"], runs[0]["goroutines"]
    enters = "handoffp(" in rig.source("proc.go", "reentersyscall")
    sysmon = "handoffp(" in rig.source("proc.go", "retake")
    said = (
        f"{calls} short system calls by {goroutines} goroutines cost {added:g} threads; handoffp is called "
        f"by {', '.join(_named(entersyscall=enters, retake=sysmon)) or 'neither entersyscall nor retake'}"
    )
    values = {
        "calls": calls,
        "goroutines": goroutines,
        "threads": added,
        "entersyscall_hands_off": enters,
        "retake_hands_off": sysmon,
    }
    return Measured(values, said)


def lone_call(rig: Rig) -> Measured:
    """One goroutine in read(2), nothing else to run: does its M lose the P although the queues are empty?"""
    settings = GoSettings(gomaxprocs=2, schedtrace_ms=5, scheddetail=True)
    snapshots: list[Detail] = []
    plain = rig.run("blocked", ["-how", "syscall"], settings=GoSettings(gomaxprocs=2, schedtrace_ms=5)).stderr
    # A busy machine lets the runtime take few snapshots in one run.
    for _ in range(10):
        run = rig.run("blocked", ["-how", "syscall", "-goroutines", 1, "-hold", "150ms"], settings=settings)
        snapshots += schedtrace.parse(run.stderr, release=rig.toolchain.release).snapshots
        if sum(map(_lost_p, snapshots)) >= 10:
            break
    lost = [s for s in snapshots if _lost_p(s)]
    empty = sum(_queued(s) == 0 for s in lost)
    threads = schedtrace.parse(plain, release=rig.toolchain.release).summaries.threads
    said = (
        f"a goroutine in read(2) had lost its P in {len(lost)} of {len(snapshots)} snapshots, in {empty} of "
        f"these with every queue empty; schedtrace alone shows {threads.min()} to {threads.max()} threads"
    )
    values = {
        "snapshots": len(snapshots),
        "in_call": sum(_in_call(s) for s in snapshots),
        "lost": len(lost),
        "lost_with_empty_queues": empty,
        "threads_from": int(threads.min()),
        "threads_to": int(threads.max()),
        "schedtrace_names_ms": "curg=" in plain,
    }
    return Measured(values, said)


def names(rig: Rig) -> Measured:
    """How often the runtime's files say these words."""
    text = rig.whole_source()
    counts = {
        word: len(re.findall(rf"\b{pattern}", text, re.IGNORECASE))
        for word, pattern in {"P escape": r"P[- ]escap", "handoff": "hand-?off", "retake": "retake"}.items()
    }
    said = ", ".join(f"{word}: {count} times" for word, count in counts.items())
    return Measured(counts, f"in the runtime's sources: {said}")


def your_program(rig: Rig) -> Measured:
    """The article's command as it is printed, on a program of that name."""
    with rig.program(_YOUR_PROGRAM, "your-program") as folder:
        rig.command("go build -o your-program .", folder).check()
        done = rig.command("GODEBUG=schedtrace=1000 ./your-program", folder)
    lines = [line for line in done.stderr.splitlines() if line.startswith("SCHED ")]
    times = [int(found[1]) for line in lines if (found := re.match(r"SCHED (\d+)ms:", line))]
    gaps = [b - a for a, b in pairwise(times)]
    here, articles = (re.findall(r"(\w+)=", line) for line in (lines[0] if lines else "", _ARTICLES_LINE))
    values = {
        "exit_status": done.exit_status,
        "lines": lines,
        "median_ms": median(gaps) if gaps else None,
        "added": [key for key in here if key not in articles],
        "gone": [key for key in articles if key not in here],
    }
    apart = f", {median(gaps):g} ms apart" if gaps else ""
    return Measured(values, f"{len(lines)} lines{apart}; the first: {lines[0] if lines else 'none'}")


def _queued(snapshot: Detail) -> int:
    return snapshot.runqueue + sum(p.runqsize for p in snapshot.ps)


def _in_call(snapshot: Detail) -> bool:
    return any(g.status_name == "_Gsyscall" for g in snapshot.gs)


def _lost_p(snapshot: Detail) -> bool:
    """Whether a thread in a system call has no P."""
    status = {g.id: g.status_name for g in snapshot.gs}
    return any(m.p is None and m.curg in status and status[m.curg] == "_Gsyscall" for m in snapshot.ms)


def _named(**named: bool) -> list[str]:
    return [name for name, said in named.items() if said]


def _three_structs(values: Values) -> Decision:
    return holds() if values["structs"] == ["g", "m", "p"] else does_not_hold("a struct is missing")


def _as_many_threads(values: Values) -> Decision:
    if not values["threads"]:
        return not_measurable("the program ended before the runtime printed a line")
    if abs(values["ms"] - values["threads"]) <= 5:
        return holds()
    return does_not_hold(f"{values['ms']} Ms and {values['threads']} threads")


def _no_core(values: Values) -> Decision:
    if values["ps"] != values["asked"]:
        return does_not_hold(f"there are {values['ps']} Ps on {values['cpus']} CPUs")
    if "runq" not in values["fields"]:
        return does_not_hold("there are more Ps than CPUs, and a P holds no queue")
    return holds("there are more Ps than CPUs, and each holds what is needed to schedule")


def _needs_p(values: Values) -> Decision:
    if values["with_g"] < 5:
        return not_measurable(f"the snapshots caught {values['with_g']} threads with a goroutine")
    if values["of_these_with_p"] >= 0.9 * values["with_g"]:
        return holds()
    return does_not_hold(f"{values['with_g'] - values['of_these_with_p']} threads had a goroutine and no P")


def _in_queues(values: Values) -> Decision:
    if values["snapshots"] < 5:
        return not_measurable(f"there were {values['snapshots']} snapshots")
    if values["close"] < 0.7 * values["snapshots"]:
        return does_not_hold("the queues do not hold what is runnable")
    if not values["runnext"]:
        return holds()
    said = "A ready G is in sched.runq, in a P's runq, or in a P's runnext, which holds one."
    return imprecise(said, "the G that is to run next on a P is in p.runnext")


def _both_cost(values: Values) -> Decision:
    costly = [how for how in ("syscall", "network") if values[how] >= 90]
    if len(costly) == 2:
        return holds()
    if costly == ["syscall"]:
        said = (
            f"A blocking read(2) keeps its M ({values['syscall']:g} of 100); "
            f"net.Conn.Read parks the goroutine ({values['network']:g} of 100)."
        )
        return imprecise(said, "true of a blocking system call; the network is polled")
    return does_not_hold("neither cost a thread per goroutine")


def _at_the_call(values: Values) -> Decision:
    if values["entersyscall_hands_off"] or values["threads"] >= values["goroutines"] / 2:
        return holds()
    later = (
        "sysmon takes the P away later, in retake, if the call lasts" if values["retake_hands_off"] else ""
    )
    return does_not_hold(later or "entering a call hands nothing over")


def _only_if_queued(values: Values) -> Decision:
    if values["lost"] >= 5 and values["lost_with_empty_queues"] >= values["lost"] / 2:
        said = (
            f"The P of a call that lasts is taken also when no queue holds anything: "
            f"{values['lost_with_empty_queues']} of {values['lost']} times here."
        )
        return imprecise(said, "an empty queue delays it, and does not prevent it")
    if values["in_call"] >= 20 and not values["lost"]:
        return holds("with empty queues the P stayed")
    return not_measurable(f"a thread without its P was seen {values['lost']} times, too few to tell")


def _to_an_m_that_exists(values: Values) -> Decision:
    if values["syscall"] <= 10:
        return holds()
    if values["takes_an_idle_m"] and values["wakes_it"] and values["starts_a_new_m"]:
        said = (
            "handoffp wakes an idle M, all of which sleep, and starts a new one if none is idle: "
            f"{values['syscall']:g} for 100 calls that block."
        )
        return imprecise(said, "the expensive case is missing: a new thread")
    return does_not_hold(f"100 calls that block started {values['syscall']:g} threads")


def _called_so(values: Values) -> Decision:
    if values["P escape"]:
        return holds()
    said = f"The runtime says handoff ({values['handoff']} times) and retake ({values['retake']} times)."
    return does_not_hold("the runtime knows no such name", said)


def _every_second(values: Values) -> Decision:
    if values["median_ms"] is None:
        return does_not_hold(f"it printed {len(values['lines'])} lines in three seconds")
    if 900 <= values["median_ms"] <= 1500:
        return holds()
    return does_not_hold(f"the lines are {values['median_ms']:g} ms apart")


def _command_prints(values: Values) -> Decision:
    if values["exit_status"] == 0 and values["lines"]:
        return holds()
    return does_not_hold(f"exit status {values['exit_status']}, {len(values['lines'])} lines")


def _same_line(values: Values) -> Decision:
    if not values["lines"]:
        return does_not_hold("it prints no such line")
    if values["gone"]:
        return does_not_hold(f"{', '.join(values['gone'])} is gone")
    if values["added"]:
        return imprecise(f"It prints: {values['lines'][0]}", f"added since: {', '.join(values['added'])}")
    return holds()


def _verifies(values: Values) -> Decision:
    if values["schedtrace_names_ms"]:
        return holds()
    if values["threads_to"] - values["threads_from"] < 50:
        return does_not_hold("its lines show neither who holds a P nor a price")
    said = (
        f"schedtrace shows the price: threads from {values['threads_from']} to {values['threads_to']}. "
        f"With scheddetail=1 the handoff is seen: a call without its P in {values['lost']} snapshots."
    )
    return imprecise(said, "which M holds which P is not in the line")


ENTRIES = (
    Entry(
        "C1.0",
        developers,
        "Would hold if a survey of Go developers found nine in ten stuck; there is none to run.",
        lambda _: not_measurable("no survey was made"),
        seconds=1,
        examined=_ALL,
    ),
    Entry(
        "C1.1a",
        structs,
        "Holds if runtime2.go declares the structs g, m and p.",
        _three_structs,
        seconds=1,
        examined=_ALL,
    ),
    Entry(
        "C1.1e",
        blocked,
        "Holds if schedtrace's number of Ms and the kernel's number of threads differ by 5 or less, with 100 "
        "threads blocked, in the best of three runs.",
        _as_many_threads,
        seconds=8,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C1.1b",
        many_ps,
        "Holds if a program that is given four Ps for each CPU has them all, and a P has a run queue.",
        _no_core,
        seconds=2,
        examined=_ALL,
    ),
    Entry(
        "C1.1c",
        computing,
        "Holds if 90% or more of the threads with a goroutine, over all snapshots of a computing program, "
        "hold a P.",
        _needs_p,
        seconds=4,
        examined=_ALL,
    ),
    Entry(
        "C1.1d",
        computing,
        "Holds if the global and the local queues have as many goroutines as are runnable, give or take 2, "
        "in 70% or more of the snapshots, and a P has no other place for one.",
        _in_queues,
        seconds=4,
        examined=_ALL,
    ),
    Entry(
        "C1.2e",
        names,
        "Holds if the runtime's sources have the words P escape.",
        _called_so,
        seconds=1,
        examined=_ALL,
    ),
    Entry(
        "C1.2a",
        blocked,
        "Holds if each way of blocking costs 90 or more threads per 100 goroutines, median of three runs.",
        _both_cost,
        seconds=8,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C1.2b",
        short_calls,
        "Holds if entering a system call calls handoffp, or a million short calls cost half as many threads "
        "as there are goroutines, median of three runs.",
        _at_the_call,
        seconds=4,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C1.2c",
        lone_call,
        "Imprecise if a lone goroutine in read(2) loses its P with all queues empty, in half or more of the "
        "snapshots without P; holds if it never loses it in 20 snapshots.",
        _only_if_queued,
        seconds=6,
        examined=_ALL,
    ),
    Entry(
        "C1.2d",
        blocked,
        "Holds if 100 blocking calls start 10 threads or fewer, median of three runs.",
        _to_an_m_that_exists,
        seconds=8,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C1.3a",
        your_program,
        "Holds if the median time between two lines is from 0.9 to 1.5 seconds.",
        _every_second,
        seconds=6,
        examined=_ALL,
    ),
    Entry(
        "C1.3c",
        lone_call,
        "Holds if the lines say which M runs which goroutine; imprecise if only the number of threads grows "
        "by 50 or more with 100 blocking calls.",
        _verifies,
        seconds=6,
        examined=_ALL,
    ),
    Entry(
        "C1.3d",
        your_program,
        "Holds if the command as printed ends with status 0 and prints a line or more.",
        _command_prints,
        seconds=6,
        examined=_ALL,
    ),
    Entry(
        "C1.3b",
        your_program,
        "Holds if the line printed here has the same names in it; imprecise if it has more.",
        _same_line,
        seconds=6,
        examined=_ALL,
    ),
)
