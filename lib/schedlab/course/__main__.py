"""``python -m schedlab.course COMMAND …``: what ``./course`` becomes when everything is set up."""

from __future__ import annotations

import importlib
import sys

from schedlab.errors import SchedlabError
from schedlab.signals import listen_to_interrupts


def main(arguments: list[str]) -> int:
    """Run one command, whose name ./course has checked: a module of this room, with a ``main``.

    Exit status: 0 done, 1 failed, 2 wrong use, 130 interrupted.
    """
    command, rest = arguments[0], arguments[1:]
    listen_to_interrupts()
    try:
        status: int = importlib.import_module(f"schedlab.course.{command}").main(rest)
    except SchedlabError as error:
        print(f"course {command}: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
