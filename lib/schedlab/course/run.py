"""``./course run``: execute notebooks with nobody watching, into ``build/notebooks/``."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from schedlab.course import kernels
from schedlab.course.files import write_whole
from schedlab.course.notebooks import choose
from schedlab.course.source import Document, read, to_bytes, to_ipynb
from schedlab.places import repository_root

DEFAULT_CELL_LIMIT_S = 120.0

# An interrupted cell may still print where it was; one that swallows the interrupt may not hold us up.
_GRACE_S = 5.0

# nbclient gives up on a cell's last output after 4 s, which a busy machine exceeds.
_OUTPUT_LIMIT_S = 60.0

_LAST_WORDS_BYTES = 4000

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


@dataclass(frozen=True, slots=True)
class CellRun:
    """One code cell, counted from 1. ``status`` is passed, failed, timed out or not run."""

    cell: int
    id: str
    status: str
    seconds: float
    budget_s: float | None
    source: str
    problem: str = ""

    @property
    def over_budget(self) -> bool:
        return self.budget_s is not None and self.seconds > self.budget_s


@dataclass(frozen=True, slots=True)
class NotebookRun:
    """One notebook. ``seconds`` is the sum over its cells: starting a kernel is not in a chapter's budget."""

    name: str
    budget_s: float
    cells: tuple[CellRun, ...]
    problem: str = ""

    @property
    def seconds(self) -> float:
        return sum(cell.seconds for cell in self.cells)

    @property
    def passed(self) -> bool:
        return not self.problem and all(cell.status == "passed" for cell in self.cells)

    @property
    def overruns(self) -> list[str]:
        """A line for the notebook and for each cell that took longer than its budget."""
        parts = [
            (f"cell {cell.cell}", cell.seconds, cell.budget_s) for cell in self.cells if cell.over_budget
        ]
        if self.seconds > self.budget_s:
            parts.insert(0, ("all cells", self.seconds, self.budget_s))
        return [f"{self.name}: {what} took {took:.1f} s of {budget:g} s" for what, took, budget in parts]


def main(argv: list[str]) -> int:
    """Execute the notebooks that ``argv`` names, or all.

    Exit status: 0 all passed, 1 one failed (or, with ``--strict-budget``, took too long), 2 wrong use,
    130 interrupted.

    Raises:
        UnknownNotebook: no notebook of that name.
        SourceError: a source cannot be read; nothing was executed.
    """
    options = _parser().parse_args(argv)
    root = repository_root()
    documents = [read(notebook) for notebook in choose(options.names, root)]
    runs: list[NotebookRun] = []
    screen = Screen()
    try:
        with _terminated_like_interrupted():
            for document in documents:
                runs.append(execute(document, options.timeout, screen))
                if not runs[-1].passed and not options.keep_going:
                    break
    except KeyboardInterrupt:
        screen.line("interrupted; kernels are ended")
        return 130
    finally:
        _write_times(root, runs)
    _summarise(screen, runs, [document.notebook.name for document in documents])
    overran = options.strict_budget and any(run.overruns for run in runs)
    return 0 if all(run.passed for run in runs) and not overran else 1


def execute(document: Document, cell_limit_s: float, screen: Screen) -> NotebookRun:
    """Run one notebook in a kernel of its own and write the executed copy to ``build/notebooks/``.

    It stops at the first cell that fails or exceeds ``cell_limit_s`` seconds. The kernel and its children
    are gone when this returns, however it returns.
    """
    notebook = document.notebook
    if not notebook.ipynb.exists() or notebook.ipynb.read_bytes() != to_bytes(document):
        screen.line(f"{notebook.name}: the .ipynb differs from its source; the source is what runs")
    node = _as_node(document)
    with screen.notebook(notebook.name, len(_code_cells(node))):
        run = asyncio.run(_execute(document, node, cell_limit_s, screen))
    copy = notebook.root / "build" / "notebooks" / f"{notebook.name}.ipynb"
    text = json.dumps(node, ensure_ascii=False, indent=1, sort_keys=True)
    write_whole(copy, f"{text}\n".encode())
    return run


