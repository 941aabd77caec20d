"""How fast the timeline opens and follows the reader's hands, with WebGL and with a 2D canvas.

The trace is made here, from the sample ``handoffs``, or is one that is named. Every way takes its turn in
every round, so that a busy machine slows all: both renderers, a page that paints one rectangle (what the
browser takes for itself), and Bokeh with the same spans. What an input's time is, ``views_browser`` says.
Goals stand beside the figures; ``!`` marks one that was missed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from schedlab import process, toolchain
from schedlab.course import views_bokeh, views_browser, views_lab
from schedlab.errors import UsageError
from schedlab.timeline import Timeline
from schedlab.view.widgets.page import save_html
from schedlab.view.widgets.timeline import TimelineView

_SPANS_PER_EXCHANGE: Final = 3.064
_PATIENCE_S: Final = 900.0
_RENDERERS: Final = ("webgl", "canvas")
_FLOOR: Final = "rectangle"
_BOKEH: Final = ("bokeh webgl", "bokeh canvas")

MOST_FOR_BOKEH: Final = 1_100_000
"""With more spans Bokeh's page needs minutes for each input."""

_BOKEH_INPUTS: Final = 2
_LAB: Final = "run to frame in JupyterLab, ms: median"
_GOALS: Final = (
    (
        1_100_000,
        {
            "page, MB": 6.5,
            "open, ms: median": 1000.0,
            **{f"{kind}, ms: median": 33.0 for kind in ("zoom", "pan")},
            **{f"{kind}, ms: worst": 100.0 for kind in ("zoom", "pan")},
            _LAB: 1500.0,
        },
    ),
    (11_000_000, {f"{kind}, ms: median": 50.0 for kind in ("zoom", "pan")}),
)


@dataclass(frozen=True, slots=True)
class BenchRow:
    """One way: its page in MB, times in ms as (median, least, most), the page's peak memory in MB.

    ``free`` are times until the page is free again, of the same kinds as ``times``.
    """

    way: str
    spans: int
    page_mb: float
    peak_mb: float
    times: dict[str, tuple[float, float, float]]
    free: dict[str, tuple[float, float, float]]

    @property
    def figures(self) -> dict[str, float]:
        """What is printed and has goals, by its name in the table."""
        found = {"page, MB": self.page_mb, "peak of the page's memory, MB": self.peak_mb}
        for kind, (median, _, most) in self.times.items():
            found |= {f"{kind}, ms: median": median, f"{kind}, ms: worst": most}
        for kind, (median, _, _) in self.free.items():
            found[f"{kind} until free, ms: median"] = median
        return found


def run(
    timeline: Timeline, *, rounds: int, inputs: int, bokeh: bool = False, folder: Path
) -> tuple[BenchRow, ...]:
    """Measure on ``timeline``, with ``inputs`` of each kind in each round; pages go into ``folder``.

    Raises:
        UsageError: no round or input.
        NoBrowser: there is no Chromium or no Playwright.
        NoBokeh: it is asked for and not installed.
    """
    if min(rounds, inputs) < 1:
        raise UsageError("too little to measure", remedy="Ask for one round and one input or more.")
    pages = {
        kind: save_html(TimelineView(timeline, renderer=kind), folder / f"{kind}.html") for kind in _RENDERERS
    }
    pages[_FLOOR] = folder / "floor.html"
    pages[_FLOOR].write_text(views_browser.FLOOR, encoding="utf-8")
    for way in _BOKEH if bokeh else ():
        backend = way.rpartition(" ")[2]
        pages[way] = views_bokeh.page(timeline, folder / f"bokeh-{backend}.html", backend)
    found: dict[str, list[views_browser.Opened]] = {way: [] for way in pages}
    for number in range(rounds):
        for way, page in pages.items():
            slow = way in _BOKEH
            # An input takes Bokeh so long that one round of a few tells enough.
            if slow and number:
                continue
            with views_browser.browser() as browser:
                count = min(inputs, _BOKEH_INPUTS) if slow else inputs
                found[way].append(views_browser.measure(browser, page, _area(way), count))
    return tuple(_row(way, len(timeline), pages[way], found[way]) for way in pages)


def made(trace: Path, spans: int) -> Path:
    """Write an execution trace of about ``spans`` spans.

    Raises:
        UsageError: fewer than 1000 spans.
    """
    if spans < 1000:
        raise UsageError("too little to measure", remedy="Ask for 1000 spans or more.")
    exchanges = str(int(spans / _SPANS_PER_EXCHANGE))
    program = toolchain.build("handoffs")
    process.run(program, ["-trace", str(trace), "-exchanges", exchanges], wall_limit_s=_PATIENCE_S).check()
    return trace


