"""A program's output in bounded memory, and cut into lines."""

from __future__ import annotations

import codecs

# A longer line is handed on in pieces of this many bytes, so that endless lines need no endless memory.
LONGEST_LINE_BYTES = 1 << 20

_READ_AT_ONCE_BYTES = 1 << 20
_LOOK_FOR_LINE_END_BYTES = 1 << 16


class BoundedOutput:
    """Keeps the first and the last half of ``limit_bytes`` of a stream, and counts what was between."""

    __slots__ = ("_head", "_head_limit", "_oldest", "_tail", "_tail_limit", "total_bytes")

    def __init__(self, limit_bytes: int) -> None:
        self._head_limit = limit_bytes // 2
        self._tail_limit = limit_bytes - self._head_limit
        self._head = bytearray()
        # A ring once it is full; ``_oldest`` is then where its oldest byte is.
        self._tail = bytearray()
        self._oldest = 0
        self.total_bytes = 0

    def append(self, data: bytes) -> None:
        """Add the next bytes of the stream."""
        self.total_bytes += len(data)
        rest = memoryview(data)
        rest = self._fill(self._head, self._head_limit, rest)
        rest = self._fill(self._tail, self._tail_limit, rest)
        while rest:
            count = min(len(rest), self._tail_limit - self._oldest)
            self._tail[self._oldest : self._oldest + count] = rest[:count]
            self._oldest = (self._oldest + count) % self._tail_limit
            rest = rest[count:]

    def read(self, offset: int) -> tuple[int, bytes]:
        """Kept bytes at or after ``offset`` of the stream, at most 1 MiB, and the offset where they start.

        They start later than ``offset`` if what was there has been dropped. Empty: nothing is there yet.
        """
        if offset < len(self._head):
            return offset, bytes(self._head[offset : offset + _READ_AT_ONCE_BYTES])
        start = max(offset, self.total_bytes - len(self._tail))
        behind_oldest = start - (self.total_bytes - len(self._tail))
        if behind_oldest >= len(self._tail):
            return start, b""
        place = (self._oldest + behind_oldest) % len(self._tail)
        end = len(self._tail) if place >= self._oldest else self._oldest
        return start, bytes(self._tail[place : min(end, place + _READ_AT_ONCE_BYTES)])

    def text(self) -> tuple[str, int]:
        """The kept text, decoded, and how many bytes were dropped in its middle.

        The gap is marked by a line of its own, and it is widened to whole lines where a line end is near:
        half a line could read as a whole one with another number in it.
        """
        head, tail = bytes(self._head), bytes(self._tail[self._oldest :] + self._tail[: self._oldest])
        if len(head) + len(tail) == self.total_bytes:
            return (head + tail).decode("utf-8", "replace"), 0
        head_end = head.rfind(b"\n", max(0, len(head) - _LOOK_FOR_LINE_END_BYTES)) + 1
        head = head[:head_end] if head_end else head
        tail = tail[tail.find(b"\n", 0, _LOOK_FOR_LINE_END_BYTES) + 1 :]
        dropped = self.total_bytes - len(head) - len(tail)
        before = head.decode("utf-8", "replace")
        line_end = "" if before.endswith("\n") else "\n"
        marker = f"{line_end}[schedlab: {dropped} bytes dropped here]\n"
        return before + marker + tail.decode("utf-8", "replace"), dropped

    @staticmethod
    def _fill(part: bytearray, limit: int, data: memoryview) -> memoryview:
        room = limit - len(part)
        if room:
            part += data[:room]
        return data[room:]


class LineSplitter:
    """Cuts a stream of bytes into decoded lines, without their line ends."""

    __slots__ = ("_decoder", "_pending", "_pending_bytes")

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pending: list[str] = []
        self._pending_bytes = 0

    def feed(self, data: bytes) -> list[str]:
        """The lines that ``data`` completes. A line longer than 1 MiB comes in pieces of 1 MiB or less."""
        *ended, rest = data.split(b"\n")
        lines: list[str] = []
        for line in ended:
            self._take(line, lines, ends=True)
        if rest:
            self._take(rest, lines, ends=False)
        return lines

    def finish(self) -> list[str]:
        """What was begun and has no line end: a list of one line, or of none."""
        if not self._pending_bytes:
            return []
        return [self._joined(b"", ends=True)]

    def _take(self, part: bytes, lines: list[str], *, ends: bool) -> None:
        while self._pending_bytes + len(part) > LONGEST_LINE_BYTES:
            room = LONGEST_LINE_BYTES - self._pending_bytes
            lines.append(self._joined(part[:room], ends=False))
            part = part[room:]
        if ends:
            lines.append(self._joined(part, ends=True))
        else:
            self._pending.append(self._decoder.decode(part))
            self._pending_bytes += len(part)

    def _joined(self, part: bytes, *, ends: bool) -> str:
        self._pending.append(self._decoder.decode(part, final=ends))
        line = "".join(self._pending)
        self._pending.clear()
        self._pending_bytes = 0
        return line
