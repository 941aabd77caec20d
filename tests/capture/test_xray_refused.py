"""What X-ray cannot read: it says why and what to do; and it leaves nothing stopped behind."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from schedlab import process, toolchain
from schedlab.capture import xray
from schedlab.capture.xray import memory
from schedlab.capture.xray.layout import layout_of

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X-ray is for Linux")

PROGRAMS = Path(__file__).parent / "testdata" / "xray"


@pytest.fixture
def working() -> Iterator[process.Live]:
    with process.start(toolchain.build(PROGRAMS / "atwork"), ["-spinners", 1], wall_limit_s=300) as live:
        live.wait_for_line("ready", timeout_s=60)
        yield live


def test_no_such_process() -> None:
    with pytest.raises(xray.ProcessGone, match="there is no process 4194305"):
        xray.attach(4194305)  # above the largest pid that Linux gives


def test_not_go() -> None:
    with pytest.raises(xray.NotAGoBinary, match="was not built by Go"):
        xray.attach(os.getpid())


def test_a_zombie() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        with pytest.raises(xray.ProcessGone):
            xray.attach(child.pid)


def test_another_user() -> None:
    """Root turns into nobody and tries to read a process of root's; any other user tries process 1."""
    target = os.getpid() if os.geteuid() == 0 else 1
    code = (
        "import os, sys\n"
        "from schedlab.capture import xray\n"
        "if os.geteuid() == 0: os.setgroups([]); os.setresgid(65534, 65534, 65534); "
        "os.setresuid(65534, 65534, 65534)\n"
        f"try: xray.attach({target})\n"
        "except xray.NotAllowed as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert f"reading process {target} is not allowed\nIt belongs to user 0, this is user " in done.stdout
    assert "Run schedlab as that user, or as root." in done.stdout


@pytest.mark.parametrize("number", [errno.EPERM, errno.EACCES])
@pytest.mark.parametrize(
    ("scope", "said"), [("1", "ptrace_scope=0"), ("2", "Run schedlab as root"), ("3", "nobody")]
)
def test_what_yama_forbids(number: int, scope: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Path.read_text

    def faked(path: Path, *rest: str, **named: str) -> str:
        return f"{scope}\n" if path.name == "ptrace_scope" else read(path, *rest, **named)

    monkeypatch.setattr(Path, "read_text", faked)
    error = memory.failure(os.getpid(), number)
    assert isinstance(error, xray.NotAllowed)
    assert said in error.remedy


def test_another_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(process.NotSupportedHere, match="another system"):
        xray.attach(os.getpid())


@pytest.mark.parametrize("flag", ["-ldflags=-w", "-ldflags=-s"])
def test_a_stripped_program(flag: str) -> None:
    program = toolchain.build(PROGRAMS / "atwork", flags=[flag])
    with process.start(program) as live:
        live.wait_for_line("ready", timeout_s=60)
        with pytest.raises(xray.NoLayout, match="Build it without -ldflags=-w and -s") as refused:
            xray.attach(live.pid)
    assert str(program.path) in refused.value.message


def test_a_file_that_is_no_program(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("no program")
    for file in (text, tmp_path / "missing", tmp_path):
        with pytest.raises(xray.NotAGoBinary, match=str(file)):
            layout_of(file)


def test_a_program_without_build_id_is_its_own() -> None:
    one, other = (
        toolchain.build(PROGRAMS / name, flags=["-ldflags=-buildid="]) for name in ("atwork", "atrest")
    )
    assert layout_of(one.path).key != layout_of(other.path).key
    assert layout_of(one.path).release == one.toolchain.release


def test_a_cache_that_is_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = toolchain.build(PROGRAMS / "atwork").path
    monkeypatch.setenv("SCHEDLAB_CACHE", str(tmp_path))
    fresh = layout_of(program)
    (kept,) = (tmp_path / "xray").iterdir()
    for text in ("", "{", "[]", '{"format": 0}', kept.read_text()[:-20]):
        kept.write_text(text)
        assert layout_of(program) == fresh
    assert layout_of(program) == fresh


def test_a_binary_that_was_replaced_or_deleted(tmp_path: Path) -> None:
    moved = tmp_path / "program"
    shutil.copy(toolchain.build(PROGRAMS / "atwork").path, moved)
    with process.start(moved) as live:
        live.wait_for_line("ready", timeout_s=60)
        moved.unlink()
        with xray.attach(live.pid) as seen:
            assert seen.program == f"{moved} (deleted)"
            assert seen.snapshot().goroutines == 6
        moved.write_text("something else")
        with xray.attach(live.pid) as seen:
            gs = seen.snapshot().gs
            assert gs is not None
            assert "main.main.func1.1" in gs.function


def test_a_process_that_becomes_another_program() -> None:
    """It waits as a shell, so that exec comes when it is told.

    The shell says when it is there: Popen returns while the kernel still makes the shell of its own fork.
    """
    program = toolchain.build(PROGRAMS / "atwork").path
    wrapper = 'exec "$0" -pairs 1'
    with subprocess.Popen(
        ["/bin/sh", "-c", f"echo shell; read go; {wrapper}", program],
        stdin=subprocess.PIPE,
        text=True,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == "shell\n"
        before = memory.Memory(child.pid)
        child.stdin.write("go\n")
        child.stdin.flush()
        assert "ready" in child.stdout.readline()
        try:
            with pytest.raises(xray.ProcessGone, match="runs another program now"):
                before.check()
            with xray.attach(child.pid) as live:
                assert live.snapshot().goroutines == 4
        finally:
            before.close()
            child.kill()


def test_a_process_that_becomes_another_program_while_it_is_sampled() -> None:
    """What was seen until then is kept; the program that follows is the same one, at the same addresses."""
    program = toolchain.build(PROGRAMS / "becomes").path
    with process.start(program, wall_limit_s=300) as live:
        live.wait_for_line("first", timeout_s=60)
        looks = iter(range(1 << 30))

        def stop() -> bool:
            if next(looks) == 20:
                live.send_signal(signal.SIGUSR1)
                live.wait_for_line("second", timeout_s=60)
            return False

        with xray.attach(live.pid) as seen:
            found = seen.sample(1000, 60, stop=stop)
            assert len(found) == 20
            assert "runs another program now" in found.ended
            with pytest.raises(xray.ProcessGone, match="runs another program now"):
                seen.snapshot()
        with xray.attach(live.pid) as seen:
            assert not seen.snapshot().torn


def runs_on(pid: int) -> None:
    """No thread is stopped, and the Ps go on."""
    states = {
        (entry / "stat").read_text().rpartition(")")[2].split()[0]
        for entry in Path(f"/proc/{pid}/task").iterdir()
    }
    assert not states & {"t", "T"}
    with xray.attach(pid) as live:
        first = live.snapshot(gs=False).ps.schedtick.sum()
        for _ in range(1000):
            if live.snapshot(gs=False).ps.schedtick.sum() != first:
                return
            time.sleep(0.01)
    raise AssertionError("the program stands still")


def test_an_error_while_it_is_stopped(working: process.Live) -> None:
    from schedlab.capture.xray.stopped import while_stopped

    def fails() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        while_stopped(working.pid, fails)
    runs_on(working.pid)


def test_a_reader_that_is_killed_while_it_is_stopped(working: process.Live) -> None:
    code = (
        "import sys, time\n"
        "from schedlab.capture.xray.stopped import while_stopped\n"
        "def read():\n print('stopped', flush=True); time.sleep(1000)\n"
        f"while_stopped({working.pid}, read)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as reader:
        try:
            assert reader.stdout is not None
            assert reader.stdout.readline() == "stopped\n"
            states = [
                (entry / "stat").read_text().rpartition(")")[2].split()[0]
                for entry in Path(f"/proc/{working.pid}/task").iterdir()
            ]
            assert set(states) == {"t"}
            with xray.attach(working.pid) as live:
                with pytest.raises(xray.NotAllowed, match=f"traced already, by process {reader.pid}"):
                    live.snapshot(coherent=True)
                assert not live.snapshot().torn
        finally:
            reader.send_signal(signal.SIGKILL)
    runs_on(working.pid)
    ended = json.loads(working.stop().stdout.splitlines()[-1])
    assert (ended["sent"], ended["wrong"]) == (ended["received"], 0)
