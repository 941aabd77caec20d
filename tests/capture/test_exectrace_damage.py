"""Damaged traces: what is there is given, what is missing is said, and nothing grows or hangs."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from schedlab import process, toolchain
from schedlab.capture import exectrace

SELFTRACE = Path(__file__).parent / "testdata" / "selftrace"
OPEN_START, OPEN_END = 1, 2
EV_STRINGS, EV_FREQUENCY, EV_SYNC, EV_END_OF_GENERATION = 4, 8, 50, 52
HEADER_BYTES = 16
MOST_MEMORY_BYTES = 256 << 20


def self_traced(file: Path, *args: Any, using: toolchain.Toolchain | None = None) -> bytes:
    program = toolchain.build(SELFTRACE, toolchain=using)
    # GODEBUG=traceadvanceperiod: a generation takes 20 ms and not a second.
    settings = process.GoSettings(gomaxprocs=2, godebug={"traceadvanceperiod": 20_000_000})
    process.run(program, [*args, file], settings=settings).check()
    return file.read_bytes()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return self_traced(tmp_path_factory.mktemp("recorded") / "trace", "-rounds", 2)


@pytest.fixture
def read(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Read bytes; the reader's peak memory is checked as it goes."""

    def read(data: bytes) -> exectrace.ExecTrace:
        folder = tmp_path_factory.mktemp("damaged")
        file = folder / "trace"
        file.write_bytes(data)
        (folder / "columns").mkdir()
        done = process.run(exectrace.reader(), ["-o", folder / "columns", file])
        assert done.max_rss_bytes < MOST_MEMORY_BYTES
        assert done.signal is None
        if done.exit_status == 0:
            return exectrace.mapped(folder / "columns")
        assert done.exit_status == 1
        assert len(done.stderr.splitlines()) == 1
        assert len(done.stderr) < 500
        with pytest.raises(exectrace.NotATrace) as refused:
            exectrace.read(file, folder)
        raise refused.value

    return read


