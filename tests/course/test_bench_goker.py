"""The benchmark on bugs of others, with a checkout that is made here: what leaked is told by other means."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schedlab.course import bench_goker
from schedlab.errors import UsageError

LEAKY = """\
package x1

import "testing"

func TestX1(t *testing.T) {
	c := make(chan int)
	go func() {
		c <- 1
	}()
}
"""
HEALTHY = LEAKY.replace("make(chan int)", "make(chan int, 1)").replace("x1", "x2").replace("X1", "X2")
PANICS = """\
package x3

import "testing"

func TestX3(t *testing.T) {
	panic("as some kernels do")
}
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("gobench")
    for number, text in enumerate((LEAKY, HEALTHY, PANICS), start=1):
        folder = made / bench_goker.KERNELS / "project" / str(number)
        folder.mkdir(parents=True)
        (folder / f"project{number}_test.go").write_text(text, encoding="utf-8")
    return made


def test_each_kernel_is_watched_and_judged(
    checkout: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_goker, "_LEAVES_S", 1.0)
    assert bench_goker.main([str(checkout), "--seconds", "2", "--json"]) == 0
    leaky, healthy, panics = json.loads(capsys.readouterr().out)
    assert leaky["name"] == "project_1"
    assert leaky["stayed"] == leaky["said"] == ["kernel.go:8"]
    assert (healthy["stayed"], healthy["said"], healthy["failed"]) == ([], [], "")
    assert panics["failed"]


def test_what_was_said_is_held_against_what_stayed() -> None:
    right = bench_goker.Outcome("a", frozenset({"k.go:1", "k.go:2"}), frozenset({"k.go:1"}))
    elsewhere = bench_goker.Outcome("b", frozenset({"k.go:1"}), frozenset({"k.go:9"}))
    alarm = bench_goker.Outcome("c", frozenset(), frozenset({"k.go:1"}))
    silent = bench_goker.Outcome("d", frozenset({"k.go:1"}))
    late = bench_goker.Outcome("e", said=frozenset({"k.go:1"}), left=frozenset({"k.go:1"}))
    assert [(o.found, o.right_line, o.false_alarms) for o in (right, elsewhere, alarm, silent, late)] == [
        (True, True, 0),
        (True, False, 1),
        (False, False, 1),
        (False, False, 0),
        (False, False, 0),
    ]


def test_a_folder_without_kernels_and_an_unknown_kernel_are_refused(checkout: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no kernel in"):
        bench_goker.main([str(tmp_path)])
    with pytest.raises(UsageError, match="no kernel 'x'"):
        bench_goker.main([str(checkout), "x"])
