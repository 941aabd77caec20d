"""The toolchain's own tools, which Go builds from source when they are first asked for."""

from __future__ import annotations

import subprocess
from pathlib import Path

from schedlab.errors import SchedlabError
from schedlab.toolchain import cache
from schedlab.toolchain.installed import Toolchain


class ToolUnavailable(SchedlabError):
    """This Go has no such tool, or could not build it."""


def tool(toolchain: Toolchain, name: str) -> Path:
    """The program behind ``go tool NAME``: trace, pprof, …

    Raises:
        ToolUnavailable: there is none of that name, or Go could not build it.
    """
    with cache.exclusive():
        # -n only says what it would run, but builds it first.
        done = subprocess.run(
            [toolchain.go, "tool", "-n", name],
            env=toolchain.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
    path = Path(done.stdout.strip())
    if done.returncode != 0 or not path.is_file():
        raise ToolUnavailable(f"{toolchain.release} has no tool {name!r}: {done.stderr.strip()}")
    return path
