"""Half of the batches fail, and no stage of their pipelines is there any more."""

from __future__ import annotations

from schedlab.learn.labs.attempt import Attempt
from schedlab.learn.labs.checks._leaks import SENDING, WAIT_GROUP, left_behind, some_seed
from schedlab.learn.labs.grading import Check, Part
from schedlab.learn.labs.verdicts import Finding, right, wrong

BATCHES = 50
FAILED = BATCHES // 2
_RECORDS = 200


def _judge(attempt: Attempt) -> Finding:
    seed = some_seed()
    good = (
        number * number
        for batch in range(0, BATCHES, 2)
        for number in range(seed + batch * _RECORDS, seed + (batch + 1) * _RECORDS)
    )
    left = left_behind(attempt, {"total": sum(good) % (1 << 64), "failed": FAILED}, seed)
    seen = {"batches that failed": FAILED} | left.evidence()
    if not left.total:
        return right(
            f"{FAILED} batches failed and nobody is left: whoever had something to send heard that nobody "
            "would take it.",
            **seen,
        )
    senders, waiters = left.functions(SENDING), left.waiting(*WAIT_GROUP)
    if senders == 1 and not waiters:
        return wrong(
            "producer_left",
            f"{left.total} goroutines are left, and all are of one kind: who hands out the records. The "
            "workers have gone, so nobody takes the next one.",
            **seen,
        )
    if senders == 1:
        return wrong(
            "workers_left",
            f"{left.total} goroutines are left. No more records come, and yet each worker that is left holds "
            f"a result that nobody takes; {waiters} more wait for these workers.",
            **seen,
        )
    return wrong(
        "all_left",
        f"{left.total} goroutines are left of {FAILED} batches that failed. process has returned, so no "
        "result is received; the workers wait in their send, who hands out records waits for them, and "
        f"{waiters} wait for the workers to be done. The first link of this chain is the return.",
        **seen,
    )


CHECK = Check((Part("nobody left", f"of {FAILED} batches that failed no goroutine is left", _judge),))
