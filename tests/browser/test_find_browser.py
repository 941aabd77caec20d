"""Which browser the tests drive."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with no browser."""
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("SCHEDLAB_BROWSER", "CI"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.mark.usefixtures("bare")
def test_without_a_browser_the_tests_are_skipped_and_fail_in_ci(
    find_browser: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(pytest.skip.Exception, match="none of chromium, chromium-browser, google-chrome is"):
        find_browser()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no browser"):
        find_browser()


def test_the_browser_that_is_named_is_taken(
    find_browser: Callable[[], str], bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("chromium", "mine"):
        (bare / name).touch(mode=0o755)
    assert find_browser() == str(bare / "chromium")
    monkeypatch.setenv("SCHEDLAB_BROWSER", str(bare / "mine"))
    assert find_browser() == str(bare / "mine")
    monkeypatch.setenv("SCHEDLAB_BROWSER", str(bare / "gone"))
    with pytest.raises(pytest.skip.Exception):
        find_browser()
