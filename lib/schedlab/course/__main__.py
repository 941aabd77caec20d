"""The commands of ``./course``, after set-up."""

from __future__ import annotations

import importlib
import sys

from schedlab.errors import SchedlabError

COMMANDS = {
    "lab": "open JupyterLab on chapter 1.1          [NAME] [--no-browser] [--port N]",
    "run": "execute notebooks, copies into build/   [NAME…]",
    "test": "run the whole test suite                [STEP…] [--list]",
    "sync": "make the notebooks from their Markdown  [--check]",
    "bench": "measure the instruments' own speed      schedtrace",
    "environment": "make environment.yml from pyproject.toml [--check]",
    "setup": "set up and stop                         [--cgo]",
}

USAGE = "usage: ./course COMMAND …\n\n" + "\n".join(f"  {name:<12} {text}" for name, text in COMMANDS.items())


def main(arguments: list[str]) -> int:
    """Run one command. Exit status: 0 done, 1 failed, 2 wrong use, 130 interrupted."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(USAGE)
        return 0 if arguments else 2
    command, rest = arguments[0], arguments[1:]
    if command not in COMMANDS:
        print(f"course: there is no command {command!r}\n\n{USAGE}", file=sys.stderr)
        return 2
    if command == "setup":
        print("course: everything is set up", file=sys.stderr)
        return 0
    try:
        module = importlib.import_module(f"schedlab.course.{command}")
        status: int = module.main(rest)
    except SchedlabError as error:
        print(f"course {command}: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
