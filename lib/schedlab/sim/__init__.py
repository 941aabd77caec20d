"""A simulator of the Go scheduler: a workload and rules in, a Timeline and the probes' counters out.

>>> from schedlab import sim
>>> worker = sim.Program("worker", (sim.Repeat(20, (sim.Compute(100_000), sim.Yield())),), count=100)
>>> done = sim.simulate(sim.Workload((worker,), procs=2), seed=1)
>>> done.counters.total("gosched")
2000
"""

from __future__ import annotations

from schedlab.sim.costs import Costs
from schedlab.sim.durations import Duration, Exponential, LogNormal, Measured, Uniform
from schedlab.sim.engine import simulate
from schedlab.sim.errors import BadWorkload, Deadlock, LimitReached, Misstep, SimulationError
from schedlab.sim.result import Result
from schedlab.sim.rules import RELEASES, Rules, rules_of
from schedlab.sim.spec import load, parse
from schedlab.sim.workload import (
    Add,
    Alloc,
    Case,
    Cgo,
    Close,
    Compute,
    Done,
    Heap,
    Join,
    Lock,
    LockThread,
    Network,
    Program,
    Range,
    Read,
    Receive,
    Repeat,
    Select,
    Send,
    Sleep,
    Spawn,
    Step,
    Syscall,
    Unlock,
    UnlockThread,
    Wait,
    Workload,
    Write,
    Yield,
)

__all__ = [
    "RELEASES",
    "Add",
    "Alloc",
    "BadWorkload",
    "Case",
    "Cgo",
    "Close",
    "Compute",
    "Costs",
    "Deadlock",
    "Done",
    "Duration",
    "Exponential",
    "Heap",
    "Join",
    "LimitReached",
    "Lock",
    "LockThread",
    "LogNormal",
    "Measured",
    "Misstep",
    "Network",
    "Program",
    "Range",
    "Read",
    "Receive",
    "Repeat",
    "Result",
    "Rules",
    "Select",
    "Send",
    "SimulationError",
    "Sleep",
    "Spawn",
    "Step",
    "Syscall",
    "Uniform",
    "Unlock",
    "UnlockThread",
    "Wait",
    "Workload",
    "Write",
    "Yield",
    "load",
    "parse",
    "rules_of",
    "simulate",
]
