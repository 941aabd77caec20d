"""What the scheduler's work takes, in ns: the numbers of a machine, not of a release."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from schedlab.errors import UsageError


@dataclass(frozen=True, slots=True)
class Costs:
    """Times in ns. ``./course bench sim`` fits those that matter to the machine that it runs on.

    ``switch_ns``: from one goroutine to the next. ``ready_ns``: to make one runnable. ``spawn_ns``: to create
    one. ``step_ns``: a channel, lock or counter. ``look_ns``: to look at another P's queue. ``wake_ns``: to
    wake a thread, for who does it (``futexwakeup``); ``ready_wake_ns``, for a goroutine that by making
    another one runnable wakes a thread. ``start_ns``: until the woken thread runs;
    ``cold_start_ns``, if it slept for more than ``cold_after_ns``, as its CPU then has halted. Both are
    medians of a log-normal, the deviation of whose logarithm is ``start_spread``. ``thread_ns``: to make a
    thread. ``slack_ns``: how much later than asked a sleeping thread is woken (timer slack),
    ``poll_slack_ns`` the same of one in the network poller. ``poll_ns``: to ask that. ``syscall_ns``: into a
    system call and out of it. ``read_ns``, ``write_ns``: a system call on a socket, which does not wait.
    ``cgo_ns``: into a call to C, or back to it. ``spin_ns``: a turn of spinning before a mutex.
    ``signal_ns``: until a signal stops a goroutine. ``stop_ns``: what each stop of the world does while it
    lasts. ``mark_ns_per_kib``: to mark a KiB of live heap. ``sweep_ns``: to sweep a span;
    ``free_ns``: to find and free a large one, for who allocates.
    """

    switch_ns: int = 250
    ready_ns: int = 60
    spawn_ns: int = 350
    step_ns: int = 40
    look_ns: int = 15
    wake_ns: int = 1_500
    ready_wake_ns: int = 1_500
    start_ns: int = 2_000
    start_spread: float = 0.5
    cold_start_ns: int = 40_000
    cold_after_ns: int = 200_000
    thread_ns: int = 30_000
    slack_ns: int = 52_000
    poll_slack_ns: int = 60_000
    poll_ns: int = 600
    syscall_ns: int = 120
    read_ns: int = 1_000
    write_ns: int = 5_000
    cgo_ns: int = 60
    spin_ns: int = 1_000
    signal_ns: int = 15_000
    stop_ns: int = 20_000
    mark_ns_per_kib: int = 700
    sweep_ns: int = 300
    free_ns: int = 4_000

    def replace(self, **changes: Any) -> Costs:
        """These costs but for ``changes``.

        Raises:
            UsageError: there is no such cost, or it is negative.
        """
        names = {field.name for field in dataclasses.fields(self)}
        for name, value in changes.items():
            if name not in names:
                raise UsageError(
                    f"there is no cost {name!r}", remedy=f"There are: {', '.join(sorted(names))}."
                )
            if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
                raise UsageError(f"{name}: {value!r} is no time in ns")
            if not isinstance(value, type(getattr(self, name))) and name != "start_spread":
                raise UsageError(f"{name}: {value!r} is no whole number of ns")
        return dataclasses.replace(self, **changes)
