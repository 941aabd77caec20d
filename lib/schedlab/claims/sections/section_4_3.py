"""Section 4.3: the article's script against leaks and its indicators, on programs with and without a leak."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from schedlab import process, toolchain
from schedlab.capture import endpoint, pprof
from schedlab.capture.pprof import Profile
from schedlab.claims.model import Decision, Entry, Measured, Values, does_not_hold, holds, imprecise
from schedlab.claims.rig import Rig
from schedlab.claims.sections import _ports

_ALL = ("1.24", "1.25", "1.26", "1.27")

_SCRIPT = r"""pprof -raw -seconds=30 http://localhost:6060/debug/pprof/goroutine?debug=2 | \
  go tool pprof -top -cum -lines -nodecount=50 -output=/dev/stdout /dev/stdin 2>/dev/null | \
  awk '/^#/ {next} $1 > 100 && /runtime\.gopark/ {print $0}' | \
  head -n 5"""
# The same, with the pprof that comes with Go, where there is no other.
_WITH_GO = _SCRIPT.replace("pprof -raw", "go tool pprof -raw", 1)
_FIRST_STEP = "go tool pprof -raw -seconds=30 http://localhost:6060/debug/pprof/goroutine?debug=2"
# What is left of it if the first step saves a profile, and the second reads that.
_REPAIRED = (
    "go tool pprof -top -cum -lines -nodecount=50 -output=/dev/stdout goroutines.pb.gz 2>/dev/null | "
    + _SCRIPT.partition("2>/dev/null | \\\n")[2]
)
_PORT = 6060
# The table's thresholds.
_MOST, _PARKED, _DEEP, _DEPTH = 2000, 0.40, 50, 8


@contextmanager
def _server(rig: Rig, *flags: str | int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """A server with such goroutines: its address, and what it said when it began to listen."""
    with process.start(rig.build("leak_signs"), ["-for", "120s", *flags]) as live:
        began = json.loads(live.wait_for_line("address", timeout_s=30))
        yield began["address"], began


def _snapshot(address: str, *, seconds: int | None = None) -> Profile:
    return pprof.parse(endpoint.fetch(address, "goroutine", seconds=seconds))


def _wait_until(address: str, goroutines: int, deep: int = 0) -> Profile:
    """The first snapshot with so many goroutines, or a stack so deep; the last of 20 s, if there never is."""
    deadline = time.monotonic() + 20
    while True:
        seen = _snapshot(address)
        there = seen.total() >= goroutines and max(map(len, seen.stacks)) >= deep
        if there or time.monotonic() > deadline:
            return seen
        time.sleep(0.1)


@dataclass(frozen=True, slots=True)
class _Table:
    """The three indicators of the article's table, of one snapshot."""

    goroutines: int
    parked: float
    deep: int

    @classmethod
    def of(cls, profile: Profile) -> _Table:
        parked = deep = 0
        for stack, count in zip(profile.stack_ids.tolist(), profile.values[:, 0].tolist(), strict=True):
            frames = profile.stacks[stack]
            parked += count * any(frame.function == "runtime.gopark" for frame in frames)
            deep += count * (len(frames) >= _DEPTH)
        return cls(profile.total(), parked / max(1, profile.total()), deep)


def _count(profile: Profile, function: str) -> int:
    return sum(count for stack, count in profile.folded().items() if function in stack)


