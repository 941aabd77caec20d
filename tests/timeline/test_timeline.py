"""A Timeline of a real execution trace: what must hold of any, and what independent tools count."""

from __future__ import annotations

import io
import json
import os
import random
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from schedlab import process, toolchain
from schedlab.capture import endpoint, exectrace, trace_tool
from schedlab.capture.errors import CaptureError
from schedlab.timeline import OPEN_END, OPEN_START, Lane, State, Timeline, summary


def per_owner(timeline: Timeline, lane: Lane) -> dict[int, list[tuple[int, int, int]]]:
    """Start, end and state of each goroutine's or P's spans, in time's order."""
    spans: dict[int, list[tuple[int, int, int]]] = {}
    chosen = timeline.filter(lane=lane).spans
    columns = (
        chosen["id"].tolist(),
        chosen["start"].tolist(),
        chosen["dur"].tolist(),
        chosen["state"].tolist(),
    )
    for owner, start, dur, state in zip(*columns, strict=True):
        spans.setdefault(owner, []).append((start, start + dur, state))
    return {owner: sorted(found) for owner, found in spans.items()}


@pytest.mark.parametrize("lane", [Lane.GOROUTINE, Lane.PROC])
def test_a_goroutines_and_a_ps_spans_follow_one_another_without_gap(timeline: Timeline, lane: Lane) -> None:
    owners = per_owner(timeline, lane)
    assert owners
    for spans in owners.values():
        for (_, end, _), (start, _, _) in pairwise(spans):
            assert end == start


def test_the_states_of_a_goroutine_fill_its_life(timeline: Timeline) -> None:
    lives = timeline.goroutines
    for row, spans in per_owner(timeline, Lane.GOROUTINE).items():
        created, ended = int(lives["created"][row]), int(lives["ended"][row])
        assert spans[0][0] == max(created, 0)
        assert spans[-1][1] == (ended if ended >= 0 else timeline.duration_ns)


def test_a_p_runs_as_long_as_its_goroutines_do_and_no_shorter(timeline: Timeline) -> None:
    procs = timeline.filter(lane=Lane.PROC, state=State.RUNNING).spans
    running = timeline.filter(lane=Lane.GOROUTINE, state=State.RUNNING).spans
    for p in (0, 1):
        whole = int(procs["dur"][procs["p"] == p].sum())
        used = int(running["dur"][running["p"] == p].sum())
        assert 0 < used <= whole <= timeline.duration_ns


def test_go_tool_trace_counts_the_same_waiting(timeline: Timeline, recorded: bytes) -> None:
    """Its profile begins at a goroutine's first run (pprofMatchingGoroutines in cmd/trace/pprof.go)."""
    running = timeline.filter(lane=Lane.GOROUTINE, state=State.RUNNING).spans
    first_run = np.full(len(timeline.goroutines["id"]), timeline.duration_ns, np.int64)
    np.minimum.at(first_run, running["id"], running["start"])
    waits = timeline.filter(lane=Lane.GOROUTINE, state=State.RUNNABLE).spans
    # The tool counts no wait that took no time by the trace's clock.
    whole = ((waits["flags"] & (OPEN_START | OPEN_END)) == 0) & (waits["dur"] > 0)
    later = waits["start"] >= first_run[waits["id"]]
    theirs = trace_tool.profile(recorded, "sched")
    assert int(waits["dur"][whole & later].sum()) == theirs.total("delay")
    assert int((whole & later).sum()) == theirs.total("contentions")
    assert int(waits["dur"][whole & ~later].sum()) > 0, "what the tool leaves out is there"


def test_the_summary_is_what_the_columns_say(timeline: Timeline) -> None:
    found = summary(timeline)
    waits = timeline.filter(lane=Lane.GOROUTINE, state=State.RUNNABLE).spans
    durations = np.sort(waits["dur"][(waits["flags"] & (OPEN_START | OPEN_END)) == 0])
    assert found.runnable.count == len(durations)
    assert found.runnable.max_ns == durations[-1]
    assert (durations <= found.runnable.p99_ns).mean() >= 0.99
    assert found.events > found.spans > 0
    assert found.lost == ""


