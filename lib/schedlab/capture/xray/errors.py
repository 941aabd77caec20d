"""What can go wrong while a live Go process is read."""

from __future__ import annotations

from schedlab.capture.errors import CaptureError


class XrayError(CaptureError):
    """A live process could not be read."""


class NotAGoBinary(XrayError):
    """The file, or the process's program, is nothing that Go built."""


class NoLayout(XrayError):
    """The binary does not say where its runtime keeps G, M and P."""


class NotAllowed(XrayError):
    """The kernel refuses that we read the process."""


class ProcessGone(XrayError):
    """The process ended, or became another program."""


class NotStopped(XrayError):
    """The process could not be stopped for a coherent read; it runs on."""
