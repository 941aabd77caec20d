"""Section 2.5: a sampler of one's own in the scheduler, what a snapshot holds, a bottleneck that it names."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from schedlab import process
from schedlab.capture import pprof, probes, xray
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
)
from schedlab.claims.rig import Rig
from schedlab.process import GoSettings
from schedlab.toolchain import Binary, SymbolMoved

_ALL = ("1.24", "1.25", "1.26", "1.27")
_LINUX = Needs(linux=True)

SNIPPET = """\
	if profHijackEnabled && sched.nmspinning > 0 && gomaxprocs > 4 {
		p := getg().m.p.ptr()
		// 手动触发含 P/M/G 全状态的 profile 记录
		pprof.WriteHeapProfile(os.Stdout) // 实际应写入 ring buffer 或 mmap 区域
	}
"""
"""The article's lines, as they are printed there."""

# What goroutines of the bottleneck's program do, by its cause.
_CAUSES = {
    "cpu": "runnable",
    "lock": "sync.Mutex.Lock",
    "syscall": "in a system call",
    "producer": "chan receive",
}
_LOOKS = 25
_REPEATS = 2
# More than four, as the article's condition asks for.
_PS = 6
# So many spinning Ms, or looks at some, are enough to judge by.
_ENOUGH = 20
# A busy machine may keep a program from its beginning for longer than the looks take.
_MOSTLY = 0.75


# The snippet.


def snippet(rig: Rig) -> Measured:
    """What the compiler says of the lines at the beginning of findRunnable, as printed and with imports."""
    printed = _errors(rig, imports="")
    imported = _errors(rig, imports='import (\n\t"os"\n\t"runtime/pprof"\n)\n')
    said = f"the compiler: {'; '.join(printed[:4]) or 'no complaint'}"
    if printed:
        said += f"; with os and runtime/pprof imported: {'; '.join(imported[:2]) or 'no complaint'}"
    return Measured({"printed": printed, "imported": imported}, said)


def with_snippet(proc: str, lines: str, imports: str = "") -> str:
    """proc.go with ``lines`` at the beginning of findRunnable, or findrunnable, and ``imports``.

    Raises:
        SymbolMoved: it has no such function.
    """
    changed, functions = re.subn(
        r"^(func find[rR]unnable\(.*\{\n)", lambda found: found[1] + lines, proc, count=1, flags=re.MULTILINE
    )
    if not functions:
        raise SymbolMoved("proc.go has no findRunnable", remedy="The source changed: mend the claim.")
    return changed.replace("\nimport (", f"\n{imports}\nimport (", 1)


def _errors(rig: Rig, imports: str) -> list[str]:
    proc = rig.toolchain.runtime_source / "proc.go"
    with tempfile.TemporaryDirectory(prefix="schedlab-claim-") as made:
        folder = Path(made)
        changed = folder / "proc.go"
        changed.write_text(with_snippet(proc.read_text(encoding="utf-8"), SNIPPET, imports), encoding="utf-8")
        (folder / "overlay.json").write_text(json.dumps({"Replace": {str(proc): str(changed)}}))
        done = rig.command("go build -overlay overlay.json runtime", folder)
    if done.exit_status == 0:
        return []
    found = re.findall(r"proc\.go:\d+:\d+: (.+)|(import cycle not allowed)", done.stderr)
    return list(dict.fromkeys(one or other for one, other in found)) or done.stderr.splitlines()[:2]


def _compiles(values: Values) -> Decision:
    if not values["printed"]:
        return holds()
    if not values["imported"]:
        return imprecise("They can, with the packages that they use imported.")
    return does_not_hold(
        f"{len(values['printed'])} errors; with the imports still {len(values['imported'])}",
        "A hook in the runtime may import nothing outside it: it can count, and put events into a ring.",
    )


