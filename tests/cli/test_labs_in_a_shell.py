"""``schedlab lab``."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.learn.made_labs import CHECK, make_lab, prints, write

from schedlab.cli import main
from schedlab.learn.labs import Lab, grading, not_measurable
from schedlab.learn.labs.grading import Check, Part


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setenv("SCHEDLAB_ROOT", str(tmp_path))
    monkeypatch.setenv("SCHEDLAB_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(grading, "check_of", lambda _lab: CHECK)
    return make_lab(tmp_path)


def answered(lab: Lab, answer: int) -> None:
    write(lab.work, {"main.go": prints(answer)})


def test_list_says_how_far_one_is(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "list"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == ["answer", "1.1", "10", "A", "lab"]
    assert main(["lab", "open", "answer"]) == 0
    answered(lab, 42)
    assert main(["lab", "check", "answer"]) == 0
    capsys.readouterr()
    assert main(["lab", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(one["id"], bool(one["passed"])) for one in listed] == [("answer", True)]


def test_the_exit_status_says_what_became_of_it(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["lab", "check", "answer"]) == 1, "not begun"
    answered(lab, 42)
    assert main(["lab", "check", "answer"]) == 0
    answered(lab, 43)
    assert main(["lab", "check", "answer"]) == 1
    nothing = Check((Part("x", "", lambda _attempt: not_measurable("no cgroup")),))
    monkeypatch.setattr(grading, "check_of", lambda _lab: nothing)
    assert main(["lab", "check", "answer"]) == 3


def test_a_wrong_name_is_wrong_use(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "check", f"{lab.id}s"]) == 2
    assert "Did you mean answer?" in capsys.readouterr().err
    assert main(["lab", "solution", "answer"]) == 2
    assert "--anyway" in capsys.readouterr().err
    assert main(["lab", "solution", "answer", "--anyway"]) == 0
    assert '{"answer": 42}' in capsys.readouterr().out


def test_a_verdict_as_json(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    answered(lab, 43)
    assert main(["lab", "check", "answer", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert {key: found[key] for key in ("lab", "state", "code", "evidence")} == {
        "lab": "answer",
        "state": "wrong",
        "code": "too_odd",
        "evidence": {"answer": 43},
    }
    assert [part["state"] for part in found["parts"]] == ["wrong"]


def test_progress_and_reset(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    answered(lab, 43)
    assert main(["lab", "check", "answer"]) == 1
    assert main(["lab", "hint", "answer"]) == 0
    assert "Hint 1 of 3: one" in capsys.readouterr().out
    assert main(["lab", "reset", "answer"]) == 0
    assert "kept/" in capsys.readouterr().out
    assert main(["lab", "progress", "--json"]) == 0
    one = json.loads(capsys.readouterr().out)["labs"]["answer"]
    assert (one["attempts"], one["hints"], one["last_code"]) == (1, 1, "too_odd")
    assert main(["lab", "progress"]) == 0


def test_what_a_program_says_cannot_steer_the_terminal(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    write(lab.work, {"main.go": 'package main\n\nfunc main() { panic("\\x1b[2Jgone") }\n'})
    assert main(["lab", "check", "answer"]) == 1
    assert "\x1b" not in capsys.readouterr().out


_WATCH = """
import sys
from schedlab.cli import main
from schedlab.learn.labs import grading
from tests.learn.made_labs import CHECK
grading.check_of = lambda _lab: CHECK
sys.exit(main(["lab", "watch", "answer"]))
"""


def test_watch_checks_at_each_save_until_it_is_interrupted(lab: Lab) -> None:
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", _WATCH],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as watching:
        assert watching.stdout is not None
        assert watching.stderr is not None

        def until(wanted: str) -> None:
            assert watching.stdout is not None
            for line in watching.stdout:
                if wanted in line:
                    return
            pytest.fail(f"{wanted!r} did not come")

        until("not started")
        answered(lab, 43)
        until("wrong (too_odd)")
        answered(lab, 42)
        until("A lab: right")
        watching.send_signal(signal.SIGINT)
        assert watching.wait() == 130
        assert watching.stderr.read() == "schedlab: interrupted\n"
