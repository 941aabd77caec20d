"""Section 4.1: pprof's web view, and a trace that is fetched over HTTP with the article's command lines."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schedlab import process, toolchain
from schedlab.capture import pprof
from schedlab.capture.errors import CaptureError
from schedlab.claims.errors import NotMeasurableHere
from schedlab.claims.model import Decision, Entry, Measured, Values, does_not_hold, holds, imprecise
from schedlab.claims.rig import Rig
from schedlab.claims.sections import _ports
from schedlab.process import GoSettings, Live
from schedlab.timeline import Lane, MarkKind, State, Timeline

_ALL = ("1.24", "1.25", "1.26", "1.27")

# A service as the section has it in mind: it listens where the article says, and logs people in.
_SERVICE = """
package main

import (
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"sync/atomic"
	"time"
)

var garbage []byte

func main() {
	var served atomic.Int64
	http.HandleFunc("POST /v1/login", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(time.Millisecond)
		fmt.Fprintln(w, served.Add(1))
	})
	http.HandleFunc("GET /served", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, served.Load())
	})
	listener, err := net.Listen("tcp", "localhost:6060")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go http.Serve(listener, nil)
	fmt.Println("listening")
	for {
		if answer, err := http.Post("http://localhost:6060/v1/login", "", nil); err == nil {
			answer.Body.Close()
		}
		garbage = make([]byte, 1<<18)
		time.Sleep(20 * time.Millisecond)
	}
}
"""

_TWO_LINES = """GODEBUG=gctrace=1 go run main.go &
curl "http://localhost:6060/debug/pprof/trace?seconds=30&fraction=50000" \\
  -o trace_${HOSTNAME}_$(date +%s).pb.gz"""
_CURL = _TWO_LINES.partition("\n")[2]
_SECONDS = 30.0
_PORT = 6060

_NOTHING = "package main\n\nfunc main() {}\n"

# Goroutines of one service, in a profile that bears its name as a label.
_PROFILED = """
package main

import (
	"context"
	"os"
	"runtime/pprof"
	"strconv"
	"sync"
)

