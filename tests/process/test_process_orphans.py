"""No orphans, ever: however a run ends, nothing that descends from it is left. Each way many times."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from schedlab import process
from schedlab.process import _session, _supervisor

if TYPE_CHECKING:
    from tests.process.conftest import Family

    from schedlab.toolchain import Binary

REPEATS = 50
KERNELS_KILLED = 5
PATIENCE_S = 120

# Two generations of two: every second process has a session of its own, and all ignore what can be ignored.
TREE = ("tree", "2", "2")
TREE_SIZE = 7

# A caller that is no kernel: quicker to start. Without a wall limit, for that would end what is left.
CALLER = """
import sys
from schedlab import process
show = lambda stream, line: print(line, flush=True)
print("calling", flush=True)
process.run(sys.argv[1], sys.argv[2:], wall_limit_s=None, on_line=show)
"""


@contextmanager
def caller(subject: Binary, *args: str, script: str = CALLER) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", script, str(subject.path), *args]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as popen:
        try:
            yield popen
        finally:
            popen.kill()


def read_until(popen: subprocess.Popen[str], line: str) -> None:
    assert popen.stdout is not None
    for printed in popen.stdout:
        if printed.strip() == line:
            return
    raise AssertionError(f"the caller ended without {line!r}")


class Kernel:
    """A real kernel, and the client that talks to it."""

    def __init__(self) -> None:
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel()
        self.client: BlockingKernelClient = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE_S)
        self.pid = int(self.ask("import os; print(os.getpid())"))

    def ask(self, code: str) -> str:
        """Execute, and give what it printed."""
        printed: list[str] = []
        reply = self.client.execute_interactive(
            code,
            timeout=PATIENCE_S,
            output_hook=lambda message: printed.append(message["content"].get("text", "")),
        )
        assert reply["content"]["status"] == "ok", reply["content"]
        return "".join(printed)

    def begin(self, code: str, until: str) -> str:
        """Execute, and return once it has printed ``until``; gives the request's id."""
        # After an error a kernel drops the requests that wait behind it. The next one here may be among these
        # unless the failing one says that it does not want that.
        request = str(self.client.execute(code, stop_on_error=False))
        while True:
            message = self.client.get_iopub_msg(timeout=PATIENCE_S)
            if message["parent_header"].get("msg_id") == request:
                content = message["content"]
                assert message["msg_type"] != "error", content
                assert content.get("execution_state") != "idle", f"the cell ended without {until!r}"
                if until in content.get("text", ""):
                    return request

    def reply(self, request: str) -> dict[str, Any]:
        while True:
            message: dict[str, Any] = self.client.get_shell_msg(timeout=PATIENCE_S)
            if message["parent_header"].get("msg_id") == request:
                content: dict[str, Any] = message["content"]
                return content

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()


@contextmanager
def kernel() -> Iterator[Kernel]:
    started = Kernel()
    try:
        yield started
    finally:
        started.close()


def cell_that_runs(subject: Binary, family: Family) -> str:
    return (
        "from schedlab import process\n"
        f"process.run({str(subject.path)!r}, {TREE!r}, wall_limit_s=None, env={family.env!r}, "
        "on_line=lambda stream, line: print(line, flush=True))"
    )


def cell_that_starts(subject: Binary, family: Family) -> str:
    return (
        "from schedlab import process\n"
        f"with process.start({str(subject.path)!r}, {TREE!r}, env={family.env!r}) as live:\n"
        f"    print(live.wait_for_line('ready', {PATIENCE_S}), flush=True)\n"
        f"    live.wait_for_line('never', {PATIENCE_S})\n"
    )


def new_family(family: Family) -> Family:
    """A mark of its own for one of many runs."""
    return type(family)()


def test_the_tree_is_a_tree(subject: Binary, family: Family) -> None:
    """What all the other tests rely on: this many processes run when "ready" is printed."""
    with process.start(subject, TREE, env=(own := new_family(family)).env) as live:
        live.wait_for_line("ready", PATIENCE_S)
        assert len(own.pids()) == TREE_SIZE
        assert len({os.getsid(pid) for pid in own.pids()}) > 2
        live.stop(grace_s=0)


def test_interrupting_a_kernel(subject: Binary, family: Family) -> None:
    with kernel() as running:
        for number in range(REPEATS):
            own = new_family(family)
            cell = cell_that_starts if number % 5 == 4 else cell_that_runs
            request = running.begin(cell(subject, own), until="ready")
            assert len(own.pids()) == TREE_SIZE
            running.manager.interrupt_kernel()
            reply = running.reply(request)
            assert (reply["status"], reply["ename"]) == ("error", "KeyboardInterrupt")
            # When the cell has ended, they are gone; nothing has to be waited for.
            assert own.pids() == set()
        assert running.ask("print(6 * 7)") == "42\n"
        assert family.pids() == {running.pid}


