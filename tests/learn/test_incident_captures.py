"""The lab incident can be solved: what the captures of each fault show, and the path that leads to its line.

The services are recorded here, as for a learner. Everything is a count, an order or a ratio to the service
without a fault, recorded beside it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from schedlab import diagnose
from schedlab.analysis.antagonists import antagonists
from schedlab.capture import pprof
from schedlab.diagnose import Diagnosis, Seen, leaks
from schedlab.learn.labs import find
from schedlab.learn.labs.incident import faults, handover, recording
from schedlab.learn.labs.incident.diagnoses import CAUSES
from schedlab.learn.labs.incident.faults import Fault, Place
from schedlab.learn.labs.incident.symptoms import SYMPTOMS, Captures
from schedlab.learn.labs.work import go_mod
from schedlab.timeline import State

LAB = find("incident")
EVERY = faults.causes(LAB.folder)

Recorded = Callable[[str], Path]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """Captures of the service with a fault, or without one for ``""``; each is recorded once."""
    folder = tmp_path_factory.mktemp("captures")

    @cache
    def record(cause: str) -> Path:
        made = folder / (cause or "healthy")
        if cause:
            handover.record(LAB, faults.read(LAB.folder, cause), made, lambda _: None)
        else:
            made.mkdir()
            recording.record(recording.build(faults.healthy(LAB.folder), go_mod(LAB)), made)
        return made

    return record


def fault(cause: str) -> Fault:
    return faults.read(LAB.folder, cause)


def diagnosed(folder: Path) -> Diagnosis:
    """What ``schedlab diagnose captures/service.trace`` says."""
    return diagnose.examine(folder / recording.TRACE)


def lines_of(found: Diagnosis, kind: str) -> list[Place]:
    """The lines of the finding of that kind; it must be there."""
    finding = next(one for one in found.findings if one.kind == kind)
    return [(Path(line.file).name, line.line) for line in finding.lines]


def top_line(file: Path, sample_type: str) -> Place:
    """The service's line that a profile charges most: the innermost of its own on each stack."""
    profile = pprof.load(file)
    column = [one.type for one in profile.sample_types].index(sample_type)
    charged: Counter[Place] = Counter()
    for stack, value in zip(profile.stack_ids, profile.values[:, column], strict=True):
        own = [frame for frame in profile.stacks[stack] if frame.function.startswith("main.")]
        if own:
            charged[Path(own[0].file).name, own[0].line] += int(value)
    return charged.most_common(1)[0][0]


@pytest.mark.parametrize("cause", EVERY)
def test_the_symptom_is_there_and_gone_without_the_fault(recorded: Recorded, cause: str) -> None:
    symptom = SYMPTOMS[cause]
    with_it, without = (symptom.count(Captures(recorded(one))) for one in (cause, ""))
    assert with_it >= symptom.least
    assert with_it >= 3 * without


@pytest.mark.parametrize("cause", EVERY)
def test_no_other_fault_has_it(recorded: Recorded, cause: str) -> None:
    captures = Captures(recorded(cause))
    assert [name for name, one in SYMPTOMS.items() if one.count(captures) >= one.least] == [cause]


@pytest.mark.parametrize("cause", EVERY)
def test_captures_lead_to_lines_and_not_to_the_source(recorded: Recorded, cause: str) -> None:
    text = "".join((recorded(cause) / name).read_text() for name in recording.GOROUTINES)
    places = set(re.findall(r"^\t(\S+/service/\w+\.go):\d+", text, re.MULTILINE))
    assert places
    assert not any(Path(place).exists() for place in places)
    assert all(fault(cause).has((Path(file).name, int(line))) for file, line in _service_lines(text))


def _service_lines(text: str) -> set[tuple[str, str]]:
    return set(re.findall(r"^\t\S+/service/(\w+\.go):(\d+)", text, re.MULTILINE))