def injected(rig: Rig) -> Measured:
    """Whether the two functions are there, and what hooks in them counted that do work."""
    names = [name for name in ("schedule", "findrunnable", "findRunnable") if _has(rig, name)]
    run = probes.run("handoffs", ["-exchanges", 2000], settings=GoSettings(gomaxprocs=2), using=rig.toolchain)
    assert run.events is not None
    values = {"names": names, "runs": run.counters.runs, "events": len(run.events)}
    said = (
        f"proc.go has {', '.join(names)}; hooks laid over the build counted {run.counters.runs} goroutines "
        f"that were found and run, and put {len(run.events)} events with their times into rings"
    )
    return Measured(values, said)


def _has(rig: Rig, function: str) -> bool:
    try:
        rig.source("proc.go", function)
    except SymbolMoved:
        return False
    return True


def _can_be_injected(values: Values) -> Decision:
    if not values["runs"] or "schedule" not in values["names"]:
        return does_not_hold("nothing was counted there")
    if "findrunnable" in values["names"]:
        return holds()
    return imprecise(
        "schedule() and findRunnable(): hooks in them work, by an overlay of the build.", "the name"
    )


def _into_a_ring(values: Values) -> Decision:
    if values["events"] >= values["runs"] > 0:
        return holds("rings in memory were written from within the scheduler")
    return does_not_hold("the ring did not hold what was counted")


# What a profile holds.

_WRITES_A_PROFILE = """\
package main

import (
	"os"
	"runtime/pprof"
)

func main() {
	pprof.WriteHeapProfile(os.Stdout)
}
"""


def profile(rig: Rig) -> Measured:
    """What is in the file that WriteHeapProfile writes, and which rates of profiles can be set."""
    with rig.program(_WRITES_A_PROFILE) as folder:
        kept = folder / "heap.pb.gz"
        rig.command("go build -o printed . && ./printed > heap.pb.gz", folder).check()
        found = pprof.load(kept)
    types = [kind.type for kind in found.sample_types]
    labels = sorted({label.key for row in found.labels for label in row})
    functions = [
        name
        for name in ("SetCPUProfileRate", "SetBlockProfileRate", "SetMutexProfileFraction")
        if _set(rig, name)
    ]
    values = {"types": types, "labels": labels, "settable": [*functions, "MemProfileRate"]}
    return Measured(
        values,
        f"a heap profile has, for each stack: {', '.join(types)}; labels: {', '.join(labels) or 'none'}",
    )


def _set(rig: Rig, function: str) -> bool:
    return f"\nfunc {function}(" in rig.whole_source()


_STATES = re.compile(r"goroutine|thread|status|spin|proc|preempt", re.IGNORECASE)


def _has_states(values: Values) -> Decision:
    naming = [name for name in (*values["types"], *values["labels"]) if _STATES.search(name)]
    if naming:
        return holds(f"it has {', '.join(naming)}")
    return does_not_hold(
        "no column and no label is about a P, an M or a G",
        f"It records {', '.join(values['types'])} by stack.",
    )


# Snapshots from outside.


@contextmanager
def _looked_into(
    program: Binary | Path, args: list[str], settings: GoSettings, line: str
) -> Iterator[xray.Xray]:
    """``program``, as soon as it has printed ``line``, with an X-ray of it."""
    with process.start(program, args, settings=settings) as live:
        live.wait_for_line(line, timeout_s=30, stream="stderr")
        try:
            inside = xray.attach(live.pid)
        except xray.NotAllowed as error:
            raise NotMeasurableHere(error.message) from error
        with inside:
            yield inside


def _looks(inside: xray.Xray, number: int, every_s: float = 0.008) -> list[xray.Snapshot]:
    # A look at a program that begins is of no use.
    time.sleep(0.2)
    taken = []
    for _ in range(number):
        taken.append(inside.snapshot())
        time.sleep(every_s)
    return taken


