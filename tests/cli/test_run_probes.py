"""``schedlab run SAMPLE --probes``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schedlab.capture import probes
from schedlab.cli import main
from schedlab.timeline import Timeline, probed

PROBED = str(Path(__file__).parents[1] / "capture" / "testdata" / "probed")


def test_it_prints_what_was_counted(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["run", PROBED, "--probes", "--gomaxprocs", "1", "--", "-yields", "50"]
    assert main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    assert next(line for line in lines if line.startswith("gosched ")).split()[1:4] == ["50", "50", "0"]
    assert not any(line.startswith("steal ") for line in lines)
    assert "runs of goroutines" in lines[-1]


def test_json_has_every_kind(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["run", PROBED, "--probes", "--gomaxprocs", "1", "--json", "--", "-yields", "50"]
    assert main(command) == 0
    counted = json.loads(capsys.readouterr().out)["probes"]
    assert counted["p"] == [0, -1]
    assert list(counted["totals"]) == list(probes.NAMES)
    assert counted["totals"]["gosched"] == 50
    assert counted["by_p"]["gosched"] == [50, 0]
    assert counted["taken_from"] == [[0], [0]]


def test_a_failed_program_is_reported_as_without_probes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", PROBED, "--probes", "--", "-end", "exit"]) == 1
    assert "exit status 7" in capsys.readouterr().err
    assert main(["run", PROBED, "--probes", "--", "-end", "kill"]) == 1
    assert "SIGKILL" in capsys.readouterr().err


def test_a_timeline_has_the_trace_and_the_probes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "x.timeline"
    command = ["run", "meet_gmp", "--probes", "--timeline", str(file), "--gomaxprocs", "2"]
    assert main([*command, "--", "-goroutines", "400"]) == 0
    assert f"{file}: {file.stat().st_size} bytes" in capsys.readouterr().out
    timeline = Timeline.open(file)
    names = timeline.names(timeline.marks["name"]).tolist()
    # The program's own goroutines are made while the trace records, so both tell of each of them.
    assert names.count("probe create") >= 400
    assert (timeline.goroutines["created"] >= 0).sum() >= 400
    made = timeline.marks["g"][[name == "probe exit" for name in names]]
    assert len(set(made[made >= 0].tolist())) >= 400
    found = probed.steals(timeline)
    assert (found.thief != found.victim).all()
    assert len(found) == names.count("probe steal")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--timeline", "x"], "goes with --probes"),
        (["--probes", "--timeline", "x", "--quota", "1"], "do not go together"),
        (["--probes", "--timeline", "missing/x"], "there is no folder"),
        (["--probes", "--timeline", __file__], "is there already"),
    ],
)
def test_a_timeline_that_cannot_be_made(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", PROBED, *options]) == 2
    assert said in capsys.readouterr().err


def test_a_program_that_does_not_end_in_time_has_no_timeline(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["run", "tides", "--probes", "--timeline", str(tmp_path / "x"), "--limit", "1"]
    assert main([*command, "--", "-for", "100s"]) == 1
    assert "wrote no counters" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
