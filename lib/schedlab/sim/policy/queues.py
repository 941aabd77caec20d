"""Run queues: what goes in, what comes out, and what one P takes from another. All of runtime/proc.go, Go
1.27."""

from __future__ import annotations

from schedlab.sim.policy.counts import GLOBAL_PUT, OVERFLOW, OVERFLOW_GS, STEAL, STEAL_MISS, STOLEN
from schedlab.sim.policy.state import P_RUNNING, G, P, Sched


def runqempty(p: P) -> bool:
    """``runqempty``: neither in the queue nor in runnext is a goroutine."""
    return not p.local and p.runnext is None


def runqput(s: Sched, p: P, g: G, next_: bool) -> None:
    """``runqput``: to runnext, whence the old one goes to the queue's tail; or to the tail at once."""
    if next_ and s.rules.runnext:
        kicked = p.runnext
        p.runnext = g
        if kicked is None:
            if s.watch is not None:
                s.watch("runqput", f"G{g.number} became runnable on P{p.number}: it is run next")
            return
        if s.watch is not None:
            s.watch("runqput", f"G{g.number} is run next on P{p.number}; G{kicked.number} makes room for it")
        g = kicked
    if len(p.local) < s.rules.local_queue:
        p.local.append(g)
        if s.watch is not None:
            s.watch("runqput", f"G{g.number} goes to the tail of P{p.number}'s queue, which has room")
        return
    runqputslow(s, p, g)


def runqputslow(s: Sched, p: P, g: G) -> None:
    """``runqputslow``: the older half of a full queue, and g, go to the global queue's tail."""
    half = s.rules.local_queue // 2
    local, runq = p.local, s.runq
    for _ in range(half):
        runq.append(local.popleft())
    runq.append(g)
    s.here[OVERFLOW] += 1
    s.here[OVERFLOW_GS] += half + 1
    if s.watch is not None:
        s.watch(
            "runqputslow",
            f"P{p.number}'s queue is full: its oldest {half} and G{g.number} go to the global queue",
        )


def globrunqput(s: Sched, g: G) -> None:
    """``globrunqput``: to the tail of the global queue."""
    s.runq.append(g)
    s.here[GLOBAL_PUT] += 1
    if s.watch is not None:
        s.watch("globrunqput", f"G{g.number} goes to the tail of the global queue")


def globrunqgetbatch(s: Sched, p: P) -> G:
    """``globrunqgetbatch`` and ``runqputbatch``: a share of the global queue, the first of it to be run.

    The share is the queue's length by GOMAXPROCS and one more, at most half a local queue. The global queue
    is not empty, the P's own queue is.
    """
    runq = s.runq
    size = len(runq)
    share = min(s.rules.batch or s.rules.local_queue // 2, size, size // s.procs + 1)
    first = runq.popleft()
    local = p.local
    for _ in range(share - 1):
        local.append(runq.popleft())
    if s.watch is not None:
        s.watch(
            "globrunqgetbatch",
            f"P{p.number} has none of its own: of {size} in the global queue it takes {share}, "
            f"and runs G{first.number}",
        )
    return first


def runqputbatch(s: Sched, p: P, list_: list[G]) -> list[G]:
    """``runqputbatch``: as many as there is room for, to the queue's tail; what is left is given back."""
    room = s.rules.local_queue - len(p.local)
    p.local.extend(list_[:room])
    return list_[room:]


def runqgrab(s: Sched, thief: P, victim: P, steal_next: bool) -> G | None:
    """``runqsteal`` and ``runqgrab``: half of the victim's queue, rounded up, from its head.

    The newest of it is to be run, the others go to the thief's queue. Of an empty queue, with ``steal_next``,
    the one in runnext. None if there is nothing to take, or if runnext must be left a moment more:
    ``must_back_off`` says so.
    """
    local = victim.local
    count = len(local) - len(local) // 2
    if count == 0:
        g = victim.runnext
        if not steal_next or g is None:
            s.here[STEAL_MISS] += 1
            return None
        victim.runnext = None
        count = 1
    else:
        own = thief.local
        for _ in range(count - 1):
            own.append(local.popleft())
        g = local.popleft()
    s.here[STEAL] += 1
    s.here[STOLEN] += count
    thief.taken[victim.number] += count
    if s.watch is not None:
        s.watch(
            "runqsteal",
            f"P{thief.number} has none: it takes {count} from P{victim.number}, and runs G{g.number}",
        )
    return g


def must_back_off(victim: P) -> bool:
    """In ``runqgrab``: the victim runs, outside of a system call, and may be about to run its runnext."""
    m = victim.m
    return victim.status == P_RUNNING and m is not None and (m.g is None or not m.in_syscall)
