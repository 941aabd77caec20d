"""Columns as Python packs them are what JavaScript unpacks."""

from __future__ import annotations

import json
import struct
import subprocess
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from schedlab.course import js
from schedlab.errors import UsageError
from schedlab.places import repository_root
from schedlab.view.widgets import blob

TYPES = {
    "bool": "Uint8Array",
    "uint8": "Uint8Array",
    "int8": "Int8Array",
    "uint16": "Uint16Array",
    "int16": "Int16Array",
    "uint32": "Uint32Array",
    "int32": "Int32Array",
    "int64": "Float64Array",
    "uint64": "Float64Array",
    "float32": "Float64Array",
    "float64": "Float64Array",
}

Column = npt.NDArray[Any]


class Decoder:
    """Node.js, once for all blobs of a test: a line with a file's name in, a line of JSON out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, *blobs: bytes) -> list[Any]:
        files = [self._folder / f"{number}.blob" for number in range(len(blobs))]
        for file, content in zip(files, blobs, strict=True):
            file.write_bytes(content)
        done = subprocess.run(
            [str(js.node()), "test/decode_blobs.js"],
            cwd=js.sources(repository_root()),
            input="".join(f"{file}\n" for file in files),
            env=js.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return [json.loads(line) for line in done.stdout.split("\n")[:-1]]


@pytest.fixture
def decoded(tmp_path: Path) -> Decoder:
    return Decoder(tmp_path)


def expected(columns: dict[str, Column]) -> list[list[str]]:
    told = []
    for name, values in columns.items():
        wide = TYPES[values.dtype.name] == "Float64Array"
        told.append(
            [name, TYPES[values.dtype.name], values.astype("<f8" if wide else values.dtype).tobytes().hex()]
        )
    return told


def columns_of(dtype: str, lengths: st.SearchStrategy[int]) -> st.SearchStrategy[Column]:
    limits: dict[str, Any] = {"min_value": -blob.EXACT, "max_value": blob.EXACT} if dtype == "int64" else {}
    limits = {"max_value": blob.EXACT} if dtype == "uint64" else limits
    # Half of the columns stay in a narrow band, as columns of a trace do.
    elements: st.SearchStrategy[Any] = arrays.from_dtype(np.dtype(dtype), **limits)
    if dtype not in ("bool", "float32", "float64"):
        elements = st.one_of(elements, st.integers(0, 200)) if dtype != "int8" else elements
    return arrays.arrays(dtype, lengths, elements=elements)


@st.composite
def packages(draw: st.DrawFn) -> tuple[dict[str, Column], Any, list[str]]:
    names = draw(st.lists(st.text(max_size=8), unique=True, max_size=5))
    columns = {
        name: draw(columns_of(draw(st.sampled_from(list(TYPES))), st.integers(0, 40))) for name in names
    }
    integers = [name for name, values in columns.items() if values.dtype.kind in "iu"]
    gaps = draw(st.lists(st.sampled_from(integers), unique=True)) if integers else []
    scalars = st.none() | st.booleans() | st.integers(-blob.EXACT, blob.EXACT) | st.text(st.characters())
    meta = draw(st.dictionaries(st.text(), st.recursive(scalars, lambda inner: st.lists(inner, max_size=3))))
    return columns, meta, gaps


def test_what_is_packed_is_unpacked(decoded: Decoder) -> None:
    """Blobs that hypothesis invents, all decoded by one Node.js."""
    cases: list[tuple[bytes, dict[str, Column], Any]] = []

    @settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(packages())
    def invent(package: tuple[dict[str, Column], Any, list[str]]) -> None:
        columns, meta, gaps = package
        cases.append((blob.encode("kind", columns, meta, gaps=gaps), columns, meta))

    invent()
    answers = decoded(*(packed for packed, _, _ in cases))
    assert len(answers) == len(cases) >= 100
    for answer, (_, columns, meta) in zip(answers, cases, strict=True):
        # An object of JavaScript has names that look like numbers first.
        answer["columns"].sort()
        assert answer == {"kind": "kind", "meta": meta, "columns": sorted(expected(columns))}


EXTREMES = {
    "ordered times": (np.array([0, 5, 5, 2**33, blob.EXACT]), True),
    "back and forth over the whole range": (np.array([blob.EXACT, -blob.EXACT, blob.EXACT]), True),
    "lanes one after the other": (np.tile(np.arange(0, 10**9, 10**7), 3), True),
    "uint32 with large steps down": (np.array([0, 2**32 - 1, 0, 7], np.uint32), True),
    "int8 both ends": (np.array([-128, 127, -128], np.int8), True),
    "negative int64": (np.array([-1, -(2**31), -(2**31) - 1, -blob.EXACT]), False),
    "big-endian": (np.array([1, 256, 65536], ">u4"), False),
    "every second one": (np.arange(20, dtype=np.int32)[::2], False),
    "unsigned beyond int64's half": (np.array([2**53, 1], np.uint64), False),
    "signs and specials": (np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324]), False),
    "empty": (np.array([], np.int64), True),
}


def test_extremes(decoded: Decoder) -> None:
    packed = [
        blob.encode("k", {"c": values}, gaps=["c"] if gaps else []) for values, gaps in EXTREMES.values()
    ]
    for name, answer in zip(EXTREMES, decoded(*packed), strict=True):
        values = EXTREMES[name][0]
        native = {"c": values.astype(values.dtype.newbyteorder("="))}
        assert answer["columns"] == expected(native), name


def test_times_in_order_travel_as_narrow_differences() -> None:
    times = np.arange(1_000_000, dtype=np.int64) * 1000
    packed = blob.encode("k", {"start": times}, gaps=["start"])
    assert described(packed)["columns"] == [
        {"name": "start", "type": "f64", "stored": "u16", "length": 1_000_000, "delta": True}
    ]
    assert len(packed) < 20_000
    assert described(blob.encode("k", {"start": times}))["columns"][0]["stored"] == "u32"


def test_shuffled_bytes_follow_the_documented_layout() -> None:
    packed = blob.encode(
        "k", {"a": np.array([0x0102, 0x0304], np.uint16), "b": np.array([7], np.uint8)}, {"m": 1}
    )
    length = struct.unpack("<I", packed[4:8])[0]
    assert packed[:4] == b"SLB1"
    assert zlib.decompress(packed[8 + length :]) == b'{"m":1}' + bytes([2, 4, 1, 3, 7])


def test_what_javascript_could_not_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in (2**53 + 1, -(2**53) - 1):
        with pytest.raises(UsageError, match=r"'t' has integers beyond 2\*\*53"):
            blob.encode("k", {"t": np.array([0, wrong])})
        with pytest.raises(UsageError, match="plain JSON"):
            blob.encode("k", {}, {"id": [wrong]})
    for array in (np.zeros((2, 2)), np.array(["a"]), np.array([1j]), np.array([None]), np.array(3)):
        with pytest.raises(UsageError, match="column 'c'"):
            blob.encode("k", {"c": array})
    for meta in ({"a": np.int64(1)}, {"a": float("nan")}, {"a": b""}, {"a": {1, 2}}):
        with pytest.raises(UsageError, match="plain JSON"):
            blob.encode("k", {}, meta)
    with pytest.raises(UsageError, match="'x', which is not there"):
        blob.encode("k", {}, gaps=["x"])
    with pytest.raises(UsageError, match="only integers"):
        blob.encode("k", {"c": np.array([1.5])}, gaps=["c"])
    monkeypatch.setattr(blob, "LIMIT_BYTES", 1000)
    blob.encode("k", {"c": np.zeros(990, np.uint8)})
    with pytest.raises(blob.TooMuchToShow, match="browser gets at most") as caught:
        blob.encode("k", {"c": np.zeros(1001, np.uint8)})
    assert "window" in caught.value.remedy


def test_damaged_blobs_are_named_errors(decoded: Decoder) -> None:
    good = blob.encode("k", {"a": np.arange(1000), "b": np.ones(10)}, {"text": "x" * 100}, gaps=["a"])
    length = struct.unpack("<I", good[4:8])[0]
    damage: dict[str, Callable[[], Iterator[bytes]]] = {
        "cut": lambda: (good[:size] for size in range(0, len(good), 7)),
        "longer than it says": lambda: iter([with_header(good, shorter)]),
        "shorter than it says": lambda: iter([with_header(good, longer)]),
        "another version": lambda: iter([with_header(good, lambda head: {**head, "version": 2})]),
        "no length": lambda: iter([with_header(good, lambda head: {**head, "meta": -1})]),
        "no columns": lambda: iter([with_header(good, lambda head: {**head, "columns": None})]),
        "another type": lambda: iter([with_header(good, lambda head: retyped(head, "constructor"))]),
        "trailing bytes": lambda: iter([good + b"x"]),
        "not a blob": lambda: iter([b"GIF89a..." * 5]),
        "flipped bits in the stream": lambda: (
            good[:at] + bytes([good[at] ^ 0x55]) + good[at + 1 :] for at in range(8 + length, len(good), 11)
        ),
    }
    cases = [(name, damaged) for name, make in damage.items() for damaged in make()]
    for (name, _), answer in zip(cases, decoded(*(damaged for _, damaged in cases)), strict=True):
        assert answer.get("error", "").startswith("BlobError: "), name
    assert "error" not in decoded(good)[0]


def described(packed: bytes) -> Any:
    return json.loads(packed[8 : 8 + struct.unpack("<I", packed[4:8])[0]])


def with_header(packed: bytes, change: Callable[[Any], Any]) -> bytes:
    rest = packed[8 + struct.unpack("<I", packed[4:8])[0] :]
    header = json.dumps(change(described(packed))).encode()
    return packed[:4] + struct.pack("<I", len(header)) + header + rest


def shorter(header: Any) -> Any:
    return {**header, "columns": header["columns"][:1]}


def longer(header: Any) -> Any:
    return {**header, "columns": [*header["columns"], header["columns"][0]]}


def retyped(header: Any, name: str) -> Any:
    return {**header, "columns": [{**header["columns"][0], "type": name}]}