class Screen:
    """Lines as they come; on a terminal, also a bar below them for the notebook that runs."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, markup=False, soft_wrap=True)
        self._step: Callable[[], None] = lambda: None

    def line(self, text: str = "", style: str = "") -> None:
        """Print one piece of text. It may come from a program: nothing in it is markup."""
        plain = _ANSI.sub("", text)
        shown = Text.from_ansi(text) if self._console.is_terminal and plain != text else Text(plain, style)
        self._console.print(shown, soft_wrap=True)
        self._console.file.flush()

    @contextmanager
    def notebook(self, name: str, cells: int) -> Iterator[None]:
        """Show that ``name`` runs."""
        self.line(f"{name}: {cells} cells")
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
        bar = Progress(*columns, TimeElapsedColumn(), console=self._console, transient=True)
        bar.disable = not self._console.is_terminal
        with bar:
            task = bar.add_task(name, total=cells)
            self._step = lambda: bar.advance(task)
            yield

    def cell(self, cell: CellRun, of: int) -> None:
        """Show one cell that ended."""
        first = cell.source.strip().partition("\n")[0][:60]
        late = f"  over its budget of {cell.budget_s:g} s" if cell.over_budget else ""
        state = "" if cell.status == "passed" else f"  {cell.status.upper()}"
        self.line(f"  {cell.cell:>3}/{of}  {cell.seconds:7.2f} s  {first}{late}{state}")
        self._step()

    def failure(self, name: str, cell: CellRun) -> None:
        """Show the source of a cell and what became of it."""
        self.line(f"\n{name}, cell {cell.cell}: {cell.status}", style="bold red")
        for line in cell.source.splitlines():
            self.line(f"    {line}")
        self.line(f"\n{cell.problem}\n")


async def _execute(document: Document, node: NotebookNode, limit_s: float, screen: Screen) -> NotebookRun:
    notebook = document.notebook
    with tempfile.TemporaryFile() as log:
        kernel = kernels.manager()
        one = _Execution(document, node, limit_s, screen, kernel, _client(node, kernel), log)
        try:
            problem = await one.start()
            if not problem:
                await one.all_cells()
        finally:
            await one.stop()
    return NotebookRun(notebook.name, document.budget_s, tuple(one.cells), problem)


def _client(node: NotebookNode, kernel: AsyncKernelManager) -> NotebookClient:
    return NotebookClient(
        node,
        km=kernel,
        timeout=None,
        iopub_timeout=_OUTPUT_LIMIT_S,
        raise_on_iopub_timeout=True,
        record_timing=False,
    )


@dataclass(slots=True)
class _Execution:
    """One pass over a notebook's cells. ``node`` receives the outputs, ``log`` the kernel's own words."""

    document: Document
    node: NotebookNode
    limit_s: float
    screen: Screen
    kernel: AsyncKernelManager
    client: NotebookClient
    log: IO[bytes]
    cells: list[CellRun] = field(default_factory=list)

    async def start(self) -> str:
        """Start the kernel; what is wrong, if it does not come up."""
        notebook = self.document.notebook
        settings = kernels.headless_environment(notebook.root)
        streams = {"stdout": self.log, "stderr": self.log}
        try:
            await self.client.async_start_new_kernel(cwd=str(notebook.source.parent), env=settings, **streams)
            await self.client.async_start_new_kernel_client()
        except (OSError, RuntimeError) as error:
            problem = f"the kernel did not start: {error}\n{self._last_words()}"
            self.screen.line(f"{notebook.name}: {problem}")
            return problem
        return ""

    async def stop(self) -> None:
        """End the kernel and its children: at once where a cell did not pass or we were interrupted."""
        code = len(_code_cells(self.node))
        finished = len(self.cells) == code and all(cell.status == "passed" for cell in self.cells)
        if self.client.kc is not None:
            self.client.kc.stop_channels()
        await self.kernel.shutdown_kernel(now=not finished)

    async def all_cells(self) -> None:
        """Run each cell in turn; after one that did not pass, the others are noted as not run."""
        code = _code_cells(self.node)
        for number, index in enumerate(code, start=1):
            source = self.node.cells[index]
            budget = source.metadata.get("budget_s")
            cell = CellRun(number, source.id, "not run", 0.0, budget, source.source)
            if all(earlier.status == "passed" for earlier in self.cells):
                cell = await self._one_cell(index, cell)
                self.screen.cell(cell, len(code))
                if cell.status != "passed":
                    self.screen.failure(self.document.notebook.name, cell)
            self.cells.append(cell)
        self.client.set_widgets_metadata()

    async def _one_cell(self, index: int, cell: CellRun) -> CellRun:
        began = time.monotonic()
        task = asyncio.ensure_future(self.client.async_execute_cell(self.node.cells[index], index))
        try:
            done, _ = await asyncio.wait({task}, timeout=self.limit_s)
            if not done:
                await self.kernel.interrupt_kernel()
                await asyncio.wait({task}, timeout=_GRACE_S)
        finally:
            task.cancel()
        outcome = (await asyncio.gather(task, return_exceptions=True))[0]
        status, problem = "passed", ""
        if not done:
            limit = f"exceeded the limit of {self.limit_s:g} s for a cell and was interrupted"
            status, problem = "timed out", f"{limit}\n{self._traceback(index)}"
        elif isinstance(outcome, DeadKernelError):
            status, problem = "failed", f"the kernel died\n{self._last_words()}"
        elif isinstance(outcome, CellExecutionError | CellTimeoutError):
            status, problem = "failed", self._traceback(index) or str(outcome)
        elif isinstance(outcome, BaseException):
            raise outcome
        return replace(cell, status=status, problem=problem, seconds=round(time.monotonic() - began, 3))

    def _traceback(self, index: int) -> str:
        """What the cell left, as the kernel coloured it."""
        errors = [output for output in self.node.cells[index].outputs if output.output_type == "error"]
        return "\n".join(line for error in errors for line in error.traceback)

    def _last_words(self) -> str:
        self.log.seek(0)
        return self.log.read()[-_LAST_WORDS_BYTES:].decode(errors="replace").strip()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("./course run", description="Execute notebooks; copies go into build/.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="such as 1_1, a stem or a path; all if none")
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=DEFAULT_CELL_LIMIT_S,
        metavar="S",
        help="limit for one cell, in seconds (default: %(default)g)",
    )
    parser.add_argument(
        "--keep-going", action="store_true", help="go on with the next notebook after a failure"
    )
    parser.add_argument("--strict-budget", action="store_true", help="exit 1 when a time budget is exceeded")
    return parser


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError(text)
    return value


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM takes the way of Ctrl-C, which ends the kernel before this process."""
    before = signal.signal(signal.SIGTERM, lambda _number, _frame: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _as_node(document: Document) -> NotebookNode:
    node: NotebookNode = nbformat.reads(json.dumps(to_ipynb(document)), as_version=4)  # type: ignore[no-untyped-call]
    return node


def _code_cells(node: NotebookNode) -> list[int]:
    """Indices of the cells that do something."""
    return [
        index for index, cell in enumerate(node.cells) if cell.cell_type == "code" and cell.source.strip()
    ]


def _write_times(root: Path, runs: Sequence[NotebookRun]) -> None:
    times = {
        run.name: {
            "seconds": round(run.seconds, 3),
            "budget_s": run.budget_s,
            "passed": run.passed,
            "cells": [asdict(cell) for cell in run.cells],
        }
        for run in runs
    }
    text = json.dumps(times, ensure_ascii=False, indent=1)
    write_whole(root / "build" / "notebooks" / "times.json", f"{text}\n".encode())


def _summarise(screen: Screen, runs: Sequence[NotebookRun], names: Sequence[str]) -> None:
    width = max(map(len, names), default=0)
    screen.line(f"\n{'notebook':<{width}}  {'cells':>7}  {'time':>9}  {'budget':>7}")
    for run in runs:
        done = sum(cell.status == "passed" for cell in run.cells)
        state = "passed" if run.passed else "FAILED"
        late = ", over budget" if run.overruns else ""
        cells = f"{done}/{len(run.cells)}"
        screen.line(
            f"{run.name:<{width}}  {cells:>7}  {run.seconds:7.1f} s  {run.budget_s:5g} s  {state}{late}"
        )
    for name in names[len(runs) :]:
        screen.line(f"{name:<{width}}  not run")
    for overrun in (line for run in runs for line in run.overruns):
        screen.line(f"warning: over budget: {overrun}", style="yellow")
