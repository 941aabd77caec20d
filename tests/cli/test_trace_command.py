"""``schedlab trace`` as a shell sees it: recording, reading, wrong use, interrupts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from schedlab import process, toolchain
from schedlab.cli import main
from schedlab.cli.trace import spelled_out
from schedlab.places import repository_root

PROGRAMS = repository_root() / "tests" / "capture" / "testdata" / "tracing"
COMMAND = [sys.executable, "-m", "schedlab.cli"]


def schedlab(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=300, cwd=folder
    )


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    arguments = ["-for", "100s", "-bursts", "0", "-goroutines", "10"]
    with process.start(toolchain.build("article_endpoint"), arguments, wall_limit_s=120) as live:
        yield json.loads(live.wait_for_line("address", timeout_s=30))["address"]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (["trace", "meet_gmp"], ["trace", "record", "meet_gmp"]),
        (["trace", "--seconds", "1", "meet_gmp"], ["trace", "record", "--seconds", "1", "meet_gmp"]),
        (["trace", "./load"], ["trace", "record", "./load"]),
        (["trace", "load", "FILE"], None),
        (["trace", "record", "meet_gmp"], None),
        (["trace", "--help"], None),
        (["trace"], None),
        (["run", "trace"], None),
        ([], None),
    ],
)
def test_the_short_form(given: list[str], meant: list[str] | None) -> None:
    assert spelled_out(given) == (given if meant is None else meant)


def test_a_program_is_recorded_and_read(tmp_path: Path) -> None:
    done = schedlab("trace", "meet_gmp", "--seconds", "30", "--", "-goroutines", "40", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert '"goroutines":40' in done.stdout
    assert "recorded until the program ended" in done.stdout
    read = schedlab("trace", "load", "meet_gmp.trace", "--summary", "--json", folder=tmp_path)
    assert read.returncode == 0
    assert json.loads(read.stdout)["goroutines"] >= 40


def test_one_document_with_all(tmp_path: Path, address: str) -> None:
    done = schedlab("trace", address, "--seconds", "0.05", "--summary", "--json", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert document["recording"]["ending"] == "seconds"
    assert document["recording"]["finished"] is None
    assert Path(document["recording"]["file"]) == tmp_path / f"{address.replace(':', '_')}.trace"
    assert document["summary"]["events"] > 0


def test_a_summary_for_people(tmp_path: Path) -> None:
    done = schedlab(
        "trace", "record", "meet_gmp", "-o", "x", "--summary", "--gomaxprocs", "1", folder=tmp_path
    )
    assert done.returncode == 0
    assert '"gomaxprocs":1' in done.stdout
    assert "runnable, µs" in done.stdout


def test_a_file_that_nobody_named_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "meet_gmp.trace").write_text("older")
    done = schedlab("trace", "meet_gmp", folder=tmp_path)
    assert done.returncode == 2
    assert "meet_gmp.trace is there already\nName a file with -o." in done.stderr
    assert (tmp_path / "meet_gmp.trace").read_text() == "older"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("trace",), 2, "required: ACTION"),
        (("trace", "--seconds", "1"), 2, "required: PROG|URL"),
        (("trace", "no_such_sample"), 2, "no folder with a Go program"),
        (("trace", "meet_gmp", "--seconds", "0"), 2, "no length of a recording"),
        (("trace", "meet_gmp", "--seconds", "nan"), 2, "no length of a recording"),
        (("trace", "meet_gmp", "--seconds", "soon"), 2, "invalid float value"),
        (("trace", "meet_gmp", "-goroutines", "5"), 2, "unrecognized arguments"),
        (("trace", "meet_gmp", "-o", "missing/file"), 2, "there is no folder"),
        (("trace", "https://127.0.0.1:6060"), 2, "only http"),
        (("trace", ":6060", "--flight"), 2, "built into a program"),
        (("trace", "127.0.0.1:1", "--seconds", "0.1"), 1, "did not answer"),
        (("trace", "meet_gmp", "--go", "1.9"), 1, "the course has no Go 1.9"),
        (("trace", "meet_gmp", "--flight", "--go", "1.24"), 1, "no flight recorder"),
    ],
)
def test_wrong_use_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    status: int,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    # argparse leaves by itself.
    with pytest.raises(SystemExit) as left:
        sys.exit(main(arguments))
    assert left.value.code == status
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_fails_leaves_its_trace(tmp_path: Path) -> None:
    done = schedlab("trace", PROGRAMS / "ends", "-o", "x", "--", "-how", "exit", folder=tmp_path)
    assert done.returncode == 1
    assert (tmp_path / "x").stat().st_size > 1000


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="the program looks for its trace in /proc")
def test_ctrl_c_says_what_was_kept(tmp_path: Path) -> None:
    """The program itself interrupts the command, once the runtime has handed out some of the trace."""
    script = (
        "import os, sys\n"
        "from schedlab.cli import main\n"
        "sys.exit(main([*sys.argv[1:], '--', '-how', 'never', '-recorded', '-pid', 'pid', "
        "'-interrupt', str(os.getpid())]))\n"
    )
    target = str(PROGRAMS / "ends")
    done = subprocess.run(
        [sys.executable, "-c", script, "trace", target, "-o", "x", "--seconds", "100"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=tmp_path,
    )
    assert done.returncode == 130
    kept = tmp_path / "x"
    assert f"interrupted while recording: kept {kept.stat().st_size} bytes in {kept}" in done.stderr
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


@pytest.mark.parametrize("how", ["ctrl-c", "signal"])
def test_a_snapshot_of_the_last_moments(tmp_path: Path, how: str) -> None:
    target = str(PROGRAMS / "ends")
    command = [*COMMAND, "trace", target, "--flight", "-o", "x", "--json", "--", "-how", "never"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    ) as running:
        assert running.stderr is not None
        first = running.stderr.readline()
        pid = int(first.split("process ")[1].split()[0])
        if how == "ctrl-c":
            running.send_signal(signal.SIGINT)
        else:
            os.kill(pid, signal.SIGUSR1)
        output, errors = running.communicate(timeout=120)
    assert (running.returncode, errors) == (0, "")
    document = json.loads(output)["recording"]
    assert document["trigger"] == "signal"
    assert document["bytes"] == (tmp_path / "x").stat().st_size > 0
    assert document["finished"]["stdout"] == "begun\n"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_flight_of_a_program_that_ends(tmp_path: Path) -> None:
    done = schedlab("trace", "meet_gmp", "--flight", "-o", "x", "--summary", folder=tmp_path)
    assert done.returncode == 0
    assert "taken at: exit" in done.stdout
    assert "runnable, µs" in done.stdout


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("handoffs") / "handoffs.trace"
    process.run(toolchain.build("handoffs"), ["-trace", file, "-exchanges", "2000"]).check()
    return file


def test_a_trace_is_exported_for_other_tools_and_read_back(trace: Path, tmp_path: Path) -> None:
    for kind in ("timeline", "chrome", "sched"):
        done = schedlab("trace", "export", trace, kind, tmp_path / kind, folder=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert (tmp_path / kind).stat().st_size > 100
    json.loads((tmp_path / "chrome").read_bytes())
    whole = schedlab("trace", "load", trace, "--json", folder=tmp_path)
    saved = schedlab("trace", "load", tmp_path / "timeline", "--json", folder=tmp_path)
    assert json.loads(saved.stdout) == json.loads(whole.stdout)
    pprof = subprocess.run(
        [toolchain.tool(toolchain.find(), "pprof"), "-top", tmp_path / "sched"],
        capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    assert "runtime.chan" in pprof.stdout


def test_an_export_overwrites_nothing_and_knows_its_formats(trace: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("mine")
    done = schedlab("trace", "export", trace, "chrome", there, folder=tmp_path)
    assert done.returncode == 2
    assert "is there already" in done.stderr
    assert there.read_text() == "mine"
    for kind, out, said in (("png", "x", "invalid choice"), ("net", "no/folder", "cannot be written")):
        done = schedlab("trace", "export", trace, kind, out, folder=tmp_path)
        assert done.returncode == 2
        assert said in done.stderr
