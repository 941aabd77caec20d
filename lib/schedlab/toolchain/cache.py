"""The cache of built programs: bounded, shared by all kernels of a user, safe to delete."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from schedlab.errors import UsageError
from schedlab.places import cache_folder

DEFAULT_LIMIT_MB = 2048

# A program that a kernel was handed a moment ago must still be there when it starts it.
_IN_USE_S = 3600.0

# Who waits longer than that for another's build should know why.
_SILENT_S = 3.0


@dataclass(frozen=True, slots=True)
class CacheReport:
    """What was removed: programs and bytes on disk."""

    programs: int
    bytes: int


def program_folder(key: str) -> Path:
    """Where the program with this content key is, or will be."""
    return cache_folder() / "programs" / key


@contextmanager
def exclusive() -> Iterator[None]:
    """One builder at a time, over all processes; the lock falls with the process that holds it."""
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "lock")
    try:
        lock.acquire(timeout=_SILENT_S)
    except Timeout:
        print("schedlab: another process is building; this one waits for it", file=sys.stderr, flush=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def mark_used(folder: Path) -> None:
    """Note the time of use; what was used longest ago is removed first."""
    os.utime(folder)


def keep_bounded() -> CacheReport:
    """Remove what was used longest ago until the cache fits its limit. Call with the lock held.

    The limit is ``SCHEDLAB_CACHE_MB`` (MiB, 2048 by default): one half for programs, one for Go's build
    cache. Each keeps what was used last, so that many programs do not make every build begin with the
    standard library; and a program that was used within the hour stays in any case.
    """
    half = _limit_bytes() // 2
    removed = CacheReport(0, _trim(cache_folder() / "go-build", half))
    programs, folders = _programs_by_age()
    excess = sum(programs.values()) - half
    now = time.time()
    for folder in folders:
        if excess <= 0 or now - folder.stat().st_mtime < _IN_USE_S:
            break
        freed = _remove(folder)
        excess -= freed
        removed = CacheReport(removed.programs + 1, removed.bytes + freed)
    return removed


def clear_cache() -> CacheReport:
    """Empty the cache: programs, answers to labs, older Go releases, Go's own build and module caches."""
    with exclusive():
        programs, _ = _programs_by_age()
        freed = sum(
            _remove(cache_folder() / name)
            for name in ("programs", "go-build", "gopath", "toolchains", "labs")
        )
        return CacheReport(len(programs), freed)


def _limit_bytes() -> int:
    text = os.environ.get("SCHEDLAB_CACHE_MB", str(DEFAULT_LIMIT_MB))
    if not text.isdigit():
        raise UsageError(f"SCHEDLAB_CACHE_MB={text!r} is not a number of MiB", remedy="Write it as 2048.")
    return int(text) << 20


def _programs_by_age() -> tuple[dict[Path, int], list[Path]]:
    """Bytes per program folder, and the folders, used longest ago first."""
    root = cache_folder() / "programs"
    folders = [entry for entry in root.iterdir() if entry.is_dir()] if root.is_dir() else []
    sizes = {folder: _size(folder) for folder in folders}
    return sizes, sorted(folders, key=lambda folder: folder.stat().st_mtime)


def _trim(build_cache: Path, limit: int) -> int:
    """Remove the entries of Go's build cache that were used longest ago, if it is larger than ``limit``.

    An entry is a file, or a folder with a program that ``go run`` or ``go tool`` built. Go notes the time of
    use of each (``cmd/go/internal/cache``), and makes again what it does not find; a build that goes on at
    the same time may remove one first.
    """
    ages = []
    for entry in build_cache.glob("[0-9a-f][0-9a-f]/*"):
        with suppress(OSError):
            about = entry.stat()
            size = _size(entry) if entry.is_dir() else about.st_size
            ages.append((about.st_mtime, size, entry))
    excess, freed = sum(size for _, size, _ in ages) - limit, 0
    # Some room beyond the limit, or the next build would trim again.
    for _, size, entry in sorted(ages) if excess > 0 else ():
        if freed >= excess + limit // 4:
            break
        if entry.is_dir():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
        freed += size
    return freed


def _size(folder: Path) -> int:
    return sum(entry.lstat().st_size for entry in folder.rglob("*") if not entry.is_dir())


def _remove(folder: Path) -> int:
    if not folder.exists():
        return 0
    freed = _size(folder)
    # Go's module cache is read-only, folders included.
    for inner in (folder, *folder.rglob("*")):
        if inner.is_dir() and not inner.is_symlink():
            inner.chmod(inner.stat().st_mode | stat.S_IWUSR)
    shutil.rmtree(folder)
    return freed
