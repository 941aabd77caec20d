"""A running program's samples as they come."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from contextlib import suppress

from schedlab.capture.errors import CaptureError
from schedlab.capture.live.history import History
from schedlab.capture.live.sample import Sample
from schedlab.errors import SchedlabError

# Of what the program prints, until somebody takes it.
_KEPT_LINES = 1000


class NotFollowed(CaptureError):
    """The program or server gives nothing that could be shown."""


class Feed(ABC):
    """Samples of one program in ``history``, until it ends or ``stop`` is called.

    ``name`` is what is followed, ``hz`` how often at most. ``unknown`` says of parts (goroutines, states,
    queues, threads, latencies, heap) that this source cannot know why. Use it in a ``with`` statement, or
    call ``stop``; with the process that it belongs to, all that it started ends in any case.

    A source defines ``_run`` (in a thread of its own: ``_put`` samples until ``_stopping`` is set; return in
    words how the program ended) and ``_wake`` (end what ``_run`` waits for), and calls ``_start``.
    """

    def __init__(self, name: str, hz: float, capacity: int, unknown: Mapping[str, str]) -> None:
        self.name = name
        self.hz = hz
        self.unknown = dict(unknown)
        self.history = History(capacity)
        self.output: deque[tuple[str, str]] = deque(maxlen=_KEPT_LINES)
        """The last lines that the program printed, (stream, line); whoever shows them takes them out."""
        self._stopping = threading.Event()
        self._over = threading.Event()
        self._ending = ""
        self._dropped = 0
        self._thread = threading.Thread(target=self._live, name=f"schedlab-live-{name}", daemon=True)

    @property
    def ended(self) -> str:
        """How it ended, in words; empty while it runs."""
        return self._ending

    @property
    def dropped(self) -> int:
        """How many samples were taken and had no room on the way, besides those that left the history."""
        return self._dropped

    def stop(self) -> None:
        """End the program, or turn away from the server. May be called twice, and from any thread."""
        self._stopping.set()
        self._wake()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the end; False if ``timeout_s`` passed without it."""
        return self._over.wait(timeout_s)

    def __enter__(self) -> Feed:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self) -> None:
        self._thread.start()

    def _put(self, sample: Sample) -> None:
        self.history.append(sample)

    def _live(self) -> None:
        ending = "it could not be followed any more"
        try:
            ending = self._run()
        except SchedlabError as error:
            ending = error.message
        finally:
            with suppress(SchedlabError):
                self._close()
            self._ending = ending
            self._over.set()

    @abstractmethod
    def _run(self) -> str: ...

    @abstractmethod
    def _wake(self) -> None: ...

    def _close(self) -> None:  # noqa: B027
        """Give back what was taken."""
