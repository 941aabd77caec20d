"""The runtime's structs as they lie in memory, for lessons: today, and how a release changed them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from schedlab import toolchain
from schedlab.capture.xray.errors import XrayError
from schedlab.capture.xray.layout import STRUCTS, Layout, layout_of

_SMALLEST = Path(__file__).parent / "smallest"

Source = toolchain.Toolchain | toolchain.Binary | str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Row:
    """One field; ``offset`` and ``size`` in bytes, ``type`` as DWARF names it."""

    field: str
    type: str
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class StructTable:
    """One struct of one release, ``size`` bytes; fields in the order in which they lie in memory."""

    struct: str
    release: str
    size: int
    rows: tuple[Row, ...]

    @property
    def holes(self) -> int:
        """Bytes that belong to no field: padding."""
        return self.size - sum(row.size for row in self.rows)

    def _repr_html_(self) -> str:
        from html import escape

        body = "".join(
            f"<tr><td>{row.offset}</td><td>{row.size}</td><td>{escape(row.field)}</td>"
            f"<td>{escape(row.type)}</td></tr>"
            for row in self.rows
        )
        title = f"{escape(self.struct)}, {self.size} bytes, {escape(self.release)}"
        return (
            f"<table><caption>{title}</caption><tr><th>offset</th><th>size</th><th>field</th><th>type</th></tr>"
            f"{body}</table>"
        )


@dataclass(frozen=True, slots=True)
class Change:
    """A field that two releases have differently; None where one of them does not have it."""

    field: str
    before: Row | None
    after: Row | None


def layout(struct: str, of: Source | None = None) -> StructTable:
    """``layout("runtime.g")``: field, type, offset and size, for the Go in use, a toolchain or a binary.

    Of a toolchain the smallest program is built, and kept. ``STRUCTS`` in xray.layout names what there is.

    Raises:
        XrayError: no such struct.
        NotAGoBinary, NoLayout: of a binary that says nothing.
    """
    found = _layout_of(of)
    name = struct if "." in struct else f"runtime.{struct}"
    if name not in found.structs:
        raise XrayError(f"there is no layout of {struct}", remedy=f"Structs: {', '.join(STRUCTS)}.")
    one = found.structs[name]
    rows = tuple(Row(field.name, field.type, field.offset, field.size) for field in one.fields)
    return StructTable(name, found.release, one.size, rows)


def changes(before: StructTable, after: StructTable) -> tuple[Change, ...]:
    """The fields that came, went, or have another type or size, in ``after``'s order, gone ones last.

    That a field moved because one before it grew is no change of it; nor that its type's package has another
    place, as that of the runtime's atomics since Go 1.23.
    """
    return tuple(_changes(before, after))


def _changes(before: StructTable, after: StructTable) -> Iterator[Change]:
    old = {row.field: row for row in before.rows}
    for row in after.rows:
        was = old.pop(row.field, None)
        if was is None or (_type(was), was.size) != (_type(row), row.size):
            yield Change(row.field, was, row)
    for row in old.values():
        yield Change(row.field, row, None)


def _type(row: Row) -> str:
    return row.type.replace("runtime/internal/", "internal/runtime/")


def _layout_of(of: Source | None) -> Layout:
    match of:
        case toolchain.Binary():
            return layout_of(of.path)
        case None | toolchain.Toolchain():
            return layout_of(toolchain.build(_SMALLEST, toolchain=of).path)
        case _:
            return layout_of(Path(of))
