"""Probes inside the runtime: counters and time-stamped events of the scheduler's own decisions.

A program is built with changed copies of a few of the installed runtime's files (``go build -overlay``; the
toolchain stays as it is). They count, for each P, where goroutines come from, what is stolen, handed off,
retaken, preempted, parked and readied. The counters are written at the program's end. A living process has
them in ``runtime.schedlabProbes``: a header that says how it is laid out, a slot for each P by its number,
and a last one for code that holds no P (hooks/schedlab_probes.go documents each field); ``read_live`` reads
them from there, ``read_live_events`` the rings too.

The same way a constant of the scheduler can be overridden, to see what it is good for.
"""

from __future__ import annotations

from schedlab.capture.probes._build import RING_EVENTS, Mode, build
from schedlab.capture.probes._live import read_live, read_live_events
from schedlab.capture.probes._run import VARIABLE, Probed, run, run_built, run_traced
from schedlab.capture.probes.bpftrace import SCHEDULER_BT, bpftrace_reason
from schedlab.capture.probes.errors import AnchorMissing, DamagedProbes, NotProbed
from schedlab.capture.probes.kinds import KINDS, NAMES, RUNS
from schedlab.capture.probes.overrides import Overrides
from schedlab.capture.probes.records import NOBODY, Counters, Events
from schedlab.capture.probes.searches import Searches, searches

__all__ = [
    "KINDS",
    "NAMES",
    "NOBODY",
    "RING_EVENTS",
    "RUNS",
    "SCHEDULER_BT",
    "VARIABLE",
    "AnchorMissing",
    "Counters",
    "DamagedProbes",
    "Events",
    "Mode",
    "NotProbed",
    "Overrides",
    "Probed",
    "Searches",
    "bpftrace_reason",
    "build",
    "read_live",
    "read_live_events",
    "run",
    "run_built",
    "run_traced",
    "searches",
]