def table(rows: Sequence[BenchRow], lab_ms: Sequence[float] = ()) -> list[str]:
    """The figures of all ways, a column each, beside their goals; ``!`` was missed. Then Bokeh's ratios."""
    goals = next((found for most, found in _GOALS if rows[0].spans <= most), {})
    names = list(dict.fromkeys(name for row in rows for name in row.figures))
    lines = [f"{'':<34}{'goal':>8}" + "".join(f"{row.way:>14}" for row in rows)]
    for name in names:
        cells = "".join(_cell(row, name, goals.get(name)) for row in rows)
        lines.append(f"{name:<34}{_limit(goals.get(name)):>8}{cells}")
    if lab_ms:
        median, goal = statistics.median(lab_ms), goals.get(_LAB)
        mark = "!" if goal is not None and median > goal else ""
        spread = f"{mark} ({min(lab_ms):.0f} to {max(lab_ms):.0f})"
        lines.append(f"{_LAB}{_limit(goal):>8} {median:.0f}{spread}")
    alone = [
        name
        for row in rows
        if row.way == _FLOOR
        for name, value in row.figures.items()
        if name.endswith(": median") and value > goals.get(name, value)
    ]
    if alone:
        lines.append(f"the browser alone takes longer than the goal: {', '.join(alone)}")
    return [*lines, *_ratios(rows)]


def main(argv: list[str]) -> int:
    """``./course bench views [--spans N…] [--trace FILE] [--rounds N] [--inputs N] …``: print the tables."""
    parser = argparse.ArgumentParser(prog="./course bench views", description=__doc__)
    parser.add_argument("--spans", type=int, nargs="+", default=[1_000_000], metavar="N")
    parser.add_argument(
        "--trace", type=Path, metavar="FILE", help="an execution trace, instead of making one"
    )
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="turns of each way (default 5)")
    parser.add_argument("--inputs", type=int, default=30, metavar="N", help="of each kind (default 30)")
    parser.add_argument(
        "--no-bokeh", dest="bokeh", action="store_false", help="leave Bokeh out: it takes minutes"
    )
    parser.add_argument("--no-lab", dest="lab", action="store_false", help="leave the live JupyterLab out")
    arguments = parser.parse_args(argv)
    for spans in [0] if arguments.trace else arguments.spans:
        with tempfile.TemporaryDirectory(prefix="schedlab-bench-") as name:
            folder = Path(name)
            _show(arguments.trace or made(folder / "trace", spans), folder, arguments)
    return 0


def _show(trace: Path, folder: Path, arguments: argparse.Namespace) -> None:
    before = os.getloadavg()[0]
    timeline = Timeline.load(trace)
    bokeh = arguments.bokeh and len(timeline) <= MOST_FOR_BOKEH
    if arguments.bokeh and not bokeh:
        print(f"without Bokeh: that would take it minutes for each input, with over {MOST_FOR_BOKEH:,} spans")
    rows = run(timeline, rounds=arguments.rounds, inputs=arguments.inputs, bokeh=bokeh, folder=folder)
    lab = views_lab.run_to_frame(trace, arguments.rounds, folder) if arguments.lab else []
    print(f"{rows[0].spans:,} spans; load average {before:.1f} before, {os.getloadavg()[0]:.1f} after")
    print("\n".join(table(rows, lab)), flush=True)


def _area(way: str) -> str:
    return {_FLOOR: "canvas", **dict.fromkeys(_BOKEH, views_bokeh.AREA)}.get(way, ".tl-plot")


def _row(way: str, spans: int, page: Path, found: list[views_browser.Opened]) -> BenchRow:
    times = {"open": _spread(one.open_ms for one in found)}
    for name in found[0].inputs_ms:
        times[name] = _spread(ms for one in found for ms in one.inputs_ms[name])
    if found[0].draw_ms:
        times["draw"] = _spread(ms for one in found for ms in one.draw_ms)
    free = {name: _spread(ms for one in found for ms in one.free_ms[name]) for name in found[0].free_ms}
    return BenchRow(way, spans, page.stat().st_size / 1e6, max(one.peak_mb for one in found), times, free)


def _spread(values: Iterable[float]) -> tuple[float, float, float]:
    found = list(values)
    return statistics.median(found), min(found), max(found)


def _cell(row: BenchRow, name: str, goal: float | None) -> str:
    value = row.figures.get(name)
    if value is None:
        return f"{'':>14}"
    missed = goal is not None and value > goal and row.way in _RENDERERS
    return f"{value:>13.{1 if value < 1000 else 0}f}{'!' if missed else ' '}"


def _limit(goal: float | None) -> str:
    return "" if goal is None else f"<= {goal:g}"


def _ratios(rows: Sequence[BenchRow]) -> list[str]:
    """How many times as long Bokeh takes until its page is free, the browser's own part included."""
    by_way = {row.way: row.free for row in rows}
    lines = []
    for ours, theirs in zip(_RENDERERS, _BOKEH, strict=True):
        if theirs in by_way:
            parts = [
                f"{kind} {by_way[theirs][kind][0] / by_way[ours][kind][0]:.0f}x" for kind in by_way[theirs]
            ]
            lines.append(f"{theirs} takes, until its page is free, of ours with {ours}: {', '.join(parts)}")
    return lines
