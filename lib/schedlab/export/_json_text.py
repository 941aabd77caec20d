"""JSON text for many rows at once: columns of text pieces, joined row by row in Arrow's memory."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

# An array of texts, one per row, or one text for all rows.
Piece = Any

_NS_OF_US = 1000


def quoted(text: str) -> str:
    """A JSON string. Only ASCII, so that no reader needs to know how the file is encoded."""
    # Half a surrogate pair is no text to a strict reader.
    return json.dumps(text.encode("utf-8", "backslashreplace").decode("utf-8"))


def inner(text: str) -> str:
    """A JSON string without its quotation marks, to put into a larger one."""
    return quoted(text)[1:-1]


def texts(values: Sequence[str]) -> Piece:
    return pa.array(values, pa.large_string())


def taken(table: Piece, rows: npt.NDArray[Any]) -> Piece:
    """``table[rows]``"""
    return table.take(pa.array(rows.astype(np.int64)))


def taken_or_nothing(array: Piece, wanted: npt.NDArray[np.bool_]) -> Piece:
    """The texts where ``wanted``, empty ones elsewhere."""
    return pc.if_else(pa.array(wanted), array, _EMPTY)


def integers(values: npt.NDArray[Any]) -> Piece:
    return pc.cast(pa.array(np.ascontiguousarray(values)), pa.large_string())


def microseconds(ns: npt.NDArray[Any]) -> Piece:
    """Times of the format: µs, exact to the nanosecond, as a number with three decimals."""
    whole, rest = np.divmod(ns.astype(np.int64), _NS_OF_US)
    return joined(integers(whole), taken(_DECIMALS, rest))


def joined(*pieces: Piece) -> Piece:
    return pc.binary_join_element_wise(*map(_large, pieces), _EMPTY)


def appended(first: Piece, second: Piece) -> Piece:
    """The rows of both, one after the other."""
    return pa.concat_arrays([first, second])


def content(array: Piece) -> memoryview:
    """The texts of all rows, one after the other, without a copy."""
    if not len(array):
        return memoryview(b"")
    _, offsets, data = array.buffers()
    at = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
    return memoryview(data)[int(at[0]) : int(at[-1])] if data is not None else memoryview(b"")


def in_order(arrays: list[Piece], ranks: list[npt.NDArray[Any]]) -> Piece:
    """All rows of all arrays, sorted by rank."""
    order = np.argsort(np.concatenate(ranks), kind="stable")
    return taken(pa.concat_arrays(arrays), order)


def _large(piece: Piece) -> Piece:
    return pa.scalar(piece, pa.large_string()) if isinstance(piece, str) else piece


_EMPTY = pa.scalar("", pa.large_string())
_DECIMALS = texts([f".{rest:03d}" for rest in range(_NS_OF_US)])
