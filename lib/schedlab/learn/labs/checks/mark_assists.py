"""Whoever serves pays next to no mark assists, while collections go on."""

from __future__ import annotations

from collections import Counter

import numpy as np

from schedlab.analysis import gc
from schedlab.learn.labs.attempt import Attempt, json_of
from schedlab.learn.labs.checks._looks import MAIN
from schedlab.learn.labs.grading import Check, Part
from schedlab.learn.labs.verdicts import Finding, right, wrong
from schedlab.process import GoSettings
from schedlab.timeline import MarkKind, Timeline

MOST_ASSISTS = 3
LEAST_CYCLES = 4
_SERVE, _CHURN = "main.answer", "main.churn"
_SIZE = 4096


def _judge(attempt: Attempt) -> Finding:
    timeline, finished = attempt.record(settings=GoSettings(gomaxprocs=2, gogc=100))
    said = json_of(finished)
    requests = said.get("requests")
    if not isinstance(requests, int) or requests < 1 or said.get("sum") != _sum(requests):
        return wrong("wrong_sum", "The replies are not what they were. Requests get replies in order.")
    cycles = _collections(timeline)
    assists = _assists(timeline)
    churning, paid = assists.pop(_CHURN, 0), sum(assists.values())
    seen: dict[str, int | float | str] = {
        "mark assists of whoever serves": paid,
        "mark assists of churn": churning,
        "collections": cycles,
        "requests": requests,
    }
    if cycles < LEAST_CYCLES:
        return wrong(
            "fewer_collections",
            f"There were {cycles} collections only. Fewer collections are fewer assists, for much memory; "
            "in each of them whoever allocates pays as before.",
            **seen,
        )
    if paid <= MOST_ASSISTS:
        return right(
            f"There were {cycles} collections, for which churn assisted {churning} times and whoever serves "
            f"{paid} times. Who does not allocate has no debt.",
            **seen,
        )
    helper = max(assists, key=lambda name: assists[name])
    if helper != _SERVE:
        return wrong(
            "another_pays",
            f"serve has {assists[_SERVE]} mark assists, and {helper} has {assists[helper]}: "
            "serve waits for it then. The debt is of the goroutine that allocates; this one works for the "
            "same request.",
            **seen,
        )
    return wrong(
        "pays_assists",
        f"serve had to assist {assists[_SERVE]} times in {cycles} collections. Each allocation during a "
        "collection makes a debt, and whoever has too much of it marks, before it goes on.",
        **seen,
    )


def _collections(timeline: Timeline) -> int:
    """How many collections began after serve did."""
    names = timeline.names(timeline.goroutine_function)
    began = np.asarray(timeline.goroutines["created"])[names == _SERVE]
    return int((gc.cycles(timeline).mark_start_ns > began.min()).sum()) if len(began) else 0


def _assists(timeline: Timeline) -> Counter[str]:
    """How often goroutines assisted, by the function with which they started; without main."""
    names = timeline.names(timeline.goroutine_function)
    ids = np.asarray(timeline.goroutines["id"])
    marks = timeline.marks
    is_assist = (np.asarray(marks["kind"]) == int(MarkKind.RANGE)) & np.array(
        [str(name).startswith("GC mark assist") for name in timeline.names(marks["name"])], dtype=bool
    )
    rows = np.asarray(marks["g"])[is_assist]
    own = [str(names[row]) for row in rows.tolist() if ids[row] != MAIN]
    return Counter(name for name in own if not name.startswith("runtime."))


def _sum(requests: int) -> int:
    """What is in so many replies. The bytes repeat after 256 requests."""
    n, i = np.arange(256, dtype=np.int64)[:, None], np.arange(_SIZE, dtype=np.int64)[None, :]
    sums = ((n * i) & 255).sum(axis=1)
    return int(sums.sum()) * (requests // 256) + int(sums[: requests % 256].sum())


CHECK = Check((Part("assists", f"at most {MOST_ASSISTS} mark assists for requests", _judge),))
