"""Section 2.1: the struct G, its states, its stack."""

from __future__ import annotations

import math
import platform
import re
from collections.abc import Callable
from itertools import pairwise

from schedlab.claims.errors import NotMeasurableHere
from schedlab.claims.listing import compiled
from schedlab.claims.looking import FEWEST_LOOKS, Looks, looks
from schedlab.claims.model import Decision, Entry, Measured, Needs, Values, does_not_hold, holds, imprecise
from schedlab.claims.rig import Rig
from schedlab.process import GoSettings
from schedlab.toolchain import SymbolMoved

_ALL = ("1.24", "1.25", "1.26", "1.27")
_LINUX = Needs(linux=True)
_TWO = GoSettings(gomaxprocs=2)
# A goroutine that computes keeps its P until it is done.
_ALONE = GoSettings(gomaxprocs=1, godebug={"asyncpreemptoff": 1})

# What of a stack nothing may be put into but what makes it larger (stackGuard in runtime/stack.go).
_GUARD_BYTES = 1000


# The struct and the numbers of its states, from the release's source.


def struct_g(rig: Rig) -> Measured:
    """In which file the struct is, and its fields."""
    files = {file.name for file in rig.toolchain.runtime_source.glob("*.go") if _declares_g(file.read_text())}
    fields = re.findall(r"^\t(\w+)\s+[\w.\[\]*]+", rig.source("runtime2.go", "g"), re.MULTILINE)
    status = [name for name in fields if name.lower().endswith("status")]
    holding = {name: name in fields for name in ("stack", "sched")}
    said = f"type g is in {', '.join(sorted(files))}; it has {len(fields)} fields, for its state {status}"
    return Measured({"files": sorted(files), "status": status, **holding}, said)


def _declares_g(text: str) -> bool:
    return re.search(r"^type g struct\b", text, re.MULTILINE) is not None


def _in_runtime2(values: Values) -> Decision:
    if values["files"] == ["runtime2.go"]:
        return holds()
    return does_not_hold("it is elsewhere", f"The struct is in {', '.join(values['files']) or 'no file'}.")


def _carries_the_three(values: Values) -> Decision:
    if values["status"] and values["stack"] and values["sched"]:
        return holds()
    return does_not_hold("a field is missing")


def _named_status(values: Values) -> Decision:
    if "status" in values["status"]:
        return holds()
    if values["status"]:
        return imprecise(f"The field is named {' or '.join(values['status'])}.", "there is none named status")
    return does_not_hold("there is no such field")


def enumeration(rig: Rig) -> Measured:
    """The states' numbers in the release and in the article's own lines; names of a type for them."""
    numbers = _numbers(rig.whole_source("runtime2.go"))
    text = rig.whole_source()
    named = len(re.findall(r"\bGStatus\b", text))
    printed = _printed_numbers(rig)
    said = f"{len(numbers)} states: " + ", ".join(f"{name} {number}" for name, number in numbers.items())
    return Measured({"numbers": numbers, "printed": printed, "GStatus": named}, said)


def _numbers(text: str) -> dict[str, int]:
    """``_Gidle`` and those after it in its const block, by place, as iota counts them."""
    block = re.search(r"^\t_Gidle = iota.*?^\)", text, re.MULTILINE | re.DOTALL)
    names = re.findall(r"^\t(_G\w+)(?: = iota)?(?:[ \t]*//.*)?$", block[0], re.MULTILINE) if block else []
    return {name: number for number, name in enumerate(names)}


_ARTICLES_ENUMERATION = """package main

import "fmt"

const (
    _Gidle  = iota // 未初始化
    _Grunnable     // 可运行，等待 M 获取
    _Grunning      // 正在 M 上执行
    _Gsyscall      // 执行系统调用中
    _Gwaiting      // 等待某事件（如 channel 操作）
)

func main() {
	fmt.Println(_Gidle, _Grunnable, _Grunning, _Gsyscall, _Gwaiting)
}
"""


