"""Detection on living programs: a few of the corpus, of which it is known where they leak."""

from __future__ import annotations

import pytest

from schedlab import toolchain
from schedlab.capture import endpoint
from schedlab.course.bench_leaks import CORPUS
from schedlab.diagnose import leak_trial, leaks
from schedlab.diagnose.leak_trial import Case, Trial
from schedlab.diagnose.leaks import Confidence
from schedlab.diagnose.trial import score

LEAKY = ("send_early_return", "subscribers_kept", "lock_order", "nil_receive", "slow_leak")
HEALTHY = ("idle_pool", "bursts", "timeouts", "long_lived", "parked_on_purpose")


@pytest.fixture(scope="module")
def corpus() -> toolchain.Binary:
    return toolchain.build(CORPUS)


@pytest.fixture(scope="module")
def trials(corpus: toolchain.Binary) -> dict[str, Trial]:
    chosen = [case for case in leak_trial.cases(corpus) if case.name in LEAKY + HEALTHY]
    return {one.case.name: one for one in leak_trial.run(corpus, chosen, seconds=3)}


def test_the_corpus_is_large_and_each_leak_has_its_line(corpus: toolchain.Binary) -> None:
    every = leak_trial.cases(corpus)
    leaky = [case for case in every if case.leaky]
    healthy = [case for case in every if not case.leaky]
    assert len(leaky) >= 30
    assert len(healthy) >= 30
    assert len({case.name for case in every}) == len(every)
    assert all(case.where for case in leaky)
    for cases in (leaky, healthy):
        assert sum(case.held for case in cases) == len(cases) // 3


@pytest.mark.parametrize("name", LEAKY)
def test_a_leak_is_found_on_its_line(trials: dict[str, Trial], name: str) -> None:
    assert trials[name].right_line, trials[name].report.causes


@pytest.mark.parametrize("name", HEALTHY)
def test_nothing_is_said_of_a_healthy_program(trials: dict[str, Trial], name: str) -> None:
    assert not trials[name].found, trials[name].report.causes


def test_the_runtime_proves_what_it_can_and_growth_shows_the_rest(trials: dict[str, Trial]) -> None:
    proved, grown = trials["lock_order"].report.leaks[0], trials["subscribers_kept"].report.leaks[0]
    assert proved.confidence is Confidence.PROVED
    assert (grown.confidence, grown.proved) == (Confidence.STRONG, 0)


def test_of_very_many_goroutines_profiles_are_taken(
    corpus: toolchain.Binary, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    fetch = endpoint.fetch

    def noted(address: str, name: str, *, debug: int) -> bytes:
        asked.append((name, debug))
        return fetch(address, name, debug=debug)

    monkeypatch.setattr(endpoint, "fetch", noted)
    monkeypatch.setattr(leaks, "_MANY", 0)
    names = ("send_early_return", "subscribers_kept", "idle_pool")
    chosen = [case for case in leak_trial.cases(corpus) if case.name in names]
    found = {one.case.name: one for one in leak_trial.run(corpus, chosen, seconds=3)}
    assert set(asked) == {("goroutine", 0), ("goroutineleak", 0)}
    assert found["send_early_return"].report.leaks[0].confidence is Confidence.PROVED
    assert found["subscribers_kept"].report.leaks[0].confidence is Confidence.LIKELY
    assert found["send_early_return"].right_line
    assert found["subscribers_kept"].right_line
    assert not found["idle_pool"].found


def test_rates_are_counted_over_the_right_cases() -> None:
    healthy, leaky, elsewhere = (
        Case("a", leaky=False, held=False, where=""),
        Case("b", leaky=True, held=True, where="work.go:40"),
        Case("c", leaky=True, held=False, where="work.go:99"),
    )
    report = leaks.examine([leaks.Snapshot("s", {}), leaks.Snapshot("t", {})])
    counted = score(Trial(case, report) for case in (healthy, leaky, elsewhere))
    assert (counted.ill, counted.found, counted.healthy, counted.false_alarms) == (2, 0, 1, 0)
    assert (counted.recall, counted.precision) == (0.0, None)
