"""Programs with a hook built in, and the numbers that say how long or how often something is looked at."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path

from schedlab import toolchain
from schedlab.errors import UsageError

# The name sorts with the program's own, and ends in nothing that Go would take for a system's name.
_IMPORTER = Path("schedlab_hooked.go")


def build_hooked(
    program: str | os.PathLike[str],
    using: toolchain.Toolchain,
    package: str,
    files: Mapping[str, bytes],
    overlay: Mapping[Path, bytes] = toolchain.NOTHING_LAID_OVER,
) -> toolchain.Binary:
    """The program with ``files`` (name to content) in ``package`` of its standard library, built once.

    They are laid over the build, and so is a file in package main that imports ``package``: a program that
    does not do so itself would be built without the hook. ``overlay`` is laid over too.

    Raises:
        SampleNotFound, CompileError, CCompilerNotFound: as ``toolchain.build``.
    """
    library = using.goroot / "src" / package
    laid_over = {**overlay, **{library / name: content for name, content in files.items()}}
    laid_over[_IMPORTER] = f'package main\n\nimport _ "{package}"\n'.encode()
    try:
        return toolchain.build(program, toolchain=using, overlay=laid_over)
    except toolchain.CompileError:
        # If it is the program's own fault, say so without a word of what was laid over it.
        toolchain.build(program, toolchain=using)
        raise


def checked_number(name: str, value: float, highest: float, wrong: str) -> float:
    """``value``, if it is above 0 and up to ``highest``; ``wrong`` says what it is if not.

    Raises:
        UsageError: it is not.
    """
    if not (math.isfinite(value) and 0 < value <= highest):
        raise UsageError(f"{name}: {value} {wrong}", remedy=f"Give a number above 0 and up to {highest:g}.")
    return float(value)