func main() {
	waiting, _ := strconv.Atoi(os.Args[2])
	var there sync.WaitGroup
	there.Add(waiting)
	pprof.Do(context.Background(), pprof.Labels("service", os.Args[1]), func(context.Context) {
		for range waiting {
			go func() {
				there.Done()
				select {}
			}()
		}
		there.Wait()
	})
	pprof.Lookup("goroutine").WriteTo(os.Stdout, 0)
}
"""


@contextmanager
def _service(rig: Rig, folder: Path) -> Iterator[Live]:
    """The service, with GODEBUG=gctrace=1 on itself, once it listens."""
    _ports.need_free(_PORT)
    settings = GoSettings(godebug={"gctrace": 1})
    with process.start(rig.build(folder), settings=settings) as live:
        live.wait_for_line("listening", timeout_s=20)
        yield live


def fetched(rig: Rig) -> Measured:
    """Both command lines as printed, then curl alone once the service listens; what curl wrote."""
    if shutil.which("curl") is None:
        raise NotMeasurableHere("there is no curl on this machine")
    _ports.need_free(_PORT)
    with rig.program(_SERVICE) as folder:
        together = rig.command(_TWO_LINES, folder)
        left_together = [file.name for file in folder.glob("trace_*")]
        with _service(rig, folder) as live:
            alone = rig.command(_CURL, folder, wall_limit_s=2 * _SECONDS)
            (file,) = folder.glob("trace_*")
            served = int(_ports.page(_PORT, "/served").decode())
            waits = {query: _waits_in_a_second(query) for query in ("", "&fraction=50000")}
            stderr = live.stop().stderr
        data = file.read_bytes()
        timeline = Timeline.load(data)
    values = {
        "status_together": together.exit_status,
        "files_together": left_together,
        "status_alone": alone.exit_status,
        "file": file.name,
        "begins": data[:16].decode("latin-1").rstrip("\0"),
        "gzipped": data[:2] == b"\x1f\x8b",
        "protobuf": _is_profile(data),
        "trace_s": timeline.duration_ns / 1e9,
        "waits_plain": waits[""],
        "waits_fraction": waits["&fraction=50000"],
        "gctrace_lines": len(re.findall(r"^gc \d+ @", stderr, re.MULTILINE)),
        "requests": served,
        "route_in_trace": b"/v1/login" in data,
        "collections": _collections(timeline),
        "counted_by": _counter_of_collections(rig),
    }
    said = (
        f"curl right after `go run … &` ended with status {together.exit_status}; alone it wrote "
        f"{file.name}, which begins {values['begins']!r} and holds {values['trace_s']:.1f} s; a second had "
        f"{waits['']} waits of goroutines, with fraction=50000 {waits['&fraction=50000']}"
    )
    return Measured(values, said)


def _waits_in_a_second(query: str) -> int:
    # What the service's goroutines do, a steady number: how often the sweeper yields is not.
    timeline = Timeline.load(_ports.page(_PORT, f"/debug/pprof/trace?seconds=1{query}"))
    return len(timeline.filter(lane=Lane.GOROUTINE, state=State.WAITING))


def _is_profile(data: bytes) -> bool:
    try:
        pprof.parse(data)
    except CaptureError:
        return False
    return True


def _collections(timeline: Timeline) -> int:
    names = timeline.names(timeline.marks["name"])
    ranges = timeline.marks["kind"] == int(MarkKind.RANGE)
    return sum(name == "GC concurrent mark phase" for name in names[ranges])


def _counter_of_collections(rig: Rig) -> str:
    """The variable whose value the runtime writes into the event with which a collection begins."""
    written = re.search(r"EvGCBegin, traceArg\((.*?)\)", rig.source("traceruntime.go", "traceLocker.GCStart"))
    return written[1] if written else ""


def _no_tracing_by_gctrace(values: Values) -> Decision:
    # The runtime refuses a second trace, so if gctrace had started one, curl would have got an error.
    if values["gctrace_lines"] == 0:
        return does_not_hold("it switched nothing on")
    if values["begins"].startswith("go 1."):
        return does_not_hold(
            "it prints a line per collection; no trace was running, or a second could not have begun",
            f"GODEBUG=gctrace=1 printed {values['gctrace_lines']} lines about collections on standard error; "
            "a trace began when it was asked for over HTTP, and not before.",
        )
    return holds()


def _leaves_a_trace(values: Values) -> Decision:
    if values["status_together"] == 0 and values["files_together"]:
        return holds()
    if values["status_alone"] == 0:
        return imprecise(
            f"curl right after `go run … &` ended with status {values['status_together']}: nobody listened "
            f"yet. Once the program listened it wrote {values['trace_s']:.0f} s of trace.",
            "the program must be up first",
        )
    return does_not_hold("curl got no trace even from a program that listens")


def _gzipped_protobuf(values: Values) -> Decision:
    if values["gzipped"] and values["protobuf"]:
        return holds()
    return does_not_hold(
        "the name ends in .pb.gz, and the content is neither",
        f"The file begins with {values['begins']!r}: an execution trace, in the runtime's own format"
        f"{', gzipped' if values['gzipped'] else ', not compressed'}.",
    )


def _gzipped(values: Values) -> Decision:
    if values["gzipped"]:
        return holds()
    return does_not_hold(
        "nothing in the command compresses it", f"The file begins with {values['begins']!r}."
    )


def _sampled(values: Values) -> Decision:
    ratio = values["waits_fraction"] / max(1, values["waits_plain"])
    if ratio < 0.02:
        return holds()
    if ratio > 0.2:
        return does_not_hold(
            "the handler knows no such parameter",
            f"A second of trace had {values['waits_plain']} waits of goroutines without fraction=50000 and "
            f"{values['waits_fraction']} with it.",
        )
    return imprecise(f"With fraction=50000 there were {ratio:.1%} of the waits.")


def _covers(values: Values) -> Decision:
    if values["trace_s"] < 0.9 * _SECONDS:
        return does_not_hold(f"the trace holds {values['trace_s']:.1f} s")
    return holds("for requests that are shorter than the trace")


def _three_labels(values: Values) -> Decision:
    name = values["file"].removesuffix(".pb.gz")
    host, _, stamp = name.removeprefix("trace_").rpartition("_")
    found = {"host name": bool(host), "time stamp": stamp.isdigit() and len(stamp) >= 10}
    # What is left of the name after these two would be the version.
    found["version of the service"] = host.count("_") > 0 or "." in stamp
    if all(found.values()):
        return holds()
    there = [what for what, is_there in found.items() if is_there]
    missing = [what for what, is_there in found.items() if not is_there]
    if not there:
        return does_not_hold("the name carries none of them")
    return imprecise(
        f"The printed command names the file {values['file']}: it has the {', '.join(there)}, "
        f"and not the {', '.join(missing)}.",
        "HOSTNAME is a variable of bash, and empty in other shells that were not given it"
        if not host
        else "",
    )


def _by_route(values: Values) -> Decision:
    if values["route_in_trace"]:
        return holds()
    return does_not_hold(
        "a trace knows functions, not routes, unless the program marks them with tasks or regions",
        f"The service answered {values['requests']} requests to POST /v1/login; the path is nowhere in its "
        "trace.",
    )


def _cycle(values: Values) -> Decision:
    if values["collections"] == 0:
        return does_not_hold("the trace shows no collection")
    if any(number in values["counted_by"] for number in ("cycles", "numgc")):
        return holds()
    return imprecise(
        f"The trace shows {values['collections']} collections with beginning and end, enough to see their "
        f"effect; it numbers them by {values['counted_by'] or 'nothing'}, not as the runtime counts cycles.",
    )


def shares(_: Rig) -> Measured:
    """The article's two figures for the same sampling, in percent."""
    fraction, percent, printed = 50_000, 5.0, 0.002
    computed = 100 / fraction
    said = f"1/{fraction} is {computed:g} %; 5 % is 1/{100 / percent:g}"
    return Measured({"percent": percent, "computed": computed, "printed": printed}, said)


