"""What experiments compute of spans."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def most_at_once(start: ArrayLike, duration: ArrayLike) -> int:
    """The most spans that overlap at one moment; one that begins as another ends does not overlap it."""
    begins, lasts = np.asarray(start, dtype=np.int64), np.asarray(duration, dtype=np.int64)
    moments = np.concatenate([begins, begins + lasts])
    steps = np.concatenate([np.ones_like(begins), -np.ones_like(begins)])
    order = np.lexsort((steps, moments))
    return int(np.cumsum(steps[order]).max(initial=0))
