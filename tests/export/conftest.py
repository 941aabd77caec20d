"""One trace for all tests of this room: a program that does a little of everything."""

from __future__ import annotations

from pathlib import Path

import pytest

from schedlab import process, toolchain
from schedlab.timeline import Timeline


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Some hundredths of a second of ``testdata/everyday`` on two Ps."""
    program = toolchain.build(Path(__file__).parent / "testdata" / "everyday")
    file = tmp_path_factory.mktemp("everyday") / "trace"
    settings = process.GoSettings(gomaxprocs=2)
    process.run(program, ["-o", str(file), "-for", "40ms"], settings=settings).check()
    return file.read_bytes()


@pytest.fixture(scope="session")
def timeline(recorded: bytes) -> Timeline:
    return Timeline.load(recorded)
