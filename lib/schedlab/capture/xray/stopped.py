"""Let a process stand still while something is read from it.

By ptrace(2): all its threads are seized and interrupted. The kernel lets a traced thread run on when its
tracer goes, however it goes, so also when this Python is killed meanwhile nothing stays stopped. (After
SIGSTOP it would.) ptrace belongs to a thread: all happens in one of its own, which no Ctrl-C interrupts, and
whose end alone already lets everything run on.

The process notices nothing but the time, and EINTR from a system call that was interrupted, as signals give
it; Go's runtime expects that.
"""

from __future__ import annotations

import ctypes
import errno
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Generic, TypeVar

from schedlab.capture.xray.errors import NotAllowed, NotStopped
from schedlab.capture.xray.memory import failure, gone

_SEIZE, _INTERRUPT, _DETACH = 0x4206, 0x4207, 17  # linux/ptrace.h
_EVENT_STOP = 128
_WALL = 0x40000000  # waitpid(2), __WALL
_PATIENCE_S = 1.0
_ROUNDS = 100

T = TypeVar("T")


def while_stopped(pid: int, read: Callable[[], T]) -> tuple[T, int]:
    """What ``read()`` returns while the process stands still, and for how long it stood, in ns.

    Raises:
        NotAllowed: the kernel refuses; or another program, such as a debugger, traces it already.
        ProcessGone: it has ended.
        NotStopped: a thread did not stop within a second.
    """
    work = _Work(pid, read)
    thread = Thread(target=work.run, name="schedlab-xray-stop", daemon=True)
    thread.start()
    thread.join()
    if work.error is not None:
        raise work.error
    return work.value, work.stopped_ns


class _Work(Generic[T]):
    value: T

    def __init__(self, pid: int, read: Callable[[], T]) -> None:
        self._pid, self._read = pid, read
        self.error: BaseException | None = None
        self.stopped_ns = 0

    def run(self) -> None:
        begun = 0
        try:
            with _seized(self._pid) as seized:
                begun = time.monotonic_ns()
                seized.interrupt()
                self.value = self._read()
        except BaseException as error:
            self.error = error
        finally:
            self.stopped_ns = time.monotonic_ns() - begun


@contextmanager
def _seized(pid: int) -> Iterator[_Seized]:
    seized = _Seized(pid)
    try:
        seized.seize()
        yield seized
    finally:
        seized.detach()


class _Seized:
    """The threads of a process, traced by this thread. The values are how each stopped; None: it has not."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._threads: dict[int, int | None] = {}
        call = ctypes.CDLL(None, use_errno=True).ptrace
        call.restype = ctypes.c_long
        call.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        self._call = call

    def seize(self) -> bool:
        """Trace the threads that are not traced yet. True if there was one."""
        new = [thread for thread in _threads(self._pid) if thread not in self._threads]
        return sum(self._seize(thread) for thread in new) > 0

    def interrupt(self) -> None:
        """Stop every thread, also those that threads make until they are stopped themselves."""
        for _ in range(_ROUNDS):
            waiting = [thread for thread, how in self._threads.items() if how is None]
            for thread in waiting:
                self._ptrace(_INTERRUPT, thread)
            for thread in waiting:
                self._wait(thread)
            if not self.seize():
                break
        else:
            raise NotStopped(f"process {self._pid} makes threads faster than they can be stopped")
        if not self._threads:
            raise gone(self._pid)

    def detach(self) -> None:
        """Let all run on. A signal that came first and stopped a thread instead is delivered now."""
        for thread, how in self._threads.items():
            signal = (how >> 8) & 0xFF if how is not None and how >> 16 != _EVENT_STOP else 0
            self._ptrace(_DETACH, thread, signal)

    def _seize(self, thread: int) -> bool:
        number = self._ptrace(_SEIZE, thread)
        if number == 0:
            self._threads[thread] = None
        elif number in (errno.EPERM, errno.EACCES):
            # A thread that has ended and that nobody has waited for is refused alike.
            if _stat(self._pid, thread) in "ZX":
                return False
            tracer = _tracer(self._pid)
            if tracer:
                raise NotAllowed(
                    f"process {self._pid} is traced already, by process {tracer}",
                    remedy="End that debugger, or read without coherent=True.",
                )
            raise failure(self._pid, number)
        elif number != errno.ESRCH:
            raise failure(self._pid, number)
        return number == 0

    def _wait(self, thread: int) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            try:
                done, status = os.waitpid(thread, _WALL | os.WNOHANG)
            except ChildProcessError:
                del self._threads[thread]
                return
            if done and os.WIFSTOPPED(status):
                self._threads[thread] = status
                return
            if done:
                del self._threads[thread]
                return
            time.sleep(20e-6)
        raise NotStopped(
            f"thread {thread} of process {self._pid} did not stop: it is deep in the kernel",
            remedy="Try again, or read without coherent=True.",
        )

    def _ptrace(self, request: int, thread: int, data: int = 0) -> int:
        return 0 if self._call(request, thread, None, data) >= 0 else ctypes.get_errno()


def _threads(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(entry.name) for entry in Path(f"/proc/{pid}/task").iterdir()]
    raise gone(pid)


def _stat(pid: int, thread: int) -> str:
    try:
        text = Path(f"/proc/{pid}/task/{thread}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "X"
    return text.rpartition(")")[2].split()[0]


def _tracer(pid: int) -> int:
    with suppress(OSError, ValueError, IndexError):
        text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
        tracer = int(text.split("TracerPid:")[1].split()[0])
        # It is a thread; people know processes.
        text = Path(f"/proc/{tracer}/status").read_text(encoding="utf-8", errors="replace")
        return int(text.split("Tgid:")[1].split()[0])
    return 0
