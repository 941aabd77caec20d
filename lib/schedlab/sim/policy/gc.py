"""The garbage collector as the scheduler meets it: stops of the world, mark workers, assists.

After runtime/mgc.go, mgcpacer.go, mgcmark.go and proc.go of Go 1.27. The heap is one number, its live part is
given, and marking is an amount of CPU time that workers take in pieces. What is live may be a list: each
element is found by marking the one before, and only the P that did so knows it (``gcw.spanq``).
"""

from __future__ import annotations

from collections import deque
from typing import Final

from schedlab.sim.policy.blocking import GO_ON
from schedlab.sim.policy.counts import (
    IDLE,
    NO_REASON,
    RUNNABLE,
    SPIN_STOPPED,
    WHY_ASSIST,
    WHY_SYSTEM,
)
from schedlab.sim.policy.find import ready_list
from schedlab.sim.policy.leave import gopark, gosched_impl, wake_sysmon
from schedlab.sim.policy.pacing import Pacer
from schedlab.sim.policy.queues import runqempty
from schedlab.sim.policy.state import NOBODY, P_GCSTOP, P_RUNNING, G, M, Op, P, Sched, Then
from schedlab.sim.policy.sweep import PAGE, Sweep, spans_of, sweep_for, sweep_some
from schedlab.sim.policy.sysmon import preemptone
from schedlab.sim.policy.wake import (
    handoffp,
    injectglist,
    newm,
    notewakeup,
    park,
    pidleget,
    pidleput,
    ready,
    releasep,
    start_latency,
    stopm,
    wakep,
)

DEDICATED, FRACTIONAL, IDLE_MODE = 1, 2, 3
_MODES: Final = {DEDICATED: "GC (dedicated)", FRACTIONAL: "GC (fractional)", IDLE_MODE: "GC (idle)"}
"""As an execution trace labels them."""

_PIECE_NS: Final = 20_000
"""How much a worker marks before others may take it as credit; Go's is smaller (``gcCreditSlack``)."""
_CHECK: Final = 100_000
"""Bytes to look at until a fractional or idle worker asks whether to go on (``drainCheckThreshold``)."""
_OVER_ASSIST: Final = 64 << 10
"""Bytes to look at that an assist takes on at least (``gcOverAssistWork``)."""
_MOST_ERROR: Final = 0.3


class Collector:
    """``gcController`` and ``work``. Bytes, ns of CPU.

    ``work`` is what nobody has taken on yet, ``taken`` what those who mark now have; ``live`` is what a
    program keeps. ``chained`` if that is a list, of which P number ``holder`` knows how it goes on.
    """

    __slots__ = (
        "assist_ns",
        "assisting",
        "blacken",
        "chained",
        "check_ns",
        "credit",
        "cycle_start",
        "cycles",
        "dedicated",
        "during",
        "fraction",
        "holder",
        "idle_most",
        "idle_now",
        "idle_ns",
        "live",
        "mark_start",
        "marking",
        "over_assist",
        "pace",
        "pool",
        "scan_bytes",
        "starting",
        "stop_start",
        "sweep",
        "taken",
        "total",
        "work",
        "workers",
    )

    def __init__(
        self, live: int, gogc: int, share: float = 0.25, scan_bytes: int = 0, chained: bool = False
    ) -> None:
        self.live = live
        self.scan_bytes = scan_bytes
        self.chained = chained
        self.holder = NOBODY
        self.pace = Pacer(live, gogc, share)
        self.sweep = Sweep(live)
        self.cycle_start = 0
        self.cycles = 0
        self.starting = False
        self.blacken = False
        self.work = 0
        self.taken = 0
        self.total = 0
        self.marking = 0
        self.credit = 0
        self.over_assist = 0
        self.check_ns = 0
        self.assist_ns = 0
        self.idle_ns = 0
        self.during = [0, 0, 0]
        self.dedicated = 0
        self.fraction = 0.0
        self.idle_most = 0
        self.idle_now = 0
        self.mark_start = 0
        self.stop_start = 0
        self.assisting: deque[G] = deque()
        self.pool: list[G] = []
        self.workers: dict[int, G] = {}

    def available(self, p: P | None) -> bool:
        """``gcShouldScheduleWorker``: there is something that this P can mark, or any."""
        if self.work <= 0:
            return False
        if not self.chained or self.holder == NOBODY:
            return True
        return p is not None and p.number == self.holder and self.marking == 0

    def wants_worker(self, _: Sched) -> bool:
        """``gcShouldScheduleWorker``, while there is marking."""
        return self.blacken and self.available(None)

    def find_worker(self, s: Sched, p: P) -> G | None:
        """``findRunnableGCWorker``: dedicated workers first; a fractional one if this P is behind its
        share."""
        given = self.workers.pop(p.number, None)
        if given is not None:
            return given
        if not self.available(p) or not self.pool or (self.dedicated <= 0 and self.fraction == 0):
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
        if not self.wants_idle_worker(s, p):
            return None
        self.idle_now += 1
        p.mode = IDLE_MODE
        return self._handed(s, p)

    def wants_idle_worker(self, _: Sched, p: P | None = None) -> bool:
        """``needIdleMarkWorker`` and whether there is one, and work for it."""
        return self.available(p) and bool(self.pool) and self.idle_now < self.idle_most

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

    def safe_point(self, s: Sched, p: P) -> None:
        """``runSafePointFn``: the last P wakes who waits for all."""
        s.safe_points &= ~(1 << p.number)
        m = s.safe_pointer
        if s.safe_points or m is None:
            return
        s.safe_pointer = None
        m.parked = False
        s.awake += 1
        s.cost += s.costs.wake_ns
        s.driver.plan(m, s.cost + start_latency(s, m))

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


