"""What a group of goroutines did over several snapshots: grew and stayed, came and went, or just stayed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from schedlab.diagnose._snapshots import Snapshot, Stack

# At least so many more goroutines, or nothing has grown.
LEAST = 3
# A profile names no goroutine: those that stayed and those that came look alike, so it takes more.
_LEAST_UNNAMED = 5
# Of the goroutines that were seen before, so many are still there.
_STAYED = 0.9
# What goes away may be a tenth of what comes: a goroutine may be somewhere else for a moment.
_GIVEN_BACK = 0.1
# In the second half of the time it must grow at least so fast, beside the first.
_STILL_GROWS = 0.3
# So many snapshots tell steady growth from a step.
_TELL_STEPS = 4


@dataclass(frozen=True, slots=True)
class Series:
    """A group, or several, in each snapshot. ``seen`` and ``stayed`` count goroutines by id, None if unknown.

    ``seen`` are all that were there before the last snapshot, ``stayed`` those of them that live in it;
    ``came`` are those of it in the last snapshot that did not exist at the first. ``times`` are of the
    snapshots, in any unit.
    """

    counts: tuple[int, ...]
    times: tuple[int, ...]
    seen: int | None
    stayed: int | None
    came: int | None

    @property
    def net(self) -> int:
        return self.counts[-1] - self.counts[0]

    @property
    def ups(self) -> int:
        return sum(max(0, step) for step in self._steps())

    @property
    def downs(self) -> int:
        return sum(max(0, -step) for step in self._steps())

    @property
    def stay(self) -> float | None:
        """The share of the goroutines that were seen and are still there."""
        if self.seen is None or self.stayed is None:
            return None
        return self.stayed / self.seen if self.seen else 1.0

    def grew(self, noise: float) -> bool:
        """Whether it grew by more than chance, and what came has stayed. ``noise``: see ``noise_of``."""
        if self.stay is None:
            steps = self._steps()
            often = 2 * sum(step > 0 for step in steps) >= len(steps)
            return self.net >= max(_LEAST_UNNAMED, 3 * noise) and self.downs == 0 and often
        kept = self.downs <= _GIVEN_BACK * self.ups and self.stay >= _STAYED
        # What came with the last of many looks may be a burst.
        return self.net >= LEAST and kept and (self.outlived or len(self.counts) < _TELL_STEPS)

    @property
    def outlived(self) -> bool:
        """Whether some of it were there before the last snapshot, and in it."""
        return self.stayed is not None and self.stayed >= LEAST

    @property
    def of_newcomers(self) -> bool:
        """Whether what grew are new goroutines; else old ones came here, as workers do that become idle."""
        return self.came is None or self.came >= max(LEAST, self.net / 2)

    def still_grows(self) -> bool:
        """Whether it grew on in the second half of the time; two snapshots cannot tell."""
        if len(self.counts) < _TELL_STEPS:
            return True
        middle = min(
            range(1, len(self.times) - 1),
            key=lambda n: abs(2 * self.times[n] - self.times[0] - self.times[-1]),
        )
        first, second = self._rate(0, middle), self._rate(middle, -1)
        return self.counts[-1] > self.counts[middle] and second >= _STILL_GROWS * first

    def _rate(self, begin: int, end: int) -> float:
        span = self.times[end] - self.times[begin]
        return (self.counts[end] - self.counts[begin]) / max(1, span)

    def _steps(self) -> list[int]:
        return [after - before for before, after in pairwise(self.counts)]


def series_of(stacks: Sequence[Stack], snapshots: Sequence[Snapshot]) -> Series:
    """What became of all goroutines with one of these stacks, over all snapshots."""
    groups = [[s.groups[stack] for stack in stacks if stack in s.groups] for s in snapshots]
    counts = tuple(sum(group.count for group in found) for found in groups)
    known = all(s.time_ns for s in snapshots)
    times = tuple(s.time_ns if known else number for number, s in enumerate(snapshots))
    last = snapshots[-1].ids
    before = [group.ids for found in groups[:-1] for group in found]
    if last is None or any(ids is None for ids in before):
        return Series(counts, times, None, None, None)
    seen = frozenset().union(*(ids for ids in before if ids is not None))
    first = snapshots[0].ids or frozenset()
    now = frozenset().union(*(group.ids for group in groups[-1] if group.ids is not None))
    return Series(counts, times, len(seen), len(seen & last), len(now - first))


def noise_of(every: Sequence[Series]) -> float:
    """How much groups of this program change between two snapshots that go up as well as down: the median."""
    steps = [abs(step) for series in every if series.ups and series.downs for step in series._steps()]
    return float(median(steps)) if steps else 0.0
