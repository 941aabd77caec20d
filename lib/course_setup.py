"""Set the course up, once, on nothing but Python's standard library; then hand over to schedlab.course.

Run by ``./course``. Brings the pinned uv straight from ``uv.lock`` (its wheel, checked against its hash),
lets it install exactly what ``uv.lock`` says into ``.venv``, builds the course's Go programs once, and
notes in ``.course/ready`` what was done. A start that finds this note current does none of it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypedDict

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
OWN = ROOT / ".course"
READY = OWN / "ready"

COMMANDS = {
    "lab": ("open JupyterLab on chapter 1.1", "[NAME] [--no-browser] [--port N]"),
    "run": ("execute notebooks; copies into build/", "[NAME…]"),
    "claims": ("test what the article says, here", "[ID…] [--go LIST] [-o FILE.html]"),
    "test": ("run the whole test suite", "[STEP…] [--list]"),
    "check": ("hold each lab's check to its own answers", "[ID…] [--repeat N [--stress]]"),
    "sync": ("make the notebooks from their Markdown", "[--check]"),
    "bench": ("measure the instruments' own speed", "NAME"),
    "environment": ("make environment.yml from pyproject.toml", "[--check]"),
    "setup": ("set up and stop", "[--cgo]"),
}
# These check the course and need the tools for that; the others need what a learner needs.
MAINTAINER_COMMANDS = frozenset({"test", "bench"})
NEEDED_BYTES = 2 << 30


class SetupFailedError(Exception):
    """What failed and what to do, in that order."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What is installed: the learner's packages always, and these if asked for once."""

    tools: bool
    cgo: bool
    bench: bool = False

    def with_all_of(self, other: Profile) -> Profile:
        return Profile(self.tools or other.tools, self.cgo or other.cgo, self.bench or other.bench)


def main(arguments: list[str]) -> int:
    """Set up if needed, then become ``python -m schedlab.course ARGUMENTS``. Wrong use is refused first."""
    command = arguments[0] if arguments else ""
    if command in ("-h", "--help", "help"):
        print(usage())
        return 0
    if command not in COMMANDS or (command == "setup" and set(arguments[1:]) - {"--cgo"}):
        print(f"course: cannot do {' '.join(arguments)!r}\n\n{usage()}", file=sys.stderr)
        return 2
    # What the views are compared with is needed for nothing else.
    bench = arguments[:2] == ["bench", "views"] and "--no-bokeh" not in arguments
    wanted = Profile(tools=command in MAINTAINER_COMMANDS, cgo="--cgo" in arguments, bench=bench)
    # Also where whoever started us had them ignored, as a shell does for what runs in the background.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        if not is_ready(wanted):
            with only_one() as lock:
                if not is_ready(wanted):
                    set_up(wanted, lock)
        if command == "setup":
            say("everything is set up")
            return 0
        return become_course(arguments)
    except SetupFailedError as failure:
        print(f"course: set-up did not finish.\n{failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ncourse: set-up was interrupted. The same command continues it.", file=sys.stderr)
        return 130


def usage() -> str:
    rows = [f"  {name:<12} {what:<42} {flags}" for name, (what, flags) in COMMANDS.items()]
    return "usage: ./course COMMAND …\n\n" + "\n".join(rows)


def is_ready(wanted: Profile) -> bool:
    """The note is current, covers what is wanted, and the Python it speaks of still starts."""
    noted_key, done = read_note()
    if noted_key != key() or done.with_all_of(wanted) != done:
        return False
    probe = [venv_python(), "-I", "-c", "import schedlab.course"]
    with contextlib.suppress(OSError):
        return subprocess.run(probe, capture_output=True, check=False).returncode == 0
    return False


def read_note() -> tuple[str, Profile]:
    """The key and the profile of the last set-up that finished; an empty key if there was none."""
    try:
        note = json.loads(READY.read_text(encoding="utf-8"))
        return str(note["key"]), Profile(**note["profile"])
    except (OSError, ValueError, KeyError, TypeError):
        return "", Profile(tools=False, cgo=False)


def key() -> str:
    """Changes when a set-up has to be done again: other packages, another Python, another place."""
    digest = hashlib.sha256()
    for file in ("uv.lock", "pyproject.toml", "lib/course_setup.py"):
        digest.update((ROOT / file).read_bytes())
    digest.update(f"{ROOT}\0{os.path.realpath(sys.executable)}\0{sys.version}".encode())
    return digest.hexdigest()


