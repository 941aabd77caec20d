"""An answer, built from its Go files and run within bounds, with evidence taken from outside.

Where the evidence comes from, and what a program could still do to it: see ``schedlab.learn.labs``.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypedDict

from schedlab import process, toolchain
from schedlab.capture import probes, tracing
from schedlab.errors import SchedlabError
from schedlab.learn.labs.manifest import Lab
from schedlab.learn.labs.verdicts import Evidence
from schedlab.learn.labs.work import files_of, given_of, go_mod
from schedlab.places import cache_folder
from schedlab.process import Confinement, Finished, GoSettings

if TYPE_CHECKING:
    from schedlab.capture.probes import Counters
    from schedlab.capture.xray import Xray
    from schedlab.timeline import Timeline

Argument = str | int | float

WALL_LIMIT_S = 30.0
OUTPUT_LIMIT_BYTES = 1 << 20
ADDRESS_SPACE_BYTES = 4 << 30
FILE_BYTES = 256 << 20
OPEN_FILES = 1 << 14

# Far above what any program of a lab needs on a busy machine; nothing is judged by it but an endless loop.
_PATIENCE_S = 20.0
_LOOK_S = 0.005

_DEFAULTS = GoSettings()
_VETTING = Path(__file__).parent / "vetting"

# What the runtime says (runtime/proc.go: checkdead, checkmcount; runtime/malloc.go), by code.
_LAST_WORDS = {
    "deadlock": re.compile(r"^fatal error: all goroutines are asleep", re.MULTILINE),
    "thread_limit": re.compile(r"^fatal error: thread exhaustion", re.MULTILINE),
    "out_of_memory": re.compile(r"out of memory|cannot allocate memory", re.MULTILINE),
    "panics": re.compile(r"^panic: ", re.MULTILINE),
}
_MEANINGS = {
    "deadlock": "every goroutine waits for another one, so none will ever go on",
    "thread_limit": "it needed more threads than debug.SetMaxThreads allows, and the runtime gave up",
    "out_of_memory": f"it wanted more memory than the {ADDRESS_SPACE_BYTES >> 30} GiB that a lab may have",
    "panics": "it panicked",
}


class Misbehaved(SchedlabError):
    """A program that cannot be judged, because of what it did: a wrong answer with a code of its own.

    ``finished`` is the record of the run, if there was one.
    """

    def __init__(
        self, code: str, message: str, evidence: Evidence | None = None, finished: Finished | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.evidence = evidence or {}
        self.finished = finished


@dataclass(frozen=True, slots=True)
class Attempt:
    """The files of one answer in a folder of their own. The learner's folder is not read any more."""

    lab: Lab
    folder: Path

    def build(self) -> toolchain.Binary:
        """The program as it is. Raises: CompileError."""
        return toolchain.build(self.folder)

    def run(
        self, arguments: Iterable[Argument] = (), *, settings: GoSettings = _DEFAULTS, stdin: bytes = b""
    ) -> Finished:
        """Run it to its end.

        Raises:
            Misbehaved: it did not end by itself with status 0, or printed too much.
        """
        with _scratch() as folder:
            return _ended_well(
                lambda: process.run(
                    self.build(), arguments, settings=settings, stdin=stdin or None, **_bounds(folder)
                )
            )

    @contextmanager
    def held(
        self,
        arguments: Iterable[Argument] = (),
        *,
        settings: GoSettings = _DEFAULTS,
        counted: bool = False,
    ) -> Iterator[Held]:
        """Run it while the block lasts: a program that ends when its standard input does.

        With ``counted`` its runtime has probes, for ``Held.counters``. Leaving the block kills it.

        Raises:
            Misbehaved: as the methods of ``Held``.
        """
        binary = probes.build(self.folder, mode=probes.Mode.COUNTERS) if counted else self.build()
        with _scratch() as folder, contextlib.ExitStack() as stack:
            readable, writable = os.pipe()
            ours = stack.enter_context(open(writable, "wb", buffering=0))  # noqa: PTH123
            with open(readable, "rb", buffering=0) as theirs:  # noqa: PTH123
                live = process.start(binary, arguments, settings=settings, stdin=theirs, **_bounds(folder))
            stack.enter_context(live)
            held = Held(live, ours)
            stack.callback(held.close)
            yield held

    def record(
        self,
        arguments: Iterable[Argument] = (),
        *,
        settings: GoSettings = _DEFAULTS,
        seconds: float = WALL_LIMIT_S,
    ) -> tuple[Timeline, Finished]:
        """Run it to its end under the trace recorder: what was recorded, and how it ended.

        Raises:
            Misbehaved: it did not end by itself with status 0, or printed too much.
        """
        from schedlab.timeline import Timeline

        with _scratch() as folder, tempfile.TemporaryDirectory(prefix="schedlab-") as outside:
            trace = Path(outside) / "trace"

            def recorded() -> Finished:
                done = tracing.record(
                    self.folder,
                    list(arguments),
                    file=trace,
                    seconds=seconds,
                    settings=settings,
                    confinement=_confinement(folder),
                    cwd=folder,
                )
                assert done.finished is not None
                if done.ending is tracing.Ending.SECONDS:
                    raise _too_slow(seconds, done.finished)
                return done.finished

            try:
                finished = _ended_well(recorded)
            except tracing.RecordingFailed as error:
                # Say what the program itself did, if it does that without a recorder too.
                self.run(arguments, settings=settings)
                raise Misbehaved("no_recording", error.message) from error
            return Timeline.load(trace), finished


