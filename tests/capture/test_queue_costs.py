"""The times of the scheduler's steps: that they are taken, not how long they are."""

from __future__ import annotations

import numpy as np

from schedlab.capture import probes, queue_costs
from schedlab.capture.probes.kinds import NAMES
from schedlab.capture.probes.records import Events


def test_every_step_is_timed_in_every_round() -> None:
    found = queue_costs.measure(rounds=50)
    assert found.ns.keys() == queue_costs.STEPS.keys()
    assert all((times >= 0).all() for times in found.ns.values())
    # The global queue may hold something for a moment, and the round is then left out.
    assert all(45 <= len(times) <= 50 for times in found.ns.values())
    # 128 goroutines under one lock are more work than one.
    assert np.median(found.ns["global_batch"]) > np.median(found.ns["global"])


def events(*rows: tuple[int, str, int]) -> Events:
    time, kind, p = zip(*rows, strict=True)
    number = np.array([NAMES.index(name) for name in kind], np.uint16)
    nothing = np.zeros(len(rows), np.int64)
    return Events(
        np.array(time, np.int64),
        number,
        np.array(p, np.int32),
        nothing,
        nothing,
        nothing.astype(np.uint32),
        0,
    )


def test_a_search_is_from_an_exit_to_the_next_run_on_the_same_p() -> None:
    found = probes.searches(
        events(
            (0, "run_local", 0),
            (5, "exit", 1),
            (10, "exit", 0),
            (70, "run_local", 0),
            (80, "exit", 0),
            (90, "spin_start", 0),
            (95, "run_global", 1),
            (300, "steal", 0),
            (330, "run_stolen", 0),
            (400, "park", 0),
            (900, "run_netpoll", 0),
            (901, "exit", -1),
            (950, "run_other", -1),
        )
    )
    assert found.of("run_local").tolist() == [60]
    assert found.of("run_stolen").tolist() == [250]
    assert found.of("run_global").tolist() == [90]
    assert found.of("run_netpoll").tolist() == [], "what parked did not end"
    assert len(found.ns) == 3
