"""Labs: a program to change until its scheduler does what is asked.

A lab is a folder below ``labs/``. Its check is a module of this package (``checks/<id>.py``), which takes its
evidence from outside the program:

- the kernel's count of its threads (``/proc/<pid>/task``),
- the runtime's own memory, read by X-ray and probes while the program lives (``Held``),
- an execution trace that the check records (``Attempt.record``), not the program.

What the program prints says when to look and what it computed, never what the scheduler did.

A program runs confined (``process.Confinement``): as one process, within memory, time and output, writing to
nothing but an empty folder. Its source may not hold what reaches past the language (``vetting``): unsafe, C,
go:linkname, bare system calls, other processes, a trace of its own. It is built from its Go files alone, in a
module that the check writes. What reaches past the language and is needed all the same is *given*: packages
below the lab's ``given/``, which an answer imports as ``lab/given/<package>``. They are taken from the lab
itself; a learner's copy of them is there to be read, and for ``go run .``.

An answer may be a diagnosis of captures instead (``Lab.answer``): a text, which is read and never run. Its
truth is read from the source of what was recorded (``incident``).

What remains: where the kernel has no Landlock, a program could write into its own memory through
/proc/self/mem, and so change what X-ray and probes read; and everywhere into the file of the trace that is
recorded of it, whose name it can find. The kernel's counts it cannot change. A person can change whatever is
in the tree: ``reference`` runs the solution that is there.
"""

from schedlab.learn.labs.attempt import Attempt, Held, Misbehaved, json_of, reference
from schedlab.learn.labs.desk import Desk, LabReport, lab
from schedlab.learn.labs.errors import (
    BadManifest,
    CannotKeep,
    CannotRecord,
    NotOpened,
    NotPassedYet,
    UnknownLab,
)
from schedlab.learn.labs.gate import Answer, Gate, Trial, answers, run_gate, try_answer
from schedlab.learn.labs.grading import Check, Part, check, check_of, grade
from schedlab.learn.labs.manifest import Lab, WrongAnswer, find, labs, read
from schedlab.learn.labs.verdicts import (
    Finding,
    LabVerdict,
    PartResult,
    State,
    not_measurable,
    right,
    wrong,
)

__all__ = [
    "Answer",
    "Attempt",
    "BadManifest",
    "CannotKeep",
    "CannotRecord",
    "Check",
    "Desk",
    "Finding",
    "Gate",
    "Held",
    "Lab",
    "LabReport",
    "LabVerdict",
    "Misbehaved",
    "NotOpened",
    "NotPassedYet",
    "Part",
    "PartResult",
    "State",
    "Trial",
    "UnknownLab",
    "WrongAnswer",
    "answers",
    "check",
    "check_of",
    "find",
    "grade",
    "json_of",
    "lab",
    "labs",
    "not_measurable",
    "read",
    "reference",
    "right",
    "run_gate",
    "try_answer",
    "wrong",
]
