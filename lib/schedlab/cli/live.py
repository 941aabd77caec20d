"""``schedlab live PROG|URL|--pid N``: watch a running program in a browser."""

from __future__ import annotations

import argparse
import asyncio
import math
import signal
import sys
import threading
import webbrowser
from typing import TYPE_CHECKING

from schedlab.capture import live
from schedlab.cli.input import add_program_options, release_of, settings_of
from schedlab.cli.output import Commands, visible
from schedlab.errors import UsageError

if TYPE_CHECKING:
    from schedlab.cli.live_server import LivePage

_LINGER_S = 30.0
_HIGHEST_PORT = 65535

_ABOUT = """\
Watch a running program in a browser: goroutines by state, run queues, threads, scheduling latency, GC.

PROG is a sample's name or a folder with a Go program: it is built with a reporter inside, its files stay as
they are; what stands after -- is given to it. Or it is a built program, of which less is known. URL is a
living server with net/http/pprof or expvar: http://127.0.0.1:6060, or :6060; of it, least is known.
With --pid it is any Go process of this machine, read from outside; it runs on when the page is closed.

The page is for this machine only, for any number of viewers. Ctrl-C ends it and the program, and so does
closing the last page, after half a minute.
"""
_EXAMPLE = "example: schedlab live article_endpoint -- -bursts 0 -for 60s"


def add_command(commands: Commands, about: str) -> None:
    parser = commands.add_parser(
        "live",
        help=about,
        usage="schedlab live [options] PROG|URL [-- ARG ...]\n       schedlab live [options] --pid N",
        description=_ABOUT,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("target", nargs="?", metavar="PROG|URL", help="what to watch")
    parser.add_argument("--pid", type=int, metavar="N", help="watch the Go process N (Linux)")
    parser.add_argument(
        "--hz",
        type=float,
        metavar="N",
        help=f"samples a second, up to {live.HIGHEST_HZ:g} (20; of a server 5)",
    )
    parser.add_argument(
        "--history",
        type=float,
        default=live.DEFAULT_HISTORY_S,
        metavar="SECONDS",
        help="how far back one can go (%(default)g)",
    )
    parser.add_argument(
        "--port", type=_port, default=0, metavar="P", help="the page's port (any that is free)"
    )
    parser.add_argument("--no-open", action="store_true", help="print the page's address, open no browser")
    parser.add_argument("--stay", action="store_true", help="go on when the last page is closed")
    add_program_options(parser)
    parser.set_defaults(command=_live)


def _live(arguments: argparse.Namespace) -> int:
    # Half a second to import, of which no other command has anything.
    from schedlab.cli.live_server import LivePage

    with _followed(arguments) as feed:
        page = LivePage(feed, port=arguments.port)
        show = _Printer(feed)
        asyncio.run(_until_over(page, show, arguments))
    show.lines()
    print(f"schedlab: {visible(feed.ended)}", file=sys.stderr)
    return 0


def _followed(arguments: argparse.Namespace) -> live.Feed:
    if arguments.pid is None:
        if arguments.target is None:
            raise UsageError("one of these is required: PROG|URL, --pid N")
        return live.follow(
            arguments.target,
            arguments.program_arguments,
            hz=arguments.hz,
            history_s=arguments.history,
            settings=settings_of(arguments),
            using=release_of(arguments),
        )
    if arguments.target or arguments.program_arguments or arguments.gomaxprocs is not None or arguments.go:
        raise UsageError(f"process {arguments.pid} runs already: it takes no program and no settings")
    rate = live.HIGHEST_HZ if arguments.hz is None else arguments.hz
    return live.follow_pid(arguments.pid, hz=rate, history_s=arguments.history)


async def _until_over(page: LivePage, show: _Printer, arguments: argparse.Namespace) -> None:
    from schedlab.cli.live_server import serve

    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, over.set)
    await serve(
        page,
        opened=lambda url: _announce(url, arguments.no_open),
        tick=show.tick,
        over=over,
        linger_s=math.inf if arguments.stay else _LINGER_S,
    )


class _Printer:
    """Prints what the program printed, and its end; here, where a slow terminal holds nobody else up."""

    def __init__(self, feed: live.Feed) -> None:
        self._feed = feed
        self._told = False

    def lines(self) -> None:
        while self._feed.output:
            stream, line = self._feed.output.popleft()
            print(visible(line), file=sys.stdout if stream == "stdout" else sys.stderr, flush=True)

    def tick(self) -> None:
        ended = self._feed.ended
        self.lines()
        if ended and not self._told:
            self._told = True
            print(f"schedlab: {visible(ended)}; the page stays until Ctrl-C", file=sys.stderr, flush=True)


def _announce(url: str, no_open: bool) -> None:
    print(f"schedlab: live at {url}", flush=True)
    if not no_open:
        # A browser of the terminal's own would not come back.
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()


def _port(text: str) -> int:
    if text.isdigit() and int(text) <= _HIGHEST_PORT:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no port: 1 to {_HIGHEST_PORT}, or 0 for any that is free")
