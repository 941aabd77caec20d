"""Section 3.1: goroutines that wait for the network, what they are said to cost, and how to notice them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from schedlab import toolchain
from schedlab.capture import pprof, schedtrace
from schedlab.claims.errors import NotMeasurableHere
from schedlab.claims.model import Decision, Entry, Measured, Needs, Values, does_not_hold, holds, imprecise
from schedlab.claims.rig import Rig
from schedlab.process import GoSettings

_ALL = ("1.24", "1.25", "1.26", "1.27")
_LINUX = Needs(linux=True)
_ONE, _TWO = GoSettings(gomaxprocs=1), GoSettings(gomaxprocs=2)

_CONNECTIONS = 2000
_REQUESTS = 50
_ENOUGH_SAMPLES, _PATIENCE_RUNS = 40, 4
_WAIT_READ = "internal/poll.(*pollDesc).waitRead"

# The command as printed, with the pprof that comes with Go, and one that shows what is promised.
_PRINTED = "pprof -http"
_WITH_GO = "go tool pprof -http"
_WORKS = "go tool pprof -top goroutines.pb.gz"

_HANDLER = """
func handleBlock(w http.ResponseWriter, r *http.Request) {
    conn, _ := r.Body.(io.ReadCloser)
    // 模拟未关闭的长连接读取,触发 netpoll 阻塞
    io.Copy(io.Discard, conn) // ⚠️ 实际中可能因客户端不发FIN而永久阻塞
}
"""

_AROUND_HANDLER = """package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
)
"""

_CALL_HANDLER = """
func main() {
	left := int64(-1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handleBlock(w, r)
		left, _ = io.Copy(io.Discard, r.Body)
	}))
	answer, err := http.Post(server.URL, "text/plain", strings.NewReader("some bytes"))
	fmt.Println(err == nil && answer.StatusCode == http.StatusOK, left)
	server.Close()
}
"""

_METRICS = """package main

import (
	"encoding/json"
	"os"
	"runtime"
	"runtime/metrics"
)

