"""Uploads are served while peers fall silent, 16 at a time; the silent ones are let go, the slow ones not."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from schedlab.learn.labs.attempt import Attempt, Held
from schedlab.learn.labs.checks._looks import look, waits
from schedlab.learn.labs.checks._network import Peer, connections, port_of
from schedlab.learn.labs.checks._uploads import Load, served
from schedlab.learn.labs.grading import Check, Part
from schedlab.learn.labs.verdicts import Finding, not_measurable, right, wrong
from schedlab.process import GoSettings

PLACES = 16
SLOW = 4
SILENT_IN_HEADER = 4
SILENT_IN_BODY = 24
UPLOADS = 40
# So many more silent peers show whether a limit is only further away.
MORE_SILENT = 400
# In s, as the starter has it.
SILENCE_S = 0.5

_PS = 2
_LOOKS = 30
_LOOK_S = 0.005
# Who waits for data without reading an upload: whoever accepts, and the readers of headers.
_OTHER_READERS = 1 + SILENT_IN_HEADER
# The server's own goroutines, and a few more that an answer may have for all of them together.
_FEW = 8
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of the peers. ``starved_at``: so many were silent when nobody was served any more.

    ``gap_s`` is the longest time for which the check itself left a slow peer silent.
    """

    served: int = UPLOADS
    refused: int = 0
    slow_served: int = SLOW
    read_at_once: int = PLACES
    silent_in_body: int = 0
    silent_in_header: int = 0
    starved_at: int | None = None
    goroutines: int = 0
    connections: int = 0
    ps: int = _PS
    gap_s: float = 0.0


def _judge(attempt: Attempt) -> Finding:
    for _ in range(_TRIES):
        seen = _serve(attempt)
        if seen.slow_served == SLOW or seen.gap_s < SILENCE_S / 2:
            return decide(seen)
    return not_measurable(
        f"The slow peers were silent for {seen.gap_s:.2f} s: this machine is so busy that the check could "
        "not send."
    )


def decide(seen: Seen) -> Finding:
    """What to say of what was seen."""
    left = seen.silent_in_body + seen.silent_in_header
    numbers = _numbers(seen)
    if not seen.silent_in_body and seen.slow_served < SLOW:
        return wrong(
            "drops_the_slow",
            f"The silent peers are gone, and so are {SLOW - seen.slow_served} of {SLOW} slow ones, which "
            "sent something all the time. A deadline for the whole request cannot tell a long upload from a "
            "dead one. What says that nobody is there is the time since something came.",
            **numbers,
        )
    if seen.refused:
        return wrong(
            "refused",
            f"{seen.refused} of {UPLOADS} uploads got an answer, but not their checksum, while {left} silent "
            "peers were connected. To turn away is not to serve: who has a place and sends nothing has it "
            "still.",
            **numbers,
        )
    if seen.served < UPLOADS:
        return _starved(seen)
    if seen.read_at_once > PLACES:
        return _unbounded(seen)
    if seen.silent_in_body:
        return wrong(
            "silent_stay",
            f"All uploads were served, and {seen.silent_in_body} peers that fell silent in the body are "
            "still connected. Nothing ends them.",
            **numbers,
        )
    if seen.silent_in_header:
        return wrong(
            "silent_in_the_header",
            f"Who fell silent in the body is gone. The {seen.silent_in_header} that fell silent in the "
            "header are still there: the handler begins when the header is whole, and so does its deadline.",
            **numbers,
        )
    if seen.goroutines > _FEW or seen.connections:
        return wrong(
            "left_behind",
            f"All peers have gone, and {seen.goroutines} goroutines and {seen.connections} connections are "
            "left. Whoever lets a peer go must let go of all that was for it.",
            **numbers,
        )
    return right(
        f"{UPLOADS} uploads were served while {SILENT_IN_BODY + SILENT_IN_HEADER} peers fell silent, and the "
        f"silent ones are gone; {SLOW} slow ones were served too. A deadline that begins anew when something "
        "comes gives the places back.",
        **numbers,
    )


def _starved(seen: Seen) -> Finding:
    missing, numbers = UPLOADS - seen.served, _numbers(seen)
    if seen.ps != _PS:
        return wrong(
            "more_ps",
            f"GOMAXPROCS is {seen.ps} now, and {missing} of {UPLOADS} uploads wait as before. A handler that "
            "waits for data is parked and has no P. It has a place, and that is what is missing.",
            **numbers,
        )
    if not seen.silent_in_header:
        return wrong(
            "only_the_header",
            f"{missing} of {UPLOADS} uploads were not served. Who fell silent in the header is gone; "
            f"{seen.silent_in_body} that fell silent in the body are still there, and they have the places. "
            "That deadline ends with the header.",
            **numbers,
        )
    return wrong(
        "starved",
        f"{missing} of {UPLOADS} uploads were not served, and never will be: {PLACES} places are taken, most "
        "of them by peers that send nothing. Their handlers wait for data, without a thread and without a P, "
        "and nothing ends the wait.",
        **numbers,
    )


