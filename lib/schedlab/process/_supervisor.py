"""The process between a kernel and a program: starts the program, and ends all that descends from it.

It runs in an interpreter of its own (``python -I -S``) and in its own session, so that neither Ctrl-C nor
the kernel's death takes it along. It ends the program and every descendant when the program ends, at the
wall limit, when told to, when its caller shuts the control socket, and when its caller's process is gone.
The last is seen by a pidfd too, because a forked sibling of the caller may hold the socket open.

On Linux it is the subreaper of all descendants (prctl(2), PR_SET_CHILD_SUBREAPER): whatever they do
(double fork, setsid), they stay below it, and ``wait4`` answering ECHILD proves that none is left.
Elsewhere it can end only the program's process group.

This module imports as little as it can: every import is paid for at the start of every run.
"""

# pathlib and contextlib are such imports.
# ruff: noqa: PTH102, PTH106, PTH110, PTH116, PTH123, PTH208, SIM105

from __future__ import annotations

import errno
import marshal
import os
import select
import signal
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from schedlab.process._messages import EndedBy, GroupSpec, Report, Spec, Stage

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

# A caller that was interrupted while it started this process never sends a spec.
_SPEC_WAIT_S = 30.0
# How long killed processes may take to go: one may first have to give back much memory, or be stuck in
# the kernel. After that they are reported as left.
_KILL_WAIT_S = 20.0
# Where there is no pidfd: how often to look whether the caller is still the parent.
_CALLER_LOOK_S = 0.25
_LONGEST_WAIT_S = 3600.0


def main() -> None:
    """Serve one run. ``sys.argv``: this folder, the caller's pid. Descriptor 0 is the control socket."""
    supervisor = _Supervisor(caller=int(sys.argv[2]))
    try:
        supervisor.serve()
    except BaseException:
        import traceback

        supervisor.report({"kind": "crashed", "traceback": traceback.format_exc()})
    os._exit(0)


def pack(message: Any) -> bytes:
    """One frame: the length in 4 bytes, then the message, a dict of plain values.

    ``marshal`` and not JSON: both ends are one interpreter, arguments are bytes, and it costs no import.
    """
    body = marshal.dumps(message)
    return len(body).to_bytes(4, "big") + body


class Unpacker:
    """Bytes of a stream in, whole messages out."""

    __slots__ = ("_bytes",)

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> list[Any]:
        """The messages that ``data`` completes."""
        self._bytes += data
        messages = []
        while len(self._bytes) >= 4:
            end = 4 + int.from_bytes(self._bytes[:4], "big")
            if len(self._bytes) < end:
                break
            messages.append(marshal.loads(self._bytes[4:end]))
            del self._bytes[:end]
        return messages


