"""Captures from a living program, over its net/http/pprof endpoint."""

from __future__ import annotations

import http.client
import io
import math
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Generator
from contextlib import closing
from typing import BinaryIO

import psutil

from schedlab.capture.errors import CaptureError
from schedlab.errors import UsageError

HOST_AND_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]*):([0-9]+)")
"""An address: a host, which may be empty, and a port."""

NO_PPROF = 'Let the program import _ "net/http/pprof" and serve http.DefaultServeMux.'
"""What one does about a server that has no profiles."""

_PPROF_PATH = re.compile(r"(/debug/pprof(/(trace)?)?)?/?")
_HIGHEST_PORT = 65535
_THIS_MACHINE = ("127.0.0.1", "localhost", "[::1]")

# Beyond the seconds that the capture itself takes.
_PATIENCE_S = 30.0
_CHUNK_BYTES = 1 << 16


class EndpointError(CaptureError):
    """The program did not give what was asked for; ``status`` is HTTP's, None if nobody answered."""

    def __init__(self, message: str, *, status: int | None, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.status = status


def address_of(program: str | os.PathLike[str]) -> str | None:
    """Host and port, if ``program`` is written as an address or URL; None if it is a program.

    Raises:
        UsageError: a URL that no pprof can have.
    """
    if not isinstance(program, str):
        return None
    if "://" in program:
        url = urllib.parse.urlsplit(program)
        if url.scheme != "http":
            raise UsageError(f"{program}: only http is spoken here", remedy="Write it as http://HOST:PORT.")
        if not _PPROF_PATH.fullmatch(url.path) or url.query or url.fragment or "@" in url.netloc:
            raise UsageError(
                f"{program} is more than a server's address", remedy="Write it as http://HOST:PORT."
            )
        if not url.netloc:
            raise UsageError(f"{program} is no address", remedy="Write it as http://HOST:PORT.")
        netloc = url.netloc if HOST_AND_PORT.fullmatch(url.netloc) else f"{url.netloc}:80"
    else:
        netloc = program
    match = HOST_AND_PORT.fullmatch(netloc)
    if match is None:
        if "://" in program:
            raise UsageError(f"{program} is no address", remedy="Write it as http://HOST:PORT.")
        return None
    if not 0 < int(match[2]) <= _HIGHEST_PORT:
        raise UsageError(f"{program}: there is no port {match[2]}")
    return f"{match[1] or '127.0.0.1'}:{match[2]}"


def fetch(address: str, name: str, *, seconds: float | None = None, debug: int | None = None) -> bytes:
    """``/debug/pprof/<name>`` of the program that listens on ``address`` (``127.0.0.1:6060``).

    ``name`` is ``profile``, ``trace``, ``goroutine``, …; an empty one is the list of profiles, as HTML.
    ``seconds`` is how long a profile or trace is to take; net/http/pprof reads a fraction of one for a trace
    only, so that a profile takes the next whole number. ``debug`` 1 and 2 ask for text.

    Raises:
        EndpointError: nobody listens there, or the program has no such profile; the message is its own.
    """
    content = io.BytesIO()
    fetch_into(content, address, name, seconds=seconds, debug=debug)
    return content.getvalue()


def fetch_into(
    file: BinaryIO, address: str, name: str, *, seconds: float | None = None, debug: int | None = None
) -> None:
    """As ``fetch``, into ``file`` as it comes. What came before an error or an interrupt stays there."""
    if seconds is not None and name != "trace":
        # Of 1.5 the server would understand nothing, and take its own 30.
        seconds = math.ceil(seconds)
    asked = {"seconds": seconds, "debug": debug}
    query = "&".join(f"{key}={value:g}" for key, value in asked.items() if value is not None)
    url = f"http://{address}/debug/pprof/{urllib.parse.quote(name)}{'?' if query else ''}{query}"
    with closing(_chunks(url, (seconds or 0) + _PATIENCE_S)) as chunks:
        for chunk in chunks:
            file.write(chunk)


def pid_of(address: str) -> int | None:
    """The process on this machine that answers there; None if it is elsewhere, or the system does not tell.

    Whoever listens may only pass on what another says, so it must have the command line that the answer has.

    Raises:
        EndpointError: nobody answers.
    """
    host, _, port = address.rpartition(":")
    if host not in _THIS_MACHINE:
        return None
    try:
        command = fetch(address, "cmdline").decode(errors="surrogateescape").split("\0")
    except EndpointError as error:
        if error.status is None:
            raise
        return None
    try:
        listening = [one for one in psutil.net_connections("tcp") if one.status == psutil.CONN_LISTEN]
        pids = {one.pid for one in listening if one.pid and one.laddr and one.laddr.port == int(port)}
        return next((pid for pid in sorted(pids) if psutil.Process(pid).cmdline() == command), None)
    except psutil.Error:
        return None


def _chunks(url: str, patience_s: float) -> Generator[bytes]:
    """The answer's body in pieces, as they come."""
    # A proxy of the environment has no business with a program on this machine.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    came = 0
    try:
        with direct.open(url, timeout=patience_s) as answer:
            while chunk := answer.read1(_CHUNK_BYTES):
                came += len(chunk)
                yield chunk
            if answer.length:
                raise http.client.IncompleteRead(b"", answer.length)
    except urllib.error.HTTPError as refused:
        with refused:
            reason = _reason(refused)
        raise EndpointError(
            f"{url} answered {refused.code}: {reason}",
            status=refused.code,
            remedy=NO_PPROF if refused.code == http.client.NOT_FOUND else "",
        ) from refused
    except (OSError, http.client.HTTPException, ValueError) as error:
        if _is_timeout(error):
            raise EndpointError(
                f"{url} was reached, and sent nothing for {patience_s:.0f} s",
                status=None,
                remedy="It is too busy to answer. Try again when there is less to do.",
            ) from error
        what = f"broke off after {came} bytes" if came else "did not answer"
        raise EndpointError(
            f"{url} {what}: {error}",
            status=None,
            remedy="Is the program still running, and does it import net/http/pprof?",
        ) from error


def _reason(refused: urllib.error.HTTPError) -> str:
    """What the server says of it: pprof in a line of text, others in a page that nobody reads here."""
    if refused.headers.get_content_type() == "text/plain":
        return refused.read(1000).decode(errors="replace").strip()
    return str(refused.reason)


def _is_timeout(error: Exception) -> bool:
    return isinstance(error, TimeoutError) or isinstance(getattr(error, "reason", None), TimeoutError)
