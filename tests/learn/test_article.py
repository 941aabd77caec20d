"""Claims of the ledger as a chapter shows them."""

from __future__ import annotations

import pytest

from schedlab import learn
from schedlab.claims import ClaimNotFound, Entry, Measured, Rig, ledger
from schedlab.claims.model import holds


def test_a_claim_is_shown_with_what_was_measured_and_the_rule() -> None:
    article = learn.Article()
    shown = article.claim("C1.1a")
    entry = ledger.entries()["C1.1a"]
    for part in ("C1.1a", entry.rule, shown.judged.newest.said, shown.judged.verdict.value):
        assert part in shown.plain
        assert part in shown.html
    assert repr(shown) == shown.plain, "where there is no browser, words and no markup"
    assert article.broken == ()


def test_a_command_is_shown_as_it_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    (claim,) = ledger.choose(["C4.2i"])
    entry = Entry(claim.id, lambda _: Measured({}, "It did."), "Holds.", lambda _: holds(), 1.0, ("1.27",))
    monkeypatch.setattr(ledger, "entries", lambda: {claim.id: entry})
    assert claim.kind == "command"
    assert f"\n    {claim.original}\n" in learn.Article().claim(claim.id).plain


def test_a_broken_experiment_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_: Rig) -> Measured:
        raise KeyError("threads")

    broken = Entry("C1.1a", breaks, "Holds.", lambda _: holds(), 1.0, ("1.27",))
    monkeypatch.setattr(ledger, "entries", lambda: {"C1.1a": broken})
    article = learn.Article()
    assert "KeyError" not in article.claim("C1.1a").plain.partition("Verdict:")[0]
    assert article.broken == ("C1.1a: KeyError: 'threads'",)


def test_a_claim_that_is_not_in_the_ledger_is_refused() -> None:
    with pytest.raises(ClaimNotFound, match=r"C1\.zz"):
        learn.Article().claim("C1.zz")
