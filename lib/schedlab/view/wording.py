"""Numbers, times and foreign names as words: for titles, labels and alt text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from matplotlib.font_manager import FontProperties, findfont, get_font

_NANOSECONDS: Final = {"nanoseconds": 1, "microseconds": 1_000, "milliseconds": 1_000_000, "seconds": 10**9}
_BINARY: Final = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def visible(text: str, limit: int | None = None) -> str:
    """``text`` on one line, with what cannot be seen written out (``\\x1b``), and cut to ``limit`` with "…".

    Written out are control characters, those that turn the direction of writing, lone surrogates, and
    characters that the pictures' font does not have.
    """
    # No character becomes shorter, so the rest of a very long name need not be looked at.
    shown = "".join(_seen(character) for character in text[: None if limit is None else limit + 1])
    return shown if limit is None or len(shown) <= limit else shown[: max(limit - 1, 0)] + "…"


def milliseconds(value: float) -> str:
    """``340 ms``; from one second on ``2.1 s``."""
    if value < 1000:
        return f"{trimmed(value, 3)} ms"
    return f"{_without_zeros(f'{value / 1000:,.1f}')} s"


def duration_ns(value: float) -> str:
    """``850 ns``, ``12.3 µs``, ``340 ms``, ``2.1 s``."""
    for limit, divisor, unit in ((1e3, 1, "ns"), (1e6, 1e3, "µs"), (1e9, 1e6, "ms")):
        if abs(value) < limit:
            return f"{trimmed(value / divisor, 3)} {unit}"
    return f"{_without_zeros(f'{value / 1e9:,.1f}')} s"


def quantity(value: float, unit: str) -> str:
    """A profile's value in words: ``800 ms`` for nanoseconds, ``1.2 MiB`` for bytes, else with its unit."""
    if unit in _NANOSECONDS:
        return duration_ns(value * _NANOSECONDS[unit])
    if unit == "bytes":
        step = 0
        while abs(value) >= 1024 and step < len(_BINARY) - 1:
            value, step = value / 1024, step + 1
        return f"{trimmed(value, 3)} {_BINARY[step]}"
    return trimmed(value, 6) if unit in ("", "count") else f"{trimmed(value, 3)} {visible(unit, 30)}"


def share(part: float, whole: float) -> str:
    """``61 %``. Never ``0 %`` for something, nor ``100 %`` for less than all."""
    percent = 100 * part / whole if whole else 0.0
    if 0 < percent < 1:
        return "under 1 %"
    if 99 < percent < 100:
        return "over 99 %"
    return f"{percent:.0f} %"


def count(number: int, noun: str) -> str:
    """``1 goroutine``, ``12 goroutines``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def trimmed(value: float, digits: int) -> str:
    """``digits`` significant digits, no exponent, no trailing zeros: ``1,230``, ``0.0457``, ``12``."""
    if value == int(value) and abs(value) < 10 ** max(digits, 6):
        return f"{int(value):,}"
    rounded = float(f"{value:.{digits}g}")
    if rounded != 0 and not 1e-6 <= abs(rounded) < 1e15:
        return f"{value:.{digits}g}"
    decimals = max(digits - len(str(int(abs(rounded)))), 0) if abs(rounded) >= 1 else digits + 5
    fixed = f"{rounded:,.{decimals}f}"
    return _without_zeros(fixed)


def ranges(numbers: Iterable[int], prefix: str = "P") -> str:
    """``P0, P2 to P5, P9`` for sorted numbers."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(_run(first, last, prefix) for first, last in runs)


def _run(first: int, last: int, prefix: str) -> str:
    if first == last:
        return f"{prefix}{first}"
    return f"{prefix}{first}{', ' if last == first + 1 else ' to '}{prefix}{last}"


def _without_zeros(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number


def _seen(character: str) -> str:
    if " " <= character <= "~":
        return character
    if unicodedata.category(character)[0] in "CZ" or not _in_font(character):
        return character.encode("unicode_escape").decode("ascii") if character != "\xa0" else " "
    return character


@lru_cache(maxsize=4096)
def _in_font(character: str) -> bool:
    font = get_font(findfont(FontProperties(family=["DejaVu Sans"])))
    return font.get_char_index(ord(character)) != 0
