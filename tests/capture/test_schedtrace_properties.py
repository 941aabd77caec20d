"""What holds for every input: the fast path is the slow path, chunks do not matter, nothing is dropped."""

from __future__ import annotations

import itertools
import random
import tracemalloc
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedlab.capture import schedtrace
from schedlab.capture.schedtrace import blocks
from schedlab.capture.schedtrace.blocks import BlockReader
from schedlab.capture.schedtrace.columns import Shapes, joined
from schedlab.capture.stderr_lines import batches

FIXTURES = Path(__file__).parent / "fixtures" / "schedtrace"
SAMPLE = (FIXTURES / "damaged.txt").read_bytes()
EVERY_FIXTURE = sorted(FIXTURES.glob("*.txt"))

DAMAGE = (b"", b"\n", b" ", b"=", b"7", b"[", b"]", b"\xff", b"SCHED 1ms:", b"  P1: status=")

quick = settings(max_examples=200, database=None)


class Writer:
    """Makes text that a program with schedtrace on could have left behind, most of it sound."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.procs = self.random.choice([1, 2, 3, 8])
        self.era = self.random.randrange(4)

    def text(self) -> bytes:
        some: list[bytes] = []
        for _ in range(self.random.randrange(12)):
            if self.random.random() < 0.1:
                self.procs, self.era = self.random.choice([1, 2, 3, 8]), self.random.randrange(4)
            lines = self.snapshot() if self.random.random() < 0.2 else [self.plain()]
            if self.random.random() < 0.2:
                lines.insert(self.random.randrange(len(lines) + 1), self.other())
            some += [
                self.damaged(line.encode()) if self.random.random() < 0.1 else line.encode() for line in lines
            ]
        end = self.random.choice([b"\n", b"\n", b"\r\n"])
        return end.join(some) + self.random.choice([b"", end])

    def number(self) -> int:
        kind = self.random.random()
        if kind < 0.02:
            return self.random.choice([-1, 10**17, 10**18 - 1, 10**18, 10**19])
        return self.random.randrange(10 if kind < 0.6 else 300 if kind < 0.9 else 2**32)

    def sched(self) -> str:
        keys = [
            "gomaxprocs",
            "idleprocs",
            "threads",
            "spinningthreads",
            "needspinning",
            "idlethreads",
            "runqueue",
        ]
        missing = (("spinningthreads", "needspinning"), ("needspinning",), (), ())[self.era]
        shown = [key for key in keys if key not in missing]
        if self.random.random() < 0.05:
            shown.append("novelty")
        fields = [f"{key}={self.procs if key == 'gomaxprocs' else self.number()}" for key in shown]
        return f"SCHED {self.number()}ms: {' '.join(fields)}"

    def plain(self) -> str:
        lengths = [self.procs, self.procs]
        if self.random.random() < 0.03:
            lengths[self.random.randrange(2)] += self.random.choice([-1, 1])
        queues, ticks = (" ".join(str(self.number()) for _ in range(length)) for length in lengths)
        return (
            f"{self.sched()} [ {queues} ] schedticks=[ {ticks} ]"
            if self.era == 3
            else f"{self.sched()} [{queues}]"
        )

    def snapshot(self) -> list[str]:
        no, none = ("0", "-1") if self.era < 2 else ("false", "nil")
        number = self.number
        return [
            f"{self.sched()} gcwaiting={no} nmidlelocked={number()} stopwait=0 sysmonwait={no}",
            *(
                f"  P{p}: status={number() % 5} schedtick={number()} syscalltick=0 m={none} "
                f"runqsize={number()} gfreecnt=0 timerslen=0"
                for p in range(self.procs)
            ),
            *(
                f"  M{m}: p={none} curg={number()} mallocing=0 throwing=0 preemptoff= locks=0 dying=0 "
                f"spinning={no} blocked={no} lockedg={none}"
                for m in range(self.random.randrange(3))
            ),
            *(
                f"  G{g}: status={status}(select (no cases)) m={none} lockedm={none}"
                for g, status in enumerate(self.random.choices([4, 0x1004, 12], k=self.random.randrange(4)))
            ),
        ]

    def other(self) -> str:
        return self.random.choice(
            [
                "",
                "2024/05/01 12:00:00 a log line",
                "level=info threads=4 idleprocs=1",
                "caf\u00e9 \u4e2d\u6587",
                "gc 1 @0.01s 1%: 0.1+2+0.04 ms clock, 0.2+0.1/0.1/0+0.1 ms cpu, 3->4->3 MB, 4 MB goal, 4 P",
            ]
        )

    def damaged(self, line: bytes) -> bytes:
        """The line torn at either end, glued to another, or with one byte changed."""
        kind, at = self.random.randrange(4), self.random.randrange(len(line) + 1)
        if kind == 0:
            return line[:at]
        if kind == 1:
            return line[at:]
        if kind == 2:
            return self.random.choice([line, self.other().encode()]) + line
        return line[:at] + self.random.choice(DAMAGE[2:]) + line[at + 1 :]


texts = st.integers(0, 2**63).map(lambda seed: Writer(seed).text())


def read(text: bytes, *, block_lines: int = 8192, fast: bool = True) -> schedtrace.SchedTrace:
    """``schedtrace.parse`` with the choice of the path."""
    reader = BlockReader(None, shapes=Shapes() if fast else None)
    some = [block for batch in batches(text, block_lines) for block in reader.read(batch)]
    some += reader.finish(sum(block.lines for block in some) + 1)
    return whole(some)


def whole(some: list[schedtrace.SchedBlock]) -> schedtrace.SchedTrace:
    return schedtrace.SchedTrace(
        lines=sum(block.lines for block in some),
        summaries=joined([block.summaries for block in some]),
        snapshots=tuple(snapshot for block in some for snapshot in block.snapshots),
        program_output=tuple(line for block in some for line in block.program_output),
        rejects=tuple(reject for block in some for reject in block.rejects),
        release=None,
        status_names="",
    )


def content(trace: schedtrace.SchedTrace) -> dict[str, object]:
    """Everything in a trace, comparable; rows of snapshots as the lines they stand for."""
    table = trace.summaries
    return {
        "lines": trace.lines,
        "table": {name: getattr(table, name).tolist() for name in table.__slots__ if name != "extra"},
        "extra": table.extra,
        "snapshots": [asdict(snapshot) | {"row": 0} for snapshot in trace.snapshots],
        "program_output": trace.program_output,
        "rejects": trace.rejects,
    }


def lines_of(trace: schedtrace.SchedTrace) -> set[int]:
    """The number of every line of which a record was made."""
    details = [
        {*(p.line for p in detail.ps), *(m.line for m in detail.ms), *(g.line for g in detail.gs)}
        for detail in trace.snapshots
    ]
    return set(trace.summaries.line.tolist()).union(*details)


def pieces_of(trace: schedtrace.SchedTrace) -> dict[int, list[str]]:
    """By line number, the texts of which no record was made."""
    pieces: dict[int, list[str]] = {}
    for line in trace.program_output:
        pieces.setdefault(line.line_no, []).append(line.text)
    for reject in trace.rejects:
        pieces.setdefault(reject.line_no, []).append(reject.text)
    return pieces


@quick
@given(texts)
def test_the_fast_path_is_the_slow_path(text: bytes) -> None:
    assert content(read(text)) == content(read(text, fast=False))


@pytest.mark.parametrize("file", EVERY_FIXTURE, ids=lambda file: file.stem)
def test_the_fast_path_is_the_slow_path_for_real_traces(file: Path) -> None:
    text = file.read_bytes()
    assert content(read(text)) == content(read(text, fast=False))


def test_most_lines_take_the_fast_path() -> None:
    """Else the property above would compare the slow path with itself."""
    for name, era in (("go1.2_plain", 3), ("go1.19_plain", 60), ("go1.24_plain", 20), ("go1.27_plain", 25)):
        taken = [Shapes().take(batch) for batch in batches(FIXTURES / f"{name}.txt")]
        assert sum(int(is_fast.sum()) for _, is_fast in taken) >= era


@quick
@given(texts, st.integers(1, 9), st.lists(st.integers(0, 3000), max_size=6))
def test_chunks_and_blocks_do_not_matter(text: bytes, block_lines: int, cuts: list[int]) -> None:
    at = [0, *sorted(cut for cut in cuts if cut <= len(text)), len(text)]
    chunks = [text[start:stop] for start, stop in itertools.pairwise(at)]
    expected = content(schedtrace.parse(text))
    assert content(whole(list(schedtrace.stream(chunks)))) == expected
    assert content(whole(list(schedtrace.stream(text, block_lines=block_lines)))) == expected
    assert all(block.lines <= block_lines for block in schedtrace.stream(chunks, block_lines=block_lines))


def test_a_chunk_may_end_anywhere() -> None:
    expected = content(schedtrace.parse(SAMPLE))
    for cut in range(len(SAMPLE) + 1):
        assert content(whole(list(schedtrace.stream([SAMPLE[:cut], SAMPLE[cut:]])))) == expected, cut


@quick
@given(texts)
def test_nothing_is_dropped(text: bytes) -> None:
    trace = schedtrace.parse(text)
    given_lines = text.split(b"\n")
    if not given_lines[-1]:
        given_lines.pop()
    pieces, recorded = pieces_of(trace), lines_of(trace)
    assert trace.lines == len(given_lines)
    assert {*recorded, *pieces} == set(range(1, len(given_lines) + 1))
    for number, line in enumerate(given_lines, start=1):
        shown = line.decode("utf-8", "backslashreplace")
        if number in recorded:
            assert sum(map(len, pieces.get(number, []))) < len(shown)
            assert all(piece in shown for piece in pieces.get(number, []))
        else:
            assert sorted("".join(pieces[number])) == sorted(shown)


@quick
@given(texts)
def test_rows_of_snapshots(text: bytes) -> None:
    trace = schedtrace.parse(text)
    for detail in trace.snapshots:
        assert trace.summaries.line[detail.row] == detail.line
        assert trace.summaries.time_ms[detail.row] == detail.time_ms
        assert trace.summaries.gomaxprocs[detail.row] == detail.gomaxprocs
    assert trace.summaries.line.tolist() == sorted(trace.summaries.line.tolist())


@quick
@given(st.one_of(st.binary(max_size=300), st.text(st.characters(), max_size=200)))
def test_any_input(source: bytes | str) -> None:
    text = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
    trace = schedtrace.parse(source)
    assert trace.lines == text.count(b"\n") + (not text.endswith(b"\n") and len(text) > 0)
    assert {*lines_of(trace), *pieces_of(trace)} == set(range(1, trace.lines + 1))


@quick
@given(st.sampled_from(EVERY_FIXTURE), st.randoms(use_true_random=False))
def test_any_damage(file: Path, random_: random.Random) -> None:
    text = bytearray(file.read_bytes()[:6000])
    for _ in range(random_.randrange(1, 30)):
        start = random_.randrange(len(text))
        text[start : start + random_.randrange(4)] = random_.choice(DAMAGE)
    trace = schedtrace.parse(bytes(text))
    assert {*lines_of(trace), *pieces_of(trace)} == set(range(1, trace.lines + 1))
    assert content(trace) == content(read(bytes(text), fast=False))


@pytest.mark.parametrize(
    "unit",
    [
        *(b"SCHED 1ms:", b"SCHED 7", b"  P1: status=", b"  M1: p=", b"  G1: status=1(", b"schedticks=["),
        *(b"[", b"[ 1 ", b"(", b") ", b") m=", b" a=", b" a", b"7", b" ", b"=", b"gomaxprocs=", b"\r", b"x "),
    ],
)
@pytest.mark.parametrize("head", [b"", b"SCHED 1ms: gomaxprocs=1", b"  P0: status=1", b"  G0: status=1("])
def test_a_long_line_takes_no_longer_than_it_is(head: bytes, unit: bytes) -> None:
    """Quadratic time would show as a test that does not end."""
    text = head + unit * (200_000 // len(unit))
    trace = schedtrace.parse(text + b"\n" + text)
    assert trace.lines == 2


class TestMemory:
    def test_constant(self) -> None:
        line = b"SCHED 1004ms: gomaxprocs=4 idleprocs=2 threads=9 idlethreads=2 runqueue=7 [0 2 4 9]\n"
        text = (line * 9 + b"2024/05/01 12:00:00 a log line of the program\n") * 1000

        def repeated(times: int) -> Iterator[bytes]:
            for _ in range(times):
                yield text

        peaks = []
        for times in (4, 24):
            tracemalloc.start()
            rows = sum(len(block.summaries) for block in schedtrace.stream(repeated(times)))
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            assert rows == times * 9000
        assert peaks[1] < 1.2 * peaks[0]
        assert peaks[1] < 40e6

    def test_wide_rows_make_small_blocks(self) -> None:
        """A line that names one P of thousands must not make thousands of columns for thousands of rows."""
        header = (
            "SCHED 1ms: gomaxprocs=16384 idleprocs=0 threads=1 idlethreads=0 runqueue=0 "
            "gcwaiting=0 nmidlelocked=0 stopwait=0 sysmonwait=0\n"
        )
        p = "  P16383: status=1 schedtick=1 syscalltick=0 m=-1 runqsize=5 gfreecnt=0\n"
        rows = 0
        for block in schedtrace.stream((header + p) * 2000):
            assert block.summaries.local_runq.size <= blocks.BLOCK_CELLS
            assert all(block.summaries.line[detail.row] == detail.line for detail in block.snapshots)
            assert (block.summaries.local_runq[:, -1] == 5).all()
            rows += len(block.summaries)
        assert rows == 2000
