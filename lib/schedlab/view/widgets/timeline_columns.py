"""A Timeline as the few columns that the browser needs to draw it.

A goroutine's life is a row of *pieces* without gaps: piece after piece, each begins where the one before it
ended, so only durations travel. Where nothing is known of a goroutine between two spans there is a piece in
state ABSENT, and each life ends with one of no duration. Lives follow one another. The life of a P likewise.
What Ps and Ms did with goroutines is derived from these in the browser.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from schedlab.timeline import Lane, Timeline
from schedlab.timeline.probed import steals
from schedlab.view.widgets.timeline_numbers import Columns, Renumbered, Texts
from schedlab.view.widgets.timeline_pieces import Pieces
from schedlab.view.widgets.timeline_queues import queue_columns


@dataclass(frozen=True, slots=True)
class Encoded:
    """``columns`` and ``meta`` of the blob, and the files (as recorded) that occur in its stacks."""

    columns: Columns
    meta: dict[str, Any]
    files: tuple[str, ...]


def encode_timeline(timeline: Timeline) -> Encoded:
    """All that the widget shows of ``timeline``.

    Raises:
        UsageError: a goroutine or a P is in two states at once.
    """
    spans = {name: np.asarray(column) for name, column in timeline.spans.items()}
    lives = Pieces.of(spans, Lane.GOROUTINE, "goroutine")
    procs = Pieces.of(spans, Lane.PROC, "P")
    goroutines = Renumbered.used(
        len(timeline.goroutines["id"]),
        [lives.owner, spans["cause"], timeline.marks["g"]],
    )
    stacks = Renumbered.frequent(
        len(timeline.stacks["start"]) - 1,
        [
            lives.spans["stack"],
            lives.spans["end"],
            timeline.samples["stack"],
        ],
    )
    texts = Texts(timeline.texts)
    columns = _lives(lives, goroutines, stacks)
    columns |= {f"proc_{name}": column for name, column in _procs(procs).items()}
    columns |= _goroutines(timeline, goroutines, texts)
    columns |= _stacks(timeline, stacks, texts)
    columns |= _marks(timeline, goroutines, texts)
    columns |= _steals(timeline, goroutines)
    columns |= _counters(timeline, texts)
    columns |= _samples(timeline, stacks)
    queues = queue_columns(timeline)
    columns |= queues.columns
    meta = {
        "what": lives.what,
        "where": lives.where,
        "proc_what": procs.what,
        "proc_where": procs.where,
        "reasons": list(timeline.reasons),
        "threads": [int(thread) for thread in timeline.threads],
        "texts": texts.kept,
        "bounds": list(timeline.bounds_ns),
        "queue_step_ns": queues.step_ns,
        "spans": len(timeline),
        "lost": timeline.lost,
        "source": str(timeline.meta.get("source", "")),
        "provenance": {name: str(found) for name, found in timeline.provenance.items()},
    }
    files = {timeline.texts[int(file)] for file in np.unique(timeline.frames["file"][texts.frames])}
    return Encoded(columns, meta, tuple(sorted(files - {""})))


def _lives(lives: Pieces, goroutines: Renumbered, stacks: Renumbered) -> Columns:
    return {
        "lane_g": goroutines.new[lives.owner] - np.uint32(1),
        **lives.durations(),
        "stack": lives.column(stacks.new[lives.spans["stack"]]),
        "end": lives.column(stacks.new[lives.spans["end"]]),
        "cause": lives.column(goroutines.new[lives.spans["cause"]]),
    }


def _procs(procs: Pieces) -> Columns:
    return {"p": procs.owner.astype(np.uint32), **procs.durations()}


def _goroutines(timeline: Timeline, goroutines: Renumbered, texts: Texts) -> Columns:
    table = timeline.goroutines
    creator = table["creator"][goroutines.old]
    return {
        "g_id": table["id"][goroutines.old].astype(np.int64),
        "g_creator": goroutines.new[creator],
        "g_function": texts.numbers(timeline.goroutine_function[goroutines.old]),
    }


def _stacks(timeline: Timeline, stacks: Renumbered, texts: Texts) -> Columns:
    """Stack n has the frames from ``stack_first[n - 1]`` to ``stack_first[n]``, the innermost first."""
    begin = np.asarray(timeline.stacks["start"], dtype=np.int64)
    lengths = (begin[1:] - begin[:-1])[stacks.old]
    first = np.concatenate([[0], np.cumsum(lengths)])
    rows = np.repeat(begin[stacks.old] - first[:-1], lengths) + np.arange(int(first[-1]))
    used, frame = np.unique(timeline.stacks["frame"][rows], return_inverse=True)
    texts.frames = used
    return {
        "stack_first": first.astype(np.uint32),
        "stack_frame": frame.astype(np.uint32),
        "frame_function": texts.numbers(timeline.frames["function"][used]),
        "frame_file": texts.numbers(timeline.frames["file"][used]),
        "frame_line": np.asarray(timeline.frames["line"][used], dtype=np.uint32),
    }


def _marks(timeline: Timeline, goroutines: Renumbered, texts: Texts) -> Columns:
    marks = timeline.marks
    order = np.argsort(marks["start"], kind="stable")
    marks = {name: np.asarray(column)[order] for name, column in marks.items()}
    return {
        "mark_kind": marks["kind"].astype(np.uint8),
        "mark_start": marks["start"].astype(np.int64),
        "mark_dur": marks["dur"].astype(np.int64),
        "mark_g": goroutines.new[marks["g"]],
        "mark_p": (marks["p"].astype(np.int64) + 1).astype(np.uint32),
        "mark_name": texts.numbers(marks["name"]),
        "mark_message": texts.numbers(marks["message"]),
    }


def _steals(timeline: Timeline, goroutines: Renumbered) -> Columns:
    """Who took from whom: they are marks too, and here in numbers to draw arrows from."""
    found = steals(timeline)
    order = np.argsort(found.time, kind="stable")
    return {
        "steal_time": found.time[order],
        "steal_thief": (found.thief[order] + 1).astype(np.uint32),
        "steal_victim": (found.victim[order] + 1).astype(np.uint32),
        "steal_taken": found.taken[order].astype(np.uint32),
        "steal_g": goroutines.new[found.g[order]],
    }


def _counters(timeline: Timeline, texts: Texts) -> Columns:
    counters = timeline.counters
    order = np.argsort(counters["time"], kind="stable")
    return {
        "counter_time": counters["time"][order].astype(np.int64),
        "counter_value": counters["value"][order].astype(np.int64),
        "counter_name": texts.numbers(counters["name"][order]),
        "counter_p": (counters["p"][order].astype(np.int64) + 1).astype(np.uint32),
    }


def _samples(timeline: Timeline, stacks: Renumbered) -> Columns:
    samples = timeline.samples
    order = np.argsort(samples["time"], kind="stable")
    return {
        "sample_time": samples["time"][order].astype(np.int64),
        "sample_stack": stacks.new[samples["stack"][order]],
    }
