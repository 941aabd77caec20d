"""The Go source that a timeline's stacks point to, to travel with it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from schedlab.places import RepositoryNotFound, repository_root
from schedlab.toolchain import ToolchainNotFound, find
from schedlab.view.widgets import blob

Sources = Mapping[str, str] | Iterable[Path] | bool
"""Texts by file, or folders to look in besides those that are known (True: those alone), or none (False)."""

LIMIT_BYTES: Final = 2 << 20
"""Of all texts together, before compression; source compresses to about a quarter."""

_SUFFIXES: Final = frozenset({".go", ".s"})


def packed_sources(files: Iterable[str], sources: Sources) -> bytes:
    """The texts of ``files`` as a blob that the browser reads; empty if there is none."""
    if isinstance(sources, Mapping):
        texts = {str(name): str(text) for name, text in sources.items()}
    elif sources is False:
        texts = {}
    else:
        texts = collect(files, [] if sources is True else list(sources))
    return blob.encode("sources", {}, texts) if texts else b""


def collect(
    files: Iterable[str], folders: Sequence[Path] = (), *, limit: int = LIMIT_BYTES
) -> dict[str, str]:
    """The text of each of ``files`` (as a trace names them) that is Go source below a known folder.

    Known are ``folders``, the course's samples and the source of the course's Go. A trace may come from
    anyone and name any file; what is elsewhere stays unread. The program's own files come before those of
    Go, then the shorter ones, until ``limit`` bytes are full. A file that is gone is left out.
    """
    own = [*_resolved(folders), *_samples()]
    goroot = _goroot()
    found = [(path, name) for name in files if (path := _source(name, own, goroot))]
    found.sort(key=lambda one: (not _below(one[0], own), one[0].stat().st_size, one[1]))
    texts: dict[str, str] = {}
    room = limit
    for path, name in found:
        try:
            data = path.read_bytes() if path.stat().st_size <= room else None
        except OSError:
            continue
        if data is not None and len(data) <= room:
            room -= len(data)
            texts[name] = data.decode("utf-8", errors="replace")
    return texts


def _source(name: str, own: list[Path], goroot: list[Path]) -> Path | None:
    """The file of that name, if it is Go source below one of the folders, links followed."""
    if not name or "\0" in name or Path(name).suffix not in _SUFFIXES:
        return None
    # Built with -trimpath, the name is relative to GOROOT/src, or to a module.
    for path in [Path(name)] if Path(name).is_absolute() else [folder / name for folder in (*goroot, *own)]:
        try:
            resolved = path.resolve(strict=True)
        except (OSError, RuntimeError):
            continue
        if resolved.is_file() and resolved.suffix in _SUFFIXES and _below(resolved, [*own, *goroot]):
            return resolved
    return None


def _below(path: Path, folders: Iterable[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _resolved(folders: Iterable[Path | str | os.PathLike[str]]) -> list[Path]:
    return [Path(folder).resolve() for folder in folders]


def _samples() -> list[Path]:
    try:
        return _resolved([repository_root() / "go_samples"])
    except RepositoryNotFound:
        return []


def _goroot() -> list[Path]:
    try:
        return _resolved([find().goroot / "src"])
    except ToolchainNotFound:
        return []
