"""``schedlab leaks`` as a shell and a test sees it: what it prints, and its exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schedlab import process, toolchain
from schedlab.cli import main

FIXTURES = Path(__file__).parents[1] / "capture" / "fixtures" / "pprof"


def dump(count: int, name: str = "main.work") -> str:
    return "".join(
        f"goroutine {n} [chan send]:\n{name}()\n\t/app/\x1b[31mw.go:4 +0x1\n\n" for n in range(1, count + 1)
    )


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    names = []
    for count in (3, 8, 13, 18):
        names.append(str(tmp_path / f"{count}.txt"))
        Path(names[-1]).write_text(dump(count))
    return names


def test_a_leak_is_status_1_and_shows_its_line(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["leaks", *files]) == 1
    printed = capsys.readouterr().out
    assert "leak: 3, 8, 13, 18 goroutines in 4 snapshots" in printed
    assert "w.go:4  main.work" in printed
    assert "\x1b" not in printed


def test_no_leak_is_status_0(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["leaks", files[1], files[1], files[1]]) == 0
    assert capsys.readouterr().out.startswith("no leak")


def test_json_has_causes_and_indicators(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["leaks", *files, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["outcome"] == "leak"
    assert document["causes"][0]["place"]["line"] == 4
    assert document["indicators"][0]["exceeded"] in (True, False)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["{0}"], 3, "one moment"),
        ([str(FIXTURES / "heap.pb.gz")], 3, "not of goroutines"),
        ([__file__], 3, "no goroutine"),
        (["127.0.0.1:1"], 3, "did not answer"),
        (["no-such-file"], 2, "no file"),
        (["http://h:1/debug/pprof/heap?a=b"], 2, "more than a server's address"),
        (["127.0.0.1:1", "{0}"], 2, "by itself"),
        (["{0}", "{1}", "--seconds", "3"], 2, "for servers"),
        (["127.0.0.1:1", "--seconds", "0"], 2, "cannot show growth"),
    ],
)
def test_what_gives_no_diagnosis_is_never_status_1(
    files: list[str], capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, said: str
) -> None:
    assert main(["leaks", *(argument.format(*files) for argument in arguments)]) == status
    assert said in capsys.readouterr().err


def test_a_living_server_is_watched(capsys: pytest.CaptureFixture[str]) -> None:
    program = toolchain.build("leak_signs")
    with process.start(program, ["-leak", "30", "-workers", "40", "-for", "2m"]) as live:
        address = json.loads(live.wait_for_line("address", timeout_s=30))["address"]
        assert main(["leaks", f"http://{address}", "--seconds", "2", "--snapshots", "4", "--json"]) == 1
    causes = json.loads(capsys.readouterr().out)["causes"]
    assert [cause["place"]["function"] for cause in causes] == ["main.hang"]
