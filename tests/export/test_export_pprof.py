"""Profiles of a Timeline: against ``go tool trace``, as ``go tool pprof`` reads them, and in odd cases."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from schedlab import export, process, toolchain
from schedlab.capture import pprof, trace_tool
from schedlab.errors import UsageError
from schedlab.export import pprof as exported
from schedlab.timeline import OPEN_END, OPEN_START, Lane, State, Timeline

KINDS: tuple[trace_tool.Kind, ...] = get_args(trace_tool.Kind)

Where = tuple[tuple[str, str, int], ...]


def per_stack(profile: pprof.Profile) -> dict[Where, tuple[int, int]]:
    """Count and delay of each stack. The tool keeps two apart that differ only in their addresses."""
    count: Counter[Where] = Counter()
    delay: Counter[Where] = Counter()
    for stack, (times, length) in zip(profile.stack_ids.tolist(), profile.values.tolist(), strict=True):
        where = tuple((frame.function, frame.file, frame.line) for frame in profile.stacks[stack])
        count[where] += times
        delay[where] += length
    return {where: (count[where], delay[where]) for where in count}


@pytest.mark.parametrize("kind", KINDS)
def test_go_tool_trace_has_the_same_counts_and_times_at_every_stack(
    timeline: Timeline, recorded: bytes, kind: trace_tool.Kind
) -> None:
    ours = pprof.parse(exported.profile(timeline, kind, as_go_tool=True))
    theirs = trace_tool.profile(recorded, kind)
    assert theirs.total("contentions") > 0, "the program does this"
    assert [kind.type for kind in ours.sample_types] == [kind.type for kind in theirs.sample_types]
    assert ours.period_type == theirs.period_type
    assert per_stack(ours) == per_stack(theirs)


def test_what_the_tool_leaves_out_is_there_without_the_option(timeline: Timeline) -> None:
    full, theirs = exported.records(timeline, "sched"), exported.records(timeline, "sched", as_go_tool=True)
    spans = timeline.filter(lane=Lane.GOROUTINE, state=State.RUNNABLE).spans
    whole = (spans["flags"] & (OPEN_START | OPEN_END)) == 0
    assert full.total("contentions") == int(whole.sum()) > theirs.total("contentions")
    assert full.total("delay") == int(spans["dur"][whole].sum()) > theirs.total("delay")


def test_a_runnable_goroutine_is_at_its_own_stack_or_for_the_tool_at_its_wakers(timeline: Timeline) -> None:
    # A goroutine wakes from a channel receive in which it slept itself; a sender woke it.
    leaf = {
        as_go_tool: {
            stack[0].function
            for stack in exported.records(timeline, "sched", as_go_tool=as_go_tool).stacks
            if any(frame.function.startswith("main.pingPong") for frame in stack)
        }
        for as_go_tool in (False, True)
    }
    assert "runtime.chanrecv1" in leaf[False]
    assert "runtime.chansend1" in leaf[True]


def test_block_is_another_name_of_sync(timeline: Timeline) -> None:
    assert exported.profile(timeline, "block") == exported.profile(timeline, "sync")


@pytest.mark.parametrize("kind", KINDS)
def test_reading_it_back_gives_the_same(timeline: Timeline, kind: trace_tool.Kind) -> None:
    made = exported.records(timeline, kind)
    read = pprof.parse(export.to_pprof(timeline, kind))
    assert per_stack(read) == per_stack(made)
    assert read.default_sample_type == "delay"
    assert read.duration_ns == timeline.duration_ns > 0
    assert (read.object_files, read.comments, read.period) == (made.object_files, made.comments, 1)


def pprof_tool(*arguments: str | Path) -> str:
    chosen = toolchain.find()
    done = process.run(toolchain.tool(chosen, "pprof"), [str(argument) for argument in arguments])
    return done.check().stdout


def test_go_tool_pprof_reads_it(timeline: Timeline, tmp_path: Path) -> None:
    file = tmp_path / "sched.pb.gz"
    file.write_bytes(export.to_pprof(timeline, "sched"))
    made = exported.records(timeline, "sched")
    raw = pprof_tool("-raw", file)
    samples = re.findall(r"^ +(\d+) +(\d+): ?([\d ]*)$", raw, re.MULTILINE)
    assert len(samples) == len(made)
    assert sum(int(count) for count, _, _ in samples) == made.total("contentions")
    assert sum(int(delay) for _, delay, _ in samples) == made.total("delay")
    assert re.search(r"main\.pingPong .*main\.go:\d+", raw), "a function, its file and a line in it"
    assert "[FN][FL][LN]" in raw, "nobody needs to look for the program"
    every = ("-nodecount=1000000", "-nodefraction=0", "-edgefraction=0", "-unit=ns")
    top = pprof_tool("-top", "-sample_index=delay", *every, file)
    rows = re.findall(r"^ *(\d+)(?:ns)? .*%  (\S.*)$", top, re.MULTILINE)
    flat = {function.removesuffix(" (inline)"): int(value) for value, function in rows}
    ours = {row.function: row.flat for row in made.top("delay").itertuples()}
    assert flat == ours
    assert "contentions" in pprof_tool("-top", "-sample_index=contentions", file)


FIXTURES = sorted((Path(__file__).parents[1] / "capture" / "fixtures" / "pprof").glob("*.pb.gz"))


def test_a_frame_of_which_nothing_is_known_is_left_out(timeline: Timeline) -> None:
    zero = {name: np.zeros_like(column) for name, column in timeline.frames.items()}
    made = exported.records(replace(timeline, frames=zero), "sched")
    assert set(made.stacks) == {()}
    assert made.total("delay") == exported.records(timeline, "sched").total("delay")


@pytest.mark.parametrize("file", FIXTURES, ids=lambda file: file.name)
def test_any_profile_of_go_can_be_written_again(file: Path) -> None:
    read = pprof.load(file)
    again = pprof.parse(pprof.dump(read))
    assert np.array_equal(again.values, read.values)
    stacks = [
        tuple(profile.stacks[stack] for stack in profile.stack_ids.tolist()) for profile in (read, again)
    ]
    assert stacks[0] == stacks[1]
    for name in (
        "sample_types",
        "default_sample_type",
        "labels",
        "period",
        "period_type",
        "time_ns",
        "duration_ns",
        "comments",
        "drop_frames",
        "keep_frames",
        "doc_url",
        "object_files",
    ):
        assert getattr(again, name) == getattr(read, name), name


def empty_of(timeline: Timeline) -> Timeline:
    spans = {name: column[:0] for name, column in timeline.spans.items()}
    return replace(timeline, spans=spans)


@pytest.mark.parametrize("as_go_tool", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_timeline_gives_a_valid_empty_profile(
    timeline: Timeline, tmp_path: Path, kind: trace_tool.Kind, as_go_tool: bool
) -> None:
    data = exported.profile(empty_of(timeline), kind, as_go_tool=as_go_tool)
    read = pprof.parse(data)
    assert (len(read), read.total("delay"), len(read.sample_types)) == (0, 0, 2)
    if kind == "sched" and not as_go_tool:
        file = tmp_path / "empty.pb.gz"
        file.write_bytes(data)
        assert "Type: delay" in pprof_tool("-top", file)


def test_an_unknown_kind_is_told_the_kinds(timeline: Timeline) -> None:
    unknown: Any = "scheduler"
    with pytest.raises(UsageError, match=r"'scheduler'\nKinds: sched, sync, block, syscall, net\."):
        export.to_pprof(timeline, unknown)


def test_what_the_captures_ends_cut_is_not_counted(timeline: Timeline) -> None:
    rows = timeline.filter(lane=Lane.GOROUTINE, state=State.RUNNABLE)
    for flag in (OPEN_START, OPEN_END, OPEN_START | OPEN_END):
        cut = replace(rows, spans={**rows.spans, "flags": np.full(len(rows), flag, np.uint8)})
        assert exported.records(cut, "sched").total("contentions") == 0


def test_times_are_summed_exactly(timeline: Timeline) -> None:
    rows = timeline.filter(lane=Lane.GOROUTINE, state=State.RUNNABLE)
    long = (1 << 53) + 1
    same = {
        **rows.spans,
        "dur": np.full(len(rows), long, np.int64),
        "stack": np.full(len(rows), rows.spans["stack"].max(), np.uint32),
        "flags": np.zeros(len(rows), np.uint8),
    }
    few = {name: column[:3] for name, column in same.items()}
    assert exported.records(replace(rows, spans=few), "sched").values.tolist() == [[3, 3 * long]]


def test_any_text_can_be_written(timeline: Timeline) -> None:
    odd = tuple(f"{text}\x00\n\udcff\u20ac" if text else "" for text in timeline.texts)
    read = pprof.parse(exported.profile(replace(timeline, texts=odd), "sched"))
    names = {frame.function for stack in read.stacks for frame in stack}
    assert all(name.endswith("\x00\n\\udcff\u20ac") for name in names)


def test_the_same_timeline_gives_the_same_bytes(timeline: Timeline) -> None:
    assert exported.profile(timeline, "sched") == exported.profile(timeline, "sched")
