"""From lines to blocks: what belongs to one scheddetail snapshot, and what belongs to none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from schedlab.capture.schedtrace.columns import Rows, Shapes, SlowRow, tables_of
from schedlab.capture.schedtrace.grammar import (
    MAX_PROCS,
    Refused,
    Summary,
    check_keys,
    check_lengths,
    pieces,
    read_g,
    read_m,
    read_p,
    read_summary,
    torn,
)
from schedlab.capture.schedtrace.records import Detail, G, M, P, SchedBlock
from schedlab.capture.schedtrace.statuses import Release
from schedlab.capture.stderr_lines import Batch, Line, Reject, decoded, overlong_reason

BLOCK_CELLS = 1 << 22
"""The most numbers that ``local_runq`` of one block may have: 32 MiB."""


class BlockReader:
    """Reads batches one after the other; a snapshot may go on from one into the next."""

    def __init__(self, release: Release | None, *, shapes: Shapes | None) -> None:
        """Without ``shapes`` every line takes the slow path, with the same result."""
        self._release = release
        self._shapes = shapes
        self._open: _Snapshot | None = None
        self._block = _Block()

    def read(self, batch: Batch) -> Iterator[SchedBlock]:
        """What the lines of ``batch`` complete."""
        if self._shapes is None:
            is_fast = np.zeros(len(batch), np.bool_)
        else:
            self._block.rows.fast, is_fast = self._shapes.take(batch)
        starts, ends, fast_before = batch.starts().tolist(), batch.ends.tolist(), np.cumsum(is_fast).tolist()
        seen = 0
        for i in np.flatnonzero(~is_fast).tolist():
            if fast_before[i] > seen:
                self._close()
                seen = fast_before[i]
            if i in batch.overlong:
                self._take_overlong(batch.first_line + i, batch.data[starts[i] : ends[i]], batch.overlong[i])
            else:
                self._take_line(batch.first_line + i, batch.data[starts[i] : ends[i]])
        if seen < fast_before[-1]:
            self._close()
        yield from self._completed(batch.first_line, len(batch))

    def finish(self, next_line: int) -> Iterator[SchedBlock]:
        """The snapshot that was still open at the end of the input."""
        self._close()
        if self._block.rows.slow:
            yield from self._completed(next_line, 0)

    def _take_line(self, line: int, text: bytes) -> None:
        for kind, piece in pieces(text):
            try:
                self._take(kind, piece, line)
            except Refused as refused:
                if piece.startswith(b"SCHED "):
                    self._close()
                self._block.rejects.append(Reject(line, decoded(piece), str(refused)))

    def _take(self, kind: str, piece: bytes, line: int) -> None:
        if kind == "SCHED":
            self._take_summary(piece, line)
        elif kind == "P":
            self._add(read_p(piece, line, self._release))
        elif kind == "M":
            self._add(read_m(piece, line))
        elif kind == "G":
            self._add(read_g(piece, line, self._release))
        elif reason := torn(piece):
            raise Refused(reason)
        else:
            self._block.program_output.append(Line(line, decoded(piece)))

    def _take_summary(self, piece: bytes, line: int) -> None:
        summary = read_summary(piece)
        check_keys(summary)
        check_lengths(summary)
        self._close()
        if summary.detail:
            self._open = _Snapshot(line, summary)
        else:
            self._block.rows.slow.append(SlowRow(line, summary))

    def _add(self, record: P | M | G) -> None:
        """Put a P, M or G line into its snapshot."""
        if self._open and not self._open.goes_on_with(record):
            self._close()
        if not self._open:
            raise Refused(f"a {type(record).__name__} line without its SCHED line")
        self._open.add(record)

    def _take_overlong(self, line: int, kept: bytes, length: int) -> None:
        if any(kind == "SCHED" for kind, _ in pieces(kept)):
            self._close()
        self._block.rejects.append(Reject(line, decoded(kept), overlong_reason(length)))

    def _close(self) -> None:
        if self._open:
            self._block.details.append((len(self._block.rows.slow), self._open))
            self._block.rows.slow.append(SlowRow(self._open.line, self._open.summary, self._open.ps))
            self._open = None

    def _completed(self, first_line: int, lines: int) -> Iterator[SchedBlock]:
        block, self._block = self._block, _Block()
        for table, became in tables_of(block.rows, BLOCK_CELLS):
            yield SchedBlock(
                first_line=first_line,
                lines=lines,
                summaries=table,
                snapshots=tuple(
                    snapshot.detail(became[slow]) for slow, snapshot in block.details if slow in became
                ),
                program_output=tuple(block.program_output),
                rejects=tuple(block.rejects),
            )
            first_line, lines = first_line + lines, 0
            block.program_output, block.rejects = [], []


@dataclass(slots=True)
class _Snapshot:
    """A snapshot whose lines are still coming."""

    line: int
    summary: Summary
    ps: list[P] = field(default_factory=list)
    ms: list[M] = field(default_factory=list)
    gs: list[G] = field(default_factory=list)

    def goes_on_with(self, record: P | M | G) -> bool:
        """Ps, Ms and Gs are printed in this order: where Ps begin again, a SCHED line went missing."""
        if isinstance(record, P):
            return not self.ms and not self.gs and (not self.ps or self.ps[-1].id < record.id)
        return isinstance(record, G) or not self.gs

    def add(self, record: P | M | G) -> None:
        """Raises Refused for a P that there cannot be: no line may make the table arbitrarily wide."""
        if isinstance(record, M):
            self.ms.append(record)
        elif isinstance(record, G):
            self.gs.append(record)
        elif record.id < min(self.summary.counts["gomaxprocs"], MAX_PROCS):
            self.ps.append(record)
        else:
            raise Refused(f"P{record.id} although gomaxprocs={self.summary.counts['gomaxprocs']}")

    def detail(self, row: int) -> Detail:
        counts, flags = self.summary.counts, self.summary.detail
        return Detail(
            row=row,
            line=self.line,
            time_ms=self.summary.time_ms,
            gomaxprocs=counts.get("gomaxprocs", -1),
            idleprocs=counts.get("idleprocs", -1),
            threads=counts.get("threads", -1),
            spinningthreads=counts.get("spinningthreads", -1),
            needspinning=counts.get("needspinning", -1),
            idlethreads=counts.get("idlethreads", -1),
            runqueue=counts.get("runqueue", -1),
            gcwaiting=bool(flags["gcwaiting"]),
            nmidlelocked=flags["nmidlelocked"],
            stopwait=flags["stopwait"],
            sysmonwait=bool(flags["sysmonwait"]),
            ps=tuple(self.ps),
            ms=tuple(self.ms),
            gs=tuple(self.gs),
            extra=self.summary.extra,
        )


@dataclass(slots=True)
class _Block:
    """What has been read since the last block was given out."""

    rows: Rows = field(default_factory=Rows)
    details: list[tuple[int, _Snapshot]] = field(default_factory=list)  # with its index in rows.slow
    program_output: list[Line] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
