"""A diagnosis as a learner writes it, in ``diagnosis.toml``. It is not trusted."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from schedlab.learn.labs.attempt import Misbehaved
from schedlab.learn.labs.work import INCIDENT

DIAGNOSIS = "diagnosis.toml"

CAUSES: Mapping[str, str] = {
    "allocation_burst": "somebody allocates so much that all who allocate must help the collector",
    "blocking_calls": "many goroutines are in blocking system calls at once, each with a thread",
    "computing_burst": "many goroutines that compute for long are started at once and take every P",
    "deadlock": "goroutines wait for each other in a circle",
    "garbage_collector": "the collector of the Go runtime stops the service for too long",
    "go_scheduler": "the scheduler of the Go runtime does not find the goroutines that are ready",
    "goroutine_leak": "goroutines are started that never end",
    "hand_overs": "goroutines hand single values to and fro, and wake a P for each",
    "lock_held": "a lock is held during something slow, and others queue for it",
    "slow_network": "another service answers slowly, and every order waits for it",
    "stopped_world": "somebody stops the world again and again, as for memory statistics",
    "too_many_ps": "GOMAXPROCS is above what the CPU quota pays for",
    "unpreemptible_loop": "a loop cannot be preempted, and keeps its P from a stop of the world",
}
"""What a diagnosis can say. Not all of them are ever true."""

OF_THE_RUNTIME = frozenset({"garbage_collector", "go_scheduler"})

_FIELDS = ("cause", "file", "line", "evidence")
_LONGEST_BYTES = 1 << 16
_LONGEST_PATH = 400
_HIGHEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A cause, one of ``CAUSES``; the name of a file, without folders; a line, from 1."""

    cause: str
    file: str
    line: int


def read(files: Mapping[str, bytes]) -> Diagnosis:
    """The diagnosis among an answer's files.

    Raises:
        Misbehaved: there is none, or it cannot be judged; the code says why.
    """
    if DIAGNOSIS not in files:
        raise Misbehaved(
            "no_diagnosis",
            f"There is no {DIAGNOSIS} in your folder. Copy the one in starter/; your captures stay.",
        )
    data = _toml(DIAGNOSIS, files[DIAGNOSIS])
    for key in sorted(data):
        if key not in _FIELDS:
            raise Misbehaved(
                "bad_field", f"{DIAGNOSIS}: {_short(key)} is no field; there are {', '.join(_FIELDS)}."
            )
    cause, file = _text(data, "cause"), _text(data, "file")
    line = data.get("line", 0)
    _text(data, "evidence")
    if isinstance(line, bool) or not isinstance(line, int) or not 0 <= line < _HIGHEST:
        raise Misbehaved("bad_field", f"{DIAGNOSIS}: line must be a whole number from 1 on, without quotes.")
    if len(file) > _LONGEST_PATH or not file.isprintable():
        raise Misbehaved("bad_field", f'{DIAGNOSIS}: file must be the name of a file, such as "main.go".')
    missing = [key for key, value in (("cause", cause), ("file", file), ("line", line)) if not value]
    if missing:
        raise Misbehaved(
            "not_filled_in",
            f"{' and '.join(missing)} still to be filled in. What do the captures show: who waits, for what, "
            "and who is it that makes them wait?",
        )
    if cause not in CAUSES:
        raise Misbehaved(
            "unknown_cause", f"{_short(cause)} is no cause that is known here; there are {', '.join(CAUSES)}."
        )
    # A stack has whole paths; with those of Windows nothing here is recorded.
    return Diagnosis(cause, PurePosixPath(file).name, line)


def incident_number(files: Mapping[str, bytes]) -> int:
    """The number of the incident that an answer is about.

    Raises:
        Misbehaved: there is none.
    """
    found = _toml(INCIDENT, files[INCIDENT]).get("number") if INCIDENT in files else None
    if isinstance(found, bool) or not isinstance(found, int) or not 0 < found < _HIGHEST:
        raise Misbehaved(
            "no_incident",
            f"{INCIDENT} does not say which incident this is. Its number is in the first line of "
            'incident.md: let the file say "number = …", or begin anew with reset.',
        )
    return found


def _text(data: Mapping[str, object], key: str) -> str:
    value = data.get(key, "")
    if not isinstance(value, str):
        raise Misbehaved("bad_field", f'{DIAGNOSIS}: {key} must be text in quotes, such as "main.go".')
    return value.strip()


def _toml(name: str, content: bytes) -> Mapping[str, object]:
    if len(content) > _LONGEST_BYTES:
        raise Misbehaved("bad_toml", f"{name} is longer than {_LONGEST_BYTES >> 10} KiB.")
    try:
        return tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError:
        raise Misbehaved("bad_toml", f"{name} is not UTF-8 text.") from None
    except RecursionError:
        raise Misbehaved("bad_toml", f"{name} is nested too deeply.") from None
    except ValueError as error:
        raise Misbehaved(
            "bad_toml", f'{name} is no TOML: {_short(str(error))}. Text stands in quotes: cause = "deadlock".'
        ) from None


def _short(text: str) -> str:
    shown = text if len(text) <= 80 else f"{text[:79]}…"
    return shown if shown.isprintable() else repr(shown)
