"""``schedlab cache``: what is kept outside the tree, and how to be rid of it."""

from __future__ import annotations

import argparse

from schedlab import toolchain
from schedlab.cli.output import Commands
from schedlab.places import cache_folder


def add_command(commands: Commands, about: str) -> None:
    parser = commands.add_parser("cache", help=about)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    actions.add_parser("path", help="print where it is").set_defaults(command=_path)
    actions.add_parser("clear", help="empty it").set_defaults(command=_clear)


def _path(_: argparse.Namespace) -> int:
    print(cache_folder())
    return 0


def _clear(_: argparse.Namespace) -> int:
    removed = toolchain.clear_cache()
    print(f"removed {removed.programs} programs, {removed.bytes >> 20} MiB, from {cache_folder()}")
    return 0