@contextlib.contextmanager
def only_one() -> Iterator[int]:
    """Hold the set-up lock, whose descriptor is given; the kernel drops it when its last holder is gone."""
    OWN.mkdir(exist_ok=True)
    with (OWN / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("another ./course is setting up; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


def set_up(wanted: Profile, lock: int) -> None:
    # What was asked for once stays, also over an update of the course.
    profile = wanted.with_all_of(read_note()[1])
    if not READY.exists() and VENV.exists():
        # A set-up that was cut off may have left half a package that uv takes for whole.
        say("removing an unfinished .venv")
        shutil.rmtree(VENV)
    READY.unlink(missing_ok=True)
    check_room()
    uv = bring_uv()
    install(uv, profile, lock)
    prepare_go(uv, lock)
    write_note(profile)


def check_room() -> None:
    free = shutil.disk_usage(ROOT).free
    if free < NEEDED_BYTES and not VENV.exists():
        raise SetupFailedError(
            f"Only {free >> 20} MiB are free in {ROOT}; the course needs about {NEEDED_BYTES >> 20}.\n"
            "Free some space and give the same command again."
        )


class Wheel(TypedDict):
    """One line of a package's ``wheels`` in uv.lock."""

    url: str
    hash: str
    size: int


def bring_uv() -> Path:
    """The uv that uv.lock pins, downloaded from where uv.lock says and checked against its hash."""
    version, wheels = locked_uv()
    uv = OWN / f"uv-{version}" / "uv"
    if uv.exists():
        return uv
    wheel = fitting_wheel(wheels)
    say(f"bringing uv {version} ({wheel['size'] >> 20} MiB)")
    archive = OWN / "uv.whl"
    download(wheel, archive)
    try:
        with zipfile.ZipFile(archive) as opened:
            member = next(name for name in opened.namelist() if name.endswith("/scripts/uv"))
            unfinished = OWN / "uv.unfinished"
            unfinished.write_bytes(opened.read(member))
    except OSError as error:
        raise SetupFailedError(f"uv could not be unpacked: {error}\nGive the same command again.") from error
    unfinished.chmod(0o755)
    uv.parent.mkdir(exist_ok=True)
    unfinished.replace(uv)
    archive.unlink()
    return uv


def locked_uv() -> tuple[str, list[Wheel]]:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    package = next(package for package in lock["package"] if package["name"] == "uv")
    return package["version"], package["wheels"]


def fitting_wheel(wheels: list[Wheel]) -> Wheel:
    """The wheel whose file name carries this machine's platform tag."""
    machine = {"AMD64": "x86_64", "aarch64": "aarch64", "arm64": "arm64"}.get(
        platform.machine(), platform.machine()
    )
    system = {"Darwin": "macosx", "Linux": "manylinux" if platform.libc_ver()[0] == "glibc" else "musllinux"}
    wanted = system.get(platform.system(), platform.system())
    for wheel in wheels:
        name = wheel["url"].rpartition("/")[2]
        if wanted in name and machine in name:
            return wheel
    raise SetupFailedError(
        f"There is no uv for {platform.system()} on {platform.machine()}.\n"
        "Use conda instead: conda env create -f environment.yml"
    )


def download(wheel: Wheel, target: Path) -> None:
    try:
        with urllib.request.urlopen(wheel["url"], timeout=60) as answer:
            content = answer.read()
        target.write_bytes(content)
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise SetupFailedError(
            f"uv could not be downloaded: {error}\n"
            "Check the network (or HTTPS_PROXY, SSL_CERT_FILE) and give the same command again."
        ) from error
    except OSError as error:
        raise SetupFailedError(
            f"{target} could not be written: {error}\nGive the same command again."
        ) from error
    if "sha256:" + hashlib.sha256(content).hexdigest() != wheel["hash"]:
        target.unlink()
        raise SetupFailedError(
            "The downloaded uv is not the one that uv.lock names (its hash differs); it was deleted.\n"
            "Something between here and the package index changes downloads. Try another network."
        )


def install(uv: Path, profile: Profile, lock: int) -> None:
    say("installing what uv.lock says into .venv")
    command = [str(uv), "sync", "--frozen", *([] if profile.tools else ["--no-dev"])]
    command += ["--extra", "cgo"] if profile.cgo else []
    command += ["--group", "bench"] if profile.bench else []
    settings = {
        "UV_PROJECT_ENVIRONMENT": str(VENV),
        "UV_PYTHON": sys.executable,
        "UV_PYTHON_DOWNLOADS": "never",
        # A company's own certificates are in the system's store, not in uv's.
        "UV_SYSTEM_CERTS": "1",
    }
    finish(command, settings, "The packages could not be installed", lock)


def prepare_go(uv: Path, lock: int) -> None:
    say("building the course's Go programs (the first time, Go's standard library too)")
    command = [venv_python(), "-m", "schedlab.course.prepare"]
    finish(command, {"SCHEDLAB_UV": str(uv)}, "The Go programs could not be built", lock)


def finish(command: list[str], settings: dict[str, str], failure: str, lock: int) -> None:
    """Run one step to its end; its own output goes to the terminal.

    The step holds the lock too: if we are killed and it is not, the next ./course waits for it.
    """
    environment = clean_environment() | settings
    child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=sys.stderr, pass_fds=[lock])
    try:
        status = child.wait()
    except BaseException:
        child.terminate()
        child.wait()
        raise
    if status != 0:
        free = shutil.disk_usage(ROOT).free >> 20
        raise SetupFailedError(
            f"{failure} (exit status {status}; the reason is above; {free} MiB of disk are free).\n"
            "When that is mended, give the same command again: it continues where this one ended."
        )


def write_note(profile: Profile) -> None:
    unfinished = READY.with_suffix(".unfinished")
    unfinished.write_text(json.dumps({"key": key(), "profile": asdict(profile)}), encoding="utf-8")
    unfinished.replace(READY)


def become_course(arguments: list[str]) -> int:
    """Replace this process; returns only if that fails."""
    version, _ = locked_uv()
    environment = clean_environment() | {"SCHEDLAB_UV": str(OWN / f"uv-{version}" / "uv")}
    try:
        os.execve(venv_python(), [venv_python(), "-m", "schedlab.course", *arguments], environment)
    except OSError as error:
        print(f"course: {venv_python()} cannot be started: {error}", file=sys.stderr)
        return 1


def clean_environment() -> dict[str, str]:
    """Ours without what points Python at somebody else's packages."""
    foreign = {"VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH"}
    return {name: value for name, value in os.environ.items() if name not in foreign}


def venv_python() -> str:
    return str(VENV / "bin" / "python")


def say(text: str) -> None:
    print(f"course: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
