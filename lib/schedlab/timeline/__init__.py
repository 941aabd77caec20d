"""Who ran where, and who waited how long and for whom: the one model that everything downstream reads."""

from schedlab.timeline.model import Lane, MarkKind, Span, State, Table, Timeline
from schedlab.timeline.summary import Percentiles, Summary, summary

__all__ = ["Lane", "MarkKind", "Percentiles", "Span", "State", "Summary", "Table", "Timeline", "summary"]
