"""The ledger's bookkeeping, and how verdicts are computed and combined."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from schedlab import claims, process
from schedlab.claims import (
    Claim,
    Decision,
    Entry,
    Measured,
    Needs,
    NotMeasurableHere,
    Result,
    Rig,
    Verdict,
    choose,
    on_rig,
    together,
)
from schedlab.claims.model import Values, does_not_hold, holds, imprecise, not_measurable
from schedlab.process import WallLimitExceeded

CLAIM = Claim("C0.1", "0", "prose", "<b>Go</b>", "Go <script>alert(1)</script>")


def entry(measure: Callable[[Rig], Measured], decide: Callable[[Values], Decision], **more: object) -> Entry:
    made = Entry("C0.1", measure, "Holds if n is 1.", decide, 1.0, ("1.27",))
    return replace(made, **more)  # type: ignore[arg-type]


def one(_: Rig) -> Measured:
    return Measured({"n": 1}, "n is 1")


def is_one(values: Values) -> Decision:
    return holds() if values["n"] == 1 else does_not_hold("n is another")


def result(verdict: Decision, release: str = "go1.27.3") -> Result:
    return Result(CLAIM, release, verdict, "a rule")


def test_each_claim_has_one_experiment_and_each_text_is_there() -> None:
    entries = claims.entries()
    assert set(entries) == {claim.id for claim in claims.claims()}
    for claim in claims.claims():
        found = entries[claim.id]
        assert claim.id.startswith(f"C{claim.section[0]}."), "an id begins with its chapter"
        assert found.rule.strip().endswith("."), f"{claim.id}: the rule is a sentence"
        assert found.seconds > 0
        assert set(found.examined) | set(found.compare) <= {"1.24", "1.25", "1.26", "1.27"}


def test_claims_are_in_the_articles_order() -> None:
    sections = [[int(part) for part in claim.section.split(".")] for claim in claims.claims()]
    assert sections == sorted(sections)


def test_a_claim_is_chosen_by_id_by_its_beginning_and_by_section() -> None:
    ids = [claim.id for claim in claims.claims()]
    assert [claim.id for claim in choose(["C1.2a"])] == ["C1.2a"]
    assert {claim.id for claim in choose(["C1.2"])} == {name for name in ids if name.startswith("C1.2")}
    assert {claim.id for claim in choose(["1"])} == {c.id for c in claims.claims() if c.section == "1"}
    assert [claim.id for claim in choose([])] == ids


@pytest.mark.parametrize("name", ["C9", "", "c1.2a", "C1.2zz", "11"])
def test_a_wrong_name_is_refused_with_names_that_exist(name: str) -> None:
    with pytest.raises(claims.ClaimNotFound, match="Claims are named C") as refused:
        choose([name])
    assert refused.value.exit_status == 2


def test_a_verdict_is_computed_from_what_was_measured() -> None:
    found = on_rig(CLAIM, entry(one, is_one), Rig.of())
    assert (found.verdict, found.said, found.values) == (Verdict.HOLDS, "n is 1", {"n": 1})


def test_claims_that_share_a_measurement_share_its_run() -> None:
    runs = []

    def counted(_: Rig) -> Measured:
        runs.append(1)
        return Measured({"n": len(runs)}, "")

    rig = Rig.of()
    assert [on_rig(CLAIM, entry(counted, is_one), rig).verdict for _ in range(3)] == [Verdict.HOLDS] * 3
    assert len(runs) == 1


def test_a_failed_measurement_is_not_tried_again_by_the_next_claim() -> None:
    runs = []

    def absent(_: Rig) -> Measured:
        runs.append(1)
        raise NotMeasurableHere("no such thing here")

    rig = Rig.of()
    found = [on_rig(CLAIM, entry(absent, is_one), rig) for _ in range(2)]
    assert [(f.verdict, f.decision.reason, f.error) for f in found] == [
        (Verdict.NOT_MEASURABLE_HERE, "no such thing here", "")
    ] * 2
    assert len(runs) == 1


def test_what_hangs_is_not_measurable_and_what_breaks_is_an_error() -> None:
    def hangs(_: Rig) -> Measured:
        raise WallLimitExceeded("it took more than 60 s", None)  # type: ignore[arg-type]

    def breaks(_: Rig) -> Measured:
        raise KeyError("threads")

    hung = on_rig(CLAIM, entry(hangs, is_one), Rig.of())
    assert (hung.verdict, hung.error) == (Verdict.NOT_MEASURABLE_HERE, "")
    broken = on_rig(CLAIM, entry(breaks, is_one), Rig.of())
    assert broken.error == "KeyError: 'threads'"


def test_a_need_that_is_not_met_runs_nothing() -> None:
    rig = replace(Rig.of(), machine=replace(process.machine(), cores=1, system="Plan 9"))

    def never(_: Rig) -> Measured:
        raise AssertionError("it ran")

    for needs, said in ((Needs(cores=2), "needs 2 CPUs"), (Needs(linux=True), "needs Linux")):
        found = on_rig(CLAIM, entry(never, is_one, needs=needs), rig)
        assert found.verdict is Verdict.NOT_MEASURABLE_HERE
        assert said in found.decision.reason


def test_releases_that_differ_make_it_depend_on_the_release() -> None:
    differ = together([result(does_not_hold("old"), "go1.24.11"), result(holds())])
    assert differ.verdict is Verdict.DEPENDS_ON_RELEASE
    assert differ.reason == "go1.24.11: does not hold; go1.27.3: holds"
    assert together([result(holds()), result(holds())]).verdict is Verdict.HOLDS


def test_a_release_that_could_not_be_measured_has_no_vote_unless_there_is_no_other() -> None:
    absent = not_measurable("no network")
    assert together([result(absent), result(holds())]).verdict is Verdict.HOLDS
    assert together([result(absent), result(absent)]).verdict is Verdict.NOT_MEASURABLE_HERE


def test_an_imprecise_claim_needs_its_correction_and_an_unmeasured_one_its_reason() -> None:
    with pytest.raises(ValueError, match="corrected"):
        imprecise(" ")
    with pytest.raises(ValueError, match="reason"):
        not_measurable("")
