"""``schedlab lab``: the labs from a shell."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from schedlab.cli.output import Commands, plain, print_json, print_table, visible
from schedlab.errors import UsageError
from schedlab.learn.labs import Desk, Lab, LabReport, LabVerdict, State, find, labs
from schedlab.learn.labs import progress as kept

_LOOK_S = 0.5

# Exit statuses: right is 0. A lab that is not begun is not passed.
_STATUS = {State.RIGHT: 0, State.NOT_MEASURABLE_HERE: 3}


def add_command(commands: Commands, about: str) -> None:
    parser = commands.add_parser(
        "lab",
        help=about,
        description="Labs, graded by what the scheduler did. Your copy of a lab is labs/ID/work.",
        epilog="exit status of check: 0 right, 1 not right, 2 wrong use, 3 not measurable here",
        allow_abbrev=False,
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    _action(actions, "list", "the labs, and what you did in them", _list, lab=False, json=True)
    _action(actions, "open", "make your copy of the starter", _open)
    _action(actions, "check", "judge your copy", _check, json=True)
    _action(actions, "hint", "one hint more each time", _hint)
    _action(actions, "watch", "check again each time you save; ends with Ctrl-C", _watch)
    _action(actions, "reset", "begin anew; what you have is kept", _reset)
    solution = _action(actions, "solution", "one right answer, once you have passed", _solution)
    solution.add_argument("--anyway", action="store_true", help="also if you have not passed")
    _action(actions, "progress", "what you did so far", _progress, lab=False, json=True)


def _action(
    actions: Commands,
    name: str,
    about: str,
    run: Callable[[argparse.Namespace], int],
    *,
    lab: bool = True,
    json: bool = False,
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.")
    if lab:
        parser.add_argument("lab", metavar="ID", help="a lab's name, as schedlab lab list has it")
    if json:
        parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(command=run)
    return parser


def _list(arguments: argparse.Namespace) -> int:
    every, progress = labs(), kept.load()
    _tell(progress.note)
    if arguments.json:
        keys = ("id", "title", "chapter", "minutes", "task", "skills", "needs")
        print_json(
            [
                {**{key: getattr(lab, key) for key in keys}, "passed": progress.of(lab.id).passed}
                for lab in every
            ]
        )
        return 0
    rows = [(lab.id, lab.chapter, lab.minutes, _standing(progress.of(lab.id)), lab.title) for lab in every]
    print_table(("lab", "chapter", "minutes", "you", "title"), rows)
    return 0


def _open(arguments: argparse.Namespace) -> int:
    print(Desk(find(arguments.lab)).open())
    print(f"in {find(arguments.lab).folder}")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    report = Desk(find(arguments.lab)).check()
    if arguments.json:
        print_json(document(report))
    else:
        _print(report)
    return _status(report.verdict)


def document(report: LabReport) -> dict[str, object]:
    """A verdict as JSON."""
    found = report.verdict
    return {
        "lab": report.about.id,
        "state": str(found.state),
        "code": found.code,
        "message": found.message,
        "evidence": plain(found.evidence),
        "parts": [{"name": part.name, "asks": part.asks, **plain(part.finding)} for part in found.parts],
    }


def _hint(arguments: argparse.Namespace) -> int:
    print(Desk(find(arguments.lab)).hint())
    return 0


def _watch(arguments: argparse.Namespace) -> int:
    lab = find(arguments.lab)
    Desk(lab).make_copy()
    print(f"watching {lab.work}; Ctrl-C ends it", flush=True)
    seen: dict[Path, tuple[int, int]] | None = None
    while True:
        now = _stamps(lab)
        if now != seen:
            seen = now
            _print(Desk(lab).check())
        time.sleep(_LOOK_S)


def _stamps(lab: Lab) -> dict[Path, tuple[int, int]]:
    """Time and size of each file of the answer. An editor that saves by renaming may take one away."""
    found = {}
    for file in lab.work.glob(lab.pattern):
        try:
            status = os.stat(file)  # noqa: PTH116
        except OSError:
            continue
        found[file] = (status.st_mtime_ns, status.st_size)
    return found


def _reset(arguments: argparse.Namespace) -> int:
    print(Desk(find(arguments.lab)).reset())
    return 0


def _solution(arguments: argparse.Namespace) -> int:
    try:
        print(Desk(find(arguments.lab)).solution(anyway=arguments.anyway))
    except UsageError as error:
        raise UsageError(error.message, remedy="Ask for a hint first, or give --anyway.") from error
    return 0


def _progress(arguments: argparse.Namespace) -> int:
    progress = kept.load()
    _tell(progress.note)
    if arguments.json:
        print_json(progress.export())
        return 0
    print_table(
        ("lab", "you", "checks", "hints", "last check"),
        [(name, _standing(one), one.attempts, one.hints, one.last) for name, one in progress.labs.items()],
    )
    return 0


def _standing(one: kept.LabProgress) -> str:
    if one.passed:
        return "passed"
    return "begun" if one.opened or one.attempts else ""


def _status(verdict: LabVerdict) -> int:
    return _STATUS.get(verdict.state, 1)


def _print(report: LabReport) -> None:
    for line in repr(report).splitlines():
        print(visible(line), flush=True)


def _tell(note: str) -> None:
    if note:
        print(f"schedlab: {note}", file=sys.stderr)
