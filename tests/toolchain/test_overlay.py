"""Building with files laid over the program's own and over Go's."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from schedlab import toolchain


@pytest.fixture
def program(tmp_path: Path) -> Path:
    (tmp_path / "go.mod").write_text("module example\n\ngo 1.24\n")
    (tmp_path / "main.go").write_text('package main\n\nfunc word() string { return "own" }\n')
    (tmp_path / "start.go").write_text("package main\n\nfunc main() { print(word()) }\n")
    return tmp_path


def said(binary: toolchain.Binary) -> str:
    return subprocess.run([binary], capture_output=True, text=True, check=True, timeout=60).stderr


def word(text: str) -> bytes:
    return f'package main\n\nfunc word() string {{ return "{text}" }}\n'.encode()


def test_what_is_laid_over_is_part_of_the_programs_key(program: Path) -> None:
    plain = toolchain.build(program)
    first = toolchain.build(program, overlay={Path("main.go"): word("first")})
    second = toolchain.build(program, overlay={Path("main.go"): word("second")})
    again = toolchain.build(program, overlay={program / "main.go": word("first")})
    assert [said(binary) for binary in (plain, first, second)] == ["own", "first", "second"]
    assert again.path == first.path
    assert len({plain.path, first.path, second.path}) == 3
    assert (program / "main.go").read_text().count("own") == 1


def test_a_file_that_is_not_there_and_one_of_gos_own(program: Path) -> None:
    go = toolchain.find()
    overlay = {
        Path("added.go"): b'package main\n\nimport "errors"\n\nfunc init() { print(errors.Laid, " ") }\n',
        go.goroot / "src" / "errors" / "laid.go": b'package errors\n\nconst Laid = "over"\n',
    }
    assert said(toolchain.build(program, toolchain=go, overlay=overlay)) == "over own"
    assert said(toolchain.build(program, toolchain=go)) == "own"


def test_a_compile_error_names_the_file_that_was_laid_over(program: Path) -> None:
    with pytest.raises(toolchain.CompileError, match=r"main\.go:1:1: expected 'package'|main\.go:1:1"):
        toolchain.build(program, overlay={Path("main.go"): b"nonsense\n"})
