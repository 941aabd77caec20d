"""run: what a program gets, what comes back, what is refused."""

from __future__ import annotations

import errno
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from schedlab import process
from schedlab.errors import UsageError

if TYPE_CHECKING:
    from tests.process.conftest import Family

    from schedlab.toolchain import Binary


def facts_of(subject: Binary, *args: Any, **options: Any) -> Any:
    return process.run(subject, ["facts", *args], **options).check().json()


def open_descriptors() -> dict[str, str]:
    targets = {}
    for entry in Path("/proc/self/fd").iterdir():
        try:
            targets[entry.name] = str(entry.readlink())
        except OSError:
            continue  # The one through which this folder is read.
    return targets


def test_a_program_that_ends_well(subject: Binary) -> None:
    finished = process.run(subject, ["lines", 2])
    assert finished.check() is finished
    assert finished.argv == (str(subject.path), "lines", "2")
    assert (finished.exit_status, finished.signal) == (0, None)
    assert finished.stdout == "line 0\nline 1\n"
    assert finished.stderr == "tenth 0\n"
    assert (finished.stdout_dropped_bytes, finished.stderr_dropped_bytes) == (0, 0)
    assert finished.throttle is None
    assert finished.left_pids == ()
    assert pickle.loads(pickle.dumps(finished)) == finished


def test_arguments_and_input_arrive_as_given(subject: Binary) -> None:
    args = ["", "two words", "ü", "$HOME", "-x", Path("/a/b"), 3, 0.5]
    facts = facts_of(subject, *args, stdin=b"in\x00put\n")
    assert facts["args"] == ["", "two words", "ü", "$HOME", "-x", "/a/b", "3", "0.5"]
    assert facts["stdin"] == "in\x00put\n"
    assert facts_of(subject)["stdin"] == ""


def test_large_input_blocks_nobody(subject: Binary) -> None:
    text = "z" * (4 << 20)
    assert facts_of(subject, stdin=text.encode())["stdin"] == text