def _same_share(values: Values) -> Decision:
    arithmetic = abs(values["computed"] - values["printed"]) < 1e-9
    if arithmetic and abs(values["computed"] - values["percent"]) < 1e-9:
        return holds()
    times = values["percent"] / values["computed"]
    corrected = (
        f"1/50000 is {values['computed']:g} %; the comment's {values['percent']:g} % is {times:g} times that."
    )
    return does_not_hold("the two figures contradict each other", corrected)


def gctraced(rig: Rig) -> Measured:
    """Collections that gctrace=1 reports of a program that does nothing: by `go run`, and by itself."""
    line = "GODEBUG=gctrace=1 go run main.go &\nwait"
    with rig.program(_NOTHING) as folder:
        run = rig.command(line, folder).check()
        alone = process.run(rig.build(folder), settings=GoSettings(godebug={"gctrace": 1})).check()
    counts = [len(re.findall(r"^(?:# )?gc \d+ @", text, re.MULTILINE)) for text in (run.stderr, alone.stderr)]
    said = f"`go run` reported {counts[0]} collections, the same program by itself {counts[1]}"
    return Measured({"go_run": counts[0], "alone": counts[1]}, said)


def _about_main(values: Values) -> Decision:
    if values["go_run"] == values["alone"]:
        return holds()
    return does_not_hold(
        "the go command, the compiler and the linker are Go programs and obey it too",
        f"Of {values['go_run']} reported collections, {values['alone']} were of the program.",
    )


def web(rig: Rig) -> Measured:
    """`go tool pprof -http=:8080` as printed, and with a profile; two services' profiles put together."""
    _ports.need_free(8080)
    tool = toolchain.tool(rig.toolchain, "pprof")
    with rig.program(_PROFILED) as folder:
        program = rig.build(folder)
        # A profile is no text: the shell puts it into a file.
        for service, waiting in (("auth", 5), ("orders", 7)):
            script = f'"{program.path}" {service} {waiting} > {service}.pb.gz'
            process.run("/bin/sh", ["-c", script], cwd=folder).check()
        printed = rig.command("go tool pprof -http=:8080", folder)
        with process.start(tool, ["-http=:8080", "-no_browser", "auth.pb.gz"], cwd=folder):
            flame = _ports.page(8080, "/ui/flamegraph").decode(errors="replace")
        totals = {
            "one": _total(rig, folder, "auth.pb.gz"),
            "merged": _total(rig, folder, "auth.pb.gz orders.pb.gz"),
            "difference": _total(rig, folder, "-diff_base=auth.pb.gz orders.pb.gz"),
        }
        tags = rig.command("go tool pprof -tags auth.pb.gz orders.pb.gz", folder).stdout
    values = {
        "status_printed": printed.exit_status,
        "said_printed": (printed.stderr.strip() or "nothing").splitlines()[-1],
        "flame": "flamegraph" in flame.lower() and "main.main" in flame,
        "by_label": {name: bool(re.search(rf"\b{name}\b", tags)) for name in ("auth", "orders")},
        **totals,
    }
    said = (
        f"without a profile: {values['said_printed']!r}; with one, a flame graph at /ui/flamegraph: "
        f"{values['flame']}; auth.pb.gz has {totals['one']} goroutines, merged with orders.pb.gz "
        f"{totals['merged']}, the difference is {totals['difference']}"
    )
    return Measured(values, said)


