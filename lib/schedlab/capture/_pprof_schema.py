"""The wire contract of a pprof profile, as message classes of the ``protobuf`` library.

The contract is a set of field numbers. They are laid down in ``proto/profile.proto`` of
https://github.com/google/pprof, and what Go writes is in ``runtime/pprof/proto.go`` (``tagProfile_*``;
Go 1.27). The table below states them in our own words: there is no generated module to keep in step.
A field that is not in the table is skipped by protobuf, so a newer writer does no harm.
"""

from __future__ import annotations

from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError, Message

_PACKAGE: Final = "perftools.profiles"

# message: (field, number, type, "*" where it repeats). A type that begins with a capital is a message.
# Indexes into the string table are int64. The table itself is declared as bytes, not string: on the
# wire they are the same, but protobuf refuses a whole message for one string that is not UTF-8, and a
# Go program may put any bytes into a label.
_MESSAGES: Final[dict[str, tuple[tuple[str, int, str, str], ...]]] = {
    "ValueType": (("type", 1, "int64", ""), ("unit", 2, "int64", "")),
    "Label": (
        ("key", 1, "int64", ""),
        ("str", 2, "int64", ""),
        ("num", 3, "int64", ""),
        ("num_unit", 4, "int64", ""),
    ),
    "Sample": (
        ("location_id", 1, "uint64", "*"),
        ("value", 2, "int64", "*"),
        ("label", 3, "Label", "*"),
    ),
    "Mapping": (
        ("id", 1, "uint64", ""),
        ("memory_start", 2, "uint64", ""),
        ("memory_limit", 3, "uint64", ""),
        ("file_offset", 4, "uint64", ""),
        ("filename", 5, "int64", ""),
        ("build_id", 6, "int64", ""),
        ("has_functions", 7, "bool", ""),
        ("has_filenames", 8, "bool", ""),
        ("has_line_numbers", 9, "bool", ""),
    ),
    "Line": (("function_id", 1, "uint64", ""), ("line", 2, "int64", "")),
    "Location": (
        ("id", 1, "uint64", ""),
        ("mapping_id", 2, "uint64", ""),
        ("address", 3, "uint64", ""),
        ("line", 4, "Line", "*"),
    ),
    "Function": (
        ("id", 1, "uint64", ""),
        ("name", 2, "int64", ""),
        ("system_name", 3, "int64", ""),
        ("filename", 4, "int64", ""),
    ),
    "Profile": (
        ("sample_type", 1, "ValueType", "*"),
        ("sample", 2, "Sample", "*"),
        ("mapping", 3, "Mapping", "*"),
        ("location", 4, "Location", "*"),
        ("function", 5, "Function", "*"),
        ("string_table", 6, "bytes", "*"),
        ("drop_frames", 7, "int64", ""),
        ("keep_frames", 8, "int64", ""),
        ("time_nanos", 9, "int64", ""),
        ("duration_nanos", 10, "int64", ""),
        ("period_type", 11, "ValueType", ""),
        ("period", 12, "int64", ""),
        ("comment", 13, "int64", "*"),
        ("default_sample_type", 14, "int64", ""),
        ("doc_url", 15, "int64", ""),
    ),
}


def decode(data: bytes | bytearray) -> Any:
    """The ``Profile`` message in ``data`` (not gzipped).

    Raises:
        google.protobuf.message.DecodeError: ``data`` is no sequence of protobuf fields.
    """
    return _PROFILE.FromString(bytes(data) if isinstance(data, bytearray) else data)


def empty() -> Any:
    """A ``Profile`` message to fill in."""
    return _PROFILE()


def begins_like_a_profile(data: bytes | bytearray) -> bool:
    """Whether the first field is a sample type with a name, which is how every known writer begins.

    Tried on short prefixes, with protobuf itself: that needs no knowledge of the encoding.
    """
    return any(_names_a_sample_type(bytes(data[:length])) for length in range(4, min(len(data), 32) + 1))


def _names_a_sample_type(prefix: bytes) -> bool:
    try:
        types = decode(prefix).sample_type
    except DecodeError:
        return False
    return len(types) == 1 and types[0].type > 0


def _message_class(name: str) -> type[Message]:
    # A pool of our own: the process may hold somebody else's profile.proto under the same name.
    pool = descriptor_pool.DescriptorPool()
    pool.Add(_file_descriptor())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


def _file_descriptor() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="schedlab/profile.proto", package=_PACKAGE, syntax="proto3"
    )
    kinds = descriptor_pb2.FieldDescriptorProto.Type
    labels = descriptor_pb2.FieldDescriptorProto.Label
    for message_name, fields in _MESSAGES.items():
        message = file.message_type.add(name=message_name)
        for field_name, number, kind, repeats in fields:
            field = message.field.add(name=field_name, number=number)
            field.label = labels.Value("LABEL_REPEATED" if repeats else "LABEL_OPTIONAL")
            if kind in _MESSAGES:
                field.type = kinds.Value("TYPE_MESSAGE")
                field.type_name = f".{_PACKAGE}.{kind}"
            else:
                field.type = kinds.Value(f"TYPE_{kind.upper()}")
    return file


_PROFILE: Final[Any] = _message_class("Profile")
