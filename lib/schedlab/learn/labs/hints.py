"""A lab's hints, one more each time."""

from __future__ import annotations

from schedlab.errors import UsageError
from schedlab.learn.labs import progress
from schedlab.learn.labs.manifest import Lab


def next_hint(lab: Lab) -> tuple[int, str]:
    """The next hint and its number, from 1; the last one again when there is no more."""
    number = min(progress.load().of(lab.id).hints + 1, len(lab.hints))
    progress.note(lab.id, hints=number)
    return number, lab.hints[number - 1]


def hint(lab: Lab, number: int) -> str:
    """One hint by its number, from 1. It counts as seen, and so do those before it.

    Raises:
        UsageError: there is no such hint.
    """
    if not 1 <= number <= len(lab.hints):
        raise UsageError(f"hint {number}: {lab.id} has hints 1 to {len(lab.hints)}")
    progress.note(lab.id, hints=max(number, progress.load().of(lab.id).hints))
    return lab.hints[number - 1]
