"""What set-up decides before it touches the network: wrong use, the right uv, what is current."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import urllib.error
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from schedlab.places import repository_root

LAUNCHER = repository_root() / "course"


@pytest.fixture
def setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """lib/course_setup.py, which is no part of the package, working on a folder of its own."""
    spec = importlib.util.spec_from_file_location(
        "course_setup", repository_root() / "lib" / "course_setup.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "course_setup", module)
    spec.loader.exec_module(module)
    for name in ("uv.lock", "pyproject.toml", "lib/course_setup.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((repository_root() / name).read_bytes())
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "OWN", tmp_path / ".course")
    monkeypatch.setattr(module, "READY", tmp_path / ".course" / "ready")
    (tmp_path / ".course").mkdir()
    return module


def launch(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LAUNCHER, *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("arguments", [(), ("nonsense",), ("setup", "--wrong"), ("--version",)])
def test_wrong_use_is_refused_before_anything_is_set_up(arguments: tuple[str, ...]) -> None:
    done = launch(*arguments)
    assert done.returncode == 2
    assert "usage: ./course COMMAND" in done.stderr
    assert done.stdout == ""


def test_help_names_every_command() -> None:
    done = launch("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert {"lab", "run", "test", "sync", "bench", "setup"} <= set(done.stdout.split())


def test_a_machine_without_python_is_told_so(tmp_path: Path) -> None:
    for tool in ("dirname", "sh"):
        (tmp_path / tool).symlink_to(f"/usr/bin/{tool}")
    done = launch("lab", PATH=str(tmp_path))
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr


def test_an_old_python_is_passed_over(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    (tmp_path / "python3.11").symlink_to(sys.executable)
    (tmp_path / "dirname").symlink_to("/usr/bin/dirname")
    done = launch("--help", PATH=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("system", "machine", "libc", "fits"),
    [
        ("Linux", "x86_64", "glibc", "manylinux_2_17_x86_64"),
        ("Linux", "aarch64", "glibc", "manylinux"),
        ("Linux", "x86_64", "", "musllinux_1_1_x86_64"),
        ("Darwin", "arm64", "", "macosx_11_0_arm64"),
        ("Darwin", "x86_64", "", "macosx_10_12_x86_64"),
    ],
)
def test_the_uv_that_fits_the_machine(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, system: str, machine: str, libc: str, fits: str
) -> None:
    monkeypatch.setattr(setup.platform, "system", lambda: system)
    monkeypatch.setattr(setup.platform, "machine", lambda: machine)
    monkeypatch.setattr(setup.platform, "libc_ver", lambda: (libc, ""))
    name = setup.fitting_wheel(setup.locked_uv()[1])["url"].rpartition("/")[2]
    assert fits in name
    assert machine in name


def test_a_machine_that_uv_does_not_know(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup.platform, "system", lambda: "Plan9")
    with pytest.raises(setup.SetupFailedError, match="no uv for Plan9"):
        setup.fitting_wheel(setup.locked_uv()[1])


def test_no_network_says_what_to_do(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> object:
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(setup.urllib.request, "urlopen", unreachable)
    with pytest.raises(setup.SetupFailedError, match=r"no route to host[\s\S]*same command again"):
        setup.bring_uv()


class Answer:
    """A download that gives these bytes."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def __enter__(self) -> Answer:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def read(self) -> bytes:
        return self.content


def test_a_changed_download_is_refused_and_deleted(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup.urllib.request, "urlopen", lambda *_, **__: Answer(b"not uv"))
    with pytest.raises(setup.SetupFailedError, match="its hash differs"):
        setup.bring_uv()
    assert not list(setup.OWN.glob("*.whl"))


def test_uv_is_brought_once(setup: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    archive = tmp_path / "made.whl"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("uv-1.data/scripts/uv", "#!/bin/sh\necho I am uv\n")
    content = archive.read_bytes()
    wheel: dict[str, Any] = {"url": "x/manylinux", "size": 1}
    wheel["hash"] = "sha256:" + setup.hashlib.sha256(content).hexdigest()
    asked: list[str] = []

    def answer(url: str, **_: object) -> Answer:
        asked.append(url)
        return Answer(content)

    monkeypatch.setattr(setup, "fitting_wheel", lambda _: wheel)
    monkeypatch.setattr(setup.urllib.request, "urlopen", answer)
    assert setup.bring_uv() == setup.bring_uv()
    assert len(asked) == 1
    assert subprocess.run([setup.bring_uv()], capture_output=True, check=True).stdout == b"I am uv\n"


def test_a_full_disk_is_noticed_before_it_is_full(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "NEEDED_BYTES", 1 << 62)
    with pytest.raises(setup.SetupFailedError, match="Free some space"):
        setup.check_room()


def test_the_note_is_current_only_for_these_files_and_this_python(setup: ModuleType) -> None:
    profile = setup.Profile(tools=True, cgo=False)
    setup.write_note(profile)
    assert setup.read_note() == (setup.key(), profile)
    before = setup.key()
    (setup.ROOT / "uv.lock").write_text("changed")
    assert setup.key() != before


@pytest.mark.parametrize("torn", ["", "{", "[]", '{"key": 1}', '{"key": "k", "profile": {"other": 1}}'])
def test_a_torn_note_is_no_note(setup: ModuleType, torn: str) -> None:
    setup.READY.write_text(torn)
    assert setup.read_note() == ("", setup.Profile(tools=False, cgo=False))
    assert not setup.is_ready(setup.Profile(tools=False, cgo=False))


def test_a_note_without_a_python_behind_it_is_not_ready(setup: ModuleType) -> None:
    setup.write_note(setup.Profile(tools=True, cgo=True))
    assert not setup.is_ready(setup.Profile(tools=False, cgo=False))


def test_what_was_asked_for_once_stays(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    setup.READY.write_text(json.dumps({"key": "older", "profile": {"tools": True, "cgo": False}}))
    installed: list[Any] = []
    monkeypatch.setattr(setup, "bring_uv", lambda: Path("uv"))
    monkeypatch.setattr(setup, "prepare_go", lambda *_: None)
    monkeypatch.setattr(setup, "install", lambda _uv, profile, _lock: installed.append(profile))
    setup.set_up(setup.Profile(tools=False, cgo=True), 0)
    assert installed == [setup.Profile(tools=True, cgo=True)]


def test_an_unfinished_venv_is_removed(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    (setup.VENV / "lib").mkdir(parents=True)
    for step in ("bring_uv", "install", "prepare_go"):
        monkeypatch.setattr(setup, step, lambda *_: None)
    setup.set_up(setup.Profile(tools=False, cgo=False), 0)
    assert not setup.VENV.exists()
    assert setup.READY.exists()


@pytest.mark.parametrize(
    ("arguments", "bench"),
    [
        (["bench", "views"], True),
        (["bench", "views", "--rounds", "1"], True),
        (["bench", "views", "--no-bokeh"], False),
        (["bench", "schedtrace"], False),
        (["test", "views"], False),
    ],
)
def test_what_views_are_compared_with_comes_for_that_alone(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, arguments: list[str], bench: bool
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(setup, "bring_uv", lambda: Path("uv"))
    monkeypatch.setattr(setup, "prepare_go", lambda *_: None)
    monkeypatch.setattr(setup, "is_ready", lambda _: False)
    monkeypatch.setattr(setup, "become_course", lambda _: 0)
    monkeypatch.setattr(setup, "finish", lambda command, *_: commands.append(command))
    assert setup.main(arguments) == 0
    (command,) = commands
    assert (command[-2:] == ["--group", "bench"]) is bench
