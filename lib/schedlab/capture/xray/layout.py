"""Where the runtime of a Go binary keeps G, M and P: offsets and addresses, from its DWARF and symbols.

The Go linker puts all type descriptions into units named ``runtime`` (``dwarfGenerateDebugInfo`` in
cmd/link/internal/ld/dwarf.go), so one or two units are read, not the whole of it. The addresses of variables
are in the symbol table. What was read is kept by build id: the next time takes milliseconds.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from elftools.common.exceptions import ELFError
from elftools.dwarf.compileunit import CompileUnit
from elftools.dwarf.die import DIE
from elftools.elf.elffile import ELFFile

from schedlab.capture.xray.errors import NoLayout, NotAGoBinary
from schedlab.places import cache_folder

STRUCTS = (
    "runtime.g",
    "runtime.m",
    "runtime.p",
    "runtime.schedt",
    "runtime.gobuf",
    "runtime.stack",
    "runtime.gQueue",
)
# What a program has only if it uses a sync.Pool.
POOL_STRUCTS = (
    "sync.Pool",
    "sync.poolLocal",
    "sync.poolLocalInternal",
    "sync.poolChain",
    "sync.poolChainElt",
    "sync.poolDequeue",
)
POOL_VARIABLES = ("sync.allPools", "sync.oldPools")
VARIABLES = ("runtime.allglen", "runtime.allgptr", "runtime.allp", "runtime.allm", "runtime.sched")
TABLES = ("runtime.waitReasonStrings", "runtime.text", "runtime.etext", "runtime.pclntab", "runtime.epclntab")

_FORMAT = 5
_SYMBOL = np.dtype(
    [("name", "<u4"), ("info", "u1"), ("other", "u1"), ("section", "<u2"), ("value", "<u8"), ("size", "<u8")]
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field: ``type`` as DWARF names it, ``offset`` and ``size`` in bytes."""

    name: str
    type: str
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Struct:
    """One struct of the runtime, ``size`` in bytes; fields in the order in which they lie in memory."""

    name: str
    size: int
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field | None:
        """The field of that name; None in a release that has none of it."""
        return next((field for field in self.fields if field.name == name), None)


@dataclass(frozen=True, slots=True)
class Symbol:
    """Where the linker put a variable, and its size in bytes. Add the load offset of a running program."""

    address: int
    size: int


@dataclass(frozen=True, slots=True)
class Layout:
    """What X-ray must know of one binary: structs and variables by name, the program's entry point.

    ``pclntab`` is where the file has the table of functions and lines: offset and size in bytes.
    """

    key: str
    release: str
    entry: int
    pclntab: tuple[int, int] | None
    structs: Mapping[str, Struct]
    symbols: Mapping[str, Symbol]

    def place(self, struct: str, *path: str) -> tuple[int, int] | None:
        """Offset and size of a field, or of a field in a field; None in a release that lacks it."""
        offset, size = 0, 0
        for name in path:
            field = self.structs[struct].field(name) if struct in self.structs else None
            if field is None:
                return None
            offset, size, struct = offset + field.offset, field.size, field.type
        return offset, size


def layout_of(binary: Path, *, called: str = "") -> Layout:
    """The layout of a Go binary, from the cache if this build was read before; errors name it ``called``.

    Raises:
        NotAGoBinary: no ELF file, or none that Go built.
        NoLayout: it was linked without DWARF (``-ldflags=-w`` or ``-s``) or lacks a part that is needed.
    """
    try:
        with binary.open("rb") as file:
            return _cached(file, called or str(binary))
    except (OSError, ELFError) as error:
        raise NotAGoBinary(
            f"{called or binary} cannot be read as an ELF binary: {error}",
            remedy="Name a Go program for Linux, or its process id.",
        ) from error


