"""What a learner gets: captures and a report when the lab is opened, the source once it is passed."""

from __future__ import annotations

import difflib
import json
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path

from schedlab.learn.labs.attempt import Misbehaved
from schedlab.learn.labs.errors import CannotRecord, NotOpened
from schedlab.learn.labs.incident import faults, recording
from schedlab.learn.labs.incident.diagnoses import incident_number
from schedlab.learn.labs.incident.faults import Fault
from schedlab.learn.labs.incident.symptoms import SYMPTOMS, Captures
from schedlab.learn.labs.manifest import Lab
from schedlab.learn.labs.work import INCIDENT, files_of, go_mod

CAPTURES = "captures"
REPORT = "incident.md"

_NUMBERS = 1000, 9999
# A busy machine may spoil a recording.
_TRIES = 3

_REPORT = """# Incident {number}

The service takes orders. It looks up what is left of an article (a cache, behind which two suppliers are
asked over the network), gets a number for the receipt from a device, and prints the receipt. A ranking of the
articles is computed in the background. It has two Ps and 96 clients. Since the last release it is not well.
Nobody knows which change it was, and whoever built it keeps the source.

Its own log, twice a second while the captures were taken:

| orders | median ms | slowest ms | goroutines | threads | heap MiB | collections so far |
|---|---|---|---|---|---|---|
{rows}

In `captures/`:

- `{trace}`: an execution trace of two seconds
- `{first}` to `{last}`: all goroutines with their stacks, a second or more apart
- `cpu.pb.gz`, `mutex.pb.gz`, `block.pb.gz`, `allocs.pb.gz`: profiles
- `{runtime}`: what the runtime said every 100 ms (schedtrace), and of each collection (gctrace)
"""


def furnish(lab: Lab, folder: Path, *, number: int | None = None, say: Callable[[str], None] = print) -> None:
    """Choose an incident, record its service, put captures and a report into ``folder``.

    Raises:
        CannotRecord: no recording showed what it must.
    """
    chosen = _another(lab) if number is None else number
    fault = faults.read(lab.folder, faults.cause_of(lab.folder, chosen))
    captures = folder / CAPTURES
    record(lab, fault, captures, say)
    (folder / INCIDENT).write_text(
        f"# Which incident your captures are of. Leave it as it is.\nnumber = {chosen}\n"
    )
    (folder / REPORT).write_text(_report(chosen, captures))


def record(lab: Lab, fault: Fault, folder: Path, say: Callable[[str], None]) -> int:
    """Captures of the service with that fault in ``folder``, in which it can be seen; how often.

    Raises:
        CannotRecord: it cannot, in several recordings.
    """
    symptom, seen = SYMPTOMS[fault.cause], 0
    say("the service is built")
    binary = recording.build(fault.files, go_mod(lab))
    for number in range(1, _TRIES + 1):
        with tempfile.TemporaryDirectory(prefix=".recording-", dir=folder.parent) as beside:
            made = Path(beside) / folder.name
            made.mkdir()
            recording.record(binary, made, say)
            seen = symptom.count(Captures(made))
            if seen >= symptom.least:
                made.rename(folder)
                return seen
        say(f"recording {number} of {_TRIES} does not show it clearly: this machine is busy")
    raise CannotRecord(
        "not measurable here: in none of the recordings the service did what it does in an incident",
        remedy="Open the lab again when this machine has less to do.",
    )


def explain(lab: Lab) -> dict[str, str]:
    """What was wrong in the learner's incident, what repairs it, and what that changes, measured now.

    Raises:
        NotOpened: there are no captures of it.
    """
    captures = lab.work / CAPTURES
    if not captures.is_dir():
        raise NotOpened(f"{captures}: there are no captures", remedy="Open the lab first.")
    number = incident_number(files_of(lab.work, lab.pattern))
    fault = faults.read(lab.folder, faults.cause_of(lab.folder, number))
    return {
        f"{fault.file}, as it was in incident {number} ({fault.cause})": excerpt(fault),
        f"{fault.file}, what repairs it": repair(fault),
        "The repaired service, recorded now beside your captures": compared(lab, fault, Captures(captures)),
    }


def excerpt(fault: Fault) -> str:
    """The functions with guilty lines; these have an arrow."""
    lines = fault.files[fault.file].decode().splitlines()
    wanted = {fault.function(place) for place in fault.guilty}
    shown = []
    for number, line in enumerate(lines, start=1):
        if fault.function((fault.file, number)) in wanted:
            arrow = "->" if (fault.file, number) in fault.guilty else "  "
            shown.append(f"{arrow} {number:>3}  {line}")
    return "\n".join(shown)


def repair(fault: Fault) -> str:
    """What has to change, as a diff."""
    before = fault.files[fault.file].decode().splitlines()
    found = difflib.unified_diff(
        before, fault.healthy.splitlines(), "as it was", "repaired", n=2, lineterm=""
    )
    return "\n".join(found)


def compared(lab: Lab, fault: Fault, before: Captures) -> str:
    """The symptom in these captures, and in those of the service as it should be, recorded now."""
    symptom = SYMPTOMS[fault.cause]
    with tempfile.TemporaryDirectory(prefix="schedlab-incident-") as folder:
        recording.record(recording.build(faults.healthy(lab.folder), go_mod(lab)), Path(folder))
        now = symptom.count(Captures(Path(folder)))
    return f"{symptom.what}: {symptom.count(before)} in the incident, {now} without the fault"


def _another(lab: Lab) -> int:
    """The number of an incident with another cause than the one that was there last, if any."""
    earlier = sorted(lab.kept.glob(f"*/{INCIDENT}")) if lab.kept.is_dir() else []
    last = _cause_in(lab, earlier[-1].parent) if earlier else ""
    while True:
        number = _NUMBERS[0] + secrets.randbelow(_NUMBERS[1] - _NUMBERS[0] + 1)
        if faults.cause_of(lab.folder, number) != last:
            return number


def _cause_in(lab: Lab, folder: Path) -> str:
    try:
        return faults.cause_of(lab.folder, incident_number(files_of(folder, lab.pattern)))
    except Misbehaved:
        return ""


def _report(number: int, captures: Path) -> str:
    keys = ("orders", "median_ms", "slowest_ms", "goroutines", "threads", "heap_mib", "collections")
    log = [json.loads(line) for line in (captures / recording.STATUS).read_text().splitlines()]
    rows = "\n".join(f"| {' | '.join(f'{one[key]:.4g}' for key in keys)} |" for one in log)
    return _REPORT.format(
        number=number,
        rows=rows,
        trace=recording.TRACE,
        first=recording.GOROUTINES[0],
        last=recording.GOROUTINES[-1],
        runtime=recording.RUNTIME,
    )