def bottlenecks(rig: Rig) -> Measured:
    """Four programs that are slow for one reason each, looked into from outside, twice each."""
    program = rig.build("bottleneck")
    taken: dict[str, list[list[xray.Snapshot]]] = {cause: [] for cause in _CAUSES}
    for _ in range(_REPEATS):
        for cause, runs in taken.items():
            with _looked_into(
                program, ["-cause", cause, "-for", "20s"], GoSettings(gomaxprocs=_PS), "working"
            ) as inside:
                runs.append(_looks(inside, _LOOKS))
    every = [look for runs in taken.values() for looks in runs for look in looks]
    named = {cause: [xray.summary(looks).most for looks in runs] for cause, runs in taken.items()}
    means = {cause: xray.summary([one for looks in runs for one in looks]) for cause, runs in taken.items()}
    values: dict[str, Any] = {
        "named": named,
        "runnable": {cause: mean.goroutines.get("runnable", 0.0) for cause, mean in means.items()},
        "spinning": {cause: mean.ms_spinning for cause, mean in means.items()},
        **_of_spinning(every),
        "statuses": sorted({str(name) for look in every for name in look.ps.status_name}),
        "looks": len(every),
        "queued": _queued([look for looks in taken["cpu"] for look in looks if not look.torn]),
        "times_in_order": all(one.begin_ns <= one.end_ns for one in every),
    }
    return Measured(values, "")


def _of_spinning(looks: list[xray.Snapshot]) -> dict[str, int]:
    """The Ms that spun, by whether they had a P (or were given one to start with) and a goroutine."""
    spinning = [
        (bool(p >= 0 or nextp >= 0), bool(curg > 0))
        for look in looks
        if look.ms.spinning is not None
        for p, nextp, curg, spins in zip(
            look.ms.p, look.ms.nextp, look.ms.curg, look.ms.spinning, strict=True
        )
        if spins
    ]
    counts = [int(look.sched.nmspinning or 0) for look in looks]
    return {
        "spinning_ms": len(spinning),
        "with_p": sum(has_p for has_p, _ in spinning),
        "with_g": sum(has_g for _, has_g in spinning),
        "looks_with_spinning": sum(count > 0 for count in counts),
        "looks_with_several": sum(count > 1 for count in counts),
    }


def _queued(looks: list[xray.Snapshot]) -> list[list[int]]:
    """Per look: goroutines that are runnable, and those in the queues."""
    return [
        [
            int((look.gs.state == 1).sum()) if look.gs is not None else 0,
            int(look.ps.queued.sum()) + int((look.ps.runnext > 0).sum()) + (look.sched.runq_size or 0),
        ]
        for look in looks
    ]


def _said(measure: Callable[[Rig], Measured], words: Callable[[Values], str]) -> Callable[[Rig], Measured]:
    """The same measurement, run once, in the words that a claim needs."""

    def measured(rig: Rig) -> Measured:
        values = rig.once(measure).values
        return Measured(values, words(values))

    return measured


def _right(values: Values) -> tuple[int, int]:
    named = [(name, _CAUSES[cause]) for cause, names in values["named"].items() for name in names]
    return sum(name == expected for name, expected in named), len(named)


def _of_names(values: Values) -> str:
    right, of = _right(values)
    shown = "; ".join(
        f"{cause}: {', '.join(dict.fromkeys(names))}" for cause, names in values["named"].items()
    )
    return f"in {right} of {of} runs most goroutines were where the cause puts them ({shown})"


def _of_competition(values: Values) -> str:
    return (
        f"nmspinning was above 0 in {values['looks_with_spinning']} of {values['looks']} looks at programs "
        f"with {_PS} Ps, and above 1 in {values['looks_with_several']} of these"
    )


def _of_spinners(values: Values) -> str:
    return (
        f"{values['spinning_ms']} times an M was seen spinning: with a P {values['with_p']} times, with a "
        f"goroutine {values['with_g']} times"
    )


def _of_delay(values: Values) -> str:
    waiting, spinning = values["runnable"], values["spinning"]
    return "; ".join(
        f"{cause}: {waiting[cause]:.1f} goroutines wait for a P, {spinning[cause]:.2f} Ms spin"
        for cause in ("cpu", "lock")
    )


