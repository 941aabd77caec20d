"""``./course run``: notebooks executed in a kernel that is this Python, and what is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from schedlab.course import run
from schedlab.course.sync import main as sync

if TYPE_CHECKING:
    from tests.course.conftest import Course

# A cell that notes its kernel and a grandchild, and then does nothing for an hour.
HANGS = """\
import os, pathlib, subprocess, time
child = subprocess.Popen(["sleep", "3600"])
pathlib.Path("pids.new").write_text(f"{os.getpid()} {child.pid}")
os.rename("pids.new", "pids")
time.sleep(3600)"""


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def wait_until(holds: Any, what: str) -> None:
    """Poll with a limit so far out that reaching it means "never"."""
    limit = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < limit, f"never: {what}"
        time.sleep(0.05)


def times(course: Course) -> Any:
    return json.loads((course.root / "build" / "notebooks" / "times.json").read_bytes())


def executed(course: Course, name: str) -> Any:
    return json.loads((course.root / "build" / "notebooks" / "chapters" / f"{name}.ipynb").read_bytes())


def printed(notebook: Any) -> str:
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    return "".join(part for output in outputs for part in output.get("text", ""))


@pytest.fixture
def foreign(tmp_path: Path) -> dict[str, str]:
    """A home folder full of somebody else's settings, each of which would make a notebook fail."""
    home = tmp_path / "home"
    kernel = home / ".local" / "share" / "jupyter" / "kernels" / "python3"
    elsewhere = tmp_path / "elsewhere" / "kernels" / "python3"
    for folder in (kernel, elsewhere):
        folder.mkdir(parents=True)
        spec = {"argv": ["/bin/false"], "display_name": "foreign", "language": "python"}
        (folder / "kernel.json").write_text(json.dumps(spec))
    startup = home / ".ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("print('somebody else was here')")
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "ipykernel_launcher.py").write_text("raise SystemExit('a foreign module')")
    return {
        "HOME": str(home),
        "IPYTHONDIR": str(home / ".ipython"),
        "JUPYTER_PATH": str(tmp_path / "elsewhere"),
        "JUPYTER_PREFER_ENV_PATH": "0",
        "MPLBACKEND": "no-such-backend",
        "PYTHONPATH": str(modules),
    }


