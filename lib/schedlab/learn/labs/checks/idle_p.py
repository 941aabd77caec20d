"""Both Ps compute at once, and no more is computed than has to be."""

from __future__ import annotations

import secrets
from statistics import median

import numpy as np

from schedlab.learn.labs.attempt import Attempt, Misbehaved, json_of, reference
from schedlab.learn.labs.grading import Check, Part
from schedlab.learn.labs.verdicts import Finding, right, wrong
from schedlab.process import Finished, GoSettings
from schedlab.timeline import Lane, State, Timeline

PS = 2
CHUNKS = 40
WORKERS = 4
_ROUNDS = 2_000_000

# Of two Ps at work at once: 1 is one after the other, 2 is both all the time. A busy machine does not matter:
# a goroutine whose thread the kernel has put aside still runs, for Go.
_LEAST_AT_ONCE = 1.3
# CPU time, as a multiple of the solution's. Who spins on two Ps uses twice as much.
_MOST_CPU = 1.5
_PAIRS = 3

_MULTIPLIER, _INCREMENT, _MODULUS = 6364136223846793005, 1442695040888963407, 1 << 64


def _judge(attempt: Attempt) -> Finding:
    timeline, seed = _recorded(attempt)
    at_once, workers, ps = _at_once(timeline), _workers(timeline), _ps(timeline)
    seen: dict[str, int | float | str] = {
        "Ps that compute at once, on average": at_once,
        "goroutines that computed": workers,
        "Ps": ps,
    }
    # With more Ps than CPUs a waiter that spins for a moment may be put aside by the kernel in just that
    # moment, and counts as running for as long: what is at once can then not be told by Go's count.
    if at_once < _LEAST_AT_ONCE or ps != PS:
        return _serial(seen)
    ratio = _cpu_ratio(attempt, seed)
    seen["CPU time, as a multiple of the solution's"] = ratio
    if ratio > _MOST_CPU:
        return wrong(
            "spinning",
            f"No P is idle, and the program uses {ratio:.1f} times the CPU time that the sums take. Who "
            "waits by asking again and again keeps a P busy; still only one goroutine computes.",
            **seen,
        )
    return right(
        f"While anything computed, {at_once:.2f} Ps did on average. A lock is for the moment in which the "
        "shared thing is touched; work that touches nothing shared is done outside of it.",
        **seen,
    )


def _serial(seen: dict[str, int | float | str]) -> Finding:
    at_once, workers, ps = seen.values()
    if workers == 1:
        return wrong(
            "one_goroutine",
            "All sums are computed by one goroutine, and one goroutine runs on one P at a time. "
            "The lock is gone, and so is everybody who could have computed beside it.",
            **seen,
        )
    if ps != PS:
        return wrong(
            "more_ps",
            f"There are {ps} Ps now, where the task has {PS}. A P is a right to run; more Ps do not help "
            "where only one goroutine may go on.",
            **seen,
        )
    if int(workers) > 2 * WORKERS:
        return wrong(
            "more_goroutines",
            f"{workers} goroutines compute now, still one after the other: {at_once:.2f} Ps at once. More "
            "goroutines help if they can run; these all wait for the same thing.",
            **seen,
        )
    return wrong(
        "serialised",
        f"While anything computed, {at_once:.2f} Ps did on average: when one worker computes, the others "
        "wait for it. The other P has nothing to run: there are goroutines, and none of them is runnable.",
        **seen,
    )


def _recorded(attempt: Attempt) -> tuple[Timeline, int]:
    seed = secrets.randbits(40)
    timeline, finished = attempt.record(["-seed", seed], settings=GoSettings(gomaxprocs=PS))
    _check_sum(finished, seed)
    return timeline, seed


def _check_sum(finished: Finished, seed: int) -> None:
    if json_of(finished).get("total") != _total(seed):
        raise Misbehaved(
            "wrong_sum", "The sums are not what they were. The total must stay as the starter has it."
        )


def _total(seed: int) -> int:
    """What all chunks add up to: a step of the generator many times over, by squaring."""
    factor, addend, step_factor, step_addend, rounds = 1, 0, _MULTIPLIER, _INCREMENT, _ROUNDS
    while rounds:
        if rounds & 1:
            factor, addend = factor * step_factor, addend * step_factor + step_addend
        step_factor, step_addend = step_factor * step_factor, step_addend * (step_factor + 1)
        factor, addend = factor % _MODULUS, addend % _MODULUS
        step_factor, step_addend, rounds = step_factor % _MODULUS, step_addend % _MODULUS, rounds >> 1
    return sum((factor * (seed + chunk) + addend) % _MODULUS for chunk in range(CHUNKS)) % _MODULUS


def _own_running(timeline: Timeline) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Start, end and goroutine of each span in which a goroutine of the program's own ran."""
    spans = timeline.spans
    own = np.array(
        [
            str(name).startswith("main.") or name == "runtime.main"
            for name in timeline.names(timeline.goroutine_function)
        ],
        dtype=bool,
    )
    chosen = (np.asarray(spans["lane"]) == int(Lane.GOROUTINE)) & (
        np.asarray(spans["state"]) == int(State.RUNNING)
    )
    rows = np.flatnonzero(chosen)
    rows = rows[own[np.asarray(spans["id"][rows])]]
    start = np.asarray(spans["start"][rows], dtype=np.int64)
    return start, start + np.asarray(spans["dur"][rows], dtype=np.int64), np.asarray(spans["id"][rows])


def _at_once(timeline: Timeline) -> float:
    """How many goroutines of the program's ran at once, on average over the time in which any did."""
    start, end, _ = _own_running(timeline)
    order = np.argsort(start)
    start, end = start[order], end[order]
    reached = np.maximum.accumulate(end)
    before = np.concatenate([start[:1], reached[:-1]])
    covered = np.clip(reached - np.maximum(start, before), 0, None).sum()
    return float((end - start).sum() / covered)


def _workers(timeline: Timeline) -> int:
    """How many goroutines ran for at least a twentieth of the longest time that one ran."""
    start, end, goroutine = _own_running(timeline)
    times = np.bincount(goroutine, end - start)
    return int((times >= max(times.max() / 20, 1)).sum())


def _ps(timeline: Timeline) -> int:
    """How many Ps there were."""
    spans = timeline.spans
    return len(set(np.asarray(spans["id"])[np.asarray(spans["lane"]) == int(Lane.PROC)].tolist()))


def _cpu_ratio(attempt: Attempt, seed: int) -> float:
    """CPU time by the kernel's count beside that of the solution: the median of runs in turn."""
    solution, settings = reference(attempt.lab), GoSettings(gomaxprocs=PS)
    ratios = []
    for _ in range(_PAIRS):
        theirs = solution.run(["-seed", seed], settings=settings)
        answer = attempt.run(["-seed", seed], settings=settings)
        ratios.append(answer.user_ns / theirs.user_ns)
    return median(ratios)


CHECK = Check((Part("both Ps", "both Ps compute at once, and nobody spins", _judge),))
