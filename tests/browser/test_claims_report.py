"""The report of the claims in a real browser: filter, links, keyboard, light and dark, no network."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page

from schedlab import process
from schedlab.claims import Claim, Decision, Result, report, together
from schedlab.claims.model import Judged, does_not_hold, holds, imprecise, not_measurable

if TYPE_CHECKING:
    from tests.browser.conftest import Exported


def one(name: str, section: str, *decisions: Decision) -> Judged:
    claim = Claim(name, section, "prose", "处理器不是核", f"What {name} says.")
    releases = ("go1.24.11", "go1.27.3")[-len(decisions) :]
    results = tuple(
        Result(claim, release, decision, "Holds if n is 1.", f"n was {name[-1]}", {"n": 1, "wide": "x" * 300})
        for release, decision in zip(releases, decisions, strict=True)
    )
    return Judged(claim, results, together(results))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    ledger = [
        one("C1.1a", "1", holds()),
        one("C1.1b", "1", does_not_hold("gone"), holds()),
        one("C1.1c", "1", imprecise("Rather so.", "nearly")),
        one("C2.1a", "2.1", does_not_hold("it is not")),
        one("C2.1b", "2.1", not_measurable("one CPU")),
    ]
    made = tmp_path / "report.html"
    made.write_text(report.page(ledger, process.machine(), datetime(2026, 1, 1)), encoding="utf-8")
    return made


def shown(page: Page) -> list[str]:
    return [str(box.get_attribute("id")) for box in page.locator(".claim:visible").all()]


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_keeps_nobody_out(
    exported: Exported,
    file: Path,
    axe: Callable[[Page], None],
    screenshot: Callable[[Page, str], Path],
    scheme: Any,
    width: int,
) -> None:
    page = exported.open(file, drawn=False, scheme=scheme, width=width)
    for details in page.locator("summary").all():
        details.click()
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "nothing is wider than the window"
    screenshot(page, f"claims_{scheme}_{width}")


def test_the_filter_leaves_what_was_asked_for(exported: Exported, file: Path) -> None:
    page = exported.open(file, drawn=False)
    assert len(shown(page)) == 5
    page.get_by_role("checkbox", name="does not hold").check()
    assert shown(page) == ["C2.1a"]
    page.get_by_role("checkbox", name="holds", exact=True).check()
    assert shown(page) == ["C1.1a", "C2.1a"]
    assert page.get_by_role("status").inner_text() == "2 of 5 claims."
    assert page.locator("tbody tr[data-row]:visible").count() == 2
    page.get_by_role("combobox").select_option("2.1")
    assert shown(page) == ["C2.1a"]
    page.get_by_role("button", name="Clear").click()
    page.get_by_text("All 5 claims.").wait_for()
    page.get_by_role("searchbox").fill("NEARLY rather")
    assert shown(page) == ["C1.1c"]
    assert page.locator("section[data-group]:visible").count() == 1


def test_a_link_to_a_claim_that_is_filtered_out_shows_it(exported: Exported, file: Path) -> None:
    page = exported.open(file, drawn=False)
    page.get_by_role("searchbox").fill("C2.1a")
    assert shown(page) == ["C2.1a"]
    page.evaluate("location.hash = '#C1.1b'")
    page.locator("[id='C1.1b']").wait_for()
    assert len(shown(page)) == 5


def test_the_keyboard_reaches_the_filter_and_the_claims(exported: Exported, file: Path) -> None:
    page = exported.open(file, drawn=False)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the claims"
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert shown(page) == ["C1.1a"]


def test_without_scripts_it_is_a_plain_page(exported: Exported, file: Path) -> None:
    context = exported.browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto(file.as_uri())
    assert len(shown(page)) == 5
    assert page.locator("form:visible").count() == 0
    context.close()
