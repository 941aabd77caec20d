"""``./course lab``: what it becomes, and that the JupyterLab it starts is the course's own."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from schedlab.course import lab
from schedlab.course.notebooks import UnknownNotebook
from schedlab.course.sync import main as sync
from schedlab.errors import SchedlabError

if TYPE_CHECKING:
    from tests.course.conftest import Course


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[list[str], dict[str, str]]]:
    """What would have been executed."""
    calls: list[tuple[list[str], dict[str, str]]] = []
    monkeypatch.setenv("SCHEDLAB_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(os, "execve", lambda _path, command, env: calls.append((command, dict(env))))
    return calls


@pytest.fixture
def chapters(course: Course) -> Course:
    course.write("1_1_meet")
    course.write("1_2_block")
    assert sync([]) == 0
    return course


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        yield other.getsockname()[1]


Started = list[tuple[list[str], dict[str, str]]]


@pytest.mark.usefixtures("chapters")
def test_becomes_jupyterlab_on_the_first_chapter(
    started: Started, capsys: pytest.CaptureFixture[str]
) -> None:
    lab.main([])
    command, environment = started[0]
    assert command[:4] == [sys.executable, "-P", "-m", "jupyterlab"]
    assert "--no-browser" not in command
    out = capsys.readouterr().out
    token = environment["JUPYTER_TOKEN"]
    assert re.fullmatch(
        rf"JupyterLab: http://127\.0\.0\.1:\d+/lab/tree/chapters/1_1_meet\.ipynb\?token={token}\n", out
    )
    assert token not in " ".join(command)
    assert len(token) >= 32


@pytest.mark.usefixtures("chapters")
def test_another_chapter_without_a_browser(started: Started, capsys: pytest.CaptureFixture[str]) -> None:
    lab.main(["1.2", "--no-browser"])
    assert "--no-browser" in started[0][0]
    assert "/lab/tree/chapters/1_2_block.ipynb?token=" in capsys.readouterr().out


LOGGED = """
import logging, sys
from jupyter_server.serverapp import ServerApp
from tornado.websocket import WebSocketClosedError
app = ServerApp()
app.parse_command_line(sys.argv[1:])
app.log.error("the server's own")
for error in (WebSocketClosedError("gone"), ValueError("something else")):
    logging.getLogger("asyncio").error("never retrieved", exc_info=error)
