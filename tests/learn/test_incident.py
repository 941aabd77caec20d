"""The lab incident: what is judged, and from where the truth comes."""

from __future__ import annotations

import json
import re
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from schedlab import toolchain
from schedlab.course.files import write_whole
from schedlab.learn.labs import BadManifest, CannotRecord, Desk, State, find, grade, grading, progress
from schedlab.learn.labs.checks.incident import verdict
from schedlab.learn.labs.incident import diagnoses, faults, handover, recording
from schedlab.learn.labs.incident.diagnoses import CAUSES, Diagnosis
from schedlab.learn.labs.incident.faults import Fault
from schedlab.learn.labs.incident.symptoms import SYMPTOMS, Symptom
from schedlab.learn.labs.manifest import Lab, read
from schedlab.learn.labs.work import go_mod

LAB = find("incident")
EVERY = faults.causes(LAB.folder)


def fault(cause: str) -> Fault:
    return faults.read(LAB.folder, cause)


def number_of(cause: str) -> int:
    return next(number for number in range(1, 1000) if faults.cause_of(LAB.folder, number) == cause)


def judged(tmp_path: Path, diagnosis: str | bytes, incident: str = "number = 7\n") -> tuple[State, str, str]:
    data = diagnosis if isinstance(diagnosis, bytes) else diagnosis.encode()
    (tmp_path / "diagnosis.toml").write_bytes(data)
    (tmp_path / "incident.toml").write_text(incident)
    found = grade(LAB, tmp_path)
    return found.state, found.code, found.message


# --- the truth, from the service's source


def test_there_are_more_causes_to_choose_from_than_faults() -> None:
    assert len(EVERY) >= 5
    assert set(EVERY) < set(CAUSES)
    assert len(CAUSES) >= 2 * len(EVERY)
    assert set(SYMPTOMS) == set(EVERY)


def test_the_starter_lists_every_cause() -> None:
    text = (LAB.starter / "diagnosis.toml").read_text()
    assert dict(re.findall(r"^#   (\w+) +(.+)$", text, re.MULTILINE)) == CAUSES


@pytest.mark.parametrize("cause", EVERY)
def test_a_fault_is_marked_in_one_file_and_marks_are_not_built(cause: str) -> None:
    one = fault(cause)
    marked = (LAB.folder / "_faults" / cause / one.file).read_text().splitlines()
    built = one.files[one.file].decode().splitlines()
    assert len(marked) == len(built), "marks are taken away, and lines stay where they are"
    assert {(one.file, n) for n, line in enumerate(marked, 1) if line.endswith("// fault")} == one.guilty
    assert not any("// fault" in text.decode() or "// victim" in text.decode() for text in one.files.values())
    assert {name for name, text in one.files.items() if text != faults.healthy(LAB.folder)[name]} == {
        one.file
    }
    assert all(one.has(place) and one.function(place) for place in one.guilty | one.victims)
    assert not one.guilty & one.victims


