"""What is wrong with a program, from evidence: what leaks, what is scheduled badly, the lines to look at."""

from schedlab.diagnose import leaks
from schedlab.diagnose.errors import DiagnoseError, MixedCaptures, NotEnoughEvidence, WrongProfile
from schedlab.diagnose.examine import BY_THE_CLOCK, DETECTORS, Diagnosis, Unasked, examine, examine_timeline
from schedlab.diagnose.findings import Evidence, Finding, Kind, Line
from schedlab.diagnose.seen import Seen

__all__ = [
    "BY_THE_CLOCK",
    "DETECTORS",
    "DiagnoseError",
    "Diagnosis",
    "Evidence",
    "Finding",
    "Kind",
    "Line",
    "MixedCaptures",
    "NotEnoughEvidence",
    "Seen",
    "Unasked",
    "WrongProfile",
    "examine",
    "examine_timeline",
    "leaks",
]
