"""What has a name and a time: STW, GC and labels, tasks, regions and logs, counters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from schedlab.export._chrome_names import COUNTERS, PROGRAM, RUNTIME, Names
from schedlab.export._json_text import Piece, inner, integers, joined, microseconds, taken, texts
from schedlab.timeline import Lane, MarkKind, State, Timeline

Rows = npt.NDArray[np.int64]

CHUNK: Final = 1 << 14
_STW: Final = "stop-the-world"
# Ranges of the whole program; others belong to a P or a goroutine (makeEvent in internal/trace).
_WHOLE: Final = {"GC concurrent mark phase": "GC"}
_OF_P: Final = frozenset({"GC incremental sweep"})


@dataclass(frozen=True, slots=True, eq=False)
class MarkTracks:
    """Rows of ``marks``, sorted so that what encloses comes first, and the track of each.

    ``track`` counts from 0 within the group; ``labels`` are the tracks' names, escaped.
    """

    pid: int
    rows: Rows
    track: Rows
    labels: tuple[str, ...]


def runtime_tracks(timeline: Timeline) -> MarkTracks:
    """STW and GC: a track each; assists and labels: a track per goroutine; sweeps: a track per P."""
    marks = timeline.marks
    rows = np.flatnonzero(np.isin(marks["kind"], [int(MarkKind.RANGE), int(MarkKind.LABEL)]))
    label = np.asarray(marks["kind"])[rows] == int(MarkKind.LABEL)
    codes, which = np.unique(np.where(label, -1, marks["name"][rows].astype(np.int64)), return_inverse=True)
    names = ["GC worker" if code < 0 else _range_track(timeline.texts[code]) for code in codes.tolist()]
    owners, tracks = sorted(set(names)), {}
    of_name = np.array([owners.index(name) for name in names], dtype=np.int64)
    g, p = marks["g"][rows].astype(np.int64), marks["p"][rows].astype(np.int64)
    shared = np.array([name in ("STW", *_WHOLE.values()) for name in owners], dtype=bool)
    by_p = np.array([name in _OF_P for name in owners], dtype=bool)
    name = of_name[which] if len(rows) else np.zeros(0, np.int64)
    # A goroutine is 2g, a P 2p+1, nobody -1.
    owner = np.where(by_p[name] | (g < 0), 2 * p + 1, 2 * g) if len(rows) else g
    owner = np.where(shared[name], -1, owner) if len(rows) else owner
    keys, track = np.unique(np.stack([name, owner]), axis=1, return_inverse=True)
    for number, (of, who) in enumerate(keys.T.tolist()):
        tracks[number] = inner(owners[of]) + _owner(timeline, who)
    return _sorted(timeline, RUNTIME, rows, track.reshape(-1), tuple(tracks.values()))


def program_tracks(timeline: Timeline) -> MarkTracks:
    """Tasks, regions and logs: a track per goroutine."""
    marks = timeline.marks
    kinds = [int(MarkKind.TASK), int(MarkKind.REGION), int(MarkKind.LOG)]
    rows = np.flatnonzero(np.isin(marks["kind"], kinds))
    owners, track = np.unique(marks["g"][rows].astype(np.int64), return_inverse=True)
    labels = tuple(f"G{timeline.goroutines['id'][g]}" if g >= 0 else "no goroutine" for g in owners.tolist())
    return _sorted(timeline, PROGRAM, rows, track, labels)


def mark_events(timeline: Timeline, names: Names, tracks: MarkTracks, first_track: int) -> Iterator[Piece]:
    """A slice for a range or region, a point for a log or label, an async pair for a task."""
    makers = {
        MarkKind.RANGE: _slices,
        MarkKind.REGION: _slices,
        MarkKind.TASK: _tasks,
        MarkKind.LOG: _points,
        MarkKind.LABEL: _points,
    }
    kind = timeline.marks["kind"][tracks.rows]
    for wanted, make in makers.items():
        at = np.flatnonzero(kind == int(wanted))
        for first in range(0, len(at), CHUNK):
            here = at[first : first + CHUNK]
            rows = tracks.rows[here]
            start = joined(
                f'"pid":{tracks.pid},"tid":',
                integers(tracks.track[here] + first_track),
                ',"ts":',
                microseconds(timeline.marks["start"][rows]),
            )
            yield make(timeline, names, rows, start)


def _slices(timeline: Timeline, names: Names, rows: Rows, start: Piece) -> Piece:
    marks = timeline.marks
    return joined(
        ',\n{"ph":"X",',
        start,
        ',"dur":',
        microseconds(marks["dur"][rows]),
        ',"cat":"',
        taken(_KINDS, marks["kind"][rows]),
        '","name":"',
        taken(names.texts, marks["name"][rows]),
        '","args":{',
        _details(timeline, names, rows),
        "}}",
    )


def _points(timeline: Timeline, names: Names, rows: Rows, start: Piece) -> Piece:
    marks = timeline.marks
    name = marks["name"][rows]
    between = taken(texts(["", ": "]), (name != 0) & (marks["message"][rows] != 0))
    return joined(
        ',\n{"ph":"i","s":"t",',
        start,
        ',"cat":"',
        taken(_KINDS, marks["kind"][rows]),
        '","name":"',
        taken(names.texts, name),
        between,
        taken(names.texts, marks["message"][rows]),
        '","args":{',
        _details(timeline, names, rows),
        "}}",
    )


def _tasks(timeline: Timeline, names: Names, rows: Rows, start: Piece) -> Piece:
    """Tasks may overlap, so each is a pair of async events; a viewer stacks them."""
    marks = timeline.marks
    common = joined(
        ',"cat":"task","id":"',
        integers(marks["task"][rows]),
        '","name":"',
        taken(names.texts, marks["name"][rows]),
        '"',
    )
    end = marks["start"][rows] + marks["dur"][rows]
    return joined(
        ',\n{"ph":"b",',
        start,
        common,
        ',"args":{',
        _details(timeline, names, rows),
        f'}}}},\n{{"ph":"e","pid":{PROGRAM},"ts":',
        microseconds(end),
        common,
        "}",
    )


def _details(timeline: Timeline, names: Names, rows: Rows) -> Piece:
    marks = timeline.marks
    g = marks["g"][rows].astype(np.int64)
    pieces = [
        '"g":',
        taken(_goroutine_numbers(timeline), g + 1),
        ',"task":',
        integers(marks["task"][rows]),
        taken(_CUTS, marks["flags"][rows] & 3),
    ]
    if names.stacks:
        pieces.append(taken(names.stacks["stack"], marks["stack"][rows]))
    return joined(*pieces)


def counter_events(timeline: Timeline, track: int) -> Iterator[Piece]:
    """The recorded counters, and how many goroutines are runnable, derived from the spans."""
    counters = timeline.counters
    name = np.asarray(counters["name"]).astype(np.int64)
    p = np.asarray(counters["p"]).astype(np.int64) if "p" in counters else np.full(len(name), -1)
    pairs, which = np.unique(np.stack([name, p]), axis=1, return_inverse=True)
    shown = [timeline.texts[of] + (f" P{p}" if p >= 0 else "") for of, p in pairs.T.tolist()]
    yield from _counted(track, shown, which.reshape(-1), counters["time"], counters["value"])
    time, value = runnable(timeline)
    yield from _counted(track, ["runnable goroutines"], np.zeros(len(time), np.int64), time, value)


def runnable(timeline: Timeline) -> tuple[Rows, Rows]:
    """When the number of runnable goroutines changes, and what it is from then on."""
    spans = timeline.spans
    rows = np.flatnonzero(
        (spans["lane"] == int(Lane.GOROUTINE)) & (spans["state"] == int(State.RUNNABLE)) & (spans["dur"] > 0)
    )
    start = spans["start"][rows]
    time, which = np.unique(np.concatenate([start, start + spans["dur"][rows]]), return_inverse=True)
    change = np.bincount(which[: len(rows)], minlength=len(time)) - np.bincount(
        which[len(rows) :], minlength=len(time)
    )
    changed = change != 0
    return time[changed], np.cumsum(change)[changed]


def _counted(
    track: int, names: list[str], which: Rows, time: npt.NDArray[Any], value: npt.NDArray[Any]
) -> Iterator[Piece]:
    table = texts([inner(name) for name in names])
    for first in range(0, len(time), CHUNK):
        here = slice(first, first + CHUNK)
        yield joined(
            f',\n{{"ph":"C","pid":{COUNTERS},"tid":{track},"ts":',
            microseconds(time[here]),
            ',"name":"',
            taken(table, which[here]),
            '","args":{"value":',
            integers(value[here]),
            "}}",
        )


def _range_track(name: str) -> str:
    return "STW" if name.startswith(_STW) else _WHOLE.get(name, name)


def _owner(timeline: Timeline, who: int) -> str:
    if who < 0:
        return ""
    return f" P{who // 2}" if who % 2 else f" G{timeline.goroutines['id'][who // 2]}"


def _sorted(timeline: Timeline, pid: int, rows: Rows, track: Rows, labels: tuple[str, ...]) -> MarkTracks:
    # Of two that begin together the longer one encloses the other; of two that end together, too, the
    # one that ended last, which is the one that stands later.
    start, dur = timeline.marks["start"][rows], timeline.marks["dur"][rows]
    order = np.lexsort((-rows, -dur, start))
    return MarkTracks(pid, rows[order], track[order].astype(np.int64), labels)


def _goroutine_numbers(timeline: Timeline) -> Piece:
    return texts(["null", *map(str, timeline.goroutines["id"].tolist())])


_KINDS: Final = texts([kind.name.lower() for kind in MarkKind])
_CUTS: Final = texts(["", ',"cut":"start"', ',"cut":"end"', ',"cut":"start and end"'])
