"""GODEBUG=schedtrace, with and without scheddetail, as every Go release since 1.2 prints it.

What the releases print (``schedtrace`` in runtime/proc.go; ``runtime·schedtrace`` in proc.c until 1.4):

====================  ==========================================================================
1.2                   no ``spinningthreads``; scheddetail has ``nmspinning``, ``runqsize=0/128``
1.4 and later         ``spinningthreads``
1.20 and later        ``needspinning``; scheddetail has ``m=nil`` for ``m=-1``, ``gcwaiting=false`` for 0
1.25 and later        blanks inside the brackets, ``schedticks=[ … ]``
====================  ==========================================================================

The sources of 1.3 and of 1.6 to 1.11 were not read.

``parse`` reads a whole trace, ``stream`` one of any size in constant memory.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from schedlab.capture.schedtrace.blocks import BlockReader
from schedlab.capture.schedtrace.columns import Shapes, check_size, joined
from schedlab.capture.schedtrace.records import (
    SCALARS,
    Detail,
    G,
    M,
    P,
    SchedBlock,
    SchedTrace,
    SummaryTable,
)
from schedlab.capture.schedtrace.statuses import Release, explained, release_of
from schedlab.capture.stderr_lines import BLOCK_LINES, Batch, Line, Reject, Source, batches

__all__ = [
    "SCALARS",
    "Detail",
    "G",
    "Line",
    "M",
    "P",
    "Reject",
    "SchedBlock",
    "SchedTrace",
    "SummaryTable",
    "parse",
    "stream",
]


def parse(source: Source, *, release: str | None = None) -> SchedTrace:
    """The whole of a program's stderr, read as schedtrace.

    ``release``, such as ``go1.27``, is the Go release that built the program; status names depend on it.
    Lines of other kinds, gctrace's among them, are program output; what looks like a schedtrace record
    and cannot be read is a reject. Nothing is dropped.

    Raises CaptureError when the source cannot be read or its table would be too large, and UsageError
    when ``release`` is no release.
    """
    of_release = _release(release)
    blocks: list[SchedBlock] = []
    snapshots: list[Detail] = []
    rows = widest = 0
    for block in stream(source, release=release):
        blocks.append(block)
        snapshots += [dataclasses.replace(snapshot, row=rows + snapshot.row) for snapshot in block.snapshots]
        rows, widest = rows + len(block.summaries), max(widest, block.summaries.max_p)
        check_size(rows, widest)
    return SchedTrace(
        lines=sum(block.lines for block in blocks),
        summaries=joined([block.summaries for block in blocks]),
        snapshots=tuple(snapshots),
        program_output=tuple(line for block in blocks for line in block.program_output),
        rejects=tuple(reject for block in blocks for reject in block.rejects),
        release=str(of_release) if of_release else None,
        status_names=explained(of_release),
    )


def stream(
    source: Source, *, release: str | None = None, block_lines: int = BLOCK_LINES
) -> Iterator[SchedBlock]:
    """The same, block by block: a block for at most ``block_lines`` input lines, in constant memory.

    ``block_lines=1`` follows a live program: each block is given out as soon as its line is there. Only a
    scheddetail snapshot waits, for the SCHED line after it, and is held in memory whole.

    Raises CaptureError when the source cannot be read, and UsageError when ``release`` is no release or
    ``block_lines`` is below 1.
    """
    return _blocks(BlockReader(_release(release), shapes=Shapes()), batches(source, block_lines))


def _blocks(reader: BlockReader, of_lines: Iterator[Batch]) -> Iterator[SchedBlock]:
    next_line = 1
    for batch in of_lines:
        next_line = batch.first_line + len(batch)
        yield from reader.read(batch)
    yield from reader.finish(next_line)


def _release(text: str | None) -> Release | None:
    return None if text is None else release_of(text)
