"""The board of a program that was not prepared for it: X-ray's samples."""

from __future__ import annotations

import sys
from collections import Counter

import numpy as np
import pytest

from schedlab import process, toolchain
from schedlab.capture import xray
from schedlab.places import repository_root
from schedlab.timeline import NOBODY
from schedlab.timeline.xrayed import from_xray
from schedlab.view.widgets.board import BoardView
from schedlab.view.widgets.board_events import board_events
from schedlab.view.widgets.board_kinds import Kind, Place

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X-ray is for Linux")

ATWORK = repository_root() / "tests" / "capture" / "testdata" / "xray" / "atwork"
OF_PS = (Kind.P_IDLE, Kind.P_STARTED, Kind.P_GONE)
QUEUED = (Place.RUNNEXT, Place.LOCAL, Place.GLOBAL)
PLACES = {1: Place.UNQUEUED, 2: Place.RUNNING, 3: Place.SYSCALL, 4: Place.WAITING}


@pytest.fixture(scope="module")
def samples() -> xray.Samples:
    settings = process.GoSettings(gomaxprocs=3)
    arguments = ["-idle", "20", "-spinners", "1"]
    with process.start(toolchain.build(ATWORK), arguments, settings=settings, wall_limit_s=300) as live:
        live.wait_for_line("ready", timeout_s=60)
        with xray.attach(live.pid) as seen:
            return seen.sample(500, 0.2, gs=True)


def test_a_sampled_program_on_the_board(samples: xray.Samples) -> None:
    board = BoardView(from_xray(samples), title="at work")
    assert board.data
    words = board.text_alternative()
    assert words.startswith("at work: ")
    assert "goroutines on 3 Ps, sampled." in words


def test_goroutines_stand_where_each_sample_saw_them(samples: xray.Samples) -> None:
    timeline = from_xray(samples)
    events = board_events(timeline)
    columns, gs = events.columns, samples.gs
    assert gs is not None
    # Nothing is reconstructed: a sample does not say by which rule who went where.
    assert set(columns["kind"].tolist()) <= {Kind.SEEN, Kind.SAMPLED, Kind.APPEARED, Kind.LOST, *OF_PS}
    assert not np.isin(columns["place"], QUEUED).any()
    ids = timeline.goroutines["id"]
    places: dict[int, int] = {}
    seen: Counter[Place] = Counter()
    row = 0
    # The board ends with the last sample, which lasts for no time.
    for sample, time in enumerate((samples.begin_ns - samples.begin_ns[0]).tolist()[:-1]):
        while row < len(events) and columns["time"][row] <= time:
            if columns["g"][row] != NOBODY:
                places[int(ids[columns["g"][row]])] = int(columns["place"][row])
            row += 1
        chosen = gs.sample == sample
        for id_, status in zip(gs.id[chosen].tolist(), (gs.status[chosen] & 0xFFF).tolist(), strict=True):
            if status in PLACES:
                assert places[id_] == PLACES[status]
                seen[PLACES[status]] += 1
    assert seen[Place.RUNNING] > 0
    assert seen[Place.WAITING] >= 20 * (len(samples) - 1)
