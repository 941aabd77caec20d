"""The sweeper: a goroutine that gives way, and those who allocate, who sweep as much as they take.

After runtime/mgcsweep.go and ``reclaim`` (mheap.go) of Go 1.27. A span is one page of small objects, or one
large object.
"""

from __future__ import annotations

from typing import Final

from schedlab.sim.costs import Costs
from schedlab.sim.policy.counts import WHY_SWEEP
from schedlab.sim.policy.leave import gopark, gosched_impl
from schedlab.sim.policy.state import G, M, Op, Sched

PAGE: Final = 8 << 10
_LARGE: Final = 32 << 10
_BATCH: Final = 10
"""``sweepBatchSize``."""


class Sweep:
    """``sweep`` and the spans of the heap. Large ones are swept first, as ``nextSpanForSweep`` has them.

    ``kept`` lives on, ``old`` and ``new`` were allocated while the last cycle marked and since it ended;
    each is [small spans, large spans, pages of the large ones].
    """

    __slots__ = (
        "basis",
        "credit",
        "dead",
        "filled",
        "g",
        "kept",
        "large",
        "new",
        "old",
        "pages",
        "per_byte",
        "small",
        "swept",
    )

    def __init__(self, live: int) -> None:
        self.kept = [-(-live // PAGE), 0, 0]
        self.old = [0, 0, 0]
        self.new = [0, 0, 0]
        self.filled = 0
        self.small = 0
        self.large = 0
        self.pages = 1
        """Of a large span, on average."""
        self.dead = 0
        self.swept = 0
        self.credit = 0
        self.per_byte = 0.0
        self.basis = 0
        self.g: G | None = None

    @property
    def left(self) -> int:
        """Spans that are still to be swept."""
        return self.small + self.large

    def take(self, most: int) -> int:
        """``sweepone``, so many times; how many there were."""
        large = min(self.large, most)
        small = min(self.small, most - large)
        self.large -= large
        self.small -= small
        self.dead = min(self.dead, self.large)
        self.swept += large * self.pages + small
        if not self.left:
            self.per_byte = 0.0
        return large + small

    def begin(self, marking: list[int], heap: int, per_byte: float) -> None:
        """``gcSweep``: everything is to be swept. ``marking`` was allocated while the cycle marked."""
        spans = [sum(each) for each in zip(self.kept, self.old, self.new, strict=True)]
        self.small, self.large, pages = spans
        self.pages = max(1, pages // max(self.large, 1))
        self.dead = max(0, self.large - self.kept[1] - marking[1])
        self.old, self.new = marking, [0, 0, 0]
        self.swept = 0
        self.credit = 0
        self.per_byte = per_byte
        self.basis = heap

    def in_use(self) -> int:
        """Pages of all spans."""
        return sum(part[0] + part[2] for part in (self.kept, self.old, self.new))


def spans_of(sweep: Sweep, count: int) -> tuple[int, int, int]:
    """The spans that an allocation takes: small ones, large ones, pages of these."""
    if count > _LARGE:
        return 0, 1, -(-count // PAGE)
    sweep.filled += count
    spans, sweep.filled = divmod(sweep.filled, PAGE)
    return spans, 0, 0


def sweep_for(sweep: Sweep, heap: int, spans: tuple[int, int, int], costs: Costs) -> int:
    """``deductSweepCredit`` and ``reclaim``: what is swept for these spans, and how long it takes."""
    pages = spans[0] + spans[2]
    if not sweep.left or not pages:
        return 0
    spent = 0
    target = int(sweep.per_byte * (heap - sweep.basis + pages * PAGE)) - pages
    while sweep.left and target > sweep.swept:
        spent += sweep.take(1) * costs.sweep_ns
    if spans[1]:
        # Dead spans only, until there are as many pages as are wanted.
        while sweep.dead and sweep.credit < pages:
            sweep.large -= 1
            sweep.dead -= 1
            sweep.swept += sweep.pages
            sweep.credit += sweep.pages
            spent += costs.free_ns
        sweep.credit = max(0, sweep.credit - pages)
    return spent


def sweep_some(s: Sched, m: M, g: G, _: Op) -> int:
    """``bgsweep``: a batch of spans."""
    sweep: Sweep = s.gc.sweep
    g.left = sweep.take(_BATCH) * s.costs.sweep_ns
    m.then = swept
    return s.cost + g.left


def swept(s: Sched, m: M) -> int:
    """``goschedIfBusy`` after a batch: it gives way unless a P is idle. With nothing left it sleeps."""
    g, p = m.g, m.p
    assert g is not None
    assert p is not None
    s.here = p.counts
    g.left = 0
    g.at = 0
    if not s.gc.sweep.left:
        g.parked = True
        return gopark(s, m, g, WHY_SWEEP)
    if p.preempt or s.npidle == 0:
        return gosched_impl(s, m, g, False)
    g.at = 1
    return sweep_some(s, m, g, ())
