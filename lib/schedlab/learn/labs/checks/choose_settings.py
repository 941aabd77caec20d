"""The settings give few collections and keep the memory within a bound; the program is the starter's."""

from __future__ import annotations

import re
import secrets

from schedlab.analysis import gc
from schedlab.learn.labs.attempt import Attempt, Misbehaved, json_of
from schedlab.learn.labs.grading import Check, Part
from schedlab.learn.labs.verdicts import Finding, right, wrong
from schedlab.learn.labs.work import files_of
from schedlab.process import GoSettings

MOST_CYCLES = 40
MOST_MIB = 192
# With one, a busy machine stops the program and its collector together, and the counts stay.
_PS = 1
_PIECE = 16 << 10
# What is kept, and what is made, in bytes: the quiet hours and the busy one.
_HOURS = ((2 << 20, 1 << 30), (48 << 20, 384 << 20))
# Of the chosen limit: so much memory was in use that the collector cannot have kept it.
_ABOVE_LIMIT = 1.25
_LIMIT = re.compile(rb"memoryLimitMiB\s*=\s*(\d+)")


def _judge(attempt: Attempt) -> Finding:
    own, given = files_of(attempt.folder), files_of(attempt.lab.starter)
    if any(text != given.get(name) for name, text in own.items() if name != "settings.go"):
        return wrong(
            "program_changed",
            "main.go is not as it was. Here the program is given, and only its settings are to be chosen.",
        )
    cycles, mib = _run(attempt)
    seen: dict[str, int | float | str] = {"garbage collections": cycles, "MiB of memory at most": mib}
    if mib > MOST_MIB:
        if not cycles:
            return wrong(
                "never_collects",
                f"No collection, and {mib} MiB: all that was ever made. Without GOGC there is no bound, "
                "unless another setting is one.",
                **seen,
            )
        return wrong(
            "too_much_memory",
            f"{cycles} collections, and {mib} MiB. GOGC is a percentage of what is kept: what is enough for "
            "the quiet hours is far too much when many times as much is kept.",
            **seen,
        )
    if cycles <= MOST_CYCLES:
        return right(
            f"{cycles} collections in {mib} MiB. With GOGC off the collector waits until the limit comes "
            "near: what is free is used in quiet hours, and is there for the busy one.",
            **seen,
        )
    limit = _LIMIT.search(own.get("settings.go", b""))
    if limit and 0 < int(limit[1]) * _ABOVE_LIMIT < mib:
        return wrong(
            "limit_too_low",
            f"{cycles} collections, and still {mib} MiB, with a limit of {int(limit[1])}. The limit is below "
            "what is kept: each collection finds next to nothing, and the next one begins at once.",
            **seen,
        )
    return wrong(
        "too_many_collections",
        f"{cycles} collections in {mib} MiB, where {MOST_MIB} are allowed. In quiet hours little is kept, "
        "so a small heap is collected again and again, while memory that is there is not used.",
        **seen,
    )


def _run(attempt: Attempt) -> tuple[int, int]:
    """How many collections there were, and how many MiB at most."""
    seed = secrets.randbits(30)
    timeline, finished = attempt.record(["-seed", seed], settings=GoSettings(gomaxprocs=_PS))
    if json_of(finished).get("total") != _total(seed):
        raise Misbehaved("wrong_result", "The result is not what it was.")
    return len(gc.cycles(timeline)), finished.max_rss_bytes >> 20


def _total(seed: int) -> int:
    """What the first words of the kept pieces add up to: those that were made last."""
    total = 0
    for kept, made in _HOURS:
        pieces, last = kept // _PIECE, made // _PIECE
        total += sum(range(seed + last - pieces, seed + last))
    return total


CHECK = Check((Part("both goals", f"at most {MOST_CYCLES} collections in {MOST_MIB} MiB", _judge),))
