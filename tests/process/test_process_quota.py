"""CPU quotas: finding the place for a group on v1 and v2 (on made-up trees), and real throttling."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from schedlab import process
from schedlab.errors import UsageError
from schedlab.process import quota as quota_module
from schedlab.process.quota import Place, find_place, parse_cpu_stat

if TYPE_CHECKING:
    from tests.process.conftest import Family

    from schedlab.toolchain import Binary


class Machine:
    """A /proc/self and control groups in ordinary files."""

    def __init__(self, folder: Path) -> None:
        self.proc = folder / "proc"
        self.top = folder / "groups"
        self.proc.mkdir()
        self.top.mkdir()
        self._mounts: list[str] = ["22 1 0:20 / / rw,relatime - ext4 /dev/vda rw"]
        self._members: list[str] = []

    def mount_v1(self, controllers: str, *, root: str = "/", options: str = "rw") -> Path:
        point = self.top / controllers
        point.mkdir()
        self._mounts.append(f"30 22 0:29 {root} {_escaped(point)} {options} - cgroup cgroup rw,{controllers}")
        return point

    def mount_v2(
        self, *, root: str = "/", options: str = "rw,nosuid", controllers: str = "cpu memory"
    ) -> Path:
        point = self.top / "unified groups"
        point.mkdir()
        line = f"41 22 0:38 {root} {_escaped(point)} {options} shared:9 - cgroup2 cgroup2 rw,nsdelegate"
        self._mounts.append(line)
        (point / "cgroup.controllers").write_text(controllers + "\n")
        return point

    def belongs_to(self, *lines: str) -> None:
        self._members += lines

    def place(self) -> Place:
        (self.proc / "mountinfo").write_text("\n".join(self._mounts) + "\n")
        (self.proc / "cgroup").write_text("\n".join(self._members) + "\n")
        return find_place(self.proc)

    def refusal(self) -> str:
        with pytest.raises(process.QuotaUnavailable) as caught:
            self.place()
        return str(caught.value)


def _escaped(path: Path) -> str:
    return str(path).replace(" ", "\\040")


def make_group(path: Path, **files: str) -> Path:
    """A v2 group: ``subtree_control="cpu"``, ``max="50000 100000"``."""
    path.mkdir(parents=True, exist_ok=True)
    names = {
        "subtree_control": "cgroup.subtree_control",
        "controllers": "cgroup.controllers",
        "max": "cpu.max",
    }
    for name, text in {"subtree_control": "", "controllers": "cpu memory", **files}.items():
        (path / names.get(name, name)).write_text(text + "\n")
    (path / "cgroup.procs").write_text("")
    return path


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def as_user(monkeypatch: pytest.MonkeyPatch) -> set[Path]:
    """Folders and files that this user may write to; the tests may run as root, which may write to all."""
    allowed: set[Path] = set()
    monkeypatch.setattr(quota_module, "_writable", lambda path: path in allowed)
    return allowed


def test_v1_below_the_own_group(machine: Machine) -> None:
    point = machine.mount_v1("cpu,cpuacct")
    machine.belongs_to("4:cpu,cpuacct:/user.slice", "0::/elsewhere")
    (point / "user.slice").mkdir()
    assert machine.place() == Place(1, point / "user.slice")


def test_v1_is_not_confused_by_the_other_controllers(machine: Machine) -> None:
    machine.mount_v1("cpuset")
    machine.mount_v1("cpuacct")
    point = machine.mount_v1("cpu")
    machine.mount_v2(controllers="hugetlb")
    machine.belongs_to("3:cpuset:/", "2:cpuacct:/", "1:cpu:/", "0::/")
    assert machine.place() == Place(1, point)


def test_v1_in_a_container_that_shows_a_part(machine: Machine) -> None:
    point = machine.mount_v1("cpu", root="/docker/abc")
    machine.belongs_to("1:cpu:/docker/abc/inner")
    (point / "inner").mkdir()
    assert machine.place() == Place(1, point / "inner")


def test_v1_in_a_container_that_shows_another_part(machine: Machine) -> None:
    machine.mount_v1("cpu", root="/docker/abc")
    machine.belongs_to("1:cpu:/docker/abcdef")
    assert "outside of what" in machine.refusal()


def test_v1_read_only(machine: Machine) -> None:
    machine.mount_v1("cpu", options="ro,nosuid")
    machine.belongs_to("1:cpu:/")
    assert "read-only" in machine.refusal()


def test_v1_not_ours(machine: Machine, as_user: set[Path]) -> None:
    point = machine.mount_v1("cpu")
    machine.belongs_to("1:cpu:/")
    assert f"may not make control groups in {point}" in machine.refusal()
    as_user.add(point)
    assert machine.place() == Place(1, point)


def test_v2_at_the_top(machine: Machine) -> None:
    point = make_group(machine.mount_v2(), subtree_control="cpu memory")
    machine.belongs_to("0::/")
    assert machine.place() == Place(2, point)


def test_v2_beside_the_own_group(machine: Machine) -> None:
    """A group with processes cannot hand controllers down; the one above it does."""
    point = make_group(machine.mount_v2(), subtree_control="cpu")
    slice_ = make_group(point / "user.slice", subtree_control="memory cpu", max="max 100000")
    make_group(slice_ / "session.scope", max="max 100000")
    machine.belongs_to("0::/user.slice/session.scope")
    assert machine.place() == Place(2, slice_)


def test_v2_further_up(machine: Machine) -> None:
    point = make_group(machine.mount_v2(), subtree_control="cpu")
    make_group(point / "a" / "b" / "c")
    make_group(point / "a" / "b")
    make_group(point / "a")
    machine.belongs_to("0::/a/b/c")
    assert machine.place() == Place(2, point)


def test_v2_never_out_of_a_limit(machine: Machine) -> None:
    point = make_group(machine.mount_v2(), subtree_control="cpu")
    make_group(point / "box", max="150000 100000")
    machine.belongs_to("0::/box")
    assert "escape its limit cpu.max" in machine.refusal()
    make_group(point / "box", max="max 100000", **{"memory.max": "1000000"})
    assert "escape its limit memory.max" in machine.refusal()
    make_group(point / "box", max="max 100000", **{"memory.max": "max"})
    assert machine.place() == Place(2, point)


def test_v2_not_ours(machine: Machine, as_user: set[Path]) -> None:
    point = make_group(machine.mount_v2(), subtree_control="cpu")
    make_group(point / "scope")
    machine.belongs_to("0::/scope")
    as_user.add(point)
    # The folder alone is not enough: to move a process, cgroup.procs of the common ancestor counts.
    assert "Delegate=yes" in machine.refusal()
    as_user.add(point / "cgroup.procs")
    assert machine.place() == Place(2, point)


def test_v2_that_nobody_hands_down(machine: Machine) -> None:
    point = make_group(machine.mount_v2())
    make_group(point / "scope")
    machine.belongs_to("0::/scope")
    refusal = machine.refusal()
    assert "only from groups without processes" in refusal
    assert "Delegate=yes" in refusal


def test_v2_without_the_controller(machine: Machine) -> None:
    machine.mount_v2(controllers="hugetlb")
    machine.belongs_to("0::/")
    assert "has no cpu controller" in machine.refusal()


def test_v2_read_only(machine: Machine) -> None:
    machine.mount_v2(options="ro")
    machine.belongs_to("0::/")
    assert "read-only" in machine.refusal()


def test_v2_delegated_by_systemd(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    point = make_group(machine.mount_v2(), subtree_control="cpu")
    scope = make_group(point / "jupyter.scope")
    machine.belongs_to("0::/jupyter.scope")
    monkeypatch.setattr(quota_module, "is_delegated", lambda group: group == scope)
    assert machine.place() == Place(2, scope, move_to_home=True)
    # Once that has been done, the process is in the home below, and the scope hands the controller down.
    make_group(scope, subtree_control="cpu")
    make_group(scope / "schedlab-home")
    machine.belongs_to()
    machine._members[:] = ["0::/jupyter.scope/schedlab-home"]
    assert machine.place() == Place(2, scope)


def test_moving_home(tmp_path: Path) -> None:
    scope = make_group(tmp_path / "scope")
    (scope / "cgroup.procs").write_text("11\n12\n")
    quota_module._move_to_home(scope)
    assert (scope / "schedlab-home" / "cgroup.procs").read_text() == "12"
    assert (scope / "cgroup.subtree_control").read_text() == "+cpu"


def test_moving_home_where_it_is_refused(tmp_path: Path) -> None:
    scope = make_group(tmp_path / "scope")
    (scope / "cgroup.subtree_control").unlink()
    (scope / "cgroup.subtree_control").mkdir()
    with pytest.raises(process.QuotaUnavailable, match="cannot be divided: Is a directory"):
        quota_module._move_to_home(scope)


def test_no_control_groups(machine: Machine, tmp_path: Path) -> None:
    assert "no cgroup file system" in machine.refusal()
    with pytest.raises(process.QuotaUnavailable, match="this system has none"):
        find_place(tmp_path / "no-proc")


def test_support_says_why_not(monkeypatch: pytest.MonkeyPatch, machine: Machine) -> None:
    machine.mount_v1("cpu", options="ro")
    machine.belongs_to("1:cpu:/")
    machine.refusal()
    monkeypatch.setattr(quota_module, "find_place", lambda: find_place(machine.proc))
    support = process.quota_support()
    assert (support.available, support.version) == (False, None)
    assert "read-only" in support.reason


def test_support_is_tried_and_not_believed(monkeypatch: pytest.MonkeyPatch, machine: Machine) -> None:
    """These files are no control groups: a new folder has no cpu.cfs_quota_us in it."""
    point = machine.mount_v1("cpu")
    machine.belongs_to("1:cpu:/")
    machine.place()
    monkeypatch.setattr(quota_module, "find_place", lambda: find_place(machine.proc))
    assert "takes no cpu.cfs_period_us" in process.quota_support().reason
    assert list(point.iterdir()) == []


def test_cpu_stat_of_both_versions() -> None:
    v1 = "nr_periods 8\nnr_throttled 7\nthrottled_time 343632952\nnr_bursts 0\n"
    v2 = "usage_usec 1\nuser_usec 1\nnr_periods 8\nnr_throttled 7\nthrottled_usec 343632\n"
    assert parse_cpu_stat(v1) == process.ThrottleStats(8, 7, 343632952)
    assert parse_cpu_stat(v2) == process.ThrottleStats(8, 7, 343632000)


@pytest.mark.parametrize(
    "wrong",
    [
        {"cpus": 0},
        {"cpus": -1.0},
        {"cpus": float("nan")},
        {"cpus": "1"},
        {"cpus": 0.001},
        {"cpus": 1, "period_us": 999},
        {"cpus": 1, "period_us": 1_000_001},
        {"cpus": 1, "period_us": 1000.0},
    ],
)
def test_quotas_that_the_kernel_would_refuse(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        process.CpuQuota(**wrong)


def test_quota_in_microseconds() -> None:
    assert process.CpuQuota(0.5).quota_us == 50_000
    assert process.CpuQuota(1.5, period_us=10_000).quota_us == 15_000


SUPPORT = process.quota_support()
needs_quota = pytest.mark.skipif(not SUPPORT.available, reason=f"no CPU quota here: {SUPPORT.reason}")


def run_groups() -> set[str]:
    """The groups of runs, all of them: also those of other tests that run at the same time."""
    return {entry.name for entry in find_place().folder.glob("schedlab-*-*-*")}


def group_of(pid: int | str) -> Path:
    place = find_place()
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        name = line.rpartition("/")[2]
        if name.startswith("schedlab-"):
            return place.folder / name
    raise AssertionError(f"{pid} is in no group of a run")


@needs_quota
def test_the_kernel_throttles(subject: Binary) -> None:
    # Few CPUs' worth, so that it is the quota that is short, and not the CPU on a busy machine.
    finished = process.run(subject, ["burn", 60], quota=process.CpuQuota(0.1)).check()
    assert finished.throttle is not None
    # 60 ms of CPU time at 10 ms per period.
    assert finished.throttle.nr_periods >= 5
    assert 1 <= finished.throttle.nr_throttled <= finished.throttle.nr_periods
    assert finished.throttle.throttled_ns > 0


@needs_quota
def test_half_a_cpu(subject: Binary) -> None:
    settings = process.GoSettings(gomaxprocs=2)
    finished = process.run(subject, ["burn", 200], quota=process.CpuQuota(0.5, 20_000), settings=settings)
    assert finished.check().throttle is not None
    facts = process.run(subject, ["facts"], quota=process.CpuQuota(0.5, 20_000)).json()
    assert any("schedlab-" in line for line in facts["cgroups"])


@needs_quota
def test_a_quota_that_is_more_than_there_is_never_throttles(subject: Binary) -> None:
    cpus = 4 * (os.cpu_count() or 1)
    finished = process.run(subject, ["burn", 100], quota=process.CpuQuota(cpus)).check()
    assert finished.throttle is not None
    assert finished.throttle.nr_throttled == 0


@needs_quota
@pytest.mark.usefixtures("family")
def test_the_group_is_removed_however_the_run_ends(subject: Binary) -> None:
    quota = process.CpuQuota(0.5)
    groups = []
    finished = process.run(subject, ["facts"], quota=quota)
    groups += [line.rpartition("/")[2] for line in finished.json()["cgroups"] if "schedlab-" in line]
    with process.start(subject, ["tree", 2, 2], quota=quota) as live:
        live.wait_for_line("ready", 120)
        in_group = set(map(int, (group_of(live.pid) / "cgroup.procs").read_text().split()))
        assert len(in_group) == 7  # All of the tree, and not the supervisor.
        groups.append(group_of(live.pid).name)
        live.stop(grace_s=0)
    with pytest.raises(process.WallLimitExceeded):
        process.run(subject, ["sleep"], quota=quota, wall_limit_s=0.01)
    with pytest.raises(process.ProgramNotFound):
        process.run("/nonexistent", quota=quota)
    assert len(groups) == 2
    assert run_groups().isdisjoint(groups)
    assert not [name for name in run_groups() if int(name.split("-")[2]) not in pids()]


@needs_quota
def test_the_group_is_removed_when_the_caller_is_killed(subject: Binary, family: Family) -> None:
    script = (
        "import sys\n"
        "from schedlab import process\n"
        "with process.start(sys.argv[1], ['tree', 1, 2], quota=process.CpuQuota(0.5)) as live:\n"
        "    live.wait_for_line('ready', 120)\n"
        "    print(live.pid, flush=True)\n"
        "    live.wait()\n"
    )
    command = [sys.executable, "-c", script, str(subject.path)]
    for _ in range(5):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as popen:
            assert popen.stdout is not None
            group = group_of(popen.stdout.readline().strip())
            assert group.is_dir()
            popen.kill()
            family.wait_gone()
        assert not group.exists()


@needs_quota
def test_the_group_of_a_killed_supervisor_is_removed_by_the_next_run(subject: Binary, family: Family) -> None:
    quota = process.CpuQuota(0.5)
    live = process.start(subject, ["sleep"], quota=quota)
    group = group_of(live.pid)
    os.kill(int(group.name.split("-")[2]), signal.SIGKILL)
    with pytest.raises(process.SupervisorLost):
        live.wait()
    family.wait_gone()
    assert group.is_dir()
    process.run(subject, ["exit", 0], quota=quota)
    assert not group.exists()


@needs_quota
def test_a_quota_that_cannot_be_had(subject: Binary, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(quota_module, "find_place", lambda: Place(1, tmp_path))
    with pytest.raises(process.QuotaUnavailable, match="cannot be made or joined"):
        process.run(subject, ["exit", 0], quota=process.CpuQuota(0.5))
    assert list(tmp_path.iterdir()) == []


def pids() -> set[int]:
    return {int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit()}
