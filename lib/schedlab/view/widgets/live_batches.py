"""Samples on their way to a browser: packed, and never more than one batch ahead of it.

A batch is a message ``{"kind": "batch", "number": n}`` with one blob. The browser answers
``{"kind": "got", "number": n}`` when it has taken the batch in, and gets the next one then. What the program
did meanwhile waits in the Feed's history, which is bounded: a slow browser misses the oldest samples and sees
from the numbers how many. With ``{"kind": "hello", "page": …}`` it asks for all from the history's beginning,
once for each name of a page; with ``{"kind": "seen"}`` and ``{"kind": "unseen"}`` it says if anybody looks.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from schedlab.capture.live import BINS, UNKNOWN, Feed, Piece, Sample
from schedlab.view.widgets import blob

MOST_SAMPLES: Final = 2000
"""In one batch."""

SCALARS: Final = (
    "goroutines",
    "running",
    "runnable",
    "waiting",
    "not_in_go",
    "gomaxprocs",
    "idle_procs",
    "threads",
    "idle_threads",
    "spinning_threads",
    "runq_global",
    "heap_bytes",
    "goal_bytes",
    "gc_cycles",
)


@dataclass(frozen=True, slots=True)
class Batch:
    """A message and the blob that goes with it."""

    message: dict[str, Any]
    data: bytes


def encode_piece(piece: Piece, *, dropped: int, ended: str) -> bytes:
    """A blob of kind "live": ``time_ns``, ``SCALARS``, and three that have several numbers for each sample.

    ``runq_local`` has ``procs`` of them, as meta says, ``latencies`` and ``pauses`` have ``BINS``. -1 is
    unknown.
    """
    samples = piece.samples
    procs = max((len(sample.runq_local) for sample in samples), default=0)
    columns: dict[str, npt.NDArray[Any]] = {
        name: np.array([getattr(sample, name) for sample in samples], np.int64)
        for name in ("time_ns", *SCALARS)
    }
    columns["runq_local"] = _matrix([sample.runq_local for sample in samples], procs)
    columns["latencies"] = _matrix([sample.latencies for sample in samples], BINS)
    columns["pauses"] = _matrix([sample.pauses for sample in samples], BINS)
    meta = {
        "first": piece.first,
        "samples": len(samples),
        "procs": procs,
        "dropped": dropped,
        "ended": ended,
    }
    return blob.encode("live", columns, meta, gaps=("time_ns",))


def _matrix(rows: Sequence[tuple[int, ...]], width: int) -> npt.NDArray[np.int64]:
    """Row after row, each filled up with UNKNOWN."""
    found = np.full((len(rows), width), UNKNOWN, np.int64)
    for place, row in enumerate(rows):
        found[place, : len(row)] = row
    return found.reshape(-1)


class Outbox:
    """What one browser has yet to get of a Feed. Safe to use from several threads."""

    def __init__(self, feed: Feed, clock: Callable[[], float] = time.monotonic) -> None:
        self._feed = feed
        self._clock = clock
        self._lock = threading.Lock()
        self._next = self._taken = 0
        self._number = 0
        self._waits: float | None = None
        self._told = False
        self._page: object = None

    @property
    def waits_s(self) -> float:
        """How long a batch has been under way that nobody has acknowledged; 0 if there is none."""
        since = self._waits
        return 0.0 if since is None else self._clock() - since

    @property
    def done(self) -> bool:
        """Whether the browser has all there is and knows of the end."""
        return self._told and self._waits is None

    def next(self, *, again: bool = False) -> Batch | None:
        """The next batch; None while one is under way, or when there is nothing new.

        With ``again``, what is new goes together with what is under way, for when no answer can come.
        """
        with self._lock:
            if self._waits is not None and not again:
                return None
            # The end is asked for first: what is in the history then is all of it.
            ended = self._feed.ended
            newest = self._feed.history.next
            first = self._next if self._waits is None else max(self._taken, newest - MOST_SAMPLES)
            piece = self._feed.history.since(first, MOST_SAMPLES)
            last = bool(ended) and piece.next == newest
            if piece.next <= self._next and (not last or self._told):
                return None
            self._next, self._told = piece.next, last
            self._number += 1
            self._waits = self._clock()
            data = encode_piece(piece, dropped=self._feed.dropped, ended=ended if last else "")
            return Batch({"kind": "batch", "number": self._number}, data)

    def hear(self, message: object) -> bool:
        """Take a browser's message; False if it is none of these."""
        if not isinstance(message, dict):
            return False
        kind = message.get("kind")
        with self._lock:
            if kind == "hello":
                # Said again by the same page it is the same question.
                if self._page is None or message.get("page") != self._page:
                    self._page = message.get("page")
                    self._next, self._taken, self._waits, self._told = 0, 0, None, False
            elif kind == "got":
                if message.get("number") == self._number:
                    self._taken, self._waits = self._next, None
            elif kind != "seen":
                return False
        return True


def whole(feed: Feed) -> bytes:
    """All that is in the history, as one blob."""
    ended = feed.ended or "saved while the program ran"
    return encode_piece(feed.history.since(0), dropped=feed.dropped, ended=ended)


def last(feed: Feed) -> Sample | None:
    """The newest sample."""
    samples = feed.history.since(feed.history.next - 1).samples
    return samples[-1] if samples else None