def script(rig: Rig) -> Measured:
    """The script as printed, on a server at the port that it names, with some hundred leaked requests."""
    _ports.need_free(_PORT)
    toolchain.tool(rig.toolchain, "pprof")  # built before, or the commands would wait for that
    with TemporaryDirectory(prefix="schedlab-claim-") as made:
        folder = Path(made)
        with _server(rig, "-addr", f"localhost:{_PORT}", "-leak", 100) as (address, _):
            leaked = _count(_wait_until(address, 160), "main.hang")
            printed = rig.command(_SCRIPT, folder)
            with_go = rig.command(_WITH_GO, folder)
            step = rig.command(_FIRST_STEP, folder)
            (folder / "goroutines.pb.gz").write_bytes(endpoint.fetch(address, "goroutine"))
            repaired = rig.command(_REPAIRED, folder)
    rows = repaired.stdout.splitlines()
    complaints = [line for line in step.stderr.splitlines() if "400" in line or "incompatible" in line]
    values = {
        "leaked": leaked,
        "lines": len(printed.stdout.splitlines()),
        "said": (printed.stderr.strip() or "nothing").splitlines()[0],
        "lines_with_go": len(with_go.stdout.splitlines()),
        "first_step_status": step.exit_status,
        "first_step_said": (complaints or step.stderr.strip().splitlines() or ["nothing"])[0],
        "repaired": rows,
    }
    said = (
        f"with {leaked} leaked goroutines the script printed {values['lines']} lines ({values['said']}), "
        f"with Go's pprof {values['lines_with_go']}: {values['first_step_said']}; of a saved profile it "
        f"printed {len(rows)}"
    )
    return Measured(values, said)


def _prints_stacks(values: Values) -> Decision:
    if values["lines"] > 0:
        return holds()
    why = "there is no program named pprof" if "not found" in values["said"] else values["said"]
    if values["lines_with_go"] > 0:
        return imprecise(
            f"With `go tool pprof` in place of pprof it prints {values['lines_with_go']} lines.", why
        )
    return does_not_hold(
        f"it prints nothing: {why}; Go's own pprof says: {values['first_step_said']}",
        f"{values['leaked']} goroutines had leaked; the script printed {values['lines']} lines, and with "
        f"Go's own pprof {values['lines_with_go']}.",
    )


def _names_the_line(values: Values) -> Decision:
    rows = values["repaired"]
    if values["lines"] > 0 or rows:
        own = [row for row in rows if "main." in row]
        if own:
            return holds()
        files = sorted({found for row in rows for found in re.findall(r"[\w.]+\.go:\d+", row)})
        return does_not_hold(
            "the row that passes the filter is of the runtime, and the same for every leak",
            f"Of a saved profile the filter lets {', '.join(files)} through, and no line of the program.",
        )
    return does_not_hold("it printed nothing")


def growth(rig: Rig) -> Measured:
    """Goroutines of a leak and of a pool: at two moments, and what changed over one and three seconds."""
    with _server(rig, "-leak", 40) as (address, _), _server(rig, "-workers", 60) as (healthy, _):
        first = _wait_until(address, 40)
        pool = _wait_until(healthy, 60)
        with ThreadPoolExecutor() as at_once:
            asked = [
                at_once.submit(_snapshot, where, seconds=s)
                for where, s in ((address, 1), (address, 3), (healthy, 3))
            ]
            one, three, steady = (answer.result() for answer in asked)
        last = _snapshot(address)
    counts = [_count(profile, "main.hang") for profile in (first, last)]
    shares = [n / profile.total() for n, profile in zip(counts, (first, last), strict=True)]
    stack = next(s for s in last.folded() if "main.hang" in s)
    values = {
        "counts": counts,
        "shares": shares,
        "in_1s": _count(one, "main.hang"),
        "in_3s": _count(three, "main.hang"),
        "pool": _count(pool, "main.pool.func1"),
        "pool_in_3s": sum(abs(n) for n in steady.folded().values()),
        "leaf_first": list(reversed(stack)),
    }
    said = (
        f"the leak had {counts[0]} goroutines and later {counts[1]}, {shares[0]:.0%} and {shares[1]:.0%} of "
        f"all; over 1 s it grew by {values['in_1s']}, over 3 s by {values['in_3s']}; a pool of "
        f"{values['pool']} waiting goroutines grew by {values['pool_in_3s']}"
    )
    return Measured(values, said)


