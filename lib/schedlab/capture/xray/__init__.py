"""X-ray: the runtime's own G, M and P, read out of any live Go process (Linux, amd64 and arm64).

    with xray.attach(pid) as live:
        now = live.snapshot()
        now.ps.status_name, now.ms.thread, now.gs.waits_for, now.queues

The program needs no preparation but DWARF, which ``go build`` adds by itself. Nothing is ever written to it.
"""

from schedlab.capture.xray.attached import MOST_HZ, Xray
from schedlab.capture.xray.code import Places
from schedlab.capture.xray.errors import (
    NoLayout,
    NotAGoBinary,
    NotAllowed,
    NotStopped,
    ProcessGone,
    XrayError,
)
from schedlab.capture.xray.looks import Looks, summary
from schedlab.capture.xray.pools import PoolParts
from schedlab.capture.xray.samples import GoroutineStates, Samples
from schedlab.capture.xray.snapshot import Snapshot
from schedlab.capture.xray.structs import Change, Row, StructTable, changes, layout
from schedlab.capture.xray.tables import NOBODY, Goroutines, Procs, Scheduler, Threads

__all__ = [
    "MOST_HZ",
    "NOBODY",
    "Change",
    "GoroutineStates",
    "Goroutines",
    "Looks",
    "NoLayout",
    "NotAGoBinary",
    "NotAllowed",
    "NotStopped",
    "Places",
    "PoolParts",
    "ProcessGone",
    "Procs",
    "Row",
    "Samples",
    "Scheduler",
    "Snapshot",
    "StructTable",
    "Threads",
    "Xray",
    "XrayError",
    "attach",
    "changes",
    "layout",
    "summary",
]


def attach(pid: int) -> Xray:
    """Look into the process ``pid``. Use it in a ``with`` statement.

    The rights that are needed are those of ptrace: one's own processes, as far as the system lets them.

    Raises:
        NotSupportedHere: this is not Linux.
        ProcessGone: there is no such process.
        NotAllowed: the kernel refuses; the message says what to allow.
        NotAGoBinary: it runs nothing that Go built.
        NoLayout: its program was linked without DWARF, or stripped.
    """
    return Xray(pid)
