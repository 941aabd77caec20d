"""How fast, and in how little memory, ``capture.schedtrace`` reads a long trace.

Each case streams text that a generator makes, so no file is needed. CPU time is that of this process, on
one core; memory is measured in a second pass, because measuring it slows the reading down.
"""

from __future__ import annotations

import argparse
import random
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from schedlab.capture import schedtrace
from schedlab.errors import UsageError

_MB = 1_000_000
_PROCS = 8
_BLOCK_LINES = 10_000  # of text that is made once and then repeated
_CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class BenchRow:
    """One case: what was read, how fast per second of CPU time, and the most that Python and numpy held."""

    name: str
    size_mb: float
    lines_per_s: float
    sched_lines_per_s: float
    mb_per_s: float
    peak_mb: float


def run(*, size_mb: int = 200) -> tuple[BenchRow, ...]:
    """Every case over ``size_mb`` million bytes of text; scheddetail, the slow one, over a tenth of it.

    Raises UsageError for a size below 1.
    """
    if size_mb < 1:
        raise UsageError(f"a benchmark of {size_mb} MB cannot be", remedy="Ask for 1 MB or more.")
    sizes = {name: size_mb * _MB // (10 if make is _detail else 1) for name, make in _CASES.items()}
    return tuple(_measured(name, make, sizes[name]) for name, make in _CASES.items())


def main(argv: list[str]) -> int:
    """``./course bench schedtrace [--size-mb N]``: print the table."""
    parser = argparse.ArgumentParser(prog="./course bench schedtrace", description=__doc__)
    parser.add_argument(
        "--size-mb", type=int, default=200, help="million bytes of text per case (default 200)"
    )
    rows = run(size_mb=parser.parse_args(argv).size_mb)
    print(f"{'case':<38}{'MB':>7}{'lines/s':>11}{'SCHED lines/s':>15}{'MB/s':>7}{'peak MB':>9}")
    for row in rows:
        print(
            f"{row.name:<38}{row.size_mb:>7,.0f}{row.lines_per_s:>11,.0f}{row.sched_lines_per_s:>15,.0f}"
            f"{row.mb_per_s:>7,.0f}{row.peak_mb:>9,.1f}"
        )
    return 0


def _measured(name: str, make: Callable[[random.Random], str], size: int) -> BenchRow:
    text = make(random.Random(1)).encode()
    started = time.process_time()
    lines, sched_lines = _read(_repeated(text, size))
    seconds = time.process_time() - started
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        _read(_repeated(text, size))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return BenchRow(
        name=name,
        size_mb=size / _MB,
        lines_per_s=lines / seconds,
        sched_lines_per_s=sched_lines / seconds,
        mb_per_s=size / _MB / seconds,
        peak_mb=(peak - before) / _MB,
    )


def _read(chunks: Iterator[bytes]) -> tuple[int, int]:
    """Lines, and SCHED lines among them."""
    lines = sched_lines = 0
    for block in schedtrace.stream(chunks):
        lines += block.lines
        sched_lines += len(block.summaries)
    return lines, sched_lines


def _repeated(text: bytes, size: int) -> Iterator[bytes]:
    """``size`` bytes, cut where chunks happen to end, not where lines do."""
    at = 0
    while size > 0:
        chunk = text[at : at + min(_CHUNK_BYTES, size)]
        yield chunk
        size -= len(chunk)
        at = (at + len(chunk)) % len(text)


def _sched(random_: random.Random, line: int, end: str) -> str:
    below = random_.randrange
    return (
        f"SCHED {1000 + 10 * line}ms: gomaxprocs={_PROCS} idleprocs={below(_PROCS)} threads={5 + below(20)} "
        f"spinningthreads={below(2)} needspinning={below(2)} idlethreads={below(9)} "
        f"runqueue={below(100)}{end}"
    )


def _numbers(random_: random.Random, most: int) -> str:
    return " ".join(str(random_.randrange(most)) for _ in range(_PROCS))


def _current(random_: random.Random, line: int) -> str:
    lists = f" [ {_numbers(random_, 256)} ] schedticks=[ {_numbers(random_, 1_000_000)} ]\n"
    return _sched(random_, line, lists)


def _plain(random_: random.Random) -> str:
    return "".join(_current(random_, line) for line in range(_BLOCK_LINES))


def _mixed(random_: random.Random) -> str:
    other = "2024/05/01 12:00:00 request handled method=GET path=/api/v1/items status=200 duration=12.3ms\n"
    return "".join(other if line % 10 == 0 else _current(random_, line) for line in range(_BLOCK_LINES))


def _before_go1_25(random_: random.Random) -> str:
    return "".join(_sched(random_, line, f" [{_numbers(random_, 256)}]\n") for line in range(_BLOCK_LINES))


def _detail(random_: random.Random) -> str:
    below = random_.randrange
    text = []
    for line in range(_BLOCK_LINES // 70):
        text.append(
            _sched(random_, line, " gcwaiting=false nmidlelocked=0 stopwait=0 sysmonwait=false\n")
            + "".join(
                f"  P{p}: status=1 schedtick={below(10**6)} syscalltick={below(10**4)} m={below(20)} "
                f"runqsize={below(256)} gfreecnt=0 timerslen={below(9)}\n"
                for p in range(_PROCS)
            )
            + "".join(
                f"  M{m}: p=nil curg=nil mallocing=0 throwing=0 preemptoff= locks=0 dying=0 spinning=false "
                f"blocked=true lockedg=nil\n"
                for m in range(11)
            )
            + "".join(f"  G{g}: status=4(chan receive) m=nil lockedm=nil\n" for g in range(1, 51))
        )
    return "".join(text)


_CASES: dict[str, Callable[[random.Random], str]] = {
    "SCHED lines of Go 1.27, 8 Ps": _plain,
    "the same, 10 % other lines": _mixed,
    "SCHED lines of Go 1.20 to 1.24, 8 Ps": _before_go1_25,
    "scheddetail: 8 Ps, 11 Ms, 50 Gs": _detail,
}
