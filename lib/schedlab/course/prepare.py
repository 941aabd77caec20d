"""Build every sample once, so that the first cell of a notebook does not wait for Go's standard library."""

from __future__ import annotations

import sys

from schedlab import toolchain
from schedlab.capture import exectrace
from schedlab.errors import SchedlabError


def main() -> int:
    """Build all programs of go_samples; a name per line on stderr as they are done."""
    try:
        chosen = toolchain.find()
        names = toolchain.samples()
        print(f"course: {chosen.release} ({chosen.origin})", file=sys.stderr)
        for number, name in enumerate(names, start=1):
            _build(name, chosen)
            print(f"course: built {name} ({number} of {len(names)})", file=sys.stderr, flush=True)
        _build_readers(chosen)
    except SchedlabError as error:
        print(f"course: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def _build_readers(chosen: toolchain.Toolchain) -> None:
    """Go's own tools, which it builds on first use, and our reader of traces, which fetches a Go module."""
    for name in ("pprof", "trace"):
        toolchain.tool(chosen, name)
    try:
        exectrace.reader()
    except exectrace.ReaderUnavailable as missing:
        print(f"course: execution traces cannot be read yet: {missing}", file=sys.stderr)


def _build(name: str, chosen: toolchain.Toolchain) -> None:
    """A sample that needs a C compiler is no reason to refuse the whole course on a machine without one."""
    try:
        toolchain.build(name, toolchain=chosen)
    except toolchain.CCompilerNotFound as missing:
        print(f"course: {name} is left out: {missing}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