def deduct(s: Sched, _m: M, g: G, step: Op) -> int:
    """``deductAssistCredit``: who allocates while the heap is marked owes some marking."""
    gc: Collector = s.gc
    if gc.blacken:
        if g.assist_cycle != gc.cycles:
            g.assist_cycle, g.assist_bytes = gc.cycles, 0
        g.assist_bytes -= step[2]
    return GO_ON


def assist(s: Sched, m: M, g: G, _: Op) -> int:
    """``gcAssistAlloc``: it pays with what background workers have marked, or marks; else it waits."""
    gc: Collector = s.gc
    if not gc.blacken or g.assist_bytes >= 0:
        return GO_ON
    # It comes back to this step until all is paid.
    g.at -= 1
    rate = gc.pace.work_per_byte(gc.work + gc.taken, gc.total)
    work = max(int(-g.assist_bytes * rate), gc.over_assist)
    if gc.credit > 0:
        stolen = min(work, gc.credit)
        gc.credit -= stolen
        g.assist_bytes += 1 + int(stolen / rate)
        work -= stolen
        if work == 0:
            return GO_ON
    if not gc.available(m.p):
        if g.assist_bytes >= 0:
            return GO_ON
        gc.assisting.append(g)
        return gopark(s, m, g, WHY_ASSIST)
    piece = min(work, gc.work)
    _take(gc, m.p, piece)
    s.marks.append((s.now + s.cost, piece, g.number, "GC mark assist"))
    g.left = piece
    m.end = s.now + s.cost + piece
    m.then = assisted
    return s.cost + piece


def assisted(s: Sched, m: M) -> int:
    """``gcAssistAlloc1`` has marked: the last one ends the cycle; with too little done it tries again."""
    gc: Collector = s.gc
    g, p = m.g, m.p
    assert g is not None
    assert p is not None
    s.here = p.counts
    done = _marked(s, gc, m, g)
    gc.assist_ns += done
    g.assist_bytes += 1 + int(done / gc.pace.work_per_byte(gc.work + gc.taken, gc.total))
    if gc.work <= 0 and gc.marking == 0 and gc.blacken and not gc.starting:
        return mark_done(s, m)
    if g.assist_bytes < 0 and p.preempt:
        return gosched_impl(s, m, g, False)
    return s.run(s, m)