class _Supervisor:
    def __init__(self, caller: int) -> None:
        self._caller = caller
        # Descriptor 0 is about to become the program's input; 1 and 2 are its outputs already.
        self._control = os.dup(0)
        self._incoming = Unpacker()
        self._prctl = _find_prctl()
        self._owns_descendants = self._prctl(_PR_SET_CHILD_SUBREAPER, 1) == 0
        self._wake = _wake_on_signals()
        self._caller_fd = _open_pidfd(caller)
        self._group: _Group | None = None
        # The other end closes itself when exec works; until then the program's side writes to it.
        self._exec_fd: int | None = None
        self._program = 0
        self._started_ns = 0
        self._machine_ns: int | None = None
        self._used_by_machine_ns: int | None = None
        self._wall_limit_ns: int | None = None
        self._deadline_ns: int | None = None
        self._must_end = False
        self._ended_by: EndedBy = "program"
        self._failure: tuple[Stage, int] | None = None
        self._end: tuple[int, Any, int] | None = None

    def serve(self) -> None:
        spec = self._receive_spec()
        if spec is None:
            return
        try:
            self._start(spec)
            self._watch()
        finally:
            left = self.end_descendants()
            cpu_stat = self._group.close() if self._group else None
        if not left:
            self._note_exec()
        if self._failure:
            self.report({"kind": "failed", "stage": self._failure[0], "errno": self._failure[1]})
        elif self._program:
            self._report_end(left, cpu_stat)

    def end_descendants(self) -> list[int]:
        """Kill and reap until nothing is left; gives the pids of those that could not be killed.

        What is forked meanwhile is found on the next round: it moves up to be a child of this process
        when its parent dies, and a killed process forks no more.
        """
        give_up = time.monotonic() + _KILL_WAIT_S
        while self._reap():
            if time.monotonic() > give_up:
                return descendants()
            self._kill_all()
            # A SIGCHLD ends this wait early.
            self._poll([self._wake], 0.02)
        return []

    def report(self, report: Report) -> None:
        data = pack(report)
        try:
            while data:
                data = data[os.write(self._control, data) :]
        except OSError:
            pass  # The caller is gone: nobody wants to know.

    def _receive_spec(self) -> Spec | None:
        give_up = time.monotonic() + _SPEC_WAIT_S
        while (rest := give_up - time.monotonic()) > 0:
            ready = self._poll([self._control, self._caller_fd, self._wake], rest)
            if self._caller_gone(ready):
                return None
            if self._control in ready:
                data = self._receive()
                specs: list[Spec] = self._incoming.feed(data)
                if specs or not data:
                    return specs[0] if specs else None
        return None

    def _receive(self) -> bytes:
        """What the caller sent; nothing if it is gone, also if it did not read a report before it went."""
        try:
            return os.read(self._control, 1 << 16)
        except ConnectionResetError:
            return b""

    def _start(self, spec: Spec) -> None:
        _become_input(spec["stdin_fd"])
        if spec["group"]:
            self._group = _Group(spec["group"])
            try:
                self._group.make()
            except OSError as error:
                self._failure = ("quota", error.errno or 0)
                return
        self._wall_limit_ns = spec["wall_limit_ns"]
        self._limit_from(time.monotonic_ns())
        self._exec_fd, child_end = os.pipe()
        self._program = _fork(spec, self._prctl, self._group, child_end)
        os.close(child_end)

    def _watch(self) -> None:
        """Return when the program has ended, or when everything has to."""
        while not (self._must_end or self._end or self._failure):
            ready = self._poll([self._control, self._caller_fd, self._wake, self._exec_fd], self._rest_s())
            if self._exec_fd in ready:
                self._note_exec()
            if self._control in ready:
                self._obey()
            if self._caller_gone(ready):
                self._end_now("caller")
            self._reap()
            if self._deadline_ns is not None and time.monotonic_ns() >= self._deadline_ns:
                self._end_now("wall limit")

    def _obey(self) -> None:
        data = self._receive()
        if not data:
            self._end_now("caller")
        for order in self._incoming.feed(data):
            # Not yet reaped, so the number is still the program's.
            if not self._end:
                _send(self._program, order["signal"])
            if order["grace_ns"] is not None:
                self._ended_by = "stop"
                last = time.monotonic_ns() + order["grace_ns"]
                self._deadline_ns = min(last, self._deadline_ns or last)

    def _end_now(self, why: EndedBy) -> None:
        if self._end:
            return  # It had ended by itself before there was a reason to end it.
        self._must_end = True
        if self._ended_by == "program":
            self._ended_by = why

    def _note_exec(self) -> None:
        """Learn from the program's side of the pipe when it called exec, and whether exec worked."""
        if self._exec_fd is None:
            return
        data = b""
        while part := os.read(self._exec_fd, 1 << 12):
            data += part
        os.close(self._exec_fd)
        self._exec_fd = None
        for message in Unpacker().feed(data):
            self._started_ns = message.get("exec_ns", self._started_ns)
            if "stage" in message:
                self._failure = (message["stage"], message["errno"])
        if not self._failure:
            self._machine_ns = machine_cpu_ns()
            self._limit_from(self._started_ns)
            self.report({"kind": "started", "pid": self._program})

    def _limit_from(self, start_ns: int) -> None:
        """The wall limit counts from exec; until exec is seen, from the fork, for exec may hang too."""
        if self._wall_limit_ns is not None:
            self._deadline_ns = start_ns + self._wall_limit_ns

    def _reap(self) -> bool:
        """Reap all that have ended. Says whether any child is left; on Linux: any descendant."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self._program:
                self._end = (status, usage, time.monotonic_ns())
                now = machine_cpu_ns()
                if now is not None and self._machine_ns is not None:
                    self._used_by_machine_ns = now - self._machine_ns

    def _kill_all(self) -> None:
        if self._owns_descendants:
            for pid in descendants():
                _send(pid, signal.SIGKILL)
        if self._program and not self._end:
            # All that there is where this is no subreaper, or where /proc hides processes.
            _send(-self._program, signal.SIGKILL)

    def _poll(self, descriptors: Iterable[int | None], timeout_s: float) -> list[int]:
        """The descriptors that have something to say, after at most this time."""
        poll = select.poll()
        for descriptor in descriptors:
            if descriptor is not None:
                poll.register(descriptor, select.POLLIN)
        # Rounded up: a wait of 0 ms just before a deadline would spin.
        ready = [fd for fd, _ in poll.poll(int(timeout_s * 1000) + 1)]
        if self._wake in ready and signal.SIGTERM in os.read(self._wake, 1 << 12):
            self._end_now("caller")
        return ready

    def _rest_s(self) -> float:
        """How long to wait at most: poll(2) takes no more than 24 days, and a limit may be longer."""
        longest = _LONGEST_WAIT_S if self._caller_fd is not None else _CALLER_LOOK_S
        if self._deadline_ns is None:
            return longest
        return min(longest, max(0, self._deadline_ns - time.monotonic_ns()) / 1e9)

    def _caller_gone(self, ready: list[int]) -> bool:
        return self._caller_fd in ready or os.getppid() != self._caller

    def _report_end(self, left: list[int], cpu_stat: str | None) -> None:
        # Without an end the program is itself among those that are left.
        status, usage, ended_ns = self._end or (None, None, time.monotonic_ns())
        self.report(
            {
                "kind": "ended",
                "ended_by": self._ended_by,
                "wait_status": status,
                "wall_ns": ended_ns - (self._started_ns or ended_ns),
                "user_ns": round(usage.ru_utime * 1e6) * 1000 if usage else 0,
                "system_ns": round(usage.ru_stime * 1e6) * 1000 if usage else 0,
                "machine_cpu_ns": self._used_by_machine_ns,
                "max_rss": usage.ru_maxrss if usage else 0,
                "voluntary_switches": usage.ru_nvcsw if usage else 0,
                "involuntary_switches": usage.ru_nivcsw if usage else 0,
                "left_pids": left,
                "cpu_stat": cpu_stat,
            }
        )


class _Group:
    """A control group for one run, named after this process so that a later run can see it is stale."""

    def __init__(self, spec: GroupSpec) -> None:
        self._files = spec["files"]
        with open("/proc/self/stat", "rb") as stat:
            started = int(stat.read().rpartition(b")")[2].split()[19])
        namespace = os.stat("/proc/self/ns/pid").st_ino
        self._path = f"{spec['parent']}/schedlab-{namespace}-{os.getpid()}-{started}"

    def make(self) -> None:
        os.mkdir(self._path)
        for name, value in self._files:
            self._write(name, value)

    def join(self) -> None:
        """Put the calling process into the group: "0" names the writer itself."""
        self._write("cgroup.procs", "0")

    def close(self) -> str | None:
        """Remove the group, which has no process left, and give what the kernel counted in it."""
        try:
            with open(f"{self._path}/cpu.stat") as file:
                cpu_stat = file.read()
        except OSError:
            cpu_stat = None
        # A group stays busy for a moment after its last process was reaped.
        for _ in range(200):
            try:
                os.rmdir(self._path)
                break
            except FileNotFoundError:
                break
            except OSError:
                time.sleep(0.01)
        return cpu_stat

    def _write(self, name: str, value: str) -> None:
        # Never O_CREAT: a file that is not there is a feature that the system does not have.
        descriptor = os.open(f"{self._path}/{name}", os.O_WRONLY)
        try:
            os.write(descriptor, value.encode())
        finally:
            os.close(descriptor)


def _fork(spec: Spec, prctl: Callable[[int, int], int], group: _Group | None, report_fd: int) -> int:
    supervisor = os.getpid()
    program = os.fork()
    if program:
        return program
    stage: Stage = "exec"
    try:
        signal.set_wakeup_fd(-1)
        os.setpgid(0, 0)
        # If the supervisor itself is killed, the program at least goes with it.
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != supervisor:
            os._exit(127)
        if group:
            stage = "quota"
            group.join()
        if spec["cpus"] is not None:
            stage = "affinity"
            os.sched_setaffinity(0, spec["cpus"])
        if spec["cwd"] is not None:
            stage = "cwd"
            os.chdir(spec["cwd"])
        if spec["confinement"] is not None:
            stage = "confinement"
            import _confine  # type: ignore[import-not-found]

            _confine.confine(spec["confinement"], spec["program"])
        stage = "exec"
        _default_signals()
        _execute(spec, report_fd)
    except OSError as error:
        os.write(report_fd, pack({"stage": stage, "errno": error.errno or 0}))
    finally:
        os._exit(127)


def _execute(spec: Spec, report_fd: int) -> None:
    # ETXTBSY passes: while another thread of the caller forks, the fork holds all descriptors for a
    # moment, also one through which the program's file was written.
    for patience in reversed(range(100)):
        try:
            os.write(report_fd, pack({"exec_ns": time.monotonic_ns()}))
            os.execve(spec["program"], spec["argv"], spec["environment"])
        except OSError as error:
            if error.errno != errno.ETXTBSY or not patience:
                raise
            time.sleep(0.02)


def _default_signals() -> None:
    """Undo what Python ignores (SIGPIPE, SIGXFSZ) and what the caller may have ignored or blocked."""
    for number in range(1, signal.NSIG):
        try:
            signal.signal(number, signal.SIG_DFL)
        except (OSError, ValueError):
            pass  # SIGKILL, SIGSTOP and those that the C library keeps for itself.
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _become_input(stdin_fd: int | None) -> None:
    source = os.open(os.devnull, os.O_RDONLY) if stdin_fd is None else stdin_fd
    os.dup2(source, 0)
    os.close(source)


def _wake_on_signals() -> int:
    """A descriptor that is readable after SIGCHLD and SIGTERM and gives their numbers as bytes."""
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    return readable


def _open_pidfd(pid: int) -> int | None:
    """A descriptor that is readable once the process is gone; None where the system has none."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def _find_prctl() -> Callable[[int, int], int]:
    try:
        import ctypes

        prctl = ctypes.CDLL(None).prctl
    except (ImportError, OSError, AttributeError):
        return lambda _option, _value: -1
    prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
    return lambda option, value: int(prctl(option, value, 0, 0, 0))


