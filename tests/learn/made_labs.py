"""A course with labs of their own, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from schedlab.learn.labs import Attempt, Check, Finding, Lab, Part, json_of, read, right, wrong

MANIFEST = """title = "A lab"
chapter = "1.1"
minutes = 10
task = "Print the answer."
skills = ["answering"]
starter_code = "too_small"
hints = ["one", "two", "three"]

[[wrong]]
name = "big"
code = "too_big"
says = "is too big"

[[wrong]]
name = "odd"
code = "too_odd"
says = "is odd"
"""


def prints(answer: int) -> str:
    """A program that prints an answer."""
    return f'package main\n\nimport "fmt"\n\nfunc main() {{\n\tfmt.Println(`{{"answer": {answer}}}`)\n}}\n'


def make_lab(root: Path, name: str = "answer", manifest: str = MANIFEST) -> Lab:
    """A lab below ``root/labs`` that asks for 42, with a starter, a solution and two wrong answers."""
    (root / "go_samples").mkdir(parents=True, exist_ok=True)
    folder = root / "labs" / name
    folder.mkdir(parents=True)
    (folder.parent / "go.mod").write_text("module made\n\ngo 1.24\n")
    (folder / "lab.toml").write_text(manifest)
    (folder / "lab.md").write_text("# A lab\n")
    for place, answer in {"starter": 1, "solution": 42, "wrong/big": 100, "wrong/odd": 43}.items():
        write(folder / place, {"main.go": prints(answer)})
    return read(folder)


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Go files into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)


def asks_for_42(attempt: Attempt) -> Finding:
    """The check of the made lab."""
    answer = json_of(attempt.run()).get("answer")
    assert isinstance(answer, int)
    if answer == 42:
        return right("That is the answer.", answer=answer)
    if answer == 43:
        return wrong("too_odd", f"{answer} is odd.", answer=answer)
    return wrong(
        "too_big" if answer > 42 else "too_small", f"{answer} is too big, or too small.", answer=answer
    )


CHECK = Check((Part("answer", "the answer is 42", asks_for_42),))
