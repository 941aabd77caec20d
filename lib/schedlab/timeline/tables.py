"""The spans as an Arrow table, and as one for pandas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schedlab.timeline.columns import Rows
from schedlab.timeline.enums import KEPT_P, NOBODY, OPEN_END, OPEN_START, Lane, State

if TYPE_CHECKING:
    import pandas as pd

    from schedlab.timeline.model import Timeline


def to_arrow(timeline: Timeline) -> pa.Table:
    """What ``Timeline.to_arrow`` promises."""
    spans = timeline.spans
    code_of_stack, functions = _functions(timeline)
    leaf, leaf_at_end = timeline.leaf_function[spans["stack"]], timeline.leaf_function[spans["end"]]
    # Row -1 is the last one: the 0 that stands for nothing.
    threads = np.array([*timeline.threads, 0], dtype=np.int64)
    goroutines = np.append(timeline.goroutines["id"], np.int64(0))
    columns = {
        "lane": _words(spans["lane"], [lane.name for lane in Lane]),
        "id": pa.array(_ids(timeline, threads)),
        "state": _words(spans["state"], [state.name for state in State]),
        "start_ns": pa.array(spans["start"]),
        "dur_ns": pa.array(spans["dur"]),
        "p": _where(spans["p"] != NOBODY, spans["p"]),
        "thread": _where(spans["m"] != NOBODY, threads[spans["m"]]),
        "reason": _words(spans["reason"], timeline.reasons, spans["reason"] != 0),
        "cause": _where(spans["cause"] != NOBODY, goroutines[spans["cause"]]),
        "function": _words(code_of_stack[spans["stack"]], functions, leaf != 0),
        "end_function": _words(code_of_stack[spans["end"]], functions, leaf_at_end != 0),
        "stack": _where(spans["stack"] != 0, spans["stack"]),
        "end_stack": _where(spans["end"] != 0, spans["end"]),
        **{
            name: _boolean((spans["flags"] & bit) != 0)
            for name, bit in (("open_start", OPEN_START), ("open_end", OPEN_END), ("kept_p", KEPT_P))
        },
    }
    always = {"lane", "id", "state", "start_ns", "dur_ns", "open_start", "open_end", "kept_p"}
    fields = [pa.field(name, column.type, nullable=name not in always) for name, column in columns.items()]
    return pa.Table.from_arrays(list(columns.values()), schema=pa.schema(fields))


def to_pandas(timeline: Timeline) -> pd.DataFrame:
    """What ``Timeline.to_pandas`` promises."""
    import pandas as pd

    table = to_arrow(timeline)
    nullable = {pa.int16(): pd.Int16Dtype(), pa.int64(): pd.Int64Dtype(), pa.uint32(): pd.UInt32Dtype()}
    return pd.DataFrame(
        {
            field.name: table.column(field.name).to_pandas(
                types_mapper=nullable.get if field.nullable else None
            )
            for field in table.schema
        },
        copy=False,
    )


def _ids(timeline: Timeline, threads: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The runtime's numbers of the goroutines, Ps and threads that the spans are of."""
    lane, number = timeline.spans["lane"], timeline.spans["id"]
    found = number.astype(np.int64)
    for of_lane, numbers in ((Lane.GOROUTINE, timeline.goroutines["id"]), (Lane.THREAD, threads)):
        rows = lane == int(of_lane)
        found[rows] = numbers[number[rows]]
    return found


def _functions(timeline: Timeline) -> tuple[npt.NDArray[np.int32], Sequence[str]]:
    """Names of functions, each once, and for each stack the place of its innermost one."""
    used, code = np.unique(timeline.leaf_function, return_inverse=True)
    return code.astype(np.int32), timeline.names(used).tolist()


def _words(codes: npt.NDArray[Any], names: Sequence[str], valid: Rows | None = None) -> pa.Array:
    indices = pa.array(codes) if valid is None else _where(valid, codes)
    return pa.DictionaryArray.from_arrays(indices, pa.array(list(names), pa.string()))


def _where(valid: Rows, values: npt.NDArray[Any]) -> pa.Array:
    """``values``, not copied, and null where they are not valid."""
    bits = pa.py_buffer(np.packbits(valid, bitorder="little"))
    values = np.ascontiguousarray(values)
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [bits, pa.py_buffer(values)])


def _boolean(values: Rows) -> pa.Array:
    bits = pa.py_buffer(np.packbits(values, bitorder="little"))
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, bits])
