"""What the kernel says about the sockets of a program that is held, and peers that talk to it."""

from __future__ import annotations

import contextlib
import os
import platform
import socket
from collections.abc import Iterator
from pathlib import Path

from schedlab.learn.labs.attempt import Held, Misbehaved

_LISTENS = "0A"  # net/tcp_states.h
_EPOLL_PWAIT = {"x86_64": 281, "aarch64": 22}
_WITHOUT_END = 0xFFFFFFFF
_PATIENCE_S = 10.0
_PIECE = 1 << 16


def port_of(held: Held) -> int:
    """The TCP port on which the program listens, by the kernel's table.

    Raises:
        Misbehaved: it listens on none, or has ended.
    """
    ports = [port for port, state in _sockets(held) if state == _LISTENS]
    if not ports:
        raise Misbehaved("does_not_listen", "It listens on no TCP port, so nobody can send it anything.")
    return ports[0]


def connections(held: Held) -> int:
    """How many TCP connections the program has open, by the kernel's table."""
    return sum(state != _LISTENS for _, state in _sockets(held))


def waits_without_end(held: Held) -> bool:
    """Whether a thread of the program sleeps in epoll_wait without a limit.

    Then no timer of the program is set: the thread that waits for the network wakes for the next timer too
    (runtime.findRunnable, runtime.netpoll). False where the kernel does not tell.
    """
    wanted = _EPOLL_PWAIT.get(platform.machine())
    for file in Path(f"/proc/{held.pid}/task").glob("*/syscall"):
        with contextlib.suppress(OSError):
            # The call's number, six arguments, stack pointer, program counter (proc_pid_syscall(5)).
            words = file.read_text().split()
            if (
                len(words) == 9
                and int(words[0]) == wanted
                and int(words[4], 16) & _WITHOUT_END == _WITHOUT_END
            ):
                return True
    return False


class Peer:
    """A connection to the program, which nothing here waits for.

    ``reply`` is what came so far, ``gone`` whether the program has closed the connection.
    """

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S)
        self._socket.setblocking(False)
        self._unsent = b""
        self.reply = b""
        self.gone = False

    def send(self, data: bytes) -> None:
        """Send it, as much as there is room for; ``listen`` sends the rest."""
        self._unsent += data
        try:
            while self._unsent:
                self._unsent = self._unsent[self._socket.send(self._unsent) :]
        except BlockingIOError:
            return
        except OSError:
            # What came before the end may still be there to be read.
            self._unsent = b""

    def listen(self) -> None:
        """Take in what has come."""
        self.send(b"")
        while not self.gone:
            try:
                piece = self._socket.recv(_PIECE)
            except BlockingIOError:
                return
            except OSError:
                piece = b""
            self.reply += piece
            self.gone = not piece

    def close(self) -> None:
        self._socket.close()


def _sockets(held: Held) -> Iterator[tuple[int, str]]:
    """Local port and state of each TCP socket that the program has open."""
    try:
        own = _open_files(held.pid)
        tables = [Path(f"/proc/{held.pid}/net/{name}").read_text() for name in ("tcp", "tcp6")]
    except OSError:
        raise held.ended() from None
    for line in (line for table in tables for line in table.splitlines()[1:]):
        words = line.split()
        if f"socket:[{words[9]}]" in own:
            yield int(words[1].partition(":")[2], 16), words[3]


def _open_files(pid: int) -> set[str]:
    found = set()
    for name in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208
        # One that is closed meanwhile is no end of the program.
        with contextlib.suppress(FileNotFoundError):
            found.add(os.readlink(f"/proc/{pid}/fd/{name}"))  # noqa: PTH115
    return found
