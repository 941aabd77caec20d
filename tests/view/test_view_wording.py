"""Numbers and foreign names in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedlab.view import wording


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("runtime.mcall", "runtime.mcall"),
        ("a\x1b[31m\n\t", "a\\x1b[31m\\n\\t"),
        ("right\u202eto left", "right\\u202eto left"),
        ("\udc80", "\\udc80"),
        ("中", "\\u4e2d"),
        ("café ×µ", "café ×µ"),
        ("<b>$x$</b>", "<b>$x$</b>"),
    ],
)
def test_what_cannot_be_seen_is_written_out(text: str, shown: str) -> None:
    assert wording.visible(text) == shown


def test_long_names_are_cut() -> None:
    assert wording.visible("x" * 10, 10) == "x" * 10
    assert wording.visible("x" * 11, 10) == "x" * 9 + "…"
    assert len(wording.visible("\x00" * 10**6, 50)) == 50


@given(st.text(), st.none() | st.integers(0, 20))
def test_visible_text_is_one_line_of_printable_characters(text: str, limit: int | None) -> None:
    shown = wording.visible(text, limit)
    assert shown.isprintable()
    assert limit is None or len(shown) <= max(limit, 1)


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0 ms"), (340, "340 ms"), (999, "999 ms"), (1000, "1 s"), (2140, "2.1 s"), (75_250, "75.2 s")],
)
def test_milliseconds(value: float, said: str) -> None:
    assert wording.milliseconds(value) == said


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0, "nanoseconds", "0 ns"),
        (850, "nanoseconds", "850 ns"),
        (12_340, "nanoseconds", "12.3 µs"),
        (800_000_000, "nanoseconds", "800 ms"),
        (2_100, "milliseconds", "2.1 s"),
        (3_600_000_000_000, "nanoseconds", "3,600 s"),
        (512, "bytes", "512 bytes"),
        (1_258_291, "bytes", "1.2 MiB"),
        (1023 * 1024, "bytes", "1,023 KiB"),
        (1234, "count", "1,234"),
        (5, "requests", "5 requests"),
        (2**70, "count", "1.18059e+21"),
    ],
)
def test_quantities_have_their_unit(value: float, unit: str, said: str) -> None:
    assert wording.quantity(value, unit) == said


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (0, 10, "0 %"),
        (61, 100, "61 %"),
        (1, 1000, "under 1 %"),
        (999, 1000, "over 99 %"),
        (10, 10, "100 %"),
        (0, 0, "0 %"),
    ],
)
def test_shares_never_round_to_all_or_nothing(part: float, whole: float, said: str) -> None:
    assert wording.share(part, whole) == said


@pytest.mark.parametrize(
    ("value", "digits", "said"),
    [
        (1234.5, 3, "1,230"),
        (0.04567, 3, "0.0457"),
        (12, 3, "12"),
        (-2.5, 3, "-2.5"),
        (26.0, 2, "26"),
        (1e-9, 3, "1e-09"),
    ],
)
def test_numbers_have_as_many_digits_as_asked_for(value: float, digits: int, said: str) -> None:
    assert wording.trimmed(value, digits) == said


def test_ranges() -> None:
    assert wording.ranges([0, 2, 3, 5, 6, 7]) == "P0, P2, P3, P5 to P7"
    assert wording.ranges([]) == ""
