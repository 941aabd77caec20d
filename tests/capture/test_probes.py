"""Probes in the runtime: what they count, and what they leave alone."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from schedlab import process, toolchain
from schedlab.capture import probes
from schedlab.capture.probes import kinds
from schedlab.capture.probes._file import read
from schedlab.errors import UsageError
from schedlab.process import GoSettings

PROBED = Path(__file__).parent / "testdata" / "probed"
ONE_P = GoSettings(gomaxprocs=1)

# Each of these is a build of the whole standard library where there is none yet: so they are few.
# Nothing is preempted: a burst of goroutines is queued in one go, however busy the machine.
NO_PREEMPTION = 10**11
SHORT_QUEUE = {"local_queue": 32, "global_every": 7, "time_slice_ns": NO_PREEMPTION}
ALONE = {"stealing": False, "runnext": False, "global_every": 1000, "time_slice_ns": NO_PREEMPTION}
SHORT_SLICE = {"time_slice_ns": 1_000_000}
NOTHING: dict[str, object] = {}


def probed(*arguments: str, mode: str = "ring", constants: Mapping[str, object] = NOTHING) -> probes.Probed:
    return probes.run(PROBED, arguments, mode=mode, constants=constants, settings=ONE_P)


@pytest.mark.parametrize(("end", "status"), [("return", 0), ("exit", 7), ("panic", 2), ("deadlock", 2)])
def test_counters_are_written_however_the_program_ends(end: str, status: int) -> None:
    # One that is preempted when it has said that it is done would not have ended when the program does.
    run = probed("-burst", "1000", "-end", end, mode="counters", constants=SHORT_QUEUE)
    assert run.finished.exit_status == status
    assert run.counters.total("create") >= 1000
    assert run.counters.total("exit") >= 1000


def test_a_killed_program_has_no_counters() -> None:
    with pytest.raises(probes.NotProbed, match="SIGKILL"):
        probed("-end", "kill")


def test_a_child_of_the_same_program_does_not_write_over_its_parent() -> None:
    assert probed("-again").counters.total("create") < 1000


def test_every_run_has_an_origin_and_an_event() -> None:
    run = probed("-burst", "1000", "-yields", "100", "-spin", "30ms")
    assert run.events is not None
    assert run.events.lost == 0
    assert run.counters.total("run_other") == 0
    counted = {name: run.counters.total(name) for name in probes.RUNS}
    seen = {name: len(run.events.of(name)) for name in probes.RUNS}
    # Threads go on for a moment while the file is written: counters first, then events.
    late = {name: seen[name] - counted[name] for name in probes.RUNS}
    assert all(0 <= count <= 10 for count in late.values()), late


def test_what_the_program_did_is_what_was_counted() -> None:
    counters = probed("-burst", "1000", "-yields", "100", "-spin", "30ms").counters
    assert counters.total("gosched") == 100
    assert counters.total("preempt_hit") >= 1
    assert counters.total("preempt_request") >= counters.total("preempt_hit")
    # One P: there is nobody to steal from.
    assert counters.total("steal") == counters.total("stolen") == 0
    # A goroutine that did not end is waiting or is main: few remain.
    left = counters.total("create") - counters.total("exit")
    assert 0 <= left <= 15


def test_the_global_queue_has_its_turn_every_61st_time() -> None:
    def turns(constants: Mapping[str, object]) -> int:
        counters = probed("-yields", "2000", mode="counters", constants=constants).counters
        assert counters.total("run_global") + counters.total("run_global_tick") >= 1990
        return counters.total("run_global_tick")

    # The goroutine that yields is alone in the global queue; others that run at the start shift it by some.
    assert abs(turns(NOTHING) - 2000 // 61) <= 3
    assert abs(turns(SHORT_QUEUE) - 2000 // 7) <= 10
    assert turns(ALONE) <= 3


@pytest.mark.parametrize(("length", "constants"), [(256, ALONE), (32, SHORT_QUEUE)])
def test_a_queue_overflows_as_its_length_says(length: int, constants: dict[str, object]) -> None:
    """runnext holds one, the queue its length; who finds it full moves half of it, and itself."""
    few = probed("-burst", str(length // 2), mode="counters", constants=constants).counters
    many = probed("-burst", "1000", mode="counters", constants=constants).counters
    assert few.total("overflow") == 0
    moved = length // 2 + 1
    assert many.total("overflow_gs") == many.total("overflow") * moved
    # Each overflow makes room for half a queue. Goroutines that wait since the start may add one.
    least = (1000 - length - 1) // moved
    assert least <= many.total("overflow") <= least + 2


def test_without_stealing_nothing_is_stolen_and_all_is_run() -> None:
    settings = GoSettings(gomaxprocs=4)
    arguments = ("-burst", "100000")
    usual = probes.run(PROBED, arguments, mode="counters", settings=settings).counters
    alone = probes.run(PROBED, arguments, mode="counters", settings=settings, constants=ALONE)
    assert usual.total("steal") > 0
    assert usual.taken.sum() == usual.total("stolen") >= usual.total("steal")
    assert alone.finished.check().exit_status == 0
    counters = alone.counters
    # The program waited for all to say that they are done; a few may not have ended since.
    assert counters.total("exit") >= 100_000 - 100
    assert (counters.total("steal"), counters.total("run_stolen"), counters.taken.sum()) == (0, 0, 0)
    assert counters.total("run_runnext") == 0


def test_spinning_starts_as_often_as_it_stops() -> None:
    counters = probes.run("trace_everything", ("-rounds", "20"), mode="counters").counters
    starts = counters.total("spin_start") + counters.total("spin_start_woken")
    stops = sum(counters.total(name) for name in ("spin_found", "spin_gave_up", "spin_stopped"))
    # Who spins at the very end has started only; each P has one at most.
    assert 0 <= starts - stops <= len(counters.p)


def blocked(how: str, *more: str) -> probes.Counters:
    run = probes.run("blocked", ("-how", how, *more), mode="counters", settings=ONE_P)
    assert run.finished.check().exit_status == 0
    return run.counters


def test_who_waits_is_parked_and_made_ready() -> None:
    counters = blocked("channel", "-goroutines", "100")
    assert counters.total("park") >= 100
    assert counters.total("ready") >= 100
    assert counters.total("run_netpoll") + counters.total("ready_netpoll") == 0


def test_who_waits_for_the_network_is_found_by_the_poller() -> None:
    counters = blocked("network", "-goroutines", "100")
    assert counters.total("park") >= 100
    # Some it gives to be run at once, the others as a list.
    assert counters.total("run_netpoll") + counters.total("ready_netpoll") >= 100


def test_a_p_is_taken_from_a_thread_in_a_system_call() -> None:
    """One P and four goroutines in calls of a second: for the next to begin, the P is taken away."""
    counters = blocked("syscall", "-goroutines", "4", "-hold", "1s")
    taken = counters.total("retake_syscall")
    assert taken >= 1
    # sysmon holds no P; what it takes it hands off.
    assert counters.counts[-1][probes.NAMES.index("retake_syscall")] == taken
    assert counters.total("handoff") >= taken
    assert counters.total("start_m") >= 1


def test_who_overdoes_its_time_slice_is_asked_to_give_way() -> None:
    counters = probed("-spin", "100ms", mode="counters").counters
    assert counters.total("retake_running") >= 1
    assert counters.total("preempt_request") >= counters.total("preempt_hit")
    assert counters.total("preempt_hit") >= 1


def test_a_small_ring_keeps_the_newest_events() -> None:
    run = probes.run(PROBED, ("-yields", "500"), ring_events=64, settings=ONE_P, constants=SHORT_SLICE)
    assert run.events is not None
    own = run.events.chosen(run.events.p == 0)
    assert 62 <= len(own) <= 64
    assert run.events.lost >= 900
    assert (np.diff(own.time) >= 0).all()
    assert run.counters.total("gosched") == 500


def test_a_short_time_slice_is_kept_to() -> None:
    """Goroutines are preempted when they have run for less than the 10 ms of the release.

    With these that is next to impossible: sysmon asks when it has seen one run for 10 ms. However busy the
    machine is, of hundreds of slices of 1 ms some are kept to.
    """
    run = probes.run(PROBED, ("-spin", "500ms"), ring_events=64, settings=ONE_P, constants=SHORT_SLICE)
    assert run.events is not None
    assert (ran_for_ns(run.events.chosen(run.events.p == 0)) < 10_000_000).sum() >= 5


def ran_for_ns(events: probes.Events) -> npt.NDArray[np.int64]:
    """How long each goroutine had run that gave way because it was asked to; events of one P.

    One that ran from runnext is left out: it was given what was left of another's slice.
    """
    last = events.of(*probes.RUNS, "preempt_hit")
    names = np.array(probes.NAMES)[last.kind]
    own = (names[1:] == "preempt_hit") & (names[:-1] != "run_runnext") & (last.g[1:] == last.g[:-1])
    found: npt.NDArray[np.int64] = np.diff(last.time)[own]
    return found


def test_without_a_ring_there_are_no_events() -> None:
    assert probed(mode="counters").events is None


def test_the_table_has_every_kind() -> None:
    table = probed("-yields", "10", mode="counters").counters.to_pandas()
    assert list(table.index) == list(probes.KINDS)
    assert list(table.columns) == ["total", "P0", "nobody", "means"]
    assert (table["total"] == table["P0"] + table["nobody"]).all()


def test_a_program_with_probes_runs_without_the_file() -> None:
    binary = probes.build(PROBED, mode="counters")
    assert process.run(binary, ("-yields", "10")).exit_status == 0


def test_the_toolchain_stays_as_it_is(tmp_path: Path) -> None:
    def digest() -> str:
        sum_ = hashlib.sha256()
        for file in sorted(toolchain.find().runtime_source.rglob("*")):
            sum_.update(f"{file} {file.stat().st_mtime_ns if file.is_file() else ''}".encode())
            sum_.update(file.read_bytes() if file.is_file() else b"")
        return sum_.hexdigest()

    # A program that was never built before: go build has something to do.
    shutil.copytree(PROBED, tmp_path / "new")
    (tmp_path / "new" / "new.go").write_text(f"package main\n\nconst new = {time.time_ns()}\n")
    before = digest()
    probes.build(tmp_path / "new", constants=SHORT_SLICE, ring_events=64)
    assert digest() == before
    assert not list(toolchain.find().goroot.rglob("*schedlab*"))


def test_a_build_is_kept() -> None:
    """The second time the same file is given, and nothing is built."""
    first = probes.build(PROBED, mode="counters").path
    made = first.stat().st_mtime_ns
    assert probes.build(PROBED, mode="counters").path == first
    assert first.stat().st_mtime_ns == made
    assert probes.build(PROBED, mode="counters", constants=SHORT_QUEUE).path != first


@pytest.mark.parametrize("release", toolchain.releases(since="1.22"))
def test_every_release_is_built_and_counts(release: str) -> None:
    try:
        using = toolchain.release(release)
    except toolchain.ReleaseUnavailable as error:
        pytest.skip(f"Go {release} is not to be had here: {error.message}")
    arguments = ("-burst", "1000", "-yields", "500")
    run = probes.run(PROBED, arguments, mode="counters", using=using, settings=ONE_P)
    counters = run.counters
    assert run.finished.check().exit_status == 0
    assert counters.total("create") >= 1000
    assert counters.total("gosched") == 500
    assert counters.total("overflow_gs") == 129 * counters.total("overflow") > 0
    assert counters.total("run_other") == counters.total("steal") == 0
    assert counters.total("run_global_tick") > 0
    assert counters.runs >= 1500


@pytest.mark.parametrize("release", [toolchain.releases(since="1.22")[0], None])
def test_a_batch_from_the_global_queue_can_be_smaller(release: str | None) -> None:
    """With batches of one each goroutine that went through the global queue is run from there."""
    using = toolchain.release(release) if release else None
    found = [
        probes.run(
            PROBED,
            ("-burst", "1000", "-yields", "500"),
            mode="counters",
            constants=constants,
            using=using,
            settings=ONE_P,
        ).counters
        for constants in (
            {"time_slice_ns": NO_PREEMPTION},
            {"time_slice_ns": NO_PREEMPTION, "global_batch": 1},
        )
    ]
    usual, single = ([each.total("run_global"), each.total("run_global_tick")] for each in found)
    through = [each.total("overflow_gs") + each.total("global_put") for each in found]
    assert sum(single) == through[1]
    assert sum(usual) < through[0]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"local_queue": 33}, "local_queue"),
        ({"local_queue": 1}, "local_queue"),
        ({"local_queue": True}, "local_queue"),
        ({"global_every": 0}, "global_every"),
        ({"global_batch": 0}, "global_batch"),
        ({"stealing": 0}, "stealing"),
        ({"time_slice_ns": 1}, "time_slice_ns"),
        ({"sysmon": False}, "sysmon"),
    ],
)
def test_constants_that_cannot_be_are_refused(given: dict[str, object], named: str) -> None:
    with pytest.raises(UsageError, match=named):
        probes.build(PROBED, constants=given)


def test_modes_and_rings_that_cannot_be_are_refused() -> None:
    with pytest.raises(UsageError, match="some"):
        probes.build(PROBED, mode="some")
    with pytest.raises(UsageError, match="off"):
        probes.run(PROBED, mode="off")
    with pytest.raises(UsageError, match="ring_events"):
        probes.build(PROBED, ring_events=100)
    with pytest.raises(UsageError, match="no counter"):
        probed(mode="counters").counters.total("nothing")


def test_a_program_that_does_not_compile_is_blamed_itself(odd_programs: Path) -> None:
    with pytest.raises(toolchain.CompileError) as refused:
        probes.build(odd_programs / "broken", mode="counters")
    assert "schedlab" not in str(refused.value).replace("schedlab-", "")


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "probes"
    process.run(probes.build(PROBED), ("-yields", "50"), env={probes.VARIABLE: str(file)}).check()
    whole = file.read_bytes()
    read(whole, "it")
    for cut in (1, 8, 60, 5000, len(whole) - 1):
        with pytest.raises(probes.DamagedProbes):
            read(whole[:cut], "it")
        with pytest.raises(probes.DamagedProbes):
            read(whole[:cut] + b"schedlab", "it")
    for at in (8, 12, 16, 20, 24, 28, 32):
        with pytest.raises(probes.DamagedProbes):
            read(whole[:at] + b"\xff\xff\xff\x7f" + whole[at + 4 :], "it")


def test_the_go_side_has_the_same_kinds() -> None:
    text = (Path(kinds.__file__).parent / "patcher" / "probes.go").read_text()
    hooks = "".join(file.read_text() for file in (Path(kinds.__file__).parent / "hooks").glob("*.go"))
    settings = kinds.go_settings(0).decode()
    for line in settings.splitlines():
        name = line.strip().split(" ")[0]
        if name.startswith("schedlab") and name != "schedlabRunOther":
            assert name in text + hooks, name