def _printed_numbers(rig: Rig) -> dict[str, int]:
    with rig.program(_ARTICLES_ENUMERATION) as folder:
        said = rig.command("go run .", folder).stdout.split()
    names = ("_Gidle", "_Grunnable", "_Grunning", "_Gsyscall", "_Gwaiting")
    return dict(zip(names, map(int, said), strict=True))


def _type_gstatus(values: Values) -> Decision:
    if values["GStatus"]:
        return holds()
    return does_not_hold(
        "the runtime has no such name", f"The {len(values['numbers'])} states are untyped constants."
    )


def _same_numbers(values: Values) -> Decision:
    actual, printed = values["numbers"], values["printed"]
    wrong = [name for name, number in printed.items() if actual.get(name) != number]
    return does_not_hold(f"{', '.join(wrong)} have other numbers") if wrong else holds()


def idle(rig: Rig) -> Measured:
    """What becomes of a new g before others can see it, in the source; and whether any look saw it idle."""
    body = rig.source("proc.go", "newproc1")
    leaves, shown = body.find("casgstatus(newg, _Gidle, _Gdead)"), body.find("allgadd(newg)")
    number = _numbers(rig.whole_source("runtime2.go"))["_Gidle"]
    snapshot = rig.once(all_states).snapshot
    assert snapshot.gs is not None
    seen = int((snapshot.gs.state == number).sum())
    said = (
        f"_Gidle is {number}, what a new g holds before anything is put in; newproc1 "
        f"{'leaves it before' if 0 <= leaves < shown else 'may have it when'} the g is listed; "
        f"of {len(snapshot.gs)} g structs {seen} were idle"
    )
    return Measured({"number": number, "left_before_listed": 0 <= leaves < shown, "seen": seen}, said)


def _uninitialised(values: Values) -> Decision:
    if values["number"] == 0 and values["left_before_listed"]:
        return holds()
    return does_not_hold("a g can be idle after it was set up")


# States of a living program.

_PLAIN = {1: "_Grunnable", 2: "_Grunning", 3: "_Gsyscall", 4: "_Gwaiting"}


def all_states(rig: Rig) -> Looks:
    """Looks at a program whose goroutines are in all states; not a measurement yet."""
    return looks(rig, "all_states", ("-for", "10s"), settings=_TWO, seconds=1.5, hz=500)


def states(rig: Rig) -> Measured:
    """Goroutines seen in each state, and how many of these had an M, or a reason to wait."""
    found = rig.once(all_states)
    gs = found.gs
    seen, with_m = {}, {}
    for number, name in _PLAIN.items():
        rows = gs.status == number
        seen[name], with_m[name] = int(rows.sum()), int((gs.m[rows] >= 0).sum())
    reasons = int((gs.wait_reason[gs.status == 4] != 0).sum())
    said = f"{len(found.samples)} looks: " + ", ".join(
        f"{count} times {name}, {with_m[name]} of them with an M" for name, count in seen.items()
    )
    values = {"seen": seen, "with_m": with_m, "with_reason": reasons, "looks": len(found.samples)}
    return Measured(values, said)


def _seen_as(name: str) -> Callable[[Rig], Measured]:
    """``states``, with the words for one of them."""

    def measure(rig: Rig) -> Measured:
        values = rig.once(states).values
        said = f"{values['looks']} looks saw {values['seen'][name]} times a goroutine in {name}"
        return Measured(values, f"{said}, {values['with_m'][name]} of them with an M")

    return measure


seen_runnable, seen_running = _seen_as("_Grunnable"), _seen_as("_Grunning")
seen_calling, seen_waiting = _seen_as("_Gsyscall"), _seen_as("_Gwaiting")


def _seen_live(values: Values) -> Decision:
    few = [name for name in ("_Grunnable", "_Grunning", "_Gsyscall") if values["seen"][name] == 0]
    return does_not_hold(f"never seen: {', '.join(few)}") if few else holds()


