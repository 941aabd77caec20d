"""Profiles as the flame graph's script reads them: each stack once, and its value in each profile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from schedlab.capture.pprof import Frame, Profile
from schedlab.errors import UsageError
from schedlab.toolchain import ToolchainNotFound, find
from schedlab.view.flamegraph import is_runtime, package_of, short_name
from schedlab.view.widgets.blob import EXACT

RUNTIME: Final = "runtime"
STANDARD: Final = "standard library"
MODULE: Final = "module"
NO_PACKAGE: Final = "no package"


@dataclass(frozen=True, slots=True)
class Encoded:
    """Columns and meta of the blob, and the files that the frames name.

    Stack *s*, the leaf first, is ``stack_frame[stack_first[s]:stack_first[s + 1]]``. A frame has a function,
    a file (numbers into the meta's texts) and a line. ``value_<k>_<m>`` is what profile *k* measured of
    ``measures[m]`` on each stack; values below zero are not in it, the meta's ``left_out`` says how many.
    """

    columns: dict[str, npt.NDArray[Any]]
    meta: dict[str, Any]
    files: tuple[str, ...]


def encode_profiles(profiles: Mapping[str, Profile], sample_type: str | None) -> Encoded:
    """The sample types that all of ``profiles`` have; the view begins with ``sample_type``.

    A sum beyond 2**53 is one that JavaScript cannot hold exactly; its values then travel as floats, and the
    meta's ``exact`` is False for that sample type.

    Raises:
        UsageError: there is no profile, one lacks ``sample_type``, or it is in different units.
    """
    if not profiles:
        raise UsageError("there is no profile to show")
    first = next(iter(profiles.values()))
    chosen = first.default_sample_type if sample_type is None else sample_type
    unit = first.unit(chosen)
    for name, profile in profiles.items():
        if profile.unit(chosen) != unit:
            raise UsageError(f"{chosen!r} is in {unit}, but in {profile.unit(chosen)} in {name!r}")
    measures = _common(list(profiles.values()))
    table = _Stacks()
    rows = [np.array([table.number(stack) for stack in p.stacks], np.int64) for p in profiles.values()]
    columns = table.columns()
    left_out, exact = [], []
    for m, (kind, kind_unit) in enumerate(measures):
        columns_of = [_column_of(profile, kind, kind_unit) for profile in profiles.values()]
        raw = [p.values[:, column] for p, column in zip(profiles.values(), columns_of, strict=True)]
        left_out.append(int(sum(np.count_nonzero(values < 0) for values in raw)))
        # Python's integers: a sum of int64 may not fit into int64.
        whole = max(sum(v for v in values.tolist() if v > 0) for values in raw)
        exact.append(whole <= EXACT)
        for k, (profile, values, numbers) in enumerate(zip(profiles.values(), raw, rows, strict=True)):
            summed = np.zeros(len(table), np.int64 if exact[-1] else np.float64)
            np.add.at(summed, numbers[profile.stack_ids], np.maximum(values, 0))
            columns[f"value_{k}_{m}"] = summed
    names = list(table.functions)
    packages, function_package = _packages(table)
    columns["function_package"] = function_package
    meta = {
        "functions": names,
        "short": [short_name(name) for name in names],
        "files": list(table.files),
        "packages": [{"name": name, "kind": kind} for name, kind in packages],
        "series": list(profiles),
        "measures": [
            {"type": kind, "unit": kind_unit, "exact": exact[m], "left_out": left_out[m]}
            for m, (kind, kind_unit) in enumerate(measures)
        ],
        "measure": measures.index((chosen, unit)),
    }
    return Encoded(columns, meta, tuple(table.files))


@dataclass(slots=True)
class _Stacks:
    """Every different function, file, frame and stack, numbered as they come."""

    functions: dict[str, int] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    frames: dict[tuple[int, int, int], int] = field(default_factory=dict)
    stacks: dict[tuple[int, ...], int] = field(default_factory=dict)
    # Profiles share Frame objects among stacks, and hashing one costs more than all the rest.
    _known: dict[int, tuple[Frame, int]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.stacks)

    def number(self, stack: Sequence[Frame]) -> int:
        key = tuple([self._frame(frame) for frame in stack])
        return self.stacks.setdefault(key, len(self.stacks))

    def _frame(self, frame: Frame) -> int:
        known = self._known.get(id(frame))
        if known is None:
            key = (
                self.functions.setdefault(frame.function, len(self.functions)),
                self.files.setdefault(frame.file, len(self.files)),
                frame.line,
            )
            # The frame is kept, so that no other one gets its id.
            known = self._known[id(frame)] = (frame, self.frames.setdefault(key, len(self.frames)))
        return known[1]

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        lengths = np.fromiter((len(stack) for stack in self.stacks), np.int64, len(self.stacks))
        first = np.concatenate([[0], np.cumsum(lengths)]).astype(np.uint32)
        inside = (frame for stack in self.stacks for frame in stack)
        parts = np.array(list(self.frames), np.int64).reshape(-1, 3)
        return {
            "stack_first": first,
            "stack_frame": np.fromiter(inside, np.uint32, int(first[-1])),
            "frame_function": parts[:, 0].astype(np.uint32),
            "frame_file": parts[:, 1].astype(np.uint32),
            # No line is negative, and a damaged profile's may be beyond any file.
            "frame_line": np.clip(parts[:, 2], 0, 2**32 - 1).astype(np.uint32),
        }


def _common(profiles: Sequence[Profile]) -> list[tuple[str, str]]:
    """Type and unit of what all have, each once, in the first one's order."""
    wanted = dict.fromkeys((kind.type, kind.unit) for kind in profiles[0].sample_types)
    others = [{(kind.type, kind.unit) for kind in profile.sample_types} for profile in profiles[1:]]
    return [kind for kind in wanted if all(kind in other for other in others)]


def _column_of(profile: Profile, kind: str, unit: str) -> int:
    return next(j for j, one in enumerate(profile.sample_types) if (one.type, one.unit) == (kind, unit))


def _packages(table: _Stacks) -> tuple[list[tuple[str, str]], npt.NDArray[Any]]:
    """Each package with its kind in words, and the number of each function's."""
    file_of: dict[int, int] = {}
    for function, file, _ in table.frames:
        file_of.setdefault(function, file)
    files = list(table.files)
    numbers: dict[tuple[str, str], int] = {}
    of_function = []
    for name, function in table.functions.items():
        package = package_of(name)
        key = (package, kind_of(package, files[file_of[function]]))
        of_function.append(numbers.setdefault(key, len(numbers)))
    return list(numbers), np.array(of_function, np.uint32)


def kind_of(package: str, file: str) -> str:
    """Whose a package is: the runtime's, the standard library's, a module's, or none is named."""
    if not package:
        return NO_PACKAGE
    if is_runtime(package):
        return RUNTIME
    top = package.partition("/")[0]
    # The path of a module that can be fetched begins with a host's name, which has a dot in it.
    if package == "main" or "." in top:
        return MODULE
    tops = _standard_tops()
    if tops:
        return STANDARD if top in tops else MODULE
    return STANDARD if file.startswith(f"{package}/") or f"/src/{package}/" in file else MODULE


@lru_cache(maxsize=1)
def _standard_tops() -> frozenset[str]:
    """The first parts of the standard library's paths; empty without a Go at hand."""
    try:
        folder: Path = find().goroot / "src"
        return frozenset(entry.name for entry in folder.iterdir() if entry.is_dir()) - {"cmd", "testdata"}
    except (ToolchainNotFound, OSError):
        return frozenset()
