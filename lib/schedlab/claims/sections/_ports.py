"""The ports that the article's command lines name: they are used as printed, if nobody else has them."""

from __future__ import annotations

import http.client
import socket
import time

from schedlab.claims.errors import NotMeasurableHere

_PATIENCE_S = 20.0


def need_free(port: int) -> None:
    """Raises NotMeasurableHere if somebody listens on this port of this machine."""
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
        except OSError as error:
            if family == socket.AF_INET:
                raise NotMeasurableHere(
                    f"the command names port {port}, which is taken here ({error.strerror})"
                ) from error


def page(port: int, path: str) -> bytes:
    """What a local server answers to a GET; it gets some time to come up.

    Raises:
        NotMeasurableHere: it does not answer.
    """
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            connection = http.client.HTTPConnection("localhost", port, timeout=_PATIENCE_S)
            connection.request("GET", path)
            return connection.getresponse().read()
        except OSError as error:
            if time.monotonic() > deadline:
                raise NotMeasurableHere(f"nobody answers on port {port}: {error}") from error
            time.sleep(0.05)
        finally:
            connection.close()
