"""Following programs that run: what is counted is what the program has, and nobody waits for anybody."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Literal

import pytest

from schedlab import process, toolchain
from schedlab.capture import live
from schedlab.capture.live import BIN_BOUNDS_NS, UNKNOWN, Feed, History, NotFollowed, Sample, binned
from schedlab.capture.live.reporter import build, read_report
from schedlab.errors import SchedlabError, UsageError
from schedlab.places import repository_root

PROGRAMS = repository_root() / "tests" / "capture" / "testdata" / "live"
COUNTED = PROGRAMS / "counted"

# Far beyond what a busy machine needs: reaching it means "never".
NEVER_S = 120.0


def until(feed: Feed, wanted: Callable[[Sample], bool]) -> Sample:
    """The first sample that is as wanted, of those to come."""
    limit, number = time.monotonic() + NEVER_S, 0
    while time.monotonic() < limit:
        over = bool(feed.ended)
        piece = feed.history.since(number)
        number = piece.next
        for sample in piece.samples:
            if wanted(sample):
                return sample
        assert not over, f"{feed.ended}, and no such sample came"
        feed.wait(0.02)
    pytest.fail("no such sample came")


def said(feed: Feed) -> dict[str, int]:
    """The line of JSON that the program prints."""
    limit = time.monotonic() + NEVER_S
    while time.monotonic() < limit:
        for stream, line in list(feed.output):
            if stream == "stdout":
                document: dict[str, int] = json.loads(line)
                return document
        feed.wait(0.02)
    pytest.fail("the program said nothing")


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until_gone(pid: int) -> None:
    limit = time.monotonic() + NEVER_S
    while not gone(pid):
        assert time.monotonic() < limit, "it is still there"
        time.sleep(0.02)


def pid_of(feed: Feed) -> int:
    pid: int = feed.pid  # type: ignore[attr-defined]
    return pid


def test_goroutines_are_those_that_the_program_counts() -> None:
    settings = process.GoSettings(gomaxprocs=3)
    with live.follow(COUNTED, ["-waiting", 500], settings=settings) as feed:
        own = said(feed)["goroutines"] - 1
        assert own == 501, "main and the 500; the program counted the reporter too"
        found = until(feed, lambda sample: sample.goroutines == own and sample.waiting >= 500)
        assert (found.gomaxprocs, found.runnable) == (3, 0)
        queued = until(feed, lambda sample: bool(sample.runq_local))
        assert len(queued.runq_local) == 3
        assert queued.threads > 0
        assert feed.unknown == {}
    times = [sample.time_ns for sample in feed.history.since(0).samples]
    assert times == sorted(times)


def test_who_waits_to_run_is_seen_in_the_queues_and_in_the_latencies() -> None:
    settings = process.GoSettings(gomaxprocs=1)
    with live.follow(COUNTED, ["-spinning", 12], settings=settings) as feed:
        until(feed, lambda sample: sample.runnable >= 10)
        until(feed, lambda sample: sample.runq_global + sum(sample.runq_local) >= 10)
        # One P, and each may run for 10 ms (forcePreemptNS in runtime/proc.go).
        slow = until(feed, lambda sample: any(sample.latencies[BIN_BOUNDS_NS.index(2**24) :]))
        assert len(slow.latencies) == live.BINS


def test_collections_are_counted_with_their_pauses() -> None:
    with live.follow(COUNTED, ["-collections", 30]) as feed:
        until(feed, lambda sample: sample.gc_cycles >= 30)
        samples = feed.history.since(0).samples
    assert sum(sum(sample.pauses) for sample in samples) >= 60, "two for each"
    assert samples[-1].heap_bytes > 0
    assert samples[-1].goal_bytes >= 4 << 20


def test_with_the_collector_off_there_is_no_goal_and_all_else_is_known() -> None:
    with live.follow(COUNTED, ["-waiting", 5], settings=process.GoSettings(gogc="off")) as feed:
        found = until(feed, lambda sample: sample.goroutines >= 5 and sample.heap_bytes > 0)
        assert (found.goal_bytes, len(found.latencies)) == (UNKNOWN, live.BINS)


def test_of_a_built_program_the_rest_is_said_to_be_unknown() -> None:
    settings = process.GoSettings(gomaxprocs=2)
    binary = toolchain.build(COUNTED)
    with live.follow(binary, ["-collections", 5, "-spinning", 8], settings=settings) as feed:
        assert set(feed.unknown) == {"goroutines", "states", "latencies"}
        found = until(feed, lambda sample: sample.gc_cycles >= 5 and sum(sample.runq_local) > 0)
        assert (found.goroutines, found.running, found.latencies) == (UNKNOWN, UNKNOWN, ())
        assert (found.gomaxprocs, len(found.runq_local)) == (2, 2)
        assert sum(sum(sample.pauses) for sample in feed.history.since(0).samples) >= 10


@pytest.mark.parametrize(
    ("arguments", "words"), [(["-exit", 3], "with exit status 3"), (["-no-such-flag"], "with exit status 2")]
)
def test_the_end_is_told_and_what_came_stays(arguments: list[str], words: str) -> None:
    feed = live.follow(COUNTED, arguments)
    assert feed.wait(NEVER_S)
    assert feed.ended == f"the program ended {words}"
    assert feed.history.next >= 0
    feed.stop()
    assert words in feed.ended, "it ended by itself"


def test_a_program_that_is_killed_says_by_what() -> None:
    with live.follow(COUNTED) as feed:
        said(feed)
        os.kill(pid_of(feed), signal.SIGKILL)
        assert feed.wait(NEVER_S)
        assert feed.ended == "the program ended by SIGKILL"


def test_stop_ends_the_program() -> None:
    feed = live.follow(COUNTED, ["-spinning", 2])
    pid = pid_of(feed)
    assert not gone(pid)
    stoppers = [threading.Thread(target=feed.stop) for _ in range(3)]
    for one in stoppers:
        one.start()
    for one in stoppers:
        one.join()
    wait_until_gone(pid)
    assert feed.ended == "stopped from here"


def test_nothing_survives_the_process_that_follows() -> None:
    script = (
        "import sys, time; from schedlab.capture import live; "
        f"feed = live.follow({str(COUNTED)!r}); print(feed.pid, flush=True); {{}}"
    )
    for end in ("time.sleep(3600)", "sys.exit()"):
        parent = subprocess.Popen(
            [sys.executable, "-c", script.format(end)], stdout=subprocess.PIPE, text=True
        )
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        if "sleep" in end:
            parent.kill()
        parent.communicate(timeout=NEVER_S)
        wait_until_gone(pid)


def test_a_noisy_program_is_followed_all_the_same() -> None:
    with live.follow(COUNTED, ["-noise", 50_000, "-waiting", 7]) as feed:
        until(feed, lambda sample: sample.waiting >= 7)
        assert len(feed.output) == 1000, "the last lines"


def test_the_reporter_does_not_wait_for_its_reader(tmp_path: Path) -> None:
    """Its pipe is full, and the program goes on; what was dropped is counted."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    try:
        fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 4096)
        env = {"SCHEDLAB_LIVE_PIPE": str(pipe), "SCHEDLAB_LIVE_EVERY": "100000"}
        with process.start(build(COUNTED, toolchain.find()), env=env, wall_limit_s=NEVER_S) as running:
            running.wait_for_line("goroutines", timeout_s=NEVER_S)
            limit, rest, dropped, lines = time.monotonic() + NEVER_S, b"", 0, 0
            while not dropped:
                assert time.monotonic() < limit
                if waiting_bytes(reader) < 3500:
                    time.sleep(0.005)
                    continue
                time.sleep(0.005)
                *whole, rest = (rest + os.read(reader, 4096)).split(b"\n")
                for line in whole:
                    report = read_report(line)
                    assert report is not None, f"a line came in pieces: {line!r}"
                    dropped, lines = report.dropped, lines + 1
            assert lines > 0
            assert running.alive
    finally:
        os.close(reader)