func main() {
	names := []string{}
	for _, metric := range metrics.All() {
		names = append(names, metric.Name)
	}
	found := map[string]any{"names": names, "cpus": runtime.NumCPU(), "ps": runtime.GOMAXPROCS(0)}
	json.NewEncoder(os.Stdout).Encode(found)
}
"""


def busy_profile(rig: Rig) -> Measured:
    """The CPU profile of an HTTP server and its 100 clients; runs are added up until there is enough."""
    total = netpoll = wait_read = 0
    for _ in range(_PATIENCE_RUNS):
        profile = _cpu_profile(rig)
        period = max(1, min(profile.values(), default=1))
        for stack, value in profile.items():
            total += value // period
            netpoll += any(name.startswith("runtime.netpoll") for name in stack) * (value // period)
            wait_read += (_WAIT_READ in stack) * (value // period)
        if total >= _ENOUGH_SAMPLES:
            break
    if total < _ENOUGH_SAMPLES // 2:
        raise NotMeasurableHere(f"the machine was too busy: a CPU profile with {total} samples")
    said = (
        f"of {total} samples of a server with 100 busy clients, {netpoll} were below runtime.netpoll "
        f"and {wait_read} in {_WAIT_READ}"
    )
    return Measured({"samples": total, "netpoll": netpoll, "wait_read": wait_read}, said)


def _cpu_profile(rig: Rig) -> Mapping[tuple[str, ...], int]:
    with tempfile.TemporaryDirectory(prefix="schedlab-") as folder:
        file = Path(folder) / "cpu.pb.gz"
        rig.run("http_load", ["-clients", 100, "-for", "1500ms", "-cpu", file], settings=_TWO)
        return pprof.load(file).folded("cpu")


def _netpoll_on_top(values: Values) -> Decision:
    share = values["netpoll"] / values["samples"]
    if share >= 0.5:
        return holds()
    said = f"Of the CPU time of a busy server, {share:.0%} is spent in the network poller."
    if share >= 0.2:
        return imprecise(said, "a part of the time, not most of it")
    return does_not_hold("polling costs little, and a thread that sleeps in epoll_wait is not sampled", said)


def idle(rig: Rig) -> Measured:
    """2000 idle connections: threads, processor time, what the goroutines do, and what others get done."""
    with tempfile.TemporaryDirectory(prefix="schedlab-") as folder:
        file = Path(folder) / "goroutines.pb.gz"
        done = rig.run("idle_connections", ["-connections", _CONNECTIONS, "-goroutines", file], settings=_TWO)
        stacks = pprof.load(file).folded("goroutine")
    found = done.json()
    values = {
        **found,
        "threads_added": found["threads_during"] - found["threads_before"],
        "cpu_share": found["cpu_ns"] / found["watched_ns"] / found["gomaxprocs"],
        "wait_read": sum(count for stack, count in stacks.items() if _WAIT_READ in stack),
        "parked": sum(count for stack, count in stacks.items() if stack[-1] == "runtime.gopark"),
        "poll_package": "internal/poll",
    }
    said = (
        f"{values['connections']} idle connections: {values['goroutines']} goroutines, "
        f"{values['parked']} of them in gopark, {values['threads_added']} more threads, "
        f"{values['cpu_share']:.1%} of the processors; {values['others_ended']} of {values['others']} "
        "other goroutines ended meanwhile"
    )
    return Measured(values, said)


def command(rig: Rig) -> Measured:
    """``pprof -http`` as printed, with Go's own pprof, and a command that works, on 2000 idle connections."""
    waiting = rig.once(idle)
    toolchain.tool(rig.toolchain, "pprof")  # built before, or the commands would wait for that
    with tempfile.TemporaryDirectory(prefix="schedlab-claim-") as made:
        folder = Path(made)
        flags = ("-connections", 50, "-others", 0, "-goroutines", folder / "goroutines.pb.gz")
        rig.run("idle_connections", flags)
        printed, with_go, works = (rig.command(line, folder) for line in (_PRINTED, _WITH_GO, _WORKS))
    top = [line.split()[-1] for line in works.stdout.splitlines() if line.rstrip().endswith("gopark")]
    values = {
        **waiting.values,
        "printed": [printed.exit_status, _first_line(printed.stderr)],
        "with_go": [with_go.exit_status, _first_line(with_go.stderr)],
        "works": works.exit_status == 0 and top == ["runtime.gopark"],
    }
    said = (
        f"`{_PRINTED}` ended with {values['printed'][1]!r}, `{_WITH_GO}` with {values['with_go'][1]!r}; "
        f"`{_WORKS}` {'lists' if values['works'] else 'does not list'} runtime.gopark; {waiting.said}"
    )
    return Measured(values, said)


def _first_line(text: str) -> str:
    return (text.strip() or "nothing").splitlines()[0]


def _others_ran(values: Values) -> bool:
    return bool(values["others_ended"] >= 0.9 * values["others"])


def _stacks_pile_up(values: Values) -> Decision:
    cpu, goroutines = values["wait_read"] / values["samples"], values["waiting"] / values["connections"]
    if cpu >= 0.5:
        return holds()
    if goroutines >= 0.9:
        said = (
            f"In a goroutine profile {values['waiting']} of {values['connections']} idle connections are in "
            f"{_WAIT_READ}; in a CPU profile it has {cpu:.0%} of the samples."
        )
        return imprecise(said, "a goroutine that waits is in the goroutine profile, not in the flame graph")
    return does_not_hold("neither profile shows it")


def both_profiles(rig: Rig) -> Measured:
    """Where waitRead is seen: in a busy server's CPU profile, in an idle one's goroutine profile."""
    cpu, waiting = rig.once(busy_profile), rig.once(idle)
    values = {
        "samples": cpu.values["samples"],
        "wait_read": cpu.values["wait_read"],
        "waiting": waiting.values["wait_read"],
        "connections": waiting.values["connections"],
    }
    said = (
        f"{cpu.said}; in a goroutine profile {values['waiting']} of {values['connections']} idle connections "
        "are there"
    )
    return Measured(values, said)


