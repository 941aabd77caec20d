"""``schedlab diagnose``: what is wrong with how a program is scheduled."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from schedlab import diagnose
from schedlab.cli.input import new_file
from schedlab.cli.output import Commands, print_json, visible, visible_lines
from schedlab.diagnose import DiagnoseError, Diagnosis, Finding
from schedlab.errors import SchedlabError
from schedlab.process import GoSettings

_ABOUT = """\
Record a program, or a living server, or read a recorded trace, and say what is wrong with its scheduling:
the evidence, the lines responsible, and an experiment that would tell more. What stands after -- is given
to the program. A server is asked for a trace, for a CPU profile meanwhile, and for its allocations.

Exit status: 0 nothing is wrong, 1 something is, 2 wrong use, 3 no diagnosis: the program does not build or
cannot be recorded, or there is too little to say anything.
"""


def add_command(commands: Commands, about: str) -> None:
    parser = commands.add_parser(
        "diagnose",
        help=about,
        usage="schedlab diagnose [options] PROGRAM|URL|TRACE [-- ARG ...]",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "what", metavar="PROGRAM|URL|TRACE", help="a sample or folder, host:port, or the file of a trace"
    )
    parser.add_argument("--seconds", type=float, default=3.0, help="how long to record (default: 3)")
    parser.add_argument("--gomaxprocs", type=int, help="for a program that we start")
    parser.add_argument("--quota", type=float, metavar="CPUS", help="a CPU quota for it, such as 1.5")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("-o", "--output", metavar="PAGE", help="write a page with the timeline")
    parser.set_defaults(command=_diagnose)


def _diagnose(arguments: argparse.Namespace) -> int:
    page = new_file(arguments.output) if arguments.output else None
    found = _examined(arguments)
    if arguments.json:
        print_json(
            {
                "source": found.source,
                "findings": found.findings,
                "asked": found.asked,
                "unasked": found.unasked,
            }
        )
    else:
        print(visible_lines(report(found)))
    if page:
        _write(found, page)
        # Standard output is the JSON document's alone.
        out = sys.stderr if arguments.json else sys.stdout
        print(f"{visible(str(page))}: {page.stat().st_size} bytes; open it in a browser", file=out)
    return 0 if found.healthy else 1


def _examined(arguments: argparse.Namespace) -> Diagnosis:
    # Shown on a terminal only. To build a program with a recorder for the first time takes a while.
    waiting = Console(stderr=True).status(f"examining {escape(visible(arguments.what))}")
    try:
        with waiting:
            return diagnose.examine(
                arguments.what,
                arguments.program_arguments,
                seconds=arguments.seconds,
                settings=GoSettings(gomaxprocs=arguments.gomaxprocs),
                quota_cpus=arguments.quota,
            )
    except SchedlabError as error:
        if error.exit_status != SchedlabError.exit_status:
            raise
        # 1 says that something is wrong with the scheduling, and must not say that nobody looked.
        raise DiagnoseError(error.message, remedy=error.remedy) from error


def report(found: Diagnosis) -> str:
    """The diagnosis as a person would want to read it."""
    text = _summary(found) if found.healthy else "\n\n".join(map(_paragraph, found.findings))
    return "\n".join([text, *_unasked(found)])


def _summary(found: Diagnosis) -> str:
    return f"nothing wrong: {found.asked} detectors were asked"


def _unasked(found: Diagnosis) -> list[str]:
    return [f"not asked: {one}" for one in found.unasked]


def _paragraph(finding: Finding) -> str:
    return "\n  ".join([_heading(finding), *_details(finding)])


def _heading(finding: Finding) -> str:
    return f"{finding.kind}: {finding.said}"


def _details(finding: Finding) -> list[str]:
    return [
        f"seen in {finding.confidence:.0%} of the recording",
        *(f"evidence: {one}" for one in finding.evidence),
        *(f"line: {line}" for line in finding.lines),
        f"why: {finding.why}",
        f"try: {finding.experiment}",
    ]


def _write(found: Diagnosis, page: Path) -> None:
    # Half a second to import: only who writes a page waits for it.
    from schedlab.view.widgets.page import Section, save_html
    from schedlab.view.widgets.timeline import TimelineView

    sections = []
    for finding in found.findings:
        begin, end = finding.window_ns or found.timeline.bounds_ns
        view = TimelineView(found.timeline, title=finding.kind, view={"t0": begin, "t1": end})
        sections.append(Section(_heading(finding), view, "\n".join(_details(finding))))
    if not sections:
        sections.append(Section(_summary(found), TimelineView(found.timeline, title=found.source)))
    unasked = "\n".join(_unasked(found))
    save_html(sections, page, title=f"Diagnosis of {found.source}", introduction=unasked)
