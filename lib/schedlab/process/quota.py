"""CPU quotas: where this process may make a control group, on cgroup v1 and on v2."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from schedlab.errors import UsageError
from schedlab.process.errors import QuotaUnavailable

if TYPE_CHECKING:
    from schedlab.process._messages import GroupSpec

Version = Literal[1, 2]

# The kernel's own bounds, in microseconds (max_cfs_quota_period, min_cfs_quota_period in kernel/sched).
_LONGEST_PERIOD_US = 1_000_000
_SHORTEST_US = 1_000

_HOME = "schedlab-home"
_RUN_GROUP = re.compile(r"schedlab-(\d+)-(\d+)-(\d+)")


@dataclass(frozen=True, slots=True)
class CpuQuota:
    """At most ``cpus`` CPUs' worth of time in each period of ``period_us`` microseconds.

    Raises:
        UsageError: outside the kernel's bounds: period 1 ms to 1 s, quota at least 1 ms per period.
    """

    cpus: float
    period_us: int = 100_000

    def __post_init__(self) -> None:
        if isinstance(self.period_us, bool) or not isinstance(self.period_us, int):
            raise UsageError(f"period_us: {self.period_us!r} is not a whole number")
        if not _SHORTEST_US <= self.period_us <= _LONGEST_PERIOD_US:
            raise UsageError(
                f"period_us: {self.period_us} is not from {_SHORTEST_US} to {_LONGEST_PERIOD_US}"
            )
        if not isinstance(self.cpus, int | float) or not math.isfinite(self.cpus):
            raise UsageError(f"cpus: {self.cpus!r} is not a number of CPUs")
        if self.quota_us < _SHORTEST_US:
            raise UsageError(f"cpus: {self.cpus} of {self.period_us} µs is less than {_SHORTEST_US} µs")

    @property
    def quota_us(self) -> int:
        """CPU time per period, in microseconds."""
        return round(self.cpus * self.period_us)


@dataclass(frozen=True, slots=True)
class QuotaSupport:
    """Whether ``CpuQuota`` works here, by which version of cgroups, and why (not), as a sentence."""

    available: bool
    version: Version | None
    reason: str


@dataclass(frozen=True, slots=True)
class ThrottleStats:
    """What the kernel counted in the run's group (cpu.stat): enforcement periods that had anything to
    run, how many of them ran out of quota, and the time that was waited for it, summed over CPUs, in ns.
    """

    nr_periods: int
    nr_throttled: int
    throttled_ns: int


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of a cgroup file system in which a group with a quota can be made.

    ``move_to_home``: its processes must first go to a group of their own below it, and its controller be
    switched on (v2: a group that has processes cannot hand controllers down).
    """

    version: Version
    folder: Path
    move_to_home: bool = False


def quota_support() -> QuotaSupport:
    """Whether a run can get a CPU quota here. Tries it where that changes nothing else."""
    try:
        place = find_place()
        if not place.move_to_home:
            _try(place)
    except QuotaUnavailable as error:
        return QuotaSupport(available=False, version=None, reason=error.message)
    return QuotaSupport(
        available=True, version=place.version, reason=f"cgroup v{place.version}: {place.folder} takes groups"
    )


def group_for(quota: CpuQuota) -> GroupSpec:
    """What the supervisor of a run has to make. Removes groups that dead supervisors left.

    Raises:
        QuotaUnavailable: no group with a quota can be made here.
    """
    place = find_place()
    if place.move_to_home:
        _move_to_home(place.folder)
    _remove_stale(place.folder)
    return {"parent": str(place.folder), "files": _files(place.version, quota)}


def parse_cpu_stat(text: str) -> ThrottleStats:
    """cpu.stat of v1 (``throttled_time``, ns) or v2 (``throttled_usec``)."""
    pairs = (line.split() for line in text.splitlines())
    counts = {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2}
    return ThrottleStats(
        nr_periods=counts.get("nr_periods", 0),
        nr_throttled=counts.get("nr_throttled", 0),
        throttled_ns=counts.get("throttled_time", counts.get("throttled_usec", 0) * 1000),
    )