def _share(values: Values, name: str) -> float:
    if values["seen"][name] < FEWEST_LOOKS:
        raise NotMeasurableHere(f"{name} was seen {values['seen'][name]} times only")
    return float(values["with_m"][name] / values["seen"][name])


def _without_m(values: Values) -> Decision:
    share = _share(values, "_Grunnable")
    return holds() if share <= 0.1 else does_not_hold(f"{share:.0%} of them have an M")


def _on_an_m(values: Values) -> Decision:
    share = _share(values, "_Grunning")
    return holds() if share >= 0.9 else does_not_hold(f"{1 - share:.0%} of them have no M")


def _in_a_call(values: Values) -> Decision:
    share = _share(values, "_Gsyscall")
    return holds() if share >= 0.9 else does_not_hold(f"{1 - share:.0%} of them have no thread for a call")


def _has_a_reason(values: Values) -> Decision:
    share = _share(values, "_Gwaiting")
    reasons = values["with_reason"] / values["seen"]["_Gwaiting"]
    if reasons >= 0.9 and share <= 0.2:
        return holds()
    return does_not_hold(f"{reasons:.0%} have a reason to wait, {share:.0%} have an M")


def decided_by(rig: Rig) -> Measured:
    """Where the functions that choose a goroutine read a state, and where they take from a queue."""
    choosing = ("schedule", "findRunnable", "runqget", "globrunqget", "runqsteal", "execute")
    text = "\n".join(_declaration(rig, name) for name in choosing)
    reads = len(re.findall(r"\breadgstatus\(|\.atomicstatus\.Load\(", text))
    queues = len(re.findall(r"\b(?:runqget|globrunqget\w*|runqsteal|stealWork|netpoll|runqgrab)\(", text))
    sets = len(re.findall(r"\bcasgstatus\(", text))
    said = (
        f"{', '.join(choosing)} read a state in {reads} places, ask a queue or poller in {queues}, "
        f"and set a state in {sets}"
    )
    return Measured({"reads": reads, "queues": queues, "sets": sets}, said)


def _declaration(rig: Rig, name: str) -> str:
    try:
        return rig.source("proc.go", name)
    except SymbolMoved:
        return ""


def _drives(values: Values) -> Decision:
    if values["reads"] > values["queues"]:
        return holds()
    if values["sets"]:
        return imprecise(
            f"What runs next is decided by queues ({values['queues']} places); the state is set when that is "
            f"done ({values['sets']} places) and read to decide in {values['reads']}."
        )
    return does_not_hold("the functions that choose neither read nor set it")


def woken(rig: Rig) -> Measured:
    """Into which queue 100 goroutines go that one goroutine wakes while it keeps the only P."""
    args = ("-goroutines", 100, "-for", "10s", "-rounds", 20_000_000)
    found = looks(rig, "woken", args, settings=_ALONE, seconds=1.0, hz=500)
    local, in_global = int(found.samples.ps.queued.max()), found.samples.sched["runq_size"]
    if in_global is None:
        raise NotMeasurableHere(f"{rig.toolchain.release} keeps no length of the global queue")
    values = {"woken": 100, "local": local, "global": int(in_global.max())}
    said = f"of 100 woken goroutines up to {local} were in the P's local queue, "
    said += f"{values['global']} in the global one"
    return Measured(values, said)


def _into_global(values: Values) -> Decision:
    local, in_global = values["local"] / values["woken"], values["global"] / values["woken"]
    if max(local, in_global) < 0.5:
        raise NotMeasurableHere("no look was had at the moment after the wake-up")
    if in_global >= 0.5:
        return holds()
    return does_not_hold(
        "they go to the local queue",
        f"ready calls runqput: {values['local']} of {values['woken']} were local.",
    )


# The context of registers.


