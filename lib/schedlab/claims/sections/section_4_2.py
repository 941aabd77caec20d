"""Section 4.2: what go tool trace makes of a trace, what is in it, what it costs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from schedlab import process, toolchain
from schedlab.claims.errors import NotMeasurableHere
from schedlab.claims.model import Decision, Entry, Measured, Values, does_not_hold, holds, imprecise
from schedlab.claims.rig import Rig
from schedlab.claims.sections import _ports
from schedlab.process import GoSettings
from schedlab.timeline import Lane, State, Timeline

_ALL = ("1.24", "1.25", "1.26", "1.27")

_PRINTED = """go run main.go -cpuprofile=cpu.pprof -trace=trace.out &
sleep 5 && kill $!
go tool trace -pprof=goroutine trace.out > goroutines.json"""

# What does end it: the program itself, built before, is what $! names.
_BUILT = """go build -o program main.go
./program &
while [ ! -s pid ]; do sleep 0.05; done
kill $!
wait $!
if kill -0 "$(cat pid)" 2>/dev/null; then echo lives; else echo gone; fi"""

# An ordinary program: it works on for a while, and knows nothing of profiles.
_WORKS = """
package main

import (
	"os"
	"strconv"
	"time"
)

func main() {
	os.WriteFile("pid", []byte(strconv.Itoa(os.Getpid())), 0o600)
	time.Sleep(30 * time.Second)
}
"""
_BENCHED = """
package main

import "testing"

func TestWork(t *testing.T) {
	x := 0
	for i := range 1_000_000 {
		x += i
	}
	t.Log(x)
}
"""


def printed(rig: Rig) -> Measured:
    """The three command lines as printed; which files are there, and whether the program still is.

    Then the same two flags with `go test`, which knows them, and `kill $!` of a program that was built.
    """
    toolchain.tool(rig.toolchain, "trace")  # built before, or the commands would wait for that
    with rig.program(_WORKS) as folder:
        after = 'sleep 0.2\nif kill -0 "$(cat pid)"; then echo lives; else echo gone; fi'
        done = rig.command(f"{_PRINTED}\n{after}", folder)
        if not (folder / "pid").exists():
            raise NotMeasurableHere("`go run` did not get the program to run within the printed 5 s")
        files = sorted(file.name for file in folder.iterdir() if file.suffix in (".pprof", ".out", ".json"))
        json_bytes = (folder / "goroutines.json").stat().st_size
    with rig.program(_WORKS) as folder:
        (folder / "main_test.go").write_text(_BENCHED, encoding="utf-8")
        rig.command("go test -cpuprofile=cpu.pprof -trace=trace.out", folder).check()
        by_test = sorted(file.name for file in folder.iterdir() if file.suffix in (".pprof", ".out"))
    with rig.program(_WORKS) as folder:
        built = rig.command(_BUILT, folder).stdout.split()
    values = {
        "files": files,
        "lives": "lives" in done.stdout.split(),
        "goroutines_json_bytes": json_bytes,
        "said": (done.stderr.strip().splitlines() or [""])[0],
        "by_test": by_test,
        "built_ends": built == ["gone"],
    }
    state = "lived on after `kill $!`" if values["lives"] else "was gone after `kill $!`"
    said = f"files after the commands: {', '.join(files)}; the program {state}"
    return Measured(values, said)


def _writes_files(values: Values) -> Decision:
    wanted = {"cpu.pprof", "trace.out"}
    if wanted <= set(values["files"]):
        return holds()
    corrected = ""
    if wanted <= set(values["by_test"]):
        corrected = "`go test -cpuprofile=cpu.pprof -trace=trace.out` wrote both: the flags are go test's."
    return does_not_hold("after main.go the flags are the program's own, and it knows none", corrected)


def _ends_it(values: Values) -> Decision:
    if not values["lives"]:
        return holds()
    return does_not_hold(
        "$! is the go command, which dies; the program is its child, and lives on",
        "A program that was built before and then started by its own name is gone after `kill $!`."
        if values["built_ends"]
        else "After `kill $!` the program was still running.",
    )


_SMALL = ("-rounds", "20", "-collections", "2", "-heap", "4")


def tool(rig: Rig) -> Measured:
    """What `go tool trace` does with a real trace: the printed -pprof and -json, and its own web pages."""
    program = toolchain.tool(rig.toolchain, "trace")
    with TemporaryDirectory(prefix="schedlab-claim-") as made:
        folder = Path(made)
        file = folder / "trace.out"
        rig.run("trace_everything", [*_SMALL, "-trace", str(file)])
        lines = {
            "goroutine": "go tool trace -pprof=goroutine trace.out > goroutines.json",
            "sync": "go tool trace -pprof=sync trace.out > sync.json",
            "json": "go tool trace -json trace.out",
        }
        done = {name: rig.command(line, folder) for name, line in lines.items()}
        outputs = {name: (folder / f"{name}.json") for name in ("goroutines", "sync")}
        is_json = {name: _is_json(output.read_bytes()) for name, output in outputs.items()}
        pages = _pages(program, file)
        timeline = Timeline.load(file)
    events = pages["jsontrace"]["traceEvents"]
    times = [event["ts"] for event in events if "ts" in event and event.get("ph") != "M"]
    values = {
        "status": {name: finished.exit_status for name, finished in done.items()},
        "said": {name: _first_line(finished.stderr) for name, finished in done.items()},
        "is_json": is_json,
        "page_events": len(events),
        "page_interactive": "trace-viewer" in pages["trace"] or "tr-ui" in pages["trace"],
        "keys": sorted({key for event in events for key in event}),
        "ts_range": [min(times), max(times)],
        "ts_whole": all(float(time).is_integer() for time in times),
        "trace_s": timeline.duration_ns / 1e9,
        "viewer_webgl": len(re.findall(r"getContext\(\W*['\"](?:experimental-)?webgl", pages["viewer"])),
        "viewer_2d": len(re.findall(r"getContext\(\W*['\"]2d", pages["viewer"])),
        **_contents(timeline),
    }
    return Measured(values, "")


def commands(rig: Rig) -> Measured:
    """What the printed commands ended with."""
    said = rig.once(tool).values["said"]
    return _of(rig, f"-pprof=goroutine ends with {said['goroutine']!r}, -json with {said['json']!r}")


def page(rig: Rig) -> Measured:
    """What the data of its web page are."""
    values = rig.once(tool).values
    low, high = values["ts_range"]
    return _of(
        rig,
        f"its page /jsontrace has {values['page_events']} events with the keys {', '.join(values['keys'])}, "
        f"ts from {low:g} to {high:g} for {values['trace_s']:.2f} s",
    )


def contents(rig: Rig) -> Measured:
    """What a trace knows."""
    values = rig.once(tool).values
    return _of(
        rig,
        f"a trace of {values['trace_s']:.2f} s has {values['goroutine_ids']} goroutines with "
        f"{values['created']} creations, {values['blocked']} waits and {values['preempted']} preemptions, "
        f"{values['p_spans']} states of Ps and {values['m_spans']} of Ms, {values['collections_with_stack']} "
        f"events of the collector with a stack, and a line of source for {values['frames_with_line']:.0%} of "
        "the frames",
    )


def viewer(rig: Rig) -> Measured:
    """How Go's viewer draws."""
    values = rig.once(tool).values
    return _of(
        rig,
        f"the viewer that `go tool trace` serves asks for a 2d context in {values['viewer_2d']} places of "
        f"its script, for WebGL in {values['viewer_webgl']}",
    )


