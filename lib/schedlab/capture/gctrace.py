"""GODEBUG=gctrace, as every Go release since 1.17 prints it.

What the releases print (``gcMarkTermination`` in runtime/mgc.go, described in runtime/extern.go):

====================  =====================================================================
1.17                  ``gc 1 @0.012s 2%: … ms clock, … ms cpu, 4->4->0 MB, 5 MB goal, 4 P``
1.18 and later        ``… 5 MB goal, 0 MB stacks, 0 MB globals, 4 P``
1.25 and later        with gctrace=2, ``scan: …`` lines after each (``dumpScanStats``)
1.26 and later        ``gc 1 @0.012s 2% (checking for goroutine leaks): …``
====================  =====================================================================

``GC forced`` is printed before a cycle that sysmon asked for because there was none for two minutes
(``forcegchelper`` in runtime/proc.go), ``scav …`` with GODEBUG=scavtrace (``printScavTrace`` in
runtime/mgcscavenge.go). No release since 1.17 prints ``scvg``.

``parse`` reads a whole trace, ``stream`` one of any size in constant memory.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from schedlab.capture.stderr_lines import (
    BLOCK_LINES,
    Batch,
    Line,
    Reject,
    Source,
    batches,
    decoded,
    overlong_reason,
)

if TYPE_CHECKING:
    # Half a second to import: only who asks for a table waits for it.
    import pandas as pd

__all__ = ["GcBlock", "GcCycle", "GcNote", "GcTrace", "Line", "Reject", "parse", "stream"]

NoteKind = Literal["GC forced", "scan", "scav"]


@dataclass(frozen=True, slots=True)
class GcCycle:
    """One garbage collection.

    Times are nanoseconds, as exact as the line gives them: ``start_ns`` since the program's start to a
    millisecond, durations to two digits below 10 ms, to a millisecond above (``fmtNSAsMS``). CPU times are
    sums over the Ps. Sizes are MiB, rounded down, though the line says MB.
    """

    line: int
    number: int
    start_ns: int
    cpu_percent: int
    """The share of all CPU time since the program's start that went into collection."""
    stw_sweep_term_ns: int
    concurrent_ns: int
    """Concurrent mark and scan."""
    stw_mark_term_ns: int
    cpu_stw_sweep_term_ns: int
    cpu_assist_ns: int
    cpu_background_ns: int
    """Dedicated and fractional mark workers."""
    cpu_idle_ns: int
    cpu_stw_mark_term_ns: int
    heap_start_mb: int
    heap_end_mb: int
    """At the end of marking."""
    heap_marked_mb: int
    """What was found alive."""
    goal_mb: int
    stacks_mb: int | None
    globals_mb: int | None
    procs: int
    forced: bool
    """By a call such as runtime.GC."""
    leak_check: bool
    """Whether the cycle looked for leaked goroutines."""
    extra: tuple[str, ...] = ()
    """What no known release prints."""


@dataclass(frozen=True, slots=True)
class GcNote:
    """A line by the collector that is no cycle."""

    line: int
    kind: NoteKind
    text: str


@dataclass(frozen=True, slots=True)
class GcBlock:
    """Part of a trace: ``lines`` input lines from ``first_line`` on."""

    first_line: int
    lines: int
    cycles: tuple[GcCycle, ...]
    notes: tuple[GcNote, ...]
    program_output: tuple[Line, ...]
    rejects: tuple[Reject, ...]


@dataclass(frozen=True, slots=True)
class GcTrace:
    """A whole trace. Each of its ``lines`` input lines is in at least one of the four.

    A line is in two of them when several things were printed into it without a newline between.
    """

    lines: int
    cycles: tuple[GcCycle, ...]
    notes: tuple[GcNote, ...]
    program_output: tuple[Line, ...]
    rejects: tuple[Reject, ...]

    def to_pandas(self) -> pd.DataFrame:
        """One row per cycle, one column per field of GcCycle; what was not printed is ``<NA>``."""
        import pandas as pd

        names = [field.name for field in dataclasses.fields(GcCycle)]
        columns = {name: [getattr(cycle, name) for cycle in self.cycles] for name in names}
        return pd.DataFrame(
            {
                name: pd.Series(values, dtype=_PANDAS_TYPES.get(name, "int64"))
                for name, values in columns.items()
            }
        )


