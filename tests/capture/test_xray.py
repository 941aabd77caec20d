"""X-ray of live programs: what it reads beside what the programs say of themselves."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from schedlab import process, toolchain
from schedlab.capture import xray
from schedlab.capture.xray.snapshot import Snapshot
from schedlab.errors import UsageError

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X-ray is for Linux")

PROGRAMS = Path(__file__).parent / "testdata" / "xray"
HEADER = re.compile(
    r"^goroutine (\d+) (?:gp=\S+ m=\S+ (?:mp=\S+ )?)?\[([^\],]+)(?:, [^\]]*)?\]:$", re.MULTILINE
)
RUNNING_P, RUNNING_G = 1, 2


def at_rest(release: str = "", *flags: str) -> toolchain.Binary:
    using = toolchain.release(release) if release else None
    return toolchain.build(PROGRAMS / "atrest", toolchain=using, flags=flags)


@pytest.fixture(scope="module")
def resting() -> Iterator[tuple[process.Live, dict[str, object]]]:
    with process.start(at_rest(), settings=process.GoSettings(gomaxprocs=4), wall_limit_s=300) as live:
        yield live, json.loads(live.wait_for_line("goroutines", timeout_s=60))


@pytest.fixture
def working() -> Iterator[process.Live]:
    program = toolchain.build(PROGRAMS / "atwork")
    arguments = ["-pairs", "2", "-spinners", "1", "-idle", "30"]
    settings = process.GoSettings(gomaxprocs=3)
    with process.start(program, arguments, settings=settings, wall_limit_s=300) as live:
        live.wait_for_line("ready", timeout_s=60)
        yield live


def rested(live: xray.Xray) -> Snapshot:
    """A snapshot of a program that has come to rest: its main goroutine waits too."""
    for _ in range(1000):
        now = live.snapshot(stacks=True)
        assert now.gs is not None
        main = now.gs.waits_for[now.gs.id == 1][0]
        if not now.torn and main and now.sched.npidle == now.sched.gomaxprocs:
            return now
    raise AssertionError("the program does not come to rest")


def agrees_with_itself(now: Snapshot, said: dict[str, object]) -> None:
    """The program's own count and dump of its goroutines, and what was read from outside."""
    gs = now.gs
    assert gs is not None
    assert now.goroutines == said["goroutines"]
    dump = dict(HEADER.findall(str(said["dump"])))
    assert len(dump) == said["goroutines"]
    rows = {int(id_): row for row, id_ in enumerate(gs.id.tolist()) if gs.alive[row]}
    for id_, state in dump.items():
        row = rows[int(id_)]
        if id_ != "1":
            # A dump has the reason instead of the status where there is one.
            assert (gs.waits_for[row] or gs.status_name[row].removeprefix("_G")) == state


@pytest.mark.parametrize("release", toolchain.releases(since="1.22"))
def test_every_release(release: str) -> None:
    try:
        binary = at_rest(release)
    except toolchain.ReleaseUnavailable as error:
        pytest.skip(f"{error}")
    with process.start(binary) as program:
        said = json.loads(program.wait_for_line("goroutines", timeout_s=60))
        with xray.attach(program.pid) as live:
            assert live.release.startswith(f"go{release}.")
            now = rested(live)
    agrees_with_itself(now, said)
    gs = now.gs
    assert gs is not None
    lacking = {field.name for field in fields(now.sched) if getattr(now.sched, field.name) is None}
    assert lacking == (set() if toolchain.parse_minor(release) >= (1, 26) else {"ngsyscall_no_p"})
    lacking = {field.name for field in fields(gs) if getattr(gs, field.name) is None}
    assert lacking == set()
    asleep = np.flatnonzero(gs.function == "main.sleeps").tolist()
    assert len(asleep) == 3
    for row in asleep:
        assert gs.stack(row) == ("runtime.gopark", "time.Sleep", "main.sleeps", "runtime.goexit")
        assert gs.creator_function[row] == "main.main"
        assert gs.creator is not None
        assert gs.creator[row] == 1


