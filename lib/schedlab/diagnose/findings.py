"""What a detector says: a finding with its evidence, the lines that are responsible, how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What can be wrong."""

    STARVATION = "P starvation"
    IMBALANCE = "run queue imbalance"
    THREADS = "thread explosion"
    SYSCALLS = "syscall storm"
    CONVOY = "lock convoy"
    PING_PONG = "channel ping-pong"
    ASSISTS = "GC assist pressure"
    SPINNING = "too many spinning Ms"
    THROTTLING = "CPU quota throttling"
    UNPREEMPTIBLE = "unpreemptible loop"
    TIMERS = "timer delay"
    CGO = "cgo saturation"
    POOL = "sync.Pool misuse"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the program, and its share of what the finding counts."""

    function: str
    file: str
    line: int
    share: float

    def __str__(self) -> str:
        return f"{self.function} ({self.file}:{self.line}), {self.share:.0%}"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A number that was measured, and the limit from which on it speaks for the finding."""

    name: str
    value: float
    limit: float
    unit: str = ""

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.name}: {self.value:.4g}{unit} (limit {self.limit:.4g}{unit})"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with how a program is scheduled.

    ``confidence`` is the share of the recording's parts of equal length in which the evidence is there
    too, of those in which the program did anything. ``window_ns`` is the part that shows it best.
    """

    kind: Kind
    said: str
    evidence: tuple[Evidence, ...]
    lines: tuple[Line, ...]
    confidence: float
    why: str
    experiment: str
    window_ns: tuple[int, int] | None = None
