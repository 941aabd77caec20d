"""What can be wrong with a profile. Public names: see ``schedlab.capture.pprof``."""

from __future__ import annotations

from schedlab.capture.errors import CaptureError


class NotAProfile(CaptureError):
    """The bytes are something else: text, an execution trace, a web page, noise."""


class DamagedProfile(CaptureError):
    """It is a profile, but it contradicts itself: an index or id that leads nowhere, a broken gzip."""


class TruncatedProfile(DamagedProfile):
    """It begins as a profile does, and ends too early."""


class ProfileTooLarge(CaptureError):
    """It grows past the stated limit when it is unpacked."""