def test_a_timeout(subject: Binary, family: Family) -> None:
    def once(_: int) -> None:
        limit_s = 0.3
        while True:
            own = new_family(family)
            with pytest.raises(process.WallLimitExceeded) as caught:
                process.run(subject, TREE, env=own.env, wall_limit_s=limit_s)
            assert own.pids() == set()
            if "ready" in caught.value.finished.stdout:
                return
            limit_s *= 2  # The machine is busy: the tree was not yet grown.

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(once, range(REPEATS)))
    assert family.pids() == set()


def test_killing_a_kernel(subject: Binary, family: Family) -> None:
    for _ in range(KERNELS_KILLED):
        own = new_family(family)
        with kernel() as running:
            running.begin(cell_that_runs(subject, own), until="ready")
            assert len(own.pids()) == TREE_SIZE
            os.kill(running.pid, signal.SIGKILL)
            family.wait_gone()
            own.wait_gone()


def test_killing_a_caller_when_all_runs(subject: Binary, family: Family) -> None:
    def once(_: int) -> None:
        own = new_family(family)
        with caller(subject, *TREE, script=with_env(own)) as popen:
            read_until(popen, "ready")
            assert len(own.pids()) == TREE_SIZE
            popen.kill()
            own.wait_gone()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(once, range(REPEATS)))
    family.wait_gone()


def with_env(own: Family) -> str:
    return CALLER.replace("sys.argv[2:],", f"sys.argv[2:], env={own.env!r},")


def test_killing_a_caller_at_any_moment(subject: Binary, family: Family) -> None:
    """Also between fork and exec of the supervisor, and of the program."""
    chance = random.Random(20250101)
    moments = [chance.uniform(0, 0.06) for _ in range(REPEATS)]

    def once(moment: float) -> None:
        with caller(subject, *TREE) as popen:
            read_until(popen, "calling")
            time.sleep(moment)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(once, moments))
    family.wait_gone()


@pytest.mark.parametrize("with_pidfd", [True, False])
def test_killing_a_caller_whose_sibling_holds_its_descriptors(
    subject: Binary, family: Family, with_pidfd: bool
) -> None:
    """The control socket stays open then: the supervisor must see the caller's end itself.

    Where there is no pidfd (Linux before 5.3), it looks from time to time.
    """
    # One write(2) each, so that the two do not get between each other's letters.
    fork = "os.write(1, b'parent\\n' if os.fork() else b'forked\\n') and time.sleep(600)"
    script = CALLER.replace("print(line, flush=True)", fork).replace("import sys", "import os, sys, time")
    if not with_pidfd:
        hide = "import os; del os.pidfd_open; "
        script = f"from schedlab.process import _session\n_session._BOOT = {hide!r} + _session._BOOT{script}"
    with caller(subject, *TREE, script=script) as popen:
        read_until(popen, "forked")
        siblings = {pid for pid in family.pids() if parent_of(pid) == popen.pid} - supervisors(family)
        assert len(siblings) == 1
        popen.kill()
        family.wait_gone(but=frozenset(siblings))
        assert family.pids() == siblings
        for pid in siblings:
            os.kill(pid, signal.SIGKILL)
        family.wait_gone()


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def supervisors(family: Family) -> set[int]:
    found = set()
    for pid in family.pids():
        if b"_supervisor.main()" in Path(f"/proc/{pid}/cmdline").read_bytes():
            found.add(pid)
    return found


def test_interrupting_a_caller_at_any_moment(subject: Binary, family: Family) -> None:
    """When KeyboardInterrupt comes out of run, not even the supervisor is left."""
    chance = random.Random(20250102)
    moments = [chance.uniform(0, 0.06) for _ in range(REPEATS)]
    script = """
import os, sys
from schedlab import process
try:
    print("calling", flush=True)
    process.run(sys.argv[1], sys.argv[2:], wall_limit_s=None)
except KeyboardInterrupt:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        print("clean", flush=True)
"""

    def once(moment: float) -> None:
        with caller(subject, *TREE, script=script) as popen:
            read_until(popen, "calling")
            time.sleep(moment)
            popen.send_signal(signal.SIGINT)
            read_until(popen, "clean")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(once, moments))
    family.wait_gone()


def test_many_interrupts_at_once(subject: Binary, family: Family) -> None:
    """Impatient users press the button again, also while the first press is being dealt with."""
    chance = random.Random(7)

    def once(_: int) -> None:
        own = new_family(family)
        with caller(subject, *TREE, script=with_env(own)) as popen:
            read_until(popen, "ready")
            for _ in range(4):
                popen.send_signal(signal.SIGINT)
                time.sleep(chance.uniform(0, 0.003))
            assert popen.wait() != 0
            own.wait_gone()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(once, range(20)))
    family.wait_gone()