def parse(source: Source) -> GcTrace:
    """The whole of a program's stderr, read as gctrace.

    Lines of other kinds, schedtrace's among them, are program output; what looks like a cycle and cannot
    be read is a reject. Nothing is dropped.

    Raises CaptureError when the source cannot be read.
    """
    blocks = list(stream(source))
    return GcTrace(
        lines=sum(block.lines for block in blocks),
        cycles=tuple(cycle for block in blocks for cycle in block.cycles),
        notes=tuple(note for block in blocks for note in block.notes),
        program_output=tuple(line for block in blocks for line in block.program_output),
        rejects=tuple(reject for block in blocks for reject in block.rejects),
    )


def stream(source: Source, *, block_lines: int = BLOCK_LINES) -> Iterator[GcBlock]:
    """The same, block by block: a block for at most ``block_lines`` input lines, in constant memory.

    ``block_lines=1`` follows a live program: each block is given out as soon as its line is there.

    Raises CaptureError when the source cannot be read, and UsageError when ``block_lines`` is below 1.
    """
    return map(_block, batches(source, block_lines))


_PANDAS_TYPES = {
    "stacks_mb": "Int64",
    "globals_mb": "Int64",
    "forced": "bool",
    "leak_check": "bool",
    "extra": "object",
}
_FORCED, _LEAK_CHECK = "forced", "checking for goroutine leaks"
_SHOWN_BYTES = 40

_RECORD = re.compile(rb"gc \d+ @\d|GC forced\r?$|scan: (?:total|class) |scav \d+ KiB work")
_TORN = re.compile(
    rb"^gc \d+(?: @?)?\r?$|\d ms clock, |\d ms cpu, |\d{1,18}->\d{1,18}->\d{1,18} MB, \d{1,18} MB goal"
)
_MS = rb"(\d{1,12}(?:\.\d{1,6})?)"
_CYCLE = re.compile(
    rb"gc (\d{1,18}) @(\d{1,9}(?:\.\d{1,9})?)s (\d{1,18})%((?: \([^()]*\))*): "
    rb"%b\+%b\+%b ms clock, %b\+%b/%b/%b\+%b ms cpu, "
    rb"(\d{1,18})->(\d{1,18})->(\d{1,18}) MB, (\d{1,18}) MB goal".replace(b"%b", _MS)
)
_SIZE = re.compile(rb" (\d{1,18}) MB (stacks|globals)")
_PROCS = re.compile(rb" (\d{1,18}) P((?: \([^()]*\))*)")
_REMARK = re.compile(rb"\(([^()]*)\)")


class _Refused(Exception):
    """A piece that looks like a cycle and is none; its text is the reason."""


def _block(batch: Batch) -> GcBlock:
    records: list[GcCycle | GcNote | Line | Reject] = []
    for i, (start, end) in enumerate(zip(batch.starts().tolist(), batch.ends.tolist(), strict=True)):
        line, text = batch.first_line + i, batch.data[start:end]
        if i in batch.overlong:
            records.append(Reject(line, decoded(text), overlong_reason(batch.overlong[i])))
        else:
            records += [_record(piece, line) for piece in _pieces(text)]
    return GcBlock(
        first_line=batch.first_line,
        lines=len(batch),
        cycles=tuple(record for record in records if isinstance(record, GcCycle)),
        notes=tuple(record for record in records if isinstance(record, GcNote)),
        program_output=tuple(record for record in records if isinstance(record, Line)),
        rejects=tuple(record for record in records if isinstance(record, Reject)),
    )


