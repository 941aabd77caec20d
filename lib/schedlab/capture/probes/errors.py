"""What goes wrong with probes."""

from __future__ import annotations

from schedlab.capture.errors import CaptureError
from schedlab.errors import SchedlabError


class AnchorMissing(SchedlabError):
    """A release's runtime lacks a name that a probe or an override hangs on.

    ``release``, ``file`` and ``symbol`` say where; ``anchor`` what should be there.
    """

    def __init__(self, release: str, file: str, symbol: str, anchor: str) -> None:
        super().__init__(
            f"runtime/{file} of {release}: {symbol}: {anchor} is not there",
            remedy="This release changed what a probe hangs on. Build with another one, or mend the patcher.",
        )
        self.release, self.file, self.symbol, self.anchor = release, file, symbol, anchor


class NotProbed(CaptureError):
    """The program wrote no counters: it was killed, or was not built with probes."""


class DamagedProbes(CaptureError):
    """What a program wrote at its end is not whole, or was not written by these probes."""
