"""Many snapshots as one, of a program whose goroutines are known."""

from __future__ import annotations

import sys
import time

import pytest

from schedlab import process, toolchain
from schedlab.capture import xray
from schedlab.errors import UsageError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="another process's memory is read")


def test_no_snapshot_is_refused() -> None:
    with pytest.raises(UsageError):
        xray.summary([])


def test_goroutines_are_counted_where_they_are() -> None:
    program = toolchain.build("bottleneck")
    settings = process.GoSettings(gomaxprocs=2)
    with process.start(
        program, ["-cause", "syscall", "-goroutines", "20", "-for", "30s"], settings=settings
    ) as live:
        live.wait_for_line("working", timeout_s=30, stream="stderr")
        with xray.attach(live.pid) as inside:
            time.sleep(0.2)
            looks = xray.summary([inside.snapshot() for _ in range(20)])
    assert looks.number == 20
    assert looks.ps == 2
    # main, and those that work; not the runtime's own.
    assert sum(looks.goroutines.values()) == pytest.approx(21)
    assert looks.most == "in a system call"
    assert looks.goroutines["sleep"] == pytest.approx(1)
    assert looks.to_pandas()["goroutines: sleep"] == pytest.approx(1)
