"""YAML that people write, and what they get wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sim.loads import EVERYTHING, everything

from schedlab import sim
from schedlab.sim import spec


def worker(steps: str, more: str = "") -> str:
    return f"{more}\ngoroutines:\n  worker:\n    steps: {steps}\n"


def test_every_step_is_read() -> None:
    load = everything()
    assert load.procs == 3
    assert load.channels == {"jobs": 4, "meet": 0, "orders": 2}
    assert load.connections == {"ask": 20_000, "answer": 20_000}
    assert load.heap == sim.Heap(8 << 20, 50)
    programs = {program.name: program for program in load.programs}
    assert programs["worker"].count == 4
    assert programs["worker"].steps == (
        sim.Repeat(50, (sim.Receive("jobs"), sim.Compute(sim.Exponential(80_000)), sim.Alloc(128 << 10))),
    )
    assert programs["meets"].steps[1] == sim.Select(
        (sim.Case(sim.Send("meet"), (sim.Compute(1_000),)), sim.Receive("meet"))
    )
    assert programs["orders"].steps[0] == sim.Repeat(40, (sim.Alloc(4 << 10, kept=True), sim.Send("orders")))
    assert programs["clerk"].steps == (
        sim.Range(
            "orders",
            (
                sim.Cgo(50_000, (sim.Compute(10_000), sim.Yield()), 20_000),
                sim.Select((sim.Case(sim.Receive("meet"), (sim.Compute(3_000),)),), (sim.Sleep(30_000),)),
            ),
        ),
    )
    assert [name for name in spec.STEPS if name not in EVERYTHING] == ["join"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "table of goroutines"),
        ("goroutines: 3", "table of goroutines"),
        ("[1, 2", "no YAML"),
        ("a: !!python/object/apply:os.system [true]", "no YAML"),
        ("goroutines: {}", "no goroutine"),
        (worker("[]", "speed: 3"), "'speed' is not known"),
        (
            worker("[{compute: -3us}]"),
            r"goroutine 'worker', step 1 \(compute\): a duration of -3us is negative",
        ),
        (worker("[yield, {compute: 3}]"), r"step 2 \(compute\): 3 is no time"),
        (
            worker("[{compute: {uniform: [3us, 1us]}}]"),
            r"step 1 \(Compute\): from 3000 to 1000 ns is no range",
        ),
        (worker("[{compute: {beta: [3us, 1us]}}]"), "'beta'"),
        (worker("[{compute: {lognormal: [3us, 99.0]}}]"), "spread of 99"),
        (worker("[{compute: {measured: []}}]"), "no measured times"),
        (worker("[{fly: 3us}]"), r"goroutine 'worker', step 1 \(fly\): there is no step 'fly'"),
        (worker("[fly]"), r"goroutine 'worker', step 1: 'fly' is no step"),
        (
            worker("[{repeat: 2, steps: [yield, {send: nowhere}]}]"),
            r"step 1.2 \(Send\): there is no channel 'nowhere'",
        ),
        (worker("[{repeat: -2, steps: [yield]}]"), r"step 1 \(repeat\): -2 is no whole number"),
        (worker("[{repeat: 2, steps: []}]"), r"step 1 \(Repeat\): there is nothing to repeat"),
        (worker("[{repeat: 2}]"), "no list of steps"),
        (worker("[{spawn: nobody}]"), r"step 1 \(Spawn\): there is no program 'nobody'"),
        (worker("[{select: []}]"), "waits for ever"),
        (worker("[{select: [{lock: mu}]}]"), "is no case"),
        (worker("[{select: [{send: c, step: []}]}]"), "'step' is not known"),
        (worker("[{select: [{send: c, steps: 3}]}]"), "a case has a list of steps"),
        (worker("[{select: 3}]"), "a list of cases"),
        (
            worker("[{select: [{receive: c, steps: [yield, fly]}]}]", "channels: {c: 1}"),
            r"goroutine 'worker', step 1.1.2: 'fly' is no step",
        ),
        (
            worker("[{select: [default, {receive: c, steps: [{send: d}]}]}]", "channels: {c: 1}"),
            r"step 1.1.1 \(Send\): there is no channel 'd'",
        ),
        (worker("[{range: c, steps: [yield]}]"), r"step 1 \(Range\): there is no channel 'c'"),
        (worker("[{range: c}]"), r"step 1 \(range\): there is no list of steps"),
        (worker("[{cgo: 1us, callback: yield}]"), r"step 1 \(cgo\): a callback has a list of steps"),
        (worker("[{cgo: 1us, callback: [fly]}]"), r"step 1.1: 'fly' is no step"),
        (worker("[{cgo: 1us, after: -1us}]"), r"step 1 \(cgo\): a duration of -1us is negative"),
        (worker("[{alloc: many}]"), "no number of bytes"),
        (worker("[{lock: 3}]"), "3 is no name"),
        (worker("[yield]", "procs: 0"), "procs: 0"),
        (worker("[yield]", "procs: 100000"), "procs: 100000"),
        (worker("[yield]", "channels: {a: -1}"), "channel 'a'"),
        (worker("[yield]", "connections: {a: soon}"), "connection 'a'"),
        (worker("[yield]", "heap: {live: 1MiB, size: 3}"), "'size'"),
        ("goroutines: {worker: {count: -1, steps: []}}", "goroutine 'worker': count"),
        ("goroutines: {worker: {step: []}}", "no list of steps"),
    ],
)
def test_what_is_wrong_is_named(text: str, said: str) -> None:
    with pytest.raises(sim.BadWorkload, match=said):
        sim.simulate(sim.parse(text))


def test_aliases_do_not_fill_the_memory() -> None:
    lines = ["a0: &a0 [yield, yield]"]
    lines += [
        f"a{n}: &a{n} [{{repeat: 1, steps: *a{n - 1}}}, {{repeat: 1, steps: *a{n - 1}}}]"
        for n in range(1, 19)
    ]
    text = "\n".join([*lines, "goroutines: {worker: {steps: *a18}}"])
    with pytest.raises(sim.BadWorkload, match="not known there"):
        sim.parse(text)
    nested = "goroutines: {worker: {steps: &s [{repeat: 2, steps: *s}]}}"
    with pytest.raises(sim.BadWorkload, match="too deep"):
        sim.parse(nested)
    wide = "goroutines:\n  w0: {steps: &w0 [" + ", ".join(["yield"] * 300) + "]}\n"
    wide += "  w1: {steps: &w1 [" + ", ".join(["{repeat: 1, steps: *w0}"] * 300) + "]}\n"
    wide += "  w2: {steps: [" + ", ".join(["{repeat: 1, steps: *w1}"] * 300) + "]}\n"
    with pytest.raises(sim.BadWorkload, match="more than 100000 steps"):
        sim.parse(wide)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=5)
        | st.sampled_from(spec.STEPS),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from([*spec.STEPS, "steps", "count", "goroutines", "worker"]), inner, max_size=4
            )
        ),
        max_leaves=20,
    )
)
def test_any_steps_give_a_workload_or_the_documented_error(steps: object) -> None:
    import yaml

    try:
        load = sim.parse(yaml.safe_dump({"goroutines": {"worker": {"steps": steps}}}))
    except sim.BadWorkload:
        return
    assert load.programs[0].name == "worker"


def test_files(tmp_path: Path) -> None:
    file = tmp_path / "work.yaml"
    file.write_text(EVERYTHING, encoding="utf-8")
    assert sim.load(file) == everything()
    with pytest.raises(sim.BadWorkload, match="cannot be read"):
        sim.load(tmp_path / "missing.yaml")
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(sim.BadWorkload, match="UTF-8"):
        sim.load(file)