def machine_cpu_ns() -> int | None:
    """The CPU time that the machine has used since it started, or None where no file tells (proc_stat(5)).

    All but idling and waiting for a disk; what a hypervisor gave to others counts, for nobody here had it.
    """
    try:
        with open("/proc/stat", "rb") as file:
            user, nice, system, _, _, interrupts, soft, stolen = map(int, file.readline().split()[1:9])
    except (OSError, ValueError):
        return None
    ticks = user + nice + system + interrupts + soft + stolen
    return ticks * (1_000_000_000 // os.sysconf("SC_CLK_TCK"))


def descendants(*, by_scan: bool = False) -> list[int]:
    """The pids of all that descend from this process, as /proc has them; those that ended included.

    ``by_scan`` reads every process instead of the kernel's lists of children (CONFIG_PROC_CHILDREN),
    and so does a system without these lists.
    """
    own = os.getpid()
    if by_scan or not os.path.exists(f"/proc/{own}/task/{own}/children"):
        family = _all_children()
        children_of: Callable[[int], list[int]] = lambda pid: family.get(pid, [])  # noqa: E731
    else:
        children_of = _listed_children
    found: dict[int, None] = {}
    parents = [own]
    while parents:
        children = [pid for pid in children_of(parents.pop()) if pid not in found]
        found.update(dict.fromkeys(children))
        parents += children
    return list(found)


def _listed_children(pid: int) -> list[int]:
    children: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                children += map(int, file.read().split())
    except OSError:
        pass  # It ended while it was looked at; its children have moved to this process.
    return children


def _all_children() -> dict[int, list[int]]:
    family: dict[int, list[int]] = {}
    try:
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return {}
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                parent = int(file.read().rpartition(b")")[2].split()[1])
        except OSError:
            continue
        family.setdefault(parent, []).append(pid)
    return family


def _send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except OSError:
        pass  # Gone, or not ours to kill: the count of those that are left will tell.
