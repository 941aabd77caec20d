"""A thousand goroutines have computed with large buffers, and wait on small stacks."""

from __future__ import annotations

import secrets

import numpy as np

from schedlab.learn.labs.attempt import Attempt
from schedlab.learn.labs.checks._looks import MAIN, goroutines, quiet
from schedlab.learn.labs.grading import Check, Part
from schedlab.learn.labs.verdicts import Finding, right, wrong
from schedlab.process import GoSettings

CLIENTS = 1000
MOST_STACK = 4 << 10
_ROOM = 16 << 10


def _judge(attempt: Attempt) -> Finding:
    seed = secrets.randbelow(1 << 20)
    with attempt.held(["-seed", seed], settings=GoSettings(gomaxprocs=2)) as held:
        held.await_line("ready")
        gs = goroutines(quiet(held))
        finished = held.finish()
    if finished.stdout.split() != ["ready", str(_total(seed))]:
        return wrong(
            "wrong_digest", "The digests are not what they were. They must stay as the starter has them."
        )
    own = np.array([not str(name).startswith("runtime.") for name in gs.function], dtype=bool)
    waiting = gs.alive & own & (gs.id != MAIN)
    count = int(waiting.sum())
    seen: dict[str, int | float | str] = {"goroutines that wait": count}
    if count < CLIENTS:
        return wrong(
            "too_few",
            f"{count} goroutines wait, and {CLIENTS} clients are connected. In this lab each has a goroutine "
            "of its own, which is there as long as its client.",
            **seen,
        )
    size = np.sort(gs.stack_size[waiting])[-CLIENTS:]
    used = (gs.stack_high - gs.sp)[waiting].astype(np.int64)
    largest, most_used = int(size.max()), int(used.max())
    seen |= {"largest stack, bytes": largest, "most that is used of one, bytes": most_used}
    if largest <= MOST_STACK:
        return right(
            f"{count} goroutines wait, and the largest stack is one of {largest} bytes. What is needed for a "
            "moment only lies elsewhere than in the stack of somebody who stays.",
            **seen,
        )
    if most_used > MOST_STACK:
        return wrong(
            "in_use",
            f"A goroutine waits with a stack of {largest} bytes, and {most_used} of them are in use: the "
            "frame with the buffer is still there while it waits.",
            **seen,
        )
    # A buffer of that size has never fitted into a stack of that size: it was larger, and has shrunk.
    if largest <= _ROOM:
        return wrong(
            "halved",
            f"The largest stack has shrunk, and is still one of {largest} bytes. A collection makes a stack "
            "smaller by half and no more, if less than a quarter is used. A program cannot rely on it.",
            **seen,
        )
    return wrong(
        "never_shrunk",
        f"At most {most_used} bytes are in use, and the stack is still one of {largest}. The function that "
        "needed them has returned; that moves the stack pointer, and gives nothing back.",
        **seen,
    )


def _total(seed: int) -> int:
    """What the digests of all clients add up to."""
    n, i = np.arange(CLIENTS, dtype=np.int64)[:, None], np.arange(_ROOM, dtype=np.int64)[None, :]
    return int(((seed + n * i) & 255).sum())


CHECK = Check((Part("stacks", f"{CLIENTS} goroutines wait, each on at most {MOST_STACK} bytes", _judge),))