def test_the_working_folder(subject: Binary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert facts_of(subject, cwd=tmp_path)["folder"] == str(tmp_path)
    # A relative program is meant from here, not from the program's working folder.
    monkeypatch.chdir(subject.path.parent)
    relative = Path(subject.path.name)
    assert process.run(relative, ["facts"], cwd=tmp_path).json()["folder"] == str(tmp_path)
    assert process.run(relative, ["facts"]).json()["folder"] == str(subject.path.parent.resolve())


def test_only_three_descriptors_arrive(subject: Binary) -> None:
    with Path("/dev/null").open("rb") as leak:
        os.set_inheritable(leak.fileno(), True)
        facts = facts_of(subject)
        with_input = facts_of(subject, stdin=b"x")
    assert sorted(entry.split()[0] for entry in facts["fds"])[:3] == ["0", "1", "2"]
    for seen in (facts, with_input):
        beyond = [entry for entry in seen["fds"] if int(entry.split()[0]) > 2]
        # What is left is the folder that the program itself is reading.
        assert [entry for entry in beyond if not entry.endswith("/fd")] == []


def test_signals_and_process_group_are_fresh(subject: Binary) -> None:
    """Python ignores SIGPIPE, and a kernel may ignore SIGINT; none of that must reach the program."""
    ignored = (signal.SIGINT, signal.SIGCHLD)
    before = [signal.signal(number, signal.SIG_IGN) for number in ignored]
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    try:
        facts = facts_of(subject)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in zip(ignored, before, strict=True):
            signal.signal(number, handler)
    assert int(facts["ignored"], 16) == 0
    assert int(facts["blocked"], 16) == 0
    assert facts["group"] == facts["pid"] != os.getpgrp()


def test_affinity_is_what_go_counts(subject: Binary) -> None:
    allowed = sorted(os.sched_getaffinity(0))
    assert facts_of(subject)["num_cpu"] == len(allowed)
    for cpu in allowed:
        facts = facts_of(subject, cpus=[cpu])
        assert (facts["num_cpu"], facts["gomaxprocs"]) == (1, 1)
    assert sorted(os.sched_getaffinity(0)) == allowed


@pytest.mark.parametrize("status", [1, 2, 255])
def test_exit_status(subject: Binary, status: int) -> None:
    finished = process.run(subject, ["exit", status])
    assert (finished.exit_status, finished.signal) == (status, None)
    with pytest.raises(process.ProgramFailed, match=f"exit status {status}") as caught:
        finished.check()
    assert caught.value.finished is finished
    assert pickle.loads(pickle.dumps(caught.value)).finished == finished


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSEGV", "SIGUSR1"])
def test_end_by_a_signal(name: str) -> None:
    shell = f"kill -{name.removeprefix('SIG')} $$; sleep 60"
    finished = process.run("/bin/sh", ["-c", shell])
    assert (finished.exit_status, finished.signal) == (None, name)
    with pytest.raises(process.ProgramFailed, match=f"by {name}"):
        finished.check()


def test_a_panic_is_shown(subject: Binary) -> None:
    finished = process.run(subject, ["panic"])
    assert finished.exit_status == 2
    with pytest.raises(process.ProgramFailed, match="panic: as asked"):
        finished.check()


def test_usage_is_that_of_the_program(subject: Binary) -> None:
    finished = process.run(subject, ["burn", 100]).check()
    # The program ends when its own getrusage has reached 100 ms.
    assert finished.user_ns + finished.system_ns >= 100_000_000
    assert finished.wall_ns > 0
    assert finished.max_rss_bytes > 1 << 20
    assert finished.voluntary_switches + finished.involuntary_switches > 0


@pytest.mark.skipif(not Path("/proc/stat").is_file(), reason="only Linux counts the machine's time")
def test_what_the_machine_used_meanwhile_includes_the_program(subject: Binary) -> None:
    finished = process.run(subject, ["burn", 300]).check()
    assert finished.machine_cpu_ns is not None
    assert finished.others_cpus is not None
    # Ticks of 10 ms at either end, on each CPU.
    slack = 20_000_000 * process.cores() + 20_000_000
    assert finished.machine_cpu_ns >= finished.user_ns + finished.system_ns - slack
    assert 0 <= finished.others_cpus <= process.machine().cpus * 1.5
    unknown = replace(finished, machine_cpu_ns=None)
    assert unknown.others_cpus is None


def test_json(subject: Binary) -> None:
    assert process.run("/bin/echo", ['{"a": [1]}']).json() == {"a": [1]}
    lines = process.run("/bin/echo", ['1\n\n{"a": "\u2028"}\n']).json_lines()
    assert lines == [1, {"a": "\u2028"}]
    with pytest.raises(process.OutputNotJson, match=r"not one JSON document[^$]*line 0"):
        process.run(subject, ["lines", 3]).json()
    with pytest.raises(process.OutputNotJson, match=r"JSON in line 2[^$]*oops[^$]*stderr ends:\nwhy"):
        process.run("/bin/sh", ["-c", "echo 1; echo oops; echo why >&2"]).json_lines()
    with pytest.raises(process.OutputNotJson, match=r"printed:\n\(nothing\)"):
        process.run("/bin/true").json()
    with pytest.raises(process.OutputNotJson, match="bytes of it were dropped"):
        process.run(subject, ["print", 100_000, 10], output_limit_bytes=4096).json()


def test_programs_that_cannot_be_started(subject: Binary, tmp_path: Path) -> None:
    garbage = tmp_path / "garbage"
    garbage.write_bytes(b"\x00\x01\x02 no program")
    with pytest.raises(process.ProgramNotExecutable, match="garbage may not be executed"):
        process.run(garbage)
    garbage.chmod(0o755)
    with pytest.raises(process.WrongBinaryFormat, match="garbage is not a program"):
        process.run(garbage)
    orphan = tmp_path / "script"
    orphan.write_text("#!/nonexistent/interpreter\n")
    orphan.chmod(0o755)
    with pytest.raises(process.ProgramNotFound, match="interpreter or a loader"):
        process.run(orphan)
    with pytest.raises(process.ProgramNotFound, match="no program /nonexistent/x"):
        process.run("/nonexistent/x")
    with pytest.raises(process.ProgramNotFound):
        process.run(subject.path / "below-a-file")
    with pytest.raises(process.ProgramNotFound):
        process.run("sh")  # PATH is not searched.
    with pytest.raises(process.ProgramNotExecutable):
        process.run(tmp_path)
    with pytest.raises(process.LaunchFailed, match=r"working folder .*nowhere cannot be entered"):
        process.run(subject, ["facts"], cwd=tmp_path / "nowhere")
    with pytest.raises(process.LaunchFailed, match=os.strerror(errno.E2BIG)):
        process.run(subject, ["x" * (4 << 20)])
    with pytest.raises(process.ProgramNotFound):
        process.start("/nonexistent/x")


@pytest.mark.parametrize(
    "options",
    [
        {"args": "one text"},
        {"args": [b"bytes"]},
        {"args": [True]},
        {"args": ["nul\0"]},
        {"args": [None]},
        {"cpus": []},
        {"cpus": [99999]},
        {"cpus": [-1]},
        {"wall_limit_s": 0},
        {"wall_limit_s": -1.0},
        {"wall_limit_s": float("nan")},
        {"output_limit_bytes": 100},
        {"stdin": "text"},
        {"cwd": "nul\0"},
    ],
)
def test_what_makes_no_sense_is_refused(subject: Binary, options: dict[str, Any]) -> None:
    for function in (process.run, process.start):
        with pytest.raises(UsageError):
            function(subject, **options)


def test_a_file_being_written_is_waited_for(subject: Binary, tmp_path: Path) -> None:
    """ETXTBSY: another thread's fork may hold the descriptor through which the program was written."""
    copy = tmp_path / "copy"
    with copy.open("wb") as file:
        file.write(subject.path.read_bytes())
        file.flush()
        copy.chmod(0o755)
        closing = threading.Timer(0.2, file.close)
        closing.start()
        finished = process.run(copy, ["lines", 1])
        closing.join()
    assert finished.check().stdout == "line 0\n"


def test_the_wall_limit_keeps_what_was_printed(family: Family) -> None:
    limit_s = 0.5
    while True:
        with pytest.raises(process.WallLimitExceeded, match=f"wall limit of {limit_s} s") as caught:
            process.run("/bin/sh", ["-c", "echo begun; echo wrong >&2; sleep 600"], wall_limit_s=limit_s)
        finished = caught.value.finished
        assert (finished.exit_status, finished.signal) == (None, "SIGKILL")
        assert finished.wall_ns >= limit_s * 1e9
        assert family.pids() == set()
        if finished.stderr:
            break
        limit_s *= 2  # On a machine under load it did not get so far.
    assert (finished.stdout, finished.stderr) == ("begun\n", "wrong\n")


@pytest.mark.parametrize("limit_s", [None, 1e12])
def test_no_wall_limit_or_one_beyond_all_bounds(subject: Binary, limit_s: float | None) -> None:
    assert process.run(subject, ["lines", 1], wall_limit_s=limit_s).check().stdout == "line 0\n"
    with process.start(subject, ["polite"], wall_limit_s=limit_s) as live:
        assert live.wait_for_line("ready", float("inf")) == "ready"


def test_many_at_once_from_threads(subject: Binary, family: Family) -> None:
    def one(number: int) -> bool:
        text = f"thread {number}"
        facts = facts_of(subject, number, stdin=text.encode(), env={"NUMBER": str(number)})
        return (
            facts["args"] == [str(number)]
            and facts["stdin"] == text
            and f"NUMBER={number}" in facts["env"]
            and len([entry for entry in facts["fds"] if not entry.endswith("/fd")]) == 3
        )

    with ThreadPoolExecutor(12) as pool:
        assert all(pool.map(one, range(60)))
    assert family.pids() == set()


def _run_in_a_fork(path: str, answers: Any) -> None:
    answers.put(process.run(path, ["lines", 1]).stdout)


def test_from_forked_workers(subject: Binary, family: Family) -> None:
    fork = multiprocessing.get_context("fork")
    answers = fork.SimpleQueue()
    workers = [fork.Process(target=_run_in_a_fork, args=(str(subject.path), answers)) for _ in range(4)]
    for worker in workers:
        worker.start()
    assert [answers.get() for _ in workers] == ["line 0\n"] * 4
    for worker in workers:
        worker.join()
        worker.close()
    assert family.pids() == set()


def test_no_descriptor_and_no_thread_is_left(subject: Binary) -> None:
    def all_kinds_of_ends() -> None:
        process.run(subject, ["lines", 5], stdin=b"x", on_line=lambda *_: None)
        with pytest.raises(process.ProgramNotFound):
            process.run("/nonexistent")
        with pytest.raises(process.WallLimitExceeded):
            process.run(subject, ["sleep"], wall_limit_s=0.01)
        with pytest.raises(ZeroDivisionError):
            process.run(subject, ["lines", 5], on_line=lambda *_: 1 / 0)  # type: ignore[arg-type]
        with process.start(subject, ["polite"]) as live:
            live.wait_for_line("ready")

    all_kinds_of_ends()
    descriptors, threads = open_descriptors(), threading.active_count()
    for _ in range(5):
        all_kinds_of_ends()
    assert open_descriptors() == descriptors
    assert threading.active_count() == threads


def test_without_standard_streams(subject: Binary, family: Family) -> None:
    """A caller that has closed 0, 1 and 2 gets these numbers for its pipes."""
    script = (
        "import os, sys\n"
        "answer = os.dup(1)\n"
        "for number in (0, 1, 2): os.close(number)\n"
        "from schedlab import process\n"
        "finished = process.run(sys.argv[1], ['facts', 'a'], stdin=b'in')\n"
        "os.write(answer, finished.stdout.encode())\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script, str(subject.path)], stdout=subprocess.PIPE, check=True, text=True
    ).stdout
    assert '"stdin":"in"' in answer
    assert family.pids() == set()