def alloc(s: Sched, m: M, _: G, step: Op) -> int:
    """``mallocgc``: it sweeps for the spans that it needs, the heap grows, and at the trigger a cycle begins.

    ``step[3]`` says whether it is kept.
    """
    gc: Collector = s.gc
    pace, sweep = gc.pace, gc.sweep
    count: int = step[2]
    if pace.gogc < 0:
        return GO_ON
    spans = spans_of(sweep, count)
    s.cost += sweep_for(sweep, pace.heap, spans, s.costs)
    pace.heap += count
    # Marked where they lie: they outlive the cycle.
    owners = sweep.kept if step[3] else gc.during if gc.blacken else sweep.new
    for at, more in enumerate(spans):
        owners[at] += more
    if step[3]:
        gc.live += count
    # Who ends a cycle has worldsema until every P has given back its spans.
    if gc.blacken or gc.starting or s.safe_points or pace.heap < pace.trigger():
        return GO_ON
    gc.starting = True
    gc.cycle_start = s.now
    # Whoever begins a cycle sweeps what is left (gcStart).
    s.cost += sweep.take(sweep.left) * s.costs.sweep_ns
    m.then = start
    return max(s.cost, 1)


def start(s: Sched, m: M) -> int:
    """``gcStart``."""
    assert m.p is not None
    s.here = m.p.counts
    return stop_the_world(s, m, begin_mark)


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
    gc.pace.triggered = gc.pace.heap
    gc.total = gc.work = max(1, gc.live * s.costs.mark_ns_per_kib >> 10)
    scanned = max(gc.scan_bytes or gc.live, 1)
    gc.over_assist = _OVER_ASSIST * gc.total // scanned
    gc.check_ns = _CHECK * gc.total // scanned
    gc.taken = gc.credit = gc.assist_ns = gc.idle_ns = 0
    gc.during = [0, 0, 0]
    gc.idle_now = 0
    gc.holder = NOBODY
    gc.mark_start = s.now
    total = s.procs * s.rules.gc_share
    gc.dedicated, gc.fraction = worker_shares(s.procs, total)
    gc.idle_most = s.procs - gc.dedicated
    for one in s.ps:
        one.fractional_ns = 0
    while len(gc.pool) < s.procs:
        gc.pool.append(_new_worker(s))
    gc.blacken = True
    gc.starting = False
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


def _take(gc: Collector, p: P | None, piece: int) -> None:
    if p is not None:
        gc.holder = p.number
    gc.work -= piece
    gc.taken += piece
    gc.marking += 1


def _marked(s: Sched, gc: Collector, m: M, g: G) -> int:
    """What of a piece is marked, if it was not cut short; the rest goes back."""
    left = max(0, m.end - s.now)
    done = g.left - left
    gc.taken -= g.left
    gc.work += left
    gc.marking -= 1
    g.left = 0
    return done


def mark(s: Sched, m: M, g: G, step: Op) -> int:
    """``gcBgMarkWorker`` and ``gcDrain``: a worker takes a piece of what is to be marked."""
    gc: Collector = s.gc
    if step:
        assert m.p is not None
        s.labels.append((s.now, g.number, _MODES[m.p.mode]))
        m.p.drained_ns = 0
    if not gc.available(m.p):
        return worker_rests(s, m, g)
    piece = min(_PIECE_NS, gc.work)
    _take(gc, m.p, piece)
    g.left = piece
    m.end = s.now + s.cost + piece
    m.then = marked
    return s.cost + piece


def marked(s: Sched, m: M) -> int:
    """The piece is marked: the last one ends the cycle; whether this worker goes on depends on its kind."""
    gc: Collector = s.gc
    g, p = m.g, m.p
    assert g is not None
    assert p is not None
    s.here = p.counts
    done = _marked(s, gc, m, g)
    p.drained_ns += done
    if p.mode == FRACTIONAL:
        p.fractional_ns += done
    elif p.mode == IDLE_MODE:
        gc.idle_ns += done
    flush_credit(s, gc, p, done)
    if gc.work <= 0:
        if gc.marking == 0 and gc.blacken and not gc.starting:
            return mark_done(s, m)
        return worker_rests(s, m, g)
    if s.gcwaiting or s.safe_points >> p.number & 1:
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
    if p.preempt:
        return worker_rests(s, m, g)
    if p.drained_ns >= gc.check_ns:
        p.drained_ns = 0
        if _other_work(s, p) if p.mode == IDLE_MODE else _share(s, gc, p) > 1.2 * gc.fraction:
            return worker_rests(s, m, g)
    return mark(s, m, g, ())


