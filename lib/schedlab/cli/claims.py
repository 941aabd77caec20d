"""``schedlab claims``: what the article says, and what is true here."""

from __future__ import annotations

from schedlab.cli.output import Commands
from schedlab.course import claims


def add_command(commands: Commands, about: str) -> None:
    parser = commands.add_parser("claims", help=about, description=f"{about.capitalize()}.")
    claims.add_arguments(parser)
    parser.set_defaults(command=claims.run)
