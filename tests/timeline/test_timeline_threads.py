"""What each M did, derived from goroutines and Ps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from schedlab.errors import UsageError
from schedlab.timeline import NOBODY, OPEN_END, Lane, Provenance, State, Timeline


def states(timeline: Timeline) -> list[tuple[int, str, int, int]]:
    spans = timeline.spans
    return [
        (m, State(state).name, start, start + dur)
        for m, state, start, dur in zip(
            *(spans[name].tolist() for name in ("id", "state", "start", "dur")), strict=True
        )
    ]


def test_by_hand(small: Timeline) -> None:
    found = small.threads_lane()
    assert states(found) == [
        (0, "RUNNING", 0, 20),
        (0, "SCHEDULING", 20, 30),
        (0, "RUNNING", 30, 50),
        (0, "SYSCALL", 50, 70),
        (0, "IDLE", 70, 90),
        (0, "RUNNING", 90, 100),
    ]
    assert found.spans["cause"].tolist() == [0, NOBODY, 1, 1, NOBODY, 0]
    assert found.spans["p"].tolist() == [0, 0, 0, 0, NOBODY, 0]
    assert found.spans["flags"].tolist() == [0, 0, 0, 0, 0, OPEN_END]
    first = found.span(0)
    assert (first.lane, first.id, first.thread, first.cause) == (Lane.THREAD, 100, 100, 10)
    assert first.stack == ("main.work", "main.main")


@pytest.mark.parametrize("which", ["timeline", "workshop"])
def test_it_runs_as_long_as_goroutines_run(which: str, request: pytest.FixtureRequest) -> None:
    timeline: Timeline = request.getfixturevalue(which)
    threads = timeline.threads_lane()
    for state, least in ((State.RUNNING, 20), (State.SYSCALL, 1)):
        theirs = timeline.filter(lane=Lane.GOROUTINE, state=state).spans
        ours = threads.filter(state=state).spans
        assert (ours["cause"] != NOBODY).all()
        if state is State.RUNNING:
            assert ours["dur"].sum() == theirs["dur"].sum()
            assert len(ours["dur"]) == (theirs["dur"] > 0).sum() > least
    held = timeline.filter(lane=Lane.PROC, state=State.RUNNING).spans
    scheduling = threads.filter(state=State.SCHEDULING).spans
    assert 0 < scheduling["dur"].sum() < held["dur"].sum()
    assert (scheduling["p"] != NOBODY).all()


def test_an_m_in_a_blocking_system_call_shows_it(workshop: Timeline) -> None:
    """The reader in testdata/workshop waits in read(2) most of its life."""
    threads = workshop.threads_lane()
    reader = np.flatnonzero(workshop.names(workshop.goroutine_function) == "main.reader")
    if not len(reader):  # the compiler may wrap a go statement
        reader = np.flatnonzero(
            [
                any("main.reader" in name for name in workshop.stack(int(stack)))
                for stack in workshop.goroutines["start"]
            ]
        )
    assert len(reader) == 1
    spans = workshop.spans
    mine = (spans["lane"] == 0) & (spans["id"] == reader[0]) & (spans["state"] == int(State.SYSCALL))
    ours = (threads.spans["state"] == int(State.SYSCALL)) & (threads.spans["cause"] == reader[0])
    assert threads.spans["dur"][ours].sum() == spans["dur"][mine].sum() > 1_000_000


def test_an_ms_spans_follow_one_another_without_gap(workshop: Timeline) -> None:
    spans = workshop.threads_lane().spans
    order = np.lexsort((spans["start"], spans["id"]))
    owner, start = spans["id"][order], spans["start"][order]
    end = start + spans["dur"][order]
    same = owner[1:] == owner[:-1]
    assert same.any()
    assert (start[1:][same] == end[:-1][same]).all()
    assert (spans["dur"] > 0).all()
    assert set(spans["lane"].tolist()) == {int(Lane.THREAD)}
    assert (spans["id"] == spans["m"]).all()


def test_of_nothing_there_is_nothing(small: Timeline) -> None:
    for empty in (small.filter(min_dur_ns=1000), small.filter(state=State.WAITING)):
        found = empty.threads_lane()
        assert len(found) == 0
        assert {name: column.dtype for name, column in found.spans.items()} == {
            name: column.dtype for name, column in small.spans.items()
        }


def test_of_threads_it_gives_the_threads(small: Timeline) -> None:
    once = small.threads_lane()
    assert states(once.threads_lane()) == states(once)
    assert once.provenance["spans.start"] is Provenance.DERIVED


def test_a_span_on_an_m_that_does_something_else_gives_way(make: Callable[..., Timeline]) -> None:
    """A system call that was under way when the trace began may name the wrong M."""
    g, p = int(Lane.GOROUTINE), int(Lane.PROC)
    timeline = make(
        spans=[
            {"lane": g, "id": 0, "state": int(State.SYSCALL), "start": 0, "dur": 50, "m": 0, "flags": 1},
            {"lane": g, "id": 2, "state": int(State.SYSCALL), "start": 20, "dur": 50, "m": 0},
            {"lane": g, "id": 1, "state": int(State.RUNNING), "start": 30, "dur": 10, "m": 0, "p": 0},
            {"lane": p, "id": 0, "state": int(State.RUNNING), "start": 30, "dur": 50, "m": 0, "p": 0},
        ]
    )
    assert states(timeline.threads_lane()) == [
        (0, "SYSCALL", 0, 20),
        (0, "SYSCALL", 20, 30),
        (0, "RUNNING", 30, 40),
        (0, "SYSCALL", 40, 70),
        (0, "SCHEDULING", 70, 80),
    ]


def test_what_no_number_can_hold_is_refused(make: Callable[..., Timeline]) -> None:
    run = {"lane": 0, "id": 0, "state": int(State.RUNNING), "p": 0, "m": 1}
    timeline = make(spans=[{**run, "start": 0, "dur": 1 << 62}])
    with pytest.raises(UsageError, match="too long") as caught:
        timeline.threads_lane()
    assert "window" in caught.value.remedy
