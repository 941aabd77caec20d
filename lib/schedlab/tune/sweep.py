"""Make the runs of a study that are missing: here, or on the workers of a Dask cluster."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from filelock import FileLock

from schedlab.errors import SchedlabError
from schedlab.places import cache_folder
from schedlab.tune.journal import Journal
from schedlab.tune.measure import Run, measure
from schedlab.tune.plan import Plan, Task

OnRun = Callable[[Run], None]


# A program that has failed so often and never ran well will not do better at the other points.
_HOPELESS = 3


class ProgramFails(SchedlabError):
    """The program failed in each of the first runs of a study."""


class ClusterLost(SchedlabError):
    """The scheduler cannot be reached, or has no worker."""


def sweep_here(journal: Journal, on_run: OnRun = lambda _: None) -> None:
    """Make the missing runs in this process, one at a time; ``on_run`` is called after each is kept.

    Raises:
        ProgramFails: each of the first runs failed; they are kept.
    """
    for task in missing(journal):
        if task.place == 0:
            for _ in range(journal.plan.warm_up):
                _measure(journal.program, journal.plan, task)
        _keep(journal, _measure(journal.program, journal.plan, task), on_run)


def sweep_on(client: Any, journal: Journal, on_run: OnRun = lambda _: None) -> None:
    """Make the missing runs on the workers of ``client`` (of distributed), one at a time on each machine.

    The blocks are dealt out to the machines, so that points are compared on the same one; what a lost
    worker leaves, others take over. A run is kept when it arrives.

    Raises:
        ClusterLost: the scheduler went away, or no worker came; what arrived is kept.
        ProgramFails: each of the first runs failed; they are kept.
    """
    dask: Any = import_module("distributed")
    content = journal.program.read_bytes()
    machines = _machines(client)
    # A task, not scattered data: the scheduler can make it again when the worker that held it is lost.
    program = client.submit(bytes, content, key=f"schedlab-program-{journal.plan.built[:24]}")
    futures = [
        client.submit(
            _on_worker,
            program,
            journal.plan,
            task,
            workers=machines[task.block % len(machines)],
            allow_other_workers=True,
            priority=-task.place,
            key=f"schedlab-run-{journal.plan.built[:12]}-{task.place}",
            pure=False,
        )
        for task in missing(journal)
    ]
    try:
        for future in dask.as_completed(futures, loop=client.loop):
            _keep(journal, future.result(), on_run)
    except (OSError, RuntimeError, CancelledError, dask.KilledWorker) as error:
        raise ClusterLost(
            f"the cluster was lost: {error or type(error).__name__}",
            remedy="What was measured is kept; go on with --resume.",
        ) from error
    finally:
        client.cancel(futures)


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """A client of the scheduler at ``address``; of a cluster on this machine if that is ``local``.

    Raises:
        ClusterLost: nobody answers there.
    """
    dask: Any = import_module("distributed")
    try:
        # A worker per machine: two programs at once would measure each other.
        place: Any = (
            dask.LocalCluster(n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address=None)
            if address == "local"
            else address
        )
        client = dask.Client(place, timeout="10s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterLost(
            f"no scheduler answers at {address}: {error}",
            remedy="Start one with dask scheduler, or leave --scheduler out.",
        ) from error
    try:
        yield client
    finally:
        client.close()
        if address == "local":
            place.close()


def missing(journal: Journal) -> list[Task]:
    """The runs of the plan that were not made yet, in their order."""
    made = {run.place for run in journal.runs()}
    return [task for task in journal.plan.tasks() if task.place not in made]


def _keep(journal: Journal, run: Run, on_run: OnRun) -> None:
    journal.add(run)
    on_run(run)
    if not run.error:
        return
    made = journal.runs()
    if len(made) == _HOPELESS and all(run.error for run in made):
        raise ProgramFails(
            f"the program failed in each of the first {_HOPELESS} runs: {run.error}",
            remedy="Mend it or its arguments, and begin in another folder; --resume goes on all the same.",
        )


def _machines(client: Any) -> Sequence[list[str]]:
    """The addresses of the workers, by machine."""
    try:
        client.wait_for_workers(1, timeout=30)
    except TimeoutError as error:
        raise ClusterLost("the scheduler has no worker", remedy="Start one with dask worker.") from error
    workers = client.scheduler_info(n_workers=-1)["workers"]
    hosts: dict[str, list[str]] = {}
    for address, about in sorted(workers.items()):
        hosts.setdefault(str(about["host"]), []).append(address)
    return list(hosts.values())


def _on_worker(program: bytes, plan: Plan, task: Task) -> Run:
    """In a worker, perhaps elsewhere: put the program down once, run it when nobody else measures."""
    folder = cache_folder() / "tune"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / hashlib.sha256(program).hexdigest()[:24]
    with FileLock(folder / "measuring.lock"):
        if not file.exists():
            unfinished = file.with_suffix(".part")
            unfinished.write_bytes(program)
            unfinished.chmod(0o755)
            unfinished.replace(file)
        return _measure(file, plan, task)


def _measure(program: Path, plan: Plan, task: Task) -> Run:
    return measure(
        program,
        plan.arguments,
        plan.points[task.point],
        index=task.point,
        block=task.block,
        place=task.place,
        quota=plan.quota,
        wall_limit_s=plan.wall_limit_s,
    )


__all__ = ["ClusterLost", "ProgramFails", "connected", "missing", "sweep_here", "sweep_on"]
