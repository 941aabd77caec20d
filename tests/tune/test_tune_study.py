"""What a study says, on made-up runs whose truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from schedlab import toolchain
from schedlab.toolchain import Binary
from schedlab.tune import (
    GridInvalid,
    NothingMeasured,
    Plan,
    Run,
    Study,
    StudyDamaged,
    StudyDiffers,
    StudyExists,
    front,
    grid,
    limit,
    surface,
)
from schedlab.tune.journal import Journal
from schedlab.view import alt_text

BLOCKS = 7
POINTS = grid({"gomaxprocs": [1, 2, 4]})


@pytest.fixture
def binary(tmp_path: Path) -> Binary:
    file = tmp_path / "built"
    file.write_bytes(b"a program")
    return Binary(file, "service", tmp_path, toolchain.find())


def plan(**more: object) -> Plan:
    made = {"points": POINTS, "repeats": BLOCKS, **more}
    return Plan("service", "abc", "go1.27.3", (), **made)  # type: ignore[arg-type]


def a_study(folder: Path, binary: Binary, throughput: list[float], noise: float = 0.01) -> Study:
    """``throughput`` per point; each block is slower than the one before, all points of it alike."""
    journal = Journal.begin(folder, plan(), binary)
    chance = np.random.default_rng(3)
    for task in journal.plan.tasks():
        value = throughput[task.point] * (1 - 0.05 * task.block) * (1 + noise * chance.standard_normal())
        run = Run(task.point, task.block, task.place, "here", throughput=value, p99_ns=1e9 / value,
                  rss_bytes=float((task.point + 1) << 20))  # fmt: skip
        journal.add(run)
    return Study(journal)


def test_the_better_point_is_found_though_the_machine_grew_slow(tmp_path: Path, binary: Binary) -> None:
    found = a_study(tmp_path / "s", binary, [100, 110, 90]).recommend()
    assert found.point == POINTS[1]
    assert found.best_share > 0.99
    assert found.as_good == ()
    assert "gomaxprocs=2" in str(found)


def test_points_that_differ_by_noise_alone_are_said_to_be_as_good(tmp_path: Path, binary: Binary) -> None:
    found = a_study(tmp_path / "s", binary, [100, 100, 50], noise=0.03).recommend()
    assert {found.point, *found.as_good} == {POINTS[0], POINTS[1]}
    assert found.best_share < 0.99
    assert "not told from it" in str(found)


def test_limits_decide_who_may_be_recommended(tmp_path: Path, binary: Binary) -> None:
    study = a_study(tmp_path / "s", binary, [100, 110, 120])
    assert study.recommend(limits=[limit("rss<=1MiB")]).point == POINTS[0]
    with pytest.raises(NothingMeasured, match=r"nearest: 1 MiB"):
        study.recommend(limits=[limit("rss<=1KiB")])
    with pytest.raises(NothingMeasured, match="no run measured throttled"):
        study.recommend("throttled")


def test_the_front_leaves_out_what_is_beaten_in_everything(tmp_path: Path, binary: Binary) -> None:
    study = a_study(tmp_path / "s", binary, [100, 110, 90])
    assert study.pareto(("throughput", "rss")) == (POINTS[0], POINTS[1])
    assert study.pareto(("throughput", "throttled")) == (POINTS[1],), "no run measured throttling"


def test_pictures_say_what_they_show(tmp_path: Path, binary: Binary) -> None:
    study = a_study(tmp_path / "s", binary, [100, 110, 90])
    shown = alt_text(surface(study))
    assert "Best: gomaxprocs=2" in shown
    assert "Worst: gomaxprocs=4" in shown
    assert "2 of 3 points" in alt_text(front(study))
    with pytest.raises(NothingMeasured):
        surface(study, "gc_share")


def test_tables_have_a_row_per_run_and_a_row_per_point(tmp_path: Path, binary: Binary) -> None:
    study = a_study(tmp_path / "s", binary, [100, 110, 90])
    assert len(study.table()) == 3 * BLOCKS
    summary = study.summary()
    assert list(summary["gomaxprocs"]) == [1, 2, 4]
    assert (summary["throughput_low"] <= summary["throughput"]).all()
    assert summary["throttled"].isna().all()


def test_medians_in_the_units_of_people(tmp_path: Path, binary: Binary) -> None:
    study = a_study(tmp_path / "s", binary, [100, 110, 90])
    shown = study.in_units("throughput", "rss", "throttled")
    assert list(shown) == ["gomaxprocs", "throughput (/s)", "rss (MiB)", "throttled (ms)"]
    assert shown["rss (MiB)"].tolist() == (study.summary()["rss"] / 2**20).tolist()
    assert shown["throttled (ms)"].isna().all(), "no run measured it"
    with pytest.raises(GridInvalid, match="speed"):
        study.in_units("speed")


def test_a_picture_of_equal_points_names_no_best_one(tmp_path: Path, binary: Binary) -> None:
    same = surface(a_study(tmp_path / "s", binary, [100, 100, 100], noise=0))
    assert alt_text(same).endswith("a cell for each of 3 points. All: 85 /s.")
    title = same.axes[0].get_title(loc="left").replace("\n", " ")
    assert title == "Operations per second is 85 /s at each point"


def test_a_failed_run_is_kept_and_counts_for_nothing(tmp_path: Path, binary: Binary) -> None:
    study = a_study(tmp_path / "s", binary, [100, 110, 90])
    journal = Journal.open(tmp_path / "s")
    file = journal.folder / "runs.jsonl"
    kept = [run for run in journal.runs() if run.point != 1]
    failed = [
        Run(t.point, t.block, t.place, "here", error="exit status 2") for t in plan().tasks() if t.point == 1
    ]
    file.write_text("".join(f"{run.as_json()}\n" for run in [*kept, *failed]))
    assert study.failures() == {POINTS[1]: "exit status 2"}
    assert study.recommend().point == POINTS[0]


def test_a_kill_while_a_line_was_written_loses_that_run_only(tmp_path: Path, binary: Binary) -> None:
    study = a_study(tmp_path / "s", binary, [100, 110, 90])
    file = tmp_path / "s" / "runs.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole[:-9])
    assert study.left == 1
    last = plan().tasks()[-1]
    journal = Journal.open(tmp_path / "s")
    journal.add(Run(last.point, last.block, last.place, "here", throughput=1.0))
    assert study.left == 0
    assert len(study.runs()) == 3 * BLOCKS
    journal.add(Run(last.point, last.block, last.place, "here", throughput=2.0))
    assert study.runs()[-1].throughput == 1.0, "a second answer to the same task changes nothing"


def test_a_study_is_not_begun_twice_nor_mistaken(tmp_path: Path, binary: Binary) -> None:
    Journal.begin(tmp_path / "s", plan(), binary)
    with pytest.raises(StudyExists, match="--resume"):
        Journal.begin(tmp_path / "s", plan(), binary)
    with pytest.raises(StudyDiffers, match="repeats"):
        Journal.open(tmp_path / "s", like=plan(repeats=2))
    (tmp_path / "s" / "plan.json").write_text("{}")
    with pytest.raises(StudyDamaged):
        Journal.open(tmp_path / "s")
    with pytest.raises(StudyDamaged):
        Study.open(tmp_path / "nowhere")