def _of(rig: Rig, said: str) -> Measured:
    return Measured(rig.once(tool).values, said)


def _first_line(text: str) -> str:
    return (text.strip() or "nothing").splitlines()[0]


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except ValueError:
        return False
    return True


def _pages(program: Path, file: Path) -> dict[str, Any]:
    """The page of the trace viewer, its script, and the data that it asks for."""
    # It opens a browser; /bin/true is one that shows nothing.
    with process.start(program, ["-http=127.0.0.1:0", file], env={"BROWSER": "true"}) as live:
        line = live.wait_for_line(r"listening on http://", timeout_s=30, stream="stderr")
        port = int(line.rstrip("/ ").rpartition(":")[2])
        names = {"trace": "/trace", "jsontrace": "/jsontrace", "viewer": "/static/trace_viewer_full.html"}
        texts = {name: _ports.page(port, path).decode(errors="replace") for name, path in names.items()}
    return {**texts, "jsontrace": json.loads(texts["jsontrace"])}


def _contents(timeline: Timeline) -> Mapping[str, Any]:
    """What the trace knows of goroutines, Ps and Ms, by number of spans."""
    goroutines = timeline.filter(lane=Lane.GOROUTINE)
    reasons = [timeline.reasons[number] for number in goroutines.spans["reason"]]
    starts = goroutines.spans["start"]
    named = timeline.frames["line"][1:] > 0
    marks = timeline.names(timeline.marks["name"])
    collecting = timeline.marks["stack"][[name.startswith("GC") for name in marks]]
    return {
        "created": int((timeline.goroutines["created"] >= 0).sum()),
        "blocked": len(goroutines.filter(state=State.WAITING)),
        "preempted": sum("preempt" in reason for reason in reasons),
        "p_spans": len(timeline.filter(lane=Lane.PROC)),
        "m_spans": len(timeline.filter(lane=Lane.THREAD)),
        "with_p": int((goroutines.spans["p"] >= 0).sum()),
        "goroutine_ids": len(set(timeline.goroutines["id"].tolist())),
        "frames_with_line": float(named.mean()),
        "collections_with_stack": int((collecting != 0).sum()),
        "goes_back": int(sum(starts < 0)),
    }