def waiting_bytes(descriptor: int) -> int:
    answer = fcntl.ioctl(descriptor, termios.FIONREAD, b"\0" * 4)
    count: int = struct.unpack("i", answer)[0]
    return count


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b'{"time_ns":1}',
        b'{"time_ns":-1,"dropped":0}',
        b'{"time_ns":1,"dropped":true}',
        b'{"time_ns":1,"dropped":0,"goroutines":"<img>"}',
        b'{"time_ns":1,"dropped":0,"goroutines":1e400}',
        b'{"time_ns":1,"dropped":0,"goroutines":9007199254740992}',
        b'{"time_ns":1,"dropped":0,"latencies":[[1]]}',
        b'{"time_ns":1,"dropped":0,"latencies":7}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_report_is_none(line: bytes) -> None:
    assert read_report(line) is None


def test_a_release_that_counts_less_is_read() -> None:
    report = read_report(b'{"time_ns":5,"dropped":2,"goroutines":3,"latencies":[[0,4],[16777216,1]]}')
    assert report is not None
    assert report.dropped == 2
    assert report.sample == Sample(5, goroutines=3, latencies=binned([(0, 4), (2**24, 1)]))
    assert report.sample.running == UNKNOWN
    assert report.sample.pauses == ()


def test_a_goal_beyond_any_memory_is_none() -> None:
    for goal in (2**53, 8946670875744437013, 2**64 - 1):
        report = read_report(b'{"time_ns":5,"dropped":0,"heap_bytes":9,"goal_bytes":%d}' % goal)
        assert report is not None
        assert (report.sample.heap_bytes, report.sample.goal_bytes) == (9, UNKNOWN)
    assert read_report(b'{"time_ns":5,"dropped":0,"goal_bytes":%d}' % (2**64)) is None


