"""A living server, asked again and again over its own debugging pages."""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from schedlab.capture.endpoint import NO_PPROF
from schedlab.capture.live.feed import Feed, NotFollowed
from schedlab.capture.live.sample import MOST, UNKNOWN, Sample, binned, is_no_goal

_PATIENCE_S = 5.0
_LONGEST_ANSWER_BYTES = 8 << 20
_MOST_FAILURES = 3

# A row of the list of profiles (indexTmplExecute in net/http/pprof).
_COUNT = re.compile(rb"<td>(\d+)</td><td><a href='?\"?(goroutine|threadcreate)\?")

_WHY = "a server's debugging pages do not tell it; start the program with schedlab live to see it"
_NO_EXPVAR = "the server has no /debug/vars; let the program import expvar"


class ServerFeed(Feed):
    """Counts goroutines by the list of profiles, and reads the heap from expvar if the server has that.

    The questions are themselves a connection with its goroutines. Asking expvar stops the server's world for
    some microseconds each time (``runtime.ReadMemStats``).
    """

    def __init__(self, address: str, *, hz: float, capacity: int) -> None:
        unknown = dict.fromkeys(("states", "queues", "latencies", "threads"), _WHY)
        unknown["threads"] = "the server tells how many threads were started, not how many there are"
        super().__init__(address, hz, capacity, unknown)
        self._connection = http.client.HTTPConnection(address, timeout=_PATIENCE_S)
        self._begin = time.monotonic_ns()
        self._cycles = UNKNOWN
        try:
            first = self._goroutines()
            self._has_expvar = self._memory() is not None
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise NotFollowed(
                f"{address} did not answer: {error}", remedy="Is the server running, and is that its address?"
            ) from error
        if not self._has_expvar:
            self.unknown["heap"] = _NO_EXPVAR
        if first == UNKNOWN and not self._has_expvar:
            self._connection.close()
            raise NotFollowed(
                f"{address} has neither /debug/pprof/ nor /debug/vars",
                remedy=NO_PPROF,
            )
        if first == UNKNOWN:
            self.unknown["goroutines"] = "the server has no /debug/pprof/"
        self._start()

    def _run(self) -> str:
        failures, next_at = 0, time.monotonic()
        while not self._stopping.is_set():
            try:
                self._put(self._sample())
                failures = 0
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                failures += 1
                if failures >= _MOST_FAILURES:
                    return f"the server does not answer any more ({error})"
            next_at = max(next_at + 1 / self.hz, time.monotonic())
            self._stopping.wait(next_at - time.monotonic())
        return "turned away from the server"

    def _sample(self) -> Sample:
        goroutines = self._goroutines()
        memory = self._memory() if self._has_expvar else None
        now = time.monotonic_ns() - self._begin
        if memory is None:
            return Sample(now, goroutines=goroutines)
        before, self._cycles = self._cycles, memory["NumGC"]
        return Sample(
            now,
            goroutines=goroutines,
            heap_bytes=memory["HeapAlloc"],
            goal_bytes=UNKNOWN if is_no_goal(memory["NextGC"]) else memory["NextGC"],
            gc_cycles=memory["NumGC"],
            pauses=binned((pause, 1) for pause in _pauses(memory, before)),
        )

    def _goroutines(self) -> int:
        answer = self._ask("/debug/pprof/")
        counts = {name: int(count) for count, name in _COUNT.findall(answer or b"")}
        return counts.get(b"goroutine", UNKNOWN)

    def _memory(self) -> Mapping[str, Any] | None:
        """Go's MemStats, as expvar publishes them; None if it does not."""
        answer = self._ask("/debug/vars")
        try:
            memory = json.loads(answer or b"")["memstats"]
            goal = [] if is_no_goal(memory["NextGC"]) else [memory["NextGC"]]
            numbers = [memory["NumGC"], memory["HeapAlloc"], *goal, *memory["PauseNs"]]
        except (ValueError, TypeError, KeyError, RecursionError):
            return None
        whole = all(isinstance(one, int) and 0 <= one < MOST for one in numbers)
        return memory if whole and len(memory["PauseNs"]) > 0 else None

    def _ask(self, path: str) -> bytes | None:
        """The answer's body; None if the server has no such page, or sends more than it can have."""
        self._connection.request("GET", path)
        answer = self._connection.getresponse()
        body = answer.read(_LONGEST_ANSWER_BYTES)
        if answer.read(1):
            self._connection.close()
            return None
        return body if answer.status == http.client.OK else None

    def _wake(self) -> None:
        # An answer that is waited for need not come any more.
        sock = self._connection.sock
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(2)

    def _close(self) -> None:
        self._connection.close()


def _pauses(memory: Mapping[str, Any], before: int) -> list[int]:
    """Of the cycles since ``before``, as far as MemStats keeps them (the last 256)."""
    ring: list[int] = memory["PauseNs"]
    now: int = memory["NumGC"]
    fresh = 0 if before == UNKNOWN else min(max(0, now - before), len(ring))
    return [ring[(number - 1) % len(ring)] for number in range(now - fresh + 1, now + 1)]
