"""Timelines in files: the same after as before, or a clear error."""

from __future__ import annotations

import dataclasses
import errno
import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from schedlab.errors import SchedlabError
from schedlab.timeline import (
    DamagedTimeline,
    NewerFormat,
    NotATimeline,
    Timeline,
    TimelineError,
    TimelineExists,
    TimelineNotWritten,
    summary,
)
from schedlab.timeline.files import save_timeline

TABLES = ("spans", "marks", "counters", "samples", "goroutines", "stacks", "frames")


def assert_same(one: Timeline, other: Timeline) -> None:
    for field in dataclasses.fields(Timeline):
        before, after = getattr(one, field.name), getattr(other, field.name)
        if field.name not in TABLES:
            assert before == after, field.name
            continue
        assert list(before) == list(after)
        for name in before:
            assert before[name].dtype == after[name].dtype, (field.name, name)
            np.testing.assert_array_equal(before[name], after[name], err_msg=f"{field.name}.{name}")


@pytest.mark.parametrize("which", ["timeline", "workshop", "small"])
def test_the_same_comes_back(which: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    before: Timeline = request.getfixturevalue(which)
    file = tmp_path / "a.timeline"
    before.save(file)
    after = Timeline.open(file)
    assert_same(before, after)
    assert list(tmp_path.iterdir()) == [file], "nothing else is left in the folder"
    assert summary(after) == summary(before)
    assert after._repr_html_() == before._repr_html_()
    assert after.to_arrow().equals(before.to_arrow())


def test_windows_filtered_and_empty_ones_come_back(
    small: Timeline, make: Callable[..., Timeline], tmp_path: Path
) -> None:
    strange = (*small.texts[:-1], "<b>\udc80\0\n")
    for number, before in enumerate(
        [
            small.window(10, 40, cut=True),
            small.filter(min_dur_ns=1000),
            small.threads_lane(),
            make(goroutines=0),
            dataclasses.replace(small, texts=strange),
        ]
    ):
        file = tmp_path / f"{number}.timeline"
        before.save(str(file))
        assert_same(before, Timeline.open(str(file)))


def test_columns_are_mapped_and_can_be_used_where_they_are(small: Timeline, tmp_path: Path) -> None:
    small.save(tmp_path / "x")
    before = pa.total_allocated_bytes()
    opened = Timeline.open(tmp_path / "x")
    assert pa.total_allocated_bytes() - before < 64_000
    for table in TABLES:
        for column in getattr(opened, table).values():
            assert column.flags.aligned
            assert table == "stacks" or not column.flags.owndata
    with pytest.raises(ValueError, match="read-only"):
        opened.spans["start"][0] = 1
    (tmp_path / "x").unlink()
    assert opened.span(0) == small.span(0), "the file may go; what is mapped stays"


def test_other_tools_can_take_it_apart(small: Timeline, tmp_path: Path) -> None:
    small.save(tmp_path / "x.timeline")
    with tarfile.open(tmp_path / "x.timeline") as archive:
        for name in ("spans.arrow", "stacks.arrow"):
            member = archive.extractfile(name)
            assert member is not None
            (tmp_path / name).write_bytes(member.read())
    with pa.ipc.open_file(tmp_path / "spans.arrow") as reader:
        assert reader.read_all().column("dur").to_pylist() == small.spans["dur"].tolist()
    with pa.ipc.open_file(tmp_path / "stacks.arrow") as reader:
        assert reader.read_all().column("frames").to_pylist() == [[], [0, 1], [1]]


def test_an_existing_file_is_kept_unless_told_otherwise(small: Timeline, tmp_path: Path) -> None:
    file = tmp_path / "x.timeline"
    file.write_bytes(b"precious")
    with pytest.raises(TimelineExists, match="already") as caught:
        small.save(file)
    assert "overwrite=True" in caught.value.remedy
    assert file.read_bytes() == b"precious"
    small.save(file, overwrite=True)
    opened = Timeline.open(file)
    # Also the one that it comes from, while it is mapped.
    opened.save(file, overwrite=True)
    assert_same(opened, small)
    assert_same(Timeline.open(file), small)
    assert list(tmp_path.iterdir()) == [file]


def test_one_that_appears_meanwhile_is_kept_too(
    small: Timeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "x.timeline"
    file.write_bytes(b"precious")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "exists", lambda _: False)
        with pytest.raises(TimelineExists):
            save_timeline(small, file, overwrite=False)
    assert file.read_bytes() == b"precious"
    assert list(tmp_path.iterdir()) == [file]


def test_without_hard_links_it_is_renamed(
    small: Timeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Path) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    small.save(tmp_path / "x")
    assert_same(Timeline.open(tmp_path / "x"), small)
    assert list(tmp_path.iterdir()) == [tmp_path / "x"]


def test_its_mode_is_that_of_any_new_file(small: Timeline, tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    small.save(tmp_path / "x")
    assert (tmp_path / "x").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_where_nothing_can_be_written(small: Timeline, tmp_path: Path) -> None:
    with pytest.raises(TimelineNotWritten, match="No such file or directory") as caught:
        small.save(tmp_path / "nowhere" / "x")
    assert "room" in caught.value.remedy
    assert isinstance(caught.value, SchedlabError)


def test_no_space_leaves_nothing_behind(timeline: Timeline, tmp_path: Path) -> None:
    """A limit on the size of files fails a write as a full disk does, in the middle of a column."""
    timeline.save(tmp_path / "whole")
    script = (
        "import pathlib, resource, signal, sys\n"
        "from schedlab.timeline import Timeline, TimelineNotWritten\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "timeline = Timeline.open(folder / 'whole')\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))\n"
        "try:\n"
        "    timeline.save(folder / 'x')\n"
        "except TimelineNotWritten as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path], capture_output=True, check=True, timeout=120
    )
    assert b"cannot be written: File too large" in done.stdout
    assert list(tmp_path.iterdir()) == [tmp_path / "whole"]


