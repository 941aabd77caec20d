"""Record execution traces: of a program, whether or not it knows of tracing, or of a living server.

A program that is given by its source is built with a recorder in its standard library (``hook/``, laid over
the build; its own files stay as they are). From a server, and from a built program that serves pprof, the
trace comes over HTTP.
"""

from __future__ import annotations

from schedlab.capture.tracing._flight import DEFAULT_WINDOW_S, Flight, Snapshot, flight
from schedlab.capture.tracing._record import Ending, Recording, record
from schedlab.capture.tracing.errors import (
    AlreadyTracing,
    NoProfiler,
    NotTraceable,
    RecordingFailed,
    RecordingInterrupted,
    TooOldForThis,
)

__all__ = [
    "DEFAULT_WINDOW_S",
    "AlreadyTracing",
    "Ending",
    "Flight",
    "NoProfiler",
    "NotTraceable",
    "Recording",
    "RecordingFailed",
    "RecordingInterrupted",
    "Snapshot",
    "TooOldForThis",
    "flight",
    "record",
]
