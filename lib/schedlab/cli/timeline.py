"""``schedlab timeline TRACE -o PAGE``: a trace as one HTML file to zoom and search in."""

from __future__ import annotations

import argparse
from pathlib import Path

from schedlab.cli.input import new_file, read_timeline
from schedlab.cli.output import Commands, visible
from schedlab.errors import UsageError
from schedlab.timeline import Timeline

_ABOUT = """\
Write an execution trace as one HTML file: lanes of Ps, Ms and goroutines to zoom, filter and search in.

The file needs no network and nothing beside it; the sources of the program travel with it.
"""


def add_command(commands: Commands, about: str) -> None:
    parser = commands.add_parser(
        "timeline",
        help=about,
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "file", metavar="TRACE", help="the trace, or a saved timeline, or - for standard input"
    )
    parser.add_argument("-o", "--output", required=True, metavar="PAGE", help="the HTML file to write")
    parser.add_argument("--title", default="", help="what stands above (the file's name)")
    parser.add_argument(
        "--window",
        nargs=2,
        type=float,
        metavar=("FROM", "TO"),
        help="only this part, in ms from the first event",
    )
    parser.add_argument(
        "--source", action="append", default=[], metavar="FOLDER", help="where the program's sources are"
    )
    parser.set_defaults(command=_timeline)


def _timeline(arguments: argparse.Namespace) -> int:
    # Half a second to import: only who writes a page waits for it.
    from schedlab.view.widgets.page import save_html
    from schedlab.view.widgets.timeline import TimelineView

    page = new_file(arguments.output)
    missing = [name for name in arguments.source if not Path(name).is_dir()]
    if missing:
        raise UsageError(f"there is no folder {missing[0]!r}", remedy="Name the folder of a Go program.")
    timeline = _part(read_timeline(arguments.file), arguments.window)
    title = arguments.title or Path(arguments.file).name
    view = TimelineView(timeline, title=title, sources=[Path(name).resolve() for name in arguments.source])
    save_html(view, page, title=title)
    print(f"{visible(str(page))}: {page.stat().st_size} bytes; open it in a browser")
    return 0


def _part(timeline: Timeline, window: tuple[float, float] | None) -> Timeline:
    if window is None:
        return timeline
    start, end = (round(edge * 1e6) for edge in window)
    return timeline.window(start, end)
