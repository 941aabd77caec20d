"""In which states goroutines (or Ps, or Ms) were, over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from schedlab.analysis._common import ROWS, Floats, Integers, checked_window, of_lane, sums
from schedlab.analysis._lives import functions
from schedlab.errors import UsageError
from schedlab.timeline import Lane, State, Timeline

if TYPE_CHECKING:
    import pandas as pd

_MOST_CELLS = 1 << 27


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """How long each state lasted in each bucket of time, summed over the goroutines (or Ps, or Ms).

    - ``edges_ns`` (n + 1): bucket i is ``[edges_ns[i], edges_ns[i + 1])``; the last one may be shorter.
    - ``states``: the states that occur, ascending.
    - ``functions``: the start functions, None for one that is not known; empty if not asked for.
    - ``ns``: (buckets, states), or (functions, buckets, states). Exact, each span cut at the edges.
    """

    edges_ns: Integers
    states: tuple[State, ...]
    functions: tuple[str | None, ...]
    ns: Integers

    def shares(self) -> Floats:
        """``ns`` as shares of each bucket's sum over its states; NaN where nobody was there."""
        whole = self.ns.sum(axis=-1, keepdims=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.ns / whole, dtype=np.float64)

    def mean_count(self) -> Floats:
        """``ns`` as the mean number of goroutines (or Ps, or Ms) in each state during the bucket."""
        return np.asarray(self.ns / np.diff(self.edges_ns)[:, None], dtype=np.float64)

    def to_pandas(self) -> pd.DataFrame:
        """One row per bucket (and function): ``start_ns``, ``end_ns``, and ``<STATE>_ns`` for each state."""
        import pandas as pd

        buckets, repeats = len(self.edges_ns) - 1, max(len(self.functions), 1)
        columns: dict[str, Any] = {}
        if self.functions:
            columns["function"] = pd.Series(np.repeat(np.array(self.functions, dtype=object), buckets))
        columns["start_ns"] = np.tile(self.edges_ns[:-1], repeats)
        columns["end_ns"] = np.tile(self.edges_ns[1:], repeats)
        flat = self.ns.reshape(-1, len(self.states))
        return pd.DataFrame(
            columns | {f"{state.name}_ns": flat[:, at] for at, state in enumerate(self.states)}
        )


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """``count`` (times, states): how many were in each state just after each of ``time_ns``."""

    time_ns: Integers
    states: tuple[State, ...]
    count: Integers

    def to_pandas(self) -> pd.DataFrame:
        """One row per time: ``time_ns`` and a column per state."""
        import pandas as pd

        columns = {state.name: self.count[:, at] for at, state in enumerate(self.states)}
        return pd.DataFrame({"time_ns": self.time_ns, **columns})


def states(
    timeline: Timeline,
    *,
    buckets: int = 100,
    bucket_ns: int | None = None,
    lane: Lane = Lane.GOROUTINE,
    by: Literal["function"] | None = None,
    within: tuple[int, int] | None = None,
) -> Mix:
    """The state mix over the timeline, or over ``within`` (ns), in ``buckets`` or in steps of ``bucket_ns``.

    ``by="function"`` has one mix per start function of a goroutine. It costs a pass over the spans,
    however many buckets there are.

    Raises:
        UsageError: no buckets, too many of them, an empty window, or functions of Ps or Ms.
    """
    window = checked_window(timeline, within)
    length = max(window[1] - window[0], 1)
    step = -(-length // buckets) if bucket_ns is None and buckets > 0 else bucket_ns
    if step is None or step <= 0:
        raise UsageError(f"no buckets of time: buckets={buckets}, bucket_ns={bucket_ns}")
    if by is not None and (by != "function" or lane is not Lane.GOROUTINE):
        raise UsageError(f'by: {by!r} is not "function", or {lane.name} has no functions')
    number = -(-length // step)
    owner, names = _owners(timeline, by)
    if number * len(State) * max(len(names), 1) > _MOST_CELLS:
        raise UsageError(f"{number} buckets are too many", remedy="Take a longer bucket_ns.")
    edges = np.minimum(window[0] + np.arange(number + 1) * step, max(window[1], window[0] + 1))
    ns = _time_in(timeline, lane, window, step, edges, owner, max(len(names), 1))
    present = np.flatnonzero(ns.any(axis=(0, 1)))
    ns = ns[:, :, present]
    return Mix(edges, tuple(State(one) for one in present.tolist()), names, ns if by else ns[0])


def counts(timeline: Timeline, times_ns: Sequence[int] | Integers, *, lane: Lane = Lane.GOROUTINE) -> Counts:
    """How many goroutines (or Ps, or Ms) were in each state at some times.

    A span is ``[start, start + dur)``: one that begins at a time counts there, one that ends there does
    not. At the very end of the capture nobody is counted.
    """
    times = np.asarray(times_ns, dtype=np.int64)
    order = np.argsort(times, kind="stable")
    spans = timeline.spans
    rows = np.flatnonzero(of_lane(timeline, lane))
    state = np.asarray(spans["state"][rows]).astype(np.int64)
    start = np.asarray(spans["start"][rows], dtype=np.int64)
    shape = (len(State), len(times) + 1)
    change = np.zeros(shape, np.int64)
    for sign, at in ((1, start), (-1, start + np.asarray(spans["dur"][rows]))):
        first = np.searchsorted(times[order], at, side="left")
        change += sign * np.bincount(state * shape[1] + first, minlength=change.size).reshape(shape)
    found = np.empty((len(times), len(State)), np.int64)
    found[order] = np.cumsum(change, axis=1)[:, :-1].T
    present = np.unique(state)
    return Counts(times, tuple(State(one) for one in present.tolist()), found[:, present])


def _owners(timeline: Timeline, by: str | None) -> tuple[Integers | None, tuple[str | None, ...]]:
    """For each goroutine the row of its function, and the functions' names."""
    if by is None:
        return None, ()
    known = functions(timeline)
    return known.code, known.names


def _time_in(
    timeline: Timeline,
    lane: Lane,
    window: tuple[int, int],
    step: int,
    edges: Integers,
    owner: Integers | None,
    owners: int,
) -> Integers:
    """ns in (owner, bucket, state).

    The time in a bucket is what is under way at its start, for its whole length, plus for each beginning
    in it the rest of the bucket, minus for each ending in it the rest of the bucket.
    """
    buckets, size = len(edges) - 1, len(State)
    shape = (owners * size, buckets + 1)
    number, passed = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for first in range(0, len(timeline), ROWS):
        spans = {name: np.asarray(column[first : first + ROWS]) for name, column in timeline.spans.items()}
        rows = np.flatnonzero(spans["lane"] == int(lane))
        code = spans["state"][rows].astype(np.int64)
        if owner is not None:
            code += owner[spans["id"][rows]] * size
        start = spans["start"][rows].astype(np.int64)
        for sign, time in ((1, start), (-1, start + spans["dur"][rows])):
            inside = np.clip(time, *window) - window[0]
            bucket = inside // step
            cell = code * shape[1] + bucket
            number += sign * np.bincount(cell, minlength=number.size).reshape(shape)
            passed += sign * sums(cell, inside - bucket * step, number.size).reshape(shape)
    lengths = np.append(np.diff(edges), 0)  # what ends with the window is in a bucket of no length
    under_way = np.cumsum(number, axis=1) - number
    ns: Integers = (under_way + number) * lengths - passed
    return ns[:, :-1].reshape(owners, size, buckets).transpose(0, 2, 1)
