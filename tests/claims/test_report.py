"""The report: one HTML file that says everything, asks for nothing, and lets no text become markup."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime

import pytest
from bs4 import BeautifulSoup, Tag

from schedlab import process
from schedlab.claims import Claim, Decision, Result, Verdict, report, together
from schedlab.claims.model import Judged, does_not_hold, holds, imprecise, not_measurable

MADE = datetime(2026, 1, 2, 3, 4)
HOSTILE = "<img src=x onerror=alert(1)></script><script>alert(1)</script>&\"'"


def claim(name: str, *, section: str = "1", kind: str = "prose", original: str = "处理器") -> Claim:
    return Claim(name, section, kind, original, f"{name} in English")


def judged(one: Claim, *decisions: Decision, releases: tuple[str, ...] = ("go1.27.3",)) -> Judged:
    results = tuple(
        Result(one, release, decision, "Holds if n is 1.", f"n is {i}", {"n": i, "share": 0.12345}, 1.5)
        for i, (release, decision) in enumerate(zip(releases, decisions, strict=True))
    )
    return Judged(one, results, together(results))


LEDGER = (
    judged(claim("C1.1a"), holds()),
    judged(
        claim("C1.1b", kind="code", original="a()\n  b()"),
        does_not_hold("gone", "It was there."),
        holds(),
        releases=("go1.9.1", "go1.27.3"),
    ),
    judged(claim("C1.2"), imprecise("Rather so.", "nearly")),
    judged(claim("C2.1a", section="2.1"), does_not_hold("it is not")),
    judged(claim("C2.1b", section="2.1"), not_measurable("one CPU")),
)


def parsed(ledger: tuple[Judged, ...] = LEDGER) -> BeautifulSoup:
    return BeautifulSoup(report.page(ledger, process.machine(), MADE), "html.parser")


def only(found: Tag | None) -> Tag:
    assert found is not None
    return found


def test_each_claim_has_an_anchor_and_says_all_there_is() -> None:
    page = parsed()
    box = only(page.find(id="C1.2"))
    text = box.get_text(" ")
    for said in (
        "C1.2 in English",
        "处理器",
        "imprecise",
        "nearly",
        "Rather so.",
        "Holds if n is 1.",
        "n is 0",
    ):
        assert said in text
    assert only(box.find("a", href="#C1.2"))
    assert [one["id"] for one in page.select("article.claim")] == [one.claim.id for one in LEDGER]
    assert [one.get_text() for one in page.select("section h2")] == [
        "Section 1 of the article",
        "Section 2.1 of the article",
    ]


def test_both_languages_are_marked() -> None:
    page = parsed()
    assert only(page.html)["lang"] == "en"
    assert only(page.select_one("#C1\\.1a blockquote"))["lang"] == "zh-Hans"
    code = only(page.select_one("#C1\\.1b blockquote"))
    assert "lang" not in code.attrs, "code is in no language of people"
    assert only(code.pre).get_text() == "a()\n  b()"


def test_the_summary_counts_each_verdict_in_words() -> None:
    page = parsed()
    counts = [" ".join(one.get_text(" ").split()[1:]) for one in page.select(".counts li")]
    assert counts == [f"1 {verdict.value}" for verdict in Verdict]
    assert only(page.select_one(".bar"))["aria-label"] == (
        "5 claims: 1 holds, 1 does not hold, 1 imprecise, 1 depends on the release, 1 not measurable here"
    )
    assert str(process.machine()) in page.get_text()
    assert "2026-01-02 03:04 UTC" in page.get_text()


def test_the_matrix_has_a_row_per_claim_and_a_column_per_release() -> None:
    table = only(parsed().table)
    assert [one.get_text() for one in table.select("thead th")][-2:] == ["1.9", "1.27"], "by number, not text"
    rows = {
        row["data-row"]: [cell.get_text() for cell in row.select("td.release")]
        for row in table.select("tbody tr")
    }
    assert rows["C1.1b"] == ["✗does not hold", "✓holds"]
    assert rows["C1.1a"] == ["not tested", "✓holds"]


def test_the_measured_numbers_of_each_release_are_there() -> None:
    numbers = only(parsed().select_one("#C1\\.1b details"))
    assert [one.get_text() for one in numbers.select("h4")] == [
        "go1.9.1: does not hold, 1.5 s",
        "go1.27.3: holds, 1.5 s",
    ]
    assert [one.get_text() for one in numbers.select("td")] == ["0", "0.1235", "1", "0.1235"]


def test_a_broken_experiment_is_shown_as_broken() -> None:
    broken = Result(LEDGER[0].claim, "go1.27.3", not_measurable("it failed"), "a rule", error="KeyError: 'n'")
    page = parsed((Judged(broken.claim, (broken,), broken.decision),))
    assert only(page.select_one("dd.error")).get_text() == "KeyError: 'n'"


def test_no_text_becomes_markup() -> None:
    one = Claim("C0.1", "0", "prose", HOSTILE, HOSTILE)
    decision = does_not_hold(HOSTILE, HOSTILE)
    result = Result(one, "go1.27.3", decision, HOSTILE, HOSTILE, {HOSTILE: HOSTILE}, error=HOSTILE)
    page = parsed((Judged(one, (result,), decision),))
    assert page.find("img") is None
    assert len(page.find_all("script")) == 1
    assert only(page.select_one("#C0\\.1 h3")).get_text() == HOSTILE
    assert only(page.select_one("details td")).get_text() == HOSTILE


def test_the_policy_lets_in_the_pages_own_style_and_script_and_nothing_else() -> None:
    text = report.page(LEDGER, process.machine(), MADE)
    page = BeautifulSoup(text, "html.parser")
    policy = str(only(page.find("meta", attrs={"http-equiv": "Content-Security-Policy"}))["content"])
    allowed = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert allowed["default-src"] == "'none'"
    for name in ("style", "script"):
        content = only(page.find(name)).get_text()
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert allowed[f"{name}-src"] == f"'sha256-{digest}'"
    assert not re.search(r"\sstyle=|\son\w+=|\ssrc=|url\(|@import|https?://", text)


def test_without_a_script_everything_is_readable_and_the_filter_is_not_there() -> None:
    page = parsed()
    assert only(page.form).has_attr("hidden")
    assert not page.select("article[hidden], tr[hidden], section[hidden]")


@pytest.mark.parametrize("ledger", [(), LEDGER[:1]])
def test_few_claims_make_a_page_too(ledger: tuple[Judged, ...]) -> None:
    assert len(parsed(ledger).select("article.claim")) == len(ledger)
