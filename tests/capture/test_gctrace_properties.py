"""What holds for every input of gctrace: chunks do not matter, and nothing is dropped."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedlab.capture import gctrace

FIXTURES = Path(__file__).parent / "fixtures" / "gctrace"
EVERY_FIXTURE = sorted(FIXTURES.glob("*.txt"))
SAMPLE = (FIXTURES / "damaged.txt").read_bytes()
DAMAGE = (b"", b"\n", b" ", b"+", b"/", b"7", b"->", b",", b"\xff", b"gc 1 @1", b"GC forced", b"scan: total ")

quick = settings(max_examples=200, database=None)


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    """Part of a real trace, with some bytes changed."""
    some = draw(st.sampled_from(EVERY_FIXTURE)).read_bytes().splitlines(keepends=True)
    first = draw(st.integers(0, len(some) - 1))
    text = bytearray(b"".join(some[first : first + 12]))
    for _ in range(draw(st.integers(0, 8))):
        start = draw(st.integers(0, len(text)))
        text[start : start + draw(st.integers(0, 4))] = draw(st.sampled_from(DAMAGE))
    return bytes(text)


def whole(blocks: list[gctrace.GcBlock]) -> gctrace.GcTrace:
    return gctrace.GcTrace(
        lines=sum(block.lines for block in blocks),
        cycles=tuple(cycle for block in blocks for cycle in block.cycles),
        notes=tuple(note for block in blocks for note in block.notes),
        program_output=tuple(line for block in blocks for line in block.program_output),
        rejects=tuple(reject for block in blocks for reject in block.rejects),
    )


@quick
@given(texts(), st.integers(1, 5), st.integers(0, 2000))
def test_chunks_and_blocks_do_not_matter(text: bytes, block_lines: int, cut: int) -> None:
    expected = gctrace.parse(text)
    assert whole(list(gctrace.stream([text[:cut], text[cut:]]))) == expected
    assert whole(list(gctrace.stream(text, block_lines=block_lines))) == expected


def test_a_chunk_may_end_anywhere() -> None:
    expected = gctrace.parse(SAMPLE)
    for cut in range(len(SAMPLE) + 1):
        assert whole(list(gctrace.stream([SAMPLE[:cut], SAMPLE[cut:]]))) == expected, cut


@quick
@given(texts())
def test_nothing_is_dropped(text: bytes) -> None:
    trace = gctrace.parse(text)
    lines = text.decode("utf-8", "backslashreplace").split("\n")
    if not lines[-1]:
        lines.pop()
    pieces: dict[int, list[str]] = {}
    for number, piece in [
        *((note.line, note.text) for note in trace.notes),
        *((line.line_no, line.text) for line in trace.program_output),
        *((reject.line_no, reject.text) for reject in trace.rejects),
    ]:
        pieces.setdefault(number, []).append(piece)
    cycles = {cycle.line for cycle in trace.cycles}
    assert trace.lines == len(lines)
    assert {*cycles, *pieces} == set(range(1, len(lines) + 1))
    for number, line in enumerate(lines, start=1):
        if number in cycles:
            assert sum(map(len, pieces.get(number, []))) < len(line)
        else:
            assert sorted("".join(pieces[number])) == sorted(line)


@quick
@given(st.one_of(st.binary(max_size=300), st.text(st.characters(), max_size=200)))
def test_any_input(source: bytes | str) -> None:
    text = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
    trace = gctrace.parse(source)
    assert trace.lines == text.count(b"\n") + (not text.endswith(b"\n") and len(text) > 0)
    assert len(trace.program_output) + len(trace.rejects) + len(trace.notes) >= trace.lines - len(
        trace.cycles
    )


@quick
@given(st.randoms(use_true_random=False), st.integers(0, 10**12))
def test_times_are_exact(random_: random.Random, ns: int) -> None:
    """Written as ``fmtNSAsMS`` in runtime/mgc.go writes them."""
    texts = [_milliseconds(ns // 10 ** random_.randrange(10)) for _ in range(8)]
    line = "gc 1 @1.5s 0%: {}+{}+{} ms clock, {}+{}/{}/{}+{} ms cpu, 4->6->5 MB, 7 MB goal, 4 P".format(
        *texts
    )
    (cycle,) = gctrace.parse(line).cycles
    assert cycle.start_ns == 1_500_000_000
    assert [
        cycle.stw_sweep_term_ns,
        cycle.concurrent_ns,
        cycle.stw_mark_term_ns,
        cycle.cpu_stw_sweep_term_ns,
        cycle.cpu_assist_ns,
        cycle.cpu_background_ns,
        cycle.cpu_idle_ns,
        cycle.cpu_stw_mark_term_ns,
    ] == [round(float(text) * 1e6) for text in texts]


@pytest.mark.parametrize(
    "unit", [b"gc 1 @1", b"7", b"7->", b"(", b" (a)", b",", b"gc 1 ", b"scan: total ", b" ", b"+"]
)
@pytest.mark.parametrize(
    "head", [b"", b"gc 1 @1.0s 1%", b"gc 1 @1.0s 1%: 1+1+1 ms clock, 1+1/1/1+1 ms cpu, 4->6->5 MB, 7 MB goal"]
)
def test_a_long_line_takes_no_longer_than_it_is(head: bytes, unit: bytes) -> None:
    """Quadratic time would show as a test that does not end."""
    text = head + unit * (200_000 // len(unit))
    assert gctrace.parse(text + b"\n" + text).lines == 2


def _milliseconds(ns: int) -> str:
    if ns >= 10_000_000:
        return str(ns // 1_000_000)
    microseconds, decimals = ns // 1000, 3
    while microseconds >= 100:
        microseconds, decimals = microseconds // 10, decimals - 1
    return f"{microseconds / 10**decimals:.{decimals}f}" if microseconds else "0"
