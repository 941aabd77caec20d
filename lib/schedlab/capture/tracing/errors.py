"""What can go wrong while a trace is recorded."""

from __future__ import annotations

from pathlib import Path

from schedlab.capture.errors import CaptureError


class RecordingFailed(CaptureError):
    """No trace was recorded; the message says why, in the program's own words where it has any."""


class AlreadyTracing(RecordingFailed):
    """Somebody else records that program now: a Go program writes one execution trace at a time."""


class NoProfiler(RecordingFailed):
    """What answers at that address has no ``/debug/pprof/trace``."""


class NotTraceable(RecordingFailed):
    """A built program that neither serves pprof nor can be built again."""


class TooOldForThis(RecordingFailed):
    """That Go release has no flight recorder, or no exit hooks."""


class RecordingInterrupted(KeyboardInterrupt):
    """Ctrl-C while recording. What was started is dead; ``kept`` is the file with what came, or None."""

    def __init__(self, kept: Path | None, size: int) -> None:
        kept_text = f"kept {size} bytes in {kept}" if kept else "nothing had been recorded"
        super().__init__(f"interrupted while recording: {kept_text}")
        self.kept = kept
        self.bytes = size
