"""Execution traces as columns: everything that a trace holds comes through, from every release."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from schedlab import places, process, toolchain
from schedlab.capture import exectrace
from schedlab.capture.exectrace import _program

SELFTRACE = Path(__file__).parent / "testdata" / "selftrace"

RUNNABLE, RUNNING, SYSCALL = 1, 2, 4
RANGE, TASK, REGION, LOG, LABEL = range(5)
OPEN_START, KEPT_P = 1, 4


def self_traced(file: Path, *args: Any, using: toolchain.Toolchain | None = None) -> Path:
    program = toolchain.build(SELFTRACE, toolchain=using)
    # GODEBUG=traceadvanceperiod: a generation takes 20 ms and not a second.
    settings = process.GoSettings(gomaxprocs=2, godebug={"traceadvanceperiod": 20_000_000})
    process.run(program, [*args, file], settings=settings).check()
    return file


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_traced(tmp_path_factory.mktemp("recorded") / "trace", "-rounds", 2)


@pytest.fixture(scope="module")
def found(recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> exectrace.ExecTrace:
    return exectrace.read(recorded, tmp_path_factory.mktemp("columns"))


def marks(trace: exectrace.ExecTrace, kind: int) -> dict[str, list[int]]:
    """The rows of one kind, by name."""
    rows: dict[str, list[int]] = {}
    for row in np.flatnonzero(trace.tables["marks"]["kind"] == kind):
        rows.setdefault(trace.texts[trace.tables["marks"]["name"][row]], []).append(int(row))
    return rows


def functions(trace: exectrace.ExecTrace, stack: int) -> list[str]:
    starts = trace.tables["stacks"]["start"]
    frames = trace.tables["stacks"]["frame"][int(starts[stack]) : int(starts[stack + 1])]
    return [trace.texts[number] for number in trace.tables["frames"]["function"][frames]]


def spans_of(trace: exectrace.ExecTrace, **wanted: int) -> dict[str, npt.NDArray[Any]]:
    columns = trace.tables["spans"]
    keep = columns["lane"] == wanted.pop("lane", 0)
    for name, value in wanted.items():
        keep &= columns[name] == value
    return {name: column[keep] for name, column in columns.items()}


def test_a_whole_trace_has_lost_nothing(found: exectrace.ExecTrace, recorded: Path) -> None:
    assert (found.lost, found.bytes_lost) == ("", 0)
    assert found.bytes_read == recorded.stat().st_size
    assert found.reader == "golang.org/x/exp/trace"
    assert found.events > len(found.tables["spans"]["start"]) > 1000


def test_regions_of_one_name_nest(found: exectrace.ExecTrace) -> None:
    table, rows = found.tables["marks"], marks(found, REGION)
    assert {name: len(found) for name, found in rows.items()} == {"nested": 4}
    inner, outer = rows["nested"][:2]
    assert table["start"][outer] < table["start"][inner]
    assert table["dur"][outer] >= table["dur"][inner] + 40_000
    assert table["task"][inner] == table["task"][outer] > 0
    assert functions(found, table["stack"][inner])[0].startswith("main.annotate")
    assert (table["flags"][rows["nested"]] == 0).all()


def test_tasks_have_their_parents_and_logs_their_tasks(found: exectrace.ExecTrace) -> None:
    table, tasks, logs = found.tables["marks"], marks(found, TASK), marks(found, LOG)
    assert {name: len(rows) for name, rows in tasks.items()} == {"inner": 2, "outer": 2}
    for inner, outer in zip(tasks["inner"], tasks["outer"], strict=True):
        assert table["parent"][inner] == table["task"][outer] > 0
        assert table["parent"][outer] == -1
    assert [found.texts[number] for number in table["message"][logs["colour"]]] == ["<red> & 'blue'"] * 2
    assert table["task"][logs["depth"][0]] == table["task"][tasks["inner"][0]]
    assert (table["parent"][[*logs["depth"], *marks(found, REGION)["nested"]]] == -1).all()


def test_the_garbage_collector_is_seen(found: exectrace.ExecTrace) -> None:
    table, ranges = found.tables["marks"], marks(found, RANGE)
    for name in ("GC concurrent mark phase", "GC mark assist", "GC incremental sweep"):
        assert ranges[name], name
    for reason in ("GOMAXPROCS", "GC sweep termination", "GC mark termination", "start trace"):
        assert ranges[f"stop-the-world ({reason})"], reason
    assert len(ranges["stop-the-world (GOMAXPROCS)"]) == 4
    assert (table["g"][ranges["GC mark assist"]] >= 0).all()
    assert set(table["p"][ranges["GC incremental sweep"]].tolist()) <= {0, 1, 2}
    labels = marks(found, LABEL)
    assert set(labels) <= {"GC (dedicated)", "GC (fractional)", "GC (idle)"}
    assert labels
    assert (table["g"][[row for rows in labels.values() for row in rows]] >= 0).all()


def test_metrics_and_cpu_samples(found: exectrace.ExecTrace) -> None:
    counters = found.tables["counters"]
    by_name = {name: counters["value"][counters["name"] == n] for n, name in enumerate(found.texts)}
    assert set(by_name["/sched/gomaxprocs:threads"].tolist()) == {2, 3}
    for name in ("/memory/classes/heap/objects:bytes", "/gc/heap/goal:bytes"):
        assert by_name[name].max() > 1 << 20
    samples = found.tables["samples"]
    seen = Counter(name for number in samples["stack"] for name in functions(found, number))
    assert len(samples["time"]) >= seen["main.burn"] >= 2
    assert (samples["m"] >= 0).all()


def test_who_made_it_runnable_and_where(found: exectrace.ExecTrace) -> None:
    woken = spans_of(found, state=RUNNABLE)
    by_goroutine = woken["cause"] >= 0
    assert by_goroutine.sum() > 300
    assert (woken["p"][by_goroutine] >= 0).all()
    assert (woken["m"][by_goroutine] >= 0).all()
    running = spans_of(found, state=RUNNING)
    rows = np.flatnonzero(by_goroutine)[:: max(1, by_goroutine.sum() // 200)]
    for row in rows:
        waker = (running["id"] == woken["cause"][row]) & (running["start"] <= woken["start"][row])
        waker &= running["start"] + running["dur"] >= woken["start"][row]
        assert waker.sum() >= 1
        assert (woken["p"][row], woken["m"][row]) in {
            (int(p), int(m)) for p, m in zip(running["p"][waker], running["m"][waker], strict=True)
        }
    older = woken["flags"] & OPEN_START > 0
    assert (woken["p"][older] == -1).all()


def followed_by(trace: exectrace.ExecTrace) -> Iterator[tuple[dict[str, int], dict[str, int]]]:
    """Each span of a goroutine with the next one of the same goroutine."""
    spans = spans_of(trace)
    order = np.argsort(spans["id"], kind="stable")
    rows = [
        dict(zip(spans, values, strict=True))
        for values in zip(*(column[order].tolist() for column in spans.values()), strict=True)
    ]
    return ((one, after) for one, after in pairwise(rows) if one["id"] == after["id"])


def test_a_system_call_that_kept_its_p_is_followed_by_running_there(found: exectrace.ExecTrace) -> None:
    kept = 0
    for one, after in followed_by(found):
        if one["state"] != SYSCALL:
            assert not one["flags"] & KEPT_P
        elif one["flags"] & KEPT_P:
            kept += 1
            assert (after["state"], after["p"], after["m"]) == (RUNNING, one["p"], one["m"])
        else:
            assert after["state"] == RUNNABLE
    assert kept >= 10


def test_a_new_generation_cuts_no_span(found: exectrace.ExecTrace) -> None:
    """Each one says every state again (advanceGoStatus in internal/trace/order.go)."""
    for one, after in followed_by(found):
        assert one["state"] != after["state"]
        assert one["start"] + one["dur"] == after["start"]
    procs = spans_of(found, lane=1)
    for p in np.unique(procs["id"]):
        states = procs["state"][procs["id"] == p]
        assert (states[1:] != states[:-1]).all()


@pytest.mark.parametrize("name", toolchain.releases(since="1.21"))
def test_traces_of_other_releases(name: str, tmp_path: Path) -> None:
    file = self_traced(tmp_path / "trace", "-rounds", 1, "-profile=false", using=toolchain.release(name))
    (tmp_path / "columns").mkdir()
    trace = exectrace.read(file, tmp_path / "columns")
    assert trace.lost == ""
    assert {name: len(rows) for name, rows in marks(trace, TASK).items()} == {"inner": 1, "outer": 1}
    assert len(marks(trace, RANGE)["stop-the-world (GOMAXPROCS)"]) == 2
    woken = spans_of(trace, state=RUNNABLE)
    assert (woken["cause"] >= 0).sum() > 150
    assert spans_of(trace, state=SYSCALL, flags=KEPT_P)["p"].max() <= 2


@pytest.fixture
def nothing_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A cache without the module, and no network. Go's build cache stays shared."""
    shared, own = places.cache_folder(), tmp_path / "cache"
    own.mkdir()
    # It is not there after a build that found the cache over its limit and emptied it (cache.keep_bounded).
    (shared / "go-build").mkdir(parents=True, exist_ok=True)
    (own / "go-build").symlink_to(shared / "go-build")
    monkeypatch.setenv("SCHEDLAB_CACHE", str(own))
    monkeypatch.setenv("GOPROXY", "off")
    _program._no_public_reader.cache_clear()
    yield
    _program._no_public_reader.cache_clear()


