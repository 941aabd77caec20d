"""Processes that keep the machine busy."""

from __future__ import annotations

from schedlab.course.hogs import hogs


def test_hogs_compute_and_are_gone_afterwards() -> None:
    with hogs(2) as busy:
        assert len(busy) == 2
        assert all(hog.alive for hog in busy)
    assert not any(hog.alive for hog in busy)
    with hogs(0) as none:
        assert none == ()
