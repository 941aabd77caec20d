"""The memory of another process, read by ``process_vm_readv``. Nothing here can write to it."""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from schedlab.capture.xray.errors import NotAGoBinary, NotAllowed, ProcessGone, XrayError
from schedlab.process import NotSupportedHere

Addresses = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]

_MOST_VECTORS = 1024  # IOV_MAX (limits.h)
_AT_NULL, _AT_ENTRY = 0, 9  # linux/auxvec.h
# With less than that between two pieces, one longer read is quicker than two.
_GAP_BYTES = 2048


class Vanished(Exception):
    """An address is not mapped (any more): what pointed there was read while it changed."""


class Memory:
    """One address space: that of the program which ``pid`` was when this was made.

    ``/proc/PID/mem`` stays with that address space: after exit or exec it reads as empty, although the number
    may by then be another program's. It is opened for reading only.

    Raises:
        NotSupportedHere: this is not Linux.
        ProcessGone: no such process, or it has ended.
        NotAllowed: the kernel refuses.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._readv = _process_vm_readv()
        try:
            self._memory = os.open(f"/proc/{pid}/mem", os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise failure(pid, error.errno or 0) from error
        try:
            self._probe, self.entry = 0, self._entry()
            self._probe = self.entry
            self.check()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the address space. More than once is as good as once."""
        if self._memory >= 0:
            os.close(self._memory)
            self._memory = -1

    def check(self) -> None:
        """Raises ProcessGone unless the process is still the program that it was."""
        if self._memory < 0:
            raise XrayError(f"process {self.pid} is no longer attached", remedy="Attach to it again.")
        try:
            if os.pread(self._memory, 8, self._probe):
                return
        except OSError as error:
            raise failure(self.pid, error.errno or 0) from error
        raise gone(self.pid)

    def read(self, address: int, size: int) -> bytes:
        """Raises Vanished if that is not mapped, ProcessGone, NotAllowed."""
        plan = Plan([address], [size])
        self.fill(plan)
        return plan.buffer[:size].tobytes()

    def fill(self, plan: Plan) -> None:
        """Read all that ``plan`` names. Raises as ``read``."""
        for local, remote, count, size in plan.calls:
            done = self._readv(self.pid, local, 1, remote, count, 0)
            if done != size:
                self._short(done)

    def fill_first(self, plan: Plan, count: int) -> None:
        """Read the first ``count`` pieces of a plan of one call, 8 bytes each. Raises as ``read``."""
        local, remote, _, _ = plan.calls[0]
        done = self._readv(self.pid, local, 1, remote, count, 0)
        if done != 8 * count:
            self._short(done)

    def gather(self, addresses: Addresses, size: int) -> Bytes:
        """``size`` bytes from each of the addresses, ``(len(addresses), size)``, in one call or few."""
        plan = Plan(addresses, np.full(len(addresses), size))
        self.fill(plan)
        return plan.buffer[: len(addresses) * size].reshape(-1, size)

    def _short(self, done: int) -> None:
        self.check()
        number = ctypes.get_errno()
        if done < 0 and number != errno.EFAULT:
            raise failure(self.pid, number)
        raise Vanished

    def _entry(self) -> int:
        """AT_ENTRY: where the program's entry point was loaded (the auxiliary vector, getauxval(3))."""
        try:
            vector = Path(f"/proc/{self.pid}/auxv").read_bytes()
        except OSError as error:
            raise failure(self.pid, error.errno or 0) from error
        for key, value in struct.iter_unpack("=QQ", vector[: len(vector) // 16 * 16]):
            if key == _AT_ENTRY:
                return int(value)
            if key == _AT_NULL:
                break
        # A zombie and a kernel thread have none.
        raise gone(self.pid)


class Plan:
    """Pieces of memory, and the buffer into which they are read one after the other.

    The vectors for the system call are made once. ``words`` sees the buffer as 8-byte numbers, ``halves``
    as 4-byte ones.
    """

    def __init__(self, addresses: Sequence[int] | Addresses, sizes: Sequence[int] | Integers) -> None:
        self.remote = np.empty((len(addresses), 2), np.uint64)
        self.remote[:, 0] = addresses
        self.remote[:, 1] = sizes
        total = int(self.remote[:, 1].sum())
        self.buffer = np.zeros((total + 7) // 8 * 8, np.uint8)
        self.words = self.buffer.view(np.uint64)
        self.halves = self.buffer.view(np.uint32)
        self.local = np.empty((max(1, -(-len(addresses) // _MOST_VECTORS)), 2), np.uint64)
        self.calls = list(self._calls())

    def _calls(self) -> list[tuple[int, int, int, int]]:
        found, at = [], 0
        for row, first in enumerate(range(0, len(self.remote), _MOST_VECTORS)):
            part = self.remote[first : first + _MOST_VECTORS]
            size = int(part[:, 1].sum())
            self.local[row] = (self.buffer.ctypes.data + at, size)
            found.append((self.local[row].ctypes.data, part.ctypes.data, len(part), size))
            at += size
        return found


def coalesced(addresses: Addresses, sizes: Integers) -> tuple[Plan, Integers]:
    """A plan for a piece of memory at each address, and where in its buffer each of them begins.

    Pieces that lie close together are read as one span, with what is between them: the allocator puts
    objects of one size side by side, so thousands of goroutines are a few hundred spans.
    """
    if not len(addresses):
        return Plan([], []), np.empty(0, np.int64)
    order = np.argsort(addresses, kind="stable")
    begin = addresses[order].astype(np.int64)
    end = np.maximum.accumulate(begin + sizes[order])
    opens = np.ones(len(begin), dtype=bool)
    opens[1:] = begin[1:] > end[:-1] + _GAP_BYTES
    firsts = np.flatnonzero(opens)
    lasts = np.append(firsts[1:], len(begin)) - 1
    lengths = end[lasts] - begin[firsts]
    before = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    span = np.cumsum(opens) - 1
    places = np.empty(len(addresses), np.int64)
    places[order] = before[span] + begin - begin[firsts][span]
    return Plan(begin[firsts].astype(np.uint64), lengths), places


def failure(pid: int, number: int) -> XrayError:
    """What an errno of reading process ``pid`` means, and what to do about it."""
    if number in (errno.ESRCH, errno.ENOENT):
        return gone(pid)
    if number in (errno.EPERM, errno.EACCES):
        return NotAllowed(f"reading process {pid} is not allowed", remedy=_what_to_allow(pid))
    if number == errno.ENOSYS:
        return NotAllowed(
            "this kernel, or the container's seccomp profile, has no process_vm_readv",
            remedy="Run the container with --cap-add=SYS_PTRACE.",
        )
    return XrayError(f"reading process {pid} failed: {os.strerror(number)}")


def gone(pid: int) -> XrayError:
    """How a process is not, or no longer, what it was taken for."""
    if _of_kernel(pid):
        return NotAGoBinary(f"process {pid} is part of the kernel", remedy="Name a Go program's process id.")
    try:
        # One that is about to end has given up its memory before it says so.
        ended = _state(pid) in "ZX" or not Path(f"/proc/{pid}/maps").read_bytes()
    except OSError:
        ended = True
    if ended:
        return ProcessGone(f"there is no process {pid}, or no longer", remedy="Name one that runs.")
    return ProcessGone(
        f"process {pid} runs another program now (exec)", remedy="Attach again to see that one."
    )


def _what_to_allow(pid: int) -> str:
    """Who may read whom: ptrace(2), "Ptrace access mode checking"; Yama in the kernel's admin guide."""
    try:
        owner, own = Path(f"/proc/{pid}").stat().st_uid, os.geteuid()
    except OSError:
        owner = own = -1
    if owner != own:
        return f"It belongs to user {owner}, this is user {own}. Run schedlab as that user, or as root."
    try:
        scope = Path("/proc/sys/kernel/yama/ptrace_scope").read_text(encoding="ascii").strip()
    except OSError:
        scope = "0"
    return _SCOPES.get(scope, _SCOPES["0"])


_SCOPES = {
    "0": "It has privileges of its own (setuid, capabilities), or a container forbids it. Run schedlab as "
    "root; run the container with --cap-add=SYS_PTRACE.",
    "1": "kernel.yama.ptrace_scope is 1: a process may read only those that it started. Start the program "
    "with schedlab, run schedlab as root, or allow it: sudo sysctl kernel.yama.ptrace_scope=0.",
    "2": "kernel.yama.ptrace_scope is 2: only root may. Run schedlab as root.",
    "3": "kernel.yama.ptrace_scope is 3: nobody may until the machine is started anew.",
}


def _of_kernel(pid: int) -> bool:
    """Whether it is a kernel thread (PF_KTHREAD in the flags of proc_pid_stat(5))."""
    try:
        return bool(int(_stat(pid)[6]) & 0x00200000)
    except OSError:
        return False


def _state(pid: int) -> str:
    """The letter in /proc/PID/stat: R, S, D, T, t, Z or X. Raises OSError if there is no such process."""
    return _stat(pid)[0]


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat that come after the program's name."""
    text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    return text.rpartition(")")[2].split()


def _process_vm_readv() -> ctypes._NamedFuncPointer:
    if not sys.platform.startswith("linux"):
        raise NotSupportedHere(
            "X-ray reads other processes as Linux does it; this is another system",
            remedy="Use an execution trace (schedlab trace) or schedtrace here.",
        )
    call = ctypes.CDLL(None, use_errno=True).process_vm_readv
    call.restype = ctypes.c_ssize_t
    number, address, count = ctypes.c_int, ctypes.c_void_p, ctypes.c_ulong
    call.argtypes = [number, address, count, address, count, count]
    return call