@pytest.mark.parametrize("release", toolchain.releases(since="1.22"))
def test_a_program_that_is_loaded_anywhere(release: str) -> None:
    try:
        binary = at_rest(release, "-buildmode=pie")
    except toolchain.ReleaseUnavailable as error:
        pytest.skip(f"{error}")
    with process.start(binary) as program:
        said = json.loads(program.wait_for_line("goroutines", timeout_s=60))
        with xray.attach(program.pid) as live:
            now = rested(live)
            assert live._memory.entry != live.layout.entry
    agrees_with_itself(now, said)
    assert now.gs is not None
    row = int(np.flatnonzero(now.gs.function == "main.sleeps")[0])
    assert now.gs.stack(row) == ("runtime.gopark", "time.Sleep", "main.sleeps", "runtime.goexit")


@pytest.mark.parametrize("flags", [(), ("-buildmode=pie",)])
@pytest.mark.parametrize("release", [toolchain.releases(since="1.22")[0], ""])
def test_a_program_with_c(release: str, flags: tuple[str, ...]) -> None:
    try:
        using = toolchain.release(release) if release else None
        binary = toolchain.build(PROGRAMS / "withc", toolchain=using, flags=flags)
    except (toolchain.CCompilerNotFound, toolchain.ReleaseUnavailable) as error:
        pytest.skip(f"{error}")
    with process.start(binary) as program:
        said = json.loads(program.wait_for_line("goroutines", timeout_s=60))
        with xray.attach(program.pid) as live:
            now = live.snapshot()
    assert now.goroutines == said["goroutines"] == 2
    assert now.gs is not None
    assert now.ms.in_cgo is not None
    dozing = now.gs.id[now.gs.function == "main.dozes"].tolist()
    assert now.ms.curg[now.ms.in_cgo].tolist() == dozing
    assert now.gs.state[now.gs.function == "main.dozes"].tolist() == [3]


def test_states_and_counts_agree_at_rest(resting: tuple[process.Live, dict[str, object]]) -> None:
    program, said = resting
    with xray.attach(program.pid) as live:
        now = rested(live)
    agrees_with_itself(now, said)
    assert now.ps.status_name.tolist() == ["_Pidle"] * 4
    assert now.ps.m.tolist() == [xray.NOBODY] * 4
    assert [queue.tolist() for queue in now.queues] == [[]] * 4
    assert now.global_queue is not None
    assert now.global_queue.tolist() == []
    threads = {int(entry.name) for entry in Path(f"/proc/{program.pid}/task").iterdir()}
    assert set(now.ms.thread.tolist()) <= threads


def test_a_locked_goroutine_and_its_thread(resting: tuple[process.Live, dict[str, object]]) -> None:
    program, _ = resting
    with xray.attach(program.pid) as live:
        now = rested(live)
    gs = now.gs
    assert gs is not None
    locked = np.flatnonzero([text.startswith("main.locked") or "gowrap5" in text for text in gs.function])
    assert len(locked) == 1
    m = int(gs.lockedm[locked[0]])
    assert now.ms.lockedg[now.ms.id == m].tolist() == [int(gs.id[locked[0]])]


def test_stacks_and_places(resting: tuple[process.Live, dict[str, object]]) -> None:
    program, _ = resting
    with xray.attach(program.pid) as live:
        gs = live.snapshot(stacks=40).gs
        assert gs is not None
        deep = next(row for row in range(len(gs)) if gs.stack(row).count("main.deep") > 10)
        assert gs.stack(deep)[:3] == ("runtime.gopark", "runtime.chanrecv", "runtime.chanrecv1")
        assert gs.stack_size[deep] >= 8192
        places = live.functions([*gs.start_pc[gs.function == "main.sleeps"][:1].tolist(), 0, 1 << 62])
    assert places.function.tolist() == ["main.sleeps", "", ""]
    assert places.file[0] == str(PROGRAMS / "atrest" / "main.go")
    source = (PROGRAMS / "atrest" / "main.go").read_text().splitlines()
    assert source[places.line[0] - 1].startswith("func sleeps()")
    assert places.line[1:].tolist() == [0, 0]