@pytest.mark.parametrize("cause", EVERY)
def test_go_vet_has_nothing_against_a_fault(cause: str, tmp_path: Path) -> None:
    """The module's own run leaves folders out whose names begin with an underscore."""
    for name, text in {**fault(cause).files, "go.mod": go_mod(LAB).encode()}.items():
        (tmp_path / name).write_bytes(text)
    go = toolchain.find()
    done = subprocess.run(
        [go.go, "vet", "."], cwd=tmp_path, env=go.environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_fault_without_marks_is_refused(tmp_path: Path) -> None:
    made = tmp_path / "incident"
    for part in ("service", "_faults/broken"):
        (made / part).mkdir(parents=True)
        (made / part / "main.go").write_text("package main\n")
    with pytest.raises(BadManifest, match="no line is marked"):
        faults.read(made, "broken")
    (made / "_faults" / "broken" / "other.go").write_text("package main\n")
    with pytest.raises(BadManifest, match="one file of the service"):
        faults.read(made, "broken")


def test_functions_are_found_by_line() -> None:
    text = "package main\n\nvar x int\n\nfunc (s *stock) a() {\n\tx++\n}\n\nvar y int\n\nfunc b() {\n}\n"
    one = Fault("c", {"m.go": text.encode()}, "m.go", "", frozenset(), frozenset())
    found = [one.function(("m.go", line)) for line in (3, 5, 6, 7, 8, 9, 11)]
    assert found == ["", "(*stock).a", "(*stock).a", "(*stock).a", "", "", "b"]
    assert one.function(("none.go", 1)) == ""
    assert [one.has(("m.go", line)) for line in (0, 1, 2, 12, 13)] == [False, True, False, True, False]


def test_every_fault_has_a_right_answer_of_its_own() -> None:
    for folder in LAB.solutions:
        files = {file.name: file.read_bytes() for file in folder.iterdir()}
        assert faults.cause_of(LAB.folder, diagnoses.incident_number(files)) == folder.name
    assert [folder.name for folder in LAB.solutions] == list(EVERY)


def test_each_cause_comes_about_as_often() -> None:
    numbers = range(1000, 10_000)
    found = [faults.cause_of(LAB.folder, number) for number in numbers]
    assert all(0.15 < found.count(cause) / len(found) < 0.25 for cause in EVERY)


# --- what is said of a diagnosis, in each incident


@pytest.mark.parametrize("cause", EVERY)
def test_each_guilty_line_is_right_and_no_other(cause: str) -> None:
    one = fault(cause)
    for file, text in one.files.items():
        for line in range(1, text.count(b"\n") + 1):
            found = verdict(Diagnosis(cause, file, line), one)
            assert (found.state is State.RIGHT) == ((file, line) in one.guilty), (file, line, found)


@pytest.mark.parametrize("cause", EVERY)
def test_each_mistake_has_its_code(cause: str) -> None:
    one = fault(cause)
    file, line = min(one.guilty)
    near = next(
        (file, other)
        for other in range(line - 3, line + 4)
        if (file, other) not in one.guilty and one.has((file, other)) and one.function((file, other))
    )
    other = next(name for name in CAUSES if name != cause and name not in diagnoses.OF_THE_RUNTIME)
    for said, code in {
        Diagnosis(cause, *near): "near",
        Diagnosis(other, file, line): "wrong_cause",
        Diagnosis(other, "main.go", 68): "wrong_diagnosis",
        Diagnosis(cause, "counts.go", 33): "wrong_place",
        Diagnosis("garbage_collector", file, line): "blames_the_runtime",
        Diagnosis("go_scheduler", "proc.go", 3400): "blames_the_runtime",
        Diagnosis(cause, "proc.go", 3400): "no_such_line",
        Diagnosis(cause, file, 10_000): "no_such_line",
        Diagnosis(cause, file, -line): "no_such_line",
    }.items():
        found = verdict(said, one)
        assert (found.state, found.code) == (State.WRONG, code), said
        assert cause not in found.message or cause == said.cause, "a message does not tell the cause"
    for place in one.victims:
        assert verdict(Diagnosis(cause, *place), one).code == "victims_line"


def test_a_path_out_of_a_stack_is_taken(tmp_path: Path) -> None:
    path, line = min(fault("lock_held").guilty)
    state, _, _ = judged(tmp_path, f'cause = " lock_held"\nfile = "/tmp/x/service/{path}"\nline = {line}\n')
    assert state is State.RIGHT


# --- text that is not trusted

_WHOLE = 'cause = "lock_held"\nfile = "stock.go"\nline = 45\n'


@pytest.mark.parametrize(
    ("diagnosis", "code", "says"),
    [
        ("", "not_filled_in", "cause and file and line"),
        ('cause = "lock_held"\n', "not_filled_in", "file and line"),
        ("cause = lock_held\n", "bad_toml", "in quotes"),
        (b'cause = "\xff\xfe"\n', "bad_toml", "UTF-8"),
        (f"x = {'[' * 5000}", "bad_toml", ""),
        (f'evidence = "{"x" * (1 << 17)}"\n', "bad_toml", "longer than 64 KiB"),
        (_WHOLE.replace('"lock_held"', '"locks"'), "unknown_cause", "lock_held"),
        (_WHOLE.replace('"lock_held"', '"\\u001b[2Jlocks"'), "unknown_cause", "\\x1b[2J"),
        (_WHOLE.replace('"lock_held"', f'"{"x" * 10_000}"'), "unknown_cause", "…"),
        (_WHOLE.replace('"lock_held"', "7"), "bad_field", "cause must be text"),
        (_WHOLE.replace("45", '"45"'), "bad_field", "line must be a whole number"),
        (_WHOLE.replace("45", "true"), "bad_field", "line must be a whole number"),
        (_WHOLE.replace("45", "45.0"), "bad_field", "line must be a whole number"),
        (_WHOLE + "evidence = 1\n", "bad_field", "evidence must be text"),
        (_WHOLE + 'reason = "x"\n', "bad_field", "reason is no field"),
        (_WHOLE + "[cause]\n", "bad_toml", ""),
        (_WHOLE.replace("45", f"1{'0' * 4000}"), "bad_field", "line must be"),
        (_WHOLE.replace("45", f"0x{'f' * 9000}"), "bad_field", "line must be"),
        (_WHOLE.replace("45", "-45"), "bad_field", "line must be"),
        (_WHOLE.replace("stock.go", "x" * 5000), "bad_field", "file must be"),
        (_WHOLE.replace("stock.go", "\\u001b[2J.go"), "bad_field", "file must be"),
        (_WHOLE.replace('"stock.go"', '"../../lab.toml"'), "no_such_line", ""),
    ],
)
def test_what_cannot_be_judged_is_named(tmp_path: Path, diagnosis: str, code: str, says: str) -> None:
    state, found, message = judged(tmp_path, diagnosis)
    assert (state, found) == (State.WRONG, code)
    assert says in message
    assert len(message) < 1000
    assert "\x1b" not in message


@pytest.mark.parametrize(
    "incident", ["", "number = 0\n", 'number = "7"\n', "number = true\n", "number = 9999999\n"]
)
def test_an_incident_without_a_number(tmp_path: Path, incident: str) -> None:
    assert judged(tmp_path, _WHOLE, incident)[1] == "no_incident"


def test_files_that_are_gone(tmp_path: Path) -> None:
    assert grade(LAB, tmp_path).code == "no_diagnosis"
    (tmp_path / "diagnosis.toml").write_text(_WHOLE)
    assert grade(LAB, tmp_path).code == "no_incident"


# --- a learner's copy


def _captured(binary: toolchain.Binary, folder: Path, _say: object = None) -> None:
    """In place of a recording: what the report needs, and a trace of the service's name."""
    assert binary.path.is_file()
    assert not binary.folder.exists(), "captures do not lead to the source"
    keys = ("orders", "median_ms", "slowest_ms", "goroutines", "threads", "heap_mib", "collections")
    (folder / recording.STATUS).write_text(json.dumps(dict.fromkeys(keys, 1)) + "\n")
    (folder / recording.TRACE).write_text("a trace")


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """A copy of the lab to work in, with recordings that take no time."""
    monkeypatch.setenv("SCHEDLAB_STATE", str(tmp_path / "state"))
    made = tmp_path / "labs" / "incident"
    for file in LAB.folder.rglob("*"):
        relative = file.relative_to(LAB.folder)
        if file.is_file() and relative.parts[0] not in ("work", "kept"):
            (made / relative).parent.mkdir(parents=True, exist_ok=True)
            write_whole(made / relative, file.read_bytes())
    write_whole(made.parent / "go.mod", (LAB.folder.parent / "go.mod").read_bytes())
    monkeypatch.setattr(recording, "record", _captured)
    monkeypatch.setattr(handover, "SYMPTOMS", dict.fromkeys(EVERY, Symptom("moments", 1, lambda _: 3)))
    return read(made)


def fill_in(lab: Lab, line_after: int = 0) -> None:
    """The right diagnosis for the learner's incident, or one so many lines further on."""
    number = diagnoses.incident_number({file.name: file.read_bytes() for file in lab.work.glob("*.toml")})
    cause = faults.cause_of(lab.folder, number)
    file, line = max(faults.read(lab.folder, cause).guilty)
    text = f'cause = "{cause}"\nfile = "{file}"\nline = {line + line_after}\n'
    (lab.work / "diagnosis.toml").write_text(text)


def test_a_learners_way_through_the_lab(lab: Lab) -> None:
    desk = Desk(lab)
    shown = desk.open()
    assert "work/diagnosis.toml" in shown.plain
    assert "work/captures/service.trace" in shown.plain
    assert desk.check().verdict.state is State.NOT_STARTED
    assert progress.load().of("incident").attempts == 0
    (lab.work / "diagnosis.toml").write_text("cause = ")
    assert desk.check().verdict.code == "bad_toml"
    (lab.work / "diagnosis.toml").unlink()
    assert desk.check().verdict.code == "no_diagnosis"
    fill_in(lab, line_after=1)
    assert desk.check().verdict.code in ("near", "wrong_place")
    fill_in(lab)
    assert desk.check().verdict.right
    assert progress.load().of("incident").passed
    said = repr(desk.solution())
    assert "-> " in said
    assert "3 in the incident, 3 without the fault" in said
    assert "as you left it" in desk.open().plain


def test_reset_keeps_the_copy_and_brings_another_incident(lab: Lab) -> None:
    desk = Desk(lab)
    desk.open()
    seen = []
    for _ in range(4):
        fill_in(lab)
        before = (lab.work / "diagnosis.toml").read_text()
        desk.reset()
        assert desk.check().verdict.state is State.NOT_STARTED
        kept = sorted(lab.kept.iterdir())[-1]
        assert (kept / "diagnosis.toml").read_text() == before
        assert (kept / "captures" / "service.trace").is_file()
        seen.append(before.splitlines()[0])
    assert all(one != other for one, other in pairwise(seen)), "never the same cause twice running"


def test_the_copy_does_not_tell_the_cause(lab: Lab) -> None:
    Desk(lab).open()
    for file in lab.work.rglob("*"):
        if file.is_file() and file.name != "diagnosis.toml":
            assert not any(cause in file.read_text() for cause in CAUSES), file
    assert not any(file.suffix == ".go" for file in lab.work.rglob("*"))


def test_a_recording_that_shows_nothing_leaves_no_copy(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "SYMPTOMS", dict.fromkeys(EVERY, Symptom("moments", 4, lambda _: 3)))
    with pytest.raises(CannotRecord, match="not measurable here"):
        Desk(lab).open()
    assert not lab.work.exists()
    assert [entry.name for entry in lab.folder.iterdir() if entry.name.startswith(".")] == []


def test_the_solution_needs_captures(lab: Lab) -> None:
    from schedlab.learn.labs import NotOpened

    with pytest.raises(NotOpened, match="no captures"):
        Desk(lab).solution(anyway=True)


def test_the_gate_goes_over_every_fault() -> None:
    found = Desk(LAB).gate()
    assert found.holds
    assert [trial.answer.name for trial in found.trials] == [
        "starter",
        *(f"solution/{cause}" for cause in EVERY),
    ]
    assert grading.check_of(LAB).furnish is not None
