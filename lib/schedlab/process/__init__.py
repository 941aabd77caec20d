"""Run a built program: environment, CPUs, CPU quota, limits; and never leave a process behind.

Linux is the reference. macOS works with these limits: no CPU affinity, no CPU quota, and only the
program's own process group is ended, so a descendant that left it (``setsid``) survives.
"""

from schedlab.process.confinement import Confinement, not_confined, writes_are_bounded
from schedlab.process.errors import (
    LaunchFailed,
    LineNotSeen,
    NotSupportedHere,
    OutputNotJson,
    ProcessesLeft,
    ProgramFailed,
    ProgramNotExecutable,
    ProgramNotFound,
    QuotaUnavailable,
    SupervisorLost,
    WallLimitExceeded,
    WrongBinaryFormat,
)
from schedlab.process.finished import Finished
from schedlab.process.machine import Machine, cores, machine
from schedlab.process.neighbours import Neighbours
from schedlab.process.quota import CpuQuota, QuotaSupport, ThrottleStats, quota_support
from schedlab.process.running import Live, run, start
from schedlab.process.settings import GoSettings

__all__ = [
    "Confinement",
    "CpuQuota",
    "Finished",
    "GoSettings",
    "LaunchFailed",
    "LineNotSeen",
    "Live",
    "Machine",
    "Neighbours",
    "NotSupportedHere",
    "OutputNotJson",
    "ProcessesLeft",
    "ProgramFailed",
    "ProgramNotExecutable",
    "ProgramNotFound",
    "QuotaSupport",
    "QuotaUnavailable",
    "SupervisorLost",
    "ThrottleStats",
    "WallLimitExceeded",
    "WrongBinaryFormat",
    "cores",
    "machine",
    "not_confined",
    "quota_support",
    "run",
    "start",
    "writes_are_bounded",
]
