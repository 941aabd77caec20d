"""A Timeline in the Trace Event Format, which ui.perfetto.dev and chrome://tracing read.

>>> chrome.write(timeline, Path("trace.json.gz"))                          # doctest: +SKIP

Groups of tracks: **Ps** (which goroutine ran on each P; an idle P is a gap), **Ms** (what each thread did),
**Goroutines** (the states of each), **Runtime** (STW, GC, assists, sweeps), **Program** (the program's own
tasks, regions and logs) and **Counters**. Arrows go from whoever woke a goroutine to the woken one.

The format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU. Perfetto's
reading of it: src/trace_processor/importers/json in its sources (``JsonTraceParser``, ``FlowTracker``).
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Literal, cast, get_args

import numpy as np

from schedlab.errors import UsageError
from schedlab.export._chrome_marks import (
    MarkTracks,
    counter_events,
    mark_events,
    program_tracks,
    runnable,
    runtime_tracks,
)
from schedlab.export._chrome_names import (
    COUNTERS,
    GOROUTINES,
    GROUPS,
    MS,
    PROGRAM,
    PS,
    RUNTIME,
    Names,
    Stacks,
    frame_text,
    names_of,
)
from schedlab.export._chrome_spans import Drawing, busy, drawing, events, thread_events
from schedlab.export._json_text import Piece, content, inner, integers, joined, quoted, taken, texts
from schedlab.export.errors import ExportFailed, TooMuchToShow
from schedlab.timeline import MarkKind, Timeline

Lanes = Literal["ps", "ms", "goroutines"]

EVENTS: Final = 5_000_000
"""What a browser with 4 GB for one page still opens."""

GOROUTINE_TRACKS: Final = 20_000

# Perfetto takes a track whose number is its group's for the main thread of a process, and in its older
# releases found a track by its number alone: so each has one of its own, from here on.
_FIRST_TRACK: Final = 100


@dataclass(frozen=True, slots=True)
class Written:
    """How many events a file has, without the names of tracks, and how many tracks."""

    events: int
    tracks: int


def write(
    timeline: Timeline,
    file: str | os.PathLike[str] | BinaryIO,
    *,
    lanes: Sequence[Lanes] = ("ps", "ms", "goroutines"),
    arrows: bool = True,
    stacks: Stacks = "text",
    limit_events: int = EVENTS,
    limit_goroutines: int = GOROUTINE_TRACKS,
) -> Written:
    """Write the timeline as JSON, gzipped if the name ends in ``.gz``; an open binary file gets plain JSON.

    ``ts`` and ``dur`` are µs with three decimals: exact to the nanosecond. ``arrows`` are flow events (from
    the waker's slice to the runnable one, and on the Ps to the run it led to). ``stacks`` is how stacks are
    written: ``text``, in the ``args`` of each slice, which every viewer shows; ``frames``, the format's own
    and shorter way (``sf``, ``esf``, ``stackFrames``), which chrome://tracing shows and Perfetto ignores;
    or ``none``. CPU samples are left out. chrome://tracing adds start and duration in floating point: where
    slices touch, as ours do, it drops some of the arrows. Perfetto rounds to whole ns and shows all.

    It is written some thousand rows at a time. What is kept meanwhile to put the spans into order is 150 to
    200 bytes for each.

    Raises:
        UsageError: a lane or a way to write stacks that does not exist.
        TooMuchToShow: more than ``limit_events`` events, or more than ``limit_goroutines`` tracks of
            goroutines. Nothing was written.
        ExportFailed: the file cannot be written; what there is of it is removed.
    """
    _check(lanes, stacks)
    plan = _planned(timeline, frozenset(lanes), arrows)
    _check_size(plan, limit_events, limit_goroutines)
    names = names_of(timeline, stacks)
    with _opened(file) as out:
        out.write(_head(timeline))
        for piece in _all_events(timeline, names, plan):
            out.write(content(piece))
        out.write(b"\n]")
        _write_tree(timeline, names, out)
        out.write(b"}\n")
    return Written(plan.events, plan.tracks)


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """What is drawn, and which numbers its tracks have."""

    drawn: Drawing
    threads: Timeline | None
    runtime: MarkTracks
    program: MarkTracks
    events: int
    ps: list[int]
    ms: list[int]
    goroutines: np.ndarray[tuple[int], np.dtype[np.int64]]
    first: dict[int, int]

    @property
    def tracks(self) -> int:
        return (
            len(self.ps)
            + len(self.ms)
            + len(self.goroutines)
            + len(self.runtime.labels)
            + len(self.program.labels)
        )


def _planned(timeline: Timeline, lanes: frozenset[str], arrows: bool) -> _Plan:
    threads = timeline.threads_lane() if "ms" in lanes else None
    thread_rows = busy(threads) if threads else np.zeros(0, np.int64)
    runtime, program = runtime_tracks(timeline), program_tracks(timeline)
    spans = timeline.spans
    sizes = {
        PS: int(spans["p"].max(initial=-1)) + 1,
        MS: len(timeline.threads),
        GOROUTINES: len(timeline.goroutines["id"]),
        RUNTIME: len(runtime.labels),
        PROGRAM: len(program.labels),
        COUNTERS: 1,
    }
    first, following = {}, _FIRST_TRACK
    for group, size in sizes.items():
        first[group], following = following, following + size
    drawn = drawing(
        timeline,
        goroutines="goroutines" in lanes,
        ps="ps" in lanes,
        arrows=arrows,
        p_track=first[PS],
        goroutine_track=first[GOROUTINES],
    )
    rows = drawn.order.rows
    tasks = int((timeline.marks["kind"] == int(MarkKind.TASK)).sum())
    return _Plan(
        drawn=drawn,
        threads=threads,
        runtime=runtime,
        program=program,
        events=drawn.events
        + len(thread_rows)
        + len(runtime.rows)
        + len(program.rows)
        + tasks
        + len(timeline.counters["time"])
        + len(runnable(timeline)[0]),
        ps=np.unique(spans["p"][rows[drawn.on_p]]).tolist(),
        ms=np.unique(threads.spans["id"][thread_rows]).tolist() if threads else [],
        goroutines=np.unique(spans["id"][rows[drawn.on_goroutine]]).astype(np.int64),
        first=first,
    )


def _all_events(timeline: Timeline, names: Names, plan: _Plan) -> Iterator[Piece]:
    yield from _track_names(timeline, names, plan)
    yield from events(timeline, names, plan.drawn)
    if plan.threads:
        yield from thread_events(plan.threads, names, plan.first[MS])
    yield from mark_events(timeline, names, plan.runtime, plan.first[RUNTIME])
    yield from mark_events(timeline, names, plan.program, plan.first[PROGRAM])
    yield from counter_events(timeline, plan.first[COUNTERS])


def _track_names(timeline: Timeline, names: Names, plan: _Plan) -> Iterator[Piece]:
    first = plan.first
    groups = (
        (PS, np.array(plan.ps, np.int64), texts([f"P{p}" for p in plan.ps])),
        (MS, np.array(plan.ms, np.int64), texts([f"M {timeline.threads[m]}" for m in plan.ms])),
        (GOROUTINES, plan.goroutines, taken(names.goroutines, plan.goroutines)),
        (RUNTIME, np.arange(len(plan.runtime.labels)), texts(list(plan.runtime.labels))),
        (PROGRAM, np.arange(len(plan.program.labels)), texts(list(plan.program.labels))),
    )
    for pid, number, label in groups:
        if len(number):
            yield texts([",\n" + _group_name(pid)])
            track = integers(number + first[pid])
            yield joined(
                f',\n{{"ph":"M","pid":{pid},"tid":',
                track,
                ',"name":"thread_name","args":{"name":"',
                label,
                f'"}}}},\n{{"ph":"M","pid":{pid},"tid":',
                track,
                ',"name":"thread_sort_index","args":{"sort_index":',
                integers(number),
                "}}",
            )


def _group_name(pid: int) -> str:
    return (
        f'{{"ph":"M","pid":{pid},"name":"process_name","args":{{"name":"{GROUPS[pid]}"}}}}'
        f',\n{{"ph":"M","pid":{pid},"name":"process_sort_index","args":{{"sort_index":{pid}}}}}'
    )


def _head(timeline: Timeline) -> bytes:
    # No "displayTimeUnit": it only changes how a viewer prints times, and older releases of Perfetto took
    # "ns" for the unit of all times. The array begins with a name, so that each event follows a comma.
    source = quoted(str(timeline.meta.get("source", "")))
    other = f'{{"made_by":"schedlab","source":{source},"lost":{quoted(timeline.lost)}}}'
    return f'{{"otherData":{other},\n"traceEvents":[\n{_group_name(COUNTERS)}'.encode("ascii")


def _write_tree(timeline: Timeline, names: Names, out: BinaryIO) -> None:
    if not names.tree:
        return
    lines = [inner(frame_text(timeline, frame)) for frame in range(len(timeline.frames["line"]))]
    out.write(b',\n"stackFrames":{')
    for number, (frame, parent) in enumerate(names.tree, 1):
        above = f',"parent":{parent}' if parent else ""
        comma = "," if number > 1 else ""
        out.write(f'{comma}\n"{number}":{{"name":"{lines[frame]}"{above}}}'.encode("ascii"))
    out.write(b"\n}")


def _check(lanes: Sequence[str], stacks: str) -> None:
    for lane in lanes:
        if lane not in get_args(Lanes):
            raise UsageError(f"no lane {lane!r}", remedy=f"Lanes: {', '.join(get_args(Lanes))}.")
    if stacks not in get_args(Stacks):
        raise UsageError(f"no stacks={stacks!r}", remedy=f"It is one of: {', '.join(get_args(Stacks))}.")


def _check_size(plan: _Plan, limit_events: int, limit_goroutines: int) -> None:
    remedy = (
        'Leave out goroutines with lanes=("ps", "ms"), or arrows with arrows=False, or take a part of the '
        "timeline with window() or filter(). If your viewer can show it, raise {}."
    )
    if len(plan.goroutines) > limit_goroutines:
        raise TooMuchToShow(
            f"{len(plan.goroutines):,} goroutines would each have a track, the limit is {limit_goroutines:,}",
            remedy=remedy.format("limit_goroutines"),
        )
    if plan.events > limit_events:
        raise TooMuchToShow(
            f"the file would have {plan.events:,} events, the limit is {limit_events:,}",
            remedy=remedy.format("limit_events"),
        )


@contextmanager
def _opened(file: str | os.PathLike[str] | BinaryIO) -> Iterator[BinaryIO]:
    if not isinstance(file, str | os.PathLike):
        yield file
        return
    path = Path(file)
    try:
        with path.open("wb") as raw, _packed(raw) if path.suffix == ".gz" else nullcontext(raw) as out:
            yield out
    except BaseException as error:
        with suppress(OSError):
            path.unlink()
        if isinstance(error, OSError):
            raise ExportFailed(f"cannot write {str(path)!r}: {error.strerror or error}") from error
        raise


@contextmanager
def _packed(raw: BinaryIO) -> Iterator[BinaryIO]:
    # A fast level, because most of the text repeats; no time, so that the same timeline is the same file.
    with gzip.GzipFile("", "wb", compresslevel=3, fileobj=raw, mtime=0) as packed:
        yield cast(BinaryIO, packed)
