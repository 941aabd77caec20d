"""The board: goroutines as tokens that move among queues, Ps, Ms and what they wait for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import traitlets

from schedlab.timeline import NOBODY, Timeline
from schedlab.view.widgets import blob
from schedlab.view.widgets.base import View
from schedlab.view.widgets.board_events import Events, board_events
from schedlab.view.widgets.board_kinds import ABOUT, POOLS, Kind, Place, described, pool_of


class BoardView(View, static="board"):
    """A window of a Timeline as a board to play, step and scrub.

    ``view`` is what is seen: ``t`` in ns on the Timeline's clock, ``speed``, how many times slower than the
    program (0: one event after the other at an even pace), and ``playing``. It follows the reader's hands,
    and setting it (to a part of these) moves the board. Boards of one page that have the same ``group`` show
    the same moment: they post and follow ``{"cursor": t}``.
    """

    data = traitlets.Bytes(b"").tag(sync=True)
    group = traitlets.Unicode("").tag(sync=True)
    view = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        timeline: Timeline,
        *,
        window: tuple[int, int] | None = None,
        title: str = "",
        view: Mapping[str, Any] | None = None,
        group: str = "",
    ) -> None:
        """``window`` is (start, end) in ns on the Timeline's clock; all of it by default.

        Raises:
            UsageError: the window is empty or outside of the Timeline.
            TooMuchToShow: it has more than 20,000 events; the message names a window that has fewer.
        """
        events = board_events(timeline, window)
        self._words = _words(events, title)
        columns, meta = _packed(timeline, events)
        super().__init__(
            data=blob.encode("board", columns, meta, gaps=("time",)),
            heading=title,
            view=dict(view or {}),
            group=group,
        )

    def text_alternative(self) -> str:
        """Title, duration, and how often what happened."""
        return self._words


def _packed(timeline: Timeline, events: Events) -> tuple[dict[str, Any], dict[str, Any]]:
    """Columns with goroutines and threads numbered by their place in short tables, and these tables."""
    columns = dict(events.columns)
    rows = _used(columns["g"], columns["cause"])
    threads = _used(columns["m"], columns["source"][_names_an_m(columns["kind"])])
    columns["source"] = columns["source"].astype(np.int32)
    held = _names_an_m(columns["kind"])
    columns["source"][held] = _renumbered(columns["source"][held], threads)
    for name in ("g", "cause"):
        columns[name] = _renumbered(columns[name], rows)
    columns["m"] = _renumbered(columns["m"], threads)
    goroutines = timeline.goroutines
    columns["g_id"] = np.asarray(goroutines["id"], dtype=np.int64)[rows]
    names, function = np.unique(timeline.goroutine_function[rows], return_inverse=True)
    columns["g_function"] = function.astype(np.uint32)
    del columns["span"]
    meta = {
        "bounds": list(events.bounds_ns),
        "procs": list(events.procs),
        "threads": [timeline.threads[int(one)] for one in threads],
        "functions": [timeline.texts[int(one)] for one in names],
        "reasons": list(events.reasons),
        "pools": list(POOLS),
        "pool_of": [pool_of(reason) for reason in events.reasons],
        "kinds": described(events.known),
        "places": [place.name for place in Place],
        "known": str(events.known),
        "lost": timeline.lost,
    }
    return columns, meta


_OF_PS: Final = (Kind.P_IDLE, Kind.P_STARTED, Kind.P_GONE)


def _names_an_m(kind: Any) -> Any:
    """Where ``source`` is the M that had the P before."""
    return np.isin(kind, [int(one) for one in _OF_PS])


def _used(*columns: Any) -> Any:
    found = np.unique(np.concatenate(columns))
    return found[found != NOBODY]


def _renumbered(column: Any, used: Any) -> Any:
    return np.where(column == NOBODY, NOBODY, np.searchsorted(used, column)).astype(np.int32)


def _words(events: Events, title: str) -> str:
    start, end = events.bounds_ns
    columns = events.columns
    heads = columns["kind"][columns["head"] == 1]
    heads = heads[heads != int(Kind.SEEN)]
    kinds, counts = np.unique(heads, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    parts = [f"{ABOUT[Kind(int(kinds[one]))].label}: {counts[one]:,}" for one in order]
    goroutines = len(np.unique(columns["g"][columns["g"] != NOBODY]))
    lines = [
        f"{title or 'Board'}: {(end - start) / 1e6:.3f} ms, {len(heads):,} events of {goroutines:,} "
        f"goroutines on {len(events.procs)} Ps, {events.known}.",
    ]
    if parts:
        lines.append(f"{'; '.join(parts)}.")
    return "\n".join(lines)
