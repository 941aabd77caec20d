"""Real programs that are ill in one way, and real programs that are well.

What goes by the clock is not asked while the machine is busy with other things; such a test says so and is
skipped. ``./course bench diagnose`` examines all programs of the corpus.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from schedlab import process, toolchain
from schedlab.cli import main
from schedlab.course import bench_diagnose
from schedlab.diagnose import Kind, examine, schedule_trial
from schedlab.diagnose.examine import BY_THE_CLOCK
from schedlab.diagnose.schedule_trial import Case, Trial
from schedlab.process import cores

PATIENTS, WITH_C = (Path(folder) for folder in bench_diagnose.CORPORA)

# One of each kind.
ILL = (
    "sleepers_behind_loops",
    "idle_class",
    "sleeps_in_the_kernel",
    "a_byte_a_write",
    "all_work_in_a_lock",
    "to_and_fro",
    "trees",
    "wakes_for_nothing",
    "quota_and_computation",
    "deaf_loop",
    "sleep_beside_loops",
    "naps_in_c",
    "slices_by_value",
)
WELL = ("idle", "pipeline", "garbage", "short_lock", "echo_at_a_pace", "pool_of_blocks", "c_within_bounds")


@pytest.fixture(scope="module")
def cases() -> dict[str, Case]:
    found = [*schedule_trial.cases(toolchain.build(PATIENTS))]
    try:
        found += schedule_trial.cases(toolchain.build(WITH_C))
    except toolchain.CCompilerNotFound as error:
        print(f"without the programs that call C: {error.message}")
    return {case.name: case for case in found}


def tried(cases: dict[str, Case], name: str) -> Trial:
    if name not in cases:
        pytest.skip(f"not measured: {name} cannot be built here")
    (trial,) = schedule_trial.run([cases[name]], tries=2)
    return trial


@pytest.mark.parametrize("name", ILL)
def test_the_illness_is_named_with_its_line(cases: dict[str, Case], name: str) -> None:
    trial = tried(cases, name)
    if trial.why_unasked:
        pytest.skip(f"not measured: {trial.why_unasked}")
    assert trial.right_line, [str(finding) for finding in trial.findings]
    assert not trial.wrong
    (named,) = (finding for finding in trial.findings if finding.kind == trial.case.kind)
    assert all(line.file.endswith(".go") and line.line > 0 for line in named.lines)
    assert all(evidence.value >= evidence.limit for evidence in named.evidence)
    assert 0 < named.confidence <= 1


@pytest.mark.parametrize("name", WELL)
def test_nothing_is_said_of_who_is_well(cases: dict[str, Case], name: str) -> None:
    assert [str(finding) for finding in tried(cases, name).findings] == []


def test_goroutines_that_timers_make_late_are_late_timers(cases: dict[str, Case]) -> None:
    """They have waited for nothing: they were not there."""
    trial = tried(cases, "sequencer_beside_synthesis")
    if trial.why_unasked:
        pytest.skip(f"not measured: {trial.why_unasked}")
    (late,) = (finding for finding in trial.findings if finding.kind == Kind.TIMERS)
    assert {line.function for line in late.lines} == {"main.sequencerBesideSynthesis.func1"}


def test_the_corpus_is_large_and_a_third_of_it_was_held_out(cases: dict[str, Case]) -> None:
    if "naps_in_c" not in cases:
        pytest.skip("not counted: the programs that call C cannot be built here")
    for kind in Kind:
        assert len([case for case in cases.values() if case.kind == kind]) >= 3, kind
    ill = [case for case in cases.values() if case.kind]
    well = [case for case in cases.values() if not case.kind]
    assert len(well) >= 26
    assert all(3 * sum(case.held for case in some) >= len(some) for some in (ill, well))
    without = {case.kind for case in ill if not case.lines}
    assert without == {Kind.THROTTLING}, "its settings are wrong, and no line"


def test_the_command_says_it_in_words_and_in_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.html"
    command = ["diagnose", str(PATIENTS), "--gomaxprocs", "2"]
    end = ["--", "-case", "sleeps_in_the_kernel", "-for", "300ms"]
    assert main([*command, "-o", str(page), *end]) == 1
    said = capsys.readouterr().out
    assert "thread explosion: " in said
    assert "  try: " in said
    assert "main.sleepsInTheKernel" in said
    assert "not asked: CPU quota throttling: " in said
    shown = page.read_text(encoding="utf-8")
    assert shown.startswith("<!doctype html>")
    for words in ("thread explosion: ", "evidence: ", "main.sleepsInTheKernel", "try: ", "not asked: "):
        assert words in shown.partition('<div data-view="')[0]
    assert main([*command, "--json", "-o", str(tmp_path / "again.html"), *end]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["findings"][0]["kind"] == "thread explosion"
    assert ["CPU quota throttling"] in [one["kinds"] for one in document["unasked"]]


def test_a_server_beside_others_is_not_asked_by_the_clock() -> None:
    spinning = [sys.executable, "-c", "while True: pass"]
    with (
        process.start(toolchain.build("article_endpoint"), ["-for", "500s", "-bursts", "0"]) as live,
        ExitStack() as others,
    ):
        address = json.loads(live.wait_for_line("address", timeout_s=60))["address"]
        for _ in range(2 * cores()):
            others.callback(others.enter_context(subprocess.Popen(spinning)).kill)
        found = examine(address, seconds=1)
    (unasked,) = (one for one in found.unasked if one.busy)
    assert set(unasked.kinds) == set(BY_THE_CLOCK)


def test_a_saved_trace_tells_nothing_of_pools(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace = tmp_path / "pool.trace"
    arguments = [str(PATIENTS), "-o", str(trace), "--", "-case", "never_put_back", "-for", "200ms"]
    assert main(["trace", *arguments]) == 0
    capsys.readouterr()
    main(["diagnose", "--json", str(trace)])
    unasked = json.loads(capsys.readouterr().out)["unasked"]
    assert ["sync.Pool misuse"] in [one["kinds"] for one in unasked]


@pytest.mark.parametrize(
    ("wrong", "status"),
    [(["nonesuch"], 2), (["127.0.0.1:1"], 3), ([str(PATIENTS), "--seconds", "0"], 2)],
)
def test_wrong_use_is_an_error_and_no_diagnosis(
    wrong: list[str], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diagnose", *wrong]) == status
    assert capsys.readouterr().err.startswith("schedlab: ")


def test_a_built_program_is_told_from_a_trace(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", str(toolchain.build("ledger").path)]) == 2
    assert "is a built program" in capsys.readouterr().err


def test_a_program_that_does_not_build_is_no_ill_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "main.go").write_text("package main\n\nfunc main() { nonsense }\n", encoding="utf-8")
    (tmp_path / "go.mod").write_text("module broken\n\ngo 1.24\n", encoding="utf-8")
    assert main(["diagnose", str(tmp_path)]) == 3
    assert "nonsense" in capsys.readouterr().err
