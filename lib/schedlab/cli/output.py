"""How the command prints: records as JSON, tables as aligned text."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Commands = object


def plain(value: Any) -> Any:
    """``value`` in terms of JSON: dataclasses and mappings as objects, arrays as lists, paths as text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)


def print_json(value: Any) -> None:
    """One document, readable by people and programs."""
    json.dump(plain(value), sys.stdout, indent=1, ensure_ascii=False)
    print()


def print_json_lines(records: Iterable[Mapping[str, Any]]) -> None:
    """A document per line, as they come."""
    for record in records:
        print(json.dumps(record, ensure_ascii=False))


def print_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Columns as wide as their widest cell, numbers to the right."""
    cells = [[visible(str(cell)) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [list(header), *cells]) for i in range(len(header))]
    for row in [list(header), *cells]:
        print("  ".join(_aligned(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip())


def visible(text: str) -> str:
    """Text of a program, with what would steer a terminal shown instead of obeyed."""
    return "".join(_visible_characters(text))


def visible_lines(text: str) -> str:
    """The same of several lines, which stay lines."""
    return "\n".join(map(visible, text.split("\n")))


def _visible_characters(text: str) -> Iterator[str]:
    for character in text:
        yield character if character.isprintable() or character == "\t" else repr(character)[1:-1]


def _aligned(cell: str, width: int) -> str:
    return cell.rjust(width) if cell.lstrip("-").replace(".", "", 1).isdigit() else cell.ljust(width)
