"""A claim beside what was measured here, and the verdict."""

from __future__ import annotations

from textwrap import dedent, indent

from schedlab.claims import Verdict
from schedlab.errors import UsageError
from schedlab.learn.html import Shown, box, printed_lines, terms, text_of

# The colour repeats what the words say; nothing is said by colour alone.
_EDGES = {
    Verdict.HOLDS: "var(--jp-success-color1, #1b7f37)",
    Verdict.DOES_NOT_HOLD: "var(--jp-error-color1, #b3261e)",
    Verdict.IMPRECISE: "var(--jp-warn-color1, #8a5a00)",
    Verdict.DEPENDS_ON_RELEASE: "var(--jp-info-color1, #0b5cad)",
    Verdict.NOT_MEASURABLE_HERE: "var(--jp-border-color0, #6b6b6b)",
}


def verdict(
    claim: str,
    measured: str,
    holds: Verdict,
    *,
    reason: str = "",
    corrected: str = "",
    rule: str = "",
    printed: str = "",
) -> Shown:
    """A box: what the article says, what was measured here, and the verdict that the caller computed.

    ``reason`` says more about the verdict; "not measurable here" needs one. ``corrected`` is what may be
    said instead, ``rule`` how the verdict was decided. ``printed`` are lines of code or a command, shown as
    the article prints them.

    Raises:
        UsageError: ``holds`` is no ``Verdict``, a text is empty, or the reason is missing.
    """
    if not isinstance(holds, Verdict):
        raise UsageError(f"a verdict is one of the enum Verdict, not {holds!r}")
    if holds is Verdict.NOT_MEASURABLE_HERE and not reason.strip():
        raise UsageError("why is it not measurable here? Say so in reason=")
    said = f"{holds.value} ({reason})" if reason.strip() else holds.value
    first = [("The article says:", text_of(claim, "the claim"))]
    pairs = [
        ("Measured here:", text_of(measured, "the measurement")),
        ("Verdict:", said),
    ]
    pairs += [("Rather:", corrected)] if corrected.strip() else []
    pairs += [("Decided so:", rule)] if rule.strip() else []
    lines = dedent(printed.strip("\n"))
    if not lines:
        return _boxed(terms(first + pairs), _words(first + pairs), holds)
    return _boxed(
        terms(first) + printed_lines(lines) + terms(pairs),
        f"{_words(first)}\n{indent(lines, '    ')}\n{_words(pairs)}",
        holds,
    )


def _words(pairs: list[tuple[str, str]]) -> str:
    return "\n".join(f"{name} {text}" for name, text in pairs)


def _boxed(content: str, plain: str, holds: Verdict) -> Shown:
    return Shown(box("Verdict on a claim of the article", content, edge=_EDGES[holds]), plain)