def find_place(proc: Path = Path("/proc/self")) -> Place:
    """Where to make groups, from ``mountinfo`` and ``cgroup`` in ``proc`` (proc(5), cgroups(7)).

    A controller is on v1 or on v2, never on both; the two can be mounted side by side.

    Raises:
        QuotaUnavailable: nowhere; the message says why.
    """
    try:
        mounts = list(_mounts((proc / "mountinfo").read_text(encoding="utf-8", errors="surrogateescape")))
        memberships = (proc / "cgroup").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise QuotaUnavailable("CPU quotas need Linux control groups, and this system has none") from error
    own = {controllers: path for _, controllers, path in (_member(line) for line in memberships.splitlines())}
    for mount in mounts:
        if mount.kind == "cgroup" and "cpu" in mount.options:
            paths = [path for controllers, path in own.items() if "cpu" in controllers.split(",")]
            if paths:
                return _place_v1(_own_folder(mount, paths[0]))
    for mount in mounts:
        if mount.kind == "cgroup2" and "" in own:
            return _place_v2(_own_folder(mount, own[""]), mount.point)
    raise QuotaUnavailable("no cgroup file system with the cpu controller is mounted")


class _Mount(NamedTuple):
    root: str
    point: Path
    read_only: bool
    kind: str
    options: list[str]


def _mounts(mountinfo: str) -> Iterator[_Mount]:
    for line in mountinfo.splitlines():
        before, separator, after = line.partition(" - ")
        fields, kinds = before.split(" "), after.split(" ")
        if separator and len(fields) >= 6 and len(kinds) >= 3:
            yield _Mount(
                root=_unescaped(fields[3]),
                point=Path(_unescaped(fields[4])),
                read_only="ro" in fields[5].split(","),
                kind=kinds[0],
                options=kinds[2].split(","),
            )


