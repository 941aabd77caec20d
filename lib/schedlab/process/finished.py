"""The record of one finished run."""

from __future__ import annotations

import json
import os
import signal as signals
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from schedlab.process.errors import OutputNotJson, ProgramFailed, shortened
from schedlab.process.settings import GoSettings

if TYPE_CHECKING:
    from schedlab.process.quota import ThrottleStats


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended, what it printed, what it used.

    ``exit_status`` is None if a signal ended it, and ``signal`` is None (else a name such as
    ``"SIGKILL"``) if none did. Times are ns, sizes bytes.

    ``wall_ns`` runs from the call of exec until the program was reaped. CPU time, memory and context
    switches are those of wait4(2): of the program and of those children that it waited for; the clock of
    CPU time counts whole microseconds. ``max_rss_bytes`` cannot be less than about 10 MiB on Linux, because
    it includes the moment before exec, when the process was a copy of its supervisor.

    ``machine_cpu_ns`` is the CPU time that the whole machine used meanwhile, this program's included, counted
    in ticks of 10 ms or so; None where the system does not tell.

    ``stdout`` and ``stderr`` are decoded as UTF-8, wrong bytes as U+FFFD. Past the limit the middle of a
    stream is dropped: a marker line says so, and ``…_dropped_bytes`` counts.
    ``left_pids`` are processes that could not be killed, the program or descendants of it. There are none
    unless some belong to another user, or hang in the kernel.
    """

    argv: tuple[str, ...]
    exit_status: int | None
    signal: str | None
    stdout: str
    stderr: str
    stdout_dropped_bytes: int
    stderr_dropped_bytes: int
    wall_ns: int
    user_ns: int
    system_ns: int
    max_rss_bytes: int
    voluntary_switches: int
    involuntary_switches: int
    settings: GoSettings
    throttle: ThrottleStats | None = None
    machine_cpu_ns: int | None = None
    left_pids: tuple[int, ...] = ()

    def check(self) -> Self:
        """This record, if the program ended with status 0.

        Raises:
            ProgramFailed: it did not; the message ends with the end of stderr.
        """
        if self.exit_status == 0:
            return self
        end = f"by {self.signal}" if self.signal else f"with exit status {self.exit_status}"
        printed = shortened(self.stderr.rstrip()) or "(nothing)"
        raise ProgramFailed(f"{self.name} ended {end}; its stderr ends:\n{printed}", self)

    @property
    def others_cpus(self) -> float | None:
        """How many CPUs everybody else used meanwhile, on average; None where the system does not tell."""
        if self.machine_cpu_ns is None or not self.wall_ns:
            return None
        return max(0, self.machine_cpu_ns - self.user_ns - self.system_ns) / self.wall_ns

    @property
    def name(self) -> str:
        """The program's file name, without its folder."""
        return Path(self.argv[0]).name

    def json(self) -> Any:
        """Standard output as one JSON document.

        Raises:
            OutputNotJson: it is not one.
        """
        try:
            return json.loads(self.stdout)
        except ValueError as error:
            raise self._not_json(f"is not one JSON document ({error})", self.stdout) from error

    def json_lines(self) -> list[Any]:
        """Each line of standard output as a JSON document; blank lines are skipped.

        Raises:
            OutputNotJson: a line is not one; the message has its number, from 1.
        """
        documents = []
        # Not splitlines(): JSON may hold U+2028 and its like, which are no line ends there.
        for number, line in enumerate(self.stdout.split("\n"), start=1):
            if line.strip():
                try:
                    documents.append(json.loads(line))
                except ValueError as error:
                    raise self._not_json(f"is not JSON in line {number} ({error})", line) from error
        return documents

    def _not_json(self, what: str, text: str) -> OutputNotJson:
        lost = f" {self.stdout_dropped_bytes} bytes of it were dropped." if self.stdout_dropped_bytes else ""
        shown = shortened(text, keep="head") or "(nothing)"
        errors = f"\nstderr ends:\n{shortened(self.stderr.rstrip())}" if self.stderr.strip() else ""
        return OutputNotJson(f"what {self.name} printed {what}.{lost} It printed:\n{shown}{errors}")


def describe_wait_status(status: int | None) -> tuple[int | None, str | None]:
    """A wait status (wait(2)) as exit status and name of the signal, one of them None; both without one."""
    if status is None:
        return None, None
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return code, None
    try:
        return None, signals.Signals(-code).name
    except ValueError:
        return None, f"signal {-code}"
