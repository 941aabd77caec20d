"""What can go wrong while an execution trace is read."""

from __future__ import annotations

from schedlab.capture.errors import CaptureError


class NotATrace(CaptureError):
    """This is no Go execution trace, or nothing of it can be read."""


class ReaderUnavailable(CaptureError):
    """The Go program that reads traces could not be built."""


class OwnReaderUsed(UserWarning):
    """The module golang.org/x/exp could not be fetched; traces are read with the toolchain's own reader."""
