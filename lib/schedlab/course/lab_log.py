"""What JupyterLab's server tells a learner's terminal. Only the server imports this (``lab._LOGGING``)."""

from __future__ import annotations

import logging

from tornado.websocket import WebSocketClosedError


class NoWordOfWhoLeft(logging.Filter):
    """Keeps out what asyncio says of a message to a browser that has gone meanwhile.

    jupyter_server sends what a kernel says and does not look how that ends (``write_message`` of tornado's
    websockets); a page that is closed at the wrong moment leaves a traceback.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], WebSocketClosedError))
