"""What can go wrong with a simulation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schedlab.errors import SchedlabError, UsageError

if TYPE_CHECKING:
    from schedlab.sim.result import Result


class BadWorkload(UsageError):
    """A workload that cannot be: the message names the goroutine and the step."""


class SimulationError(SchedlabError):
    """The simulated program did not come to its end. ``result`` is what happened until then."""

    result: Result | None = None


class Misstep(SimulationError):
    """A goroutine did what Go panics at, such as sending on a closed channel; it is named with its step."""


class Deadlock(SimulationError):
    """Every goroutine waits and nothing will wake one; the message names one and its step."""


class LimitReached(SimulationError):
    """More events, goroutines or simulated time than allowed; the message names who ran last."""
