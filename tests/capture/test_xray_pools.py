"""The parts of a sync.Pool, read out of a program whose pool is known."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from schedlab import process, toolchain
from schedlab.capture import xray

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="another process's memory is read")

_NEW = "main.main.func1"


def parts(ps: int, at_once: int, collections: int) -> tuple[int, list[xray.PoolParts]]:
    """How many objects were made, and the program's own pool: none or one."""
    flags: list[str | int] = ["-at-once", at_once, "-collections", collections, "-hold", "1m"]
    settings = process.GoSettings(gomaxprocs=ps)
    with process.start(toolchain.build("pool_shards"), flags, settings=settings) as live:
        made = json.loads(live.wait_for_line("news", timeout_s=30))["news"]
        with xray.attach(live.pid) as inside:
            return made, [pool for pool in inside.pools() if pool.new == _NEW]


@pytest.mark.parametrize(("ps", "at_once"), [(1, 1), (1, 7), (4, 1), (4, 7)])
def test_every_object_is_in_a_part_of_a_p(ps: int, at_once: int) -> None:
    made, (pool,) = parts(ps, at_once, collections=0)
    assert pool.objects == made >= at_once
    assert len(pool.private) == len(pool.shared) == ps
    assert set(pool.private) <= {0, 1}
    assert pool.victim == ()


def test_a_collection_makes_all_of_them_victims_and_the_next_drops_the_pool() -> None:
    made, (pool,) = parts(2, 7, collections=1)
    assert sum(pool.victim) == pool.objects == made
    assert (pool.private, pool.shared) == ((), ())
    assert parts(2, 7, collections=2)[1] == []


def test_long_queues_are_chained() -> None:
    made, (pool,) = parts(1, 100, collections=0)
    assert (pool.private, pool.shared) == ((1,), (made - 1,))
    assert made >= 100


def test_a_program_without_pools_has_none(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module poolless\n\ngo 1.24\n")
    (tmp_path / "main.go").write_text(
        'package main\n\nimport "time"\n\nfunc main() { println("here"); time.Sleep(time.Minute) }\n'
    )
    with process.start(toolchain.build(tmp_path)) as live:
        live.wait_for_line("here", timeout_s=30, stream="stderr")
        with xray.attach(live.pid) as inside:
            assert inside.pools() == ()
