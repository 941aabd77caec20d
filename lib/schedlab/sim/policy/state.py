"""The state of a simulated scheduler: G, M, P and ``sched``, and the terms on which a driver moves it.

Time is in integer nanoseconds. Whatever waits for a time is an ``Agent``: an M, sysmon, the network, the
clock's end. A driver calls ``agent.then(sched, agent)`` when an agent's time has come; what that returns is
how many ns it takes until the next call, or ``PARKED`` if someone else has to plan it. While it works,
``sched.cost`` sums up what the work takes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from random import Random
from typing import Any, Final, Protocol

from schedlab.capture.probes import NAMES
from schedlab.sim.costs import Costs
from schedlab.sim.rules import Rules

PARKED: Final = -1
"""What a step returns that does not know when it goes on."""
NOBODY: Final = -1

# Of Ps; the runtime's own numbers differ by release.
P_IDLE: Final = 0
P_RUNNING: Final = 1
P_GCSTOP: Final = 2

Then = Callable[["Sched", Any], int]
Op = tuple[Any, ...]
Draw = Callable[[], int]
Watch = Callable[[str, str], None]


class Driver(Protocol):
    """What the rules ask of whoever keeps the time."""

    def plan(self, agent: Agent, delay: int) -> None:
        """Call ``agent.then`` in ``delay`` ns, whatever was planned for it before."""


class Agent:
    """Something that acts at times of its own. ``version`` and ``alarm`` are the driver's."""

    __slots__ = ("alarm", "name", "parked", "process", "then", "version")

    def __init__(self, name: str, then: Then) -> None:
        self.name = name
        self.then = then
        self.version = 0
        self.parked = True
        self.alarm: Any = None
        self.process: Any = None


class G:
    """A goroutine. ``code`` and ``at`` say which step is next, ``left`` the ns left of the present one."""

    __slots__ = (
        "assist_bytes",
        "assist_cycle",
        "at",
        "awoke",
        "code",
        "handed",
        "left",
        "lock_since",
        "locked_m",
        "locks",
        "loops",
        "m",
        "number",
        "parked",
        "program",
        "since",
        "spins",
        "ticket",
        "where",
        "worker",
    )

    def __init__(self, number: int, program: str, code: list[Op]) -> None:
        self.number = number
        self.program = program
        self.code = code
        self.at = 0
        self.left = 0
        self.loops: list[int] = []
        self.m: M | None = None
        self.locked_m: M | None = None
        self.ticket = 0
        self.since = 0
        self.locks = 0
        # Of the mutex that it is about to lock.
        self.lock_since = -1
        self.handed = False
        self.awoke = False
        self.spins = 0
        self.where = 0
        """Its program's number; -1 once it has ended."""
        self.worker = False
        self.parked = False
        # What it has marked beyond what it has allocated, in which cycle.
        self.assist_bytes = 0
        self.assist_cycle = -1


class M(Agent):
    """A thread. ``end`` is when the step that it runs ends; ``began`` is when the goroutine's turn began."""

    __slots__ = (
        "began",
        "end",
        "g",
        "in_syscall",
        "locked_g",
        "nextp",
        "number",
        "oldp",
        "p",
        "poll_spinning",
        "slept",
        "spinning",
        "steal_at",
        "steal_left",
        "steal_next",
        "steal_step",
        "steal_until",
    )

    def __init__(self, number: int, then: Then) -> None:
        super().__init__(f"M{number}", then)
        self.number = number
        self.p: P | None = None
        self.nextp: P | None = None
        self.oldp: P | None = None
        self.g: G | None = None
        self.locked_g: G | None = None
        self.spinning = False
        self.in_syscall = False
        self.poll_spinning = False
        self.began = 0
        self.end = 0
        self.slept = 0
        self.steal_at = 0
        self.steal_step = 0
        self.steal_left = 0
        self.steal_until = 0
        self.steal_next: G | None = None


class P:
    """A processor: its queue, its timers, what sysmon knows of it, and what it counted."""

    __slots__ = (
        "counts",
        "drained_ns",
        "fractional_ns",
        "idle",
        "local",
        "m",
        "mode",
        "number",
        "oldm",
        "preempt",
        "runnext",
        "schedtick",
        "seen_schedtick",
        "seen_schedwhen",
        "seen_syscalltick",
        "seen_syscallwhen",
        "status",
        "syscalltick",
        "taken",
        "timers",
    )

    def __init__(self, number: int, procs: int) -> None:
        self.number = number
        self.status = P_IDLE
        self.idle = False
        self.m: M | None = None
        self.oldm: M | None = None
        self.runnext: G | None = None
        self.local: deque[G] = deque()
        self.timers: list[tuple[int, int, G]] = []
        self.schedtick = 0
        self.syscalltick = 0
        self.preempt = False
        self.seen_schedtick = 0
        self.seen_schedwhen = 0
        self.seen_syscalltick = 0
        self.seen_syscallwhen = 0
        self.mode = 0
        self.fractional_ns = 0
        self.drained_ns = 0
        self.counts = [0] * len(NAMES)
        self.taken = [0] * procs


