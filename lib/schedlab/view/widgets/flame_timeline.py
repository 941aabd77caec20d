"""Profiles out of a Timeline, for the flame graph."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Literal, get_args

import numpy as np

from schedlab.capture.pprof import Profile, ValueType
from schedlab.errors import UsageError
from schedlab.export import pprof
from schedlab.timeline import Lane, State, Timeline

Kind = Literal["cpu", "off-cpu", "sched", "sync", "block", "syscall", "net"]

KINDS: Final = get_args(Kind)


def profile_of(timeline: Timeline, kind: Kind) -> Profile:
    """What a Timeline knows of its stacks, as a profile.

    ``cpu`` counts its CPU samples. ``off-cpu`` is the time that goroutines were WAITING, for any reason, by
    the stack at which they waited. The others are those of ``schedlab.export.pprof.records``. What the
    capture's beginning or end cuts is left out.

    Raises:
        UsageError: there is no such kind.
    """
    if kind not in KINDS:
        raise UsageError(f"no profile of kind {kind!r}", remedy=f"Kinds: {', '.join(KINDS)}.")
    if kind == "cpu":
        return _of_samples(timeline)
    if kind == "off-cpu":
        # To the export each wait is one for synchronisation if its reason says so: here all of them do.
        profile = pprof.records(replace(timeline, reasons=("sync",) * len(timeline.reasons)), "sync")
        return _said(profile, timeline, "goroutines waiting, for any reason")
    return pprof.records(timeline, kind)


def _of_samples(timeline: Timeline) -> Profile:
    """The export sums up spans by their stack: each sample stands there as a span of its own."""
    stack = timeline.samples["stack"]
    none = np.zeros(len(stack), np.uint8)
    spans = {
        "lane": none + np.uint8(Lane.GOROUTINE),
        "state": none + np.uint8(State.RUNNABLE),
        "flags": none,
        "stack": stack,
        "dur": none.astype(np.int64),
    }
    counted = pprof.records(replace(timeline, spans=spans), "sched")
    values = counted.values[:, :1].copy()
    values.setflags(write=False)
    return replace(
        _said(counted, timeline, "CPU samples"),
        sample_types=(ValueType("samples", "count"),),
        default_sample_type="samples",
        values=values,
    )


def _said(profile: Profile, timeline: Timeline, what: str) -> Profile:
    return replace(profile, comments=(f"{what}; from {timeline.meta.get('source', 'a timeline')}",))
