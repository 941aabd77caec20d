"""What a profile holds, in columns. Public names: see ``schedlab.capture.pprof``."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from schedlab.errors import UsageError

if TYPE_CHECKING:
    # Half a second to import: only who asks for a table waits for it.
    import pandas as pd


@dataclass(frozen=True, slots=True)
class ValueType:
    """What a column of values counts (``cpu``, ``inuse_space``, ``delay``) and its unit (``nanoseconds``)."""

    type: str
    unit: str


@dataclass(frozen=True, slots=True)
class ObjectFile:
    """A program or library that code was loaded from (``Mapping`` in the format)."""

    file: str
    build_id: str
    start: int
    limit: int
    offset: int


@dataclass(frozen=True, slots=True)
class Frame:
    """One call.

    ``function`` is never empty: without a symbol it is ``[file]`` or ``<unknown>``, as pprof prints it.
    ``address`` is 0 and ``object_file`` None where the profile does not say.
    """

    function: str
    file: str
    line: int
    system_name: str
    address: int
    object_file: ObjectFile | None

    @staticmethod
    def unnamed(address: int, object_file: ObjectFile | None) -> Frame:
        return Frame(name_without_symbol(object_file), "", 0, "", address, object_file)


@dataclass(frozen=True, slots=True)
class Label:
    """What ``pprof.Do`` attached to a sample. ``unit`` is empty for text, and may be for a number."""

    key: str
    value: str | int
    unit: str


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """A whole profile. Row *i* of ``values`` is one sample; its stack is ``stacks[stack_ids[i]]``.

    - ``values``: int64[n_samples, n_types], column *j* measured as ``sample_types[j]`` says
    - ``stack_ids``: int64[n_samples], ``labels``: one tuple per sample
    - ``stacks``: each different stack once, the leaf first, inlined calls as frames of their own.
      A stack may be empty: pprof has samples that belong to no code.
    - ``time_ns``: ns since 1970, ``duration_ns``: ns; 0 where the profile does not say
    - ``period``: one sample stands for this much of ``period_type`` (10,000,000 ns of CPU time)

    The arrays are read-only. Two profiles are equal only if they are the same object.
    """

    sample_types: tuple[ValueType, ...]
    default_sample_type: str
    values: NDArray[np.int64]
    stack_ids: NDArray[np.int64]
    stacks: tuple[tuple[Frame, ...], ...]
    labels: tuple[tuple[Label, ...], ...]
    period: int
    period_type: ValueType
    time_ns: int
    duration_ns: int
    comments: tuple[str, ...]
    drop_frames: str
    keep_frames: str
    doc_url: str
    object_files: tuple[ObjectFile, ...]

    def __len__(self) -> int:
        """The number of samples."""
        return len(self.stack_ids)

    def unit(self, sample_type: str | None = None) -> str:
        """The unit of a sample type, as the profile spells it: ``nanoseconds``, ``bytes``, ``count``."""
        return self.sample_types[self._column(sample_type)].unit

    def total(self, sample_type: str | None = None) -> int:
        """The sum over all samples of one sample type (the default one if none is named)."""
        return sum(self._values_of(sample_type))

    def top(self, sample_type: str | None = None, n: int | None = None) -> pd.DataFrame:
        """A row per function, as ``go tool pprof -top`` orders them: by ``flat``, then by name.

        ``flat``: the function itself was running; ``cum``: it was anywhere on the stack, counted once
        per stack however often it recurses. The percentages are of the sum of all (absolute) values.
        Columns: function, flat, flat_percent, sum_percent, cum, cum_percent. ``n`` keeps the first rows.
        """
        import pandas as pd

        flat, cum = self._flat_and_cum(sample_type)
        whole = sum(map(abs, self._values_of(sample_type))) or 1
        names = sorted((name for name in cum if flat[name] or cum[name]), key=lambda f: (-abs(flat[f]), f))
        running, rows = 0, []
        for name in names[:n]:
            running += flat[name]
            share = (100 * part / whole for part in (flat[name], running, cum[name]))
            flat_percent, sum_percent, cum_percent = share
            rows.append((name, flat[name], flat_percent, sum_percent, cum[name], cum_percent))
        columns = ["function", "flat", "flat_percent", "sum_percent", "cum", "cum_percent"]
        return pd.DataFrame(rows, columns=columns)

    def folded(self, sample_type: str | None = None) -> dict[tuple[str, ...], int]:
        """Function names from the root to the leaf, and what was measured there; zeroes left out.

        The key is a tuple and not text with semicolons: names of Go's generic functions hold semicolons.
        """
        folded: defaultdict[tuple[str, ...], int] = defaultdict(int)
        for stack_id, value in self._value_of_stack(sample_type).items():
            folded[tuple(frame.function for frame in reversed(self.stacks[stack_id]))] += value
        return {stack: value for stack, value in folded.items() if value}

    def by_stack(self, sample_type: str | None = None) -> dict[tuple[Frame, ...], int]:
        """Each stack, the innermost frame first, and what was measured there; zeroes left out."""
        values = self._value_of_stack(sample_type).items()
        return {self.stacks[stack_id]: value for stack_id, value in values if value}

    def filter(self, *, function: str | re.Pattern[str]) -> Profile:
        """Only the samples with a function on the stack in which the pattern is found (``pprof -focus``).

        Raises:
            UsageError: ``function`` is no regular expression.
        """
        pattern = _compiled(function)
        names = {frame.function for stack in self.stacks for frame in stack}
        wanted = {name for name in names if pattern.search(name)}
        keeps = [any(frame.function in wanted for frame in stack) for stack in self.stacks]
        return self._rows(np.array(keeps, dtype=np.bool_)[self.stack_ids])

    def to_pandas(self) -> pd.DataFrame:
        """A row per sample: stack (its id), function (the leaf), the values, then ``label.<key>`` columns.

        A value column bears its sample type's name. A label cell is None, the value, or a tuple of
        values if the sample carries that key more than once.
        """
        import pandas as pd

        leaf_of = [stack[0].function if stack else "" for stack in self.stacks]
        leaves = [leaf_of[stack_id] for stack_id in self._ids()]
        columns: list[tuple[str, object]] = [("stack", self.stack_ids), ("function", leaves)]
        columns += [(kind.type, self.values[:, j]) for j, kind in enumerate(self.sample_types)]
        columns += [(f"label.{key}", cells) for key, cells in self._label_columns().items()]
        frame = pd.DataFrame({position: column for position, (_, column) in enumerate(columns)})
        # Set afterwards: two sample types may share a name, and no column may get lost for that.
        frame.columns = pd.Index([name for name, _ in columns])
        return frame

    def _column(self, sample_type: str | None) -> int:
        wanted = self.default_sample_type if sample_type is None else sample_type
        for position, kind in enumerate(self.sample_types):
            if kind.type == wanted:
                return position
        known = ", ".join(kind.type for kind in self.sample_types)
        raise UsageError(f"the profile has no sample type {wanted!r}", remedy=f"It has: {known}.")

    def _values_of(self, sample_type: str | None) -> list[int]:
        # Python's integers: a sum of int64 may not fit into int64, and must not silently wrap.
        values: list[int] = self.values[:, self._column(sample_type)].tolist()
        return values

    def _ids(self) -> list[int]:
        ids: list[int] = self.stack_ids.tolist()
        return ids

    def _value_of_stack(self, sample_type: str | None) -> Mapping[int, int]:
        summed: defaultdict[int, int] = defaultdict(int)
        for stack_id, value in zip(self._ids(), self._values_of(sample_type), strict=True):
            summed[stack_id] += value
        return summed

    def _flat_and_cum(self, sample_type: str | None) -> tuple[Mapping[str, int], Mapping[str, int]]:
        flat: defaultdict[str, int] = defaultdict(int)
        cum: defaultdict[str, int] = defaultdict(int)
        for stack_id, value in self._value_of_stack(sample_type).items():
            stack = self.stacks[stack_id]
            if stack:
                flat[stack[0].function] += value
            for name in {frame.function for frame in stack}:
                cum[name] += value
        return flat, cum

    def _rows(self, mask: NDArray[np.bool_]) -> Profile:
        kept = [labels for labels, keep in zip(self.labels, mask.tolist(), strict=True) if keep]
        return replace(
            self,
            values=read_only(self.values[mask]),
            stack_ids=read_only(self.stack_ids[mask]),
            labels=tuple(kept),
        )

    def _label_columns(self) -> dict[str, list[object]]:
        columns: dict[str, list[object]] = {}
        for row, labels in enumerate(self.labels):
            for key, cell in _cells(labels):
                columns.setdefault(key, [None] * len(self))[row] = cell
        return {key: columns[key] for key in sorted(columns)}


def read_only(array: NDArray[np.int64]) -> NDArray[np.int64]:
    array.setflags(write=False)
    return array


def name_without_symbol(object_file: ObjectFile | None) -> str:
    """What ``go tool pprof -top`` calls code without a symbol (``NodeInfo.NameComponents``)."""
    file = object_file.file if object_file else ""
    return f"[{PurePosixPath(file).name}]" if file else "<unknown>"


def _cells(labels: tuple[Label, ...]) -> Iterator[tuple[str, object]]:
    values: defaultdict[str, list[str | int]] = defaultdict(list)
    for label in labels:
        values[label.key].append(label.value)
    for key, found in values.items():
        yield key, found[0] if len(found) == 1 else tuple(found)


def _compiled(pattern: str | re.Pattern[str]) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise UsageError(f"{pattern!r} is no regular expression: {error}") from error
