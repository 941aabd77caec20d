"""The detector of a sync.Pool that costs more than it saves, from a server's allocation profile."""

from __future__ import annotations

from collections.abc import Mapping

from schedlab.capture import endpoint, pprof
from schedlab.diagnose.findings import Evidence, Finding, Kind, Line
from schedlab.diagnose.seen import is_of_program

# Of all objects that were allocated, so many around the pool are no accident.
POOL_SHARE = 0.2
POOL_OBJECTS = 5_000


def of_server(address: str) -> tuple[Finding, ...]:
    """What the allocations of a living server say.

    Raises:
        EndpointError: it does not answer, or has no such profile.
    """
    profile = pprof.parse(endpoint.fetch(address, "allocs"))
    found = pool_misuse(profile.folded("alloc_objects"))
    return (found,) if found else ()


def pool_misuse(objects: Mapping[tuple[str, ...], float]) -> Finding | None:
    """Objects that are made because of a pool: by ``Get``, which finds it empty, or to be put into it.

    ``objects`` counts allocated objects by stack, the outermost function first. A slice put into a pool by
    value is copied into an interface, one object per Put (``runtime.convTslice``).
    """
    total = sum(objects.values())
    boxed = _at(objects, lambda stack: stack[-1] in ("runtime.convTslice", "runtime.convTstring"))
    missed = _at(objects, lambda stack: "sync.(*Pool).Get" in stack)
    around = {line: boxed.get(line, 0) + missed.get(line, 0) for line in {*boxed, *missed}}
    number = sum(around.values())
    share = number / max(total, 1)
    if number < POOL_OBJECTS or share < POOL_SHARE or not missed:
        return None
    heaviest = sorted(around.items(), key=lambda item: -item[1])[:3]
    return Finding(
        Kind.POOL,
        f"{share:.0%} of all allocated objects are made around a pool: {sum(missed.values()):.0f} by Get, "
        f"{sum(boxed.values()):.0f} to put a value into an interface",
        (
            Evidence("share of objects allocated around the pool", share, POOL_SHARE),
            Evidence("objects allocated around the pool", number, POOL_OBJECTS),
        ),
        tuple(Line(name, "", 0, amount / number) for name, amount in heaviest),
        min(1.0, share / (2 * POOL_SHARE)),
        "the pool is empty whenever Get comes, or what is put into it is a value that must be copied first",
        "put pointers into the pool, put back what was taken, and compare allocs/op",
    )


def _at(objects: Mapping[tuple[str, ...], float], chosen: object) -> dict[str, float]:
    found: dict[str, float] = {}
    for stack, number in objects.items():
        if stack and callable(chosen) and chosen(stack):
            own = next((name for name in reversed(stack) if is_of_program(name, "", "")), stack[0])
            found[own] = found.get(own, 0.0) + number
    return found
