"""The layouts of the runtime's structs, as lessons show them."""

from __future__ import annotations

import re

import pytest

from schedlab import toolchain
from schedlab.capture import xray


@pytest.mark.parametrize("struct", ["g", "m", "p", "schedt"])
def test_fields_are_those_of_the_source(struct: str) -> None:
    """Names in runtime2.go, in their order, beside those in the binary."""
    table = xray.layout(f"runtime.{struct}")
    text = (toolchain.find().runtime_source / "runtime2.go").read_text()
    body = re.search(rf"^type {struct} struct {{\n(.*?)^}}", text, re.MULTILINE | re.DOTALL)
    assert body
    declared = re.findall(r"^\t(\w+(?:, \w+)*) +\S", body[1], re.MULTILINE)
    names = [name for line in declared for name in line.split(", ") if name != "_"]
    ours = [row.field for row in table.rows]
    assert [name for name in ours if name in names] == [name for name in names if name in ours]
    assert len(set(names) & set(ours)) > 0.9 * len(ours) - 3
    assert all(
        one.offset + one.size <= other.offset for one, other in zip(table.rows, table.rows[1:], strict=False)
    )
    assert table.rows[-1].offset + table.rows[-1].size <= table.size
    assert table.holes >= 0


def test_of_a_toolchain_a_binary_and_a_path() -> None:
    chosen = toolchain.find()
    binary = toolchain.build("meet_gmp")
    assert xray.layout("g") == xray.layout("runtime.g", chosen) == xray.layout("g", binary.path)
    assert xray.layout("g", binary).release == chosen.release


def test_what_a_release_changed() -> None:
    before = xray.StructTable(
        "s",
        "go1",
        24,
        (xray.Row("a", "int", 0, 8), xray.Row("b", "int32", 8, 4), xray.Row("c", "int", 16, 8)),
    )
    after = xray.StructTable(
        "s",
        "go2",
        32,
        (xray.Row("b", "int64", 0, 8), xray.Row("c", "int", 8, 8), xray.Row("d", "int", 16, 8)),
    )
    changed = {change.field: change for change in xray.changes(before, after)}
    assert list(changed) == ["b", "d", "a"]
    assert changed["a"].after is None
    assert changed["d"].before is None
    assert (before.holes, after.holes) == (4, 8)
    assert xray.changes(before, before) == ()
    moved = [
        xray.StructTable("s", "go1", 4, (xray.Row("a", f"{place}/atomic.Int32", 0, 4),))
        for place in ("runtime/internal", "internal/runtime")
    ]
    assert xray.changes(*moved) == ()


def test_what_releases_did_change() -> None:
    """The global queue got its own length with Go 1.25, sched its count of goroutines in calls with 1.26."""
    try:
        old, middle, new = (xray.layout("schedt", toolchain.release(one)) for one in ("1.24", "1.25", "1.26"))
    except toolchain.ReleaseUnavailable as error:
        pytest.skip(f"{error}")
    first = {change.field: change for change in xray.changes(old, middle)}
    assert first["runqsize"].after is None
    queue = first["runq"]
    assert queue.before is not None
    assert queue.after is not None
    assert (queue.before.size, queue.after.size) == (16, 24)
    (count,) = [change for change in xray.changes(middle, new) if change.field == "nGsyscallNoP"]
    assert count.before is None
    assert [table.release[:6] for table in (old, middle, new)] == ["go1.24", "go1.25", "go1.26"]


def test_no_such_struct() -> None:
    with pytest.raises(xray.XrayError, match="no layout of hmap"):
        xray.layout("hmap")


def test_for_a_notebook() -> None:
    hostile = xray.StructTable("s", "go1", 8, (xray.Row("<b>", "<i>", 0, 8),))
    assert "<b>" not in hostile._repr_html_()
    assert "&lt;b&gt;" in hostile._repr_html_()
