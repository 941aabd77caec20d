"""Decisions of a simulated scheduler, one to open after the other: what was, what is, by which rule, why."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from schedlab.sim.stepper import Board, Decision, PBoard

_SHOWN: Final = 12
_STYLE: Final = (
    "<style>.sl-steps td,.sl-steps th{text-align:left;padding:1px 8px;font-variant-numeric:tabular-nums}"
    ".sl-steps summary{cursor:pointer}.sl-steps "
    ".changed{font-weight:bold;outline:1px solid currentColor}</style>"
)


@dataclass(frozen=True, slots=True)
class Decisions:
    """Shown by a notebook as a list in which each decision opens to the state before and after it.

    What a decision changed is framed. ``print`` shows the sentences.
    """

    decisions: Sequence[Decision]
    title: str = "Decisions of the scheduler"

    def __repr__(self) -> str:
        lines = [f"{self.title} (simulated)"]
        lines += [f"{one.time_ns / 1e3:10.1f} us  {one.rule:<20} {one.reason}" for one in self.decisions]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        steps = "".join(_step(one, first=at == 0) for at, one in enumerate(self.decisions))
        return f"{_STYLE}<section class='sl-steps'><h4>{_text(self.title)} (simulated)</h4>{steps}</section>"


def _step(one: Decision, *, first: bool) -> str:
    rows = [
        _row("global queue", _queue(one.before.in_global), _queue(one.after.in_global)),
        *(
            _row(f"P{before.number}", _p(before), _p(after))
            for before, after in zip(one.before.ps, one.after.ps, strict=True)
        ),
        _row("idle Ms, the last on top", _names("M", one.before.idle_ms), _names("M", one.after.idle_ms)),
        _row("spinning Ms", _spinning(one.before), _spinning(one.after)),
    ]
    opened = " open" if first else ""
    return (
        f"<details{opened}><summary>{one.number}. {one.time_ns / 1e3:.1f} µs: <code>{_text(one.rule)}</code> "
        f"{_text(one.reason)}</summary><table><thead><tr><th scope='col'></th><th scope='col'>before</th>"
        f"<th scope='col'>after</th></tr></thead><tbody>{''.join(rows)}</tbody></table>"
        f"<p>By <code>{_text(one.rule)}</code> of {_text(one.release)}.</p></details>"
    )


def _row(name: str, before: str, after: str) -> str:
    mark = " class='changed'" if before != after else ""
    return f"<tr><th scope='row'>{_text(name)}</th><td>{_text(before)}</td><td{mark}>{_text(after)}</td></tr>"


def _p(p: PBoard) -> str:
    parts = [p.status if p.m < 0 else f"M{p.m}"]
    if p.running >= 0:
        parts.append(f"G{p.running} {'in a system call' if p.in_syscall else 'runs'}")
    parts.append(f"next: {'-' if p.runnext < 0 else f'G{p.runnext}'}")
    parts.append(f"queue: {_queue(p.local)}")
    if p.timers:
        parts.append(f"timers: {p.timers}")
    return "; ".join(parts)


def _queue(numbers: tuple[int, ...]) -> str:
    return _names("G", numbers)


def _names(letter: str, numbers: tuple[int, ...]) -> str:
    if not numbers:
        return "-"
    shown = " ".join(f"{letter}{number}" for number in numbers[:_SHOWN])
    more = len(numbers) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _spinning(board: Board) -> str:
    return str(board.spinning)


def _text(text: str) -> str:
    return html.escape(text)
