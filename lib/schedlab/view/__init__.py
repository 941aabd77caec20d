"""Pictures of what was captured: matplotlib figures with one message, units and alt text.

Every drawing function returns the Figure, draws into ``ax`` if it is given one, and says its message in the
title (``title=`` puts another in its place). ``show`` turns a figure into what a notebook displays.
"""

from schedlab.view.alttext import alt_text
from schedlab.view.collector import gc_strip
from schedlab.view.comparison import compare
from schedlab.view.counts import procs, threads
from schedlab.view.display import Picture, show
from schedlab.view.flamegraph import flame
from schedlab.view.queues import run_queues
from schedlab.view.schedule import budget, latencies, left_to_program, mix, queue_depth
from schedlab.view.search import PLACES, search
from schedlab.view.together import overview
from schedlab.view.widgets.page import save_html

__all__ = [
    "PLACES",
    "Picture",
    "alt_text",
    "budget",
    "compare",
    "flame",
    "gc_strip",
    "latencies",
    "left_to_program",
    "mix",
    "overview",
    "procs",
    "queue_depth",
    "run_queues",
    "save_html",
    "search",
    "show",
    "threads",
]
