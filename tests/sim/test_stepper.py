"""Decisions one by one: each with the state before and after, and a sentence."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from tests.sim.loads import everything, yielders

from schedlab import sim
from schedlab.errors import UsageError
from schedlab.sim.stepper import Board, decisions
from schedlab.view.decisions import Decisions


def where(board: Board) -> Counter[int]:
    """How often each goroutine stands somewhere."""
    places = list(board.in_global)
    for p in board.ps:
        places += [*p.local, *(g for g in (p.runnext, p.running) if g >= 0)]
    return Counter(places)


def test_each_state_follows_from_the_one_before() -> None:
    found = decisions(everything(), count=1500)
    assert len(found) == 1500
    for one, other in itertools.pairwise(found):
        assert one.after == other.before
        assert one.time_ns <= other.time_ns
        assert one.number + 1 == other.number
        assert one.reason.endswith(".")
        assert one.release == "go1.27"
        # Nobody stands in two places.
        assert max(where(one.after).values(), default=1) == 1


def test_the_rules_are_functions_of_the_runtime() -> None:
    from schedlab import toolchain

    source = "".join(
        (toolchain.find().runtime_source / name).read_text() for name in ("proc.go", "time.go", "mgcpacer.go")
    )
    rules = {one.rule for one in decisions(everything(), count=10_000)}
    assert len(rules) > 15
    unknown = [rule for rule in rules if f" {rule.rpartition('.')[2]}(" not in source]
    assert unknown == []


def test_one_can_begin_later() -> None:
    every = decisions(yielders(10, 5, 2), count=60)
    assert decisions(yielders(10, 5, 2), skip=40, count=20) == every[40:]


def test_a_short_program_has_fewer() -> None:
    found = decisions(yielders(1, 1, 1), count=1000)
    assert 5 < len(found) < 40
    assert found[0].rule == "execute"
    assert found[1].reason == "G1 became runnable on P0: it is run next."


@pytest.mark.parametrize(("skip", "count"), [(0, 0), (0, 20_000), (-1, 1)])
def test_wrong_use(skip: int, count: int) -> None:
    with pytest.raises(UsageError, match="decisions"):
        decisions(yielders(1, 1, 1), skip=skip, count=count)


def test_watching_changes_nothing() -> None:
    load = everything()
    before = sim.simulate(load, seed=5).log()
    decisions(load, seed=5, count=500)
    assert sim.simulate(load, seed=5).log() == before


def test_they_are_shown_with_what_changed() -> None:
    found = decisions(yielders(300, 2, 2), skip=200, count=20)
    shown = Decisions(found, title="A <b>full</b> queue")
    page = shown._repr_html_()
    assert page.count("<details") == 20
    assert "<b>full" not in page
    assert "class='changed'" in page
    assert "(simulated)" in page
    assert len(repr(shown).splitlines()) == 21
