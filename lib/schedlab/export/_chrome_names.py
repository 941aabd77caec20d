"""What events of the Chrome format refer to: groups, names, stacks, as tables of JSON text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Final, Literal

import numpy as np

from schedlab.export._json_text import Piece, appended, inner, integers, joined, quoted, taken, texts
from schedlab.timeline import Timeline

Stacks = Literal["text", "frames", "none"]

# A process of the format is a group of tracks. A viewer shows them in this order.
PS: Final = 1
MS: Final = 2
GOROUTINES: Final = 3
RUNTIME: Final = 4
PROGRAM: Final = 5
COUNTERS: Final = 6
GROUPS: Final = {
    PS: "Ps",
    MS: "Ms",
    GOROUTINES: "Goroutines",
    RUNTIME: "Runtime",
    PROGRAM: "Program",
    COUNTERS: "Counters",
}


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """Tables to take rows from; all texts are escaped.

    - ``texts``: the timeline's texts, without quotation marks
    - ``reasons``: ``,"reason":"..."``, nothing for the empty one; ``in_brackets``: `` (...)``
    - ``goroutines``: ``main.worker G12``, by row; ``by``: ``,"by":"main.worker G12"``, by row + 1, and
      nothing for nobody
    - ``stacks``: the members of ``args`` that describe a stack, by stack number; nothing for the empty one
    - ``frames``: the members of an event that do, and ``tree``, what they refer to
    """

    texts: Piece
    reasons: Piece
    in_brackets: Piece
    goroutines: Piece
    by: Piece
    stacks: dict[str, Piece]
    frames: dict[str, Piece]
    tree: tuple[tuple[int, int], ...]


def names_of(timeline: Timeline, stacks: Stacks) -> Names:
    escaped = texts([inner(text) for text in timeline.texts])
    functions = timeline.goroutine_function
    space = np.where(np.asarray(functions) == 0, "", " ")
    ids = integers(timeline.goroutines["id"])
    goroutines = joined(taken(escaped, functions), texts(space.tolist()), "G", ids)
    tree, innermost = _tree(timeline) if stacks == "frames" else ((), [])
    return Names(
        texts=escaped,
        reasons=texts([f',"reason":{quoted(reason)}' if reason else "" for reason in timeline.reasons]),
        in_brackets=texts([f" ({inner(reason)})" if reason else "" for reason in timeline.reasons]),
        goroutines=goroutines,
        by=appended(texts([""]), joined(',"by":"', goroutines, '"')),
        stacks=_members(("stack",), _stacks(timeline)) if stacks == "text" else {},
        frames=_members(("sf", "esf"), [str(node or "") for node in innermost]) if stacks == "frames" else {},
        tree=tree,
    )


def frame_text(timeline: Timeline, frame: int) -> str:
    """One line of a stack: the function, which names the package too, then the file and the line."""
    function, file = (timeline.texts[int(timeline.frames[name][frame])] for name in ("function", "file"))
    return f"{function or '?'} ({PurePosixPath(file).name}:{int(timeline.frames['line'][frame])})"


def _parts(timeline: Timeline) -> Iterator[list[int]]:
    """The frames of each stack, the innermost first."""
    start, frames = timeline.stacks["start"].tolist(), timeline.stacks["frame"].tolist()
    for begin, end in pairwise(start):
        yield frames[begin:end]


def _members(keys: tuple[str, ...], values: list[str]) -> dict[str, Piece]:
    return {key: texts([f',"{key}":{value}' if value else "" for value in values]) for key in keys}


def _stacks(timeline: Timeline) -> list[str]:
    """Each stack as a JSON string, '' for the empty one."""
    lines = [frame_text(timeline, frame) for frame in range(len(timeline.frames["line"]))]
    return [quoted("\n".join(lines[frame] for frame in part)) if part else "" for part in _parts(timeline)]


def _tree(timeline: Timeline) -> tuple[tuple[tuple[int, int], ...], list[int]]:
    """All stacks as one tree from the outermost frames inwards, and the node of each stack, 0 for none.

    Node *n* is ``tree[n - 1]``: its frame and its parent.
    """
    nodes: dict[tuple[int, int], int] = {}
    innermost = []
    for part in _parts(timeline):
        node = 0
        for frame in reversed(part):
            node = nodes.setdefault((frame, node), len(nodes) + 1)
        innermost.append(node)
    return tuple(nodes), innermost