def number(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at


def batches(data: bytes) -> list[tuple[int, int, int, int]]:
    """Start, start of the events, end, and generation of each batch; the end of a generation has none."""
    found, at = [], HEADER_BYTES
    while at < len(data):
        if data[at] == EV_END_OF_GENERATION:
            found.append((at, at, at + 1, 0))
            at += 1
            continue
        generation, events = number(data, at + 1)
        for _ in range(2):
            _, events = number(data, events)
        size, events = number(data, events)
        found.append((at, events, events + size, generation))
        at = events + size
    return found


def ends_of_generations(data: bytes) -> list[int]:
    return [end for start, events, end, _ in batches(data) if start == events]


def timed(data: bytes) -> list[tuple[int, int, int, int]]:
    """The batches of what happened, and not of names, samples or clocks."""
    return [
        b for b in batches(data) if b[2] > b[1] > b[0] and data[b[1]] > EV_FREQUENCY and data[b[1]] != EV_SYNC
    ]


def rows(trace: exectrace.ExecTrace, count: int) -> list[Any]:
    return [
        trace.tables["spans"][name][:count].tolist() for name in ("start", "dur", "id", "state", "m", "cause")
    ]


def test_cut_anywhere_it_says_so_or_is_refused(recorded: bytes, read: Any) -> None:
    whole = read(recorded)
    assert whole.lost == ""
    given = 0
    for cut in range(4096, len(recorded), 4096):
        try:
            found = read(recorded[:cut])
        except exectrace.NotATrace:
            continue
        given += 1
        assert found.lost.startswith("the trace ends in the middle of a ")
        assert f"of {cut} bytes" in found.lost
        assert 0 <= found.bytes_lost < cut == found.bytes_read
        assert found.events <= whole.events
        assert found.tables["spans"]["dur"].min() >= 0
    assert given >= 3


def test_cut_between_generations_what_is_there_is_the_same(recorded: bytes, read: Any) -> None:
    whole, ends = read(recorded), ends_of_generations(recorded)
    assert len(ends) >= 4
    first = read(recorded[: ends[0]])
    assert first.lost == "", "nothing says how many generations there should be"
    ended = first.tables["spans"]["flags"] & OPEN_END == 0
    count = int(ended.argmin()) if not ended.all() else len(ended)
    assert count > 20
    assert rows(first, count) == rows(whole, count)


def test_a_cut_generation_is_read_as_far_as_it_goes_without_names(recorded: bytes, read: Any) -> None:
    ends = ends_of_generations(recorded)
    last = max(range(1, len(ends)), key=lambda i: ends[i] - ends[i - 1])
    complete = read(recorded[: ends[last - 1]])
    inside = [b for b in timed(recorded) if ends[last - 1] <= b[0] < ends[last]]
    found = read(recorded[: inside[-1][2]])
    assert found.events > complete.events
    assert "the names in that generation, which come last, are missing" in found.lost
    unnamed = found.tables["spans"]["start"] > complete.duration_ns
    assert unnamed.sum() > 10
    assert (found.tables["spans"]["reason"][unnamed] == 0).any()


@pytest.mark.parametrize("name", ["1.22", "1.25"])
def test_a_generation_without_an_end_mark_lacks_its_names(name: str, tmp_path: Path, read: Any) -> None:
    data = self_traced(tmp_path / "trace", "-rounds", 1, "-profile=false", using=toolchain.release(name))
    names = [start for start, events, _, _ in batches(data) if data[events] == EV_STRINGS]
    found = read(data[: names[-1]])
    assert "in the middle of a generation; 0 of " in found.lost
    assert read(data).events == found.events


def test_a_changed_byte_never_crashes_or_bloats_it(recorded: bytes, read: Any) -> None:
    chance, whole = random.Random(3), read(recorded)
    told = 0
    for _ in range(40):
        damaged = bytearray(recorded)
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        try:
            found = read(bytes(damaged))
        except exectrace.NotATrace:
            told += 1
            continue
        told += bool(found.lost)
        assert bool(found.lost) == bool(found.bytes_lost)
        assert "\n" not in found.lost
        assert len(found.lost) < 500
        # What is not noticed is a number that could as well be true; no event has come or gone.
        assert found.lost or found.events == whole.events
    assert told >= 1


def test_a_damaged_generation_does_not_hide_the_next(recorded: bytes, read: Any) -> None:
    whole, ends = read(recorded), ends_of_generations(recorded)
    later = [b for b in timed(recorded) if ends[0] <= b[0] < ends[-2]]
    start, events, end, _ = max(later, key=lambda b: b[2] - b[1])
    generation = next(i for i, after in enumerate(ends) if start < after)
    before = read(recorded[: ends[generation - 1]])
    damaged = bytearray(recorded)
    for at in range((events + end) // 2, (events + end) // 2 + 40):
        damaged[at] = 0x7F  # No event has this number.
    found = read(bytes(damaged))
    assert f"up to {found.bytes_lost} of {len(recorded)} bytes" in found.lost
    assert 0 < found.bytes_lost <= ends[generation] - ends[generation - 1]
    assert found.duration_ns == whole.duration_ns
    assert before.events < found.events < whole.events
    spans = found.tables["spans"]
    again = spans["start"][(spans["flags"] & OPEN_START > 0) & (spans["start"] > 0)]
    assert len(np.unique(again)) == 1, "all that is seen again begins there"
    over = (spans["start"] < again[0]) & (spans["start"] + spans["dur"] > again[0])
    assert not over.any(), "nothing reaches over the gap"


def test_a_batch_that_claims_to_be_huge_takes_no_memory(recorded: bytes, read: Any) -> None:
    ends = ends_of_generations(recorded)
    header = b"\x01" + b"\x63\x00\x01" + b"\xff\xff\xff\xff\xff\x7f"
    found = read(recorded[: ends[1]] + header + recorded[ends[1] :])
    assert found.lost.startswith("a batch claims to have 4398046511103 bytes")
    assert found.bytes_lost == len(recorded) + len(header) - ends[1]
    assert found.events == read(recorded[: ends[1]]).events


def test_a_clock_that_changes_is_noticed(recorded: bytes, read: Any) -> None:
    syncs = [b for b in batches(recorded) if b[1] > b[0] and recorded[b[1]] == EV_SYNC]
    damaged = bytearray(recorded)
    damaged[syncs[2][1] + 2] ^= 1
    found = read(bytes(damaged))
    assert found.lost.startswith("the clock changes from 15625000 to ")


def test_a_damaged_trace_of_before_1_22_is_refused_by_its_release(tmp_path: Path, read: Any) -> None:
    data = self_traced(tmp_path / "trace", "-rounds", 1, "-profile=false", using=toolchain.release("1.21"))
    with pytest.raises(exectrace.NotATrace, match=r"the trace has the format of Go 1\.21: "):
        read(data[: len(data) // 2])


@pytest.mark.parametrize(
    ("junk", "said"),
    [
        (b"", "not a Go execution trace"),
        (b"go 1.27 trace", "not a Go execution trace"),
        (b"\0" * 5000, "not a Go execution trace"),
        (b"go 1.99 trace\0\0\0", "unknown or unsupported trace version go 1.99"),
        (b"go 1.26 trace\0\0\0", "the trace ends behind its header"),
        (b"go 1.26 trace\0\0\0" + b"x" * 100, "there is no batch where one should begin, at byte 16"),
    ],
)
def test_what_is_no_trace_is_refused(junk: bytes, said: str, read: Any) -> None:
    with pytest.raises(exectrace.NotATrace, match=said):
        read(junk)
