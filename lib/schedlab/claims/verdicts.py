"""What a measurement can say about a claim."""

from __future__ import annotations

from enum import Enum


class Verdict(Enum):
    """What a measurement says about a claim. There is no sixth."""

    HOLDS = "holds"
    DOES_NOT_HOLD = "does not hold"
    IMPRECISE = "imprecise"
    DEPENDS_ON_RELEASE = "depends on the release"
    NOT_MEASURABLE_HERE = "not measurable here"

    @classmethod
    def of(cls, holds: bool) -> Verdict:
        """``HOLDS`` or ``DOES_NOT_HOLD``, for a claim that was measured."""
        return cls.HOLDS if holds else cls.DOES_NOT_HOLD
