"""Constants of the scheduler that a build can have otherwise: to see what they are good for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict, cast, get_type_hints

from schedlab.errors import UsageError

_LEAST_SLICE_NS = 40_000
_MOST_SLICE_NS = 10**12
_LONGEST_QUEUE = 1 << 14
_MOST_TURNS = 1 << 20


class Overrides(TypedDict, total=False):
    """What a build has otherwise than the release. What is left out stays as it is.

    ``local_queue``: places in a P's local run queue, a power of two (256; ``p.runq``, runtime2.go).
    ``global_every``: a P looks first into the global queue every so many turns (61; ``findRunnable``).
    ``global_batch``: the most goroutines that a P takes from the global queue at once, when it has none of
    its own; never more than half a local queue (128; ``globrunqgetbatch``, before Go 1.25 ``globrunqget``).
    ``stealing``: False, and no P takes goroutines from another's queue (``runqsteal``, ``checkRunqsNoP``);
    it still runs other Ps' timers. ``runnext``: False, and a goroutine made runnable goes to the queue's
    end (``runqput``). ``time_slice_ns``: how long a goroutine may run before sysmon asks it to give way
    (10 ms; ``forcePreemptNS``). For a shorter slice sysmon, which sleeps up to 10 ms, sleeps at most half of
    it; a goroutine is asked after one to one and a half slices.
    """

    local_queue: int
    global_every: int
    global_batch: int
    stealing: bool
    runnext: bool
    time_slice_ns: int


def checked(constants: Mapping[str, object]) -> Overrides:
    """``constants``, if they can be built.

    Raises:
        UsageError: an unknown name, or a value that the runtime would not work with.
    """
    kinds = get_type_hints(Overrides)
    for name, value in constants.items():
        if name not in kinds:
            raise UsageError(
                f"there is no constant {name!r} to override", remedy=f"There are: {', '.join(kinds)}."
            )
        if type(value) is not kinds[name]:
            raise UsageError(f"{name}: {value!r} is not of type {kinds[name].__name__}")
    chosen = cast(Overrides, dict(constants))
    queue = chosen.get("local_queue", 256)
    if not 2 <= queue <= _LONGEST_QUEUE or queue & (queue - 1):
        raise UsageError(f"local_queue: {queue} is no power of two from 2 to {_LONGEST_QUEUE}")
    _check_range("global_every", chosen.get("global_every", 61), 1, _MOST_TURNS)
    _check_range("global_batch", chosen.get("global_batch", 128), 1, _LONGEST_QUEUE // 2)
    _check_range("time_slice_ns", chosen.get("time_slice_ns", 10**7), _LEAST_SLICE_NS, _MOST_SLICE_NS)
    return chosen


def flags(chosen: Overrides) -> list[str]:
    """The patcher's arguments for them."""
    numbers = {
        "local_queue": "-local-queue",
        "global_every": "-global-every",
        "global_batch": "-global-batch",
        "time_slice_ns": "-time-slice",
    }
    given = [f"{flag}={chosen[name]}" for name, flag in numbers.items() if name in chosen]  # type: ignore[literal-required]
    if not chosen.get("stealing", True):
        given.append("-no-stealing")
    if not chosen.get("runnext", True):
        given.append("-no-runnext")
    return given


def _check_range(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise UsageError(f"{name}: {value} is not from {least} to {most}")
