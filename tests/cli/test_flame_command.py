"""``schedlab flame`` as a shell sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from schedlab.cli import main
from schedlab.places import repository_root

PROFILES = repository_root() / "tests" / "capture" / "fixtures" / "pprof"
CPU, HEAP, GOROUTINES = (str(PROFILES / f"{name}.pb.gz") for name in ("cpu", "heap", "goroutine"))


@pytest.mark.parametrize(
    "arguments",
    [
        [CPU],
        [HEAP, "--sample-type", "inuse_space"],
        [CPU, CPU, "--title", "<b>now & then</b>"],
        [GOROUTINES, GOROUTINES, GOROUTINES, "--growth"],
    ],
)
def test_profiles_become_one_page(tmp_path: Path, arguments: list[str]) -> None:
    page = tmp_path / "x.html"
    assert main(["flame", *arguments, "-o", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    assert "<b>now" not in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([CPU, "-o", "{there}"], "is there already"),
        ([CPU, CPU, CPU, "-o", "{folder}/x.html"], "--growth"),
        ([CPU, "--growth", "-o", "{folder}/x.html"], "two profiles or more"),
        ([CPU, HEAP, "-o", "{folder}/x.html"], "no sample type 'cpu'"),
        ([CPU, "--sample-type", "none", "-o", "{folder}/x.html"], "none"),
        (["{folder}/none", "-o", "{folder}/x.html"], "none"),
        (["{there}", "-o", "{folder}/x.html"], "profile"),
    ],
)
def test_wrong_use_says_so_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    there = tmp_path / "there.html"
    there.write_text("mine")
    named = [argument.format(there=there, folder=tmp_path) for argument in arguments]
    assert main(["flame", *named]) in (1, 2)
    assert said in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["there.html"]
