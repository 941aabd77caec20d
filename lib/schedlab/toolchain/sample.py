"""Build a sample once: the binary is cached by the content of everything that went into it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from schedlab.errors import SchedlabError, UsageError
from schedlab.places import repository_root
from schedlab.toolchain import cache
from schedlab.toolchain.ccompiler import c_compiler
from schedlab.toolchain.installed import Toolchain, find

_USES_CGO = re.compile(rb'^import\s+"C"', re.MULTILINE)

# What changes the build's result without being in the sample: raise it when build flags below change.
_RECIPE = 1


class SampleNotFound(UsageError):
    """No folder of that name holds a Go program."""


class CompileError(SchedlabError):
    """The Go compiler refused the program. The message is what Go printed, with file:line."""


@dataclass(frozen=True, slots=True)
class Binary:
    """A built program. It is path-like: hand it to ``process.run`` as it is."""

    path: Path
    name: str
    folder: Path
    toolchain: Toolchain

    def __fspath__(self) -> str:
        return str(self.path)


def build(
    sample: str | os.PathLike[str],
    *,
    toolchain: Toolchain | None = None,
    flags: Sequence[str] = (),
) -> Binary:
    """The program of ``go_samples/<sample>``, or of any folder inside a Go module.

    Built at most once per content of sources, go.mod, toolchain and flags; safe to call from several
    kernels at once. ``flags`` go to ``go build`` as they are. cgo is on only for a program that uses it.

    Raises:
        SampleNotFound: no such folder, no .go file in it, or no go.mod above it.
        CompileError: Go refused it.
        CCompilerNotFound: it uses cgo and the machine has no C compiler.
    """
    chosen = toolchain or find()
    folder = _folder_of(sample)
    module = _module_of(folder)
    sources = dict(_sources(folder, module))
    c_comp = c_compiler() if any(_USES_CGO.search(text) for text in sources.values()) else None
    key = _key(sources, chosen, flags, c_comp)
    binary = Binary(cache.program_folder(key) / folder.name, folder.name, folder, chosen)
    if not binary.path.is_file():
        with cache.exclusive():
            if not binary.path.is_file():
                _compile(binary, module, flags, c_comp)
                cache.keep_bounded()
    cache.mark_used(binary.path.parent)
    return binary


def samples() -> tuple[str, ...]:
    """The names of the programs in ``go_samples/``, sorted."""
    root = repository_root() / "go_samples"
    return tuple(sorted(entry.name for entry in root.iterdir() if (entry / "main.go").is_file()))


def _folder_of(sample: str | os.PathLike[str]) -> Path:
    named, root = Path(sample), repository_root()
    places = (named, root / named, root / "go_samples" / named)
    folder = next((place for place in places if any(place.glob("*.go"))), None)
    if folder is None:
        raise SampleNotFound(
            f"{os.fspath(sample)!r} is no folder with a Go program",
            remedy=f"The samples are: {', '.join(samples())}.",
        )
    return folder.resolve()


def _module_of(folder: Path) -> Path:
    for candidate in (folder, *folder.parents):
        if (candidate / "go.mod").is_file():
            return candidate
    raise SampleNotFound(f"{folder} is in no Go module", remedy="Put a go.mod beside the program.")


def _sources(folder: Path, module: Path) -> Iterator[tuple[str, bytes]]:
    """Everything that the build may read: the program, the module's go.mod and go.sum, its internal packages.

    A sample imports no other package of its module (tests hold that), so this is the whole of it.
    """
    roots = [module / "go.mod", module / "go.sum", folder, module / "internal"]
    for root in roots:
        files = sorted(root.rglob("*")) if root.is_dir() else [root]
        for file in files:
            if file.is_file():
                yield file.relative_to(module).as_posix(), file.read_bytes()


def _key(sources: dict[str, bytes], toolchain: Toolchain, flags: Sequence[str], c_comp: str | None) -> str:
    version = (toolchain.goroot / "VERSION").read_bytes()
    named = {name: hashlib.sha256(text).hexdigest() for name, text in sorted(sources.items())}
    parts = [_RECIPE, named, hashlib.sha256(version).hexdigest(), list(flags), c_comp]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _compile(binary: Binary, module: Path, flags: Sequence[str], c_comp: str | None) -> None:
    """Build beside the final place and move it there whole, so that a killed build leaves no half program.

    The lock is held: a scratch folder that is there already belongs to a build that was killed.
    """
    final = binary.path.parent
    final.parent.mkdir(parents=True, exist_ok=True)
    for abandoned in final.parent.glob("building-*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    scratch = Path(tempfile.mkdtemp(prefix="building-", dir=final.parent))
    try:
        _go_build(binary, module, scratch / binary.name, flags, c_comp)
        shutil.rmtree(final, ignore_errors=True)
        scratch.replace(final)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _go_build(binary: Binary, module: Path, output: Path, flags: Sequence[str], c_comp: str | None) -> None:
    toolchain = binary.toolchain
    environment = toolchain.environment() | {"CGO_ENABLED": "1" if c_comp else "0"}
    if c_comp:
        environment["CC"] = c_comp
    package = "./" + binary.folder.relative_to(module).as_posix()
    command = [
        str(toolchain.go),
        "build",
        "-buildvcs=false",
        "-buildmode=exe",
        *flags,
        "-o",
        str(output),
        package,
    ]
    # Run in the module's root: Go then prints file names relative to it.
    done = subprocess.run(command, cwd=module, env=environment, capture_output=True, text=True, check=False)
    if "requires exactly one main package" in done.stderr:
        raise CompileError(
            f"{binary.folder} is no program", remedy="A sample is package main with a func main."
        )
    if done.returncode != 0:
        said = done.stderr.strip() or done.stdout.strip()
        raise CompileError(f"{toolchain.release} could not build {binary.name}:\n{said}")
