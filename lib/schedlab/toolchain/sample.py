"""Build a sample once: the binary is cached by the content of everything that went into it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from schedlab.errors import SchedlabError, UsageError
from schedlab.places import repository_root
from schedlab.toolchain import cache
from schedlab.toolchain.ccompiler import c_compiler
from schedlab.toolchain.installed import Toolchain, find

_USES_CGO = re.compile(rb'^import\s+"C"', re.MULTILINE)

# A replacement by a folder begins with a dot or a slash (https://go.dev/ref/mod#go-mod-file-replace).
_LOCAL_REPLACEMENT = re.compile(r'=>\s*("?\.{0,2}/[^\s/"][^\s"]*"?|"?\.\.?"?)\s*(?://.*)?$', re.MULTILINE)

NOTHING_LAID_OVER: Mapping[Path, bytes] = MappingProxyType({})

# So many programs below a folder are named.
_NAMED = 10

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
    overlay: Mapping[Path, bytes] = NOTHING_LAID_OVER,
) -> Binary:
    """The program of ``go_samples/<sample>``, or of any folder inside a Go module.

    Built at most once per place and content of sources, go.mod, toolchain and flags; safe to call from
    several kernels at once. ``flags`` go to ``go build`` as they are. cgo is on only for a program that
    uses it.
    ``overlay`` is what the build is to find in files that are not there or hold something else, as with
    ``go build -overlay``: of the program's folder, or with absolute names of Go's standard library.

    Raises:
        SampleNotFound: no such folder, no .go file in it, or no go.mod above it.
        CompileError: Go refused it.
        CCompilerNotFound: it uses cgo and the machine has no C compiler.
    """
    chosen = toolchain or find()
    folder = _folder_of(sample)
    module = _module_of(folder)
    sources = dict(_sources(folder, module))
    laid_over = {folder / name: text for name, text in overlay.items()}
    c_comp = c_compiler() if any(_USES_CGO.search(text) for text in sources.values()) else None
    # The place counts too: stacks name the files of the sources that a program was built from.
    key = _key(folder, sources, chosen, flags, c_comp, laid_over)
    binary = Binary(cache.program_folder(key) / folder.name, folder.name, folder, chosen)
    if not binary.path.is_file():
        with cache.exclusive():
            if not binary.path.is_file():
                _compile(binary, module, flags, c_comp, laid_over)
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
        raise SampleNotFound(f"{os.fspath(sample)!r} is no folder with a Go program", remedy=_remedy(places))
    return folder.resolve()


def _remedy(places: Iterable[Path]) -> str:
    if any(place.is_file() for place in places):
        return "That is a file. Name the folder of the program's sources: it is built from them."
    # Where many modules have their programs: in the folder cmd.
    below = [file.parent for place in places for file in sorted(place.glob("cmd/*/main.go"))]
    if below:
        return f"There are programs below it: {', '.join(map(str, below[:_NAMED]))}."
    return f"The samples are: {', '.join(samples())}."


def _module_of(folder: Path) -> Path:
    for candidate in (folder, *folder.parents):
        if (candidate / "go.mod").is_file():
            return candidate
    raise SampleNotFound(f"{folder} is in no Go module", remedy="Put a go.mod beside the program.")


def _sources(folder: Path, module: Path) -> Iterator[tuple[str, bytes]]:
    """Everything of the machine's own that the build may read, by name.

    A sample of the course imports nothing of its module but internal packages (tests hold that). Of any
    other module all files count, and those of the folders that its go.mod puts in other modules' places.
    """
    own = [module / "go.mod", module / "go.sum", folder, module / "internal"]
    roots = own if module == repository_root() / "go_samples" else [module, *_local_replacements(module)]
    for root in roots:
        for file in sorted(root.rglob("*")) if root.is_dir() else [root]:
            hidden = any(part.startswith(".") for part in file.relative_to(root).parts)
            if file.is_file() and not hidden:
                yield os.path.relpath(file, module), file.read_bytes()


def _local_replacements(module: Path) -> Iterator[Path]:
    text = (module / "go.mod").read_text(encoding="utf-8", errors="replace")
    for target in _LOCAL_REPLACEMENT.findall(text):
        yield (module / target.strip('"')).resolve()


def _key(
    folder: Path,
    sources: dict[str, bytes],
    toolchain: Toolchain,
    flags: Sequence[str],
    c_comp: str | None,
    overlay: Mapping[Path, bytes],
) -> str:
    version = (toolchain.goroot / "VERSION").read_bytes()
    named = {name: hashlib.sha256(text).hexdigest() for name, text in sorted(sources.items())}
    parts: list[object] = [
        _RECIPE,
        str(folder),
        named,
        hashlib.sha256(version).hexdigest(),
        list(flags),
        c_comp,
    ]
    if overlay:
        parts.append({str(name): hashlib.sha256(text).hexdigest() for name, text in sorted(overlay.items())})
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _compile(
    binary: Binary, module: Path, flags: Sequence[str], c_comp: str | None, overlay: Mapping[Path, bytes]
) -> None:
    """Build beside the final place and move it there whole, so that a killed build leaves no half program.

    The lock is held: a scratch folder that is there already belongs to a build that was killed.
    """
    final = binary.path.parent
    final.parent.mkdir(parents=True, exist_ok=True)
    for abandoned in final.parent.glob("building-*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    scratch = Path(tempfile.mkdtemp(prefix="building-", dir=final.parent))
    try:
        with tempfile.TemporaryDirectory() as folder:
            added = _overlay_flags(overlay, Path(folder))
            _go_build(binary, module, scratch / binary.name, [*flags, *added], c_comp)
        shutil.rmtree(final, ignore_errors=True)
        scratch.replace(final)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _overlay_flags(overlay: Mapping[Path, bytes], folder: Path) -> tuple[str, ...]:
    """The flags for ``go build``, with what they refer to written into ``folder``."""
    if not overlay:
        return ()
    replaced = {}
    for number, (name, text) in enumerate(sorted(overlay.items())):
        # cgo and the assembler go by the ending.
        backing = folder / f"{number}_{name.name}"
        backing.write_bytes(text)
        replaced[str(name)] = str(backing)
    listing = folder / "overlay.json"
    listing.write_text(json.dumps({"Replace": replaced}), encoding="utf-8")
    return ("-overlay", str(listing))


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
