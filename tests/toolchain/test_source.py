"""Excerpts of the runtime's source: right lines, or a clear word that the symbol moved."""

from __future__ import annotations

import pytest

from schedlab import toolchain

GO = toolchain.find()

SHOWN = [
    ("proc.go", "handoffp", "func handoffp("),
    ("proc.go", "retake", "func retake("),
    ("runtime2.go", "g", "type g struct {"),
    ("runtime2.go", "_Pidle", "\t_Pidle = iota"),
    ("proc.go", "forcePreemptNS", "const forcePreemptNS"),
    ("runtime2.go", "gQueue.push", None),
    ("proc.go", "gQueue.push", "func (q *gQueue) push("),
    ("net/http/pprof/pprof.go", "Index", "func Index("),
    ("proc.go", "Goroutine scheduler", "// Goroutine scheduler"),
]


@pytest.mark.parametrize(("file", "symbol", "start"), SHOWN)
def test_the_declaration_is_found_where_it_is(file: str, symbol: str, start: str | None) -> None:
    if start is None:
        with pytest.raises(
            toolchain.SymbolMoved, match=f"{symbol} is not declared in runtime/{file} of {GO.release}"
        ):
            toolchain.excerpt(GO, file, symbol)
        return
    found = toolchain.excerpt(GO, file, symbol)
    path = GO.goroot / "src" / found.file
    lines = path.read_text().splitlines()
    assert lines[found.first_line - 1 : found.last_line] == found.text.split("\n")
    assert found.text.startswith(start)
    assert found.text.count("{") == found.text.count("}"), "a whole declaration"


def test_around_narrows_to_a_line() -> None:
    whole = toolchain.excerpt(GO, "proc.go", "retake")
    part = toolchain.excerpt(GO, "proc.go", "retake", around="handoffp(pp)", context=2)
    assert part.text.count("\n") == 4
    assert "handoffp(pp)" in part.text.split("\n")[2]
    assert whole.first_line < part.first_line < part.last_line < whole.last_line


def test_the_comment_above_can_be_had() -> None:
    bare = toolchain.excerpt(GO, "proc.go", "handoffp")
    told = toolchain.excerpt(GO, "proc.go", "handoffp", comment=True)
    assert told.text.startswith("// ")
    assert told.last_line == bare.last_line


@pytest.mark.parametrize(
    ("file", "symbol", "around", "named"),
    [
        ("no_such_file.go", "handoffp", None, "has no runtime/no_such_file.go"),
        ("proc.go", "noSuchFunction", None, "noSuchFunction is not declared in runtime/proc.go"),
        ("proc.go", "handoffp", "no such line", "no line with 'no such line'"),
    ],
)
def test_what_moved_is_named(file: str, symbol: str, around: str | None, named: str) -> None:
    with pytest.raises(toolchain.SymbolMoved, match=named):
        toolchain.excerpt(GO, file, symbol, around=around)


def test_a_samples_own_source() -> None:
    sample = toolchain.build("meet_gmp")
    found = toolchain.sample_excerpt(sample, "main")
    assert found.file == "meet_gmp/main.go"
    assert found.text.startswith("func main() {")
    with pytest.raises(toolchain.SymbolMoved, match=r"nothing is not declared in meet_gmp/main\.go"):
        toolchain.sample_excerpt(sample, "nothing")
