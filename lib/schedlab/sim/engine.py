"""Run a workload under rules: set the state up, let a driver move it, and keep what it gives."""

from __future__ import annotations

from typing import Final, Literal

from schedlab.errors import UsageError
from schedlab.sim.compile import check_procs, compiled
from schedlab.sim.costs import Costs
from schedlab.sim.drivers import HeapDriver, SimpyDriver
from schedlab.sim.errors import LimitReached, SimulationError
from schedlab.sim.policy import run as policy_run
from schedlab.sim.policy.counts import IDLE
from schedlab.sim.policy.find import execute, mstart
from schedlab.sim.policy.gc import Collector, assisted, marked
from schedlab.sim.policy.network import Network
from schedlab.sim.policy.state import NOBODY, Agent, G, M, Sched
from schedlab.sim.policy.sysmon import sysmon, sysmon_delay
from schedlab.sim.policy.wake import acquirep, newm, step_name
from schedlab.sim.result import Result
from schedlab.sim.rules import RELEASES, Rules
from schedlab.sim.workload import Workload

DriverName = Literal["heapq", "simpy"]

_DRIVERS: Final[dict[str, type[HeapDriver] | type[SimpyDriver]]] = {
    "heapq": HeapDriver,
    "simpy": SimpyDriver,
}
_S: Final = 1_000_000_000
DEFAULT_RULES: Final = RELEASES["go1.27"]
DEFAULT_COSTS: Final = Costs()
MOST_EVENTS: Final = 50_000_000
MOST_GOROUTINES: Final = 1_000_000
MOST_NS: Final = 3600 * _S
SAMPLE_NS: Final = 1_000_000


def simulate(
    load: Workload,
    *,
    rules: Rules = DEFAULT_RULES,
    costs: Costs = DEFAULT_COSTS,
    seed: int = 1,
    driver: DriverName = "heapq",
    most_events: int = MOST_EVENTS,
    most_ns: int = MOST_NS,
    most_goroutines: int = MOST_GOROUTINES,
    sample_ns: int = SAMPLE_NS,
) -> Result:
    """What the program does under these rules. The same arguments give the same result to the byte.

    ``sample_ns`` is how often the lengths of the run queues are noted, in simulated time.

    Raises:
        BadWorkload: a step that cannot be.
        Misstep: a goroutine did what Go panics at.
        Deadlock: nothing will happen any more. LimitReached: too much did. ``result`` has what came before.
        UsageError: a driver or limit that there is not.
    """
    s, moving = prepared(load, rules, costs, seed, driver, most_goroutines)
    if min(most_events, most_ns, sample_ns) < 1:
        raise UsageError("a limit, or the time between samples, is not above 0")
    end = Agent("end of the time", _time_is_up)
    moving.plan(end, most_ns)
    observer = _Observer(sample_ns)
    moving.plan(observer, 0)
    done = 0

    def result() -> Result:
        return Result(load, rules, costs, seed, driver, done, s.done, s)

    try:
        done = moving.run(s, most_events)
    except SimulationError as error:
        error.result = result()
        raise
    found = result()
    if not s.done:
        raise _over(found, f"the program has not ended after {most_events} events", s)
    return found


def prepared(
    load: Workload, rules: Rules, costs: Costs, seed: int, driver: DriverName, most_goroutines: int
) -> tuple[Sched, HeapDriver | SimpyDriver]:
    """A scheduler about to run main on P0, and who will move it."""
    if driver not in _DRIVERS:
        raise UsageError(f"there is no driver {driver!r}", remedy=f"There are {', '.join(_DRIVERS)}.")
    check_procs(load)
    moving = _DRIVERS[driver]()
    s = Sched(load.procs, rules, costs, seed, moving)
    s.goroutine_limit = most_goroutines
    s.mstart, s.run, s.computed = mstart, policy_run.run, policy_run.computed
    s.polling = (marked, assisted)
    heap = load.heap
    s.gc = Collector(heap.live_bytes, heap.gogc, rules.gc_share, heap.scan_bytes, heap.chained)
    s.network = Network()
    s.sysmon.then = sysmon
    compiled(load, s, seed)
    _start(s, moving)
    return s, moving


def _start(s: Sched, moving: HeapDriver | SimpyDriver) -> None:
    """``schedinit`` and ``rt0_go``: P0 runs main, the other Ps are idle, the highest at the bottom."""
    name, code = s.programs[0]
    main = G(0, name, code)
    s.goroutines.append(main)
    s.live = 1
    m = newm(s)
    for p in reversed(s.ps[1:]):
        p.idle = True
        s.free_ps.append(p)
        s.npidle += 1
        s.p_log.append((0, IDLE, p.number, NOBODY))
    acquirep(s, m, s.ps[0])
    s.log.append((0, 1, 0, 0, NOBODY, 0, NOBODY))
    s.awake = 1
    m.parked = False
    m.then = _main_starts
    moving.plan(m, 0)
    moving.plan(s.sysmon, sysmon_delay(s))


def _main_starts(s: Sched, m: M) -> int:
    return execute(s, m, s.goroutines[0], False)


class _Observer(Agent):
    """Notes the lengths of the run queues."""

    __slots__ = ("period",)

    def __init__(self, period: int) -> None:
        super().__init__("observer", _observe)
        self.period = period


def _observe(s: Sched, observer: _Observer) -> int:
    s.queue_log.append((s.now, len(s.runq), *(len(p.local) for p in s.ps)))
    return observer.period


def _time_is_up(s: Sched, _: Agent) -> int:
    raise LimitReached(f"the program has not ended after {s.now / 1e6:.0f} ms of simulated time{_who(s)}")


def _over(found: Result, what: str, s: Sched) -> LimitReached:
    error = LimitReached(f"{what}{_who(s)}", remedy="Give it less to do, or raise the limit.")
    error.result = found
    return error


def _who(s: Sched) -> str:
    """A goroutine that runs, or else one that waits, and its step."""
    running = [m.g for m in s.ms if m.g is not None and m.p is not None]
    alive = running or [g for g in s.goroutines if g.where >= 0 and not g.worker]
    if not alive:
        return ""
    verb = "runs" if running else "waits"
    return f"; goroutine {alive[0].program!r} (G{alive[0].number}) {verb} in {step_name(alive[0])}"