def test_a_coherent_snapshot(working: process.Live) -> None:
    with xray.attach(working.pid) as live:
        for _ in range(20):
            now = live.snapshot(coherent=True)
            assert not now.torn
            assert now.stopped_ns is not None
            assert 0 < now.stopped_ns < now.end_ns - now.begin_ns
            assert [len(queue) for queue in now.queues] == now.ps.queued.tolist()
    assert working.alive
    ended = json.loads(working.stop().stdout.splitlines()[-1])
    assert (ended["sent"], ended["wrong"]) == (ended["received"], 0)


def test_whom_a_p_belongs_to(working: process.Live) -> None:
    """A running P's M points back to it, and its queue is as long as its counters say.

    Seldom an M is seen that is just about to change its P: that is a state of the scheduler's too.
    """
    looked = wrong = 0
    with xray.attach(working.pid) as live:
        for _ in range(500):
            now = live.snapshot(gs=False, tries=20)
            if now.torn:
                continue
            p_of = dict(zip(now.ms.id.tolist(), now.ms.p.tolist(), strict=True))
            for p in np.flatnonzero((now.ps.status == RUNNING_P) & (now.ps.m >= 0)).tolist():
                looked, wrong = looked + 1, wrong + (p_of[int(now.ps.m[p])] != p)
            assert [len(queue) for queue in now.queues] == now.ps.queued.tolist()
            assert all((queue > 0).all() for queue in now.queues)
    assert looked > 50
    assert wrong <= looked // 50


def test_queues_that_are_full() -> None:
    """One P and goroutines that never wait: all but the one that runs are in its queue or the global one."""
    program = toolchain.build(PROGRAMS / "atwork")
    settings = process.GoSettings(gomaxprocs=1)
    with process.start(program, ["-pairs", 0, "-spinners", 40], settings=settings) as running:
        running.wait_for_line("ready", timeout_s=60)
        with xray.attach(running.pid) as live:
            seen = [live.snapshot(coherent=True) for _ in range(10)]
            more = [live.snapshot(tries=50) for _ in range(50)]
    kept = [now for now in [*seen, *more] if not now.torn]
    assert len(kept) >= 10
    for now in kept:
        gs, queue, everybody = now.gs, now.queues[0], now.global_queue
        assert gs is not None
        assert everybody is not None
        assert len(queue) == now.ps.queued[0]
        assert len(set(queue.tolist())) == len(queue)
        assert len(everybody) == now.sched.runq_size
        spinners = set(gs.id[gs.function == "main.main.func1.1"].tolist())
        assert len(spinners) == 40
        found = [*queue.tolist(), *everybody.tolist(), *now.ps.runnext.tolist(), *now.ms.curg.tolist()]
        # One that is between a queue and its M is in neither.
        assert len(spinners & set(found)) >= 39


def test_ten_thousand_samples_harm_nothing(working: process.Live) -> None:
    with xray.attach(working.pid) as live:
        for _ in range(10_000):
            live.snapshot(gs=False, tries=1)
        live.snapshot(stacks=True)
    ended = json.loads(working.stop().stdout.splitlines()[-1])
    assert ended["sent"] == ended["received"] > 0
    assert ended["sumSent"] == ended["sumReceived"]
    assert ended["wrong"] == 0
    assert ended["rounds"] > 0


def test_memory_is_open_for_reading_only(working: process.Live) -> None:
    """And what the program may not write itself is after ten thousand samples what it was before."""
    before = fixed_memory(working.pid)
    with xray.attach(working.pid) as live:
        flags = Path(f"/proc/self/fdinfo/{live._memory._memory}").read_text().split("flags:")[1].split()[0]
        assert int(flags, 8) & os.O_ACCMODE == os.O_RDONLY
        for _ in range(10_000):
            live.snapshot(gs=False, tries=1)
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.pwrite(live._memory._memory, b"x", live._memory.entry)
    assert before == fixed_memory(working.pid) != {}


