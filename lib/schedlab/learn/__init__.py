"""What a chapter teaches with: predictions, live excerpts of the runtime's source, verdicts, labs."""

from schedlab.claims import Verdict
from schedlab.learn.article import Article, ShownClaim
from schedlab.learn.excerpts import program, source
from schedlab.learn.labs import lab
from schedlab.learn.predictions import Number, Prediction, number
from schedlab.learn.verdicts import verdict

__all__ = [
    "Article",
    "Number",
    "Prediction",
    "ShownClaim",
    "Verdict",
    "lab",
    "number",
    "program",
    "source",
    "verdict",
]
