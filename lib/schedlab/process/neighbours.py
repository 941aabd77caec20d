"""Who else uses the machine's CPUs while a process that we did not start is watched."""

from __future__ import annotations

import time

import psutil

from schedlab.process._supervisor import machine_cpu_ns


class Neighbours:
    """Counts from now on the CPU time of everybody but the process ``pid``."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._began_ns = time.monotonic_ns()
        self._began = self._used_ns()

    @property
    def used_ns(self) -> int | None:
        """Their CPU time so far; None if it has ended, or the system does not tell (proc_stat(5))."""
        now = self._used_ns()
        return None if now is None or self._began is None else max(0, now - self._began)

    @property
    def cpus(self) -> float | None:
        """How many CPUs they used, on average; None as above."""
        used = self.used_ns
        return None if used is None else used / max(time.monotonic_ns() - self._began_ns, 1)

    def _used_ns(self) -> int | None:
        machine = machine_cpu_ns()
        try:
            own = psutil.Process(self._pid).cpu_times()
        except psutil.Error:
            return None
        return None if machine is None else machine - int((own.user + own.system) * 1e9)
