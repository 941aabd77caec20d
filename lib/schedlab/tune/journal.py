"""A study's folder: the plan, the built program, and a line per run that is written when it ends."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from schedlab.toolchain import Binary
from schedlab.tune.errors import StudyDamaged, StudyDiffers, StudyExists
from schedlab.tune.measure import Run
from schedlab.tune.plan import Plan

_PLAN, _RUNS, _PROGRAM = "plan.json", "runs.jsonl", "program"


class Journal:
    """What a study has, on disk. A kill at any moment loses the run that was going on, and nothing else."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder = folder
        self.plan = plan

    @classmethod
    def begin(cls, folder: Path, plan: Plan, binary: Binary) -> Journal:
        """A new study.

        Raises:
            StudyExists: the folder holds one.
        """
        if (folder / _PLAN).exists():
            raise StudyExists(
                f"{folder} holds a study already",
                remedy="Go on with it by --resume, or choose another folder.",
            )
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy2(binary.path, folder / _PROGRAM)
        (folder / _RUNS).touch()
        # Last: a folder without a plan is no study.
        unfinished = folder / f".{_PLAN}"
        unfinished.write_text(json.dumps(plan.as_data(), ensure_ascii=False, indent=1), encoding="utf-8")
        unfinished.replace(folder / _PLAN)
        return cls(folder, plan)

    @classmethod
    def open(cls, folder: Path, like: Plan | None = None) -> Journal:
        """A study that was begun earlier; ``like`` is what it must be.

        Raises:
            StudyDamaged: there is no plan, or none that can be read.
            StudyDiffers: it is another study than ``like``.
        """
        try:
            plan = Plan.from_data(json.loads((folder / _PLAN).read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StudyDamaged(
                f"{folder} holds no study that can be read ({type(error).__name__})",
                remedy="Begin one in another folder.",
            ) from error
        if like is not None and like != plan:
            old, new = plan.as_data(), like.as_data()
            differs = ", ".join(name for name in new if new[name] != old[name])
            raise StudyDiffers(
                f"the study in {folder} is another one; it differs in: {differs}",
                remedy="Resume it without a program and a grid, or choose another folder.",
            )
        return cls(folder, plan)

    @property
    def program(self) -> Path:
        """The built program, as it was when the study began."""
        return self.folder / _PROGRAM

    def runs(self) -> list[Run]:
        """All runs that ended, in the order in which they did; a line that a kill cut off is no run."""
        return list(self._read())

    def add(self, run: Run) -> None:
        """Keep a run: when this returns it is on the disk."""
        with (self.folder / _RUNS).open("rb+") as file:
            # After a line that was cut off comes a line of its own.
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    file.write(b"\n")
            file.write(run.as_json().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _read(self) -> Iterator[Run]:
        known = set()
        for line in (self.folder / _RUNS).read_text(encoding="utf-8", errors="replace").split("\n"):
            try:
                run = Run.from_json(line)
            except (ValueError, TypeError):
                continue
            # A worker that was thought lost may answer too.
            if run.place not in known:
                known.add(run.place)
                yield run