def context(rig: Rig) -> Measured:
    """What g.sched can hold; what a signal's preemption saves; whether it leads into the stack."""
    fields = re.findall(r"^\t(\w+)\s+\w", rig.source("runtime2.go", "gobuf"), re.MULTILINE)
    registers = [name for name in fields if name in ("sp", "pc", "bp", "lr")]
    snapshot = rig.once(all_states).snapshot
    assert snapshot.gs is not None
    gs = snapshot.gs
    waiting = (gs.state == 4) & (gs.m < 0)
    inside = waiting & (gs.stack_low < gs.sp) & (gs.sp <= gs.stack_high)
    pushed = _pushed(rig)
    values = {
        "registers": registers, "pushed": pushed, "waiting": int(waiting.sum()), "inside": int(inside.sum()),
        "lo_below_hi": int((gs.stack_low[waiting] < gs.stack_high[waiting]).sum()),
    }  # fmt: skip
    said = (
        f"g.sched has room for {', '.join(registers)}; a preemption by signal saves {pushed} registers "
        "elsewhere; "
        f"sched.sp of {values['inside']} of {values['waiting']} waiting goroutines is in their stack"
    )
    return Measured(values, said)


def _pushed(rig: Rig) -> int:
    """General registers that asyncPreempt stores, on this machine's architecture."""
    arch = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    text = rig.whole_source(f"preempt_{arch}.s")
    saving = text.partition("TEXT ·asyncPreempt(SB)")[2].partition("asyncPreempt2(SB)")[0]
    singles = re.findall(r"\tMOV[QD] \w+, \d+\((?:SP|RSP)\)", saving)
    pairs = re.findall(r"\tSTP \(\w+, \w+\), \d+\((?:SP|RSP)\)", saving)
    return len(singles) + 2 * len(pairs)


def _saves_registers(values: Values) -> Decision:
    if values["waiting"] == 0:
        raise NotMeasurableHere("no goroutine waited")
    if values["inside"] < 0.9 * values["waiting"]:
        return does_not_hold("what sched says is not where the goroutine's stack is")
    if len(values["registers"]) >= values["pushed"]:
        return holds()
    return imprecise(
        f"sched holds {', '.join(values['registers'])}; all others are on the goroutine's own stack: put "
        "there "
        f"by the code that called, or {values['pushed']} and more by asyncPreempt."
    )


# The stack.


def stack_life(rig: Rig) -> Measured:
    """A stack's sizes when it grows and after collections, and with how much new goroutines start."""
    run = rig.run("stack_life", settings=_TWO).json()
    grown = [_size(move["used_bytes"]) for move in run["growth"]]
    shrunk = [_size(rest["room_bytes"]) for rest in run["shrunk"]]
    before = sorted({_size(room) for room in run["room_before"]})
    after = [_size(room) for room in run["room_after"]]
    counts = {size: after.count(size) for size in sorted(set(after))}
    values = {
        "grown": grown,
        "moved": sum(move["before"] != move["after"] for move in run["growth"]),
        "downwards": sum(0 < move["used_bytes"] < 1 << 30 for move in run["growth"]),
        "shrunk": shrunk,
        "before": before,
        "after": {str(size): count for size, count in counts.items()},
        "in_turn": run["in_turn"],
        "places": run["places"],
    }
    return Measured(values, f"stack_life: {values}")


def starts(rig: Rig) -> Measured:
    """With how much new goroutines start."""
    values = rig.once(stack_life).values
    later = " and ".join(f"{count} with {size}" for size, count in values["after"].items())
    first = ", ".join(map(str, values["before"]))
    said = f"new goroutines began with {first} bytes; after a collection that saw large stacks {later}"
    return Measured(values, said)


def reuse(rig: Rig) -> Measured:
    """In how many places the stacks of goroutines are that live one after the other."""
    values = rig.once(stack_life).values
    said = f"{values['in_turn']} goroutines, one after the other, had stacks in {values['places']} places"
    return Measured(values, said)


