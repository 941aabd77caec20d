"""``./course test``: everything that must hold, as named steps."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from schedlab import toolchain
from schedlab.course import kernels
from schedlab.course.notebooks import find_notebooks, is_learners
from schedlab.errors import SchedlabError, UsageError
from schedlab.places import repository_root

CELL_LIMIT_S = 120.0

# How long an interrupted step may take to end its own children before it is killed.
_GRACE_S = 20.0

# What these tests look at is what a living program does on CPUs of its own.
_MEASURING = (
    *("tests/capture", "tests/claims", "tests/course", "tests/diagnose"),
    *("tests/learn", "tests/notebooks", "tests/process", "tests/tune"),
)
_APART = ("tests/browser", "tests/fresh_install", *_MEASURING)
_TWO_FILES_AT_ONCE = ("-n", "2", "--dist", "loadfile")

_GO_FOLDERS = ("go_samples", "labs", "lib", "tests", "tools")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to check: ``run`` takes the repository's root and returns an exit status, 0 if it holds."""

    name: str
    about: str
    run: Callable[[Path], int]


def main(argv: list[str]) -> int:
    """Run the steps that ``argv`` names, or all. Exit status 1 if one fails, 130 if interrupted.

    Raises:
        UsageError: a name is no step's.
    """
    options = _parser().parse_args(argv)
    known = {step.name: step for step in steps()}
    if options.list:
        for step in known.values():
            print(f"{step.name:<12} {step.about}")
        return 0
    unknown = [name for name in options.names if name not in known]
    if unknown:
        raise UsageError(f"there is no step {unknown[0]!r}", remedy=f"The steps are: {', '.join(known)}.")
    chosen = [step for step in known.values() if not options.names or step.name in options.names]
    return run_steps(chosen, repository_root(), stop_at_first=options.exitfirst)


def run_steps(chosen: Sequence[Step], root: Path, *, stop_at_first: bool = False) -> int:
    """Run steps one after the other, say what each is and how it ended, and count them in the last line."""
    passed, failed = 0, []
    for number, step in enumerate(chosen, start=1):
        _say(f"\n=== {number} of {len(chosen)}: {step.name}: {step.about}")
        began = time.monotonic()
        try:
            status = step.run(root)
        except KeyboardInterrupt:
            _say(f"=== {step.name}: interrupted")
            return 130
        except (SchedlabError, OSError) as error:
            _say(str(error))
            status = 1
        _say(f"=== {step.name}: {'passed' if status == 0 else 'FAILED'} in {time.monotonic() - began:.1f} s")
        if status == 0:
            passed += 1
        else:
            failed.append(f"FAILED {step.name} (exit status {status}); alone: ./course test {step.name}")
            if stop_at_first:
                break
    _say("\n" + "\n".join([*failed, f"{passed} passed, {len(failed)} failed"]))
    return 1 if failed else 0


def steps() -> tuple[Step, ...]:
    """All steps, the quick ones first."""
    return (
        Step("ruff", "the Python style", _python("ruff", "check", ".")),
        Step("format", "the Python layout", _python("ruff", "format", "--check", ".")),
        Step("mypy", "the Python types", _python("mypy", "--strict")),
        Step("gofmt", "the Go layout", check_gofmt),
        Step("vet", "what go vet says about each Go module", check_vet),
        Step(
            "js",
            "the widgets' JavaScript, and what is built of it",
            _python("schedlab.course", "js", "check"),
        ),
        Step("sync", "each notebook is what its source says", _python("schedlab.course", "sync", "--check")),
        Step(
            "environment",
            "the environment files are what pyproject.toml says",
            _python("schedlab.course", "environment", "--check"),
        ),
        Step(
            "pytest",
            "the package, two files at a time",
            _pytest("tests", *(f"--ignore={path}" for path in _APART), *_TWO_FILES_AT_ONCE),
        ),
        Step("measured", "what measures the scheduler, one test at a time", _pytest(*_MEASURING)),
        Step(
            "labs",
            "each lab's check tells its own answers apart",
            _python("schedlab.course", "check"),
        ),
        Step("notebooks", "every cell of every notebook", check_notebooks),
        Step(
            "browser",
            "JupyterLab and exported pages in a real browser",
            _pytest("tests/browser", *_TWO_FILES_AT_ONCE),
        ),
        Step("install", "a clean clone on a bare machine", _pytest("tests/fresh_install")),
    )


