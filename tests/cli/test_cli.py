"""The schedlab command as a shell sees it: output, messages, exit statuses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from schedlab import toolchain
from schedlab.cli.output import plain, visible
from schedlab.places import repository_root

FIXTURES = Path(__file__).parents[1] / "capture" / "fixtures"
COMMAND = [sys.executable, "-m", "schedlab.cli"]


def schedlab(*arguments: str | Path, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=repository_root(),
        env=os.environ | environment,
    )


@pytest.mark.parametrize("name", toolchain.samples())
def test_every_sample_runs_under_schedtrace(name: str) -> None:
    try:
        toolchain.build(name)
    except toolchain.CCompilerNotFound as missing:
        pytest.skip(f"{name}: {missing.message}")
    done = schedlab("run", f"go_samples/{name}", "--schedtrace", "10", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert document["exit_status"] == 0
    assert json.loads(document["stdout"].splitlines()[-1])
    rows = document["schedtrace"]["summaries"]
    # One that takes a millisecond may end before sysmon's thread runs for the first time, and prints no line.
    assert rows or document["schedtrace"]["lines"] == 0
    assert all(len(row["local_runq"]) == row["gomaxprocs"] for row in rows)
    # The program may end while the runtime prints a line.
    assert {reject["line_no"] for reject in document["schedtrace"]["rejects"]} <= {
        document["schedtrace"]["lines"]
    }


def test_a_run_for_people() -> None:
    done = schedlab("run", "meet_gmp", "--schedtrace", "10", "--gomaxprocs", "3", "--", "-goroutines", "77")
    assert done.returncode == 0
    assert '"goroutines":77' in done.stdout
    assert "local queues" in done.stdout
    assert " SCHED lines, 0 snapshots" in done.stdout


def test_detail_and_collections_in_one_document() -> None:
    done = schedlab("run", "meet_gmp", "--schedtrace", "5", "--scheddetail", "--gctrace", "--json")
    document = json.loads(done.stdout)
    assert {g["status_name"] for s in document["schedtrace"]["snapshots"] for g in s["gs"]} >= {"_Gwaiting"}
    assert "cycles" in document["gctrace"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "required: COMMAND"),
        (("nonsense",), "invalid choice"),
        (("run",), "required: SAMPLE"),
        (("run", "no_such_sample"), "no folder with a Go program"),
        (("run", "meet_gmp", "--gogc", "much"), "neither a percentage"),
        (("run", "meet_gmp", "--cpus", "first"), "no list of CPU numbers"),
        (("run", "meet_gmp", "--gomaxprocs", "0"), "gomaxprocs"),
        (("run", "meet_gmp", "--scheddetail"), "Give --schedtrace MS too"),
        (("run", "meet_gmp", "--quota", "-1"), "cpus"),
        (("run", "meet_gmp", "-goroutines", "5"), "unrecognized arguments"),
        (("parse", "schedtrace", "no such file"), "no file 'no such file'"),
        (("parse", "schedtrace"), "required: FILE"),
        (("parse", "pprof", "no such file"), "no file 'no such file'"),
        (("parse", "yaml", "file"), "invalid choice"),
        (("cache",), "required: ACTION"),
        (("trace", "load", "no such file"), "no file 'no such file'"),
    ],
)
def test_wrong_use_exits_with_2(arguments: tuple[str, ...], said: str) -> None:
    done = schedlab(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "meet_gmp", "--", "-nonsense"), "flag provided but not defined: -nonsense"),
        (("run", "meet_gmp", "--limit", "0.01"), "Raise --limit"),
        (("run", "blocked", "--", "-how", "never"), "cannot block 100 goroutines"),
        (("run", "meet_gmp", "--go", "1.9"), "the course has no Go 1.9"),
        (("parse", "pprof", "pyproject.toml"), "not a pprof profile"),
        (("trace", "load", "pyproject.toml"), "cannot be read as a Go execution trace"),
    ],
)
def test_a_failed_run_exits_with_1(arguments: tuple[str, ...], said: str) -> None:
    done = schedlab(*arguments)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_compile_error_is_shown_as_go_prints_it(odd_programs: Path) -> None:
    done = schedlab("run", odd_programs / "broken")
    assert done.returncode == 1
    assert "broken/main.go:4:10: undefined: missing" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("run",),
        ("parse",),
        ("parse", "schedtrace"),
        ("parse", "gctrace"),
        ("parse", "pprof"),
        ("cache",),
        ("trace",),
    ],
)
def test_help_everywhere(arguments: tuple[str, ...]) -> None:
    done = schedlab(*arguments, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "usage: schedlab" in done.stdout


def test_parse_schedtrace_from_standard_input() -> None:
    record = "SCHED 1ms: gomaxprocs=2 idleprocs=0 threads=5 idlethreads=1 runqueue=1 colour=red [3 4]"
    text = f"hello\n{record}\nSCHED 2ms: gomaxprocs=2 idle\n"
    done = schedlab("parse", "schedtrace", "-", "--json", stdin=text)
    assert done.returncode == 0
    document = json.loads(done.stdout)
    row = document["summaries"][0]
    assert (row["time_ms"], row["local_runq"], row["colour"]) == (1, [3, 4], "red")
    assert "spinningthreads" not in row, "a line of an old release has none"
    assert document["program_output"] == [{"line_no": 1, "text": "hello"}]
    assert [reject["line_no"] for reject in document["rejects"]] == [3]


def test_a_json_line_per_record() -> None:
    file = sorted((FIXTURES / "schedtrace").glob("go1.27*detail*.txt"))[0]
    whole = json.loads(schedlab("parse", "schedtrace", file, "--json").stdout)
    records = [
        json.loads(line) for line in schedlab("parse", "schedtrace", file, "--jsonl").stdout.splitlines()
    ]
    by_kind = {kind: sum(r["record"] == kind for r in records) for kind in ("summary", "snapshot", "reject")}
    assert by_kind == {
        "summary": len(whole["summaries"]),
        "snapshot": len(whole["snapshots"]),
        "reject": len(whole["rejects"]),
    }
    assert by_kind["snapshot"] > 0


def test_parse_for_people() -> None:
    gc = schedlab("parse", "gctrace", FIXTURES / "gctrace" / "go1.27_gctrace1.txt")
    assert (gc.returncode, gc.stderr) == (0, "")
    assert " cycles, " in gc.stdout
    profile = schedlab("parse", "pprof", FIXTURES / "pprof" / "cpu.pb.gz")
    assert profile.returncode == 0
    assert "nanoseconds" in profile.stdout
    document = json.loads(schedlab("parse", "pprof", FIXTURES / "pprof" / "cpu.pb.gz", "--json").stdout)
    assert len(document["samples"]) > 0


def test_rejects_are_named_on_stderr() -> None:
    done = schedlab("parse", "schedtrace", "-", stdin="SCHED 1ms: gomaxprocs=2 idle\n")
    assert done.returncode == 0
    assert "line 1 cannot be read" in done.stderr


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    long = tmp_path / "long.txt"
    long.write_text("SCHED 1ms: gomaxprocs=1 idleprocs=0 threads=5 idlethreads=1 runqueue=1 [3]\n" * 50_000)
    with subprocess.Popen(
        [*COMMAND, "parse", "schedtrace", str(long), "--jsonl"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        errors = child.stderr.read()
    assert (child.returncode, errors) == (0, b"")


@pytest.mark.parametrize("starter", [[], ["env", "--ignore-signal=INT"]], ids=["", "in the background"])
def test_an_interrupt_ends_the_program_too(starter: list[str]) -> None:
    child = subprocess.Popen(
        [*starter, *COMMAND, "run", "blocked", "--", "-hold", "59s"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=repository_root(),
        start_new_session=True,
    )
    program = _wait_for_program(child.pid)
    os.killpg(child.pid, signal.SIGINT)
    _, errors = child.communicate(timeout=60)
    assert child.returncode == 130
    assert errors == "schedlab: interrupted\n"
    assert not Path(f"/proc/{program}").exists()


def _wait_for_program(parent: int) -> int:
    """The pid of the blocked sample that descends from this process. It is there once it was built."""
    while True:
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                argv = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if argv[0].endswith(b"/blocked") and b"59s" in argv and parent in _ancestors(int(folder.name)):
                return int(folder.name)


def _ancestors(pid: int) -> list[int]:
    found: list[int] = []
    while pid > 1:
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            break
        found.append(pid)
    return found


def test_clearing_the_cache(tmp_path: Path) -> None:
    (tmp_path / "programs" / "abc").mkdir(parents=True)
    done = schedlab("cache", "clear", SCHEDLAB_CACHE=str(tmp_path))
    assert done.returncode == 0
    assert "removed 1 programs" in done.stdout
    assert not (tmp_path / "programs").exists()
    assert schedlab("cache", "path", SCHEDLAB_CACHE=str(tmp_path)).stdout == f"{tmp_path}\n"


def test_which_go() -> None:
    assert toolchain.find().release in schedlab("go").stdout
    missing = schedlab("go", SCHEDLAB_GO="/nonexistent/go")
    assert missing.returncode == 1
    assert "/nonexistent/go" in missing.stderr


def test_what_a_program_prints_cannot_steer_the_terminal() -> None:
    assert visible("a\x1b[31mred\tb\x07") == "a\\x1b[31mred\tb\\x07"
    assert plain({1: (Path("x"), None)}) == {"1": ["x", None]}