def test_bins() -> None:
    assert sum(binned([(0, 1), (255, 1), (256, 1), (2**40, 5)])) == 8
    assert binned([(0, 1), (255, 1)])[0] == 2
    assert binned([(256, 1)])[1] == 1
    assert binned([(2**40, 5)])[-1] == 5


def test_a_history_is_a_ring() -> None:
    history = History(3)
    assert history.since(0).samples == ()
    for time_ns in range(5):
        history.append(Sample(time_ns))
    piece = history.since(0)
    assert (piece.first, piece.lost, [one.time_ns for one in piece.samples]) == (2, 2, [2, 3, 4])
    assert [one.time_ns for one in history.since(3, 1).samples] == [3]
    late = history.since(9)
    assert (late.first, late.lost, late.samples, late.next) == (5, 0, (), 5)
    with pytest.raises(UsageError, match="holds nothing"):
        History(0)


@pytest.fixture
def server() -> Callable[..., tuple[str, process.Live]]:
    def start(*arguments: str | int, gogc: Literal["off"] | None = None) -> tuple[str, process.Live]:
        program, settings = toolchain.build(PROGRAMS / "server"), process.GoSettings(gogc=gogc)
        running = process.start(program, arguments, settings=settings, wall_limit_s=NEVER_S)
        return json.loads(running.wait_for_line("address", timeout_s=NEVER_S))["address"], running

    return start


def test_a_server_is_asked(server: Callable[..., tuple[str, process.Live]]) -> None:
    address, running = server("-waiting", 300, "-pprof", "-expvar")
    with running, live.follow(f"http://{address}", hz=20) as feed:
        found = until(feed, lambda sample: sample.goroutines >= 300 and sample.heap_bytes > 0)
        assert found.goroutines < 320, "and a few of its own"
        assert set(feed.unknown) == {"states", "queues", "latencies", "threads"}
        before = found.gc_cycles
        with urllib.request.urlopen(f"http://{address}/collect", timeout=NEVER_S):
            pass
        after = until(feed, lambda sample: sample.gc_cycles > before)
        assert sum(after.pauses) >= 1
        running.stop()
        assert feed.wait(NEVER_S)
        assert "the server does not answer any more" in feed.ended
        assert feed.history.next > 0


