"""What is wrong with a program, from captures of several kinds that must agree, with the lines to look at."""

from schedlab.diagnose import leaks
from schedlab.diagnose.errors import DiagnoseError, MixedCaptures, NotEnoughEvidence, WrongProfile

__all__ = ["DiagnoseError", "MixedCaptures", "NotEnoughEvidence", "WrongProfile", "leaks"]
