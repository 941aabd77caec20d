"""One run, seen from the caller: a supervisor process, two streams, and a thread that looks after them.

All that must not be torn apart by a KeyboardInterrupt (starting the supervisor, reaping it) is done by
the thread: Python raises KeyboardInterrupt in the main thread only.
"""

from __future__ import annotations

import fcntl
import io
import os
import select
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Literal

from schedlab.process._failures import kill_session, launch_error
from schedlab.process._messages import Ended, Order, Report, Spec
from schedlab.process._request import Request, Stdin
from schedlab.process._supervisor import Unpacker, pack
from schedlab.process.errors import LaunchFailed, ProcessesLeft, SupervisorLost, WallLimitExceeded
from schedlab.process.finished import Finished, describe_wait_status
from schedlab.process.output import BoundedOutput, LineSplitter
from schedlab.process.quota import group_for, parse_cpu_stat

StreamName = Literal["stdout", "stderr"]
Deliver = Callable[[StreamName, list[str]], None]
Bell = SimpleQueue[None]

# By import and not as a script: a script is compiled anew at each start.
_BOOT = "import sys; sys.path.append(sys.argv[1]); import _supervisor; _supervisor.main()"

# A caller may have given SIGPIPE back its default, which would end it (macOS has no such flag).
_NO_SIGPIPE = getattr(socket, "MSG_NOSIGNAL", 0)
_CHUNK_BYTES = 1 << 16
# The most that Linux gives an unprivileged user. Roomy, because the runtime prints schedtrace with
# sched.lock held (schedtrace in runtime/proc.go): a full pipe would stop the scheduler under observation.
_PIPE_BYTES = 1 << 20
# Output is fetched in this rhythm, not at each of the many small writes of a trace: every wake-up of
# this process takes a CPU away from the observed program (measured on 2 CPUs with schedtrace=1 and
# scheddetail=1: 400 involuntary context switches per second of the program, and 6000 without this rest).
# The pipe holds what comes meanwhile.
_REST_BETWEEN_READS_S = 0.005


