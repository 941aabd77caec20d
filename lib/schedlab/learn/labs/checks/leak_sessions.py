"""A hundred sessions are closed, and none of their goroutines is there any more."""

from __future__ import annotations

from schedlab.learn.labs.attempt import Attempt
from schedlab.learn.labs.checks._leaks import SELECTING, left_behind, some_seed
from schedlab.learn.labs.grading import Check, Part
from schedlab.learn.labs.verdicts import Finding, right, wrong

SESSIONS = 100
_MESSAGES = 5


def _judge(attempt: Attempt) -> Finding:
    seed = some_seed()
    total = sum(range(seed, seed + SESSIONS * _MESSAGES))
    left = left_behind(attempt, {"total": total}, seed)
    seen = {"sessions closed": SESSIONS} | left.evidence()
    if not left.total:
        return right(
            f"{SESSIONS} sessions are closed and nobody is left: each goroutine has an end that it hears of.",
            **seen,
        )
    one_each = left.total <= SESSIONS
    if left.waiting(SELECTING) == left.total:
        if one_each:
            return wrong(
                "told_one",
                f"{left.total} goroutines are left, one of each session. A value that is sent reaches one "
                "receiver, and two wait for it; a channel that is closed tells everybody.",
                **seen,
            )
        return wrong(
            "nobody_cancels",
            f"{left.total} goroutines are left, in a select. They have a way out, and it does not open: "
            "the context that they wait for outlives the session.",
            **seen,
        )
    if one_each:
        return wrong(
            "one_of_two",
            f"{left.total} goroutines are left, one goroutine of each session. The other one ends. What "
            "would this one have to hear?",
            **seen,
        )
    return wrong(
        "left_receiving",
        f"{left.total} goroutines are left of {SESSIONS} closed sessions, in a receive. Ticker.Stop ends "
        "the ticks and does not close the channel, and nobody closes the outbox: both ranges wait for "
        "something that no longer comes.",
        **seen,
    )


CHECK = Check((Part("nobody left", f"of {SESSIONS} closed sessions no goroutine is left", _judge),))