def _unbounded(seen: Seen) -> Finding:
    numbers = _numbers(seen)
    if not seen.silent_in_body:
        return wrong(
            "no_limit",
            f"The silent peers are gone, but {seen.read_at_once} uploads were read at once, where {PLACES} "
            "are allowed: memory is for so many and no more.",
            **numbers,
        )
    if seen.starved_at is not None:
        return wrong(
            "starves_later",
            f"All uploads were served beside {SILENT_IN_BODY} silent peers. With {seen.starved_at} silent "
            "peers none was any more. More places are filled later, and stay filled.",
            **numbers,
        )
    return wrong(
        "keeps_all",
        f"All uploads were served, and the {seen.silent_in_body} peers that fell silent in the body are "
        f"still there: {seen.goroutines} goroutines and {seen.connections} connections, one more for each "
        "that comes. The next limit is the process's own, its files and its memory.",
        **numbers,
    )


def _numbers(seen: Seen) -> dict[str, int | float | str]:
    return {
        "uploads served": seen.served,
        "slow uploads served": seen.slow_served,
        "uploads read at once": seen.read_at_once,
        "silent peers still connected": seen.silent_in_body + seen.silent_in_header,
        "goroutines": seen.goroutines,
        "connections": seen.connections,
        "GOMAXPROCS": seen.ps,
    }


def _serve(attempt: Attempt) -> Seen:
    """Run the server. The slow peers come first, so that no later one's deadline can pass before theirs."""
    with attempt.held(settings=GoSettings(gomaxprocs=_PS)) as held, contextlib.ExitStack() as stack:
        held.await_line("ready")
        load = Load(held, port_of(held))
        stack.callback(load.close)
        # The first look takes long, and nobody is slow yet.
        waits(look(held))
        load.begin_slow(SLOW)
        load.fall_silent_in_header(SILENT_IN_HEADER)
        load.fall_silent_in_body(SILENT_IN_BODY)
        read_at_once = _read_at_once(load)
        load.upload(UPLOADS)
        load.go_on_until(lambda: not _still(load.in_body) and not _still(_peers(load.uploads)))
        done, starved_at = served(load.uploads), None
        refused = sum(bool(peer.reply) for peer, _ in load.uploads) - done
        if done == UPLOADS and _still(load.in_body) and read_at_once > PLACES:
            starved_at = _with_more(load)
        load.finish_slow()
        load.go_on_until(lambda: not _still(_peers(load.slow)) and not _still(load.in_header))
        if not _still(load.all()):
            held.watch(lambda: not connections(held) and _goroutines(held) <= _FEW)
        return Seen(
            served=done,
            refused=refused,
            slow_served=served(load.slow),
            read_at_once=read_at_once,
            silent_in_body=_still(load.in_body),
            silent_in_header=_still(load.in_header),
            starved_at=starved_at,
            goroutines=_goroutines(held),
            connections=connections(held),
            ps=look(held).sched.gomaxprocs,
            gap_s=load.gap_s,
        )


def _read_at_once(load: Load) -> int:
    """How many uploads are read at once, before anybody is let go."""
    counts: list[int] = []
    while len(counts) < _LOOKS and not load.go_on()[0]:
        snapshot = look(load.held)
        if not snapshot.torn:
            counts.append(waits(snapshot)["IO wait"] - _OTHER_READERS)
        time.sleep(_LOOK_S)
    # The middle one: whoever has just come waits for data too, until the header has been read.
    return max(0, int(median(counts))) if counts else 0


def _with_more(load: Load) -> int | None:
    """How many silent peers there were when an upload was not served any more; None if it was."""
    load.fall_silent_in_body(MORE_SILENT)
    load.upload(1)
    load.go_on_until(lambda: not _still(_peers(load.uploads)))
    return _still(load.in_body) if _still(_peers(load.uploads)) else None


def _peers(uploads: Iterable[tuple[Peer, bytes]]) -> list[Peer]:
    return [peer for peer, _ in uploads]


def _still(peers: Iterable[Peer]) -> int:
    """How many are still connected."""
    return sum(not peer.gone for peer in peers)


def _goroutines(held: Held) -> int:
    return look(held).goroutines or 0


CHECK = Check(
    (
        Part(
            "served",
            f"{UPLOADS} uploads are served beside {SILENT_IN_BODY + SILENT_IN_HEADER} silent peers, "
            f"at most {PLACES} at a time",
            _judge,
        ),
    )
)
