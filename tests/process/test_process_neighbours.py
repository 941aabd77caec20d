"""What others use of the machine's CPUs, told from what one process uses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from schedlab.process import Neighbours

_TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
_SPIN_S = 0.5
# It says so when it has used as much CPU time, and goes on until its input ends.
_SPINNER = f"""
import sys, time
while time.process_time() < {_SPIN_S}: pass
print("spun", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="only Linux tells what CPU time a machine used")
def test_what_a_process_uses_is_what_the_others_of_another_use() -> None:
    with (
        subprocess.Popen(["sleep", "600"]) as idle,
        subprocess.Popen(
            [sys.executable, "-c", _SPINNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as busy,
    ):
        try:
            of_idle, of_busy = Neighbours(idle.pid), Neighbours(busy.pid)
            assert busy.stdout is not None
            assert busy.stdout.readline() == b"spun\n"
            of_idle_ns, of_busy_ns = of_idle.used_ns, of_busy.used_ns
            assert of_idle_ns is not None
            assert of_busy_ns is not None
            # It may have begun before it was looked at.
            assert of_idle_ns - of_busy_ns >= _SPIN_S * 1e9 / 2 - 4 * _TICK_NS
            assert of_idle.cpus
        finally:
            idle.kill()
            busy.kill()
    assert of_idle.used_ns is None
    assert of_idle.cpus is None, "it has ended"
