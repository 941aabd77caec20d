"""How often `schedlab leaks` is right about leaks of others: the kernels of blocking bugs in GoBench.

GoBench (Yuan and others, CGO 2021) has short versions of bugs that Docker, Kubernetes, etcd, gRPC,
CockroachDB and others once had. None was looked at while the detector was made. The suite is not part of this
project: name a checkout of github.com/timmyyuan/gobench.

A kernel is called twenty times a second while it is watched. Whether goroutines of it really stayed is told
afterwards and by other means: nobody calls it any more, and those that were there stay there.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track

from schedlab import process, toolchain
from schedlab.capture import endpoint, goroutines
from schedlab.capture.errors import CaptureError
from schedlab.capture.goroutines import Goroutine, Place
from schedlab.course import trials
from schedlab.diagnose import leaks
from schedlab.diagnose.trial import score
from schedlab.errors import UsageError
from schedlab.process import LineNotSeen
from schedlab.toolchain import Binary

KERNELS = "gobench/goker/blocking"
"""Where they are in a checkout: one folder a project, in it one a bug."""

_MODULE = "goker"
_PROGRAM = Path(__file__).parent / "goker"
_TEST = re.compile(r"^func (Test\w+)\(\w+ \*testing\.T\)", re.MULTILINE)
# What a kernel does first is no steady state.
_SETTLES_S = 1.0
_SNAPSHOTS = leaks.DEFAULT_SNAPSHOTS
# Kernels sleep for at most a few seconds: who is there after that, and was before, stays.
_LEAVES_S = 15.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was said about a kernel, and what is so.

    ``stayed`` are lines on which goroutines stayed that were there before the last look; ``said`` those on
    which they were said to; ``left`` those on which any were at the end. ``failed`` says why it could not be
    watched.
    """

    name: str
    stayed: frozenset[str] = frozenset()
    said: frozenset[str] = frozenset()
    left: frozenset[str] = frozenset()
    failed: str = ""

    @property
    def ill(self) -> bool:
        return bool(self.stayed)

    @property
    def found(self) -> bool:
        return self.ill and bool(self.said)

    @property
    def right_line(self) -> bool:
        return bool(self.said & self.stayed)

    @property
    def false_alarms(self) -> int:
        return len(self.said - self.stayed - self.left)


def main(argv: list[str]) -> int:
    """Watch every kernel, print a table. Exit status 1 if recall or precision is below ``--goal``."""
    options = _arguments(argv)
    kernels = find(options.checkout)
    if wrong := sorted(set(options.names) - set(kernels)):
        raise UsageError(f"there is no kernel {wrong[0]!r}", remedy=f"There are {', '.join(kernels)}.")
    chosen = options.names or list(kernels)
    with tempfile.TemporaryDirectory(prefix="schedlab-goker-") as folder:
        write_program(kernels, Path(folder))
        using = toolchain.release(options.go) if options.go else None
        program = toolchain.build(Path(folder), toolchain=using)
        running = run(
            program, chosen, seconds=options.seconds, prove=not options.no_proof, at_once=options.at_once
        )
        console = Console(stderr=True)
        outcomes = list(track(running, "watching", total=len(chosen), console=console, transient=True))
    if options.json:
        print(json.dumps([_row(one) for one in outcomes], indent=1))
    else:
        _print(outcomes, program.toolchain.release)
    return trials.status(score(one for one in outcomes if not one.failed), options.goal)


def find(checkout: Path) -> dict[str, Path]:
    """The kernels in a checkout, by name (``etcd_7492``): the file of each.

    Raises:
        UsageError: there is none.
    """
    files = sorted((checkout / KERNELS).glob("*/*/*_test.go"))
    if not files:
        raise UsageError(
            f"{checkout} has no kernel in {KERNELS}",
            remedy="Name a checkout of github.com/timmyyuan/gobench.",
        )
    return {f"{file.parent.parent.name}_{file.parent.name}": file for file in files}


