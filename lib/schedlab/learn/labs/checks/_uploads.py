"""Peers that send uploads to a server that is held: whole ones, slow ones, and some that fall silent."""

from __future__ import annotations

import secrets
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from schedlab.learn.labs.attempt import Held, Misbehaved
from schedlab.learn.labs.checks._network import Peer, waits_without_end

_TRICKLE_S = 0.02
_LOOK_S = 0.005
# Looks at a program in which nothing moves, until that is the end of it.
_STILL_LOOKS = 20
# Of one wait, for a server that sets timers for something else. Two of them are within attempt.WALL_LIMIT_S.
_PATIENCE_S = 10.0

_SIZE = 1000
_SLOW_SIZE = 128 << 10
_SLOW_PIECE = 64


@dataclass(slots=True)
class Load:
    """All peers of one run. ``uploads`` and ``slow`` are peers with what they send.

    ``gap_s`` is the longest time for which a slow peer was silent, by this side's fault.
    """

    held: Held
    port: int
    slow: list[tuple[Peer, bytes]] = field(default_factory=list)
    in_header: list[Peer] = field(default_factory=list)
    in_body: list[Peer] = field(default_factory=list)
    uploads: list[tuple[Peer, bytes]] = field(default_factory=list)
    gap_s: float = 0.0
    _sent: int = 0
    _sent_at: float = 0.0

    def begin_slow(self, count: int) -> None:
        """So many announce a long upload, and send a little of it again and again from now on."""
        # All of them at once, because all are as far as ``_sent`` says.
        self.slow += [(self._new(_header(_SLOW_SIZE)), secrets.token_bytes(_SLOW_SIZE)) for _ in range(count)]

    def fall_silent_in_header(self, count: int) -> None:
        """So many send a part of a header, and nothing after it."""
        self.in_header += [self._new(_header(_SIZE)[:20]) for _ in range(count)]

    def fall_silent_in_body(self, count: int) -> None:
        """So many send a header and a part of an upload, and nothing after it."""
        self.in_body += [self._new(_header(_SIZE) + b"part") for _ in range(count)]

    def upload(self, count: int) -> None:
        """So many send an upload, all of it."""
        for _ in range(count):
            body = secrets.token_bytes(_SIZE)
            self.uploads.append((self._new(_header(_SIZE) + body), body))

    def finish_slow(self) -> None:
        """The slow ones send the rest at once."""
        for peer, body in self.slow:
            peer.send(body[self._sent :])
        self._sent = _SLOW_SIZE

    def all(self) -> Iterator[Peer]:
        """Every peer."""
        yield from (peer for peer, _ in (*self.slow, *self.uploads))
        yield from (*self.in_header, *self.in_body)

    def go_on(self) -> tuple[int, int]:
        """Send what is due and take in what came: how many connections have ended, how many bytes came."""
        self._trickle()
        for peer in self.all():
            peer.listen()
        return sum(peer.gone for peer in self.all()), sum(len(peer.reply) for peer in self.all())

    def go_on_until(self, over: Callable[[], bool]) -> None:
        """Go on until ``over()`` holds, or it never will: nothing moves, and the server has set no timer."""
        give_up, still, last = time.monotonic() + _PATIENCE_S, 0, (0, 0)
        while time.monotonic() < give_up:
            now = self.go_on()
            if over():
                return
            still = still + waits_without_end(self.held) if now == last else 0
            last = now
            if still >= _STILL_LOOKS:
                return
            # Says how it ended, if it did.
            self.held.threads()
            time.sleep(_LOOK_S)

    def close(self) -> None:
        """Hang up everywhere."""
        for peer in self.all():
            peer.close()

    def _new(self, first: bytes) -> Peer:
        peer = Peer(self.port)
        peer.send(first)
        self._trickle()
        return peer

    def _trickle(self) -> None:
        now = time.monotonic()
        if not self.slow or self._sent == _SLOW_SIZE or now - self._sent_at < _TRICKLE_S:
            return
        if self._sent_at:
            self.gap_s = max(self.gap_s, now - self._sent_at)
        self._sent_at = now
        for peer, body in self.slow:
            peer.send(body[self._sent : self._sent + _SLOW_PIECE])
        self._sent += _SLOW_PIECE


def served(uploads: list[tuple[Peer, bytes]]) -> int:
    """How many got the checksum of what they sent.

    Raises:
        Misbehaved: one got another.
    """
    found = 0
    for peer, body in uploads:
        head, _, said = peer.reply.partition(b"\r\n\r\n")
        if b" 200 " not in head.partition(b"\r\n")[0]:
            continue
        if f"{zlib.crc32(body):08x}".encode() not in said:
            raise Misbehaved(
                "wrong_result",
                "An upload got the checksum of something else. It is that of all bytes, in order.",
            )
        found += 1
    return found


def _header(size: int) -> bytes:
    return f"POST / HTTP/1.1\r\nHost: upload\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n".encode()
