"""``schedlab flame PROFILE -o PAGE``: a profile as one HTML file to zoom and search in."""

from __future__ import annotations

import argparse
from pathlib import Path

from schedlab.capture import pprof
from schedlab.cli.input import new_file
from schedlab.cli.output import Commands, visible
from schedlab.errors import UsageError

_ABOUT = """\
Write a pprof profile as one HTML file: a flame graph to zoom, search and turn over.

Two profiles are compared, the first before the second. With --growth, two or more: which stacks grew, as
those of leaking goroutines do. The file needs no network and nothing beside it.
"""


def add_command(commands: Commands, about: str) -> None:
    parser = commands.add_parser(
        "flame",
        help=about,
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", metavar="PROFILE", nargs="+", help="profiles, the oldest first")
    parser.add_argument("-o", "--output", required=True, metavar="PAGE", help="the HTML file to write")
    parser.add_argument("--title", default="", help="what stands above (the file's name)")
    parser.add_argument("--sample-type", metavar="NAME", help="what to measure, such as cpu or inuse_space")
    parser.add_argument("--growth", action="store_true", help="show which stacks grew")
    parser.set_defaults(command=_flame)


def _flame(arguments: argparse.Namespace) -> int:
    # Half a second to import: only who writes a page waits for it.
    from schedlab.view.widgets.flame import FlameView
    from schedlab.view.widgets.page import save_html

    page = new_file(arguments.output)
    profiles = {
        f"{number}: {Path(name).name}": pprof.load(name) for number, name in enumerate(arguments.file, 1)
    }
    title = arguments.title or ", ".join(Path(name).name for name in arguments.file)
    options = {"title": title, "sample_type": arguments.sample_type}
    if arguments.growth:
        view = FlameView.growth(profiles, **options)
    elif len(profiles) == 1:
        view = FlameView(*profiles.values(), **options)
    elif len(profiles) == 2:
        view = FlameView.diff(*profiles.values(), **options)
    else:
        raise UsageError(
            f"{len(profiles)} profiles cannot be one picture", remedy="Compare them with --growth."
        )
    save_html(view, page, title=title)
    print(f"{visible(str(page))}: {page.stat().st_size} bytes; open it in a browser")
    return 0
