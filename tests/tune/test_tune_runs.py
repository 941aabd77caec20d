"""Real runs: what is measured of a program, a kill in the middle, a cluster that loses a worker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from schedlab import process
from schedlab.cli import main
from schedlab.tune import ClusterLost, Run, Study, grid
from schedlab.tune.sweep import sweep_on

QUICK = ("-for", "150ms", "-warm", "20ms", "-live", "1000000")


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Study:
    points = grid({"gomaxprocs": [1, 2], "gogc": [20, "off"]})
    folder = tmp_path_factory.mktemp("tune") / "study"
    return Study.begin("service", points, folder, arguments=QUICK, repeats=2).run()


def test_each_run_gives_its_numbers(measured: Study) -> None:
    runs = measured.runs()
    assert len(runs) == 8
    assert measured.failures() == {}
    for run in runs:
        assert min(run.throughput, run.p50_ns, run.rss_bytes, run.cpu_ns, run.wall_ns) > 0
        assert run.p50_ns <= run.p99_ns
        assert 0 <= run.gc_share < 1
        assert run.throttled_ns == 0
        assert run.wall_ns >= 150e6
    told = {measured.plan.points[run.point].gogc for run in runs if run.runnable_p99_ns > 0}
    assert told == {20, "off"}, "the reporter told the scheduling latencies, with the collector on and off"


def test_settings_reach_the_program(measured: Study) -> None:
    collections = {False: 0, True: 0}
    for run in measured.runs():
        collections[measured.plan.points[run.point].gogc == "off"] += run.gc_cycles
    assert collections[True] == 0
    assert collections[False] > 0


def test_a_program_that_prints_nothing_counts_as_one_operation(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module quiet\n\ngo 1.24\n")
    (tmp_path / "main.go").write_text("package main\n\nfunc main() {}\n")
    study = Study.begin(tmp_path, grid({"gogc": [100]}), tmp_path / "study", repeats=1, warm_up=0).run()
    (run,) = study.runs()
    assert run.throughput == pytest.approx(1e9 / run.wall_ns)
    assert run.p99_ns == -1


def test_a_program_that_fails_is_noted_and_the_sweep_goes_on(tmp_path: Path) -> None:
    study = Study.begin(
        "service", grid({"gogc": [100]}, {"clients": [2, "none"]}), tmp_path / "s", arguments=QUICK, repeats=1
    ).run()
    assert study.left == 0
    (point,) = study.failures()
    assert dict(point.load) == {"clients": "none"}


def test_a_program_that_fails_from_the_start_is_not_run_at_every_point(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is said with the program's own words, which stay words in a terminal."""
    folder = ["-o", str(tmp_path / "s")]
    hostile = ["--", *QUICK, "-clients", "\x1b[2J"]
    assert (
        main(["tune", "service", "--grid", "gogc=50,100,200,400", "--repeats", "2", *folder, *hostile]) == 1
    )
    said = capsys.readouterr().err
    assert "failed in each of the first 3 runs" in said
    assert "invalid value" in said
    assert "\x1b" not in said
    assert Study.open(tmp_path / "s").left == 5
    assert main(["tune", "--resume", *folder]) == 1
    shown = capsys.readouterr().out
    assert Study.open(tmp_path / "s").left == 0
    assert all(f"gogc={value}" in shown.partition("failed at ")[2] for value in (50, 100, 200, 400))
    assert shown.count("invalid value") == 1
    assert "\x1b" not in shown


def test_a_quota_is_applied_or_refused_by_name(tmp_path: Path) -> None:
    support = process.quota_support()
    study = Study.begin(
        "service", grid({"gomaxprocs": [2]}), tmp_path / "s", repeats=1, quota_cpus=0.2, warm_up=0,
        arguments=("-for", "300ms", "-rounds", "2000000"),
    ).run()  # fmt: skip
    (run,) = study.runs()
    if support.available:
        assert run.throttled_ns > 0, run
    else:
        assert "quota" in run.error.lower() or "cgroup" in run.error.lower()


KILLED = """
import sys
from pathlib import Path
from schedlab.tune import Study
Study.open(Path(sys.argv[1])).run(lambda run: print(run.place, flush=True))
"""


def test_a_killed_study_goes_on_where_it_was(tmp_path: Path) -> None:
    points = grid({"gomaxprocs": [1, 2]})
    study = Study.begin("service", points, tmp_path / "s", arguments=QUICK, repeats=3)
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path / "s")], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "0"
    assert child.stdout.readline().strip() == "1"
    child.kill()
    child.wait()
    child.stdout.close()
    before = study.runs()
    assert len(before) >= 2
    study.run()
    assert study.runs()[: len(before)] == before, "what was measured is not measured again"
    assert [run.place for run in study.runs()] == list(range(6))


@pytest.fixture
def cluster() -> Any:
    distributed = pytest.importorskip("distributed", reason="the cluster's package is not installed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        ) as made,
        distributed.Client(made, set_as_default=False) as client,
    ):
        yield client


def test_a_worker_that_is_killed_loses_nothing(tmp_path: Path, cluster: Any) -> None:
    points = grid({"gomaxprocs": [1, 2]})
    study = Study.begin("service", points, tmp_path / "s", arguments=QUICK, repeats=3)
    workers = {about["id"]: about["pid"] for about in _workers(cluster)}
    seen: list[Run] = []

    def kill_one(run: Run) -> None:
        if not seen:
            os.kill(next(iter(workers.values())), signal.SIGKILL)
        seen.append(run)

    sweep_on(cluster, study._journal, kill_one)
    assert study.left == 0
    assert sorted(run.place for run in study.runs()) == list(range(6))
    assert study.failures() == {}


def _workers(client: Any) -> list[dict[str, Any]]:
    pids = client.run(os.getpid)
    return [{"id": address, "pid": pid} for address, pid in pids.items()]


def test_no_scheduler_is_said_so_and_the_study_is_kept(tmp_path: Path) -> None:
    study = Study.begin("service", grid({"gogc": [100]}), tmp_path / "s", repeats=1)
    with pytest.raises(ClusterLost, match=r"127\.0\.0\.1:1"):
        study.run(scheduler="tcp://127.0.0.1:1")
    assert study.left == 1


def test_the_command_measures_resumes_and_recommends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = ["-o", str(tmp_path / "s")]
    begin = ["tune", "service", "--grid", "gogc=20,off", "--repeats", "1", *study, "--json", "--", *QUICK]
    assert main(begin) == 0
    document = json.loads(capsys.readouterr().out)
    assert len(document["runs"]) == 2
    assert document["recommendation"]["point"]["gogc"] in (20, "off")
    assert main(begin) == 2
    assert "--resume" in capsys.readouterr().err
    assert main(["tune", "--resume", *study, "--goal", "rss"]) == 0
    assert "for rss:" in capsys.readouterr().out
    assert len(Study.open(tmp_path / "s").runs()) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["service"],
        ["--grid", "gogc=1"],
        ["service", "--grid", "gogc=fast"],
        ["service", "--grid", "gogc=100", "--limit", "p99<5"],
        ["nonesuch", "--grid", "gogc=100"],
        ["service", "--resume"],
        ["service", "--grid", "gogc=100", "--repeats", "0"],
    ],
)
def test_wrong_use_is_refused(
    tmp_path: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tune", "-o", str(tmp_path / "s"), *arguments]) == 2
    assert capsys.readouterr().err.startswith("schedlab: ")
    assert not (tmp_path / "s" / "plan.json").exists()
