"""Goroutines at one moment, in groups with the same stack, whichever capture they come from."""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from schedlab.capture import goroutines, pprof
from schedlab.capture.errors import CaptureError
from schedlab.capture.goroutines import Goroutine, Place
from schedlab.diagnose.errors import WrongProfile

Stack = tuple[Place, ...]

# The frame of the runtime, or of sync, in which a goroutine waits, as in profiles, and the runtime's words
# for that wait (waitReasonStrings in runtime2.go). The first that is found from the leaf on counts.
_WAITS: Mapping[str, str] = {
    "runtime.chanrecv": "chan receive",
    "runtime.chansend": "chan send",
    "runtime.selectgo": "select",
    "runtime.block": "select (no cases)",
    "runtime.netpollblock": "IO wait",
    "runtime.timeSleep": "sleep",
    "time.Sleep": "sleep",
    "runtime.notifyListWait": "sync.Cond.Wait",
    "sync.runtime_notifyListWait": "sync.Cond.Wait",
    "sync.runtime_SemacquireWaitGroup": "sync.WaitGroup.Wait",
    "sync.(*WaitGroup).Wait": "sync.WaitGroup.Wait",
    "sync.runtime_SemacquireRWMutexR": "sync.RWMutex.RLock",
    "sync.(*RWMutex).RLock": "sync.RWMutex.RLock",
    "sync.runtime_SemacquireRWMutex": "sync.RWMutex.Lock",
    "sync.(*RWMutex).Lock": "sync.RWMutex.Lock",
    "sync.(*Mutex).Lock": "sync.Mutex.Lock",
}


@dataclass(frozen=True, slots=True)
class Group:
    """Goroutines with one stack, the leaf first and without the runtime's own frames.

    ``ids``, ``oldest_min`` and ``creator`` are of a text; a profile has none of them (None, 0, None).
    ``leaked`` counts those that the runtime's leak detection proved.
    """

    stack: Stack
    waits_for: str
    count: int
    leaked: int = 0
    ids: frozenset[int] | None = None
    oldest_min: int = 0
    creator: Place | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All goroutines at one moment. ``time_ns`` since 1970, 0 if unknown.

    ``proofs``: the runtime looked for leaks before. ``only_leaked``: only proved ones are in it, as in a
    profile of the kind goroutineleak. ``notes`` say what was wrong with the capture.
    """

    source: str
    groups: Mapping[Stack, Group]
    time_ns: int = 0
    proofs: bool = False
    only_leaked: bool = False
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return sum(group.count for group in self.groups.values())

    @property
    def ids(self) -> frozenset[int] | None:
        """Of all goroutines; None if the capture names none."""
        known = [group.ids for group in self.groups.values()]
        if any(ids is None for ids in known) or not known:
            return None
        return frozenset().union(*(ids for ids in known if ids is not None))


def load(path: str | os.PathLike[str]) -> Snapshot:
    """A saved capture: text of ``debug=2``, or a profile of the kind goroutine or goroutineleak.

    Raises:
        CaptureError: it cannot be read, or is neither.
        WrongProfile: a profile of another kind.
    """
    name = os.fspath(path)
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise CaptureError(f"cannot read {name!r}: {error.strerror or error}") from error
    return from_bytes(data, name)


def from_bytes(data: bytes, source: str, *, time_ns: int = 0) -> Snapshot:
    """The same of the bytes of a capture, which messages call ``source``."""
    try:
        if (text := _text_of(data)) is not None:
            return from_dump(goroutines.parse(text), source, time_ns=time_ns)
        return from_profile(pprof.parse(data), source)
    except CaptureError as error:
        raise type(error)(f"{source}: {error.message}", remedy=error.remedy) from error


def from_dump(dump: goroutines.Dump, source: str, *, time_ns: int = 0) -> Snapshot:
    """The groups of a text, without the goroutines that wrote it."""
    together: defaultdict[Stack, list[Goroutine]] = defaultdict(list)
    for goroutine in dump.goroutines:
        if not _looks_at_itself(goroutine.stack):
            together[own(goroutine.stack)].append(goroutine)
    groups = {stack: _group(stack, members) for stack, members in together.items()}
    notes = ("it ends in the middle of a stack",) if dump.cut else ()
    proofs = any(group.leaked for group in groups.values())
    return Snapshot(source, groups, time_ns, proofs=proofs, notes=notes)


def from_profile(profile: pprof.Profile, source: str) -> Snapshot:
    """The groups of a profile of the kind goroutine or goroutineleak.

    Raises:
        WrongProfile: it is of another kind.
    """
    kinds = [kind.type for kind in profile.sample_types]
    if kinds not in (["goroutine"], ["goroutineleak"]):
        raise WrongProfile(
            f"{source} is a profile of {', '.join(kinds) or 'nothing'}, not of goroutines",
            remedy="Take /debug/pprof/goroutine?debug=2, or /debug/pprof/goroutine.",
        )
    counts: Counter[Stack] = Counter()
    waits: dict[Stack, str] = {}
    for stack_id, count in zip(profile.stack_ids.tolist(), profile.values[:, 0].tolist(), strict=True):
        frames = tuple(Place(f.function, f.file, f.line) for f in profile.stacks[stack_id])
        if _looks_at_itself(frames):
            continue
        counts[own(frames)] += count
        waits.setdefault(own(frames), wait_of(frames))
    leaked = kinds == ["goroutineleak"]
    groups = {
        stack: Group(stack, waits[stack], count, leaked=count if leaked else 0)
        for stack, count in counts.items()
        if count > 0
    }
    return Snapshot(source, groups, profile.time_ns, proofs=leaked, only_leaked=leaked)


def own(stack: Stack) -> Stack:
    """A stack without the runtime's frames, which profiles have and texts leave out."""
    return tuple(place for place in stack if not place.function.startswith("runtime."))


