"""Section 1, second part: what a profile shows of the scheduler."""

from __future__ import annotations

import json
import re
import socket
import time

import numpy as np

from schedlab import process, toolchain
from schedlab.capture import endpoint, pprof, schedtrace
from schedlab.capture.endpoint import EndpointError
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
from schedlab.claims.sections._spans import most_at_once
from schedlab.process import GoSettings
from schedlab.timeline import Lane, State, Timeline

_ALL = ("1.24", "1.26", "1.27")

# The article's first and second step in one file, with the imports that they need.
_PRINTED = """package main

import (
	"net/http"
	_ "net/http/pprof"
	"time"
)

func main() {
	go func() { http.ListenAndServe("localhost:6060", nil) }()
	for i := 0; i < 10000; i++ {
		go func() {
			time.Sleep(time.Microsecond) // 触发频繁G切换
		}()
	}
	time.Sleep(5 * time.Second)
}
"""
_COMMAND = "go tool pprof -http=:8080 http://localhost:6060/debug/pprof/scheduler"
_ARTICLES_PORT = 6060
_ARTICLES_SECONDS = 5.0

# An older release compiles its own net/http the first time.
_BUILD_LIMIT_S = 300.0

# Enough for two Ps, and few enough for the server among them to get its turn.
_CONTENDERS = 500

# Fewer samples of a CPU profile say nothing about shares.
_FEWEST_SAMPLES = 15


def printed_program(rig: Rig) -> Measured:
    """The article's program as printed, its endpoint, and its command run against it."""
    # So that the command does not spend the program's five seconds with building the tool.
    toolchain.tool(rig.toolchain, "pprof")
    port = _free_port(_ARTICLES_PORT)
    with rig.program(_PRINTED.replace("6060", str(port))) as folder:
        rig.command("go build -o printed .", folder, wall_limit_s=_BUILD_LIMIT_S).check()
        with process.start(folder / "printed", cwd=folder) as live:
            listing = _profiles(f"127.0.0.1:{port}", str(folder))
            answer = _status(f"127.0.0.1:{port}", "scheduler")
            done = rig.command(_COMMAND.replace("6060", str(port)), folder, wall_limit_s=20)
            live.stop()
    complaint = next((line for line in done.stderr.splitlines() if "server response" in line), "")
    values = {
        "port": port,
        "profiles": listing,
        "status": answer,
        "command_status": done.exit_status,
        "command_said": complaint.rpartition("server response: ")[2].strip(),
    }
    moved = "" if port == _ARTICLES_PORT else f" (on port {port}, because {_ARTICLES_PORT} is taken here)"
    said = (
        f"the program{moved} serves {', '.join(listing)}; it answers {answer} to a request for scheduler, "
        f"and the command ends with status {done.exit_status}: {values['command_said'] or 'no complaint'}"
    )
    return Measured(values, said)


def one_burst(rig: Rig) -> Measured:
    """How long the article's 10,000 goroutines are there; medians of three runs."""
    settings = GoSettings(gomaxprocs=2)
    runs = [rig.run("article_endpoint", ["-for", "200ms"], settings=settings) for _ in range(3)]
    busy_ms = float(np.median([run.json_lines()[-1]["busy_ns"] for run in runs])) / 1e6
    share = busy_ms / (_ARTICLES_SECONDS * 1e3)
    said = (
        f"the 10,000 goroutines came and went in {busy_ms:.0f} ms, {share:.1%} of the program's five seconds"
    )
    return Measured({"busy_ms": busy_ms, "share": share}, said)


def sleeping_trace(rig: Rig) -> Measured:
    """What goroutines do that sleep for a microsecond, burst after burst, in an execution trace."""
    with _bursts(rig, 10_000) as live:
        trace = endpoint.fetch(_address(live), "trace", seconds=0.1)
    timeline = Timeline.load(trace)
    spans = timeline.filter(lane=Lane.GOROUTINE).spans
    ran = np.unique(np.asarray(spans["id"])[np.asarray(spans["state"]) == State.RUNNING])
    sleeps = timeline.filter(lane=Lane.GOROUTINE, state=State.WAITING, reason="sleep").spans
    slept = np.intersect1d(np.asarray(sleeps["id"]), ran)
    waiting = timeline.filter(lane=Lane.GOROUTINE, state=State.RUNNABLE).spans
    most = most_at_once(waiting["start"], waiting["dur"])
    values = {"ran": len(ran), "slept": len(slept), "runnable_at_once": most}
    said = (
        f"in a trace of 0.1 s, {len(slept)} of the {len(ran)} goroutines that ran were switched away to "
        f"sleep; up to {most} waited for a P at once"
    )
    return Measured(values, said)


