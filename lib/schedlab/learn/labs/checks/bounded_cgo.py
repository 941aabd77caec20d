"""A hundred goroutines call C, eight at once all the time, and only who is in C has a thread."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

import numpy as np

from schedlab.capture.xray import Snapshot
from schedlab.learn.labs.attempt import Attempt, Held, Misbehaved, last_json_of
from schedlab.learn.labs.checks._looks import IN_SYSCALL, RUNNABLE, RUNNING, goroutines, look, quiet
from schedlab.learn.labs.grading import Check, Part
from schedlab.learn.labs.verdicts import Finding, right, wrong
from schedlab.process import GoSettings

CALLS = 100
AT_ONCE = 8
MOST_THREADS = 20

_PS = 2
_WORD = 1 << 64
_BACK = b"."
"""What ends one call in C (given/slow): a byte on standard input."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen: the first four when nothing moved and no call was back, the others after that.

    ``refilled``: when one call was back, another went out. ``calls``: into C, by the runtime's count.
    """

    in_c: int = AT_ONCE
    threads: int = AT_ONCE
    locked: int = 0
    ps: int = _PS
    refilled: bool = True
    calls: int = CALLS


def _judge(attempt: Attempt) -> Finding:
    seed = secrets.randbits(62)
    with attempt.held(["-seed", seed], settings=GoSettings(gomaxprocs=_PS)) as held:
        held.await_line("ready")
        snapshot = _all_out(held)
        seen = _first(snapshot, held.threads())
        if decide(seen).code:
            return decide(seen)
        # The runtime itself has called C too, to start threads. No call of the program's is back yet.
        others = _calls(snapshot) - seen.in_c
        refilled = _refilled(held)
        held.give(_BACK * (CALLS - 1))
        held.await_line("done")
        calls = _calls(quiet(held)) - others
        finished = held.finish()
    found = decide(replace(seen, refilled=refilled, calls=calls))
    if not found.code and last_json_of(finished).get("total") != _total(seed):
        raise Misbehaved(
            "wrong_result", "The sum of the answers is not what it was. Each question is asked once."
        )
    return found


def decide(seen: Seen) -> Finding:
    """What to say of what was seen."""
    numbers: dict[str, int | float | str] = {
        "threads": seen.threads,
        "calls in C at once": seen.in_c,
        "calls in C in all": seen.calls,
        "goroutines locked to a thread": seen.locked,
        "GOMAXPROCS": seen.ps,
    }
    if not seen.in_c:
        return wrong(
            "no_call",
            "Nothing moves, and no call is in C: everybody waits, and there is nobody to wait for. (Go does "
            "not report a deadlock of a program that uses C.)",
            **numbers,
        )
    if seen.in_c > AT_ONCE:
        return _unbounded(seen, numbers)
    if seen.threads > MOST_THREADS:
        return wrong(
            "locked_threads",
            f"{seen.in_c} calls are in C, and there are {seen.threads} threads: {seen.locked} goroutines are "
            "locked to theirs. Who is locked to a thread and waits makes the thread wait too, in C or not.",
            **numbers,
        )
    if seen.in_c == 1:
        return wrong(
            "one_at_a_time",
            f"One call is in C, and {AT_ONCE} may be. Threads are saved, and so is the work of the library: "
            f"{CALLS} calls take as long as {CALLS} calls one after the other.",
            **numbers,
        )
    if seen.in_c < AT_ONCE:
        return wrong(
            "too_few",
            f"{seen.in_c} calls are in C while all others wait, and {AT_ONCE} may be.",
            **numbers,
        )
    if seen.calls < CALLS:
        return wrong(
            "calls_missing",
            f"C was called {seen.calls} times, and there are {CALLS} questions. Who finds no place has to "
            "wait for one, not to go without.",
            **numbers,
        )
    if not seen.refilled:
        return wrong(
            "in_batches",
            f"One call of {AT_ONCE} came back, and nobody went out in its place: {AT_ONCE - 1} in C, and all "
            "others wait. Each batch waits for its slowest call, and its places stay empty until then.",
            **numbers,
        )
    return right(
        f"{seen.in_c} calls in C at once, all {CALLS} in the end, and {seen.threads} threads. Who waits for "
        "a place waits in Go, and has no thread.",
        **numbers,
    )


def _unbounded(seen: Seen, numbers: dict[str, int | float | str]) -> Finding:
    if seen.ps != _PS:
        return wrong(
            "gomaxprocs",
            f"GOMAXPROCS is {seen.ps} now, and {seen.in_c} calls are in C, on {seen.threads} threads. It "
            "bounds the threads that run Go code. A thread in C has given its P away and is not counted.",
            **numbers,
        )
    return wrong(
        "too_many_threads",
        f"{seen.in_c} calls are in C at once, where {AT_ONCE} may be, and there are {seen.threads} threads. "
        "Go cannot look into C: each call that is out keeps a thread, and the next goroutine needs another.",
        **numbers,
    )


def _all_out(held: Held) -> Snapshot:
    """A look when all who can call have called, and nothing moves."""
    found: list[Snapshot] = []

    def is_so() -> bool:
        found[:] = [quiet(held)]
        return _is_still(found[0])

    held.watch(is_so)
    return found[0]


def _is_still(snapshot: Snapshot) -> bool:
    """Whether everybody is in C or parked.

    Who is on the way into C or out of it is in a system call, for Go, and not in C (runtime.cgocall); and so
    is main while it prints.
    """
    state = goroutines(snapshot).state
    return not np.isin(state, (RUNNABLE, RUNNING)).any() and int((state == IN_SYSCALL).sum()) == _in_c(
        snapshot
    )


def _first(snapshot: Snapshot, threads: int) -> Seen:
    """What it is like when all who can call have called."""
    gs = goroutines(snapshot)
    own = np.array([not str(name).startswith("runtime.") for name in gs.function], dtype=bool)
    return Seen(
        in_c=_in_c(snapshot),
        threads=threads,
        locked=int((gs.alive & own & (gs.lockedm >= 0)).sum()),
        ps=snapshot.sched.gomaxprocs,
    )


def _refilled(held: Held) -> bool:
    """Let one call come back: whether another one goes out while the others stay."""
    before = _calls(look(held))
    found: list[bool] = []

    def is_settled() -> bool:
        snapshot = look(held)
        if snapshot.torn:
            return False
        found[:] = [_calls(snapshot) > before]
        return found[0] or (_is_still(snapshot) and _in_c(snapshot) < AT_ONCE)

    held.give(_BACK)
    if not held.watch(is_settled):
        raise Misbehaved("never_back", "A call in C was told to come back, and nothing came of it.")
    return found[0]


def _in_c(snapshot: Snapshot) -> int:
    """How many threads are in a call of C."""
    assert snapshot.ms.in_cgo is not None, "every release that builds labs has m.incgo"
    return int(snapshot.ms.in_cgo.sum())


def _calls(snapshot: Snapshot) -> int:
    """How often C was called so far."""
    assert snapshot.ms.cgo_calls is not None, "every release that builds labs has m.ncgocall"
    return int(snapshot.ms.cgo_calls.sum())


def _total(seed: int) -> int:
    """What the answers add up to: those of given/slow to so many questions."""
    return sum(_answer(seed + n) for n in range(CALLS)) % _WORD


def _answer(question: int) -> int:
    question = (question + 0x9E3779B97F4A7C15) % _WORD
    question = (question ^ question >> 30) * 0xBF58476D1CE4E5B9 % _WORD
    question = (question ^ question >> 27) * 0x94D049BB133111EB % _WORD
    return question ^ question >> 31


CHECK = Check(
    (
        Part(
            "threads",
            f"{CALLS} calls into C, {AT_ONCE} at once all the time, on at most {MOST_THREADS} threads",
            _judge,
        ),
    )
)
