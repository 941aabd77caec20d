"""What the compiler makes of a small program: its machine instructions, function by function."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from schedlab.claims.rig import Rig
from schedlab.errors import SchedlabError

_HEAD = re.compile(r"main\.(\w+) STEXT")
_LINE = re.compile(r"\t0x[0-9a-f]+ (\d+) \([^)]*\)\t(\S+)(?:\t(.*))?")
_NO_INSTRUCTIONS = {"PCDATA", "FUNCDATA", "TEXT", "NOP"}


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: offset in its function in bytes, name, operands as the compiler prints them."""

    offset: int
    name: str
    operands: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The instructions of one function of package main."""

    function: str
    instructions: tuple[Instruction, ...]

    def calls(self, function: str) -> int:
        """How many calls there are to functions whose name contains ``function``."""
        return sum(one.name in ("CALL", "BL") and function in one.operands for one in self.instructions)

    def checks(self) -> tuple[int, ...]:
        """Places in ``instructions`` of the branches that lead to a call of morestack, in order.

        The code that calls it stands at the function's end, behind its last return.
        """
        call = next((at for at, one in enumerate(self.instructions) if "morestack" in one.operands), None)
        if call is None:
            return ()
        returns = [at for at, one in enumerate(self.instructions[:call]) if one.name == "RET"]
        begin = self.instructions[returns[-1] + 1].offset if returns else self.instructions[call].offset
        blocks = {str(offset) for offset in range(begin, self.instructions[call].offset + 1)}
        return tuple(at for at, one in enumerate(self.instructions[:call]) if one.operands in blocks)

    def first(self, *names: str) -> int:
        """The place of the first instruction of these names; past the end if there is none."""
        found = (at for at, one in enumerate(self.instructions) if one.name in names)
        return next(found, len(self.instructions))


def compiled(rig: Rig, program: str) -> dict[str, Listing]:
    """The functions of ``program`` (the text of a package main), by name.

    Raises:
        SchedlabError: the compiler printed no listing that is understood.
    """
    with rig.program(program) as folder:
        said = rig.command("go build -gcflags=-S -o program .", folder).stderr
    found = {listing.function: listing for listing in _listings(said)}
    if not found:
        raise SchedlabError(f"{rig.toolchain.release} printed no listing: {said[-500:]}")
    return found


def _listings(text: str) -> Iterator[Listing]:
    name, instructions = "", list[Instruction]()
    for line in text.splitlines():
        if head := _HEAD.match(line):
            if name:
                yield Listing(name, tuple(instructions))
            name, instructions = head[1], []
        elif (found := _LINE.match(line)) and name and found[2] not in _NO_INSTRUCTIONS:
            instructions.append(Instruction(int(found[1]), found[2], found[3] or ""))
    if name:
        yield Listing(name, tuple(instructions))
