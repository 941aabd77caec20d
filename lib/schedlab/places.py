"""Where things are: the repository, and the folders outside it that schedlab may write to."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from schedlab.errors import SchedlabError


class RepositoryNotFound(SchedlabError):
    """The course's files (chapters, samples) are not beside the package."""


def repository_root() -> Path:
    """The folder that holds ``go_samples/`` and ``chapters/``.

    ``SCHEDLAB_ROOT`` names it where the package is installed without the repository around it.
    """
    named = os.environ.get("SCHEDLAB_ROOT")
    root = Path(named) if named else Path(__file__).resolve().parents[2]
    if not (root / "go_samples").is_dir():
        raise RepositoryNotFound(
            f"no go_samples folder in {root}",
            remedy="Set SCHEDLAB_ROOT to a clone of the course's repository.",
        )
    return root


def cache_folder() -> Path:
    """Built programs and Go's own build cache; safe to delete. ``SCHEDLAB_CACHE`` moves it."""
    named = os.environ.get("SCHEDLAB_CACHE")
    return Path(named) if named else Path(platformdirs.user_cache_dir("schedlab"))


def state_folder() -> Path:
    """What a learner did (predictions, progress); never deleted by schedlab. ``SCHEDLAB_STATE`` moves it."""
    named = os.environ.get("SCHEDLAB_STATE")
    return Path(named) if named else Path(platformdirs.user_state_dir("schedlab"))