def _many_and_idle_is_starvation(values: Values) -> Decision:
    many_and_idle = values["goroutines"] >= 1000 and values["cpu_share"] < 0.3
    if many_and_idle and _others_ran(values):
        return does_not_hold(
            "many goroutines that wait use no processor, and starve nobody",
            f"{values['goroutines']} goroutines used {values['cpu_share']:.1%} of the processors, "
            f"and {values['others_ended']} of {values['others']} others ran.",
        )
    return holds("the others did not run")


def _parked_is_a_symptom(values: Values) -> Decision:
    share = values["parked"] / values["goroutines"]
    if share >= 0.9 and _others_ran(values):
        return does_not_hold(
            "the command needs an address and a profile; and every goroutine that waits is in gopark",
            f"`{_WORKS}` shows them; in a healthy program {share:.0%} of {values['goroutines']} goroutines "
            "are in gopark.",
        )
    if values["printed"][0] != 0:
        return does_not_hold(f"the printed command ends with {values['printed'][1]!r}")
    return holds()


def _threads_are_the_sign(values: Values) -> Decision:
    if values["threads_added"] >= values["connections"] / 2:
        return holds()
    return does_not_hold(
        "goroutines that wait for the network need no threads",
        f"{values['connections']} waiting connections added {values['threads_added']} threads "
        f"to {values['threads_before']}, with {values['gomaxprocs']} Ps.",
    )


def poller(rig: Rig) -> Measured:
    """Who has the Ps while every goroutine waits, and a thread sleeps in epoll_wait for them."""
    settings = GoSettings(gomaxprocs=2, schedtrace_ms=5, scheddetail=True)
    flags = ("-connections", 50, "-others", 0, "-hold", "400ms")
    done = rig.run("idle_connections", flags, settings=settings)
    snapshots = schedtrace.parse(done.stderr, release=rig.toolchain.release).snapshots
    quiet = [
        snapshot
        for snapshot in snapshots
        if sum(g.wait_reason == "IO wait" for g in snapshot.gs) >= 50
        and not any(g.status_name in ("_Grunnable", "_Grunning", "_Gsyscall") for g in snapshot.gs)
    ]
    if len(quiet) < 5:
        raise NotMeasurableHere(f"only {len(quiet)} snapshots show all goroutines waiting")
    held = sum(any(m.p is not None for m in snapshot.ms) for snapshot in quiet)
    said = f"in {held} of {len(quiet)} snapshots with every goroutine waiting, a thread held a P"
    return Measured({"snapshots": len(quiet), "held": held}, said)


def _thread_keeps_its_p(values: Values) -> Decision:
    share = values["held"] / values["snapshots"]
    if share >= 0.5:
        return holds()
    return does_not_hold("a thread gives its P up before it sleeps in epoll_wait")


def stalled(rig: Rig) -> Measured:
    """The article's handler on one P, with clients that stall, hang up, or complete the body."""
    runs = {
        "stall": _stalled(rig, "stall", wait="700ms"),
        "leave": _stalled(rig, "leave", wait="20s"),
        "complete": _stalled(rig, "complete", wait="20s"),
        "deadline": _stalled(rig, "stall", wait="20s", timeout="200ms"),
    }
    values: dict[str, Any] = {
        name: {key: run[key] for key in ("entered", "returned", "connections", "others", "others_ended")}
        | {"threads_added": run["threads_during"] - run["threads_before"]}
        | {"goroutines_added": run["goroutines_during"] - run["goroutines_before"]}
        for name, run in runs.items()
    }
    values["stack"] = runs["stall"]["stack"]
    values["requests"] = _REQUESTS
    stall, deadline = values["stall"], values["deadline"]
    said = (
        f"of {_REQUESTS} handlers on one P, {stall['returned']} returned with a body that stalls, "
        f"{values['leave']['returned']} when the client hung up, {values['complete']['returned']} with a "
        f"whole body and no FIN, {deadline['returned']} with a deadline; "
        f"{stall['others_ended']} of {stall['others']} other goroutines ended while the handlers stalled, "
        f"with {stall['threads_added']} more threads"
    )
    return Measured(values, said)


