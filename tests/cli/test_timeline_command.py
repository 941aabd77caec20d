"""``schedlab timeline`` as a shell sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from schedlab import process, toolchain
from schedlab.cli import main
from schedlab.view.widgets import blob


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("handoffs") / "handoffs.trace"
    process.run(toolchain.build("handoffs"), ["-trace", file, "-exchanges", "500"]).check()
    return file


def test_a_trace_becomes_one_page_with_its_sources(trace: Path, tmp_path: Path) -> None:
    whole, part = tmp_path / "whole.html", tmp_path / "part.html"
    assert main(["timeline", str(trace), "-o", str(whole), "--title", "<b>Hand & offs</b>"]) == 0
    assert main(["timeline", str(trace), "-o", str(part), "--window", "0", "0.2"]) == 0
    text = whole.read_text(encoding="utf-8")
    assert "<title>&lt;b&gt;Hand &amp; offs&lt;/b&gt;</title>" in text
    assert part.stat().st_size < whole.stat().st_size


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{trace}", "-o", "{there}"], "is there already"),
        (["{trace}", "-o", "{folder}/none/x.html"], "cannot be written"),
        (["{folder}/none", "-o", "{folder}/x.html"], "there is no file"),
        (["{there}", "-o", "{folder}/x.html"], "cannot be read as a Go execution trace"),
        (["{trace}", "-o", "{folder}/x.html", "--window", "5", "1"], "no window from"),
        (["{trace}", "-o", "{folder}/x.html", "--source", "{folder}/none"], "there is no folder"),
    ],
)
def test_wrong_use_says_so_and_writes_nothing(
    trace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    there = tmp_path / "there.html"
    there.write_text("mine")
    names = {"trace": trace, "there": there, "folder": tmp_path}
    assert main(["timeline", *(argument.format(**names) for argument in arguments)]) in (1, 2)
    assert said in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["there.html"]
    assert there.read_text() == "mine"


def test_too_much_for_a_browser_is_refused_with_advice(
    trace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blob, "LIMIT_BYTES", 20_000)
    page = tmp_path / "x.html"
    assert main(["timeline", str(trace), "-o", str(page)]) in (1, 2)
    said = capsys.readouterr().err
    assert "a browser gets at most 0 MB" in said
    assert "a shorter window of time" in said
    assert not page.exists()
