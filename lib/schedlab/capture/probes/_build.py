"""Build a program with a changed runtime. The toolchain's files are only read."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from schedlab import process, toolchain
from schedlab.capture.probes import overrides
from schedlab.capture.probes.errors import AnchorMissing
from schedlab.capture.probes.kinds import go_settings
from schedlab.errors import SchedlabError, UsageError

_HERE = Path(__file__).parent
_ANCHOR_MISSING = 3

# 32 bytes each: 2 MiB for each P.
RING_EVENTS = 1 << 16


class Mode(StrEnum):
    """What a build records: nothing (only constants differ), counters, or counters and events."""

    OFF = "off"
    COUNTERS = "counters"
    RING = "ring"


NO_OVERRIDES: Mapping[str, object] = MappingProxyType({})


def build(
    sample: str | os.PathLike[str],
    *,
    mode: Mode | str = Mode.RING,
    constants: Mapping[str, object] = NO_OVERRIDES,
    ring_events: int = RING_EVENTS,
    using: toolchain.Toolchain | None = None,
) -> toolchain.Binary:
    """A sample, or any folder with a Go program, built with probes in its runtime; built once, as any other.

    ``constants`` are named in ``Overrides``. ``ring_events``, a power of two, is how many events a P keeps;
    the oldest go first. Only ``Mode.RING`` uses it. Works with Go 1.22 to 1.27.

    Raises:
        UsageError: a mode, constant or number that makes no sense; SampleNotFound: no such program.
        AnchorMissing: this release's runtime lacks a name that the probes hang on.
        CompileError, CCompilerNotFound: as ``toolchain.build``.
    """
    chosen = using or toolchain.find()
    laid_over = overlay(chosen, mode=mode, constants=constants, ring_events=ring_events)
    try:
        return toolchain.build(sample, toolchain=chosen, overlay=laid_over)
    except toolchain.CompileError:
        # If it is the program's own fault, say so without a word of what was laid over it.
        toolchain.build(sample, toolchain=chosen)
        raise


def overlay(
    chosen: toolchain.Toolchain,
    *,
    mode: Mode | str,
    constants: Mapping[str, object] = NO_OVERRIDES,
    ring_events: int = RING_EVENTS,
) -> dict[Path, bytes]:
    """What ``build`` lays over the toolchain's files, by their absolute names.

    Raises:
        UsageError, AnchorMissing: as ``build``.
    """
    if mode not in tuple(Mode):
        raise UsageError(f"mode: {mode!r} is none of {', '.join(Mode)}")
    if not 16 <= ring_events <= 1 << 24 or ring_events & (ring_events - 1):
        raise UsageError(f"ring_events: {ring_events} is no power of two from 16 to {1 << 24}")
    wanted = overrides.checked(constants)
    laid_over = patched(chosen, chosen.runtime_source, Mode(mode), wanted)
    if mode != Mode.OFF:
        settings = go_settings(ring_events if mode == Mode.RING else 0)
        laid_over[chosen.runtime_source / "schedlab_probes_kinds.go"] = settings
    return laid_over


def patched(
    chosen: toolchain.Toolchain, sources: Path, mode: Mode, wanted: overrides.Overrides
) -> dict[Path, bytes]:
    """The runtime's files that differ, from ``sources``, by their names in the toolchain.

    Raises:
        AnchorMissing: a name is not there.
    """
    # The patcher is built by the Go in use, whatever release's sources it reads.
    patcher = toolchain.build(_HERE / "patcher")
    with tempfile.TemporaryDirectory(prefix="schedlab-") as folder:
        arguments = ["-runtime", str(sources), "-out", folder, *overrides.flags(wanted)]
        if mode != Mode.OFF:
            arguments += ["-hooks", str(_HERE / "hooks")]
        finished = process.run(patcher, arguments)
        if finished.exit_status == _ANCHOR_MISSING:
            said = json.loads(finished.stderr)
            raise AnchorMissing(chosen.release, said["file"], said["symbol"], said["anchor"])
        if finished.exit_status != 0:
            raise SchedlabError(
                f"the runtime of {chosen.release} cannot be changed: {finished.stderr.strip()}"
            )
        return {chosen.runtime_source / file.name: file.read_bytes() for file in Path(folder).iterdir()}
