"""What this machine is, as far as it matters to a measurement."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Machine:
    """``cores`` is how many CPUs this process may run on, ``cpus`` how many the machine shows.

    ``memory_bytes`` is 0 and ``processor`` empty where the system does not tell. ``virtual`` says whether
    the processor reports a hypervisor.
    """

    system: str
    kernel: str
    architecture: str
    processor: str
    cpus: int
    cores: int
    memory_bytes: int
    virtual: bool

    def __str__(self) -> str:
        gigabytes = f", {self.memory_bytes / 2**30:.0f} GiB" if self.memory_bytes else ""
        where = "virtual machine" if self.virtual else "machine"
        processor = f" ({self.processor})" if self.processor else ""
        return (
            f"{self.cores} of {self.cpus} CPUs of a {where}{processor}{gigabytes}, "
            f"{self.system} {self.kernel}, {self.architecture}"
        )


def machine() -> Machine:
    """The machine as this process sees it now: a CPU affinity set later gives another answer."""
    about = _text("/proc/cpuinfo")
    return Machine(
        system=platform.system(),
        kernel=platform.release(),
        architecture=platform.machine(),
        processor=_value(about, "model name"),
        cpus=os.cpu_count() or 1,
        cores=cores(),
        memory_bytes=_memory(),
        virtual="hypervisor" in _value(about, "flags").split(),
    )


def cores() -> int:
    """How many CPUs this process, and what it starts, may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _value(text: str, name: str) -> str:
    lines = (line.partition(":") for line in text.splitlines())
    return next((value.strip() for key, _, value in lines if key.strip() == name), "")


def _text(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return 0