def shrinking(rig: Rig) -> Measured:
    """What a large stack has after more and more collections."""
    values = rig.once(growth).values
    sizes = ", ".join(map(str, values["shrunk"]))
    return Measured(values, f"after 0, 1, 2, … collections a stack that had been used had {sizes} bytes")


def _size(room_bytes: int) -> int:
    """The size of a stack of which that much can be used: sizes are powers of two."""
    return 1 << round(math.log2(room_bytes + _GUARD_BYTES))


def _low_and_high(rig: Rig) -> Measured:
    bounds, growth = rig.once(context).values, rig.once(stack_life).values
    values = {name: bounds[name] for name in ("waiting", "lo_below_hi")}
    values |= {"deeper": len(growth["grown"]), "lower": growth["downwards"]}
    said = (
        f"stack.lo is below stack.hi in {values['lo_below_hi']} of {values['waiting']} goroutines; a "
        "deeper frame "
        f"was at a lower address {values['lower']} of {values['deeper']} times"
    )
    return Measured(values, said)


def _bottom_and_top(values: Values) -> Decision:
    if values["lo_below_hi"] < values["waiting"]:
        return does_not_hold("lo is not below hi")
    if values["lower"] == values["deeper"] > 0:
        return imprecise(
            "lo and hi are the lowest and the highest address; a stack begins at hi and grows down "
            "towards lo, so "
            "that its first frame is at hi and its last, the top, nearer to lo."
        )
    return holds()


def _two_kilobytes(values: Values) -> Decision:
    if values["before"] != [2048]:
        return does_not_hold(f"new goroutines began with {values['before']} bytes")
    others = {size: count for size, count in values["after"].items() if size != "2048"}
    if not others:
        return holds()
    total = sum(values["after"].values())
    told = ", ".join(f"{count} of {total} with {size}" for size, count in others.items())
    return imprecise(
        "A new goroutine begins with 2048 bytes at first; each collection fits the size for those that "
        "reuse a "
        f"dead one to what goroutines use: {told}."
    )


def growth(rig: Rig) -> Measured:
    """How a stack grows: by which calls in the source, by how much when measured."""
    chain = {
        "newstack": "copystack(" in rig.source("stack.go", "newstack"),
        "copystack": "stackalloc(" in rig.source("stack.go", "copystack"),
        "frames": bool(re.search(r"\bmemmove\(", rig.source("stack.go", "copystack"))),
        "free": "stackfree(" in rig.source("stack.go", "copystack"),
        "shrink": "copystack(" in rig.source("stack.go", "shrinkstack"),
    }
    run = rig.once(stack_life)
    grown = run.values["grown"]
    doubled = sum(b == 2 * a for a, b in pairwise(grown))
    values = {"chain": chain, "doubled": doubled, **run.values}
    sizes = ", ".join(map(str, grown))
    return Measured(values, f"a stack moved {run.values['moved']} times, from {sizes} bytes")


def _by_stackalloc(values: Values) -> Decision:
    chain, grown = values["chain"], values["grown"]
    if not (chain["newstack"] and chain["copystack"]) or len(grown) < 2:
        return does_not_hold("no growth through stackalloc was found")
    return holds(f"{values['doubled']} of {len(grown) - 1} times to twice the size")


def _copied(values: Values) -> Decision:
    if not values["grown"]:
        return does_not_hold("no stack grew")
    if values["moved"] == len(values["grown"]) and values["chain"]["frames"]:
        return holds(f"a variable had another address after each of {values['moved']} growths")
    return does_not_hold(f"{values['moved']} of {len(values['grown'])} growths moved the stack")