class Held:
    """A program that runs and is looked at from outside."""

    def __init__(self, live: process.Live, stdin: BinaryIO) -> None:
        self._live = live
        self._stdin = stdin
        self._xray: Xray | None = None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._live.pid

    @property
    def xray(self) -> Xray:
        """A look into its scheduler.

        Raises:
            NotAllowed, NotSupportedHere: this machine does not let us.
            Misbehaved: it has ended.
        """
        from schedlab.capture import xray

        if self._xray is None:
            try:
                self._xray = xray.attach(self.pid)
            except xray.ProcessGone:
                raise self.ended() from None
        return self._xray

    def threads(self) -> int:
        """How many threads it has now, by the kernel's count.

        Raises:
            Misbehaved: it has ended.
            NotSupportedHere: this is not Linux.
        """
        if sys.platform != "linux":
            raise process.NotSupportedHere(
                "threads are counted on Linux only", remedy="Use Linux for this lab."
            )
        try:
            return len(os.listdir(f"/proc/{self.pid}/task"))  # noqa: PTH208
        except OSError:
            raise self.ended() from None

    def counters(self) -> Counters:
        """What the probes in its runtime have counted so far, read out of its memory."""
        from schedlab.capture import xray

        for _ in range(1000):
            try:
                return probes.read_live(self.xray)
            except probes.NotProbed:
                # The process is there and its runtime not yet.
                time.sleep(_LOOK_S)
            except xray.ProcessGone:
                raise self.ended() from None
        return probes.read_live(self.xray)

    def await_line(self, wanted: str, patience_s: float = _PATIENCE_S) -> None:
        """Wait until it prints the line. This says when to look, and is evidence of nothing.

        Raises:
            Misbehaved: it ended, or did not print it.
        """
        try:
            self._live.wait_for_line(lambda line: line.strip() == wanted, timeout_s=patience_s)
        except process.LineNotSeen:
            if not self._live.alive:
                raise self.ended() from None
            raise Misbehaved(
                "never_ready",
                f'It runs, and has not printed "{wanted}" after {patience_s:g} s: something in it does not '
                "come to its end.",
            ) from None

    def watch(self, until: Callable[[], bool], patience_s: float = _PATIENCE_S) -> bool:
        """Look again and again until ``until()`` holds; False if it did not before the patience ended."""
        give_up = time.monotonic() + patience_s
        while not until():
            if time.monotonic() > give_up:
                return False
            time.sleep(_LOOK_S)
        return True

    def give(self, data: bytes) -> None:
        """Write to its standard input. What it does not read stays there; not more than 4096 bytes of it."""
        # It may have ended: whoever looks next says how.
        with contextlib.suppress(BrokenPipeError):
            self._stdin.write(data)

    def finish(self) -> Finished:
        """End its standard input and let it end.

        Raises:
            Misbehaved: it does not end, or not with status 0.
        """
        self._stdin.close()
        return _ended_well(self._live.wait)

    def close(self) -> None:
        """Let go of it."""
        if self._xray is not None:
            self._xray.close()
        with contextlib.suppress(OSError):
            self._stdin.close()

    def ended(self) -> Misbehaved:
        """For who finds that it is gone although its input has not ended: how it ended, in words."""
        try:
            finished = _ended_well(self._live.wait)
        except Misbehaved as error:
            return error
        return Misbehaved(
            "ended_early",
            "It ended before it was told to: main has to wait until the standard input ends.",
            {"exit_status": finished.exit_status or 0},
            finished,
        )