def nbval_command(paths: Sequence[Path], *, cell_limit_s: float = CELL_LIMIT_S) -> list[str]:
    """The command that runs every cell of these notebooks and fails when one of them does.

    Nothing is compared with stored outputs, because there are none: what must be true, a cell asserts.
    """
    return [
        *(sys.executable, "-P", "-m", "pytest"),
        *("-p", "schedlab.course.budget_plugin"),
        "--nbval-lax",
        # The kernel is this Python, whatever kernels the machine's user has installed.
        "--nbval-current-env",
        f"--nbval-cell-timeout={cell_limit_s:g}",
        # One notebook at a time: they measure, and would measure each other.
        *("-p", "no:xdist"),
        *map(str, paths),
    ]


def check_notebooks(root: Path) -> int:
    """Run nbval over the course."""
    notebooks = find_notebooks(root)
    if not notebooks:
        raise SchedlabError("there is no notebook to run", remedy="Their sources are chapters/*.md.")
    command = nbval_command([notebook.ipynb.relative_to(root) for notebook in notebooks])
    return call(command, root, kernels.headless_environment(root))


def check_gofmt(root: Path) -> int:
    """Name each Go file that gofmt would write differently."""
    files = [str(file.relative_to(root)) for file in _go_files(root, "*.go")]
    command = [str(toolchain.find().gofmt), "-l", *files]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    _say(f"{done.stdout}{done.stderr}".strip() or f"{len(files)} Go files are as gofmt writes them")
    return 1 if done.returncode or done.stdout.strip() else 0


def check_vet(root: Path) -> int:
    """Run ``go vet ./...`` in each module but those named testdata: their programs are wrong on purpose.

    Files that use cgo are checked where there is a C compiler. Without one, Go leaves them out.
    """
    chosen = toolchain.find()
    environment = chosen.environment() | _for_cgo()
    status = 0
    for module in [file.parent for file in _go_files(root, "go.mod") if file.parent.name != "testdata"]:
        _say(f"go vet in {module.relative_to(root)}")
        status |= call([str(chosen.go), "vet", "./..."], module, environment)
    return status


def _for_cgo() -> dict[str, str]:
    try:
        return {"CGO_ENABLED": "1", "CC": toolchain.c_compiler()}
    except toolchain.CCompilerNotFound:
        _say("no C compiler: go vet leaves out what uses cgo")
        return {"CGO_ENABLED": "0"}


def call(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> int:
    """Run a command whose output goes straight to ours; its exit status (128 + the signal that ended it).

    It has a process group of its own: when we are interrupted, it and all that it started end first.
    """
    process = subprocess.Popen(
        command, cwd=folder, env=dict(environment), stdin=subprocess.DEVNULL, process_group=0
    )
    try:
        status = process.wait()
    except BaseException:
        _end(process)
        raise
    return status if status >= 0 else 128 - status


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        _signal_group(process.pid, number)
        try:
            process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            continue
        break
    _signal_group(process.pid, signal.SIGKILL)


def _signal_group(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return


def _python(module: str, *arguments: str) -> Callable[[Path], int]:
    # -P: the repository's own folders must not stand in for modules of the same name.
    return lambda root: call([sys.executable, "-P", "-m", module, *arguments], root, os.environ)


def _pytest(*arguments: str) -> Callable[[Path], int]:
    return _python("pytest", *arguments)


def _go_files(root: Path, pattern: str) -> Iterator[Path]:
    every = (file for folder in _GO_FOLDERS for file in (root / folder).rglob(pattern))
    found = sorted(
        file for file in every if "node_modules" not in file.parts and not is_learners(file.relative_to(root))
    )
    if not found:
        raise SchedlabError(f"there is no {pattern} in {', '.join(_GO_FOLDERS)}")
    yield from found


def _say(text: str) -> None:
    print(text, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("./course test", description="Check everything, or the steps named.")
    parser.add_argument("names", nargs="*", metavar="STEP")
    parser.add_argument("-x", "--exitfirst", action="store_true", help="stop at the first step that fails")
    parser.add_argument("--list", action="store_true", help="list the steps")
    return parser
