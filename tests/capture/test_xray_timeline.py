"""X-ray's samples as a Timeline."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from schedlab import process, toolchain
from schedlab.capture import xray
from schedlab.timeline import NOBODY, Lane, Provenance, State, Timeline
from schedlab.timeline.xrayed import from_xray

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X-ray is for Linux")

PROGRAMS = Path(__file__).parent / "testdata" / "xray"


@pytest.fixture(scope="module")
def samples() -> xray.Samples:
    program = toolchain.build(PROGRAMS / "atwork")
    settings = process.GoSettings(gomaxprocs=3)
    with process.start(program, ["-idle", "20", "-spinners", "1"], settings=settings) as live:
        live.wait_for_line("ready", timeout_s=60)
        with xray.attach(live.pid) as seen:
            return seen.sample(500, 0.2, gs=True)


def test_what_each_sample_showed_is_in_it(samples: xray.Samples) -> None:
    """At each sample's time the spans of Ps and goroutines say what that sample said."""
    timeline = from_xray(samples)
    spans, times = timeline.spans, samples.begin_ns - samples.begin_ns[0]
    assert samples.gs is not None
    for sample in range(len(samples) - 1):
        at = (spans["start"] <= times[sample]) & (spans["start"] + spans["dur"] > times[sample])
        rows = at & (spans["lane"] == Lane.PROC) & (spans["state"] == State.RUNNING)
        running = samples.ps.id[(samples.p_sample == sample) & (samples.ps.status == 1)]
        assert sorted(spans["id"][rows].tolist()) == sorted(running.tolist())
        rows = at & (spans["lane"] == Lane.GOROUTINE) & (spans["state"] == State.WAITING)
        waiting = samples.gs.id[(samples.gs.sample == sample) & ((samples.gs.status & 0xFFF) == 4)]
        assert sorted(timeline.goroutines["id"][spans["id"][rows]].tolist()) == sorted(waiting.tolist())
        rows = at & (spans["lane"] == Lane.THREAD)
        assert np.count_nonzero(rows) == np.count_nonzero(samples.m_sample == sample)


def test_names_and_counters(samples: xray.Samples, tmp_path: Path) -> None:
    timeline = from_xray(samples)
    assert timeline.names(timeline.goroutine_function).tolist().count("main.main.func2") == 20
    assert set(timeline.provenance.values()) == {Provenance.SAMPLED}
    counters = timeline.counters
    names = timeline.names(counters["name"])
    assert np.count_nonzero(names == "sched.runq") == 3 * len(samples)
    assert (counters["p"][names != "sched.runq"] == NOBODY).all()
    assert (counters["value"][names == "sched.gomaxprocs"] == 3).all()
    assert (np.diff(counters["time"]) >= 0).all()
    assert timeline.reasons[0] == ""
    assert "chan receive" in timeline.reasons
    timeline.save(tmp_path / "x")
    assert len(Timeline.open(tmp_path / "x")) == len(timeline)
    assert len(timeline.threads_lane()) == np.count_nonzero(timeline.spans["lane"] == Lane.THREAD)


def test_without_goroutines(samples: xray.Samples) -> None:
    timeline = from_xray(replace(samples, gs=None))
    assert Lane.GOROUTINE not in timeline.spans["lane"]
    assert set(timeline.goroutines["id"].tolist()) == set(samples.ms.curg.tolist()) - {0}
