"""Counters of a program with probes, read while it runs."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pytest

from schedlab import process, toolchain
from schedlab.capture import probes, xray
from schedlab.capture.probes._file import _EVENT, _ring, read
from schedlab.errors import UsageError

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X-ray is for Linux")

ATWORK = Path(__file__).parent / "testdata" / "xray" / "atwork"
TWO_PS = process.GoSettings(gomaxprocs=2)
NEVER_S = 120.0


@pytest.mark.parametrize("mode", ["counters", "ring"])
def test_counters_grow_up_to_those_of_the_end(mode: str, tmp_path: Path) -> None:
    file = tmp_path / "probes"
    binary = probes.build(ATWORK, mode=mode)
    with process.start(binary, env={probes.VARIABLE: str(file)}, settings=TWO_PS, wall_limit_s=300) as live:
        live.wait_for_line("ready", timeout_s=NEVER_S)
        with xray.attach(live.pid) as seen:
            first = probes.read_live(seen)
            limit = time.monotonic() + NEVER_S
            last = probes.read_live(seen)
            while last.runs < first.runs + 100:
                assert time.monotonic() < limit, "the program runs no goroutines, or they are not counted"
                time.sleep(0.01)
                last = probes.read_live(seen)
        live.stop(grace_s=60)
    atend, _ = read(file.read_bytes(), "atwork")
    # Two Ps and code without one.
    assert first.p.tolist() == last.p.tolist() == atend.p.tolist() == [0, 1, probes.NOBODY]
    assert first.total("create") >= 5
    assert (first.counts <= last.counts).all()
    assert (last.counts <= atend.counts).all()
    assert (last.taken <= atend.taken).all()
    assert first.began_ns == atend.began_ns
    assert first.began_ns < first.written_ns < last.written_ns < atend.written_ns
    assert np.count_nonzero(last.counts > first.counts) >= 1


def test_events_of_a_living_program() -> None:
    """What its rings hold now: each event once, in the order of each P, and as new as the look.

    A ring that is small enough to be full soon is written over while it is read, by as much as the reader is
    kept from its CPU: it looks until half of one was read in time.
    """
    # As in test_probes: with the same runtime nothing of it is built again.
    binary = probes.build(ATWORK, ring_events=64, constants={"time_slice_ns": 1_000_000})
    with process.start(binary, settings=TWO_PS, wall_limit_s=300) as live:
        live.wait_for_line("ready", timeout_s=NEVER_S)
        with xray.attach(live.pid) as seen:
            limit = time.monotonic() + NEVER_S
            while True:
                counters, events = probes.read_live_events(seen)
                after = time.monotonic_ns()
                of_ps = [events.chosen(events.p == p) for p in (0, 1)]
                if events.lost and max(map(len, of_ps)) >= 32:
                    break
                assert time.monotonic() < limit, "the rings are never full"
    assert counters.p.tolist() == [0, 1, probes.NOBODY]
    assert len(events) <= 3 * 64
    assert counters.began_ns <= events.time.min()
    assert events.time.max() <= after
    assert all((np.diff(own.time) >= 0).all() for own in of_ps)
    # Goroutines hand numbers over all the time: what a P did last is to park them and to run others.
    last = max(of_ps, key=len)
    assert len(last.of("park")) > 0
    assert len(last.of(*probes.RUNS)) > 0


def test_a_program_that_only_counts_has_no_events() -> None:
    with process.start(probes.build(ATWORK, mode="counters"), wall_limit_s=300) as live:
        live.wait_for_line("ready", timeout_s=NEVER_S)
        with xray.attach(live.pid) as seen, pytest.raises(UsageError, match="keeps no events"):
            probes.read_live_events(seen)


@pytest.mark.parametrize(
    ("had", "by_now", "kept", "lost"),
    [
        (0, 0, [], 0),
        (3, 3, [0, 1, 2], 0),
        (3, 4, [0, 1, 2], 0),
        (3, 8, [1, 2], 1),
        (3, 30, [], 3),
        (8, 8, [0, 1, 2, 3, 4, 5, 6, 7], 0),
        (8, 9, [2, 3, 4, 5, 6, 7], 2),
        (11, 11, [3, 4, 5, 6, 7, 8, 9, 10], 3),
        (11, 13, [6, 7, 8, 9, 10], 6),
        (11, 99, [], 11),
    ],
)
def test_what_was_written_over_meanwhile_is_lost(had: int, by_now: int, kept: list[int], lost: int) -> None:
    """A ring of 8: event n is at place n % 8, and while it is read n + 8 may take its place."""
    entries = np.zeros(min(had, 8), _EVENT)
    for number in range(max(0, had - 8), had):
        entries[number % 8] = (number + 1, number, 0, 0, 0, 0)
    data = had.to_bytes(8, sys.byteorder) + entries.tobytes() + by_now.to_bytes(8, sys.byteorder)
    found, gone, rest = _ring(data, 8, "it")
    assert (found["g"].tolist(), gone, rest) == (kept, lost, b"")


def test_a_program_that_is_loaded_anywhere_and_has_no_probes() -> None:
    binary = toolchain.build(ATWORK, flags=("-buildmode=pie",))
    with process.start(binary, wall_limit_s=300) as live:
        live.wait_for_line("ready", timeout_s=NEVER_S)
        with xray.attach(live.pid) as seen, pytest.raises(probes.NotProbed, match="without probes"):
            probes.read_live(seen)


def test_a_program_that_has_ended() -> None:
    with process.start(probes.build(ATWORK, mode="counters"), wall_limit_s=300) as live:
        live.wait_for_line("ready", timeout_s=NEVER_S)
        with xray.attach(live.pid) as seen:
            live.stop(grace_s=60)
            with pytest.raises(xray.ProcessGone):
                probes.read_live(seen)
