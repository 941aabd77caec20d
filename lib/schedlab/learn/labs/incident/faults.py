"""What is wrong in an incident, and on which lines: read from the service's source.

``service/`` is the service as it should be. ``_faults/<cause>/`` has the one file that is another in an
incident with that cause. A comment "fault" marks its guilty lines, "victim" a line where others have to wait
for them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from schedlab.learn.labs.errors import BadManifest

_MARK = re.compile(r"[ \t]*// (fault|victim)$", re.MULTILINE)
_FUNCTION = re.compile(r"^func (?:\(\w+ (?P<receiver>\*?\w+)\) )?(?P<name>\w+)")

Place = tuple[str, int]
"""A file's name and a line, from 1."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A cause, the files of the service that has it (without marks), its guilty lines, its victims' lines.

    ``file`` is the name of the one file that differs, ``healthy`` that file's text as it should be.
    """

    cause: str
    files: Mapping[str, bytes]
    file: str
    healthy: str
    guilty: frozenset[Place]
    victims: frozenset[Place]

    def has(self, place: Place) -> bool:
        """Whether there is code on such a line of the service."""
        lines = self._lines(place[0])
        return 1 <= place[1] <= len(lines) and bool(lines[place[1] - 1].strip())

    def function(self, place: Place) -> str:
        """The function around a line, such as ``(*stock).renew``; empty if there is none."""
        lines = self._lines(place[0])[: place[1]]
        for number in range(len(lines), 0, -1):
            found = _FUNCTION.match(lines[number - 1])
            if found:
                receiver = found["receiver"]
                named = f"({receiver})" if receiver and receiver.startswith("*") else receiver
                return f"{named}.{found['name']}" if named else found["name"]
            if lines[number - 1].startswith("}") and number < place[1]:
                return ""
        return ""

    def _lines(self, file: str) -> list[str]:
        return self.files.get(file, b"").decode().splitlines()


def causes(lab: Path) -> tuple[str, ...]:
    """The causes that an incident of the lab in that folder can have, sorted."""
    return tuple(sorted(entry.name for entry in _faults(lab).iterdir() if entry.is_dir()))


def cause_of(lab: Path, number: int) -> str:
    """The cause of the incident with that number."""
    every = causes(lab)
    digest = hashlib.sha256(f"incident {number}".encode()).digest()
    return every[int.from_bytes(digest[:8], "big") % len(every)]


def healthy(lab: Path) -> dict[str, bytes]:
    """The files of the service as it should be."""
    return {file.name: file.read_bytes() for file in sorted((lab / "service").glob("*.go"))}


def read(lab: Path, cause: str) -> Fault:
    """What is wrong in incidents with that cause.

    Raises:
        BadManifest: it is not one file of the service, or no line in it is marked.
    """
    folder, service = _faults(lab) / cause, healthy(lab)
    changed = sorted(folder.glob("*.go"))
    if len(changed) != 1 or changed[0].name not in service:
        raise BadManifest(f"{folder}: must hold one file of the service, changed")
    file, text = changed[0].name, changed[0].read_text(encoding="utf-8")
    marked: dict[str, set[Place]] = {"fault": set(), "victim": set()}
    for found in _MARK.finditer(text):
        marked[found[1]].add((file, text.count("\n", 0, found.start()) + 1))
    if not marked["fault"]:
        raise BadManifest(f"{changed[0]}: no line is marked as the fault")
    files = {**service, file: _MARK.sub("", text).encode()}
    return Fault(
        cause,
        files,
        file,
        service[file].decode(),
        frozenset(marked["fault"]),
        frozenset(marked["victim"]),
    )


def _faults(lab: Path) -> Path:
    return lab / "_faults"
