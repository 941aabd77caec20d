"""What a chapter teaches with: predictions, live excerpts of the runtime's source, verdicts."""

from schedlab.learn.excerpts import program, source
from schedlab.learn.predictions import Number, Prediction, number
from schedlab.learn.verdicts import Verdict, verdict

__all__ = ["Number", "Prediction", "Verdict", "number", "program", "source", "verdict"]
