"""What several rooms' tests share."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from schedlab.capture.pprof import Frame, Profile

Stack = tuple[str, ...]

# No test decides by a wall time, and a shrunk example must come again on the next run.
hypothesis.settings.register_profile("course", deadline=None, print_blob=True)
hypothesis.settings.load_profile("course")

# Whoever started the tests in the background may have interrupts ignored, and what the tests start would
# inherit that. A handler, unlike "ignored", is not inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Not files of the tree: the first two do not build, the third not everywhere, and vet would say so each time.
_PROGRAMS = {
    "broken": "package main\n\nfunc main() {\n\tprintln(missing)\n}\n",
    "notmain": "package notmain\n",
    "usescgo": """package main

// static int six(void) { return 6; }
import "C"

import "fmt"

func main() {
	fmt.Println(C.six() * 7)
}
""",
}


@pytest.fixture(scope="session")
def odd_programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Go module with the programs ``broken`` (does not compile), ``notmain`` and ``usescgo``."""
    module = tmp_path_factory.mktemp("odd") / "testdata"
    module.mkdir()
    (module / "go.mod").write_text("module testdata\n\ngo 1.24\n")
    for name, source in _PROGRAMS.items():
        (module / name).mkdir()
        (module / name / "main.go").write_text(source)
    return module


@pytest.fixture(scope="session")
def new_profile() -> Callable[..., Profile]:
    """Call it for a profile with one sample type; see ``_profile``."""
    return _profile


def _profile(
    samples: Mapping[Stack, int] | Iterable[tuple[Stack, int]],
    kind: str = "cpu",
    unit: str = "count",
    frame: Callable[[str], Frame] | None = None,
) -> Profile:
    """Stacks from the root on, as often as they come, each with a value; ``frame`` makes one of a name."""
    import numpy as np

    from schedlab.capture.pprof import Frame, Profile, ValueType

    rows = list(samples.items() if isinstance(samples, Mapping) else samples)
    different: dict[Stack, int] = {}
    numbers = [different.setdefault(stack, len(different)) for stack, _ in rows]
    made = frame or (lambda name: Frame(name, "", 0, "", 0, None))
    return Profile(
        sample_types=(ValueType(kind, unit),),
        default_sample_type=kind,
        values=np.array([value for _, value in rows], dtype=np.int64).reshape(-1, 1),
        stack_ids=np.array(numbers, dtype=np.int64),
        stacks=tuple(tuple(made(name) for name in reversed(stack)) for stack in different),
        labels=((),) * len(rows),
        period=0,
        period_type=ValueType("", ""),
        time_ns=0,
        duration_ns=0,
        comments=(),
        drop_frames="",
        keep_frames="",
        doc_url="",
        object_files=(),
    )
