"""``schedlab sim`` from a shell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.sim.loads import EVERYTHING, everything

from schedlab.cli import main
from schedlab.timeline import Provenance, Timeline

# One of them starts three children.
GOROUTINES = sum(program.count for program in everything().programs) + 3


@pytest.fixture
def work(tmp_path: Path) -> Path:
    file = tmp_path / "work.yaml"
    file.write_text(EVERYTHING, encoding="utf-8")
    return file


def test_json_is_the_same_for_the_same_seed(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for driver in ("heapq", "simpy"):
        assert main(["sim", str(work), "--rules", "go1.27", "--seed", "7", "--json", "--driver", driver]) == 0
        said.append(json.loads(capsys.readouterr().out))
    assert said[0].pop("driver") == "heapq"
    assert said[1].pop("driver") == "simpy"
    assert said[0] == said[1]
    assert said[0]["provenance"] == "simulated"
    assert said[0]["probes"]["create"] == GOROUTINES
    assert said[0]["ended"]


def test_a_timeline_and_a_page_are_written(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved, page = work.with_suffix(".timeline"), work.with_suffix(".html")
    assert main(["sim", str(work), "-o", str(saved), "--html", str(page)]) == 0
    assert "simulated by the rules of go1.27" in capsys.readouterr().out
    timeline = Timeline.open(saved)
    assert set(timeline.provenance.values()) == {Provenance.SIMULATED}
    assert timeline.meta["probes"]["create"] == GOROUTINES
    assert "simulated" in page.read_text(encoding="utf-8")
    assert main(["sim", str(work), "-o", str(saved)]) == 2


def test_rules_and_costs_can_be_set(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--set", "steal=false", "--set", "local-queue=32", "--cost", "switch_ns=500"]
    assert main(["sim", str(work), "--json", *given]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["rules"]["local_queue"] == 32
    assert said["rules"]["steal"] is False
    assert said["costs"]["switch_ns"] == 500
    assert "stolen" not in said["probes"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--set", "steal"], "sets nothing"),
        (["--set", "steal=maybe"], "neither true nor false"),
        (["--set", "local_queue=many"], "no number"),
        (["--set", "speed=3"], "no rule 'speed'"),
        (["--cost", "switch_ns=-3"], "switch_ns"),
        (["--rules", "go2"], "go2"),
    ],
)
def test_wrong_use(work: Path, given: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sim", str(work), *given]) == 2
    assert said in capsys.readouterr().err


def test_what_came_before_a_limit_is_kept(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = work.with_suffix(".timeline")
    assert main(["sim", str(work), "--limit-ms", "2", "--json", "-o", str(saved)]) == 1
    captured = capsys.readouterr()
    assert "2 ms of simulated time" in captured.err
    assert json.loads(captured.out)["ended"] is False
    assert Timeline.open(saved).duration_ns == 2_000_000


def test_a_workload_that_cannot_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "work.yaml"
    file.write_text("goroutines: {worker: {steps: [{compute: -1us}]}}", encoding="utf-8")
    assert main(["sim", str(file)]) == 2
    assert "goroutine 'worker', step 1" in capsys.readouterr().err
