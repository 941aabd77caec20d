"""The innermost frames of goroutines that do not run, along the frame pointers on their stacks.

As ``fpTracebackPCs`` in runtime/tracefpunwind.go does it: at the frame pointer is the caller's, and 8 bytes
above it the address to which the function returns; on amd64 and arm64 alike.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from schedlab.capture.xray.memory import Integers, Memory, coalesced

_TOP_BYTES = 2048


def frames(
    memory: Memory,
    pc: npt.NDArray[np.uint64],
    sp: npt.NDArray[np.uint64],
    bp: npt.NDArray[np.uint64],
    high: npt.NDArray[np.uint64],
    depth: int,
) -> npt.NDArray[np.uint64]:
    """Program counters ``(n, depth)``, the innermost first, 0 where there are no more.

    All but the first are addresses to return to; the call is before them. Only the top 2 KiB of a stack are
    looked at. A row whose ``sp`` is 0 stays empty.

    Raises:
        Vanished: a stack is not there any more.
    """
    found = np.zeros((len(pc), depth), np.uint64)
    rows = np.flatnonzero((sp != 0) & (high > sp))
    if not len(rows):
        return found
    begin = sp[rows] // np.uint64(8) * np.uint64(8)
    sizes = np.minimum(high[rows] - begin, _TOP_BYTES).astype(np.int64) // 8 * 8
    plan, places = coalesced(begin, sizes)
    memory.fill(plan)
    found[rows, 0] = pc[rows]
    at = _within(bp[rows], begin, sizes)
    for level in range(1, depth):
        live = np.flatnonzero(at >= 0)
        if not len(live):
            break
        word = (places[live] + at[live]) // 8
        found[rows[live], level] = plan.words[word + 1]
        above = _within(plan.words[word], begin[live], sizes[live])
        # Frames lie one above the other; anything else is no frame.
        at[live] = np.where(above > at[live], above, -1)
    return found


def _within(pointer: npt.NDArray[np.uint64], begin: npt.NDArray[np.uint64], sizes: Integers) -> Integers:
    """How far into the part that was read a frame pointer points; -1 if not there."""
    inside = (pointer >= begin) & (pointer <= begin + sizes.astype(np.uint64) - np.uint64(16))
    return np.where(inside & (pointer % 8 == 0), pointer - begin, -1).astype(np.int64)
