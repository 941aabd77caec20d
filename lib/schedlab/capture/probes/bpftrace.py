"""The same questions put to a program that was not built with probes: a script for bpftrace (Linux, root).

``scheduler.bt`` needs nothing of this package; its header says how to run it. It counts on function entry
only. Where goroutines come from, what a steal gave and which P did it, the probes in the runtime know.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Final

SCHEDULER_BT: Final = Path(__file__).parent / "scheduler.bt"
"""The script. It takes the program's path."""

# Either does: the kernel's own kind of event (perf_kprobe and perf_uprobe, Linux 4.17), or the older file.
_UPROBES: Final = (
    "/sys/bus/event_source/devices/uprobe/type",
    "/sys/kernel/tracing/uprobe_events",
    "/sys/kernel/debug/tracing/uprobe_events",
)
_STATUS: Final = "/proc/self/status"
# linux/capability.h; SYS_ADMIN holds for the other two.
_PERFMON_AND_BPF: Final = 1 << 38 | 1 << 39
_SYS_ADMIN: Final = 1 << 21


def bpftrace_reason() -> str:
    """Why ``scheduler.bt`` cannot be run here, and what would help; "" if nothing is in its way."""
    if not sys.platform.startswith("linux"):
        return "bpftrace is for Linux; this is another system"
    if shutil.which("bpftrace") is None:
        return "there is no bpftrace on the PATH; install the package bpftrace"
    if os.geteuid() != 0:
        return f"bpftrace needs root; this is user {os.geteuid()}"
    if not _may():
        return "root has no CAP_BPF and CAP_PERFMON here; start the container with --cap-add=SYS_ADMIN"
    if not any(Path(file).exists() for file in _UPROBES):
        return "this kernel has no uprobes (CONFIG_UPROBE_EVENTS), or the container hides /sys"
    return ""


def _may() -> bool:
    """Whether this process has the capabilities. In a container root may have few."""
    for line in Path(_STATUS).read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("CapEff:"):
            held = int(line.split()[1], 16)
            return bool(held & _SYS_ADMIN) or held & _PERFMON_AND_BPF == _PERFMON_AND_BPF
    return False
