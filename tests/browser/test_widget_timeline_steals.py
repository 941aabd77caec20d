"""Steals in a browser: where probes were recorded beside the trace, each is an arrow from P to P."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Locator, Page, expect

from schedlab.capture import probes
from schedlab.process import GoSettings
from schedlab.timeline import MarkKind, Timeline, probed
from schedlab.view.widgets.page import save_html
from schedlab.view.widgets.timeline import TimelineView

if TYPE_CHECKING:
    from tests.browser.conftest import Exported

STEAL_ARROWS = "Steal arrows"

# The one steal in the middle of the view, and what colours there are on its line between the two rows.
SHOWN = """(root, at) => {
    const app = root.timeline;
    app.point(null);
    app.show({ t0: at.time - 20000, t1: at.time + 20000 });
    app.draw();
    const { steals, count } = app.layers.steals ?? { steals: [], count: 0 };
    const canvas = app.parts.hover;
    const scale = canvas.width / app.scene.width;
    const x = Math.round(scale * app.scene.width * (at.time - app.view.t0) / (app.view.t1 - app.view.t0));
    const row = p => app.lanes.rows.find(one =>
        one.kind === "p" && one.lane === app.lanes.procs.number.indexOf(p));
    const middle = p => scale * (row(p).y + row(p).height / 2 - app.scene.top);
    const y = Math.round((middle(at.thief) + middle(at.victim)) / 2);
    const copy = new OffscreenCanvas(8, 1).getContext("2d");
    copy.drawImage(canvas, x - 3, y, 7, 1, 0, 0, 7, 1);
    copy.fillStyle = app.palette.inks.accent;
    copy.fillRect(7, 0, 1, 1);
    const { data } = copy.getImageData(0, 0, 8, 1);
    const wanted = data.slice(28);
    let painted = 0;
    for (let k = 0; k < 7; k++) painted += [0, 1, 2].every(one => data[4 * k + one] === wanted[one]);
    return { steals, count, painted };
}"""


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Timeline:
    file = tmp_path_factory.mktemp("probed") / "trace"
    arguments = ("-trace", file, "-rounds", "50")
    run = probes.run("trace_everything", arguments, ring_events=1 << 20, settings=GoSettings(gomaxprocs=2))
    run.finished.check()
    assert run.events is not None
    return probed.with_probes(Timeline.load(file), run.events, probed.origin_ns(file))


@pytest.fixture
def page(exported: Exported, joined: Timeline, tmp_path: Path) -> Page:
    return exported.open(save_html(TimelineView(joined, title="Steals"), tmp_path / "steals.html"))


def root(page: Page) -> Locator:
    return page.locator(".schedlab-timeline")


def shown(page: Page, steal: dict[str, int]) -> dict[str, Any]:
    found: dict[str, Any] = root(page).evaluate(SHOWN, steal)
    return found


def test_each_steal_is_an_arrow_from_p_to_p(
    page: Page, joined: Timeline, screenshot: Callable[[Page, str], Path]
) -> None:
    steals = probed.steals(joined)
    assert len(steals) > 0
    whole = root(page).evaluate("root => root.timeline.layers.steals")
    assert whole["count"] == len(steals)
    assert len(whole["steals"]) == min(len(steals), 300)
    row = len(steals) // 2
    steal = {
        "time": int(steals.time[row]),
        "thief": int(steals.thief[row]),
        "victim": int(steals.victim[row]),
    }
    found = shown(page, steal)
    assert found["count"] == len(found["steals"]) >= 1
    (same,) = [one for one in found["steals"] if one["t"] == steal["time"]]
    assert (same["thief"], same["victim"]) == (steal["thief"], steal["victim"])
    assert same["taken"] == int(steals.taken[row])
    assert found["painted"] > 0
    screenshot(page, "timeline_steals")
    page.get_by_label(STEAL_ARROWS).uncheck()
    assert shown(page, steal) == {"steals": [], "count": 0, "painted": 0}
    page.get_by_label(STEAL_ARROWS).check()
    assert shown(page, steal)["painted"] > 0
    expect(page.locator(".tl-legend")).to_contain_text("steals, recorded by probes")


def test_a_trace_alone_has_no_steals(exported: Exported, joined: Timeline, tmp_path: Path) -> None:
    keep = joined.marks["kind"] != MarkKind.LOG
    alone = replace(joined, marks={name: column[keep] for name, column in joined.marks.items()})
    page = exported.open(save_html(TimelineView(alone, title="Alone"), tmp_path / "alone.html"))
    assert page.get_by_label(STEAL_ARROWS).count() == 0
    assert root(page).evaluate("root => root.timeline.layers.steals") is None
