"""A small course in a folder of its own, for tests that make, run or serve notebooks."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

FRONT_MATTER = """\
---
title: A chapter for tests
schedlab:
  chapter: "{chapter}"
  question: Does it run?
  minutes: 5
  audience: tests
  budget_s: {budget_s}
---
# A chapter for tests

"""

CLAIM = """
```{code-cell} python
:tags: [claim]
assert 1 + 1 == int("2")
```
"""


@dataclass(frozen=True, slots=True)
class Course:
    """A repository with ``chapters/`` and nothing in it yet."""

    root: Path

    def write(
        self, name: str, *cells: str, chapter: str = "", budget_s: float = 600, claim: bool = True
    ) -> Path:
        """Write the source of one chapter: each of ``cells`` is a code cell's text, options included."""
        number = chapter or ".".join(name.split("_")[:2])
        body = "".join(f"\n```{{code-cell}} python\n{cell}\n```\n" for cell in cells)
        text = FRONT_MATTER.format(chapter=number, budget_s=budget_s) + body + (CLAIM if claim else "")
        file = self.root / "chapters" / f"{name}.md"
        file.write_text(text, encoding="utf-8")
        return file

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        return {**os.environ, "SCHEDLAB_ROOT": str(self.root), **(extra or {})}

    def command(self, *arguments: str) -> list[str]:
        """How ``./course`` is called once everything is set up."""
        return [sys.executable, "-m", "schedlab.course", *arguments]

    def course(
        self, *arguments: str, extra: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            env=self.environment(extra),
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    made = Course(tmp_path / "repository")
    for folder in ("chapters", "go_samples"):
        (made.root / folder).mkdir(parents=True)
    monkeypatch.setenv("SCHEDLAB_ROOT", str(made.root))
    monkeypatch.chdir(made.root)
    return made