def _cached(file: BinaryIO, binary: str) -> Layout:
    elf = ELFFile(file)
    built = elf.get_section_by_name(".go.buildinfo")
    if built is None:
        raise NotAGoBinary(f"{binary} was not built by Go", remedy="Name a Go program, or its process id.")
    if elf.elfclass != 64 or not elf.little_endian:
        raise NoLayout(
            f"{binary} is for a machine that X-ray does not know", remedy="Build for amd64 or arm64."
        )
    key = _key(elf)
    kept = cache_folder() / "xray" / f"{key}.json"
    try:
        return _from_json(json.loads(kept.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        layout = _read(elf, binary, key, _release(built.data()))
    _keep(layout, kept)
    return layout


def _keep(layout: Layout, kept: Path) -> None:
    """Whole or not at all. A cache that cannot be written costs time and nothing else."""
    scratch = kept.with_suffix(f".{os.getpid()}.{id(layout):x}")
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        scratch.write_text(json.dumps({"format": _FORMAT, **asdict(layout)}), encoding="utf-8")
        scratch.replace(kept)
    except OSError:
        scratch.unlink(missing_ok=True)


def _from_json(kept: Any) -> Layout:
    if kept.pop("format") != _FORMAT:
        raise ValueError("of another format")
    structs = {
        name: Struct(one["name"], one["size"], tuple(Field(**field) for field in one["fields"]))
        for name, one in kept.pop("structs").items()
    }
    symbols = {name: Symbol(**symbol) for name, symbol in kept.pop("symbols").items()}
    pclntab = kept.pop("pclntab")
    return Layout(structs=structs, symbols=symbols, pclntab=pclntab and tuple(pclntab), **kept)


def _key(elf: ELFFile) -> str:
    """Names the build. Go's build id can be left out (``-ldflags=-buildid=``): symbols are part of it."""
    digest = hashlib.blake2b(digest_size=16)
    for name in (".note.go.buildid", ".note.gnu.build-id", ".go.buildinfo", ".symtab"):
        section = elf.get_section_by_name(name)
        digest.update(name.encode() + (section.data() if section is not None else b""))
    return digest.hexdigest()


def _read(elf: ELFFile, binary: str, key: str, release: str) -> Layout:
    if not elf.has_dwarf_info():
        raise NoLayout(
            f"{binary} holds no DWARF: it does not say where its runtime keeps G, M and P",
            remedy="Build it without -ldflags=-w and -s, and do not strip it.",
        )
    structs = dict(_structs(elf))
    symbols = _symbols(elf)
    missing = [name for name in STRUCTS if name not in structs]
    missing += [name for name in VARIABLES if name not in symbols]
    if missing:
        raise NoLayout(
            f"{binary} does not describe {', '.join(missing)}",
            remedy="Build it without -ldflags=-w and -s, do not strip it, and use Go 1.22 or newer.",
        )
    return Layout(key, release, elf.header["e_entry"], _pclntab(elf, symbols), structs, symbols)


def _pclntab(elf: ELFFile, symbols: Mapping[str, Symbol]) -> tuple[int, int] | None:
    """Where the loader takes it from. Its section has another name in a PIE of older releases."""
    begin, end = symbols.get("runtime.pclntab"), symbols.get("runtime.epclntab")
    if begin is None or end is None:
        return None
    for segment in elf.iter_segments(type="PT_LOAD"):
        into = begin.address - segment["p_vaddr"]
        if into >= 0 and end.address <= segment["p_vaddr"] + segment["p_filesz"]:
            return segment["p_offset"] + into, end.address - begin.address
    return None


def _symbols(elf: ELFFile) -> dict[str, Symbol]:
    """Of a large program hundreds of thousands are there: found by their names' places, not one by one."""
    section = elf.get_section_by_name(".symtab")
    if section is None:
        return {}
    table = np.frombuffer(section.data(), _SYMBOL)
    texts = elf.get_section(section["sh_link"]).data()
    found = {}
    for name in (*VARIABLES, *TABLES, *POOL_VARIABLES):
        # The linker may let a name begin within a longer one that ends alike.
        at = texts.find(name.encode() + b"\0")
        while at >= 0:
            rows = np.flatnonzero((table["name"] == at) & (table["section"] != 0))
            if len(rows):
                found[name] = Symbol(int(table["value"][rows[0]]), int(table["size"][rows[0]]))
                break
            at = texts.find(name.encode() + b"\0", at + 1)
    return found


def _release(built: bytes) -> str:
    """The release that .go.buildinfo names (debug/buildinfo, Go 1.18 and newer); empty if it names none."""
    size, shift, at = 0, 0, 32
    while at < len(built):
        size, shift, at = size | (built[at] & 0x7F) << shift, shift + 7, at + 1
        if built[at - 1] < 0x80:
            break
    name = built[at : at + size].decode("utf-8", "replace")
    return name if "go" in name else ""


def _structs(elf: ELFFile) -> Iterator[tuple[str, Struct]]:
    dwarf = elf.get_dwarf_info(relocate_dwarf_sections=False)
    wanted = {*STRUCTS, *POOL_STRUCTS}
    for unit in dwarf.iter_CUs():
        if not wanted:
            return
        if _name(unit.get_top_DIE()) != "runtime" or not _describes_types(unit):
            continue
        for die in unit.get_top_DIE().iter_children():
            name = _name(die)
            if die.tag == "DW_TAG_structure_type" and name in wanted:
                wanted.discard(name)
                yield name, Struct(name, _size(die), tuple(_fields(die)))


def _describes_types(unit: CompileUnit) -> bool:
    """A unit with types has one function before them, one with functions has more: the second tells."""
    second = next(islice(unit.get_top_DIE().iter_children(), 1, None), None)
    return second is not None and second.tag != "DW_TAG_subprogram"


def _fields(struct: DIE) -> Iterator[Field]:
    for member in struct.iter_children():
        if member.tag == "DW_TAG_member":
            of_type = member.get_DIE_from_attribute("DW_AT_type")
            offset = member.attributes["DW_AT_data_member_location"].value
            yield Field(_name(member), _name(of_type), offset, _size(of_type))


def _size(die: DIE) -> int:
    while "DW_AT_byte_size" not in die.attributes:
        if die.tag == "DW_TAG_pointer_type":
            return 8
        die = die.get_DIE_from_attribute("DW_AT_type")
    return int(die.attributes["DW_AT_byte_size"].value)


def _name(die: DIE) -> str:
    found = die.attributes.get("DW_AT_name")
    return found.value.decode("utf-8", "replace") if found else ""
