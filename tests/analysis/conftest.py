"""Timelines made by hand: a few spans whose tables can be computed in one's head."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from schedlab.timeline import NOBODY, Lane, MarkKind, State, Timeline
from schedlab.timeline.columns import COLUMNS

Step = tuple[State, int, str, int, int]
"""State, duration, reason, P (and M), cause."""


class Maker:
    """Takes rows in any order; ``timeline()`` puts the spans in the order of their ends, as a trace's are.

    Goroutines are named by the row that ``goroutine`` gave; their ids are 10, 11, … as they come.
    """

    def __init__(self) -> None:
        self._rows: dict[str, list[dict[str, int]]] = {table: [] for table in COLUMNS}
        self._texts, self._reasons = [""], [""]

    def goroutine(self, function: str, *, created: int = -1, ended: int = -1, creator: int = NOBODY) -> int:
        """A goroutine that starts in ``function``; its row."""
        row = len(self._rows["goroutines"])
        self._rows["goroutines"].append(
            {
                "id": 10 + row,
                "created": created,
                "ended": ended,
                "creator": creator,
                "function": _number(self._texts, function),
            }
        )
        return row

    def span(
        self,
        goroutine: int,
        state: State,
        start: int,
        end: int,
        *,
        reason: str = "",
        p: int = NOBODY,
        m: int = NOBODY,
        cause: int = NOBODY,
        flags: int = 0,
        lane: Lane = Lane.GOROUTINE,
    ) -> None:
        """A span of a goroutine's life (or of the P ``goroutine``, if the lane is PROC)."""
        self._rows["spans"].append(
            {
                "lane": int(lane),
                "state": int(state),
                "flags": flags,
                "reason": _number(self._reasons, reason),
                "id": goroutine,
                "m": m,
                "cause": cause,
                "p": goroutine if lane is Lane.PROC else p,
                "start": start,
                "dur": end - start,
            }
        )

    def mark(
        self,
        kind: MarkKind,
        name: str,
        start: int,
        end: int,
        *,
        g: int = NOBODY,
        p: int = NOBODY,
        flags: int = 0,
    ) -> None:
        """A range, task, region, log or label."""
        number = _number(self._texts, name)
        self._rows["marks"].append(
            {
                "kind": int(kind),
                "flags": flags,
                "start": start,
                "dur": end - start,
                "g": g,
                "m": NOBODY,
                "p": p,
            }
            | {"name": number}
        )

    def counter(self, name: str, time: int, value: int, *, p: int = NOBODY) -> None:
        """A sampled number."""
        self._rows["counters"].append(
            {"time": time, "value": value, "name": _number(self._texts, name), "p": p}
        )

    def life(self, goroutine: int, begin: int, steps: Iterable[Step]) -> None:
        """One span after the other, from ``begin`` on."""
        for state, dur, reason, p, cause in steps:
            self.span(goroutine, state, begin, begin + dur, reason=reason, p=p, m=p, cause=cause)
            begin += dur

    def timeline(self, duration: int | None = None) -> Timeline:
        """All of it; the capture lasts until the last span's end if ``duration`` does not say otherwise."""
        self._rows["spans"].sort(key=lambda row: row["start"] + row["dur"])
        ends = [row["start"] + row["dur"] for row in self._rows["spans"]]
        tables: dict[str, Any] = {
            table: {
                name: np.array([row.get(name, 0) for row in self._rows[table]], dtype=kind)
                for name, kind in columns.items()
            }
            for table, columns in COLUMNS.items()
        }
        threads = 1 + max((row["m"] for row in self._rows["spans"]), default=NOBODY)
        return Timeline(
            **tables,
            stacks={"start": np.zeros(2, np.uint32), "frame": np.zeros(0, np.uint32)},
            texts=tuple(self._texts),
            reasons=tuple(self._reasons),
            threads=tuple(range(100, 100 + threads)),
            meta={
                "source": "made",
                "events": len(ends),
                "duration_ns": max(ends, default=0) if duration is None else duration,
                "bytes_read": 0,
                "lost": "",
            },
            provenance={},
        )


def _number(known: list[str], text: str) -> int:
    if text not in known:
        known.append(text)
    return known.index(text)


@pytest.fixture(scope="session")
def new_maker() -> Callable[[], Maker]:
    """Call it for an empty timeline to fill."""
    return Maker


@pytest.fixture(scope="session")
def any_lives() -> st.SearchStrategy[list[list[Step]]]:
    """Three goroutines' steps, such as a trace has them and such as it never has."""
    step = st.tuples(
        st.sampled_from([State.RUNNABLE, State.RUNNING, State.WAITING, State.SYSCALL]),
        st.integers(0, 4),
        st.sampled_from(["", "preempted", "runtime.Gosched", "network", "chan receive", "sleep"]),
        st.integers(-1, 3),
        st.integers(-1, 2),
    )
    return st.lists(st.lists(step, max_size=12), min_size=3, max_size=3)