def _total(rig: Rig, folder: Path, names: str) -> int:
    rig.command(f"go tool pprof -proto -output=made.pb.gz {names}", folder).check()
    return pprof.load(folder / "made.pb.gz").total()


def _shows_flames(values: Values) -> Decision:
    if not values["flame"]:
        return does_not_hold("there was no flame graph, with a profile neither")
    if values["status_printed"] == 0:
        return holds()
    return imprecise(
        f"The command as printed ends with {values['said_printed']!r}; with a profile's file after it, it "
        "serves a flame graph.",
        "the printed words lack the profile",
    )


def _cannot_aggregate(values: Values) -> Decision:
    can = {
        "merges profiles of two services": values["merged"] > values["one"] + 5,
        "subtracts an earlier profile": values["difference"] < values["merged"] - values["one"] + 1,
        "groups by label": all(values["by_label"].values()),
    }
    able = [what for what, can_it in can.items() if can_it]
    if not able:
        return holds()
    corrected = f"go tool pprof, given the files, {', '.join(able)}; it keeps no store of them."
    if len(able) == len(can):
        return does_not_hold("it does all three with files that it is given", corrected)
    return imprecise(corrected)


ENTRIES = (
    Entry(
        "C4.1a",
        web,
        "Holds if the printed command starts a server with a flame graph; imprecise if only with a profile.",
        _shows_flames,
        seconds=10,
        examined=_ALL,
    ),
    Entry(
        "C4.1f",
        web,
        "Holds if go tool pprof can neither merge two services' profiles, nor subtract one, nor show labels.",
        _cannot_aggregate,
        seconds=10,
        examined=_ALL,
    ),
    Entry(
        "C4.1e",
        fetched,
        "Does not hold if a trace could still be started over HTTP: the runtime allows one at a time.",
        _no_tracing_by_gctrace,
        seconds=40,
        examined=_ALL,
    ),
    Entry(
        "C4.1g",
        gctraced,
        "Holds if `go run` under gctrace=1 reports as many collections as the program by itself.",
        _about_main,
        seconds=5,
        examined=_ALL,
    ),
    Entry(
        "C4.1h",
        fetched,
        "Holds if the two lines leave a file; imprecise if curl succeeds once the program listens.",
        _leaves_a_trace,
        seconds=40,
        examined=_ALL,
    ),
    Entry(
        "C4.1d",
        fetched,
        "Holds if the file begins as gzip does and holds a profile.proto message.",
        _gzipped_protobuf,
        seconds=40,
        examined=_ALL,
    ),
    Entry(
        "C4.1b",
        fetched,
        "Holds if a second of trace has less than 2 % of the waits with fraction=50000; fails above 20 %.",
        _sampled,
        seconds=40,
        examined=_ALL,
    ),
    Entry(
        "C4.1c",
        shares,
        "Holds if 5 %, 1/50000 and 0.002 % are the same number.",
        _same_share,
        seconds=1,
        examined=_ALL,
    ),
    Entry(
        "C4.1i",
        fetched,
        "Holds if the trace is at least 27 s long.",
        _covers,
        seconds=40,
        examined=_ALL,
    ),
    Entry(
        "C4.1j",
        fetched,
        "Holds if the printed file name has all three, imprecise if it has some.",
        _three_labels,
        seconds=40,
        examined=_ALL,
    ),
    Entry(
        "C4.1k",
        fetched,
        "Holds if the file that the agent's command wrote begins as gzip does.",
        _gzipped,
        seconds=40,
        examined=_ALL,
    ),
    Entry(
        "C4.1l",
        fetched,
        "Holds if the path of the requests that were served occurs in the trace.",
        _by_route,
        seconds=40,
        examined=_ALL,
    ),
    Entry(
        "C4.1m",
        fetched,
        "Holds if the trace has collections and the runtime writes the cycle's number; imprecise without it.",
        _cycle,
        seconds=40,
        examined=_ALL,
    ),
)
