"""Recording traces of programs that know nothing of it, of servers, and of last moments."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from schedlab import process, toolchain
from schedlab.capture import exectrace, pprof, tracing
from schedlab.capture.endpoint import EndpointError
from schedlab.errors import UsageError
from schedlab.places import repository_root
from schedlab.timeline import Timeline
from schedlab.toolchain import CompileError, SampleNotFound

PROGRAMS = Path(__file__).parent / "testdata" / "tracing"
ON_LINUX = pytest.mark.skipif(
    not Path("/proc/self/fd").is_dir(), reason="the program looks for its trace in /proc"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "recorded.trace"


def functions(trace: Path, folder: Path) -> set[str]:
    """The functions on the stacks of a trace that was read to its end."""
    folder.mkdir()
    read = exectrace.read(trace, folder)
    assert read.events > 0
    return {read.texts[name] for name in read.tables["frames"]["function"].tolist()}


def test_a_program_that_knows_nothing_of_traces(file: Path, tmp_path: Path) -> None:
    before = sorted((repository_root() / "go_samples" / "meet_gmp").iterdir())
    made = tracing.record(
        "meet_gmp", ["-goroutines", 50], file=file, settings=process.GoSettings(gomaxprocs=2)
    )
    assert (made.file, made.source, made.ending, made.lost) == (file, "meet_gmp", tracing.Ending.EXIT, "")
    assert made.bytes == file.stat().st_size > 1000
    assert made.finished is not None
    assert made.finished.check().json()["goroutines"] == 50
    assert {"main.main", "main.main.func1"} <= functions(file, tmp_path / "columns")
    assert sorted((repository_root() / "go_samples" / "meet_gmp").iterdir()) == before
    assert list(tmp_path.iterdir()) == [file, tmp_path / "columns"] or len(list(tmp_path.iterdir())) == 2


def test_the_main_goroutine_is_first_seen_while_it_initialises(file: Path) -> None:
    tracing.record("meet_gmp", ["-goroutines", 50], file=file)
    timeline = Timeline.load(file)
    main = int((timeline.goroutines["id"] == 1).argmax())
    stacks = timeline.filter(goroutine=1).spans["stack"].tolist()
    assert any("runtime.doInit1" in timeline.stack(number)[-1:] for number in stacks)
    assert timeline.texts[timeline.goroutine_function[main]] == "main.main"


def test_the_main_goroutine_of_a_program_that_only_computes(file: Path) -> None:
    tracing.record(
        Path("labs/idle_p/wrong/one_goroutine"), file=file, settings=process.GoSettings(gomaxprocs=2)
    )
    timeline = Timeline.load(file)
    main = int((timeline.goroutines["id"] == 1).argmax())
    assert timeline.texts[timeline.goroutine_function[main]] == "main.main"
    assert "internal/runtime/exithook.Run" not in timeline.names(timeline.goroutine_function)


def test_a_program_that_does_not_end_is_ended(file: Path, tmp_path: Path) -> None:
    made = tracing.record(PROGRAMS / "ends", ["-how", "never"], file=file, seconds=0.05)
    assert (made.ending, made.lost) == (tracing.Ending.SECONDS, "")
    assert made.finished is not None
    assert (made.finished.signal, made.finished.stdout) == ("SIGTERM", "begun\n")
    assert "main.main" in functions(file, tmp_path / "columns")


def test_allocations_are_written_beside_the_trace(file: Path, tmp_path: Path) -> None:
    profile = tmp_path / "allocations"
    made = tracing.record(PROGRAMS / "ends", ["-how", "never"], file=file, seconds=0.05, allocations=profile)
    assert made.ending == tracing.Ending.SECONDS
    assert {kind.type for kind in pprof.load(profile).sample_types} >= {"alloc_objects", "alloc_space"}
    tracing.record("meet_gmp", ["-goroutines", 50], file=file, allocations=profile)
    assert pprof.load(profile).sample_types
    cut = tmp_path / "cut"
    with pytest.raises(tracing.RecordingFailed):
        tracing.record(PROGRAMS / "ends", ["-how", "kill"], file=file, allocations=cut)
    assert cut.stat().st_size == 0


def sampled_functions(file: Path) -> set[str]:
    """The functions on the stacks of the CPU samples that were taken of goroutines."""
    timeline = Timeline.load(file)
    stacks = timeline.samples["stack"][timeline.samples["g"] >= 0]
    return {name for stack in stacks.tolist() for name in timeline.stack(stack)}


def test_cpu_samples_say_where_a_program_was(file: Path) -> None:
    tracing.record("parallel", file=file)
    assert not sampled_functions(file)
    tracing.record("parallel", file=file, sample_cpu=True)
    assert any(name.startswith("main.work") for name in sampled_functions(file))


def test_a_program_may_run_on_to_its_own_end(file: Path) -> None:
    arguments: list[str | int] = ["-goroutines", 10, "-for", "300ms", "-bursts", 0]
    made = tracing.record("article_endpoint", arguments, file=file, seconds=0.05, run_on_s=60)
    assert made.ending == tracing.Ending.SECONDS
    assert made.finished is not None
    assert made.finished.check().json_lines()[-1]["bursts"] > 0


@pytest.mark.parametrize(("how", "status"), [("exit", 3), ("fatal", 1)])
def test_a_program_that_exits_in_the_middle_gives_a_whole_trace(
    file: Path, tmp_path: Path, how: str, status: int
) -> None:
    made = tracing.record(PROGRAMS / "ends", ["-how", how], file=file)
    assert (made.ending, made.lost) == (tracing.Ending.EXIT, "")
    assert made.finished is not None
    assert made.finished.exit_status == status
    assert functions(file, tmp_path / "columns")


@ON_LINUX
@pytest.mark.parametrize(("how", "end"), [("panic", "exit status 2"), ("kill", "SIGKILL")])
def test_what_is_cut_down_keeps_what_was_handed_out(file: Path, tmp_path: Path, how: str, end: str) -> None:
    made = tracing.record(PROGRAMS / "ends", ["-how", how, "-recorded"], file=file, seconds=60)
    assert made.ending == tracing.Ending.CUT
    assert end in made.lost
    # The stacks are written behind the events that have them, and the end may come between.
    assert exectrace.read(file, tmp_path).events > 0


def test_what_is_cut_down_at_once_has_no_trace(file: Path) -> None:
    file.write_text("an older one")
    # On one P nothing else runs before the end.
    one = process.GoSettings(gomaxprocs=1)
    with pytest.raises(tracing.RecordingFailed, match=r"SIGKILL before the runtime handed out"):
        tracing.record(PROGRAMS / "ends", ["-how", "kill"], file=file, settings=one)
    assert file.read_text() == "an older one"
    assert list(file.parent.iterdir()) == [file]


def test_a_panic_at_once_gives_a_trace(file: Path, tmp_path: Path) -> None:
    made = tracing.record(PROGRAMS / "ends", ["-how", "panic"], file=file)
    assert made.finished is not None
    assert "a panic on purpose" in made.finished.stderr
    assert (made.ending, made.finished.exit_status) == (tracing.Ending.CUT, 2)
    assert "main.main" in functions(file, tmp_path / "columns")


def test_the_recorder_takes_no_name_and_shows_no_setting(file: Path) -> None:
    made = tracing.record(PROGRAMS / "names", file=file)
    assert made.finished is not None
    assert made.finished.check().stdout.splitlines() == [
        "init",
        r'child "init\n" <nil>',
        "own trace: execution tracer already enabled",
        "trace syscall stop",
    ]


def test_a_program_with_cgo(file: Path, tmp_path: Path, odd_programs: Path) -> None:
    if shutil.which("gcc") is None and shutil.which("clang") is None:
        pytest.skip("no gcc or clang on PATH")
    made = tracing.record(odd_programs / "usescgo", file=file)
    assert made.finished is not None
    assert made.finished.stdout == "42\n"
    assert "main.main" in functions(file, tmp_path / "columns")


def test_a_program_with_vendored_packages(file: Path, tmp_path: Path) -> None:
    module = tmp_path / "module"
    package = module / "vendor" / "example.org" / "greeting"
    package.mkdir(parents=True)
    (module / "go.mod").write_text(
        "module example.org/program\n\ngo 1.24\n\nrequire example.org/greeting v1.0.0\n"
    )
    (module / "vendor" / "modules.txt").write_text(
        "# example.org/greeting v1.0.0\n## explicit\nexample.org/greeting\n"
    )
    (package / "greeting.go").write_text('package greeting\n\nfunc Say() { print("hello") }\n')
    (module / "main.go").write_text(
        'package main\n\nimport "example.org/greeting"\n\nfunc main() { greeting.Say() }\n'
    )
    made = tracing.record(module, file=file)
    assert made.finished is not None
    assert made.finished.check().stderr == "hello"
    assert functions(file, tmp_path / "columns")


def test_the_oldest_release_of_the_course(file: Path, tmp_path: Path) -> None:
    oldest = toolchain.release(toolchain.releases()[0])
    assert (
        tracing.record("meet_gmp", ["-goroutines", 5], file=file, using=oldest).ending == tracing.Ending.EXIT
    )
    assert "main.main" in functions(file, tmp_path / "columns")


def test_a_release_without_exit_hooks_is_refused(file: Path) -> None:
    current = toolchain.find()
    older = toolchain.Toolchain(current.goroot, "go1.22.1", "an older one")
    with pytest.raises(tracing.TooOldForThis, match=r"go1\.22\.1 has no hooks[\s\S]*Go 1\.23"):
        tracing.record("meet_gmp", file=file, using=older)


@pytest.mark.parametrize(
    ("program", "error", "said"),
    [
        ("no_such_sample", SampleNotFound, "no folder with a Go program"),
        ("broken", CompileError, "undefined: missing"),
        ("notmain", CompileError, "notmain is no program"),
        ("broken/main.go", UsageError, "Name the folder"),
    ],
)
def test_what_cannot_be_built(
    file: Path, odd_programs: Path, program: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        tracing.record(odd_programs / program, file=file)
    assert not file.exists()


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), 1e9])
def test_a_length_that_is_none(file: Path, seconds: float) -> None:
    with pytest.raises(UsageError, match="no length of a recording"):
        tracing.record("meet_gmp", file=file, seconds=seconds)
    with pytest.raises(UsageError, match="no length"), tracing.flight("meet_gmp", window_s=seconds):
        pass


def test_places_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        tracing.record("meet_gmp", file=tmp_path)
    with pytest.raises(UsageError, match="no folder"):
        tracing.record("meet_gmp", file=tmp_path / "missing" / "file")


@ON_LINUX
def test_an_interrupt_keeps_what_came_and_leaves_no_program(file: Path, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    arguments: list[str | int | Path] = ["-how", "never", "-recorded", "-interrupt", os.getpid(), "-pid", pid]
    with pytest.raises(tracing.RecordingInterrupted, match=r"kept \d+ bytes in .*recorded\.trace") as stopped:
        tracing.record(PROGRAMS / "ends", arguments, file=file, seconds=60)
    assert stopped.value.kept == file
    assert stopped.value.bytes == file.stat().st_size > 1000
    assert functions(file, tmp_path / "columns")
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_an_interrupt_before_anything_came(file: Path) -> None:
    arguments: list[str | int] = ["-how", "stop", "-interrupt", os.getpid()]
    with pytest.raises(tracing.RecordingInterrupted, match="nothing had been recorded") as stopped:
        tracing.record(PROGRAMS / "ends", arguments, file=file, seconds=60)
    assert stopped.value.kept is None
    assert list(file.parent.iterdir()) == []


# Servers.


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    arguments = ["-for", "100s", "-bursts", "0", "-goroutines", "10"]
    with process.start(toolchain.build("article_endpoint"), arguments, wall_limit_s=120) as live:
        yield json.loads(live.wait_for_line("address", timeout_s=30))["address"]


@pytest.mark.parametrize(
    "written",
    ["{}", "http://{}", "http://{}/", "http://{}/debug/pprof", "http://{}/debug/pprof/trace", ":{}"],
)
def test_a_living_server_however_its_address_is_written(
    address: str, file: Path, tmp_path: Path, written: str
) -> None:
    target = written.format(address if written != ":{}" else address.rpartition(":")[2])
    made = tracing.record(target, file=file, seconds=0.02)
    assert (made.source, made.ending, made.finished) == (address, tracing.Ending.SECONDS, None)
    assert made.bytes == file.stat().st_size
    assert functions(file, tmp_path / "columns")


def test_cpu_samples_of_a_living_server(address: str, file: Path) -> None:
    tracing.record(address, file=file, seconds=1.0, sample_cpu=True)
    assert any(name.startswith("main.") for name in sampled_functions(file))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("https://127.0.0.1:6060", "only http"),
        ("ftp://127.0.0.1:6060", "only http"),
        ("http://127.0.0.1:6060/other", "more than a server's address"),
        ("http://127.0.0.1:6060/debug/pprof/trace?seconds=3", "more than"),
        ("http://user@127.0.0.1:6060", "more than"),
        ("http://", "is no address"),
        ("http://a b", "is no address"),
        ("127.0.0.1:70000", "no port 70000"),
        (":0", "no port 0"),
    ],
)
def test_addresses_that_are_none(file: Path, written: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        tracing.record(written, file=file)


def test_an_address_takes_no_arguments(file: Path) -> None:
    with pytest.raises(UsageError, match="runs already"):
        tracing.record("127.0.0.1:6060", ["-flag"], file=file)
    with (
        pytest.raises(UsageError, match="a flight recorder is built into a program"),
        tracing.flight("127.0.0.1:6060"),
    ):
        pass


def test_nobody_at_the_address(file: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(EndpointError, match=f"127.0.0.1:{port}"):
        tracing.record(f"127.0.0.1:{port}", file=file, seconds=0.1)
    assert not file.exists()


def test_a_server_that_is_being_traced(file: Path) -> None:
    with process.start(toolchain.build(PROGRAMS / "selftracing")) as live:
        busy = json.loads(live.wait_for_line("address", timeout_s=30))["address"]
        with pytest.raises(tracing.AlreadyTracing, match="already enabled"):
            tracing.record(busy, file=file, seconds=0.1)
    assert not file.exists()


@contextmanager
def serving(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """The address of a server that answers so."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def test_a_server_without_pprof(file: Path) -> None:
    with (
        serving(lambda request: request.send_error(404)) as elsewhere,
        pytest.raises(tracing.NoProfiler, match=r"404[\s\S]*net/http/pprof"),
    ):
        tracing.record(elsewhere, file=file, seconds=0.1)


