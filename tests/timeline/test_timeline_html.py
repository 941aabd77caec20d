"""What a notebook shows of a Timeline."""

from __future__ import annotations

import dataclasses
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

import numpy as np
import pytest

from schedlab.timeline import Lane, Provenance, State, Timeline, html, palette
from schedlab.view import style


def card(timeline: Timeline) -> ET.Element:
    """The card, which must be well-formed, as a tree."""
    return ET.fromstring(timeline._repr_html_().replace("xmlns=", "was="))


def facts(timeline: Timeline) -> dict[str, str]:
    return {row[0].text or "": row[1].text or "" for row in card(timeline).iter("tr")}


def test_the_table(small: Timeline, timeline: Timeline) -> None:
    found = facts(small)
    assert found["duration"] == "100 ns"
    assert found["G, P, M"] == "3 G, 1 P, 2 M"
    assert found["stop-the-world"] == "1, 6 ns in all"
    assert found["runnable before running"].startswith("p50 20 ns, p99 20 ns (1 waits)")
    assert (found["source"], found["spans are"]) == ("made", "simulated")
    assert "incomplete" not in found
    assert "window" not in found
    assert facts(timeline)["spans are"] == "recorded; stack is derived; end is derived"
    assert facts(small.window(10, 60))["window"] == "10 ns to 60 ns"


def test_an_incomplete_capture_says_so(small: Timeline) -> None:
    cut = dataclasses.replace(small, meta={**small.meta, "lost": "the end is missing"})
    assert facts(cut)["incomplete"] == "the end is missing"
    assert repr(cut) == "Timeline(8 spans, 3 goroutines, 0.000 ms, incomplete: the end is missing)"


def test_the_thumbnail_is_described_and_labelled(small: Timeline) -> None:
    svg = card(small).find("svg")
    assert svg is not None
    assert svg.get("role") == "img"
    title = svg.findtext("title")
    # It runs goroutines from 0 to 20, 30 to 50 and 90 to 100, where the P is idle by its own account.
    assert title == (
        "What the Ps did during 100 ns. P0: runs a goroutine 40%, held, runs none 20%, idle 40%."
    )
    texts = [text.text for text in svg.iter("text")]
    assert texts == [
        "P0",
        "0 ns",
        "100 ns",
        "runs a goroutine",
        "held, runs none",
        "system call",
        "idle",
    ]
    assert all(text.get("fill") == "currentColor" for text in svg.iter("text"))


def test_shares_add_up_to_the_whole(timeline: Timeline) -> None:
    found = html.shares(timeline, [0, 1], 200)
    assert found.shape == (4, 2, 200)
    np.testing.assert_allclose(found.sum(axis=0), 1, atol=1e-6)
    for layer, lane, state in ((0, Lane.GOROUTINE, State.RUNNING), (3, Lane.PROC, State.IDLE)):
        spans = timeline.filter(lane=lane, state=state).spans
        for p in (0, 1):
            share = spans["dur"][spans["p"] == p].sum() / timeline.duration_ns
            assert found[layer, p].mean() == pytest.approx(share, abs=1e-6)


def test_a_bucket_shows_shares_and_not_the_longest(make: Callable[..., Timeline]) -> None:
    """A thousand short runs, one after the other with gaps as long, are half of each bucket."""
    run, held = int(State.RUNNING), {"lane": 1, "id": 0, "state": int(State.RUNNING), "p": 0}
    timeline = make(
        duration_ns=10_000,
        spans=[
            *({"lane": 0, "state": run, "start": 10 * i, "dur": 5, "p": 0} for i in range(1000)),
            {**held, "start": 0, "dur": 10_000},
        ],
    )
    found = html.shares(timeline, [0], 100)
    np.testing.assert_allclose(found[0], 0.5)
    np.testing.assert_allclose(found[1], 0.5)
    np.testing.assert_allclose(found[2:], 0)


def test_a_window_shows_itself(timeline: Timeline) -> None:
    half = timeline.duration_ns // 2
    whole = html.shares(timeline, [0, 1], 100)
    for part in (timeline.window(half, 2 * half), timeline.window(half, 2 * half, cut=True)):
        found = html.shares(part, [0, 1], 50)
        np.testing.assert_allclose(found.sum(axis=0), 1, atol=1e-6)
        np.testing.assert_allclose(found, whole[:, :, 50:], atol=0.01)


def test_all_text_is_escaped(make: Callable[..., Timeline]) -> None:
    evil = "<script>alert(1)</script>&\"'"
    timeline = make(
        spans=[{"lane": 1, "id": 0, "p": 0, "state": 2, "dur": 100}],
        meta={"source": evil, "lost": evil},
    )
    text = timeline._repr_html_()
    assert "<script" not in text
    assert facts(timeline)["source"] == evil
    assert facts(timeline)["incomplete"] == evil


def test_without_ps_and_without_anything(small: Timeline, make: Callable[..., Timeline]) -> None:
    for timeline in (
        small.threads_lane(),
        small.filter(min_dur_ns=1000),
        make(goroutines=0),
        make(duration_ns=0, spans=[{"lane": 1, "id": 0, "p": 0, "state": 5}]),
        dataclasses.replace(make(), provenance={}),
        small.window(500, 600),
    ):
        assert card(timeline).find("svg") is None
        assert "no picture" in timeline._repr_html_()


def test_many_ps_are_counted_and_short_captures_have_few_buckets(make: Callable[..., Timeline]) -> None:
    timeline = make(
        spans=[{"lane": 1, "id": p, "p": p, "state": 2, "dur": 3} for p in range(100)], duration_ns=3
    )
    tree = card(timeline)
    assert "The first 24 of 100 Ps." in [paragraph.text for paragraph in tree.iter("p")]
    title = tree.find("svg/title")
    assert title is not None
    assert (title.text or "").startswith("What the Ps did during 3 ns. On average over 24 of 100 Ps: held")


def test_it_stays_small(timeline: Timeline) -> None:
    assert len(timeline._repr_html_()) < 100_000
    assert len(re.findall("<path", timeline._repr_html_())) == 4


def test_sampled_timelines_say_so(small: Timeline) -> None:
    sampled = dataclasses.replace(small, provenance=dict.fromkeys(small.provenance, Provenance.SAMPLED))
    assert facts(sampled)["spans are"] == "sampled"


def test_colours_are_those_of_the_other_pictures() -> None:
    assert palette.FILLS == style.FILLS
    assert set(palette.OF_STATE) == set(State)
    assert len(set(palette.OF_STATE.values())) == len(State)