def _record(piece: bytes, line: int) -> GcCycle | GcNote | Line | Reject:
    if not _RECORD.match(piece):
        if _TORN.search(piece):
            return Reject(line, decoded(piece), "torn: part of a gc line")
        return Line(line, decoded(piece))
    if piece.startswith(b"gc"):
        try:
            return _cycle(piece, line)
        except _Refused as refused:
            return Reject(line, decoded(piece), str(refused))
    kind: NoteKind = (
        "GC forced" if piece.startswith(b"GC") else "scan" if piece.startswith(b"scan") else "scav"
    )
    return GcNote(line, kind, decoded(piece))


def _pieces(line: bytes) -> list[bytes]:
    """``line`` cut before each record that begins in it; joined again they are ``line``."""
    cuts = [found.start() for found in _RECORD.finditer(line)]
    if not cuts or cuts[0] != 0:
        cuts.insert(0, 0)
    return [line[start:stop] for start, stop in zip(cuts, [*cuts[1:], len(line)], strict=True)]


def _cycle(piece: bytes, line: int) -> GcCycle:
    """Raises _Refused."""
    piece = piece.rstrip(b" \t\r")
    head = _CYCLE.match(piece)
    if not head:
        raise _Refused("torn or interleaved: not the fields of a gc line")
    rest = _Rest(piece[head.end() :])
    clock = [_scaled(number, 6) for number in head.groups()[4:7]]
    cpu = [_scaled(number, 6) for number in head.groups()[7:12]]
    remarks = [*_remarks(head[4]), *rest.remarks]
    return GcCycle(
        line=line,
        number=int(head[1]),
        start_ns=_scaled(head[2], 9),
        cpu_percent=int(head[3]),
        stw_sweep_term_ns=clock[0],
        concurrent_ns=clock[1],
        stw_mark_term_ns=clock[2],
        cpu_stw_sweep_term_ns=cpu[0],
        cpu_assist_ns=cpu[1],
        cpu_background_ns=cpu[2],
        cpu_idle_ns=cpu[3],
        cpu_stw_mark_term_ns=cpu[4],
        heap_start_mb=int(head[13]),
        heap_end_mb=int(head[14]),
        heap_marked_mb=int(head[15]),
        goal_mb=int(head[16]),
        stacks_mb=rest.sizes.get("stacks"),
        globals_mb=rest.sizes.get("globals"),
        procs=rest.procs,
        forced=_FORCED in remarks,
        leak_check=_LEAK_CHECK in remarks,
        extra=(*rest.unknown, *(remark for remark in remarks if remark not in (_FORCED, _LEAK_CHECK))),
    )


class _Rest:
    """What follows the goal: sizes, the number of Ps, remarks, and perhaps what a later release adds."""

    def __init__(self, text: bytes) -> None:
        """Raises _Refused."""
        before, *parts = text.split(b",")
        if before or not parts:
            raise _Refused(f"torn or interleaved at {_shown(text)}")
        *fields, last = parts
        procs = _PROCS.fullmatch(last)
        if not procs:
            raise _Refused(f"torn: it ends in {_shown(last)}, not in the number of Ps")
        self.procs = int(procs[1])
        self.remarks = _remarks(procs[2])
        self.sizes: dict[str, int] = {}
        self.unknown: list[str] = []
        for field in fields:
            size = _SIZE.fullmatch(field)
            if size and decoded(size[2]) in self.sizes:
                raise _Refused(f"interleaved: {decoded(size[2])} twice")
            if size:
                self.sizes[decoded(size[2])] = int(size[1])
            else:
                self.unknown.append(decoded(field.strip()))


def _remarks(text: bytes) -> list[str]:
    return [decoded(remark) for remark in _REMARK.findall(text)]


def _scaled(number: bytes, digits: int) -> int:
    """A decimal number times ten to the ``digits``, exactly."""
    whole, _, fraction = number.partition(b".")
    return int(whole + fraction.ljust(digits, b"0"))


def _shown(text: bytes) -> str:
    return repr(decoded(text[:_SHOWN_BYTES]))
