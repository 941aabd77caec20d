"""Timelines to test with: two of real programs, and small ones made by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from schedlab import process, toolchain
from schedlab.capture import endpoint
from schedlab.timeline import NOBODY, Lane, MarkKind, Provenance, State, Timeline

Row = Mapping[str, Any]
Make = Callable[..., Timeline]

TYPES: Mapping[str, Mapping[str, str]] = {
    "spans": {
        "lane": "u1",
        "state": "u1",
        "flags": "u1",
        "reason": "u2",
        "id": "i4",
        "m": "i4",
        "cause": "i4",
        "p": "i2",
        "start": "i8",
        "dur": "i8",
        "stack": "u4",
        "end": "u4",
    },
    "marks": {
        "kind": "u1",
        "flags": "u1",
        "start": "i8",
        "dur": "i8",
        "g": "i4",
        "m": "i4",
        "p": "i2",
        "task": "i8",
        "parent": "i8",
        "name": "u4",
        "message": "u4",
        "stack": "u4",
    },
    "counters": {"time": "i8", "value": "i8", "name": "u4", "p": "i2"},
    "samples": {"time": "i8", "g": "i4", "m": "i4", "p": "i2", "stack": "u4"},
    "goroutines": {
        "id": "i8",
        "created": "i8",
        "ended": "i8",
        "creator": "i4",
        "start": "u4",
        "function": "u4",
    },
}
TEXTS = ("", "main.work", "main.main", "work.go", "order", "pack", "stop-the-world (GC)")


@pytest.fixture(scope="session")
def recorded() -> bytes:
    """A tenth of a second of goroutines that come, sleep and go, on two Ps."""
    sample = toolchain.build("article_endpoint")
    flags = ["-for", "50s", "-bursts", "0", "-goroutines", "50"]
    with process.start(sample, flags, settings=process.GoSettings(gomaxprocs=2)) as live:
        address = json.loads(live.wait_for_line("address", timeout_s=30))["address"]
        return endpoint.fetch(address, "trace", seconds=0.1)


@pytest.fixture(scope="session")
def timeline(recorded: bytes) -> Timeline:
    return Timeline.load(recorded)


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Timeline:
    """The program in testdata/workshop, from its beginning to its end, on two Ps."""
    file = tmp_path_factory.mktemp("workshop") / "trace"
    program = toolchain.build(Path(__file__).parent / "testdata" / "workshop")
    process.run(program, [file], settings=process.GoSettings(gomaxprocs=2)).check()
    return Timeline.load(file)


@pytest.fixture(scope="session")
def make() -> Make:
    """Makes a Timeline of rows; a column that a row does not name is empty (0, or nobody)."""

    def table(name: str, rows: Iterable[Row]) -> dict[str, np.ndarray[Any, Any]]:
        nobody = {"m", "cause", "p", "g", "creator", "created", "ended"}
        found = list(rows)
        return {
            column: np.array([row.get(column, NOBODY if column in nobody else 0) for row in found], kind)
            for column, kind in TYPES[name].items()
        }

    def made(
        *,
        spans: Iterable[Row] = (),
        marks: Iterable[Row] = (),
        counters: Iterable[Row] = (),
        goroutines: int = 3,
        duration_ns: int = 100,
        meta: Mapping[str, Any] | None = None,
        texts: tuple[str, ...] = TEXTS,
    ) -> Timeline:
        tables = {
            "spans": table("spans", spans),
            "marks": table("marks", marks),
            "counters": table("counters", counters),
            "samples": table("samples", ()),
            "goroutines": table("goroutines", [{"id": 10 + row} for row in range(goroutines)]),
            # Stack 1: main.work called by main.main. Stack 2: main.main.
            "stacks": {"start": np.array([0, 0, 2, 3], "u4"), "frame": np.array([0, 1, 1], "u4")},
            "frames": {
                "function": np.array([1, 2], "u4"),
                "file": np.array([3, 3], "u4"),
                "line": np.array([7, 9], "u4"),
            },
        }
        return Timeline(
            **tables,
            texts=texts,
            reasons=("", "sleep", "chan receive"),
            threads=(100, 200),
            meta={"source": "made", "events": 1, "duration_ns": duration_ns, "lost": "", **(meta or {})},
            provenance={
                f"{name}.{column}": Provenance.SIMULATED
                for name, columns in tables.items()
                for column in columns
            },
        )

    return made


@pytest.fixture(scope="session")
def small(make: Make) -> Timeline:
    """Two goroutines on one P and M, a system call, a region, a task and one stop of the world."""
    g, p = int(Lane.GOROUTINE), int(Lane.PROC)
    run, wait, call = int(State.RUNNING), int(State.WAITING), int(State.SYSCALL)
    return make(
        spans=[
            {"lane": g, "id": 0, "state": run, "start": 0, "dur": 20, "p": 0, "m": 0, "stack": 1, "end": 2},
            {"lane": g, "id": 1, "state": int(State.RUNNABLE), "start": 10, "dur": 20, "cause": 0, "p": 0},
            {"lane": g, "id": 0, "state": wait, "start": 20, "dur": 20, "reason": 1, "stack": 2, "cause": 1},
            {"lane": g, "id": 1, "state": run, "start": 30, "dur": 20, "p": 0, "m": 0, "stack": 2},
            {"lane": g, "id": 1, "state": call, "start": 50, "dur": 20, "p": 0, "m": 0, "stack": 1},
            {"lane": p, "id": 0, "state": run, "start": 0, "dur": 60, "p": 0, "m": 0},
            {"lane": p, "id": 0, "state": int(State.IDLE), "start": 60, "dur": 40, "p": 0, "flags": 2},
            {"lane": g, "id": 0, "state": run, "start": 90, "dur": 10, "p": 0, "m": 0, "flags": 2},
        ],
        marks=[
            {"kind": int(MarkKind.TASK), "start": 5, "dur": 50, "g": 2, "task": 1, "name": 4},
            {"kind": int(MarkKind.REGION), "start": 35, "dur": 10, "g": 1, "task": 1, "name": 5},
            {"kind": int(MarkKind.RANGE), "start": 70, "dur": 6, "g": 0, "name": 6},
        ],
        counters=[{"time": 5, "value": 3, "name": 4}, {"time": 50, "value": 4, "name": 4, "p": 0}],
    )
