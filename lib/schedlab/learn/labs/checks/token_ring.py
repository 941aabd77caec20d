"""A token goes round a ring of goroutines, and each turn is one run, from runnext."""

from __future__ import annotations

import secrets

from schedlab.learn.labs.attempt import Attempt
from schedlab.learn.labs.grading import Check, Part
from schedlab.learn.labs.verdicts import Finding, right, wrong
from schedlab.process import GoSettings

MEMBERS, TURNS = 10, 2000
MOST_RUNS = 2500
LEAST_FROM_RUNNEXT = 1500
# Far above what the runtime's own do.
_MOST_YIELDS = 500


def _judge(attempt: Attempt) -> Finding:
    seed = secrets.randbelow(1 << 20)
    with attempt.held(["-seed", seed], settings=GoSettings(gomaxprocs=1), counted=True) as held:
        held.await_line("ready")
        counters = held.counters()
        finished = held.finish()
    total = seed + sum(turn % MEMBERS * (turn + 1) for turn in range(TURNS))
    if finished.stdout.split() != [str(TURNS), str(total), "ready"]:
        return wrong("wrong_turns", "Not every member has had its turns, in order.")
    runs, from_runnext, ps = counters.runs, counters.total("run_runnext"), len(counters.p) - 1
    yields = counters.total("gosched")
    seen: dict[str, int | float | str] = {
        "times that a goroutine was run": runs,
        "of them from runnext": from_runnext,
        "calls of Gosched": yields,
        "Ps": ps,
    }
    if ps > 1:
        return wrong(
            "more_ps",
            f"There are {ps} Ps now, and goroutines were run {runs} times. Only one member has the token: "
            "there is never work for a second P, only more who look for it.",
            **seen,
        )
    if yields > _MOST_YIELDS:
        return wrong(
            "through_the_global_queue",
            f"Gosched was called {yields} times. Nobody is woken, because nobody waits: each member runs to "
            "see that it is not its turn, and goes to the end of the global queue.",
            **seen,
        )
    if runs > MOST_RUNS:
        return wrong(
            "woken_in_vain",
            f"Goroutines were run {runs} times for {TURNS} turns, {from_runnext} times from runnext. All are "
            "woken, and one can go on. runnext has room for one: each one that is woken pushes the last one "
            "out, into the queue.",
            **seen,
        )
    if from_runnext < LEAST_FROM_RUNNEXT:
        return wrong(
            "not_from_runnext",
            f"Goroutines were run {runs} times, {from_runnext} of them from runnext, and there were {TURNS} "
            "turns. The token has to go from one goroutine to another, each of which is a member.",
            **seen,
        )
    return right(
        f"{TURNS} turns were {runs} runs, {from_runnext} of them from runnext. Who passes the token on wakes "
        "one goroutine, and waits; the P runs that one next, in the same time slice.",
        **seen,
    )


CHECK = Check((Part("turns", f"at most {MOST_RUNS} runs for {TURNS} turns, from runnext", _judge),))