def _needs_a_pipeline(values: Values) -> Decision:
    if values["page_interactive"] and values["page_events"] > 1000:
        return does_not_hold(
            "the toolchain has one",
            f"`go tool trace trace.out` serves an interactive schedule, with {values['page_events']} events.",
        )
    return holds()


def _to_json(values: Values) -> Decision:
    if values["is_json"]["goroutines"]:
        return holds()
    if values["page_events"]:
        return imprecise(
            "No output of the command is JSON; the page /jsontrace of the server that `go tool trace` starts "
            f"is, with {values['page_events']} events.",
        )
    return does_not_hold("nothing that it gives is JSON")


def _goroutine_profile(values: Values) -> Decision:
    if values["status"]["goroutine"] == 0:
        return holds()
    works = "-pprof=sync works, and" if values["status"]["sync"] == 0 else ""
    form = "JSON" if values["is_json"]["sync"] else "a pprof profile, not JSON"
    return does_not_hold(
        f"it ends with {values['said']['goroutine']!r}", f"{works} gives {form}.".strip() if works else ""
    )


def _has_json_flag(values: Values) -> Decision:
    if values["status"]["json"] == 0:
        return holds()
    return does_not_hold(
        f"it ends with {values['said']['json']!r}",
        f"The server's page /jsontrace gives {values['page_events']} events as JSON.",
    )


def _all_transitions(values: Values) -> Decision:
    wanted = ("created", "blocked", "preempted", "p_spans")
    missing = [what for what in wanted if values[what] == 0]
    if missing:
        return does_not_hold(f"the trace has no {', '.join(missing)}")
    if values["m_spans"] == 0:
        return imprecise(
            f"A trace of {values['trace_s']:.2f} s had {values['created']} creations, {values['blocked']} "
            f"waits, {values['preempted']} preemptions and {values['p_spans']} states of Ps; of Ms it has "
            "only which thread wrote an event: their states must be derived.",
        )
    return holds()


def _absolute_ns(values: Values) -> Decision:
    low, high = values["ts_range"]
    length_us = values["trace_s"] * 1e6
    if low < 0.01 * length_us and abs(high - length_us) < 0.1 * length_us:
        kind = "" if values["ts_whole"] else ", with fractions"
        return does_not_hold(
            "it is relative, in microseconds, and not whole",
            f"ts goes from {low:g} to {high:g} in a trace of {values['trace_s']:.2f} s: microseconds since "
            f"its start{kind}.",
        )
    if low > 1e15 and values["ts_whole"]:
        return holds()
    return imprecise(f"ts goes from {low:g} to {high:g} in a trace of {values['trace_s']:.2f} s.")


def _field_gp(values: Values) -> Decision:
    if "gp" in values["keys"]:
        return holds()
    return does_not_hold(
        "the tool's JSON has no such field",
        f"Its fields are {', '.join(values['keys'])}; the trace itself does know {values['goroutine_ids']} "
        "goroutines by their ids.",
    )


def _webgl(values: Values) -> Decision:
    if values["viewer_webgl"] and not values["viewer_2d"]:
        return holds()
    if values["viewer_2d"] and not values["viewer_webgl"]:
        return does_not_hold(
            "the viewer that comes with Go zooms and pans without it",
            f"It asks for a 2d context in {values['viewer_2d']} places of its script, and nowhere for WebGL.",
        )
    return imprecise(
        f"Go's viewer asks for a 2d context in {values['viewer_2d']} places, for WebGL in "
        f"{values['viewer_webgl']}."
    )


def _filters(values: Values) -> Decision:
    lacks = [
        what
        for what, there in (
            ("the P of a span", values["with_p"] > 0),
            ("goroutines' ids", values["goroutine_ids"] > 1),
            ("the stack of a collection", values["collections_with_stack"] > 0),
            ("lines of source", values["frames_with_line"] > 0.9),
        )
        if not there
    ]
    return does_not_hold(f"a trace lacks {', '.join(lacks)}") if lacks else holds("a trace has what it takes")