"""


@pytest.mark.usefixtures("chapters")
def test_a_page_that_is_closed_too_soon_leaves_no_traceback(started: Started) -> None:
    lab.main(["1_1", "--no-browser"])
    ((command, environment),) = started
    settings = [str(one) for one in command if str(one).startswith("--Application.")]
    done = subprocess.run(
        [sys.executable, "-c", LOGGED, *settings],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "the server's own" in done.stderr
    assert "something else" in done.stderr
    assert "gone" not in done.stderr


@pytest.mark.usefixtures("chapters")
def test_a_port_in_use_gives_way_unless_it_was_asked_for(
    started: Started, taken: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(
        lab.PortTaken, match=f"cannot listen on port {taken}: Address already in use"
    ) as caught:
        lab.main(["--port", str(taken)])
    assert caught.value.exit_status == 1
    assert started == []
    monkeypatch.setattr(lab, "_PORT", taken)
    lab.main([])
    said = capsys.readouterr()
    chosen = re.search(rf"port {taken} is in use; taking (\d+)", said.err)
    assert chosen
    assert int(chosen[1]) > taken
    assert f"http://127.0.0.1:{chosen[1]}/" in said.out
    assert f"--ServerApp.port={chosen[1]}" in started[0][0]


@pytest.mark.usefixtures("chapters", "started")
def test_no_port_left_is_said(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "_PORT", taken)
    monkeypatch.setattr(lab, "_PORTS_TRIED", 1)
    with pytest.raises(lab.PortTaken, match="no port is free"):
        lab.main([])


def test_wrong_names_and_numbers(chapters: Course, started: Started) -> None:
    with pytest.raises(UnknownNotebook, match="'7_7'"):
        lab.main(["7_7"])
    for port in ("0", "65536", "-1", "http"):
        with pytest.raises(SystemExit, match="2"):
            lab.main([f"--port={port}"])
    (chapters.root / "chapters" / "1_2_block.ipynb").unlink()
    with pytest.raises(SchedlabError, match=r"1_2_block\.ipynb is missing") as caught:
        lab.main(["1_2"])
    assert "./course sync" in caught.value.remedy
    assert started == []


@pytest.mark.usefixtures("chapters")
def test_a_state_folder_that_cannot_be_made_does_not_keep_it_from_starting(
    started: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SCHEDLAB_STATE", str(tmp_path / "file" / "state"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    lab.main([])
    assert Path(started[0][1]["IPYTHONDIR"]).parent.is_dir()


def test_serves_the_course_on_a_machine_full_of_other_settings(chapters: Course, tmp_path: Path) -> None:
    """One real JupyterLab: it comes up, knows one kernel, offers no news, and keeps the user's theme."""
    home = tmp_path / "home"
    theirs = home / ".jupyter"
    theirs.mkdir(parents=True)
    for file in ("jupyter_server_config.py", "jupyter_lab_config.py", "jupyter_config.py"):
        (theirs / file).write_text("raise SystemExit('a foreign setting')")
    themes = theirs / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    themes.mkdir(parents=True)
    (themes / "themes.jupyterlab-settings").write_text('{"theme": "JupyterLab Dark"}')
    for kernel in ("python3", "julia"):
        folder = home / ".local" / "share" / "jupyter" / "kernels" / kernel
        folder.mkdir(parents=True)
        spec = {"argv": ["/bin/false"], "display_name": "foreign", "language": "python"}
        (folder / "kernel.json").write_text(json.dumps(spec))
    # A module of this name lies where the command is given.
    (chapters.root / "jupyterlab.py").write_text("raise SystemExit('a foreign module')")
    extra = {"HOME": str(home), "SCHEDLAB_STATE": str(tmp_path / "state"), "JUPYTER_PREFER_ENV_PATH": "0"}
    log = (tmp_path / "log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-P", *chapters.command("lab", "--no-browser", "--port", str(free_port()))[1:]],
        env=chapters.environment(extra),
        cwd=chapters.root,
        stdout=subprocess.PIPE,
        stderr=log.fileno(),
        text=True,
    )
    try:
        assert process.stdout
        address = process.stdout.readline().removeprefix("JupyterLab: ").strip()
        page = fetched(address, process)
        config = json.loads(
            page.split('id="jupyter-config-data" type="application/json">')[1].split("</script>")[0]
        )
        assert config["news"] == {"disabled": True}
        assert config["serverRoot"] == str(chapters.root)
        assert config["treePath"] == "chapters/1_1_meet.ipynb"
        base, token = address.partition("/lab/")[0], address.partition("?")[2]
        specs = json.loads(fetched(f"{base}/api/kernelspecs?{token}", process))["kernelspecs"]
        assert list(specs) == ["python3"]
        assert specs["python3"]["spec"]["argv"][0] == sys.executable
        theme = fetched(f"{base}/lab/api/settings/@jupyterlab/apputils-extension:themes?{token}", process)
        assert json.loads(theme)["settings"]["theme"] == "JupyterLab Dark"
        asks = fetched(
            f"{base}/lab/api/settings/@jupyterlab/apputils-extension:notification?{token}", process
        )
        assert json.loads(asks)["schema"]["properties"]["fetchNews"]["default"] == "false"
        news = json.loads(fetched(f"{base}/lab/api/news?{token}", process))
        assert news == {"news": []}
        assert (tmp_path / "log").read_text() == "", "it starts without a complaint"
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(f"{base}/api/contents", timeout=60)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        log.close()
    written = {path.relative_to(home).parts[0] for path in home.rglob("*") if path.is_file()}
    assert written == {".jupyter", ".local"}
    assert not (theirs / "migrated").exists(), "somebody else's settings are read, not written"


def free_port() -> int:
    """Not the usual one: whoever has it makes JupyterLab say so, and this one is to say nothing."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fetched(address: str, process: subprocess.Popen[Any]) -> str:
    """The page, as soon as the server answers."""
    while True:
        try:
            with urllib.request.urlopen(address, timeout=60) as answer:
                body: str = answer.read().decode()
                return body
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError(f"JupyterLab ended: {process.returncode}")