class Sched:
    """``sched`` of runtime/proc.go, with the rules and costs in use, the generators and the log.

    ``here`` are the counts of the P that acts, or those of code without a P. ``log`` has a row per change of
    a goroutine: time, state, goroutine, P, M, reason, cause; ``p_log`` of a P: time, state, P, M.
    """

    __slots__ = (
        "awake",
        "channels",
        "computed",
        "connections",
        "coprimes",
        "cost",
        "costs",
        "done",
        "driver",
        "free_ps",
        "gc",
        "gcwaiting",
        "goroutine_limit",
        "goroutines",
        "groups",
        "here",
        "idle_ms",
        "joining",
        "labels",
        "lastpoll",
        "live",
        "log",
        "marks",
        "ms",
        "mstart",
        "mutexes",
        "needspinning",
        "net_ready",
        "net_waiters",
        "network",
        "nmspinning",
        "nobody",
        "now",
        "npidle",
        "p_log",
        "poll_until",
        "poller",
        "polling",
        "procs",
        "programs",
        "ps",
        "queue_log",
        "random_select",
        "random_steal",
        "random_wake",
        "rules",
        "run",
        "runq",
        "safe_pointer",
        "safe_points",
        "sequence",
        "stopper",
        "stopwait",
        "switch_ns",
        "sysmon",
        "sysmon_asleep",
        "sysmon_delay",
        "sysmon_idle",
        "watch",
    )

    def __init__(self, procs: int, rules: Rules, costs: Costs, seed: int, driver: Driver) -> None:
        self.procs = procs
        self.rules = rules
        self.costs = costs
        self.driver = driver
        self.now = 0
        self.cost = 0
        self.sequence = 0
        self.done = False
        self.awake = 0
        self.ps = [P(number, procs) for number in range(procs)]
        self.ms: list[M] = []
        self.goroutines: list[G] = []
        self.programs: list[tuple[str, list[Op]]] = []
        self.goroutine_limit = 0
        self.live = 0
        self.joining: G | None = None
        self.runq: deque[G] = deque()
        self.free_ps: list[P] = []
        self.npidle = 0
        self.idle_ms: list[M] = []
        self.nmspinning = 0
        self.needspinning = False
        self.lastpoll = 1
        self.poll_until = 0
        self.poller: M | None = None
        self.net_ready: list[G] = []
        self.net_waiters = 0
        self.network: Any = None
        self.gcwaiting = False
        self.stopwait = 0
        self.stopper: M | None = None
        # Ps that still have to run the function of ``forEachP``, a bit each, and who waits for them.
        self.safe_points = 0
        self.safe_pointer: M | None = None
        self.gc: Any = None
        self.sysmon = Agent("sysmon", _nothing)
        self.sysmon_asleep = False
        self.sysmon_delay = 0
        self.sysmon_idle = 0
        self.channels: list[Any] = []
        self.mutexes: list[Any] = []
        self.groups: list[Any] = []
        self.connections: list[Any] = []
        self.coprimes = [step for step in range(1, procs + 1) if _gcd(step, procs) == 1]
        # One generator for each concern: to change one leaves the others' draws as they were.
        self.random_steal = Random(f"{seed} steal")
        self.random_wake = Random(f"{seed} wake")
        self.random_select = Random(f"{seed} select")
        self.nobody = [0] * len(NAMES)
        self.here = self.nobody
        self.log: list[tuple[int, int, int, int, int, int, int]] = []
        self.p_log: list[tuple[int, int, int, int]] = []
        self.queue_log: list[tuple[int, ...]] = []
        self.marks: list[tuple[int, int, int, str]] = []
        self.labels: list[tuple[int, int, str]] = []
        self.watch: Watch | None = None
        self.switch_ns = costs.switch_ns
        # Where an M goes on: set by the modules that know, which know this one.
        self.mstart: Then = _nothing
        self.run: Then = _nothing
        self.computed: Then = _nothing
        # Those that look up by themselves when they are asked to give way: no signal has to stop them.
        self.polling: tuple[Then, ...] = ()


def _nothing(_sched: Sched, _agent: Any) -> int:
    return PARKED


def _gcd(one: int, other: int) -> int:
    while other:
        one, other = other, one % other
    return one
