"""Probes and an execution trace of the same run say the same, on one clock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from schedlab.capture import probes
from schedlab.errors import UsageError
from schedlab.process import GoSettings
from schedlab.timeline import NOBODY, Lane, MarkKind, State, Timeline
from schedlab.timeline import probed as join

# The trace's clock goes in steps of 64 ns, and its events come a little after those of the probes.
STEP_NS = join.TICK_NS


@dataclass(frozen=True)
class Both:
    timeline: Timeline
    events: probes.Events
    counters: probes.Counters
    origin: int

    def spans(self, state: State) -> np.ndarray:
        spans = self.timeline.spans
        return np.flatnonzero((spans["lane"] == Lane.GOROUTINE) & (spans["state"] == state))

    def inside(self, *names: str) -> probes.Events:
        """Those events that are from the time of the trace."""
        events = self.events.of(*names)
        at = events.time - self.origin
        return events.chosen((at >= join.recorded_from(self.timeline)) & (at <= self.timeline.duration_ns))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    file = tmp_path_factory.mktemp("probed") / "trace"
    arguments = ("-trace", file, "-rounds", "100")
    # Who waits by Gosched does so the oftener the busier the machine is: room for a million events.
    run = probes.run("trace_everything", arguments, ring_events=1 << 20, settings=GoSettings(gomaxprocs=2))
    run.finished.check()
    assert run.events is not None
    assert run.events.lost == 0
    return Both(Timeline.load(file), run.events, run.counters, join.origin_ns(file))


def test_the_trace_lies_within_the_run(both: Both) -> None:
    assert both.counters.began_ns < both.origin
    assert both.origin + both.timeline.duration_ns < both.counters.written_ns


def test_the_trace_records_from_when_the_world_was_stopped_for_it(both: Both) -> None:
    first = join.recorded_from(both.timeline)
    assert 0 < first < both.timeline.duration_ns
    assert join.recorded_from(both.timeline.window(first + 1, both.timeline.duration_ns)) == 0


def test_as_many_goroutines_are_made_preempted_and_yield(both: Both) -> None:
    spans, reasons = both.timeline.spans, np.array(both.timeline.reasons)
    runnable = both.spans(State.RUNNABLE)
    closed = runnable[(spans["flags"][runnable] & 1) == 0]
    said = reasons[spans["reason"][closed]]
    assert len(both.inside("preempt_hit", "yield")) == (said == "preempted").sum()
    # The trace begins and ends in the midst of what the two Ps do.
    assert abs(len(both.inside("gosched")) - (said == "runtime.Gosched").sum()) <= 2
    goroutines = both.timeline.goroutines
    made = goroutines["id"][goroutines["created"] >= 0]
    assert sorted(both.inside("create").g.tolist()) == sorted(made.tolist())


def test_what_was_runnable_was_run(both: Both) -> None:
    runs = len(both.inside(*probes.RUNS))
    regained = both.counters.total("syscall_regained")
    runnable = len(both.spans(State.RUNNABLE))
    # A goroutine that comes out of a system call is runnable in the trace, and run by no run queue. The rest
    # are those that were runnable when the trace began or ended.
    assert runs - 4 <= runnable <= runs + regained + 4


def test_each_run_is_where_the_trace_has_it(both: Both) -> None:
    spans = both.timeline.spans
    runnable = both.spans(State.RUNNABLE)
    found = 0
    runs = both.inside(*probes.RUNS)
    rows = join.rows_of(both.timeline, runs.g)
    for row in np.unique(rows[rows != NOBODY]):
        own = runnable[spans["id"][runnable] == row]
        start = spans["start"][own]
        order = np.argsort(start)
        begin, end = start[order], (start + spans["dur"][own])[order]
        at = runs.time[rows == row] - both.origin
        place = np.searchsorted(begin, at + STEP_NS) - 1
        # It is runnable until the trace says that it runs, which comes after the probe.
        found += ((place >= 0) & (at <= end[np.maximum(place, 0)] + STEP_NS)).sum()
    assert found >= len(runs) - 4


def test_a_steal_falls_into_the_time_in_which_its_goroutine_was_runnable(both: Both) -> None:
    spans = both.timeline.spans
    runnable = both.spans(State.RUNNABLE)
    steals = both.inside("steal")
    assert len(steals) > 0
    for at, row in zip(steals.time - both.origin, join.rows_of(both.timeline, steals.g), strict=True):
        own = runnable[spans["id"][runnable] == row]
        begin, end = spans["start"][own], spans["start"][own] + spans["dur"][own]
        assert ((begin <= at) & (at <= end + STEP_NS)).any()
    assert (steals.p != steals.other).all()
    assert (steals.n >= 1).all()


def test_the_events_become_marks(both: Both) -> None:
    joined = join.with_probes(both.timeline, both.events, both.origin)
    marks = joined.marks
    names = joined.names(marks["name"])
    steals = np.flatnonzero(names == "probe steal")
    expected = both.inside("steal")
    assert len(steals) == len(expected)
    assert (marks["kind"][steals] == MarkKind.LOG).all()
    assert marks["start"][steals].tolist() == (expected.time - both.origin).tolist()
    assert marks["p"][steals].tolist() == expected.p.tolist()
    assert marks["g"][steals].tolist() == join.rows_of(both.timeline, expected.g).tolist()
    said = [f"{other} {n}" for other, n in zip(expected.other, expected.n, strict=True)]
    assert joined.names(marks["message"][steals]).tolist() == said
    assert {name: column.dtype for name, column in marks.items()} == {
        name: column.dtype for name, column in both.timeline.marks.items()
    }
    assert len(marks["start"]) > len(both.timeline.marks["start"])


def test_steals_say_who_took_from_whom(both: Both) -> None:
    joined = join.with_probes(both.timeline, both.events, both.origin)
    found, expected = join.steals(joined), both.inside("steal")
    assert len(found) == len(expected) > 0
    assert found.time.tolist() == (expected.time - both.origin).tolist()
    assert found.thief.tolist() == expected.p.tolist()
    assert found.victim.tolist() == expected.other.tolist()
    assert found.taken.tolist() == expected.n.tolist()
    assert found.g.tolist() == join.rows_of(both.timeline, expected.g).tolist()
    # Each of the two Ps can only take from the other one.
    assert set((found.thief + found.victim).tolist()) == {1}
    assert len(join.steals(both.timeline)) == 0


@pytest.mark.parametrize("message", ["", "1", "1 2 3", "-1 2", "a b", "1 99999999999999999999", "\u00b2 1"])
def test_what_a_program_logs_is_no_steal(both: Both, message: str) -> None:
    marks = both.timeline.marks
    texts = (*both.timeline.texts, "probe steal", message)
    logs = np.flatnonzero(marks["kind"] == MarkKind.LOG)
    assert len(logs) > 0
    name, said = marks["name"].copy(), marks["message"].copy()
    name[logs], said[logs] = len(texts) - 2, len(texts) - 1
    forged = replace(both.timeline, marks={**marks, "name": name, "message": said}, texts=texts)
    assert len(join.steals(forged)) == 0


def test_events_of_another_run_are_refused(both: Both) -> None:
    with pytest.raises(UsageError, match="time of this trace"):
        join.with_probes(both.timeline, both.events, both.origin + 10**15)
    nothing = both.events.chosen(np.zeros(len(both.events), bool))
    assert len(join.with_probes(both.timeline, nothing, both.origin).marks["start"]) == len(
        both.timeline.marks["start"]
    )


@pytest.mark.parametrize(
    "data", [b"", b"go 1.27 trace\0\0\0", b"go 1.27 trace\0\0\0\x01\x80", b"no trace" * 9]
)
def test_what_is_no_trace_has_no_origin(data: bytes) -> None:
    with pytest.raises(UsageError, match="trace"):
        join.origin_ns(data)


def test_unknown_goroutines_have_no_row(both: Both) -> None:
    known = both.timeline.goroutines["id"][:3].astype(np.int64)
    assert join.rows_of(both.timeline, known).tolist() == [0, 1, 2]
    assert join.rows_of(both.timeline, np.array([0, -5, 10**12])).tolist() == [NOBODY] * 3


def test_a_file_may_be_given_by_its_path(tmp_path: Path) -> None:
    file = tmp_path / "trace"
    # One batch: kind, generation, M, time 1000 as LEB128, no bytes.
    file.write_bytes(b"go 1.27 trace\0\0\0" + bytes([1, 1, 5, 0xE8, 0x07, 0]))
    assert join.origin_ns(file) == 1000 * join.TICK_NS
