"""Real programs that are ill in one way, and real programs that are well."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schedlab import diagnose
from schedlab.cli import main
from schedlab.diagnose import Diagnosis
from schedlab.process import GoSettings

PATIENTS = Path(__file__).parent / "testdata" / "patients"
TWO = GoSettings(gomaxprocs=2)

ILL = {
    "threads": ("thread explosion", "main.sleepInTheKernel"),
    "syscalls": ("syscall storm", "main.writeAByte"),
    "convoy": ("lock convoy", "main.insideTheLock"),
    "assists": ("GC assist pressure", "main.tree"),
    "wakes": ("too many spinning Ms", "main.wakes"),
}
WELL = ("idle", "compute", "pipeline", "timers", "garbage", "mutex", "files", "requests", "burst")


def of(case: str, settings: GoSettings = TWO) -> Diagnosis:
    return diagnose.examine(PATIENTS, ["-case", case, "-for", "700ms"], seconds=20, settings=settings)


@pytest.mark.parametrize("case", ILL)
def test_the_illness_is_named_with_its_line(case: str) -> None:
    found = of(case)
    kind, function = ILL[case]
    named = [finding for finding in found.findings if finding.kind == kind]
    assert named, [finding.said for finding in found.findings]
    assert function in [line.function for line in named[0].lines]
    assert all(line.file.endswith(".go") and line.line > 0 for line in named[0].lines)
    assert all(
        evidence.value >= evidence.limit for evidence in named[0].evidence if evidence.name[:5] != "share"
    )
    assert 0 < named[0].confidence <= 1


@pytest.mark.parametrize("case", WELL)
def test_nothing_is_said_of_who_is_well(case: str) -> None:
    found = of(f"well-{case}")
    assert [finding.said for finding in found.findings] == []


def test_a_loop_that_nobody_can_stop() -> None:
    found = of("unpreemptible", GoSettings(gomaxprocs=2, godebug={"asyncpreemptoff": 1}))
    crowded = [said for said in found.unasked if "the machine is so busy" in said]
    assert crowded or "unpreemptible loop" in [finding.kind for finding in found.findings]


def test_the_command_says_it_in_words_and_in_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.html"
    command = ["diagnose", str(PATIENTS), "--gomaxprocs", "2"]
    end = ["--", "-case", "threads", "-for", "300ms"]
    assert main([*command, "-o", str(page), *end]) == 1
    said = capsys.readouterr().out
    assert "thread explosion: " in said
    assert "  try: " in said
    assert "main.sleepInTheKernel" in said
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert main([*command, "--json", *end]) == 1
    (first, *_) = json.loads(capsys.readouterr().out)["findings"]
    assert first["kind"] == "thread explosion"


@pytest.mark.parametrize(
    ("wrong", "status"),
    [(["nonesuch"], 2), (["127.0.0.1:1"], 3), ([str(PATIENTS), "--seconds", "0"], 2)],
)
def test_wrong_use_is_an_error_and_no_diagnosis(
    wrong: list[str], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diagnose", *wrong]) == status
    assert capsys.readouterr().err.startswith("schedlab: ")


def test_a_program_that_does_not_build_is_no_ill_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "main.go").write_text("package main\n\nfunc main() { nonsense }\n", encoding="utf-8")
    (tmp_path / "go.mod").write_text("module broken\n\ngo 1.24\n", encoding="utf-8")
    assert main(["diagnose", str(tmp_path)]) == 3
    assert "nonsense" in capsys.readouterr().err
