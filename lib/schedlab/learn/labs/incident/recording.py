"""Run the service, healthy or with a fault, and keep captures of it."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from filelock import FileLock

from schedlab import process, toolchain
from schedlab.capture import endpoint
from schedlab.places import cache_folder
from schedlab.process import GoSettings

TRACE = "service.trace"
PROFILES = ("mutex", "block", "allocs")
CPU = "cpu.pb.gz"
GOROUTINES = tuple(f"goroutines_{number}.txt" for number in range(1, 5))
RUNTIME = "runtime.log"
STATUS = "status.jsonl"

# Whatever the machine has: so that captures of all machines can be talked about in the same words.
_PS = 2
_SETTLES_S = 1.0
_TRACED_S = 2.0
_PROFILED_S = 1.0
_PATIENCE_S = 60.0


def build(files: Mapping[str, bytes], module: str) -> toolchain.Binary:
    """The service, of these Go files by name.

    Its stacks name files in a folder that is there only while it is built: captures do not lead to the
    source.

    Raises:
        CompileError: Go refused it.
    """
    digest = hashlib.sha256(module.encode())
    for name, text in sorted(files.items()):
        digest.update(f"\0{name}\0{len(text)}\0".encode() + text)
    # The same files in the same place: so they are built once.
    place = cache_folder() / "labs" / digest.hexdigest()[:16]
    place.mkdir(parents=True, exist_ok=True)
    with FileLock(place / "lock"):
        folder = place / "service"
        # A set-up that was killed leaves one behind.
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            for name, text in {**files, "go.mod": module.encode()}.items():
                (folder / name).write_bytes(text)
            return toolchain.build(folder)
        finally:
            shutil.rmtree(folder)


def record(binary: toolchain.Binary, folder: Path, say: Callable[[str], None] = lambda _: None) -> None:
    """Run a built service for some seconds; captures go into ``folder``, which is there.

    Raises:
        LineNotSeen, EndpointError: it ended, or does not answer.
    """
    settings = GoSettings(gomaxprocs=_PS, schedtrace_ms=100, godebug={"gctrace": 1})
    say("the service runs")
    with process.start(binary, ["-for", "5m"], settings=settings, wall_limit_s=300) as live:
        address = json.loads(live.wait_for_line("address", timeout_s=_PATIENCE_S))["address"]
        looks = iter(GOROUTINES)

        def look() -> None:
            (folder / next(looks)).write_bytes(endpoint.fetch(address, "goroutine", debug=2))

        time.sleep(_SETTLES_S)
        look()
        say(f"its execution trace is recorded, for {_TRACED_S:g} s")
        (folder / TRACE).write_bytes(endpoint.fetch(address, "trace", seconds=_TRACED_S))
        look()
        say(f"a CPU profile, for {_PROFILED_S:g} s, and the other profiles")
        (folder / CPU).write_bytes(endpoint.fetch(address, "profile", seconds=_PROFILED_S))
        look()
        for name in PROFILES:
            (folder / f"{name}.pb.gz").write_bytes(endpoint.fetch(address, name))
        time.sleep(_SETTLES_S)
        look()
        finished = live.stop()
    (folder / RUNTIME).write_bytes(finished.stderr.encode())
    status = [line for line in finished.stdout.splitlines() if "orders" in line]
    (folder / STATUS).write_bytes("".join(f"{line}\n" for line in status).encode())
