"""A verdict beside a claim."""

from __future__ import annotations

import pytest

from schedlab.errors import UsageError
from schedlab.learn import Verdict, verdict


def test_there_are_five_verdicts() -> None:
    assert [one.value for one in Verdict] == [
        "holds",
        "does not hold",
        "imprecise",
        "depends on the release",
        "not measurable here",
    ]


def test_a_measured_claim_holds_or_does_not() -> None:
    assert (Verdict.of(True), Verdict.of(False)) == (Verdict.HOLDS, Verdict.DOES_NOT_HOLD)


@pytest.mark.parametrize("one", list(Verdict))
def test_all_three_parts_are_there_in_words(one: Verdict) -> None:
    shown = verdict("A P has 256 places.", "It has 256.", one, reason="no scheddetail")
    assert str(shown) == (
        "The article says: A P has 256 places.\n"
        "Measured here: It has 256.\n"
        f"Verdict: {one.value} (no scheddetail)"
    )
    html = shown._repr_html_()
    assert one.value in html
    assert 'role="group" aria-label="Verdict on a claim of the article"' in html


def test_each_verdict_has_an_edge_of_its_own() -> None:
    boxes = {verdict("x", "y", one, reason="r").html.partition("padding")[0] for one in Verdict}
    assert len(boxes) == len(Verdict)


def test_a_reason_is_needed_only_where_nothing_could_be_measured() -> None:
    assert str(verdict("x", "y", Verdict.HOLDS)).endswith("Verdict: holds")
    for reason in ("", "  "):
        with pytest.raises(UsageError, match="why is it not measurable here"):
            verdict("x", "y", Verdict.NOT_MEASURABLE_HERE, reason=reason)


def test_a_verdict_is_computed_not_written() -> None:
    with pytest.raises(UsageError, match="Verdict"):
        verdict("x", "y", "holds")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="the claim must be text"):
        verdict("", "y", Verdict.HOLDS)
    with pytest.raises(UsageError, match="the measurement must be text"):
        verdict("x", "", Verdict.HOLDS)


def test_texts_are_escaped() -> None:
    html = verdict("<script>a</script>", "<b>", Verdict.HOLDS, reason="</dl>").html
    assert "<script" not in html
    assert "&lt;script&gt;a&lt;/script&gt;" in html
    assert "&lt;b&gt;" in html
    assert html.count("</dl>") == 1


def test_what_is_printed_stands_below_the_claim() -> None:
    shown = verdict("It compiles.", "It does.", Verdict.HOLDS, printed="\n  go build &&\n    ./a <b>\n")
    assert shown.plain.startswith(
        "The article says: It compiles.\n    go build &&\n      ./a <b>\nMeasured here: It does."
    )
    assert "<pre " in shown.html
    assert "go build &amp;&amp;\n  ./a &lt;b&gt;</pre>" in shown.html