@pytest.mark.parametrize("as_source", ["path", "bytes", "file"])
def test_every_kind_of_source_gives_the_same(
    timeline: Timeline, recorded: bytes, tmp_path: Path, as_source: str
) -> None:
    file = tmp_path / "a trace"
    file.write_bytes(recorded)
    source: Any = {"path": file, "bytes": recorded, "file": io.BytesIO(recorded)}[as_source]
    assert summary(Timeline.load(source)) == summary(timeline)


@pytest.mark.parametrize("junk", [b"", b"go 1.27 trace", b"\0" * 5000, b"PK\x03\x04"])
def test_what_is_no_trace_is_refused(junk: bytes) -> None:
    with pytest.raises(exectrace.NotATrace, match="cannot be read as a Go execution trace"):
        Timeline.load(junk)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"no file .*nowhere"):
        Timeline.load(tmp_path / "nowhere")


def test_a_cut_or_damaged_trace_says_that_it_ends_early_or_is_refused(recorded: bytes) -> None:
    chance = random.Random(11)
    outcomes = set()
    for _ in range(12):
        damaged = bytearray(recorded[: chance.randrange(20, len(recorded))])
        if chance.random() < 0.5:
            damaged[chance.randrange(16, len(damaged))] ^= 1 << chance.randrange(8)
        try:
            found = Timeline.load(bytes(damaged))
        except exectrace.NotATrace:
            outcomes.add("refused")
        else:
            assert found.lost, "a cut trace is never given as a whole one"
            assert "\n" not in found.lost
            outcomes.add("ends early")
    assert "ends early" in outcomes


def test_the_columns_go_with_the_timeline(recorded: bytes, tmp_path: Path) -> None:
    script = (
        "import gc, pathlib, sys, tempfile\n"
        "from schedlab.timeline import Timeline\n"
        "folder = pathlib.Path(tempfile.gettempdir())\n"
        "before = set(folder.glob('schedlab-timeline-*'))\n"
        "timeline = Timeline.load(sys.stdin.buffer)\n"
        "part = timeline.window(0, 10**9)\n"
        "made = set(folder.glob('schedlab-timeline-*')) - before\n"
        "assert len(made) == 1, made\n"
        "del timeline, part; gc.collect()\n"
        "assert not any(path.exists() for path in made)\n"
    )
    # A folder of its own: others make Timelines in the common one at the same time.
    own = {**os.environ, "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", script], input=recorded, check=True, timeout=300, env=own)


@pytest.mark.parametrize("name", toolchain.releases())
def test_traces_of_older_releases(name: str, tmp_path: Path) -> None:
    chosen = toolchain.release(name)
    sample = toolchain.build("article_endpoint", toolchain=chosen)
    with process.start(sample, ["-for", "50s", "-bursts", "0", "-goroutines", "20"]) as live:
        address = json.loads(live.wait_for_line("address", timeout_s=30))["address"]
        file = tmp_path / "trace"
        file.write_bytes(endpoint.fetch(address, "trace", seconds=0.05))
    found = summary(Timeline.load(file))
    assert found.lost == ""
    assert found.runnable.count > 20


def test_the_command_prints_the_summary(timeline: Timeline, recorded: bytes) -> None:
    command = [sys.executable, "-m", "schedlab.cli", "trace", "load", "-", "--summary"]
    as_json = subprocess.run(
        [*command, "--json"], input=recorded, capture_output=True, check=True, timeout=300
    )
    document = json.loads(as_json.stdout)
    found = summary(timeline)
    assert document["runnable"]["p99_ns"] == found.runnable.p99_ns
    assert (document["spans"], document["stw_count"], document["lost"]) == (
        len(timeline),
        found.stw_count,
        "",
    )
    for_people = subprocess.run(command, input=recorded, capture_output=True, check=True, timeout=300)
    assert f"{found.goroutines} goroutines".encode() in for_people.stdout
    cut = subprocess.run([*command], input=recorded[:-100], capture_output=True, check=True, timeout=300)
    assert b"the trace is not whole" in cut.stderr
