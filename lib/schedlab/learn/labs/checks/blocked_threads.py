"""A thousand goroutines read, all at once, and the kernel counts at most twelve threads."""

from __future__ import annotations

from schedlab.learn.labs.attempt import Attempt
from schedlab.learn.labs.checks._looks import quiet, waits
from schedlab.learn.labs.grading import Check, Part
from schedlab.learn.labs.verdicts import Finding, right, wrong
from schedlab.process import GoSettings

READERS = 1000
MOST_THREADS = 12
_PS = 2


def _judge(attempt: Attempt) -> Finding:
    with attempt.held(settings=GoSettings(gomaxprocs=_PS)) as held:
        held.await_line("ready")
        snapshot = quiet(held)
        threads, ps = held.threads(), snapshot.sched.gomaxprocs
        counts = waits(snapshot)
        held.finish()
    in_call, parked = counts["system call"], counts["IO wait"]
    seen = {
        "threads": threads,
        "goroutines in a system call": in_call,
        "goroutines parked for IO": parked,
        "GOMAXPROCS": ps,
    }
    elsewhere = {name: count for name, count in counts.items() if name not in ("system call", "IO wait")}
    reading = in_call + parked
    if reading < READERS:
        other = max(elsewhere, key=lambda name: elsewhere[name], default="")
        waiting = elsewhere.get(other, 0)
        seen[f"goroutines in {other or 'another wait'}"] = waiting
        if reading and other:
            return wrong(
                "queueing",
                f"Few threads, but only {reading} goroutines read at once; {waiting} wait for their turn "
                f"({other}). A bound on the readers bounds the threads, and makes the others wait twice.",
                **seen,
            )
        return wrong(
            "not_reading",
            f"{reading} goroutines wait for data while the check looks, and {READERS} should. What blocks "
            "elsewhere, on a channel say, costs no thread, but it does not read either.",
            **seen,
        )
    if threads <= MOST_THREADS:
        return right(
            f"{parked} goroutines wait for data on {threads} threads. They are parked: the network poller "
            "waits for all of them in one call, and no thread sleeps for any.",
            **seen,
        )
    if ps != _PS:
        return wrong(
            "gomaxprocs",
            f"GOMAXPROCS is {ps} now, and there are {threads} threads. It bounds the Ps, that is, the "
            "threads that run Go code. A thread in a system call has given its P away and is not counted.",
            **seen,
        )
    return wrong(
        "too_many_threads",
        f"{in_call} goroutines sleep inside a system call, and each keeps its thread there: {threads} "
        "threads. The kernel knows nothing of goroutines, so each call that blocks needs a thread.",
        **seen,
    )


CHECK = Check((Part("threads", f"{READERS} readers at once, at most {MOST_THREADS} threads", _judge),))
