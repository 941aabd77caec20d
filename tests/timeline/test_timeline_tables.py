"""The spans as tables of Arrow and pandas."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from schedlab.timeline import Lane, State, Timeline


def test_by_hand(small: Timeline) -> None:
    first, second, third = small.to_arrow().slice(0, 3).to_pylist()
    assert first == {
        "lane": "GOROUTINE",
        "id": 10,
        "state": "RUNNING",
        "start_ns": 0,
        "dur_ns": 20,
        "p": 0,
        "thread": 100,
        "reason": None,
        "cause": None,
        "function": "main.work",
        "end_function": "main.main",
        "stack": 1,
        "end_stack": 2,
        "open_start": False,
        "open_end": False,
        "kept_p": False,
    }
    assert (second["state"], second["cause"], second["function"]) == ("RUNNABLE", 10, None)
    assert (third["reason"], third["p"], third["thread"], third["cause"]) == ("sleep", None, None, 11)
    assert small.threads_lane().to_arrow().column("id").to_pylist() == [100] * 6
    assert small.to_arrow().column("open_end").to_pylist() == [False] * 6 + [True] * 2


def test_it_says_what_the_columns_say(workshop: Timeline) -> None:
    table = workshop.to_arrow()
    table.validate(full=True)
    spans = workshop.spans
    assert table.column("start_ns").to_pylist() == spans["start"].tolist()
    assert table.column("p").to_pylist() == [None if p < 0 else p for p in spans["p"].tolist()]
    for row in range(0, len(workshop), 97):
        span = workshop.span(row)
        found = table.slice(row, 1).to_pylist()[0]
        assert (found["lane"], found["id"], found["state"]) == (span.lane.name, span.id, span.state.name)
        assert (found["thread"], found["cause"]) == (span.thread, span.cause)
        assert (found["reason"] or "") == span.reason
        assert found["function"] == (span.stack[0] if span.stack else None)
        assert found["end_function"] == (span.end_stack[0] if span.end_stack else None)
        assert (found["open_start"], found["open_end"]) == (span.open_start, span.open_end)


def test_columns_that_need_no_change_are_shared(timeline: Timeline) -> None:
    table = timeline.to_arrow()
    for theirs, ours in (("start_ns", "start"), ("dur_ns", "dur")):
        assert np.shares_memory(table.column(theirs).chunk(0).to_numpy(), timeline.spans[ours])
    for theirs, ours in (("p", "p"), ("stack", "stack"), ("end_stack", "end")):
        address = table.column(theirs).chunk(0).buffers()[1].address
        assert address == timeline.spans[ours].ctypes.data
    for name in ("lane", "state", "reason"):
        address = table.column(name).chunk(0).indices.buffers()[1].address
        assert address == timeline.spans[name].ctypes.data


def test_types_do_not_depend_on_what_is_there(small: Timeline, timeline: Timeline) -> None:
    empty = small.filter(min_dur_ns=1000)
    assert empty.to_arrow().schema == small.to_arrow().schema == timeline.to_arrow().schema
    assert len(empty.to_arrow()) == len(empty.to_pandas()) == 0
    kinds = {name: str(kind) for name, kind in small.to_pandas().dtypes.items()}
    assert kinds == {name: str(kind) for name, kind in empty.to_pandas().dtypes.items()}
    assert (kinds["p"], kinds["thread"], kinds["start_ns"]) == ("Int16", "Int64", "int64")
    assert {kinds[name] for name in ("lane", "state", "reason", "function")} == {"category"}


def test_a_table_for_pandas(timeline: Timeline) -> None:
    table = timeline.to_pandas()
    assert list(table.columns) == timeline.to_arrow().column_names
    by_state = table[table["lane"] == "GOROUTINE"].groupby("state", observed=True)["dur_ns"].sum()
    chosen = timeline.filter(lane=Lane.GOROUTINE, state=State.RUNNING)
    assert by_state["RUNNING"] == int(chosen.spans["dur"].sum())
    assert table.loc[table["state"] == "WAITING", "p"].isna().all()
    running = table[(table["lane"] == "GOROUTINE") & (table["state"] == "RUNNING")]
    assert running[["p", "thread"]].notna().all().all()
    assert running["cause"].isna().all()


def test_names_that_are_strange_stay_what_they_are(make: Callable[..., Timeline]) -> None:
    texts = ("", "", "<script>", "x", "x", "x", "x")
    found = make(spans=[{"stack": 1, "end": 2}], texts=texts).to_arrow().to_pylist()[0]
    assert (found["function"], found["end_function"]) == ("", "<script>")
    assert isinstance(make().to_arrow(), pa.Table)