def numbers(rig: Rig) -> Measured:
    """The numbers of states in the runtime and in the trace's format, what procid is, which clock stamps."""
    runtime = _numbers(rig.whole_source("runtime2.go"), "_Gidle = iota")
    in_trace = _numbers(_format_of_traces(rig), "GoBad")
    procid = re.search(r"^\s*procid\s+\w+\s*(?://.*)?$", rig.source("runtime2.go", "m"), re.MULTILINE)
    in_p = re.search(r"^\s*procid\s", rig.source("runtime2.go", "p"), re.MULTILINE)
    new_thread = rig.whole_source("os_linux.go")
    tracer = rig.whole_source("trace*.go")
    stamps = re.search(r"return traceTime\((\w+)\(\) / traceTimeDiv\)\n}", tracer)
    states = {name: runtime.get(name, -1) for name in ("_Grunnable", "_Grunning", "_Gsyscall")}
    traced = {name: in_trace.get(name, -1) for name in ("GoRunnable", "GoRunning", "GoSyscall")}
    values = {
        "runtime": states,
        "trace": traced,
        "procid_of_m": procid is not None,
        "procid_of_p": in_p is not None,
        "procid_is": "gettid" if re.search(r"procid = uint64\(gettid\(\)\)", new_thread) else "",
        "clock": stamps[1] if stamps else "",
    }
    return Measured(values, "")


def states_of_g(rig: Rig) -> Measured:
    """The numbers of a goroutine's states."""
    values = rig.once(numbers).values
    said = f"in the runtime {_list(values['runtime'])}; in the trace's format {_list(values['trace'])}"
    return Measured(values, said)


def thread_number(rig: Rig) -> Measured:
    """Whose field procid is."""
    values = rig.once(numbers).values
    owners = [name for name in ("m", "p") if values[f"procid_of_{name}"]]
    said = f"procid is a field of {' and '.join(owners) or 'neither m nor p'}"
    return Measured(values, said)


def clock(rig: Rig) -> Measured:
    """Which clock stamps a trace's events."""
    values = rig.once(numbers).values
    return Measured(values, f"the runtime stamps events with {values['clock'] or 'no'}() as it writes them")


def _format_of_traces(rig: Rig) -> str:
    """The source with the states that a trace gives to goroutines; it moved in Go 1.25."""
    for name in ("internal/trace/tracev2/events.go", "internal/trace/event/go122/event.go"):
        path = rig.toolchain.goroot / "src" / name
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise NotMeasurableHere("this release keeps the states of a trace's goroutines somewhere else")


def _numbers(text: str, first: str) -> dict[str, int]:
    """The names of a block of constants that counts from ``first`` with iota, and their numbers."""
    block = text[text.index(first) :].split("\n)", 1)[0]
    names = re.findall(
        r"^[ \t]*(_?[A-Z]\w*)(?:[ \t]+\w+)?(?:[ \t]*=[ \t]*iota)?[ \t]*(?://.*)?$", block, re.MULTILINE
    )
    return {name: number for number, name in enumerate(names)}


