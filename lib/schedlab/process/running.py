"""Run a program to its end, or start it and stay with it."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from queue import Empty, SimpleQueue
from socket import SHUT_WR
from types import TracebackType
from typing import Self

from schedlab.errors import UsageError
from schedlab.process._request import Stdin, make_request
from schedlab.process._session import Session, StreamName
from schedlab.process.confinement import Confinement
from schedlab.process.errors import LineNotSeen, shortened
from schedlab.process.finished import Finished
from schedlab.process.output import LineSplitter
from schedlab.process.quota import CpuQuota
from schedlab.process.settings import GoSettings

OnLine = Callable[[str, str], None]

RUNTIME_DEFAULTS = GoSettings()
DEFAULT_WALL_LIMIT_S = 60.0
DEFAULT_OUTPUT_LIMIT_BYTES = 64 << 20

# How far a program's output may be ahead of a slow on_line before the program has to wait in write(2).
_AHEAD_BYTES = 4 << 20
_LINE_OVERHEAD_BYTES = 64
# Python refuses to wait for ever by way of a large number.
_LONGEST_WAIT_S = 3600.0


def run(
    program: str | os.PathLike[str],
    args: Iterable[str | os.PathLike[str] | int | float] = (),
    *,
    settings: GoSettings = RUNTIME_DEFAULTS,
    env: Mapping[str, str] | None = None,
    cpus: Iterable[int] | None = None,
    quota: CpuQuota | None = None,
    confinement: Confinement | None = None,
    wall_limit_s: float | None = DEFAULT_WALL_LIMIT_S,
    output_limit_bytes: int = DEFAULT_OUTPUT_LIMIT_BYTES,
    stdin: Stdin | None = None,
    cwd: str | os.PathLike[str] | None = None,
    on_line: OnLine | None = None,
) -> Finished:
    """Run ``program`` (a path; PATH is not searched) to its end, whatever its exit status.

    When this returns or raises, the program and every process that descends from it are gone, also those
    that it left running on purpose. The same holds if this process is killed.

    The environment is this process's, without the Go runtime's variables, plus ``env``, plus ``settings``.
    ``cpus`` are the CPU numbers that it may run on. ``stdin``, if bytes, is given as a file; of an open
    file or pipe the program gets the descriptor, to read on where that stands; without it, /dev/null.
    ``confinement`` is what it may not do; without one, it may do what this user may.
    ``output_limit_bytes`` is kept of stdout and of stderr each. ``wall_limit_s`` None sets no limit.

    ``on_line(stream, line)`` is called here, in the caller's thread, for each line, ``stream`` being
    ``"stdout"`` or ``"stderr"``; what it raises ends the program and is raised here. A line of more than
    1 MiB comes in pieces. If it is slow, the program waits once it is 4 MiB ahead.

    Raises:
        UsageError: an argument that makes no sense.
        LaunchFailed: it could not be started; ProgramNotFound, ProgramNotExecutable, WrongBinaryFormat.
        NotSupportedHere, QuotaUnavailable: this system cannot do what was asked for.
        WallLimitExceeded: it ran until its limit; the error carries the record until then.
        ProcessesLeft: a descendant could not be killed.
        SupervisorLost: the process that watched it was killed from outside.
        KeyboardInterrupt: as ever, once everything is dead.
    """
    request = make_request(
        program,
        args,
        settings=settings,
        env=env,
        cpus=cpus,
        quota=quota,
        confinement=confinement,
        wall_limit_s=wall_limit_s,
        output_limit_bytes=output_limit_bytes,
        stdin=stdin,
        cwd=cwd,
    )
    handover = _Handover()
    session = Session(request, handover.put, handover.finish) if on_line else Session(request)
    try:
        session.launch()
        if on_line:
            for stream, line in handover.lines():
                on_line(stream, line)
        session.wait()
    except BaseException:
        # A second interrupt can come at any call of a Python function. So the order to kill is given by
        # the first call here, which is of C.
        try:  # noqa: SIM105
            session.control.shutdown(SHUT_WR)
        except OSError:
            pass
        handover.dropped = True
        session.settle()
        raise
    return session.result()


def start(
    program: str | os.PathLike[str],
    args: Iterable[str | os.PathLike[str] | int | float] = (),
    *,
    settings: GoSettings = RUNTIME_DEFAULTS,
    env: Mapping[str, str] | None = None,
    cpus: Iterable[int] | None = None,
    quota: CpuQuota | None = None,
    confinement: Confinement | None = None,
    wall_limit_s: float | None = DEFAULT_WALL_LIMIT_S,
    output_limit_bytes: int = DEFAULT_OUTPUT_LIMIT_BYTES,
    stdin: Stdin | None = None,
    cwd: str | os.PathLike[str] | None = None,
    on_line: OnLine | None = None,
) -> Live:
    """Start ``program`` and return once exec has worked. Arguments and errors are those of ``run``.

    ``on_line`` is called in a thread of its own; what it raises ends the program and comes out of
    ``Live.wait`` and ``Live.stop``.
    """
    request = make_request(
        program,
        args,
        settings=settings,
        env=env,
        cpus=cpus,
        quota=quota,
        confinement=confinement,
        wall_limit_s=wall_limit_s,
        output_limit_bytes=output_limit_bytes,
        stdin=stdin,
        cwd=cwd,
    )
    session = Session(request, _line_by_line(on_line) if on_line else None)
    try:
        session.launch()
        session.wait(lambda: session.pid is not None)
    except BaseException:
        # As in ``run``.
        try:  # noqa: SIM105
            session.control.shutdown(SHUT_WR)
        except OSError:
            pass
        session.settle()
        raise
    if session.pid is None:
        session.result()
    return Live(session)


class Live:
    """A program that runs. Use it in a ``with`` statement: leaving that ends the program and its tree.

    It belongs to the process that started it. One that is forgotten ends when it is collected as garbage,
    at its wall limit, or with this process, whichever is first.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._readers: dict[str, _LineReader] = {
            "stdout": _LineReader(session, "stdout"),
            "stderr": _LineReader(session, "stderr"),
        }

    @property
    def pid(self) -> int:
        """The program's process id."""
        assert self._session.pid is not None
        return self._session.pid

    @property
    def alive(self) -> bool:
        """False once the program has ended and all that it printed has been taken in."""
        return not self._session.over

    def wait_for_line(
        self,
        wanted: str | re.Pattern[str] | Callable[[str], bool],
        timeout_s: float = 10.0,
        stream: str = "stdout",
    ) -> str:
        """The next line that matches: a regular expression (searched for in the line), or a predicate.

        Each call goes on after the line that the last call on that stream returned.

        Raises:
            LineNotSeen: the program ended, or the time passed; the message shows what was printed.
            UsageError: no such stream, or not a regular expression.
        """
        self._check_owner()
        if stream not in self._readers:
            raise UsageError(f"stream: {stream!r} is neither 'stdout' nor 'stderr'")
        reader, matches = self._readers[stream], _predicate(wanted)
        deadline = time.monotonic() + timeout_s
        with self._session.bell(on_output=True) as bell:
            while True:
                over = self._session.over
                for line in reader.lines(to_the_end=over):
                    if matches(line):
                        return line
                rest = deadline - time.monotonic()
                if over or rest <= 0:
                    raise self._not_seen(wanted, stream, "ended" if over else f"ran on for {timeout_s} s")
                try:
                    bell.get(timeout=min(rest, _LONGEST_WAIT_S))
                except Empty:
                    continue

    def send_signal(self, number: int) -> None:
        """Send a signal to the program (to it alone, not to its children). Of no effect once it has ended."""
        self._check_owner()
        if number not in signal.valid_signals():
            raise UsageError(f"{number!r} is not the number of a signal")
        self._session.order({"signal": int(number), "grace_ns": None})

    def interrupt(self) -> None:
        """Send SIGINT, as Ctrl-C does."""
        self.send_signal(signal.SIGINT)

    def wait(self) -> Finished:
        """Wait for the program's own end. Raises what ``run`` raises."""
        self._check_owner()
        self._session.wait()
        return self._session.result()

    def stop(self, grace_s: float = 5.0) -> Finished:
        """SIGTERM to the program, and after ``grace_s`` SIGKILL to all that is left of its tree.

        A program that has ended already is just reported. Raises what ``run`` raises, so also
        WallLimitExceeded if the limit was what ended it.
        """
        self._check_owner()
        try:
            self._session.order({"signal": int(signal.SIGTERM), "grace_ns": round(max(0.0, grace_s) * 1e9)})
            return self.wait()
        except KeyboardInterrupt:
            _end(self._session)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session.owner != os.getpid():
            self._session.close()
        elif error is None:
            self.stop()
        else:
            _end(self._session)

    def __del__(self) -> None:
        self._session.close()

    def _check_owner(self) -> None:
        if self._session.owner != os.getpid():
            raise UsageError("this program belongs to the process that this one was forked from")

    def _not_seen(self, wanted: object, stream: str, why: str) -> LineNotSeen:
        name = self._session.request.argv[0]
        shown = [f"{name} {why} without a line on {stream} that matches {wanted!r}"]
        with self._session.outputs_lock:
            for key, output in self._session.outputs.items():
                text, dropped = output.text()
                lost = f" ({dropped} bytes were dropped before they were looked at)" if dropped else ""
                shown.append(f"{key} ends{lost}:\n{shortened(text.rstrip()) or '(nothing)'}")
        return LineNotSeen("\n".join(shown))


