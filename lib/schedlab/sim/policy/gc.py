"""The garbage collector as the scheduler meets it: stops of the world, mark workers, assists.

After runtime/mgc.go, mgcpacer.go, mgcmark.go and proc.go of Go 1.27. The heap is one number, its live part is
given, and marking is an amount of CPU time that workers take in pieces.
"""

from __future__ import annotations

from typing import Final

from schedlab.sim.policy.blocking import GO_ON
from schedlab.sim.policy.counts import (
    IDLE,
    NO_REASON,
    RUNNABLE,
    SPIN_STOPPED,
    WHY_SYSTEM,
)
from schedlab.sim.policy.find import ready_list
from schedlab.sim.policy.leave import gopark, wake_sysmon
from schedlab.sim.policy.queues import runqempty
from schedlab.sim.policy.state import NOBODY, P_GCSTOP, P_RUNNING, G, M, Op, P, Sched, Then
from schedlab.sim.policy.sysmon import preemptone
from schedlab.sim.policy.wake import (
    injectglist,
    newm,
    notewakeup,
    park,
    pidleget,
    pidleput,
    releasep,
    start_latency,
    stopm,
    wakep,
)

DEDICATED, FRACTIONAL, IDLE_MODE = 1, 2, 3
_MODES: Final = {DEDICATED: "GC (dedicated)", FRACTIONAL: "GC (fractional)", IDLE_MODE: "GC (idle)"}
"""As an execution trace labels them."""

_PIECE_NS: Final = 100_000
"""How much a worker marks before it looks up (``idleCheckThreshold`` is of this size)."""
_ASSIST_SLACK_NS: Final = 5_000
_LEAST_HEAP: Final = 4 << 20
_EARLIEST, _LATEST = 0.7, 0.95
"""Where between what is live and the goal a cycle begins (``minTriggerRatioNum``, ``maxTriggerRatioNum``)."""
_MOST_ERROR: Final = 0.3