def loads(rig: Rig) -> Measured:
    """CPU profiles of three loads: a lone goroutine, the article's in bursts, and many that compute."""
    lone, global_used = _profile(rig, 1)
    crowd, _ = _profile(rig, 10_000)
    contended, _ = _profile(rig, _CONTENDERS, spin=100_000)
    path = {
        name: [s for s in _callees(rig, caller) if s.lower() == name]
        for caller, name in (("schedule", "findrunnable"), ("findRunnable", "runqget"))
    }
    frames = {frame.function for stack in crowd.stacks for frame in stack}
    values = {
        "lone": _share_below(lone, "runtime.findRunnable"),
        "crowd": _share_below(crowd, "runtime.findRunnable"),
        "contended": _share_below(contended, "runtime.findRunnable"),
        "lone_global_queue": global_used,
        "path": path,
        "frames": sorted(f for f in frames if f.lower() in ("runtime.schedule", "runtime.findrunnable")),
    }
    said = (
        f"of the CPU time, findRunnable has {values['lone']:.0%} with one goroutine (the global queue held "
        f"something in {global_used:.0%} of schedtrace's lines), {values['crowd']:.0%} with the article's "
        f"10,000, and {values['contended']:.1%} with {_CONTENDERS} that compute and so contend for the Ps"
    )
    return Measured(values, said)


def _bursts(rig: Rig, goroutines: int, *, spin: int = 0) -> process.Live:
    """The article's goroutines, burst after burst, with a line of schedtrace every 10 ms."""
    arguments: list[str | int] = ["-for", "30s", "-bursts", "0", "-goroutines", goroutines, "-spin", spin]
    settings = GoSettings(gomaxprocs=2, schedtrace_ms=10)
    return process.start(rig.build("article_endpoint"), arguments, settings=settings)


def _address(live: process.Live) -> str:
    return str(json.loads(live.wait_for_line("address", timeout_s=30))["address"])


def _profile(rig: Rig, goroutines: int, *, spin: int = 0) -> tuple[pprof.Profile, float]:
    """A CPU profile, and in which part of schedtrace's lines meanwhile the global queue held anything."""
    with _bursts(rig, goroutines, spin=spin) as live:
        address = _address(live)
        # Whole seconds: of others net/http/pprof makes 30. A second try, where the CPUs are busy with others.
        for seconds in (2, 5):
            profile = pprof.parse(endpoint.fetch(address, "profile", seconds=seconds))
            if sum(profile.folded("samples").values()) >= _FEWEST_SAMPLES:
                break
        else:
            raise NotMeasurableHere("the program got too little CPU time for a profile")
        stderr = live.stop().stderr
    queues = schedtrace.parse(stderr, release=rig.toolchain.release).summaries
    return profile, float((queues.runqueue > 0).mean())


def _share_below(profile: pprof.Profile, function: str) -> float:
    stacks = profile.folded("cpu")
    return sum(n for stack, n in stacks.items() if function in stack) / max(1, sum(stacks.values()))


def _callees(rig: Rig, function: str) -> list[str]:
    return re.findall(r"\b(\w+)\(", rig.source("proc.go", function).partition("{")[2])


def _free_port(wanted: int) -> int:
    """``wanted`` if nobody has it on the loopback address, else one that is free."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise NotMeasurableHere("there is no free port on the loopback address")


def _profiles(address: str, folder: str) -> list[str]:
    """What the server offers, once it answers; it must be the program in ``folder``, not somebody else's."""
    deadline = time.monotonic() + 4
    while time.monotonic() < deadline:
        try:
            if folder.encode() not in endpoint.fetch(address, "cmdline"):
                raise NotMeasurableHere(f"another program answers on {address}")
            return sorted(set(re.findall(r"href='(\w+)\?", endpoint.fetch(address, "").decode())))
        except EndpointError:
            time.sleep(0.02)
    return []


def _status(address: str, name: str) -> int | None:
    """HTTP's status for a request of that profile; None if nobody answers."""
    try:
        endpoint.fetch(address, name)
    except EndpointError as refused:
        return refused.status
    return 200


def _enabled(values: Values) -> Decision:
    missing = sorted({"goroutine", "heap", "profile", "trace"} - set(values["profiles"]))
    return does_not_hold(f"these are missing: {', '.join(missing)}") if missing else holds()


