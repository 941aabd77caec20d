"""A hundred queries have their first answer, and no goroutine waits to give another one."""

from __future__ import annotations

from schedlab.learn.labs.attempt import Attempt
from schedlab.learn.labs.checks._leaks import SELECTING, SENDING, left_behind, some_seed
from schedlab.learn.labs.grading import Check, Part
from schedlab.learn.labs.verdicts import Finding, right, wrong

QUERIES = 100


def _judge(attempt: Attempt) -> Finding:
    seed = some_seed()
    total = sum(number * number for number in range(seed, seed + QUERIES))
    left = left_behind(attempt, {"total": total}, seed)
    seen = {"queries": QUERIES} | left.evidence()
    if not left.total:
        return right(
            f"{QUERIES} queries are answered and nobody is left. The late answers found room, and the "
            "channels went with their last senders.",
            **seen,
        )
    if left.waiting(SELECTING) >= left.waiting(SENDING):
        return wrong(
            "left_in_select",
            f"{left.total} goroutines are left, in a select. A way out that opens in an hour means that "
            "each stays until then, with its stack and all it holds.",
            **seen,
        )
    if left.total <= QUERIES:
        return wrong(
            "one_left",
            f"{left.total} goroutines are left in a send: one for each query. A place in the channel takes "
            "one late answer; how many are late?",
            **seen,
        )
    return wrong(
        "left_sending",
        f"{left.total} goroutines are left after {QUERIES} queries, in a send. The one who received took "
        "one answer and went. Nothing ends a goroutine from outside, not even the collector: a send that "
        "nobody receives waits as long as the program lives.",
        **seen,
    )


CHECK = Check((Part("nobody left", f"after {QUERIES} queries no goroutine is left", _judge),))
