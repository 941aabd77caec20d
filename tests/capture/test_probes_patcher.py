"""The patcher finds its anchors in every release, and says which one it lacks."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from schedlab import toolchain
from schedlab.capture.probes import AnchorMissing, Mode
from schedlab.capture.probes._build import patched
from schedlab.capture.probes.overrides import Overrides

ALL = Overrides(
    local_queue=32, global_every=7, global_batch=4, stealing=False, runnext=False, time_slice_ns=1_000_000
)
FILES = ("proc.go", "runtime.go", "runtime2.go", "panic.go", "coro.go")


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of those files of the runtime that are changed."""
    for name in FILES:
        shutil.copyfile(toolchain.find().runtime_source / name, tmp_path / name)
    return tmp_path


def change(sources: Path, name: str, old: str, new: str) -> None:
    text = (sources / name).read_text()
    assert old in text
    (sources / name).write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("file", "old", "new", "symbol", "anchor"),
    [
        ("proc.go", "stealWork(", "takeWork(", "findRunnable", "stealWork"),
        ("proc.go", "schedtick%61", "turns%61", "findRunnable", "schedtick"),
        ("proc.go", "func resetspinning()", "func stopspinning()", "resetspinning", "the function"),
        ("proc.go", "runqgrab(", "runqtake(", "runqsteal", "runqgrab"),
        ("proc.go", ") becomeSpinning() {", ") spin() {", "m.becomeSpinning", "the method"),
        ("proc.go", "const forcePreemptNS", "const slice", "forcePreemptNS", "the constant"),
        (
            "proc.go",
            "globrunqgetbatch(n int32)",
            "globrunqgetbatch(many int32)",
            "globrunqgetbatch",
            "n or max",
        ),
        ("proc.go", "if delay > 10*1000 {", "if 10*1000 < delay {", "sysmon", "delay"),
        ("proc.go", "gp.m.spinning = false", "gp.m.spinning = !true", "gcstopm", "spinning = false"),
        ("proc.go", "internal/runtime/atomic", "internal/runtime/atoms", "import", "atomic"),
        ("runtime2.go", "runq     [256]guintptr", "queue    [256]guintptr", "p", "runq"),
        ("runtime2.go", "type p struct {", "type proc struct {", "p", "the struct type"),
        ("runtime.go", "func syscall_Exit", "func syscall_End", "syscall_Exit", "the function"),
        ("panic.go", "func fatalpanic", "func fatally", "fatalpanic", "the function"),
        ("coro.go", "func coroswitch_m", "func coroswap_m", "coroswitch_m", "the function"),
    ],
)
def test_a_missing_anchor_is_named(
    sources: Path, file: str, old: str, new: str, symbol: str, anchor: str
) -> None:
    change(sources, file, old, new)
    with pytest.raises(AnchorMissing) as refused:
        patched(toolchain.find(), sources, Mode.RING, ALL)
    error = refused.value
    assert (error.file, error.symbol, error.release) == (file, symbol, toolchain.find().release)
    assert anchor in error.anchor
    assert symbol in str(error)


def test_a_missing_file_is_named(sources: Path) -> None:
    (sources / "coro.go").unlink()
    with pytest.raises(AnchorMissing, match=r"coro\.go"):
        patched(toolchain.find(), sources, Mode.RING, ALL)


def test_no_line_moves(sources: Path) -> None:
    chosen = toolchain.find()
    changed = patched(chosen, sources, Mode.RING, ALL)
    for name in FILES:
        before = (sources / name).read_text().split("\n")
        after = changed[chosen.runtime_source / name].decode().split("\n")
        assert before != after
        assert len(before) == len(after)
        # What is not in a changed line is as it was.
        assert sum(old != new for old, new in zip(before, after, strict=True)) < 80


def test_constants_alone_put_no_probe_in() -> None:
    chosen = toolchain.find()
    changed = patched(chosen, chosen.runtime_source, Mode.OFF, Overrides(global_every=7))
    assert [path.name for path in changed] == ["proc.go"]
    (text,) = changed.values()
    assert b"schedtick%7 " in text
    assert b"schedlab" not in text
    assert patched(chosen, chosen.runtime_source, Mode.OFF, Overrides()) == {}


@pytest.mark.parametrize("release", toolchain.releases(since="1.22"))
def test_every_release_has_the_anchors(release: str) -> None:
    try:
        chosen = toolchain.release(release)
    except toolchain.ReleaseUnavailable as error:
        pytest.skip(f"Go {release} is not to be had here: {error.message}")
    changed = patched(chosen, chosen.runtime_source, Mode.RING, ALL)
    assert {path.name for path in changed} >= set(FILES)
