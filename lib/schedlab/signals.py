"""Interrupts, however the program was started."""

from __future__ import annotations

import signal


def listen_to_interrupts() -> None:
    """Let SIGINT raise KeyboardInterrupt even if whoever started this process had it ignored.

    A shell ignores it for what it starts in the background, nohup and some CI runners do, and the setting
    is inherited. A command that owns kernels and Go programs must end them when it is told to. Call it in
    the main thread, at the start of a command.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