def _list(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{name} is {number}" for name, number in numbers.items())


def _two_and_three(values: Values) -> Decision:
    for where in ("runtime", "trace"):
        runnable, running, _ = values[where].values()
        if (runnable, running) == (2, 3):
            return holds(f"in the {where}")
    runnable, running, syscall = values["runtime"].values()
    return does_not_hold(
        "neither in the runtime nor in the trace's format",
        f"{runnable} is runnable, {running} is running, {syscall} is in a system call.",
    )


def _of_p(values: Values) -> Decision:
    if values["procid_of_p"]:
        return holds()
    if values["procid_of_m"]:
        what = ", the kernel's number of the thread (gettid)" if values["procid_is"] else ""
        return does_not_hold("it is a field of M", f"procid is a field of the struct m{what}.")
    return does_not_hold("neither P nor M has such a field")


def _monotonic(values: Values) -> Decision:
    if values["clock"] == "nanotime":
        return imprecise(
            "The runtime itself stamps each event with nanotime(), the monotonic clock; the parser has "
            "nothing to align.",
        )
    if values["clock"] == "walltime":
        return does_not_hold("events are stamped with the wall clock")
    return holds() if values["clock"] else does_not_hold("no clock was found")


_REPEATS = 5


def overhead(rig: Rig) -> Measured:
    """CPU time with a trace over CPU time without, of the same work; pairs in turn, the median of five.

    Two programs: one whose goroutines compute, one whose goroutines hand a token over and do little else.
    """
    two = GoSettings(gomaxprocs=2)
    programs: dict[str, tuple[str, list[str | int]]] = {
        "compute": ("workloads", ["-kind", "light"]),
        "handoffs": ("handoffs", ["-exchanges", 40_000]),
    }
    ratios = {}
    with TemporaryDirectory(prefix="schedlab-claim-") as made:
        file = Path(made) / "trace.out"
        for name, (sample, flags) in programs.items():
            pairs = []
            for _ in range(_REPEATS):
                plain = rig.run(sample, flags, settings=two)
                traced = rig.run(sample, [*flags, "-trace", str(file)], settings=two)
                pairs.append((traced.user_ns + traced.system_ns) / (plain.user_ns + plain.system_ns))
            ratios[name] = median(pairs)
    percent = {name: 100 * (ratio - 1) for name, ratio in ratios.items()}
    said = (
        f"a trace cost {percent['compute']:.0f} % more CPU time where goroutines compute, "
        f"{percent['handoffs']:.0f} % where they hand over all the time"
    )
    return Measured(percent, said)


def _five_to_eight(values: Values) -> Decision:
    costs = (values["compute"], values["handoffs"])
    if all(2 <= cost <= 12 for cost in costs):
        return holds()
    if max(costs) > 16 or max(costs) < 2:
        return does_not_hold(
            "the price is per event, so it depends on what the program does",
            f"It was {values['compute']:.0f} % of CPU time for computing and {values['handoffs']:.0f} % for "
            "handing over.",
        )
    return imprecise(
        f"It was {values['compute']:.0f} % of CPU time for computing and {values['handoffs']:.0f} % for "
        "handing over.",
    )


ENTRIES = (
    Entry(
        "C4.2h",
        page,
        "Holds if go tool trace serves no interactive view with a trace's events.",
        _needs_a_pipeline,
        seconds=10,
        examined=_ALL,
    ),
    Entry(
        "C4.2b",
        commands,
        "Holds if the printed command writes JSON; imprecise if only a page of its server is JSON.",
        _to_json,
        seconds=10,
        examined=_ALL,
    ),
    Entry(
        "C4.2d",
        printed,
        "Holds if both files are there after the printed command.",
        _writes_files,
        seconds=12,
        examined=_ALL,
    ),
    Entry(
        "C4.2i",
        printed,
        "Holds if the program is gone after the printed kill.",
        _ends_it,
        seconds=12,
        examined=_ALL,
    ),
    Entry(
        "C4.2a",
        commands,
        "Holds if the printed command ends with status 0.",
        _goroutine_profile,
        seconds=10,
        examined=_ALL,
    ),
    Entry(
        "C4.2j",
        contents,
        "Holds if a trace has creations, waits, preemptions, states of Ps and of Ms; imprecise without Ms.",
        _all_transitions,
        seconds=10,
        examined=_ALL,
    ),
    Entry(
        "C4.2e",
        overhead,
        "Holds if both programs pay 2 to 12 % of CPU time; does not hold if one pays more than 16 %, or both "
        "less than 2 %.",
        _five_to_eight,
        seconds=10,
        examined=_ALL,
    ),
    Entry(
        "C4.2k",
        clock,
        "Holds if the parser aligns the clock; imprecise if the runtime stamps with nanotime itself.",
        _monotonic,
        seconds=1,
        examined=_ALL,
    ),
    Entry(
        "C4.2g",
        page,
        "Holds if ts is a whole number of ns since 1970 or boot; fails if it spans the trace in microseconds "
        "from 0.",
        _absolute_ns,
        seconds=10,
        examined=_ALL,
    ),
    Entry(
        "C4.2l",
        page,
        "Holds if events in the tool's JSON have a field gp.",
        _field_gp,
        seconds=10,
        examined=_ALL,
    ),
    Entry(
        "C4.2f",
        states_of_g,
        "Holds if 2 is runnable and 3 is running, in the runtime's constants or in the trace's format.",
        _two_and_three,
        seconds=1,
        examined=_ALL,
    ),
    Entry(
        "C4.2m",
        thread_number,
        "Holds if the struct p has a field procid.",
        _of_p,
        seconds=1,
        examined=_ALL,
    ),
    Entry(
        "C4.2c",
        commands,
        "Holds if the printed command ends with status 0.",
        _has_json_flag,
        seconds=10,
        examined=_ALL,
    ),
    Entry(
        "C4.2n",
        viewer,
        "Holds if Go's own interactive viewer asks for WebGL and for no 2d context.",
        _webgl,
        seconds=10,
        examined=_ALL,
    ),
    Entry(
        "C4.2o",
        contents,
        "Holds if a trace has Ps, goroutines' ids, stacks of collections, and lines for 90 % of frames.",
        _filters,
        seconds=10,
        examined=_ALL,
    ),
)
