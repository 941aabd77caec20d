"""How long goroutines wait: for a P (runnable), and off the processor (waiting).

A wait whose beginning or end the capture does not hold is left out: its length is not known.

**Percentiles** are exact, and are waits that really occurred: the smallest one with at least the asked share
below it (numpy's method "higher").

**Confidence intervals** are bootstrap percentile intervals (Efron and Tibshirani, An Introduction to the
Bootstrap, 1993, chapter 13). The data are never copied; ranks are resampled instead:

- If waits are taken as independent, the rank that the k-th smallest of n resampled waits has in the data
  is floor(n U), where U is the k-th smallest of n uniform numbers, so Beta(k, n - k + 1) (Hutson and Ernst,
  The exact bootstrap mean and variance of an L-estimator, 2000). One draw per resample is enough.
- Waits are not independent: a full run queue makes all that are in it wait. So by default whole blocks of
  time are resampled (Künsch, The jackknife and the bootstrap for general stationary observations, 1989).
  The intervals of independent waits are too narrow for most programs, and stay an option. Here each
  resample needs the counts of each block up to some candidate ranks. The candidates lie closest around the
  percentile, each next one farther by 4 to 8 percent of its distance, so an end of the interval is off by
  at most that, and outwards.

No bootstrap sees beyond the longest wait: an interval that ends at ``max`` is open there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from schedlab.analysis._common import ROWS, Floats, Integers, row_parts
from schedlab.analysis._lives import functions, ran_on
from schedlab.errors import UsageError
from schedlab.timeline import OPEN_END, OPEN_START, Lane, State, Timeline

if TYPE_CHECKING:
    import pandas as pd

By = Literal["p", "function", "creator", "reason", "window"]
Key = int | str | None
Blocks = npt.NDArray[np.uint16]

QUANTILES = (0.5, 0.9, 0.99, 0.999)
BLOCKS = 64
"""Into how many blocks of time a capture (or a window of it) is cut for the bootstrap, if nothing is said."""

_FEWEST_BLOCKS = 8
_MOST_BLOCKS = 4096
_RESAMPLES = 1000
_AT_ONCE = 50
_CANDIDATES = 200
_UNKNOWN = -1


@dataclass(frozen=True, slots=True, eq=False)
class Latencies:
    """One row per group of waits. Times are in ns; -1 says that there is none.

    - ``key`` (rows): what ``by`` asks for; None for what is not known, and for the only row of no ``by``.
    - ``count``, ``total_ns``, ``max_ns`` (rows, int64), ``mean_ns`` (rows, float64, NaN for no waits).
    - ``quantile_ns``, ``low_ns``, ``high_ns`` (rows, quantiles): percentiles and their intervals. An
      interval is -1 if the group's waits lie in fewer than 8 blocks of time: too few to know.
    - ``blocks`` (rows): in how many blocks of time the waits lie; 0 if they were taken as independent.
    """

    by: By | None
    quantiles: tuple[float, ...]
    confidence: float | None
    key: tuple[Key, ...]
    count: Integers
    total_ns: Integers
    mean_ns: Floats
    max_ns: Integers
    quantile_ns: Integers
    low_ns: Integers
    high_ns: Integers
    blocks: Integers

    def __len__(self) -> int:
        return len(self.key)

    def row(self, key: Key = None) -> int:
        """The row of a key.

        Raises:
            UsageError: there is none.
        """
        if key not in self.key:
            raise UsageError(
                f"no row for {key!r}", remedy=f"There are: {', '.join(map(repr, self.key[:20]))}."
            )
        return self.key.index(key)

    def to_pandas(self) -> pd.DataFrame:
        """One row per group: ``p50_ns``, ``p50_low_ns``, ``p50_high_ns``, …; -1 becomes ``<NA>``."""
        import pandas as pd

        columns: dict[str, Any] = {
            self.by or "all": pd.Series(list(self.key), dtype=object),
            "count": self.count,
            "total_ns": self.total_ns,
            "mean_ns": self.mean_ns,
        }
        for at, quantile in enumerate(self.quantiles):
            name = f"p{100 * quantile:g}"
            columns[f"{name}_ns"] = _with_gaps(self.quantile_ns[:, at])
            columns[f"{name}_low_ns"] = _with_gaps(self.low_ns[:, at])
            columns[f"{name}_high_ns"] = _with_gaps(self.high_ns[:, at])
        return pd.DataFrame({**columns, "max_ns": _with_gaps(self.max_ns), "blocks": self.blocks})


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """``counts`` (n - 1) of the waits from each of ``edges_ns`` (n) up to, not including, the next.

    ``outside`` are those before the first edge or from the last one on.
    """

    edges_ns: Floats
    counts: Integers
    outside: int

    def to_pandas(self) -> pd.DataFrame:
        """One row per bucket: ``from_ns``, ``to_ns``, ``count``."""
        import pandas as pd

        return pd.DataFrame({"from_ns": self.edges_ns[:-1], "to_ns": self.edges_ns[1:], "count": self.counts})


def runnable(
    timeline: Timeline,
    by: By | None = None,
    *,
    window_ns: int | None = None,
    quantiles: Sequence[float] = QUANTILES,
    confidence: float | None = 0.95,
    blocks_ns: int | None = None,
    seed: int = 0,
) -> Latencies:
    """The wait from runnable to running of each turn of a goroutine.

    ``by``: "p", the P on which it then ran (whose time it waited for; the P that woke it is another matter);
    "function", the start function of the goroutine; "creator", the start function of the goroutine that
    created it; "reason", why it became runnable ("preempted", "runtime.Gosched", "" if woken or created);
    "window", the stretch of ``window_ns`` in which the wait began, named by its start, empty ones too.

    ``confidence`` None asks for no intervals, which cost about 10 ms a group. ``blocks_ns`` is the length of
    the bootstrap's blocks of time: by default a 64th of the timeline or window; 0 takes the waits as
    independent. ``seed`` decides the draws.

    Raises:
        UsageError: an argument that makes no sense.
    """
    asked = _Asked.checked(timeline, by, window_ns, quantiles, confidence, blocks_ns, seed)
    return _table(timeline, State.RUNNABLE, asked)


def waiting(
    timeline: Timeline,
    by: By | None = "reason",
    *,
    window_ns: int | None = None,
    quantiles: Sequence[float] = QUANTILES,
    confidence: float | None = 0.95,
    blocks_ns: int | None = None,
    seed: int = 0,
) -> Latencies:
    """The time off the processor, from blocking to being made runnable, by the runtime's name of the reason.

    Arguments and errors are those of ``runnable``; there is no ``by="p"``, as who waits has no P.
    """
    if by == "p":
        raise UsageError("a goroutine that waits has no P", remedy='Group by "reason" or "function".')
    asked = _Asked.checked(timeline, by, window_ns, quantiles, confidence, blocks_ns, seed)
    return _table(timeline, State.WAITING, asked)


def histogram(timeline: Timeline, edges_ns: Sequence[float] | Floats) -> Histogram:
    """Runnable waits in buckets, as of ``/sched/latencies:seconds`` (runtime/metrics; edges times 1e9).

    The runtime measures one in eight of a goroutine's turns (gTrackingPeriod and casgstatus in
    runtime/proc.go, Go 1.27): its counts are about an eighth of these.

    Raises:
        UsageError: fewer than two edges, or they do not rise.
    """
    edges = np.asarray(edges_ns, dtype=np.float64)
    if edges.ndim != 1 or len(edges) < 2 or not (edges[1:] > edges[:-1]).all():
        raise UsageError("edges_ns must be two or more numbers, each greater than the one before")
    durations = np.asarray(timeline.spans["dur"][_complete(timeline, State.RUNNABLE)], dtype=np.int64)
    bucket = np.searchsorted(edges, durations, side="right")
    counts = np.bincount(bucket, minlength=len(edges) + 1).astype(np.int64)
    return Histogram(edges, counts[1:-1], int(counts[0] + counts[-1]))


def _complete(timeline: Timeline, state: State) -> Integers:
    """The rows of goroutine spans in a state of which the capture holds both ends."""
    parts = [np.zeros(0, np.int64)]
    for rows in row_parts(timeline, Lane.GOROUTINE, state):
        parts.append(rows[(timeline.spans["flags"][rows] & (OPEN_START | OPEN_END)) == 0])
    return np.concatenate(parts)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The arguments, checked."""

    by: By | None
    origin_ns: int
    stretch_ns: int
    windows: int
    quantiles: tuple[float, ...]
    confidence: float | None
    blocks_ns: int
    seed: int

    @classmethod
    def checked(
        cls,
        timeline: Timeline,
        by: By | None,
        window_ns: int | None,
        quantiles: Sequence[float],
        confidence: float | None,
        blocks_ns: int | None,
        seed: int,
    ) -> _Asked:
        if by not in (None, "p", "function", "creator", "reason", "window"):
            raise UsageError(f'by: {by!r} is none of "p", "function", "creator", "reason", "window"')
        if (by == "window") != (window_ns is not None) or (window_ns is not None and window_ns <= 0):
            raise UsageError('window_ns goes with by="window" and is a positive number of ns')
        if not quantiles or not all(0 <= one <= 1 for one in quantiles):
            raise UsageError(f"quantiles: {tuple(quantiles)} are not all from 0 to 1")
        if confidence is not None and not 0 < confidence < 1:
            raise UsageError(f"confidence: {confidence} is not between 0 and 1")
        first, last = timeline.bounds_ns
        stretch = window_ns or max(last - first, 1)
        length = -(-stretch // BLOCKS) if blocks_ns is None else blocks_ns
        if length < 0 or (length and -(-stretch // length) > _MOST_BLOCKS):
            raise UsageError(
                f"blocks_ns: {length} makes no blocks, or more than {_MOST_BLOCKS}",
                remedy=f"Take blocks of at least {-(-stretch // _MOST_BLOCKS)} ns, or 0 for none.",
            )
        windows = -(-max(last - first, 1) // stretch)
        return cls(by, first, stretch, windows, tuple(quantiles), confidence, length, seed)


def _table(timeline: Timeline, state: State, asked: _Asked) -> Latencies:
    rows = _complete(timeline, state)
    keys, codes = _groups(timeline, rows, asked)
    waits = _Waits.of(timeline, rows, asked)
    del rows  # of ten million events each such array is tens of megabytes
    size, quantiles = len(keys), len(asked.quantiles)
    count, total, most, filled = (np.zeros(size, np.int64) for _ in range(4))
    most[:] = _UNKNOWN
    cut, low, high = (np.full((size, quantiles), _UNKNOWN, np.int64) for _ in range(3))
    bootstrap = _Bootstrap.of(asked)
    for group, inside in _parts(codes, size):
        durations, of_block = waits.sorted(inside)
        count[group], total[group], most[group] = len(durations), durations.sum(), durations[-1]
        ranks = _ranks(len(durations), asked.quantiles)
        cut[group] = durations[ranks]
        if bootstrap is not None:
            filled[group], ends = bootstrap.interval(of_block, ranks, len(durations))
            if ends is not None:
                low[group], high[group] = durations[ends[0]], durations[ends[1]]
    with np.errstate(invalid="ignore"):
        mean = total / np.where(count > 0, count, np.nan)
    return Latencies(
        asked.by, asked.quantiles, asked.confidence, keys, count, total, mean, most, cut, low, high, filled
    )


def _groups(timeline: Timeline, rows: Integers, asked: _Asked) -> tuple[tuple[Key, ...], Integers]:
    """The groups' keys, in order, and for each row the index of its own."""
    spans = timeline.spans
    if asked.by is None:
        return (None,), np.broadcast_to(np.int64(0), len(rows))
    if asked.by == "window":
        since = np.maximum(np.asarray(spans["start"][rows], dtype=np.int64) - asked.origin_ns, 0)
        keys = range(asked.windows)
        return tuple(asked.origin_ns + at * asked.stretch_ns for at in keys), since // asked.stretch_ns
    if asked.by == "p":
        return _compact(ran_on(timeline, rows), None)
    if asked.by == "reason":
        return _compact(np.asarray(spans["reason"][rows], dtype=np.int64), timeline.reasons)
    known = functions(timeline)
    goroutines = np.asarray(spans["id"][rows], dtype=np.int64)
    if asked.by == "creator":
        goroutines = np.asarray(timeline.goroutines["creator"], dtype=np.int64)[goroutines]
    return _compact(known.of(goroutines), known.names)


def _compact(values: Integers, names: Sequence[str | None] | None) -> tuple[tuple[Key, ...], Integers]:
    """Small numbers as groups: those that occur, ascending, the unknown (-1) last."""
    counts = np.bincount(values + 1)
    present = np.flatnonzero(counts[1:])
    keys: list[Key] = [one if names is None else names[one] for one in present.tolist()]
    place = np.full(max(len(counts), 1), len(present), np.int64)
    place[present + 1] = np.arange(len(present))
    if len(counts) and counts[0]:
        keys.append(None)
    return tuple(keys), place[values + 1]


def _blocks(timeline: Timeline, rows: Integers, asked: _Asked) -> Blocks:
    """The block of time, within the capture or the window, in which each wait began."""
    found = np.zeros(len(rows), np.uint16)
    if not asked.blocks_ns or asked.confidence is None:
        return found
    for first in range(0, len(rows), ROWS):
        part = slice(first, first + ROWS)
        since = np.asarray(timeline.spans["start"][rows[part]], dtype=np.int64) - asked.origin_ns
        since = np.maximum(since, 0)
        found[part] = (since % asked.stretch_ns if asked.by == "window" else since) // asked.blocks_ns
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Waits:
    """How long waits were, and in which block of time each began, as one number, if ``bits`` is not None:
    a sort of plain numbers is several times faster than an argsort. Else ``packed`` has the durations alone.
    """

    packed: Integers
    blocks: Blocks
    bits: int | None

    @classmethod
    def of(cls, timeline: Timeline, rows: Integers, asked: _Asked) -> _Waits:
        blocks = _blocks(timeline, rows, asked)
        durations = np.asarray(timeline.spans["dur"][rows], dtype=np.int64)
        bits = int(blocks.max(initial=0)).bit_length()
        if int(durations.max(initial=0)).bit_length() + bits >= 63:
            return cls(durations, blocks, None)
        durations <<= bits
        durations |= blocks
        return cls(durations, blocks, bits)

    def sorted(self, inside: npt.NDArray[Any] | slice) -> tuple[Integers, Blocks]:
        """The durations of some waits in order, and the block of each. What they were made of may change."""
        chosen, of_block = self.packed[inside], self.blocks[inside]
        if self.bits is None:
            order = np.argsort(chosen, kind="stable")
            return chosen[order], of_block[order]
        chosen.sort()
        np.bitwise_and(chosen, (1 << self.bits) - 1, out=of_block, casting="unsafe")
        chosen >>= self.bits
        return chosen, of_block


def _parts(codes: Integers, size: int) -> Iterator[tuple[int, npt.NDArray[Any] | slice]]:
    """For each group that has any the positions of its waits."""
    if size == 1:  # whose codes need not be looked at
        if len(codes):
            yield 0, slice(None)
        return
    narrow = codes.astype(np.uint16) if size <= 1 << 16 else codes  # numpy sorts these by radix
    order = np.argsort(narrow, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=size))
    start = 0
    for group, end in enumerate(ends.tolist()):
        if end > start:
            yield group, order[start:end]
        start = end


def _ranks(count: int, quantiles: Sequence[float]) -> Integers:
    ranks: Integers = np.ceil(np.asarray(quantiles) * (count - 1)).astype(np.int64)
    return ranks


@dataclass(frozen=True, slots=True)
class _Bootstrap:
    """The resamples, drawn once for all groups: how often each block of time comes in each of them."""

    quantiles: tuple[float, ...]
    tails: tuple[float, float]
    times: Floats | None
    seed: int

    @classmethod
    def of(cls, asked: _Asked) -> _Bootstrap | None:
        if asked.confidence is None:
            return None
        tails = ((1 - asked.confidence) / 2, (1 + asked.confidence) / 2)
        if not asked.blocks_ns:
            return cls(asked.quantiles, tails, None, asked.seed)
        blocks = -(-asked.stretch_ns // asked.blocks_ns)
        drawn = np.random.default_rng(asked.seed).multinomial(blocks, [1 / blocks] * blocks, _RESAMPLES)
        return cls(asked.quantiles, tails, drawn.astype(np.float64), asked.seed)

    def interval(self, blocks: Blocks, ranks: Integers, count: int) -> tuple[int, Integers | None]:
        """How many blocks hold waits, and the ranks (2, quantiles) at which the intervals end."""
        if self.times is None:
            generator = np.random.default_rng(self.seed)
            drawn = generator.beta(ranks + 1, count - ranks, (_RESAMPLES, len(ranks)))
            resampled = np.minimum((drawn * count).astype(np.int64), count - 1)
            return 0, np.quantile(resampled, self.tails, axis=0, method="inverted_cdf").astype(np.int64)
        filled = np.count_nonzero(np.bincount(blocks, minlength=self.times.shape[1]))
        if filled < _FEWEST_BLOCKS:
            return int(filled), None
        return int(filled), self._of_blocks(blocks, ranks, count)

    def _of_blocks(self, blocks: Blocks, ranks: Integers, count: int) -> Integers:
        assert self.times is not None
        candidates = _candidates(ranks, count)
        below = _counts_up_to(candidates, blocks, self.times.shape[1])
        # (resamples, candidates): how many waits are up to each candidate; some resamples at a time.
        batches = [
            self._reached(times @ below) for times in np.array_split(self.times, _RESAMPLES // _AT_ONCE)
        ]
        reached = np.concatenate(batches, axis=1)
        ends = np.empty((2, len(ranks)), np.int64)
        for at in range(len(ranks)):
            found = np.quantile(reached[at], self.tails, method="inverted_cdf").astype(np.int64)
            # The rank is above the candidate before the one that reaches it, so that is the lower end.
            ends[0, at] = min(candidates[found[0] - 1] + 1 if found[0] else 0, ranks[at])
            ends[1, at] = max(candidates[found[1]], ranks[at])
        return ends

    def _reached(self, resampled: Floats) -> Integers:
        """For each percentile and resample (empty ones left out) the candidate that first reaches it."""
        resampled = resampled[resampled[:, -1] > 0]
        wanted = np.ceil(np.asarray(self.quantiles)[:, None] * (resampled[:, -1] - 1)) + 1
        return np.array([(resampled < want[:, None]).sum(axis=1) for want in wanted], np.int64)


def _candidates(ranks: Integers, count: int) -> Integers:
    """Ranks closest around each percentile's, and the last."""
    away = np.unique(np.geomspace(1, max(count, 1), _CANDIDATES).astype(np.int64))
    near = np.concatenate(([0], away, -away))
    every = np.unique((ranks[:, None] + near).ravel())
    every = every[(every >= 0) & (every < count)]
    return np.union1d(every, [count - 1])


def _counts_up_to(candidates: Integers, blocks: Blocks, size: int) -> Floats:
    """How many waits of each block are up to each candidate rank: (blocks, candidates)."""
    cells, ends = size * len(candidates), candidates + 1
    counted = np.zeros(cells, np.int64)
    step = max(ROWS, cells)
    for first in range(0, len(blocks), step):
        part = blocks[first : first + step]
        upto = np.clip(ends, first, first + len(part))
        codes = np.repeat(np.arange(len(candidates)), upto - np.append(first, upto[:-1]))
        counted += np.bincount(codes + part.astype(np.int64) * len(candidates), minlength=cells)
    return np.cumsum(counted.reshape(size, len(candidates)), axis=1).astype(np.float64)


def _with_gaps(values: Integers) -> pd.Series[int]:
    import pandas as pd

    return pd.Series(values, dtype="Int64").mask(values == _UNKNOWN)
