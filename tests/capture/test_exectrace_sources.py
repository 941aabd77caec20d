"""Where a trace can come from: a file, bytes, a pipe, standard input, a living program."""

from __future__ import annotations

import fcntl
import gc
import io
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest

from schedlab import process, toolchain
from schedlab.capture import endpoint, exectrace
from schedlab.capture.errors import CaptureError
from schedlab.errors import UsageError

SELFTRACE = Path(__file__).parent / "testdata" / "selftrace"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = tmp_path_factory.mktemp("recorded") / "trace"
    process.run(toolchain.build(SELFTRACE), ["-rounds", 3, "-profile=false", file]).check()
    return file.read_bytes()


def content(trace: exectrace.ExecTrace) -> dict[str, bytes]:
    return {
        f"{table}.{name}": column.tobytes()
        for table, columns in trace.tables.items()
        for name, column in columns.items()
    }


def through_a_pipe(data: bytes, buffering: int = -1) -> tuple[BinaryIO, threading.Thread]:
    readable, writable = os.pipe()

    def write() -> None:
        with open(writable, "wb") as file:  # noqa: PTH123
            file.write(data)

    writer = threading.Thread(target=write)
    writer.start()
    return open(readable, "rb", buffering=buffering), writer  # noqa: PTH123


@pytest.mark.parametrize(
    "kind", ["bytes", "bytes in memory", "file", "pipe", "unbuffered pipe", "plain read"]
)
def test_every_source_gives_the_same(recorded: bytes, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "a trace"
    file.write_bytes(recorded)
    (tmp_path / "expected").mkdir()
    (tmp_path / "found").mkdir()
    expected = exectrace.read(file, tmp_path / "expected")

    class OnlyRead:
        def __init__(self) -> None:
            self.read = io.BytesIO(recorded).read

    if kind.endswith("pipe"):
        pipe, writer = through_a_pipe(recorded, 0 if kind.startswith("un") else -1)
        with pipe:
            found = exectrace.read(pipe, tmp_path / "found")
        writer.join()
    else:
        sources: dict[str, Callable[[], Any]] = {
            "bytes": lambda: recorded,
            "bytes in memory": lambda: io.BytesIO(recorded),
            "file": lambda: file.open("rb"),
            "plain read": OnlyRead,
        }
        source = sources[kind]()
        found = exectrace.read(source, tmp_path / "found")
        if kind == "file":
            source.close()
    assert content(found) == content(expected)
    assert (found.lost, found.texts) == ("", expected.texts)


def test_a_file_is_read_on_from_where_it_stands(recorded: bytes, tmp_path: Path) -> None:
    pipe, writer = through_a_pipe(b"before\n" + recorded)
    with pipe:
        assert pipe.readline() == b"before\n"
        assert exectrace.read(pipe, tmp_path).lost == ""
    writer.join()


def test_a_stream_is_read_as_it_comes(tmp_path: Path) -> None:
    """The pipes on the way hold less: all of it can only be written if somebody reads meanwhile."""
    file_of_trace = tmp_path.with_suffix(".trace")
    program = toolchain.build("handoffs")
    process.run(program, ["-trace", file_of_trace, "-exchanges", "30000"]).check()
    recorded = file_of_trace.read_bytes()
    readable, writable = os.pipe()
    room = fcntl.fcntl(writable, fcntl.F_SETPIPE_SZ, 4096)
    assert len(recorded) > 2 * room + (1 << 16)
    found: list[exectrace.ExecTrace] = []
    with open(readable, "rb") as pipe:  # noqa: PTH123
        loading = threading.Thread(target=lambda: found.append(exectrace.read(pipe, tmp_path)))
        loading.start()
        with open(writable, "wb", buffering=0) as file:  # noqa: PTH123
            assert file.write(recorded) == len(recorded)
            assert not (tmp_path / "meta.json").exists()
        loading.join(timeout=120)
    assert found[0].lost == ""


def test_standard_input(recorded: bytes, tmp_path: Path) -> None:
    script = (
        "import pathlib, sys\n"
        "from schedlab.capture import exectrace\n"
        f"trace = exectrace.read(sys.stdin.buffer, pathlib.Path({str(tmp_path)!r}))\n"
        "print(trace.events, trace.lost)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], input=recorded, capture_output=True, check=True, timeout=300
    )
    assert done.stderr == b""
    assert int(done.stdout) > 1000


def test_a_source_that_breaks_off_is_not_a_whole_trace(recorded: bytes, tmp_path: Path) -> None:
    class Broken(io.RawIOBase):
        given = False

        def readable(self) -> bool:
            return True

        def read(self, _: int = -1) -> bytes:
            if self.given:
                raise ConnectionResetError("gone")
            self.given = True
            return recorded

    found = exectrace.read(cast(BinaryIO, Broken()), tmp_path)
    assert found.lost == "the source broke off: gone"
    assert found.events > 1000


def test_a_reader_that_has_enough_does_not_wait_for_the_source(tmp_path: Path) -> None:
    """It refuses the first bytes; the source would go on for ever."""
    readable, writable = os.pipe()
    with open(readable, "rb") as pipe, open(writable, "wb", buffering=0) as file:  # noqa: PTH123
        file.write(b"no trace at all\n" * 100)
        with pytest.raises(exectrace.NotATrace, match="the input cannot be read"):
            exectrace.read(pipe, tmp_path)


def test_a_silent_source_ends_at_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exectrace.reader()
    monkeypatch.setattr(exectrace, "_PATIENCE_S", 0.5)
    readable, writable = os.pipe()
    before = threading.active_count()
    with open(readable, "rb") as pipe:  # noqa: PTH123
        with pytest.raises(process.WallLimitExceeded):
            exectrace.read(pipe, tmp_path)
        os.close(writable)
    assert threading.active_count() == before


def descriptors() -> int:
    gc.collect()
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


def test_many_small_traces_at_once_take_no_descriptors(recorded: bytes, tmp_path: Path) -> None:
    before, found = descriptors(), []
    for number in range(8):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        found.append(exectrace.read(recorded, folder))
    # A column that is long enough is mapped, and keeps its own; a busy machine makes more of them long.
    columns = [column for table in found[0].tables.values() for column in table.values()]
    mapped = sum(column.nbytes > 1 << 18 for column in columns)
    assert mapped < len(columns) / 2
    assert descriptors() <= before + mapped * len(found)


def test_a_refused_source_leaves_no_descriptor_open(recorded: bytes, tmp_path: Path) -> None:
    before = descriptors()
    for number, junk in enumerate((b"junk", b"", b"junk" * 1_000_000, recorded[:20])):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        with pytest.raises(exectrace.NotATrace):
            exectrace.read(junk, folder)
    assert descriptors() == before


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    for nowhere in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(CaptureError, match="there is no file"):
            exectrace.read(nowhere, tmp_path)


def test_a_living_program(tmp_path: Path) -> None:
    sample = toolchain.build("article_endpoint")
    with process.start(sample, ["-for", "50s", "-bursts", "0", "-goroutines", "20"]) as live:
        address = json.loads(live.wait_for_line("address", timeout_s=30))["address"]
        begun = time.monotonic_ns()
        found = exectrace.read(exectrace.LiveUrl(f"http://{address}/debug/pprof/trace?seconds=0.1"), tmp_path)
        assert 50_000_000 < found.duration_ns < time.monotonic_ns() - begun
        assert found.lost == ""
    with pytest.raises(endpoint.EndpointError, match="did not answer"):
        exectrace.read(exectrace.LiveUrl(f"http://{address}/debug/pprof/trace?seconds=0.1"), tmp_path)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:6060/debug/pprof/profile?seconds=1", "no URL of a trace"),
        ("https://127.0.0.1:6060/debug/pprof/trace", "no URL of a trace"),
        ("file:///debug/pprof/trace", "no URL of a trace"),
        ("http://user@127.0.0.1/debug/pprof/trace", "no URL of a trace"),
        ("http://127.0.0.1:port/debug/pprof/trace", "no URL of a trace"),
        ("http://[::1/debug/pprof/trace", "no URL of a trace"),
        ("http://127.0.0.1/debug/pprof/trace?seconds=x", "no URL of a trace"),
        ("http://127.0.0.1/debug/pprof/trace?seconds=nan", "of nan seconds cannot be had"),
        ("http://127.0.0.1/debug/pprof/trace?seconds=99999", "of 99999 seconds cannot be had"),
        ("http://example.org/debug/pprof/trace", "example.org is not this machine"),
        ("http://192.0.2.1/debug/pprof/trace", "is not this machine"),
        ("http://localhost.example.org/debug/pprof/trace", "is not this machine"),
    ],
)
def test_what_is_no_trace_of_this_machine_is_refused(url: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        exectrace.LiveUrl(url)


@pytest.mark.parametrize("host", ["127.0.0.1:6060", "localhost:6060", "[::1]:6060", "127.9.9.9"])
def test_this_machine_has_many_names(host: str) -> None:
    here = exectrace.LiveUrl(f"http://{host}/debug/pprof/trace?seconds=2.5")
    assert (here.address, here.seconds) == (host, 2.5)


def test_another_machine_only_if_asked_for() -> None:
    assert exectrace.LiveUrl("http://example.org/debug/pprof/trace", anywhere=True).seconds == 1.0