def _of_queued(values: Values) -> str:
    close, of = _close(values)
    return (
        f"in {close} of {of} looks the queues held as many goroutines as were runnable, give or take {_PS}; "
        f"X-ray read {values['looks']} such snapshots, with every goroutine"
    )


def _close(values: Values) -> tuple[int, int]:
    return sum(abs(one - other) <= _PS for one, other in values["queued"]), len(values["queued"])


def _reproducible(values: Values) -> Decision:
    right, of = _right(values)
    if right >= _MOSTLY * of:
        return holds()
    if right > 0.5 * of:
        raise NotMeasurableHere(f"the cause was seen in {right} of {of} runs: this machine is too busy")
    return does_not_hold(f"it was seen in {right} of {of} runs")


def _competes(values: Values) -> Decision:
    some, several = values["looks_with_spinning"], values["looks_with_several"]
    if some < _ENOUGH:
        raise NotMeasurableHere(f"an M was seen spinning in {some} looks only")
    if several >= 0.95 * some:
        return holds()
    return does_not_hold(
        f"in {some - several} of {some} such looks one M spun, and nobody competed",
        "nmspinning above 0 says that at least one M looks for work, as it does before a P goes idle.",
    )


def _wait_for_p(values: Values) -> Decision:
    spinning, with_p = values["spinning_ms"], values["with_p"]
    if spinning < _ENOUGH:
        raise NotMeasurableHere(f"an M was seen spinning {spinning} times only")
    if with_p < 0.5 * spinning:
        return holds()
    return does_not_hold(
        f"{with_p} of {spinning} spinning Ms had a P",
        "It counts Ms that have a P, have no goroutine, and look for one.",
    )


def _delay(values: Values) -> Decision:
    waiting, spinning = values["runnable"], values["spinning"]
    if waiting["cpu"] <= 1.5 * waiting["lock"]:
        raise NotMeasurableHere(f"the two programs kept about as many goroutines waiting: {waiting}")
    if spinning["cpu"] > spinning["lock"]:
        return holds()
    return does_not_hold(
        "where more goroutines waited fewer Ms spun",
        "While all Ps are busy nobody spins, however many goroutines wait: their number is what to look at.",
    )


def _current_g(values: Values) -> Decision:
    spinning, with_g = values["spinning_ms"], values["with_g"]
    if spinning < _ENOUGH:
        raise NotMeasurableHere(f"an M was seen spinning {spinning} times only")
    if with_g >= 0.5 * spinning:
        return holds()
    return does_not_hold(
        f"{spinning - with_g} of {spinning} Ms that looked for work had no current G",
        "Where an M looks for work it has a P and no G; what a G has in its registers was saved when it "
        "stopped (g.sched).",
    )


def _queue_lengths(values: Values) -> Decision:
    close, of = _close(values)
    if of < _ENOUGH:
        raise NotMeasurableHere(f"{of} looks only were whole")
    return holds() if close >= 0.8 * of else does_not_hold(f"they agreed in {close} of {of} looks")


def _must_bypass(rig: Rig) -> Measured:
    settings = rig.once(profile).values
    seen = rig.once(bottlenecks).values
    right, of = _right(seen)
    said = (
        f"rates of profiles are set by {', '.join(settings['settable'])}; X-ray, which needs nothing in the "
        f"program, saw the cause in {right} of {of} runs"
    )
    return Measured({**settings, "right": right, "of": of}, said)


def _bypass(values: Values) -> Decision:
    has_states = any(_STATES.search(name) for name in values["types"])
    outside = values["right"] >= _MOSTLY * values["of"]
    if has_states:
        return does_not_hold("a profile of runtime/pprof has what is needed")
    if not values["settable"] and not outside:
        return holds()
    seen = f"{values['right']} of {values['of']} runs"
    return imprecise(
        "A profile has no P and no M, so something else is needed; but its rate is not fixed, and nothing "
        f"has to be put into the scheduler: a reader of its memory saw the cause in {seen}."
    )


