"""Rooms import only from rooms above them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import schedlab

PACKAGE = Path(schedlab.__file__).parent

# In the order in which data flows. A room that comes later may import from one that comes earlier.
ROOMS = (
    "errors",
    "places",
    "signals",
    "toolchain",
    "process",
    "capture",
    "timeline",
    "analysis",
    "export",
    "sim",
    "view",
    "claims",
    "learn",
    "diagnose",
    "tune",
    "fleet",
    "course",
    "cli",
)


def room_of(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(file: Path) -> Iterator[tuple[int, str]]:
    """Line and room of every import of the package, wherever in the file it stands."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno} imports relatively"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "schedlab" and len(parts) > 1 and parts[1] != "__version__":
                yield node.lineno, parts[1]


FILES = sorted(file for file in PACKAGE.rglob("*.py") if room_of(file) != "__init__")


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_arrows_point_one_way(file: Path) -> None:
    own = room_of(file)
    assert own in ROOMS, f"{own} is no room"
    later = [
        f"line {line} imports {room}"
        for line, room in imported_rooms(file)
        if room not in ROOMS or ROOMS.index(room) > ROOMS.index(own)
    ]
    assert later == []


def test_the_rooms_that_exist_are_documented() -> None:
    architecture = (PACKAGE.parents[1] / "ARCHITECTURE.md").read_text(encoding="utf-8")
    missing = [room for room in sorted({room_of(file) for file in FILES}) if f"`{room}`" not in architecture]
    assert missing == []
