"""What several rooms' tests share."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

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
