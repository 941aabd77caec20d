"""What an experiment has at hand: one Go release, this machine, and runs that several claims share."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from schedlab import process, toolchain
from schedlab.process import Finished, GoSettings, Machine
from schedlab.process.running import RUNTIME_DEFAULTS
from schedlab.toolchain import Binary, Toolchain

_T = TypeVar("_T")

# A program of an experiment that takes this long hangs.
WALL_LIMIT_S = 60.0


@dataclass(slots=True)
class Rig:
    """One Go release on this machine. Measurements are kept in it, so each is made once per rig."""

    toolchain: Toolchain
    machine: Machine = field(default_factory=process.machine)
    _kept: dict[Callable[[Rig], Any], Any] = field(default_factory=dict)

    @classmethod
    def of(cls, release: str | None = None) -> Rig:
        """With the course's Go, or with a release such as ``"1.25"``.

        Raises:
            ReleaseUnavailable: that release cannot be had.
        """
        return cls(toolchain.release(release) if release else toolchain.find())

    @property
    def minor(self) -> tuple[int, int]:
        """``(1, 27)``."""
        return self.toolchain.minor()

    def once(self, measure: Callable[[Rig], _T]) -> _T:
        """What ``measure`` gives; it runs at most once. If it raised, it raises the same again."""
        if measure not in self._kept:
            try:
                self._kept[measure] = measure(self)
            except Exception as error:
                self._kept[measure] = error
        found = self._kept[measure]
        if isinstance(found, Exception):
            raise found
        return found  # type: ignore[no-any-return]

    def build(self, sample: str | os.PathLike[str], *, flags: Sequence[str] = ()) -> Binary:
        """The program of a sample's folder, built by this release."""
        return toolchain.build(sample, toolchain=self.toolchain, flags=flags)

    def run(
        self,
        sample: str | os.PathLike[str],
        args: Iterable[str | os.PathLike[str] | int | float] = (),
        *,
        settings: GoSettings = RUNTIME_DEFAULTS,
        check: bool = True,
        **options: Any,
    ) -> Finished:
        """Build a sample and run it to its end. ``options`` are those of ``process.run``.

        Raises:
            ProgramFailed: it did not end well, and ``check`` is set.
            WallLimitExceeded: it hangs.
        """
        limit = options.pop("wall_limit_s", WALL_LIMIT_S)
        done = process.run(self.build(sample), args, settings=settings, wall_limit_s=limit, **options)
        return done.check() if check else done

    def source(self, file: str, symbol: str, *, comment: bool = False) -> str:
        """The text of a declaration in this release's standard library; ``proc.go`` is the runtime's.

        Raises:
            SymbolMoved: this release has no such file or symbol.
        """
        return toolchain.excerpt(self.toolchain, file, symbol, comment=comment).text

    def whole_source(self, pattern: str = "*.go") -> str:
        """All files of the runtime's folder that match, one after the other; tests are left out."""
        files = sorted(self.toolchain.runtime_source.glob(pattern))
        return "\n".join(
            file.read_text(encoding="utf-8") for file in files if not file.name.endswith("_test.go")
        )

    def command(
        self, line: str, folder: Path, *, wall_limit_s: float = WALL_LIMIT_S, **options: Any
    ) -> Finished:
        """Run a command line as it is printed, by the shell, in ``folder``, whatever its exit status.

        The first ``go`` on its PATH is this release's.
        """
        environment = self.toolchain.environment()
        search = os.pathsep.join([str(self.toolchain.go.parent), os.environ.get("PATH", os.defpath)])
        settings = {
            name: value for name, value in environment.items() if name.startswith("GO") and name != "GODEBUG"
        }
        return process.run(
            "/bin/sh",
            ["-c", line],
            env={**settings, "PATH": search},
            cwd=folder,
            wall_limit_s=wall_limit_s,
            **options,
        )

    @contextmanager
    def program(self, text: str, name: str = "printed") -> Iterator[Path]:
        """A folder with ``main.go`` that holds ``text`` and a go.mod of this release, for a while."""
        with tempfile.TemporaryDirectory(prefix="schedlab-claim-") as made:
            folder = Path(made).resolve() / name
            folder.mkdir()
            (folder / "main.go").write_text(text, encoding="utf-8")
            major, minor = self.minor
            (folder / "go.mod").write_text(f"module {name}\n\ngo {major}.{minor}\n", encoding="utf-8")
            yield folder
