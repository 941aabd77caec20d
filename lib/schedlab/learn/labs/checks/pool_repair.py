"""A thousand requests cost hardly a garbage collection, and no more memory than one buffer takes."""

from __future__ import annotations

import secrets

from schedlab.analysis import gc
from schedlab.learn.labs.attempt import Attempt, Misbehaved, json_of
from schedlab.learn.labs.grading import Check, Part
from schedlab.learn.labs.verdicts import Finding, right, wrong
from schedlab.process import GoSettings

REQUESTS = 1000
MOST_CYCLES = 5
MOST_BYTES = 128 << 20
# A buffer of the right size for each request costs some 40 cycles of 4 MiB, one that grows to it over 150.
_MOST_OF_NEW_ONES = 80
_WORDS = 16 << 10


def _judge(attempt: Attempt) -> Finding:
    seed = secrets.randbits(40)
    settings = GoSettings(gomaxprocs=1, gogc=100)
    timeline, finished = attempt.record(["-seed", seed], settings=settings)
    if json_of(finished).get("total") != _total(seed):
        raise Misbehaved(
            "wrong_result",
            "The responses are not what they were: each must hold its own words, all of them and no others. "
            "A buffer that comes out of a pool still has in it what was in it.",
        )
    cycles, most = len(gc.cycles(timeline)), finished.max_rss_bytes
    seen: dict[str, int | float | str] = {
        "requests": REQUESTS,
        "garbage collections": cycles,
        "MiB of memory at most": most >> 20,
    }
    if most > MOST_BYTES:
        return wrong(
            "memory_grows",
            f"{cycles} collections, and {most >> 20} MiB of memory: the buffers are made as before, and "
            "nothing is given back. The collector is not the trouble; it shows it.",
            **seen,
        )
    if cycles <= MOST_CYCLES:
        return right(
            f"{cycles} collections for {REQUESTS} responses of 128 KiB: the buffer that has grown goes back, "
            "and comes out again with all its room.",
            **seen,
        )
    if cycles <= _MOST_OF_NEW_ONES:
        return wrong(
            "new_each_time",
            f"{cycles} collections: a buffer need not grow any more, and there is still a new one for each "
            "request. Room of the right size is made once and used again.",
            **seen,
        )
    return wrong(
        "grows_again",
        f"{cycles} collections for {REQUESTS} requests. Every buffer comes small out of the pool and grows "
        "to 128 KiB, step by step, each step a new one. What grew is not what goes back.",
        **seen,
    )


def _total(seed: int) -> int:
    """What all words of all responses add up to."""
    requests, words = REQUESTS, _WORDS
    first = words * (requests * seed + requests * (requests - 1) // 2)
    return (first + requests * (words * (words - 1) // 2)) % (1 << 64)


CHECK = Check(
    (Part("collections", f"at most {MOST_CYCLES} garbage collections for {REQUESTS} requests", _judge),)
)