def flush_credit(s: Sched, gc: Collector, p: P, done: int) -> None:
    """``gcFlushBgCredit``: first to those who wait for it, the oldest first; what is left anyone may take."""
    if not gc.assisting:
        gc.credit += done
        return
    rate = gc.pace.work_per_byte(gc.work + gc.taken, gc.total)
    count = int(done / rate)
    while gc.assisting and count > 0:
        g = gc.assisting.popleft()
        if count + g.assist_bytes < 0:
            g.assist_bytes += count
            gc.assisting.append(g)
            return
        count += g.assist_bytes
        g.assist_bytes = 0
        ready(s, g, p, NOBODY, next_=False)
    gc.credit += int(count * rate)


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


def mark_done(s: Sched, m: M) -> int:
    """``gcMarkDone``: nothing is left to be marked: every P says so (``forEachP``), then the world stops."""
    gc: Collector = s.gc
    gc.starting = True
    return for_each_p(s, m, stop_for_end)


def stop_for_end(s: Sched, m: M) -> int:
    """``gcMarkDone`` after ``forEachP``."""
    assert m.p is not None
    s.here = m.p.counts
    return stop_the_world(s, m, end_mark)


def for_each_p(s: Sched, m: M, then: Then) -> int:
    """``forEachP``: idle Ps and those in system calls at once, the others when their goroutines give way."""
    own = m.p
    assert own is not None
    s.safe_points = 0
    for p in s.ps:
        if p is own or p.status != P_RUNNING or p.m is None:
            continue
        if p.m.in_syscall:
            handoffp(s, releasep(p.m))
        else:
            s.safe_points |= 1 << p.number
            preemptone(s, p)
    if not s.safe_points:
        m.then = then
        return max(s.cost, 1)
    s.safe_pointer = m
    return park(s, m, then)


def end_mark(s: Sched, m: M) -> int:
    """``gcMarkTermination``: what was allocated meanwhile stays until the next cycle, and sweeping begins."""
    gc: Collector = s.gc
    p = m.p
    assert p is not None
    s.here = p.counts
    pace, sweep = gc.pace, gc.sweep
    gc.blacken = gc.starting = False
    pace.end_cycle(gc.total, s.now - gc.mark_start, s.procs, gc.assist_ns, gc.idle_ns)
    pace.marked = pace.heap = gc.live + sum(gc.during[at] for at in (0, 2)) * PAGE
    pace.commit(gc.total, swept=False)
    sweep.begin(gc.during, pace.heap, pace.pages_per_byte(sweep.in_use() + gc.during[0] + gc.during[2]))
    gc.cycles += 1
    gc.pool.extend(gc.workers.values())
    gc.workers.clear()
    waiting = list(gc.assisting)
    gc.assisting.clear()
    injectglist(s, waiting, p)
    if sweep.g is None:
        sweep.g = _system(s, "runtime.bgsweep", sweep_some, "sweeping")
        sweep.g.parked = True
    if sweep.g.parked:
        sweep.g.parked = False
        ready(s, sweep.g, p, NOBODY)
    s.marks.append((gc.cycle_start, s.now - gc.cycle_start, NOBODY, "GC concurrent mark phase"))
    start_the_world(s, m, "GC mark termination")
    # Each P gives back its spans (mcache.prepareForSweep).
    return for_each_p(s, m, after_mark)


def after_mark(s: Sched, m: M) -> int:
    """Who ended the cycle goes on: a worker to its pool, who had assisted with its program."""
    g, p = m.g, m.p
    assert g is not None
    assert p is not None
    s.here = p.counts
    if g.worker:
        return worker_rests(s, m, g)
    return s.run(s, m)


def _system(s: Sched, name: str, step: object, what: str) -> G:
    """A goroutine of the runtime's own."""
    g = G(len(s.goroutines), name, [(1, step, 0, 0, what)])
    g.worker = True
    s.goroutines.append(g)
    return g


def _new_worker(s: Sched) -> G:
    return _system(s, "runtime.gcBgMarkWorker", mark, "marking")


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
