"""From the columns back to a message: what ``pprof.dump`` writes."""

from __future__ import annotations

import gzip
from typing import Any

from schedlab.capture._pprof_records import Frame, Label, ObjectFile, Profile, ValueType
from schedlab.capture._pprof_schema import empty


def written(profile: Profile) -> bytes:
    """The profile as a gzipped profile.proto message; the same bytes for the same profile."""
    message = empty()
    writer = _Writer(message)
    for kind in profile.sample_types:
        writer.value_type(message.sample_type.add(), kind)
    for object_file in profile.object_files:
        writer.mapping(object_file)
    stacks = [[writer.location(frame) for frame in stack] for stack in profile.stacks]
    rows = zip(profile.stack_ids.tolist(), profile.values.tolist(), profile.labels, strict=True)
    for stack_id, values, labels in rows:
        sample = message.sample.add(location_id=stacks[stack_id], value=values)
        for label in labels:
            writer.label(sample.label.add(), label)
    writer.value_type(message.period_type, profile.period_type)
    message.period = profile.period
    message.time_nanos, message.duration_nanos = profile.time_ns, profile.duration_ns
    message.comment.extend(writer.text(comment) for comment in profile.comments)
    message.default_sample_type = writer.text(profile.default_sample_type)
    message.drop_frames, message.keep_frames = map(writer.text, (profile.drop_frames, profile.keep_frames))
    message.doc_url = writer.text(profile.doc_url)
    # What packed it and when is no part of a profile: equal profiles are equal files.
    return gzip.compress(message.SerializeToString(deterministic=True), compresslevel=6, mtime=0)


class _Writer:
    """Gives every text, object file, function and frame its number, the first time it is met."""

    def __init__(self, message: Any) -> None:
        self._message = message
        self._texts: dict[str, int] = {}
        self._mappings: dict[ObjectFile, int] = {}
        self._functions: dict[tuple[str, str, str], int] = {}
        self._locations: dict[Frame, int] = {}
        self.text("")

    def text(self, text: str) -> int:
        number = self._texts.get(text)
        if number is None:
            number = self._texts[text] = len(self._texts)
            # A text may hold half of a surrogate pair, as a name that Python decoded with
            # "surrogateescape" does: it is written as what it says, not refused.
            self._message.string_table.append(text.encode("utf-8", "backslashreplace"))
        return number

    def value_type(self, message: Any, kind: ValueType) -> None:
        message.type, message.unit = self.text(kind.type), self.text(kind.unit)

    def label(self, message: Any, label: Label) -> None:
        message.key = self.text(label.key)
        if isinstance(label.value, str):
            message.str = self.text(label.value)
        else:
            message.num, message.num_unit = label.value, self.text(label.unit)

    def mapping(self, object_file: ObjectFile) -> int:
        number = self._mappings.get(object_file)
        if number is None:
            number = self._mappings[object_file] = len(self._mappings) + 1
            self._message.mapping.add(
                id=number,
                memory_start=object_file.start,
                memory_limit=object_file.limit,
                file_offset=object_file.offset,
                filename=self.text(object_file.file),
                build_id=self.text(object_file.build_id),
                # The names are in the profile: nobody needs to look for the file to find them.
                has_functions=True,
                has_filenames=True,
                has_line_numbers=True,
            )
        return number

    def location(self, frame: Frame) -> int:
        number = self._locations.get(frame)
        if number is None:
            number = self._locations[frame] = len(self._locations) + 1
            mapping = self.mapping(frame.object_file) if frame.object_file else 0
            location = self._message.location.add(id=number, mapping_id=mapping, address=frame.address)
            if frame != Frame.unnamed(frame.address, frame.object_file):
                location.line.add(function_id=self._function(frame), line=frame.line)
        return number

    def _function(self, frame: Frame) -> int:
        key = (frame.function, frame.file, frame.system_name)
        number = self._functions.get(key)
        if number is None:
            number = self._functions[key] = len(self._functions) + 1
            self._message.function.add(
                id=number,
                name=self.text(frame.function),
                system_name=self.text(frame.system_name),
                filename=self.text(frame.file),
            )
        return number