def test_a_good_notebook_whoever_has_settings_on_this_machine(
    course: Course, foreign: dict[str, str]
) -> None:
    course.write(
        "1_1_good",
        "import sys, os\nprint(sys.executable, os.getcwd(), os.environ['SCHEDLAB_STATE'])",
        ":budget_s: 0.000001\nimport matplotlib.pyplot as plt\nplt.plot([1]);",
        "import ipywidgets\nipywidgets.IntSlider(description='threads')",
    )
    assert sync([]) == 0
    before = sorted(course.root.rglob("*"))
    # PYTHONPATH of the caller would reach this process too, before it can be dropped for the kernel.
    done = course.course("run", "1_1", extra=foreign)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "differs from its source" not in done.stdout
    lines = done.stdout.splitlines()
    assert lines[0] == "chapters/1_1_good: 4 cells"
    assert lines[1].startswith("    1/4 ")
    assert lines[1].endswith("s  import sys, os")
    assert any("4/4" in line and line.endswith("600 s  passed, over budget") for line in lines)
    assert any(line.startswith("warning: over budget: chapters/1_1_good: cell 2 took") for line in lines)
    notebook = executed(course, "1_1_good")
    folder, state = course.root / "chapters", course.root / "build" / "home" / "state"
    assert printed(notebook) == f"{sys.executable} {folder} {state}\n"
    assert notebook["cells"][2]["outputs"][-1]["data"]["image/png"]
    widgets = notebook["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    assert "threads" in [model["state"].get("description") for model in widgets.values()]
    cells = times(course)["chapters/1_1_good"]["cells"]
    assert [cell["status"] for cell in cells] == ["passed"] * 4
    assert all(cell["seconds"] > 0 for cell in cells)
    build = course.root / "build"
    assert [path for path in sorted(course.root.rglob("*")) if build not in (path, *path.parents)] == before


def test_failures_are_shown_and_the_rest_still_runs_if_asked(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    course.write(
        "1_1_fails", "limit = 3", "x = {'ü': 1}\nassert x['ü'] > limit, 'too [bold]few[/bold]'", "y = 1"
    )
    course.write("1_2_dies", "import os, sys\nos.write(2, b'last words')\nos._exit(3)")
    course.write("1_3_fine", ":budget_s: 0.000001\nx = 1")
    assert run.main([]) == 1
    first = capsys.readouterr().out
    assert "AssertionError: too [bold]few[/bold]" in first
    assert "    assert x['ü'] > limit" in first
    assert "\x1b" not in first
    assert first.count("not run") == 2, "the two notebooks after the failed one"
    assert list(times(course)) == ["chapters/1_1_fails"]
    statuses = [cell["status"] for cell in times(course)["chapters/1_1_fails"]["cells"]]
    assert statuses == ["passed", "failed", "not run", "not run"]
    error = executed(course, "1_1_fails")["cells"][2]["outputs"][0]
    assert error["ename"] == "AssertionError", "the copy shows what happened"
    assert run.main(["--keep-going"]) == 1
    second = capsys.readouterr().out
    assert "the kernel died" in second
    assert "last words" in second
    assert [one["passed"] for one in times(course).values()] == [False, False, True]
    assert run.main(["1_3"]) == 0
    assert run.main(["1_3", "--strict-budget"]) == 1


def test_a_cell_beyond_the_limit_is_interrupted_even_if_it_resists(course: Course) -> None:
    stubborn = f"""\
{HANGS.rpartition("time.sleep")[0]}
while True:
    try:
        time.sleep(3600)
    except KeyboardInterrupt:
        pass"""
    course.write("1_1_resists", stubborn, "x = 1")
    done = course.course("run", "--timeout", "5")
    assert done.returncode == 1
    assert "exceeded the limit of 5 s for a cell and was interrupted" in done.stdout
    cells = times(course)["chapters/1_1_resists"]["cells"]
    assert [cell["status"] for cell in cells] == ["timed out", "not run", "not run"]
    for pid in map(int, (course.root / "chapters" / "pids").read_text().split()):
        wait_until(lambda pid=pid: not alive(pid), f"{pid} is gone")


def test_the_traceback_says_where_a_slow_cell_was(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "_GRACE_S", 120.0)
    course.write("1_1_slow", "import time\n\ndef waits():\n    time.sleep(3600)\n\nwaits()")
    assert run.main(["--timeout=1"]) == 1
    assert times(course)["chapters/1_1_slow"]["cells"][0]["status"] == "timed out"
    said = capsys.readouterr().out
    assert "in waits()" in said
    assert "KeyboardInterrupt" in said


@pytest.mark.parametrize("ending", ["x = 1", "os._exit(3)"])
def test_what_a_cell_left_running_ends_with_its_kernel(course: Course, ending: str) -> None:
    course.write("1_1_leaves", f"{HANGS.rpartition('time.sleep')[0]}{ending}")
    assert run.main([]) == (0 if ending == "x = 1" else 1)
    kernel, child = map(int, (course.root / "chapters" / "pids").read_text().split())
    assert not alive(kernel)
    try:
        wait_until(lambda: not alive(child), "the child is gone")
    finally:
        if alive(child):
            os.kill(child, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_it_is_ended_no_kernel_stays(course: Course, number: signal.Signals) -> None:
    course.write("1_1_hangs", HANGS)
    process = subprocess.Popen(
        course.command("run"), env=course.environment(), stdout=subprocess.PIPE, text=True
    )
    pids = course.root / "chapters" / "pids"
    try:
        wait_until(pids.exists, "the cell runs")
        process.send_signal(number)
        output, _ = process.communicate(timeout=120)
    finally:
        process.kill()
    kernel, child = map(int, pids.read_text().split())
    try:
        if number == signal.SIGKILL:
            # Nobody was left to end the kernel: it notices by itself. What a lesson starts is process's task.
            assert process.returncode == -number
        else:
            assert process.returncode == 130
            assert "interrupted; kernels are ended" in output
            wait_until(lambda: not alive(child), "the kernel's child is gone")
        wait_until(lambda: not alive(kernel), "the kernel is gone")
    finally:
        if alive(child):
            os.kill(child, signal.SIGKILL)


def test_the_source_runs_when_the_ipynb_is_stale(course: Course) -> None:
    course.write("1_1_x", "print('old')")
    assert sync([]) == 0
    course.write("1_1_x", "print('new')")
    done = course.course("run")
    assert done.returncode == 0
    assert "chapters/1_1_x: the .ipynb differs from its source; the source is what runs" in done.stdout
    assert printed(executed(course, "1_1_x")) == "new\n"


def test_wrong_use_runs_nothing(course: Course) -> None:
    course.write("1_1_x")
    course.write("1_2_wrong", chapter="9.9")
    unknown = course.course("run", "7_7")
    assert unknown.returncode == 2
    assert "there is no notebook '7_7'" in unknown.stderr
    assert "chapters/1_1_x" in unknown.stderr
    assert "Traceback" not in unknown.stderr
    wrong = course.course("run")
    assert wrong.returncode == 1
    assert "1_2_wrong.md: schedlab.chapter" in wrong.stderr
    assert not (course.root / "build").exists()


@pytest.mark.parametrize("limit", ["0", "-1", "nan", "inf", "soon"])
def test_a_limit_is_a_number_of_seconds(limit: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        run.main([f"--timeout={limit}"])


def test_what_a_program_prints_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    run.Screen().line("[red]x[/red] [/] \x1b[31mcolour\x1b[0m " + "long " * 60)
    out = capsys.readouterr().out
    assert out == "[red]x[/red] [/] colour " + "long " * 60 + "\n"
