"""Output: kept in bounded memory with exact accounts, handed on line by line, whatever is printed."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedlab import process
from schedlab.process import output as output_module
from schedlab.process.output import BoundedOutput, LineSplitter

if TYPE_CHECKING:
    from tests.process.conftest import Family

    from schedlab.toolchain import Binary

CHUNKS = st.lists(st.binary(max_size=40), max_size=30)


def filled(limit: int, chunks: list[bytes]) -> BoundedOutput:
    output = BoundedOutput(limit)
    for chunk in chunks:
        output.append(chunk)
    return output


@given(st.integers(2, 64), CHUNKS)
def test_head_and_tail_are_kept_and_the_rest_is_counted(limit: int, chunks: list[bytes]) -> None:
    stream = b"".join(chunks)
    output = filled(limit, chunks)
    assert output.total_bytes == len(stream)
    text, dropped = output.text()
    if len(stream) <= limit:
        assert (text, dropped) == (stream.decode("utf-8", "replace"), 0)
        return
    marker = f"[schedlab: {dropped} bytes dropped here]\n"
    before, found, after = text.partition(marker)
    assert found
    kept_before = stream[: limit // 2]
    kept_after = stream[-(limit - limit // 2) :]
    if b"\n" in kept_before:
        kept_before = kept_before[: kept_before.rfind(b"\n") + 1]
    kept_after = kept_after[kept_after.find(b"\n") + 1 :]
    line_end = "" if kept_before.endswith(b"\n") else "\n"
    assert before == kept_before.decode("utf-8", "replace") + line_end
    assert after == kept_after.decode("utf-8", "replace")
    assert len(kept_before) + dropped + len(kept_after) == len(stream)


@given(st.integers(2, 64), CHUNKS, st.integers(1, 5))
def test_reading_along_gives_all_that_was_not_dropped(limit: int, chunks: list[bytes], every: int) -> None:
    stream = b"".join(chunks)
    output = BoundedOutput(limit)
    offset, pieces = 0, []
    for number, chunk in enumerate(chunks):
        output.append(chunk)
        if number % every == 0:
            while (piece := output.read(offset))[1]:
                pieces.append(piece)
                offset = piece[0] + len(piece[1])
    while (piece := output.read(offset))[1]:
        pieces.append(piece)
        offset = piece[0] + len(piece[1])
    for start, data in pieces:
        assert stream[start : start + len(data)] == data
    assert offset == len(stream)
    if len(stream) <= limit:
        assert b"".join(data for _, data in pieces) == stream


@given(CHUNKS)
def test_lines_are_those_of_the_decoded_text(chunks: list[bytes]) -> None:
    splitter = LineSplitter()
    lines = [line for chunk in chunks for line in splitter.feed(chunk)] + splitter.finish()
    wanted = b"".join(chunks).split(b"\n")
    if not wanted[-1]:
        wanted.pop()
    assert lines == [line.decode("utf-8", "replace") for line in wanted]


@given(st.text(max_size=60), st.integers(1, 9), st.integers(1, 7))
def test_a_long_line_comes_in_pieces_and_no_character_is_torn(text: str, longest: int, size: int) -> None:
    data = text.encode("utf-8", "replace")
    splitter = LineSplitter()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(output_module, "LONGEST_LINE_BYTES", longest)
        lines = [line for i in range(0, len(data), size) for line in splitter.feed(data[i : i + size])]
        lines += splitter.finish()
    assert "".join(lines) == data.decode().replace("\n", "")
    assert all(len(line.encode()) <= longest + 3 for line in lines)


@pytest.mark.parametrize("length", [0, 10, 1000])
@pytest.mark.parametrize("total", [4096, 4097, 1_000_003])
def test_accounts_are_exact(subject: Binary, total: int, length: int) -> None:
    finished = process.run(subject, ["print", total, length], output_limit_bytes=4096).check()
    printed = ("x" * (length - 1) + "\n") * (total // length + 1) if length else "x" * total
    printed = printed[:total]
    dropped = finished.stdout_dropped_bytes
    if total == 4096:
        assert (finished.stdout, dropped) == (printed, 0)
        return
    before, marker, after = finished.stdout.partition(f"[schedlab: {dropped} bytes dropped here]\n")
    assert marker
    if not length:
        before = before.removesuffix("\n")
    assert len(before) + dropped + len(after) == total
    assert printed.startswith(before)
    assert printed.endswith(after)
    assert 2048 - 1000 <= len(before) <= 2048
    assert 2048 - 1000 <= len(after) <= 2048


def test_a_stream_cut_exactly_at_line_ends_is_as_printed(subject: Binary) -> None:
    finished = process.run(subject, ["lines", 1000], output_limit_bytes=4096)
    kept = [line for line in finished.stdout.splitlines() if not line.startswith("[schedlab")]
    assert set(kept) <= {f"line {number}" for number in range(1000)}
    assert kept[0] == "line 0"
    assert kept[-1] == "line 999"


@pytest.mark.parametrize("with_callback", [False, True])
def test_memory_stays_bounded(subject: Binary, with_callback: bool) -> None:
    """A child Python looks at its own peak: 256 MiB without a line end must not be seen in it.

    Not even if the callback takes its time, so that all of it could be read meanwhile.
    """
    script = (
        "import json, resource, sys, time\n"
        "from schedlab import process\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "seen = [0]\n"
        "def count(stream, line):\n"
        "    if not seen[0]: time.sleep(1)\n"
        "    seen[0] += len(line)\n"
        "process.run(sys.argv[1], ['print', 1 << 20, 0])\n"
        "before = peak()\n"
        "finished = process.run(sys.argv[1], ['print', 1 << 28, 0], output_limit_bytes=1 << 20,\n"
        "                       on_line=count if sys.argv[2] == 'True' else None)\n"
        "print(json.dumps([seen[0], finished.stdout_dropped_bytes, (peak() - before) << 10]))\n"
    )
    run = process.run(sys.executable, ["-c", script, subject, str(with_callback)])
    seen, dropped, growth = run.check().json()
    assert seen == ((1 << 28) if with_callback else 0)
    assert dropped == (1 << 28) - (1 << 20)
    assert growth < 64 << 20


def test_endless_output_without_a_line_end(subject: Binary, family: Family) -> None:
    pieces: list[int] = []
    limit_s = 0.3
    while len(pieces) < 2:
        pieces.clear()
        with pytest.raises(process.WallLimitExceeded) as caught:
            process.run(
                subject,
                ["endless"],
                wall_limit_s=limit_s,
                output_limit_bytes=8192,
                on_line=lambda _, line: pieces.append(len(line)),
            )
        assert family.pids() == set()
        limit_s *= 2  # For a machine under load, where it may not have come so far.
    finished = caught.value.finished
    assert set(pieces[:-1]) == {1 << 20}
    assert sum(pieces) == finished.stdout_dropped_bytes + 8192


def test_bytes_that_are_not_text(subject: Binary) -> None:
    seen: list[tuple[str, str]] = []
    finished = process.run(subject, ["binary"], on_line=lambda *line: seen.append(line)).check()
    assert finished.stdout == "a\ufffd\ufffd\0b\n\ufffd"
    assert seen == [("stdout", "a\ufffd\ufffd\0b"), ("stdout", "\ufffd")]


def test_stdout_closed_early(subject: Binary) -> None:
    finished = process.run(subject, ["mute"]).check()
    assert (finished.stdout, finished.stderr) == ("last words\n", "still here\n")


def test_a_daemon_that_holds_stdout_open(subject: Binary, family: Family) -> None:
    finished = process.run(subject, ["daemon", 2], wall_limit_s=None).check()
    assert finished.stdout.startswith("parent ends\n")
    assert family.pids() == set()


def test_lines_come_in_order_in_the_callers_thread(subject: Binary) -> None:
    lines: dict[str, list[str]] = {"stdout": [], "stderr": []}
    threads = set()

    def on_line(stream: str, line: str) -> None:
        lines[stream].append(line)
        threads.add(threading.current_thread())

    finished = process.run(subject, ["lines", 5000], on_line=on_line).check()
    assert lines["stdout"] == finished.stdout.splitlines() == [f"line {i}" for i in range(5000)]
    assert lines["stderr"] == finished.stderr.splitlines() == [f"tenth {i}" for i in range(0, 5000, 10)]
    assert threads == {threading.current_thread()}


def test_lines_come_while_the_program_runs(subject: Binary, family: Family) -> None:
    """It would run for ever: only a line that arrives before its end can end it."""

    class Seen(Exception):
        pass

    def on_line(_stream: str, line: str) -> None:
        if line == "ready":
            raise Seen

    with pytest.raises(Seen):
        process.run(subject, ["stubborn"], on_line=on_line, wall_limit_s=None)
    assert family.pids() == set()


def test_the_callback_gets_what_the_record_had_to_drop(subject: Binary) -> None:
    seen: list[str] = []
    finished = process.run(
        subject, ["lines", 20_000], output_limit_bytes=4096, on_line=lambda _, line: seen.append(line)
    )
    assert finished.stdout_dropped_bytes > 0
    assert [line for line in seen if line.startswith("line")] == [f"line {i}" for i in range(20_000)]


def test_a_slow_callback_holds_the_program_back_and_loses_nothing(subject: Binary) -> None:
    count = 0

    def on_line(_stream: str, line: str) -> None:
        nonlocal count
        if count == 0:
            time.sleep(0.3)  # Long enough for the program to fill all that there is between.
        count += len(line) + 1

    total = 24 << 20
    process.run(subject, ["print", total, 1024], on_line=on_line, output_limit_bytes=1 << 20).check()
    assert count == total


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_what_the_callback_raises_ends_the_run(
    subject: Binary, family: Family, error: type[BaseException]
) -> None:
    def on_line(_stream: str, line: str) -> None:
        raise error(line)

    with pytest.raises(error, match="ready"):
        process.run(subject, ["tree", 2, 2], on_line=on_line)
    assert family.pids() == set()


def test_a_callback_that_raises_before_a_flood(subject: Binary, family: Family) -> None:
    def on_line(_stream: str, _line: str) -> None:
        raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        process.run(subject, ["endless"], on_line=on_line)
    assert family.pids() == set()
