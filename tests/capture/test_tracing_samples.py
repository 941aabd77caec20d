"""The samples that record themselves: what they counted is what is in their traces."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from schedlab import process, toolchain
from schedlab.capture import tracing
from schedlab.timeline import Lane, MarkKind, State, Timeline

TWO = process.GoSettings(gomaxprocs=2)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Timeline]:
    """What trace_everything said, and its trace."""
    file = tmp_path_factory.mktemp("everything") / "everything.trace"
    done = process.run(toolchain.build("trace_everything"), ["-trace", file, "-spin", "200ms"], settings=TWO)
    said = done.check().json()
    assert said["trace"] == str(file)
    return said, Timeline.load(file)


def names(timeline: Timeline, kind: MarkKind, since: int = 0) -> Counter[str]:
    marks = timeline.marks
    chosen = (marks["kind"] == kind) & (marks["start"] >= since)
    return Counter(timeline.texts[name] for name in marks["name"][chosen].tolist())


def reasons(timeline: Timeline, state: State) -> Counter[str]:
    spans = timeline.filter(lane=Lane.GOROUTINE, state=state).spans
    return Counter(timeline.reasons[reason] for reason in spans["reason"].tolist())


def total(slices: list[dict[str, int]]) -> int:
    return sum(part["count"] for part in slices)


def test_each_part_is_a_region_with_a_line_of_log(everything: tuple[dict[str, Any], Timeline]) -> None:
    said, timeline = everything
    regions = {part["region"]: 1 for part in said["parts"]}
    assert len(regions) == 11
    assert names(timeline, MarkKind.REGION) == regions
    assert names(timeline, MarkKind.LOG) == regions
    assert names(timeline, MarkKind.TASK) == {"everything": 1}
    marks = timeline.marks
    logged = [timeline.texts[number] for number in marks["message"][marks["kind"] == MarkKind.LOG].tolist()]
    assert logged == [f"{part['count']} {part['what']}" for part in said["parts"]]


def test_the_pauses_that_the_runtime_counted_are_there(everything: tuple[dict[str, Any], Timeline]) -> None:
    said, timeline = everything
    marks = timeline.marks
    first_part = int(marks["start"][marks["kind"] == MarkKind.REGION].min())
    stops = {
        name: count
        for name, count in names(timeline, MarkKind.RANGE, first_part).items()
        if name.startswith("stop-the-world")
    }
    collections = said["collections"]
    assert collections >= 4
    assert stops == {
        "stop-the-world (GC sweep termination)": collections,
        "stop-the-world (GC mark termination)": collections,
        "stop-the-world (GOMAXPROCS)": 2,
        "stop-the-world (read mem stats)": 1,
    }
    assert total(said["gc_pauses"]) == 2 * collections
    assert total(said["other_pauses"]) == 3


def test_every_kind_of_thing_is_there(everything: tuple[dict[str, Any], Timeline]) -> None:
    said, timeline = everything
    done = {part["region"]: part["count"] for part in said["parts"]}
    waits = reasons(timeline, State.WAITING)
    assert waits["chan receive"] + waits["chan send"] >= done["channel"] + done["thread"]
    assert waits["sync"] >= 1
    assert waits["network"] >= 1
    assert waits["sleep"] >= done["mutex"]
    ready = reasons(timeline, State.RUNNABLE)
    assert ready["runtime.Gosched"] >= done["yield"]
    assert ready["preempted"] >= 1
    calls = timeline.filter(lane=Lane.GOROUTINE, state=State.SYSCALL).spans
    assert len(calls["start"]) >= done["file"] + done["blocking"]
    ranges = names(timeline, MarkKind.RANGE)
    assert ranges["GC mark assist"] >= 1
    assert said["assist_ns"] > 0
    assert ranges["GC concurrent mark phase"] >= said["collections"]


def test_the_runtime_times_one_in_eight_switches(everything: tuple[dict[str, Any], Timeline]) -> None:
    """Each goroutine's own every eighth one, from a random first one on (newproc1 and casgstatus)."""
    said, timeline = everything
    waits = len(timeline.filter(lane=Lane.GOROUTINE, state=State.RUNNABLE).spans["start"])
    assert 0 < total(said["latencies"]) < waits


def test_another_recorder_is_not_overwritten(tmp_path: Path) -> None:
    outer, inner = tmp_path / "outer", tmp_path / "inner"
    made = tracing.record("trace_everything", ["-trace", inner], file=outer)
    assert made.finished is not None
    assert made.finished.exit_status == 1
    assert "already enabled" in made.finished.stderr
    assert outer.stat().st_size > 0


@pytest.mark.parametrize("arguments", [["-rounds", 0], ["-heap", 0], ["-collections", -1]])
def test_wrong_sizes_are_refused(arguments: list[str | int]) -> None:
    done = process.run(toolchain.build("trace_everything"), arguments)
    assert done.exit_status == 1
    assert "must be" in done.stderr


# The flight recorder.


def test_the_snapshot_shows_why_the_request_was_slow(tmp_path: Path) -> None:
    file = tmp_path / "slow.trace"
    arguments: list[str | Path] = ["-snapshot", file, "-threshold", "400ms", "-hold", "600ms"]
    said = process.run(toolchain.build("flight_recorder"), arguments, settings=TWO).check().json()
    taken = said["snapshot"]
    assert taken["file"] == str(file)
    assert taken["bytes"] == file.stat().st_size
    assert taken["took_ns"] > said["threshold_ns"]
    assert 1 <= taken["request"] <= said["requests"] == 800
    assert said["slow"] >= 1
    assert taken["took_ns"] <= taken["triggered_ns"] <= taken["written_ns"] <= said["elapsed_ns"]

    timeline = Timeline.load(file)
    assert names(timeline, MarkKind.REGION)["tidy"] == 1
    assert names(timeline, MarkKind.REGION)["request"] > 1
    waits = timeline.filter(lane=Lane.GOROUTINE, state=State.WAITING).spans
    longest = waits["dur"][np.array([timeline.reasons[reason] == "sync" for reason in waits["reason"]])].max()
    assert longest > said["threshold_ns"]


def test_nothing_is_written_when_nothing_is_slow(tmp_path: Path) -> None:
    file = tmp_path / "never"
    arguments: list[str | int | Path] = ["-snapshot", file, "-threshold", "1h", "-requests", 20]
    said = process.run(toolchain.build("flight_recorder"), arguments).check().json()
    assert (said["slow"], said["requests"]) == (0, 80)
    assert "snapshot" not in said
    assert not file.exists()


def test_go_1_24_says_that_it_has_none() -> None:
    older = toolchain.release("1.24")
    done = process.run(toolchain.build("flight_recorder", toolchain=older))
    assert done.exit_status == 1
    assert "go1.24" in done.stderr
    assert "build it with Go 1.25 or newer" in done.stderr
