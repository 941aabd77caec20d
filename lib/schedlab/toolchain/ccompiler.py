"""A C compiler for the samples that use cgo: the machine's own, else the one in the ziglang wheel."""

from __future__ import annotations

import importlib.util
import shlex
import shutil
import sys

from schedlab.errors import SchedlabError


class CCompilerNotFound(SchedlabError):
    """A sample needs cgo and there is nothing to compile C with."""


def c_compiler() -> str:
    """The value for Go's ``CC``.

    gcc and clang come first: they are what a learner's other cgo programs are built with.

    Raises:
        CCompilerNotFound: neither is on PATH and the ``ziglang`` package is not installed.
    """
    for name in ("gcc", "clang"):
        found = shutil.which(name)
        if found:
            return shlex.quote(found)
    if importlib.util.find_spec("ziglang"):
        return f"{shlex.quote(sys.executable)} -m ziglang cc"
    raise CCompilerNotFound(
        "this sample uses cgo, and there is no gcc, clang or ziglang",
        remedy="Install gcc or clang, or run ./course setup --cgo, which adds the ziglang package.",
    )