def write_program(kernels: dict[str, Path], folder: Path) -> None:
    """One program with all kernels, each a package of its own that is called as a test would be."""
    shutil.copytree(_PROGRAM, folder, dirs_exist_ok=True)
    imports, entries = [], []
    for name, file in kernels.items():
        (folder / name).mkdir()
        shutil.copyfile(file, folder / name / "kernel.go")
        tests = _TEST.findall(file.read_text(encoding="utf-8"))
        imports.append(f'\t{name} "{_MODULE}/{name}"\n')
        entries.append(f'\t"{name}": {{{", ".join(f"{name}.{test}" for test in tests)}}},\n')
    (folder / "kernels.go").write_text(
        f'package main\n\nimport (\n\t"testing"\n\n{"".join(imports)})\n\n'
        f"var kernels = map[string][]func(*testing.T){{\n{''.join(entries)}}}\n",
        encoding="utf-8",
    )


def run(
    program: Binary, names: Sequence[str], *, seconds: float, prove: bool, at_once: int
) -> Iterator[Outcome]:
    """Watch the kernels, ``at_once`` of them at a time, in the order of ``names``."""

    def one(name: str) -> Outcome:
        try:
            return _watch(program, name, seconds, prove)
        except (CaptureError, LineNotSeen) as error:
            return Outcome(name, failed=error.message.splitlines()[0])

    with ThreadPoolExecutor(at_once) as pool:
        yield from pool.map(one, names)


def _watch(program: Binary, name: str, seconds: float, prove: bool) -> Outcome:
    with process.start(program, ["-kernel", name], wall_limit_s=600) as live:
        address = json.loads(live.wait_for_line("address", timeout_s=60))["address"]
        time.sleep(_SETTLES_S)
        there: list[Goroutine] = []

        def look(number: int) -> None:
            # Nobody can be blamed for missing what leaks later.
            if number == _SNAPSHOTS - 1:
                there.extend(_of(name, address))

        report = leaks.watch(address, seconds=seconds, snapshots=_SNAPSHOTS, prove=prove, before=look)
        live.interrupt()
        time.sleep(_LEAVES_S)
        left = _of(name, address)
    ids = {one.id for one in left} & {one.id for one in there}
    # Who loops for ever is on another line each time.
    stayed = frozenset(_line(_own(name, one)) for one in (*there, *left) if one.id in ids)
    said = frozenset(_line(cause.place) for cause in report.leaks)
    return Outcome(name, stayed, said, frozenset(_line(_own(name, one)) for one in left))


def _of(name: str, address: str) -> list[Goroutine]:
    """The goroutines that are in a function of the kernel's."""
    text = endpoint.fetch(address, "goroutine", debug=2).decode(errors="replace")
    mine = f"{_MODULE}/{name}."
    return [
        one
        for one in goroutines.parse(text).goroutines
        if any(place.function.startswith(mine) for place in one.stack)
    ]


def _own(name: str, one: Goroutine) -> Place:
    return next(place for place in one.stack if place.function.startswith(f"{_MODULE}/{name}."))


def _line(place: Place) -> str:
    return f"{place.file.rpartition('/')[2]}:{place.line}"


def _row(one: Outcome) -> dict[str, object]:
    return {
        **asdict(one),
        "stayed": sorted(one.stayed),
        "said": sorted(one.said),
        "left": sorted(one.left),
        "found": one.found,
        "right_line": one.right_line,
    }


def _print(outcomes: Sequence[Outcome], release: str) -> None:
    console = Console()
    for one in outcomes:
        if one.failed:
            console.print(f"{one.name} could not be watched: {one.failed}", markup=False)
        elif one.false_alarms or (one.ill and not one.right_line):
            stayed, said = (", ".join(sorted(lines)) or "nowhere" for lines in (one.stayed, one.said))
            console.print(f"{one.name}: goroutines stayed at {stayed}; said: {said}", markup=False)
    watched = [one for one in outcomes if not one.failed]
    title = f"Leaks of GoKer, {release}, {process.machine().cores} CPUs"
    console.print(trials.table(title, {"kernels": score(watched)}, ill="leaked"))


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("./course bench goker", description=__doc__)
    parser.add_argument("checkout", type=Path, help="a checkout of GoBench")
    parser.add_argument("names", nargs="*", metavar="KERNEL", help="such as etcd_7492; all if none")
    parser.add_argument("--seconds", type=float, default=6.0, help="how long each is watched (6)")
    parser.add_argument("--at-once", type=int, default=4, help="kernels that run at the same time (4)")
    parser.add_argument("--no-proof", action="store_true", help="without the runtime's leak detection")
    parser.add_argument("--go", metavar="RELEASE", help="build them with another release, such as 1.24")
    parser.add_argument("--goal", type=float, default=0.95, help="the least recall and precision (0.95)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
