"""The benchmark of the simulator, with next to nothing to do: that it measures, not what."""

from __future__ import annotations

import dataclasses

import pytest

from schedlab import sim
from schedlab.course import bench_sim
from schedlab.course import sim_accuracy as accuracy
from schedlab.errors import UsageError

RULES = sim.rules_of("go1.27")


def test_a_kind_is_recorded_simulated_and_scored() -> None:
    runs = accuracy.record("fan", 2, turns=3)
    lines = accuracy.scored(runs, sim.Costs(), RULES)
    assert [line.measure for line in lines] == [
        "makespan",
        "p99 runnable",
        "runnable, KS",
        "local queues, KS",
    ]
    assert all(line.kind == "fan" for line in lines)
    assert lines[0].real > 0
    assert lines[0].simulated > 0
    assert all(0 <= line.error <= 1 for line in lines[2:])
    assert all(line.met is (line.error <= (line.goal or 0)) for line in lines)
    bench_sim.show(lines)


def test_disturbed_runs_are_left_out() -> None:
    run = dataclasses.replace(accuracy.record("fan", 1, turns=1)[0], makespan_ns=100, busy_ns=100)
    # Of the 200 ns that two Ps had.
    runs = [dataclasses.replace(run, waited_ns=waited) for waited in (80, 2, 8, 7, 9, 5)]
    good, disturbed = accuracy.quiet(runs)
    assert ([one.waited_ns for one in good], disturbed) == ([2, 8, 7, 5], 2)
    good, disturbed = accuracy.quiet(runs[:5])
    assert ([one.waited_ns for one in good], disturbed) == ([2, 8, 7, 9], 1), "four are kept"


def test_where_the_kernel_does_not_tell_who_was_disturbed_the_stretched_are() -> None:
    run = dataclasses.replace(accuracy.record("fan", 1, turns=1)[0], waited_ns=-1)
    runs = [dataclasses.replace(run, busy_ns=busy) for busy in (100, 105, 120, 109, 108)]
    good, disturbed = accuracy.quiet(runs)
    assert ([one.busy_ns for one in good], disturbed) == ([100, 105, 109, 108], 1)


def test_goroutines_compute_as_unevenly_as_was_measured() -> None:
    run = dataclasses.replace(accuracy.record("fan", 1, turns=1)[0], spins_ns=(10, 30))
    assert accuracy._like(run, 200.0) == sim.Compute(sim.Measured((100, 300)))


@pytest.mark.parametrize(
    ("real", "simulated", "noise", "met"),
    [
        (2.0, 2.2, 0.1, True),
        (2.0, 2.4, 0.1, False),
        (1.5, 0.8, 0.1, False),
        (1.02, 0.99, 0.1, True),
        (1.02, 1.5, 0.1, False),
    ],
)
def test_an_ablation_is_met_by_sign_and_size(real: float, simulated: float, noise: float, met: bool) -> None:
    assert accuracy.Ablation("a", "fan", real, simulated, noise).met is met
    assert accuracy.Ablation("a", "fan", real, simulated, noise, measurable=False).met is None


def test_costs_of_this_machine_are_times() -> None:
    costs = accuracy.calibrated(accuracy.record("yield", 1, turns=2))
    assert costs.switch_ns > 0
    assert costs.start_ns > 0
    assert costs.cold_start_ns > 0
    assert 0 <= costs.start_spread <= 1.5


def test_exact_counts_may_be_off_by_two_and_rough_ones_by_twice() -> None:
    def line(name: str, real: int, made: int) -> accuracy.Line:
        return accuracy._count_line("fan", name, [{name: real}], [{name: made}])

    assert line("overflow", 6, 8).met is True
    assert line("overflow", 6, 9).met is False
    assert line("overflow", 1000, 1009).met is True
    assert line("steal", 40, 79).met is True
    assert line("steal", 40, 19).met is False
    assert line("steal", 5, 50).met is None


def test_the_speed_is_that_of_both_drivers(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench_sim.main(["--only", "speed", "--goroutines", "20"]) == 0
    assert capsys.readouterr().out.count("heapq") == 2


def test_wrong_use() -> None:
    with pytest.raises(UsageError, match="no workload 'sleepy'"):
        accuracy.record("sleepy", 1)
    with pytest.raises(SystemExit):
        bench_sim.main(["--runs", "1"])
