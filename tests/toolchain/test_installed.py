"""Which Go is used, and what happens when it is not there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from schedlab import toolchain
from schedlab.toolchain import installed


def test_the_go_in_use_came_with_the_environment() -> None:
    found = toolchain.find()
    assert found.goroot.is_relative_to(Path(sys.prefix).resolve())
    said = subprocess.run(
        [found.go, "version"], env=found.environment(), capture_output=True, text=True, check=True
    ).stdout
    assert said.split()[2] == found.release


def test_a_go_on_path_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    impostor = tmp_path / "go"
    impostor.write_text("#!/bin/sh\nexit 3\n")
    impostor.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert toolchain.find().go != impostor


def test_the_named_go_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    own = toolchain.find()
    for named in (own.goroot, own.go):
        monkeypatch.setenv("SCHEDLAB_GO", str(named))
        found = toolchain.find()
        assert found.goroot == own.goroot
        assert str(named) in found.origin


@pytest.mark.parametrize("named", ["/nonexistent/go", "/", "/bin/false"])
def test_a_named_go_that_is_none_is_refused_by_name(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHEDLAB_GO", named)
    with pytest.raises(toolchain.ToolchainNotFound, match=f"SCHEDLAB_GO={named}|not a Go installation"):
        toolchain.find()


def test_no_go_at_all_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "_wheel_goroot", lambda: None)
    monkeypatch.setattr(installed, "_prefix_goroot", lambda: None)
    with pytest.raises(toolchain.ToolchainNotFound, match=r"Start the course with \./course"):
        toolchain.find()


@pytest.mark.parametrize(
    ("name", "minor"),
    [("go1.27.3", (1, 27)), ("1.24", (1, 24)), ("go1.27rc1", (1, 27)), ("devel go1.28-abc123", (1, 28))],
)
def test_names_of_releases(name: str, minor: tuple[int, int]) -> None:
    assert toolchain.parse_minor(name) == minor


@pytest.mark.parametrize("name", ["", "go", "go1", "one.two", "1.x", "go1."])
def test_what_is_no_release_is_refused(name: str) -> None:
    with pytest.raises(toolchain.ToolchainNotFound, match="not the name of a Go release"):
        toolchain.parse_minor(name)


def test_an_older_release_is_the_one_that_the_lock_file_names() -> None:
    oldest = toolchain.releases()[0]
    older = toolchain.release(oldest)
    assert older.release.startswith(f"go{oldest}.")
    assert toolchain.release(oldest) == older


def test_a_release_that_the_course_does_not_have() -> None:
    with pytest.raises(toolchain.ReleaseUnavailable, match=r"no Go 1\.9"):
        toolchain.release("1.9")


def test_a_release_that_cannot_be_installed_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHEDLAB_CACHE", str(tmp_path))
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    with pytest.raises(toolchain.ReleaseUnavailable, match=r"could not install go1-24[\s\S]*network"):
        toolchain.release("1.24")
    assert not list((tmp_path / "toolchains").rglob("installed"))