def test_a_server_that_says_something_else(file: Path) -> None:
    def welcome(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        request.wfile.write(b"<html>welcome</html>")

    with serving(welcome) as elsewhere, pytest.raises(tracing.NoProfiler, match="is no execution trace"):
        tracing.record(elsewhere, file=file, seconds=0.1)
    assert not file.exists()


@pytest.mark.parametrize("came", [b"", b"go 1.26 trace\0\0\0"])
def test_a_server_that_breaks_off_before_the_trace(file: Path, came: bytes) -> None:
    def break_off(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "1000")
        request.end_headers()
        request.wfile.write(came)

    with serving(break_off) as elsewhere, pytest.raises(EndpointError):
        tracing.record(elsewhere, file=file, seconds=0.1)
    assert not file.exists()


def test_a_server_that_breaks_off_in_the_middle(address: str, file: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    tracing.record(address, file=whole, seconds=0.02)
    data = whole.read_bytes()

    def break_off(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data[:-100])

    with serving(break_off) as elsewhere:
        made = tracing.record(elsewhere, file=file, seconds=0.1)
    assert made.ending == tracing.Ending.CUT
    assert "broke off" in made.lost
    assert file.read_bytes() == data[:-100]


# Built programs.


def test_a_built_program_that_serves_pprof(file: Path, tmp_path: Path) -> None:
    built = toolchain.build("article_endpoint")
    made = tracing.record(built, ["-bursts", 0, "-goroutines", 10], file=file, seconds=0.05)
    assert (made.ending, made.source) == (tracing.Ending.SECONDS, "article_endpoint")
    assert made.finished is not None
    assert made.finished.signal == "SIGTERM"
    assert functions(file, tmp_path / "columns")


def test_a_built_program_that_serves_nothing(file: Path) -> None:
    with pytest.raises(tracing.NotTraceable, match="Name the folder of its source"):
        tracing.record(toolchain.build("meet_gmp"), ["-goroutines", 5], file=file)
    assert not file.exists()


# The flight recorder.


def test_snapshots_of_a_living_program(file: Path, tmp_path: Path) -> None:
    with tracing.flight(PROGRAMS / "ends", ["-how", "never"]) as flight:
        # Before that the recorder is all that has run.
        flight.live.wait_for_line("begun", timeout_s=60)
        for number in range(2):
            taken = flight.snapshot(file)
            assert (taken.file, taken.trigger, taken.bytes) == (file, "signal", file.stat().st_size)
            assert "main.main" in functions(file, tmp_path / f"columns {number}")
        pid = flight.live.pid
    assert flight.live.wait().signal == "SIGTERM"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_signal_from_elsewhere_takes_a_snapshot(file: Path) -> None:
    with tracing.flight(PROGRAMS / "ends", ["-how", "never"]) as flight:
        os.kill(flight.live.pid, signal.SIGUSR1)
        assert flight.wait(file).trigger == "signal"


def test_a_deadline_and_the_end_take_snapshots(file: Path, tmp_path: Path) -> None:
    with tracing.flight("article_endpoint", ["-for", "300ms"], seconds=0.02) as flight:
        assert flight.wait(file).trigger == "seconds"
        assert flight.wait(file).trigger == "exit"
        assert functions(file, tmp_path / "columns")
        assert flight.live.wait().exit_status == 0
        for _ in range(2):
            with pytest.raises(tracing.RecordingFailed, match="has ended"):
                flight.wait(file)
        with pytest.raises(tracing.RecordingFailed, match="has ended"):
            flight.snapshot(file)


def test_a_program_that_is_cut_down_in_flight(file: Path) -> None:
    with (
        tracing.flight(PROGRAMS / "ends", ["-how", "kill"]) as flight,
        pytest.raises(tracing.RecordingFailed, match="has ended"),
    ):
        flight.wait(file)


def test_the_block_that_raises_ends_the_program() -> None:
    with (
        pytest.raises(ZeroDivisionError),
        tracing.flight(PROGRAMS / "ends", ["-how", "never"]) as flight,
    ):
        raise ZeroDivisionError
    with pytest.raises(ProcessLookupError):
        os.kill(flight.live.pid, 0)


def test_a_release_without_flight_recorder_is_refused() -> None:
    current = toolchain.find()
    older = toolchain.Toolchain(current.goroot, "go1.24.1", "an older one")
    with (
        pytest.raises(tracing.TooOldForThis, match=r"go1\.24\.1 has no flight recorder"),
        tracing.flight("meet_gmp", using=older),
    ):
        pass


def test_wrong_windows() -> None:
    with pytest.raises(UsageError, match="window_bytes"), tracing.flight("meet_gmp", window_bytes=0):
        pass
