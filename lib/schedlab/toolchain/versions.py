"""Older Go releases, for the lessons that compare them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from schedlab.errors import SchedlabError
from schedlab.places import cache_folder, repository_root
from schedlab.toolchain import cache
from schedlab.toolchain.installed import Toolchain, find, from_goroot, parse_minor

_GROUP = re.compile(r"go(\d+)-(\d+)")


class ReleaseUnavailable(SchedlabError):
    """That Go release cannot be had here."""


def releases(*, since: str | None = None) -> tuple[str, ...]:
    """The minor releases that can be asked for, oldest first and the one in use included: ``("1.24", …)``.

    Those that can build the samples, or all from ``since`` on: ``"1.21"`` still wrote another trace format.
    """
    oldest = parse_minor(since or _language_of_samples())
    found = {*_groups(), find().minor()}
    return tuple(f"{major}.{minor}" for major, minor in sorted(found) if (major, minor) >= oldest)


def release(name: str) -> Toolchain:
    """The toolchain of a minor release such as ``"1.24"``, installed on first use (about 75 MB to download).

    Exactly the patch release and the bytes that ``uv.lock`` names.

    Raises:
        ReleaseUnavailable: the course does not list it, or it could not be installed (no network, no uv).
    """
    wanted = parse_minor(name)
    current = find()
    if current.minor() == wanted:
        return current
    if wanted not in _groups():
        raise ReleaseUnavailable(
            f"the course has no Go {name}",
            remedy=f"Releases that it has: {', '.join(releases(since='1.0'))}.",
        )
    folder = cache_folder() / "toolchains" / f"go{wanted[0]}.{wanted[1]}"
    with cache.exclusive():
        if not (folder / "installed").exists():
            _install(folder, f"go{wanted[0]}-{wanted[1]}")
    return from_goroot(_goroot_in(folder), f"dependency group go{wanted[0]}-{wanted[1]}")


def _language_of_samples() -> str:
    text = (repository_root() / "go_samples" / "go.mod").read_text(encoding="utf-8")
    return next(line.split()[1] for line in text.splitlines() if line.startswith("go "))


def _groups() -> set[tuple[int, int]]:
    pyproject = tomllib.loads((repository_root() / "pyproject.toml").read_text(encoding="utf-8"))
    matches = (_GROUP.fullmatch(name) for name in pyproject["dependency-groups"])
    return {(int(match[1]), int(match[2])) for match in matches if match}


def _install(folder: Path, group: str) -> None:
    """A virtual environment with that group and nothing else; marked when it is whole."""
    shutil.rmtree(folder, ignore_errors=True)
    command = [_uv(), "sync", "--frozen", "--no-install-project", "--only-group", group, "--quiet"]
    settings = {
        "UV_PROJECT_ENVIRONMENT": str(folder),
        "UV_PYTHON": sys.executable,
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_SYSTEM_CERTS": "1",
    }
    inherited = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    done = subprocess.run(
        command, cwd=repository_root(), env=inherited | settings, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ReleaseUnavailable(
            f"could not install {group}: {done.stderr.strip()}",
            remedy="This lesson compares Go releases and needs the network once.",
        )
    (folder / "installed").touch()


def _uv() -> str:
    """The uv that set the course up, else one on PATH."""
    own = os.environ.get("SCHEDLAB_UV") or next(
        (str(found) for found in sorted((repository_root() / ".course").glob("uv-*/uv"))), None
    )
    found = own or shutil.which("uv")
    if not found:
        raise ReleaseUnavailable(
            "there is no uv to install another Go release with", remedy="Start the course with ./course."
        )
    return found


def _goroot_in(folder: Path) -> Path:
    found = next(folder.glob("lib/python*/site-packages/go/VERSION"), None)
    if found is None:
        raise ReleaseUnavailable(f"{folder} holds no Go", remedy="Run schedlab cache clear and try again.")
    return found.parent