def _stalled(rig: Rig, client: str, *, wait: str, timeout: str = "0") -> dict[str, Any]:
    flags = ("-client", client, "-wait", wait, "-read-timeout", timeout, "-requests", _REQUESTS)
    found: dict[str, Any] = rig.run("stalled_handler", flags, settings=_ONE).json()
    return found


def _p_is_blocked(values: Values) -> Decision:
    stall = values["stall"]
    if stall["returned"] > values["requests"] / 10:
        return does_not_hold("the handlers did not even block")
    if stall["others_ended"] < 0.5 * stall["others"]:
        return holds()
    return does_not_hold(
        "conn.Read parks the goroutine; its thread and its P go on",
        f"On one P, {stall['others_ended']} of {stall['others']} goroutines ran while {values['requests']} "
        f"handlers waited in Read, with {stall['threads_added']} more threads.",
    )


def _an_open_connection_blocks(values: Values) -> Decision:
    stall, complete = values["stall"]["returned"], values["complete"]["returned"]
    requests = values["requests"]
    if complete <= requests / 10:
        return holds()
    if stall <= requests / 10:
        said = (
            f"An open connection alone does not block the handler ({complete} of {requests} returned); "
            f"a body that stays incomplete does ({stall} returned)."
        )
        return imprecise(said, "the reading ends with the body, not with the connection")
    return does_not_hold("the handlers returned")


def _no_fin_blocks(values: Values) -> Decision:
    requests = values["requests"]
    returned = {name: values[name]["returned"] for name in ("stall", "leave", "complete")}
    if returned["stall"] > requests / 10:
        return does_not_hold("the handlers returned without a FIN")
    if returned["complete"] <= requests / 10 and returned["leave"] >= 0.9 * requests:
        return holds()
    said = (
        f"Without a FIN {returned['complete']} of {requests} handlers returned when the body was whole, and "
        f"{returned['stall']} when a part was missing; with one, {returned['leave']} did."
    )
    return imprecise(said, "only while a part of the announced body is missing")


def _copy_reads(values: Values) -> Decision:
    stack = values["stack"]
    above = stack[: stack.index("io.Copy")] if "io.Copy" in stack else []
    if any(name.endswith(".Read") for name in above):
        return holds()
    return does_not_hold("no Read is on the stack above io.Copy")


def _timeout_is_the_cause(values: Values) -> Decision:
    stall, deadline = values["stall"], values["deadline"]
    frees = stall["returned"] <= 0.1 * values["requests"] and deadline["returned"] >= 0.9 * values["requests"]
    if not frees:
        return does_not_hold("a deadline changes nothing")
    if stall["others_ended"] < 0.5 * stall["others"] <= deadline["others_ended"]:
        return holds()
    said = (
        f"Without a deadline {stall['goroutines_added']} goroutines and {stall['connections']} connections "
        f"stay, with one {deadline['goroutines_added']} and {deadline['connections']}; "
        "the P was free in both cases."
    )
    return imprecise(said, "it is the cause of goroutines and connections that pile up, not of a blocked P")


def handler(rig: Rig) -> Measured:
    """The article's handler in a program that calls it with a body."""
    with rig.program(_AROUND_HANDLER + _HANDLER + _CALL_HANDLER) as folder:
        done = rig.command("go run .", folder)
    built = done.exit_status == 0
    said = f"go run printed {done.stdout.strip()!r}" if built else done.stderr.strip()[:300]
    return Measured({"built": built, "printed": done.stdout.split()}, said)


def _handler_works(values: Values) -> Decision:
    if not values["built"]:
        return does_not_hold("it does not compile")
    return holds() if values["printed"] == ["true", "0"] else does_not_hold("it did not read the body")


def many_goroutines(rig: Rig) -> Measured:
    """What a computing goroutine gets done beside 25,000 that wait, and beside one; three pairs of runs."""
    pairs = [(_rounds(rig, 25_000), _rounds(rig, 1)) for _ in range(3)]
    ratio = median(many / max(one, 1) for many, one in pairs)
    said = f"beside 25,000 waiting goroutines, {ratio:.2f} times the work of one beside a single one"
    return Measured({"goroutines": 25_000, "ratio": ratio}, said)


