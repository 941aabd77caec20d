"""What a confined program can and cannot do."""

from __future__ import annotations

from pathlib import Path

import pytest

from schedlab import process, toolchain
from schedlab.errors import UsageError
from schedlab.process import Confinement
from schedlab.process._confine import has_landlock, has_seccomp

OUTSIDE = ("write", "change", "remove", "rename", "folder", "link")


@pytest.fixture(scope="module")
def program() -> toolchain.Binary:
    return toolchain.build(Path(__file__).parent / "testdata" / "confined")


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (outside / "old").write_text("old")
    return outside, inside


def tried(
    program: toolchain.Binary, places: tuple[Path, Path], confinement: Confinement | None
) -> dict[str, str]:
    found: dict[str, str] = process.run(program, places, confinement=confinement).check().json()
    return found


def test_it_writes_only_where_it_may(program: toolchain.Binary, places: tuple[Path, Path]) -> None:
    if not has_landlock():
        pytest.skip("this kernel has no Landlock")
    outside, inside = places
    said = tried(program, places, Confinement(writable=(inside,)))
    for what in OUTSIDE:
        assert said[f"{what}_outside"], what
    assert "permission denied" in said["own_memory"]
    assert "permission denied" in said["exec"]
    assert [file.name for file in outside.iterdir()] == ["old"]
    assert (outside / "old").read_text() == "old"
    assert {name: said[name] for name in ("read_outside", "write_inside", "threads", "discard")} == {
        "read_outside": "",
        "write_inside": "",
        "threads": "",
        "discard": "",
    }


def test_it_starts_no_process_and_signals_none(program: toolchain.Binary, places: tuple[Path, Path]) -> None:
    if not has_seccomp():
        pytest.skip("this kernel cannot filter system calls")
    _, inside = places
    said = tried(program, places, Confinement(children=False, writable=(inside,)))
    assert "not permitted" in said["start"]
    assert "not permitted" in said["signal"]
    assert said["threads"] == "", "a thread is no process"


def test_a_file_has_a_longest(program: toolchain.Binary, places: tuple[Path, Path]) -> None:
    _, inside = places
    said = tried(program, places, Confinement(file_bytes=1 << 20, writable=(inside,)))
    assert "too large" in said["long_file"]
    assert said["write_inside"] == ""


def test_unconfined_it_may_do_all_of_it(program: toolchain.Binary, places: tuple[Path, Path]) -> None:
    # Without this the tests above would pass for a program that can do nothing.
    outside, _ = places
    finished = process.run(program, places).check()
    # exec worked: the program became another one and printed nothing.
    assert finished.stdout == ""
    assert (outside / "new").exists()
    assert (outside / "folder").is_dir()


def test_memory_has_an_end(tmp_path: Path) -> None:
    folder = tmp_path / "eats"
    folder.mkdir()
    (folder / "go.mod").write_text("module eats\n\ngo 1.24\n")
    (folder / "main.go").write_text(
        "package main\n\nfunc main() {\n\tall := make([]byte, 6<<30)\n\tprintln(len(all))\n}\n"
    )
    eats = toolchain.build(folder)
    finished = process.run(eats, confinement=Confinement(address_space_bytes=4 << 30))
    assert finished.exit_status == 2
    assert "out of memory" in finished.stderr or "cannot allocate memory" in finished.stderr


def test_a_place_that_is_not_there_is_an_error_of_the_start(
    program: toolchain.Binary, places: tuple[Path, Path]
) -> None:
    if not has_landlock():
        pytest.skip("this kernel has no Landlock")
    with pytest.raises(process.LaunchFailed, match="cannot be confined"):
        process.run(program, places, confinement=Confinement(writable=(places[0] / "missing",)))


@pytest.mark.parametrize("wrong", [-1, True, 1.5, "1"])
def test_numbers_that_make_no_sense(wrong: object) -> None:
    with pytest.raises(UsageError, match="file_bytes"):
        Confinement(file_bytes=wrong)  # type: ignore[arg-type]


def test_more_places_may_be_added() -> None:
    confinement = Confinement(writable=(Path("/a"),), file_bytes=1)
    assert confinement.with_writable(["/b"]).writable == (Path("/a"), Path("/b"))
    assert confinement.with_writable(["/b"]).file_bytes == 1
    assert Confinement().with_writable(["/b"]).writable is None


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schedlab.process._confine.has_landlock", lambda: False)
    monkeypatch.setattr("schedlab.process._confine.has_seccomp", lambda: True)
    assert process.not_confined() == ("it cannot be kept from writing to files of this user",)
    monkeypatch.setattr("schedlab.process._confine.has_seccomp", lambda: False)
    assert len(process.not_confined()) == 2


def test_a_program_with_a_dynamic_loader_runs_and_executes_nothing_else(
    tmp_path: Path, places: tuple[Path, Path]
) -> None:
    if not has_landlock():
        pytest.skip("this kernel has no Landlock")
    try:
        toolchain.c_compiler()
    except toolchain.CCompilerNotFound as missing:
        pytest.skip(missing.message)
    (tmp_path / "go.mod").write_text("module dynamic\n\ngo 1.24\n")
    (tmp_path / "main.go").write_text(_DYNAMIC)
    _, inside = places
    done = process.run(toolchain.build(tmp_path), confinement=Confinement(writable=(inside,))).check()
    assert done.stdout == "42 permission denied\n"


_DYNAMIC = """package main

// static int answer(void) { return 42; }
import "C"

import (
	"fmt"
	"syscall"
)

func main() { fmt.Println(C.answer(), syscall.Exec("/bin/true", []string{"true"}, nil)) }
"""
