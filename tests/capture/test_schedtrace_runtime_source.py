"""The names and keys that schedtrace knows, against the source of the Go that is installed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from schedlab import toolchain
from schedlab.capture.schedtrace import grammar, records, statuses

RELEASE = statuses.Release(1, 27)


@pytest.fixture(scope="module")
def runtime_source() -> Path:
    return toolchain.find().runtime_source


@pytest.fixture(scope="module")
def runtime2(runtime_source: Path) -> str:
    return (runtime_source / "runtime2.go").read_text()


def test_p_statuses(runtime2: str) -> None:
    names = _constants(runtime2, "// P status")
    assert names[0] == "_Pidle"
    assert [statuses.p_status_name(i, RELEASE) for i in range(len(names))] == names
    assert statuses.p_status_name(len(names), RELEASE).startswith("unknown")


def test_g_statuses(runtime2: str) -> None:
    names = _constants(runtime2, "// G status")
    assert names[0] == "_Gidle"
    assert [statuses.g_status_name(i, RELEASE) for i in range(len(names))] == names
    assert statuses.g_status_name(len(names), RELEASE).startswith("unknown")


def test_g_statuses_with_the_scan_bit(runtime2: str) -> None:
    scanning = re.findall(r"^\t(_Gscan\w+) *= _Gscan \+ \w+ *// (0x[0-9a-f]+)$", runtime2, re.MULTILINE)
    assert len(scanning) == 7
    for name, value in scanning:
        assert statuses.g_status_name(int(value, 16), RELEASE) == name


def test_no_p_is_given_the_unused_status(runtime_source: Path) -> None:
    """That 2 is ``_Psyscall`` where no release is named rests on this."""
    uses = [
        line
        for file in sorted(runtime_source.glob("*.go"))
        for line in file.read_text().splitlines()
        if "_Psyscall_unused" in line.partition("//")[0]
    ]
    assert [use.strip() for use in uses] == ["_Psyscall_unused"]


def test_every_key_is_known(runtime_source: Path) -> None:
    proc = (runtime_source / "proc.go").read_text()
    function = re.search(r"^func schedtrace\(.*?^}", proc, re.MULTILINE | re.DOTALL)
    assert function
    keys = set(re.findall(r"[ \"](\w+)=", function[0])) - {"i"}
    of_ps = {"status", "schedtick", "syscalltick", "m", "runqsize", "gfreecnt", "timerslen"}
    of_ms = {
        "p",
        "curg",
        "mallocing",
        "throwing",
        "preemptoff",
        "locks",
        "dying",
        "spinning",
        "blocked",
        "lockedg",
    }
    of_gs = {"status", "m", "lockedm"}
    assert keys == {*records.SCALARS, *grammar.DETAIL_KEYS, "schedticks", *of_ps, *of_ms, *of_gs}


def _constants(source: str, heading: str) -> list[str]:
    """The names that an iota block gives to 0, 1, 2, …"""
    block = source[source.index(heading) :]
    block = block[: block.index("\n)\n")]
    return re.findall(r"^\t(_[PG][a-z]\w*)(?: = iota)?(?: +// \d+)?$", block, re.MULTILINE)
