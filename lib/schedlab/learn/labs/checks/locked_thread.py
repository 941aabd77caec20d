"""A goroutine that is locked to its thread gets its messages, and the P seldom changes threads for it."""

from __future__ import annotations

import secrets

from schedlab.learn.labs.attempt import Attempt
from schedlab.learn.labs.checks._looks import goroutines, quiet
from schedlab.learn.labs.grading import Check, Part
from schedlab.learn.labs.verdicts import Finding, right, wrong
from schedlab.process import GoSettings

MESSAGES = 2000
MOST_HANDOFFS = 200


def _judge(attempt: Attempt) -> Finding:
    seed = secrets.randbelow(1 << 20)
    with attempt.held(["-seed", seed], settings=GoSettings(gomaxprocs=1), counted=True) as held:
        held.await_line("ready")
        gs, counters = goroutines(quiet(held)), held.counters()
        finished = held.finish()
    if finished.stdout.split() != [str(MESSAGES), str(_sum(seed)), "ready"]:
        return wrong(
            "wrong_sum", "The device has not got all messages, or in another order. Each is written once."
        )
    handoffs, ps = counters.total("locked_handoff"), len(counters.p) - 1
    own = [not str(name).startswith("runtime.") for name in gs.function]
    locked = int((gs.alive & own & (gs.lockedm >= 0)).sum())
    seen: dict[str, int | float | str] = {
        "times that the P was handed to a locked thread": handoffs,
        "messages": MESSAGES,
        "goroutines locked to a thread": locked,
        "Ps": ps,
    }
    if ps > 1:
        return wrong(
            "more_ps",
            f"There are {ps} Ps now. A goroutine that is locked needs its own thread, however many Ps there "
            "are: what wakes it is still another thread, for each message.",
            **seen,
        )
    if not locked:
        return wrong(
            "not_locked",
            "No goroutine is locked to a thread. Then the P runs both on one thread, and it may be another "
            "one any time: the device would see it.",
            **seen,
        )
    if handoffs <= MOST_HANDOFFS:
        return right(
            f"The P was handed to the locked thread {handoffs} times for {MESSAGES} messages. Each time "
            "it is there, it finds many.",
            **seen,
        )
    if locked > 1:
        return wrong(
            "both_locked",
            f"{locked} goroutines are locked to threads now, and the P was handed over {handoffs} times, for "
            f"{MESSAGES} messages: on the way there, and on the way back as well.",
            **seen,
        )
    return wrong(
        "a_handoff_each",
        f"The P was handed to the locked thread {handoffs} times for {MESSAGES} messages. Whoever finds a "
        "locked goroutine in a queue cannot run it: it wakes the other thread, gives it the P and sleeps.",
        **seen,
    )


def _sum(seed: int) -> int:
    """What the device adds up, if it gets all messages in order."""
    return sum((seed + n) * (n + 1) for n in range(MESSAGES))


CHECK = Check((Part("handoffs", f"at most {MOST_HANDOFFS} handoffs for {MESSAGES} messages", _judge),))
