"""``./course test``: steps run, counted and ended."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from schedlab import toolchain
from schedlab.course import test as runner
from schedlab.course.test import Step, call, check_gofmt, check_notebooks, check_vet, main, run_steps
from schedlab.errors import SchedlabError, UsageError

if TYPE_CHECKING:
    from tests.course.conftest import Course


def ends_with(status: int) -> Any:
    return lambda _root: status


def fails(_root: Path) -> int:
    raise SchedlabError("no such thing", remedy="Make one.")


STEPS = (
    Step("one", "first", ends_with(0)),
    Step("two", "second", ends_with(3)),
    Step("three", "third", fails),
)


def test_all_steps_run_and_the_last_line_counts_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_steps([*STEPS, Step("four", "fourth", ends_with(0))], tmp_path) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "Make one." in lines, "an error's remedy is shown"
    assert lines[-3:] == [
        "FAILED two (exit status 3); alone: ./course test two",
        "FAILED three (exit status 1); alone: ./course test three",
        "2 passed, 2 failed",
    ]


def test_stops_at_the_first_failure_if_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_steps(STEPS, tmp_path, stop_at_first=True) == 1
    assert capsys.readouterr().out.endswith("\n1 passed, 1 failed\n")


def test_all_good_is_exit_status_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_steps(STEPS[:1], tmp_path) == 0
    assert capsys.readouterr().out.endswith("\n1 passed, 0 failed\n")


def test_names_choose_steps_in_their_own_order(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[str] = []

    def noting(name: str) -> Step:
        def run(_root: Path) -> int:
            ran.append(name)
            return 0

        return Step(name, "notes", run)

    monkeypatch.setattr(runner, "steps", lambda: tuple(noting(name) for name in "abc"))
    assert main(["c", "a"]) == 0
    assert ran == ["a", "c"]
    assert main([]) == 0
    assert ran == ["a", "c", "a", "b", "c"]
    with pytest.raises(UsageError, match="'d'") as caught:
        main(["a", "d"])
    assert "a, b, c" in caught.value.remedy
    capsys.readouterr()
    assert main(["--list"]) == 0
    assert capsys.readouterr().out.split() == ["a", "notes", "b", "notes", "c", "notes"]
    assert course.root.exists()


def test_every_step_is_there_once() -> None:
    names = [step.name for step in runner.steps()]
    assert names == [
        *("ruff", "format", "mypy", "gofmt", "vet", "js", "sync", "environment"),
        *("pytest", "measured", "labs", "notebooks", "browser", "install"),
    ]


def test_status_of_a_command_is_the_steps_status(tmp_path: Path) -> None:
    assert call([sys.executable, "-c", "raise SystemExit(5)"], tmp_path, os.environ) == 5
    killed = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert call([sys.executable, "-c", killed], tmp_path, os.environ) == 137


def test_output_comes_as_it_is_written(course: Course) -> None:
    """A step that waits for its reader: it could not end if its output were held back."""
    script = course.root / "step.py"
    script.write_text("import os\nprint('half way', flush=True)\nopen(os.environ['FIFO']).read()\n")
    fifo = course.root / "fifo"
    os.mkfifo(fifo)
    body = (
        "import os, sys; from pathlib import Path; from schedlab.course.test import Step, call, run_steps\n"
        f"step = lambda root: call([sys.executable, {str(script)!r}], root, os.environ)\n"
        "sys.exit(run_steps([Step('a', 'b', step)], Path('.')))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", body],
        env=course.environment({"FIFO": str(fifo)}),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert "half way\n" in iter(process.stdout.readline, "")
    fifo.write_text("go on")
    assert process.communicate(timeout=120)[0].endswith("1 passed, 0 failed\n")


def test_an_interrupt_ends_the_step_and_what_it_started(course: Course) -> None:
    """The step ignores the interrupt, and its child whatever can be ignored; neither may stay."""
    step = (
        "import os, signal, subprocess\n"
        "for number in (signal.SIGINT, signal.SIGTERM): signal.signal(number, signal.SIG_IGN)\n"
        "child = subprocess.Popen(['sleep', '3600'])\n"
        "signal.signal(signal.SIGTERM, signal.SIG_DFL)\n"
        "print(os.getpid(), child.pid, flush=True)\n"
        "child.wait()"
    )
    body = (
        "import os, sys; from pathlib import Path; from schedlab.course import test\n"
        "test._GRACE_S = 0.5\n"
        f"step = lambda root: test.call([sys.executable, '-c', {step!r}], root, os.environ)\n"
        "sys.exit(test.run_steps([test.Step('a', 'b', step)], Path('.')))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", body], env=course.environment(), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    pids = next(line for line in iter(process.stdout.readline, "") if line[0].isdigit())
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=120)[0].endswith("=== a: interrupted\n")
    assert process.returncode == 130
    for pid in map(int, pids.split()):
        limit = time.monotonic() + 60
        while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]:
            assert time.monotonic() < limit, f"{pid} stays"
            time.sleep(0.05)


@pytest.fixture
def module(course: Course) -> Path:
    folder = course.root / "go_samples"
    (folder / "go.mod").write_text("module example\n\ngo 1.24\n")
    (folder / "hello").mkdir()
    program = folder / "hello" / "main.go"
    program.write_text('package main\n\nimport "fmt"\n\nfunc main() {\n\tfmt.Println("hello")\n}\n')
    return program


def test_gofmt_names_the_file(course: Course, module: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_gofmt(course.root) == 0
    assert "1 Go files are as gofmt writes them" in capsys.readouterr().out
    module.write_text(module.read_text().replace("\t", "    "))
    assert check_gofmt(course.root) == 1
    assert "go_samples/hello/main.go" in capsys.readouterr().out
    module.write_text("package main\nfunc {")
    assert check_gofmt(course.root) == 1
    assert "expected" in capsys.readouterr().out


def test_vet_runs_in_each_module(course: Course, module: Path, capfd: pytest.CaptureFixture[str]) -> None:
    wrong = course.root / "tests" / "x" / "testdata"
    shutil.copytree(module.parents[1], wrong)
    (wrong / "hello" / "main.go").write_text("package main\n\nfunc main() { missing() }\n")
    assert check_vet(course.root) == 0
    other = course.root / "tests" / "data"
    shutil.copytree(module.parents[1], other)
    program = other / "hello" / "main.go"
    program.write_text(program.read_text().replace('Println("hello")', 'Printf("%d", "hello")'))
    shutil.copytree(module.parents[1], course.root / "tools")
    assert check_vet(course.root) != 0, "a good module after it changes nothing"
    said = capfd.readouterr()
    assert "go vet in go_samples" in said.out
    assert "go vet in tests/data" in said.out
    assert "of wrong type" in said.err


def test_vet_does_without_a_c_compiler(
    course: Course, module: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> str:
        raise toolchain.CCompilerNotFound("there is none")

    monkeypatch.setattr(toolchain, "c_compiler", none)
    (module.parents[1] / "calls").mkdir()
    (module.parents[1] / "calls" / "main.go").write_text('package main\n\nimport "C"\n\nfunc main() {}\n')
    assert check_vet(course.root) == 0
    assert "leaves out what uses cgo" in capfd.readouterr().out


def test_nothing_to_check_is_a_failure(course: Course) -> None:
    assert toolchain.find()
    for check in (check_gofmt, check_vet, check_notebooks):
        with pytest.raises(SchedlabError, match="there is no"):
            check(course.root)
