"""A start function that is not known is None in every table, and "unknown" only in sentences."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from schedlab.analysis import antagonists, budget, compare, latency, mix, moves, wakes
from schedlab.timeline import State, Timeline

if TYPE_CHECKING:
    from tests.analysis.conftest import Maker

RUNNABLE, RUNNING, WAITING = State.RUNNABLE, State.RUNNING, State.WAITING


@pytest.fixture(scope="module")
def half_known(new_maker: Callable[[], Maker]) -> Timeline:
    """main.known and a goroutine without a name wake each other and run on one P, one after the other."""
    made = new_maker()
    nameless, known = made.goroutine(""), made.goroutine("main.known")
    made.life(
        nameless,
        0,
        [
            (RUNNING, 10, "", 0, -1),
            (WAITING, 10, "chan receive", -1, known),
            (RUNNABLE, 5, "", 0, known),
            (RUNNING, 15, "", 0, -1),
        ],
    )
    made.life(
        known,
        0,
        [
            (WAITING, 5, "chan receive", -1, nameless),
            (RUNNABLE, 5, "", 0, nameless),
            (RUNNING, 15, "", 0, -1),
        ],
    )
    return made.timeline()


def test_tables_have_none(half_known: Timeline) -> None:
    names = {None, "main.known"}
    assert set(moves.stops(half_known).key) == names
    assert set(moves.migrations(half_known).key) == names
    assert set(moves.slices(half_known).key) == names
    edges = wakes.wakes(half_known)
    assert set(zip(edges.waker, edges.woken, strict=True)) == {(None, "main.known"), ("main.known", None)}
    assert set(antagonists.antagonists(half_known).key) == names
    assert set(compare.compare(half_known, half_known).name) == names
    assert set(latency.runnable(half_known, "function").key) == names
    assert set(mix.states(half_known, by="function").functions) == names


def test_nobody_knows_it_is_the_runtimes(half_known: Timeline) -> None:
    assert budget.budget(half_known).total("user") == 40


def test_sentences_say_unknown(half_known: Timeline) -> None:
    path = wakes.Paths(half_known).to_end(10)
    assert set(path.function) == set(path.summary().function) == {None, "main.known"}
    assert any("woke unknown (G10)" in why for why in path.why)


def test_the_other_side_may_lack_it(half_known: Timeline, new_maker: Callable[[], Maker]) -> None:
    made = new_maker()
    made.life(made.goroutine("main.known"), 0, [(RUNNING, 10, "", 0, -1), (RUNNABLE, 5, "", 0, -1)])
    found = compare.compare(half_known, made.timeline())
    assert ("running", None) in found.only_before
    assert set(found.name) == {"main.known"}