def _long_unused(values: Values) -> Decision:
    shrunk = values["shrunk"]
    if shrunk[-1] >= shrunk[0]:
        return does_not_hold("it did not shrink")
    if not (values["chain"]["shrink"] and values["chain"]["free"]):
        return does_not_hold("it is not by stackfree")
    if shrunk[1] >= shrunk[0]:
        return holds()
    return imprecise(
        f"The first collection that finds less than a quarter in use halves it at once ({shrunk[0]} to "
        f"{shrunk[1]} bytes), by copying; the next one halves it again, down to {shrunk[-1]}.",
        "for how long it was not used plays no part",
    )


def _allocated_each_time(values: Values) -> Decision:
    share = values["places"] / values["in_turn"]
    if share >= 0.9:
        return holds()
    return imprecise(
        f"A new goroutine takes over a dead one's g and stack if there is one: {values['in_turn']} "
        "goroutines, one "
        f"after the other, had {values['places']} stack{'s' * (values['places'] != 1)}."
    )


_WITH_FRAMES = """package main

import "os"

//go:noinline
func calls(n int) int {
	if n == 0 {
		return 0
	}
	return calls(n-1) + len(os.Args)
}

//go:noinline
func large(i int) int {
	var frame [256]byte
	frame[i&255] = 1
	return int(frame[(i+1)&255])
}

//go:noinline
func loops(n int) int {
	x := 1
	for i := 0; i < n; i++ {
		x ^= x << 3
	}
	return x
}

//go:noinline
func both(n int) int {
	x := 1
	for i := 0; i < n; i++ {
		x += large(i)
	}
	return x
}

func main() { println(calls(3), large(4), loops(5), both(6)) }
"""


def checks(rig: Rig) -> Measured:
    """Where the compiled code of functions looks whether the stack has room, and calls morestack."""
    found = compiled(rig, _WITH_FRAMES)
    number = {name: len(found[name].checks()) for name in ("calls", "large", "both", "loops")}
    at_entry = [
        name
        for name in number
        if number[name] and found[name].checks()[0] < found[name].first("CALL", "BL", "RET")
    ]
    branches = found["both"].checks()
    after_entry = sum(at > found["both"].first("CALL", "BL", "RET") for at in branches)
    values = {"checks": number, "at_entry": at_entry, "in_the_loop": after_entry}
    said = "looks at the stack's end: " + ", ".join(f"{name} has {count}" for name, count in number.items())
    said += f"; before anything else in {len(at_entry)} functions, none in a loop" * (after_entry == 0)
    return Measured(values, said)


def _checked_while_executing(values: Values) -> Decision:
    with_frames = [name for name in ("calls", "large", "both") if values["checks"][name]]
    if not with_frames:
        return does_not_hold("no function looks")
    if len(with_frames) == 3:
        return holds("at the entry of functions that call others or have a large frame")
    return imprecise(f"Only {', '.join(with_frames)} looked.")


def _goes_on(values: Values) -> Decision:
    """Until the first growth a stack has room, and nothing moves: that took ``grown[0]`` bytes."""
    if values["grown"] and values["grown"][0] >= 2048:
        return holds(f"nothing moved until {values['grown'][0]} bytes were not enough")
    return does_not_hold("the stack moved although there was room")


