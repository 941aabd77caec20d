"""What a study is to run, and in which order."""

from __future__ import annotations

import hashlib
import json
import os
import random
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from schedlab import toolchain
from schedlab.capture.live.reporter import build
from schedlab.process import CpuQuota, LaunchFailed
from schedlab.toolchain import Binary
from schedlab.tune.errors import GridInvalid
from schedlab.tune.grid import Point


@dataclass(frozen=True, slots=True)
class Task:
    """One run that is to be made: ``place`` counts over the whole study."""

    place: int
    block: int
    point: int


@dataclass(frozen=True, slots=True)
class Plan:
    """``repeats`` blocks, each with every point once in an order of its own, drawn from ``seed``.

    In blocks, because a machine that grows slow takes all points with it, and they are compared within a
    block. ``warm_up`` runs at the first point come first and are not kept.
    """

    program: str
    built: str
    release: str
    arguments: tuple[str, ...]
    points: tuple[Point, ...]
    repeats: int
    seed: int = 1
    quota_cpus: float | None = None
    warm_up: int = 1
    wall_limit_s: float = 120.0

    def __post_init__(self) -> None:
        if not self.points:
            raise GridInvalid("the grid has no point")
        if self.repeats < 1 or self.warm_up < 0 or not self.wall_limit_s > 0:
            raise GridInvalid("repeats are 1 or more, warm-up runs 0 or more, the time limit above 0")

    @property
    def quota(self) -> CpuQuota | None:
        return CpuQuota(self.quota_cpus) if self.quota_cpus else None

    def tasks(self) -> tuple[Task, ...]:
        """All runs in their order: the same for the same seed."""
        found = []
        for block in range(self.repeats):
            order = list(range(len(self.points)))
            random.Random(self.seed * 1_000_003 + block).shuffle(order)
            found += [Task(block * len(order) + i, block, point) for i, point in enumerate(order)]
        return tuple(found)

    def as_data(self) -> dict[str, Any]:
        """In terms of JSON."""
        data: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return data

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Plan:
        """What ``as_data`` gave; KeyError, TypeError or ValueError if it is something else."""
        points = tuple(
            Point(**{**point, "load": tuple((name, value) for name, value in point["load"])})
            for point in data["points"]
        )
        return cls(**{**data, "points": points, "arguments": tuple(data["arguments"])})


def prepare(
    program: str | os.PathLike[str], *, using: toolchain.Toolchain | None = None
) -> tuple[Binary, str]:
    """The program built with a reporter inside, and a hash of the built file.

    Raises:
        SampleNotFound, CompileError, CCompilerNotFound: as ``toolchain.build``.
    """
    binary = build(program, using or toolchain.find())
    return binary, digest(binary.path)


def digest(file: Path) -> str:
    """The SHA-256 of a file.

    Raises:
        LaunchFailed: it cannot be read.
    """
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise LaunchFailed(f"{file} cannot be read: {error.strerror}") from error
