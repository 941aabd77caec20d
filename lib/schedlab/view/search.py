"""Where a P found the goroutines that it ran, one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from schedlab.errors import UsageError
from schedlab.view import style
from schedlab.view.wording import count

# The probes' kinds that the picture has a row for, from near to far, and the row's name.
PLACES: Final = MappingProxyType(
    {
        "run_runnext": "runnext",
        "run_local": "local queue",
        "run_global_tick": "global queue, its turn",
        "run_global": "global queue",
        "run_netpoll": "network poller",
        "run_stolen": "another P's queue",
    }
)
_LOOKS: Final = ((style.DARK_BLUE, "|"), (style.VERMILION, "D"))


@style.explicit
def search(found: Sequence[str], *, title: str | None = None, ax: Axes | None = None) -> Figure:
    """A row per place, a mark for each goroutine that was found there, in the order of the runs.

    ``found`` are the kinds of runs of one P (``PLACES``), as ``capture.probes`` names them.

    Raises:
        UsageError: a kind has no row.
    """
    unknown = [kind for kind in found if kind not in PLACES]
    if unknown:
        raise UsageError(f"{unknown[0]!r} is no place to draw", remedy=f"Places are: {', '.join(PLACES)}.")
    counted = Counter(found)
    rows = [kind for kind in PLACES if counted[kind]]
    ax = style.axes_for(ax, 9, 1.5 + 0.42 * max(len(rows), 2))
    if not found:
        return style.no_samples(ax, "Where goroutines were found", title)
    for row, kind in enumerate(rows):
        # The P's own places are full of marks; what lies outside stands out.
        colour, marker = _LOOKS[kind not in ("run_runnext", "run_local")]
        at = [turn for turn, one in enumerate(found, 1) if one == kind]
        ax.plot(at, [row] * len(at), marker, color=colour, markersize=11 if marker == "|" else 5)
    ax.set_yticks(range(len(rows)), [f"{PLACES[kind]} ({counted[kind]})" for kind in rows])
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_xlim(0, len(found) + 1)
    ax.set_xlabel("goroutines that the P ran, in this order")
    ax.grid(axis="y", color=style.GRID, linewidth=0.8)
    ax.set_axisbelow(True)
    ax.tick_params(axis="y", length=0)
    return style.finish(ax, title or _message(found), _sentences(found, rows))


def _message(found: Sequence[str]) -> str:
    order = [PLACES[kind] for kind in dict.fromkeys(found)]
    return f"Found first in: {', then '.join(order)}"


def _sentences(found: Sequence[str], rows: Sequence[str]) -> list[str]:
    said = [f"Where a P found {count(len(found), 'goroutine')} that it ran one after the other."]
    for kind in rows:
        turns = [turn for turn, one in enumerate(found, 1) if one == kind]
        said.append(f"{PLACES[kind]}: {len(turns)}, from number {turns[0]} to number {turns[-1]}.")
    return said