def test_a_server_with_its_collector_off(server: Callable[..., tuple[str, process.Live]]) -> None:
    address, running = server("-pprof", "-expvar", gogc="off")
    with running, live.follow(f"http://{address}", hz=20) as feed:
        found = until(feed, lambda sample: sample.heap_bytes > 0)
        assert found.goal_bytes == UNKNOWN
        assert "heap" not in feed.unknown


def test_a_server_without_expvar_or_without_pprof(server: Callable[..., tuple[str, process.Live]]) -> None:
    address, running = server("-pprof")
    with running, live.follow(address) as feed:
        assert feed.hz == 5
        assert "heap" in feed.unknown
        until(feed, lambda sample: sample.goroutines > 0 and sample.heap_bytes == UNKNOWN)
    address, running = server("-expvar")
    with running, live.follow(address) as feed:
        assert "goroutines" in feed.unknown
        until(feed, lambda sample: sample.goroutines == UNKNOWN and sample.heap_bytes > 0)
    address, running = server()
    with running, pytest.raises(NotFollowed, match="neither"):
        live.follow(address)


class _Strange(BaseHTTPRequestHandler):
    """Answers with a list of profiles at first, and with nonsense for expvar."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(
            b"<td>3</td><td><a href='goroutine?debug=1'>"
            if self.path == "/debug/pprof/"
            else b'{"memstats":{"NumGC":-1,"HeapAlloc":"<b>","NextGC":1,"PauseNs":[]}}'
        )

    def log_message(self, *_: object) -> None:
        pass


def test_what_a_server_says_is_not_trusted() -> None:
    strange = HTTPServer(("127.0.0.1", 0), _Strange)
    serving = threading.Thread(target=strange.serve_forever)
    serving.start()
    try:
        with live.follow(f"127.0.0.1:{strange.server_address[1]}") as feed:
            found = until(feed, lambda sample: sample.goroutines == 3)
            assert found.heap_bytes == UNKNOWN
            assert "heap" in feed.unknown
        assert feed.ended == "turned away from the server"
    finally:
        strange.shutdown()
        serving.join()
        strange.server_close()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: live.follow(COUNTED, hz=0), UsageError, "no rate"),
        (lambda: live.follow(COUNTED, hz=float("nan")), UsageError, "no rate"),
        (lambda: live.follow(COUNTED, hz=21), UsageError, "up to 20"),
        (lambda: live.follow(COUNTED, history_s=0), UsageError, "cannot be kept"),
        (lambda: live.follow(COUNTED, history_s=1e9), UsageError, "cannot be kept"),
        (lambda: live.follow("no_such_program"), toolchain.SampleNotFound, "no folder"),
        (lambda: live.follow("127.0.0.1:1"), NotFollowed, "did not answer"),
        (lambda: live.follow("127.0.0.1:1", ["-flag"]), UsageError, "runs already"),
        (lambda: live.follow("https://127.0.0.1:1"), UsageError, "only http"),
        (
            lambda: live.follow(COUNTED, settings=process.GoSettings(schedtrace_ms=5)),
            UsageError,
            "set by what follows",
        ),
    ],
)
def test_wrong_use(call: Callable[[], Feed], error: type[SchedlabError], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


def test_a_program_that_does_not_build_says_why(odd_programs: Path) -> None:
    with pytest.raises(toolchain.CompileError, match="undefined: missing") as caught:
        live.follow(odd_programs / "broken")
    assert "schedlab_" not in caught.value.message