def _order(values: Values) -> Decision:
    names = values["leaf_first"]
    wanted = ("runtime.gopark", "net/http.(*conn).serve", "runtime.chanrecv")
    if not all(name in names for name in wanted):
        lacking = ", ".join(name for name in wanted if name not in names)
        return does_not_hold(f"the stack of the leak lacks {lacking}")
    places = [names.index(name) for name in wanted]
    if places == sorted(places) or places == sorted(places, reverse=True):
        return holds()
    gopark, serve, chanrecv = places
    return imprecise(
        f"From the leaf: runtime.gopark ({gopark}), runtime.chanrecv ({chanrecv}), the handler, and at the "
        f"other end net/http.(*conn).serve ({serve}).",
        "the frames are there, in another order",
    )


def _without_limit(values: Values) -> Decision:
    (before, after), (share, later) = values["counts"], values["shares"]
    grew = after > before and values["in_3s"] > values["in_1s"] > 0
    if not grew:
        return does_not_hold("the leak did not grow")
    if later < 1:
        return imprecise(
            f"The number of goroutines grew from {before} to {after}. The width in a flame graph is a share: "
            f"it went from {share:.0%} to {later:.0%} and ends at 100 %.",
            "the number grows without limit, the width cannot",
        )
    return holds()


def _thirty_seconds(values: Values) -> Decision:
    missed = values["pool"] - values["pool_in_3s"]
    if missed <= 0.1 * values["pool"]:
        return holds()
    return does_not_hold(
        "with seconds the profile is what changed meanwhile; and goroutines that wait count as well",
        f"A pool of {values['pool']} waiting goroutines is in the plain profile; of it the profile with "
        f"seconds=3 shows {values['pool_in_3s']}.",
    )


def indicators(rig: Rig) -> Measured:
    """The table's indicators and the repaired script, on healthy programs and on leaky ones."""
    toolchain.tool(rig.toolchain, "pprof")
    healthy = {
        "a pool of 2500": ("-workers", 2500),
        "1000 short-lived": ("-transient", 1000),
        "80 idle connections": ("-conns", 80),
        "one 120 calls deep": ("-deep", 120),
    }
    wanted = {"a pool of 2500": 2500, "1000 short-lived": 950, "80 idle connections": 80}
    tables, rows = {}, {}
    for name, flags in healthy.items():
        with _server(rig, *flags) as (address, _):
            profile = _wait_until(address, wanted.get(name, 1), deep=100 if name.startswith("one") else 0)
            tables[name] = _Table.of(profile)
            rows[name] = len(_filtered(rig, address))
            if name.startswith("1000"):
                flat = _flat(rig, address)
            if name.startswith("one"):
                deepest = max(map(len, profile.stacks))
    with _server(rig, "-leak", 50) as (address, _):
        leak = _Table.of(_wait_until(address, 100))
    values = {
        "healthy": {name: [t.goroutines, t.parked, t.deep] for name, t in tables.items()},
        "leak": [leak.goroutines, leak.parked, leak.deep],
        "rows": rows,
        "deepest": deepest,
        "flat_of_gopark": flat,
    }
    return Measured(values, "")


def table(rig: Rig) -> Measured:
    """What the table's indicators are for healthy programs and for a leak."""
    values = rig.once(indicators).values
    rows = {**values["healthy"], "a leak": values["leak"]}
    said = "; ".join(
        f"{name}: {goroutines} goroutines, {parked:.0%} parked, {deep} with {_DEPTH} calls or more"
        for name, (goroutines, parked, deep) in rows.items()
    )
    return Measured(values, said)


def filtered(rig: Rig) -> Measured:
    """How many rows of healthy programs pass the filter."""
    values = rig.once(indicators).values
    rows = ", ".join(f"{n} of {name}" for name, n in values["rows"].items())
    by_cum, by_flat = values["flat_of_gopark"]
    said = f"rows of healthy programs that pass: {rows}; $1 is {by_cum} with -cum, {by_flat} with -flat"
    return Measured(values, said)


def _filtered(rig: Rig, address: str) -> list[str]:
    with TemporaryDirectory(prefix="schedlab-claim-") as made:
        (Path(made) / "goroutines.pb.gz").write_bytes(endpoint.fetch(address, "goroutine"))
        return rig.command(_REPAIRED, Path(made)).stdout.splitlines()


