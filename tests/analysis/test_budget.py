"""The parts of a P's time: by hand, of random lives, and of real traces, to the nanosecond."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedlab import process, toolchain
from schedlab.analysis import budget
from schedlab.capture import endpoint
from schedlab.errors import UsageError
from schedlab.timeline import Lane, MarkKind, State, Timeline

if TYPE_CHECKING:
    from tests.analysis.conftest import Maker

RUNNABLE, RUNNING, WAITING, SYSCALL, IDLE = (
    State.RUNNABLE,
    State.RUNNING,
    State.WAITING,
    State.SYSCALL,
    State.IDLE,
)


@pytest.fixture(scope="module")
def by_hand(new_maker: Callable[[], Maker]) -> Timeline:
    """100 ns of three Ps: everything happens on P0, P1 mostly idles, P2 comes at 80."""
    made = new_maker()
    user, sweeper = made.goroutine("main.f"), made.goroutine("runtime.bgsweep")
    worker, other = made.goroutine("runtime.gcBgMarkWorker"), made.goroutine("runtime.forcegchelper")
    main = made.goroutine("runtime.main")
    made.span(0, RUNNING, 0, 100, lane=Lane.PROC)
    made.life(user, 0, [(RUNNING, 20, "", 0, -1), (SYSCALL, 10, "", 0, -1), (RUNNING, 5, "", 0, -1)])
    # From 2 to 12 it assists, and from 10 to 14 it sweeps; from 13 to 16 it stops the world.
    made.mark(MarkKind.RANGE, "GC mark assist", 2, 12, g=user)
    made.mark(MarkKind.RANGE, "GC incremental sweep", 10, 14, g=user, p=0)
    made.mark(MarkKind.RANGE, "stop-the-world (GC mark termination)", 13, 16, g=user)
    made.life(
        worker, 40, [(RUNNING, 5, "", 0, -1), (RUNNABLE, 1, "preempted", 0, -1), (RUNNING, 4, "", 0, -1)]
    )
    made.mark(MarkKind.LABEL, "GC (dedicated)", 40, 40, g=worker)
    made.mark(MarkKind.LABEL, "GC (idle)", 47, 47, g=worker)
    made.life(worker, 50, [(RUNNING, 2, "", 0, -1), (WAITING, 48, "", -1, -1)])
    made.life(sweeper, 55, [(RUNNING, 3, "", 0, -1), (WAITING, 42, "", -1, -1)])
    made.life(other, 60, [(RUNNING, 2, "", 0, -1), (WAITING, 38, "", -1, -1)])
    # P1 is taken from a system call at 70: what it does then is no longer the call's.
    made.span(1, IDLE, 0, 60, lane=Lane.PROC)
    made.span(1, RUNNING, 60, 70, lane=Lane.PROC)
    made.span(1, RUNNING, 70, 75, lane=Lane.PROC)
    made.span(1, IDLE, 75, 100, lane=Lane.PROC)
    made.life(main, 60, [(RUNNING, 4, "", 1, -1), (SYSCALL, 36, "", 1, -1)])
    made.span(2, RUNNING, 80, 100, lane=Lane.PROC)
    return made.timeline(100)


def test_parts_by_hand(by_hand: Timeline) -> None:
    table = budget.budget(by_hand).to_pandas().set_index("p")
    assert dict(table.loc[0]) == {
        "user_ns": 25 - 14,
        "gc_dedicated_ns": 5,
        "gc_fractional_ns": 0,
        "gc_idle_ns": 4,
        "gc_assist_ns": 8,
        "gc_sweep_ns": 3 + 3,
        "system_ns": 2 + 2,
        "syscall_ns": 10,
        "stopping_ns": 3,
        "spinning_ns": 0,
        "scheduler_ns": 100 - 25 - 10 - 9 - 2 - 3 - 2,
        "stopped_ns": 0,
        "idle_ns": 0,
        "unknown_ns": 0,
    }
    one = {name: value for name, value in table.loc[1].items() if value}
    assert one == {
        "user_ns": 4,
        "syscall_ns": 6,
        "scheduler_ns": 5,
        "stopped_ns": 3,
        "idle_ns": 57 + 25,
    }
    assert {name: value for name, value in table.loc[2].items() if value} == {
        "scheduler_ns": 20,
        "unknown_ns": 80,
    }


def test_a_spinning_m_has_its_p_time(new_maker: Callable[[], Maker]) -> None:
    """As in scheddetail, where Ms have spans of their own."""
    made = new_maker()
    main = made.goroutine("main.main")
    made.life(main, 0, [(RUNNING, 30, "", 0, -1)])
    made.span(0, RUNNING, 0, 80, lane=Lane.PROC)
    made.span(0, State.IDLE, 80, 100, lane=Lane.PROC)
    made.span(1, RUNNING, 0, 100, lane=Lane.PROC)
    made.span(0, State.SCHEDULING, 40, 60, lane=Lane.THREAD, reason="spinning", p=0)
    made.span(0, State.SCHEDULING, 60, 70, lane=Lane.THREAD, p=0)
    made.span(0, State.SCHEDULING, 70, 90, lane=Lane.THREAD, reason="spinning", p=0)
    made.span(1, State.SCHEDULING, 0, 100, lane=Lane.THREAD, reason="spinning")
    found = budget.budget(made.timeline(100)).to_pandas().set_index("p")
    assert {name: value for name, value in found.loc[0].items() if value} == {
        "user_ns": 30,
        "spinning_ns": 20 + 10,
        "scheduler_ns": 20,
        "idle_ns": 20,
    }
    assert {name: value for name, value in found.loc[1].items() if value} == {"scheduler_ns": 100}


def test_windows_add_up_to_the_whole(by_hand: Timeline) -> None:
    whole = budget.budget(by_hand)
    for cut in (1, 11, 15, 43, 61, 66, 72, 99):
        parts = budget.budget(by_hand, (0, cut)).ns + budget.budget(by_hand, (cut, 100)).ns
        assert (parts == whole.ns).all()
    assert whole.total("syscall") == 16
    for start, end in ((0, 39), (61, 77)):
        part, same = budget.budget(by_hand.window(start, end)), budget.budget(by_hand, (start, end))
        assert part.p.tolist() == [0, 1], "nothing of P2 is in the window"
        assert (part.ns == same.ns[:2]).all()
    with pytest.raises(UsageError, match="from 100 to 200"):
        budget.budget(by_hand, (100, 200))


def test_a_timeline_without_ps_says_unknown(by_hand: Timeline, new_maker: Callable[[], Maker]) -> None:
    assert len(budget.budget(new_maker().timeline(50))) == 0
    goroutines = budget.budget(by_hand.filter(lane=Lane.GOROUTINE))
    assert (goroutines.ns.sum(axis=1) == 100).all()
    assert goroutines.total("scheduler") == goroutines.total("idle") == 0


@given(
    turns=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5), st.integers(0, 5)), max_size=12),
    ranges=st.lists(
        st.tuples(
            st.sampled_from(["GC mark assist", "GC incremental sweep", "stop-the-world (GC)"]),
            st.integers(0, 2),
            st.integers(0, 60),
            st.integers(0, 20),
        ),
        max_size=8,
    ),
)
def test_each_nanosecond_is_in_one_part(
    new_maker: Callable[[], Maker],
    turns: list[tuple[int, int, int]],
    ranges: list[tuple[str, int, int, int]],
) -> None:
    """Against a count of every nanosecond by itself."""
    made = new_maker()
    for name in ("main.a", "runtime.bgsweep", "runtime.b"):
        made.goroutine(name)
    as_whom = ["user", "gc_sweep", "system"]
    duration, now = 130, 0
    expected = ["scheduler"] * duration
    for goroutine, dur, gap in turns:
        made.span(goroutine, RUNNING, now, now + dur, p=0)
        for at in range(now, now + dur):
            mine = {
                name
                for name, who, start, length in ranges
                if who == goroutine and start <= at < start + length
            }
            expected[at] = (
                "stopping"
                if "stop-the-world (GC)" in mine
                else "gc_sweep"
                if "GC incremental sweep" in mine
                else "gc_assist"
                if "GC mark assist" in mine
                else as_whom[goroutine]
            )
        now += dur + gap
    for name, who, start, length in ranges:
        made.mark(MarkKind.RANGE, name, start, start + length, g=who)
    made.span(0, RUNNING, 0, duration, lane=Lane.PROC)
    found = budget.budget(made.timeline(duration))
    assert {part: found.total(part) for part in budget.PARTS if found.total(part)} == {
        part: expected.count(part) for part in set(expected)
    }


@pytest.fixture(scope="module", params=["article_endpoint", "self_trace"])
def real(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Timeline:
    if request.param == "self_trace":
        program = toolchain.build(Path(__file__).parent / "testdata" / "self_trace")
        file = tmp_path_factory.mktemp("budget") / "trace"
        process.run(program, ["-o", str(file)], settings=process.GoSettings(gomaxprocs=4)).check()
        return Timeline.load(file)
    program = toolchain.build("article_endpoint")
    flags = ["-for", "50s", "-bursts", "0", "-goroutines", "50"]
    with process.start(program, flags, settings=process.GoSettings(gomaxprocs=4)) as live:
        address = json.loads(live.wait_for_line("address", timeout_s=30))["address"]
        return Timeline.load(endpoint.fetch(address, "trace", seconds=0.1))


def test_the_parts_of_a_real_p_add_up_to_the_nanosecond(real: Timeline) -> None:
    found = budget.budget(real)
    assert len(found) == 4
    assert (found.ns >= 0).all()
    assert (found.ns.sum(axis=1) == real.duration_ns).all()


def test_the_parts_of_a_real_trace_are_what_ran(real: Timeline) -> None:
    found = budget.budget(real)
    running = real.filter(lane=Lane.GOROUTINE, state=RUNNING).spans
    busy = ("user", "gc_dedicated", "gc_fractional", "gc_idle", "gc_assist", "gc_sweep", "system", "stopping")
    assert sum(found.total(part) for part in busy) == int(running["dur"].sum())
    procs = real.filter(lane=Lane.PROC).spans
    idle = int(procs["dur"][procs["state"] == IDLE].sum())
    assert found.total("idle") + found.total("stopped") == idle
    assert found.total("user") > 0
    assert found.total("scheduler") > 0
    third = real.duration_ns // 3
    cuts = [0, third, 2 * third, real.duration_ns]
    parts = [budget.budget(real, (start, end)).ns for start, end in pairwise(cuts)]
    assert (np.sum(parts, axis=0) == found.ns).all()