def _served(values: Values) -> Decision:
    if values["status"] is None:
        return not_measurable("the program ended before it could be asked")
    if values["status"] == 200:
        return holds()
    said = f"net/http/pprof serves {', '.join(values['profiles'])}."
    return does_not_hold(f"it answers {values['status']}", said)


def _command_works(values: Values) -> Decision:
    if values["command_status"] == 0:
        return holds()
    if not values["command_said"]:
        return not_measurable("the program ended before the command reached it")
    return does_not_hold(f"the command ends with an error: {values['command_said']}")


def _contend(values: Values) -> Decision:
    if values["share"] >= 0.5:
        return holds()
    said = (
        f"They contend for {values['busy_ms']:.0f} ms, and the program is idle for the rest of five seconds."
    )
    return imprecise(said, "a profile taken by hand sees a program that does nothing")


def _switch(values: Values) -> Decision:
    if values["ran"] < 100:
        return not_measurable(f"only {values['ran']} goroutines ran while the trace was recorded")
    if values["slept"] >= 0.5 * values["ran"]:
        return holds("each sleep parks its goroutine")
    return does_not_hold(f"{values['slept']} of {values['ran']} goroutines were switched away")


def _named_so(values: Values) -> Decision:
    found = [name for names in values["path"].values() for name in names[:1]]
    if len(found) < 2 or not values["frames"]:
        return does_not_hold("one of them does not call the next")
    if found == ["findrunnable", "runqget"]:
        return holds()
    return imprecise(f"The frames are schedule, {', '.join(found)}.", "a name is spelt otherwise")


def _falls_back(values: Values) -> Decision:
    if values["lone"] < 0.1:
        return holds("with one goroutine the path is short")
    if values["lone_global_queue"] > 0.2:
        return not_measurable("the global queue was in use, also with one goroutine")
    said = (
        f"The path shows that a P looks for work: {values['lone']:.0%} of the CPU time with one goroutine, "
        f"while the global queue held something in {values['lone_global_queue']:.0%} of the looks at it."
    )
    return imprecise(said, "the local queue had nothing, and neither had the global one")


def _contention(values: Values) -> Decision:
    if values["contended"] >= 2 * values["lone"]:
        return holds()
    if values["lone"] >= 2 * values["contended"]:
        said = (
            f"findRunnable has {values['lone']:.0%} of the CPU time where one goroutine has the Ps to "
            f"itself, and {values['contended']:.1%} where {_CONTENDERS} contend for them."
        )
        return does_not_hold("the path is a sign of too little work", said)
    return not_measurable("the shares with and without contention are too close")


ENTRIES = (
    Entry(
        "C1.4a",
        printed_program,
        "Holds if the printed program serves goroutine, heap, profile and trace.",
        _enabled,
        seconds=8,
        examined=_ALL,
    ),
    Entry(
        "C1.4b",
        one_burst,
        "Holds if the goroutines are there for half of the program's five seconds, median of three runs.",
        _contend,
        seconds=3,
        examined=_ALL,
    ),
    Entry(
        "C1.4g",
        sleeping_trace,
        "Holds if half or more of the goroutines that run in 0.1 s are switched away to sleep.",
        _switch,
        seconds=4,
        examined=_ALL,
    ),
    Entry(
        "C1.4c",
        printed_program,
        "Holds if the printed program answers 200 to a request for that profile.",
        _served,
        seconds=8,
        examined=_ALL,
    ),
    Entry(
        "C1.4h",
        printed_program,
        "Holds if the command as printed ends without an error, or serves until it is stopped.",
        _command_works,
        seconds=8,
        examined=_ALL,
    ),
    Entry(
        "C1.4d",
        loads,
        "Holds if schedule calls findrunnable, and that runqget, in the sources, spelt so, and a CPU profile "
        "has the frames; imprecise if the spelling differs.",
        _named_so,
        seconds=9,
        examined=_ALL,
    ),
    Entry(
        "C1.4e",
        loads,
        "Holds if the path has less than a tenth of the CPU time with a lone goroutine, which never needs "
        "the global queue; imprecise if it has more.",
        _falls_back,
        seconds=9,
        examined=_ALL,
    ),
    Entry(
        "C1.4f",
        loads,
        "Holds if findRunnable's share of the CPU time is twice as large with 500 computing goroutines as "
        "with one that sleeps; does not hold if it is half as large or less.",
        _contention,
        seconds=9,
        examined=_ALL,
    ),
)