@pytest.mark.parametrize("value", [(1, 2), {1: 2}, float("nan"), np.int64(3), object()])
def test_what_json_cannot_hold_is_refused(small: Timeline, tmp_path: Path, value: object) -> None:
    strange = dataclasses.replace(small, meta={**small.meta, "note": value})
    with pytest.raises(TimelineNotWritten, match="meta holds what JSON cannot"):
        strange.save(tmp_path / "x")
    assert not list(tmp_path.iterdir())


def tar_of(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"go 1.27 trace\0\0\0",
        b"\0" * 4096,
        b"PK\x03\x04" + b"x" * 5000,
        tar_of("readme", b"hello"),
        tar_of("meta.json", b'{"format": 1}'),
        tar_of("meta.json", b"[1, 2]"),
    ],
)
def test_what_is_no_timeline_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(NotATimeline, match="no timeline that schedlab wrote") as caught:
        Timeline.open(tmp_path / "x")
    assert "Timeline.load" in caught.value.remedy


def test_a_missing_file_or_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(TimelineError, match="there is no file"):
            Timeline.open(path)


def test_a_later_format_says_so(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(tar_of("meta.json", b'{"schedlab": "timeline", "format": 2}'))
    with pytest.raises(NewerFormat, match=r"of format 2; this schedlab knows 1"):
        Timeline.open(tmp_path / "x")


def test_a_file_cut_anywhere_is_refused(workshop: Timeline, tmp_path: Path) -> None:
    file = tmp_path / "x"
    workshop.save(file)
    whole = file.read_bytes()
    ends = 2 * tarfile.BLOCKSIZE  # the blocks that mark the end of a tar; no data is in them
    for length in [1, 511, 513, 1025, *range(0, len(whole) - ends, 4096), len(whole) - ends - 1]:
        file.write_bytes(whole[:length])
        with pytest.raises((DamagedTimeline, NotATimeline)) as caught:
            Timeline.open(file)
        assert length < 12 or isinstance(caught.value, DamagedTimeline), length


def test_damage_is_found_or_does_no_harm(small: Timeline, tmp_path: Path) -> None:
    file = tmp_path / "x"
    small.save(file)
    whole = file.read_bytes()
    outcomes = {"opened": 0, "refused": 0}
    for place in range(0, len(whole), 37):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        file.write_bytes(damaged)
        try:
            Timeline.open(file)
            outcomes["opened"] += 1
        except TimelineError:
            outcomes["refused"] += 1
    assert outcomes["refused"] > 10, outcomes


def test_missing_parts_are_named_as_damage(small: Timeline, tmp_path: Path) -> None:
    file = tmp_path / "x"
    small.save(file)
    for change in (without("spans.arrow"), twice("marks.arrow", "counters.arrow")):
        rewritten = tmp_path / "y"
        rewritten.write_bytes(change(file.read_bytes()))
        with pytest.raises(DamagedTimeline, match="cut or damaged"):
            Timeline.open(rewritten)


def without(name: str) -> Callable[[bytes], bytes]:
    return lambda content: rebuilt(content, lambda member: None if member == name else member)


def twice(name: str, other: str) -> Callable[[bytes], bytes]:
    """The content of one part under the name of another."""
    return lambda content: rebuilt(content, lambda member: {name: other, other: name}.get(member, member))


def rebuilt(content: bytes, renamed: Callable[[str], str | None]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(content)) as old, tarfile.open(fileobj=file, mode="w") as new:
        for member in old:
            part = old.extractfile(member)
            name = renamed(member.name)
            assert part is not None
            if name is not None:
                member.name = name
                new.addfile(member, part)
    return file.getvalue()
