"""What a run with probes leaves: counters, and events in columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from schedlab.capture.probes.kinds import KINDS, NAMES, RUNS
from schedlab.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

NOBODY = -1
"""No P: code that ran without one (sysmon, a handoff, the end of a system call)."""


@dataclass(frozen=True, slots=True, eq=False)
class Counters:
    """How often each thing was done, by the P that did it.

    ``p``, int32, shape (rows,): the Ps that there were, then NOBODY. ``counts``, uint64, shape
    (rows, kinds): in the order of ``NAMES``. ``taken``, uint32, shape (rows, 256): goroutines that a row's P
    took from the queue of each P. ``began_ns`` and ``written_ns`` are on the clock of ``nanotime``, as the
    execution trace's. Threads that run on while the process ends may count a little more than is here.
    """

    p: npt.NDArray[np.int32]
    counts: npt.NDArray[np.uint64]
    taken: npt.NDArray[np.uint32]
    began_ns: int
    written_ns: int

    def total(self, name: str) -> int:
        """The count of one kind, over all.

        Raises:
            UsageError: there is no such kind.
        """
        if name not in KINDS:
            raise UsageError(f"there is no counter {name!r}", remedy=f"There are: {', '.join(NAMES)}.")
        return int(self.counts[:, NAMES.index(name)].sum())

    def totals(self) -> dict[str, int]:
        """All counts, over all Ps."""
        return dict(zip(NAMES, self.counts.sum(axis=0).tolist(), strict=True))

    @property
    def runs(self) -> int:
        """How often ``execute`` ran a goroutine, wherever it was found."""
        return sum(self.total(name) for name in RUNS)

    def to_pandas(self) -> pd.DataFrame:
        """A row for each kind: ``total``, a column for each P, ``nobody``, and what the kind ``means``."""
        import pandas as pd

        columns: dict[str, object] = {"total": self.counts.sum(axis=0)}
        for p, row in zip(self.p.tolist(), self.counts, strict=True):
            columns["nobody" if p == NOBODY else f"P{p}"] = row
        columns["means"] = list(KINDS.values())
        return pd.DataFrame(columns, index=pd.Index(NAMES, name="kind"))


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """What the rings held at the end, in the order of time; shape (events,) each.

    ``time``, int64: ns of ``nanotime``. ``kind``, uint16: a number into ``NAMES``; for a goroutine that was
    run, where it was found. ``p``, int32: who did it, NOBODY for none. ``g``, int64: the goroutine's id, 0
    for none. ``n``, uint32: how many goroutines were stolen or overflowed; of a park, its reason's number.
    ``other``, int64: of ``create`` and ``ready`` the goroutine that did it (0: the runtime); of ``steal`` the
    P that was stolen from; of handoffs, retakes, preempt_request, wakep_woke and spin_start_woken the P that
    it is about. ``lost``: how many older events the rings did not hold any more.

    Within one P the order is the one in which it was done.
    """

    time: npt.NDArray[np.int64]
    kind: npt.NDArray[np.uint16]
    p: npt.NDArray[np.int32]
    g: npt.NDArray[np.int64]
    other: npt.NDArray[np.int64]
    n: npt.NDArray[np.uint32]
    lost: int

    def __len__(self) -> int:
        return len(self.time)

    def of(self, *names: str) -> Events:
        """The events of these kinds.

        Raises:
            UsageError: there is no such kind.
        """
        unknown = [name for name in names if name not in KINDS]
        if unknown:
            raise UsageError(f"there is no kind {unknown[0]!r}", remedy=f"There are: {', '.join(NAMES)}.")
        return self.chosen(np.isin(self.kind, [NAMES.index(name) for name in names]))

    def chosen(self, rows: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> Events:
        """The events of these rows, a mask or indices."""
        columns = (self.time, self.kind, self.p, self.g, self.other, self.n)
        time, kind, p, g, other, n = (column[rows] for column in columns)
        return Events(time, kind, p, g, other, n, self.lost)  # type: ignore[arg-type]

    def to_pandas(self) -> pd.DataFrame:
        """A row for each event, kinds by name."""
        import pandas as pd

        columns = {"time": self.time, "kind": np.array(NAMES, dtype=object)[self.kind]}
        columns |= {name: getattr(self, name) for name in ("p", "g", "other", "n")}
        return pd.DataFrame(columns)