def _flat(rig: Rig, address: str) -> list[int]:
    """The first column of runtime.gopark's row in one profile, rows ordered by -cum and by -flat."""
    line = "go tool pprof -top {} goroutines.pb.gz | awk '/runtime\\.gopark$/ {{print $1}}'"
    with TemporaryDirectory(prefix="schedlab-claim-") as made:
        (Path(made) / "goroutines.pb.gz").write_bytes(endpoint.fetch(address, "goroutine"))
        done = [rig.command(line.format(order), Path(made)) for order in ("-cum", "-flat")]
        return [int(finished.stdout.strip() or 0) for finished in done]


def _keeps_the_deep(values: Values) -> Decision:
    deep = values["rows"]["one 120 calls deep"] > 0
    flat = values["rows"]["1000 short-lived"] > 0
    if deep and not flat:
        return holds()
    if not deep and flat:
        return does_not_hold(
            "$1 is the number of goroutines, not the depth of the stack",
            f"A stack {values['deepest']} calls deep was not kept; 1000 goroutines with short stacks were.",
        )
    return does_not_hold("it does not separate deep stacks from short ones")


def _points_to_a_leak(values: Values) -> Decision:
    alarms = [name for name, rows in values["rows"].items() if rows]
    if not alarms:
        return holds("no healthy program passed the filter")
    return does_not_hold(
        "any hundred goroutines that wait pass it, leaked or not",
        f"It printed a row for {len(alarms)} of {len(values['rows'])} healthy programs: {', '.join(alarms)}.",
    )


def _cum_counts(values: Values) -> Decision:
    by_cum, by_flat = values["flat_of_gopark"]
    if by_cum == by_flat:
        return does_not_hold(
            "-cum is the order of the rows; $1 stays the flat number",
            f"The first column of runtime.gopark was {by_cum} with -cum and {by_flat} with -flat.",
        )
    return holds()


def _no_short_lived(values: Values) -> Decision:
    if values["rows"]["1000 short-lived"] == 0:
        return holds()
    return does_not_hold(
        "whoever is there at the moment is counted, however short it lives",
        f"1000 goroutines that live for 200 ms gave {values['rows']['1000 short-lived']} row.",
    )


def _judge(values: Values, column: int, limit: float, what: str, shown: str) -> Decision:
    """Whether the threshold separates: above it on the leak, and on no healthy program."""
    alarms = {name: row[column] for name, row in values["healthy"].items() if row[column] > limit}
    found = values["leak"][column] > limit
    if found and not alarms:
        return holds()
    listed = ", ".join(f"{name} ({value:{shown}})" for name, value in alarms.items())
    leak = f"the leak has {values['leak'][column]:{shown}}"
    if alarms and found:
        return does_not_hold(
            f"healthy programs exceed it too: {listed}",
            f"{what}: {leak}, and healthy programs have {listed}.",
        )
    if alarms:
        return does_not_hold(f"healthy programs exceed it and a leak does not: {listed}", f"{what}: {leak}.")
    return does_not_hold("a leak stays below it", f"{what}: {leak}.")


def _two_thousand(values: Values) -> Decision:
    return _judge(values, 0, _MOST, "Goroutines", ".0f")


def _forty_percent(values: Values) -> Decision:
    return _judge(values, 1, _PARKED, "Share of runtime.gopark", ".0%")


def _fifty_deep(values: Values) -> Decision:
    return _judge(values, 2, _DEEP, "Goroutines 8 calls deep", ".0f")


def sources(rig: Rig) -> Measured:
    """What timers that nobody stops add to a goroutine profile, what a blocked send does, what HTTP does."""
    with _server(rig, "-timers", 500, "-late", 50, "-leak", 50) as (address, began):
        folded = _wait_until(address, 100).folded()
    stacks = [stack for stack in folded if "main.hang" in stack]
    senders = {stack: count for stack, count in folded.items() if "runtime.chansend" in stack}
    known = ("net/http.", "database/sql.", "time.")
    values = {
        "sends": sum(n for s, n in senders.items() if not any(f.startswith(known) for f in s)),
        "by_timers": began["with_timers"] - began["without_timers"],
        "through_http": all("net/http.(*conn).serve" in stack for stack in stacks) and bool(stacks),
        "handler": sorted({f for stack in stacks for f in stack if f.startswith("main.")}),
    }
    said = (
        f"1,000 timers and tickers that nobody stopped added {values['by_timers']} goroutines; 50 senders "
        f"without a receiver added {values['sends']}, with neither net/http nor a timer on the stack"
    )
    return Measured(values, said)