def fixed_memory(pid: int) -> dict[str, str]:
    """A digest of each part of the program's file that is mapped and that it cannot write to."""
    found = {}
    program = str(Path(f"/proc/{pid}/exe").readlink())
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:  # noqa: PTH123
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            place, rights, *_, name = line.split()
            begin, end = (int(part, 16) for part in place.split("-"))
            if name == program and "w" not in rights:
                memory.seek(begin)
                found[place] = hashlib.sha256(memory.read(end - begin)).hexdigest()
    return found


def test_samples(working: process.Live) -> None:
    with xray.attach(working.pid) as live:
        seen = live.sample(500, 0.2, gs=True)
    assert len(seen) + seen.late >= 99
    assert len(seen) > 0
    assert seen.ended == ""
    assert (seen.end_ns > seen.begin_ns).all()
    assert (np.diff(seen.begin_ns) > 0).all()
    assert seen.gomaxprocs.tolist() == [3] * len(seen)
    assert seen.ps.id.tolist() == [0, 1, 2] * len(seen)
    assert np.bincount(seen.p_sample).tolist() == [3] * len(seen)
    assert len(seen.m_sample) == len(seen.ms)
    assert (np.bincount(seen.m_sample) >= 4).all()
    assert seen.gs is not None
    assert len(np.unique(seen.gs.sample)) == len(seen)
    running = seen.sched["npidle"]
    assert running is not None
    assert running.shape == (len(seen),)
    # Goroutines that the Ms run are among the goroutines.
    assert set(seen.ms.curg.tolist()) <= {0, *seen.gs.id.tolist()}


def test_brief_samples_say_what_snapshots_say(resting: tuple[process.Live, dict[str, object]]) -> None:
    program, _ = resting
    with xray.attach(program.pid) as live:
        now, seen = rested(live), live.sample(1000, 0.01)
    last, ms = seen.p_sample == len(seen) - 1, seen.m_sample == len(seen) - 1
    for name in ("id", "status", "schedtick", "syscalltick", "m", "head", "tail", "runnext"):
        assert getattr(seen.ps, name)[last].tolist() == getattr(now.ps, name).tolist(), name
    for field in fields(now.ms):
        assert getattr(seen.ms, field.name)[ms].tolist() == getattr(now.ms, field.name).tolist(), field.name
    for name, column in seen.sched.items():
        assert column is not None
        assert column[-1] == getattr(now.sched, name)


def test_a_program_that_ends_while_it_is_sampled(working: process.Live) -> None:
    looks = iter(range(1 << 30))

    def stop() -> bool:
        if next(looks) == 20:
            working.send_signal(signal.SIGKILL)
        return False

    with xray.attach(working.pid) as live:
        seen = live.sample(1000, 60, stop=stop)
        assert len(seen) >= 20
        assert f"no process {working.pid}" in seen.ended
        with pytest.raises(xray.ProcessGone, match="no process"):
            live.snapshot()
        with pytest.raises(xray.ProcessGone, match="no process"):
            live.sample(10, 1)
        # The binary is still open: names can be looked up.
        assert live.functions(seen.facts.code.names([0]).size * [0]).function.tolist() == [""]


@pytest.mark.parametrize(
    ("hz", "seconds"), [(0, 1), (-1, 1), (1e9, 1), (float("nan"), 1), (1, 0), (1, float("inf"))]
)
def test_no_such_rate(resting: tuple[process.Live, dict[str, object]], hz: float, seconds: float) -> None:
    with xray.attach(resting[0].pid) as live, pytest.raises(UsageError):
        live.sample(hz, seconds)


def test_after_the_end_of_with(resting: tuple[process.Live, dict[str, object]]) -> None:
    with xray.attach(resting[0].pid) as live:
        pass
    live.close()
    with pytest.raises(xray.XrayError, match="no longer attached"):
        live.snapshot()
