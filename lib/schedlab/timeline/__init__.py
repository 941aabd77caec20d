"""Who ran where, and who waited how long and for whom: the one model that everything downstream reads."""

from schedlab.timeline.columns import Table
from schedlab.timeline.enums import (
    KEPT_P,
    NOBODY,
    OPEN_END,
    OPEN_START,
    Lane,
    MarkKind,
    Provenance,
    State,
)
from schedlab.timeline.errors import (
    DamagedTimeline,
    NewerFormat,
    NotATimeline,
    TimelineError,
    TimelineExists,
    TimelineNotWritten,
)
from schedlab.timeline.model import Span, Timeline
from schedlab.timeline.summary import Percentiles, Summary, summary

__all__ = [
    "KEPT_P",
    "NOBODY",
    "OPEN_END",
    "OPEN_START",
    "DamagedTimeline",
    "Lane",
    "MarkKind",
    "NewerFormat",
    "NotATimeline",
    "Percentiles",
    "Provenance",
    "Span",
    "State",
    "Summary",
    "Table",
    "Timeline",
    "TimelineError",
    "TimelineExists",
    "TimelineNotWritten",
    "summary",
]