def _rounds(rig: Rig, goroutines: int) -> int:
    flags = ("-how", "channel", "-goroutines", goroutines, "-hold", "200ms")
    return int(rig.run("blocked", flags, settings=_TWO).json()["rounds"])


def _many_is_abnormal(values: Values) -> Decision:
    if values["ratio"] < 0.5:
        return holds()
    return does_not_hold(
        "a number of goroutines that stays says nothing by itself",
        f"{values['goroutines']} waiting goroutines left {values['ratio']:.2f} of the work.",
    )


def metric_names(rig: Rig) -> Measured:
    """The metrics of the runtime by the names that Prometheus' Go client makes of them; CPUs and Ps."""
    with rig.program(_METRICS) as folder:
        found = rig.command("go run .", folder).check().json()
    names = sorted({"go_goroutines", "go_threads"} | {_prometheus_name(str(name)) for name in found["names"]})
    exists = "go_sched_p_num" in names
    ps = next((name for name in names if name.startswith("go_sched_gomaxprocs")), "")
    said = (
        f"of {len(names)} metrics {'one' if exists else 'none'} is called go_sched_p_num; "
        f"{ps or 'no metric'} has the number of Ps, {found['ps']} on {found['cpus']} CPUs"
    )
    values = {"exists": exists, "ps_metric": ps, "ps": found["ps"], "cpus": found["cpus"]}
    return Measured(values, said)


def _prometheus_name(name: str) -> str:
    """``/sched/gomaxprocs:threads`` becomes ``go_sched_gomaxprocs_threads``, as client_golang writes it."""
    return "go" + "".join(letter if letter.isalnum() else "_" for letter in name)


def _ps_are_cores(values: Values) -> Decision:
    near = abs(values["ps"] - values["cpus"]) <= 1
    if values["exists"] and near:
        return holds()
    if values["ps_metric"] and near:
        said = (
            f"There is no go_sched_p_num; {values['ps_metric']} is GOMAXPROCS, "
            f"{values['ps']} with {values['cpus']} CPUs."
        )
        return imprecise(said, "no metric has that name")
    return does_not_hold("no metric has that name, and the number of Ps is another")


def ps_while_stalled(rig: Rig) -> Measured:
    """The number of Ps that schedtrace prints while 50 handlers stall."""
    settings = GoSettings(gomaxprocs=2, schedtrace_ms=10)
    done = rig.run("stalled_handler", ["-wait", "300ms"], settings=settings)
    counted = schedtrace.parse(done.stderr).summaries.gomaxprocs
    values = {"fewest": int(counted.min()), "most": int(counted.max()), "lines": len(counted)}
    said = f"while 50 handlers stalled, {values['fewest']} to {values['most']} Ps in {values['lines']} lines"
    return Measured(values, said)


def _ps_fall_to_one(values: Values) -> Decision:
    if values["fewest"] == 1:
        return holds()
    return does_not_hold("the number of Ps is GOMAXPROCS; nothing that blocks changes it")


def healthy_threads(rig: Rig) -> Measured:
    """The threads of a busy HTTP server with 1, 2 and 4 Ps."""
    found = {
        str(ps): int(
            rig.run(
                "http_load",
                ["-clients", 50, "-for", "400ms"],
                settings=GoSettings(gomaxprocs=ps),
            ).json()["threads"]
        )
        for ps in (1, 2, 4)
    }
    said = "a healthy server has " + ", ".join(f"{n} threads with {ps} Ps" for ps, n in found.items())
    return Measured({"threads": found}, said)


