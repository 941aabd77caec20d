"""``schedlab xray`` as a shell sees it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from schedlab import process, toolchain
from schedlab.capture import probes
from schedlab.cli import main
from schedlab.places import repository_root
from schedlab.timeline import Lane, Timeline

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X-ray is for Linux")

PROGRAM = repository_root() / "tests" / "capture" / "testdata" / "xray" / "atwork"


@pytest.fixture(scope="module")
def pid() -> Iterator[str]:
    arguments = ["-pairs", "2", "-idle", "60"]
    with process.start(
        toolchain.build(PROGRAM), arguments, settings=process.GoSettings(gomaxprocs=3), wall_limit_s=300
    ) as live:
        live.wait_for_line("ready", timeout_s=60)
        yield str(live.pid)


def test_once(pid: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["xray", pid, "--once", "--stacks", "--coherent"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert f"process {pid}" in printed.out
    assert "GOMAXPROCS 3" in printed.out
    assert "66 goroutines" in printed.out
    assert "it stood still for" in printed.out
    lines = [line.split() for line in printed.out.splitlines()]
    assert ["60", "waiting", "chan", "receive", "main.main.func2", "main.main", "main.main.func2"] in lines
    assert lines[4][:4] == ["P", "status", "M", "runs"]
    assert [line[0] for line in lines[5:8]] == ["0", "1", "2"]


def test_once_as_json(pid: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["xray", pid, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["goroutines"] == 66
    assert document["ps"]["id"] == [0, 1, 2]
    assert len(document["ps"]["queue"]) == 3
    assert document["gs"]["function"].count("main.main.func2") == 60
    assert set(document["gs"]) >= {
        "id",
        "status_name",
        "waits_for",
        "m",
        "creator",
        "stack_size",
        "wait_since",
    }
    assert document["stopped_ns"] is None


def test_what_probes_counted_until_now(capsys: pytest.CaptureFixture[str]) -> None:
    settings = process.GoSettings(gomaxprocs=2)
    with process.start(probes.build(PROGRAM, mode="counters"), settings=settings, wall_limit_s=300) as live:
        live.wait_for_line("ready", timeout_s=60)
        assert main(["xray", str(live.pid), "--once", "--probes"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert next(line for line in lines if line.startswith("probe ")).split()[:4] == [
            "probe",
            "total",
            "P0",
            "P1",
        ]
        assert "runs of goroutines" in lines[-1]
        assert main(["xray", str(live.pid), "--probes", "--json"]) == 0
        counted = json.loads(capsys.readouterr().out)["probes"]
        assert counted["p"] == [0, 1, probes.NOBODY]
        assert counted["totals"]["create"] >= 5


def test_a_program_without_probes_says_so(pid: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["xray", pid, "--once", "--probes"]) == 1
    assert "was built without probes" in capsys.readouterr().err


def test_many_times(pid: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "x.timeline"
    assert main(["xray", pid, "--hz", "200", "--seconds", "0.2", "--gs", "-o", str(file)]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert f"{file}: {file.stat().st_size} bytes" in printed.out
    timeline = Timeline.open(file)
    assert set(timeline.spans["lane"].tolist()) <= set(Lane)
    assert "main.main.func2" in timeline.names(timeline.goroutine_function).tolist()
    assert timeline.meta["hz"] == 200


def test_many_times_as_json(pid: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["xray", pid, "--hz", "200", "--seconds", "0.1", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["samples"] + document["late"] >= 19
    assert [one["p"] for one in document["ps"]] == [0, 1, 2]
    assert sum(document["ps"][0]["status"].values()) == document["samples"]


def test_ctrl_c_keeps_what_was_seen(pid: str, tmp_path: Path) -> None:
    script = (
        "import os, signal, sys\n"
        "from schedlab.capture.xray.reader import Reader\n"
        "from schedlab.cli import main\n"
        "brief, looks = Reader.brief, []\n"
        "def counted(self, *rest, **named):\n"
        " looks.append(0)\n"
        " if len(looks) == 10: os.kill(os.getpid(), signal.SIGINT)\n"
        " return brief(self, *rest, **named)\n"
        "Reader.brief = counted\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    command = [sys.executable, "-c", script, "xray", pid, "--hz", "100", "--seconds", "1000", "-o", "x"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("10 samples")
    assert Timeline.open(tmp_path / "x").meta["samples"] == 10


def test_a_program_that_ends(tmp_path: Path) -> None:
    with process.start(toolchain.build(PROGRAM), wall_limit_s=300) as live:
        live.wait_for_line("ready", timeout_s=60)
        command = [sys.executable, "-m", "schedlab.cli", "xray", str(live.pid)]
        with subprocess.Popen(
            [*command, "--hz", "50", "--seconds", "1000", "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
        ) as running:
            # It has the program's memory open once it is attached.
            try:
                while f"/proc/{live.pid}/mem" not in open_files(running.pid):
                    assert running.poll() is None
                live.send_signal(signal.SIGKILL)
                output, errors = running.communicate(timeout=60)
            finally:
                running.kill()
    # It may have ended before the first look.
    assert f"no process {live.pid}" in errors
    assert running.returncode == (0 if output else 1)


def open_files(pid: int) -> Iterator[str]:
    """The names of the files that a process has open; one that it closes meanwhile is left out."""
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            yield str(entry.readlink())


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["4194305"], 1, "there is no process 4194305"),
        (["one"], 2, "invalid int value"),
        (["1", "--seconds", "1"], 2, "go with --hz"),
        (["1", "-o", "x"], 2, "go with --hz"),
        (["1", "--hz", "10"], 2, "--hz needs --seconds"),
        (["1", "--hz", "10", "--once"], 2, "look once"),
        (["1", "--hz", "10", "--seconds", "1", "-o", "missing/x"], 2, "there is no folder"),
        ([str(os.getpid())], 1, "was not built by Go"),
    ],
)
def test_wrong_use(arguments: list[str], status: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        sys.exit(main(["xray", *arguments]))
    assert left.value.code == status
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.out == ""
