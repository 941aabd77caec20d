"""Columns of numbers, and a little JSON, as one block of bytes that a browser reads quickly.

The reader is ``lib/js/src/blob.js``. The layout, all integers little-endian::

    "SLB1"                      4 bytes
    length of the header        u32
    header                      JSON: {"version": 1, "kind": …, "meta": bytes of the meta JSON,
                                       "columns": [{"name", "type", "stored", "length", "delta"}, …]}
    one zlib stream of          the meta JSON, then each column

``type`` is what JavaScript gets (u8 i8 u16 i16 u32 i32 f64), ``stored`` what travels: the narrowest that
holds the values, or i64. With ``delta``, differences travel, the first one from 0. The bytes of a column are
shuffled: all lowest bytes, then all second ones, and so on, because like goes better with like into zlib.

zlib's level 4 was measured on the spans of a real trace (1M rows, ten columns, 28 MB): 0.16 s and 2.3 MB,
where level 1 takes 0.11 s for 3.0 MB, level 6 takes 0.45 s for 1.9 MB, and run-length coding alone 0.10 s for
4.7 MB.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from schedlab.errors import SchedlabError, UsageError

LIMIT_BYTES: Final = 320 << 20
"""Of columns and meta before compression. What no compression helps is then 447 MB of text in a page, and a
browser's longest text has 536 MB."""

EXACT: Final = 2**53
"""JavaScript's numbers are exact up to here."""

_MAGIC: Final = b"SLB1"
_VERSION: Final = 1
_LEVEL: Final = 4

_Numbers = npt.NDArray[np.generic]

# In the order in which they are tried.
_STORED: Final[Mapping[str, np.dtype[Any]]] = {
    name: np.dtype(code)
    for name, code in {
        "u8": "u1",
        "i8": "i1",
        "u16": "<u2",
        "i16": "<i2",
        "u32": "<u4",
        "i32": "<i4",
        "i64": "<i8",
    }.items()
}


class TooMuchToShow(SchedlabError):
    """A view would need more bytes than a browser can take."""


@dataclass(frozen=True, slots=True)
class _Column:
    """``values`` as they travel; ``type`` is what they become, ``delta`` whether they are differences."""

    name: str
    type: str
    values: _Numbers
    delta: bool

    @property
    def described(self) -> dict[str, str | int | bool]:
        return {
            "name": self.name,
            "type": self.type,
            "stored": _short_name(self.values.dtype),
            "length": len(self.values),
            "delta": self.delta,
        }

    @property
    def shuffled(self) -> bytes:
        size = self.values.dtype.itemsize
        little_endian = np.ascontiguousarray(self.values, self.values.dtype.newbyteorder("<"))
        return little_endian.view(np.uint8).reshape(-1, size).T.tobytes()


def encode(
    kind: str,
    columns: Mapping[str, npt.ArrayLike],
    meta: Mapping[str, Any] | None = None,
    *,
    gaps: Collection[str] = (),
) -> bytes:
    """Pack ``columns`` (one-dimensional arrays of numbers) and ``meta`` (what JSON can say) for the browser.

    bool becomes a Uint8Array, integers of up to 32 bits their own typed array, int64, uint64 and floats a
    Float64Array. Of integer columns named in ``gaps`` the differences travel: right for times in order.

    Raises:
        TooMuchToShow: more than ``LIMIT_BYTES``.
        UsageError: a column is not one-dimensional or not of numbers, an integer is beyond 2**53, or
            ``meta`` is not JSON.
    """
    text = _json(meta or {})
    unknown = sorted(set(gaps) - set(columns))
    if unknown:
        raise UsageError(f"gaps names the column {unknown[0]!r}, which is not there")
    packed = [_packed(name, np.asarray(values), name in gaps) for name, values in columns.items()]
    _refuse_too_much(len(text) + sum(column.values.nbytes for column in packed))
    header = _json(
        {
            "version": _VERSION,
            "kind": kind,
            "meta": len(text),
            "columns": [column.described for column in packed],
        }
    )
    stream = zlib.compressobj(_LEVEL)
    parts = [stream.compress(text), *(stream.compress(column.shuffled) for column in packed), stream.flush()]
    return b"".join((_MAGIC, struct.pack("<I", len(header)), header, *parts))


def _refuse_too_much(size: int) -> None:
    if size > LIMIT_BYTES:
        raise TooMuchToShow(
            f"this view needs {size / 1e6:,.0f} MB; a browser gets at most {LIMIT_BYTES / 1e6:,.0f} MB",
            remedy="Show less: a shorter window of time, or only some goroutines, Ps or functions.",
        )


def _packed(name: str, values: _Numbers, gaps: bool) -> _Column:
    if values.ndim != 1 or values.dtype.kind not in "biuf" or values.dtype.itemsize > 8:
        raise UsageError(
            f"column {name!r} is {values.dtype} of {values.ndim} dimensions; it must be numbers in one"
        )
    if values.dtype.kind == "f":
        if gaps:
            raise UsageError(f"column {name!r} is {values.dtype}; only integers travel as differences")
        return _Column(name, "f64", values.astype(np.float64, copy=False), delta=False)
    if values.dtype.kind == "b":
        values = values.view(np.uint8)
    kind = "f64" if values.dtype.itemsize == 8 else _short_name(values.dtype)
    if values.dtype.itemsize == 8:
        values = _exact(name, values)
    if gaps and values.size:
        differences = np.diff(values.astype(np.int64, copy=False), prepend=np.int64(0))
        # JavaScript adds them up in its own numbers.
        if differences.min() >= -EXACT and differences.max() <= EXACT:
            return _Column(name, kind, _narrowed(differences), delta=True)
    return _Column(name, kind, _narrowed(values), delta=False)


def _exact(name: str, values: _Numbers) -> npt.NDArray[np.int64]:
    if values.size and (int(values.min()) < -EXACT or int(values.max()) > EXACT):
        raise UsageError(
            f"column {name!r} has integers beyond 2**53, which JavaScript cannot tell apart",
            remedy="Count times from the beginning of the trace.",
        )
    return values.astype(np.int64, copy=False)


def _narrowed(values: _Numbers) -> _Numbers:
    """The same integers in the narrowest type that holds them all."""
    if values.dtype.itemsize == 1 or not values.size:
        return values
    low, high = int(values.min()), int(values.max())
    for dtype in _STORED.values():
        limits = np.iinfo(dtype)
        if limits.min <= low and high <= limits.max:
            return values.astype(dtype, copy=False)
    raise AssertionError("int64 holds them")


def _short_name(dtype: np.dtype[Any]) -> str:
    return f"{dtype.kind}{8 * dtype.itemsize}"


def _json(value: object) -> bytes:
    """ASCII, so that a text that is no UTF-8 (a lone surrogate) arrives as it is.

    Raises:
        UsageError: JSON cannot say it, or it has an integer that JavaScript cannot hold.
    """
    try:
        text = json.dumps(value, allow_nan=False, separators=(",", ":"))
        json.loads(text, parse_int=_small_enough)
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"a view's meta must be plain JSON: {error}") from error
    return text.encode("ascii")


def _small_enough(digits: str) -> int:
    if abs(int(digits)) > EXACT:
        raise ValueError(f"{digits} is beyond 2**53")
    return int(digits)
