"""The shapes of the messages between a caller and its supervisor; each is a dict in a frame."""

from __future__ import annotations

from typing import Literal, TypedDict

Stage = Literal["quota", "affinity", "cwd", "confinement", "exec"]
EndedBy = Literal["program", "wall limit", "stop", "caller"]


class GroupSpec(TypedDict):
    """A control group to make below ``parent``, and what to write into its files, in order."""

    parent: str
    files: list[tuple[str, str]]


class ConfinementSpec(TypedDict):
    """What the program may not do: limits by name, whether it may start processes, where it may write."""

    limits: list[tuple[str, int]]
    children: bool
    writable: list[bytes] | None


class Spec(TypedDict):
    """Caller to supervisor, first: what to start. Names and arguments are bytes, as exec takes them."""

    program: bytes
    argv: list[bytes]
    environment: dict[bytes, bytes]
    cwd: bytes | None
    stdin_fd: int | None
    cpus: list[int] | None
    wall_limit_ns: int | None
    group: GroupSpec | None
    confinement: ConfinementSpec | None


class Order(TypedDict):
    """Caller to supervisor, later: a signal for the program, and how long it may live after it."""

    signal: int
    grace_ns: int | None


class Started(TypedDict):
    """Supervisor to caller, once exec has worked."""

    kind: Literal["started"]
    pid: int


class Failed(TypedDict):
    """Supervisor to caller: the program could not be started."""

    kind: Literal["failed"]
    stage: Stage
    errno: int


class Crashed(TypedDict):
    """Supervisor to caller: a defect of the supervisor itself."""

    kind: Literal["crashed"]
    traceback: str


class Ended(TypedDict):
    """Supervisor to caller, last: how the program ended; no descendant is left but ``left_pids``."""

    kind: Literal["ended"]
    ended_by: EndedBy
    wait_status: int | None
    wall_ns: int
    user_ns: int
    system_ns: int
    machine_cpu_ns: int | None
    max_rss: int
    voluntary_switches: int
    involuntary_switches: int
    left_pids: list[int]
    cpu_stat: str | None


Report = Started | Failed | Crashed | Ended