def test_a_python_that_just_ends(subject: Binary, family: Family) -> None:
    script = (
        "import sys\n"
        "from schedlab import process\n"
        "live = process.start(sys.argv[1], sys.argv[2:], wall_limit_s=None)\n"
        "print(live.wait_for_line('ready', 120), flush=True)\n"
    )
    for _ in range(5):
        with caller(subject, *TREE, script=script) as popen:
            read_until(popen, "ready")
            assert popen.wait() == 0
        family.wait_gone()


def test_a_comet(subject: Binary, family: Family) -> None:
    """A process that is never there for long: each one starts the next and ends."""
    for _ in range(10):
        with process.start(subject, ["comet", 20_000]) as live:
            live.wait_for_line("ready", PATIENCE_S)
            live.stop(grace_s=0)
        assert family.pids() == set()


def test_twins_that_revive_each_other(subject: Binary, family: Family) -> None:
    for _ in range(10):
        with process.start(subject, ["twins", int(time.time()) + 60]) as live:
            live.wait_for_line("ready", PATIENCE_S)
            live.stop(grace_s=0)
        assert family.pids() == set()


def test_a_supervisor_that_is_killed(subject: Binary, family: Family) -> None:
    """Nobody is below the program then. It ends, and with it all that kept the session."""

    def once() -> None:
        with process.start(subject, ["tree", 0, 0]) as live:
            live.wait_for_line("ready", PATIENCE_S)
            for pid in supervisors(family):
                os.kill(pid, signal.SIGKILL)
            live.wait()

    for _ in range(5):
        with pytest.raises(process.SupervisorLost):
            once()
        assert family.pids() == set()
    with pytest.raises(process.SupervisorLost):
        process.run("/bin/sh", ["-c", "sleep 600 & sleep 600 & kill -9 $PPID; wait"])
    assert family.pids() == set()


def test_a_program_goes_with_its_supervisor(subject: Binary, family: Family) -> None:
    """Even if there is no caller that could see to it: this one is stopped."""
    own = new_family(family)
    with caller(subject, "tree", "0", "0", script=with_env(own)) as popen:
        read_until(popen, "ready")
        popen.send_signal(signal.SIGSTOP)
        for pid in supervisors(family):
            os.kill(pid, signal.SIGKILL)
        own.wait_gone()
        assert popen.poll() is None


def test_a_supervisor_that_is_asked_to_end(subject: Binary, family: Family) -> None:
    with process.start(subject, TREE) as live:
        live.wait_for_line("ready", PATIENCE_S)
        for pid in supervisors(family):
            os.kill(pid, signal.SIGTERM)
        assert live.wait().signal == "SIGKILL"
    assert family.pids() == set()


@pytest.mark.parametrize("args", [["tree", 1, 1], ["daemon", 2]])
def test_what_cannot_be_killed_is_named(
    subject: Binary, family: Family, monkeypatch: pytest.MonkeyPatch, args: list[str | int]
) -> None:
    """As another user's processes cannot. This supervisor is made unable to kill any."""
    unable = "_supervisor._send = lambda *_: None; _supervisor._KILL_WAIT_S = 0.1; _supervisor.main()"
    monkeypatch.setattr(_session, "_BOOT", _session._BOOT.replace("_supervisor.main()", unable))
    live = process.start(subject, args)
    live.wait_for_line("ready|daemon runs", PATIENCE_S)
    with pytest.raises(process.ProcessesLeft, match="could not be killed") as caught:
        live.stop(grace_s=0)
    assert caught.value.pids
    assert family.pids() <= set(caught.value.pids)
    family.end()
    family.wait_gone()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGQUIT])
def test_a_supervisor_ignores_what_is_meant_for_others(
    subject: Binary, family: Family, number: signal.Signals
) -> None:
    with process.start(subject, ["polite"]) as live:
        live.wait_for_line("ready", PATIENCE_S)
        for pid in supervisors(family):
            os.kill(pid, number)
        live.interrupt()
        assert live.wait_for_line("got", PATIENCE_S) == "got interrupt"


def test_a_daemon_is_reaped_while_the_program_runs(family: Family) -> None:
    """Orphans of a running program are the supervisor's children: it must not let zombies pile up."""
    script = "i=0; while [ $i -lt 20 ]; do (true &); i=$((i+1)); done; echo done; sleep 600"
    with process.start("/bin/sh", ["-c", script]) as live:
        live.wait_for_line("done", PATIENCE_S)
        (supervisor,) = supervisors(family)
        give_up = time.monotonic() + PATIENCE_S
        while len(children := process_children(supervisor)) > 1 and time.monotonic() < give_up:
            time.sleep(0.01)
        assert children == [live.pid]


def process_children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_both_ways_to_find_descendants_agree(subject: Binary, family: Family) -> None:
    own = new_family(family)
    with process.start(subject, TREE, env=own.env) as live:
        live.wait_for_line("ready", PATIENCE_S)
        listed, scanned = _supervisor.descendants(), _supervisor.descendants(by_scan=True)
        assert own.pids() <= set(listed)
        assert set(listed) == set(scanned)
        assert len(listed) == len(set(listed))
        live.stop(grace_s=0)
