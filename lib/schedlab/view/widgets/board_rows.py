"""Rows of the board's events as they come."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from schedlab.timeline import NOBODY
from schedlab.view.widgets.board_kinds import Kind, Place
from schedlab.view.widgets.board_queues import Move

COLUMNS: Final[dict[str, Any]] = {
    "time": np.int64,
    "kind": np.uint8,
    "head": np.uint8,
    "g": np.int32,
    "place": np.uint8,
    "p": np.int16,
    "m": np.int32,
    "at": np.int32,
    "reason": np.uint16,
    "source": np.int16,
    "cause": np.int32,
    "span": np.int32,
}


class Rows:
    """What ``add`` and ``moves`` were given, in columns at the end."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, ...]] = []

    def add(
        self,
        time: int,
        kind: Kind,
        g: int = NOBODY,
        place: Place = Place.NOWHERE,
        *,
        p: int = NOBODY,
        m: int = NOBODY,
        at: int = 0,
        reason: int = 0,
        source: int = NOBODY,
        cause: int = NOBODY,
        span: int = NOBODY,
        head: bool = True,
    ) -> None:
        """One row; ``board_events`` says what the columns mean."""
        self._rows.append((time, kind, head, g, place, p, m, at, reason, source, cause, span))

    def follow(self, time: int, moves: list[Move], source: int = NOBODY) -> None:
        """What the step that was added last moved along."""
        for move in moves:
            self.add(time, move.kind, move.g, move.place, p=move.p, at=move.at, source=source, head=False)

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """An array per column of ``COLUMNS``."""
        table = np.array(self._rows, dtype=np.int64).reshape(-1, len(COLUMNS))
        return {name: table[:, at].astype(kind) for at, (name, kind) in enumerate(COLUMNS.items())}
