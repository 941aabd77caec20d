"""A page of this machine's own with a program's live view, for any number of viewers."""

from __future__ import annotations

import asyncio
import html
import json
import secrets
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from tornado import httpserver, web, websocket

from schedlab.capture.live import Feed
from schedlab.errors import UsageError
from schedlab.view.widgets.base import STATIC
from schedlab.view.widgets.live import described
from schedlab.view.widgets.live_batches import Outbox

_HOST = "127.0.0.1"
_FILES = {"live.js": "text/javascript", "live_page.js": "text/javascript", "live.css": "text/css"}
_LONGEST_MESSAGE_BYTES = 1 << 12
_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="live.css">
<style>:root {{ color-scheme: light dark; }} body {{ margin: 8px; }}
h1 {{ font: 600 17px system-ui, sans-serif; margin: 0 0 8px; }}</style>
</head>
<body>
<main><h1>{title}</h1><div id="view"></div></main>
<script type="module" src="live_page.js"></script>
</body>
</html>
"""


class Viewers:
    """How many pages are open, and since when there is none any more."""

    def __init__(self) -> None:
        self._open = 0
        self._left: float | None = None

    def came(self) -> None:
        self._open += 1
        self._left = None

    def went(self) -> None:
        self._open -= 1
        if not self._open:
            self._left = time.monotonic()

    @property
    def gone_s(self) -> float:
        """Seconds since the last page was closed; 0 while one is open, or if none ever was."""
        return 0.0 if self._left is None else time.monotonic() - self._left


class LivePage:
    """Serves one Feed, to this machine only, below a path that nobody can guess.

    A page of another site cannot read it, also when it makes its own name mean this machine (DNS rebinding):
    the Host of each request and the Origin of each socket must be this server's.
    """

    def __init__(self, feed: Feed, *, port: int = 0, span_s: float = 30.0) -> None:
        """Port 0 takes any that is free.

        Raises:
            UsageError: the port is taken, or may not be listened on.
        """
        self.feed = feed
        self.span_s = span_s
        self.viewers = Viewers()
        try:
            self._socket = socket.create_server((_HOST, port))
        except (OSError, OverflowError) as error:
            raise UsageError(
                f"nothing can listen on port {port}: {error}", remedy="Name another one with --port."
            ) from error
        self._socket.setblocking(False)
        self._port = self._socket.getsockname()[1]
        self._token = secrets.token_urlsafe(24)
        self.hosts = (f"{_HOST}:{self._port}", f"localhost:{self._port}")
        self._server: httpserver.HTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://{self.hosts[0]}/{self._token}/"

    def open(self) -> None:
        """Begin to serve, on the running event loop."""
        rules = [
            (f"/{self._token}/", _Front, {"page": self}),
            (f"/{self._token}/socket", _Socket, {"page": self}),
            (f"/{self._token}/({'|'.join(_FILES)})", _File, {"page": self}),
        ]
        application = web.Application(
            rules,
            default_handler_class=_Nothing,
            default_handler_args={"page": self},
            log_function=lambda _: None,
            websocket_max_message_size=_LONGEST_MESSAGE_BYTES,
        )
        self._server = httpserver.HTTPServer(application)
        self._server.add_sockets([self._socket])

    async def close(self) -> None:
        if self._server is None:
            self._socket.close()
            return
        self._server.stop()
        await self._server.close_all_connections()


class _Guarded(web.RequestHandler):
    def initialize(self, page: LivePage) -> None:
        self.page = page

    def set_default_headers(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "no-referrer")
        self.clear_header("Server")

    def prepare(self) -> Awaitable[None] | None:
        if self.request.host not in self.page.hosts:
            raise web.HTTPError(403)
        return None

    def write_error(self, status_code: int, **_: Any) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{status_code}\n")


class _Nothing(_Guarded):
    def prepare(self) -> Awaitable[None] | None:
        super().prepare()
        raise web.HTTPError(404)


class _Front(_Guarded):
    def get(self) -> None:
        sockets = " ".join(f"ws://{host}" for host in self.page.hosts)
        self.set_header(
            "Content-Security-Policy",
            f"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:; "
            f"connect-src {sockets}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        )
        self.finish(_PAGE.format(title=html.escape(f"Live: {self.page.feed.name}")))


class _File(_Guarded):
    def get(self, name: str) -> None:
        self.set_header("Content-Type", f"{_FILES[name]}; charset=utf-8")
        self.finish((STATIC / name).read_bytes())


class _Socket(_Guarded, websocket.WebSocketHandler):
    """One viewer: gets batches as fast as it acknowledges them."""

    def check_origin(self, origin: str) -> bool:
        return urlsplit(origin).netloc in self.page.hosts

    async def open(self, *_: str, **__: str) -> None:
        page = self.page
        page.viewers.came()
        self._here = True
        self._outbox = Outbox(page.feed)
        self._ready = asyncio.Event()
        state = {"source": described(page.feed), "span_s": page.span_s, "running": True, "heading": ""}
        await self.write_message(json.dumps({"kind": "state", "state": state}))
        self._pump = asyncio.create_task(self._send_all())

    def on_message(self, message: str | bytes) -> None:
        try:
            if self._outbox.hear(json.loads(message)):
                self._ready.set()
        except ValueError:
            self.close(1003, "no JSON")

    def on_close(self) -> None:
        if getattr(self, "_here", False):
            self._here = False
            self._ready.set()
            self.page.viewers.went()

    async def _send_all(self) -> None:
        loop, feed = asyncio.get_running_loop(), self.page.feed
        await self._ready.wait()
        try:
            while self._here:
                batch = await loop.run_in_executor(None, self._outbox.next)
                if batch is not None:
                    await self.write_message(json.dumps(batch.message))
                    await self.write_message(batch.data, binary=True)
                await asyncio.sleep(1 / feed.hz)
        except websocket.WebSocketClosedError:
            return


async def serve(
    page: LivePage,
    *,
    opened: Callable[[str], None],
    tick: Callable[[], None],
    over: asyncio.Event,
    linger_s: float,
) -> None:
    """Serve until ``over`` is set, or for ``linger_s`` after the last viewer left.

    ``opened`` is called once, with the page's address, ``tick`` again and again.
    """
    page.open()
    opened(page.url)
    try:
        while not over.is_set() and page.viewers.gone_s <= linger_s:
            tick()
            try:
                await asyncio.wait_for(over.wait(), 0.2)
            except TimeoutError:
                continue
    finally:
        await page.close()
