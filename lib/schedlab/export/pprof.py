"""Where goroutines spent their time off a processor, as a pprof profile.

>>> Path("sched.pb.gz").write_bytes(pprof.profile(timeline, "sched"))      # doctest: +SKIP
$ go tool pprof -top sched.pb.gz

The kinds are those of ``go tool trace -pprof=KIND``, and so are the two sample types: ``contentions``
(count) and ``delay`` (nanoseconds). Source: ``makeComputePprofFunc`` in cmd/trace/pprof.go and
``BuildProfile`` in internal/trace/traceviewer/pprof.go (Go 1.27).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from schedlab.capture import pprof
from schedlab.errors import UsageError
from schedlab.timeline import OPEN_END, OPEN_START, Lane, State, Timeline

Kind = Literal["sched", "sync", "block", "syscall", "net"]


@dataclass(frozen=True, slots=True)
class _Waits:
    """Which spans a kind counts: a state, and, if it is WAITING, the reasons."""

    state: State
    title: str
    reason: Callable[[str], bool] | None = None


def _is_synchronisation(reason: str) -> bool:
    # computePprofBlock in cmd/trace/pprof.go.
    return any(part in reason for part in ("chan", "sync", "select"))


def _is_network(reason: str) -> bool:
    # computePprofIO there.
    return reason == "network"


_SYNC: Final = _Waits(State.WAITING, "blocked on channels, sync and select", _is_synchronisation)
_KINDS: Final[Mapping[str, _Waits]] = {
    "sched": _Waits(State.RUNNABLE, "runnable, waiting for a P"),
    "sync": _SYNC,
    "block": _SYNC,
    "syscall": _Waits(State.SYSCALL, "in a system call"),
    "net": _Waits(State.WAITING, "waiting for the network", _is_network),
}

# What pprof shows for the program, whose file a trace does not name.
_PROGRAM: Final = pprof.ObjectFile("traced program", "", 0, 0, 0)


def profile(timeline: Timeline, kind: Kind, *, as_go_tool: bool = False) -> bytes:
    """``records`` as the gzipped profile.proto message that ``go tool pprof`` reads.

    Raises:
        UsageError: there is no such kind.
    """
    return pprof.dump(records(timeline, kind, as_go_tool=as_go_tool))


def records(timeline: Timeline, kind: Kind, *, as_go_tool: bool = False) -> pprof.Profile:
    """The time that goroutines spent waiting, by the stack at which each of them waits.

    - ``sched``: runnable, from the moment it could run to the moment it ran. The stack is its own.
    - ``sync`` (or ``block``): waiting for a reason with "chan", "sync" or "select" in it.
    - ``syscall``: in a system call, with or without its P.
    - ``net``: waiting for the network poller.

    A span that the capture's beginning or end cuts is left out: nobody knows how long it was.

    With ``as_go_tool`` the profile is that of ``go tool trace -pprof=KIND``, which differs in three ways.
    It leaves out what a goroutine waited before it first ran in the capture (``pprofMatchingGoroutines``
    begins at its ``StartTime``): for ``sched`` that is the first wait of every goroutine. It does not count
    a span that took no time by the capture's clock. And ``sched`` has the stack of the event
    (``startEv.Stack``): of who made the goroutine runnable, where the goroutine did not do it itself.

    The result is a sample per stack, its values int64[n, 2], ns in the second column. It is empty, and
    valid, if nothing waited.

    Raises:
        UsageError: there is no such kind.
    """
    if kind not in _KINDS:
        raise UsageError(f"no profile of kind {kind!r}", remedy=f"Kinds: {', '.join(_KINDS)}.")
    waits = _KINDS[kind]
    rows = _rows(timeline, waits)
    if as_go_tool:
        rows = rows[_counted_by_the_tool(timeline, rows)]
    # Of a runnable span the tool takes the event's stack, which is the waker's; see above.
    column = "end" if as_go_tool and waits.state is State.RUNNABLE else "stack"
    stacks, count, delay = _by_stack(timeline.spans[column][rows], timeline.spans["dur"][rows])
    values = np.stack([count, delay], axis=1)
    values.setflags(write=False)
    stack_ids = np.arange(len(stacks), dtype=np.int64)
    stack_ids.setflags(write=False)
    return pprof.Profile(
        sample_types=(
            pprof.ValueType("contentions", "count"),
            pprof.ValueType("delay", "nanoseconds"),
        ),
        default_sample_type="delay",
        values=values,
        stack_ids=stack_ids,
        stacks=_frames(timeline, stacks),
        labels=((),) * len(stacks),
        period=1,
        period_type=pprof.ValueType("trace", "count"),
        # An execution trace's clock says how long, not when.
        time_ns=0,
        duration_ns=timeline.duration_ns,
        comments=(f"goroutines {waits.title}; from {timeline.meta.get('source', 'a timeline')}",),
        drop_frames="",
        keep_frames="",
        doc_url="",
        object_files=(_PROGRAM,),
    )


def _rows(timeline: Timeline, waits: _Waits) -> npt.NDArray[np.int64]:
    spans = timeline.spans
    chosen = (spans["lane"] == int(Lane.GOROUTINE)) & (spans["state"] == int(waits.state))
    chosen &= (spans["flags"] & (OPEN_START | OPEN_END)) == 0
    if waits.reason is not None:
        wanted = [number for number, reason in enumerate(timeline.reasons) if waits.reason(reason)]
        chosen &= np.isin(spans["reason"], wanted)
    return np.flatnonzero(chosen)


def _counted_by_the_tool(timeline: Timeline, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    spans = timeline.spans
    runs = np.flatnonzero((spans["lane"] == int(Lane.GOROUTINE)) & (spans["state"] == int(State.RUNNING)))
    # The StartTime of a goroutine that never ran is 0, so all of it counts.
    first_run = np.full(len(timeline.goroutines["id"]), np.iinfo(np.int64).max)
    np.minimum.at(first_run, spans["id"][runs], spans["start"][runs])
    first_run[first_run == np.iinfo(np.int64).max] = 0
    counted: npt.NDArray[np.bool_] = (spans["dur"][rows] > 0) & (
        spans["start"][rows] >= first_run[spans["id"][rows]]
    )
    return counted


def _by_stack(
    stack: npt.NDArray[Any], dur: npt.NDArray[Any]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The different stacks, how often each occurs, and the sum of its durations. Exact: no floats."""
    stacks, which, count = np.unique(stack, return_inverse=True, return_counts=True)
    delay = np.zeros(len(stacks), np.int64)
    np.add.at(delay, which, dur)
    return stacks.astype(np.int64), count.astype(np.int64), delay


def _frames(timeline: Timeline, stacks: npt.NDArray[np.int64]) -> tuple[tuple[pprof.Frame, ...], ...]:
    start, frame = timeline.stacks["start"], timeline.stacks["frame"]
    parts = [frame[int(start[number]) : int(start[number + 1])].tolist() for number in stacks.tolist()]
    made = {number: _frame(timeline, number) for number in {number for part in parts for number in part}}
    # A frame that has no name, file or line says nothing: the tool takes such a stack, of PC 0, for none.
    return tuple(tuple(known for number in part if (known := made[number])) for part in parts)


def _frame(timeline: Timeline, number: int) -> pprof.Frame | None:
    function, file = (timeline.texts[int(timeline.frames[name][number])] for name in ("function", "file"))
    line = int(timeline.frames["line"][number])
    if not (function or file or line):
        return None
    return pprof.Frame(function or "<unknown>", file, line, function, 0, _PROGRAM)