def test_the_detector_names_the_victims_of_the_lock_first_and_the_mutex_profile_who_holds_it(
    recorded: Recorded,
) -> None:
    one, folder = fault("lock_held"), recorded("lock_held")
    first = lines_of(diagnosed(folder), "lock convoy")[0]
    assert first in one.victims
    assert first not in one.guilty
    assert top_line(folder / "block.pb.gz", "delay") in one.victims
    assert top_line(folder / "mutex.pb.gz", "delay") in one.guilty


def test_leaks_names_the_line_where_goroutines_stay(recorded: Recorded) -> None:
    one, folder = fault("goroutine_leak"), recorded("goroutine_leak")
    found = leaks.examine(leaks.load([folder / name for name in recording.GOROUTINES]))
    assert found.outcome is leaks.Outcome.LEAK
    place = found.leaks[0].place
    assert (Path(place.file).name, place.line) in one.guilty
    assert found.leaks[0].creator is not None
    assert found.leaks[0].code == "", "the source is not shown"
    healthy = leaks.examine(leaks.load([recorded("") / name for name in recording.GOROUTINES]))
    assert healthy.outcome is leaks.Outcome.NO_LEAK


def test_the_detector_names_the_call_that_blocks_threads(recorded: Recorded) -> None:
    one, folder = fault("blocking_calls"), recorded("blocking_calls")
    assert lines_of(diagnosed(folder), "thread explosion")[0] in one.guilty
    # So do the stacks, for who looks at them without a detector.
    inside: Counter[Place] = Counter()
    for number in range(len(recording.GOROUTINES)):
        for goroutine in Captures(folder).goroutines(number):
            own = [place for place in goroutine.stack if place.function.startswith("main.")]
            if goroutine.waits_for == "syscall" and own:
                inside[Path(own[0].file).name, own[0].line] += 1
    assert inside.most_common(1)[0][0] in one.guilty


def test_assists_hit_all_and_the_allocation_profile_says_who_allocates(recorded: Recorded) -> None:
    one, folder = fault("allocation_burst"), recorded("allocation_burst")
    assert lines_of(diagnosed(folder), "GC assist pressure")[0] not in one.guilty
    assert top_line(folder / "allocs.pb.gz", "alloc_space") in one.guilty


def test_who_has_the_ps_while_orders_are_ready(recorded: Recorded) -> None:
    one, folder = fault("computing_burst"), recorded("computing_burst")
    seen = Seen(Captures(folder).timeline)
    names = seen.timeline.names(seen.timeline.goroutine_function).astype(str)
    waits = seen.rows(State.RUNNABLE)
    waits = waits[names[seen.owner[waits]] == "main.(*shop).client"]
    longest = waits[np.argsort(seen.dur[waits])[-40:]]
    who = antagonists(seen.timeline, rows=longest, where="all", top=1).key[0]
    ran = seen.rows(State.RUNNING)
    lines = seen.lines(ran[names[seen.owner[ran]] == who], column="end")
    assert (Path(lines[0].file).name, lines[0].line) in one.guilty
    assert top_line(folder / "cpu.pb.gz", "cpu") in one.guilty


def test_what_a_learner_gets(tmp_path: Path) -> None:
    said: list[str] = []
    handover.furnish(LAB, tmp_path, number=7, say=said.append)
    assert said, "it takes seconds, and says what it does"
    report = (tmp_path / "incident.md").read_text()
    assert report.startswith("# Incident 7\n")
    named = set(re.findall(r"`(\w+\.[a-z.]+)`", report))
    there = {file.name for file in (tmp_path / "captures").iterdir()}
    assert named <= there
    assert len(re.findall(r"^\| \d", report, re.MULTILINE)) >= 4, (
        "a line of the service's log each half second"
    )
    assert not any(cause in report for cause in CAUSES)


def test_the_repair_is_run_beside_the_incident(recorded: Recorded) -> None:
    said = handover.compared(LAB, fault("lock_held"), Captures(recorded("lock_held")))
    found = re.fullmatch(r"waits of orders for a mutex: (\d+) in the incident, (\d+) without the fault", said)
    assert found
    assert int(found[1]) >= 3 * int(found[2])