class Collector:
    """``gcController`` and ``work``. Bytes, ns of CPU; ``gogc`` below 0 is off."""

    __slots__ = (
        "at_start",
        "blacken",
        "credit",
        "cycle_start",
        "cycles",
        "dedicated",
        "fraction",
        "goal",
        "gogc",
        "heap",
        "idle_most",
        "idle_now",
        "live",
        "mark_start",
        "marking",
        "pool",
        "runway",
        "since",
        "stop_start",
        "work",
        "workers",
    )

    def __init__(self, live: int, gogc: int) -> None:
        self.live = live
        self.gogc = gogc
        self.heap = live
        self.at_start = 0
        self.goal = max(_LEAST_HEAP, live + live * max(gogc, 0) // 100)
        self.cycle_start = 0
        self.cycles = 0
        self.blacken = False
        self.runway = 0
        self.since = 0
        self.work = 0
        self.marking = 0
        self.credit = 0
        self.dedicated = 0
        self.fraction = 0.0
        self.idle_most = 0
        self.idle_now = 0
        self.mark_start = 0
        self.stop_start = 0
        self.pool: list[G] = []
        self.workers: dict[int, G] = {}

    @property
    def trigger(self) -> int:
        """The heap at which a cycle begins: the goal less what is allocated while background workers mark."""
        room = self.goal - self.live
        wanted = self.goal - self.runway
        return int(min(max(wanted, self.live + room * _EARLIEST), self.live + room * _LATEST))

    def wants_worker(self, _: Sched) -> bool:
        """``gcShouldScheduleWorker``, while there is marking."""
        return self.blacken and self.work > 0

    def find_worker(self, s: Sched, p: P) -> G | None:
        """``findRunnableGCWorker``: dedicated workers first; a fractional one if this P is behind its
        share."""
        given = self.workers.pop(p.number, None)
        if given is not None:
            return given
        if self.work <= 0 or not self.pool or (self.dedicated <= 0 and self.fraction == 0):
            return None
        if self.dedicated > 0:
            self.dedicated -= 1
            p.mode = DEDICATED
        elif self.fraction == 0 or _share(s, self, p) > self.fraction:
            return None
        else:
            p.mode = FRACTIONAL
        return self._handed(s, p)

    def idle_worker(self, s: Sched, p: P) -> G | None:
        """In ``findRunnable``: a P with nothing else to do may mark (``addIdleMarkWorker``)."""
        if not self.wants_idle_worker(s):
            return None
        self.idle_now += 1
        p.mode = IDLE_MODE
        return self._handed(s, p)

    def wants_idle_worker(self, _: Sched) -> bool:
        """``needIdleMarkWorker`` and whether there is one, and work for it."""
        return self.work > 0 and bool(self.pool) and self.idle_now < self.idle_most

    def _handed(self, s: Sched, p: P) -> G:
        g = self.pool.pop()
        if s.watch is not None:
            s.watch(
                "findRunnableGCWorker",
                f"the heap is being marked: P{p.number} runs a worker, {_MODES[p.mode]}",
            )
        s.log.append((s.now, RUNNABLE, g.number, p.number, NOBODY, NO_REASON, NOBODY))
        return g

    def gcstopm(self, s: Sched, m: M) -> int:
        """``gcstopm``: the world stops: the M gives up its P and sleeps."""
        if m.spinning:
            m.spinning = False
            s.nmspinning -= 1
            s.here[SPIN_STOPPED] += 1
        self._stopped(s, releasep(m))
        return stopm(s, m)

    def take_p(self, s: Sched, p: P) -> None:
        """``gcstopP``: a P whose M is in a system call is stopped without it."""
        self._stopped(s, p)
        if p.m is not None:
            releasep(p.m)

    def _stopped(self, s: Sched, p: P) -> None:
        p.status = P_GCSTOP
        s.p_log.append((s.now, IDLE, p.number, NOBODY))
        s.stopwait -= 1
        if s.stopwait == 0:
            self.all_stopped(s)

    def all_stopped(self, s: Sched) -> None:
        """The last P has stopped: who waits for that goes on."""
        m = s.stopper
        if m is None:
            return
        s.stopper = None
        m.parked = False
        s.awake += 1
        s.driver.plan(m, s.cost + start_latency(s, m) + s.costs.stop_ns)


def alloc(s: Sched, m: M, g: G, step: Op) -> int:
    """``mallocgc``: the heap grows; at the trigger a cycle begins, and while it lasts, who allocates
    assists."""
    gc: Collector = s.gc
    count = step[2] if type(step[2]) is int else step[2]()
    gc.heap += count
    if gc.gogc < 0 or s.gcwaiting:
        return GO_ON
    if not gc.blacken:
        if gc.heap < gc.trigger:
            return GO_ON
        gc.cycle_start = s.now
        return stop_the_world(s, m, begin_mark)
    debt = int(count * gc.work / max(gc.goal - gc.heap, 1 << 16))
    debt = min(debt, gc.work - 1)
    free = min(debt, gc.credit)
    gc.credit -= free
    debt -= free
    if debt <= _ASSIST_SLACK_NS:
        return GO_ON
    gc.work -= debt
    s.marks.append((s.now + s.cost, debt, g.number, "GC mark assist"))
    g.left = debt
    m.end = s.now + s.cost + debt
    m.then = s.computed
    return s.cost + debt


def stop_the_world(s: Sched, m: M, then: Then) -> int:
    """``stopTheWorldWithSema``: every P is stopped: idle and in system calls at once, others when they give
    way."""
    own = m.p
    assert own is not None
    gc: Collector = s.gc
    gc.stop_start = s.now
    s.gcwaiting = True
    s.stopwait = s.procs - 1
    if s.watch is not None:
        s.watch("stopTheWorldWithSema", f"M{m.number} stops the world: every P is asked to stop")
    while (p := pidleget(s)) is not None:
        p.status = P_GCSTOP
        s.stopwait -= 1
    for p in s.ps:
        if p is own or p.status != P_RUNNING or p.m is None:
            continue
        if p.m.in_syscall:
            gc.take_p(s, p)
        else:
            preemptone(s, p)
    if s.stopwait == 0:
        m.then = then
        return s.cost + s.costs.stop_ns
    s.stopper = m
    return park(s, m, then)


def start_the_world(s: Sched, m: M, reason: str) -> None:
    """``startTheWorldWithSema`` and ``procresize``: Ps with work get an M each, the others are idle."""
    gc: Collector = s.gc
    own = m.p
    assert own is not None
    s.gcwaiting = False
    s.marks.append((gc.stop_start, s.now - gc.stop_start, NOBODY, f"stop-the-world ({reason})"))
    if s.watch is not None:
        s.watch("startTheWorldWithSema", "the world goes on: Ps with work get an M each, the others are idle")
    if s.net_ready:
        injectglist(s, ready_list(s), own)
    idle: list[P] = []
    for p in s.ps:
        if p is own:
            continue
        if runqempty(p) and not _given_worker(s, gc, p):
            idle.append(p)
        else:
            _start_on(s, p)
    for p in idle:
        pidleput(s, p)
    wake_sysmon(s)
    wakep(s)


def begin_mark(s: Sched, m: M) -> int:
    """``gcStart`` with the world stopped, and ``startCycle``: how many workers there are of which kind."""
    gc: Collector = s.gc
    g, p = m.g, m.p
    assert g is not None
    assert p is not None
    s.here = p.counts
    gc.at_start = gc.heap
    gc.work = max(1, gc.live * s.costs.mark_ns_per_kib >> 10)
    gc.credit = 0
    gc.idle_now = 0
    gc.mark_start = s.now
    total = s.procs * s.rules.gc_share
    gc.dedicated, gc.fraction = worker_shares(s.procs, total)
    gc.idle_most = s.procs - gc.dedicated
    for one in s.ps:
        one.fractional_ns = 0
    while len(gc.pool) < s.procs:
        gc.pool.append(_new_worker(s))
    gc.blacken = True
    start_the_world(s, m, "GC sweep termination")
    m.then = s.run
    return max(s.cost, 1)


def worker_shares(procs: int, total: float) -> tuple[int, float]:
    """``startCycle``: dedicated workers, and the share of each P for fractional ones if rounding is too
    coarse."""
    dedicated = int(total + 0.5)
    error = dedicated / total - 1
    if -_MOST_ERROR <= error <= _MOST_ERROR:
        return dedicated, 0.0
    if dedicated > total:
        dedicated -= 1
    return dedicated, (total - dedicated) / procs


def mark(s: Sched, m: M, g: G, step: Op) -> int:
    """``gcBgMarkWorker``: a worker takes a piece of what is to be marked."""
    gc: Collector = s.gc
    if step:
        assert m.p is not None
        s.labels.append((s.now, g.number, _MODES[m.p.mode]))
    piece = min(_PIECE_NS, gc.work)
    if piece <= 0:
        return worker_rests(s, m, g)
    gc.work -= piece
    gc.marking += 1
    g.left = piece
    m.then = marked
    return s.cost + piece


def marked(s: Sched, m: M) -> int:
    """The piece is marked: the last one ends the cycle; whether this worker goes on depends on its kind."""
    gc: Collector = s.gc
    g, p = m.g, m.p
    assert g is not None
    assert p is not None
    s.here = p.counts
    gc.marking -= 1
    gc.credit += g.left
    if p.mode == FRACTIONAL:
        p.fractional_ns += g.left
    g.left = 0
    if gc.work <= 0:
        if gc.marking == 0 and gc.blacken and not s.gcwaiting:
            gc.blacken = False
            return stop_the_world(s, m, end_mark)
        return worker_rests(s, m, g)
    if s.gcwaiting:
        return worker_rests(s, m, g)
    if p.mode == DEDICATED:
        if p.preempt:
            # Asked to give way it does not, but what waits here goes where others find it.
            p.preempt = False
            if p.runnext is not None:
                s.runq.append(p.runnext)
                p.runnext = None
            s.runq.extend(p.local)
            p.local.clear()
        return mark(s, m, g, ())
    if p.preempt or (p.mode == IDLE_MODE and _other_work(s, p)):
        return worker_rests(s, m, g)
    if p.mode == FRACTIONAL and _share(s, gc, p) > 1.2 * gc.fraction:
        return worker_rests(s, m, g)
    return mark(s, m, g, ())


def worker_rests(s: Sched, m: M, g: G) -> int:
    """The worker goes back to the pool (``gcBgMarkWorkerPool``) and its kind's count."""
    gc: Collector = s.gc
    p = m.p
    assert p is not None
    if p.mode == DEDICATED:
        gc.dedicated += 1
    elif p.mode == IDLE_MODE:
        gc.idle_now -= 1
    p.mode = 0
    g.at = 0
    gc.pool.append(g)
    return gopark(s, m, g, WHY_SYSTEM)


def end_mark(s: Sched, m: M) -> int:
    """``gcMarkTermination``: what was allocated meanwhile stays until the next cycle."""
    gc: Collector = s.gc
    g, p = m.g, m.p
    assert g is not None
    assert p is not None
    s.here = p.counts
    _look_back(s, gc)
    gc.heap = gc.live + max(0, gc.heap - gc.at_start)
    gc.goal = max(_LEAST_HEAP, gc.heap + gc.live * gc.gogc // 100)
    gc.cycles += 1
    gc.pool.extend(gc.workers.values())
    gc.workers.clear()
    s.marks.append((gc.cycle_start, s.now - gc.cycle_start, NOBODY, "GC concurrent mark phase"))
    start_the_world(s, m, "GC mark termination")
    return worker_rests(s, m, g)


def _look_back(s: Sched, gc: Collector) -> None:
    """How much the next cycle will see allocated, if the program goes on as since the last one
    (``consMark``)."""
    allocated, past = gc.heap - gc.live, max(1, s.now - gc.since)
    alone_ns = (gc.live * s.costs.mark_ns_per_kib >> 10) / (s.procs * s.rules.gc_share)
    gc.runway = int(allocated / past * alone_ns)
    gc.since = s.now


def _new_worker(s: Sched) -> G:
    g = G(len(s.goroutines), "runtime.gcBgMarkWorker", [(1, mark, 0, 0, "marking")])
    g.worker = True
    s.goroutines.append(g)
    return g


def _given_worker(s: Sched, gc: Collector, p: P) -> bool:
    """``procresize``: an idle P gets a worker at once (``assignWaitingGCWorker``)."""
    if not gc.blacken:
        return False
    worker = gc.find_worker(s, p)
    if worker is None:
        return False
    gc.workers[p.number] = worker
    return True


def _start_on(s: Sched, p: P) -> None:
    """An M for P: the one that it had, if that sleeps; else the one that fell asleep last, or a new one."""
    if p.oldm is not None and p.oldm in s.idle_ms:
        m = p.oldm
        s.idle_ms.remove(m)
    elif s.idle_ms:
        m = s.idle_ms.pop()
    else:
        m = newm(s)
    m.nextp = p
    notewakeup(s, m)


def _share(s: Sched, gc: Collector, p: P) -> float:
    past = s.now - gc.mark_start
    return p.fractional_ns / past if past > 0 else 0.0


def _other_work(s: Sched, p: P) -> bool:
    """``pollWork``."""
    return bool(s.runq) or not runqempty(p) or (bool(s.net_ready) and s.lastpoll != 0)