def _unescaped(field: str) -> str:
    """mountinfo writes blank, tab, newline and backslash as three octal digits."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)


def _member(line: str) -> tuple[str, str, str]:
    """``2:cpu,cpuacct:/user.slice``; v2 is ``0::/user.slice``."""
    number, _, rest = line.partition(":")
    controllers, _, path = rest.partition(":")
    return number, controllers, path


def _own_folder(mount: _Mount, path: str) -> Path:
    if mount.read_only:
        raise QuotaUnavailable(f"{mount.point} is mounted read-only, as containers usually have it")
    if path != mount.root and not path.startswith(mount.root.rstrip("/") + "/"):
        raise QuotaUnavailable(f"this process's control group {path} is outside of what {mount.point} shows")
    folder = mount.point / path[len(mount.root) :].lstrip("/")
    if not folder.is_dir():
        raise QuotaUnavailable(f"this process's control group {folder} is not there")
    return folder


def _place_v1(own: Path) -> Place:
    if not _writable(own):
        raise QuotaUnavailable(f"this user may not make control groups in {own}")
    return Place(1, own)


def _place_v2(own: Path, top: Path) -> Place:
    """The nearest group, from the own one upwards, that hands the cpu controller down.

    A program that is put above a group escapes that group's limits, so a limit on the way ends the search.
    """
    if "cpu" not in _words(top / "cgroup.controllers"):
        raise QuotaUnavailable(f"{top} (cgroup v2) has no cpu controller")
    if not _hands_down_cpu(own) and is_delegated(own) and "cpu" in _words(own / "cgroup.controllers"):
        return Place(2, own, move_to_home=True)
    for group in (own, *own.parents):
        if _hands_down_cpu(group):
            if _writable(group) and _writable(group / "cgroup.procs"):
                return Place(2, group)
            raise QuotaUnavailable(
                f"this user may not make control groups in {group}",
                remedy="Start Jupyter with: systemd-run --user --scope -p Delegate=yes …",
            )
        limits = [name for name in ("cpu.max", "memory.max") if _words(group / name)[:1] not in ([], ["max"])]
        if limits:
            raise QuotaUnavailable(f"a program outside of {group} would escape its limit {limits[0]}")
        if group == top:
            break
    raise QuotaUnavailable(
        f"cgroup v2 hands the cpu controller down only from groups without processes, and {own} has some",
        remedy="Start Jupyter with: systemd-run --user --scope -p Delegate=yes …",
    )


def is_delegated(group: Path) -> bool:
    """Whether systemd gave this group to its processes to subdivide (``Delegate=yes``)."""
    for attribute in ("user.delegate", "trusted.delegate"):
        # Not Linux, no such attribute, or not root: not delegated.
        with suppress(AttributeError, OSError):
            if os.getxattr(group, attribute) == b"1":
                return True
    return False


def _hands_down_cpu(group: Path) -> bool:
    return "cpu" in _words(group / "cgroup.subtree_control")


def _words(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="ascii").split()
    except OSError:
        return []


def _writable(path: Path) -> bool:
    return os.access(path, os.W_OK)


def _files(version: Version, quota: CpuQuota) -> list[tuple[str, str]]:
    if version == 1:
        return [("cpu.cfs_period_us", str(quota.period_us)), ("cpu.cfs_quota_us", str(quota.quota_us))]
    return [("cpu.max", f"{quota.quota_us} {quota.period_us}")]


def _try(place: Place) -> None:
    """Make a group with a quota and remove it. ``mkdir`` alone does not tell: files may be missing."""
    group = place.folder / f"schedlab-try-{os.getpid()}-{os.urandom(4).hex()}"
    try:
        group.mkdir()
    except OSError as error:
        raise QuotaUnavailable(f"no control group can be made in {place.folder}: {error.strerror}") from error
    try:
        for name, value in _files(place.version, CpuQuota(0.5)):
            descriptor = os.open(group / name, os.O_WRONLY)
            try:
                os.write(descriptor, value.encode())
            finally:
                os.close(descriptor)
    except OSError as error:
        raise QuotaUnavailable(f"a control group takes no {name}: {error.strerror}") from error
    finally:
        group.rmdir()


def _move_to_home(folder: Path) -> None:
    """Make a delegated v2 group able to hand down the cpu controller.

    systemd's documents (CGROUP_DELEGATION) tell the owner of a delegated group to do just this.
    """
    home = folder / _HOME
    try:
        home.mkdir(exist_ok=True)
        # A process may be forked into the old group while the others are moved.
        for _ in range(20):
            for pid in _words(folder / "cgroup.procs"):
                _move(pid, home)
            try:
                (folder / "cgroup.subtree_control").write_text("+cpu", encoding="ascii")
            except OSError as error:
                last = error
            else:
                return
        raise last
    except OSError as error:
        raise QuotaUnavailable(f"{folder} cannot be divided: {error.strerror}") from error


def _move(pid: str, home: Path) -> None:
    with suppress(ProcessLookupError):
        (home / "cgroup.procs").write_text(pid, encoding="ascii")


def _remove_stale(folder: Path) -> None:
    """Remove empty groups whose supervisor is no more: it was itself killed."""
    try:
        namespace = str(Path("/proc/self/ns/pid").stat().st_ino)
        groups = [(entry, _RUN_GROUP.fullmatch(entry.name)) for entry in folder.iterdir()]
    except OSError:
        return
    for group, match in groups:
        # Pids of another pid namespace say nothing here.
        if match and match[1] == namespace and _started(match[2]) != match[3]:
            # Still busy, or removed by another kernel meanwhile: either is fine.
            with suppress(OSError):
                group.rmdir()


def _started(pid: str) -> str | None:
    """When a process started, in clock ticks since boot; None if there is none of that number."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return None
