"""The colour of each state, the same in every picture of a Timeline.

They are told apart by lightness as well as by hue, with normal sight and with simulated deuteranopia and
protanopia, and dark text can stand on each. A picture never tells by colour alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from schedlab.timeline.enums import State

GREY: Final = "#dddddd"
YELLOW: Final = "#ffff8c"
CYAN: Final = "#59deff"
ORANGE: Final = "#ffa826"
TEAL: Final = "#3eb29b"
BLUE: Final = "#2297e6"
FILLS: Final = (GREY, YELLOW, CYAN, ORANGE, TEAL, BLUE)

OF_STATE: Final[Mapping[State, str]] = MappingProxyType(
    {
        State.UNKNOWN: "#ffffff",
        State.RUNNABLE: ORANGE,
        State.RUNNING: BLUE,
        State.WAITING: CYAN,
        State.SYSCALL: TEAL,
        State.IDLE: GREY,
        State.SCHEDULING: YELLOW,
    }
)