def wait_of(stack: Stack) -> str:
    """What the frames say that a goroutine waits for; "running" if it seems to wait for nothing."""
    names = [place.function for place in stack]
    return next((_WAITS[name] for name in names if name in _WAITS), "running")


def _group(stack: Stack, members: list[Goroutine]) -> Group:
    reason, _ = Counter(member.waits_for for member in members).most_common(1)[0]
    creators = Counter(member.creator for member in members if member.creator is not None)
    # Releases differ in how they call a wait for a WaitGroup or a lock; the frames do not.
    by_frames = wait_of(stack)
    if reason == "semacquire" and by_frames != "running":
        reason = by_frames
    return Group(
        stack=stack,
        waits_for=reason,
        count=len(members),
        leaked=sum(member.leaked for member in members),
        ids=frozenset(member.id for member in members),
        oldest_min=max(member.waited_min for member in members),
        creator=creators.most_common(1)[0][0] if creators else None,
    )


def _looks_at_itself(stack: Stack) -> bool:
    """Whether it is the goroutine that writes the profile."""
    return any(place.function.startswith(("net/http/pprof.", "runtime/pprof.")) for place in stack)


def _text_of(data: bytes) -> str | None:
    """The text of a dump, gzipped or not; None if this is no text."""
    if data[:2] == b"\x1f\x8b":
        try:
            start = zlib.decompressobj(wbits=31).decompress(data, 512)
        except zlib.error:
            return None
        if not _is_text(start):
            return None
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise CaptureError(f"its gzip is damaged: {error}") from error
    return data.decode(errors="replace") if _is_text(data[:512]) else None


def _is_text(start: bytes) -> bool:
    """Whether it begins as a text does, or names a goroutine although it does not."""
    printable = all(byte >= 32 or byte in b"\t\n\r" for byte in start)
    return printable or re.match(rb"\s*goroutine \d+ ", start) is not None
