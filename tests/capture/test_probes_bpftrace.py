"""The script for bpftrace: why it cannot be run, and what it counts where it can."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from schedlab import process, toolchain
from schedlab.capture import probes
from schedlab.capture.probes import bpftrace

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="bpftrace is for Linux")

TESTDATA = Path(__file__).parent / "testdata"
COUNTED = re.compile(r'^uprobe:\$1:"runtime\.(\w+)" +\{ @calls\["(\w+)"\] = count\(\); \}$', re.MULTILINE)
ADMIN, BPF_AND_PERFMON, NET_ADMIN = "200000", "c000000000", "1000"


@pytest.fixture
def allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which nothing is in the way; its folder."""
    program = tmp_path / "bpftrace"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    status, uprobes = tmp_path / "status", tmp_path / "uprobe_events"
    status.write_text(f"Name:\tx\nCapEff:\t{ADMIN}\n")
    uprobes.touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(bpftrace, "_STATUS", str(status))
    monkeypatch.setattr(bpftrace, "_UPROBES", (str(uprobes),))
    return tmp_path


def test_nothing_is_in_the_way(allowed: Path) -> None:
    assert probes.bpftrace_reason() == ""
    (allowed / "status").write_text(f"CapEff:\t{BPF_AND_PERFMON}\n")
    assert probes.bpftrace_reason() == ""


def test_each_reason(allowed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (allowed / "uprobe_events").unlink()
    assert "no uprobes" in probes.bpftrace_reason()
    (allowed / "status").write_text(f"CapEff:\t{NET_ADMIN}\n")
    assert "CAP_BPF" in probes.bpftrace_reason()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert probes.bpftrace_reason() == "bpftrace needs root; this is user 1000"
    (allowed / "bpftrace").unlink()
    assert "no bpftrace on the PATH" in probes.bpftrace_reason()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "for Linux" in probes.bpftrace_reason()


@pytest.mark.parametrize("release", toolchain.releases(since="1.22"))
def test_every_release_has_the_functions(release: str) -> None:
    """bpftrace refuses the whole script if one of them is not there."""
    script = probes.SCHEDULER_BT.read_text(encoding="utf-8")
    names = COUNTED.findall(script)
    assert len(names) == script.count("uprobe:") == len(set(names)) == 18
    assert all(function == counted for function, counted in names)
    try:
        binary = toolchain.build(TESTDATA / "xray" / "atrest", toolchain=toolchain.release(release))
    except toolchain.ReleaseUnavailable as error:
        pytest.skip(f"{error}")
    with binary.path.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        assert isinstance(table, SymbolTableSection)
        there = {symbol.name for symbol in table.iter_symbols()}
    assert {f"runtime.{function}" for function, _ in names} - there == set()


def test_it_counts_what_a_program_does() -> None:
    reason = probes.bpftrace_reason()
    if reason:
        pytest.skip(reason)
    binary = toolchain.build(TESTDATA / "probed")
    command = f"{binary.path} -burst 1000 -yields 2000"
    arguments = ["-f", "json", "-c", command, str(probes.SCHEDULER_BT), str(binary.path)]
    tool = shutil.which("bpftrace")
    assert tool is not None
    ran = process.run(tool, arguments, settings=process.GoSettings(gomaxprocs=1), wall_limit_s=300)
    assert ran.exit_status == 0, ran.stderr
    said = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
    calls = next(one["data"]["@calls"] for one in said if one["type"] == "map")
    assert calls["newproc1"] >= 1000
    assert calls["goexit0"] >= 1000
    assert calls["goschedImpl"] >= 2000
    assert calls["execute"] >= 3000
    assert calls["findRunnable"] >= calls["execute"] / 2
    # One P: there is nobody to steal from.
    assert "runqgrab" not in calls