def _record_with_time(rig: Rig) -> Measured:
    events = rig.once(injected).values["events"]
    schema = rig.whole_source("pprof/proto.go")
    per_sample = re.findall(r"^\ttagSample_(\w+)\s*=", schema, re.MULTILINE)
    values = {"events": events, "per_sample": per_sample}
    said = f"a sample of a profile has: {', '.join(per_sample)}"
    return Measured(values, f"{said}; {events} events of the probes' rings have a time")


def _has_time(values: Values) -> Decision:
    if any("time" in name.lower() for name in values["per_sample"]):
        return holds()
    return imprecise(
        "A record of a ring has its time; a sample of a profile has none, only the profile as a whole."
    )


# The fields.


def fields(rig: Rig) -> Measured:
    """Types of the three fields, the statuses of a P in the source, and what was seen live."""
    types = {}
    for struct, name in (("p", "status"), ("m", "spinning"), ("g", "preempt")):
        rows = xray.layout(struct, rig.toolchain).rows
        types[f"{struct}.{name}"] = next((row.type for row in rows if row.field == name), "")
    declared = re.findall(r"^\t(_P[a-z]\w*)\b", rig.whole_source("runtime2.go"), re.MULTILINE)
    live = rig.once(bottlenecks).values
    values = {
        "types": types,
        "declared": declared,
        "in_use": [name for name in declared if not name.endswith("_unused")],
        "seen": live["statuses"],
        "spinning_ms": live["spinning_ms"],
    }
    return Measured(values, "")


def _of_status(values: Values) -> str:
    return (
        f"p.status is {values['types']['p.status'] or 'not there'}; the source declares "
        f"{', '.join(values['declared'])}; seen live: {', '.join(values['seen'])}"
    )


def _of_spinning_field(values: Values) -> str:
    return (
        f"m.spinning is {values['types']['m.spinning'] or 'not there'}; "
        f"it was seen set {values['spinning_ms']} times"
    )


def _status(values: Values) -> Decision:
    if values["types"]["p.status"] != "uint32":
        return does_not_hold(f"its type is {values['types']['p.status'] or 'none'}")
    two = {"_Prunning", "_Pidle"}
    if not two <= set(values["in_use"]):
        return does_not_hold("one of the two statuses does not exist")
    others = [name for name in values["in_use"] if name not in two]
    if not others:
        return holds()
    return imprecise(
        f"A uint32, and one of {', '.join(values['in_use'])}.", f"there is also {', '.join(others)}"
    )


def _spinning_field(values: Values) -> Decision:
    if values["types"]["m.spinning"] != "bool":
        return does_not_hold(f"its type is {values['types']['m.spinning'] or 'none'}")
    if not values["spinning_ms"]:
        raise NotMeasurableHere("no M was seen spinning")
    return holds()


_NEVER_GIVES_WAY = """\
package main

import (
	"os"
	"time"
)

// Nothing is called here, so that it can only be asked to give way.
func spin() {
	for {
	}
}

func main() {
	go spin()
	os.Stderr.WriteString("spinning\\n")
	time.Sleep(20 * time.Second)
}
"""


def preempt_flag(rig: Rig) -> Measured:
    """g.preempt of a goroutine that can be asked to give way, and cannot do so: it runs on and on."""
    settings = GoSettings(gomaxprocs=2, gogc="off", godebug={"asyncpreemptoff": "1"})
    with rig.program(_NEVER_GIVES_WAY) as folder:
        rig.command("go build -o printed .", folder).check()
        with _looked_into(folder / "printed", [], settings, "spinning") as inside:
            time.sleep(0.1)
            looks = _looks(inside, _LOOKS, every_s=0.01)
    marked = running = 0
    for look in looks:
        if look.gs is None or look.gs.preempt is None:
            continue
        spins = (look.gs.function.astype(str) == "main.spin") & (look.gs.state == 2)
        running += int(spins.sum())
        marked += int((spins & look.gs.preempt).sum())
    values = {
        "type": rig.once(fields).values["types"]["g.preempt"],
        "looks": len(looks),
        "running": running,
        "marked": marked,
    }
    said = (
        f"g.preempt is {values['type'] or 'not there'}; a goroutine that never gives way was running in "
        f"{running} of {len(looks)} looks, with the mark in {marked}"
    )
    return Measured(values, said)


