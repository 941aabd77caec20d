"""Captures from a living program, over its net/http/pprof endpoint."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.parse
import urllib.request

from schedlab.capture.errors import CaptureError

# Beyond the seconds that the capture itself takes.
_PATIENCE_S = 30.0


class EndpointError(CaptureError):
    """The program did not give what was asked for; ``status`` is HTTP's, None if nobody answered."""

    def __init__(self, message: str, *, status: int | None, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.status = status


def fetch(address: str, name: str, *, seconds: float | None = None) -> bytes:
    """``/debug/pprof/<name>`` of the program that listens on ``address`` (``127.0.0.1:6060``).

    ``name`` is ``profile``, ``trace``, ``goroutine``, …; an empty one is the list of profiles, as HTML.
    ``seconds`` is how long a profile or trace is to take.

    Raises:
        EndpointError: nobody listens there, or the program has no such profile; the message is its own.
    """
    query = "" if seconds is None else f"?seconds={seconds:g}"
    url = f"http://{address}/debug/pprof/{urllib.parse.quote(name)}{query}"
    # A proxy of the environment has no business with a program on this machine.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=(seconds or 0) + _PATIENCE_S) as answer:
            content: bytes = answer.read()
    except urllib.error.HTTPError as refused:
        said = refused.read(1000).decode(errors="replace").strip()
        raise EndpointError(f"{url} answered {refused.code}: {said}", status=refused.code) from refused
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise EndpointError(
            f"{url} did not answer: {error}",
            status=None,
            remedy="Is the program still running, and does it import net/http/pprof?",
        ) from error
    return content
