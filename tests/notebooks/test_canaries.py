"""Notebooks that must turn the notebook run red, and one that must not."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from schedlab.course import kernels
from schedlab.course.notebooks import Notebook, find_notebooks
from schedlab.course.source import read, to_bytes
from schedlab.course.test import CELL_LIMIT_S, nbval_command
from schedlab.places import repository_root

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def cage() -> Iterator[Path]:
    """A folder inside the repository, so that pytest reads the same settings as in the real run."""
    build = repository_root() / "build"
    build.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="canaries-", dir=build) as folder:
        for source in HERE.glob("canary_*.md"):
            made = to_bytes(read(Notebook(HERE, source)))
            (Path(folder) / f"{source.stem}.ipynb").write_bytes(made)
        yield Path(folder)


def run(cage: Path, name: str, cell_limit_s: float = CELL_LIMIT_S) -> tuple[int, str]:
    """The command of ``./course test notebooks``, on one canary."""
    root = repository_root()
    command = nbval_command([cage / f"canary_{name}.ipynb"], cell_limit_s=cell_limit_s)
    done = subprocess.run(
        command,
        cwd=root,
        env=kernels.headless_environment(root),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    # nbval colours its words on every screen.
    return done.returncode, re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)


def counts(output: str) -> dict[str, int]:
    """What pytest's last line counts."""
    return {word: int(number) for number, word in re.findall(r"(\d+) (\w+)", output.splitlines()[-1])}


def test_a_good_notebook_is_green(cage: Path) -> None:
    status, output = run(cage, "good")
    assert status == 0, output
    assert counts(output)["passed"] == 4
    assert "all 1 notebooks kept to their time budget" in output


def test_a_failing_assertion_in_a_visible_cell_is_red(cage: Path) -> None:
    status, output = run(cage, "visible_failure")
    assert status == 1, output
    assert "AssertionError: the visible canary sings" in output
    assert counts(output) == {"failed": 1, "passed": 1} | counts(output)


def test_a_failing_assertion_in_a_hidden_claim_is_red(cage: Path) -> None:
    status, output = run(cage, "claim_failure")
    assert status == 1, output
    assert "AssertionError: the hidden canary sings" in output
    assert counts(output) == {"failed": 1, "passed": 1} | counts(output)


def test_a_cell_beyond_the_limit_is_red(cage: Path) -> None:
    status, output = run(cage, "too_slow", cell_limit_s=3)
    assert status == 1, output
    assert "Timeout of 3 seconds exceeded executing cell" in output


def test_a_notebook_beyond_its_budget_is_reported_and_green(cage: Path) -> None:
    status, output = run(cage, "over_budget")
    assert status == 0, output
    section = output.partition("over their time budget")[2]
    assert re.search(r"canary_over_budget\.ipynb: Cell 0 took \d+\.\d s of 0\.5 s", section)
    assert re.search(r"canary_over_budget\.ipynb: all cells took \d+\.\d s of 1 s", section)


def test_canaries_are_no_part_of_the_course() -> None:
    assert not [notebook for notebook in find_notebooks(repository_root()) if "canary" in notebook.name]


def test_the_limit_is_said_in_the_command() -> None:
    """nbval's own is 2000 s."""
    assert "--nbval-cell-timeout=120" in nbval_command([])
