"""X-ray for experiments: many looks at a sample while it runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from schedlab import process
from schedlab.capture import xray
from schedlab.claims.errors import NotMeasurableHere
from schedlab.claims.rig import WALL_LIMIT_S, Rig
from schedlab.process import GoSettings

# Fewer looks say nothing about how often something is the case.
FEWEST_LOOKS = 20


@dataclass(frozen=True, slots=True)
class Looks:
    """Samples of a program with all its goroutines, one snapshot, and names of the functions it starts."""

    samples: xray.Samples
    gs: xray.GoroutineStates
    snapshot: xray.Snapshot
    function: Callable[[int], str]

    def rows(self, function: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """The rows of ``gs`` whose goroutine began in a function of that name, ``main.forever`` say."""
        starts = np.unique(self.gs.start_pc)
        wanted = [pc for pc in starts.tolist() if self.function(pc) == function]
        return np.isin(self.gs.start_pc, wanted)


def looks(
    rig: Rig,
    sample: str | os.PathLike[str],
    args: Iterable[str | int | float],
    *,
    settings: GoSettings,
    seconds: float,
    hz: float = 1000,
) -> Looks:
    """Run a sample and look at it ``hz`` times a second, for ``seconds``; it has to run for longer.

    Raises:
        NotMeasurableHere: the system does not let one look, or too few looks were had.
    """
    try:
        with _opened(rig, sample, args, settings) as inside:
            samples = inside.sample(hz, seconds, gs=True)
            snapshot = inside.snapshot()
            starts = np.unique(samples.gs.start_pc) if samples.gs is not None else np.zeros(0, np.uint64)
            names = dict(zip(starts.tolist(), inside.functions(starts).function.tolist(), strict=True))
    except (xray.NotAllowed, xray.ProcessGone) as error:
        raise NotMeasurableHere(f"X-ray cannot look into {sample}: {error.message}") from error
    if samples.gs is None or len(samples) < FEWEST_LOOKS:
        raise NotMeasurableHere(f"only {len(samples)} looks at {sample} were had")
    return Looks(samples, samples.gs, snapshot, lambda pc: str(names.get(pc, "")))


@contextmanager
def _opened(
    rig: Rig, sample: str | os.PathLike[str], args: Iterable[str | int | float], settings: GoSettings
) -> Iterator[xray.Xray]:
    binary = rig.build(sample)
    # Reading where things are takes longest, and is kept: the program need not wait for it.
    xray.layout("runtime.g", binary)
    with (
        process.start(binary, args, settings=settings, wall_limit_s=WALL_LIMIT_S) as live,
        xray.attach(live.pid) as inside,
    ):
        yield inside
