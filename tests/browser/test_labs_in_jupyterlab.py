"""A lab in a real JupyterLab: its notebook runs to its end, and its link opens the learner's file."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from schedlab.places import repository_root

if TYPE_CHECKING:
    from tests.browser.conftest import Lab

OpenLab = Callable[[Path, str, str], AbstractContextManager["Lab"]]
Screenshot = Callable[["Page", str], Path]


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course with one lab, so that no copy of a learner's is touched."""
    root = tmp_path / "course"
    own = repository_root() / "labs"
    left_out = shutil.ignore_patterns("work", "kept", ".*")
    shutil.copytree(own / "blocked_threads", root / "labs" / "blocked_threads", ignore=left_out)
    shutil.copy(own / "go.mod", root / "labs")
    for folder in ("chapters", "go_samples"):
        (root / folder).mkdir()
    monkeypatch.setenv("SCHEDLAB_ROOT", str(root))
    monkeypatch.setenv("SCHEDLAB_STATE", str(tmp_path / "state"))
    return root


def test_a_lab_opens_its_file_in_the_editor(
    jupyterlab: OpenLab, screenshot: Screenshot, course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with jupyterlab(course, "blocked_threads", "JupyterLab Light") as lab:
        # The kernel has it by now; pictures go to the real one.
        monkeypatch.delenv("SCHEDLAB_ROOT")
        page, state = lab.page, lab.run_all()
        assert state["errors"] == []
        assert (course / "labs" / "blocked_threads" / "work" / "main.go").is_file()
        lab.grow()
        screenshot(page, "lab_blocked_threads")
        page.get_by_role("link", name="work/main.go").click()
        editor = page.locator(".jp-FileEditor .cm-content")
        # The editor is there before its text is.
        expect(editor).to_contain_text("A thousand goroutines wait for data", timeout=300_000)
        screenshot(page, "lab_editor")
