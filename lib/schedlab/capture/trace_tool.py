"""The profiles that ``go tool trace`` makes of an execution trace."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal

from schedlab import process, toolchain
from schedlab.capture import pprof
from schedlab.capture.errors import CaptureError

Kind = Literal["net", "sync", "syscall", "sched"]


def profile(trace: bytes, kind: Kind, *, using: toolchain.Toolchain | None = None) -> pprof.Profile:
    """Where goroutines spent their time off a processor, in a trace as ``/debug/pprof/trace`` serves it.

    ``sched`` is the time from runnable to running, by the stack at which a goroutine became runnable.

    Raises:
        CaptureError: the tool could not read the trace; the message is the tool's own.
    """
    command = toolchain.tool(using or toolchain.find(), "trace")
    with tempfile.TemporaryDirectory() as folder:
        file, made = Path(folder) / "trace", Path(folder) / "profile"
        file.write_bytes(trace)
        # The tool writes to standard output alone, and a profile is no text.
        script = 'exec "$0" "-pprof=$1" "$2" > "$3"'
        done = process.run("/bin/sh", ["-c", script, str(command), kind, str(file), str(made)])
        if done.exit_status != 0:
            raise CaptureError(f"go tool trace -pprof={kind} could not read the trace: {done.stderr.strip()}")
        return pprof.load(made)
