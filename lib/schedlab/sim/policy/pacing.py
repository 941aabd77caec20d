"""When a collection begins, how much of it falls to those who allocate, and how much is swept in between.

After runtime/mgcpacer.go and ``gcPaceSweeper`` (mgcsweep.go) of Go 1.27. Bytes; marking in ns of CPU.
"""

from __future__ import annotations

from typing import Final

_LEAST_HEAP: Final = 4 << 20
"""``defaultHeapMinimum``, for GOGC 100."""
_EARLIEST, _LATEST = 0.7, 0.95
"""Where between what is live and the goal a cycle begins (``minTriggerRatioNum``, ``maxTriggerRatioNum``)."""
_SWEEP_DISTANCE: Final = 1 << 20
_OVERSHOOT: Final = 1.1
_PAGE: Final = 8 << 10


class Pacer:
    """``gcController`` without its workers. ``heap`` is ``heapLive``, ``marked`` is ``heapMarked``."""

    __slots__ = (
        "cons_mark",
        "goal",
        "gogc",
        "heap",
        "last_cons_marks",
        "last_work",
        "least_trigger",
        "marked",
        "runway",
        "share",
        "triggered",
    )

    def __init__(self, live: int, gogc: int, share: float) -> None:
        self.gogc = gogc
        self.share = share
        self.heap = live
        self.marked = live
        self.triggered = 0
        self.last_work = 0
        self.cons_mark = 0.0
        self.last_cons_marks = [0.0] * 4
        self.least_trigger = 0
        self.goal = 0
        self.runway = 0
        self.commit(0, swept=True)

    def commit(self, work: int, *, swept: bool) -> None:
        """``commit``: the next goal, and how long before it a cycle of that much work has to begin."""
        self.last_work = work
        self.least_trigger = 0 if swept else self.heap + _SWEEP_DISTANCE
        gogc = max(self.gogc, 0)
        self.goal = max(_LEAST_HEAP * gogc // 100, self.marked + self.marked * gogc // 100)
        self.runway = int(self.cons_mark * (1 - self.share) / self.share * work)

    def trigger(self) -> int:
        """``trigger``: the heap at which the next cycle begins."""
        goal, marked = self.goal, self.marked
        if marked >= goal:
            return goal
        earliest = max(self.least_trigger, int(marked + (goal - marked) * _EARLIEST))
        latest = int(marked + (goal - marked) * _LATEST)
        if goal > _LEAST_HEAP:
            latest = max(latest, goal - _LEAST_HEAP)
        latest = max(latest, earliest)
        wanted = earliest if self.runway > goal else goal - self.runway
        return min(max(wanted, earliest), latest)

    def work_per_byte(self, left: int, total: int) -> float:
        """``revise``: what has to be marked for each byte allocated, so that all is at the goal.

        There is thought to be as much of it as in the last cycle. If it turns out to be more, the heap grows:
        then the goal is as much further away, up to what the next cycle would allow.
        """
        done, expected, goal = total - left, self.last_work, float(self.goal)
        if done > expected:
            further = (goal - self.triggered) / max(expected, 1) * total + self.triggered
            goal = min(further, goal * (1 + self.gogc / 100))
            expected = total
        if self.heap > goal:
            goal *= _OVERSHOOT
            expected = total
        return max(expected - done, 1) / max(goal - self.heap, 1)

    def end_cycle(self, work: int, lasted: int, procs: int, assist_ns: int, idle_ns: int) -> None:
        """``endCycle``: how much was allocated for what was marked; the most of it in five cycles counts."""
        allocated = self.heap - self.triggered
        if allocated <= 0 or lasted <= 0:
            return
        used = min(self.share + assist_ns / (lasted * procs), 0.99)
        idle = idle_ns / (lasted * procs)
        now = allocated * (used + idle) / (work * (1 - used))
        self.cons_mark = max(now, *self.last_cons_marks)
        self.last_cons_marks = [*self.last_cons_marks[1:], now]

    def pages_per_byte(self, pages: int) -> float:
        """``gcPaceSweeper``: how many pages to sweep for each byte allocated until the next cycle begins."""
        distance = max(self.trigger() - self.heap - _SWEEP_DISTANCE, _PAGE)
        return pages / distance
