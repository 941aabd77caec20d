"""``./course lab``: JupyterLab on a chapter."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import socket
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from schedlab.course import kernels
from schedlab.course.files import write_whole
from schedlab.course.notebooks import Notebook, choose_one
from schedlab.errors import SchedlabError
from schedlab.places import repository_root, state_folder

FIRST_NOTEBOOK = "1_1"
_HOST = "127.0.0.1"
_PORT = 8888
_PORTS_TRIED = 100
_LOGGING = {
    "filters": {"left": {"()": "schedlab.course.lab_log.NoWordOfWhoLeft"}},
    "loggers": {"asyncio": {"filters": ["left"]}},
}


class PortTaken(SchedlabError):
    """JupyterLab cannot listen where it was told to."""


def main(argv: list[str]) -> int:
    """Print the address and become JupyterLab. Only an error returns.

    Raises:
        UnknownNotebook: no notebook of that name.
        PortTaken: the port that was asked for is in use or not allowed, or no port is free.
    """
    options = _parser().parse_args(argv)
    root = repository_root()
    notebook = choose_one(options.name, root)
    if not notebook.ipynb.is_file():
        raise SchedlabError(f"{notebook.name}.ipynb is missing", remedy="Make it: ./course sync")
    port = _asked_port(options.port) if options.port else _free_port()
    token = secrets.token_hex(24)
    page = f"/lab/tree/{quote(notebook.ipynb.relative_to(root).as_posix())}"
    home = _home()
    environment = _environment(home, token)
    _ask_nothing_about_news(home)
    command = _command(notebook, port, page, browser=options.browser)
    print(f"JupyterLab: http://{_HOST}:{port}{page}?token={token}", flush=True)
    os.execve(sys.executable, command, environment)


def _command(notebook: Notebook, port: int, page: str, *, browser: bool) -> list[str]:
    settings = {
        "ServerApp.root_dir": notebook.root,
        "ServerApp.ip": _HOST,
        "ServerApp.port": port,
        # The address is printed already: rather fail than serve somewhere else.
        "ServerApp.port_retries": 0,
        "ServerApp.allow_root": True,
        # Of Jupyter's warnings none is for a learner (an untrusted notebook, its own default settings).
        "Application.log_level": "ERROR",
        "Application.logging_config": _LOGGING,
        # Otherwise each kernel warns that other users of the machine could listen in.
        "KernelManager.transport_encryption": "auto",
        "LabApp.default_url": page,
        # Nothing is fetched: no news, no look for a newer release, no catalogue of extensions.
        "LabApp.news_url": None,
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        "LabApp.extension_manager": "readonly",
        # Looking for language servers would start the machine's own node and npm.
        "LanguageServerManager.autodetect": False,
        # Extensions and kernels of this environment, not those that the machine's user once installed.
        "LabApp.labextensions_path": Path(sys.prefix) / "share" / "jupyter" / "labextensions",
        "ServerApp.kernel_spec_manager_class": "schedlab.course.kernels.OnlyThisPython",
    }
    flags = [] if browser else ["--no-browser"]
    return [
        *(sys.executable, "-P", "-m", "jupyterlab"),
        *flags,
        *(f"--{name}={value}" for name, value in settings.items()),
    ]


def _environment(home: Path, token: str) -> Mapping[str, str]:
    """JupyterLab's settings (theme, font, shortcuts) are the user's own; its open tabs are the course's."""
    return kernels.environment(home) | {
        # In the environment, not on the command line, which any user of the machine can read.
        "JUPYTER_TOKEN": token,
        "JUPYTERLAB_SETTINGS_DIR": str(_user_settings()),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
    }


def _ask_nothing_about_news(home: Path) -> None:
    """Answer what JupyterLab would ask at the first start; an answer that the user gave once comes first."""
    answers = {
        "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}
    }
    text = json.dumps(answers)
    write_whole(home / "jupyter" / "config" / "labconfig" / "default_setting_overrides.json", text.encode())


def _user_settings() -> Path:
    named = os.environ.get("JUPYTERLAB_SETTINGS_DIR")
    jupyter = os.environ.get("JUPYTER_CONFIG_DIR") or Path("~/.jupyter").expanduser()
    return Path(named) if named else Path(jupyter) / "lab" / "user-settings"


def _home() -> Path:
    """Where this JupyterLab keeps its own things; a passing folder where the user has no writable one."""
    home = state_folder() / "lab"
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            return home
    except OSError:
        return Path(tempfile.mkdtemp(prefix="schedlab-lab-"))


def _asked_port(port: int) -> int:
    try:
        _listen_once(port)
    except OSError as error:
        raise PortTaken(
            f"cannot listen on port {port}: {error.strerror}", remedy="Name another, or leave --port out."
        ) from error
    return port


def _free_port() -> int:
    for port in range(_PORT, _PORT + _PORTS_TRIED):
        try:
            _listen_once(port)
        except OSError:
            continue
        if port != _PORT:
            print(f"port {_PORT} is in use; taking {port}", file=sys.stderr, flush=True)
        return port
    raise PortTaken(
        f"no port is free from {_PORT} to {_PORT + _PORTS_TRIED - 1}", remedy="Name one: --port N."
    )


def _listen_once(port: int) -> None:
    """Raise OSError where JupyterLab would: the same address and the same socket option."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((_HOST, port))
        probe.listen(1)


def _port_number(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 65535:
        raise ValueError(text)
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("./course lab", description="Open JupyterLab on a chapter.")
    parser.add_argument("name", nargs="?", default=FIRST_NOTEBOOK, metavar="NAME", help="such as 1_2")
    parser.add_argument("--no-browser", dest="browser", action="store_false", help="only print the address")
    parser.add_argument(
        "--port", type=_port_number, metavar="N", help=f"default: the first free from {_PORT}"
    )
    return parser
