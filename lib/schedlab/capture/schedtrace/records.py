"""The record types of schedtrace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from schedlab.capture.stderr_lines import Line, Reject

if TYPE_CHECKING:
    # Half a second to import: only who asks for a table waits for it.
    import pandas as pd

SCALARS = (
    "gomaxprocs",
    "idleprocs",
    "threads",
    "spinningthreads",
    "needspinning",
    "idlethreads",
    "runqueue",
)
"""The counts of a SCHED line, in the order of the newest releases."""

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class SummaryTable:
    """The SCHED lines, one row each, in input order.

    Every array is int64 and read-only; -1 says "not printed".

    - Shape ``(n,)``: ``line`` (1-based), ``time_ms`` (milliseconds since the runtime's first SCHED line)
      and the counts. ``spinningthreads`` is also Go 1.2's ``nmspinning``, printed with scheddetail alone.
    - Shape ``(n, max_p)``, padded with -1: ``local_runq`` (the length of each P's run queue) and
      ``schedticks`` (how often each P has called the scheduler). With scheddetail they are from the P lines.
    - ``extra``: for the rows that have any, the keys that no known release prints, with their text.

    Source: ``schedtrace`` in runtime/proc.go.
    """

    line: Integers
    time_ms: Integers
    gomaxprocs: Integers
    idleprocs: Integers
    threads: Integers
    spinningthreads: Integers
    needspinning: Integers
    idlethreads: Integers
    runqueue: Integers
    local_runq: Integers
    schedticks: Integers
    extra: Mapping[int, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("line", "time_ms", *SCALARS, "local_runq", "schedticks"):
            getattr(self, name).setflags(write=False)

    def __len__(self) -> int:
        return len(self.line)

    @property
    def max_p(self) -> int:
        """The most Ps that any row shows."""
        return int(self.local_runq.shape[1])

    def to_pandas(self) -> pd.DataFrame:
        """One row per SCHED line; ``runq_p0…`` and ``schedtick_p0…`` hold one P each; -1 becomes ``<NA>``."""
        import pandas as pd

        columns = {name: _column(getattr(self, name)) for name in ("line", "time_ms", *SCALARS)}
        for p in range(self.max_p):
            columns[f"runq_p{p}"] = _column(self.local_runq[:, p])
        for p in range(self.max_p):
            columns[f"schedtick_p{p}"] = _column(self.schedticks[:, p])
        for key in sorted({key for extra in self.extra.values() for key in extra}):
            values = [self.extra.get(row, {}).get(key) for row in range(len(self))]
            columns[f"extra_{key}"] = pd.Series(values, dtype="string")
        return pd.DataFrame(columns)


@dataclass(frozen=True, slots=True)
class P:
    """One ``  P0: …`` line. ``m`` is None for a P without an M; ``timerslen`` since Go 1.14, else None."""

    line: int
    id: int
    status: int
    status_name: str
    schedtick: int
    syscalltick: int
    m: int | None
    runqsize: int
    gfreecnt: int
    timerslen: int | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class M:
    """One ``  M0: …`` line. ``p``, ``curg`` and ``lockedg`` are None where the M has none.

    ``preemptoff`` is the reason why preemption is off, empty when it is on, None where it is not printed;
    ``blocked`` is None where it is not printed.
    """

    line: int
    id: int
    p: int | None
    curg: int | None
    mallocing: int
    throwing: int
    preemptoff: str | None
    locks: int
    dying: int
    spinning: bool
    blocked: bool | None
    lockedg: int | None
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class G:
    """One ``  G1: …`` line. ``status`` is the number as printed, with the scan bit that ``scan`` tells.

    ``wait_reason`` is the text in brackets: why the G waits or, when it no longer waits, why it last did.
    """

    line: int
    id: int
    status: int
    status_name: str
    scan: bool
    wait_reason: str
    m: int | None
    lockedm: int | None
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Detail:
    """What scheddetail printed at one time: a SCHED line and the P, M and G lines after it.

    ``row`` is the row of the SCHED line in the table beside it, ``line`` its line. A count is -1 where the
    release does not print it. The runtime holds ``sched.lock`` but stops nobody, so the parts may
    contradict each other.
    """

    row: int
    line: int
    time_ms: int
    gomaxprocs: int
    idleprocs: int
    threads: int
    spinningthreads: int
    needspinning: int
    idlethreads: int
    runqueue: int
    gcwaiting: bool
    nmidlelocked: int
    stopwait: int
    sysmonwait: bool
    ps: tuple[P, ...]
    ms: tuple[M, ...]
    gs: tuple[G, ...]
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class SchedBlock:
    """Part of a trace: what ``lines`` input lines, from ``first_line`` on, completed.

    A scheddetail snapshot is complete when the next SCHED line comes, so it may belong to lines of an
    earlier block. ``lines`` is 0 in a block that brings only what was held back.
    """

    first_line: int
    lines: int
    summaries: SummaryTable
    snapshots: tuple[Detail, ...]
    program_output: tuple[Line, ...]
    rejects: tuple[Reject, ...]


@dataclass(frozen=True, slots=True, eq=False)
class SchedTrace:
    """A whole trace. Each of its ``lines`` input lines is in at least one of the four.

    A line is in two of them when several things were printed into it without a newline between.
    ``release`` is the one that was asked for, ``status_names`` says where the status names come from.
    """

    lines: int
    summaries: SummaryTable
    snapshots: tuple[Detail, ...]
    program_output: tuple[Line, ...]
    rejects: tuple[Reject, ...]
    release: str | None
    status_names: str


def _column(values: Integers) -> pd.Series[int]:
    import pandas as pd

    series = pd.Series(values, dtype="Int64")
    return series.mask(series == -1) if bool((values == -1).any()) else pd.Series(values)
