"""``schedlab.capture.pprof`` on messages made for one question each."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from schedlab.capture import pprof
from schedlab.capture._pprof_schema import decode
from schedlab.capture.errors import CaptureError
from schedlab.errors import UsageError

INT64_MAX = 2**63 - 1


def message() -> Any:
    """One sample of ``leaf`` called by ``root``, 3 count and 30 ns, with a text and a numeric label."""
    built = decode(b"")
    strings = [
        "",
        "samples",
        "count",
        "cpu",
        "nanoseconds",
        "leaf",
        "root",
        "a.go",
        "kind",
        "hot",
        "size",
        "bytes",
    ]
    built.string_table.extend(text.encode() for text in strings)
    built.sample_type.add(type=1, unit=2)
    built.sample_type.add(type=3, unit=4)
    built.function.add(id=1, name=5, system_name=5, filename=7)
    built.function.add(id=2, name=6, system_name=6, filename=7)
    built.location.add(id=1, address=0x10).line.add(function_id=1, line=11)
    built.location.add(id=2, address=0x20).line.add(function_id=2, line=22)
    sample = built.sample.add(location_id=[1, 2], value=[3, 30])
    sample.label.add(key=8, str=9)
    sample.label.add(key=10, num=64, num_unit=11)
    return built


def string(built: Any, text: bytes) -> int:
    built.string_table.append(text)
    return len(built.string_table) - 1


def parsed(built: Any) -> pprof.Profile:
    return pprof.parse(built.SerializeToString())


def test_the_columns_hold_what_the_message_says() -> None:
    built = message()
    built.time_nanos, built.duration_nanos, built.period = 5, 6, 7
    built.period_type.type, built.period_type.unit = 3, 4
    built.comment.append(string(built, b"a comment"))
    built.drop_frames, built.keep_frames = string(built, b"drop"), string(built, b"keep")
    built.doc_url = string(built, b"https://example.org")
    profile = parsed(built)
    assert profile.sample_types == (
        pprof.ValueType("samples", "count"),
        pprof.ValueType("cpu", "nanoseconds"),
    )
    assert profile.values.tolist() == [[3, 30]]
    assert profile.values.dtype == profile.stack_ids.dtype == np.int64
    assert profile.stacks[profile.stack_ids[0]] == (
        pprof.Frame("leaf", "a.go", 11, "leaf", 0x10, None),
        pprof.Frame("root", "a.go", 22, "root", 0x20, None),
    )
    assert profile.labels == ((pprof.Label("kind", "hot", ""), pprof.Label("size", 64, "bytes")),)
    assert (profile.time_ns, profile.duration_ns, profile.period) == (5, 6, 7)
    assert profile.period_type == pprof.ValueType("cpu", "nanoseconds")
    assert profile.comments == ("a comment",)
    assert (profile.drop_frames, profile.keep_frames) == ("drop", "keep")
    assert profile.doc_url == "https://example.org"


def test_gzip_of_one_member_or_several_reads_the_same() -> None:
    data = message().SerializeToString()
    members = b"".join(gzip.compress(data[at : at + 10]) for at in range(0, len(data), 10))
    for wrapped in (gzip.compress(data), members, members + bytes(512)):
        assert pprof.parse(wrapped).folded() == {("root", "leaf"): 30}


def test_a_newer_field_does_no_harm() -> None:
    # Field 500, varint 1; and field 501, two bytes of anything.
    unknown = b"\xa0\x1f\x01" + b"\xaa\x1f\x02\xff\xff"
    assert pprof.parse(message().SerializeToString() + unknown).total() == 30


def test_the_default_sample_type_is_the_named_one_else_the_last() -> None:
    built = message()
    assert parsed(built).default_sample_type == "cpu"
    assert parsed(built).total() == 30
    built.default_sample_type = 1
    assert parsed(built).default_sample_type == "samples"
    assert parsed(built).total() == 3
    built.default_sample_type = 5
    assert parsed(built).default_sample_type == "cpu"


def test_an_unknown_sample_type_is_named_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no sample type 'heap'(?s:.*)samples, cpu"):
        parsed(message()).total("heap")


def test_inlined_calls_are_frames_of_their_own_the_innermost_first() -> None:
    built = message()
    built.location[1].line.insert(0, type(built.location[1].line[0])(function_id=1, line=33))
    assert [(frame.function, frame.line) for frame in parsed(built).stacks[0]] == [
        ("leaf", 11),
        ("leaf", 33),
        ("root", 22),
    ]


def test_recursion_counts_once_in_cum_and_the_leaf_alone_in_flat() -> None:
    built = message()
    built.sample[0].location_id[:] = [2, 1, 2, 2, 1]
    top = parsed(built).top("cpu").set_index("function")
    assert top["flat"].to_dict() == {"root": 30, "leaf": 0}
    assert top["cum"].to_dict() == {"root": 30, "leaf": 30}


def test_samples_with_the_same_stack_share_it_whatever_their_labels() -> None:
    built = message()
    built.sample.add(location_id=[1, 2], value=[1, 1])
    built.sample.add(location_id=[2], value=[1, 1])
    profile = parsed(built)
    assert profile.stack_ids.tolist() == [0, 0, 1]
    assert len(profile.stacks) == 2
    assert profile.labels[1] == ()
    assert profile.folded("samples") == {("root", "leaf"): 4, ("root",): 1}
    by_stack = {tuple(f.function for f in stack): n for stack, n in profile.by_stack("samples").items()}
    assert by_stack == {("leaf", "root"): 4, ("root",): 1}


def test_a_sample_without_a_stack_counts_in_the_total_only() -> None:
    built = message()
    built.sample.add(value=[5, 50])
    profile = parsed(built)
    assert profile.total("cpu") == 80
    assert profile.top("cpu")["cum"].max() == 30
    assert profile.folded("cpu") == {("root", "leaf"): 30, (): 50}
    assert profile.to_pandas()["function"].tolist() == ["leaf", ""]


def test_code_without_a_symbol_is_named_as_pprof_names_it() -> None:
    built = message()
    built.mapping.add(
        id=9, filename=string(built, b"/lib/libc.so.6"), memory_start=1, memory_limit=2, file_offset=3
    )
    built.location.add(id=3, mapping_id=9, address=0x30)
    built.location.add(id=4, address=0x40)
    built.sample.add(location_id=[3, 4], value=[1, 1])
    stack = parsed(built).stacks[1]
    assert [frame.function for frame in stack] == ["[libc.so.6]", "<unknown>"]
    assert stack[0].object_file == pprof.ObjectFile("/lib/libc.so.6", "", 1, 2, 3)
    assert [frame.address for frame in stack] == [0x30, 0x40]


def test_sums_that_do_not_fit_into_int64_do_not_wrap() -> None:
    built = message()
    for _ in range(2):
        built.sample.add(location_id=[2], value=[INT64_MAX, INT64_MAX])
    profile = parsed(built)
    assert profile.total("cpu") == 2 * INT64_MAX + 30
    assert profile.top("cpu")["cum"].tolist()[0] == 2 * INT64_MAX + 30


def test_values_that_cancel_out_leave_no_row_and_no_stack() -> None:
    built = message()
    built.sample.add(location_id=[1, 2], value=[-3, -30])
    assert parsed(built).folded("cpu") == {}
    assert parsed(built).top("cpu").empty


def test_percentages_are_of_the_sum_of_absolute_values() -> None:
    built = message()
    built.sample.add(location_id=[2], value=[0, -10])
    top = parsed(built).top("cpu")
    assert top["flat_percent"].tolist() == [75.0, -25.0]
    assert top["sum_percent"].tolist() == [75.0, 50.0]
    assert parsed(built).top("cpu", 1)["function"].tolist() == ["leaf"]


def test_filter_keeps_the_samples_whose_stack_has_the_function() -> None:
    built = message()
    built.sample.add(location_id=[2], value=[1, 10])
    profile = parsed(built)
    focused = profile.filter(function="^lea")
    assert focused.total("cpu") == 30
    assert len(focused) == len(focused.labels) == 1
    assert focused.labels[0] == profile.labels[0]
    assert len(profile.filter(function="nowhere")) == 0
    assert profile.filter(function="nowhere").top().empty
    with pytest.raises(UsageError, match="no regular expression"):
        profile.filter(function="(")


def test_a_table_has_a_row_per_sample_and_a_column_per_label() -> None:
    built = message()
    built.sample[0].label.add(key=8, str=9)
    built.sample.add(location_id=[2], value=[1, 10]).label.add(key=10, num=0, num_unit=11)
    table = parsed(built).to_pandas()
    assert list(table.columns) == ["stack", "function", "samples", "cpu", "label.kind", "label.size"]
    assert table["cpu"].tolist() == [30, 10]
    assert table["label.kind"].tolist() == [("hot", "hot"), None]
    assert table["label.size"].tolist() == [64, 0]


def test_two_sample_types_of_one_name_both_stay_in_the_table() -> None:
    built = message()
    built.sample_type[1].type = 1
    assert list(parsed(built).to_pandas().columns)[2:4] == ["samples", "samples"]
    assert parsed(built).total("samples") == 3


def test_bytes_that_are_not_utf8_are_shown_not_lost() -> None:
    built = message()
    built.string_table[5] = b"caf\xc3\xa9 \xff"
    assert parsed(built).stacks[0][0].function == "café \\xff"


def test_the_arrays_cannot_be_written_to() -> None:
    profile = parsed(message())
    for array in (profile.values, profile.stack_ids, profile.filter(function="leaf").values):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0


def _location_out_of_reach(built: Any) -> None:
    built.sample[0].location_id.append(99)


def _function_out_of_reach(built: Any) -> None:
    built.location[0].line[0].function_id = 99


def _function_zero(built: Any) -> None:
    built.location[0].line[0].function_id = 0


def _mapping_out_of_reach(built: Any) -> None:
    built.location[0].mapping_id = 99


def _string_out_of_reach(built: Any) -> None:
    built.function[0].name = len(built.string_table)


def _string_below_zero(built: Any) -> None:
    built.sample_type[0].unit = -1


def _label_out_of_reach(built: Any) -> None:
    built.sample[0].label[1].num_unit = 99


def _comment_out_of_reach(built: Any) -> None:
    built.comment.append(99)


def _first_string_not_empty(built: Any) -> None:
    built.string_table[0] = b"x"


def _too_few_values(built: Any) -> None:
    built.sample[0].value.pop()


def _too_many_values(built: Any) -> None:
    built.sample[0].value.append(1)


def _location_twice(built: Any) -> None:
    built.location.add(id=1)


def _location_zero(built: Any) -> None:
    built.location.add(id=0)


def _function_twice(built: Any) -> None:
    built.function.add(id=1)


def _mapping_zero(built: Any) -> None:
    built.mapping.add(id=0)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_location_out_of_reach, "location 99"),
        (_function_out_of_reach, "function 99"),
        (_function_zero, "function 0"),
        (_mapping_out_of_reach, "mapping 99"),
        (_string_out_of_reach, "string 12"),
        (_string_below_zero, "string -1"),
        (_label_out_of_reach, "string 99"),
        (_comment_out_of_reach, "string 99"),
        (_first_string_not_empty, "entry 0"),
        (_too_few_values, "sample 0 has 1 values for 2"),
        (_too_many_values, "sample 0 has 3 values for 2"),
        (_location_twice, "location 1 is described twice"),
        (_location_zero, "location has id 0"),
        (_function_twice, "function 1 is described twice"),
        (_mapping_zero, "mapping has id 0"),
    ],
)
def test_what_leads_nowhere_is_a_damaged_profile(damage: Callable[[Any], None], said: str) -> None:
    built = message()
    damage(built)
    with pytest.raises(pprof.DamagedProfile, match=said):
        parsed(built)


def test_two_profiles_in_one_file_are_refused() -> None:
    data = message().SerializeToString()
    for both in (data + data, gzip.compress(data) + gzip.compress(data)):
        with pytest.raises(pprof.DamagedProfile, match="twice"):
            pprof.parse(both)


@pytest.mark.parametrize(
    ("data", "remedy"),
    [
        (b"goroutine profile: total 3\n1 @ 0x1\n", "debug=1"),
        (b"heap profile: 1: 2 [3: 4] @ heap/1048576\n", "debug=1"),
        (b"--- contention:\ncycles/second=1\n", "debug=1"),
        (b"goroutine 1 [running]:\nmain.main()\n", "debug=2"),
        (b"go 1.26 trace\x00\x00\x00", "go tool trace"),
        (b"<html>404</html>", "/debug/pprof"),
        (b"SCHED 0ms: gomaxprocs=2", ""),
        (b"\x00" * 64, ""),
        (b"\x7fELF\x02\x01\x01", ""),
    ],
)
def test_something_else_is_not_a_profile(data: bytes, remedy: str) -> None:
    with pytest.raises(pprof.NotAProfile) as caught:
        pprof.parse(data)
    assert remedy in caught.value.remedy


def test_another_protobuf_message_is_not_a_profile() -> None:
    # A FileDescriptorProto would begin with a name; here: field 9 only, as an unrelated message may be.
    with pytest.raises(pprof.NotAProfile, match="no sample types"):
        pprof.parse(b"\x48\x05")


def test_an_empty_file_is_a_profile_that_was_never_finished(tmp_path: Path) -> None:
    path = tmp_path / "cpu.pb.gz"
    path.touch()
    with pytest.raises(pprof.TruncatedProfile, match="empty") as caught:
        pprof.load(path)
    assert "StopCPUProfile" in caught.value.remedy


def test_no_string_table_means_cut_short() -> None:
    built = message()
    built.ClearField("string_table")
    with pytest.raises(pprof.TruncatedProfile, match="string table"):
        parsed(built)


def test_a_file_that_cannot_be_read_is_a_capture_error(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.pb.gz", tmp_path):
        with pytest.raises(CaptureError, match="cannot read"):
            pprof.load(path)


def test_every_error_is_a_capture_error() -> None:
    for kind in (pprof.NotAProfile, pprof.DamagedProfile, pprof.TruncatedProfile, pprof.ProfileTooLarge):
        assert issubclass(kind, CaptureError)


def test_a_limit_below_one_byte_is_wrong_use(tmp_path: Path) -> None:
    path = tmp_path / "a.pb"
    path.write_bytes(b"x")
    for limit in (0, -5):
        with pytest.raises(UsageError, match="limit_bytes"):
            pprof.parse(b"x", limit_bytes=limit)
        with pytest.raises(UsageError, match="limit_bytes"):
            pprof.load(path, limit_bytes=limit)
