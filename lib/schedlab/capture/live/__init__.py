"""Follow a running program: what its runtime counts, many times a second, without stopping it.

``follow`` starts a program or turns to a living server, ``follow_pid`` turns to a process that runs already.
Both give a ``Feed``: a bounded ``History`` of ``Sample`` that goes on growing.

======================  ==================================================================================
a program's source      built with a reporter inside (``hook/``): runtime/metrics; with GODEBUG=schedtrace
a built program         GODEBUG=schedtrace and gctrace: run queues, threads, collections
a server's address      what net/http/pprof and expvar give cheaply: goroutines, threads, heap, collections
a process id            its memory, read from outside: goroutines by state, run queues, threads
======================  ==================================================================================
"""

from schedlab.capture.live._follow import DEFAULT_HISTORY_S, HIGHEST_HZ, follow
from schedlab.capture.live._xray import follow_pid
from schedlab.capture.live.feed import Feed, NotFollowed
from schedlab.capture.live.history import History, Piece
from schedlab.capture.live.sample import BIN_BOUNDS_NS, BINS, UNKNOWN, Sample, binned

__all__ = [
    "BINS",
    "BIN_BOUNDS_NS",
    "DEFAULT_HISTORY_S",
    "HIGHEST_HZ",
    "UNKNOWN",
    "Feed",
    "History",
    "NotFollowed",
    "Piece",
    "Sample",
    "binned",
    "follow",
    "follow_pid",
]