def prepare(lab: Lab, files: Mapping[str, bytes]) -> Attempt:
    """Put the files of an answer where they are judged; the same files go to the same place.

    The lab's given packages go with them, from the lab itself, and need no vetting.

    Raises:
        Misbehaved: there is no Go file, or one holds what a lab does not take.
    """
    is_program = lab.answer == "program"
    if not files and is_program:
        raise Misbehaved("no_program", "There is no Go file in your folder; reset brings the starter back.")
    files = {**files, **given_of(lab)}
    module = go_mod(lab) if is_program else ""
    digest = hashlib.sha256(module.encode())
    for name, text in sorted(files.items()):
        digest.update(f"\0{name}\0{len(text)}\0".encode() + text)
    folder = cache_folder() / "labs" / digest.hexdigest()[:16] / lab.id
    wanted = {**files, "go.mod": module.encode()} if is_program else files
    there = {name: file.read_bytes() for name, file in _files_in(folder)}
    if there != wanted:
        _fill(folder, wanted)
    if is_program:
        _vet(folder)
    return Attempt(lab, folder)


def reference(lab: Lab) -> Attempt:
    """The lab's own solution, to compare an answer with under the same conditions."""
    return prepare(lab, files_of(lab.solution))


def _fill(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".filling-", dir=folder.parent) as beside:
        made = Path(beside) / folder.name
        for name, text in files.items():
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            (made / name).write_bytes(text)
        if folder.exists():
            shutil.rmtree(folder)
        made.rename(folder)


def _files_in(folder: Path) -> Iterator[tuple[str, Path]]:
    for file in folder.rglob("*"):
        if file.is_file():
            yield file.relative_to(folder).as_posix(), file


def _vet(folder: Path) -> None:
    found = process.run(toolchain.build(_VETTING), [folder]).check().json()
    if found:
        said = "; ".join(f"{one['file']}:{one['line']}: {one['what']}: {one['why']}" for one in found)
        raise Misbehaved("refused_code", f"A lab does not take this: {said}.", {"refused": len(found)})


@contextmanager
def _scratch() -> Iterator[Path]:
    """An empty folder to run in, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="schedlab-lab-") as folder:
        yield Path(folder)


def _confinement(folder: Path) -> Confinement:
    return Confinement(
        address_space_bytes=ADDRESS_SPACE_BYTES,
        file_bytes=FILE_BYTES,
        open_files=OPEN_FILES,
        children=False,
        writable=(folder,),
    )


class _Bounds(TypedDict):
    confinement: Confinement
    cwd: Path
    wall_limit_s: float
    output_limit_bytes: int


def _bounds(folder: Path) -> _Bounds:
    return _Bounds(
        confinement=_confinement(folder),
        cwd=folder,
        wall_limit_s=WALL_LIMIT_S,
        output_limit_bytes=OUTPUT_LIMIT_BYTES,
    )


def _ended_well(run: Callable[[], Finished]) -> Finished:
    """What the run gives, if the program ended as it should.

    Raises:
        Misbehaved: it did not.
    """
    try:
        finished = run()
    except process.WallLimitExceeded as error:
        raise _too_slow(WALL_LIMIT_S, error.finished) from None
    if finished.exit_status != 0:
        # First, because a crash with a thousand goroutines prints a lot too.
        for code, words in _LAST_WORDS.items():
            if words.search(finished.stderr):
                message = f"It crashed: {_MEANINGS[code]}.\n{_first_lines(finished)}"
                raise Misbehaved(code, message, {}, finished)
    printed = finished.stdout_dropped_bytes + finished.stderr_dropped_bytes
    if printed:
        raise Misbehaved(
            "prints_too_much",
            f"It printed more than the {OUTPUT_LIMIT_BYTES >> 20} MiB that a lab may print.",
            {"dropped_bytes": printed},
            finished,
        )
    if finished.exit_status == 0:
        return finished
    end = f"by {finished.signal}" if finished.signal else f"with exit status {finished.exit_status}"
    raise Misbehaved("fails", f"It ended {end}.\n{_first_lines(finished)}", {}, finished)


def _too_slow(seconds: float, finished: Finished) -> Misbehaved:
    return Misbehaved(
        "does_not_end",
        f"It was still running after {seconds:g} s and was ended: is there a loop or a wait that never ends?",
        {"limit_s": seconds},
        finished,
    )


def _first_lines(finished: Finished) -> str:
    return "\n".join(finished.stderr.strip().splitlines()[:6])


def json_of(finished: Finished) -> Mapping[str, object]:
    """The one line of JSON that a lab's program prints.

    Raises:
        Misbehaved: it printed something else.
    """
    return _json_object(finished.stdout)


def last_json_of(finished: Finished) -> Mapping[str, object]:
    """The line of JSON that it printed last, of a program that printed "ready" before.

    Raises:
        Misbehaved: it printed something else.
    """
    return _json_object(finished.stdout.strip().rpartition("\n")[2])


def _json_object(text: str) -> Mapping[str, object]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Misbehaved(
            "no_result", "It must print one line of JSON, and nothing else, as the starter does."
        )
    return found