def _leads_to_handler(values: Values) -> Decision:
    if values["through_http"] and values["handler"]:
        return holds(f"to {values['handler'][0]}")
    return does_not_hold("the stacks of leaked requests have no net/http frame or no handler")


def _is_a_timer(values: Values) -> Decision:
    if values["sends"] == 0 and values["by_timers"] > 0:
        return holds()
    if values["by_timers"] > 0:
        return imprecise(
            f"Timers added {values['by_timers']} goroutines, a send without a receiver {values['sends']}."
        )
    return does_not_hold(
        "a timer needs no goroutine; and other leaks have no net/http either",
        f"1,000 timers added {values['by_timers']} goroutines; a send without a receiver added "
        f"{values['sends']}.",
    )


ENTRIES = (
    Entry(
        "C4.3a",
        growth,
        "Holds if the three frames are on the leak's stack in the printed order, from either end.",
        _order,
        seconds=10,
        examined=_ALL,
    ),
    Entry(
        "C4.3b",
        growth,
        "Holds if number and share of the leak grow without limit; imprecise if the share has one.",
        _without_limit,
        seconds=10,
        examined=_ALL,
    ),
    Entry(
        "C4.3c",
        script,
        "Holds if the printed script prints a line; imprecise if it does with Go's own pprof.",
        _prints_stacks,
        seconds=10,
        examined=_ALL,
    ),
    Entry(
        "C4.3d",
        growth,
        "Holds if a profile with seconds has 90 % or more of goroutines that wait all the while.",
        _thirty_seconds,
        seconds=10,
        examined=_ALL,
    ),
    Entry(
        "C4.3e",
        filtered,
        "Holds if the filter keeps a stack 120 calls deep, and not 1000 goroutines with short stacks.",
        _keeps_the_deep,
        seconds=15,
        examined=_ALL,
    ),
    Entry(
        "C4.3j",
        filtered,
        "Holds if no healthy program passes the filter.",
        _points_to_a_leak,
        seconds=15,
        examined=_ALL,
    ),
    Entry(
        "C4.3k",
        filtered,
        "Holds if the first column of runtime.gopark's row differs with -cum and with -flat.",
        _cum_counts,
        seconds=15,
        examined=_ALL,
    ),
    Entry(
        "C4.3l",
        filtered,
        "Holds if 1000 goroutines that live for 200 ms do not pass the filter.",
        _no_short_lived,
        seconds=15,
        examined=_ALL,
    ),
    Entry(
        "C4.3h",
        table,
        "Holds if a leak is above 2,000 goroutines and no healthy program is.",
        _two_thousand,
        seconds=15,
        examined=_ALL,
    ),
    Entry(
        "C4.3f",
        table,
        "Holds if a leak is above 40 % and no healthy program is.",
        _forty_percent,
        seconds=15,
        examined=_ALL,
    ),
    Entry(
        "C4.3g",
        table,
        "Holds if a leak is above 50 such goroutines and no healthy program is.",
        _fifty_deep,
        seconds=15,
        examined=_ALL,
    ),
    Entry(
        "C4.3m",
        sources,
        "Holds if every leaked request's stack has net/http.(*conn).serve and a function of the program.",
        _leads_to_handler,
        seconds=5,
        examined=_ALL,
    ),
    Entry(
        "C4.3n",
        sources,
        "Holds if timers that nobody stops add goroutines and a send without a receiver adds none.",
        _is_a_timer,
        seconds=5,
        examined=_ALL,
    ),
    Entry(
        "C4.3i",
        script,
        "Holds if a row that the filter lets through names a function of the program.",
        _names_the_line,
        seconds=10,
        examined=_ALL,
    ),
)