def _mark(values: Values) -> Decision:
    if values["type"] != "bool":
        return does_not_hold(f"its type is {values['type'] or 'none'}")
    if values["running"] < _ENOUGH:
        raise NotMeasurableHere(f"it was seen running in {values['running']} looks only")
    if values["marked"] < 0.5 * values["running"]:
        return holds()
    return imprecise(
        "It is the request to give way: it is set on a goroutine that still runs, and may run on."
    )


def _live(
    name: str, words: Callable[[Values], str], rule: str, decide: Callable[[Values], Decision]
) -> Entry:
    measure = _said(bottlenecks, words)
    return Entry(name, measure, rule, decide, seconds=10, examined=_ALL, needs=_LINUX)


ENTRIES = (
    Entry(
        "C2.5g",
        _must_bypass,
        "Holds if no rate of a profile can be set and a reader from outside missed the cause in over 25% of "
        "the runs; does not hold if a profile has P, M or G; else imprecise.",
        _bypass,
        seconds=12,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C2.5h",
        injected,
        "Holds if both functions exist by these names and hooks in the scheduler counted goroutines.",
        _can_be_injected,
        seconds=3,
        examined=_ALL,
    ),
    _live(
        "C2.5n",
        _of_names,
        "Holds if most goroutines are where the cause puts them in 75% of the runs; not, if in 50% or less.",
        _reproducible,
    ),
    Entry(
        "C2.5a",
        snippet,
        "Holds if the runtime compiles with the lines as printed; imprecise if with the imports only.",
        _compiles,
        seconds=8,
        examined=_ALL,
    ),
    Entry(
        "C2.5b",
        profile,
        "Holds if a column or a label of the profile is about goroutines, threads or Ps.",
        _has_states,
        seconds=4,
        examined=_ALL,
    ),
    Entry(
        "C2.5i",
        injected,
        "Holds if rings that hooks in the scheduler write hold an event or more per goroutine that was run.",
        _into_a_ring,
        seconds=3,
        examined=_ALL,
    ),
    _live(
        "C2.5j",
        _of_competition,
        "Holds if more than one M spun in 95% of the looks in which the condition was true, of 20 or more.",
        _competes,
    ),
    _live(
        "C2.5c",
        _of_spinners,
        "Holds if fewer than half of the Ms that spin, of 20 or more, have a P or are started with one.",
        _wait_for_p,
    ),
    _live(
        "C2.5k",
        _of_delay,
        "Holds if, of two programs, more Ms spin in the one in which over 1.5 times as many goroutines wait.",
        _delay,
    ),
    Entry(
        "C2.5d",
        _said(fields, _of_status),
        "Holds if it is a uint32 and the source has these two statuses only; imprecise if more are in use.",
        _status,
        seconds=10,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C2.5e",
        _said(fields, _of_spinning_field),
        "Holds if it is a bool and was seen set.",
        _spinning_field,
        seconds=10,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C2.5f",
        preempt_flag,
        "Holds if it is a bool, set in less than half of the looks at a goroutine that never gives way.",
        _mark,
        seconds=4,
        examined=_ALL,
        needs=_LINUX,
    ),
    _live(
        "C2.5l",
        _of_spinners,
        "Holds if half or more of the Ms that look for work, of 20 or more, have a current G.",
        _current_g,
    ),
    _live(
        "C2.5m",
        _of_queued,
        "Holds if runnable and queued goroutines agree, within one per P, in 80% of 20 or more looks.",
        _queue_lengths,
    ),
    Entry(
        "C2.5o",
        _record_with_time,
        "Holds if a sample of a profile has a time of its own; else imprecise.",
        _has_time,
        seconds=3,
        examined=_ALL,
    ),
)
