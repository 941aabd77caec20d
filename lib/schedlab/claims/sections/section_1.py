"""Section 1: what G, M and P are, the handoff, schedtrace, the profile of the scheduler, GOMAXPROCS."""

from __future__ import annotations

from statistics import median

from schedlab.claims.model import Decision, Entry, Measured, Needs, Values, does_not_hold, holds, imprecise
from schedlab.claims.rig import Rig
from schedlab.process import GoSettings

_ALL = ("1.24", "1.25", "1.26", "1.27")
_TWO = GoSettings(gomaxprocs=2)


def structs(rig: Rig) -> Measured:
    """Whether the runtime declares the three, as structs."""
    found = [name for name in "gmp" if rig.source("runtime2.go", name).startswith(f"type {name} struct")]
    return Measured({"structs": found}, f"runtime2.go declares these structs: {', '.join(found)}")


def _three_structs(values: Values) -> Decision:
    return holds() if values["structs"] == ["g", "m", "p"] else does_not_hold("a struct is missing")


def blocked(rig: Rig) -> Measured:
    """Threads that 100 blocked goroutines cost, in read(2) and in net.Conn.Read; medians of three runs."""
    added = {how: median(_added_threads(rig, how) for _ in range(3)) for how in ("syscall", "network")}
    said = (
        f"100 goroutines in read(2) cost {added['syscall']:g} threads, in net.Conn.Read {added['network']:g}"
    )
    return Measured(added, said)


def _added_threads(rig: Rig, how: str) -> int:
    found = rig.run("blocked", ["-how", how, "-goroutines", 100], settings=_TWO).json()
    return int(found["threads_during"] - found["threads_before"])


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


ENTRIES = (
    Entry(
        "C1.1a",
        structs,
        "Holds if runtime2.go declares the structs g, m and p.",
        _three_structs,
        seconds=1,
        examined=_ALL,
    ),
    Entry(
        "C1.2a",
        blocked,
        "Holds if each way of blocking costs 90 or more threads per 100 goroutines, median of three runs.",
        _both_cost,
        seconds=10,
        examined=_ALL,
        needs=Needs(linux=True),
    ),
)