@pytest.mark.usefixtures("nothing_fetched")
def test_without_the_module_gos_own_reader_gives_the_same_columns(
    recorded: Path, found: exectrace.ExecTrace, tmp_path: Path
) -> None:
    with pytest.warns(exectrace.OwnReaderUsed, match=r"cannot be had .*internal/trace of go1\.") as said:
        ours = exectrace.read(recorded, tmp_path)
    assert len(said) == 1
    assert ours.reader == "internal/trace"
    for table, columns in found.tables.items():
        for name, column in columns.items():
            assert column.tobytes() == ours.tables[table][name].tobytes(), f"{table}.{name}"
    assert (ours.texts, ours.reasons, ours.threads) == (found.texts, found.reasons, found.threads)
    goroot = toolchain.find().goroot
    assert not (goroot / "src" / "schedlabtrace").exists()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exectrace.reader()


def test_a_reader_that_nobody_can_build_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nothing_fetched: None
) -> None:
    assert nothing_fetched is None
    folder = tmp_path / "reader"
    folder.mkdir()
    (folder / "go.mod").write_text("module broken\n\ngo 1.24\n")
    (folder / "main.go").write_text("package main\n\nfunc main() { missing() }\n")
    monkeypatch.setattr(_program, "_FOLDER", folder)
    with (
        pytest.warns(exectrace.OwnReaderUsed),
        pytest.raises(exectrace.ReaderUnavailable, match="undefined: missing"),
    ):
        exectrace.reader()
