"""Goroutines overflow into the global queue in one half of the program, and none does in the other."""

from __future__ import annotations

from schedlab.capture.probes import Counters
from schedlab.learn.labs.attempt import Attempt
from schedlab.learn.labs.grading import Check, Part
from schedlab.learn.labs.verdicts import Finding, right, wrong
from schedlab.process import GoSettings

TASKS = 5000
LEAST_OVERFLOWED = 1000
# How often a goroutine may give way by itself: far above what the runtime's own do, far below one per task.
_MOST_YIELDS = 500


def _flood(attempt: Attempt) -> Finding:
    counters, ps = _counted(attempt, "flood")
    made, overflowed = counters.total("create"), counters.total("overflow_gs")
    yields = counters.total("gosched")
    seen: dict[str, int | float | str] = {
        "goroutines made": made,
        "overflowed": overflowed,
        "calls of Gosched": yields,
        "Ps": ps,
    }
    if made < TASKS:
        return _too_few(made, seen)
    if overflowed >= LEAST_OVERFLOWED:
        return right(
            f"{overflowed} goroutines overflowed: nobody let go of the P while {made} were started, and a "
            "local queue holds 256.",
            **seen,
        )
    if yields > _MOST_YIELDS:
        return wrong(
            "only_gosched",
            f"Gosched was called {yields} times. It puts the goroutine that calls it into the global queue. "
            f"Those that were started got to run meanwhile, and {overflowed} overflowed.",
            **seen,
        )
    return wrong(
        "no_overflow",
        f"{made} goroutines were made and {overflowed} overflowed. While flood waits for one, the P runs it: "
        "the local queue never holds more than one or two.",
        **seen,
    )


def _steady(attempt: Attempt) -> Finding:
    counters, ps = _counted(attempt, "steady")
    made, overflowed = counters.total("create"), counters.total("overflow_gs")
    yields = counters.total("gosched")
    seen: dict[str, int | float | str] = {
        "goroutines made": made,
        "overflowed": overflowed,
        "calls of Gosched": yields,
        "Ps": ps,
    }
    if made < TASKS:
        return _too_few(made, seen)
    if ps > 1:
        return wrong(
            "more_ps",
            f"There have been {ps} Ps, and {overflowed} goroutines overflowed. A go statement puts the new "
            "one into the queue of its own P. Other Ps may steal from it, if they come in time, which nobody "
            "promises: it has to work on one.",
            **seen,
        )
    if overflowed:
        return wrong(
            "overflow",
            f"{overflowed} goroutines overflowed: they were started faster than the P could run them, "
            "because it ran the one who started them.",
            **seen,
        )
    if yields > _MOST_YIELDS:
        return wrong(
            "through_the_global_queue",
            f"No task overflowed, but Gosched was called {yields} times, and each time the goroutine that "
            "starts the tasks goes through the global queue itself.",
            **seen,
        )
    return right(
        f"{made} goroutines were made and none overflowed. Whoever starts them parks before the queue is "
        "full, and the P runs them.",
        **seen,
    )


def _too_few(made: int, seen: dict[str, int | float | str]) -> Finding:
    return wrong(
        "too_few_goroutines",
        f"{made} goroutines were made for {TASKS} tasks. In other programs a pool of workers is a good "
        "answer; here each task wants a goroutine of its own.",
        **seen,
    )


def _counted(attempt: Attempt, how: str) -> tuple[Counters, int]:
    """What the scheduler did until all tasks were done, and how many Ps there have been."""
    with attempt.held(["-how", how], settings=GoSettings(gomaxprocs=1), counted=True) as held:
        held.await_line("ready")
        counters = held.counters()
        held.finish()
    return counters, len(counters.p) - 1


CHECK = Check(
    (
        Part("flood", f"at least {LEAST_OVERFLOWED} of {TASKS} goroutines overflow", _flood),
        Part("steady", f"none of {TASKS} goroutines overflows", _steady),
    )
)
