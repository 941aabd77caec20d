"""What a chapter teaches with: predictions, live excerpts of the runtime's source, verdicts."""

from schedlab.claims import Verdict
from schedlab.learn.article import Article, ShownClaim
from schedlab.learn.excerpts import program, source
from schedlab.learn.predictions import Number, Prediction, number
from schedlab.learn.verdicts import verdict

__all__ = [
    "Article",
    "Number",
    "Prediction",
    "ShownClaim",
    "Verdict",
    "number",
    "program",
    "source",
    "verdict",
]
