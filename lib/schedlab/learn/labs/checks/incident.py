"""The diagnosis names the cause and a guilty line; both are read from the service's own source."""

from __future__ import annotations

from schedlab.learn.labs.attempt import Attempt
from schedlab.learn.labs.grading import Check, Part
from schedlab.learn.labs.incident import diagnoses, faults, handover
from schedlab.learn.labs.incident.diagnoses import CAUSES, OF_THE_RUNTIME, Diagnosis
from schedlab.learn.labs.incident.faults import Fault
from schedlab.learn.labs.verdicts import Finding, right, wrong
from schedlab.learn.labs.work import files_of


def _judge(attempt: Attempt) -> Finding:
    files = files_of(attempt.folder, attempt.lab.pattern)
    said = diagnoses.read(files)
    number = diagnoses.incident_number(files)
    return verdict(said, faults.read(attempt.lab.folder, faults.cause_of(attempt.lab.folder, number)))


def verdict(said: Diagnosis, fault: Fault) -> Finding:
    """What is to be said of a diagnosis, if this is what is wrong."""
    place = (said.file, said.line)
    if said.cause in OF_THE_RUNTIME:
        return wrong(
            "blames_the_runtime",
            f"{said.cause}: the runtime does what the program makes it do. Collections come as fast as "
            "somebody allocates, and a goroutine that is ready waits for whoever has the Ps. Who is that?",
        )
    if not fault.has(place):
        return wrong(
            "no_such_line",
            f"There is no code of the service on line {said.line} of {said.file}. Take file and line from a "
            "stack in the captures; frames of the runtime and of the standard library are not the service's.",
        )
    function = fault.function(place)
    where = f"{said.file}:{said.line}" + (f" in {function}" if function else "")
    if said.cause == fault.cause:
        return _right_cause(said, fault, function, where)
    if place in fault.guilty:
        return wrong(
            "wrong_cause",
            f"The place is right: {where}. {said.cause} is not what this line does ({CAUSES[said.cause]}). "
            "What do the goroutines wait for meanwhile, and in which capture does that show?",
        )
    return wrong(
        "wrong_diagnosis",
        f"Neither the cause nor the place. {said.cause} ({CAUSES[said.cause]}) would leave traces in the "
        "captures: which did you see, and how many?",
    )


def _right_cause(said: Diagnosis, fault: Fault, function: str, where: str) -> Finding:
    place = (said.file, said.line)
    if place in fault.guilty:
        return right(
            f"{said.cause}, at {where}. lab.solution() shows the source, what repairs it, and what that "
            "changes."
        )
    if place in fault.victims:
        return wrong(
            "victims_line",
            f"The cause is right. At {where} are those who suffer from it: they wait there. Who is it that "
            "they wait for, and on which line is that one meanwhile?",
        )
    if function and function in {fault.function(one) for one in fault.guilty if one[0] == said.file}:
        return wrong(
            "near",
            f"The cause is right, and so is the function: {function}. Line {said.line} is not the one that "
            "does it.",
        )
    return wrong(
        "wrong_place",
        f"The cause is right, and {where} is not the place where it is done. Count in the captures which "
        "stacks come again and again, and read them down to the service's innermost line.",
    )


CHECK = Check(
    (Part("diagnosis", "the cause and a line of the service that is guilty of it", _judge),),
    furnish=handover.furnish,
    explain=handover.explain,
)
