"""A running program: goroutines, run queues, threads, scheduling latency and collections as they come."""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final

import traitlets

from schedlab import process, toolchain
from schedlab.capture import live
from schedlab.capture.live import BIN_BOUNDS_NS, UNKNOWN, Feed
from schedlab.view.widgets.base import View
from schedlab.view.widgets.live_batches import Outbox, last, whole

DEFAULT_LINGER_S: Final = 60.0
_UPDATE_S: Final = 1 / live.HIGHEST_HZ
# A computer that slept must not count as a browser that was silent.
_LONGEST_STEP_S: Final = 1.0
_UNHEARD_S: Final = 0.5
_RUNTIME_DEFAULTS: Final = process.GoSettings()


class LiveView(View, static="live"):
    """A program that is started, or a server that is asked: what its runtime counts, up to 20 times a second.

    The view can be paused and scrubbed back while new samples go on arriving. They are sent by a thread, so
    also while a cell runs (twice a second then). A browser that is behind gets one batch at a time and misses
    the oldest.

    The program ends with ``stop()``, ``close()``, the kernel, or ``linger_s`` after the last page that showed
    the view has gone. What was seen of it stays, in the view and in a page by ``save_html``.
    """

    data = traitlets.Bytes(b"").tag(sync=True)
    source = traitlets.Dict().tag(sync=True)
    running = traitlets.Bool(True).tag(sync=True)
    span_s = traitlets.Float(30.0, min=0.5).tag(sync=True)

    def __init__(
        self,
        target: str | os.PathLike[str] | Feed,
        arguments: Iterable[str | os.PathLike[str] | int | float] = (),
        *,
        title: str = "",
        hz: float | None = None,
        history_s: float = live.DEFAULT_HISTORY_S,
        span_s: float = 30.0,
        linger_s: float = DEFAULT_LINGER_S,
        settings: process.GoSettings = _RUNTIME_DEFAULTS,
        using: toolchain.Toolchain | None = None,
    ) -> None:
        """``target`` is a program or an address, as ``capture.live.follow`` takes it with its arguments, or
        a Feed. ``span_s`` is how many seconds are seen at first.

        Raises:
            As ``capture.live.follow``.
        """
        if isinstance(target, Feed):
            feed = target
        else:
            feed = live.follow(target, arguments, hz=hz, history_s=history_s, settings=settings, using=using)
        self.feed = feed
        self._outbox = Outbox(feed)
        self._linger_s = linger_s
        self._seen = threading.Event()
        self._pump: threading.Thread | None = None
        self._pump_lock = threading.Lock()
        self._kernel = _Kernel()
        super().__init__(heading=title, source=described(feed), span_s=span_s)
        self.on_msg(self._hear)

    def stop(self) -> None:
        """End the program; the view stays."""
        self.feed.stop()

    def close(self) -> None:
        """End the program and the view."""
        feed = getattr(self, "feed", None)
        if feed is not None:
            feed.stop()
        super().close()

    def shown_state(self) -> dict[str, Any]:
        """With the history until now, for a page that has no program any more."""
        return super().shown_state() | {"data": whole(self.feed), "running": False}

    def text_alternative(self) -> str:
        """What is followed, how it stands, and the newest counts."""
        return words(self.feed, self.heading)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        # The page will ask, but it is not heard before this cell and those after it are done.
        self._seen.set()
        self._send_from_now_on()
        return super()._repr_mimebundle_(**kwargs)

    def _hear(self, _: Any, message: Any, __: Any) -> None:
        """From the page: it is there, it is gone, it has taken a batch in."""
        if isinstance(message, dict) and message.get("kind") == "unseen":
            self._seen.clear()
        elif self._outbox.hear(message):
            self._seen.set()
            self._send_from_now_on()

    def _send_from_now_on(self) -> None:
        with self._pump_lock:
            if self._pump is None and not self._outbox.done:
                name = f"schedlab-live-view-{self.feed.name}"
                self._pump = threading.Thread(target=self._send_all, name=name, daemon=True)
                self._pump.start()

    def _send_all(self) -> None:
        """Until the page knows of the program's end."""
        silent_s, before = 0.0, time.monotonic()
        while self.comm is not None:
            with self._pump_lock:
                if self._outbox.done:
                    self._pump = None
                    return
            now = time.monotonic()
            step, before = min(now - before, _LONGEST_STEP_S), now
            silent = not self._seen.is_set() or self._outbox.waits_s > _LONGEST_STEP_S
            # ipykernel gives messages to the thread of the cell, and that is busy while a cell runs.
            silent_s = silent_s + step * self._kernel.listens() if silent else 0.0
            if silent_s > self._linger_s:
                self.feed.stop()
            # While a cell runs no answer is heard, and nobody can tell a slow browser from a quick one.
            unheard = self._outbox.waits_s > _UNHEARD_S and not self._kernel.listens()
            batch = self._outbox.next(again=unheard) if self._seen.is_set() else None
            if batch is not None:
                self.send(batch.message, [batch.data])
            time.sleep(_UPDATE_S)


class _Kernel:
    """Whether the thread that this was made in is free to take messages."""

    def __init__(self) -> None:
        self._turned = time.monotonic()
        self._asked = False
        self._loop: asyncio.AbstractEventLoop | None = None
        with suppress(RuntimeError):
            self._loop = asyncio.get_running_loop()

    def listens(self) -> bool:
        if self._loop is None or self._loop.is_closed():
            return True
        if not self._asked:
            self._asked = True
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._turn)
        return time.monotonic() - self._turned < _LONGEST_STEP_S

    def _turn(self) -> None:
        self._turned = time.monotonic()
        self._asked = False


def described(feed: Feed) -> dict[str, Any]:
    """What the script has to know of a Feed."""
    return {
        "id": secrets.token_hex(8),
        "name": feed.name,
        "hz": feed.hz,
        "capacity": feed.history.capacity,
        "bounds": list(BIN_BOUNDS_NS),
        "unknown": feed.unknown,
    }


def words(feed: Feed, title: str) -> str:
    """A Feed as plain text."""
    found = last(feed)
    name = title or f"Live: {feed.name}"
    if found is None:
        return f"{name}: nothing was seen yet.{_sentence(feed.ended)}"
    counts = [
        f"{text} {value:,}"
        for text, value in (
            ("goroutines", found.goroutines),
            ("running", found.running),
            ("runnable", found.runnable),
            ("waiting", found.waiting),
            ("in system calls or C", found.not_in_go),
            ("threads", found.threads),
            ("global run queue", found.runq_global),
            ("heap bytes", found.heap_bytes),
            ("collections", found.gc_cycles),
        )
        if value != UNKNOWN
    ]
    if found.runq_local:
        counts.append(f"run queues of the Ps {' '.join(map(str, found.runq_local))}")
    seen = min(feed.history.next, feed.history.capacity)
    when = f"{seen:,} samples, the last at {found.time_ns / 1e9:.1f} s"
    return f"{name}, {when}: {', '.join(counts)}.{_sentence(feed.ended)}"


def _sentence(ended: str) -> str:
    return f" Ended: {ended}." if ended else ""