class Session:
    """Make it, ``launch`` it, ``wait`` until it is ``over``, take the ``result``.

    ``deliver`` is called in the session's thread with the decoded lines of each chunk of output; what it
    raises ends the run and comes out of ``result``. ``when_over`` is called there last.

    ``control.shutdown(SHUT_WR)`` ends the run at any stage: even a supervisor that is not yet started
    finds its control socket shut. It is one call of a C function, so no interrupt can come into it.
    """

    def __init__(
        self,
        request: Request,
        deliver: Deliver | None = None,
        when_over: Callable[[], None] = lambda: None,
    ) -> None:
        self.request = request
        self.pid: int | None = None
        self.over = False
        self.owner = os.getpid()
        self.outputs_lock = threading.Lock()
        self.outputs: dict[StreamName, BoundedOutput] = {
            "stdout": BoundedOutput(request.output_limit_bytes),
            "stderr": BoundedOutput(request.output_limit_bytes),
        }
        self.control, self._supervisor_end = socket.socketpair()
        self._deliver = deliver
        self._when_over = when_over
        self._splitters: dict[StreamName, LineSplitter] = {"stdout": LineSplitter(), "stderr": LineSplitter()}
        self._bells: list[Bell] = []
        self._output_bells: list[Bell] = []
        self._ended: Ended | None = None
        self._error: BaseException | None = None
        self._finished: Finished | None = None
        self._may_begin = True
        self._begun = False
        self._thread = threading.Thread(target=self._work, name="schedlab.process", daemon=True)

    def launch(self) -> None:
        self._thread.start()

    def wait(self, until: Callable[[], bool] = lambda: False) -> None:
        """Return when the run is over, or when ``until`` holds, which is asked at start and end only."""
        with self.bell() as bell:
            while not (self.over or until()):
                bell.get()

    @contextmanager
    def bell(self, *, on_output: bool = False) -> Iterator[Bell]:
        """A queue that gets an item at the program's start, at the end of the run, and at output if asked.

        A SimpleQueue and not a Condition: the lock of the latter stays taken for good if a
        KeyboardInterrupt comes at the wrong moment, and the thread would wait for it for ever.
        """
        bell: Bell = SimpleQueue()
        lists = [self._bells, self._output_bells] if on_output else [self._bells]
        for bells in lists:
            bells.append(bell)
        try:
            yield bell
        finally:
            for bells in lists:
                bells.remove(bell)

    def order(self, order: Order) -> None:
        """Tell the supervisor; without effect once the run is over."""
        with suppress(OSError):
            self.control.sendall(pack(order), _NO_SIGPIPE)

    def settle(self) -> None:
        """After ``control`` was shut: return when everything is dead, however many interrupts come."""
        self._may_begin = False
        while self._begun and not self.over:
            try:
                self.wait()
            except KeyboardInterrupt:
                continue
        self.close()

    def result(self) -> Finished:
        """What came of it, once it is over. Raises what went wrong."""
        self.close()
        if self._error is not None:
            raise self._error
        assert self._finished is not None
        return self._finished

    def close(self) -> None:
        """Free the caller's descriptors; this ends the run if it is not over.

        Not so in a forked child of the caller: there it must not touch the run, which is the caller's.
        """
        if os.getpid() == self.owner and not self.over:
            with suppress(OSError):
                self.control.shutdown(socket.SHUT_WR)
        self.control.close()
        if not self._begun:
            self._supervisor_end.close()

    def _work(self) -> None:
        # ``settle`` does this the other way round, so either it waits or nothing is begun.
        self._begun = True
        try:
            if self._may_begin:
                self._supervise()
                self._conclude()
        except BaseException as error:
            self._error = self._error or error
        finally:
            self._supervisor_end.close()
            self.over = True
            self._when_over()
            self._ring(self._bells)

    def _supervise(self) -> None:
        with ExitStack() as stack:
            # A descriptor of its own: the caller may close its one at any time.
            channel = stack.enter_context(self.control.dup())
            spec = self._spec(stack)
            streams: dict[int, StreamName] = {}
            supervisor = self._spawn(stack, streams, spec["stdin_fd"])
            try:
                with suppress(OSError):
                    channel.sendall(pack(spec), _NO_SIGPIPE)
                self._pump(channel, streams)
                if self._ended is None and self._error is None:
                    self._error = self._supervisor_lost(supervisor)
                self._read(streams, list(streams))
                self._finish_lines()
            finally:
                # Of no effect unless something went wrong above.
                with suppress(OSError):
                    channel.shutdown(socket.SHUT_WR)
                supervisor.wait()

    def _spec(self, stack: ExitStack) -> Spec:
        request = self.request
        limit = request.wall_limit_s
        return {
            "program": os.fsencode(request.program),
            "argv": [os.fsencode(argument) for argument in request.argv],
            "environment": {os.fsencode(k): os.fsencode(v) for k, v in request.environment.items()},
            "cwd": None if request.cwd is None else os.fsencode(request.cwd),
            "stdin_fd": None if request.stdin is None else _input(stack, request.stdin),
            "cpus": None if request.cpus is None else list(request.cpus),
            "wall_limit_ns": None if limit is None else round(limit * 1e9),
            "group": None if request.quota is None else group_for(request.quota),
            "confinement": None if request.confinement is None else request.confinement.spec(),
        }

    def _spawn(
        self, stack: ExitStack, streams: dict[int, StreamName], stdin_fd: int | None
    ) -> subprocess.Popen[bytes]:
        out, out_end = _pipe(stack)
        err, err_end = _pipe(stack)
        streams[out], streams[err] = "stdout", "stderr"
        with self._supervisor_end as control_end, out_end, err_end:
            try:
                return subprocess.Popen(
                    _supervisor_command(),
                    stdin=control_end.fileno(),
                    stdout=out_end,
                    stderr=err_end,
                    pass_fds=() if stdin_fd is None else (stdin_fd,),
                    start_new_session=True,
                )
            except OSError as error:
                raise LaunchFailed(f"no supervisor process can be started: {error}") from error

    def _pump(self, channel: socket.socket, streams: dict[int, StreamName]) -> None:
        """Take output and reports until the supervisor is gone."""
        reports = Unpacker()
        while True:
            ready = _poll([channel.fileno(), *streams])
            count = self._read(streams, [fd for fd in streams if fd in ready])
            if channel.fileno() in ready:
                data = _receive(channel)
                if not data:
                    return
                for report in reports.feed(data):
                    self._note(report)
            if self._error is not None:
                with suppress(OSError):
                    channel.shutdown(socket.SHUT_WR)
            if 0 < count < _PIPE_BYTES // 4:
                _poll([channel.fileno()], _REST_BETWEEN_READS_S)

    def _note(self, report: Report) -> None:
        if report["kind"] == "started":
            self.pid = report["pid"]
            self._ring(self._bells)
        elif report["kind"] == "ended":
            self._ended = report
        elif report["kind"] == "failed":
            self._error = self._error or launch_error(self.request, report)
        else:
            self._error = self._error or SupervisorLost(f"the supervisor failed:\n{report['traceback']}")

    def _read(self, streams: dict[int, StreamName], descriptors: list[int]) -> int:
        """Take what is there, at most a few pipes full of each; forget the streams that have ended."""
        count = 0
        for descriptor in descriptors:
            for _ in range(4 * _PIPE_BYTES // _CHUNK_BYTES):
                try:
                    data = os.read(descriptor, _CHUNK_BYTES)
                except BlockingIOError:
                    break
                if not data:
                    del streams[descriptor]
                    break
                count += len(data)
                self._take(streams[descriptor], data)
        if count:
            self._ring(self._output_bells)
        return count

    def _take(self, stream: StreamName, data: bytes) -> None:
        with self.outputs_lock:
            self.outputs[stream].append(data)
        if self._deliver is not None:
            self._hand_on(stream, self._splitters[stream].feed(data))

    def _finish_lines(self) -> None:
        for stream, splitter in self._splitters.items():
            self._hand_on(stream, splitter.finish())

    def _hand_on(self, stream: StreamName, lines: list[str]) -> None:
        if self._deliver is None or not lines:
            return
        try:
            self._deliver(stream, lines)
        except BaseException as error:
            self._deliver = None
            self._error = self._error or error

    def _supervisor_lost(self, supervisor: subprocess.Popen[bytes]) -> SupervisorLost:
        # Not yet reaped: until then its number, and so the session's, can be nobody else's.
        kill_session(supervisor.pid)
        return SupervisorLost(
            f"the supervisor of {self.request.argv[0]} was killed from outside",
            remedy="The program was ended with it. Was memory short, or was it killed by hand?",
        )

    def _conclude(self) -> None:
        """Make the record; a bad end is an error that carries it."""
        if self._ended is None or self._error is not None:
            return
        finished = self._finished = self._record(self._ended)
        if finished.left_pids:
            self._error = ProcessesLeft(
                f"{finished.name} left processes that could not be killed: {list(finished.left_pids)}",
                finished,
                remedy="Another user's processes have to be ended by that user.",
            )
        elif self._ended["ended_by"] == "wall limit":
            self._error = WallLimitExceeded(
                f"{finished.name} was ended at its wall limit of {self.request.wall_limit_s} s",
                finished,
                remedy="Raise wall_limit_s, or look in the error's .finished for what it printed until then.",
            )

    def _record(self, ended: Ended) -> Finished:
        stdout, stdout_dropped = self.outputs["stdout"].text()
        stderr, stderr_dropped = self.outputs["stderr"].text()
        exit_status, signal_name = describe_wait_status(ended["wait_status"])
        return Finished(
            argv=self.request.argv,
            exit_status=exit_status,
            signal=signal_name,
            stdout=stdout,
            stderr=stderr,
            stdout_dropped_bytes=stdout_dropped,
            stderr_dropped_bytes=stderr_dropped,
            wall_ns=ended["wall_ns"],
            user_ns=ended["user_ns"],
            system_ns=ended["system_ns"],
            machine_cpu_ns=ended["machine_cpu_ns"],
            max_rss_bytes=ended["max_rss"] * (1 if sys.platform == "darwin" else 1024),
            voluntary_switches=ended["voluntary_switches"],
            involuntary_switches=ended["involuntary_switches"],
            settings=self.request.settings,
            throttle=None if ended["cpu_stat"] is None else parse_cpu_stat(ended["cpu_stat"]),
            left_pids=tuple(ended["left_pids"]),
        )

    @staticmethod
    def _ring(bells: list[Bell]) -> None:
        for bell in tuple(bells):
            if bell.empty():
                bell.put(None)


def _supervisor_command() -> list[str]:
    if not sys.executable:
        raise LaunchFailed(
            "this Python does not know its own path (sys.executable), so it can start no other"
        )
    # Sources are compiled once where Python may write beside them, and never where it was told not to.
    keep = ["-B"] if sys.dont_write_bytecode else []
    return [sys.executable, "-I", "-S", *keep, "-c", _BOOT, str(Path(__file__).parent), str(os.getpid())]


def _pipe(stack: ExitStack) -> tuple[int, io.FileIO]:
    """A roomy pipe: its end to read from, which does not block, and its end to write to."""
    readable, writable = os.pipe()
    stack.callback(os.close, readable)
    os.set_blocking(readable, False)
    with suppress(AttributeError, OSError):
        fcntl.fcntl(writable, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return readable, io.FileIO(writable, "w")


def _input(stack: ExitStack, stdin: Stdin) -> int:
    """A descriptor to read from, never one of 0 to 2, which the supervisor gets from elsewhere."""
    if isinstance(stdin, bytes):
        return _as_file(stack, stdin)
    copy = fcntl.fcntl(stdin.fileno(), fcntl.F_DUPFD_CLOEXEC, 3)
    stack.callback(os.close, copy)
    return copy


def _as_file(stack: ExitStack, data: bytes) -> int:
    """A descriptor of an unnamed file: nobody has to feed it, so nobody can block on it."""
    file = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
    file.write(data)
    file.seek(0)
    # Not 0 to 2 even if the caller has closed its own: the three sockets of a session are there first.
    return file.fileno()


def _receive(channel: socket.socket) -> bytes:
    """What has come; nothing if the supervisor is gone, also if it did not read an order before it went."""
    try:
        return channel.recv(_CHUNK_BYTES)
    except ConnectionResetError:
        return b""


def _poll(descriptors: list[int], timeout_s: float | None = None) -> set[int]:
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    return {fd for fd, _ in poll.poll(None if timeout_s is None else timeout_s * 1000)}
