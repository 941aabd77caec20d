"""Goroutines that never end: found by evidence of several kinds, with the line where they stay.

>>> report = leaks.watch("127.0.0.1:6060", seconds=10)     # doctest: +SKIP
>>> report = leaks.examine(leaks.load(["a.txt", "b.txt"]))  # doctest: +SKIP
>>> report.outcome, report.causes                          # doctest: +SKIP

What counts as evidence, and how it must agree:

- **Growth.** A group of goroutines with the same stack grew over the snapshots, and grew on in their second
  half. What only grew at first has reached a plateau, as a pool does.
- **Nobody left.** The text of ``debug=2`` has the goroutines' ids: of those that were there before, nine in
  ten must still be there. Traffic that rises brings more goroutines too, but others than before.
- **New ones.** They did not exist at the first look. Workers that become idle gather at one line, too.
- **The runtime's proof.** Since Go 1.27 (in 1.26 with GOEXPERIMENT=goroutineleakprofile) a collection can
  find goroutines that wait for something that nobody else can reach (``findGoroutineLeaks`` in mgc.go).
  That is certain, and not complete: a channel in a global variable can be reached.
- **What cannot end by its nature**: a nil channel.
- **Age.** The text says how many minutes a goroutine has waited. A lock waited for that long is stuck.

Growth needs "nobody left" beside it, where ids are known; a proof needs nothing.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from schedlab.capture import endpoint
from schedlab.capture.endpoint import EndpointError
from schedlab.capture.goroutines import Place
from schedlab.diagnose import _causes, _growth
from schedlab.diagnose._growth import Series
from schedlab.diagnose._snapshots import Group, Snapshot, Stack, from_bytes
from schedlab.diagnose._snapshots import load as _load_one
from schedlab.diagnose.errors import MixedCaptures, NotEnoughEvidence
from schedlab.errors import UsageError

if TYPE_CHECKING:
    # Half a second to import: only who asks for a table waits for it.
    import pandas as pd

__all__ = [
    "Cause",
    "Confidence",
    "Indicator",
    "Outcome",
    "Report",
    "Snapshot",
    "examine",
    "load",
    "snapshot",
    "watch",
]

DEFAULT_SECONDS = 10.0
DEFAULT_SNAPSHOTS = 7
# To write the stacks of so many as text stops a server for seconds (runtime.Stack with all, in mprof.go), and
# pprof gives up at 64 MiB of it. A profile of them is made while the server goes on, but has no ids.
_MANY = 20_000
# A lock is stuck if somebody has waited for it for so many minutes.
_STUCK_MIN = 1


class Outcome(StrEnum):
    """What follows from the evidence."""

    NO_LEAK = "no leak"
    LEAK = "leak"


class Confidence(StrEnum):
    """PROVED by the runtime, or by the wait's nature; STRONG: growth and ids agree; LIKELY: growth alone.

    SUSPECT: it grew, and less in the second half, or in the last snapshot only, or by goroutines that were
    somewhere else before: perhaps a plateau, a burst, or idle workers. It makes no leak of the outcome.
    """

    PROVED = "proved"
    STRONG = "strong"
    LIKELY = "likely"
    SUSPECT = "suspect"


_RANK = {confidence: rank for rank, confidence in enumerate(Confidence)}


@dataclass(frozen=True, slots=True)
class Cause:
    """Goroutines that stay for one reason. ``counts`` has a number per snapshot.

    ``place`` is the innermost line of the program's own, ``code`` its text if the file is here; ``creator``
    is where the goroutine was started, if known. ``per_minute`` is how many come, None if times are unknown.
    ``evidence`` are sentences; ``reason`` and ``fix`` are those of the kind of wait.
    """

    kind: str
    place: Place
    code: str
    creator: Place | None
    waits_for: str
    counts: tuple[int, ...]
    proved: int
    per_minute: float | None
    oldest_min: int
    confidence: Confidence
    evidence: tuple[str, ...]
    reason: str
    fix: str
    stack: Stack


@dataclass(frozen=True, slots=True)
class Indicator:
    """A number of this program beside what is usual for it: ``threshold`` is made of its own ``baseline``."""

    name: str
    value: float
    baseline: float
    threshold: float
    meaning: str

    @property
    def exceeded(self) -> bool:
        return self.value > self.threshold


@dataclass(frozen=True, slots=True)
class Report:
    """``causes``, the surest and then the largest first; ``seconds`` from first to last, None if unknown."""

    outcome: Outcome
    causes: tuple[Cause, ...]
    indicators: tuple[Indicator, ...]
    totals: tuple[int, ...]
    seconds: float | None
    sources: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def leaks(self) -> tuple[Cause, ...]:
        """The causes that make a leak of it: all but suspects."""
        return tuple(cause for cause in self.causes if cause.confidence is not Confidence.SUSPECT)

    def to_pandas(self) -> pd.DataFrame:
        """A row per cause: where they stay, how many, why, how sure."""
        import pandas as pd

        columns = ["line", "code", "waits for", "goroutines", "proved", "confidence", "cause"]
        rows = [
            (
                f"{cause.place.file.rpartition('/')[2]}:{cause.place.line}",
                cause.code,
                cause.waits_for,
                cause.counts[-1],
                cause.proved,
                str(cause.confidence),
                cause.kind,
            )
            for cause in self.causes
        ]
        return pd.DataFrame(rows, columns=columns)

    def indicators_to_pandas(self) -> pd.DataFrame:
        """A row per indicator: its value, what is usual in this program, and the threshold made of that."""
        import pandas as pd

        columns = ["indicator", "value", "usual here", "threshold", "exceeded"]
        rows = [(i.name, i.value, i.baseline, i.threshold, i.exceeded) for i in self.indicators]
        return pd.DataFrame(rows, columns=columns)


def watch(
    program: str,
    *,
    seconds: float = DEFAULT_SECONDS,
    snapshots: int = DEFAULT_SNAPSHOTS,
    prove: bool = True,
    before: Callable[[int], None] = lambda _: None,
) -> Report:
    """Look at a living server several times, and say what stays.

    ``program`` is HOST:PORT or http://HOST:PORT, with net/http/pprof. Each look stops the program while it
    writes all stacks: some milliseconds for a thousand goroutines. From twenty thousand on profiles are taken
    instead, which do not name goroutines: growth decides then, and the runtime's proof. ``prove`` has the
    last look begin with a garbage collection that searches for leaks, if the release can. ``before`` is
    called before each look.

    Raises:
        UsageError: no address; less than 2 snapshots, or no time between them.
        EndpointError: nobody answers there, or without pprof.
    """
    address = endpoint.address_of(program)
    if address is None:
        raise UsageError(f"{program!r} is no address", remedy="Write it as HOST:PORT, or http://HOST:PORT.")
    if snapshots < 2 or not 0 < seconds <= 86_400:
        raise UsageError(
            f"{snapshots} snapshots in {seconds:g} s cannot show growth",
            remedy="Take 2 or more, in a second or more.",
        )
    many = _fetched(address, "goroutine", debug=0).total > _MANY
    found = []
    for number in range(snapshots):
        before(number)
        if number > 0:
            # Between two looks, however long each takes: a busy machine watches longer.
            time.sleep(seconds / (snapshots - 1))
        if many:
            found.append(_fetched(address, "goroutine", debug=0))
        else:
            found.append(snapshot(address, prove=prove and number == snapshots - 1))
    proof = _leaked(address, debug=0) if many and prove else None
    return examine([*found, proof] if proof else found)


def snapshot(address: str, *, prove: bool = False) -> Snapshot:
    """The goroutines of a living server now; with ``prove``, those that the runtime proves to have leaked.

    Raises:
        EndpointError: nobody answers there, or without pprof.
    """
    leaked = _leaked(address, debug=2) if prove else None
    return _proved(leaked) if leaked else _fetched(address, "goroutine", debug=2)


def load(files: Sequence[str | os.PathLike[str]]) -> list[Snapshot]:
    """Saved captures, the oldest first: texts of ``debug=2`` and profiles of goroutines, gzipped or not.

    Where all have a time (profiles have), it decides about the order; else they are taken as they are given.

    Raises:
        CaptureError: one cannot be read, or is neither.
        WrongProfile: one is a profile of something else.
    """
    found = [_load_one(file) for file in files]
    return sorted(found, key=lambda s: s.time_ns) if all(s.time_ns for s in found) else found


def examine(snapshots: Sequence[Snapshot]) -> Report:
    """What stays, from snapshots of one program, the oldest first.

    One is enough if the runtime looked for leaks in it (a profile goroutineleak, a text with "(leaked)").

    Raises:
        NotEnoughEvidence: there is none, or one in which nobody looked for leaks.
        MixedCaptures: goroutines of different programs.
    """
    every = [s for s in snapshots if not s.only_leaked]
    proofs = [s for s in snapshots if s.only_leaked]
    _check(every, proofs)
    watched = every or proofs
    found = _Evidence(watched, proofs, _seconds(watched))
    causes = _merged([cause for cause in found.causes() if cause is not None])
    causes.sort(key=lambda cause: (_RANK[cause.confidence], -cause.counts[-1], cause.place.file))
    sure = any(cause.confidence is not Confidence.SUSPECT for cause in causes)
    notes = tuple(f"{s.source}: {note}" for s in snapshots for note in s.notes)
    return Report(
        Outcome.LEAK if sure else Outcome.NO_LEAK,
        tuple(causes),
        found.indicators(causes),
        tuple(s.total for s in watched),
        found.seconds,
        tuple(s.source for s in snapshots),
        notes + _doubts(watched, proofs),
    )


def _leaked(address: str, *, debug: int) -> Snapshot | None:
    """After a search for leaks: all goroutines as text (``debug`` 2), those that leaked as a profile (0).

    None if the server's release cannot search.
    """
    try:
        return _fetched(address, "goroutineleak", debug=debug)
    except EndpointError as error:
        if error.status is None:
            raise
        return None


def _fetched(address: str, name: str, *, debug: int) -> Snapshot:
    began = time.time_ns()
    data = endpoint.fetch(address, name, debug=debug)
    return from_bytes(data, address, time_ns=(began + time.time_ns()) // 2)


def _proved(found: Snapshot) -> Snapshot:
    """The same: the runtime looked for leaks, also if it found none."""
    return Snapshot(found.source, found.groups, found.time_ns, proofs=True, notes=found.notes)


def _check(every: Sequence[Snapshot], proofs: Sequence[Snapshot]) -> None:
    if not every and not proofs:
        raise NotEnoughEvidence("there is no capture", remedy="Name two or more, or a live server.")
    certain = proofs or any(s.proofs for s in every)
    if len(every) == 1 and not certain:
        raise NotEnoughEvidence(
            f"{every[0].source} is one moment: a pool that waits and a leak look alike in it",
            remedy="Take another some seconds later, or /debug/pprof/goroutineleak (Go 1.27).",
        )
    for before, after in pairwise(every):
        if before.groups and after.groups and not _entries(before) & _entries(after):
            raise MixedCaptures(
                f"{before.source} and {after.source} have no goroutine in common: two programs?",
                remedy="Name captures of one program's life.",
            )


def _entries(snapshot: Snapshot) -> set[str]:
    """The functions with which goroutines began."""
    return {stack[-1].function for stack in snapshot.groups if stack}


def _seconds(snapshots: Sequence[Snapshot]) -> float | None:
    if len(snapshots) < 2 or not all(s.time_ns for s in snapshots):
        return None
    return (snapshots[-1].time_ns - snapshots[0].time_ns) / 1e9


def _doubts(every: Sequence[Snapshot], proofs: Sequence[Snapshot]) -> tuple[str, ...]:
    doubts = []
    if 1 < len(every) < 4:
        doubts.append(f"{len(every)} snapshots cannot tell steady growth from a step; four or more can")
    if len(every) > 1 and every[-1].ids is None:
        doubts.append("profiles do not name goroutines; texts of debug=2 do, and show who stayed")
    if not proofs and not any(s.proofs for s in every):
        doubts.append("the runtime's own leak detection was not asked, or this release has none")
    return tuple(doubts)


class _Evidence:
    """The groups of all snapshots, followed through time."""

    def __init__(
        self, snapshots: Sequence[Snapshot], proofs: Sequence[Snapshot], seconds: float | None
    ) -> None:
        self._snapshots = snapshots
        self._proofs = {stack: group for s in proofs for stack, group in s.groups.items()}
        self.seconds = seconds
        stacks = {stack for s in snapshots for stack in s.groups} | set(self._proofs)
        self._latest: dict[Stack, Group] = dict(self._proofs)
        for s in snapshots:
            self._latest.update(s.groups)
        self._series = {stack: _growth.series_of([stack], snapshots) for stack in stacks}
        self._noise = _growth.noise_of(list(self._series.values()))

    def causes(self) -> list[Cause | None]:
        """Of each stack; then of goroutines that began alike and wait now here and now there."""
        alone = {stack: self._cause([stack]) for stack in self._series}
        explained = {self._family(stack) for stack, cause in alone.items() if cause is not None}
        families: defaultdict[tuple[str, Place | None], list[Stack]] = defaultdict(list)
        for stack in self._series:
            families[self._family(stack)].append(stack)
        together = [
            self._cause(stacks)
            for family, stacks in families.items()
            if len(stacks) > 1 and family not in explained
        ]
        return [*alone.values(), *together]

    def indicators(self, causes: Sequence[Cause]) -> tuple[Indicator, ...]:
        """What this program's numbers say, beside its own beginning."""
        totals = [s.total for s in self._snapshots]
        early = totals[: max(1, len(totals) // 2)]
        spread = max(early) - min(early)
        made = [
            Indicator(
                "goroutines",
                totals[-1],
                median(early),
                median(early) + max(_growth.LEAST, 1.5 * spread),
                "now, beside the median of the first half and 1.5 times its spread",
            ),
            Indicator(
                "proved to have leaked",
                sum(cause.proved for cause in causes),
                0,
                0,
                "goroutines that nothing can wake, by the runtime",
            ),
            Indicator(
                "groups that grow and stay",
                len([c for c in causes if c.counts[-1] > c.counts[0]]),
                0,
                0,
                "groups of equal stacks",
            ),
        ]
        whole = _growth.series_of(list(self._series), self._snapshots)
        if whole.seen is not None and whole.stayed is not None and len(totals) > 1:
            begun = whole.net + whole.seen - whole.stayed
            left = whole.seen - whole.stayed
            made.append(
                Indicator(
                    "begun for each that ended",
                    begun / max(1, left),
                    1,
                    1 + max(_growth.LEAST, self._noise) / max(1, left),
                    "in balance, one ends for each that begins",
                )
            )
        ages = [group.oldest_min for group in self._snapshots[-1].groups.values()]
        if ages and max(ages) > 0:
            made.append(
                Indicator(
                    "longest wait, minutes",
                    max(ages),
                    median(ages),
                    2 * median(ages) + 1,
                    "beside the median of this program's groups",
                )
            )
        return tuple(made)

    def _family(self, stack: Stack) -> tuple[str, Place | None]:
        return (stack[-1].function if stack else "", self._latest[stack].creator)

    def _cause(self, stacks: Sequence[Stack]) -> Cause | None:
        series = _growth.series_of(stacks, self._snapshots)
        main = max(stacks, key=lambda stack: (self._series[stack].counts[-1], self._series[stack].net))
        group = self._latest[main]
        leaked = sum(self._leaked(stack) for stack in stacks)
        confidence = self._confidence(series, group, leaked)
        if confidence is None:
            return None
        place = _causes.blocking_place(main)
        code = _causes.code_at(place)
        what = _causes.explain(group.waits_for, main, code)
        return Cause(
            kind=what.kind,
            place=place,
            code=code,
            creator=group.creator,
            waits_for=group.waits_for,
            counts=series.counts if len(self._snapshots) > 1 or not leaked else (leaked,),
            proved=leaked,
            per_minute=60 * series.net / self.seconds if self.seconds else None,
            oldest_min=group.oldest_min,
            confidence=confidence,
            evidence=self._evidence(series, group, leaked),
            reason=what.reason,
            fix=what.fix,
            stack=main,
        )

    def _leaked(self, stack: Stack) -> int:
        proofs = self._proofs.get(stack)
        group = self._snapshots[-1].groups.get(stack)
        return max(proofs.leaked if proofs else 0, group.leaked if group else 0)

    def _confidence(self, series: Series, group: Group, leaked: int) -> Confidence | None:
        grew = len(self._snapshots) > 1 and series.grew(self._noise)
        if leaked and not _parked_on_purpose(group, series, grew):
            return Confidence.PROVED
        if "nil chan" in group.waits_for and series.counts[-1] > 0:
            return Confidence.PROVED
        if grew and series.still_grows() and series.stay is None:
            return Confidence.LIKELY
        if grew and series.still_grows() and series.outlived and (series.of_newcomers or _is_lock(group)):
            return Confidence.STRONG
        if _is_stuck(group) and series.counts[-1] > 0:
            return Confidence.STRONG
        return Confidence.SUSPECT if grew else None

    def _evidence(self, series: Series, group: Group, leaked: int) -> tuple[str, ...]:
        said = []
        if leaked:
            said.append(f"the runtime proved that nothing can wake {leaked} of them")
        if len(series.counts) > 1 and series.net > 0:
            said.append(f"their number went {', '.join(map(str, series.counts))}")
            if len(series.counts) >= 4 and not series.still_grows():
                said.append("it grew less in the second half: perhaps it has reached its plateau")
        if series.stay is not None and series.seen:
            said.append(f"of {series.seen} that were seen before, {series.stayed} are still there")
        if series.net > 0 and not series.of_newcomers:
            said.append(
                f"only {series.came} of them are new: others came here, as workers do that become idle"
            )
        if group.oldest_min:
            said.append(f"the oldest has waited for {group.oldest_min} minutes")
        if "nil chan" in group.waits_for:
            said.append("a nil channel blocks for ever")
        return tuple(said)


def _parked_on_purpose(group: Group, series: Series, grew: bool) -> bool:
    """``select {}`` is how one parks a goroutine for good; one that is alone and alone remains is no leak.

    Nor is main, which waits for what nobody sends: the program lives as long as it does.
    """
    if group.stack and group.stack[-1].function == "main.main":
        return True
    return group.waits_for == "select (no cases)" and not grew and series.counts[-1] <= 1


def _is_stuck(group: Group) -> bool:
    return _is_lock(group) and group.oldest_min >= _STUCK_MIN


def _is_lock(group: Group) -> bool:
    return group.waits_for.startswith(("sync.Mutex", "sync.RWMutex"))


def _merged(causes: Sequence[Cause]) -> list[Cause]:
    """Causes of one kind with one creator at library lines are one: two loops of an HTTP connection, say."""
    kept: dict[object, Cause] = {}
    for cause in causes:
        apart = cause.creator is None or not _causes.is_standard(cause.place)
        key: object = (cause.kind, cause.place, cause.stack) if apart else (cause.kind, cause.creator)
        before = kept.get(key)
        if before is None or (_RANK[cause.confidence], -cause.counts[-1]) < (
            _RANK[before.confidence],
            -before.counts[-1],
        ):
            kept[key] = cause
    return list(kept.values())
