"""A claim beside what was measured here, and the verdict."""

from __future__ import annotations

from enum import Enum

from schedlab.errors import UsageError
from schedlab.learn.html import Shown, box, terms, text_of


class Verdict(Enum):
    """What a measurement says about a claim. There is no fifth."""

    HOLDS = "holds"
    DOES_NOT_HOLD = "does not hold"
    DEPENDS_ON_VERSION = "depends on version"
    NOT_MEASURABLE_HERE = "not measurable here"

    @classmethod
    def of(cls, holds: bool) -> Verdict:
        """``HOLDS`` or ``DOES_NOT_HOLD``, for a claim that was measured."""
        return cls.HOLDS if holds else cls.DOES_NOT_HOLD


# The colour repeats what the words say; nothing is said by colour alone.
_EDGES = {
    Verdict.HOLDS: "var(--jp-success-color1, #1b7f37)",
    Verdict.DOES_NOT_HOLD: "var(--jp-error-color1, #b3261e)",
    Verdict.DEPENDS_ON_VERSION: "var(--jp-warn-color1, #8a5a00)",
    Verdict.NOT_MEASURABLE_HERE: "var(--jp-border-color0, #6b6b6b)",
}


def verdict(claim: str, measured: str, holds: Verdict, *, reason: str = "") -> Shown:
    """A box: what the article says, what was measured here, and the verdict that the caller computed.

    ``reason`` says more about the verdict; "not measurable here" needs one.

    Raises:
        UsageError: ``holds`` is no ``Verdict``, a text is empty, or the reason is missing.
    """
    if not isinstance(holds, Verdict):
        raise UsageError(f"a verdict is one of the enum Verdict, not {holds!r}")
    if holds is Verdict.NOT_MEASURABLE_HERE and not reason.strip():
        raise UsageError("why is it not measurable here? Say so in reason=")
    said = f"{holds.value} ({reason})" if reason.strip() else holds.value
    pairs = [
        ("The article says:", text_of(claim, "the claim")),
        ("Measured here:", text_of(measured, "the measurement")),
        ("Verdict:", said),
    ]
    plain = "\n".join(f"{name} {text}" for name, text in pairs)
    return Shown(box("Verdict on a claim of the article", terms(pairs), edge=_EDGES[holds]), plain)
