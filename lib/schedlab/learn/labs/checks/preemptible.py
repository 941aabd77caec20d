"""A goroutine that computes gives way when it is asked to, although nobody can interrupt it."""

from __future__ import annotations

import secrets

from schedlab.learn.labs.attempt import Attempt
from schedlab.learn.labs.grading import Check, Part
from schedlab.learn.labs.verdicts import Finding, right, wrong
from schedlab.process import GoSettings

ROUNDS = 300_000_000
# One that does not look may do so once or twice when its loop has ended.
LEAST_HITS = 10
# Far above what the program and the runtime do by themselves.
_MOST_YIELDS = 500
_MOST_MADE = 50
_FUNCTIONS_AT_FIRST = 2

_SETTINGS = GoSettings(gomaxprocs=1, godebug={"asyncpreemptoff": 1})
_MULTIPLIER, _INCREMENT, _MODULUS = 6364136223846793005, 1442695040888963407, 1 << 64


def _judge(attempt: Attempt) -> Finding:
    seed = secrets.randbits(40)
    with attempt.held(["-seed", seed], settings=_SETTINGS, counted=True) as held:
        held.await_line("ready")
        counters = held.counters()
        finished = held.finish()
    if finished.stdout.split() != [str(_computed(seed)), "ready"]:
        return wrong("wrong_number", "The number is not what it was. It must stay what the starter computes.")
    asked, gave_way = counters.total("preempt_request"), counters.total("preempt_hit")
    yields, made, ps = counters.total("gosched"), counters.total("create"), len(counters.p) - 1
    seen: dict[str, int | float | str] = {
        "times that a goroutine was asked to give way": asked,
        "times that one did": gave_way,
        "calls of Gosched": yields,
        "goroutines made": made,
        "Ps": ps,
    }
    if ps > 1:
        return wrong(
            "more_ps",
            f"There are {ps} Ps now, so the watchdog has another place to run. The loop is as it was: asked "
            f"{asked} times to give way, and it did {gave_way} times. A collection would wait for it, with "
            "the world stopped.",
            **seen,
        )
    if yields > _MOST_YIELDS:
        return wrong(
            "gives_way_unasked",
            f"Gosched was called {yields} times, whether anybody had asked or not. Each time the goroutine "
            "goes through the global queue. It should give way when sysmon asks, every 10 ms.",
            **seen,
        )
    if made > _MOST_MADE:
        return wrong(
            "many_goroutines",
            f"{made} goroutines were made, and each ends before anybody asks it to give way. A goroutine for "
            "each stretch of a loop is a preemption by hand. One should compute, and look if it is asked.",
            **seen,
        )
    if gave_way < LEAST_HITS and _functions(attempt) > _FUNCTIONS_AT_FIRST:
        return wrong(
            "calls_without_check",
            f"sysmon asked {asked} times, and the goroutine gave way {gave_way} times. There is a "
            "new function, and nothing is checked where it begins: the compiler has inlined it, "
            "or its frame is so small that no check is needed, or the loop is within it.",
            **seen,
        )
    if gave_way < LEAST_HITS:
        return wrong(
            "never_gives_way",
            f"sysmon asked {asked} times, and the goroutine gave way {gave_way} times. It looks whether it "
            "was asked where a function begins, when the size of the stack is checked. In a loop without a "
            "call there is no such place.",
            **seen,
        )
    return right(
        f"The goroutine was asked {asked} times and gave way {gave_way} times, by itself: the check of the "
        "stack at the beginning of a function is also the question whether it may run on.",
        **seen,
    )


def _functions(attempt: Attempt) -> int:
    """How many functions the program declares: this chooses the words for a verdict, never the verdict."""
    return sum(
        line.startswith("func ")
        for file in attempt.folder.glob("*.go")
        for line in file.read_text(errors="replace").splitlines()
    )


def _computed(seed: int) -> int:
    """Where the generator is after all rounds: its step many times over, by squaring."""
    factor, addend, step_factor, step_addend, rounds = 1, 0, _MULTIPLIER, _INCREMENT, ROUNDS
    while rounds:
        if rounds & 1:
            factor, addend = factor * step_factor, addend * step_factor + step_addend
        step_factor, step_addend = step_factor * step_factor, step_addend * (step_factor + 1)
        factor, addend = factor % _MODULUS, addend % _MODULUS
        step_factor, step_addend, rounds = step_factor % _MODULUS, step_addend % _MODULUS, rounds >> 1
    return (factor * seed + addend) % _MODULUS


CHECK = Check((Part("gives way", f"it gives way at least {LEAST_HITS} times when it is asked to", _judge),))
