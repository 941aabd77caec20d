"""A program that we start, and what its runtime says while it runs."""

from __future__ import annotations

import dataclasses
import os
import select
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from schedlab import process
from schedlab.capture import gctrace, schedtrace
from schedlab.capture.live.feed import Feed
from schedlab.capture.live.reporter import Pipe
from schedlab.capture.live.sample import UNKNOWN, Sample, binned
from schedlab.errors import SchedlabError

# Lines of the runtime that wait to be read; more of them are dropped, the oldest first.
_WAITING_LINES = 256
# The program's own output is kept by whoever asks for it.
_OUTPUT_LIMIT_BYTES = 1 << 20
# Run queues that are older than so many intervals are not today's.
_STALE_INTERVALS = 5
_END_SEEN_S = 0.25

_NOT_REPORTED = {
    "goroutines": "GODEBUG=schedtrace does not count goroutines",
    "states": "GODEBUG=schedtrace does not count goroutines by state",
    "latencies": "only a program built with the reporter tells them; name the folder of its source",
}


class ProgramFeed(Feed):
    """Reads the reporter's pipe, if there is one, and the runtime's lines on standard error."""

    def __init__(
        self,
        program: str | os.PathLike[str],
        arguments: Iterable[str | os.PathLike[str] | int | float],
        *,
        reporter: bool,
        hz: float,
        capacity: int,
        settings: process.GoSettings,
        env: Mapping[str, str],
        cpus: Iterable[int] | None,
        wall_limit_s: float | None,
        old: bool = False,
    ) -> None:
        unknown = {} if reporter else dict(_NOT_REPORTED)
        if reporter and old:
            unknown["states"] = "Go counts goroutines by state since 1.26"
        super().__init__(Path(os.fspath(program)).name, hz, capacity, unknown)
        self._waiting: deque[str] = deque(maxlen=_WAITING_LINES)
        self._bell_out, self._bell = os.pipe()
        os.set_blocking(self._bell, False)
        os.set_blocking(self._bell_out, False)
        self._folder = tempfile.TemporaryDirectory(prefix="schedlab-")
        self._pipe = Pipe(Path(self._folder.name)) if reporter else None
        own = {"SCHEDLAB_LIVE_EVERY": str(round(1e9 / hz))}
        if self._pipe:
            own["SCHEDLAB_LIVE_PIPE"] = str(self._pipe.path)
        self._counters = _Counters()
        debug = dict(settings.godebug) | ({} if reporter else {"gctrace": 1})
        try:
            self._child = process.start(
                program,
                arguments,
                settings=dataclasses.replace(settings, schedtrace_ms=max(1, round(1000 / hz)), godebug=debug),
                env={**env, **own},
                cpus=cpus,
                wall_limit_s=wall_limit_s,
                output_limit_bytes=_OUTPUT_LIMIT_BYTES,
                on_line=self._on_line,
            )
        except BaseException:
            self._close()
            raise
        self._start()

    @property
    def pid(self) -> int:
        """The program's process id."""
        return self._child.pid

    def _on_line(self, stream: str, line: str) -> None:
        """In a thread that the program would wait for in the end: so no more than sorting is done here."""
        if stream == "stderr" and ("SCHED " in line or (self._pipe is None and "gc " in line)):
            if len(self._waiting) == _WAITING_LINES:
                self._dropped += 1
            self._waiting.append(line)
            self._ring()
        else:
            self.output.append((stream, line))

    def _run(self) -> str:
        reported = self._pipe.descriptor if self._pipe else None
        watched = [self._bell_out, *([reported] if reported is not None else [])]
        while True:
            # Asked for before what it left is read.
            over = not self._child.alive
            self._take_in()
            if over:
                return _words(self._child)
            if self._stopping.is_set():
                with suppress(SchedlabError):
                    self._child.stop(grace_s=1.0)
                self._take_in()
                return "stopped from here"
            # The time is for the program's end, of which nothing rings.
            select.select(watched, [], [], _END_SEEN_S)
            with suppress(BlockingIOError):
                os.read(self._bell_out, 1 << 12)

    def _take_in(self) -> None:
        while self._waiting:
            line = self._waiting.popleft()
            sample = self._counters.read(line)
            if sample is not None and self._pipe is None:
                self._put(sample)
        if self._pipe is None:
            return
        reports = self._pipe.read()
        for report in reports:
            self._dropped = max(self._dropped, report.dropped)
            self._put(self._counters.joined(report.sample, _STALE_INTERVALS / self.hz))

    def _ring(self) -> None:
        with suppress(BlockingIOError):
            os.write(self._bell, b"!")

    def _wake(self) -> None:
        if not self._over.is_set():
            with suppress(OSError):
                self._ring()

    def _close(self) -> None:
        self._folder.cleanup()
        if self._pipe:
            self._pipe.close()
        # The bell stays: it may be rung from another thread at any time, and goes with this object.

    def __del__(self) -> None:
        for descriptor in (self._bell, self._bell_out):
            with suppress(OSError):
                os.close(descriptor)


class _Counters:
    """What the runtime's lines on standard error said last."""

    def __init__(self) -> None:
        self._seen = Sample(0)
        self._seen_at = float("-inf")
        self._pauses: list[tuple[int, int]] = []
        self._heap = Sample(0)

    def read(self, line: str) -> Sample | None:
        """A sample of what is known now, if this is a line with the scheduler's counts."""
        for cycle in gctrace.parse(line).cycles if "gc " in line else ():
            self._pauses += [(cycle.stw_sweep_term_ns, 1), (cycle.stw_mark_term_ns, 1)]
            self._heap = Sample(
                0,
                heap_bytes=cycle.heap_marked_mb << 20,
                goal_bytes=cycle.goal_mb << 20,
                gc_cycles=cycle.number,
            )
        table = schedtrace.parse(line).summaries
        if not len(table):
            return None
        row = len(table) - 1
        self._seen_at = time.monotonic()
        self._seen = Sample(
            int(table.time_ms[row]) * 1_000_000,
            gomaxprocs=int(table.gomaxprocs[row]),
            idle_procs=int(table.idleprocs[row]),
            threads=int(table.threads[row]),
            idle_threads=int(table.idlethreads[row]),
            spinning_threads=int(table.spinningthreads[row]),
            runq_global=int(table.runqueue[row]),
            runq_local=tuple(int(length) for length in table.local_runq[row] if length != UNKNOWN),
            heap_bytes=self._heap.heap_bytes,
            goal_bytes=self._heap.goal_bytes,
            gc_cycles=max(self._heap.gc_cycles, 0),
            pauses=binned(self._pauses),
        )
        self._pauses.clear()
        return self._seen

    def joined(self, reported: Sample, stale_s: float) -> Sample:
        """What the reporter said, with the run queues as they were seen last."""
        if time.monotonic() - self._seen_at > stale_s:
            return reported
        seen = self._seen
        return dataclasses.replace(
            reported,
            idle_procs=seen.idle_procs,
            idle_threads=seen.idle_threads,
            spinning_threads=seen.spinning_threads,
            runq_global=seen.runq_global,
            runq_local=seen.runq_local,
            threads=seen.threads if reported.threads == UNKNOWN else reported.threads,
        )


def _words(child: process.Live) -> str:
    finished = child.wait()
    how = f"by {finished.signal}" if finished.signal else f"with exit status {finished.exit_status}"
    return f"the program ended {how}"
