"""Following a process that runs already: what is counted is what the program has."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from schedlab import process, toolchain
from schedlab.capture import live, xray
from schedlab.capture.live import UNKNOWN, Feed, Sample
from schedlab.errors import UsageError

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X-ray is for Linux")

COUNTED = Path(__file__).parent / "testdata" / "live" / "counted"
THREE_PS = process.GoSettings(gomaxprocs=3)
NEVER_S = 120.0


def until(feed: Feed, wanted: Callable[[Sample], bool]) -> Sample:
    """The first sample that is as wanted."""
    limit, number = time.monotonic() + NEVER_S, 0
    while time.monotonic() < limit:
        over = bool(feed.ended)
        piece = feed.history.since(number)
        number = piece.next
        for sample in piece.samples:
            if wanted(sample):
                return sample
        assert not over, f"{feed.ended}, and no such sample came"
        feed.wait(0.02)
    pytest.fail("no such sample came")


def started(*arguments: str | int) -> process.Live:
    return process.start(toolchain.build(COUNTED), arguments, settings=THREE_PS, wall_limit_s=300)


def test_goroutines_are_those_that_the_program_counts() -> None:
    with started("-waiting", 500) as program:
        own = json.loads(program.wait_for_line("goroutines", timeout_s=NEVER_S))["goroutines"]
        assert own == 501
        with live.follow_pid(program.pid) as feed:
            found = until(feed, lambda sample: sample.idle_procs == 3 and sample.waiting > 500)
            assert found.goroutines == own
            assert (found.running, found.runnable, found.not_in_go) == (0, 0, 0)
            assert (found.gomaxprocs, found.runq_global, found.runq_local) == (3, 0, (0, 0, 0))
            assert found.threads >= found.idle_threads >= 1
            assert found.heap_bytes == found.gc_cycles == UNKNOWN
            assert found.latencies == ()
            assert set(feed.unknown) == {"latencies", "heap"}
            later = until(feed, lambda sample: sample.time_ns > found.time_ns)
            assert later.goroutines == own
        assert program.alive, "to turn away ends nothing"
        assert feed.ended == "turned away from the program"


def test_who_runs_and_who_waits_for_a_p() -> None:
    with started("-spinning", 20) as program:
        program.wait_for_line("goroutines", timeout_s=NEVER_S)
        with live.follow_pid(program.pid, hz=20) as feed:
            # Three Ps, twenty that never stop: seventeen stand in some queue.
            found = until(feed, lambda sample: sample.running == 3 and sample.runnable == 17)
            assert found.idle_procs == 0
            assert found.goroutines == 21
            queued = until(feed, lambda sample: sum(sample.runq_local) + sample.runq_global >= 14)
            assert len(queued.runq_local) == 3


def test_it_ends_when_the_program_ends() -> None:
    with started() as program:
        program.wait_for_line("goroutines", timeout_s=NEVER_S)
        with live.follow_pid(program.pid) as feed:
            until(feed, lambda sample: sample.goroutines == 1)
            program.stop(grace_s=60)
            assert feed.wait(NEVER_S)
            assert feed.ended.startswith("the program ended")
            assert str(program.pid) in feed.ended


def test_the_command_turns_away_and_the_program_runs_on() -> None:
    with started() as program:
        program.wait_for_line("goroutines", timeout_s=NEVER_S)
        command = [sys.executable, "-m", "schedlab.cli", "live", "--no-open", "--pid", str(program.pid)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as page:
            try:
                assert page.stdout is not None
                assert page.stdout.readline().startswith("schedlab: live at http://")
                page.send_signal(signal.SIGINT)
                _, errors = page.communicate(timeout=NEVER_S)
            finally:
                page.kill()
        assert (page.returncode, errors) == (0, "schedlab: turned away from the program\n")
        assert program.alive


def test_what_cannot_be_followed() -> None:
    with started() as program:
        with pytest.raises(UsageError, match="hz"):
            live.follow_pid(program.pid, hz=0)
        program.stop(grace_s=60)
        with pytest.raises(xray.ProcessGone):
            live.follow_pid(program.pid)
