"""``./course bench NAME``: one module per benchmark, each printing its own table."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from schedlab.errors import UsageError


def main(argv: list[str]) -> int:
    """Run ``schedlab.course.bench_<NAME>`` with the remaining arguments.

    Raises:
        UsageError: no such benchmark.
    """
    names = sorted(file.stem.removeprefix("bench_") for file in Path(__file__).parent.glob("bench_*.py"))
    usage = f"usage: ./course bench {{{'|'.join(names)}}} …"
    if argv and argv[0] in ("-h", "--help"):
        print(usage)
        return 0
    if not argv or argv[0] not in names:
        raise UsageError(f"there is no benchmark {argv[0] if argv else ''!r}", remedy=usage)
    status: int = importlib.import_module(f"schedlab.course.bench_{argv[0]}").main(argv[1:])
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