def _threads_are_ps(values: Values) -> Decision:
    surplus = {int(ps): n - int(ps) for ps, n in values["threads"].items()}
    if all(abs(n) <= max(1, ps // 4) for ps, n in surplus.items()):
        return holds()
    if all(0 <= n <= ps + 12 for ps, n in surplus.items()):
        least, most = min(surplus.values()), max(surplus.values())
        more = f"{least}" if least == most else f"{least} to {most}"
        said = f"A healthy server has {more} threads more than Ps."
        return imprecise(said, "sysmon and spare threads are there besides")
    return does_not_hold("the threads do not follow the Ps")


ENTRIES = (
    Entry(
        "C3.1j",
        busy_profile,
        "Holds if at least half of the samples are below runtime.netpoll; imprecise from a fifth on.",
        _netpoll_on_top,
        seconds=8,
        examined=_ALL,
    ),
    Entry(
        "C3.1a",
        stalled,
        "Holds if, on one P, fewer than half of 1000 goroutines run while 50 others wait in conn.Read.",
        _p_is_blocked,
        seconds=6,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C3.1b",
        both_profiles,
        "Holds if half of a CPU profile's samples have waitRead; imprecise if only a goroutine profile does.",
        _stacks_pile_up,
        seconds=8,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C3.1c",
        idle,
        "Does not hold if 1000 or more goroutines use less than 30 % of the processors and nine of ten "
        "other goroutines run.",
        _many_and_idle_is_starvation,
        seconds=4,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C3.1d",
        command,
        "Does not hold if nine of ten goroutines of a program that starves nobody are in gopark, or if the "
        "printed command fails.",
        _parked_is_a_symptom,
        seconds=8,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C3.1k",
        poller,
        "Holds if a thread has a P in half of the snapshots in which every goroutine waits.",
        _thread_keeps_its_p,
        seconds=2,
        examined=_ALL,
        needs=_LINUX,
    ),
    *(
        Entry(
            name,
            stalled,
            "Holds if, on one P, fewer than half of 1000 goroutines run while 50 handlers wait in Read.",
            _p_is_blocked,
            seconds=6,
            examined=_ALL,
            needs=_LINUX,
        )
        for name in ("C3.1l", "C3.1m", "C3.1f")
    ),
    Entry(
        "C3.1e",
        handler,
        "Holds if the printed handler compiles, and reads the whole body of a request.",
        _handler_works,
        seconds=5,
        examined=_ALL,
    ),
    Entry(
        "C3.1n",
        stalled,
        "Holds if nine of ten handlers block on a connection that stays open; imprecise if they do so only "
        "when the body is incomplete.",
        _an_open_connection_blocks,
        seconds=6,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C3.1o",
        stalled,
        "Holds if nine of ten handlers block until a FIN comes; imprecise if they do so only with a part of "
        "the body.",
        _no_fin_blocks,
        seconds=6,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C3.1p",
        stalled,
        "Holds if a Read is on the stack of a blocked handler above io.Copy.",
        _copy_reads,
        seconds=6,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C3.1g",
        stalled,
        "Holds if a deadline makes nine of ten handlers return and frees the P; imprecise if the P was free.",
        _timeout_is_the_cause,
        seconds=6,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C3.1q",
        many_goroutines,
        "Holds if 25,000 waiting goroutines cost a computing one half of its work, median of three pairs.",
        _many_is_abnormal,
        seconds=4,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C3.1r",
        metric_names,
        "Holds if there is such a metric and it is the number of CPUs, give or take 1; imprecise if only the "
        "number is right.",
        _ps_are_cores,
        seconds=4,
        examined=_ALL,
    ),
    Entry(
        "C3.1h",
        ps_while_stalled,
        "Holds if the number of Ps falls from 2 to 1 while 50 handlers stall.",
        _ps_fall_to_one,
        seconds=2,
        examined=_ALL,
    ),
    Entry(
        "C3.1i",
        healthy_threads,
        "Holds if a healthy server has as many threads as Ps, give or take one or a quarter; imprecise if a "
        "bounded number more.",
        _threads_are_ps,
        seconds=4,
        examined=_ALL,
        needs=_LINUX,
    ),
    Entry(
        "C3.1s",
        idle,
        "Holds if waiting connections add a thread for each two of them.",
        _threads_are_the_sign,
        seconds=4,
        examined=_ALL,
        needs=_LINUX,
    ),
)
