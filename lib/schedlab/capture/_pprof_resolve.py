"""From the message to the columns: every index and id is followed, and none may lead nowhere."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from itertools import chain
from typing import Any, Final

import numpy as np

from schedlab.capture._pprof_errors import DamagedProfile, NotAProfile, TruncatedProfile
from schedlab.capture._pprof_records import (
    Frame,
    Label,
    ObjectFile,
    Profile,
    ValueType,
    name_without_symbol,
    read_only,
)
from schedlab.capture._pprof_unpack import too_large

_BYTES_PER_FRAME: Final = 8  # a reference in a tuple: what a stack costs for each further frame


def resolve(message: Any, limit_bytes: int) -> Profile:
    """The profile that the message describes.

    Raises:
        NotAProfile: it has no sample types: some other message.
        TruncatedProfile: it has no string table, which Go writes last.
        DamagedProfile: an index or id leads nowhere or is given twice, or a sample has too few values.
        ProfileTooLarge: its stacks, written out frame by frame, take more than ``limit_bytes``.
    """
    if not message.sample_type:
        raise NotAProfile("no sample types: this is not a profile, though protobuf can read it")
    strings = _Strings(message.string_table)
    samples = _Samples(message, strings, limit_bytes)
    sample_types = tuple(strings.value_type(item) for item in message.sample_type)
    return Profile(
        sample_types=sample_types,
        default_sample_type=_default_sample_type(sample_types, strings[message.default_sample_type]),
        values=read_only(np.array(samples.values, dtype=np.int64).reshape(-1, len(sample_types))),
        stack_ids=read_only(np.array(samples.stack_ids, dtype=np.int64)),
        stacks=samples.stacks.expanded(),
        labels=tuple(samples.labels),
        period=message.period,
        period_type=strings.value_type(message.period_type),
        time_ns=message.time_nanos,
        duration_ns=message.duration_nanos,
        comments=tuple(strings[index] for index in message.comment),
        drop_frames=strings[message.drop_frames],
        keep_frames=strings[message.keep_frames],
        doc_url=strings[message.doc_url],
        object_files=tuple(samples.stacks.object_files.values()),
    )


def _default_sample_type(sample_types: tuple[ValueType, ...], named: str) -> str:
    """The one that is named; else the last, as profile.proto asks for."""
    return named if any(kind.type == named for kind in sample_types) else sample_types[-1].type


class _Strings:
    """The string table, decoded where it is used. Bytes that are not UTF-8 show as ``\\xff``."""

    def __init__(self, table: Any) -> None:
        if not table:
            raise TruncatedProfile(
                "the profile has no string table, which comes last in a profile: it was cut short",
                remedy="Copy it again, or let the program finish writing it.",
            )
        self._table = table
        self._decoded: dict[int, str] = {}
        if self[0] != "":
            raise DamagedProfile(f"entry 0 of the string table must be empty, it is {self[0][:40]!r}")

    def __getitem__(self, index: int) -> str:
        known = self._decoded.get(index)
        if known is not None:
            return known
        if not 0 <= index < len(self._table):
            raise DamagedProfile(
                f"the profile refers to string {index}, its table has {len(self._table)}: "
                "it was cut short or changed",
                remedy="Copy it again, or let the program finish writing it.",
            )
        text: str = self._table[index].decode("utf-8", "backslashreplace")
        self._decoded[index] = text
        return text

    def value_type(self, message: Any) -> ValueType:
        return ValueType(self[message.type], self[message.unit])


class _Samples:
    """The samples, row by row, into columns."""

    def __init__(self, message: Any, strings: _Strings, limit_bytes: int) -> None:
        self.values = array("q")
        self.stack_ids = array("q")
        self.labels: list[tuple[Label, ...]] = []
        self.stacks = _Stacks(message, strings, limit_bytes)
        labels = _Labels(strings)
        wanted = len(message.sample_type)
        for sample in message.sample:
            if len(sample.value) != wanted:
                raise DamagedProfile(
                    f"sample {len(self.labels)} has {len(sample.value)} values for {wanted} sample types"
                )
            self.values.extend(sample.value)
            self.stack_ids.append(self.stacks.intern(sample.location_id))
            self.labels.append(labels.intern(sample.label) if sample.label else ())


class _Labels:
    """Label sets, each different one made once."""

    def __init__(self, strings: _Strings) -> None:
        self._strings = strings
        self._labels: dict[tuple[int, int, int, int], Label] = {}
        self._sets: dict[tuple[int, ...], tuple[Label, ...]] = {}

    def intern(self, messages: Iterable[Any]) -> tuple[Label, ...]:
        made = tuple(self._label(message) for message in messages)
        return self._sets.setdefault(tuple(map(id, made)), made)

    def _label(self, message: Any) -> Label:
        fields = (message.key, message.str, message.num, message.num_unit)
        if fields not in self._labels:
            # As in pprof's postDecode: text where there is text, else a number (even one that is 0).
            value = self._strings[message.str] if message.str else int(message.num)
            unit = "" if message.str else self._strings[message.num_unit]
            self._labels[fields] = Label(self._strings[message.key], value, unit)
        return self._labels[fields]


class _Stacks:
    """Stacks, each different one once: kept as location ids, written out as frames at the end."""

    def __init__(self, message: Any, strings: _Strings, limit_bytes: int) -> None:
        self._strings = strings
        self._limit_bytes = limit_bytes
        self.object_files = _by_id("mapping", message.mapping, self._object_file)
        self._functions = _by_id("function", message.function, self._function)
        self._locations = _by_id("location", message.location, self._frames)
        self._frames_in = {number: len(frames) for number, frames in self._locations.items()}
        self._stacks: dict[tuple[int, ...], int] = {}
        self._frame_count = 0

    def intern(self, location_ids: Iterable[int]) -> int:
        ids = tuple(location_ids)
        known = self._stacks.get(ids)
        if known is not None:
            return known
        try:
            self._frame_count += sum(map(self._frames_in.__getitem__, ids))
        except KeyError as error:
            raise DamagedProfile(f"a sample refers to location {error}, which the profile lacks") from error
        # A location may hold many inlined calls, and many stacks may hold the location: a small file
        # can describe stacks that fit no memory.
        if self._frame_count * _BYTES_PER_FRAME > self._limit_bytes:
            raise too_large(f"the stacks expand to more than {self._frame_count:,} frames", self._limit_bytes)
        self._stacks[ids] = len(self._stacks)
        return len(self._stacks) - 1

    def expanded(self) -> tuple[tuple[Frame, ...], ...]:
        frames_of = self._locations.__getitem__
        return tuple(tuple(chain.from_iterable(map(frames_of, ids))) for ids in self._stacks)

    def _object_file(self, mapping: Any) -> ObjectFile:
        return ObjectFile(
            file=self._strings[mapping.filename],
            build_id=self._strings[mapping.build_id],
            start=mapping.memory_start,
            limit=mapping.memory_limit,
            offset=mapping.file_offset,
        )

    def _function(self, function: Any) -> tuple[str, str, str]:
        strings = self._strings
        return strings[function.name], strings[function.filename], strings[function.system_name]

    def _frames(self, location: Any) -> tuple[Frame, ...]:
        object_file = None
        if location.mapping_id:
            object_file = self.object_files.get(location.mapping_id)
            if object_file is None:
                raise DamagedProfile(
                    f"location {location.id} refers to mapping {location.mapping_id}, which the profile lacks"
                )
        if not location.line:
            return (Frame.unnamed(location.address, object_file),)
        return tuple(self._frame(line, location, object_file) for line in location.line)

    def _frame(self, line: Any, location: Any, object_file: ObjectFile | None) -> Frame:
        if line.function_id not in self._functions:
            raise DamagedProfile(
                f"location {location.id} refers to function {line.function_id}, which the profile lacks"
            )
        name, file, system_name = self._functions[line.function_id]
        shown = name or name_without_symbol(object_file)
        return Frame(shown, file, line.line, system_name, location.address, object_file)


def _by_id(what: str, messages: Iterable[Any], make: Any) -> dict[int, Any]:
    made: dict[int, Any] = {}
    for message in messages:
        if message.id == 0:
            raise DamagedProfile(f"a {what} has id 0, which stands for none")
        if message.id in made:
            raise DamagedProfile(
                f"{what} {message.id} is described twice",
                remedy="If two profiles were written into one file, write each into its own.",
            )
        made[message.id] = make(message)
    return made
