"""A live Go process, looked into."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np
import numpy.typing as npt

from schedlab.capture.schedtrace.statuses import release_of
from schedlab.capture.xray.code import Code, Places
from schedlab.capture.xray.errors import ProcessGone
from schedlab.capture.xray.layout import Layout, layout_of
from schedlab.capture.xray.memory import Memory, Vanished, failure
from schedlab.capture.xray.pools import PoolParts, PoolReader
from schedlab.capture.xray.reader import Brief, Reader
from schedlab.capture.xray.samples import Collector, Samples
from schedlab.capture.xray.snapshot import Snapshot
from schedlab.capture.xray.stopped import while_stopped
from schedlab.capture.xray.tables import Facts
from schedlab.errors import UsageError

MOST_HZ = 20_000
"""No more samples a second can be asked for."""
_MOST_TEXT = 1 << 10


class Xray:
    """A look into the scheduler of a live Go process. It only reads; see ``schedlab.capture.xray.attach``.

    One thread at a time may use it.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._memory = Memory(pid)
        self._binary: BinaryIO | None = None
        try:
            self.program = self._opened()
            self.layout = self._layout()
            self._offset = self._memory.entry - self.layout.entry
            # What exec may have put in the place of the first program meanwhile.
            self._memory.check()
            self._reader = Reader(self._memory, self.layout, self._offset)
            self._reader.prepare()
            self._facts = self._known()
        except BaseException:
            self.close()
            raise

    @property
    def release(self) -> str:
        """The Go release that built the program: ``go1.27.3``."""
        return self.layout.release

    def snapshot(
        self,
        gs: bool = True,
        stacks: bool | int = False,
        *,
        coherent: bool = False,
        tries: int = 6,
    ) -> Snapshot:
        """All Ps and Ms now, with ``gs`` all Gs, with ``stacks`` also the top frames of those not running.

        ``stacks`` may be the most frames of each (16). What changes while it is read is read again, up to
        ``tries`` times and 20 ms, and then given as ``torn``. With ``coherent`` the process stands still
        meanwhile: it costs it a fraction of a millisecond and more with many threads; ``stopped_ns`` says.

        Raises:
            ProcessGone: it has ended, or runs another program.
            NotAllowed, NotStopped: with ``coherent``.
            XrayError: it changes faster than it can be read.
        """
        if tries < 1:
            raise UsageError(f"tries: {tries} is less than one")
        depth = 16 if stacks is True else int(stacks)
        stopped = None
        if coherent:
            # What is prepared now need not be while the process stands still.
            self._reader.full(1, gs=gs or depth > 0, stacks=0)
        begin = time.monotonic_ns()
        if coherent:
            (raw, torn, tried), stopped = while_stopped(
                self.pid, lambda: self._reader.full(tries, gs=gs or depth > 0, stacks=depth)
            )
        else:
            raw, torn, tried = self._reader.full(tries, gs=gs or depth > 0, stacks=depth)
        end = time.monotonic_ns()
        self._memory.check()
        return Snapshot(begin, end, torn, tried, stopped, raw, self._facts)

    def sample(
        self,
        hz: float,
        seconds: float,
        *,
        gs: bool = False,
        tries: int = 4,
        stop: Callable[[], bool] = lambda: False,
    ) -> Samples:
        """Look ``hz`` times a second, for ``seconds``, or until ``stop()``; with ``gs`` at all Gs too.

        A moment that has passed is left out, not made up for. If the process ends meanwhile, what was seen
        until then is given, and ``ended`` says so.

        Raises:
            UsageError: a rate or a time that cannot be.
            ProcessGone: it had ended before the first look.
        """
        if not 0 < hz <= MOST_HZ:
            raise UsageError(f"{hz:g} samples a second cannot be", remedy=f"Ask for up to {MOST_HZ}.")
        if not (seconds > 0 and math.isfinite(seconds)):
            raise UsageError(f"{seconds:g} seconds are no time to sample")
        self._memory.check()
        found = Collector()
        ended, late = self._collect(
            found, 1e9 / hz, seconds * 1e9, lambda: self._reader.brief(tries, gs=gs), stop
        )
        if not found.torn:
            raise ProcessGone(ended or f"no sample of process {self.pid} was taken")
        parts = found.parts()
        return Samples(
            pid=self.pid,
            program=self.program,
            hz=hz,
            begin_ns=np.array(found.begin, np.int64),
            end_ns=np.array(found.end, np.int64),
            torn=np.array(found.torn, np.bool_),
            late=late,
            ended=ended,
            parts=parts,
            gs=found.gs(parts),
            facts=self._facts,
        )

    def pools(self, tries: int = 6) -> tuple[PoolParts, ...]:
        """Every sync.Pool that the runtime knows of, part by part; none if the program was linked without.

        They are read again until two reads agree, up to ``tries`` times.

        Raises:
            ProcessGone: it has ended, or runs another program.
            XrayError: it uses its pools meanwhile.
        """
        reader = PoolReader(
            self._memory, self.layout, self._offset, lambda pc: str(self.functions([pc]).function[0])
        )
        found = reader.read(tries)
        self._memory.check()
        return found

    def functions(self, pcs: npt.ArrayLike) -> Places:
        """Function, file and line of program counters, a list or ``(n,)``; unknown ones are empty."""
        return self._facts.code.places(pcs)

    def close(self) -> None:
        """Let go of the process."""
        self._memory.close()
        if self._binary is not None:
            self._binary.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _collect(
        self,
        found: Collector,
        period_ns: float,
        length_ns: float,
        read: Callable[[], Brief],
        stop: Callable[[], bool],
    ) -> tuple[str, int]:
        """Fill ``found``; why it ended before its time, and how many moments were left out."""
        clock, add, check = time.monotonic_ns, found.add, self._memory.check
        begun, due, late = clock(), 0, 0
        while due * period_ns < length_ns and not stop():
            rest = begun + due * period_ns - clock()
            if rest > 0:
                time.sleep(rest / 1e9)
            begin = clock()
            try:
                one = read()
                check()
            except ProcessGone as gone:
                return gone.message, late
            end = clock()
            add(one)
            found.begin.append(begin)
            found.end.append(end)
            passed = int((end - begun) // period_ns)
            late += max(0, passed - due)
            due = max(due, passed) + 1
        return "", late

    def _opened(self) -> str:
        """The program's file. That of the process, even if its name now names another or nothing."""
        try:
            # The file stays open for as long as functions are looked up in it.
            self._binary = open(f"/proc/{self.pid}/exe", "rb")  # noqa: SIM115, PTH123
            return str(Path(f"/proc/{self.pid}/exe").readlink())
        except OSError as error:
            raise failure(self.pid, error.errno or 0) from error

    def _layout(self) -> Layout:
        assert self._binary is not None
        return layout_of(Path(f"/proc/self/fd/{self._binary.fileno()}"), called=self.program)

    def _known(self) -> Facts:
        assert self._binary is not None
        named_as = None
        with suppress(UsageError):
            named_as = release_of(self.layout.release)
        code = Code(self._binary, self.layout, self._offset)
        return Facts(self.layout.release, named_as, self._wait_reasons(), code)

    def _wait_reasons(self) -> tuple[str, ...]:
        """``runtime.waitReasonStrings`` (runtime2.go), an array of Go strings."""
        table = self.layout.symbols.get("runtime.waitReasonStrings")
        if table is None:
            return ()
        try:
            strings = np.frombuffer(self._memory.read(table.address + self._offset, table.size), np.uint64)
            return tuple(
                self._memory.read(int(at), min(int(size), _MOST_TEXT)).decode("utf-8", "replace")
                if size
                else ""
                for at, size in strings.reshape(-1, 2)
            )
        except Vanished:
            return ()