ENTRIES = (
    Entry(
        "C2.1a",
        struct_g,
        "Holds if runtime2.go, and no other file of the runtime, declares type g struct.",
        _in_runtime2,
        seconds=2,
        examined=_ALL,
    ),
    Entry(
        "C2.1j",
        struct_g,
        "Holds if g has a field whose name ends in status, and the fields stack and sched.",
        _carries_the_three,
        seconds=2,
        examined=_ALL,
    ),
    Entry(
        "C2.1b",
        struct_g,
        "Holds if g has a field named status; imprecise if one has a name that ends so.",
        _named_status,
        seconds=2,
        examined=_ALL,
    ),
    Entry(
        "C2.1k",
        states,
        "Holds if X-ray sees goroutines of a living program in each of the three.",
        _seen_live,
        seconds=4,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C2.1c",
        _low_and_high,
        "Holds if lo is below hi in every waiting goroutine and deeper frames are at higher addresses; "
        "imprecise if "
        "deeper frames are at lower ones.",
        _bottom_and_top,
        seconds=4,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C2.1d",
        context,
        "Holds if sched.sp of 9 in 10 waiting goroutines is in their stack and gobuf has room for as "
        "many registers "
        "as asyncPreempt saves; imprecise if it has room for fewer.",
        _saves_registers,
        seconds=3,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C2.1l",
        enumeration,
        "Holds if the name GStatus occurs in the runtime's source.",
        _type_gstatus,
        seconds=4,
        examined=_ALL,
    ),
    Entry(
        "C2.1e",
        enumeration,
        "Holds if the article's lines, compiled, give each name the number that the runtime gives it.",
        _same_numbers,
        seconds=4,
        examined=_ALL,
    ),
    Entry(
        "C2.1m",
        idle,
        "Holds if the state's number is that of memory not written to, and newproc1 leaves it before the "
        "g is "
        "listed for others.",
        _uninitialised,
        seconds=3,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C2.1n",
        seen_runnable,
        "Holds if at most 1 in 10 of the runnable goroutines that X-ray sees have an M.",
        _without_m,
        seconds=4,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C2.1o",
        seen_running,
        "Holds if at least 9 in 10 of the running goroutines that X-ray sees have an M.",
        _on_an_m,
        seconds=4,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C2.1p",
        seen_calling,
        "Holds if at least 9 in 10 of the goroutines seen in this state have an M, with which to call.",
        _in_a_call,
        seconds=4,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C2.1q",
        seen_waiting,
        "Holds if at least 9 in 10 of the waiting goroutines have a wait reason, and at most 2 in 10 an M.",
        _has_a_reason,
        seconds=4,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C2.1r",
        decided_by,
        "Holds if the functions that choose the next goroutine read states in more places than they ask "
        "queues; "
        "imprecise if they only set states.",
        _drives,
        seconds=2,
        examined=_ALL,
    ),
    Entry(
        "C2.1f",
        woken,
        "Holds if half or more of 100 woken goroutines are in the global queue; does not hold if half or "
        "more are in "
        "the local one.",
        _into_global,
        seconds=4,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C2.1g",
        starts,
        "Holds if all new goroutines begin with 2048 bytes, before and after a collection that saw many "
        "larger stacks; "
        "imprecise if only before.",
        _two_kilobytes,
        seconds=3,
        examined=_ALL,
    ),
    Entry(
        "C2.1h",
        growth,
        "Holds if newstack calls copystack and that stackalloc, and a stack is seen to grow twice or more.",
        _by_stackalloc,
        seconds=3,
        examined=_ALL,
    ),
    Entry(
        "C2.1i",
        shrinking,
        "Holds if a large stack is as large after the first collection and smaller after six, by "
        "stackfree; imprecise "
        "if the first collection makes it smaller.",
        _long_unused,
        seconds=3,
        examined=_ALL,
    ),
    Entry(
        "C2.1s",
        reuse,
        "Holds if 9 in 10 goroutines that live one after the other have a stack in a place of its own; "
        "imprecise if "
        "they share places.",
        _allocated_each_time,
        seconds=3,
        examined=_ALL,
    ),
    Entry(
        "C2.1t",
        checks,
        "Holds if each function with calls or a large frame has a branch to morestack; imprecise if only "
        "some have.",
        _checked_while_executing,
        seconds=4,
        examined=_ALL,
    ),
    Entry(
        "C2.1u",
        growth,
        "Holds if a variable's address changes at each growth, and copystack copies memory.",
        _copied,
        seconds=3,
        examined=_ALL,
    ),
    Entry(
        "C2.1v",
        growth,
        "Holds if no stack moves before its first 2048 bytes are used up.",
        _goes_on,
        seconds=3,
        examined=_ALL,
    ),
)
