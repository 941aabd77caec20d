"""Workloads as YAML: what a person writes.

A file names GOMAXPROCS, what goroutines share, and their programs::

    procs: 2
    channels: {jobs: 16}
    goroutines:
      producer:
        steps:
          - repeat: 1000
            steps:
              - compute: 20us
              - send: jobs
          - close: jobs
      worker:
        count: 4
        steps:
          - repeat: 250
            steps:
              - receive: jobs
              - compute: {exponential: 80us}

Steps: ``compute``, ``sleep``, ``syscall``, ``blocking_syscall``, ``cgo``, ``network`` with a duration;
``send``, ``receive``, ``close`` with a channel; ``lock``, ``unlock`` with a mutex; ``add`` (``{group: n}``),
``done``, ``wait`` with a wait group; ``read``, ``write`` with one of ``connections``; ``spawn`` with a
program, or ``{program: n}``; ``alloc`` with bytes (``64KiB``), ``keep`` if they are never garbage;
``repeat`` with ``steps``, ``range`` with a channel and ``steps``; ``yield``, ``join``, ``lock_thread``,
``unlock_thread`` alone. ``heap`` has ``live`` and ``gogc``; ``scan``, how much of it has to be looked at, if
not all; ``chained: true`` if it is a linked list, which only one can mark at a time.

A ``select`` has a list of cases, each with ``steps`` if it is to do something, and perhaps a default. C may
call back into Go::

    - select:
        - receive: jobs
          steps: [{compute: 50us}]
        - send: results
        - default: [{sleep: 1ms}]
    - cgo: 200us
      callback: [{compute: 20us}]
      after: 100us
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import yaml

from schedlab.sim import workload as w
from schedlab.sim.durations import parsed, time_ns
from schedlab.sim.errors import BadWorkload

_LONGEST_FILE: Final = 4 << 20
_MOST_STEPS: Final = 100_000
_DEEPEST: Final = 20
_BYTES: Final = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(B|KiB|MiB|GiB)?\s*")
_UNITS: Final = {None: 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_KEYS: Final = ("procs", "channels", "connections", "heap", "goroutines")

_ALONE: Final[Mapping[str, Callable[[], w.Step]]] = MappingProxyType(
    {"yield": w.Yield, "join": w.Join, "lock_thread": w.LockThread, "unlock_thread": w.UnlockThread}
)
_TIMED: Final[Mapping[str, Callable[[Any], w.Step]]] = MappingProxyType(
    {
        "compute": w.Compute,
        "sleep": w.Sleep,
        "syscall": w.Syscall,
        "blocking_syscall": lambda duration: w.Syscall(duration, blocking=True),
        "network": w.Network,
    }
)
_NAMED: Final[Mapping[str, Callable[[str], w.Step]]] = MappingProxyType(
    {
        "send": w.Send,
        "receive": w.Receive,
        "close": w.Close,
        "lock": w.Lock,
        "unlock": w.Unlock,
        "done": w.Done,
        "wait": w.Wait,
        "read": w.Read,
        "write": w.Write,
    }
)
_COUNTED: Final[Mapping[str, Callable[[str, int], w.Step]]] = MappingProxyType(
    {"spawn": w.Spawn, "add": w.Add}
)
STEPS: Final = (*_ALONE, *_TIMED, *_NAMED, *_COUNTED, "cgo", "select", "alloc", "keep", "range", "repeat")


def load(path: Path | str) -> w.Workload:
    """The workload in a file.

    Raises:
        BadWorkload: there is none; the message names the goroutine and the step.
    """
    file = Path(path)
    try:
        if file.stat().st_size > _LONGEST_FILE:
            raise BadWorkload(f"{file.name} has more than {_LONGEST_FILE >> 20} MiB: it is no workload")
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise BadWorkload(f"{file} cannot be read: {error.strerror}", remedy="Name a YAML file.") from error
    except UnicodeDecodeError as error:
        raise BadWorkload(f"{file.name} is no text in UTF-8") from error
    return parse(text)


def parse(text: str) -> w.Workload:
    """The workload in a YAML text.

    Raises:
        BadWorkload: there is none; the message names the goroutine and the step.
    """
    try:
        given = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise BadWorkload(f"this is no YAML: {str(error).splitlines()[0]}") from error
    if not isinstance(given, dict) or not isinstance(given.get("goroutines"), dict):
        raise BadWorkload(
            "a workload has a table of goroutines", remedy="See schedlab sim --help for an example."
        )
    _only(given, _KEYS, "the workload")
    reader = _Reader()
    programs = tuple(reader.program(str(name), value) for name, value in given["goroutines"].items())
    return w.Workload(
        programs=programs,
        procs=_number(given.get("procs", 2), "procs", 1),
        channels={
            str(name): _number(room, f"channel {str(name)!r}", 0)
            for name, room in _table(given, "channels").items()
        },
        connections={
            str(name): time_ns(latency, f"connection {str(name)!r}")
            for name, latency in _table(given, "connections").items()
        },
        heap=_heap(_table(given, "heap")),
    )


class _Reader:
    """Counts the steps: a few lines of YAML with aliases can name more than any memory holds."""

    def __init__(self) -> None:
        self.count = 0

    def program(self, name: str, given: object) -> w.Program:
        where = f"goroutine {name!r}"
        if not isinstance(given, dict) or not isinstance(given.get("steps"), list):
            raise BadWorkload(f"{where}: there is no list of steps")
        _only(given, ("count", "steps"), where)
        return w.Program(
            name, self.steps(given["steps"], name, ""), _number(given.get("count", 1), f"{where}: count", 0)
        )

    def steps(self, given: list[object], name: str, before: str) -> tuple[w.Step, ...]:
        if before.count(".") > _DEEPEST:
            raise BadWorkload(f"goroutine {name!r}, step {before[:-1]}: repeats are nested too deep")
        return tuple(self.step(one, name, f"{before}{number}") for number, one in enumerate(given, 1))

    def step(self, given: object, name: str, number: str) -> w.Step:
        self.count += 1
        if self.count > _MOST_STEPS:
            raise BadWorkload(f"there are more than {_MOST_STEPS} steps", remedy="Use repeat.")
        at = f"goroutine {name!r}, step {number}"
        if isinstance(given, str) and given in _ALONE:
            return _ALONE[given]()
        if isinstance(given, dict) and "repeat" in given:
            return self.repeat(given, name, number, at)
        if isinstance(given, dict) and "range" in given:
            return self.range(given, name, number, f"{at} (range)")
        if isinstance(given, dict) and "cgo" in given:
            return self.cgo(given, name, number, f"{at} (cgo)")
        if isinstance(given, dict) and given.keys() == {"select"}:
            return self.select(given["select"], name, number, f"{at} (select)")
        if not isinstance(given, dict) or len(given) != 1:
            raise BadWorkload(f"{at}: {given!r} is no step", remedy=f"There are: {', '.join(STEPS)}.")
        kind, value = next(iter(given.items()))
        return _step(str(kind), value, f"{at} ({kind})")

    def repeat(self, given: dict[object, object], name: str, number: str, at: str) -> w.Step:
        _only(given, ("repeat", "steps"), at)
        inner = given.get("steps")
        if not isinstance(inner, list):
            raise BadWorkload(f"{at} (repeat): there is no list of steps")
        times = _number(given["repeat"], f"{at} (repeat)", 0)
        return w.Repeat(times, self.steps(inner, name, f"{number}."))

    def range(self, given: dict[object, object], name: str, number: str, at: str) -> w.Step:
        _only(given, ("range", "steps"), at)
        inner = given.get("steps")
        if not isinstance(inner, list):
            raise BadWorkload(f"{at}: there is no list of steps")
        return w.Range(_name(given["range"], at), self.steps(inner, name, f"{number}."))

    def cgo(self, given: dict[object, object], name: str, number: str, at: str) -> w.Step:
        _only(given, ("cgo", "callback", "after"), at)
        duration = parsed(given["cgo"], at)
        callback = given.get("callback", [])
        if not isinstance(callback, list):
            raise BadWorkload(f"{at}: a callback has a list of steps")
        after = parsed(given["after"], at) if "after" in given else 0
        return w.Cgo(duration, self.steps(callback, name, f"{number}."), after)

    def select(self, given: object, name: str, number: str, at: str) -> w.Step:
        if not isinstance(given, list):
            raise BadWorkload(f"{at}: a select has a list of cases")
        cases: list[w.Send | w.Receive | w.Case] = []
        default: bool | tuple[w.Step, ...] = False
        for place, one in enumerate(given, 1):
            match one:
                case "default":
                    default = True
                case {"default": [*steps], **rest} if not rest:
                    default = self.steps(steps, name, f"{number}.{place}.")
                case {"send": channel, **rest}:
                    cases.append(self.case(w.Send(_name(channel, at)), rest, name, f"{number}.{place}.", at))
                case {"receive": channel, **rest}:
                    cases.append(
                        self.case(w.Receive(_name(channel, at)), rest, name, f"{number}.{place}.", at)
                    )
                case _:
                    raise BadWorkload(
                        f"{at}: {one!r} is no case",
                        remedy="Write send: C, receive: C, or default, each with steps if it has a body.",
                    )
        return w.Select(tuple(cases), default)

    def case(
        self, on: w.Send | w.Receive, rest: dict[Any, Any], name: str, before: str, at: str
    ) -> w.Send | w.Receive | w.Case:
        if not rest:
            return on
        _only(rest, ("steps",), f"{at}: a case")
        if not isinstance(rest.get("steps"), list):
            raise BadWorkload(f"{at}: a case has a list of steps")
        return w.Case(on, self.steps(rest["steps"], name, before))


def _step(kind: str, value: object, at: str) -> w.Step:
    if kind in _TIMED:
        return _TIMED[kind](parsed(value, at))
    if kind in _NAMED:
        return _NAMED[kind](_name(value, at))
    if kind in _COUNTED:
        if isinstance(value, dict) and len(value) == 1:
            name, count = next(iter(value.items()))
            return _COUNTED[kind](_name(name, at), _number(count, at, 0))
        return _COUNTED[kind](_name(value, at), 1)
    if kind in ("alloc", "keep"):
        return w.Alloc(_bytes(value, at), kept=kind == "keep")
    raise BadWorkload(f"{at}: there is no step {kind!r}", remedy=f"There are: {', '.join(STEPS)}.")


def _heap(given: Mapping[Any, Any]) -> w.Heap:
    _only(given, ("live", "gogc", "scan", "chained"), "heap")
    gogc = given.get("gogc", 100 if given else -1)
    if gogc == "off" or gogc is False:
        gogc = -1
    return w.Heap(
        _bytes(given.get("live", 0), "heap: live"),
        _number(gogc, "heap: gogc", -1),
        _bytes(given.get("scan", 0), "heap: scan"),
        given.get("chained", False) is True,
    )


def _table(given: Mapping[Any, Any], key: str) -> Mapping[Any, Any]:
    value = given.get(key) or {}
    if not isinstance(value, dict):
        raise BadWorkload(f"{key}: {value!r} is no table of names and values")
    return value


def _only(given: Mapping[Any, Any], known: tuple[str, ...], where: str) -> None:
    unknown = [str(key) for key in given if key not in known]
    if unknown:
        raise BadWorkload(
            f"{where}: {unknown[0]!r} is not known there", remedy=f"There are: {', '.join(known)}."
        )


def _name(value: object, at: str) -> str:
    if not isinstance(value, str) or not value:
        raise BadWorkload(f"{at}: {value!r} is no name")
    return value


def _number(value: object, where: str, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise BadWorkload(f"{where}: {value!r} is no whole number from {least} on")
    return value


def _bytes(value: object, at: str) -> int:
    match = _BYTES.fullmatch(str(value))
    if isinstance(value, bool) or match is None:
        raise BadWorkload(
            f"{at}: {value!r} is no number of bytes", remedy="Write 64KiB, 1.5MiB, or a plain number."
        )
    return int(float(match[1]) * _UNITS[match[2]])
