"""Hand a trace to the reader's standard input as it comes: no copy on disk, no waiting for its end."""

from __future__ import annotations

import io
import ipaddress
import os
import select
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import BinaryIO

from schedlab.capture import endpoint
from schedlab.errors import UsageError

_CHUNK_BYTES = 1 << 18
_TRACE_PATH = "/debug/pprof/trace"


@dataclass(frozen=True, slots=True)
class LiveUrl:
    """The trace of a living program: ``http://127.0.0.1:6060/debug/pprof/trace?seconds=5``.

    Raises:
        UsageError: no such URL; or, unless ``anywhere``, one of another machine.
    """

    url: str
    anywhere: bool = False

    def __post_init__(self) -> None:
        try:
            parts = urllib.parse.urlsplit(self.url)
            host, _ = parts.hostname or "", parts.port
            seconds = self.seconds
        except ValueError as error:
            raise UsageError(f"{self.url!r} is no URL of a trace: {error}") from error
        if parts.scheme != "http" or parts.path != _TRACE_PATH or not host or "@" in parts.netloc:
            raise UsageError(
                f"{self.url!r} is no URL of a trace",
                remedy=f"Write it as http://127.0.0.1:6060{_TRACE_PATH}?seconds=5.",
            )
        if not 0 < seconds <= 3600:
            raise UsageError(f"a trace of {seconds:g} seconds cannot be had", remedy="Ask for 0.1 to 3600.")
        if not self.anywhere and not _is_here(host):
            raise UsageError(
                f"{host} is not this machine",
                remedy="LiveUrl(…, anywhere=True) also reads from other machines.",
            )

    @property
    def address(self) -> str:
        """Host and port."""
        return urllib.parse.urlsplit(self.url).netloc

    @property
    def seconds(self) -> float:
        """How long the trace is to take; 1 if the URL does not say (net/http/pprof.Trace)."""
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.url).query)
        return float(query.get("seconds", ["1"])[-1])


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Feeder:
    """A thread that writes a source into a pipe. ``error`` is what broke the source off, if anything did."""

    def __init__(self, source: bytes | BinaryIO | LiveUrl) -> None:
        self.error: Exception | None = None
        readable, writable = os.pipe()
        self.pipe = io.FileIO(readable, "r")
        self._writable = io.FileIO(writable, "w")
        self._stopped, self._stop = os.pipe()
        self._write = _writer(source, self._stopped)
        self._thread = threading.Thread(target=self._work, name="schedlab.exectrace", daemon=True)

    def start(self) -> None:
        """Begin; what the pipe cannot hold waits until it is read."""
        self._thread.start()

    def stop(self) -> None:
        """End. A source that gives nothing and cannot be told to stop is left behind with its thread."""
        os.close(self._stop)
        self.pipe.close()
        self._thread.join(timeout=1.0)

    def _work(self) -> None:
        # The pipe is closed last: who sees its end also sees the error.
        try:
            self._write(_Whole(self._writable))
        except BrokenPipeError:
            # The reader has had enough, or is gone; it is the one to say why.
            pass
        except Exception as error:
            self.error = error
        finally:
            self._writable.close()
            os.close(self._stopped)


@contextmanager
def feeding(source: bytes | BinaryIO | LiveUrl) -> Iterator[Feeder]:
    """A feeder that works while the block lasts."""
    feeder = Feeder(source)
    feeder.start()
    try:
        yield feeder
    finally:
        feeder.stop()


class _Whole(io.RawIOBase):
    """A file that writes all it is given: a write to a pipe may take a part only."""

    def __init__(self, file: io.FileIO) -> None:
        self._file = file

    def writable(self) -> bool:
        return True

    def write(self, data: bytes | memoryview) -> int:  # type: ignore[override]
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) or 0 :]
        return len(data)


Write = Callable[[io.RawIOBase], None]


def _writer(source: bytes | BinaryIO | LiveUrl, stopped: int) -> Write:
    if isinstance(source, bytes):
        return lambda file: _ignore(file.write(source))
    if isinstance(source, LiveUrl):
        return lambda file: endpoint.fetch_into(file, source.address, "trace", seconds=source.seconds)  # type: ignore[arg-type]
    if _is_pipe(source):
        return lambda file: _copy_pipe(source, file, stopped)
    return lambda file: _copy(source, file)


def _ignore(_: object) -> None:
    pass


def _copy(source: BinaryIO, file: io.RawIOBase) -> None:
    # What is there, not a full chunk: a live stream is to be read as it comes.
    read = getattr(source, "read1", source.read)
    while chunk := read(_CHUNK_BYTES):
        file.write(chunk)


def _is_pipe(source: BinaryIO) -> bool:
    raw = getattr(source, "raw", source)
    return isinstance(raw, io.FileIO) and not raw.seekable()


def _copy_pipe(source: BinaryIO, file: io.RawIOBase, stopped: int) -> None:
    """Copy until the source ends or ``stopped`` does.

    Not by the source's own methods: a thread that waits in one of standard input's when Python exits makes
    Python abort.
    """
    descriptor = source.fileno()
    file.write(_read_ahead(source))
    poll = select.poll()
    for watched in (descriptor, stopped):
        poll.register(watched, select.POLLIN)
    while True:
        ready = {number for number, _ in poll.poll()}
        if stopped in ready:
            return
        chunk = os.read(descriptor, _CHUNK_BYTES)
        if not chunk:
            return
        file.write(chunk)


def _read_ahead(source: BinaryIO) -> bytes:
    """What the file object has read already and nobody has taken."""
    if not isinstance(source, io.BufferedReader):
        return b""
    descriptor = source.fileno()
    blocking = os.get_blocking(descriptor)
    os.set_blocking(descriptor, False)
    try:
        with suppress(BlockingIOError):
            return source.read(len(source.peek()))
        return b""
    finally:
        os.set_blocking(descriptor, blocking)
