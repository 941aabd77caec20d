"""The detector of a sync.Pool that costs more than it saves, from a profile of allocations."""

from __future__ import annotations

import stat
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from schedlab.capture import endpoint, pprof
from schedlab.capture.pprof import Frame, Profile
from schedlab.diagnose.findings import Evidence, Finding, Kind, Line
from schedlab.diagnose.seen import is_of_program, library_of

# Of all objects that were allocated, so many around the pool are no accident.
POOL_SHARE = 0.2
POOL_OBJECTS = 5_000

Stack = tuple[Frame, ...]

_GET = "sync.(*Pool).Get"
_LARGEST_SOURCE_BYTES = 4 << 20


def of_server(address: str) -> tuple[Finding, ...]:
    """What the allocations of a living server say.

    Raises:
        EndpointError: it does not answer, or has no such profile.
    """
    return of_profile(pprof.parse(endpoint.fetch(address, "allocs")))


def of_profile(profile: Profile) -> tuple[Finding, ...]:
    """What a profile of allocations says."""
    found = pool_misuse(profile.by_stack("alloc_objects"))
    return (found,) if found else ()


def pool_misuse(
    objects: Mapping[Stack, int], text: Callable[[str, int], str] | None = None
) -> Finding | None:
    """Objects that are made because of a pool: by ``Get``, which finds it empty, or to be put into it.

    ``objects`` counts allocated objects by stack, the innermost frame first. What is put into a pool by value
    is copied into an interface, one object per Put. The profile has that at the line with the call (it hides
    the runtime's own frames, ``writeHeapProto`` in runtime/pprof), so the line is read: ``text`` gives it.
    """
    read = text or source_line
    library = library_of((frame.function, frame.file) for stack in objects for frame in stack)
    missed: dict[Stack, int] = {}
    boxed: dict[Stack, int] = {}
    for stack, number in objects.items():
        own = _own(stack, library)
        if any(frame.function == _GET for frame in stack):
            missed[stack] = number
        elif own and own[0] == stack[0] and ".Put(" in read(own[0].file, own[0].line):
            boxed[stack] = number
    number = sum(missed.values()) + sum(boxed.values())
    share = number / max(sum(objects.values()), 1)
    if number < POOL_OBJECTS or share < POOL_SHARE:
        return None
    return Finding(
        Kind.POOL,
        f"{share:.0%} of all allocated objects are made around a pool: {sum(missed.values())} by Get, "
        f"{sum(boxed.values())} to put a value into an interface",
        (
            Evidence("share of objects allocated around the pool", share, POOL_SHARE),
            Evidence("objects allocated around the pool", number, POOL_OBJECTS),
        ),
        _lines({**missed, **boxed}, library),
        min(1.0, share / (2 * POOL_SHARE)),
        "the pool is empty whenever Get comes, or what is put into it is a value that must be copied first",
        "put pointers into the pool, put back what was taken, and compare allocs/op",
    )


@lru_cache(maxsize=1024)
def source_line(file: str, line: int) -> str:
    """A line of a Go source; empty if there is none, or the file is none that should be read."""
    path = Path(file)
    try:
        about = path.stat()
        if path.suffix != ".go" or not stat.S_ISREG(about.st_mode) or about.st_size > _LARGEST_SOURCE_BYTES:
            return ""
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except (OSError, ValueError):
        return ""
    return lines[line - 1] if 0 < line <= len(lines) else ""


def _own(stack: Stack, library: str) -> Stack:
    return tuple(frame for frame in stack if is_of_program(frame.function, frame.file, library))


def _lines(around: Mapping[Stack, int], library: str) -> tuple[Line, ...]:
    """Who takes from the pool or puts into it, and what makes a new object, the heaviest first."""
    found: dict[tuple[str, str, int], int] = {}
    for stack, number in around.items():
        get = next((at for at, frame in enumerate(stack) if frame.function == _GET), -1)
        # Before Get, which is further in, is the pool's New; after it whoever called it.
        for part in (stack[get + 1 :], stack[: max(get, 0)]):
            for frame in _own(part, library)[:1]:
                place = (frame.function, frame.file, frame.line)
                found[place] = found.get(place, 0) + number
    whole = max(sum(around.values()), 1)
    heaviest = sorted(found.items(), key=lambda item: -item[1])[:3]
    return tuple(Line(*place, share=number / whole) for place, number in heaviest)
