"""start: a program that runs while one does something with it."""

from __future__ import annotations

import gc
import os
import re
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from schedlab import process
from schedlab.errors import UsageError

if TYPE_CHECKING:
    from tests.process.conftest import Family

    from schedlab.toolchain import Binary


def test_from_start_to_stop(subject: Binary, family: Family) -> None:
    with process.start(subject, ["polite"]) as live:
        assert live.wait_for_line("ready", 60) == "ready"
        assert live.alive
        assert live.pid in family.pids()
        live.interrupt()
        assert live.wait_for_line(re.compile("^got int"), 60) == "got interrupt"
        live.send_signal(signal.SIGUSR1)
        assert live.wait_for_line(lambda line: "user" in line, 60) == "got user defined signal 1"
        finished = live.stop(grace_s=60)
        assert not live.alive
        assert live.stop() is finished
        assert live.wait() is finished
    assert finished.check().stdout.endswith("got terminated\n")
    assert family.pids() == set()


def test_leaving_the_block_ends_it(subject: Binary, family: Family) -> None:
    with process.start(subject, ["tree", 1, 2]) as live:
        live.wait_for_line("ready", 60)
        assert len(family.pids()) == 4  # The program, two children and the supervisor.
        with pytest.raises(process.LineNotSeen):
            live.wait_for_line("never", 0)
        started = live.stop(grace_s=0.05)
    assert started.signal == "SIGKILL"
    assert family.pids() == set()


def test_leaving_the_block_by_an_error_ends_it_and_hides_nothing(subject: Binary, family: Family) -> None:
    def block() -> None:
        with process.start(subject, ["tree", 1, 2]) as live:
            live.wait_for_line("ready", 60)
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        block()
    assert family.pids() == set()


def test_sigterm_ignored_is_followed_by_sigkill(subject: Binary, family: Family) -> None:
    with process.start(subject, ["stubborn"]) as live:
        live.wait_for_line("ready", 60)
        finished = live.stop(grace_s=0.1)
    assert (finished.exit_status, finished.signal) == (None, "SIGKILL")
    assert family.pids() == set()


def test_its_own_end(subject: Binary) -> None:
    with process.start(subject, ["exit", 3]) as live:
        finished = live.wait()
        assert finished.exit_status == 3
        live.interrupt()  # Too late, and so of no effect.
        assert live.stop() is finished


def test_orders_that_cross_with_its_end(subject: Binary) -> None:
    for number in range(40):
        with process.start(subject, ["exit", 3]) as live:
            for _ in range(number % 4):
                live.send_signal(signal.SIGURG)  # The Go runtime ignores it.
            finished = live.stop()
            assert finished.exit_status == 3 or finished.signal == "SIGTERM"


def test_lines_that_were_printed_before_they_are_awaited(subject: Binary) -> None:
    with process.start(subject, ["lines", 30]) as live:
        live.wait()
        assert live.wait_for_line("line 7") == "line 7"
        assert live.wait_for_line("line") == "line 8"
        assert live.wait_for_line("line 1") == "line 10"
        assert live.wait_for_line("tenth 1", stream="stderr") == "tenth 10"
        with pytest.raises(process.LineNotSeen, match=r"ended without a line on stdout [^$]*line 29"):
            live.wait_for_line("line 7")


def test_awaited_lines_past_what_was_dropped(subject: Binary) -> None:
    with process.start(subject, ["lines", 20_000], output_limit_bytes=4096) as live:
        live.wait()
        assert live.wait_for_line("line 9") == "line 9"
        assert live.wait_for_line("line 19999") == "line 19999"
        with pytest.raises(process.LineNotSeen, match="bytes were dropped"):
            live.wait_for_line("line 10000")


def test_a_line_without_its_end() -> None:
    # One write(2): when the line is there, the prompt is too.
    with process.start("/bin/sh", ["-c", "printf 'line\\nprompt'; sleep 600"]) as live:
        live.wait_for_line("line", 60)
        with pytest.raises(process.LineNotSeen, match=r"ran on for 0\.05 s without[^$]*prompt"):
            live.wait_for_line("prompt", 0.05)
        live.stop()
        assert live.wait_for_line("prompt") == "prompt"


def test_a_line_that_never_comes_shows_what_did() -> None:
    with (
        process.start("/bin/sh", ["-c", "echo other; echo trouble >&2; exit 1"]) as live,
        pytest.raises(process.LineNotSeen, match=r"sh ended[^$]*'wanted'[^$]*other[^$]*trouble"),
    ):
        live.wait_for_line("wanted", 60)


def test_wrong_use(subject: Binary) -> None:
    with process.start(subject, ["polite"]) as live:
        with pytest.raises(UsageError, match="stream: 'stdin'"):
            live.wait_for_line("x", stream="stdin")
        with pytest.raises(UsageError, match="not a regular expression"):
            live.wait_for_line("(")
        with pytest.raises(UsageError, match="not the number of a signal"):
            live.send_signal(9999)


def test_the_wall_limit_holds_for_it_too(subject: Binary, family: Family) -> None:
    def block() -> None:
        with process.start(subject, ["sleep"], wall_limit_s=0.2) as live:
            with pytest.raises(process.LineNotSeen):
                live.wait_for_line("never", 60)
            assert not live.alive

    # The error is not lost where nobody asks for the result.
    with pytest.raises(process.WallLimitExceeded):
        block()
    assert family.pids() == set()


def test_a_callback(subject: Binary, family: Family) -> None:
    seen: list[tuple[str, str]] = []
    with process.start(subject, ["lines", 1], on_line=lambda *line: seen.append(line)) as live:
        live.wait()
    assert sorted(seen) == [("stderr", "tenth 0"), ("stdout", "line 0")]

    def angry(_stream: str, line: str) -> None:
        raise ValueError(line)

    with (
        pytest.raises(ValueError, match="ready"),
        process.start(subject, ["stubborn"], on_line=angry) as live,
    ):
        live.wait()
    assert family.pids() == set()


def test_forgotten_it_ends(subject: Binary, family: Family) -> None:
    live = process.start(subject, ["tree", 1, 1])
    live.wait_for_line("ready", 60)
    del live
    gc.collect()
    family.wait_gone()


@pytest.mark.usefixtures("family")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_forked_child_of_the_caller_does_no_harm(subject: Binary) -> None:
    with process.start(subject, ["polite"]) as live:
        live.wait_for_line("ready", 60)
        child = os.fork()
        if child == 0:
            try:
                live.stop()
            except UsageError:
                live.__exit__(None, None, None)
                del live
                gc.collect()
                os._exit(7)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        live.interrupt()
        assert live.wait_for_line("got", 60) == "got interrupt"


def test_two_wait_at_once(subject: Binary) -> None:
    with process.start(subject, ["polite"]) as live:
        results: list[process.Finished] = []
        waiters = [threading.Thread(target=lambda: results.append(live.wait())) for _ in range(3)]
        for waiter in waiters:
            waiter.start()
        live.wait_for_line("ready", 60)
        live.stop(grace_s=60)
        for waiter in waiters:
            waiter.join()
    assert len({id(result) for result in results}) == 1
    assert len(results) == 3