class _LineReader:
    """The lines of a session's kept output, each once."""

    def __init__(self, session: Session, stream: StreamName) -> None:
        self._session = session
        self._output = session.outputs[stream]
        self._splitter = LineSplitter()
        self._offset = 0
        self._lines: Iterator[str] = iter(())

    def lines(self, *, to_the_end: bool) -> Iterator[str]:
        """Complete lines that were not given yet; ``to_the_end`` gives also one without a line end."""
        while True:
            yield from self._lines
            with self._session.outputs_lock:
                start, data = self._output.read(self._offset)
            if start != self._offset:
                # What was between has been dropped, and so the half line before it.
                self._splitter = LineSplitter()
            self._offset = start + len(data)
            if data:
                self._lines = iter(self._splitter.feed(data))
            elif to_the_end:
                yield from self._splitter.finish()
                return
            else:
                return


class _Handover:
    """Lines on their way from the session's thread to the caller's."""

    def __init__(self) -> None:
        self.dropped = False
        self._batches: SimpleQueue[tuple[StreamName, list[str], int] | None] = SimpleQueue()
        self._taken: SimpleQueue[int] = SimpleQueue()
        self._ahead_bytes = 0

    def put(self, stream: StreamName, lines: list[str]) -> None:
        """In the session's thread: wait while the caller is far behind."""
        size = sum(map(len, lines)) + _LINE_OVERHEAD_BYTES * len(lines)
        self._batches.put((stream, lines, size))
        self._ahead_bytes += size
        while self._ahead_bytes > _AHEAD_BYTES and not self.dropped:
            try:
                self._ahead_bytes -= self._taken.get(timeout=0.5)
            except Empty:
                continue

    def finish(self) -> None:
        self._batches.put(None)

    def lines(self) -> Iterator[tuple[StreamName, str]]:
        """In the caller's thread: all lines until the end of the run."""
        while (batch := self._batches.get()) is not None:
            stream, lines, size = batch
            for line in lines:
                yield stream, line
            self._taken.put(size)


def _line_by_line(on_line: OnLine) -> Callable[[StreamName, list[str]], None]:
    def deliver(stream: StreamName, lines: list[str]) -> None:
        for line in lines:
            on_line(stream, line)

    return deliver


def _end(session: Session) -> None:
    with suppress(OSError):
        session.control.shutdown(SHUT_WR)
    session.settle()


def _predicate(wanted: str | re.Pattern[str] | Callable[[str], bool]) -> Callable[[str], bool]:
    if callable(wanted):
        return wanted
    try:
        pattern = re.compile(wanted)
    except re.error as error:
        raise UsageError(f"{wanted!r} is not a regular expression: {error}") from error
    return lambda line: pattern.search(line) is not None
